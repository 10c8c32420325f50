/* read/: JSON lines and arrays (cJSON as the oracle), CSV, HTML, UTF-8, tables. */
#include "test_read.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/rng.h"
#include "read/json.h"
#include "read/utf8.h"

/* ---- JSON ---- */

static void json_agrees(const char *text)
{
    sheaf_i_json_scan s = sheaf_i_json_begin(test_str(text));
    sheaf_i_json v;
    bool ours = sheaf_i_json_value(&s, &v) && sheaf_i_json_end(&s);
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, strlen(text) + 1, &end, 1);
    /* cJSON takes more than RFC 8259 allows (control characters, white space, "01", ...): ours implies theirs. */
    if (ours && !tree) fail_msg("cJSON refuses %s", text);
    if (ours && cJSON_IsString(tree)) {
        char out[256];
        int64_t replaced = 0;
        size_t n = sheaf_i_json_unescape(v.raw, out, &replaced);
        if (!replaced) {
            assert_int_equal(n, strlen(tree->valuestring));
            assert_memory_equal(out, tree->valuestring, n);
        }
    }
    if (ours && cJSON_IsObject(tree)) {
        sheaf_i_json_scan again = sheaf_i_json_begin(v.raw);
        sheaf_i_json key, value;
        int members = 0;
        assert_true(sheaf_i_json_enter(&again));
        while (sheaf_i_json_member(&again, &key, &value)) members++;
        assert_null(again.error);
        assert_int_equal(members, cJSON_GetArraySize(tree));
    }
    cJSON_Delete(tree);
}

static void json_against_cjson(void **state)
{
    (void)state;
    static const char *const pieces[] = {"{", "}", "[", "]", ",", ":", "\"a\"", "\"\\u00e9\\n\"", "\"\\ud83d\\ude00\"",
                                         "1", "-0.5e3", "true", "null", " ", "\"\\\"\\\\/\""};
    enum { N = sizeof pieces / sizeof *pieces };
    for (uint64_t i = 0; i < 200000; i++) {
        char text[256] = "";
        int n = 1 + (int)(sheaf_i_rng_u64(i, 0) % 9);
        for (int k = 0; k < n; k++) strcat(text, pieces[sheaf_i_rng_u64(i, (uint64_t)k + 1) % N]);
        json_agrees(text);
    }
}

static void json_verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
        int at;
    } cases[] = {
        {"{\"a\": [1, {\"b\": \"c\"}], \"d\": {}}", NULL, 0},
        {"[]", NULL, 0},
        {" -1.5E+7 ", NULL, 0},
        {"{\"a\":1,}", "expected a quoted name", 7},
        {"[1,]", "unexpected character", 3},
        {"01", "something follows", 1},
        {"{\"a\" 1}", "expected ':'", 5},
        {"\"a\tb\"", "control character", 2},
        {"\"\\x\"", "unknown escape", 1},
        {"\"\\u12g4\"", "bad \\u", 1},
        {"tru", "unknown word", 0},
        {"\"abc", "closing quote", 4},
        {"{\"a\":1", "'}'", 6},
        {"[1 2]", "expected ',' or ']'", 3},
        {"1.", "malformed number", 2},
        {"", "missing", 0},
        {"nul\"", "unknown word", 0},
        {"{\"a\":1]", "expected ',' or '}'", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sheaf_i_json_scan s = sheaf_i_json_begin(test_str(cases[i].text));
        sheaf_i_json v;
        bool ok = sheaf_i_json_value(&s, &v) && sheaf_i_json_end(&s);
        if (ok == (cases[i].error != NULL)) fail_msg("%s: %s", cases[i].text, ok ? "taken" : s.error);
        if (ok) continue;
        if (!strstr(s.error, cases[i].error)) fail_msg("%s: %s", cases[i].text, s.error);
        assert_int_equal(s.at - s.start, cases[i].at);
    }
    char deep[2001];
    memset(deep, '[', 1000);
    memset(deep + 1000, ']', 1000);
    sheaf_i_json_scan s = sheaf_i_json_begin((sheaf_str){deep, 2000});
    sheaf_i_json v;
    assert_false(sheaf_i_json_value(&s, &v));
    assert_non_null(strstr(s.error, "nested deeper"));
    s = sheaf_i_json_begin((sheaf_str){deep + 488, 1024});
    assert_true(sheaf_i_json_value(&s, &v));
}

static void empty_records_take_nothing(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *path = test_text("a.jsonl", "{\"text\": \"\", \"s\": \"0\"}\n{\"text\": \"a\", \"s\": \"1\"}\n"
                                            "{\"text\": \" \", \"s\": \"2\"}\n{\"text\": \"b\", \"s\": \"3\"}");
    sheaf_corpus *c = test_read(ctx, path, NULL);
    assert_int_equal(c->n, 2);
    assert_str(sheaf_corpus_column(c, test_doc(c, "2"), 0), "1");
    assert_str(sheaf_corpus_column(c, test_doc(c, "4"), 0), "3");
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static void jsonl_records(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *path = test_text(
        "a.jsonl",
        "{\"id\": 12345678901234567890, \"text\": \"big\", \"n\": 1.50, \"tags\": [ \"a b\", 1 ], \"no\": null}\r\n"
        "\n"
        "{\"text\": \"nul \\u0000 and \\ud800 half\", \"title\": \"T\", \"date\": \"2020\", \"label\": true}\n"
        "{\"text\": \"\"}\n{\"text\": 7}\nnot json\n[1]\n{\"id\": \"x\"}\n{\"text\": \"dup\", \"n\": 1, \"n\": 2, "
        "\"\\u006eame\": \"v\"}");
    sheaf_corpus *c = test_read(ctx, path, NULL);
    assert_int_equal(c->n, 4);
    int64_t d = test_doc(c, "12345678901234567890");
    assert_str(sheaf_corpus_text(c, d), "big");
    assert_int_equal(c->n_columns, 3);
    assert_str(sheaf_corpus_column_name(c, 0), "n"); /* of document 9, the first in order that has any */
    assert_str(sheaf_corpus_column_name(c, 1), "name");
    assert_str(sheaf_corpus_column(c, d, 0), "1.50");
    assert_str(sheaf_corpus_column(c, d, 2), "[\"a b\",1]");
    d = test_doc(c, "3");
    assert_str(sheaf_corpus_text(c, d), "nul \xEF\xBF\xBD and \xEF\xBF\xBD half");
    assert_str(sheaf_corpus_title(c, d), "T");
    assert_str(sheaf_corpus_date(c, d), "2020");
    assert_str(sheaf_corpus_label(c, d), "true");
    assert_int_equal(c->counts.replaced, 2);
    assert_int_equal(c->counts.replaced_docs, 1);
    assert_str(sheaf_corpus_text(c, test_doc(c, "5")), "7");
    assert_str(sheaf_corpus_column(c, test_doc(c, "9"), 0), "1");
    assert_int_equal(c->counts.skipped, 4);
    assert_string_equal(test_skip_reason(c, ":4"), "empty");
    assert_string_equal(test_skip_reason(c, ":6"), "not JSON: expected an object at byte 1");
    assert_string_equal(test_skip_reason(c, ":7"), "not a JSON object");
    assert_string_equal(test_skip_reason(c, ":8"), "no field that could be the text");
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static void named_fields(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_read_opts o = test_options();
    const char *path = test_text("f.jsonl", "{\"key\":\"k1\",\"doc\":{\"head\":\"H\",\"body\":\"B\"},\"class\":\"c\","
                                            "\"when\":1999,\"a.b\":\"dot\",\"more\":0}\n");
    const char *fields[] = {"doc.head", "doc.body", "a.b"}, *columns[] = {"more"};
    o.text_fields = fields;
    o.n_text_fields = 3;
    o.id_field = "key";
    o.label_field = "class";
    o.date_field = "when";
    sheaf_corpus *c = test_read(ctx, path, &o);
    assert_str(sheaf_corpus_text(c, test_doc(c, "k1")), "H\n\nB\n\ndot");
    assert_str(sheaf_corpus_label(c, 0), "c");
    assert_str(sheaf_corpus_date(c, 0), "1999");
    assert_int_equal(c->n_columns, 1);
    assert_str(sheaf_corpus_column_name(c, 0), "more");
    sheaf_corpus_free(c);
    o.columns = columns;
    o.n_columns = 1;
    c = test_read(ctx, path, &o);
    assert_int_equal(c->n_columns, 1);
    sheaf_corpus_free(c);
    columns[0] = "mroe";
    assert_int_equal(sheaf_corpus_read(ctx, &c, &path, 1, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_hint(ctx), "--columns more");
    sheaf_ctx_free(ctx);
}

static void wrong_fields(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_read_opts o = test_options();
    sheaf_corpus *c;
    const char *csv = test_text("news.csv", "id,date,headline,article_text\n1,2,h,some long text of an article\n");
    const char *name = "body", *want;
    o.text_fields = &name;
    o.n_text_fields = 1;
    assert_int_equal(sheaf_corpus_read(ctx, &c, &csv, 1, &o), SHEAF_EINVAL);
    want = "news.csv: no column 'body'\n  columns: id, date, headline, article_text";
    assert_non_null(strstr(sheaf_ctx_message(ctx), want));
    assert_string_equal(sheaf_ctx_hint(ctx), "--text-field article_text");
    name = "bdy"; /* two letters of three from "id": not meant */
    assert_int_equal(sheaf_corpus_read(ctx, &c, &csv, 1, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_hint(ctx), "--text-field article_text");
    name = "headlines";
    assert_int_equal(sheaf_corpus_read(ctx, &c, &csv, 1, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_hint(ctx), "--text-field headline");
    o.text_fields = NULL;
    o.label_field = "clas";
    assert_int_equal(sheaf_corpus_read(ctx, &c, &csv, 1, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "no column 'clas'"));
    const char *json = test_text("w.jsonl", "{\"a\":\"x\",\"zz\":\"long enough\"}\n");
    o.label_field = NULL;
    assert_int_equal(sheaf_corpus_read(ctx, &c, &json, 1, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "w.jsonl: no field that could be the text\n  fields: a, zz"));
    assert_string_equal(sheaf_ctx_hint(ctx), "--text-field zz");
    sheaf_ctx_free(ctx);
}

static void json_array(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *path =
        test_text("a.json", "\xEF\xBB\xBF [ {\"text\": \"one, [two]\"},\n{\"text\": \"b\", \"id\": \"k\"}, {bad}, "
                            "{\"text\":\n\"last\"} ]\n");
    sheaf_corpus *c = test_read(ctx, path, NULL);
    assert_int_equal(c->n, 3);
    assert_str(sheaf_corpus_text(c, test_doc(c, "1")), "one, [two]");
    assert_str(sheaf_corpus_text(c, test_doc(c, "4")), "last");
    assert_non_null(strstr(test_skip_reason(c, "a.json#3"), "not JSON"));
    sheaf_corpus_free(c);
    path = test_text("lines.json", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n");
    c = test_read(ctx, path, NULL);
    assert_int_equal(c->n, 2);
    sheaf_corpus_free(c);
    path = test_text("one.json", "{\n \"text\": \"alone\"\n}\n");
    c = test_read(ctx, path, NULL);
    assert_str(sheaf_corpus_text(c, 0), "alone");
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

/* ---- CSV ---- */

static void csv_records(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } files[] = {
        {"a.csv", "\xEF\xBB\xBFid,text,\"x y\",x y,\r\n1,\"a, "
                  "\"\"b\"\"\r\nc\",p,q,r\r\n\r\n2,d\r\n3,e,1,2,3,4\r\n4,\"f\" tail,,,"},
        {"b.csv", "id;text;x y;x y;\n1;\"a, \"\"b\"\"\r\nc\";p;q;r\n\n2;d\n3;e;1;2;3;4\n4;\"f\" tail;;;\n"},
        {"c.tsv",
         "id\ttext\tx y\tx y\t\n1\t\"a, \"\"b\"\"\r\nc\"\tp\tq\tr\n\n2\td\n3\te\t1\t2\t3\t4\n4\t\"f\" tail\t\t\t\n"},
        {"d.csv", "id|text|x y|x y|\n1|\"a, \"\"b\"\"\r\nc\"|p|q|r\n\n2|d\n3|e|1|2|3|4\n4|\"f\" tail|||\n"},
    };
    sheaf_ctx *ctx = test_context(2);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        sheaf_corpus *c = test_read(ctx, test_text(files[i].name, files[i].text), NULL);
        assert_int_equal(c->n, 3);
        assert_str(sheaf_corpus_text(c, 0), "a, \"b\"\r\nc");
        assert_str(sheaf_corpus_text(c, 1), "d");
        assert_str(sheaf_corpus_text(c, 2), "f tail");
        assert_int_equal(c->n_columns, 3);
        assert_str(sheaf_corpus_column_name(c, 0), "x y");
        assert_str(sheaf_corpus_column_name(c, 1), "x y4");
        assert_str(sheaf_corpus_column_name(c, 2), "column5");
        assert_str(sheaf_corpus_column(c, 0, 2), "r");
        assert_str(sheaf_corpus_column(c, 1, 2), "");
        assert_int_equal(c->counts.skipped, 1);
        assert_string_equal(test_skip_reason(c, ":6"), "6 cells, the header has 5");
        sheaf_corpus_free(c);
    }
    sheaf_corpus *c = test_read(ctx, test_text("open.csv", "id,text\n1,fine\n2,\"never closed\n3,x\n"), NULL);
    assert_int_equal(c->n, 1);
    assert_string_equal(test_skip_reason(c, ":3"), "a quoted cell without its closing quote");
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

/* ---- HTML ---- */

static void html_text(void **state)
{
    (void)state;
    static const struct {
        const char *html, *text, *title;
    } cases[] = {
        {"<!doctype html><title>A &amp; B</title><nav>menu</nav><h1>Head</h1><p>One <b>bo</b>ld\n  line<br>two"
         "<script>var x = '<p>no</p>';</script><style>p{}</style><p>Three</p>",
         "Head\n\nOne bold line\ntwo\n\nThree", "A & B"},
        {"<html><body><form action='x'><p>A page in a form</p><select><option>1</select></form>", "A page in a form",
         ""},
        {"<html><body><ul><li>a<li>b</ul><table><tr><td>1<td>2</table><pre>x\n  y</pre>", "a\nb\n\n1 2\n\nx\ny", ""},
        {"<p>no title, &eacute;&#233;\xc3\xa9</p>", "no title, \xc3\xa9\xc3\xa9\xc3\xa9", ""},
        {"<meta charset=\"iso-8859-1\"><p>caf\xe9</p>", "caf\xc3\xa9", ""},
        {"<p>bad \xe9 byte</p>", "bad \xEF\xBF\xBD byte", ""},
        {"<p>unclosed <i>tags <b>and", "unclosed tags and", ""},
    };
    sheaf_ctx *ctx = test_context(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sheaf_corpus *c = test_read(ctx, test_text("p.html", cases[i].html), NULL);
        assert_str(sheaf_corpus_text(c, 0), cases[i].text);
        assert_str(sheaf_corpus_title(c, 0), cases[i].title);
        sheaf_corpus_free(c);
    }
    /* Entities that expand each other, a file to include: nothing of it may be followed. */
    sheaf_corpus *c = test_read(ctx,
                                test_text("e.html", "<!DOCTYPE html [<!ENTITY a \"ha\"><!ENTITY b "
                                                    "\"&a;&a;&a;\"><!ENTITY f SYSTEM \"p.html\">]><p>x &b; &f; y</p>"),
                                NULL);
    assert_true(sheaf_corpus_text(c, 0).n < 200);
    assert_null(strstr(sheaf_corpus_text(c, 0).p, "unclosed"));
    assert_null(strstr(sheaf_corpus_text(c, 0).p, "hahaha"));
    sheaf_corpus_free(c);
    size_t n = 400000;
    char *deep = malloc(n * 5 + 10);
    for (size_t i = 0; i < n; i++) memcpy(deep + i * 5, "<div>", 5);
    memcpy(deep + n * 5, "text", 4);
    const char *path = test_file("deep.html", deep, n * 5 + 4);
    free(deep);
    sheaf_status st = sheaf_corpus_read(ctx, &c, &path, 1, NULL); /* either answer will do; returning is the test */
    assert_true(st == SHEAF_OK || st == SHEAF_EFORMAT);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

/* ---- UTF-8 ---- */

static void utf8_repair(void **state)
{
    (void)state;
#define R "\xEF\xBF\xBD"
    static const struct {
        const char *in, *out;
        int replaced;
    } cases[] = { /* the first is table 3-8 of the Unicode Standard, the second table 3-11 */
        {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", R R R R R R R R "A", 8},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", R R R R "A", 4},
        {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", R R R R R R R R "A", 8},
        {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", R R R R R "A" R R "B", 7},
        {"eight bytes \xC3\xA9 then", "eight bytes \xC3\xA9 then", 0},
        {"12345678\x80", "12345678" R, 1},
        {"\xF0\x9F\x98", R, 1},
    };
    sheaf_ctx *ctx = test_context(1);
    sheaf_i_arena a;
    sheaf_i_arena_init(&a, ctx);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sheaf_str s = test_str(cases[i].in);
        int64_t replaced = 0;
        assert_ok(ctx, sheaf_i_utf8_clean(&a, &s, &replaced));
        assert_str(s, cases[i].out);
        assert_int_equal(replaced, cases[i].replaced);
    }
    sheaf_str nul = {"a\0b", 3};
    int64_t replaced = 0;
    assert_ok(ctx, sheaf_i_utf8_clean(&a, &nul, &replaced));
    assert_str(nul, "a" R "b");
    sheaf_i_arena_end(&a);
    sheaf_corpus *c = test_read(ctx, test_file("u.txt", "\xff\xfe" "h\0i\0=\xd8\x00\xde", 10), NULL);
    assert_str(sheaf_corpus_text(c, 0), "hi\xF0\x9F\x98\x80");
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

/* All four-byte inputs over bytes that matter, against a decoder written from the definition. */
static int reference_length(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char lo[4], hi[4];
        int n;
    } table[] = {
        {{0x01}, {0x7F}, 1},
        {{0xC2, 0x80}, {0xDF, 0xBF}, 2},
        {{0xE0, 0xA0, 0x80}, {0xE0, 0xBF, 0xBF}, 3},
        {{0xE1, 0x80, 0x80}, {0xEC, 0xBF, 0xBF}, 3},
        {{0xED, 0x80, 0x80}, {0xED, 0x9F, 0xBF}, 3},
        {{0xEE, 0x80, 0x80}, {0xEF, 0xBF, 0xBF}, 3},
        {{0xF0, 0x90, 0x80, 0x80}, {0xF0, 0xBF, 0xBF, 0xBF}, 4},
        {{0xF1, 0x80, 0x80, 0x80}, {0xF3, 0xBF, 0xBF, 0xBF}, 4},
        {{0xF4, 0x80, 0x80, 0x80}, {0xF4, 0x8F, 0xBF, 0xBF}, 4},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        int i = 0;
        while (i < table[k].n && (size_t)i < n && p[i] >= table[k].lo[i] && p[i] <= table[k].hi[i]) i++;
        if (i == table[k].n) return i;
    }
    return 0;
}

static void utf8_against_table(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                          0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
    enum { N = sizeof bytes };
    for (int i = 0; i < N * N * N * N; i++) {
        unsigned char s[12] = {
            'a', 'b', 'c', bytes[i % N], bytes[i / N % N], bytes[i / N / N % N], bytes[i / N / N / N], 'd',
            'e', 'f', 'g', 'h'};
        size_t want = 0;
        for (int k; want < sizeof s && (k = reference_length(s + want, sizeof s - want)); want += (size_t)k) {}
        if (sheaf_i_utf8_valid((const char *)s, sizeof s) != want) fail_msg("case %d", i);
    }
}

/* ---- tables ---- */

static void tables(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } files[] = {
        {"t.tsv", "id\tcluster\ttext\na\t1\tx\\ty\\nz\\\\\\q\n\nb\t2\t\n"},
        {"t.csv", "id,cluster,text\r\na,1,\"x\ty\nz\\\\q\"\r\nb,2,\r\n"},
        {"t.jsonl",
         "{\"id\":\"a\",\"cluster\":1,\"text\":\"x\\ty\\nz\\\\\\\\q\"}\n{\"cluster\":2,\"id\":\"b\",\"text\":null}\n"},
        {"t", "id\tcluster\ttext\na\t1\tx\\ty\\nz\\\\\\q\nb\t2\t"},
        {"t.json",
         "[ {\"id\":\"a\",\"cluster\":1,\"text\":\"x\\ty\\nz\\\\\\\\q\"} ,\n{\"cluster\":2,\"id\":\"b\",\"text\":null}]\n"},
        {"w.json",
         "{\"schema\":\"s\",\"provenance\":{\"rows\":[1]},\n\"rows\":[{\"id\":\"a\",\"cluster\":1,"
         "\"text\":\"x\\ty\\nz\\\\\\\\q\"},\n{\"cluster\":2,\"id\":\"b\",\"text\":null}],\"more\":[]}\n"},
    };
    static const struct {
        const char *name, *text, *error;
    } bad[] = {
        {"b.tsv", "a\tb\n1\t2\n1\n", "b.tsv:3: 1 cells, the header has 2"},
        {"b.csv", "a,b\n1,\"x\n", "b.csv:2: a quoted cell"},
        {"b.jsonl", "{\"a\":1}\n{\"a\":}\n", "b.jsonl:2: not JSON: unexpected character at byte 6"},
        {"e.tsv", "", "no header"},
        {"o.jsonl", "{}\n{}\n", "no header"},
        {"a.json", "[]", "no header"},
        {"n.json", "[1]", "n.json: value 1 is not an object"},
        {"r.json", "{\"rows\":\n{}}", "r.json: neither an array nor an object with \"rows\""},
        {"c.json", "[{\"a\":1},{\"a\":}]", "c.json: not JSON: unexpected character at byte 15"},
        {"x.json", "[{\"a\":1}", "x.json: not JSON"},
    };
    sheaf_ctx *ctx = test_context(1);
    sheaf_table *t;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_ok(ctx, sheaf_table_read(ctx, &t, test_text(files[i].name, files[i].text)));
        assert_int_equal(sheaf_table_rows(t), 2);
        assert_int_equal(sheaf_table_columns(t), 3);
        assert_str(sheaf_table_name(t, 2), "text");
        assert_int_equal(sheaf_table_find(t, "cluster"), 1);
        assert_int_equal(sheaf_table_find(t, "none"), -1);
        assert_str(sheaf_table_cell(t, 0, 2), "x\ty\nz\\\\q");
        assert_str(sheaf_table_cell(t, 1, 0), "b");
        assert_str(sheaf_table_cell(t, 1, 2), "");
        sheaf_table_free(t);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sheaf_table_read(ctx, &t, test_text(bad[i].name, bad[i].text)), SHEAF_EFORMAT);
        if (!strstr(sheaf_ctx_message(ctx), bad[i].error)) fail_msg("%s", sheaf_ctx_message(ctx));
    }
    assert_int_equal(sheaf_table_read(ctx, &t, "none.tsv"), SHEAF_EIO);
    sheaf_ctx_free(ctx);
}

static int clear_after(void **state)
{
    (void)state;
    test_clear();
    return 0;
}

const struct CMUnitTest test_read_formats[] = {
    cmocka_unit_test(json_against_cjson),
    cmocka_unit_test(json_verdicts),
    cmocka_unit_test_teardown(empty_records_take_nothing, clear_after),
    cmocka_unit_test_teardown(jsonl_records, clear_after),
    cmocka_unit_test_teardown(named_fields, clear_after),
    cmocka_unit_test_teardown(wrong_fields, clear_after),
    cmocka_unit_test_teardown(json_array, clear_after),
    cmocka_unit_test_teardown(csv_records, clear_after),
    cmocka_unit_test_teardown(html_text, clear_after),
    cmocka_unit_test_teardown(utf8_repair, clear_after),
    cmocka_unit_test(utf8_against_table),
    cmocka_unit_test_teardown(tables, clear_after),
};
const size_t test_read_formats_n = sizeof test_read_formats / sizeof *test_read_formats;
