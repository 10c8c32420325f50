/* Near-duplicates: cases that are easily got wrong, one by one. */
#include "test_dups.h"

#include <stdio.h>
#include <time.h>

#include "near/dates.h"

typedef struct {
    sheaf_ctx *ctx;
    test_collection c;
    sheaf_dups *d;
} found;

static found find(const test_docs *t, const sheaf_dups_opts *o)
{
    found f = {.ctx = test_context(2)};
    f.c = test_collect(f.ctx, t);
    assert_ok(f.ctx, test_find(&f.c, &f.d, o));
    const char *fault = sheaf_i_dups_validate(f.d);
    if (fault) fail_msg("%s", fault);
    return f;
}

static void end(found *f)
{
    sheaf_dups_free(f->d);
    test_collection_free(&f->c);
    sheaf_ctx_free(f->ctx);
}

static void check(test_docs *t, const sheaf_dups_opts *o)
{
    found f = find(t, o);
    test_against_truth(t, o, f.d);
    end(&f);
}

static void add_run(test_docs *t, int32_t first, int32_t n)
{
    int32_t word[TEST_MOST_WORDS];
    for (int32_t i = 0; i < n; i++) word[i] = first + i;
    test_docs_add(t, word, n);
}

/* Overlap 28 of sizes that add up to 63 is 4/5 exactly, which doubles miss; 27 is below. */
static void test_exactly_at(void **state)
{
    (void)state;
    static const struct { int32_t a, b, shared; int64_t p, q; bool is; } cases[] = {
        {31, 32, 28, 4, 5, true},  {31, 33, 28, 4, 5, false}, {10, 20, 10, 1, 2, true},  {10, 21, 10, 1, 2, false},
        {13, 13, 6, 3, 10, true},  {13, 14, 6, 3, 10, false}, {19, 19, 18, 9, 10, true}, {19, 20, 18, 9, 10, false},
        {50, 50, 50, 1, 1, true},  {50, 51, 50, 1, 1, false}, {7, 7, 7, 999999, 1000000, true},
        {500, 499, 499, 999999, 1000000, false}, {500, 499, 499, 499, 500, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_docs t = {0};
        sheaf_dups_opts o = test_dups_options(cases[i].p, cases[i].q);
        int64_t n;
        o.shingle = 1;
        add_run(&t, 0, cases[i].a);
        add_run(&t, cases[i].a - cases[i].shared, cases[i].b);
        found f = find(&t, &o);
        sheaf_dups_pairs(f.d, &n);
        if (n != cases[i].is) fail_msg("case %d", (int)i);
        test_against_truth(&t, &o, f.d);
        end(&f);
        test_docs_free(&t);
    }
}

/* One document, documents without words, shorter than a shingle, all the same. */
static void test_small(void **state)
{
    (void)state;
    const int32_t word[] = {1, 2, 3, 4};
    sheaf_dups_opts o = test_dups_options(4, 5);
    test_docs t = {0};
    test_docs_add(&t, word, 4);
    check(&t, &o);
    for (int32_t n = 0; n < 4; n++)
        for (int32_t k = 0; k < 3; k++) test_docs_add(&t, word, n);
    check(&t, &o);
    o.shingle = 64;
    check(&t, &o);
    o.containment = (sheaf_ratio){1, 2};
    o.shingle = 2;
    check(&t, &o);
    test_docs_free(&t);
    for (int32_t k = 0; k < 50; k++) test_docs_add(&t, word, 0);
    check(&t, &o);
    test_docs_free(&t);
    for (int32_t k = 0; k < 50; k++) test_docs_add(&t, word, 4);
    check(&t, &o);
    o.ignore_common = (sheaf_ratio){1, 2}; /* nothing is left */
    check(&t, &o);
    test_docs_free(&t);
}

/* A short document whose words, packed, could pass for a longer one's with a first word that is numbered 0. */
static void test_short_apart(void **state)
{
    (void)state;
    const int32_t word[] = {0, 0, 0, 0, 0, 1, 1};
    sheaf_dups_opts o = test_dups_options(1, 10);
    test_docs t = {0};
    for (int32_t from = 0; from < 7; from++)
        for (int32_t n = 1; from + n <= 7 && n < 5; n++) test_docs_add(&t, word + from, n);
    for (o.shingle = 1; o.shingle < 6; o.shingle++) check(&t, &o);
    test_docs_free(&t);
}

/* Shared boilerplate with a text of its own below it: no pairs, and hardly any work. */
static void test_boilerplate(void **state)
{
    (void)state;
    test_docs t = {0};
    for (int32_t i = 0; i < 3000; i++) {
        int32_t word[200];
        for (int32_t k = 0; k < 200; k++) word[k] = k < 165 ? k : 1000 + 100 * i + k;
        test_docs_add(&t, word, 200);
    }
    sheaf_dups_opts o = test_dups_options(4, 5);
    found f = find(&t, &o);
    assert_int_equal(f.d->n_pairs, 0);
    assert_true(f.d->report.candidates < 3000);
    end(&f);
    o.threshold = (sheaf_ratio){1, 2};
    o.pairs = false;
    f = find(&t, &o);
    assert_int_equal(f.d->n_groups, 1);
    assert_int_equal(f.d->group[0].docs, 3000);
    assert_true(f.d->report.candidates < 60000);
    end(&f);
    o.ignore_common = (sheaf_ratio){1, 10};
    f = find(&t, &o);
    assert_int_equal(f.d->n_groups, 0);
    assert_int_equal(f.d->report.ignored, 163);
    end(&f);
    test_docs_free(&t);
}

/* 20,000 near-equal documents: n searches' worth of work by few leaders, whatever the linkage. */
static void test_flood(void **state)
{
    (void)state;
    enum { N = 20000 };
    test_docs t = {0};
    test_dice dice = {sheaf_i_rng_key(1, SHEAF_I_RNG_TEST, 2), 0};
    for (int32_t i = 0; i < N; i++) {
        int32_t word[150];
        for (int32_t k = 0; k < 150; k++) word[k] = k;
        for (int32_t k = 0; k < i % 3; k++) word[test_roll(&dice, 150)] = 1000 + (int32_t)test_roll(&dice, 5000);
        test_docs_add(&t, word, 150);
    }
    for (int linkage = 0; linkage < 2; linkage++) {
        sheaf_dups_opts o = test_dups_options(4, 5);
        o.pairs = false;
        o.linkage = (sheaf_linkage)linkage;
        const clock_t start = clock();
        found f = find(&t, &o);
        assert_int_equal(f.d->n_groups, 1);
        assert_int_equal(f.d->group[0].docs, N);
        assert_true(f.d->report.candidates < 40 * N);
        assert_true((clock() - start) / CLOCKS_PER_SEC < 20); /* of processor time, under sanitizers too */
        end(&f);
    }
    test_docs_free(&t);
}

/* A thousand identical documents and a few others: one clique, not a million rows. */
static void test_clique(void **state)
{
    (void)state;
    test_docs t = {0};
    int64_t n;
    for (int32_t i = 0; i < 1000; i++) add_run(&t, 0, 100);
    add_run(&t, 0, 99);
    add_run(&t, 1, 99);
    sheaf_dups_opts o = test_dups_options(4, 5);
    found f = find(&t, &o);
    sheaf_dups_pairs(f.d, &n);
    assert_int_equal(n, 999 + 3);
    assert_int_equal(f.d->report.identical, 999);
    assert_int_equal(f.d->group[0].docs, 1002);
    end(&f);
    test_docs_free(&t);
}

/* The least of two numbers is kept, however they are written and however long they are. */
static void test_keep_numbers(void **state)
{
    (void)state;
    static const struct { const char *a, *b; int first; } cases[] = {
        {"9007199254740993", "9007199254740992", 1}, {"9007199254740992", "9007199254740993", 0},
        {"12345678901234567890123", "12345678901234567890122", 1}, {"1e3", "999.99999999999999999999", 1},
        {"-1", "-2", 1}, {"-12345678901234567890", "-12345678901234567891", 1}, {"0.10000000000000000000001", ".1", 1},
        {"-0", "0.00", 0}, {"0", "-0", 0}, {"1e-400", "0", 1}, {"1e400", "9e399", 1}, {"10", "9", 1}, {"007", "6.5", 1},
        {"1e99999999999999999999", "1e5", 1}, {"1e-99999999999999999999", "1e-5", 0}, {"1.50", "15e-1", 0},
        {"12a", "99999", 1}, {"1e", "7", 1}, {"1e+", "7", 1}, {".", "7", 1}, {"b", "a", 1}, {"", "x", 1},
        {"100000000000000000000.5", "1000000000000000000005e-1", 0}, {"0.0005", "5e-5", 1}, {"+3", "-4", 1}};
    const int32_t word[] = {1, 2, 3, 4, 5};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_docs t = {0};
        for (int k = 0; k < 2; k++) {
            test_docs_add(&t, word, 5);
            snprintf(t.doc[k].score, sizeof t.doc[k].score, "%s", k ? cases[i].b : cases[i].a);
        }
        sheaf_dups_opts o = test_dups_options(4, 5);
        o.keep = SHEAF_KEEP_FIELD;
        o.keep_field = "score";
        found f = find(&t, &o);
        if (f.d->group[0].kept != cases[i].first) fail_msg("'%s' and '%s'", cases[i].a, cases[i].b);
        end(&f);
        test_docs_free(&t);
    }
}

/* What is common counts for nothing, but the same text is the same text: across fields and sides too. */
static void test_all_common(void **state)
{
    (void)state;
    test_docs t = {0};
    for (int32_t i = 0; i < 12; i++) {
        add_run(&t, i < 10 ? 0 : 100 * i, 20);
        snprintf(t.doc[i].source, sizeof t.doc[i].source, "s%d", i % 2);
    }
    sheaf_dups_opts o = test_dups_options(4, 5);
    o.ignore_common = (sheaf_ratio){1, 2};
    for (int way = 0; way < 6; way++) {
        o.not_same_field = way % 3 == 1 ? "source" : NULL;
        o.containment.p = way / 3;
        t.n_new = way % 3 == 2 ? 7 : t.n;
        found f = find(&t, &o);
        assert_int_equal(f.d->n_groups, 1);
        assert_int_equal(f.d->group[0].docs, way % 3 == 1 ? 6 : way % 3 == 2 ? 8 : 10);
        test_against_truth(&t, &o, f.d);
        end(&f);
    }
    test_docs_free(&t);
}

/* Two cliques of a thousand on two sides: each document is named, in two thousand pairs and not in a million. */
static void test_cliques_apart(void **state)
{
    (void)state;
    int64_t n;
    for (int field = 0; field < 2; field++) {
        test_docs t = {0};
        for (int32_t i = 0; i < 2000; i++) {
            add_run(&t, 0, 50);
            snprintf(t.doc[i].source, sizeof t.doc[i].source, "s%d", i / 1000);
        }
        sheaf_dups_opts o = test_dups_options(4, 5);
        if (field) o.not_same_field = "source";
        else t.n_new = 1000;
        found f = find(&t, &o);
        const sheaf_dup_pair *p = sheaf_dups_pairs(f.d, &n);
        assert_int_equal(n, 1999);
        for (int64_t i = 0; i < n; i++) assert_true(p[i].kind == SHEAF_DUP_IDENTICAL && p[i].a < 1000 && p[i].b >= 1000);
        end(&f);
        test_docs_free(&t);
    }
}

/* Many copies in pairs, and then a flood: what one batch of searches finds stays bounded. */
static void test_late_flood(void **state)
{
    (void)state;
    enum { PAIRS = 4200, FLOOD = 4000 };
    test_docs t = {0};
    test_dice dice = {sheaf_i_rng_key(1, SHEAF_I_RNG_TEST, 5), 0};
    for (int32_t i = 0; i < 2 * PAIRS; i++) {
        add_run(&t, 1000 + 30 * (i / 2), 30);
        t.doc[i].word[29] = 900000 + i;
    }
    for (int32_t i = 0; i < FLOOD; i++) {
        add_run(&t, 0, 100);
        t.doc[t.n - 1].word[test_roll(&dice, 100)] = 2000000 + i;
    }
    for (int way = 0; way < 4; way++) {
        sheaf_ctx *ctx = test_context(2);
        test_collection c = test_collect(ctx, &t);
        sheaf_dups_opts o = test_dups_options(4, 5);
        sheaf_dups *d;
        o.pairs = false;
        o.linkage = (sheaf_linkage)(way / 2);
        o.containment.p = way % 2;
        const clock_t start = clock();
        assert_ok(ctx, test_find(&c, &d, &o));
        assert_int_equal(d->n_groups, PAIRS + 1);
        assert_int_equal(d->group[0].docs, FLOOD);
        assert_true(d->report.verified < 4000000); /* half of all pairs of the flood are twice as many */
        assert_true((clock() - start) / CLOCKS_PER_SEC < 20); /* of processor time, under sanitizers too */
        sheaf_dups_free(d);
        test_collection_free(&c);
        sheaf_ctx_free(ctx);
    }
    test_docs_free(&t);
}

/* Characters of folded words with a space between them. */
static void test_characters(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const char *text[] = {"Der Rat der Stadt", "der  rat der Stadt!", "Rat der Stadt", "\xd0\xa0\xd0\xb0\xd1\x82", ""};
    sheaf_str s[5];
    for (int i = 0; i < 5; i++) s[i] = test_str(text[i]);
    sheaf_corpus *c;
    sheaf_words *w;
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, s, NULL, NULL, 5));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, NULL));
    for (int32_t length = 4; length < 64; length += 13) { /* packed and hashed */
        sheaf_dups_opts o = test_dups_options(1, 2);
        sheaf_dups *d;
        int64_t n;
        o.unit = SHEAF_SHINGLE_CHARACTERS;
        o.shingle = length;
        assert_ok(ctx, sheaf_dups_find(ctx, &d, c, w, NULL, NULL, &o));
        const sheaf_dup_pair *p = sheaf_dups_pairs(d, &n);
        assert_int_equal(p[0].kind, SHEAF_DUP_IDENTICAL);
        assert_int_equal(n, length == 4 ? 2 : 1);
        /* "der rat der stadt": 14 runs of 4, "der " no different from another "der "; "rat der stadt": 10 */
        if (length == 4) {
            assert_int_equal(p[1].size_a, 13);
            assert_int_equal(p[1].size_b, 10);
            assert_int_equal(p[1].shared, 10);
        }
        sheaf_dups_free(d);
    }
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static int64_t date(const char *s)
{
    int64_t us = -1;
    return sheaf_i_parse_date(test_str(s), &us) ? us : INT64_MIN;
}

static void test_dates(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "12", "2024-13", "2024-00", "2023-02-29", "2024-02-30", "2024-1-1", "20240101",
                                      "2024-01-01T", "2024-01-01T25:00", "2024-01-01T10:60", "2024-01-01T10", "x2024",
                                      "2024-01-01x", "2024-01-01T10:00+1", "2024-01-01T10:00+24:00", "0000", "2024-"};
    const int64_t s = 1000000;
    assert_true(date("1970") == 0);
    assert_true(date("1970-01-02") == 86400 * s);
    assert_true(date("2000-03-01") == 951868800 * s);
    assert_true(date("2024-02-29T12:30:15Z") == 1709209815 * s);
    assert_true(date("2024-02-29 12:30:15.25") == 1709209815 * s + 250000);
    assert_true(date("2024-02-29T14:30:15+02:00") == 1709209815 * s);
    assert_true(date("2024-02-29T07:00:15-0530") == 1709209815 * s);
    assert_true(date("1969-12-31T23:59") == -60 * s);
    assert_true(date("1900-03-01") - date("1900-02-28") == 86400 * s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (date(bad[i]) != INT64_MIN) fail_msg("'%s' is no date", bad[i]);
}

int test_dups_cases(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_at), cmocka_unit_test(test_small),      cmocka_unit_test(test_short_apart),
        cmocka_unit_test(test_boilerplate), cmocka_unit_test(test_flood),     cmocka_unit_test(test_clique),
        cmocka_unit_test(test_characters), cmocka_unit_test(test_dates),      cmocka_unit_test(test_keep_numbers),
        cmocka_unit_test(test_all_common), cmocka_unit_test(test_cliques_apart), cmocka_unit_test(test_late_flood),
    };
    return cmocka_run_group_tests_name("dups, cases", tests, NULL, NULL);
}
