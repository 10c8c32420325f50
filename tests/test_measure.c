/* The bench: the same names, sizes, quality and verification in every run; statistics and bounds against numbers worked
   out by hand; failures. Comparing is in test_measure_compare.c. */
#include "test_measure.h"

#include <math.h>
#include <unistd.h>

#include "measure/check.h"
#include "measure/measure.h"
#include "measure/synthetic.h"

static const char *const most[] = {"spmm", "spmm_coded", "gram",       "gram64",    "update",   "assign",     "dots",
                                   "sift", "panel_best", "rivals",     "above",     "scan",     "gains",      "gain_each",
                                   "gain_sum", "gain_pairs", "coarse", "read",      "utf8",     "words",      "terms",
                                   "weigh", "transpose", "product"};
static const char *const few[] = {"gram64", "scan", "words"};
static const char *const later[] = {"svd", "seeding", "iterations", "kmeans", "refine", "naming", "job"};
#define KERNELS 16 /* the first of them are kernels of the table */
#define COUNT(a) ((int32_t)(sizeof(a) / sizeof *(a)))

sheaf_bench *test_bench(sheaf_ctx *ctx, const char *const *names, int32_t n)
{
    sheaf_bench_opts o;
    sheaf_bench *b;
    sheaf_bench_opts_init(&o, sizeof o);
    o.quick = true;
    o.names = names;
    o.n_names = n;
    assert_ok(ctx, sheaf_bench_run(ctx, &b, &o));
    return b;
}

static void assert_same_results(const sheaf_bench *a, const sheaf_bench *b)
{
    int64_t n, m;
    const sheaf_bench_row *x = sheaf_bench_rows(a, &n), *y = sheaf_bench_rows(b, &m);
    assert_int_equal(n, m);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(x[i].kind, y[i].kind);
        assert_string_equal(x[i].name, y[i].name);
        assert_string_equal(x[i].kernels, y[i].kernels);
        assert_string_equal(x[i].size, y[i].size);
        assert_string_equal(x[i].quality, y[i].quality);
        assert_int_equal(x[i].verified, y[i].verified);
        assert_memory_equal(&x[i].value, &y[i].value, sizeof x[i].value);
        assert_memory_equal(&x[i].allowed, &y[i].allowed, sizeof x[i].allowed);
        assert_true(x[i].bytes == y[i].bytes && x[i].flops == y[i].flops);
    }
}

static void check_rows(const sheaf_bench *b)
{
    int64_t n, limits = 0;
    const sheaf_bench_row *row = sheaf_bench_rows(b, &n);
    for (int64_t i = 0; i < n; i++) {
        limits += row[i].kind == SHEAF_BENCH_LIMIT;
        assert_true(row[i].rate > 0 && isfinite(row[i].rate) && *row[i].unit && *row[i].size);
        if (row[i].kind == SHEAF_BENCH_LIMIT) continue;
        assert_true(row[i].verified);
        assert_true(row[i].allowed == 0 || (row[i].value >= 0 && row[i].value <= row[i].allowed));
        assert_true(row[i].runs >= 7 && row[i].min > 0 && row[i].spread >= 0);
        assert_true(row[i].min <= row[i].median && row[i].median <= row[i].max);
        assert_true((row[i].bound > 0) == (*row[i].limit != 0));
        assert_true(fabs(row[i].share - row[i].bound / row[i].median) < 1e-9);
    }
    assert_true(limits >= 26);
}

static void same_at_any_thread_count(const char *const *names, int32_t n)
{
    sheaf_bench *want = NULL;
    for (int32_t i = 0; i < 3; i++) {
        sheaf_ctx *ctx = test_context((int32_t[]){1, 2, 7}[i]);
        sheaf_bench *b = test_bench(ctx, names, n);
        check_rows(b);
        if (!want) {
            want = b;
            continue; /* its context stays until the end of the process's tests */
        }
        assert_same_results(want, b);
        sheaf_bench_free(b);
        sheaf_ctx_free(ctx);
    }
    sheaf_ctx *ctx = want->ctx;
    sheaf_bench_free(want);
    sheaf_ctx_free(ctx);
}

static void test_same_results(void **state)
{
    (void)state;
    same_at_any_thread_count(most, COUNT(most));
}

static void test_same_results_later(void **state)
{
    (void)state;
    same_at_any_thread_count(later, COUNT(later));
}

/* Where bounds have begun within the ten iterations, distances are spared, and there is no limit to hold them against.
   With many centres for the documents they begin at once. */
static void test_pruned_iterations_have_no_bound(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const names[] = {"iterations", "kmeans"};
    int64_t n, pruned = 0, complete = 0;
    for (int32_t k = 3; k <= 300; k += 297) {
        sheaf_bench_opts o;
        sheaf_bench *b;
        sheaf_bench_opts_init(&o, sizeof o);
        o.quick = true;
        o.names = names;
        o.n_names = 2;
        o.k = k;
        if (k == 3) o.dims = 2; /* labels change for long */
        assert_ok(ctx, sheaf_bench_run(ctx, &b, &o));
        const sheaf_bench_row *row = sheaf_bench_rows(b, &n);
        for (int64_t i = 0; i < n; i++) {
            if (row[i].kind == SHEAF_BENCH_LIMIT) continue;
            assert_true((row[i].flops > 0) == (row[i].bound > 0) && (row[i].of_sgemm > 0) == (row[i].bound > 0));
            if (strcmp(row[i].name, "kmeans") == 0) assert_true(row[i].flops == 0);
            else if (row[i].flops > 0) complete++;
            else pruned++;
        }
        sheaf_bench_free(b);
    }
    assert_true(pruned > 0 && complete > 0);
    sheaf_ctx_free(ctx);
}

/* The parts are of the same fits as the whole. */
static void test_parts_of_the_svd(void **state)
{
    (void)state;
    static const char *const names[] = {"svd products", "svd orthogonalisation", "svd small problems", "svd rest"};
    sheaf_ctx *ctx = test_context(2);
    sheaf_bench *b = test_bench(ctx, (const char *const[]){"svd"}, 1);
    int64_t n, found = 0;
    double share = 0;
    const sheaf_bench_row *row = sheaf_bench_rows(b, &n), *svd = NULL;
    for (int64_t i = 0; i < n; i++) {
        if (strcmp(row[i].name, "svd") == 0) svd = &row[i];
        if (!svd || &row[i] == svd) continue;
        assert_string_equal(row[i].name, names[found++ % 4]);
        assert_string_equal(row[i].unit, "% of the svd");
        assert_true(row[i].min > 0 && row[i].median < svd->median);
        assert_true(fabs(row[i].rate - 100 * row[i].median / svd->median) < 1e-9);
        share += row[i].rate;
    }
    assert_int_equal(found, 8);
    assert_true(share > 2 * 70 && share < 2 * 130); /* medians of parts do not add up, but nearly */
    sheaf_bench_free(b);
    sheaf_ctx_free(ctx);
}

static void test_every_kernel_table(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_bench_opts o;
    sheaf_bench *b;
    sheaf_bench_opts_init(&o, sizeof o);
    o.quick = o.all_kernels = true;
    o.names = most;
    o.n_names = KERNELS;
    assert_ok(ctx, sheaf_bench_run(ctx, &b, &o));
    int64_t n, plain = 0, tables = 0;
    const sheaf_bench_row *row = sheaf_bench_rows(b, &n);
    for (int64_t i = 0; i < n; i++) plain += strcmp(row[i].kernels, "plain") == 0;
    for (int64_t i = 0; i < n; i++) tables += *row[i].kernels != 0;
    int64_t built = 1 + (sheaf_i_kernels_named("avx2") != NULL) + (sheaf_i_kernels_named("avx512") != NULL);
    assert_true(plain >= 16);
    assert_int_equal(tables, built * plain);
    sheaf_bench_free(b);
    sheaf_ctx_free(ctx);
}

static void test_names(void **state)
{
    (void)state;
    const char *purpose;
    int32_t n = 0;
    while (sheaf_bench_name(n, &purpose)) {
        assert_true(*purpose);
        n++;
    }
    assert_int_equal(n, COUNT(most) + COUNT(later));
    assert_int_equal(KERNELS,
                     sizeof(sheaf_i_kernels) / sizeof(void (*)(void)) - 1); /* of the table, all but its name */
    assert_null(sheaf_bench_name(-1, NULL));
    assert_null(sheaf_bench_name(INT32_MAX, NULL));
}

static void expect_refused(sheaf_ctx *ctx, const sheaf_bench_opts *o, const char *message)
{
    sheaf_bench *b;
    assert_int_equal(sheaf_bench_run(ctx, &b, o), SHEAF_EINVAL);
    assert_null(b);
    assert_string_equal(sheaf_ctx_message(ctx), message);
}

static void test_bad_options(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_bench_opts good, o;
    sheaf_bench_opts_init(&good, sizeof good);
    o = good;
    o.names = (const char *const[]){"spmm", "smm"};
    o.n_names = 2;
    expect_refused(ctx, &o, "nothing to measure is called 'smm'");
    assert_non_null(strstr(sheaf_ctx_hint(ctx), "names: spmm, "));
    assert_non_null(strstr(sheaf_ctx_hint(ctx), ", job"));
    o = good;
    o.repeats = 6;
    expect_refused(ctx, &o, "repeats = 6: must be between 7 and 100000");
    o = good;
    o.dims = 0;
    expect_refused(ctx, &o, "dims = 0: must be between 1 and 10000");
    o = good;
    o.k = -1;
    expect_refused(ctx, &o, "k = -1: the number of clusters must be positive");
    sheaf_ctx_free(ctx);
}

static void test_missing_input(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_bench_opts o;
    sheaf_bench *b;
    sheaf_bench_opts_init(&o, sizeof o);
    o.quick = true;
    o.input = "/nonexistent/documents.jsonl";
    o.names = (const char *const[]){"read"};
    o.n_names = 1;
    assert_int_equal(sheaf_bench_run(ctx, &b, &o), SHEAF_EIO);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "/nonexistent/documents.jsonl")); /* of the run's own context */
    sheaf_ctx_free(ctx);
}

static int cancel(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)done;
    (void)total;
    return strcmp(phase, user) == 0;
}

static void test_cancel(void **state)
{
    (void)state;
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.progress = cancel;
    o.progress_user = (void *)(uintptr_t) "words";
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    sheaf_bench_opts b;
    sheaf_bench *out;
    sheaf_bench_opts_init(&b, sizeof b);
    b.quick = true;
    b.names = few;
    b.n_names = COUNT(few);
    assert_int_equal(sheaf_bench_run(ctx, &out, &b), SHEAF_ECANCELED);
    assert_null(out);
    sheaf_ctx_free(ctx);
}

/* The number of allocations is some hundreds, so only some of them are tried; the first ones all. */
static void test_no_memory(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    sheaf_bench_opts o;
    sheaf_bench_opts_init(&o, sizeof o);
    o.quick = true;
    o.names = few;
    o.n_names = COUNT(few);
    const int64_t before = limit.live;
    int64_t tried = 0;
    for (int64_t at = 1;; at += at < 12 ? 1 : at / 2) {
        sheaf_bench *b;
        limit.calls = 0;
        limit.fail_at = at;
        sheaf_status st = sheaf_bench_run(ctx, &b, &o);
        limit.fail_at = 0;
        if (st == SHEAF_OK) {
            sheaf_bench_free(b);
            assert_int_equal(limit.live, before);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_int_equal(limit.live, before);
        tried++;
    }
    assert_true(tried > 12);
    sheaf_ctx_free(ctx);
}

/* ---- parts */

static void test_statistics(void **state)
{
    (void)state;
    double seven[] = {7, 1, 3, 2, 6, 4, 50}; /* quartiles halfway between 2 and 3, and 6 and 7 */
    sheaf_i_times t;
    sheaf_i_statistics(seven, 7, &t);
    assert_true(t.runs == 7 && t.median == 4 && t.least == 1 && t.most == 50);
    assert_true(fabs(t.spread - (6.5 - 2.5) / 4) < 1e-15);
    double one[] = {2};
    sheaf_i_statistics(one, 1, &t);
    assert_true(t.median == 2 && t.spread == 0);
    double two[] = {3, 1};
    sheaf_i_statistics(two, 2, &t);
    assert_true(t.median == 2 && fabs(t.spread - .5) < 1e-15);
}

static void test_count(void **state)
{
    (void)state;
    static const struct {
        double n;
        const char *text;
    } cases[] = {{0, "0"},       {7, "7"},         {999, "999"},        {999.6, "1.0k"}, {1000, "1.0k"},
                 {36000, "36k"}, {5.34e6, "5.3M"}, {134217728, "134M"}, {2.5e9, "2.5G"}, {3e15, "3000T"}};
    char room[16];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(sheaf_i_count(cases[i].n, room), cases[i].text);
}

/* A machine of round numbers, two rows of one gather each. */
static void report_one(sheaf_ctx *ctx, const sheaf_i_work *w, sheaf_bench_row *row)
{
    sheaf_bench *b;
    assert_ok(ctx, sheaf_i_bench_new(ctx, &b));
    sheaf_i_run r = {.user = ctx, .ctx = ctx, .out = b, .l1 = 100, .l2 = 1000, .l3 = 10000};
    r.limits = (sheaf_i_limits){.triad = 10,
                                .read = {10000, 1000, 100, 8},
                                .gather = {{500, 600}, {50, 60}, {5, 6}, {1, 2}},
                                .sgemm = 200,
                                .fma = 400,
                                .file = 20,
                                .scan = 30};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "x",
                          .kernels = "",
                          .size = "y",
                          .unit = "GB/s",
                          .times = {7, 100, 90, 110, .05},
                          .work = *w,
                          .amount = 300,
                          .quality = {"", 0, 0}};
    assert_ok(ctx, sheaf_i_report(&r, &m));
    int64_t n;
    *row = *sheaf_bench_rows(b, &n);
    assert_int_equal(n, 1);
    assert_true(row->rate == 3);
    row->size = row->name = "";
    sheaf_bench_free(b);
}

static void expect_bound(const sheaf_i_work *w, const char *limit, double bound)
{
    sheaf_ctx *ctx = test_context(1);
    sheaf_bench_row row;
    report_one(ctx, w, &row);
    if (strcmp(row.limit, limit) != 0 || fabs(row.bound - bound) > 1e-12 * bound)
        fail_msg("%s asks for %g s, expected %s for %g", row.limit, row.bound, limit, bound);
    assert_true(fabs(row.share - bound / 100) < 1e-12);
    sheaf_ctx_free(ctx);
}

static void test_bounds(void **state)
{
    (void)state;
    expect_bound(&(sheaf_i_work){0}, "", 0);
    expect_bound(&(sheaf_i_work){.bytes = 100}, "L1", .01);
    expect_bound(&(sheaf_i_work){.bytes = 500}, "L2", .8 * .5 + .2 * .05); /* a fifth fits the first level */
    expect_bound(&(sheaf_i_work){.bytes = 5000}, "L3", .8 * 50 + .18 * 5 + .02 * .5);
    /* Triad beats reading here. */
    expect_bound(&(sheaf_i_work){.bytes = 40000}, "memory", 3000 + 90 + .9 + .01);
    expect_bound(&(sheaf_i_work){.bytes = 400, .footprint = 40000}, "memory", 30 + .9 + .009 + .0001);
    expect_bound(&(sheaf_i_work){.lines = {500, 100, 10, 3}, .row_lines = 1}, "gather", 1 + 2 + 2 + 3);
    expect_bound(&(sheaf_i_work){.lines = {600, 120, 12, 4}, .row_lines = 2}, "gather", 1 + 2 + 2 + 2);
    expect_bound(&(sheaf_i_work){.flops = 4000, .bytes = 500}, "flops", 10); /* not OpenBLAS's, which is slower */
    expect_bound(&(sheaf_i_work){.flops = 4000, .in_double = true}, "flops", 20);
    expect_bound(&(sheaf_i_work){.file = 100, .text = 100}, "file", 5);
    expect_bound(&(sheaf_i_work){.text = 90}, "memchr", 3);
}

static void test_gathers(void **state)
{
    (void)state;
    sheaf_i_run r = {.l1 = 64, .l2 = 128, .l3 = 320}; /* room for one, two and five rows of one line */
    sheaf_i_work w = {0};
    int64_t count[] = {1, 70, 5, 40, 3, 20, 10};
    sheaf_i_add_gathers(&r, &w, count, 7, 64);
    assert_true(w.lines[SHEAF_I_L1] == 70); /* those asked for most are nearest */
    assert_true(w.lines[SHEAF_I_L2] == 40 && w.lines[SHEAF_I_L3] == 35 && w.lines[SHEAF_I_MEMORY] == 4);
    assert_int_equal(w.row_lines, 1);
    int64_t again[] = {2, 9};
    sheaf_i_add_gathers(&r, &w, again, 2, 128);
    assert_true(w.lines[SHEAF_I_L1] == 70 && w.lines[SHEAF_I_L2] == 40 + 18 && w.lines[SHEAF_I_L3] == 35 + 4);
    assert_int_equal(w.row_lines, 2);
}

/* Two clusters on a line: about the centres that are given, not about the means. */
static void test_inertia(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const float x[] = {0, 2, 10, 100};
    const int32_t label[] = {1, 1, 2, 0};
    double inertia, least;
    assert_ok(ctx, sheaf_i_check_inertia(ctx, x, 4, 1, label, 2, (const double[]){1, 10}, &inertia, &least));
    assert_true(inertia == 2 && least == 2);
    assert_ok(ctx, sheaf_i_check_inertia(ctx, x, 4, 1, label, 2, (const double[]){2, 13}, &inertia, &least));
    assert_true(inertia == 4 + 9 && least == 2);
    assert_true(sheaf_i_same_inertia(13, inertia) && sheaf_i_same_inertia(13.001, inertia));
    assert_true(!sheaf_i_same_inertia(12.99, inertia)); /* neither less */
    assert_true(!sheaf_i_same_inertia(13.01, inertia)); /* nor more */
    assert_true(!sheaf_i_same_inertia(NAN, inertia));
    sheaf_ctx_free(ctx);
}

static void test_verification_fails(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_i_run r = {.user = ctx, .ctx = ctx};
    sheaf_i_measured m = {.name = "svd", .kernels = "", .size = "9 dims", .quality = {"residual", .02, .01}};
    assert_int_equal(sheaf_i_verify(&r, &m), SHEAF_EBUG);
    assert_string_equal(sheaf_ctx_message(ctx),
                        "svd (9 dims): residual is 0.02, but must not exceed 0.01; nothing was timed");
    m.quality.value = NAN;
    assert_int_equal(sheaf_i_verify(&r, &m), SHEAF_EBUG);
    m.quality.value = .01;
    assert_ok(ctx, sheaf_i_verify(&r, &m));
    sheaf_ctx_free(ctx);
}

static void test_synthetic(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(3);
    sheaf_i_synthetic a, b;
    assert_ok(ctx, sheaf_i_synthetic_make(ctx, &a, 700, 5, 9));
    assert_ok(ctx, sheaf_i_synthetic_make(ctx, &b, 300, 5, 9));
    assert_memory_equal(a.text, b.text, (size_t)b.bytes); /* the first documents do not depend on how many there are */
    int64_t words = 0, seen[5] = {0};
    for (int64_t i = 0; i < a.bytes; i++) {
        bool letter = (a.text[i] >= 'a' && a.text[i] <= 'z') || (a.text[i] >= 'A' && a.text[i] <= 'Z');
        assert_true(letter || a.text[i] == ' ' || a.text[i] == '.');
    }
    for (int64_t i = 0; i < a.n; i++) {
        bool inside = false;
        assert_true(a.topic[i] >= 0 && a.topic[i] < 5);
        seen[a.topic[i]]++;
        for (int64_t j = a.start[i]; j < a.start[i + 1]; j++) {
            bool letter = a.text[j] != ' ' && a.text[j] != '.';
            words += letter && !inside;
            inside = letter;
        }
    }
    assert_int_equal(words, a.tokens);
    for (int t = 0; t < 5; t++) assert_true(seen[t] > 90); /* of 140; the chance of fewer is below 1e-5 */
    sheaf_i_synthetic_end(&b);
    assert_ok(ctx, sheaf_i_synthetic_make(ctx, &b, 300, 5, 10));
    assert_true(b.bytes != a.start[300] || memcmp(a.text, b.text, (size_t)b.bytes) != 0);
    sheaf_i_synthetic_end(&a);
    sheaf_i_synthetic_end(&b);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_gathers),
        cmocka_unit_test(test_inertia),
        cmocka_unit_test(test_verification_fails),
        cmocka_unit_test(test_synthetic),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_missing_input),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_same_results),
        cmocka_unit_test(test_same_results_later),
        cmocka_unit_test(test_pruned_iterations_have_no_bound),
        cmocka_unit_test(test_parts_of_the_svd),
        cmocka_unit_test(test_every_kernel_table),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_measure_compare();
}
