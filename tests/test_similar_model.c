/* Similar documents as a user asks for them: texts in a vocabulary, cosines of words and of the latent space, the terms
   that carry a hit, ids that were meant. */
#include "test_similar.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define DOCS 30

static const char *const WORDS[3][8] = {
    {"rivers", "flood", "water", "bridge", "rain", "storm", "rescue", "stream"},
    {"violin", "concert", "orchestra", "melody", "piano", "singer", "rhythm", "audience"},
    {"flour", "oven", "dough", "yeast", "baker", "crust", "butter", "pastry"},
};

/* DOCS documents of three themes; the last one has no words. */
static void make_collection(char path[64])
{
    char *text = calloc(1, DOCS * 256);
    size_t used = 0;
    for (int i = 0; i < DOCS; i++) {
        used += (size_t)sprintf(text + used, "{\"id\":\"d%d\",\"title\":\"T%d\",\"text\":\"", i + 1, i + 1);
        for (int j = 0; j < 6 && i < DOCS - 1; j++)
            used += (size_t)sprintf(text + used, "%s ", WORDS[i % 3][(i / 3 + j * (1 + i % 2)) % 8]);
        used += (size_t)sprintf(text + used, "%s\"}\n", i == 4 ? "Unique" : i == DOCS - 1 ? "1 2 3" : "and the");
    }
    strcpy(path, "/tmp/sheaf-test-XXXXXX.jsonl");
    int fd = mkstemps(path, 6);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, used), (ssize_t)used);
    close(fd);
    free(text);
}

sheaf_fit_opts similar_options(sheaf_fit_stage stage)
{
    sheaf_fit_opts o;
    sheaf_fit_opts_init(&o, sizeof o);
    o.stage = stage;
    o.text.min_df_count = 1;
    o.text.max_df_share = 1;
    o.weight.scheme = SHEAF_WEIGHT_SUBLINEAR;
    o.space.dims = 6;
    return o;
}

sheaf_model *similar_fit(sheaf_ctx *ctx, const sheaf_fit_opts *o)
{
    char path[64];
    const char *input = path;
    sheaf_model *m = NULL;
    make_collection(path);
    assert_ok(ctx, sheaf_model_fit(ctx, &m, &input, 1, o));
    unlink(path);
    return m;
}

sheaf_similar_opts similar_asking(sheaf_similar_space space, int32_t n)
{
    sheaf_similar_opts o;
    sheaf_similar_opts_init(&o, sizeof o);
    o.space = space;
    o.n = n;
    return o;
}

static void a_text_finds_its_words(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_fit_opts o = similar_options(SHEAF_FIT_TERMS);
    sheaf_model *m = similar_fit(ctx, &o);
    const sheaf_terms *t = sheaf_model_terms(m);
    sheaf_query *q;
    sheaf_str word;
    const uint32_t *counts;
    int64_t n;
    const char *text = "The RIVER, a river; qwzx floods! 1993 and Qwzx zz";
    assert_ok(ctx, sheaf_query_make(ctx, &q, t, &o.text, test_str(text)));
    const int32_t *terms = sheaf_query_terms(q, &counts, &n);
    assert_int_equal(n, 2);
    assert_int_equal(sheaf_query_words(q), 6);
    assert_int_equal(sheaf_query_unknown(q), 3);
    assert_true(terms[0] < terms[1]);
    for (int64_t i = 0; i < 2; i++) {
        sheaf_str s = sheaf_terms_term(t, terms[i]);
        assert_int_equal(counts[i], s.p[0] == 'r' ? 2 : 1);
    }
    assert_true(sheaf_query_unknown_word(q, 0, &word));
    assert_str(word, "qwzx");
    assert_true(sheaf_query_unknown_word(q, 1, &word));
    assert_str(word, "Qwzx");
    assert_true(sheaf_query_unknown_word(q, 2, &word));
    assert_str(word, "zz");
    assert_false(sheaf_query_unknown_word(q, 3, &word));
    sheaf_query_free(q);
    assert_ok(ctx, sheaf_query_make(ctx, &q, t, &o.text, test_str("")));
    assert_int_equal(sheaf_query_words(q), 0);
    sheaf_query_free(q);
    sheaf_model_free(m);
    sheaf_ctx_free(ctx);
}

/* "Unique" is in one document, too few for the vocabulary. */
static void pruned_words_are_not_unknown(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int kept = 0; kept < 2; kept++) {
        sheaf_fit_opts o = similar_options(SHEAF_FIT_TERMS);
        o.text.min_df_count = 2;
        o.text.ngram_max = 2;
        o.text.keep_pruned = kept;
        sheaf_model *m = similar_fit(ctx, &o);
        sheaf_query *q;
        sheaf_str word;
        int64_t n;
        assert_ok(ctx, sheaf_query_make(ctx, &q, sheaf_model_terms(m), &o.text, test_str("unique qwzx river unique")));
        (void)sheaf_query_terms(q, NULL, &n);
        assert_int_equal(n, 1);
        assert_int_equal(sheaf_query_words(q), 4);
        assert_int_equal(sheaf_query_unknown(q), kept ? 1 : 3);
        assert_true(sheaf_query_unknown_word(q, 0, &word));
        assert_str(word, kept ? "qwzx" : "unique");
        sheaf_query_free(q);
        sheaf_model_free(m);
    }
    sheaf_ctx_free(ctx);
}

static void ngrams_are_looked_up(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_fit_opts o = similar_options(SHEAF_FIT_TERMS);
    o.text.ngram_min = 2;
    o.text.ngram_max = 3;
    sheaf_model *m = similar_fit(ctx, &o);
    sheaf_query *q;
    int64_t n;
    assert_ok(ctx, sheaf_query_make(ctx, &q, sheaf_model_terms(m), &o.text, test_str("river flood water oven")));
    const int32_t *terms = sheaf_query_terms(q, NULL, &n);
    assert_int_equal(n, 3); /* river flood, flood water, river flood water */
    assert_int_equal(sheaf_query_words(q), 3);
    assert_int_equal(sheaf_query_unknown(q), 1);
    bool found = false;
    for (int64_t i = 0; i < n; i++) {
        sheaf_str s = sheaf_terms_term(sheaf_model_terms(m), terms[i]);
        found |= s.n == strlen("river flood water") && !memcmp(s.p, "river flood water", s.n);
    }
    assert_true(found);
    sheaf_query_free(q);
    sheaf_model_free(m);
    sheaf_ctx_free(ctx);
}

/* The parts of a cosine add up to it. */
static void shared_terms_carry_the_score(void **state)
{
    (void)state;
    static const sheaf_weight schemes[] = {SHEAF_WEIGHT_TFIDF, SHEAF_WEIGHT_SUBLINEAR, SHEAF_WEIGHT_BM25,
                                           SHEAF_WEIGHT_LOGENTROPY, SHEAF_WEIGHT_BIPARTITE, SHEAF_WEIGHT_BINARY};
    for (size_t w = 0; w < sizeof schemes / sizeof *schemes; w++) {
        sheaf_ctx *ctx = test_context(2);
        sheaf_fit_opts o = similar_options(SHEAF_FIT_MATRIX);
        o.weight.scheme = schemes[w];
        sheaf_model *m = similar_fit(ctx, &o);
        sheaf_similar_opts so = similar_asking(SHEAF_SIMILAR_WORDS, 20);
        so.n_terms = 100;
        sheaf_similar *s;
        assert_ok(ctx, sheaf_similar_doc(ctx, &s, m, 3, &so));
        int32_t n, shared;
        const sheaf_hit *hits = sheaf_similar_hits(s, 0, &n);
        assert_true(n > 3);
        for (int32_t i = 0; i < n; i++) {
            const sheaf_shared_term *t = sheaf_similar_shared(s, i, &shared);
            double sum = 0;
            for (int32_t j = 0; j < shared; j++) {
                sum += (double)t[j].product;
                if (j) assert_true(t[j].product <= t[j - 1].product);
            }
            assert_true(hits[i].doc != 3);
            assert_true(fabs(sum - (double)hits[i].score) <= 1e-6); /* some roundings of numbers up to 1 */
        }
        sheaf_similar_free(s);
        sheaf_model_free(m);
        sheaf_ctx_free(ctx);
    }
}

/* A text that is a document's has that one first, at 1; in the latent space too, for a document's weights times V are
   its row of U sigma. 1e-4: the residual that the space was asked for, relative to the smallest sigma kept here. */
static void a_document_is_like_its_own_text(void **state)
{
    (void)state;
    const char *text = "violin orchestra piano rhythm violin orchestra and the";
    for (int latent = 0; latent < 2; latent++) {
        sheaf_ctx *ctx = test_context(1);
        sheaf_fit_opts o = similar_options(latent ? SHEAF_FIT_SPACE : SHEAF_FIT_MATRIX);
        o.space.tol = 1e-6;
        sheaf_model *m = similar_fit(ctx, &o);
        sheaf_similar_opts so = similar_asking(latent ? SHEAF_SIMILAR_LATENT : SHEAF_SIMILAR_WORDS, 3);
        sheaf_similar *s, *d;
        int32_t n, k;
        assert_ok(ctx, sheaf_similar_text(ctx, &s, m, test_str(text), &o.text, &so));
        const sheaf_hit *hits = sheaf_similar_hits(s, 0, &n);
        assert_int_equal(n, 3);
        assert_str(sheaf_corpus_id(sheaf_model_corpus(m), hits[0].doc), "d2");
        assert_true(fabs((double)hits[0].score - 1) < (latent ? 1e-4 : 1e-6));
        assert_ok(ctx, sheaf_similar_doc(ctx, &d, m, hits[0].doc, &so));
        const sheaf_hit *others = sheaf_similar_hits(d, 0, &k);
        for (int32_t i = 0; i + 1 < n; i++) assert_true(fabs((double)(others[i].score - hits[i + 1].score)) < 1e-4);
        sheaf_similar_free(s);
        sheaf_similar_free(d);
        sheaf_model_free(m);
        sheaf_ctx_free(ctx);
    }
}

/* Every document asked for on its own has the graph's row; the one without words has none. */
static void the_graph_is_every_question(void **state)
{
    (void)state;
    for (int latent = 0; latent < 2; latent++) {
        sheaf_ctx *ctx = test_context(2);
        sheaf_fit_opts o = similar_options(latent ? SHEAF_FIT_SPACE : SHEAF_FIT_MATRIX);
        sheaf_model *m = similar_fit(ctx, &o);
        sheaf_similar_opts so = similar_asking(latent ? SHEAF_SIMILAR_LATENT : SHEAF_SIMILAR_WORDS, 4);
        sheaf_similar *all, *one;
        int32_t n, k;
        assert_ok(ctx, sheaf_similar_all(ctx, &all, m, &so));
        for (int64_t doc = 0; doc < DOCS; doc++) {
            const sheaf_hit *hits = sheaf_similar_hits(all, doc, &n);
            assert_ok(ctx, sheaf_similar_doc(ctx, &one, m, doc, &so));
            const sheaf_hit *alone = sheaf_similar_hits(one, 0, &k);
            assert_int_equal(n, doc == DOCS - 1 ? 0 : 4);
            assert_int_equal(k, n);
            for (int32_t i = 0; i < n; i++) {
                assert_int_equal(hits[i].doc, alone[i].doc);
                assert_memory_equal(&hits[i].score, &alone[i].score, sizeof hits[i].score);
            }
            sheaf_similar_free(one);
        }
        sheaf_similar_free(all);
        sheaf_model_free(m);
        sheaf_ctx_free(ctx);
    }
}

static void ids_are_found_and_guessed(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const sheaf_str texts[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
    const sheaf_str ids[] = {{"2024/dam.txt", 12}, {"a2", 2}, {"a10", 3}, {"flood-warning", 13}};
    sheaf_corpus *c;
    int64_t nearest;
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, texts, ids, NULL, 4));
    for (int64_t i = 0; i < 4; i++) assert_int_equal(sheaf_corpus_find(c, sheaf_corpus_id(c, i), &nearest), i);
    assert_int_equal(sheaf_corpus_find(c, test_str("flod-warning"), &nearest), -1);
    assert_str(sheaf_corpus_id(c, nearest), "flood-warning");
    assert_int_equal(sheaf_corpus_find(c, test_str("dam.txt"), &nearest), -1);
    assert_str(sheaf_corpus_id(c, nearest), "2024/dam.txt");
    assert_int_equal(sheaf_corpus_find(c, test_str("zebra"), &nearest), -1);
    assert_int_equal(nearest, -1);
    assert_int_equal(sheaf_corpus_find(c, test_str(""), &nearest), -1);
    assert_int_equal(nearest, -1);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

/* However many are asked for, there is room for as many as there are. */
static void more_than_there_are(void **state)
{
    (void)state;
    for (int latent = 0; latent < 2; latent++) {
        sheaf_ctx *ctx = test_context(2);
        sheaf_fit_opts o = similar_options(latent ? SHEAF_FIT_SPACE : SHEAF_FIT_MATRIX);
        sheaf_model *m = similar_fit(ctx, &o);
        sheaf_similar_opts so = similar_asking(latent ? SHEAF_SIMILAR_LATENT : SHEAF_SIMILAR_WORDS, INT32_MAX);
        sheaf_similar *s;
        int32_t n;
        assert_ok(ctx, sheaf_similar_doc(ctx, &s, m, 4, &so));
        assert_int_equal(sheaf_similar_hits(s, 0, &n)[0].doc != 4, 1);
        assert_true(n > 0 && n < DOCS);
        sheaf_similar_free(s);
        assert_ok(ctx, sheaf_similar_all(ctx, &s, m, &so));
        (void)sheaf_similar_hits(s, DOCS - 2, &n);
        assert_true(n > 0 && n < DOCS);
        sheaf_similar_free(s);
        sheaf_model_free(m);
        sheaf_ctx_free(ctx);
    }
}

static void a_wanted_id_is_looked_for_first(void **state)
{
    (void)state;
    char path[64];
    const char *input = path;
    sheaf_ctx *ctx = test_context(1);
    sheaf_fit_opts o = similar_options(SHEAF_FIT_SPACE);
    sheaf_model *m;
    make_collection(path);
    o.wanted = "d3";
    assert_ok(ctx, sheaf_model_fit(ctx, &m, &input, 1, &o));
    sheaf_model_free(m);
    o.wanted = "d03";
    o.space.dims = -5; /* never looked at */
    assert_int_equal(sheaf_model_fit(ctx, &m, &input, 1, &o), SHEAF_EINVAL);
    assert_null(m);
    assert_string_equal(sheaf_ctx_message(ctx), "no document has the id 'd03'");
    assert_string_equal(sheaf_ctx_hint(ctx), "--like d3");
    unlink(path);
    sheaf_ctx_free(ctx);
}

static void bad_questions_are_named(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_fit_opts o = similar_options(SHEAF_FIT_TERMS);
    sheaf_model *m = similar_fit(ctx, &o);
    sheaf_similar *s;
    sheaf_similar_opts so = similar_asking(SHEAF_SIMILAR_WORDS, 3);
    assert_int_equal(sheaf_similar_doc(ctx, &s, m, 0, &so), SHEAF_EINVAL);
    assert_null(s);
    so.space = SHEAF_SIMILAR_LATENT;
    assert_int_equal(sheaf_similar_all(ctx, &s, m, &so), SHEAF_EINVAL);
    sheaf_model_free(m);
    o.stage = SHEAF_FIT_MATRIX;
    m = similar_fit(ctx, &o);
    so = similar_asking(SHEAF_SIMILAR_WORDS, 0);
    assert_int_equal(sheaf_similar_doc(ctx, &s, m, 0, &so), SHEAF_EINVAL);
    so.n = 3;
    assert_int_equal(sheaf_similar_doc(ctx, &s, m, DOCS, &so), SHEAF_EINVAL);
    assert_int_equal(sheaf_similar_doc(ctx, &s, m, -1, &so), SHEAF_EINVAL);
    sheaf_model_free(m);
    sheaf_ctx_free(ctx);
}

static void failing_allocations_leave_nothing(void **state)
{
    (void)state;
    for (int latent = 0; latent < 2; latent++) {
        test_limit limit = {0};
        sheaf_ctx *ctx = test_limited_context(&limit, 1);
        sheaf_fit_opts o = similar_options(latent ? SHEAF_FIT_SPACE : SHEAF_FIT_MATRIX);
        o.text.min_df_count = 2;
        o.text.keep_pruned = true;
        sheaf_model *m = similar_fit(ctx, &o);
        sheaf_similar_opts so = similar_asking(latent ? SHEAF_SIMILAR_LATENT : SHEAF_SIMILAR_WORDS, 3);
        const int64_t live = limit.live;
        for (int which = 0; which < 3; which++) {
            sheaf_status st = SHEAF_ENOMEM;
            for (int64_t n = 1; st != SHEAF_OK; n++) {
                sheaf_similar *s = NULL;
                limit.calls = 0;
                limit.fail_at = n;
                st = which == 0   ? sheaf_similar_doc(ctx, &s, m, 1, &so)
                     : which == 1 ? sheaf_similar_text(ctx, &s, m, test_str("flood in the oven zz"), &o.text, &so)
                                  : sheaf_similar_all(ctx, &s, m, &so);
                assert_true(st == SHEAF_OK || st == SHEAF_ENOMEM);
                limit.fail_at = 0;
                sheaf_similar_free(s);
                assert_int_equal(limit.live, live);
                assert_true(n < 1000);
            }
        }
        sheaf_model_free(m);
        sheaf_ctx_free(ctx);
    }
}

static void failing_allocations_of_pruned_words(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    sheaf_fit_opts o = similar_options(SHEAF_FIT_TERMS);
    const sheaf_str texts[] = {{"river flood", 11}, {"river oven dough", 16}};
    sheaf_words *w;
    sheaf_corpus *c;
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, texts, NULL, NULL, 2));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, &o.text));
    o.text.min_df_count = 2;
    o.text.keep_pruned = true;
    const int64_t live = limit.live;
    sheaf_status st = SHEAF_ENOMEM;
    for (int64_t n = 1; st != SHEAF_OK; n++) {
        sheaf_terms *t;
        limit.calls = 0;
        limit.fail_at = n;
        st = sheaf_terms_build(ctx, &t, w, &o.text);
        assert_true(st == SHEAF_OK || st == SHEAF_ENOMEM);
        limit.fail_at = 0;
        sheaf_terms_free(t);
        assert_int_equal(limit.live, live);
        assert_true(n < 1000);
    }
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

int test_similar_model(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_finds_its_words),          cmocka_unit_test(pruned_words_are_not_unknown),
        cmocka_unit_test(ngrams_are_looked_up),            cmocka_unit_test(shared_terms_carry_the_score),
        cmocka_unit_test(a_document_is_like_its_own_text), cmocka_unit_test(the_graph_is_every_question),
        cmocka_unit_test(ids_are_found_and_guessed),       cmocka_unit_test(more_than_there_are),
        cmocka_unit_test(a_wanted_id_is_looked_for_first), cmocka_unit_test(bad_questions_are_named),
        cmocka_unit_test(failing_allocations_leave_nothing),
        cmocka_unit_test(failing_allocations_of_pruned_words),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
