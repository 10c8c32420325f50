/* All shared passages of a collection against the definition. */
#include "test_passages.h"

#include <stdio.h>

typedef struct {
    sheaf_passage *p;
    int64_t n, left_out;
} expected;

static bool same_run(const texts *t, int64_t d, int64_t i, int64_t e, int64_t j, int64_t n)
{
    return i + n <= t->length[d] && j + n <= t->length[e] &&
           memcmp(t->word[d] + i, t->word[e] + j, (size_t)n * sizeof(uint32_t)) == 0;
}

/* Whether the run of n words at place i of d stands at more than `most` places, or more than 3 of one document. */
static bool is_flood(const texts *t, int64_t d, int64_t i, int64_t n, int64_t most)
{
    int64_t places = 0, most_in_one = 0;
    for (int64_t e = 0; e < t->n; e++) {
        int64_t here = 0;
        for (int64_t j = 0; j + n <= t->length[e]; j++) here += same_run(t, d, i, e, j, n);
        places += here;
        if (here > most_in_one) most_in_one = here;
    }
    return places > most || most_in_one > 3;
}

/* n_new < t->n: pairs of a new and an old document alone. */
static expected by_definition(const texts *t, int64_t n_new, int64_t least, int64_t most)
{
    expected x = {malloc(sizeof(sheaf_passage)), 0, 0};
    for (int64_t d = 0; d < t->n; d++)
        for (int64_t e = d + 1; e < t->n; e++) {
            if (n_new < t->n && (d >= n_new || e < n_new)) continue;
            for (int64_t i = 0; i < t->length[d]; i++)
                for (int64_t j = 0; j < t->length[e]; j++) {
                    if (i && j && t->word[d][i - 1] == t->word[e][j - 1]) continue;
                    int64_t n = 0;
                    bool begins = !most;
                    while (same_run(t, d, i, e, j, n + 1)) n++;
                    for (int64_t k = 0; !begins && k + least <= n; k++)
                        begins = !is_flood(t, d, i + k, least, most);
                    if (n < least || !begins) continue;
                    x.p = realloc(x.p, (size_t)(x.n + 1) * sizeof *x.p);
                    x.p[x.n++] = (sheaf_passage){.a = d, .b = e, .word_a = i, .word_b = j, .words = n};
                }
        }
    return x;
}

static texts random_texts(dice *d)
{
    texts t = texts_new(2 + roll(d, 7));
    const int64_t words = 1 + roll(d, 30);
    for (int64_t i = 0; i < t.n; i++) {
        texts_set(&t, i, roll(d, 50), 0);
        for (int64_t k = 0; k < t.length[i]; k++) t.word[i][k] = (uint32_t)roll(d, words);
        const int64_t from = roll(d, t.n);
        if (from >= i || !t.length[i] || !t.length[from]) continue;
        const int64_t at = roll(d, t.length[i]), source = roll(d, t.length[from]);
        for (int64_t k = 0; k < 25 && at + k < t.length[i] && source + k < t.length[from]; k++)
            t.word[i][at + k] = t.word[from][source + k];
    }
    return t;
}

static void check(sheaf_ctx *ctx, const texts *t, int64_t n_new, int64_t least, int64_t most)
{
    sheaf_corpus *c, *old_c = NULL;
    sheaf_words *w, *old_w = NULL;
    sheaf_passages *p;
    int64_t n;
    texts_read(t, 0, n_new, ctx, &c, &w);
    if (n_new < t->n) texts_read(t, n_new, t->n, ctx, &old_c, &old_w);
    assert_ok(ctx, sheaf_passages_find(ctx, &p, c, w, old_c, old_w, least, most));
    const sheaf_passage *got = sheaf_passages_list(p, &n);
    expected want = by_definition(t, n_new, least, most);
    assert_int_equal(n, want.n);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(got[i].a, want.p[i].a);
        assert_int_equal(got[i].b, want.p[i].b);
        assert_int_equal(got[i].word_a, want.p[i].word_a);
        assert_int_equal(got[i].word_b, want.p[i].word_b);
        assert_int_equal(got[i].words, want.p[i].words);
        assert_true(got[i].span_a.length >= 2 * (uint32_t)got[i].words);
        char begins[16];
        snprintf(begins, sizeof begins, "%u", t->word[got[i].b][got[i].word_b]);
        const bool old = got[i].b >= n_new;
        sheaf_str text = sheaf_corpus_text(old ? old_c : c, old ? got[i].b - n_new : got[i].b);
        assert_memory_equal(text.p + got[i].span_b.start + 1, begins, strlen(begins));
    }
    if (!most) assert_int_equal(sheaf_passages_left_out(p), 0);
    free(want.p);
    sheaf_passages_free(p);
    sheaf_words_free(w);
    sheaf_words_free(old_w);
    sheaf_corpus_free(c);
    sheaf_corpus_free(old_c);
}

static void test_against_definition(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    dice d = dice_new(3);
    for (int round = 0; round < 250; round++) {
        texts t = random_texts(&d);
        const int64_t least = 2 + roll(&d, 6);
        check(ctx, &t, t.n, least, 0);
        check(ctx, &t, t.n, least, 2 + roll(&d, 3)); /* floods */
        check(ctx, &t, 1 + roll(&d, t.n - 1), least, round % 2 ? 0 : 3);
        texts_free(&t);
    }
    sheaf_ctx_free(ctx);
}

/* 400 documents with the same ending: left out, and counted; what else two of them share is found with it. */
static void test_floods(void **state)
{
    (void)state;
    enum { DOCS = 400, FOOT = 30 };
    sheaf_ctx *ctx = test_context(2);
    texts t = texts_new(DOCS);
    for (int64_t d = 0; d < DOCS; d++) {
        texts_set(&t, d, 20 + FOOT, 0);
        for (int64_t i = 0; i < 20; i++) t.word[d][i] = (uint32_t)(1000 + 20 * (d == 7 ? 300 : d) + i);
        for (int64_t i = 0; i < FOOT; i++) t.word[d][20 + i] = (uint32_t)i;
    }
    sheaf_corpus *c;
    sheaf_words *w;
    sheaf_passages *p;
    int64_t n;
    texts_read(&t, 0, DOCS, ctx, &c, &w);
    assert_ok(ctx, sheaf_passages_find(ctx, &p, c, w, NULL, NULL, 8, 100));
    const sheaf_passage *got = sheaf_passages_list(p, &n);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].a, 7);
    assert_int_equal(got[0].b, 300);
    assert_int_equal(got[0].word_a, 0);
    assert_int_equal(got[0].words, 20 + FOOT);
    assert_int_equal(sheaf_passages_left_out(p), FOOT - 8 + 1);
    sheaf_passages_free(p);
    assert_ok(ctx, sheaf_passages_find(ctx, &p, c, w, NULL, NULL, 8, 0));
    (void)sheaf_passages_list(p, &n);
    assert_int_equal(n, DOCS * (DOCS - 1) / 2);
    sheaf_passages_free(p);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    texts_free(&t);
    sheaf_ctx_free(ctx);
}

/* Two documents of one word over and over share as many passages as there are diagonals, not pairs of places. */
static void test_one_word(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    texts t = texts_new(2);
    texts_set(&t, 0, 20000, 1);
    texts_set(&t, 1, 20000, 1);
    sheaf_corpus *c;
    sheaf_words *w;
    sheaf_passages *p;
    int64_t n;
    texts_read(&t, 0, 2, ctx, &c, &w);
    assert_ok(ctx, sheaf_passages_find(ctx, &p, c, w, NULL, NULL, 8, 0));
    (void)sheaf_passages_list(p, &n);
    assert_int_equal(n, 2 * (20000 - 8 + 1) - 1);
    sheaf_passages_free(p);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    texts_free(&t);
    sheaf_ctx_free(ctx);
}

/* A run that one document has 200,000 times, each behind another word, and another document once: members of the same
   document are not held against each other. With old documents, new ones are not either. */
static void test_often_in_one(void **state)
{
    (void)state;
    enum { N = 200000 };
    const double begin = seconds_used();
    sheaf_ctx *ctx = test_context(1);
    texts t = texts_new(3);
    texts_set(&t, 0, 3 * N, 1);
    texts_set(&t, 1, 6, 1);
    texts_set(&t, 2, 2, 1);
    for (uint32_t i = 0; i < N; i++) t.word[0][3 * i] = 10 + i;
    t.word[1][0] = t.word[1][3] = 2;
    for (int64_t n_new = 2; n_new < 4; n_new++) {
        sheaf_corpus *c, *old_c = NULL;
        sheaf_words *w, *old_w = NULL;
        sheaf_passages *p;
        int64_t n;
        texts_read(&t, 0, n_new, ctx, &c, &w);
        if (n_new < 3) texts_read(&t, n_new, 3, ctx, &old_c, &old_w);
        assert_ok(ctx, sheaf_passages_find(ctx, &p, c, w, old_c, old_w, 2, 0));
        (void)sheaf_passages_list(p, &n);
        assert_int_equal(n, n_new == 2 ? N + 2 : 3 * N + 2);
        sheaf_passages_free(p);
        sheaf_words_free(w);
        sheaf_words_free(old_w);
        sheaf_corpus_free(c);
        sheaf_corpus_free(old_c);
    }
    texts_free(&t);
    sheaf_ctx_free(ctx);
    assert_true(seconds_used() - begin < 15);
}

static void test_threads(void **state)
{
    (void)state;
    dice d = dice_new(4);
    texts t = texts_new(3000);
    for (int64_t i = 0; i < t.n; i++) {
        texts_set(&t, i, 20 + roll(&d, 150), 0);
        for (int64_t k = 0; k < t.length[i]; k++) t.word[i][k] = (uint32_t)(roll(&d, 300) * roll(&d, 300) / 20);
        if (i % 3 == 0 && i) memcpy(t.word[i] + 4, t.word[roll(&d, i)] + 2, 15 * sizeof(uint32_t));
    }
    sheaf_passage *first = NULL;
    int64_t n_first = 0;
    for (int k = 0; k < 3; k++) {
        sheaf_ctx *ctx = test_context((int32_t[]){1, 2, 7}[k]);
        sheaf_corpus *c;
        sheaf_words *w;
        sheaf_passages *p;
        int64_t n;
        texts_read(&t, 0, t.n, ctx, &c, &w);
        assert_ok(ctx, sheaf_passages_find(ctx, &p, c, w, NULL, NULL, 5, 50));
        const sheaf_passage *got = sheaf_passages_list(p, &n);
        assert_true(n >= 900);
        if (!k) {
            n_first = n;
            first = malloc((size_t)n * sizeof *first);
            memcpy(first, got, (size_t)n * sizeof *first);
        }
        assert_int_equal(n, n_first);
        assert_memory_equal(got, first, (size_t)n * sizeof *first);
        sheaf_passages_free(p);
        sheaf_words_free(w);
        sheaf_corpus_free(c);
        sheaf_ctx_free(ctx);
    }
    free(first);
    texts_free(&t);
}

static void test_find_without_memory(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    dice d = dice_new(9);
    texts t = random_texts(&d);
    sheaf_corpus *c;
    sheaf_words *w;
    texts_read(&t, 0, t.n, ctx, &c, &w);
    const int64_t live = limit.live;
    for (int64_t n = 1;; n++) {
        sheaf_passages *p;
        limit.calls = 0;
        limit.fail_at = n;
        sheaf_status st = sheaf_passages_find(ctx, &p, c, w, NULL, NULL, 2, 3);
        limit.fail_at = 0;
        if (st == SHEAF_OK) {
            sheaf_passages_free(p);
            assert_true(n > 15);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_null(p);
        assert_int_equal(limit.live, live);
    }
    sheaf_passages *p;
    assert_int_equal(sheaf_passages_find(ctx, &p, c, w, NULL, NULL, 1, 0), SHEAF_EINVAL);
    assert_int_equal(sheaf_passages_find(ctx, &p, c, w, NULL, NULL, 5, -1), SHEAF_EINVAL);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    texts_free(&t);
    sheaf_ctx_free(ctx);
}

int passages_find_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_definition), cmocka_unit_test(test_floods), cmocka_unit_test(test_one_word),
        cmocka_unit_test(test_often_in_one),       cmocka_unit_test(test_threads),
        cmocka_unit_test(test_find_without_memory),
    };
    return cmocka_run_group_tests_name("passages: of a collection", tests, NULL, NULL);
}
