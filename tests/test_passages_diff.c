/* Differences: the script makes b of a, and has the fewest words where it promises to. */
#include "test_passages.h"

#include "near/diff.h"

enum { ROOM = 80 };

static int64_t edits_by_definition(const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb)
{
    int64_t common[ROOM + 1][ROOM + 1] = {{0}};
    for (int64_t i = 1; i <= na; i++)
        for (int64_t j = 1; j <= nb; j++) {
            const int64_t up = common[i - 1][j], left = common[i][j - 1];
            common[i][j] = a[i - 1] == b[j - 1] ? common[i - 1][j - 1] + 1 : up > left ? up : left;
        }
    return na + nb - 2 * common[na][nb];
}

/* The words that stay are the same in both; returns the number of edits. */
static int64_t check_script(const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb, const uint8_t *same_a,
                            const uint8_t *same_b)
{
    int64_t i = 0, j = 0, edits = 0;
    for (;; i++, j++) {
        for (; i < na && !same_a[i]; i++) edits++;
        for (; j < nb && !same_b[j]; j++) edits++;
        if (i == na || j == nb) break;
        assert_int_equal(a[i], b[j]);
    }
    assert_int_equal(i, na);
    assert_int_equal(j, nb);
    return edits;
}

static int64_t edits(sheaf_ctx *ctx, const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb, int64_t limit)
{
    uint8_t *same = malloc((size_t)(na + nb + 1));
    assert_ok(ctx, sheaf_i_diff(ctx, a, na, b, nb, limit, same, same + na));
    const int64_t n = check_script(a, na, b, nb, same, same + na);
    free(same);
    return n;
}

static void test_small(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    dice d = dice_new(5);
    for (int round = 0; round < 20000; round++) {
        uint32_t a[ROOM], b[ROOM];
        const int64_t words = 1 + roll(&d, 20), na = roll(&d, 30), limit = 1 + roll(&d, 6);
        int64_t nb = round % 2 ? na : roll(&d, 30);
        for (int64_t i = 0; i < na; i++) a[i] = (uint32_t)roll(&d, words);
        for (int64_t j = 0; j < nb; j++) b[j] = round % 2 && roll(&d, 5) ? a[j] : (uint32_t)roll(&d, words);
        const int64_t fewest = edits_by_definition(a, na, b, nb);
        assert_int_equal(edits(ctx, a, na, b, nb, SHEAF_I_DIFF_LIMIT), fewest);
        const int64_t got = edits(ctx, a, na, b, nb, limit); /* anchors and cuts */
        assert_true(got >= fewest);
        if (fewest <= 2 * limit) assert_int_equal(got, fewest);
    }
    sheaf_ctx_free(ctx);
}

/* Two long texts of different words, a text whose halves changed places, and one word against many. */
static void test_far_apart(void **state)
{
    (void)state;
    enum { N = 100000 };
    sheaf_ctx *ctx = test_context(1);
    uint32_t *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
    dice d = dice_new(6);
    for (int64_t i = 0; i < N; i++) a[i] = (uint32_t)(roll(&d, 3) ? roll(&d, 50) : roll(&d, 200000));
    for (int64_t i = 0; i < N; i++) b[i] = (uint32_t)(roll(&d, 3) ? roll(&d, 50) : 200000 + roll(&d, 200000));
    assert_true(edits(ctx, a, N, b, N, SHEAF_I_DIFF_LIMIT) <= 2 * N);
    memcpy(b, a + N / 2, N / 2 * sizeof *b);
    memcpy(b + N / 2, a, N / 2 * sizeof *b);
    assert_true(edits(ctx, a, N, b, N, SHEAF_I_DIFF_LIMIT) <= N); /* one half stays: more than the limit lets find */
    for (int64_t i = 0; i < N; i++) a[i] = 1, b[i] = i % 2 ? 1 : 2;
    assert_int_equal(edits(ctx, a, N / 2, b, N, SHEAF_I_DIFF_LIMIT), N / 2);
    assert_int_equal(edits(ctx, a, 0, b, N, SHEAF_I_DIFF_LIMIT), N);
    free(a);
    free(b);
    sheaf_ctx_free(ctx);
}

/* Nothing but given up boxes: few words in any order, without a single one that both have once; and an end that the
   backward front runs through again and again. Half a second; 15 where anchors are looked for after every cut. */
static void test_no_anchors(void **state)
{
    (void)state;
    enum { N = 600000 };
    const double begin = seconds_used();
    sheaf_ctx *ctx = test_context(1);
    uint32_t *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
    dice d = dice_new(7);
    for (int64_t words = 8; words <= 8000; words *= 1000) {
        for (int64_t i = 0; i < N; i++) a[i] = (uint32_t)roll(&d, words), b[i] = (uint32_t)roll(&d, words);
        assert_true(edits(ctx, a, N, b, N, SHEAF_I_DIFF_LIMIT) < 2 * N);
    }
    for (int64_t i = N / 2; i < N; i++) a[i] = b[i] = 1;
    a[N - 1] = 2;
    assert_true(edits(ctx, a, N, b, N, SHEAF_I_DIFF_LIMIT) < N + 2);
    free(a);
    free(b);
    sheaf_ctx_free(ctx);
    assert_true(seconds_used() - begin < 12);
}

static void test_documents(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const sheaf_str text[] = {test_str("I am writing to urge the commission to reject the bypass."),
                              test_str("I am WRITING to urge the Commission to stop and bury the bypass, now"), test_str("... !"),
                              test_str("Reject the bypass!"), test_str("REJECT the  \"bypass\"")};
    const sheaf_diff_run want[] = {{SHEAF_DIFF_SAME, 0, 0, 8},      {SHEAF_DIFF_DELETED, 8, 8, 1},
                                   {SHEAF_DIFF_INSERTED, 9, 8, 3},  {SHEAF_DIFF_SAME, 9, 11, 2},
                                   {SHEAF_DIFF_INSERTED, 11, 13, 1}};
    sheaf_corpus *c;
    sheaf_words *w;
    sheaf_diff *diff;
    int64_t n;
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, text, NULL, NULL, 5));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, NULL));
    assert_ok(ctx, sheaf_diff_docs(ctx, &diff, w, 0, 1));
    const sheaf_diff_run *got = sheaf_diff_runs(diff, &n);
    assert_int_equal(n, 5);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(got[i].kind, want[i].kind);
        assert_int_equal(got[i].word_a, want[i].word_a);
        assert_int_equal(got[i].word_b, want[i].word_b);
        assert_int_equal(got[i].words, want[i].words);
    }
    sheaf_diff_free(diff);
    assert_ok(ctx, sheaf_diff_docs(ctx, &diff, w, 2, 2));
    (void)sheaf_diff_runs(diff, &n);
    assert_int_equal(n, 0);
    sheaf_diff_free(diff);
    bool same = true;
    assert_ok(ctx, sheaf_same_words(ctx, &same, w, 0, 1));
    assert_false(same);
    assert_ok(ctx, sheaf_same_words(ctx, &same, w, 3, 4)); /* in case and punctuation alone */
    assert_true(same);
    assert_int_equal(sheaf_same_words(ctx, &same, w, 0, 5), SHEAF_EINVAL);
    assert_false(same);
    assert_int_equal(sheaf_diff_docs(ctx, &diff, w, 0, 5), SHEAF_EINVAL);
    assert_null(diff);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static void test_diff_without_memory(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    uint32_t a[40], b[40];
    uint8_t same[80];
    for (uint32_t i = 0; i < 40; i++) a[i] = i, b[i] = i % 3 ? i : 100 + i;
    const int64_t live = limit.live;
    for (int64_t n = 1;; n++) {
        limit.calls = 0;
        limit.fail_at = n;
        sheaf_status st = sheaf_i_diff(ctx, a, 40, b, 40, 2, same, same + 40);
        limit.fail_at = 0;
        assert_int_equal(limit.live, live);
        if (st == SHEAF_OK) {
            assert_true(n > 4);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
    }
    sheaf_ctx_free(ctx);
}

int diff_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),      cmocka_unit_test(test_far_apart),
        cmocka_unit_test(test_no_anchors), cmocka_unit_test(test_documents),
        cmocka_unit_test(test_diff_without_memory),
    };
    return cmocka_run_group_tests_name("differences", tests, NULL, NULL);
}
