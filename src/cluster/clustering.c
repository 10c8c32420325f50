/* Entry points of clustering: options, the number of clusters, and the labels as people see them: 1..k by falling
   size, 0 for documents without a vector. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/clustering.h"
#include "cluster/starts.h"
#include "cluster/wide.h"
#include "cluster/work.h"
#include "kernel/blas.h"
#include "kernel/kernel.h"
#include "space/space.h"

#define ROWS 480 /* a multiple of all tile heights */
/* A row of the latent space this much shorter than the longest is rounding of float sums, not a document. */
#define NOISE 1e-6
#define FARTHEST 1e30 /* squared length of a first centre, of rows of about 1: products with rows stay floats */
#define TOLERANCE 1e-5 /* of runs from given centres, unless the caller has another */

void sheaf_cluster_opts_init(sheaf_cluster_opts *o, size_t size)
{
    sheaf_cluster_opts d = {.size = size, .starts = 8, .max_iter = 100, .drop_first = -1, .sigma_power = 1,
                            .tol = -1};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static sheaf_status check_opts(sheaf_ctx *ctx, const sheaf_cluster_opts *o)
{
    if (o->k < 0) return sheaf_i_fail(ctx, SHEAF_EINVAL, "k = %d: the number of clusters must be positive", o->k);
    if (o->starts < 1 || o->starts > 1000000)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "starts = %d: must be between 1 and 1000000", o->starts);
    if (o->max_iter < 1) return sheaf_i_fail(ctx, SHEAF_EINVAL, "max_iter = %d: must be at least 1", o->max_iter);
    if (o->metric != SHEAF_METRIC_SPHERICAL && o->metric != SHEAF_METRIC_EUCLIDEAN)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "metric = %d: there is none of that number", (int)o->metric);
    if (isnan(o->tol)) return sheaf_i_fail(ctx, SHEAF_EINVAL, "tol is not a number");
    if (o->start && o->k == 0) return sheaf_i_fail(ctx, SHEAF_EINVAL, "k = 0 with first centres that are given");
    return SHEAF_OK;
}

/* Documents of the found clusters, in the order people see them. */
typedef struct {
    int32_t was;
    int64_t count, first;
} ranked;

static int by_size(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* Labels and second best in the new order; a second best that was dropped is not known any more. */
static sheaf_status renumber(const sheaf_clustering *c, sheaf_i_kmeans *m, const ranked *rank)
{
    sheaf_status st = SHEAF_OK;
    int32_t *now = NULL;
    if (c->k < m->k) {
        sheaf_i_free(c->ctx, m->second);
        m->second = NULL;
    }
    if (!m->second) return SHEAF_OK;
    SHEAF_NEW(now, c->ctx, m->k);
    for (int32_t t = 0; t < m->k; t++) now[rank[t].was] = t;
    for (int64_t i = 0; i < m->p->n; i++) {
        m->label[i] = now[m->label[i]];
        if (m->second[i] >= 0) m->second[i] = now[m->second[i]];
    }
done:
    sheaf_i_free(c->ctx, now);
    return st;
}

/* Sorts the centres of the run by falling size and drops empty ones; c->k is what remains. */
static sheaf_status rank_centres(sheaf_clustering *c, sheaf_i_kmeans *m)
{
    sheaf_status st = SHEAF_OK;
    ranked *rank = NULL;
    float *centre = NULL;
    size_t row = (size_t)c->d * sizeof *centre;
    SHEAF_NEW(rank, c->ctx, m->k);
    SHEAF_NEW_ALIGNED(centre, c->ctx, (int64_t)m->k * c->d);
    for (int32_t t = 0; t < m->k; t++) rank[t] = (ranked){.was = t, .first = INT64_MAX};
    for (int64_t i = m->p->n - 1; i >= 0; i--) {
        rank[m->label[i]].count++;
        rank[m->label[i]].first = i;
    }
    qsort(rank, (size_t)m->k, sizeof *rank, by_size);
    c->k = 0;
    for (int32_t t = 0; t < m->k && rank[t].count; t++, c->k++)
        memcpy(centre + (int64_t)t * c->d, m->centre + (int64_t)rank[t].was * c->d, row);
    memcpy(m->centre, centre, (size_t)c->k * row);
    sheaf_i_kmeans_set_bias(m);
    SHEAF_TRY(renumber(c, m, rank));
done:
    sheaf_i_free(c->ctx, rank);
    sheaf_i_aligned_free(c->ctx, centre);
    return st;
}

typedef struct {
    sheaf_clustering *c;
    const sheaf_i_kmeans *m;
    const sheaf_i_kernels *kernels;
    sheaf_i_panels panels; /* of the centres in their last order */
    double *inertia;       /* per block */
} describing;

SHEAF_I_WIDE
static double squared_gap(const float *restrict x, const float *restrict c, int32_t d)
{
    double sum[8] = {0}, rest = 0;
    int32_t j = 0;
    for (; j + 8 <= d; j += 8)
        for (int l = 0; l < 8; l++) {
            double gap = (double)x[j + l] - (double)c[j + l];
            sum[l] += gap * gap;
        }
    for (; j < d; j++) rest += ((double)x[j] - (double)c[j]) * ((double)x[j] - (double)c[j]);
    for (int l = 0; l < 8; l++) rest += sum[l];
    return rest;
}

/* Labels, and fit and margin from direct differences: scores in float would lose what tells near documents apart. */
static sheaf_status describe_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    describing *g = arg;
    sheaf_clustering *c = g->c;
    const sheaf_i_points *p = g->m->p;
    const float *centre = g->m->centre;
    int32_t label[ROWS], second[ROWS];
    float score[ROWS], second_score[ROWS];
    int64_t lo, hi;
    double inertia = 0;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    if (g->m->second) {
        memcpy(label, g->m->label + lo, (size_t)(hi - lo) * sizeof *label);
        memcpy(second, g->m->second + lo, (size_t)(hi - lo) * sizeof *second);
    } else {
        g->kernels->assign(hi - lo, p->x + lo * p->d, p->d, p->d, g->panels.packed, g->panels.bias, c->k, label, score,
                           second, second_score);
    }
    for (int64_t i = lo; i < hi; i++) {
        const float *x = p->x + i * p->d;
        int64_t doc = p->doc[i];
        int32_t own = label[i - lo], other = second[i - lo];
        double gap = squared_gap(x, centre + (int64_t)own * p->d, p->d), next = gap;
        if (other >= 0) next = squared_gap(x, centre + (int64_t)other * p->d, p->d);
        inertia += gap;
        c->label[doc] = own + 1;
        c->second[doc] = other + 1;
        double fit = p->spherical ? 1 - gap / 2 : -sqrt(gap) / p->scale;
        double second_fit = p->spherical ? 1 - next / 2 : -sqrt(next) / p->scale;
        c->fit[doc] = (float)fit;
        c->margin[doc] = (float)(other < 0 ? 0 : fmax(fit - second_fit, 0));
    }
    g->inertia[block] = inertia;
    return SHEAF_OK;
}

static sheaf_status describe(sheaf_clustering *c, sheaf_i_kmeans *m)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_points *p = m->p;
    int64_t blocks = sheaf_i_blocks(p->n, ROWS);
    describing g = {.c = c, .m = m, .kernels = sheaf_i_kernels_get()};
    SHEAF_NEW(g.inertia, c->ctx, blocks);
    SHEAF_TRY(sheaf_i_panels_new(&g.panels, c->ctx, c->k, p->d));
    for (int32_t t = 0; t < g.panels.panels; t++)
        sheaf_i_panels_fill(&g.panels, t, m->centre, m->bias, c->k, p->d);
    SHEAF_TRY(sheaf_i_par_work(c->ctx, blocks, p->n * p->d * (g.panels.panels + 4), describe_rows, &g));
    for (int64_t b = 0; b < blocks; b++) c->report.inertia += g.inertia[b];
    c->report.inertia /= p->scale * p->scale;
    for (int64_t i = 0; i < c->n; i++) c->count[c->label[i]]++;
    for (int32_t t = 0; t < c->k; t++)
        for (int32_t j = 0; j < c->d; j++)
            c->centre[(int64_t)t * c->d + j] = (double)m->centre[(int64_t)t * c->d + j] / p->scale + p->mean[j];
done:
    sheaf_i_panels_end(&g.panels, c->ctx);
    sheaf_i_free(c->ctx, g.inertia);
    return st;
}

static sheaf_status new_clustering(sheaf_ctx *ctx, sheaf_clustering **out, int64_t n, int32_t d, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    sheaf_clustering *c = NULL;
    *out = NULL;
    SHEAF_NEW0(c, ctx, 1);
    *out = c;
    c->ctx = ctx;
    c->n = n;
    c->d = d;
    SHEAF_NEW0(c->label, ctx, n);
    SHEAF_NEW0(c->second, ctx, n);
    SHEAF_NEW0(c->fit, ctx, n);
    SHEAF_NEW0(c->margin, ctx, n);
    SHEAF_NEW0(c->count, ctx, (int64_t)k + 1);
    SHEAF_NEW0(c->centre, ctx, (int64_t)k * d);
done:
    return st;
}

/* The number of clusters: chosen if none was asked for, and no more than there are different vectors. */
static sheaf_status settle_k(const sheaf_i_points *p, const sheaf_cluster_opts *o, int32_t *k, char *reason,
                             size_t size)
{
    int64_t distinct;
    sheaf_status st = SHEAF_OK;
    if (o->k == 0) st = sheaf_i_choose_k(p, o->seed, k, reason, size);
    else *k = o->k;
    if (st == SHEAF_OK) st = sheaf_i_points_distinct(p, *k, &distinct);
    if (st == SHEAF_OK && distinct < *k) *k = (int32_t)distinct;
    return st;
}

void sheaf_i_clustering_note(const sheaf_clustering *c)
{
    int32_t asked = c->report.k_asked;
    if (asked > c->k && c->k > 0)
        sheaf_i_note(c->ctx, "k lowered from %d to %d: there are no more different %s", asked, c->k,
                     c->of_vectors ? "vectors" : "documents");
}

/* The caller's centre t in the coordinates of the points. One too far away for its score to be a float is refused. */
static sheaf_status take_centre(const sheaf_i_points *p, const float *from, int32_t t, float *to)
{
    double given = 0, square = 0;
    for (int32_t j = 0; j < p->d; j++) given += (double)from[j] * (double)from[j];
    if (!isfinite(given) || (p->spherical && given <= 0))
        return sheaf_i_fail(p->ctx, SHEAF_EINVAL, "first centre %d is zero or holds NaN or infinity", t);
    for (int32_t j = 0; j < p->d; j++) {
        double v = p->spherical ? (double)from[j] / sqrt(given) : ((double)from[j] - p->mean[j]) * p->scale;
        square += v * v;
        to[j] = fabs(v) < FARTHEST ? (float)v : 0;
    }
    if (!(square < FARTHEST))
        return sheaf_i_fail(p->ctx, SHEAF_EINVAL, "first centre %d is too far from the vectors", t);
    return SHEAF_OK;
}

/* One run from the caller's centres. */
static sheaf_status run_given(const sheaf_i_points *p, const sheaf_cluster_opts *o, sheaf_i_kmeans *m)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_kmeans_new(m, p, o->k));
    m->phase = "clustering";
    m->wants_second = true;
    for (int32_t t = 0; t < o->k; t++)
        SHEAF_TRY(take_centre(p, o->start + (int64_t)t * p->d, t, m->centre + (int64_t)t * p->d));
    sheaf_i_kmeans_set_bias(m);
    SHEAF_TRY(sheaf_i_kmeans_run(m, o->max_iter, o->tol < 0 ? TOLERANCE : o->tol));
done:
    return st;
}

static sheaf_status cluster_points(sheaf_ctx *ctx, sheaf_clustering **out, const sheaf_i_points *p, int64_t docs,
                                   const sheaf_cluster_opts *o, const sheaf_i_judge *judge)
{
    sheaf_status st = SHEAF_OK;
    sheaf_clustering *c = NULL;
    sheaf_i_kmeans m = {0};
    int32_t k;
    char reason[sizeof c->k_reason] = "";
    SHEAF_TRY(sheaf_i_blas_single(ctx));
    if (o->start) k = p->n > 0 ? o->k : 0;
    else SHEAF_TRY(settle_k(p, o, &k, reason, sizeof reason));
    SHEAF_TRY(new_clustering(ctx, &c, docs, p->d, k));
    memcpy(c->k_reason, reason, sizeof reason);
    c->report = (sheaf_cluster_report){.starts = o->start ? 1 : o->starts, .unplaced = docs - p->n, .k_asked = o->k};
    if (k > 0) {
        if (o->start) SHEAF_TRY(run_given(p, o, &m));
        else SHEAF_TRY(sheaf_i_starts_run(p, k, o, judge, &m, &c->report.empty_repaired));
        if (o->start) c->report.empty_repaired = m.repaired;
        SHEAF_TRY(rank_centres(c, &m));
        c->report.iterations = m.iterations;
        SHEAF_TRY(describe(c, &m));
    } else {
        c->count[0] = docs;
    }
    *out = c;
    c = NULL;
done:
    sheaf_i_kmeans_end(&m);
    sheaf_clustering_free(c);
    return st;
}

sheaf_status sheaf_cluster_vectors(sheaf_ctx *ctx, sheaf_clustering **out, const float *x, int64_t n, int32_t d,
                                   int64_t ld, const sheaf_cluster_opts *given)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_points p = {0};
    sheaf_cluster_opts o;
    *out = NULL;
    sheaf_cluster_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    SHEAF_TRY(check_opts(ctx, &o));
    if (n < 0 || n > INT32_MAX || d < 1 || ld < d)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld vectors of %d dimensions with leading dimension %lld",
                            (long long)n, d, (long long)ld);
    SHEAF_TRY(sheaf_i_points_make(ctx, &p, x, n, d, ld, NULL, 0, o.metric));
    SHEAF_TRY(cluster_points(ctx, out, &p, n, &o, NULL));
    (*out)->of_vectors = true;
    sheaf_i_clustering_note(*out);
done:
    sheaf_i_points_end(&p);
    return st;
}

static sheaf_status sigma_powers(sheaf_ctx *ctx, double **out, const sheaf_space *s, const sheaf_cluster_opts *o)
{
    sheaf_status st = SHEAF_OK;
    int32_t d = s->dims - o->drop_first;
    double *factor = NULL;
    SHEAF_NEW(factor, ctx, d);
    *out = factor;
    for (int32_t j = 0; j < d; j++) {
        double sigma = s->sigma[o->drop_first + j];
        factor[j] = sigma > 0 ? pow(sigma, o->sigma_power) : 0;
        if (!isfinite(factor[j]))
            return sheaf_i_fail(ctx, SHEAF_EINVAL, "sigma_power = %g is too far from 0 for sigma = %g", o->sigma_power,
                                sigma);
    }
done:
    return st;
}

sheaf_status sheaf_i_space_points(sheaf_ctx *ctx, sheaf_i_points *p, const sheaf_space *space,
                                  const sheaf_cluster_opts *o)
{
    sheaf_status st = SHEAF_OK;
    double *factor = NULL;
    if (o->drop_first > 0 && o->drop_first >= space->dims) /* a matrix of zeros has none, and only zero rows */
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "drop_first = %d leaves none of %d dimensions", o->drop_first,
                            space->dims);
    SHEAF_TRY(sigma_powers(ctx, &factor, space, o));
    SHEAF_TRY(sheaf_i_points_make(ctx, p, space->u + o->drop_first, space->rows, space->dims - o->drop_first,
                                  space->dims, factor, NOISE, o->metric));
done:
    sheaf_i_free(ctx, factor);
    return st;
}

sheaf_status sheaf_i_cluster_fit(sheaf_ctx *ctx, sheaf_clustering **out, const sheaf_space *space,
                                 const sheaf_cluster_opts *given, const sheaf_i_judge *judge)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_points p = {0};
    sheaf_cluster_opts o;
    *out = NULL;
    sheaf_cluster_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    SHEAF_TRY(check_opts(ctx, &o));
    if (o.start) return sheaf_i_fail(ctx, SHEAF_EINVAL, "start is for sheaf_cluster_vectors");
    if (o.drop_first < 0) o.drop_first = 0;
    SHEAF_TRY(sheaf_i_space_points(ctx, &p, space, &o));
    SHEAF_TRY(cluster_points(ctx, out, &p, space->rows, &o, judge));
    (*out)->report.drop_first = o.drop_first;
done:
    sheaf_i_points_end(&p);
    return st;
}

sheaf_status sheaf_cluster_fit(sheaf_ctx *ctx, sheaf_clustering **out, const sheaf_space *space,
                               const sheaf_cluster_opts *o)
{
    sheaf_status st = sheaf_i_cluster_fit(ctx, out, space, o, NULL);
    if (st == SHEAF_OK) sheaf_i_clustering_note(*out);
    return st;
}
