/* Many cuts and mergers at once; see regroup.h.
 *
 * Split and merge (balance.h) ends when some changes in a row fail, and trying more finds little. Here the clusters
 * that promise most are all cut first, the documents settle among the halves, and what mergers cost, which the sums
 * tell exactly, decides which cuts last. After each merger documents move once: the next is judged by clusters that
 * stand.
 */
#include "refine/regroup.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "refine/balance.h"

#define CUTS 12     /* those that promise most: each costs a pass; 24 find no more, 8 less (20ng: .747/.616 AMI/ARI) */
#define CHANGED .02 /* share of a cluster's documents that may come or go before its mergers are looked at anew */

static const sheaf_i_pass_rule FIRST = {.most = 2, .share = .002, .reach = .15, .first = true};
/* All documents: near ones alone (reach .15) take 20ng from .750/.621 to .748/.617 AMI/ARI, r8 from .581 to .565. */
static const sheaf_i_pass_rule BETWEEN = {.most = 1, .first = true};

typedef struct {
    const sheaf_i_partition *from;
    sheaf_i_partition p;
    sheaf_i_passes s;     /* of p */
    sheaf_i_halves *half; /* of the clusters of `from` */
    double *merge;        /* what mergers gain: k x ld, as there were after the cuts */
    int32_t ld;
    int32_t *list;        /* clusters whose mergers are to be found anew */
    int32_t *label;       /* n: before the last passes */
    int64_t *changed;     /* k */
} regrouping;

static sheaf_status cut_cluster(void *arg, int64_t t, int32_t worker)
{
    (void)worker;
    regrouping *g = arg;
    return sheaf_i_halves_find(&g->half[t], g->from, (int32_t)t);
}

static int32_t most_promising(const regrouping *g)
{
    int32_t best = -1;
    for (int32_t t = 0; t < g->from->k; t++)
        if (g->half[t].gain > -INFINITY && (best < 0 || g->half[t].gain > g->half[best].gain)) best = t;
    return best;
}

/* g->label with clusters in two; how many there are then. */
static sheaf_status cut(regrouping *g, int32_t *k)
{
    const sheaf_i_partition *from = g->from;
    sheaf_status st = sheaf_i_par_for(from->r->ctx, NULL, from->k, cut_cluster, g);
    if (st != SHEAF_OK) return st;
    memcpy(g->label, from->label, (size_t)from->r->n * sizeof *g->label);
    for (*k = from->k; *k < from->k + CUTS; ++*k) {
        const int32_t t = most_promising(g);
        if (t < 0) break;
        sheaf_i_halves *h = &g->half[t];
        for (int64_t d = 0; d < h->n; d++)
            if (h->leaves[d]) g->label[h->doc[d]] = *k;
        sheaf_i_halves_end(h, from->r->ctx);
    }
    return st;
}

static sheaf_status find_mergers(void *arg, int64_t a, int32_t worker)
{
    (void)worker;
    const regrouping *g = arg;
    sheaf_i_merge_gains(&g->p, g->list[a], g->merge + (int64_t)g->list[a] * g->ld);
    return SHEAF_OK;
}

/* Mergers of the n clusters in the list, in the rows of the others too. */
static sheaf_status update(regrouping *g, int32_t n)
{
    sheaf_status st = sheaf_i_par_for(g->p.r->ctx, NULL, n, find_mergers, g);
    for (int32_t a = 0; st == SHEAF_OK && a < n; a++)
        for (int32_t t = 0; t < g->p.k; t++)
            g->merge[(int64_t)t * g->ld + g->list[a]] = g->merge[(int64_t)g->list[a] * g->ld + t];
    return st;
}

/* Passes; then mergers of the clusters that have changed, or of `all`. */
static sheaf_status settle(regrouping *g, const sheaf_i_pass_rule *rule, bool all)
{
    const sheaf_i_partition *p = &g->p;
    double gained;
    int32_t n = 0;
    memcpy(g->label, p->label, (size_t)p->r->n * sizeof *g->label);
    memset(g->changed, 0, (size_t)p->k * sizeof *g->changed);
    sheaf_status st = sheaf_i_passes_run(&g->s, rule, &gained);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < p->r->n; i++) {
        if (p->label[i] == g->label[i]) continue;
        g->changed[p->label[i]]++;
        g->changed[g->label[i]]++;
    }
    for (int32_t t = 0; t < p->k; t++)
        if (all || (double)g->changed[t] > CHANGED * (double)p->count[t]) g->list[n++] = t;
    return update(g, n);
}

/* Fewer clusters may fit in fewer of the kernels' panels. */
static sheaf_status narrow(sheaf_i_partition *p)
{
    sheaf_i_partition less;
    if (sheaf_i_ld(p->k) == p->ld) return SHEAF_OK;
    sheaf_status st = sheaf_i_partition_new(&less, p->r, p->k, p->label, p->size_weight);
    if (st != SHEAF_OK) return st;
    sheaf_i_partition_end(p);
    *p = less;
    return st;
}

static sheaf_status merge_pair(regrouping *g)
{
    const int32_t k = g->p.k, last = k - 1;
    int32_t a = 0, b = 1;
    for (int32_t t = 0; t < k; t++)
        for (int32_t u = t + 1; u < k; u++)
            if (g->merge[(int64_t)t * g->ld + u] > g->merge[(int64_t)a * g->ld + b]) a = t, b = u;
    sheaf_i_partition_join(&g->p, a, b);
    for (int32_t t = 0; t < last; t++) {
        g->merge[(int64_t)b * g->ld + t] = g->merge[(int64_t)last * g->ld + t];
        g->merge[(int64_t)t * g->ld + b] = g->merge[(int64_t)t * g->ld + last];
    }
    g->list[0] = a;
    sheaf_status st = narrow(&g->p);
    return st == SHEAF_OK ? update(g, 1) : st;
}

static sheaf_status begin(regrouping *g)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_rows *r = g->from->r;
    int32_t k;
    SHEAF_NEW0(g->half, r->ctx, g->from->k);
    SHEAF_NEW(g->label, r->ctx, r->n);
    SHEAF_TRY(cut(g, &k));
    g->ld = sheaf_i_ld(k);
    SHEAF_NEW0(g->merge, r->ctx, (int64_t)k * g->ld);
    SHEAF_NEW(g->list, r->ctx, k);
    SHEAF_NEW(g->changed, r->ctx, k);
    SHEAF_TRY(sheaf_i_partition_new(&g->p, r, k, g->label, g->from->size_weight));
    SHEAF_TRY(sheaf_i_passes_new(&g->s, &g->p));
    st = settle(g, &FIRST, true);
done:
    return st;
}

static void end(regrouping *g)
{
    sheaf_ctx *ctx = g->from->r->ctx;
    for (int32_t t = 0; g->half && t < g->from->k; t++) sheaf_i_halves_end(&g->half[t], ctx);
    sheaf_i_free(ctx, g->half);
    sheaf_i_free(ctx, g->label);
    sheaf_i_free(ctx, g->merge);
    sheaf_i_free(ctx, g->list);
    sheaf_i_free(ctx, g->changed);
    sheaf_i_passes_end(&g->s);
    sheaf_i_partition_end(&g->p);
}

sheaf_status sheaf_i_regroup(const sheaf_i_partition *p, int32_t *label)
{
    sheaf_status st = SHEAF_OK;
    regrouping g = {.from = p};
    const size_t size = (size_t)p->r->n * sizeof *label;
    SHEAF_TRY(begin(&g));
    while (g.p.k > p->k) {
        SHEAF_TRY(merge_pair(&g));
        if (g.p.k > p->k) SHEAF_TRY(settle(&g, &BETWEEN, false));
    }
    memcpy(label, g.p.label, size);
done:
    end(&g);
    return st;
}
