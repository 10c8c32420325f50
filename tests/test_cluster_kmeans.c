/* The parts of k-means against their definitions. */
#include <math.h>
#include <stdio.h>

#include "test_cluster.h"

#include "cluster/kmeans.h"
#include "kernel/blas.h"

static sheaf_i_points points(sheaf_ctx *ctx, const float *x, int64_t n, int32_t d, sheaf_metric metric)
{
    sheaf_i_points p;
    assert_ok(ctx, sheaf_i_blas_single(ctx));
    assert_ok(ctx, sheaf_i_points_make(ctx, &p, x, n, d, d, NULL, 0, metric));
    return p;
}

static double gap(const sheaf_i_points *p, int64_t i, const double *c)
{
    double sum = 0;
    for (int32_t j = 0; j < p->d; j++) sum += pow((double)p->x[i * p->d + j] - c[j], 2);
    return sum;
}

static void start_from_rows(sheaf_i_kmeans *m, const sheaf_i_points *p, const int64_t *row)
{
    for (int32_t t = 0; t < m->k; t++)
        memcpy(m->centre + t * p->d, p->x + row[t] * p->d, (size_t)p->d * sizeof *p->x);
    sheaf_i_kmeans_set_bias(m);
}

/* One Lloyd step in double from the definition; returns the inertia before the step. */
static double naive_step(const sheaf_i_points *p, int32_t k, double *centre, int32_t *label)
{
    int32_t d = p->d;
    double inertia = 0, *sum = calloc((size_t)(k * d), sizeof *sum);
    int64_t *count = calloc((size_t)k, sizeof *count);
    for (int64_t i = 0; i < p->n; i++) {
        double best = INFINITY;
        for (int32_t t = 0; t < k; t++) {
            double g = gap(p, i, centre + t * d);
            if (g < best) best = g, label[i] = t;
        }
        inertia += best;
        count[label[i]]++;
        for (int32_t j = 0; j < d; j++) sum[label[i] * d + j] += (double)p->x[i * d + j];
    }
    for (int32_t t = 0; t < k; t++) {
        double length = 0;
        for (int32_t j = 0; j < d; j++) length += sum[t * d + j] * sum[t * d + j];
        for (int32_t j = 0; j < d && count[t]; j++)
            centre[t * d + j] = sum[t * d + j] / (p->spherical ? sqrt(length) : (double)count[t]);
    }
    free(sum);
    free(count);
    return inertia;
}

/* Same start, same number of steps. Labels may differ only where two centres are equally near within float. */
static void agrees_with_naive_lloyd(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const int64_t rows[] = {7, 256, 257, 1300};
    const int32_t ks[] = {1, 2, 33, 70};
    for (int c = 0; c < 8; c++) {
        int64_t n = rows[c % 4], row[70];
        int32_t k = ks[(c + c / 4) % 4] < n ? ks[(c + c / 4) % 4] : 5, d = 11;
        float *x = test_blobs(n, d, 9, 0.5, (uint64_t)c);
        sheaf_i_points p = points(ctx, x, n, d, c < 4 ? SHEAF_METRIC_SPHERICAL : SHEAF_METRIC_EUCLIDEAN);
        sheaf_i_kmeans m;
        assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, k));
        for (int32_t t = 0; t < k; t++) row[t] = t * n / k;
        start_from_rows(&m, &p, row);
        double *centre = malloc((size_t)(k * d) * sizeof *centre), inertia = 0;
        int32_t *label = malloc((size_t)n * sizeof *label);
        for (int32_t i = 0; i < k * d; i++) centre[i] = (double)m.centre[i];
        assert_ok(ctx, sheaf_i_kmeans_run(&m, 12, 0));
        for (int32_t i = 0; i <= m.iterations; i++) inertia = naive_step(&p, k, centre, label);
        assert_true(fabs(m.inertia - inertia) <= 1e-5 * inertia + 1e-6 * (double)n); /* scores in float: 1e-7 a row */
        for (int64_t i = 0; i < n; i++) {
            if (m.label[i] == label[i]) continue;
            double own[11], other[11];
            for (int32_t j = 0; j < d; j++) {
                own[j] = (double)m.centre[m.label[i] * d + j];
                other[j] = (double)m.centre[label[i] * d + j];
            }
            assert_true(fabs(gap(&p, i, own) - gap(&p, i, other)) < 1e-5);
        }
        sheaf_i_kmeans_end(&m);
        sheaf_i_points_end(&p);
        free(centre);
        free(label);
        free(x);
    }
    sheaf_ctx_free(ctx);
}

/* Runs of 1, 2, 3 ... iterations from one start: the inertia falls, to within float rounding of the scores. */
static void inertia_never_rises(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    float *x = test_blobs(3000, 16, 16, 0.6, 21);
    for (int metric = 0; metric < 2; metric++) {
        sheaf_i_points p = points(ctx, x, 3000, 16, (sheaf_metric)metric);
        double last = INFINITY, first = 0;
        for (int32_t steps = 0; steps < 15; steps++) {
            sheaf_i_kmeans m;
            int64_t row[10];
            assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, 10));
            for (int t = 0; t < 10; t++) row[t] = 7 * t;
            start_from_rows(&m, &p, row);
            assert_ok(ctx, sheaf_i_kmeans_run(&m, steps, 0));
            assert_true(m.inertia <= last * (1 + 1e-6));
            last = m.inertia;
            if (steps == 0) first = last;
            sheaf_i_kmeans_end(&m);
        }
        assert_true(last < .95 * first); /* it did fall */
        sheaf_i_points_end(&p);
    }
    free(x);
    sheaf_ctx_free(ctx);
}

/* Sums at once where k x d is small, lists where it is not. */
static void sums_follow(int32_t d, int32_t k)
{
    sheaf_ctx *ctx = test_context(2);
    int64_t n = 5000;
    float *x = test_blobs(n, d, d < 3 ? d : 3, 0.5, 22);
    int32_t *before = malloc((size_t)n * sizeof *before), *label = malloc((size_t)n * sizeof *label);
    sheaf_i_points p = points(ctx, x, n, d, SHEAF_METRIC_SPHERICAL);
    sheaf_i_sums s;
    assert_ok(ctx, sheaf_i_sums_new(&s, &p, k));
    for (int32_t round = 0; round < 5; round++) { /* few changes, many changes, none */
        for (int64_t i = 0; i < n; i++) {
            before[i] = round ? label[i] : -1;
            label[i] = (int32_t)(round == 0 ? i % k : round == 2 ? (i / 3) % k : i % 50 == round ? 1 : before[i]);
        }
        int64_t changed, want_changed = 0;
        for (int64_t stripe = 0; stripe < s.stripes; stripe++) {
            sheaf_i_sums_begin(&s, stripe);
            for (int64_t i = stripe * s.stripe; i < n && i < (stripe + 1) * s.stripe; i++) {
                if (before[i] == label[i]) continue;
                sheaf_i_sums_note(&s, stripe, i, before[i], label[i]);
                want_changed++;
            }
        }
        assert_ok(ctx, sheaf_i_sums_settle(&s, label, &changed));
        assert_int_equal(changed, want_changed);
        double *want = calloc((size_t)(k * d), sizeof *want);
        int64_t *count = calloc((size_t)k, sizeof *count);
        for (int64_t i = 0; i < n; i++) {
            count[label[i]]++;
            for (int32_t j = 0; j < d; j++) want[label[i] * d + j] += (double)p.x[i * d + j];
        }
        for (int32_t t = 0; t < k; t++) assert_int_equal(s.count[t], count[t]);
        for (int32_t i = 0; i < k * d; i++) assert_true(fabs(s.sum[i] - want[i]) < 1e-9); /* 5,000 double sums */
        free(want);
        free(count);
    }
    sheaf_i_sums_end(&s);
    sheaf_i_points_end(&p);
    free(before);
    free(label);
    free(x);
    sheaf_ctx_free(ctx);
}

static void sums_follow_the_labels(void **state)
{
    (void)state;
    sums_follow(7, 6);
    sums_follow(40, 600);
}

/* All centres but one are out of reach: their clusters lose every row and are filled again with different vectors. */
static void empty_clusters_are_refilled(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    float x[40 * 2];
    for (int i = 0; i < 40; i++) { /* four places, ten rows each; no row is zero */
        x[2 * i] = i % 4 < 2 ? 1 : 100;
        x[2 * i + 1] = i % 2 ? 0 : 50;
    }
    sheaf_i_points p = points(ctx, x, 40, 2, SHEAF_METRIC_EUCLIDEAN);
    sheaf_i_kmeans m;
    assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, 4));
    const float far_off[] = {0, 0, 50, 50, 60, 60, 70, 70};
    memcpy(m.centre, far_off, sizeof far_off);
    sheaf_i_kmeans_set_bias(&m);
    assert_ok(ctx, sheaf_i_kmeans_run(&m, 100, 1e-5));
    assert_true(m.repaired >= 3);
    assert_true(m.inertia < 1e-9);
    for (int i = 0; i < 40; i++)
        for (int j = 0; j < 40; j++) assert_int_equal(m.label[i] == m.label[j], i % 4 == j % 4);
    sheaf_i_kmeans_end(&m);
    sheaf_i_points_end(&p);
    sheaf_ctx_free(ctx);
}

static double silhouette_by_definition(const sheaf_i_points *p, const int32_t *label, int32_t k)
{
    double total = 0;
    for (int64_t i = 0; i < p->n; i++) {
        double sum[8] = {0}, count[8] = {0}, inside, outside = INFINITY;
        for (int64_t o = 0; o < p->n; o++) {
            if (o == i) continue;
            double g = 0;
            for (int32_t j = 0; j < p->d; j++) g += pow((double)p->x[i * p->d + j] - (double)p->x[o * p->d + j], 2);
            sum[label[o]] += g;
            count[label[o]]++;
        }
        if (count[label[i]] == 0) continue;
        inside = sum[label[i]] / count[label[i]];
        for (int32_t t = 0; t < k; t++)
            if (t != label[i] && count[t] > 0) outside = fmin(outside, sum[t] / count[t]);
        total += (outside - inside) / fmax(inside, outside);
    }
    return total / (double)p->n;
}

static void silhouette_is_the_quadratic_one(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int c = 0; c < 6; c++) {
        float *x = test_blobs(300, 8, 4, c % 3 ? 0.5 : 0.1, (uint64_t)(30 + c));
        sheaf_i_points p = points(ctx, x, 300, 8, (sheaf_metric)(c % 2));
        int64_t row[8];
        double found;
        assert_ok(ctx, sheaf_i_seed_rows(&p, 8, (uint64_t)c, row));
        sheaf_i_kmeans m;
        assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, 3 + c));
        start_from_rows(&m, &p, row);
        assert_ok(ctx, sheaf_i_kmeans_run(&m, c, 0)); /* unfinished runs too: rows that are nearer to another mean */
        double want = silhouette_by_definition(&p, m.label, 3 + c);
        assert_ok(ctx, sheaf_i_silhouette(&m, &found));
        assert_true(fabs(found - want) < 1e-5); /* scores in float */
        sheaf_i_kmeans_end(&m);
        sheaf_i_points_end(&p);
        free(x);
    }
    sheaf_ctx_free(ctx);
}

/* 20 tight groups: greedy k-means++ finds all of them in nearly every seeding, uniform rows in 1 of 10^7. */
static void seeding_meets_every_group(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    float *x = test_blobs(2000, 20, 20, 0.01, 23);
    sheaf_i_points p = points(ctx, x, 2000, 20, SHEAF_METRIC_SPHERICAL);
    int32_t complete = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        int64_t row[20], again[20];
        bool met[20] = {0};
        int32_t groups = 0;
        uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 1);
        assert_ok(ctx, sheaf_i_seed_rows(&p, 20, key, row));
        assert_ok(ctx, sheaf_i_seed_rows(&p, 20, key, again));
        assert_memory_equal(row, again, sizeof row);
        for (int t = 0; t < 20; t++) groups += !met[row[t] % 20], met[row[t] % 20] = true;
        complete += groups == 20;
    }
    assert_true(complete >= 45);
    sheaf_i_points_end(&p);
    free(x);
    sheaf_ctx_free(ctx);
}

static void distinct_rows_are_counted(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    float x[1000 * 2];
    for (int i = 0; i < 1000; i++) {
        x[2 * i] = i % 2 ? 0.0f : -0.0f; /* the same number */
        x[2 * i + 1] = (float)(i % 37 + 1);
    }
    sheaf_i_points p = points(ctx, x, 1000, 2, SHEAF_METRIC_EUCLIDEAN);
    int64_t found;
    assert_ok(ctx, sheaf_i_points_distinct(&p, 1000, &found));
    assert_int_equal(found, 37);
    assert_ok(ctx, sheaf_i_points_distinct(&p, 36, &found));
    assert_int_equal(found, 36);
    sheaf_i_points_end(&p);
    sheaf_ctx_free(ctx);
}

/* Through the public call: far from the origin, at another scale, with a row of zeros. */
static void given_centres_are_the_start(void **state)
{
    (void)state;
    enum { N = 900, D = 6, K = 5 };
    sheaf_ctx *ctx = test_context(2);
    float *x = test_blobs(N, D, 6, 0.4, 24), start[K * D];
    for (int i = 0; i < N * D; i++) x[i] = 50 + 3 * x[i];
    memset(x + 7 * D, 0, D * sizeof *x);
    memcpy(start, x + 100 * D, sizeof start);
    sheaf_cluster_opts o;
    sheaf_clustering *c;
    for (int metric = 0; metric < 2; metric++) {
        sheaf_i_points p = points(ctx, x, N, D, (sheaf_metric)metric);
        sheaf_i_kmeans m;
        const int64_t row[] = {99, 100, 101, 102, 103}; /* without the row of zeros */
        assert_ok(ctx, sheaf_i_kmeans_new(&m, &p, K));
        start_from_rows(&m, &p, row);
        sheaf_cluster_opts_init(&o, sizeof o);
        o.k = K;
        o.start = start;
        o.metric = (sheaf_metric)metric;
        o.tol = 0;
        o.max_iter = 4;
        assert_ok(ctx, sheaf_i_kmeans_run(&m, o.max_iter, o.tol));
        assert_ok(ctx, sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o));
        sheaf_cluster_report q = sheaf_clustering_quality(c);
        const int32_t *label = sheaf_clustering_labels(c, NULL);
        assert_int_equal(q.iterations, m.iterations);
        assert_int_equal(q.starts, 1);
        assert_true(fabs(q.inertia - m.inertia / (p.scale * p.scale)) < 1e-9 * q.inertia);
        assert_int_equal(label[7], 0);
        for (int64_t i = 1; i < p.n; i++)
            assert_int_equal(label[p.doc[i]] == label[p.doc[i - 1]], m.label[i] == m.label[i - 1]);
        sheaf_clustering_free(c);
        sheaf_i_kmeans_end(&m);
        sheaf_i_points_end(&p);
    }
    o.tol = 1; /* more than any iteration gains after the first */
    o.max_iter = 100;
    assert_ok(ctx, sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o));
    assert_int_equal(sheaf_clustering_quality(c).iterations, 1);
    sheaf_clustering_free(c);
    o.tol = NAN;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o), SHEAF_EINVAL);
    o.tol = 0;
    start[3 * D] = INFINITY;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(ctx), "first centre 3 is zero or holds NaN or infinity");
    start[3 * D] = 1e25f; /* finite, but the score of such a centre is not */
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(ctx), "first centre 3 is too far from the vectors");
    o.k = 0;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o), SHEAF_EINVAL);
    free(x);
    sheaf_ctx_free(ctx);
}

/* Rows near the origin and of the size of 1 are taken as they are, all others are copied, shifted and scaled. */
static void rows_are_copied_only_where_they_must_be(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    enum { N = 300, D = 7 };
    const struct { double scale, offset; bool copied; } cases[] = {
        {1, 0, false}, {1, 100, true}, {1e20, 0, true}, {1e-9, 0, true}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        float x[N * D];
        for (int i = 0; i < N * D; i++) x[i] = (float)(cases[c].offset + cases[c].scale * sin(i * 1.7 + i % D));
        sheaf_i_points p = points(ctx, x, N, D, SHEAF_METRIC_EUCLIDEAN);
        assert_int_equal(p.own != NULL, cases[c].copied);
        assert_true(p.x == (cases[c].copied ? p.own : x));
        double most = 0, squares = 0;
        for (int i = 0; i < N * D; i++) {
            double given = ((double)x[i] - p.mean[i % D]) * p.scale;
            assert_true(fabs((double)p.x[i] - given) <= 1e-7);
            most = fmax(most, fabs((double)p.x[i]));
            squares += (double)p.x[i] * (double)p.x[i];
        }
        assert_true(most > .1 && most <= 8);
        assert_true(fabs(p.squares - squares) <= 1e-9 * squares);
        sheaf_i_points_end(&p);
    }
    float x[(N + 1) * D] = {0}; /* a row of zeros is left out, so the others cannot stay where they are */
    for (int i = D; i < (N + 1) * D; i++) x[i] = (float)sin(i * 1.7);
    sheaf_i_points p = points(ctx, x, N + 1, D, SHEAF_METRIC_EUCLIDEAN);
    assert_int_equal(p.n, N);
    assert_non_null(p.own);
    sheaf_i_points_end(&p);
    sheaf_ctx_free(ctx);
}

int test_cluster_kmeans(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_naive_lloyd),     cmocka_unit_test(inertia_never_rises),
        cmocka_unit_test(sums_follow_the_labels),      cmocka_unit_test(empty_clusters_are_refilled),
        cmocka_unit_test(silhouette_is_the_quadratic_one), cmocka_unit_test(seeding_meets_every_group),
        cmocka_unit_test(distinct_rows_are_counted),   cmocka_unit_test(given_centres_are_the_start),
        cmocka_unit_test(rows_are_copied_only_where_they_must_be),
    };
    return cmocka_run_group_tests_name("k-means", tests, NULL, NULL);
}
