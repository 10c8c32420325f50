/* The loops of loops.h for one instruction set: CMake gives SHEAF_I_ISA and SHEAF_I_LANES. */
#include <string.h>

#include "measure/loops_isa.h"

#define LANES SHEAF_I_LANES
#define JOIN_(name, isa) sheaf_i_##name##_##isa
#define JOIN(name, isa) JOIN_(name, isa)
#define TEXT_(isa) #isa
#define TEXT(isa) TEXT_(isa)
#define AHEAD 16
#define CHAINS SHEAF_I_FMA_CHAINS

typedef float vf __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

static inline float sum_of(vf v)
{
    float part[LANES], sum = 0;
    memcpy(part, &v, sizeof part);
    for (int i = 0; i < LANES; i++) sum += part[i];
    return sum;
}

static void triad(int64_t n, float *restrict a, const float *restrict b, const float *restrict c, float s)
{
    for (int64_t i = 0; i < n; i += LANES) *(vf *)(a + i) = *(const vf *)(b + i) + s * *(const vf *)(c + i);
}

static float read_all(int64_t n, const float *x)
{
    vf a = {0}, b = {0}, c = {0}, d = {0};
    for (int64_t i = 0; i < n; i += 4 * LANES) {
        a += *(const vf *)(x + i);
        b += *(const vf *)(x + i + LANES);
        c += *(const vf *)(x + i + 2 * LANES);
        d += *(const vf *)(x + i + 3 * LANES);
    }
    return sum_of(a + b + c + d);
}

/* Four rows at a time, so that the sums do not wait for each other. Width and ahead are constants where it is
   inlined. */
static inline __attribute__((always_inline)) float gather_rows(int64_t n, const int32_t *index, const float *x,
                                                               int32_t width, int32_t ahead)
{
    enum { ROWS = 4, MOST = 32 / LANES };
    const int32_t parts = width / LANES;
    vf sum[ROWS][MOST];
    memset(sum, 0, sizeof sum);
    for (int64_t i = 0; i + ROWS + AHEAD <= n; i += ROWS)
        for (int r = 0; r < ROWS; r++) {
            const float *row = x + (int64_t)index[i + r] * width;
            if (ahead)
                for (int32_t line = 0; line < width; line += 16)
                    __builtin_prefetch(x + (int64_t)index[i + r + AHEAD] * width + line);
            for (int32_t p = 0; p < parts; p++) sum[r][p] += *(const vf *)(row + p * LANES);
        }
    for (int r = 1; r < ROWS; r++)
        for (int32_t p = 0; p < parts; p++) sum[0][p] += sum[r][p];
    float all = 0;
    for (int32_t p = 0; p < parts; p++) all += sum_of(sum[0][p]);
    return all;
}

static float gather(int64_t n, const int32_t *index, const float *x, int32_t width, int32_t ahead)
{
    if (width == 16) return ahead ? gather_rows(n, index, x, 16, 1) : gather_rows(n, index, x, 16, 0);
    return ahead ? gather_rows(n, index, x, 32, 1) : gather_rows(n, index, x, 32, 0);
}

static float multiply_add(int64_t rounds, float x)
{
    vf chain[CHAINS], factor, term;
    for (int i = 0; i < LANES; i++) {
        factor[i] = x;
        term[i] = 1 - x;
    }
    for (int c = 0; c < CHAINS; c++) chain[c] = factor * (float)(c + 1);
    for (int64_t i = 0; i < rounds; i++)
        for (int c = 0; c < CHAINS; c++) chain[c] = chain[c] * factor + term;
    for (int c = 1; c < CHAINS; c++) chain[0] += chain[c];
    return sum_of(chain[0]);
}

const sheaf_i_loops JOIN(loops, SHEAF_I_ISA) = {TEXT(SHEAF_I_ISA), LANES, triad, read_all, gather, multiply_add};
