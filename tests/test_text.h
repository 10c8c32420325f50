/* What the tests of words and terms share. */
#ifndef SHEAF_TESTS_TEST_TEXT_H
#define SHEAF_TESTS_TEST_TEXT_H

#include "support.h"

#include "read/corpus.h"
#include "text/words.h"

static inline sheaf_corpus *test_corpus(sheaf_ctx *ctx, const char *const *texts, int64_t n)
{
    sheaf_str *s = calloc((size_t)n + 1, sizeof *s);
    sheaf_corpus *c;
    for (int64_t i = 0; i < n; i++) s[i] = test_str(texts[i]);
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, s, NULL, NULL, n));
    free(s);
    return c;
}

/* Words and terms of texts; the words are freed. Every structure is validated. */
static inline sheaf_terms *test_terms(sheaf_ctx *ctx, const char *const *texts, int64_t n, const sheaf_text_opts *o)
{
    sheaf_corpus *c = test_corpus(ctx, texts, n);
    sheaf_words *w;
    sheaf_terms *t;
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, o));
    assert_null(sheaf_i_words_validate(w));
    assert_ok(ctx, sheaf_terms_build(ctx, &t, w, o));
    assert_null(sheaf_i_terms_validate(t));
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    return t;
}

static inline int32_t test_find_term(const sheaf_terms *t, const char *term)
{
    for (int32_t i = 0; i < sheaf_terms_size(t); i++) {
        sheaf_str s = sheaf_terms_term(t, i);
        if (s.n == strlen(term) && memcmp(s.p, term, s.n) == 0) return i;
    }
    return -1;
}

/* Count of a term in a document, 0 if it is not there. */
static inline uint32_t test_count(const sheaf_terms *t, int64_t doc, const char *term)
{
    int32_t id = test_find_term(t, term);
    for (int64_t i = t->indptr[doc]; i < t->indptr[doc + 1]; i++)
        if (t->indices[i] == id) return t->counts[i];
    return 0;
}

/* Defaults that keep every term. */
static inline sheaf_text_opts test_keep_all(void)
{
    sheaf_text_opts o;
    sheaf_text_opts_init(&o, sizeof o);
    o.min_df_count = 1;
    o.max_df_share = 1;
    return o;
}

extern const struct CMUnitTest test_text_words[], test_text_terms[], test_text_languages[], test_text_sklearn[],
    test_text_phrases[];
extern const size_t n_test_text_words, n_test_text_terms, n_test_text_languages, n_test_text_sklearn,
    n_test_text_phrases;

#endif
