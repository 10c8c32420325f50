/* The stages of k-means on the latent vectors, and naming. Inertia is computed here, in double, from labels and vectors
 * alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/clustering.h"
#include "cluster/kmeans.h"
#include "measure/check.h"
#include "measure/stages.h"

#define WIDE_K 100 /* besides the k that was asked for */
#define STEPS 10   /* iterations of the stage of that name */
#define MOST_STEPS 1000

typedef struct {
    sheaf_i_run *r;
    const sheaf_i_stages *s;
    int64_t n;
    int32_t k, steps;
    double tol;
    sheaf_i_points points;
    int64_t *row; /* k: what seeding chose */
    float *start; /* k x dims */
    sheaf_clustering *found;
    sheaf_topics *topics;
} job;

static sheaf_status run_seeding(void *arg)
{
    job *j = arg;
    return sheaf_i_seed_rows(&j->points, j->k, sheaf_i_rng_key(j->r->o.seed, SHEAF_I_RNG_SEEDING, 0), j->row);
}

static sheaf_status run_kmeans(void *arg)
{
    job *j = arg;
    sheaf_cluster_opts o;
    sheaf_cluster_opts_init(&o, sizeof o);
    o.k = j->k;
    o.starts = 1;
    o.metric = SHEAF_METRIC_EUCLIDEAN;
    o.start = j->start;
    o.max_iter = j->steps;
    o.tol = j->tol;
    return sheaf_cluster_vectors(j->r->ctx, &j->found, j->s->vectors, j->n, j->s->dims, j->s->dims, &o);
}

static sheaf_status run_naming(void *arg)
{
    job *j = arg;
    return sheaf_topics_build(j->r->ctx, &j->topics, j->found, j->s->terms, NULL, NULL);
}

static void drop_clusters(void *arg)
{
    job *j = arg;
    sheaf_clustering_free(j->found);
    j->found = NULL;
}

static void drop_topics(void *arg)
{
    job *j = arg;
    sheaf_topics_free(j->topics);
    j->topics = NULL;
}

static void end(job *j)
{
    drop_topics(j);
    drop_clusters(j);
    if (j->points.ctx) sheaf_i_points_end(&j->points);
    sheaf_i_free(j->r->ctx, j->row);
    sheaf_i_aligned_free(j->r->ctx, j->start);
}

/* Points and a start by our own seeding, the same for all that is timed. k is lowered where there are too few
   documents. */
static sheaf_status begin(sheaf_i_run *r, int32_t k, job *j)
{
    sheaf_status st = SHEAF_OK;
    *j = (job){.r = r};
    SHEAF_TRY(sheaf_i_need_space(r));
    j->s = r->stages;
    j->n = sheaf_matrix_rows(j->s->matrix);
    const int32_t d = j->s->dims;
    SHEAF_TRY(sheaf_i_points_make(r->ctx, &j->points, j->s->vectors, j->n, d, d, NULL, 0, SHEAF_METRIC_EUCLIDEAN));
    int64_t different;
    SHEAF_TRY(sheaf_i_points_distinct(&j->points, k, &different));
    j->k = different < k ? (int32_t)different : k;
    SHEAF_NEW(j->row, r->ctx, j->k);
    SHEAF_NEW_ALIGNED(j->start, r->ctx, (int64_t)j->k * d);
    SHEAF_TRY(run_seeding(j));
    for (int32_t t = 0; t < j->k; t++)
        for (int32_t c = 0; c < d; c++) j->start[(int64_t)t * d + c] = j->s->vectors[j->points.doc[j->row[t]] * d + c];
done:
    return st;
}

static void describe(const job *j, sheaf_i_measured *m, const char *more)
{
    char n[16];
    m->kind = SHEAF_BENCH_STAGE;
    m->kernels = "";
    snprintf(m->size, sizeof m->size, "%s x %d to %d centres%s", sheaf_i_count((double)j->n, n), (int)j->s->dims,
             (int)j->k, more);
}

/* ---- seeding */

/* Sum of squared distances to the nearest of the rows chosen, and whether they differ. */
static sheaf_status check_seeding(const job *j, double *potential, bool *differ)
{
    const int32_t d = j->s->dims;
    *potential = 0;
    *differ = true;
    for (int64_t i = 0; i < j->n; i++) {
        double least = INFINITY;
        for (int32_t t = 0; t < j->k; t++) {
            double sum = 0;
            for (int32_t c = 0; c < d && sum < least; c++) {
                double gap = (double)j->s->vectors[i * d + c] - (double)j->start[(int64_t)t * d + c];
                sum += gap * gap;
            }
            if (sum < least) least = sum;
        }
        *potential += least;
    }
    for (int32_t t = 0; t < j->k; t++)
        for (int32_t u = 0; u < t; u++) *differ = *differ && j->row[t] != j->row[u];
    return SHEAF_OK;
}

static sheaf_status one_seeding(sheaf_i_run *r, int32_t k)
{
    job j;
    bool differ;
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.name = "seeding", .unit = "Mrows/s", .quality = {"potential", 0, 0}, .verified = true};
    SHEAF_TRY(begin(r, k, &j));
    SHEAF_TRY(check_seeding(&j, &m.quality.value, &differ));
    describe(&j, &m, "");
    if (!differ) SHEAF_TRY(sheaf_i_fail(r->ctx, SHEAF_EBUG, "seeding: a row was chosen twice; nothing was timed"));
    m.amount = (double)j.n / 1e6;
    sheaf_i_timed t = {run_seeding, NULL, &j};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&j);
    return st;
}

/* ---- k-means from a given start */

/* How many of the iterations had bounds, or bytes, to go by. */
typedef struct {
    const sheaf_i_kmeans *run;
    int32_t bounded;
} watching;

static int look(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)phase;
    (void)done;
    (void)total;
    watching *w = user;
    w->bounded += w->run->bounds != NULL || w->run->bytes != NULL;
    return 0;
}

/* The same iterations once more, watched. */
static sheaf_status count_bounded(const job *j, int32_t *bounded)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_kmeans m = {0};
    sheaf_i_points points = j->points;
    watching w = {&m, 0};
    sheaf_ctx_opts o;
    sheaf_ctx *ctx = NULL;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.resize = j->r->user->o.resize;
    o.resize_user = j->r->user->o.resize_user;
    o.threads = sheaf_ctx_threads(j->r->ctx);
    o.progress = look;
    o.progress_user = &w;
    SHEAF_TRY(sheaf_ctx_new(&ctx, &o));
    points.ctx = ctx;
    SHEAF_TRY(sheaf_i_kmeans_new(&m, &points, j->k));
    m.phase = "";
    for (int32_t t = 0; t < j->k; t++)
        memcpy(m.centre + (int64_t)t * points.d, points.x + j->row[t] * points.d, (size_t)points.d * sizeof(float));
    sheaf_i_kmeans_set_bias(&m);
    SHEAF_TRY(sheaf_i_kmeans_run(&m, j->steps, 0));
    *bounded = w.bounded;
done:
    sheaf_i_kmeans_end(&m);
    sheaf_ctx_free(ctx);
    return st;
}

/* The inertia that is reported, about the centres that are returned; after the last change of labels no more than
   about the means of the clusters. */
static sheaf_status check_run(const job *j, const char *name, sheaf_i_measured *m)
{
    sheaf_status st = SHEAF_OK;
    double least;
    const double reported = sheaf_clustering_quality(j->found).inertia;
    SHEAF_TRY(sheaf_i_check_inertia(j->r->ctx, j->s->vectors, j->n, j->s->dims, j->found->label, j->found->k,
                                    j->found->centre, &m->quality.value, &least));
    m->verified = sheaf_i_same_inertia(reported, m->quality.value) &&
                  (j->steps == STEPS || sheaf_i_same_inertia(reported, least));
    if (!m->verified)
        st = sheaf_i_fail(j->r->ctx, SHEAF_EBUG,
                          "%s (%s): inertia %.9g was reported, but it is %.9g, and %.9g about the means; nothing was "
                          "timed",
                          name, m->size, reported, m->quality.value, least);
done:
    return st;
}

static sheaf_status one_run(sheaf_i_run *r, const char *name, int32_t k, int32_t steps)
{
    job j;
    int32_t bounded = 1; /* to convergence always */
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.name = name, .unit = "iterations/s", .quality = {"inertia", 0, 0}};
    SHEAF_TRY(begin(r, k, &j));
    j.steps = steps;
    SHEAF_TRY(run_kmeans(&j));
    describe(&j, &m, steps == STEPS ? ", 10 iterations" : ", to convergence");
    SHEAF_TRY(check_run(&j, name, &m));
    const sheaf_cluster_report report = sheaf_clustering_quality(j.found);
    const double rounds = report.iterations > 0 ? report.iterations : 1;
    drop_clusters(&j);
    m.amount = rounds;
    if (steps == STEPS) SHEAF_TRY(count_bounded(&j, &bounded));
    if (bounded == 0) { /* every distance is computed; where bounds or bytes spare some of them, no limit is known */
        m.work.flops = 2. * (double)j.n * j.k * j.s->dims * rounds;
        m.work.bytes = 4. * (double)j.n * j.s->dims * rounds;
        m.work.footprint = 4. * (double)j.n * j.s->dims;
    }
    sheaf_i_timed t = {run_kmeans, drop_clusters, &j};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&j);
    return st;
}

sheaf_status sheaf_i_case_seeding(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = one_seeding(r, r->o.k);
    return st == SHEAF_OK && r->o.k < WIDE_K ? one_seeding(r, WIDE_K) : st;
}

sheaf_status sheaf_i_case_iterations(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = one_run(r, "iterations", r->o.k, STEPS);
    return st == SHEAF_OK && r->o.k < WIDE_K ? one_run(r, "iterations", WIDE_K, STEPS) : st;
}

sheaf_status sheaf_i_case_kmeans(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = one_run(r, "kmeans", r->o.k, MOST_STEPS);
    return st == SHEAF_OK && r->o.k < WIDE_K ? one_run(r, "kmeans", WIDE_K, MOST_STEPS) : st;
}

/* ---- naming */

/* Every cluster has a name and terms that its documents hold. */
static const char *check_topics(const job *j)
{
    const int32_t k = sheaf_clustering_k(j->found);
    if (sheaf_topics_k(j->topics) != k) return "clusters were lost";
    for (int32_t t = 1; t <= k; t++) {
        int32_t n;
        const sheaf_topic_term *terms = sheaf_topics_terms(j->topics, t, &n);
        if (!*sheaf_topics_name(j->topics, t)) return "a cluster has no name";
        for (int32_t i = 0; i < n; i++)
            if (terms[i].docs < 1 || terms[i].docs > sheaf_clustering_count(j->found, t))
                return "a term is in more documents than the cluster has";
    }
    return NULL;
}

sheaf_status sheaf_i_case_naming(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    job j;
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_STAGE,
                          .name = "naming",
                          .kernels = "",
                          .unit = "kdocuments/s",
                          .quality = {"", 0, 0},
                          .verified = true};
    char n[16];
    SHEAF_TRY(begin(r, r->o.k, &j));
    j.steps = STEPS;
    SHEAF_TRY(run_kmeans(&j));
    SHEAF_TRY(run_naming(&j));
    const char *why = check_topics(&j);
    drop_topics(&j);
    if (why) SHEAF_TRY(sheaf_i_fail(r->ctx, SHEAF_EBUG, "naming: %s; nothing was timed", why));
    snprintf(m.size, sizeof m.size, "%s documents, %d clusters", sheaf_i_count((double)j.n, n), (int)j.k);
    m.amount = (double)j.n / 1e3;
    sheaf_i_timed t = {run_naming, drop_topics, &j};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&j);
    return st;
}
