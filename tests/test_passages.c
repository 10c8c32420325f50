/* Common runs of two documents: tiles, coverage and the longest run against the definition; byte ranges. */
#include "test_passages.h"

#include <stdio.h>
#include <time.h>

#include "base/context.h"
#include "base/mem.h"
#include "near/rolling.h"
#include "near/runs.h"

double seconds_used(void) { return (double)clock() / CLOCKS_PER_SEC; }

texts texts_new(int64_t n)
{
    return (texts){n, calloc((size_t)n + 1, sizeof(uint32_t *)), calloc((size_t)n + 1, sizeof(int64_t))};
}

void texts_set(texts *t, int64_t doc, int64_t length, uint32_t word)
{
    free(t->word[doc]);
    t->word[doc] = malloc((size_t)(length + 1) * sizeof(uint32_t));
    t->length[doc] = length;
    for (int64_t i = 0; i < length; i++) t->word[doc][i] = word;
}

void texts_free(texts *t)
{
    for (int64_t i = 0; i < t->n; i++) free(t->word[i]);
    free(t->word);
    free(t->length);
}

void texts_read(const texts *t, int64_t lo, int64_t hi, sheaf_ctx *ctx, sheaf_corpus **c, sheaf_words **w)
{
    sheaf_str *text = calloc((size_t)(hi - lo) + 1, sizeof *text);
    for (int64_t d = lo; d < hi; d++) {
        char *p = malloc((size_t)t->length[d] * 12 + 8), *end = stpcpy(p, "..."); /* no empty text: it would be left out */
        for (int64_t i = 0; i < t->length[d]; i++)
            end += sprintf(end, "%c%u%c ", (i * 7 + d) % 3 ? 'w' : 'W', t->word[d][i], i % 11 ? ',' : '.');
        text[d - lo] = (sheaf_str){p, (size_t)(end - p)};
    }
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, c, text, NULL, NULL, hi - lo));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, w, *c, NULL));
    for (int64_t d = lo; d < hi; d++) free((char *)(uintptr_t)text[d - lo].p);
    free(text);
}

/* Greedy string tiling by its definition: look at every pair of places again for each tile. */
static int64_t tiles_by_definition(const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb, int64_t least,
                                   sheaf_i_run *out)
{
    char *ma = calloc((size_t)na + 1, 1), *mb = calloc((size_t)nb + 1, 1);
    int64_t count = 0;
    for (;;) {
        sheaf_i_run best = {0, 0, 0};
        for (int64_t i = 0; i < na; i++)
            for (int64_t j = 0; j < nb; j++) {
                int64_t n = 0;
                while (i + n < na && j + n < nb && a[i + n] == b[j + n] && !ma[i + n] && !mb[j + n]) n++;
                if (n > best.n) best = (sheaf_i_run){i, j, n};
            }
        if (best.n < least) break;
        memset(ma + best.a, 1, (size_t)best.n);
        memset(mb + best.b, 1, (size_t)best.n);
        int64_t at = count++;
        for (; at && out[at - 1].a > best.a; at--) out[at] = out[at - 1];
        out[at] = best;
    }
    free(ma);
    free(mb);
    return count;
}

static void random_pair(dice *d, uint32_t *a, int64_t *na, uint32_t *b, int64_t *nb)
{
    int64_t words = 1 + roll(d, 12);
    *na = roll(d, 60);
    *nb = roll(d, 60);
    for (int64_t i = 0; i < *na; i++) a[i] = (uint32_t)roll(d, words);
    for (int64_t i = 0; i < *nb; i++) b[i] = (uint32_t)roll(d, words);
    for (int64_t copies = roll(d, 4); copies-- > 0 && *na && *nb;) { /* plant passages */
        int64_t i = roll(d, *na), j = roll(d, *nb), n = roll(d, 20);
        for (int64_t k = 0; k < n && i + k < *na && j + k < *nb; k++) b[j + k] = a[i + k];
    }
}

static void test_tiles(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_i_runs r;
    sheaf_i_runs_init(&r, ctx);
    dice d = dice_new(1);
    for (int round = 0; round < 1500; round++) {
        uint32_t a[64], b[64];
        int64_t na, nb, n, least = 1 + roll(&d, 4);
        sheaf_i_run want[64], *got;
        random_pair(&d, a, &na, b, &nb);
        assert_ok(ctx, sheaf_i_runs_tiles(&r, &got, &n, a, na, b, nb, least));
        assert_int_equal(n, tiles_by_definition(a, na, b, nb, least, want));
        for (int64_t i = 0; i < n; i++) {
            assert_int_equal(got[i].a, want[i].a);
            assert_int_equal(got[i].b, want[i].b);
            assert_int_equal(got[i].n, want[i].n);
        }
        sheaf_i_free(ctx, got);
    }
    sheaf_i_runs_end(&r);
    sheaf_ctx_free(ctx);
}

static bool stands_in(const uint32_t *p, int64_t k, const uint32_t *b, int64_t nb)
{
    for (int64_t j = 0; j + k <= nb; j++)
        if (memcmp(p, b + j, (size_t)k * sizeof *p) == 0) return true;
    return false;
}

static int64_t covered_by_definition(const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb, int64_t k)
{
    char in[64] = {0};
    int64_t n = 0;
    for (int64_t i = 0; i + k <= na; i++)
        if (stands_in(a + i, k, b, nb)) memset(in + i, 1, (size_t)k);
    for (int64_t i = 0; i < na; i++) n += in[i];
    return na == nb && memcmp(a, b, (size_t)na * sizeof *a) == 0 ? na : n;
}

static int64_t longest_by_definition(const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb)
{
    int64_t longest = 0;
    for (int64_t i = 0; i < na; i++)
        while (i + longest < na && stands_in(a + i, longest + 1, b, nb)) longest++;
    return longest;
}

static void test_overlap(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_i_runs r;
    sheaf_i_runs_init(&r, ctx);
    dice d = dice_new(2);
    for (int round = 0; round < 3000; round++) {
        uint32_t a[64], b[64];
        int64_t na, nb, k = 1 + roll(&d, 5);
        sheaf_i_overlap got;
        random_pair(&d, a, &na, b, &nb);
        if (round % 10 == 0) memcpy(b, a, sizeof b), nb = na;
        assert_ok(ctx, sheaf_i_runs_overlap(&r, &got, a, na, b, nb, k));
        assert_int_equal(got.words_a, covered_by_definition(a, na, b, nb, k));
        assert_int_equal(got.words_b, covered_by_definition(b, nb, a, na, k));
        assert_int_equal(got.longest, longest_by_definition(a, na, b, nb));
    }
    sheaf_i_runs_end(&r);
    sheaf_ctx_free(ctx);
}

/* Texts that repeat themselves: chains are cut, the longest run is exact all the same, and time stays bounded. */
static void test_repetitive(void **state)
{
    (void)state;
    enum { N = 60000 };
    sheaf_ctx *ctx = test_context(1);
    uint32_t *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
    sheaf_i_runs r;
    sheaf_i_overlap got;
    sheaf_i_run *tile;
    int64_t n;
    sheaf_i_runs_init(&r, ctx);
    for (uint32_t i = 0; i < N; i++) { /* every fifth word differs but for one stretch of 100 */
        a[i] = i % 5 ? 1 : 10 + i;
        b[i] = i % 5 ? 1 : i >= 40000 && i < 40100 ? 10 + i : 100000 + i;
    }
    assert_ok(ctx, sheaf_i_runs_overlap(&r, &got, a, N, b, N, 3));
    assert_int_equal(got.longest, 4 + 100);
    assert_int_equal(got.words_a, N / 5 * 4 + 20);
    assert_ok(ctx, sheaf_i_runs_tiles(&r, &tile, &n, a, N, b, N, 8));
    assert_int_equal(n, 1);
    assert_int_equal(tile[0].n, 104);
    sheaf_i_free(ctx, tile);
    for (uint32_t i = 0; i < N; i++) a[i] = b[i] = 1;
    assert_ok(ctx, sheaf_i_runs_tiles(&r, &tile, &n, a, N, b, N - 7, 8));
    assert_int_equal(n, 1);
    assert_int_equal(tile[0].n, N - 7);
    sheaf_i_free(ctx, tile);
    sheaf_i_runs_end(&r);
    free(a);
    free(b);
    sheaf_ctx_free(ctx);
}

/* One word over and over, and three by turns with a break: as many runs as diagonals, each as long as the texts. Takes a
   fifth of a second; followed to their ends half a minute. */
static void test_one_word_twice(void **state)
{
    (void)state;
    enum { N = 300000 };
    const double begin = seconds_used();
    sheaf_ctx *ctx = test_context(1);
    uint32_t *a = calloc(N, sizeof *a), *b = calloc(N, sizeof *b);
    sheaf_i_runs r;
    sheaf_i_overlap got;
    sheaf_i_run *tile;
    int64_t n;
    sheaf_i_runs_init(&r, ctx);
    assert_ok(ctx, sheaf_i_runs_overlap(&r, &got, a, N, b, N - 7, 3));
    assert_int_equal(got.words_a, N);
    assert_int_equal(got.words_b, N - 7);
    assert_int_equal(got.longest, N - 7);
    for (int same = 0; same < 2; same++) {
        assert_ok(ctx, sheaf_i_runs_tiles(&r, &tile, &n, a, N - 7 * !same, b, N, 8));
        assert_int_equal(n, 1);
        assert_int_equal(tile[0].n, N - 7 * !same);
        sheaf_i_free(ctx, tile);
    }
    for (uint32_t i = 0; i < N; i++) a[i] = b[i] = i % 3;
    b[100000] = 9;
    assert_ok(ctx, sheaf_i_runs_overlap(&r, &got, a, N, b, N, 3));
    assert_int_equal(got.words_a, N);
    assert_int_equal(got.words_b, N - 1);
    assert_int_equal(got.longest, N - 100001);
    assert_ok(ctx, sheaf_i_runs_tiles(&r, &tile, &n, a, N, b, N, 8));
    for (int64_t i = 0, end = 0; i < n; end = tile[i].a + tile[i].n, i++) {
        assert_true(tile[i].a >= end && tile[i].n >= 8);
        assert_memory_equal(a + tile[i].a, b + tile[i].b, (size_t)tile[i].n * sizeof *a);
    }
    sheaf_i_free(ctx, tile);
    sheaf_i_runs_end(&r);
    free(a);
    free(b);
    sheaf_ctx_free(ctx);
    assert_true(seconds_used() - begin < 8);
}

/* No place that 32 bits do not hold. */
static void test_too_long(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const uint32_t a[3] = {1, 2, 3};
    const int64_t n_b = (int64_t)INT32_MAX + 1;
    sheaf_i_runs r;
    sheaf_i_overlap overlap;
    sheaf_i_run *tile;
    int64_t n;
    sheaf_i_runs_init(&r, ctx);
    assert_int_equal(sheaf_i_runs_overlap(&r, &overlap, a, 3, a, n_b, 3), SHEAF_EINVAL);
    assert_int_equal(sheaf_i_runs_tiles(&r, &tile, &n, a, 3, a, n_b, 3), SHEAF_EINVAL);
    assert_null(tile);
    sheaf_i_runs_end(&r);
    sheaf_ctx_free(ctx);
}

/* The Thue-Morse sequence and its complement have one hash modulo 2^64 with any base. */
static void test_hash(void **state)
{
    (void)state;
    enum { N = 4096 };
    uint32_t a[N + 1], b[N + 1];
    for (uint32_t i = 0; i < N; i++) a[i] = __builtin_popcount(i) & 1, b[i] = !a[i];
    sheaf_i_rolling x = sheaf_i_rolling_begin(a, N), y = sheaf_i_rolling_begin(b, N);
    assert_true(sheaf_i_rolling_hash(&x) != sheaf_i_rolling_hash(&y));
    a[N] = UINT32_MAX;
    sheaf_i_rolling_step(&x, a[0], a[N]); /* moved along is begun anew */
    y = sheaf_i_rolling_begin(a + 1, N);
    assert_true(sheaf_i_rolling_hash(&x) == sheaf_i_rolling_hash(&y));
}

static void test_bytes_of_pair(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const sheaf_str text[] = {test_str("The river, it is said, rose BEFORE dawn \342\200\223 and fell by noon."),
                              test_str("Nobody slept. \"It is said, rose before Dawn\" (and fell) by noon!"),
                              test_str("... !")};
    sheaf_corpus *c;
    sheaf_words *w;
    sheaf_passages *p;
    int64_t n;
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, text, NULL, NULL, 3));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, NULL));
    assert_ok(ctx, sheaf_passages_of_pair(ctx, &p, c, w, NULL, NULL, 0, 1, 3));
    const sheaf_passage *list = sheaf_passages_list(p, &n);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].a, 0);
    assert_int_equal(list[0].b, 1);
    assert_int_equal(list[0].word_a, 2);
    assert_int_equal(list[0].words, 10);
    assert_memory_equal(text[0].p + list[0].span_a.start, "it is said, rose BEFORE dawn", 28);
    assert_int_equal(list[0].span_a.start + list[0].span_a.length, text[0].n - 1);
    assert_memory_equal(text[1].p + list[0].span_b.start, "It is said", 10);
    assert_int_equal(list[0].span_b.start + list[0].span_b.length, text[1].n - 1);
    sheaf_passages_free(p);
    assert_ok(ctx, sheaf_passages_of_pair(ctx, &p, c, w, c, w, 0, 3 + 1, 3)); /* the same as an old document */
    list = sheaf_passages_list(p, &n);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].b, 4);
    assert_int_equal(list[0].span_b.start + list[0].span_b.length, text[1].n - 1);
    sheaf_passages_free(p);
    assert_ok(ctx, sheaf_passages_of_pair(ctx, &p, NULL, w, NULL, NULL, 0, 2, 1));
    (void)sheaf_passages_list(p, &n);
    assert_int_equal(n, 0);
    sheaf_passages_free(p);
    assert_int_equal(sheaf_passages_of_pair(ctx, &p, c, w, NULL, NULL, 0, 3, 1), SHEAF_EINVAL);
    assert_int_equal(sheaf_passages_of_pair(ctx, &p, c, w, NULL, NULL, -1, 1, 1), SHEAF_EINVAL);
    assert_int_equal(sheaf_passages_of_pair(ctx, &p, c, w, NULL, NULL, 0, 1, 0), SHEAF_EINVAL);
    assert_null(p);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static void test_pair_without_memory(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    texts t = texts_new(2);
    sheaf_corpus *c;
    sheaf_words *w;
    texts_set(&t, 0, 300, 1);
    texts_set(&t, 1, 300, 2);
    for (int64_t i = 0; i < 300; i++) t.word[0][i] = (uint32_t)i, t.word[1][i] = (uint32_t)(i % 40 ? i : 1000);
    texts_read(&t, 0, 2, ctx, &c, &w);
    const int64_t live = limit.live;
    for (int64_t n = 1;; n++) {
        sheaf_passages *p;
        limit.calls = 0;
        limit.fail_at = n;
        sheaf_status st = sheaf_passages_of_pair(ctx, &p, c, w, NULL, NULL, 0, 1, 3);
        limit.fail_at = 0;
        if (st == SHEAF_OK) {
            sheaf_passages_free(p);
            assert_true(n > 10);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_null(p);
        assert_int_equal(limit.live, live);
    }
    texts_free(&t);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles),         cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_repetitive),    cmocka_unit_test(test_one_word_twice),
        cmocka_unit_test(test_too_long),      cmocka_unit_test(test_hash),
        cmocka_unit_test(test_bytes_of_pair), cmocka_unit_test(test_pair_without_memory),
    };
    return cmocka_run_group_tests_name("passages: pairs", tests, NULL, NULL) + passages_find_tests() + diff_tests();
}
