/* Stability of clusters under resampling; see sheaf_clustering_stability.
 *
 * Clusterwise assessment by subsetting (Hennig 2007): a random half of the documents is clustered from scratch, and
 * each cluster, as far as it is in that half, is looked up there by the largest Jaccard index. The mean over resamples
 * tells whether the cluster is a matter of the subject or of the documents that happened to be there. Resamples run
 * side by side, everything inside of one is serial: they are small. A cluster of nearly all documents is solid whatever
 * they are: every other clustering has one like it.
 */
#include "refine/stability.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/clustering.h"
#include "cluster/confusion.h"
#include "cluster/kmeans.h"
#include "refine/subset.h"
#include "space/space.h"
#include "text/words.h"

/* Set on bbc, r8 and 20ng by agreement against time: five starts cost no more than one, as refinement then ends sooner,
   and agree better (bbc: .95 for .83); a search by split and merge costs ten times as much and agrees no better (20ng:
   .61 for .60). */
#define STARTS 5
#define ITERATIONS 30  /* of k-means: refinement goes on from there */
#define TOLERANCE 1e-3 /* of its inertia */
#define PASSES 6
#define STILL .005     /* passes end when no more than this share of the documents moves */
#define LEAST_SHARE 1e-4 /* a move gains so much of the document's weight */
#define FEWEST 10      /* documents of a resample; below, and below so many a cluster, nothing is measured */
#define FEWEST_A_CLUSTER 2
#define ENOUGH_A_CLUSTER 30
/* Hennig 2007 and the manual of his R package fpc: a mean of .75 and more makes a valid, stable cluster, and one of a
   Jaccard index of .5 or less is dissolved. Documents without subjects stay below .4 (k = 2 to 20 of 2,000 and 200
   documents whose words are drawn alike), and subjects that are there are above .9 (bbc, k = 5). */
#define SOLID .75
#define SHAKY .5
#define MOST_RESAMPLES 10000
#define CELLS (16 << 20) /* sums and gains of a resample, 8 bytes together */

void sheaf_stability_opts_init(sheaf_stability_opts *o, size_t size)
{
    sheaf_stability_opts d = {.size = size, .resamples = 8, .most_docs = 2500, .seed = 1};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

typedef struct {
    const sheaf_clustering *c;
    const sheaf_i_points *p;
    const sheaf_i_rows *rows; /* NULL: clusters are not refined */
    double size_weight;
    uint64_t seed;
    double share;             /* of the documents that a resample takes */
    double *jaccard;          /* resamples x k: NaN where a cluster has no document */
    double *agreement;        /* resamples; NaN: nothing to compare */
} resampling;

/* The placed documents that chance takes, each by itself. */
static sheaf_status draw(const resampling *g, int64_t number, sheaf_i_points *out)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_points *p = g->p;
    const uint64_t key = sheaf_i_rng_key(g->seed, SHEAF_I_RNG_SAMPLE, (uint64_t)number + 1);
    int64_t *row = NULL, n = 0;
    SHEAF_NEW(row, p->ctx, p->n);
    for (int64_t i = 0; i < p->n; i++)
        if (g->c->label[p->doc[i]] > 0 && sheaf_i_rng_unit(key, (uint64_t)p->doc[i]) < g->share) row[n++] = i;
    *out = (sheaf_i_points){.ctx = p->ctx, .n = n, .d = p->d, .spherical = p->spherical, .scale = p->scale};
    SHEAF_NEW_ALIGNED(out->own, p->ctx, n * p->d);
    SHEAF_NEW(out->doc, p->ctx, n);
    if (p->square) SHEAF_NEW(out->square, p->ctx, n);
    for (int64_t i = 0; i < n; i++) {
        memcpy(out->own + i * p->d, p->x + row[i] * p->d, (size_t)p->d * sizeof *p->x);
        out->doc[i] = p->doc[row[i]];
        if (p->square) out->square[i] = p->square[row[i]];
        out->squares += (double)sheaf_i_points_square(p, row[i]);
    }
    out->x = out->own;
done:
    sheaf_i_free(p->ctx, row);
    return st;
}

static sheaf_status run_start(const resampling *g, uint64_t start, const sheaf_i_points *p, sheaf_i_kmeans *m)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = g->c->k;
    int64_t *row = NULL;
    SHEAF_NEW(row, p->ctx, k);
    SHEAF_TRY(sheaf_i_seed_rows(p, k, sheaf_i_rng_key(g->seed, SHEAF_I_RNG_SEEDING, ~start), row));
    SHEAF_TRY(sheaf_i_kmeans_new(m, p, k));
    for (int32_t t = 0; t < k; t++)
        memcpy(m->centre + (int64_t)t * p->d, p->x + row[t] * p->d, (size_t)p->d * sizeof *m->centre);
    sheaf_i_kmeans_set_bias(m);
    SHEAF_TRY(sheaf_i_kmeans_run(m, ITERATIONS, TOLERANCE));
done:
    sheaf_i_free(p->ctx, row);
    return st;
}

/* The labels of the start of least inertia; the caller frees them. */
static sheaf_status find_clusters(const resampling *g, int64_t number, const sheaf_i_points *p, int32_t **label)
{
    sheaf_status st = SHEAF_OK;
    double least = INFINITY;
    sheaf_i_kmeans m = {0};
    for (int32_t start = 0; start < STARTS; start++) {
        SHEAF_TRY(run_start(g, (uint64_t)number * STARTS + (uint64_t)start, p, &m));
        if (m.inertia < least) {
            int32_t *worse = *label;
            least = m.inertia;
            *label = m.label;
            m.label = worse;
        }
        sheaf_i_kmeans_end(&m);
    }
done:
    sheaf_i_kmeans_end(&m);
    return st;
}

static int32_t best_cluster(const sheaf_i_partition *p, int64_t i, sheaf_i_scoring *s)
{
    const int32_t own = p->label[i];
    int32_t best = own;
    sheaf_i_partition_score(p, i, s);
    for (int32_t t = 0; t < p->k; t++)
        if (t != own && s->score[t] > s->score[best] + (best == own ? (float)LEAST_SHARE * (float)p->r->mass[i] : 0))
            best = t;
    return best;
}

sheaf_status sheaf_i_stability_refine(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition p = {0};
    sheaf_i_scoring s = {0};
    SHEAF_TRY(sheaf_i_partition_new(&p, r, k, label, size_weight));
    SHEAF_TRY(sheaf_i_scoring_new(&s, &p));
    for (int32_t pass = 0; pass < PASSES; pass++) {
        int64_t moved = 0;
        for (int64_t i = 0; i < r->n; i++) {
            if (r->mass[i] == 0 || p.count[p.label[i]] == 1) continue;
            const int32_t to = best_cluster(&p, i, &s);
            if (to == p.label[i]) continue;
            sheaf_i_partition_move(&p, i, to, &s);
            moved++;
        }
        if ((double)moved <= STILL * (double)r->n) break;
    }
    memcpy(label, p.label, (size_t)r->n * sizeof *label);
done:
    sheaf_i_scoring_end(&s, r->ctx);
    sheaf_i_partition_end(&p);
    return st;
}

static double pairs(int64_t n) { return (double)n * (double)(n - 1) / 2; }

sheaf_status sheaf_i_stability_compare(sheaf_ctx *ctx, const int32_t *label, const int32_t *other, int64_t n,
                                       double *jaccard, double *agreement)
{
    sheaf_confusion *t = NULL;
    double same = 0, ours = 0, theirs = 0;
    sheaf_status st = sheaf_confusion_build(ctx, &t, label, other, n);
    if (st != SHEAF_OK) return st;
    for (int32_t u = 0; u < t->clusters; u++) theirs += pairs(t->cluster_size[u]);
    for (int32_t r = 0; r < t->classes; r++) {
        double most = 0;
        ours += pairs(t->class_size[r]);
        for (int64_t q = t->start[r]; q < t->start[r + 1]; q++) {
            const int64_t shared = t->count[q], all = t->class_size[r] + t->cluster_size[t->column[q]] - shared;
            same += pairs(shared);
            most = fmax(most, (double)shared / (double)all);
        }
        jaccard[t->class_label[r] - 1] = most;
    }
    const double chance = n > 1 ? ours * theirs / pairs(n) : 0, mean = (ours + theirs) / 2; /* Hubert, Arabie 1985 */
    *agreement = mean > chance ? (same - chance) / (mean - chance) : 1;
    sheaf_confusion_free(t);
    return st;
}

/* How the clustering divides the documents of a resample. */
static sheaf_status known_labels(const resampling *g, const sheaf_i_points *p, int32_t **label)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(*label, p->ctx, p->n);
    for (int64_t i = 0; i < p->n; i++) (*label)[i] = g->c->label[p->doc[i]];
done:
    return st;
}

static sheaf_status run_resample(void *arg, int64_t number, int32_t worker)
{
    (void)worker;
    const resampling *g = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = g->c->ctx;
    const int32_t k = g->c->k;
    double *jaccard = g->jaccard + number * k;
    sheaf_i_points p = {0};
    sheaf_i_rows r = {0};
    int32_t *label = NULL, *known = NULL;
    for (int32_t t = 0; t < k; t++) jaccard[t] = NAN;
    g->agreement[number] = NAN;
    SHEAF_TRY(draw(g, number, &p));
    if (p.n < k) goto done;
    SHEAF_TRY(find_clusters(g, number, &p, &label));
    if (g->rows) {
        SHEAF_TRY(sheaf_i_rows_subset(&r, g->rows, p.doc, p.n));
        SHEAF_TRY(sheaf_i_stability_refine(&r, k, label, g->size_weight));
    }
    SHEAF_TRY(known_labels(g, &p, &known));
    SHEAF_TRY(sheaf_i_stability_compare(ctx, known, label, p.n, jaccard, &g->agreement[number]));
done:
    if (r.ctx) sheaf_i_rows_end(&r);
    sheaf_i_points_end(&p);
    sheaf_i_free(ctx, label);
    sheaf_i_free(ctx, known);
    return st;
}

/* Means over the resamples, in order; the clustering takes them. */
static sheaf_status take_means(sheaf_clustering *c, const resampling *g, int32_t resamples)
{
    sheaf_status st = SHEAF_OK;
    double *solidity = NULL;
    int32_t measured = 0;
    SHEAF_NEW(solidity, c->ctx, c->k);
    c->agreement = 0;
    for (int32_t s = 0; s < resamples; s++) {
        if (isnan(g->agreement[s])) continue;
        c->agreement += g->agreement[s];
        measured++;
    }
    c->agreement = measured ? c->agreement / measured : NAN;
    for (int32_t t = 0; t < c->k; t++) {
        int32_t n = 0;
        solidity[t] = 0;
        for (int32_t s = 0; s < resamples; s++) {
            const double jaccard = g->jaccard[(int64_t)s * c->k + t];
            if (isnan(jaccard)) continue;
            solidity[t] += jaccard;
            n++;
        }
        solidity[t] = n ? solidity[t] / n : NAN;
    }
    c->solidity = solidity;
done:
    return st;
}

static sheaf_status check_opts(sheaf_ctx *ctx, const sheaf_stability_opts *o)
{
    if (o->resamples < 0 || o->resamples > MOST_RESAMPLES)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "resamples = %d: must be between 0 and %d", o->resamples,
                            MOST_RESAMPLES);
    if (o->most_docs < 1)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "most_docs = %lld: must be at least 1", (long long)o->most_docs);
    return SHEAF_OK;
}

/* Documents of a resample; 0: nothing is measured, it was not wanted or there are too few to tell anything. */
static int64_t resample_size(const sheaf_clustering *c, const sheaf_stability_opts *o)
{
    if (!o->resamples || c->k < 2) return 0;
    const int64_t placed = c->n - c->count[0], many = (int64_t)c->k * ENOUGH_A_CLUSTER;
    int64_t most = o->most_docs > many ? o->most_docs : many;
    if (most > placed / 2) most = placed / 2;
    return most < FEWEST || most < (int64_t)c->k * FEWEST_A_CLUSTER ? 0 : most;
}

static sheaf_status run_all(sheaf_clustering *c, resampling *g, int32_t resamples)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_progress(c->ctx, "resampling", 0, resamples));
    SHEAF_NEW(g->jaccard, c->ctx, (int64_t)resamples * c->k);
    SHEAF_NEW(g->agreement, c->ctx, resamples);
    SHEAF_TRY(sheaf_i_par_for(c->ctx, "resampling", resamples, run_resample, g));
    SHEAF_TRY(take_means(c, g, resamples));
done:
    sheaf_i_free(c->ctx, g->jaccard);
    sheaf_i_free(c->ctx, g->agreement);
    return st;
}

/* What was measured before is forgotten. */
static sheaf_status begin(sheaf_ctx *ctx, sheaf_clustering *c, sheaf_stability_opts *o,
                          const sheaf_stability_opts *asked)
{
    sheaf_stability_opts_init(o, sizeof *o);
    if (asked) sheaf_i_opts_copy(o, sizeof *o, asked, asked->size);
    sheaf_i_clustering_forget_stability(c);
    return check_opts(ctx, o);
}

static void set_share(resampling *g, const sheaf_i_points *p, int64_t size, uint64_t seed)
{
    g->p = p;
    g->share = (double)size / (double)(g->c->n - g->c->count[0]);
    g->seed = seed;
}

sheaf_status sheaf_clustering_stability(sheaf_ctx *ctx, sheaf_clustering *c, const sheaf_space *space,
                                        const sheaf_terms *terms, const sheaf_terms *phrases,
                                        const sheaf_cluster_opts *given, const sheaf_refine_opts *refine,
                                        const sheaf_stability_opts *asked)
{
    sheaf_status st = SHEAF_OK;
    sheaf_stability_opts o;
    sheaf_cluster_opts co;
    sheaf_refine_opts ro;
    sheaf_i_points p = {0};
    sheaf_i_rows r = {0};
    resampling g = {.c = c};
    sheaf_cluster_opts_init(&co, sizeof co);
    sheaf_refine_opts_init(&ro, sizeof ro);
    if (given) sheaf_i_opts_copy(&co, sizeof co, given, given->size);
    if (refine) sheaf_i_opts_copy(&ro, sizeof ro, refine, refine->size);
    SHEAF_TRY(begin(ctx, c, &o, asked));
    SHEAF_TRY(sheaf_i_refine_check(ctx, &ro));
    if (terms->n_docs != c->n || space->rows != c->n || (phrases && phrases->n_docs != c->n))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the clustering has %lld documents, the space %lld, the terms %lld",
                            (long long)c->n, (long long)space->rows, (long long)terms->n_docs);
    const int64_t size = resample_size(c, &o);
    if (!size) return st;
    co.drop_first = c->report.drop_first;
    SHEAF_TRY(sheaf_i_space_points(ctx, &p, space, &co));
    set_share(&g, &p, size, o.seed);
    if (c->refined.method != SHEAF_REFINE_NONE) {
        sheaf_i_refine_share_prior(&ro, c->k);
        SHEAF_TRY(sheaf_i_rows_build(&r, terms, phrases, &ro, sheaf_i_refine_most_terms(c->k, CELLS)));
        g.rows = &r;
        g.size_weight = ro.size_weight * r.unit;
    }
    SHEAF_TRY(run_all(c, &g, o.resamples));
done:
    if (r.ctx) sheaf_i_rows_end(&r);
    sheaf_i_points_end(&p);
    return st;
}

sheaf_status sheaf_clustering_stability_vectors(sheaf_ctx *ctx, sheaf_clustering *c, const float *x, int64_t n,
                                                int32_t d, int64_t ld, const sheaf_cluster_opts *given,
                                                const sheaf_stability_opts *asked)
{
    sheaf_status st = SHEAF_OK;
    sheaf_stability_opts o;
    sheaf_cluster_opts co;
    sheaf_i_points p = {0};
    resampling g = {.c = c};
    sheaf_cluster_opts_init(&co, sizeof co);
    if (given) sheaf_i_opts_copy(&co, sizeof co, given, given->size);
    SHEAF_TRY(begin(ctx, c, &o, asked));
    if (n != c->n || d != c->d || ld < d)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the clustering is of %lld vectors of %d dimensions, not of %lld of %d",
                            (long long)c->n, c->d, (long long)n, d);
    const int64_t size = resample_size(c, &o);
    if (!size) return st;
    SHEAF_TRY(sheaf_i_points_make(ctx, &p, x, n, d, ld, NULL, 0, co.metric));
    set_share(&g, &p, size, o.seed);
    SHEAF_TRY(run_all(c, &g, o.resamples));
done:
    sheaf_i_points_end(&p);
    return st;
}

double sheaf_clustering_solidity(const sheaf_clustering *c, int32_t cluster)
{
    return !c->solidity || cluster < 1 || cluster > c->k ? NAN : c->solidity[cluster - 1];
}

const char *sheaf_clustering_solidity_word(const sheaf_clustering *c, int32_t cluster)
{
    const double s = sheaf_clustering_solidity(c, cluster);
    return isnan(s) ? "" : s >= SOLID ? "solid" : s < SHAKY ? "shaky" : "fair";
}

double sheaf_clustering_agreement(const sheaf_clustering *c) { return c->solidity ? c->agreement : NAN; }
