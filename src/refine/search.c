/* Search over the number of clusters; see search.h. Each step starts from the labels of the last, so that it costs
   a few passes. Going down, because a merger is judged right from the sums, where a cut has first to be found. */
#include "refine/search.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "refine/balance.h"

/* Steps that the evidence may stay below its highest: so many, and this share of k. */
#define PATIENCE 3
#define PATIENCE_SHARE .4
#define FIRST_STEP 3 /* of alpha: .08 */

static const sheaf_i_pass_rule SETTLE = {.most = 5, .share = .005, .reach = .15};

typedef struct {
    const sheaf_i_search *s;
    const sheaf_i_rows *r;
    sheaf_i_partition p; /* of the last step */
    int32_t *label;      /* n: scratch */
    int32_t alpha_step;
    int32_t best_k;
    double best;         /* highest evidence so far */
} walk;

/* Takes on the labels in w->label with k clusters: refines them, looks at their evidence. */
static sheaf_status settle(walk *w, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_passes passes = {0};
    double gained, evidence;
    sheaf_i_partition_end(&w->p);
    SHEAF_TRY(sheaf_i_partition_new(&w->p, w->r, k, w->label, w->s->size_weight * w->r->unit));
    SHEAF_TRY(sheaf_i_passes_new(&passes, &w->p));
    SHEAF_TRY(sheaf_i_passes_run(&passes, &SETTLE, &gained));
    SHEAF_TRY(sheaf_i_partition_evidence(&w->p, &w->alpha_step, &evidence));
    SHEAF_TRY(w->s->visit(w->s->arg, k, w->p.label, evidence));
    if (w->best_k == 0 || evidence > w->best) {
        w->best = evidence;
        w->best_k = k;
    }
done:
    sheaf_i_passes_end(&passes);
    return st;
}

typedef struct {
    const walk *w;
    double *gain; /* k x ld */
} merging;

static sheaf_status find_mergers(void *arg, int64_t a, int32_t worker)
{
    (void)worker;
    const merging *g = arg;
    sheaf_i_merge_gains(&g->w->p, (int32_t)a, g->gain + a * g->w->p.ld);
    return SHEAF_OK;
}

/* The pair that loses least becomes one; the last cluster takes the free number. */
static sheaf_status merge(walk *w)
{
    sheaf_status st = SHEAF_OK;
    merging g = {.w = w};
    const int32_t k = w->p.k, ld = w->p.ld;
    int32_t into = 0, from = 1;
    SHEAF_NEW(g.gain, w->r->ctx, (int64_t)k * ld);
    SHEAF_TRY(sheaf_i_par_for(w->r->ctx, NULL, k, find_mergers, &g));
    for (int32_t a = 0; a < k; a++)
        for (int32_t b = a + 1; b < k; b++)
            if (g.gain[(int64_t)a * ld + b] > g.gain[(int64_t)into * ld + from]) into = a, from = b;
    for (int64_t i = 0; i < w->r->n; i++) {
        const int32_t t = w->p.label[i];
        w->label[i] = t == from ? into : t == k - 1 ? from : t;
    }
    SHEAF_TRY(settle(w, k - 1));
done:
    sheaf_i_free(w->r->ctx, g.gain);
    return st;
}

sheaf_status sheaf_i_search_k(const sheaf_i_search *s, const sheaf_i_rows *r, int32_t k, const int32_t *label)
{
    sheaf_status st = SHEAF_OK;
    walk w = {.s = s, .r = r, .alpha_step = FIRST_STEP};
    SHEAF_NEW(w.label, r->ctx, r->n);
    memcpy(w.label, label, (size_t)r->n * sizeof *label);
    SHEAF_TRY(settle(&w, k));
    while (w.p.k > s->least && w.best_k - w.p.k < PATIENCE + (int32_t)(PATIENCE_SHARE * (double)w.best_k))
        SHEAF_TRY(merge(&w));
done:
    sheaf_i_partition_end(&w.p);
    sheaf_i_free(r->ctx, w.label);
    return st;
}
