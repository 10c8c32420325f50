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

/* Prior weight of every term in every cluster. Scores hardly moved from .02 to .5. */
#define ALPHA 0.1
#define VIEWS 2
/* A pair of near copies has better evidence as a cluster than as a part of its subject. Where clusters have ROOMY
   documents or more on the average, those with fewer than THEME are splinters, and fewer splinters go before evidence:
   on the sample corpus (60 articles, k = 6, twenty seeds) the mean AMI rises from .63 to .74. */
#define THEME 3
#define ROOMY 9
#define SPLINTER 1e12 /* more than evidence differs by: that is some ten a word */

/* Both views judge by the same documents, unless they place different ones; between the views the first ones decide. */
typedef struct {
    sheaf_ctx *ctx;
    const sheaf_terms *terms;
    sheaf_i_witness *first, *other;
} words;

/* placed: documents in clusters; count[1 .. k]: those of the clusters. */
static int32_t splinters(const int64_t *count, int32_t k, int64_t placed)
{
    int32_t found = 0;
    if (placed < (int64_t)k * ROOMY) return 0;
    for (int32_t t = 1; t <= k; t++) found += count[t] < THEME;
    return found;
}

static sheaf_status find_witness(words *w, const int64_t *doc, int64_t n, sheaf_i_witness **out)
{
    sheaf_i_witness **it = &w->first;
    if (w->first && !sheaf_i_witness_saw(w->first, doc, n)) {
        it = &w->other;
        if (w->other && !sheaf_i_witness_saw(w->other, doc, n)) {
            sheaf_i_witness_free(w->other);
            w->other = NULL;
        }
    }
    sheaf_status st = *it ? SHEAF_OK : sheaf_i_witness_new(it, w->terms, doc, n, ALPHA);
    *out = *it;
    return st;
}

static sheaf_status score_labels(void *arg, const int64_t *doc, int64_t n, const int32_t *label, int32_t count,
                                 int32_t k, double *score)
{
    sheaf_status st = SHEAF_OK;
    words *w = arg;
    sheaf_i_witness *witness;
    int64_t *docs = NULL;
    SHEAF_NEW(docs, w->ctx, (int64_t)k + 1);
    SHEAF_TRY(find_witness(w, doc, n, &witness));
    SHEAF_TRY(sheaf_i_witness_score(witness, label, count, k, score));
    for (int32_t s = 0; s < count; s++) {
        memset(docs, 0, ((size_t)k + 1) * sizeof *docs);
        for (int64_t i = 0; i < n; i++) docs[label[i * count + s]]++;
        score[s] -= SPLINTER * splinters(docs, k, n - docs[0]);
    }
done:
    sheaf_i_free(w->ctx, docs);
    return st;
}

/* Of the documents by which the first view was judged: all, or a sample that is large enough to choose by. */
static sheaf_status final_evidence(words *w, sheaf_clustering *c)
{
    sheaf_status st = SHEAF_OK;
    int32_t *label = NULL;
    int64_t n;
    if (!w->first) return SHEAF_OK; /* no document has a place */
    const int64_t *doc = sheaf_i_witness_docs(w->first, &n);
    SHEAF_NEW(label, w->ctx, n);
    for (int64_t i = 0; i < n; i++) label[i] = c->label[doc[i]];
    st = sheaf_i_witness_score(w->first, label, 1, c->k, &c->report.evidence);
done:
    sheaf_i_free(w->ctx, label);
    return st;
}

/* Evidence compares labelings of the same documents into the same number of clusters. A view that places fewer of
   them (those that lie along the dimension left out) loses: cluster 0 is for documents without a known word. */
static bool better(const sheaf_clustering *c, const sheaf_clustering *than)
{
    if (c->k != than->k || c->report.unplaced != than->report.unplaced) return false;
    int32_t mine = splinters(c->count, c->k, c->n - c->count[0]), others;
    others = splinters(than->count, than->k, than->n - than->count[0]);
    return mine != others ? mine < others : c->report.evidence > than->report.evidence;
}

/* Clusters one view; *best becomes the better of itself (NULL for the first view) and the new one. */
static sheaf_status fit_view(sheaf_ctx *ctx, sheaf_clustering **best, const sheaf_space *space, words *w,
                             const sheaf_cluster_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_clustering *c = NULL, *last = *best;
    const sheaf_i_judge judge = {score_labels, w};
    SHEAF_TRY(sheaf_i_cluster_fit(ctx, &c, space, o, &judge));
    SHEAF_TRY(final_evidence(w, c));
    if (last) { /* what was asked for and how k was found, the first view knows; the rest is added up */
        c->report.k_asked = last->report.k_asked;
        memcpy(c->k_reason, last->k_reason, sizeof c->k_reason);
        c->report.starts = last->report.starts += c->report.starts;
        c->report.empty_repaired = last->report.empty_repaired += c->report.empty_repaired;
    }
    if (!last || better(c, last)) {
        *best = c;
        c = last;
    }
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
    words w = {.ctx = ctx, .terms = terms};
    sheaf_cluster_opts o;
    sheaf_cluster_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    if (terms->n_docs != space->rows)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the space has %lld documents, the terms %lld", (long long)space->rows,
                            (long long)terms->n_docs);
    int32_t views = o.drop_first < 0 && space->dims > 1 ? VIEWS : 1;
    if (o.drop_first < 0) o.drop_first = 0;
    SHEAF_TRY(fit_view(ctx, &best, space, &w, &o));
    o.k = best->k; /* of all views, so that their evidence can be compared */
    for (int32_t v = 1; v < views && best->k > 1; v++) {
        o.drop_first++;
        SHEAF_TRY(fit_view(ctx, &best, space, &w, &o));
    }
    sheaf_i_clustering_note(best);
    *out = best;
    best = NULL;
done:
    sheaf_clustering_free(best);
    sheaf_i_witness_free(w.first);
    sheaf_i_witness_free(w.other);
    return st;
}
