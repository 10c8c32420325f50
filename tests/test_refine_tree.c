/* The merge tree: steps against the objective from its definition, cuts, threads, memory, many clusters; centres. */
#include "support.h"

#include <math.h>

#include "cluster/tree.h"
#include "refine/tree.h"
#include "test_refine.h"

/* A clustering that the library may free. label: 0..k - 1, -1: none. */
static sheaf_clustering *clustering_of(sheaf_ctx *ctx, const int32_t *label, int64_t n, int32_t k)
{
    sheaf_clustering *c = sheaf_i_zeros(ctx, 1, sizeof *c);
    assert_non_null(c);
    *c = (sheaf_clustering){.ctx = ctx, .n = n, .k = k};
    c->label = sheaf_i_zeros(ctx, n, sizeof *c->label);
    c->count = sheaf_i_zeros(ctx, k + 1, sizeof *c->count);
    for (int64_t i = 0; i < n; i++) c->count[c->label[i] = label[i] + 1]++;
    return c;
}

/* What the gains of all terms of two clusters may be off by, in units. */
static double loss_bound(const sheaf_i_rows *r)
{
    double all = r->prior_mass;
    for (int64_t i = 0; i < r->n; i++) all += (double)r->mass[i];
    return test_gain_bound(all, all, 256);
}

/* Every step is the cheapest merger there is, and its loss that of the objective. label changes. */
static void check_steps(const test_sample *s, const sheaf_clustering *c, int32_t *label)
{
    const sheaf_i_rows *r = &s->rows;
    const int64_t n = r->n;
    const double bound = loss_bound(r) / r->unit, size_weight = s->o.size_weight * r->unit;
    int32_t steps, *other = malloc((size_t)n * sizeof *other), *node = malloc((size_t)c->k * sizeof *node);
    const sheaf_merge *merge = sheaf_clustering_merges(c, &steps);
    assert_int_equal(steps, c->k - 1);
    for (int32_t t = 0; t < c->k; t++) node[t] = t + 1;
    for (int32_t step = 0; step < steps; step++) {
        const double now = test_objective(r, c->k, label, size_weight);
        double least = INFINITY;
        for (int32_t a = 0; a < c->k; a++)
            for (int32_t b = a + 1; b < c->k; b++) {
                if (!node[a] || !node[b]) continue;
                for (int64_t i = 0; i < n; i++) other[i] = label[i] == b ? a : label[i];
                const double loss = (now - test_objective(r, c->k, other, size_weight)) / r->unit;
                if (merge[step].a == node[a] && merge[step].b == node[b])
                    assert_true(fabs(loss - merge[step].loss) <= bound);
                least = fmin(least, loss);
            }
        assert_true(merge[step].loss <= least + bound);
        int32_t into = -1, from = -1;
        for (int32_t t = 0; t < c->k; t++) {
            if (node[t] == merge[step].a) into = t;
            if (node[t] == merge[step].b) from = t;
        }
        assert_true(into >= 0 && from > into); /* a has the lowest cluster of both */
        for (int64_t i = 0; i < n; i++) label[i] = label[i] == from ? into : label[i];
        node[into] = c->k + step + 1;
        node[from] = 0;
    }
    free(other);
    free(node);
}

static void steps_are_the_cheapest(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        const int64_t n = 60 + 30 * (int64_t)seed;
        const int32_t k = 1 + (int32_t)seed;
        test_sample s = test_sample_new(ctx, n, 30, 4, seed % 2, true, seed);
        int32_t *label = malloc((size_t)n * sizeof *label);
        test_labels(label, n, k, seed);
        for (int64_t i = 0; i < n; i++) /* mostly by topic; some take no part */
            if (i % 3) label[i] = i % 17 ? s.topic[i] % k : -1;
        s.o.size_weight = seed == 4 ? 0 : 1;
        sheaf_clustering *c = clustering_of(ctx, label, n, k);
        assert_ok(ctx, sheaf_i_refine_tree(c, &s.rows, s.o.size_weight));
        check_steps(&s, c, label);
        sheaf_clustering_free(c);
        free(label);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* Groups 1..k, all there, by falling size; each is a union of those of a finer cut. */
static void check_cuts(sheaf_ctx *ctx, const sheaf_clustering *c)
{
    int32_t *fine = malloc(((size_t)c->k + 1) * sizeof *fine), *cut = malloc(((size_t)c->k + 1) * sizeof *cut);
    int64_t *docs = malloc(((size_t)c->k + 1) * sizeof *docs);
    for (int32_t t = 0; t <= c->k; t++) fine[t] = t;
    for (int32_t k = c->k; k >= 1; k--) {
        assert_ok(ctx, sheaf_clustering_cut(c, k, cut));
        assert_int_equal(cut[0], 0);
        memset(docs, 0, ((size_t)c->k + 1) * sizeof *docs);
        for (int32_t t = 1; t <= c->k; t++) {
            assert_in_range(cut[t], 1, k);
            docs[cut[t]] += c->count[t];
            if (k == c->k) assert_int_equal(cut[t], t);
            for (int32_t u = 1; u < t; u++)
                if (fine[u] == fine[t]) assert_int_equal(cut[u], cut[t]);
        }
        for (int32_t g = 1; g <= k; g++) assert_true(docs[g] > 0 && (g == 1 || k == c->k || docs[g] <= docs[g - 1]));
        memcpy(fine, cut, ((size_t)c->k + 1) * sizeof *fine);
    }
    assert_int_equal(sheaf_clustering_cut(c, 0, cut), SHEAF_EINVAL);
    assert_int_equal(sheaf_clustering_cut(c, -1, cut), SHEAF_EINVAL);
    assert_int_equal(sheaf_clustering_cut(c, c->k + 1, cut), SHEAF_EINVAL);
    free(fine);
    free(cut);
    free(docs);
}

/* 9 clusters: all terms count; 100 and more: the heaviest. */
static void cuts_coarsen_at_any_thread_count(void **state)
{
    (void)state;
    enum { N = 700, M = 1500 };
    static const int32_t ks[] = {1, 2, 9, 100, 250};
    for (size_t x = 0; x < sizeof ks / sizeof *ks; x++) {
        sheaf_merge first[250];
        for (int run = 0; run < 3; run++) {
            sheaf_ctx *ctx = test_context((int32_t[]){1, 2, 7}[run]);
            test_sample s = test_sample_new(ctx, N, M, 12, false, false, 3);
            int32_t label[N], n;
            test_labels(label, N, ks[x], 4);
            sheaf_clustering *c = clustering_of(ctx, label, N, ks[x]);
            assert_ok(ctx, sheaf_i_refine_tree(c, &s.rows, 1));
            const sheaf_merge *merge = sheaf_clustering_merges(c, &n);
            assert_int_equal(n, ks[x] - 1);
            assert_int_equal(sheaf_clustering_merged_by_words(c), n > 0);
            assert_true(!merge == !n);
            for (int32_t i = 0; i < n; i++) { /* no field is padded over */
                if (run) assert_true(merge[i].a == first[i].a && merge[i].b == first[i].b);
                if (run) assert_memory_equal(&merge[i].loss, &first[i].loss, sizeof(double));
                first[i] = merge[i];
            }
            if (!run) check_cuts(ctx, c);
            sheaf_clustering_free(c);
            test_sample_end(&s);
            sheaf_ctx_free(ctx);
        }
    }
}

/* As many clusters as documents. */
static void too_many_are_not_joined(void **state)
{
    (void)state;
    enum { N = SHEAF_MERGES_MOST + 1 };
    static int32_t label[N], cut[N + 1];
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 20, 3, false, false, 3);
    for (int32_t i = 0; i < N; i++) label[i] = i;
    sheaf_clustering *c = clustering_of(ctx, label, N, N);
    assert_ok(ctx, sheaf_i_refine_tree(c, &s.rows, 1));
    assert_null(c->merge);
    assert_ok(ctx, sheaf_i_clustering_join_centres(c, SHEAF_METRIC_SPHERICAL));
    assert_null(c->merge);
    assert_false(sheaf_clustering_merged_by_words(c));
    assert_ok(ctx, sheaf_clustering_cut(c, N, cut));
    assert_int_equal(sheaf_clustering_cut(c, 2, cut), SHEAF_EINVAL);
    sheaf_clustering_free(c);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

typedef struct {
    double *loss; /* k x k */
    int32_t k;
} by_table;

static void table_losses(const void *arg, int32_t a, int32_t first, double *row)
{
    const by_table *g = arg;
    for (int32_t t = first; t < g->k; t++) row[t] = g->loss[a * g->k + t];
}

/* The dearer of both remains, now and then something cheaper. */
static void table_join(void *arg, int32_t a, int32_t b)
{
    by_table *g = arg;
    for (int32_t t = 0; t < g->k; t++) {
        const double x = fmax(g->loss[a * g->k + t], g->loss[b * g->k + t]);
        g->loss[a * g->k + t] = g->loss[t * g->k + a] = (a + b + t) % 3 ? x : 0;
    }
}

/* Losses of few values, hence many ties: every step is what a search through all pairs finds. */
static void the_search_finds_the_first_of_the_cheapest(void **state)
{
    (void)state;
    enum { K = 40 };
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        const uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 0);
        static double loss[K * K], copy[K * K];
        int32_t label[K], node[K], n;
        for (int32_t a = 0; a < K; a++)
            for (int32_t b = 0; b <= a; b++)
                loss[a * K + b] = loss[b * K + a] = (double)(sheaf_i_rng_u64(key, (uint64_t)(a * K + b)) % (2 + 5 * seed));
        memcpy(copy, loss, sizeof loss);
        for (int32_t t = 0; t < K; t++) {
            label[t] = t;
            node[t] = t + 1;
        }
        sheaf_clustering *c = clustering_of(ctx, label, K, K);
        by_table g = {copy, K};
        assert_ok(ctx, sheaf_i_clustering_join(c, &(sheaf_i_joining){table_losses, table_join, &g}));
        const sheaf_merge *merge = sheaf_clustering_merges(c, &n);
        g.loss = loss;
        for (int32_t step = 0; step < n; step++) {
            int32_t into = -1, from = -1;
            for (int32_t a = 0; a < K; a++)
                for (int32_t b = a + 1; b < K && node[a]; b++)
                    if (node[b] && (into < 0 || loss[a * K + b] < loss[into * K + from])) into = a, from = b;
            assert_int_equal(merge[step].a, node[into]);
            assert_int_equal(merge[step].b, node[from]);
            assert_true(merge[step].loss == loss[into * K + from]);
            table_join(&g, into, from);
            node[into] = K + step + 1;
            node[from] = 0;
        }
        sheaf_clustering_free(c);
    }
    sheaf_ctx_free(ctx);
}

/* Documents of two subjects, cut at random in four each: the last merger is that of the subjects. */
static void subjects_are_joined_last(void **state)
{
    (void)state;
    enum { N = 400, K = 8 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 1200, 2, false, false, 8);
    int32_t label[N], cut[K + 1];
    for (int64_t i = 0; i < N; i++) label[i] = (int32_t)(i / 7 % 4) * 2 + s.topic[i];
    sheaf_clustering *c = clustering_of(ctx, label, N, K);
    assert_ok(ctx, sheaf_i_refine_tree(c, &s.rows, 1));
    assert_ok(ctx, sheaf_clustering_cut(c, 2, cut));
    for (int32_t t = 1; t <= K; t++) assert_int_equal(cut[t] == cut[1], t % 2);
    sheaf_clustering_free(c);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

static void trees_survive_failing_allocations(void **state)
{
    (void)state;
    enum { N = 90, K = 5 };
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    test_sample s = test_sample_new(ctx, N, 20, 3, true, true, 4);
    int32_t label[N], cut[K + 1];
    test_labels(label, N, K, 2);
    sheaf_clustering *c = clustering_of(ctx, label, N, K);
    const int64_t before = limit.live;
    for (int64_t at = 1;; at++) {
        limit.calls = 0;
        limit.fail_at = at;
        sheaf_status st = sheaf_i_refine_tree(c, &s.rows, 1);
        const bool built = st == SHEAF_OK;
        if (built) st = sheaf_clustering_cut(c, 2, cut);
        limit.fail_at = 0;
        assert_true(st == SHEAF_OK || st == SHEAF_ENOMEM);
        assert_int_equal(limit.live, before + built);
        sheaf_i_clustering_forget_merges(c);
        if (st != SHEAF_OK) continue;
        assert_true(at > 12);
        break;
    }
    sheaf_clustering_free(c);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* By centres, of own vectors: steps against sums of the vectors themselves. */
static void centres_join_like_their_vectors(void **state)
{
    (void)state;
    enum { N = 300, D = 6, K = 7 };
    sheaf_ctx *ctx = test_context(2);
    for (int metric = 0; metric < 2; metric++) {
        const uint64_t key = sheaf_i_rng_key(12, SHEAF_I_RNG_TEST, 0);
        float x[N * D];
        double sum[2 * K][D] = {{0}}, docs[2 * K] = {0}, spread[2 * K] = {0};
        for (int i = 0; i < N * D; i++) x[i] = (float)(sheaf_i_rng_unit(key, (uint64_t)i) - .3);
        for (int i = 0; i < N; i++) x[i * D + i % D] += 2;
        for (int i = 0; i < N && metric == SHEAF_METRIC_SPHERICAL; i++) {
            double length = 0;
            for (int j = 0; j < D; j++) length += (double)x[i * D + j] * (double)x[i * D + j];
            for (int j = 0; j < D; j++) x[i * D + j] /= (float)sqrt(length);
        }
        sheaf_clustering *c;
        sheaf_cluster_opts o;
        sheaf_cluster_opts_init(&o, sizeof o);
        o.k = K;
        o.tol = 0;
        o.metric = (sheaf_metric)metric;
        assert_ok(ctx, sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o));
        assert_ok(ctx, sheaf_i_clustering_join_centres(c, o.metric));
        for (int i = 0; i < N; i++) {
            docs[c->label[i] - 1]++;
            for (int j = 0; j < D; j++) sum[c->label[i] - 1][j] += (double)x[i * D + j];
        }
        int32_t n;
        const sheaf_merge *merge = sheaf_clustering_merges(c, &n);
        assert_int_equal(n, c->k - 1);
        for (int32_t t = 0; t < c->k + n; t++) {
            const int32_t a = t < c->k ? -1 : merge[t - c->k].a - 1, b = t < c->k ? -1 : merge[t - c->k].b - 1;
            for (int j = 0; a >= 0 && j < D; j++) sum[t][j] = sum[a][j] + sum[b][j];
            if (a >= 0) docs[t] = docs[a] + docs[b];
            double squared = 0; /* sum of the cosines, or less the inertia, but for the squares of the vectors */
            for (int j = 0; j < D; j++) squared += sum[t][j] * sum[t][j];
            spread[t] = metric == SHEAF_METRIC_SPHERICAL ? sqrt(squared) : squared / docs[t];
            if (a >= 0) assert_true(fabs(spread[a] + spread[b] - spread[t] - merge[t - c->k].loss) < 1e-3);
            if (t > c->k) assert_true(merge[t - c->k].loss >= merge[t - c->k - 1].loss - 1e-3 || !metric);
        }
        check_cuts(ctx, c);
        assert_false(sheaf_clustering_merged_by_words(c));
        sheaf_clustering_free(c);
    }
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_refine_tree[] = {
    cmocka_unit_test(steps_are_the_cheapest), cmocka_unit_test(cuts_coarsen_at_any_thread_count),
    cmocka_unit_test(too_many_are_not_joined), cmocka_unit_test(the_search_finds_the_first_of_the_cheapest),
    cmocka_unit_test(subjects_are_joined_last), cmocka_unit_test(trees_survive_failing_allocations),
    cmocka_unit_test(centres_join_like_their_vectors),
};
const size_t n_test_refine_tree = sizeof test_refine_tree / sizeof *test_refine_tree;
