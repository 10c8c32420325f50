/* Assignment of rows to centres: the centres are packed in panels once, then every block of rows is one call of the
   kernel, which keeps the scores in registers. A row's result depends on the row alone, and the sums over rows run over
   fixed blocks, so nothing depends on the threads. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/kmeans.h"
#include "kernel/kernel.h"

#define ROWS 240 /* a multiple of all tile heights */
#define PANEL SHEAF_I_PANEL

typedef struct {
    const sheaf_i_points *p;
    sheaf_i_assignment *a;
    const sheaf_i_kernels *kernels;
    float *packed, *bias; /* filled up to whole panels */
    double *inertia;
    int64_t *changed;
} task;

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
    float next[ROWS];
    int64_t lo, hi;
    int32_t d = w->p->d;
    sheaf_i_range(w->p->n, ROWS, block, &lo, &hi);
    w->kernels->assign(hi - lo, w->p->x + lo * d, d, d, w->packed, w->bias, a->k, a->label + lo, a->score + lo,
                       a->second ? a->second + lo : NULL, next);
    if (a->second && a->second_score) memcpy(a->second_score + lo, next, (size_t)(hi - lo) * sizeof *next);
    sum_block(w, block, lo, hi);
    return SHEAF_OK;
}

static void pack(const task *w, int32_t panels)
{
    const sheaf_i_assignment *a = w->a;
    const int32_t d = w->p->d;
    for (int32_t t = 0; t < panels * PANEL; t++) {
        const float *c = a->centre + (int64_t)t * d;
        float *to = w->packed + (int64_t)(t / PANEL) * d * PANEL + t % PANEL;
        for (int32_t j = 0; j < d; j++) to[j * PANEL] = t < a->k ? c[j] : 0;
        w->bias[t] = t < a->k ? a->bias[t] : -INFINITY;
    }
}

sheaf_status sheaf_i_assign(const sheaf_i_points *p, sheaf_i_assignment *a)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(p->n, ROWS);
    const int32_t panels = (int32_t)sheaf_i_blocks(a->k, PANEL);
    task w = {.p = p, .a = a, .kernels = sheaf_i_kernels_get()};
    SHEAF_NEW_ALIGNED(w.packed, p->ctx, (int64_t)panels * PANEL * p->d);
    SHEAF_NEW(w.bias, p->ctx, (int64_t)panels * PANEL);
    SHEAF_NEW(w.inertia, p->ctx, blocks);
    SHEAF_NEW(w.changed, p->ctx, blocks);
    pack(&w, panels);
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, assign_block, &w));
    a->inertia = 0;
    a->changed = 0;
    for (int64_t b = 0; b < blocks; b++) {
        a->inertia += w.inertia[b];
        a->changed += w.changed[b];
    }
done:
    sheaf_i_aligned_free(p->ctx, w.packed);
    sheaf_i_free(p->ctx, w.bias);
    sheaf_i_free(p->ctx, w.inertia);
    sheaf_i_free(p->ctx, w.changed);
    return st;
}
