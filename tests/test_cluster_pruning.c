/* Pruned k-means against the same run without pruning, bit by bit. */
#include <math.h>

#include "test_cluster.h"

#include "cluster/bounds.h"
#include "cluster/bytes.h"
#include "cluster/kmeans.h"
#include "kernel/tables.h"

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

/* So many centres that rows are compared by bytes first. */
enum { MANY = 305, ENOUGH = 16 * MANY };

static void many_centres(void **state)
{
    (void)state;
    const int32_t dims[] = {1, 7, 100, 300};
    for (int c = 0; c < 4; c++) {
        const int32_t k = MANY + c * 16;
        float *x = test_blobs(16 * k, dims[c], dims[c] < 40 ? dims[c] : 40, c == 1 ? 0.01 : 1, (uint64_t)(90 + c));
        both_metrics(x, 16 * k, dims[c], k, 3);
        free(x);
    }
}

/* Equal rows and centres, zeros, rows whose bytes say nothing of all but their largest number, rows of very different
   lengths, rows that differ by less than a byte. */
static void many_adversarial_centres(void **state)
{
    (void)state;
    enum { N = ENOUGH, D = 9 };
    float *x = malloc(N * D * sizeof *x);
    for (int kind = 0; kind < 5; kind++) {
        for (int64_t i = 0; i < N; i++)
            for (int32_t j = 0; j < D; j++) {
                double v = sheaf_i_rng_normal(78, (uint64_t)(i * D + j));
                if (kind == 0) v = (double)(sheaf_i_rng_u64(10, (uint64_t)(i % 700 * D + j)) % 3);
                if (kind == 1) v = i % 5 == 0 ? 0 : v;
                if (kind == 2) v *= j == 0 ? 1 : pow(10, -(double)j);
                if (kind == 3) v *= pow(10, (double)(i % 9) - 6);
                if (kind == 4) v = 1 + 1e-3 * v;
                x[i * D + j] = (float)v;
            }
        both_metrics(x, N, D, MANY, kind == 0 ? 700 : 3);
    }
    free(x);
}

/* Centres that bytes hold exactly: all that is lost is what rows lose. far: they differ by more than bytes do not tell. */
static void check_rounded(sheaf_i_coarse_fn *coarse, bool far)
{
    enum { N = ENOUGH, D = 3 };
    sheaf_ctx *ctx = test_context(1);
    float x[N * D], score[N];
    int32_t want[N], got[N];
    sheaf_i_points p;
    sheaf_i_kmeans m;
    sheaf_i_bytes *bytes;
    for (int64_t e = 0; e < N * D; e++) x[e] = (float)(2 * sheaf_i_rng_unit(96, (uint64_t)e) - 1);
    assert_ok(ctx, sheaf_i_points_make(ctx, &p, x, N, D, D, NULL, 0, SHEAF_METRIC_EUCLIDEAN));
    assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, MANY));
    for (int32_t e = 0; e < MANY * D; e++)
        m.centre[e] = e % D == 0 ? 1 : (float)(sheaf_i_rng_u64(97, (uint64_t)e) % (far ? 255 : 3)) / 127 - 1;
    sheaf_i_kmeans_set_bias(&m);
    for (int32_t g = 0; g < m.panels.panels; g++)
        sheaf_i_panels_fill(&m.panels, g, m.centre, m.bias, MANY, D);
    sheaf_i_assignment a = {.k = MANY, .centre = m.centre, .bias = m.bias, .label = want, .score = score};
    assert_ok(ctx, sheaf_i_assign(&p, &a));
    sheaf_i_bytes_new(&bytes, &m, coarse);
    assert_non_null(bytes);
    for (int pass = 0; pass < 2; pass++) { /* the second counts anew */
        assert_ok(ctx, sheaf_i_bytes_centres(bytes, &m));
        assert_true(sheaf_i_bytes_pay(bytes, N));
        for (int64_t lo = 0, hi; lo < N; lo = hi) {
            hi = lo + SHEAF_I_BYTES_ROWS < N ? lo + SHEAF_I_BYTES_ROWS : N;
            if (pass == 0) sheaf_i_bytes_fill(bytes, &p, lo, hi);
            sheaf_i_bytes_assign(bytes, &m, lo, hi, 0, got + lo);
        }
        assert_memory_equal(got, want, sizeof want);
        assert_int_equal(sheaf_i_bytes_pay(bytes, N), far);
    }
    sheaf_i_bytes_free(bytes);
    sheaf_i_kmeans_end(&m);
    sheaf_i_points_end(&p);
    sheaf_ctx_free(ctx);
}

static void rounded_rows(void **state)
{
    (void)state;
    sheaf_i_coarse_fn *const coarse[] = {sheaf_i_coarse_plain, sheaf_i_kernels_coarse(sheaf_i_kernels_get())};
    for (int i = 0; i < 2; i++)
        for (int far = 0; coarse[i] && far < 2; far++) check_rounded(coarse[i], far);
}

/* Bytes are made where they pay, and without memory for them the run goes on. */
static void runs_with_and_without_bytes(void **state)
{
    (void)state;
    enum { N = ENOUGH, D = 6 };
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    const bool any = sheaf_i_kernels_coarse(sheaf_i_kernels_get()) != NULL;
    float *x = test_blobs(N, D, D, 1, 95);
    int32_t *want = NULL, without = 0;
    sheaf_i_points p;
    assert_ok(ctx, sheaf_i_points_make(ctx, &p, x, N, D, D, NULL, 0, SHEAF_METRIC_EUCLIDEAN));
    const int64_t live = limit.live;
    for (int64_t fail_at = 0; fail_at < 60; fail_at++) {
        sheaf_i_kmeans m;
        limit.calls = 0;
        limit.fail_at = fail_at;
        sheaf_status st = sheaf_i_kmeans_new(&m, &p, MANY);
        if (st == SHEAF_OK) {
            memcpy(m.centre, p.x, MANY * D * sizeof *m.centre);
            sheaf_i_kmeans_set_bias(&m);
            st = sheaf_i_kmeans_run(&m, 2, 0);
        }
        assert_true(st == SHEAF_OK || (fail_at > 0 && st == SHEAF_ENOMEM));
        if (st == SHEAF_OK && limit.calls >= fail_at && fail_at > 0) {
            without++;
            assert_string_equal(sheaf_ctx_message(ctx), ""); /* nothing has failed */
        }
        if (!want) memcpy(want = malloc(N * sizeof *want), m.label, N * sizeof *want);
        if (st == SHEAF_OK) assert_memory_equal(m.label, want, N * sizeof *want);
        sheaf_i_kmeans_end(&m);
        assert_int_equal(limit.live, live);
    }
    assert_int_equal(without > 0, any);
    limit.fail_at = 0;
    const int32_t ks[] = {10, MANY, MANY + 1}; /* too few centres; too few rows for them */
    for (int i = 0; i < 3; i++) {
        sheaf_i_kmeans m;
        sheaf_i_bytes *bytes;
        assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, ks[i]));
        sheaf_i_bytes_new(&bytes, &m, sheaf_i_coarse_plain);
        assert_int_equal(bytes != NULL, ks[i] == MANY);
        sheaf_i_bytes_free(bytes);
        sheaf_i_kmeans_end(&m);
    }
    free(want);
    free(x);
    sheaf_i_points_end(&p);
    sheaf_ctx_free(ctx);
}

/* A heap that knows its size; each piece begins with its own. */
typedef struct {
    size_t live, most;
} heap;

static void *heap_resize(void *user, void *ptr, size_t bytes)
{
    enum { HEAD = 64 };
    heap *h = user;
    char *had = ptr ? (char *)ptr - HEAD : NULL;
    h->live += bytes - (had ? *(size_t *)had : 0);
    h->most = h->live > h->most ? h->live : h->most;
    if (!bytes) {
        free(had);
        return NULL;
    }
    char *p = realloc(had, bytes + HEAD);
    assert_non_null(p);
    memcpy(p, &bytes, sizeof bytes);
    return p + HEAD;
}

/* Bytes are gone before bounds are made: a run never holds more than the larger of the two beyond what one with
   neither of them does. */
static void bytes_make_room_for_bounds(void **state)
{
    (void)state;
    enum { N = ENOUGH, D = 6 };
    heap h = {0};
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 1;
    o.resize = heap_resize;
    o.resize_user = &h;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    float *x = test_blobs(N, D, D, 1, 98);
    sheaf_i_points p;
    assert_ok(ctx, sheaf_i_points_make(ctx, &p, x, N, D, D, NULL, 0, SHEAF_METRIC_EUCLIDEAN));
    size_t most[2], by_bytes = 0, by_bounds = 0;
    for (int pruned = 0; pruned < 2; pruned++) {
        sheaf_i_kmeans m;
        sheaf_i_bytes *bytes;
        assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, MANY));
        memcpy(m.centre, p.x, MANY * D * sizeof *m.centre);
        sheaf_i_kmeans_set_bias(&m);
        m.unpruned = !pruned;
        size_t live = h.live;
        sheaf_i_bytes_new(&bytes, &m, sheaf_i_coarse_plain);
        by_bytes = h.live - live;
        sheaf_i_bytes_free(bytes);
        assert_ok(ctx, sheaf_i_bounds_new(&m.bounds, &m));
        by_bounds = h.live - live;
        sheaf_i_bounds_free(m.bounds);
        m.bounds = NULL;
        h.most = h.live;
        assert_ok(ctx, sheaf_i_kmeans_run(&m, 30, 0));
        most[pruned] = h.most;
        sheaf_i_kmeans_end(&m);
    }
    assert_true(by_bytes > N * D && by_bounds > N * D);
    assert_true(most[1] <= most[0] + (by_bytes > by_bounds ? by_bytes : by_bounds));
    free(x);
    sheaf_i_points_end(&p);
    sheaf_ctx_free(ctx);
}

int test_cluster_pruning(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_and_clustered_rows), cmocka_unit_test(duplicated_rows),
        cmocka_unit_test(rows_between_centres),      cmocka_unit_test(adversarial_scales),
        cmocka_unit_test(few_rows),                  cmocka_unit_test(many_centres),
        cmocka_unit_test(many_adversarial_centres),  cmocka_unit_test(rounded_rows),
        cmocka_unit_test(runs_with_and_without_bytes), cmocka_unit_test(bytes_make_room_for_bounds),
    };
    return cmocka_run_group_tests_name("pruning", tests, NULL, NULL);
}
