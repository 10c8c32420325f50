/* Plain C of the gains of z ln z: the oracle of gains.c. */
#include <math.h>

#include "kernel/tables.h"

static float gain(float c, float v)
{
    return (float)(v * log((double)c + v) + c * log1p((double)v / c));
}

void sheaf_i_gain_each_plain(int32_t n, const float *c, const float *v, float *out)
{
    for (int32_t p = 0; p < n; p++) out[p] = gain(c[p], v[p]);
}

float sheaf_i_gain_sum_plain(int32_t n, const float *c, const float *v)
{
    float sum = 0;
    for (int32_t p = 0; p < n; p++) sum += gain(c[p], v[p]);
    return sum;
}

void sheaf_i_gains_plain(const sheaf_i_gain_rows *g, int64_t n, const uint16_t *column, const uint16_t *value,
                         int32_t own, float *out)
{
    for (int32_t t = 0; t < g->ld; t++) {
        float sum = 0;
        for (int64_t p = 0; p < n; p++) {
            const int64_t at = (int64_t)column[p] * g->ld + t;
            sum += value[p] == g->first[column[p]] ? g->gain[at] : gain((float)g->sum[at] + g->prior[column[p]],
                                                                        value[p]);
        }
        out[t] = sum;
    }
    if (own < 0) return;
    out[own] = 0;
    for (int64_t p = 0; p < n; p++) {
        const int32_t without = g->sum[(int64_t)column[p] * g->ld + own] - value[p];
        out[own] += gain((float)without + g->prior[column[p]], value[p]);
    }
}

void sheaf_i_gain_pairs_plain(const sheaf_i_gain_rows *g, int32_t m, int32_t a, double *out)
{
    for (int32_t t = 0; t < g->ld; t++) {
        out[t] = 0;
        for (int32_t j = 0; j < m; j++) {
            const int32_t *row = g->sum + (int64_t)j * g->ld;
            out[t] += (double)gain((float)row[t] + g->prior[j], (float)row[a]);
        }
    }
}
