/* Clustering of a latent space with the words as the judge: k-means is run on one or two views of the space, and the
   labels that explain the term counts best are kept (evidence.h). Inertia cannot choose here: it is lowest where one
   long direction of the space is cut up, whether or not that separates subjects, and it cannot be compared between
   views. */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/clustering.h"
#include "cluster/evidence.h"
#include "space/space.h"
#include "text/words.h"

/* Prior weight of every term in every cluster. Scores hardly move from .02 to .5 (results/recipe.md). */
#define ALPHA 0.1
#define VIEWS 2

static sheaf_status score_labels(void *arg, const int32_t *label, int64_t n, int32_t k, double *score)
{
    (void)n;
    return sheaf_i_evidence(arg, label, k, ALPHA, score);
}

/* k of all views is that of the first one, so that their evidence can be compared. */
static sheaf_status fit_view(sheaf_ctx *ctx, sheaf_clustering **best, const sheaf_space *space, sheaf_terms *terms,
                             sheaf_cluster_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_clustering *c = NULL;
    const sheaf_i_judge judge = {score_labels, terms};
    SHEAF_TRY(sheaf_i_cluster_fit(ctx, &c, space, o, &judge));
    SHEAF_TRY(sheaf_i_evidence(terms, c->label, c->k, ALPHA, &c->report.evidence));
    c->report.drop_first = o->drop_first;
    if (*best) {
        memcpy(c->k_reason, (*best)->k_reason, sizeof c->k_reason);
        c->report.k_asked = (*best)->report.k_asked;
        c->report.empty_repaired += (*best)->report.empty_repaired;
    }
    if (!*best || (c->k == (*best)->k && c->report.evidence > (*best)->report.evidence)) {
        sheaf_clustering *old = *best;
        *best = c;
        c = old;
    } else {
        (*best)->report.empty_repaired = c->report.empty_repaired;
    }
    if (o->k == 0) o->k = (*best)->k;
done:
    sheaf_clustering_free(c);
    return st;
}

sheaf_status sheaf_cluster_fit_terms(sheaf_ctx *ctx, sheaf_clustering **out, const sheaf_space *space,
                                     const sheaf_terms *terms, const sheaf_cluster_opts *given)
{
    *out = NULL;
    sheaf_status st = SHEAF_OK;
    sheaf_clustering *best = NULL;
    sheaf_terms *judge_arg = (sheaf_terms *)(uintptr_t)terms; /* only read: the judge's argument is not const */
    sheaf_cluster_opts o;
    sheaf_cluster_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    if (terms->n_docs != space->rows)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the space has %lld documents, the terms %lld", (long long)space->rows,
                            (long long)terms->n_docs);
    int32_t views = o.drop_first < 0 ? (space->dims < VIEWS ? space->dims : VIEWS) : 1;
    if (o.drop_first < 0) o.drop_first = 0;
    for (int32_t v = 0; v == 0 || v < views; v++, o.drop_first++)
        SHEAF_TRY(fit_view(ctx, &best, space, judge_arg, &o));
    *out = best;
    best = NULL;
done:
    sheaf_clustering_free(best);
    return st;
}
