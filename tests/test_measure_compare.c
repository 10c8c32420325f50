/* Results written, read back and compared: doctored times and qualities, other machines, hostile files. */
#include "test_measure.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define MACHINE                                                                                                        \
    "\"machine\":{\"processor\":\"P\",\"instructions\":\"AVX2\",\"threads\":\"2\",\"build\":\"Release\","              \
    "\"kernels\":\"avx2\",\"compiler\":\"gcc 12\"}"
#define FILE_OF(machine, rows)                                                                                         \
    "{\"schema\":\"sheaf.bench/1\",\"provenance\":{\"x\":[1,{}]}," machine ",\"rows\":[" rows "]}"
#define ROW(name, kind, size, median, more)                                                                            \
    "{\"kind\":\"" kind "\",\"name\":\"" name "\",\"kernels\":\"\",\"size\":\"" size                                   \
    "\",\"runs\":7,\"median\":" median ",\"spread\":0.04" more ",\"verified\":1}"

static char path[] = "/tmp/sheaf-test-measure-XXXXXX";

static void write_file(const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static sheaf_bench *read_text(sheaf_ctx *ctx, const char *text)
{
    sheaf_bench *b;
    write_file(text, strlen(text));
    assert_ok(ctx, sheaf_bench_read(ctx, &b, path));
    return b;
}

/* clang-format off */
static const char OLD[] = FILE_OF(MACHINE,
    ROW("triad", "limit", "all", "1", "") ","
    ROW("svd", "stage", "9 dims", "0.100", "") ","
    ROW("words", "stage", "2 documents", "0.2", "") " ,\n"
    ROW("kmeans", "stage", "k 3", "0.3", ",\"quality\":\"inertia\",\"value\":5.0") ","
    ROW("job", "stage", "all", "0.3", ",\"quality\":\"AMI\",\"value\":0.8") ","
    ROW("spmm", "kernel", "b 16", "0.3", ",\"quality\":\"error/bound\",\"value\":0.1,\"allowed\":1.0"));
/* clang-format on */

static void expect_change(const char *rows_of_new, double fail_above, const sheaf_bench_change *want, int64_t n)
{
    sheaf_ctx *ctx = test_context(1);
    sheaf_bench *old = read_text(ctx, OLD), *b = read_text(ctx, rows_of_new);
    sheaf_bench_compare_opts o;
    sheaf_bench_compare_opts_init(&o, sizeof o);
    assert_true(o.fail_above == .1 && !o.anyway);
    o.fail_above = fail_above;
    sheaf_bench_comparison *c;
    assert_ok(ctx, sheaf_bench_compare(ctx, &c, old, b, &o));
    int64_t got;
    const sheaf_bench_change *change = sheaf_bench_changes(c, &got);
    assert_int_equal(got, n);
    for (int64_t i = 0; i < n; i++) {
        assert_string_equal(change[i].name, want[i].name);
        assert_int_equal(change[i].verdict, want[i].verdict);
        if (want[i].verdict == SHEAF_BENCH_UNMATCHED) continue;
        assert_true(fabs(change[i].change - want[i].change) < 1e-12);
        assert_true(change[i].low < change[i].change && change[i].change < change[i].high);
    }
    sheaf_bench_comparison_free(c);
    sheaf_bench_free(b);
    sheaf_bench_free(old);
    sheaf_ctx_free(ctx);
}

static void test_verdicts(void **state)
{
    (void)state;
    /* clang-format off */
    static const char now[] = FILE_OF(MACHINE,
        ROW("triad", "limit", "all", "9", "") ","
        ROW("svd", "stage", "9 dims", "0.111", "") ","
        ROW("words", "stage", "2 documents", "0.1", "") ","
        ROW("kmeans", "stage", "k 3", "0.1", ",\"quality\":\"inertia\",\"value\":5.1") ","
        ROW("job", "stage", "all", "0.3", ",\"quality\":\"AMI\",\"value\":0.81") ","
        ROW("spmm", "kernel", "b 16", "0.3", ",\"quality\":\"error/bound\",\"value\":0.9,\"allowed\":1.0") ","
        ROW("spmm", "kernel", "b 32", "0.3", "") ","
        ROW("terms", "stage", "x", "0.3", ""));
    /* clang-format on */
    const sheaf_bench_change want[] = {{.name = "svd", .change = .11, .verdict = SHEAF_BENCH_SLOWER},
                                       {.name = "words", .change = -.5, .verdict = SHEAF_BENCH_FASTER},
                                       {.name = "kmeans", .change = -2. / 3, .verdict = SHEAF_BENCH_WORSE},
                                       {.name = "job", .change = 0, .verdict = SHEAF_BENCH_SAME},
                                       {.name = "spmm", .change = 0, .verdict = SHEAF_BENCH_SAME},
                                       {.name = "spmm", .verdict = SHEAF_BENCH_UNMATCHED},
                                       {.name = "terms", .verdict = SHEAF_BENCH_UNMATCHED}};
    expect_change(now, .1, want, 7);
    sheaf_bench_change lenient[7];
    memcpy(lenient, want, sizeof lenient);
    lenient[0].verdict = SHEAF_BENCH_SAME;
    expect_change(now, .12, lenient, 7);
}

static void test_worse_agreement(void **state)
{
    (void)state;
    const sheaf_bench_change want[] = {{.name = "job", .change = -.9, .verdict = SHEAF_BENCH_WORSE}};
    expect_change(FILE_OF(MACHINE, ROW("job", "stage", "all", "0.03", ",\"quality\":\"AMI\",\"value\":0.7")), .1, want,
                  1);
}

/* Slower by more than was asked for, but in an interval from below 0: 1.57 * .2 / sqrt(7) = 12 % about each. */
static void test_noise_is_not_slower(void **state)
{
    (void)state;
    const sheaf_bench_change want[] = {{.name = "svd", .change = .2, .verdict = SHEAF_BENCH_SAME},
                                       {.name = "words", .change = -.2, .verdict = SHEAF_BENCH_SAME},
                                       {.name = "job", .change = .5, .verdict = SHEAF_BENCH_SLOWER}};
    expect_change(FILE_OF(MACHINE, "{\"kind\":\"stage\",\"name\":\"svd\",\"size\":\"9 dims\",\"runs\":7,"
                                   "\"median\":0.12,\"spread\":0.3},"
                                   "{\"kind\":\"stage\",\"name\":\"words\",\"size\":\"2 documents\",\"runs\":7,"
                                   "\"median\":0.16,\"spread\":0.5},"
                                   "{\"kind\":\"stage\",\"name\":\"job\",\"size\":\"all\",\"runs\":7,"
                                   "\"median\":0.45,\"spread\":0.3}"),
                  .1, want, 3);
}

/* Medians .1 and .111 with quartiles 4 % apart, 7 runs: 1.57 * .04 / sqrt(7) = 2.373 % about each. */
static void test_interval(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_bench *old = read_text(ctx, OLD);
    sheaf_bench *b = read_text(ctx, FILE_OF(MACHINE, ROW("svd", "stage", "9 dims", "0.111", "")));
    sheaf_bench_comparison *c;
    assert_ok(ctx, sheaf_bench_compare(ctx, &c, old, b, NULL));
    int64_t n;
    const sheaf_bench_change *change = sheaf_bench_changes(c, &n);
    const double notch = 1.57 * .04 / sqrt(7);
    assert_true(fabs(change->low - (1.11 * (1 - notch) / (1 + notch) - 1)) < 1e-12);
    assert_true(fabs(change->high - (1.11 * (1 + notch) / (1 - notch) - 1)) < 1e-12);
    sheaf_bench_comparison_free(c);
    sheaf_bench_free(b);
    sheaf_bench_free(old);
    sheaf_ctx_free(ctx);
}

static char noted[512];
static void take_note(void *user, const char *text)
{
    (void)user;
    snprintf(noted + strlen(noted), sizeof noted - strlen(noted), "%s\n", text);
}

static void test_other_machine(void **state)
{
    (void)state;
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.note = take_note;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    sheaf_bench *old = read_text(ctx, OLD);
    sheaf_bench *b =
        read_text(ctx, FILE_OF("\"machine\":{\"processor\":\"P\",\"instructions\":\"AVX2\",\"threads\":\"1\","
                               "\"kernels\":\"avx2\",\"compiler\":\"gcc 13\"}",
                               ROW("svd", "stage", "9 dims", "0.111", "")));
    sheaf_bench_compare_opts o;
    sheaf_bench_compare_opts_init(&o, sizeof o);
    sheaf_bench_comparison *c;
    assert_int_equal(sheaf_bench_compare(ctx, &c, old, b, &o), SHEAF_EINVAL);
    assert_null(c);
    static const char why[] = "threads 2 then, 1 now; build Release then, none now"; /* the compiler may differ */
    assert_string_equal(sheaf_ctx_message(ctx),
                        "the runs cannot be compared: threads 2 then, 1 now; build Release then, none now");
    o.anyway = true;
    assert_ok(ctx, sheaf_bench_compare(ctx, &c, old, b, &o));
    assert_non_null(strstr(noted, why));
    sheaf_bench_comparison_free(c);
    o.fail_above = NAN;
    assert_int_equal(sheaf_bench_compare(ctx, &c, old, b, &o), SHEAF_EINVAL);
    sheaf_bench_free(b);
    sheaf_bench_free(old);
    sheaf_ctx_free(ctx);
}

/* What the changes leave out: five rows of the old run, and a quality that is another now. */
static void test_left_out_is_told(void **state)
{
    (void)state;
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.note = take_note;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    sheaf_bench *old = read_text(ctx, OLD);
    sheaf_bench *b = read_text(ctx, FILE_OF(MACHINE, ROW("kmeans", "stage", "k 3", "0.3", ",\"quality\":\"AMI\"")));
    sheaf_bench_comparison *c;
    *noted = 0;
    assert_ok(ctx, sheaf_bench_compare(ctx, &c, old, b, NULL));
    assert_string_equal(noted, "of the earlier run 4 rows were not measured now: svd (9 dims) ...\n"
                               "the quality of 1 row is not compared: of kmeans (k 3) it was 'inertia', and is 'AMI' "
                               "now\n");
    sheaf_bench_comparison_free(c);
    *noted = 0;
    assert_ok(ctx, sheaf_bench_compare(ctx, &c, old, old, NULL));
    assert_string_equal(noted, "");
    sheaf_bench_comparison_free(c);
    sheaf_bench_free(b);
    sheaf_bench_free(old);
    sheaf_ctx_free(ctx);
}

/* Before anything is measured: a file of another machine is refused, one of this machine is not. */
static void test_comparable(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1), *two = test_context(2);
    sheaf_bench *other = read_text(ctx, OLD);
    assert_int_equal(sheaf_bench_comparable(ctx, other, NULL), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "the runs cannot be compared: processor P then, "));
    sheaf_bench_compare_opts o;
    sheaf_bench_compare_opts_init(&o, sizeof o);
    o.anyway = true;
    assert_ok(ctx, sheaf_bench_comparable(ctx, other, &o));
    sheaf_bench *own = test_bench(ctx, (const char *const[]){"gram64"}, 1);
    assert_ok(ctx, sheaf_bench_comparable(ctx, own, NULL));
    assert_int_equal(sheaf_bench_comparable(two, own, NULL), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(two), "the runs cannot be compared: threads 1 then, 2 now");
    sheaf_bench_free(own);
    sheaf_bench_free(other);
    sheaf_ctx_free(two);
    sheaf_ctx_free(ctx);
}

static void test_nothing_in_common(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_bench *old = read_text(ctx, OLD),
                *b = read_text(ctx, FILE_OF(MACHINE, ROW("svd", "stage", "8 dims", "1", "")));
    sheaf_bench_comparison *c;
    assert_int_equal(sheaf_bench_compare(ctx, &c, old, b, NULL), SHEAF_EINVAL);
    assert_null(c);
    sheaf_bench_free(b);
    sheaf_bench_free(old);
    sheaf_ctx_free(ctx);
}

/* ---- files */

static int append(void *user, const void *bytes, size_t n) { return fwrite(bytes, 1, n, user) == n ? 0 : -1; }

static void test_round_trip(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const names[] = {"gram64", "seeding"};
    sheaf_bench *b = test_bench(ctx, names, 2), *back;
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    o.format = SHEAF_FORMAT_JSON;
    sheaf_out *out;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_ok(ctx, sheaf_out_callback(ctx, &out, append, f));
    assert_ok(ctx, sheaf_write_bench(out, b, &o));
    assert_ok(ctx, sheaf_out_close(out));
    assert_int_equal(fclose(f), 0);
    assert_ok(ctx, sheaf_bench_read(ctx, &back, path));
    int64_t n, m;
    const sheaf_bench_row *x = sheaf_bench_rows(b, &n), *y = sheaf_bench_rows(back, &m);
    assert_int_equal(n, m);
    assert_string_equal(sheaf_bench_machine(b), sheaf_bench_machine(back));
    for (int64_t i = 0; i < n; i++) {
        assert_string_equal(x[i].name, y[i].name);
        assert_string_equal(x[i].size, y[i].size);
        assert_string_equal(x[i].unit, y[i].unit);
        assert_int_equal(x[i].kind, y[i].kind);
        assert_int_equal(x[i].runs, y[i].runs);
        assert_int_equal(x[i].verified, y[i].verified);
        assert_true(fabs(x[i].median - y[i].median) < 1e-9 && fabs(x[i].value - y[i].value) < 1e-11);
    }
    sheaf_bench_free(back);
    sheaf_bench_free(b);
    sheaf_ctx_free(ctx);
}

static void expect_malformed(sheaf_ctx *ctx, const char *text, size_t n)
{
    sheaf_bench *b;
    write_file(text, n);
    assert_int_equal(sheaf_bench_read(ctx, &b, path), SHEAF_EFORMAT);
    assert_null(b);
}

static void test_hostile_files(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "3",
                                        "{\"schema\":\"sheaf.bench/1\"}",
                                        "{\"schema\":\"sheaf.bench/2\"," MACHINE ",\"rows\":[]}",
                                        FILE_OF(MACHINE, ""),
                                        FILE_OF(MACHINE, "3"),
                                        FILE_OF(MACHINE, "{}"),
                                        FILE_OF("\"machine\":7", "{\"name\":\"x\"}"),
                                        FILE_OF("\"machine\":[]", "{\"name\":\"x\"}"),
                                        FILE_OF(MACHINE, "{\"name\":\"x\",\"median\":-1}"),
                                        "{\"schema\":\"sheaf.bench/1\"," MACHINE ",\"rows\":{}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) expect_malformed(ctx, texts[i], strlen(texts[i]));
    for (size_t n = 0; n + 1 < sizeof OLD; n += 3) expect_malformed(ctx, OLD, n); /* cut off anywhere */
    sheaf_bench *b;
    assert_int_equal(sheaf_bench_read(ctx, &b, "/nonexistent/base.json"), SHEAF_EIO);
    assert_int_equal(sheaf_bench_read(ctx, &b, "/tmp"), SHEAF_EIO);
    /* Odd values: numbers that are none, too large, of another kind; names with escapes. */
    b = read_text(ctx, FILE_OF("\"machine\":{\"a\\nb\":\"\\u0000\\\"\",\"n\":1e400}",
                               "{\"name\":\"\\u00e4\\n\",\"median\":1e999,\"runs\":1e99,\"kind\":3,\"verified\":true,"
                               "\"spread\":\"x\",\"size\":[1]}"));
    int64_t n;
    const sheaf_bench_row *row = sheaf_bench_rows(b, &n);
    assert_int_equal(n, 1);
    assert_string_equal(row->name, "\xc3\xa4\n");
    assert_true(row->median == 0 && row->runs == INT32_MAX && row->spread == 0 && !*row->size);
    sheaf_bench_free(b);
    sheaf_ctx_free(ctx);
}

/* Any byte changed: read or refused, never worse. */
static void test_damaged_files(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    char copy[sizeof OLD];
    for (size_t i = 0; i + 1 < sizeof OLD; i++) {
        sheaf_bench *b;
        memcpy(copy, OLD, sizeof OLD);
        copy[i] = "{}[]\",:\\0x\xff"[i % 11];
        write_file(copy, sizeof OLD - 1);
        if (sheaf_bench_read(ctx, &b, path) == SHEAF_OK) sheaf_bench_free(b);
    }
    sheaf_ctx_free(ctx);
}

static void test_no_memory_comparing(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    write_file(OLD, sizeof OLD - 1);
    const int64_t before = limit.live;
    bool done = false;
    for (int64_t at = 1; !done; at++) {
        sheaf_bench *b = NULL;
        sheaf_bench_comparison *c = NULL;
        limit.calls = 0;
        limit.fail_at = at;
        sheaf_status st = sheaf_bench_read(ctx, &b, path);
        if (st == SHEAF_OK) st = sheaf_bench_compare(ctx, &c, b, b, NULL);
        limit.fail_at = 0;
        done = st == SHEAF_OK;
        if (!done) assert_int_equal(st, SHEAF_ENOMEM);
        sheaf_bench_comparison_free(c);
        sheaf_bench_free(b);
        assert_int_equal(limit.live, before);
    }
    sheaf_ctx_free(ctx);
}

int test_measure_compare(void)
{
    int fd = mkstemp(path);
    if (fd < 0) return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_worse_agreement),
        cmocka_unit_test(test_noise_is_not_slower),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_other_machine),
        cmocka_unit_test(test_left_out_is_told),
        cmocka_unit_test(test_comparable),
        cmocka_unit_test(test_nothing_in_common),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_no_memory_comparing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
