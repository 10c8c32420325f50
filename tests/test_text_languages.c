/* Languages: told by document, the corpus as prior, scripts, stems of each, elided words; a corpus in 388 of them. */
#include "test_text.h"

#include <stdio.h>

#include "text/languages.h"

static const char english[] =
    "The committee has not decided whether it will pay for the new beds that were promised to the hospital, "
    "and there is no reason to think that it will do so before the end of the year.";
static const char german[] =
    "Der Ausschuss hat noch nicht entschieden, ob er die neuen Betten bezahlen wird, die dem Krankenhaus versproche"
    "n worden waren, und es gibt keinen Grund zu glauben, dass er es vor dem Ende des Jahres noch tun wird.";
static const char french[] =
    "Le comit\303\251 n'a pas encore d\303\251cid\303\251 s'il paiera les nouveaux lits qui ont \303\251t\303\251 "
    "promis \303\240 l'h\303\264pital, et il n'y a aucune raison de croire qu'il le fera avant la fin de l'ann\303\251"
    "e.";
static const char russian[] =
    "\320\232\320\276\320\274\320\270\321\202\320\265\321\202 "
    "\320\265\321\211\320\265 \320\275\320\265 \321\200\320\265"
    "\321\210\320\270\320\273, \320\261\321\203\320\264\320\265\321\202 \320\273\320\270 \320\276\320\275 "
    "\320\277\320\273\320\260\321\202\320\270\321\202\321\214 \320\267\320\260 \320\272\320\276\320\271\320\272\320\270"
    "";

static int64_t docs_in(const sheaf_terms *t, const char *language)
{
    const char *code;
    int64_t docs;
    for (int32_t i = 0; sheaf_terms_language(t, i, &code, &docs); i++)
        if (!strcmp(code, language)) return docs;
    return 0;
}

static void test_by_document(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const texts[] = {english, german, french, russian,
                                 "\345\247\224\345\221\230\344\274\232\345\260\232\346\234\252\345\206\263\345\256\232",
                                 "\343\201\276\343\201\240\346\261\272\343\201\276\343\201\243\343\201\246\343\201\204"
                                 "\343\201\252\343\201\204",
                                 "\340\270\204\340\270\223\340\270\260\340\270\201\340\270\243\340\270\243\340\270\241"
                                 "\340\270\201\340\270\262\340\270\243"};
    sheaf_text_opts o = test_keep_all();
    sheaf_terms *t = test_terms(ctx, texts, 7, &o);
    const char *const want[] = {"en", "de", "fr", "ru", "zh", "ja", "th"};
    for (int i = 0; i < 7; i++)
        if (docs_in(t, want[i]) != 1) fail_msg("%s: %lld documents", want[i], (long long)docs_in(t, want[i]));
    assert_int_equal(test_count(t, 0, "hospit"), 1);
    assert_int_equal(test_count(t, 1, "bett"), 1);
    assert_int_equal(test_find_term(t, "der"), -1);
    assert_int_equal(test_count(t, 2, "h\303\264pital"), 1); /* out of l'hopital */
    assert_str(sheaf_terms_surface(t, test_find_term(t, "h\303\264pital")), "h\303\264pital");
    assert_int_equal(test_find_term(t, "n'a"), -1);          /* elided, and the rest is a stop word */
    assert_str(sheaf_terms_surface(t, test_find_term(t, "bett")), "Betten");
    sheaf_terms_free(t);
    o.lang = "none";
    t = test_terms(ctx, texts, 7, &o);
    assert_int_equal(docs_in(t, "none"), 7);
    assert_int_equal(test_count(t, 1, "der"), 1);
    assert_int_equal(test_count(t, 1, "betten"), 1);
    sheaf_terms_free(t);
    sheaf_ctx_free(ctx);
}

/* Short texts, and one that looks a little Dutch, in an English corpus. */
static void test_corpus_is_prior(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *texts[40];
    for (int i = 0; i < 40; i++) texts[i] = english;
    texts[0] = "hospital beds";
    texts[1] = "was is dat in de van den we over al me";
    texts[2] = "Shr 12 cts vs 9 cts net 3.4 mln vs 2.9 mln revs 101 mln vs 99 mln avg shrs 3 mln vs 3 mln";
    texts[3] = german; /* one document, but no doubt about it */
    sheaf_text_opts o = test_keep_all();
    sheaf_terms *t = test_terms(ctx, texts, 40, &o);
    assert_int_equal(docs_in(t, "en"), 39);
    assert_int_equal(docs_in(t, "de"), 1);
    assert_int_equal(test_count(t, 0, "bed"), 1);
    sheaf_terms_free(t);
    sheaf_ctx_free(ctx);
}

/* Headlines: no single one says what language it is in. */
static void test_short_texts_together(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const heads[] = {"hospitals to close", "nurses on the march", "budget of the city cut",
                                 "rivers in flood", "what the rain brought", "storms for a week"};
    const char *texts[60];
    for (int i = 0; i < 60; i++) texts[i] = heads[i % 6];
    sheaf_text_opts o = test_keep_all();
    sheaf_terms *t = test_terms(ctx, texts, 60, &o);
    assert_int_equal(docs_in(t, "en"), 60);
    assert_int_equal(test_count(t, 0, "hospit"), 1);
    sheaf_terms_free(t);
    sheaf_ctx_free(ctx);
}

/* No word of a list becomes a term of its own language. */
static void test_stop_lists(void **state)
{
    (void)state;
    int lists = 0;
    for (int32_t l = 0; l < sheaf_i_n_languages; l++) {
        const char *words = sheaf_i_language_stop_words(l);
        if (!*words) continue;
        lists++;
        assert_int_equal(words[strlen(words) - 1], '\n');
        sheaf_ctx *ctx = test_context(1);
        sheaf_text_opts o = test_keep_all();
        o.lang = sheaf_i_languages[l].code;
        sheaf_terms *t = test_terms(ctx, &words, 1, &o);
        for (int32_t i = 0; i < t->n_terms; i++) { /* only what the cutter takes apart is left: "d'" gives d */
            sheaf_str s = sheaf_terms_surface(t, i);
            char line[80];
            snprintf(line, sizeof line, "\n%.*s\n", (int)s.n, s.p);
            if (strstr(words, line)) fail_msg("%s: stop word %.*s became a term", o.lang, (int)s.n, s.p);
        }
        sheaf_terms_free(t);
        sheaf_ctx_free(ctx);
    }
    assert_int_equal(lists, 28);
}

static void test_388_languages(void **state)
{
    (void)state;
    const char *dir = test_corpora();
    if (!dir) {
        print_message("SHEAF_CORPORA is not set: udhr2 not read\n");
        skip();
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/udhr2.jsonl.gz", dir);
    const char *input = path;
    sheaf_ctx *ctx = test_context(2);
    sheaf_corpus *c;
    sheaf_words *w;
    sheaf_terms *t;
    assert_ok(ctx, sheaf_words_read(ctx, &c, &w, &input, 1, NULL, NULL));
    assert_int_equal(sheaf_corpus_counts(c).replaced, 0);
    assert_null(sheaf_i_words_validate(w));
    assert_ok(ctx, sheaf_terms_build(ctx, &t, w, NULL));
    assert_null(sheaf_i_terms_validate(t));
    assert_true(sheaf_terms_size(t) > 10000);
    assert_true(docs_in(t, "en") >= 1 && docs_in(t, "de") >= 1 && docs_in(t, "ru") >= 1 && docs_in(t, "zh") >= 1);
    sheaf_terms_free(t);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_text_languages[] = {
    cmocka_unit_test(test_by_document), cmocka_unit_test(test_corpus_is_prior),
    cmocka_unit_test(test_short_texts_together), cmocka_unit_test(test_stop_lists),
    cmocka_unit_test(test_388_languages)};
const size_t n_test_text_languages = sizeof test_text_languages / sizeof *test_text_languages;
