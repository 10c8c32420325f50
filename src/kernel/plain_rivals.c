/* Products and sums above a bar in portable C: the fallback, and the oracle that the fast ones are tested against. */
#include "kernel/tables.h"

static float dot(const float *a, const float *column, int32_t d)
{
    float sum = 0;
    for (int32_t j = 0; j < d; j++) sum += a[j] * column[(int64_t)j * SHEAF_I_PANEL];
    return sum;
}

int64_t sheaf_i_rivals_plain(int64_t m, const float *a, int64_t lda, int32_t d, const float *packed, int32_t k,
                             const float *row_bar, const float *column_bar, sheaf_i_rival *out, int32_t room,
                             int32_t *n)
{
    int64_t i = 0;
    int32_t found = 0;
    for (; i < m && found + SHEAF_I_RIVAL_ROWS * k <= room; i++)
        for (int32_t t = 0; t < k; t++) {
            const int64_t panel = t / SHEAF_I_PANEL * (int64_t)d * SHEAF_I_PANEL;
            float score = dot(a + i * lda, packed + panel + t % SHEAF_I_PANEL, d);
            if (score >= column_bar[t] || (row_bar && score >= row_bar[i]))
                out[found++] = (sheaf_i_rival){(int32_t)i, t, score};
        }
    *n = found;
    return i;
}

int32_t sheaf_i_above_plain(int32_t n, const float *sum, const uint8_t *rest, float scale, float bar, uint16_t *place,
                            int32_t room)
{
    int32_t found = 0;
    for (int32_t i = 0; i < n; i++)
        if (sum[i] + scale * (float)rest[i] >= bar) {
            if (found == room) return room + 1;
            place[found++] = (uint16_t)i;
        }
    return found;
}
