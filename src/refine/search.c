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
#define CHANGED .05  /* share of a cluster's documents that may come or go before its mergers are looked at anew */

static const sheaf_i_pass_rule SETTLE = {.most = 5, .share = .005, .reach = .15};

typedef struct {
    const sheaf_i_search *s;
    const sheaf_i_rows *r;
    sheaf_i_partition p; /* of the last step */
    int32_t *label;      /* n: scratch */
    int32_t *was;        /* n: labels when their cluster's mergers were looked at; -1: not in it then */
    int32_t ld;          /* of the first step */
    double *gain;        /* ld x ld: of mergers */
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
    const int32_t *list;
} merging;

static sheaf_status find_mergers(void *arg, int64_t at, int32_t worker)
{
    (void)worker;
    const merging *g = arg;
    sheaf_i_merge_gains(&g->w->p, g->list[at], g->w->gain + (int64_t)g->list[at] * g->w->ld);
    return SHEAF_OK;
}

/* list: k, clusters that are not what they were. */
static sheaf_status find_changed(walk *w, int32_t *list, int32_t *n)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = w->p.k;
    int64_t *changed = NULL;
    SHEAF_NEW0(changed, w->r->ctx, k);
    for (int64_t i = 0; i < w->r->n; i++) {
        const int32_t t = w->p.label[i], was = w->was[i];
        if (t == was) continue;
        if (t >= 0) changed[t]++;
        if (was >= 0) changed[was]++;
    }
    *n = 0;
    for (int32_t t = 0; t < k; t++)
        if (!w->p.count[t] || (double)changed[t] > CHANGED * (double)w->p.count[t]) list[(*n)++] = t, changed[t] = -1;
    for (int64_t i = 0; i < w->r->n; i++) {
        if (w->was[i] >= 0 && changed[w->was[i]] < 0) w->was[i] = -1;
        if (w->p.label[i] >= 0 && changed[w->p.label[i]] < 0) w->was[i] = w->p.label[i];
    }
done:
    sheaf_i_free(w->r->ctx, changed);
    return st;
}

static sheaf_status look_at_mergers(walk *w)
{
    sheaf_status st = SHEAF_OK;
    merging g = {.w = w};
    int32_t *list = NULL, n;
    SHEAF_NEW(list, w->r->ctx, w->p.k);
    SHEAF_TRY(find_changed(w, list, &n));
    g.list = list;
    SHEAF_TRY(sheaf_i_par_for(w->r->ctx, NULL, n, find_mergers, &g));
    for (int32_t a = 0; a < n; a++)
        for (int32_t t = 0; t < w->p.k; t++)
            w->gain[(int64_t)t * w->ld + list[a]] = w->gain[(int64_t)list[a] * w->ld + t];
done:
    sheaf_i_free(w->r->ctx, list);
    return st;
}

/* Cluster `last` is called `to` from now on. */
static void rename_cluster(walk *w, int32_t last, int32_t to)
{
    for (int32_t t = 0; t <= last; t++) w->gain[(int64_t)to * w->ld + t] = w->gain[(int64_t)last * w->ld + t];
    for (int32_t t = 0; t <= last; t++) w->gain[(int64_t)t * w->ld + to] = w->gain[(int64_t)t * w->ld + last];
    for (int64_t i = 0; i < w->r->n; i++)
        if (w->was[i] == to) w->was[i] = -1;
        else if (w->was[i] == last) w->was[i] = to;
}

/* The pair that loses least becomes one; the last cluster takes the free number. */
static sheaf_status merge(walk *w)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = w->p.k;
    int32_t into = 0, from = 1;
    SHEAF_TRY(look_at_mergers(w));
    for (int32_t a = 0; a < k; a++)
        for (int32_t b = a + 1; b < k; b++)
            if (w->gain[(int64_t)a * w->ld + b] > w->gain[(int64_t)into * w->ld + from]) into = a, from = b;
    for (int64_t i = 0; i < w->r->n; i++) {
        const int32_t t = w->p.label[i];
        w->label[i] = t == from ? into : t == k - 1 ? from : t;
    }
    rename_cluster(w, k - 1, from);
    SHEAF_TRY(settle(w, k - 1));
done:
    return st;
}

sheaf_status sheaf_i_search_k(const sheaf_i_search *s, const sheaf_i_rows *r, int32_t k, const int32_t *label)
{
    sheaf_status st = SHEAF_OK;
    walk w = {.s = s, .r = r, .alpha_step = FIRST_STEP, .ld = sheaf_i_ld(k)};
    SHEAF_NEW(w.label, r->ctx, r->n);
    SHEAF_NEW(w.was, r->ctx, r->n);
    SHEAF_NEW(w.gain, r->ctx, (int64_t)w.ld * w.ld);
    memset(w.was, 0xff, (size_t)r->n * sizeof *w.was);
    memcpy(w.label, label, (size_t)r->n * sizeof *label);
    SHEAF_TRY(settle(&w, k));
    while (w.p.k > s->least && w.best_k - w.p.k < PATIENCE + (int32_t)(PATIENCE_SHARE * (double)w.best_k))
        SHEAF_TRY(merge(&w));
done:
    sheaf_i_partition_end(&w.p);
    sheaf_i_free(r->ctx, w.label);
    sheaf_i_free(r->ctx, w.was);
    sheaf_i_free(r->ctx, w.gain);
    return st;
}
