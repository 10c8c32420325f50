/* Assignment of rows to centres: for each block of rows and panel of centres one small matrix product on one thread,
   then a running maximum. The product is made with rows as the contiguous index, so that the maximum runs down whole
   vectors of rows and no horizontal step is needed. Blocks are fixed, so labels do not depend on the threads. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/kmeans.h"
#include "cluster/wide.h"
#include "kernel/blas.h"

#define ROWS 256 /* with PANEL: scores of 32 KB, which stay in the first-level cache */
#define PANEL 32

typedef struct {
    const sheaf_i_points *p;
    sheaf_i_assignment *a;
    double *inertia;
    int64_t *changed;
} task;

/* Scores of centres t0 .. t0 + kt (kt x m) against the best so far. */
SHEAF_I_WIDE
static void keep_best(int32_t t0, int32_t kt, int64_t m, const float *restrict s, const float *restrict bias,
                      float *restrict best, int32_t *restrict label)
{
    for (int32_t t = 0; t < kt; t++) {
        float b = bias[t0 + t];
        const float *restrict row = s + t * m;
        for (int64_t i = 0; i < m; i++) {
            float v = row[i] + b;
            label[i] = v > best[i] ? t0 + t : label[i];
            best[i] = v > best[i] ? v : best[i];
        }
    }
}

SHEAF_I_WIDE
static void keep_two(int32_t t0, int32_t kt, int64_t m, const float *restrict s, const float *restrict bias,
                     float *restrict best, int32_t *restrict label, float *restrict next, int32_t *restrict second)
{
    for (int32_t t = 0; t < kt; t++) {
        float b = bias[t0 + t];
        const float *restrict row = s + t * m;
        for (int64_t i = 0; i < m; i++) {
            float v = row[i] + b;
            bool first = v > best[i], between = v > next[i];
            second[i] = first ? label[i] : between ? t0 + t : second[i];
            next[i] = first ? best[i] : between ? v : next[i];
            label[i] = first ? t0 + t : label[i];
            best[i] = first ? v : best[i];
        }
    }
}

static void sum_block(const task *w, int64_t block, int64_t lo, int64_t hi)
{
    const sheaf_i_assignment *a = w->a;
    double sum = 0;
    int64_t changed = 0;
    for (int64_t i = lo; i < hi; i++) {
        float gap = sheaf_i_points_square(w->p, i) - 2 * a->score[i];
        sum += gap > 0 ? (double)gap : 0;
        changed += !a->before || a->before[i] != a->label[i];
    }
    w->inertia[block] = sum;
    w->changed[block] = changed;
}

static sheaf_status assign_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    task *w = arg;
    sheaf_i_assignment *a = w->a;
    float s[PANEL * ROWS], next[ROWS];
    int64_t lo, hi;
    sheaf_i_range(w->p->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        a->score[i] = next[i - lo] = -INFINITY;
        a->label[i] = -1;
        if (a->second) a->second[i] = -1;
    }
    int32_t d = w->p->d;
    for (int32_t t = 0; t < a->k; t += PANEL) {
        int32_t kt = a->k - t < PANEL ? a->k - t : PANEL;
        sheaf_i_sgemm(false, true, kt, hi - lo, d, 1, a->centre + (int64_t)t * d, d, w->p->x + lo * d, d, 0, s,
                      hi - lo);
        if (a->second) keep_two(t, kt, hi - lo, s, a->bias, a->score + lo, a->label + lo, next, a->second + lo);
        else keep_best(t, kt, hi - lo, s, a->bias, a->score + lo, a->label + lo);
    }
    if (a->second_score) memcpy(a->second_score + lo, next, (size_t)(hi - lo) * sizeof *next);
    sum_block(w, block, lo, hi);
    return SHEAF_OK;
}

sheaf_status sheaf_i_assign(const sheaf_i_points *p, sheaf_i_assignment *a)
{
    sheaf_status st = SHEAF_OK;
    int64_t blocks = sheaf_i_blocks(p->n, ROWS);
    task w = {.p = p, .a = a};
    SHEAF_NEW(w.inertia, p->ctx, blocks);
    SHEAF_NEW(w.changed, p->ctx, blocks);
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, assign_block, &w));
    a->inertia = 0;
    a->changed = 0;
    for (int64_t b = 0; b < blocks; b++) {
        a->inertia += w.inertia[b];
        a->changed += w.changed[b];
    }
done:
    sheaf_i_free(p->ctx, w.inertia);
    sheaf_i_free(p->ctx, w.changed);
    return st;
}
