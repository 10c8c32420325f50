/* Pruned k-means against the same run without pruning, bit by bit. */
#include <math.h>

#include "test_cluster.h"

#include "cluster/kmeans.h"

typedef struct {
    int32_t *label;
    float *centre;
    double inertia;
    int32_t iterations;
    int64_t repaired;
} outcome;

static outcome run(sheaf_ctx *ctx, const sheaf_i_points *p, int32_t k, const float *start, int32_t max_iter,
                   bool unpruned)
{
    sheaf_i_kmeans m;
    outcome o;
    const size_t centres = (size_t)k * (size_t)p->d * sizeof *o.centre, labels = (size_t)p->n * sizeof *o.label;
    assert_ok(ctx, sheaf_i_kmeans_new(&m, p, k));
    memcpy(m.centre, start, centres);
    sheaf_i_kmeans_set_bias(&m);
    m.unpruned = unpruned;
    assert_ok(ctx, sheaf_i_kmeans_run(&m, max_iter, 0));
    o = (outcome){malloc(labels), malloc(centres), m.inertia, m.iterations, m.repaired};
    memcpy(o.label, m.label, labels);
    memcpy(o.centre, m.centre, centres);
    double inertia = 0; /* the reported one is the true one */
    for (int64_t i = 0; i < p->n; i++)
        for (int32_t j = 0; j < p->d; j++)
            inertia += pow((double)p->x[i * p->d + j] - (double)m.centre[(int64_t)m.label[i] * p->d + j], 2);
    assert_true(fabs(inertia - m.inertia) <= 1e-10 * p->squares); /* double sums of p->squares in size */
    sheaf_i_kmeans_end(&m);
    return o;
}

static void drop(outcome *o)
{
    free(o->label);
    free(o->centre);
}

/* x: n x d; the first centres are rows start, start + step ... */
static void compare(const float *x, int64_t n, int32_t d, int32_t k, int64_t step, sheaf_metric metric)
{
    sheaf_ctx *ctx = test_context(1), *many = test_context(7);
    sheaf_i_points p;
    assert_ok(ctx, sheaf_i_points_make(ctx, &p, x, n, d, d, NULL, 0, metric));
    if (k > p.n) k = (int32_t)p.n;
    float *start = malloc((size_t)k * (size_t)d * sizeof *start);
    for (int32_t t = 0; t < k; t++)
        memcpy(start + (int64_t)t * d, p.x + t * step % p.n * d, (size_t)d * sizeof *start);
    for (int32_t max_iter = 3; max_iter < 1000; max_iter *= 8) {
        outcome want = run(ctx, &p, k, start, max_iter, true), got = run(ctx, &p, k, start, max_iter, false);
        sheaf_i_points same = p;
        same.ctx = many;
        outcome threads = run(many, &same, k, start, max_iter, false);
        assert_int_equal(got.iterations, want.iterations);
        assert_int_equal(got.repaired, want.repaired);
        assert_memory_equal(got.label, want.label, (size_t)p.n * sizeof *want.label);
        assert_memory_equal(got.centre, want.centre, (size_t)k * (size_t)d * sizeof *want.centre);
        assert_memory_equal(&got.inertia, &want.inertia, sizeof want.inertia);
        assert_memory_equal(threads.label, want.label, (size_t)p.n * sizeof *want.label);
        assert_memory_equal(threads.centre, want.centre, (size_t)k * (size_t)d * sizeof *want.centre);
        drop(&want);
        drop(&got);
        drop(&threads);
    }
    free(start);
    sheaf_i_points_end(&p);
    sheaf_ctx_free(ctx);
    sheaf_ctx_free(many);
}

static void both_metrics(const float *x, int64_t n, int32_t d, int32_t k, int64_t step)
{
    compare(x, n, d, k, step, SHEAF_METRIC_SPHERICAL);
    compare(x, n, d, k, step, SHEAF_METRIC_EUCLIDEAN);
}

/* One group of centres, several, and several panels a group. */
static void random_and_clustered_rows(void **state)
{
    (void)state;
    const int32_t shapes[][3] = {{3000, 24, 10}, {5000, 100, 40}, {2500, 17, 130}, {4000, 2, 700}, {997, 33, 16}};
    for (int c = 0; c < 10; c++) {
        const int32_t *s = shapes[c % 5];
        int32_t groups = s[1] < 12 ? s[1] : 12;
        float *x = test_blobs(s[0], s[1], groups, c < 5 ? 0.1 : 3, (uint64_t)(50 + c));
        both_metrics(x, s[0], s[1], s[2], c < 5 ? 1 : 3);
        free(x);
    }
}

/* Many equal rows and equal centres: ties everywhere, clusters that empty and are filled again. */
static void duplicated_rows(void **state)
{
    (void)state;
    enum { N = 3000, D = 5 };
    float *x = malloc(N * D * sizeof *x);
    for (int64_t i = 0; i < N; i++)
        for (int32_t j = 0; j < D; j++)
            x[i * D + j] = (float)(sheaf_i_rng_u64(9, (uint64_t)(i % 300 * D + j)) % 3) + (j == 0);
    both_metrics(x, N, D, 40, 1);
    both_metrics(x, N, D, 40, 300); /* all first centres are the same row */
    free(x);
}

/* Whole numbers on a grid: scores are exact in float, and rows stand exactly between centres. */
static void rows_between_centres(void **state)
{
    (void)state;
    enum { SIDE = 64 };
    float *x = malloc(SIDE * SIDE * 2 * sizeof *x);
    for (int i = 0; i < SIDE * SIDE; i++) {
        x[2 * i] = (float)(i / SIDE + 1);
        x[2 * i + 1] = (float)(i % SIDE + 1);
    }
    for (int32_t k = 3; k < 100; k = 2 * k + 1) both_metrics(x, SIDE * SIDE, 2, k, 64 * 5 + 7);
    free(x);
}

/* Differences near the rounding of scores, far from the origin of a few rows that set the scale; tiny numbers; rows of
   very different lengths. */
static void adversarial_scales(void **state)
{
    (void)state;
    enum { N = 3000, D = 8 };
    float *x = malloc(N * D * sizeof *x);
    for (int kind = 0; kind < 4; kind++) {
        for (int64_t i = 0; i < N; i++)
            for (int32_t j = 0; j < D; j++) {
                double v = sheaf_i_rng_normal(77, (uint64_t)(i * D + j));
                if (kind == 0) v = 1 + 1e-6 * v;
                if (kind == 1) v = i % 500 == 0 ? 100 + v : 1e-3 * v;
                if (kind == 2) v *= 1e-30;
                if (kind == 3) v *= pow(10, (double)(i % 7) - 3);
                x[i * D + j] = (float)v;
            }
        both_metrics(x, N, D, 20, 7);
        both_metrics(x, N, D, 150, 1);
    }
    free(x);
}

static void few_rows(void **state)
{
    (void)state;
    float *x = test_blobs(64, 9, 9, 1, 60);
    for (int64_t n = 1; n <= 64; n = 2 * n + 1)
        for (int32_t k = 1; k <= n; k = 3 * k) both_metrics(x, n, 9, k, 1);
    free(x);
}

int test_cluster_pruning(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_and_clustered_rows), cmocka_unit_test(duplicated_rows),
        cmocka_unit_test(rows_between_centres),      cmocka_unit_test(adversarial_scales),
        cmocka_unit_test(few_rows),
    };
    return cmocka_run_group_tests_name("pruning", tests, NULL, NULL);
}
