/* report/: how values are spelled, tables, rows and records on made-up data. */
#include "support.h"
#include "test_report.h"

#include <locale.h>
#include <math.h>

#include "report/record.h"
#include "report/rows.h"

static const char *real(sheaf_i_text *t, double v, int digits)
{
    t->n = 0;
    sheaf_i_text_real(t, v, digits);
    sheaf_i_text_add(t, "", 1);
    return t->p;
}

static void reals_have_fixed_digits_in_every_locale(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_i_text t;
    sheaf_i_text_init(&t, ctx);
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is not installed this changes nothing */
    assert_string_equal(real(&t, 0.5, 4), "0.5000");
    assert_string_equal(real(&t, -0.25, 2), "-0.25");
    assert_string_equal(real(&t, -0.00001, 4), "0.0000");
    assert_string_equal(real(&t, 0.99996, 4), "1.0000");
    assert_string_equal(real(&t, 12345.678, 0), "12346");
    assert_string_equal(real(&t, 1.0 / 3, 12), "0.333333333333");
    assert_string_equal(real(&t, 1e17, 4), "100000000000000000");
    assert_string_equal(real(&t, NAN, 4), "");
    assert_string_equal(real(&t, INFINITY, 4), "");
    (void)setlocale(LC_ALL, "C");
    sheaf_i_text_end(&t);
    sheaf_ctx_free(ctx);
}

typedef void (*spelling)(sheaf_i_text *, sheaf_str);
static void plain(sheaf_i_text *t, sheaf_str s) { (void)sheaf_i_text_plain(t, s); }

static void check_spelling(sheaf_ctx *ctx, spelling fn, sheaf_str in, const char *want)
{
    sheaf_i_text t;
    sheaf_i_text_init(&t, ctx);
    fn(&t, in);
    sheaf_i_text_add(&t, "", 1);
    assert_string_equal(t.p, want);
    sheaf_i_text_end(&t);
}

static void hostile_text_is_spelled_safely(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    check_spelling(ctx, sheaf_i_text_json, test_str("a\"b\\c\n\t\r\b\f\x01\x7f/"),
                   "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u007f/\"");
    check_spelling(ctx, sheaf_i_text_json, (sheaf_str){"nul\0in", 6}, "\"nul\\u0000in\"");
    check_spelling(ctx, sheaf_i_text_json, test_str("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\"");
    check_spelling(ctx, sheaf_i_text_json, test_str("x\xff\xc3"), "\"x\xef\xbf\xbd\xef\xbf\xbd\"");
    check_spelling(ctx, sheaf_i_text_json, test_str("\xed\xa0\x80"),
                   "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* a lone surrogate */
    check_spelling(ctx, sheaf_i_text_json, (sheaf_str){NULL, 0}, "\"\"");
    check_spelling(ctx, sheaf_i_text_tsv, test_str("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e");
    check_spelling(ctx, sheaf_i_text_csv, test_str("plain text"), "plain text");
    check_spelling(ctx, sheaf_i_text_csv, test_str("say \"no\", twice\n"), "\"say \"\"no\"\", twice\n\"");
    check_spelling(ctx, sheaf_i_text_csv, test_str("\""), "\"\"\"\"");
    check_spelling(ctx, plain, test_str("\033[31mred\x07 \xc2\x9b"), "\xef\xbf\xbd[31mred\xef\xbf\xbd \xef\xbf\xbd");
    check_spelling(ctx, plain, test_str("a\xe2\x80\xae" "b\nc"), "a\xef\xbf\xbd" "b c");
    sheaf_ctx_free(ctx);
}

static const sheaf_i_column THREE[] = {{.name = {"name", 4}, .title = "the name"},
                                       {.name = {"n", 1}, .right = true},
                                       {.name = {"parts", 5}, .hidden = true}};

static sheaf_status three_rows(sheaf_ctx *ctx, sheaf_out *out, const sheaf_write_opts *o)
{
    static const char *const names[] = {"short", "a \"long\", long name", "\xe6\xbc\xa2\xe5\xad\x97"};
    sheaf_i_rows r;
    sheaf_status st = sheaf_i_rows_open(&r, ctx, out, o, "test", NULL, THREE, 3);
    if (st != SHEAF_OK) return st;
    for (int i = 0; i < 3 && !sheaf_i_rows_full(&r); i++) {
        sheaf_i_cell_text(&r, test_str(names[i]));
        if (i == 2) sheaf_i_cell_none(&r);
        else sheaf_i_cell_int(&r, i * 1000 - 1);
        sheaf_i_list_begin(&r);
        for (int j = 0; j < i; j++) {
            sheaf_i_list_item(&r, "part", test_str(j ? "q,r" : "p"), ", ");
            sheaf_i_list_real(&r, "w", j + .5, 2);
            sheaf_i_list_int(&r, "d", j);
            sheaf_i_list_item_end(&r);
        }
        sheaf_i_list_end(&r);
        sheaf_i_row_end(&r);
    }
    return sheaf_i_rows_close(&r);
}

static void check_rows(const sheaf_write_opts *o, const char *want)
{
    sheaf_ctx *ctx = test_context(1);
    test_sink sink = {0};
    sheaf_out *out = test_sink_open(ctx, &sink);
    assert_ok(ctx, three_rows(ctx, out, o));
    assert_ok(ctx, sheaf_out_close(out));
    assert_string_equal(sink.text, want);
    free(sink.text);
    sheaf_ctx_free(ctx);
}

static void rows_in_every_format(void **state)
{
    (void)state;
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    check_rows(&o, "name\tn\tparts\nshort\t-1\t\na \"long\", long name\t999\tp\n\xe6\xbc\xa2\xe5\xad\x97\t\tp, q,r\n");
    o.format = SHEAF_FORMAT_CSV;
    check_rows(&o, "name,n,parts\r\nshort,-1,\r\n\"a \"\"long\"\", long name\",999,p\r\n"
                   "\xe6\xbc\xa2\xe5\xad\x97,,\"p, q,r\"\r\n");
    o.header = false;
    o.max_rows = 1;
    check_rows(&o, "short,-1,\r\n");
    o.format = SHEAF_FORMAT_JSONL;
    o.max_rows = 0;
    check_rows(&o, "{\"name\":\"short\",\"n\":-1,\"parts\":[]}\n"
                   "{\"name\":\"a \\\"long\\\", long name\",\"n\":999,\"parts\":[{\"part\":\"p\",\"w\":0.50,\"d\":0}]}\n"
                   "{\"name\":\"\xe6\xbc\xa2\xe5\xad\x97\",\"n\":null,\"parts\":[{\"part\":\"p\",\"w\":0.50,\"d\":0},"
                   "{\"part\":\"q,r\",\"w\":1.50,\"d\":1}]}\n");
    o.format = SHEAF_FORMAT_JSON;
    o.max_rows = 1;
    o.command = "sheaf \"x\"";
    check_rows(&o, "{\"schema\":\"sheaf.test/1\",\n\"provenance\":{\"sheaf\":\"" SHEAF_VERSION
                   "\",\"command\":\"sheaf \\\"x\\\"\"},\n\"rows\":[\n"
                   "{\"name\":\"short\",\"n\":-1,\"parts\":[]}\n]}\n");
    o.provenance = false;
    check_rows(&o, "{\"schema\":\"sheaf.test/1\",\n\"rows\":[\n{\"name\":\"short\",\"n\":-1,\"parts\":[]}\n]}\n");
}

static void tables_align_by_display_width(void **state)
{
    (void)state;
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    o.format = SHEAF_FORMAT_TABLE;
    check_rows(&o, "the name               n\n"
                   "short                 -1\n"
                   "a \"long\", long name  999\n"
                   "\xe6\xbc\xa2\xe5\xad\x97                    \n");
    o.width = 16;
    check_rows(&o, "the name       n\n"
                   "short         -1\n"
                   "a \"long\", \xe2\x80\xa6  999\n"
                   "\xe6\xbc\xa2\xe5\xad\x97            \n");
    o.width = 4; /* too narrow for anything: columns keep their least width */
    check_rows(&o, "the name    n\n"
                   "short      -1\n"
                   "a \"long\xe2\x80\xa6  999\n"
                   "\xe6\xbc\xa2\xe5\xad\x97         \n");
    o.width = 0;
    o.header = false;
    o.color = true; /* only the heading has colour */
    o.max_rows = 1;
    check_rows(&o, "short  -1\n");
    o.header = true;
    check_rows(&o, "\033[1mthe name   n\033[0m\nshort     -1\n");
}

/* A row of one text and three numbers, of which the last two may be left out. */
static void check_spare(int32_t width, const char *const *columns, const char *want)
{
    static const sheaf_i_column spare[] = {{.name = {"text", 4}},
                                           {.name = {"n", 1}, .right = true},
                                           {.name = {"first", 5}, .right = true, .spare = true},
                                           {.name = {"second", 6}, .right = true, .spare = true}};
    sheaf_ctx *ctx = test_context(1);
    test_sink sink = {0};
    sheaf_out *out = test_sink_open(ctx, &sink);
    sheaf_i_rows r;
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    o.format = SHEAF_FORMAT_TABLE;
    o.width = width;
    o.columns = columns;
    o.n_columns = columns ? 4 : 0;
    assert_ok(ctx, sheaf_i_rows_open(&r, ctx, out, &o, "test", NULL, spare, 4));
    sheaf_i_cell_text(&r, sheaf_i_str("a text of twenty-five m's"));
    for (int i = 1; i < 4; i++) sheaf_i_cell_int(&r, i);
    sheaf_i_row_end(&r);
    assert_ok(ctx, sheaf_i_rows_close(&r));
    assert_ok(ctx, sheaf_out_close(out));
    assert_string_equal(sink.text, want);
    free(sink.text);
    sheaf_ctx_free(ctx);
}

static void narrow_tables_do_without_spare_columns(void **state)
{
    (void)state;
    static const char *const all[] = {"text", "n", "first", "second"};
    check_spare(0, NULL, "text                       n  first  second\na text of twenty-five m's  1      2       3\n");
    check_spare(38, NULL, "text                  n  first  second\na text of twenty-fi\xe2\x80\xa6  1      2       3\n");
    check_spare(37, NULL, "text                       n  first\na text of twenty-five m's  1      2\n");
    check_spare(29, NULL, "text                       n\na text of twenty-five m's  1\n");
    check_spare(20, NULL, "text               n\na text of twenty\xe2\x80\xa6  1\n");
    check_spare(26, all, "text      n  first  second\na text \xe2\x80\xa6  1      2       3\n");
}

static void columns_are_chosen_by_name(void **state)
{
    (void)state;
    static const char *const wanted[] = {"parts", "name"}, *const wrong[] = {"name", "size"};
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    o.columns = wanted;
    o.n_columns = 2;
    o.max_rows = 2;
    check_rows(&o, "parts\tname\n\tshort\np\ta \"long\", long name\n");
    o.format = SHEAF_FORMAT_TABLE; /* asked for by name, so not hidden */
    check_rows(&o, "parts  the name\n       short\np      a \"long\", long name\n");

    o.columns = wrong;
    sheaf_ctx *ctx = test_context(1);
    test_sink sink = {0};
    sheaf_out *out = test_sink_open(ctx, &sink);
    assert_int_equal(three_rows(ctx, out, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(ctx), "no column 'size' in this output");
    assert_string_equal(sheaf_ctx_hint(ctx), "columns: name, n, parts");
    sheaf_out_discard(out);
    free(sink.text);
    sheaf_ctx_free(ctx);
}

static void records_in_every_format(void **state)
{
    (void)state;
    static const char *const want[] = {"compiler  gcc: 12\nworst     a\"b\n",
                                       "field\tvalue\ncompiler\tgcc: 12\nworst\ta\"b\n",
                                       "field,value\r\ncompiler,gcc: 12\r\nworst,\"a\"\"b\"\r\n",
                                       "{\"compiler\":\"gcc: 12\",\"worst\":\"a\\\"b\"}\n",
                                       "{\"schema\":\"sheaf.x/1\",\n\"compiler\":\"gcc: 12\",\n\"worst\":\"a\\\"b\"\n}\n"};
    sheaf_ctx *ctx = test_context(1);
    for (int f = 0; f < 5; f++) {
        sheaf_write_opts o;
        sheaf_write_opts_init(&o, sizeof o);
        o.format = (sheaf_format)f;
        test_sink sink = {0};
        sheaf_out *out = test_sink_open(ctx, &sink);
        assert_ok(ctx, sheaf_write_properties(ctx, out, "sheaf.x/1", "compiler: gcc: 12\nworst: a\"b", &o));
        assert_ok(ctx, sheaf_out_close(out));
        assert_string_equal(sink.text, want[f]);
        free(sink.text);
    }
    sheaf_out *out;
    assert_ok(ctx, sheaf_out_open(ctx, &out, "/dev/null"));
    assert_int_equal(sheaf_write_properties(ctx, out, "sheaf.x", "a: b", NULL), SHEAF_EINVAL);
    sheaf_out_discard(out);
    sheaf_ctx_free(ctx);
}

static void a_failing_sink_is_reported(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_out *out;
    assert_ok(ctx, sheaf_out_open(ctx, &out, "/dev/full"));
    sheaf_status st = three_rows(ctx, out, NULL);
    if (st == SHEAF_OK || st == SHEAF_EIO) st = sheaf_out_close(out);
    assert_int_equal(st, SHEAF_EIO);
    sheaf_ctx_free(ctx);
}

/* Every allocation of the writer fails once. */
static void no_memory_for_rows(void **state)
{
    (void)state;
    for (int f = 0; f < 5; f++) {
        sheaf_write_opts o;
        sheaf_write_opts_init(&o, sizeof o);
        o.format = (sheaf_format)f;
        test_limit limit = {0};
        sheaf_ctx *ctx = test_limited_context(&limit, 1);
        for (int64_t n = 1;; n++) {
            assert_true(n < 1000);
            test_sink sink = {0};
            limit.fail_at = 0;
            sheaf_out *out = test_sink_open(ctx, &sink);
            int64_t before = limit.live;
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = three_rows(ctx, out, &o);
            assert_int_equal(limit.live, before);
            sheaf_out_discard(out);
            free(sink.text);
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
        }
        sheaf_ctx_free(ctx);
    }
}

int test_report_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_have_fixed_digits_in_every_locale),
        cmocka_unit_test(hostile_text_is_spelled_safely),
        cmocka_unit_test(rows_in_every_format),
        cmocka_unit_test(tables_align_by_display_width),
        cmocka_unit_test(narrow_tables_do_without_spare_columns),
        cmocka_unit_test(columns_are_chosen_by_name),
        cmocka_unit_test(records_in_every_format),
        cmocka_unit_test(a_failing_sink_is_reported),
        cmocka_unit_test(no_memory_for_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
