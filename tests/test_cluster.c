/* cluster/: what callers see. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "test_cluster.h"

#include "base/mem.h"
#include "cluster/clustering.h"
#include "space/space.h"

static sheaf_cluster_opts opts(int32_t k)
{
    sheaf_cluster_opts o;
    sheaf_cluster_opts_init(&o, sizeof o);
    o.k = k;
    return o;
}

static sheaf_clustering *cluster(sheaf_ctx *ctx, const float *x, int64_t n, int32_t d, const sheaf_cluster_opts *o)
{
    sheaf_clustering *c;
    assert_ok(ctx, sheaf_cluster_vectors(ctx, &c, x, n, d, d, o));
    return c;
}

/* Everything that holds for any result. */
static void check(const sheaf_clustering *c)
{
    int64_t n, total = 0;
    int32_t k = sheaf_clustering_k(c);
    const int32_t *label = sheaf_clustering_labels(c, &n), *second = sheaf_clustering_second(c);
    const float *fit = sheaf_clustering_fit(c), *margin = sheaf_clustering_margin(c);
    int64_t *count = calloc((size_t)k + 1, sizeof *count), last_first = -1;
    for (int64_t i = 0; i < n; i++) {
        assert_in_range(label[i], 0, k);
        assert_in_range(second[i], 0, k);
        assert_true(label[i] == 0 || second[i] != label[i]);
        assert_true((second[i] == 0) == (label[i] == 0 || k == 1));
        assert_true(isfinite(fit[i]) && margin[i] >= 0 && (label[i] || margin[i] == 0));
        count[label[i]]++;
    }
    for (int32_t t = 0; t <= k; t++) {
        assert_int_equal(sheaf_clustering_count(c, t), count[t]);
        total += count[t];
        if (t == 0) continue;
        assert_true(count[t] > 0);
        int64_t first = 0;
        while (label[first] != t) first++;
        assert_true(t == 1 || count[t] < count[t - 1] || (count[t] == count[t - 1] && first > last_first));
        last_first = first;
    }
    assert_int_equal(total, n);
    assert_int_equal(sheaf_clustering_count(c, -1), 0);
    assert_int_equal(sheaf_clustering_count(c, k + 1), 0);
    sheaf_cluster_report r = sheaf_clustering_quality(c);
    assert_int_equal(r.unplaced, count[0]);
    assert_true(isfinite(r.inertia) && r.inertia >= 0);
    free(count);
}

static void finds_groups_in_order_of_size(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    /* groups 0, 1, 2 of 10, 30, 20 rows */
    float x[60 * 3];
    int32_t group[60];
    for (int i = 0; i < 60; i++) {
        group[i] = i % 6 == 0 ? 0 : i % 2 ? 1 : 2;
        for (int j = 0; j < 3; j++) x[i * 3 + j] = (j == group[i] ? 1.0f : 0.01f * (float)(i % 7));
    }
    for (int metric = 0; metric < 2; metric++) {
        sheaf_cluster_opts o = opts(3);
        o.metric = (sheaf_metric)metric;
        sheaf_clustering *c = cluster(ctx, x, 60, 3, &o);
        check(c);
        const int32_t *label = sheaf_clustering_labels(c, NULL);
        const int32_t want[] = {3, 1, 2};
        for (int i = 0; i < 60; i++) assert_int_equal(label[i], want[group[i]]);
        assert_string_equal(sheaf_clustering_k_reason(c), "");
        sheaf_clustering_free(c);
    }
    sheaf_ctx_free(ctx);
}

/* Fit, second and margin by their definition from the centres; inertia from the fits. */
static void fit_and_margin_follow_from_centres(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    int64_t n = 400;
    int32_t d = 9;
    float *x = test_blobs(n, d, 5, 0.3, 1);
    for (int metric = 0; metric < 2; metric++) {
        sheaf_cluster_opts o = opts(5);
        o.metric = (sheaf_metric)metric;
        sheaf_clustering *c = cluster(ctx, x, n, d, &o);
        check(c);
        double inertia = 0;
        for (int64_t i = 0; i < n; i++) {
            double length = 0, best = -INFINITY, second = -INFINITY;
            int32_t at = 0, at2 = 0;
            for (int32_t j = 0; j < d; j++) length += (double)x[i * d + j] * (double)x[i * d + j];
            length = metric ? 1 : sqrt(length);
            for (int32_t t = 0; t < 5; t++) {
                double gap = 0;
                for (int32_t j = 0; j < d; j++) gap += pow((double)x[i * d + j] / length - c->centre[t * d + j], 2);
                double fit = metric ? -sqrt(gap) : 1 - gap / 2;
                if (fit > best) second = best, at2 = at, best = fit, at = t + 1;
                else if (fit > second) second = fit, at2 = t + 1;
            }
            inertia += metric ? best * best : 2 - 2 * best;
            assert_int_equal(c->label[i], at);
            assert_int_equal(c->second[i], at2);
            assert_true(fabs((double)c->fit[i] - best) < 1e-5); /* vectors and centres are float: 1e-7 an entry */
            assert_true(fabs((double)c->margin[i] - (best - second)) < 1e-5);
        }
        assert_true(fabs(inertia - c->report.inertia) < 1e-5 * inertia);
        sheaf_clustering_free(c);
    }
    free(x);
    sheaf_ctx_free(ctx);
}

static void assert_same(const sheaf_clustering *a, const sheaf_clustering *b)
{
    size_t n = (size_t)a->n;
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->k, b->k);
    assert_memory_equal(a->label, b->label, n * sizeof *a->label);
    assert_memory_equal(a->second, b->second, n * sizeof *a->second);
    assert_memory_equal(a->fit, b->fit, n * sizeof *a->fit);
    assert_memory_equal(a->margin, b->margin, n * sizeof *a->margin);
    assert_memory_equal(a->centre, b->centre, (size_t)a->k * (size_t)a->d * sizeof *a->centre);
    assert_memory_equal(&a->report.inertia, &b->report.inertia, sizeof a->report.inertia);
    assert_string_equal(a->k_reason, b->k_reason);
}

/* 30,000 rows: the starts run on a sample; 3,000: on all rows. k = 0: the choice of k too. */
static void same_bytes_at_any_thread_count(void **state)
{
    (void)state;
    const int32_t threads[] = {1, 2, 7};
    for (int32_t round = 0; round < 4; round++) {
        int64_t n = round < 2 ? 3000 : 30000;
        float *x = test_blobs(n, 20, 12, 0.4, 2);
        sheaf_ctx *ctx[3];
        sheaf_clustering *c[3];
        sheaf_cluster_opts o = opts(round % 2 ? 0 : 12);
        o.metric = round == 2 ? SHEAF_METRIC_EUCLIDEAN : SHEAF_METRIC_SPHERICAL;
        for (int i = 0; i < 3; i++) {
            ctx[i] = test_context(threads[i]);
            c[i] = cluster(ctx[i], x, n, 20, &o);
            check(c[i]);
            assert_same(c[0], c[i]);
        }
        for (int i = 0; i < 3; i++) {
            sheaf_clustering_free(c[i]);
            sheaf_ctx_free(ctx[i]);
        }
        free(x);
    }
}

/* Rows are drawn by their place, so only a clear division is promised to survive a permutation. */
static void permuted_rows_have_permuted_labels(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    int64_t n = 997; /* no two of the ten groups... of 99 or 100 rows are told apart by size: compare the partition */
    float *x = test_blobs(n, 12, 10, 0.05, 3), *y = malloc((size_t)n * 12 * sizeof *y);
    int64_t *from = malloc((size_t)n * sizeof *from);
    for (int64_t i = 0; i < n; i++) {
        from[i] = i * 331 % n;
        memcpy(y + i * 12, x + from[i] * 12, 12 * sizeof *y);
    }
    sheaf_cluster_opts o = opts(10);
    sheaf_clustering *a = cluster(ctx, x, n, 12, &o), *b = cluster(ctx, y, n, 12, &o);
    int32_t *moved = malloc((size_t)n * sizeof *moved);
    for (int64_t i = 0; i < n; i++) moved[i] = a->label[from[i]];
    sheaf_scores s;
    assert_ok(ctx, sheaf_scores_compute(ctx, &s, moved, b->label, n));
    assert_true(s.ari == 1);
    assert_true(fabs(a->report.inertia - b->report.inertia) < 1e-6 * a->report.inertia); /* order of float sums */
    sheaf_clustering_free(a);
    sheaf_clustering_free(b);
    free(moved);
    free(from);
    free(x);
    free(y);
    sheaf_ctx_free(ctx);
}

static void keep_note(void *user, const char *text) { snprintf(user, 200, "%s", text); }

static void few_different_vectors_lower_k(void **state)
{
    (void)state;
    char note[200] = "";
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.note = keep_note;
    co.note_user = note;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    float x[100 * 2];
    for (int i = 0; i < 100; i++) {
        x[2 * i] = (float)(i % 4) - 1.5f; /* four directions, one of them doubled in length */
        x[2 * i + 1] = (float)(i % 4) * (float)(i % 4);
    }
    for (int metric = 0; metric < 2; metric++) {
        sheaf_cluster_opts o = opts(9);
        o.metric = (sheaf_metric)metric;
        sheaf_clustering *c = cluster(ctx, x, 100, 2, &o);
        check(c);
        assert_int_equal(c->k, 4);
        assert_string_equal(note, "k lowered from 9 to 4: there are no more different vectors");
        assert_true(c->report.inertia < 1e-9);
        sheaf_clustering_free(c);
    }
    sheaf_ctx_free(ctx);
}

static void degenerate_inputs_have_results(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    float zero[50 * 3] = {0}, same[50 * 3], one[3] = {1, 2, 3};
    for (int i = 0; i < 150; i++) same[i] = one[i % 3];
    const float few[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (int metric = 0; metric < 2; metric++)
        for (int32_t k = 0; k < 60; k += 1 + k * 3) {
            sheaf_cluster_opts o = opts(k);
            o.metric = (sheaf_metric)metric;
            sheaf_clustering *c = cluster(ctx, zero, 50, 3, &o);
            check(c);
            assert_true(c->k == 0 && c->count[0] == 50);
            sheaf_clustering_free(c);
            c = cluster(ctx, same, 50, 3, &o);
            check(c);
            assert_true(c->k == 1 && c->count[1] == 50);
            sheaf_clustering_free(c);
            for (int64_t n = 0; n <= 3; n++) {
                c = cluster(ctx, few, n, 3, &o);
                check(c);
                assert_int_equal(c->k, k == 0 ? n > 0 : k < n ? k : n);
                sheaf_clustering_free(c);
            }
        }
    sheaf_ctx_free(ctx);
}

static void zero_rows_go_to_cluster_0(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    float *x = test_blobs(300, 6, 3, 0.1, 4);
    for (int64_t i = 0; i < 300; i += 7) memset(x + i * 6, 0, 6 * sizeof *x);
    sheaf_cluster_opts o = opts(3);
    sheaf_clustering *c = cluster(ctx, x, 300, 6, &o);
    check(c);
    assert_int_equal(c->report.unplaced, 43);
    for (int64_t i = 0; i < 300; i++) assert_int_equal(c->label[i] == 0, i % 7 == 0);
    sheaf_clustering_free(c);
    free(x);
    sheaf_ctx_free(ctx);
}

/* Sizes of numbers that overflow float when squared, vanish when squared, or sit far from the origin. */
static void extreme_scales_are_clustered(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const double scale[] = {1e37, 1e-30, 1}, offset[] = {0, 0, 1000};
    for (int s = 0; s < 3; s++)
        for (int metric = 0; metric < (s == 2 ? 1 : 2); metric++) {
            int64_t n = 200;
            float *x = test_blobs(n, 4, 4, 0.02, 5);
            for (int64_t i = 0; i < n * 4; i++) x[i] = (float)((double)x[i] * scale[s] + offset[s]);
            sheaf_cluster_opts o = opts(4);
            o.metric = s == 2 ? SHEAF_METRIC_EUCLIDEAN : (sheaf_metric)metric;
            sheaf_clustering *c = cluster(ctx, x, n, 4, &o);
            check(c);
            for (int64_t i = 0; i < n; i++) assert_int_equal(c->label[i], i % 4 + 1);
            sheaf_clustering_free(c);
            free(x);
        }
    sheaf_ctx_free(ctx);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(3);
    sheaf_clustering *c;
    float *x = test_blobs(5000, 4, 3, 0.1, 6);
    sheaf_cluster_opts o = opts(3);
    x[4001 * 4 + 2] = NAN;
    x[4500 * 4] = INFINITY;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 5000, 4, 4, &o), SHEAF_EINVAL);
    assert_null(c);
    assert_string_equal(sheaf_ctx_message(ctx), "row 4001 of the vectors holds NaN or infinity");
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, -1, 4, 4, &o), SHEAF_EINVAL);
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 10, 4, 3, &o), SHEAF_EINVAL);
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 10, 0, 3, &o), SHEAF_EINVAL);
    o.k = -2;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 10, 4, 4, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(ctx), "k = -2: the number of clusters must be positive");
    o = opts(3);
    o.starts = 0;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 10, 4, 4, &o), SHEAF_EINVAL);
    o = opts(3);
    o.max_iter = 0;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 10, 4, 4, &o), SHEAF_EINVAL);
    o = opts(3);
    o.metric = (sheaf_metric)2;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 10, 4, 4, &o), SHEAF_EINVAL);
    free(x);
    sheaf_ctx_free(ctx);
}

/* A space made by hand: the first direction is common to all and hides two groups. */
static void space_rows_are_weighed_and_cut(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    double sigma[] = {100, 2, 1};
    float *u = sheaf_i_aligned(ctx, 40 * 3, sizeof *u);
    for (int i = 0; i < 40; i++) {
        u[3 * i] = 1;
        u[3 * i + 1] = i % 2 ? .5f : -.5f;
        u[3 * i + 2] = i % 4 < 2 ? .1f : -.1f;
    }
    u[3 * 8] = u[3 * 8 + 1] = u[3 * 8 + 2] = 1e-9f; /* rounding: no document */
    sheaf_space s = {.ctx = ctx, .rows = 40, .cols = 3, .dims = 3, .sigma = sigma, .u = u};
    sheaf_cluster_opts o = opts(2);
    o.drop_first = 1;
    sheaf_clustering *c;
    assert_ok(ctx, sheaf_cluster_fit(ctx, &c, &s, &o));
    check(c);
    assert_int_equal(c->d, 2);
    assert_int_equal(c->label[8], 0);
    assert_int_equal(sheaf_clustering_quality(c).drop_first, 1);
    for (int i = 0; i < 40; i++) assert_int_equal(c->label[i], i == 8 ? 0 : i % 2 ? 1 : 2);
    sheaf_clustering_free(c);
    o.sigma_power = -4; /* the third column now outweighs the second: .1 against .5 / 16 */
    assert_ok(ctx, sheaf_cluster_fit(ctx, &c, &s, &o));
    for (int i = 0; i < 40; i++) assert_true(i == 8 || (c->label[i] == c->label[0]) == (i % 4 < 2));
    sheaf_clustering_free(c);
    o.drop_first = 3;
    assert_int_equal(sheaf_cluster_fit(ctx, &c, &s, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(ctx), "drop_first = 3 leaves none of 3 dimensions");
    o.drop_first = 0;
    o.sigma_power = 1e6;
    assert_int_equal(sheaf_cluster_fit(ctx, &c, &s, &o), SHEAF_EINVAL);
    sheaf_i_aligned_free(ctx, u);
    sheaf_ctx_free(ctx);
}

static sheaf_status like_label_of_row_0(void *arg, const int64_t *doc, int64_t n, const int32_t *label, int32_t count,
                                        int32_t k, double *score)
{
    (void)doc, (void)k;
    for (int32_t s = 0; s < count; s++) {
        score[s] = 0;
        for (int64_t i = 0; i < n; i++) score[s] += label[i * count + s] == label[s];
    }
    int *labelings = arg;
    *labelings += count;
    return *labelings > 100 ? SHEAF_ECANCELED : SHEAF_OK;
}

static void judge_chooses_the_start(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    float *x = test_blobs(500, 8, 8, 0.9, 7); /* noise: the starts end differently */
    double sigma[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    sheaf_space s = {.ctx = ctx, .rows = 500, .cols = 8, .dims = 8, .sigma = sigma, .u = x};
    sheaf_cluster_opts o = opts(5);
    int calls = 0;
    const sheaf_i_judge judge = {like_label_of_row_0, &calls};
    sheaf_clustering *a, *b;
    assert_ok(ctx, sheaf_i_cluster_fit(ctx, &a, &s, &o, &judge));
    assert_int_equal(calls, o.starts);
    assert_ok(ctx, sheaf_i_cluster_fit(ctx, &b, &s, &o, NULL));
    assert_true(a->count[a->label[0]] > b->count[b->label[0]]);
    assert_true(a->report.inertia >= b->report.inertia);
    sheaf_clustering_free(a);
    sheaf_clustering_free(b);
    calls = 99;
    assert_int_equal(sheaf_i_cluster_fit(ctx, &a, &s, &o, &judge), SHEAF_ECANCELED);
    assert_null(a);
    free(x);
    sheaf_ctx_free(ctx);
}

static void chosen_k_fits_clear_groups(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const int32_t groups[] = {2, 3, 5, 8, 12};
    for (int g = 0; g < 5; g++) {
        float *x = test_blobs(2000, 12, groups[g], 0.05, 8);
        sheaf_cluster_opts o = opts(0);
        sheaf_clustering *c = cluster(ctx, x, 2000, 12, &o);
        check(c);
        assert_int_equal(c->k, groups[g]);
        assert_non_null(strstr(c->k_reason, "silhouette"));
        sheaf_clustering_free(c);
        free(x);
    }
    sheaf_ctx_free(ctx);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    float *x = test_blobs(60, 4, 3, 0.2, 9);
    for (int32_t metric = 0; metric < 2; metric++)
        for (int32_t k = 0; k < 4; k += 3) {
            test_limit limit = {0};
            sheaf_ctx *ctx = test_limited_context(&limit, 2);
            sheaf_cluster_opts o = opts(k);
            o.metric = (sheaf_metric)metric;
            o.starts = 2;
            int64_t before = limit.live, nth = 1;
            for (;; nth++) {
                sheaf_clustering *c;
                limit.calls = 0;
                limit.fail_at = nth;
                sheaf_status st = sheaf_cluster_vectors(ctx, &c, x, 60, 4, 4, &o);
                if (st == SHEAF_OK) {
                    sheaf_clustering_free(c);
                    break;
                }
                assert_int_equal(st, SHEAF_ENOMEM);
                assert_int_equal(limit.live, before);
            }
            assert_true(nth > 30); /* the loop met real allocations */
            assert_int_equal(limit.live, before);
            limit.fail_at = 0;
            sheaf_ctx_free(ctx);
        }
    free(x);
}

static int stop_soon(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)phase, (void)done, (void)total;
    return ++*(int *)user > 3;
}

static void stops_when_asked(void **state)
{
    (void)state;
    int calls = 0;
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = 2;
    co.progress = stop_soon;
    co.progress_user = &calls;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    float *x = test_blobs(3000, 8, 5, 0.5, 10);
    sheaf_cluster_opts o = opts(0);
    sheaf_clustering *c;
    assert_int_equal(sheaf_cluster_vectors(ctx, &c, x, 3000, 8, 8, &o), SHEAF_ECANCELED);
    assert_null(c);
    free(x);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_groups_in_order_of_size),
        cmocka_unit_test(fit_and_margin_follow_from_centres),
        cmocka_unit_test(same_bytes_at_any_thread_count),
        cmocka_unit_test(permuted_rows_have_permuted_labels),
        cmocka_unit_test(few_different_vectors_lower_k),
        cmocka_unit_test(degenerate_inputs_have_results),
        cmocka_unit_test(zero_rows_go_to_cluster_0),
        cmocka_unit_test(extreme_scales_are_clustered),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(space_rows_are_weighed_and_cut),
        cmocka_unit_test(judge_chooses_the_start),
        cmocka_unit_test(chosen_k_fits_clear_groups),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(stops_when_asked),
    };
    int failed = cmocka_run_group_tests_name("clustering", tests, NULL, NULL);
    return failed + test_cluster_judged() + test_cluster_kmeans() + test_cluster_pruning() + test_cluster_scores();
}
