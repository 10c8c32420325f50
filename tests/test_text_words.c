/* Words: ids, order, spans, independence of threads and of the order of documents, failing allocations. */
#include "test_text.h"

#include <stdio.h>

#include "base/rng.h"

#define MANY 3000

/* Documents of random words out of a vocabulary with a long tail, with one that is more than a chunk. */
static char *random_document(int64_t i)
{
    static const char *const syllable[] = {"ba", "ke", "\303\251t", "\320\266\320\270", "Mo",
                                           "ru", "'s", "1",          ".x",               "\346\260\264"};
    const uint64_t n_syllables = sizeof syllable / sizeof *syllable;
    uint64_t key = sheaf_i_rng_key(11, SHEAF_I_RNG_TEST, (uint64_t)i), draw = 0;
    uint64_t words = i == 7 ? 300000 : sheaf_i_rng_u64(key, draw++) % 120;
    char *p = malloc(words * 40 + 140), *end = p;
    for (uint64_t w = 0; w < words; w++) {
        uint64_t parts = 1 + sheaf_i_rng_u64(key, draw++) % 4;
        while (parts--) end = stpcpy(end, syllable[sheaf_i_rng_u64(key, draw++) % n_syllables]);
        *end++ = ' ';
    }
    if (i % 4 == 1) end = stpcpy(end, "Der Fluss und die Ufer sind nicht mehr das, was sie vor dem Regen waren. ");
    if (i % 4 == 2) end = stpcpy(end, "The rivers and the banks are not what they were before all of this rain. ");
    memcpy(end, "end", 4); /* so that no document is empty */
    return p;
}

static void test_ids_and_order(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const texts[] = {"river Bank river", "the bank, the River", "river"};
    sheaf_corpus *c = test_corpus(ctx, texts, 3);
    sheaf_words *w;
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, NULL));
    assert_null(sheaf_i_words_validate(w));
    assert_int_equal(sheaf_words_docs(w), 3);
    assert_int_equal(sheaf_words_types(w), 5);
    assert_int_equal(sheaf_words_tokens(w), 8);
    int64_t n;
    const uint32_t *ids = sheaf_words_of(w, 0, &n);
    assert_int_equal(n, 3);
    assert_str(sheaf_words_type(w, ids[0]), "river");
    assert_str(sheaf_words_type(w, ids[1]), "Bank");
    assert_int_equal(ids[0], ids[2]);
    assert_int_equal(ids[0], 0); /* the most frequent type comes first */
    ids = sheaf_words_of(w, 1, &n);
    assert_int_equal(n, 4);
    assert_int_equal(ids[0], 1);
    assert_str(sheaf_words_type(w, ids[3]), "River");
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

typedef struct {
    sheaf_ctx *ctx;
    sheaf_corpus *corpus;
    sheaf_words *words;
    sheaf_terms *terms;
} everything;

static everything build(char *const *texts, const int64_t *order, int64_t n, int32_t threads, const sheaf_text_opts *o)
{
    everything e = {.ctx = test_context(threads)};
    const char **list = calloc((size_t)n, sizeof *list);
    for (int64_t i = 0; i < n; i++) list[i] = texts[order ? order[i] : i];
    e.corpus = test_corpus(e.ctx, list, n);
    free(list);
    assert_ok(e.ctx, sheaf_words_from_corpus(e.ctx, &e.words, e.corpus, o));
    assert_null(sheaf_i_words_validate(e.words));
    assert_ok(e.ctx, sheaf_terms_build(e.ctx, &e.terms, e.words, o));
    assert_null(sheaf_i_terms_validate(e.terms));
    return e;
}

static void end(everything *e)
{
    sheaf_terms_free(e->terms);
    sheaf_words_free(e->words);
    sheaf_corpus_free(e->corpus);
    sheaf_ctx_free(e->ctx);
}

static void assert_strings(const sheaf_str *a, const sheaf_str *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(a[i].n, b[i].n);
        assert_memory_equal(a[i].p, b[i].p, a[i].n);
    }
}

/* b's document i is a's document order[i]. */
static void assert_same(const everything *a, const everything *b, const int64_t *order)
{
    const sheaf_words *v = a->words, *w = b->words;
    const sheaf_terms *s = a->terms, *t = b->terms;
    assert_int_equal(v->n_types, w->n_types);
    assert_strings(v->type, w->type, v->n_types);
    assert_memory_equal(v->type_count, w->type_count, v->n_types * sizeof *v->type_count);
    assert_int_equal(s->n_terms, t->n_terms);
    assert_strings(s->term, t->term, s->n_terms);
    assert_strings(s->surface, t->surface, s->n_terms);
    assert_memory_equal(s->df, t->df, (size_t)s->n_terms * sizeof *s->df);
    for (int64_t i = 0; i < w->n_docs; i++) {
        int64_t from = order ? order[i] : i, n = t->indptr[i + 1] - t->indptr[i];
        assert_int_equal(v->doc_len[from], w->doc_len[i]);
        assert_memory_equal(v->doc[from], w->doc[i], (size_t)w->doc_len[i] * sizeof **w->doc);
        assert_int_equal(s->indptr[from + 1] - s->indptr[from], n);
        assert_memory_equal(s->indices + s->indptr[from], t->indices + t->indptr[i], (size_t)n * sizeof *t->indices);
        assert_memory_equal(s->counts + s->indptr[from], t->counts + t->indptr[i], (size_t)n * sizeof *t->counts);
    }
}

static void test_same_at_any_threads_and_order(void **state)
{
    (void)state;
    char *texts[MANY];
    int64_t order[MANY];
    for (int64_t i = 0; i < MANY; i++) {
        texts[i] = random_document(i);
        order[i] = i;
    }
    uint64_t key = sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, 1);
    for (int64_t i = MANY - 1; i > 0; i--) {
        int64_t j = (int64_t)(sheaf_i_rng_u64(key, (uint64_t)i) % (uint64_t)(i + 1)), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    sheaf_text_opts o = test_keep_all();
    for (o.ngram_max = 1; o.ngram_max <= 2; o.ngram_max++) {
        o.min_df_count = o.ngram_max;
        everything one = build(texts, NULL, MANY, 1, &o), two = build(texts, NULL, MANY, 2, &o);
        everything seven = build(texts, order, MANY, 7, &o);
        assert_true(one.terms->n_terms > 500);
        assert_same(&one, &two, NULL);
        assert_same(&one, &seven, order);
        end(&one);
        end(&two);
        end(&seven);
    }
    for (int64_t i = 0; i < MANY; i++) free(texts[i]);
}

static void test_spans(void **state)
{
    (void)state;
    char *texts[40];
    for (int64_t i = 0; i < 40; i++) texts[i] = random_document(i + 20);
    for (int analyzer = SHEAF_ANALYZER_UNICODE; analyzer <= SHEAF_ANALYZER_SKLEARN; analyzer++) {
        sheaf_text_opts o = test_keep_all();
        o.analyzer = (sheaf_analyzer)analyzer;
        everything e = build(texts, NULL, 40, 2, &o);
        for (int64_t d = 0; d < 40; d++) {
            sheaf_span *spans;
            int64_t n, n_ids;
            const uint32_t *ids = sheaf_words_of(e.words, d, &n_ids);
            assert_ok(e.ctx, sheaf_words_spans(e.ctx, &spans, &n, e.words, e.corpus, d));
            assert_int_equal(n, n_ids);
            for (int64_t i = 0; i < n; i++) {
                sheaf_str type = sheaf_words_type(e.words, ids[i]);
                assert_int_equal(spans[i].length, type.n);
                assert_memory_equal(texts[d] + spans[i].start, type.p, type.n);
            }
            sheaf_spans_free(e.ctx, spans);
        }
        sheaf_span *spans;
        int64_t n;
        assert_int_equal(sheaf_words_spans(e.ctx, &spans, &n, e.words, e.corpus, 40), SHEAF_EINVAL);
        assert_null(spans);
        end(&e);
    }
    for (int64_t i = 0; i < 40; i++) free(texts[i]);
}

static void test_failing_allocations(void **state)
{
    (void)state;
    sheaf_ctx *plain = test_context(1);
    const char *const texts[] = {"The rivers rose in the night and the banks gave way to the water of the rivers",
                                 ("L'eau est mont\303\251e dans la nuit et les rives ont c\303\251d\303\251 "
                                  "\303\240 l'eau"),
                                 "the rivers and the banks, the water and the night",
                                 "\346\260\264\344\270\212\346\266\250"};
    sheaf_corpus *c = test_corpus(plain, texts, 4);
    sheaf_text_opts o = test_keep_all();
    o.ngram_max = 2;
    o.min_df_count = 2;
    test_limit limit = {0, 0, 0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    int64_t before = limit.live, n = 1;
    for (sheaf_status st = SHEAF_ENOMEM; st != SHEAF_OK; n++) {
        sheaf_words *w = NULL;
        sheaf_terms *t = NULL;
        limit.calls = 0;
        limit.fail_at = n;
        st = sheaf_words_from_corpus(ctx, &w, c, &o);
        if (st == SHEAF_OK) st = sheaf_terms_build(ctx, &t, w, &o);
        if (st != SHEAF_OK) {
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_null(t);
        }
        sheaf_terms_free(t);
        sheaf_words_free(w);
        assert_int_equal(limit.live, before);
        assert_true(n < 2000);
    }
    assert_true(n > 50); /* the loop did fail many times */
    sheaf_ctx_free(ctx);
    sheaf_corpus_free(c);
    sheaf_ctx_free(plain);
}

static void test_reading_is_cutting(void **state)
{
    (void)state;
    char path[] = "/tmp/sheaf-test-text-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    fputs("the river rose\nthe bank of the river\nwater and the bank\n", f);
    fclose(f);
    sheaf_ctx *ctx = test_context(2);
    sheaf_read_opts ro;
    sheaf_read_opts_init(&ro, sizeof ro);
    ro.from = SHEAF_FROM_LINES;
    const char *input = path;
    for (int64_t limit = 0; limit <= 2; limit += 2) { /* with a limit, the third line is cut but not in the corpus */
        sheaf_corpus *c;
        sheaf_words *read, *cut;
        ro.max_docs = limit;
        assert_ok(ctx, sheaf_words_read(ctx, &c, &read, &input, 1, &ro, NULL));
        assert_int_equal(sheaf_corpus_size(c), limit ? 2 : 3);
        assert_null(sheaf_i_words_validate(read));
        assert_ok(ctx, sheaf_words_from_corpus(ctx, &cut, c, NULL));
        assert_int_equal(read->n_types, cut->n_types);
        assert_strings(read->type, cut->type, cut->n_types);
        for (int64_t d = 0; d < cut->n_docs; d++) {
            assert_int_equal(read->doc_len[d], cut->doc_len[d]);
            assert_memory_equal(read->doc[d], cut->doc[d], (size_t)cut->doc_len[d] * sizeof **cut->doc);
        }
        sheaf_words_free(read);
        sheaf_words_free(cut);
        sheaf_corpus_free(c);
    }
    sheaf_ctx_free(ctx);
    remove(path);
}

const struct CMUnitTest test_text_words[] = {
    cmocka_unit_test(test_ids_and_order), cmocka_unit_test(test_same_at_any_threads_and_order),
    cmocka_unit_test(test_spans),         cmocka_unit_test(test_failing_allocations),
    cmocka_unit_test(test_reading_is_cutting)};
const size_t n_test_text_words = sizeof test_text_words / sizeof *test_text_words;
