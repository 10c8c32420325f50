/* Terms: stop words, stems, surfaces, numbers, pruning, n-grams, bad options, corpora with nothing in them. */
#include "test_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const news[] = {
    "Hospitals in the city closed. The hospital's staff left the HOSPITAL in 2019.",
    "The city's nurses protested at the hospitals; nurses want safer hospitals.",
    "A city council met about the budget, 1990s style, with a U.S. map in 3d and no water.",
    "Budget cuts hit nurses: the council's budget was 3.5 million."};

static void test_stems_and_surfaces(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    sheaf_terms *t = test_terms(ctx, news, 4, &o);
    int32_t hospital = test_find_term(t, "hospit"), city = test_find_term(t, "citi");
    assert_true(hospital >= 0 && city >= 0);
    assert_str(sheaf_terms_surface(t, hospital), "hospitals"); /* 3 times; hospital twice, hospital's once */
    assert_int_equal(sheaf_terms_df(t, hospital), 2);
    assert_int_equal(test_count(t, 0, "hospit"), 3);
    assert_int_equal(test_count(t, 1, "hospit"), 2);
    assert_int_equal(test_count(t, 1, "citi"), 1); /* city's */
    assert_int_equal(test_find_term(t, "u.s") >= 0, true); /* not stemmed: it is no plain word */
    assert_int_equal(test_find_term(t, "the"), -1);
    assert_int_equal(test_find_term(t, "was"), -1);
    assert_int_equal(test_find_term(t, "2019"), -1);
    assert_int_equal(test_find_term(t, "1990"), -1);
    assert_int_equal(test_find_term(t, "a"), -1);
    assert_int_equal(t->doc_words[3], 10);
    for (int32_t i = 1; i < t->n_terms; i++) assert_true(t->df[i] <= t->df[i - 1]);
    sheaf_terms_free(t);

    o.keep_numbers = true;
    o.stem = 0;
    o.stop = SHEAF_STOP_NONE;
    t = test_terms(ctx, news, 4, &o);
    assert_int_equal(test_count(t, 0, "2019"), 1);
    assert_int_equal(test_count(t, 2, "1990s"), 1);
    assert_int_equal(test_count(t, 3, "3.5"), 1);
    assert_int_equal(test_count(t, 0, "the"), 3);
    assert_int_equal(test_count(t, 0, "hospital"), 1);
    assert_str(sheaf_terms_surface(t, test_find_term(t, "hospital's")), "hospital's");
    sheaf_terms_free(t);
    sheaf_ctx_free(ctx);
}

/* Long enough for every tally to pass 255 more than once. */
static void test_unknown_words(void **state)
{
    (void)state;
    enum { REPEATS = 700 };
    static const char *const word[] = {"river ", "the ", "zebra ", "2019 ", "common "};
    char *longest = calloc(5 * REPEATS, 8);
    for (int i = 0; i < REPEATS; i++)
        for (int j = 0; j < 5; j++) strcat(longest + strlen(longest), word[j]);
    const char *text[12] = {longest, "the of and", "river boat the common", "rare boat common 1999", "!", "whale whale river boat"};
    for (int i = 6; i < 12; i++) text[i] = "common";
    /* zebra, rare and whale are in one document each; common is in more than half of them */
    const float expected[] = {.5f, NAN, 0, .5f, NAN, .5f};
    for (int run = 0; run < 4; run++) {
        sheaf_ctx *ctx = test_context((int32_t[]){1, 2, 7, 1}[run]);
        sheaf_text_opts o;
        sheaf_text_opts_init(&o, sizeof o);
        o.lang = "en";
        o.ngram_max = run == 3 ? 2 : 1;
        sheaf_terms *t = test_terms(ctx, text, 12, &o);
        const float *unknown = sheaf_terms_unknown(t);
        for (int i = 0; i < 6; i++)
            assert_true(isnan(expected[i]) ? isnan(unknown[i]) : unknown[i] == expected[i]);
        for (int i = 6; i < 12; i++) assert_true(isnan(unknown[i]));
        sheaf_terms_free(t);
        o.max_terms = 1; /* boat goes: river and it are in three documents each */
        t = test_terms(ctx, text, 12, &o);
        if (run < 3) assert_true(sheaf_terms_unknown(t)[2] == .5f);
        sheaf_terms_free(t);
        o.max_terms = 0;
        o.ngram_min = o.ngram_max = 2;
        t = test_terms(ctx, text, 12, &o);
        assert_null(sheaf_terms_unknown(t));
        sheaf_terms_free(t);
        sheaf_ctx_free(ctx);
    }
    free(longest);
}

static void test_stop_modes(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const char *const own[] = {"HOSPITALS", "budget"};
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    o.stop_words = own;
    o.n_stop_words = 2;
    struct {
        sheaf_stop_mode mode;
        bool the, budget;
    } const cases[] = {{SHEAF_STOP_LANG, false, true}, {SHEAF_STOP_NONE, true, true},
                       {SHEAF_STOP_ONLY, true, false}, {SHEAF_STOP_ADD, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        o.stop = cases[i].mode;
        sheaf_terms *t = test_terms(ctx, news, 4, &o);
        assert_int_equal(test_find_term(t, "the") >= 0, cases[i].the);
        assert_int_equal(test_find_term(t, "budget") >= 0, cases[i].budget);
        /* hospitals is stopped, hospital is not */
        assert_int_equal(test_count(t, 0, "hospit"), cases[i].budget ? 3 : 2);
        sheaf_terms_free(t);
    }
    sheaf_ctx_free(ctx);
}

static void test_pruning(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const char *texts[12];
    char line[12][64];
    for (int i = 0; i < 12; i++) { /* every in 12, half in 6, third in 4, and one word of its own each */
        snprintf(line[i], sizeof line[i], "water %s %s own%c", i % 2 ? "bank" : "rain", i % 3 ? "cloud" : "mill",
                 'a' + i);
        texts[i] = line[i];
    }
    sheaf_text_opts o;
    sheaf_text_opts_init(&o, sizeof o);
    o.lang = "none";
    sheaf_terms *t = test_terms(ctx, texts, 12, &o); /* 2 <= df <= 6 */
    assert_int_equal(t->n_terms, 3);
    assert_str(sheaf_terms_term(t, 0), "bank"); /* ties by bytes */
    assert_str(sheaf_terms_term(t, 1), "rain");
    assert_str(sheaf_terms_term(t, 2), "mill");
    sheaf_terms_free(t);

    o.max_terms = 1;
    t = test_terms(ctx, texts, 12, &o);
    assert_int_equal(t->n_terms, 1);
    assert_str(sheaf_terms_term(t, 0), "bank");
    sheaf_terms_free(t);

    o.max_terms = 0;
    o.max_df_share = 1;
    o.min_df_share = .5;
    t = test_terms(ctx, texts, 12, &o); /* 6 <= df */
    assert_int_equal(t->n_terms, 4);
    assert_str(sheaf_terms_term(t, 0), "water");
    sheaf_terms_free(t);

    o.max_df_count = 8;
    o.lexical_order = true;
    t = test_terms(ctx, texts, 12, &o); /* 6 <= df <= 8 */
    assert_int_equal(t->n_terms, 3);
    assert_str(sheaf_terms_term(t, 0), "bank");
    assert_str(sheaf_terms_term(t, 1), "cloud");
    assert_str(sheaf_terms_term(t, 2), "rain");
    sheaf_terms_free(t);

    sheaf_text_opts_init(&o, sizeof o);
    t = test_terms(ctx, texts, 9, &o); /* below 10 documents a share above half is fine */
    assert_true(test_find_term(t, "water") == 0);
    sheaf_terms_free(t);
    sheaf_ctx_free(ctx);
}

static void test_ngrams(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const texts[] = {"New York is not York", "in New York, the new York", "new york new york"};
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    o.ngram_min = 2;
    o.ngram_max = 4;
    sheaf_terms *t = test_terms(ctx, texts, 3, &o); /* after stop words: N Y Y / N Y n Y / n y n y */
    assert_int_equal(t->n_terms, 7);
    assert_int_equal(test_count(t, 0, "new york"), 1);
    assert_int_equal(test_count(t, 1, "new york"), 2);
    assert_int_equal(test_count(t, 1, "york new"), 1);
    assert_int_equal(test_count(t, 0, "york york"), 1);
    assert_int_equal(test_count(t, 0, "new york york"), 1);
    assert_int_equal(test_count(t, 1, "new york new"), 1);
    assert_int_equal(test_count(t, 2, "york new york"), 1);
    assert_int_equal(test_count(t, 2, "new york new york"), 1);
    assert_int_equal(t->df[test_find_term(t, "new york")], 3);
    assert_int_equal(test_find_term(t, "york"), -1);
    sheaf_terms_free(t);
    o.ngram_min = 1;
    o.min_df_count = 2;
    t = test_terms(ctx, texts, 3, &o);
    assert_int_equal(t->n_terms, 7); /* new, york, new york, york new, new york new, york new york and all four */
    assert_int_equal(test_count(t, 0, "york"), 2);
    assert_str(sheaf_terms_surface(t, test_find_term(t, "york new")), "York new");
    sheaf_terms_free(t);
    sheaf_ctx_free(ctx);
}

/* Rows are tallied modulo 256. */
static const struct {
    const char *word;
    int32_t n;
} often[] = {{"apple", 255}, {"berry", 1}, {"cherry", 256}, {"date", 257}, {"elder", 511}, {"fig", 512}, {"the", 5000},
             {"grape", 513}, {"hazel", 70000}, {"iris", 2}, {"juniper", 65536}};
enum { OFTEN = sizeof often / sizeof *often };

/* Every word as often as the list says, by turns and then those that are left. */
static char *write_often(void)
{
    char *text = malloc(2000000), *p = text;
    assert_non_null(text);
    for (int32_t round = 0; round < 70000; round++)
        for (int i = 0; i < OFTEN; i++)
            if (round < often[i].n) p += sprintf(p, "%s ", often[i].word);
    *p = 0;
    return text;
}

static void test_many_occurrences(void **state)
{
    (void)state;
    char *text = write_often();
    const char *const docs[] = {"apple banana the", text, "banana", text, "cherry berry"};
    for (int32_t threads = 1; threads <= 2; threads++)
        for (int32_t ngram_max = 1; ngram_max <= 2; ngram_max++) {
            sheaf_ctx *ctx = test_context(threads);
            sheaf_text_opts o = test_keep_all();
            o.lang = "en";
            o.stem = 0;
            o.ngram_max = ngram_max;
            sheaf_terms *t = test_terms(ctx, docs, 5, &o);
            for (int d = 1; d <= 3; d += 2)
                for (int i = 0; i < OFTEN; i++)
                    if (strcmp(often[i].word, "the") != 0)
                        assert_int_equal(test_count(t, d, often[i].word), often[i].n);
            assert_int_equal(test_find_term(t, "the"), -1);
            assert_int_equal(test_count(t, 0, "apple"), 1);
            assert_int_equal(test_count(t, 4, "cherry"), 1);
            if (ngram_max == 2) { /* iris is between them twice; grape ends after 513 rounds */
                assert_int_equal(test_count(t, 1, "hazel juniper"), 65536 - 2);
                assert_int_equal(test_count(t, 1, "juniper hazel"), 65536 - 512);
                assert_int_equal(test_count(t, 1, "hazel hazel"), 70000 - 65536 - 1);
            }
            assert_null(sheaf_i_terms_validate(t));
            sheaf_terms_free(t);
            sheaf_ctx_free(ctx);
        }
    free(text);
}

static void assert_refused(sheaf_ctx *ctx, const sheaf_words *w, const sheaf_text_opts *o, const char *message)
{
    sheaf_terms *t = NULL;
    assert_int_equal(sheaf_terms_build(ctx, &t, w, o), SHEAF_EINVAL);
    assert_null(t);
    assert_non_null(strstr(sheaf_ctx_message(ctx), message));
}

static void test_bad_options(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_corpus *c = test_corpus(ctx, news, 4);
    sheaf_words *w;
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, NULL));
    const sheaf_text_opts good = test_keep_all();
    sheaf_text_opts o = good;
    o.lang = "xx";
    assert_refused(ctx, w, &o, "'xx'");
    assert_non_null(strstr(sheaf_ctx_hint(ctx), " en "));
    o = good;
    o.ngram_max = 9;
    assert_refused(ctx, w, &o, "9");
    o.ngram_max = 1;
    o.ngram_min = 2;
    assert_refused(ctx, w, &o, "2 to 1");
    o = good;
    o.max_df_share = 1.5;
    assert_refused(ctx, w, &o, "1.5");
    o.max_df_share = 0.0 / 0.0;
    assert_refused(ctx, w, &o, "nan");
    o = good;
    o.max_terms = -1;
    assert_refused(ctx, w, &o, "negative");
    o = good;
    o.analyzer = SHEAF_ANALYZER_SKLEARN;
    assert_refused(ctx, w, &o, "other analyser");
    o.analyzer = (sheaf_analyzer)7;
    assert_refused(ctx, w, &o, "7");
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static void test_nothing_there(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_i_doc docs[3] = {{.slot = 0}};
    docs[0].text = test_str("");
    docs[1].text = test_str(" -- \n ...");
    docs[2].text = test_str("the of and");
    struct sheaf_corpus c = {.ctx = ctx, .docs = docs, .has_text = true};
    for (c.n = 0; c.n <= 3; c.n++)
        for (int32_t ngrams = 1; ngrams <= 2; ngrams++) {
            sheaf_words *w;
            sheaf_terms *t;
            sheaf_text_opts o = test_keep_all();
            o.ngram_max = ngrams;
            assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, &c, &o));
            assert_null(sheaf_i_words_validate(w));
            assert_int_equal(sheaf_words_tokens(w), c.n == 3 ? 3 : 0);
            assert_ok(ctx, sheaf_terms_build(ctx, &t, w, &o));
            assert_null(sheaf_i_terms_validate(t));
            assert_int_equal(sheaf_terms_docs(t), c.n);
            assert_true(sheaf_terms_size(t) == 0 || c.n == 3);
            sheaf_terms_free(t);
            sheaf_words_free(w);
        }
    c.n = 3;
    c.has_text = false;
    sheaf_words *w;
    assert_int_equal(sheaf_words_from_corpus(ctx, &w, &c, NULL), SHEAF_EINVAL);
    assert_null(w);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_text_terms[] = {
    cmocka_unit_test(test_stems_and_surfaces), cmocka_unit_test(test_unknown_words), cmocka_unit_test(test_stop_modes),
    cmocka_unit_test(test_pruning),            cmocka_unit_test(test_ngrams),
    cmocka_unit_test(test_many_occurrences),
    cmocka_unit_test(test_bad_options),        cmocka_unit_test(test_nothing_there)};
const size_t n_test_text_terms = sizeof test_text_terms / sizeof *test_text_terms;
