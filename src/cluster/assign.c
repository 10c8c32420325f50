/* Assignment of rows to centres: the centres are packed in panels once, then every block of rows is one call of the
   kernel, which keeps the scores in registers. A row's result depends on the row alone, so nothing depends on the
   threads. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/kmeans.h"
#include "cluster/work.h"
#include "kernel/kernel.h"

#define ROWS 240 /* a multiple of all tile heights */
#define PANEL SHEAF_I_PANEL

sheaf_status sheaf_i_panels_new(sheaf_i_panels *s, sheaf_ctx *ctx, int32_t k, int32_t d)
{
    sheaf_status st = SHEAF_OK;
    *s = (sheaf_i_panels){.panels = (int32_t)sheaf_i_blocks(k, PANEL)};
    SHEAF_NEW_ALIGNED(s->packed, ctx, (int64_t)s->panels * PANEL * d);
    SHEAF_NEW(s->bias, ctx, (int64_t)s->panels * PANEL);
done:
    return st;
}

void sheaf_i_panels_end(sheaf_i_panels *s, sheaf_ctx *ctx)
{
    sheaf_i_aligned_free(ctx, s->packed);
    sheaf_i_free(ctx, s->bias);
    *s = (sheaf_i_panels){0};
}

void sheaf_i_panels_fill(sheaf_i_panels *s, int32_t panel, const float *centre, const float *bias, int32_t k, int32_t d)
{
    float *restrict to = s->packed + (int64_t)panel * d * PANEL;
    const float *restrict from = centre + (int64_t)panel * PANEL * d;
    int32_t filled = k - panel * PANEL < PANEL ? k - panel * PANEL : PANEL;
    for (int32_t t = 0; t < PANEL; t++) s->bias[panel * PANEL + t] = t < filled ? bias[panel * PANEL + t] : -INFINITY;
    for (int32_t j = 0; j < d; j++) {
        for (int32_t t = 0; t < filled; t++) to[j * PANEL + t] = from[(int64_t)t * d + j];
        for (int32_t t = filled; t < PANEL; t++) to[j * PANEL + t] = 0;
    }
}

typedef struct {
    const sheaf_i_points *p;
    sheaf_i_assignment *a;
    const sheaf_i_kernels *kernels;
    sheaf_i_panels panels;
} task;

static sheaf_status assign_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    task *w = arg;
    sheaf_i_assignment *a = w->a;
    float next[ROWS];
    int64_t lo, hi;
    int32_t d = w->p->d;
    sheaf_i_range(w->p->n, ROWS, block, &lo, &hi);
    w->kernels->assign(hi - lo, w->p->x + lo * d, d, d, w->panels.packed, w->panels.bias, a->k, a->label + lo,
                       a->score + lo, a->second ? a->second + lo : NULL, next);
    if (a->second && a->second_score) memcpy(a->second_score + lo, next, (size_t)(hi - lo) * sizeof *next);
    return SHEAF_OK;
}

sheaf_status sheaf_i_assign(const sheaf_i_points *p, sheaf_i_assignment *a)
{
    sheaf_status st = SHEAF_OK;
    task w = {.p = p, .a = a, .kernels = sheaf_i_kernels_get()};
    SHEAF_TRY(sheaf_i_panels_new(&w.panels, p->ctx, a->k, p->d));
    for (int32_t g = 0; g < w.panels.panels; g++) sheaf_i_panels_fill(&w.panels, g, a->centre, a->bias, a->k, p->d);
    SHEAF_TRY(sheaf_i_par_work(p->ctx, sheaf_i_blocks(p->n, ROWS), p->n * p->d * w.panels.panels, assign_block, &w));
done:
    sheaf_i_panels_end(&w.panels, p->ctx);
    return st;
}
