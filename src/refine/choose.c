/* The number of clusters where none is given: a sample of the documents is cut into more clusters than can be
   wanted, and these are merged again one pair after the other; twice, from different starts. The evidence of the words
   (evidence.h) of the better walk rises steeply to some number, is nearly flat for a while, and falls: the smallest
   number is taken that the highest is ahead of by no more than walks differ. Beside it stand the cosine silhouette, and
   how alike the two walks come out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/clustering.h"
#include "refine/refine.h"
#include "refine/search.h"
#include "refine/stability.h"
#include "refine/subset.h"
#include "space/space.h"
#include "text/words.h"

#define SAMPLE 50000    /* documents */
#define MOST_TERMS 20000 /* the rarest words speak against every cut */
#define WALKS 2
/* Clusters to begin with, of few documents and of many. */
#define FIRST_TOP 16
#define MANY_TOP 32
#define MANY 10000
#define DOCS_A_CLUSTER 8
#define NEAR_TOP .8     /* a best k beyond this share of the top asks for twice as many */
#define MOST SHEAF_K_MOST
/* Of the rise of the evidence from one cluster to the highest, what may be missing: pairs of walks to the same k differ
   by about as much (.002 to .012 near the top, on bbc, r8, 20ng and gnad10_test). */
#define MISSING .005
#define LEAST_RISE .1 /* a document: with less the words do not tell one theme from several */
#define STARTS 2
#define FEWEST 3           /* different documents to choose for */
#define ROWS 256

/* What walks down from the same number of clusters, the top, came by: labels and evidence of every k, 0 where a walk
   did not get there. */
typedef struct {
    uint8_t *label[WALKS];   /* (top + 1) x n */
    double *evidence[WALKS]; /* top + 1 */
} walks;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_points *p; /* of the sample */
    sheaf_k_choice *choice;
    walks w;
    int32_t at;              /* the walk that goes */
} choosing;

typedef struct {
    const sheaf_i_points *p;
    const int32_t *label;
    const double *sum;       /* d x k */
    const int64_t *count;
    int32_t k;
    double *part;            /* blocks */
} silhouetting;

/* Mean cosine distance to the others of a cluster from its sum alone: 1 - x.S / n. dot: k. */
static double silhouette_of(const silhouetting *g, int64_t i, double *dot)
{
    const float *x = g->p->x + i * g->p->d;
    double own = 0, other = INFINITY;
    if (g->count[g->label[i]] < 2) return 0;
    memset(dot, 0, (size_t)g->k * sizeof *dot);
    for (int32_t j = 0; j < g->p->d; j++)
        for (int32_t t = 0; t < g->k; t++) dot[t] += (double)x[j] * g->sum[(int64_t)j * g->k + t];
    for (int32_t t = 0; t < g->k; t++) {
        const double n = (double)g->count[t];
        if (!g->count[t]) continue;
        if (t == g->label[i]) own = (n - dot[t]) / (n - 1);
        else other = fmin(other, 1 - dot[t] / n);
    }
    const double most = fmax(own, other);
    return most > 0 && isfinite(other) ? (other - own) / most : 0;
}

static sheaf_status silhouette_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const silhouetting *g = arg;
    int64_t lo, hi;
    double dot[MOST];
    sheaf_i_range(g->p->n, ROWS, block, &lo, &hi);
    g->part[block] = 0;
    for (int64_t i = lo; i < hi; i++) g->part[block] += silhouette_of(g, i, dot);
    return SHEAF_OK;
}

static sheaf_status silhouette(sheaf_ctx *ctx, const sheaf_i_points *p, const int32_t *label, int32_t k, double *out)
{
    sheaf_status st = SHEAF_OK;
    double *sum = NULL;
    int64_t *count = NULL;
    silhouetting g = {.p = p, .label = label, .k = k};
    SHEAF_NEW0(sum, ctx, (int64_t)k * p->d);
    SHEAF_NEW0(count, ctx, k);
    SHEAF_NEW(g.part, ctx, sheaf_i_blocks(p->n, ROWS));
    for (int64_t i = 0; i < p->n; i++) {
        count[label[i]]++;
        for (int32_t j = 0; j < p->d; j++) sum[(int64_t)j * k + label[i]] += (double)p->x[i * p->d + j];
    }
    g.sum = sum;
    g.count = count;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(p->n, ROWS), silhouette_block, &g));
    *out = 0;
    for (int64_t b = 0; b < sheaf_i_blocks(p->n, ROWS); b++) *out += g.part[b] / (double)p->n;
done:
    sheaf_i_free(ctx, sum);
    sheaf_i_free(ctx, count);
    sheaf_i_free(ctx, g.part);
    return st;
}

static sheaf_status visit(void *arg, int32_t k, const int32_t *label, double evidence)
{
    choosing *c = arg;
    uint8_t *kept = c->w.label[c->at] + k * c->p->n;
    for (int64_t i = 0; i < c->p->n; i++) kept[i] = (uint8_t)label[i];
    c->w.evidence[c->at][k] = evidence;
    return SHEAF_OK;
}

/* The better of two walks to k, its silhouette, and how far the other agrees. label: 2 x n, scratch. */
static sheaf_status compare(choosing *c, int32_t k, int32_t *label)
{
    sheaf_status st = SHEAF_OK;
    const int64_t n = c->p->n;
    const double *const *e = (const double *const *)c->w.evidence;
    sheaf_k_point x = {.k = k, .agreement = NAN};
    double jaccard[MOST];
    const int better = e[0][k] == 0 || (e[1][k] != 0 && e[1][k] > e[0][k]);
    if (e[better][k] == 0) return st;
    for (int w = 0; w < WALKS; w++)
        for (int64_t i = 0; i < n; i++) label[w * n + i] = c->w.label[w][k * n + i] + 1;
    if (e[1 - better][k] != 0) SHEAF_TRY(sheaf_i_stability_compare(c->ctx, label, label + n, n, jaccard, &x.agreement));
    for (int64_t i = 0; i < n; i++) label[i] = c->w.label[better][k * n + i];
    SHEAF_TRY(silhouette(c->ctx, c->p, label, k, &x.silhouette));
    x.evidence = e[better][k];
    c->choice->curve[k] = x;
done:
    return st;
}

/* Highest evidence up to `most`; `not`: leaving out that k. 0: none. */
static int32_t highest(const sheaf_k_choice *o, int32_t most, int32_t not)
{
    int32_t best = 0;
    for (int32_t k = o->least; k <= most; k++)
        if (k != not && o->curve[k].k == k && (!best || o->curve[k].evidence > o->curve[best].evidence)) best = k;
    return best;
}

static void choose(sheaf_k_choice *o, int64_t docs)
{
    const int32_t top = highest(o, o->most, 0);
    const double rise = o->curve[top].evidence - o->curve[1].evidence;
    const double enough = o->curve[top].evidence - MISSING * rise;
    o->by_silhouette = rise < LEAST_RISE * (double)docs;
    for (o->k = o->least; o->k < top && !o->by_silhouette; o->k++)
        if (o->curve[o->k].k && o->curve[o->k].evidence >= enough) break;
    if (o->by_silhouette) o->k = top; /* it has been looked at */
    for (int32_t k = o->least; k <= o->most && o->by_silhouette; k++)
        if (o->curve[k].k && o->curve[k].silhouette > o->curve[o->k].silhouette) o->k = k;
    o->runner_up = highest(o, 5 * o->k / 6, 0); /* a k next to the choice is no other answer */
    if (!o->runner_up) o->runner_up = highest(o, o->most, o->k);
}

/* All documents in one cluster: what the evidence rises from. */
static sheaf_status look_at_one(choosing *c, const sheaf_i_rows *r, double size_weight)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition p = {0};
    int32_t *label = NULL, step = 3;
    double evidence;
    SHEAF_NEW0(label, c->ctx, r->n);
    SHEAF_TRY(sheaf_i_partition_new(&p, r, 1, label, size_weight));
    SHEAF_TRY(sheaf_i_partition_evidence(&p, &step, &evidence));
    c->choice->curve[1] = (sheaf_k_point){.k = 1, .evidence = evidence, .agreement = 1};
done:
    sheaf_i_partition_end(&p);
    sheaf_i_free(c->ctx, label);
    return st;
}

/* k-means of the sample with `top` clusters, and from there down. */
static sheaf_status walk_down(choosing *c, const sheaf_i_rows *r, int32_t top, int32_t least, uint64_t seed,
                              double size_weight)
{
    sheaf_status st = SHEAF_OK;
    sheaf_clustering *found = NULL;
    sheaf_cluster_opts o;
    int32_t *label = NULL;
    int64_t n;
    sheaf_cluster_opts_init(&o, sizeof o);
    o.k = top;
    o.starts = STARTS;
    o.seed = seed;
    o.tol = 1e-3;
    const sheaf_i_search s = {.least = least, .size_weight = size_weight, .visit = visit, .arg = c};
    SHEAF_TRY(sheaf_cluster_vectors(c->ctx, &found, c->p->x, c->p->n, c->p->d, c->p->d, &o));
    const int32_t *given = sheaf_clustering_labels(found, &n);
    SHEAF_NEW(label, c->ctx, n);
    for (int64_t i = 0; i < n; i++) label[i] = given[i] - 1;
    st = sheaf_i_search_k(&s, r, sheaf_clustering_k(found), label);
done:
    sheaf_clustering_free(found);
    sheaf_i_free(c->ctx, label);
    return st;
}

static void walks_end(choosing *c)
{
    for (int w = 0; w < WALKS; w++) {
        sheaf_i_free(c->ctx, c->w.label[w]);
        sheaf_i_free(c->ctx, c->w.evidence[w]);
    }
    memset(&c->w, 0, sizeof c->w);
}

/* Both walks, and what they say of each k. */
static sheaf_status walk_from(choosing *c, const sheaf_i_rows *r, int32_t top, uint64_t seed, double size_weight)
{
    sheaf_status st = SHEAF_OK;
    const int64_t n = c->p->n;
    int32_t *label = NULL;
    SHEAF_NEW(label, c->ctx, WALKS * n);
    for (c->at = 0; c->at < WALKS; c->at++) {
        SHEAF_NEW0(c->w.label[c->at], c->ctx, (top + 1) * n);
        SHEAF_NEW0(c->w.evidence[c->at], c->ctx, top + 1);
        SHEAF_TRY(walk_down(c, r, top, c->choice->least, seed + ((uint64_t)c->at << 32), size_weight));
    }
    memset(c->choice->curve + 2, 0, (MOST - 1) * sizeof *c->choice->curve);
    for (int32_t k = c->choice->least; k <= top; k++) SHEAF_TRY(compare(c, k, label));
done:
    sheaf_i_free(c->ctx, label);
    walks_end(c);
    return st;
}

/* One from each of equal stretches of the placed documents. */
static sheaf_status take_sample(sheaf_i_points *out, const sheaf_i_points *all)
{
    sheaf_status st = SHEAF_OK;
    const int64_t n = all->n < SAMPLE ? all->n : SAMPLE;
    float *x = NULL;
    *out = (sheaf_i_points){.ctx = all->ctx, .n = n, .d = all->d, .spherical = true, .scale = 1};
    SHEAF_NEW(x, all->ctx, n * all->d);
    out->own = x;
    out->x = x;
    SHEAF_NEW(out->doc, all->ctx, n);
    for (int64_t i = 0; i < n; i++) {
        const int64_t from = i * all->n / n;
        memcpy(x + i * all->d, all->x + from * all->d, (size_t)all->d * sizeof *x);
        out->doc[i] = all->doc[from];
    }
done:
    return st;
}

static void sample_end(sheaf_i_points *p)
{
    if (!p->ctx) return;
    sheaf_i_free(p->ctx, p->own);
    sheaf_i_free(p->ctx, p->doc);
}

static sheaf_status search(choosing *c, const sheaf_i_rows *r, const sheaf_cluster_opts *co, double size_weight)
{
    sheaf_status st = SHEAF_OK;
    sheaf_k_choice *o = c->choice;
    int64_t room = c->p->n / DOCS_A_CLUSTER, distinct;
    SHEAF_TRY(sheaf_i_points_distinct(c->p, MOST, &distinct));
    if (distinct < room) room = distinct;
    if (room < co->k_least) room = co->k_least;
    const int32_t limit = co->k_most ? co->k_most : (int32_t)(room < 2 ? 2 : room < MOST ? room : MOST);
    o->least = co->k_least > 2 ? co->k_least : 2;
    o->most = limit < distinct ? limit : (int32_t)distinct;
    if (o->least > o->most) o->least = o->most;
    int32_t top = c->p->n < MANY ? FIRST_TOP : MANY_TOP;
    if (top > o->most) top = o->most;
    if (top < o->least) top = o->least;
    SHEAF_TRY(look_at_one(c, r, size_weight));
    for (;;) {
        SHEAF_TRY(walk_from(c, r, top, co->seed, size_weight));
        if (top >= o->most || (double)highest(o, o->most, 0) < NEAR_TOP * (double)top) break;
        top = 2 * top < o->most ? 2 * top : o->most;
    }
    choose(o, c->p->n);
done:
    return st;
}

sheaf_status sheaf_choose_k(sheaf_ctx *ctx, sheaf_k_choice *out, const sheaf_space *space, const sheaf_terms *terms,
                            const sheaf_cluster_opts *given, const sheaf_refine_opts *asked)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_points all = {0}, sample = {0};
    sheaf_i_rows whole = {0}, r = {0};
    sheaf_cluster_opts co;
    sheaf_refine_opts ro;
    int64_t distinct;
    memset(out, 0, sizeof *out);
    sheaf_cluster_opts_init(&co, sizeof co);
    sheaf_refine_opts_init(&ro, sizeof ro);
    if (given) sheaf_i_opts_copy(&co, sizeof co, given, given->size);
    if (asked) sheaf_i_opts_copy(&ro, sizeof ro, asked, asked->size);
    if (ro.method == SHEAF_REFINE_SIB || ro.method == SHEAF_REFINE_SIB_WORDS)
        ro.method = SHEAF_REFINE_IB; /* the evidence is of its weights */
    SHEAF_TRY(sheaf_i_refine_check(ctx, &ro));
    if (co.k_least < 0 || co.k_most < 0 || co.k_least > MOST || co.k_most > MOST ||
        (co.k_most && co.k_least > co.k_most))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "k between %d and %d: bounds must rise, up to %d", co.k_least, co.k_most,
                            MOST);
    if (ro.max_terms > MOST_TERMS) ro.max_terms = MOST_TERMS;
    if (co.drop_first < 0) co.drop_first = 0;
    co.metric = SHEAF_METRIC_SPHERICAL;
    SHEAF_TRY(sheaf_i_progress(ctx, "choosing k", 0, 0));
    SHEAF_TRY(sheaf_i_space_points(ctx, &all, space, &co));
    SHEAF_TRY(take_sample(&sample, &all));
    SHEAF_TRY(sheaf_i_points_distinct(&sample, FEWEST, &distinct));
    if (distinct < FEWEST) goto done; /* nothing to choose */
    SHEAF_TRY(sheaf_i_rows_build(&whole, terms, NULL, &ro, 65535));
    SHEAF_TRY(sheaf_i_rows_subset(&r, &whole, sample.doc, sample.n));
    choosing c = {.ctx = ctx, .p = &sample, .choice = out};
    SHEAF_TRY(search(&c, &r, &co, ro.size_weight));
done:
    sheaf_i_points_end(&all);
    sample_end(&sample);
    if (whole.ctx) sheaf_i_rows_end(&whole);
    if (r.ctx) sheaf_i_rows_end(&r);
    return st;
}
