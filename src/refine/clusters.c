/* Refinement of a clustering: its labels go through the words, and come back with centres and fits of their own. */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/clustering.h"
#include "refine/refine.h"
#include "refine/tree.h"
#include "space/space.h"
#include "text/words.h"

/* Clusters that have the prior in full. What it costs to keep many clusters apart grows with them, until documents
   alone are cheaper: with .2 20 of 50 clusters of 20ng were of one document. */
#define FEW 25
#define TERMS 65535      /* that a row of 16-bit columns can tell apart */
#define FEWEST 256
#define CELLS (48 << 20) /* sums and gains together: 8 bytes each */

/* Without smoothing there is no prior: this one, .03 of a word, is there for its logarithms. From .001 to .1 of a word
   the information on r8 changes by less than its starts do. */
#define SIB_PRIOR .01

sheaf_status sheaf_i_refine_check(sheaf_ctx *ctx, sheaf_refine_opts *o)
{
    if (o->method < SHEAF_REFINE_NONE || o->method > SHEAF_REFINE_SIB_WORDS)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "refine = %d: there is no method of that number", (int)o->method);
    if (!(o->prior > 0 && o->prior <= 1e6))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "prior = %g: must be above 0, up to 1e6", o->prior);
    if (!(o->phrase_weight >= 0 && o->phrase_weight <= 1))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "phrase_weight = %g: must be between 0 and 1", o->phrase_weight);
    if (!(o->size_weight >= 0 && o->size_weight <= 1e6))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "size_weight = %g: must be between 0 and 1e6", o->size_weight);
    if (o->max_terms < 1) return sheaf_i_fail(ctx, SHEAF_EINVAL, "max_terms = %d: must be at least 1", o->max_terms);
    if (o->method >= SHEAF_REFINE_SIB) {
        o->prior = SIB_PRIOR;
        o->size_weight = 0;
    }
    return SHEAF_OK;
}

void sheaf_i_refine_share_prior(sheaf_refine_opts *o, int32_t k)
{
    if (k > FEW && o->method == SHEAF_REFINE_IB) o->prior *= (double)FEW / k;
}

int32_t sheaf_i_refine_most_terms(int32_t k, int64_t cells)
{
    const int64_t most = cells / sheaf_i_ld(k);
    return most < TERMS ? (int32_t)(most > FEWEST ? most : FEWEST) : TERMS;
}

static sheaf_status refine(sheaf_clustering *c, const sheaf_space *space, const sheaf_i_rows *r,
                           const sheaf_cluster_opts *co, const sheaf_refine_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_refined l = {.k = c->k};
    sheaf_i_refine_report report;
    SHEAF_NEW(l.label, c->ctx, c->n);
    SHEAF_NEW(l.second, c->ctx, c->n);
    SHEAF_NEW(l.margin, c->ctx, c->n);
    for (int64_t i = 0; i < c->n; i++) l.label[i] = c->label[i] - 1;
    SHEAF_TRY(sheaf_i_refine_labels(r, &l, o, &report));
    int64_t moved = 0;
    for (int64_t i = 0; i < c->n; i++) moved += l.label[i] != c->label[i] - 1;
    SHEAF_TRY(sheaf_i_clustering_relabel(c, space, co, &(sheaf_i_labels){l.k, l.label, l.second, l.margin}));
    SHEAF_TRY(sheaf_i_refine_tree(c, r, o->size_weight));
    c->refined = (sheaf_refine_report){.method = o->method, .before = report.before, .after = report.after,
                                       .moved = moved, .tries = report.balance.tries, .kept = report.balance.kept};
done:
    sheaf_i_free(c->ctx, l.label);
    sheaf_i_free(c->ctx, l.second);
    sheaf_i_free(c->ctx, l.margin);
    return st;
}

sheaf_status sheaf_clustering_refine(sheaf_ctx *ctx, sheaf_clustering *c, const sheaf_space *space,
                                     const sheaf_terms *terms, const sheaf_terms *phrases,
                                     const sheaf_cluster_opts *given, const sheaf_refine_opts *asked)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_rows r = {0};
    sheaf_refine_opts o;
    sheaf_cluster_opts co;
    sheaf_refine_opts_init(&o, sizeof o);
    sheaf_cluster_opts_init(&co, sizeof co);
    if (asked) sheaf_i_opts_copy(&o, sizeof o, asked, asked->size);
    if (given) sheaf_i_opts_copy(&co, sizeof co, given, given->size);
    SHEAF_TRY(sheaf_i_refine_check(ctx, &o));
    if (terms->n_docs != c->n || space->rows != c->n || (phrases && phrases->n_docs != c->n))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the clustering has %lld documents, the space %lld, the terms %lld",
                            (long long)c->n, (long long)space->rows, (long long)terms->n_docs);
    if (o.method == SHEAF_REFINE_NONE || c->k < 2) return st;
    sheaf_i_refine_share_prior(&o, c->k);
    SHEAF_TRY(sheaf_i_progress(ctx, "refining", 0, 0));
    SHEAF_TRY(sheaf_i_rows_build(&r, terms, phrases, &o, sheaf_i_refine_most_terms(c->k, CELLS)));
    SHEAF_TRY(refine(c, space, &r, &co, &o));
done:
    if (r.ctx) sheaf_i_rows_end(&r);
    return st;
}

sheaf_refine_report sheaf_clustering_refined(const sheaf_clustering *c) { return c->refined; }
