/* The kernels of bounded.c in portable C. */
#include <math.h>
#include <string.h>

#include "kernel/tables.h"

void sheaf_i_panel_best_plain(int64_t m, const int32_t *row, const float *x, int64_t ldx, int32_t d, const float *panel,
                              const float *bias, int32_t *lane, float *score, float *next)
{
    for (int64_t i = 0; i < m; i++) {
        const float *xi = x + (row ? row[i] : i) * ldx;
        float sum[SHEAF_I_PANEL], best = -INFINITY, second = -INFINITY;
        memcpy(sum, bias, sizeof sum);
        for (int32_t j = 0; j < d; j++)
            for (int32_t t = 0; t < SHEAF_I_PANEL; t++) sum[t] += xi[j] * panel[j * SHEAF_I_PANEL + t];
        for (int32_t t = 0; t < SHEAF_I_PANEL; t++)
            if (sum[t] > best) {
                second = best;
                best = sum[t];
                lane[i] = t;
            } else if (sum[t] > second) {
                second = sum[t];
            }
        score[i] = best;
        next[i] = second;
    }
}

static bool reached(const sheaf_i_sieve *s, const float *lower, float upper)
{
    for (int32_t g = 0; g < s->groups; g++)
        if (lower[g] <= upper + s->reach[g]) return true;
    return false;
}

int32_t sheaf_i_sift_plain(const sheaf_i_sieve *s, int32_t m, const float *x, int64_t ldx, const float *square,
                           const int32_t *label, float *upper, const float *lower, int64_t ldl, int32_t *survivor,
                           int32_t *list, int32_t *count)
{
    int32_t survivors = 0;
    for (int32_t i = 0; i < m; i++) {
        const float *bound = lower + i * ldl, *xi = x + i * ldx;
        upper[i] += s->drift[label[i]];
        if (!reached(s, bound, upper[i])) continue;
        if (s->groups == 1) {
            list[count[0]++] = survivor[survivors++] = i;
            continue;
        }
        float dot = 0;
        for (int32_t j = 0; j < s->d; j++) dot += xi[j] * s->centre[(int64_t)label[i] * s->d + j];
        float gap = (square ? square[i] : 1) - 2 * (s->bias[label[i]] + dot);
        upper[i] = sqrtf((gap > 0 ? gap : 0) + s->margin) * SHEAF_I_ROUND_UP;
        if (!reached(s, bound, upper[i])) continue;
        for (int32_t g = 0; g < s->groups; g++)
            if (lower[i * ldl + g] <= upper[i] + s->reach[g] || g == label[i] / s->wide)
                list[g * s->room + count[g]++] = i;
        survivor[survivors++] = i;
    }
    return survivors;
}
