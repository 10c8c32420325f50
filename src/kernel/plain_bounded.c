/* The kernels of bounded.c and coarse.c in portable C. */
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

static float coarse_score(const sheaf_i_coarse *c, const uint8_t *x, float scale, int32_t t)
{
    const int8_t *from = c->packed + ((int64_t)t / SHEAF_I_PANEL * c->bytes * SHEAF_I_PANEL + t % SHEAF_I_PANEL * 4);
    int32_t sum = c->start[t];
    for (int32_t j = 0; j < c->bytes; j++) sum += x[j] * from[j / 4 * 4 * SHEAF_I_PANEL + j % 4];
    return (float)sum * c->scale[t] * scale + c->bias[t];
}

static int32_t coarse_row(const sheaf_i_coarse *c, const float *scores, const sheaf_i_coarse_row *row, int32_t i,
                          int32_t *list, int32_t *count)
{
    const int32_t k = c->panels * SHEAF_I_PANEL;
    int32_t best = 0, left = 0, listed = -1;
    for (int32_t t = 1; t < k; t++)
        if (scores[t] > scores[best]) best = t;
    const float least = scores[best] - (row->error * c->spread[best] + row->norm * c->blur[best] + c->margin);
    for (int32_t t = 0; t < k; t++) left += scores[t] >= least;
    if (left == 1) return best;
    for (int32_t t = 0; t < k; t++) {
        const int32_t p = t / SHEAF_I_PANEL;
        if (!(scores[t] >= least) || listed == p) continue;
        list[p * c->room + count[p]++] = i;
        listed = p;
    }
    return -1;
}

void sheaf_i_coarse_plain(const sheaf_i_coarse *c, int32_t m, const uint8_t *x, const sheaf_i_coarse_row *row,
                          float *scores, int32_t *label, int32_t *list, int32_t *count)
{
    for (int32_t i = 0; i < m; i++) {
        for (int32_t t = 0; t < c->panels * SHEAF_I_PANEL; t++)
            scores[t] = coarse_score(c, x + (int64_t)i * c->bytes, row[i].scale, t);
        label[i] = coarse_row(c, scores, &row[i], i, list, count);
    }
}
