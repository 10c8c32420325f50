/* Near-duplicates: random collections against comparing all documents, with all options. */
#include "test_dups.h"

#include <stdio.h>

static const sheaf_ratio ratios[] = {{4, 5}, {1, 1}, {3, 10}, {1, 2}, {9, 10}, {999999, 1000000}, {1, 10}, {2, 3},
                                     {1, 1000000}};
#define RATIOS ((uint64_t)(sizeof ratios / sizeof *ratios))

static sheaf_dups_opts random_options(test_dice *dice, bool plain)
{
    sheaf_dups_opts o = test_dups_options(1, 1);
    o.threshold = ratios[test_roll(dice, RATIOS)];
    o.shingle = 1 + (int32_t)test_roll(dice, 4);
    o.pairs = test_roll(dice, 4) > 0;
    if (test_roll(dice, 2)) o.containment = ratios[test_roll(dice, RATIOS)];
    if (plain) return o;
    o.keep = (sheaf_keep)test_roll(dice, 6);
    o.keep_field = "score";
    o.linkage = test_roll(dice, 3) ? SHEAF_LINKAGE_STAR : SHEAF_LINKAGE_CONNECTED;
    if (test_roll(dice, 3) == 0) o.window = 86400. * (double)test_roll(dice, 4);
    if (test_roll(dice, 3) == 0) o.not_same_field = "source";
    if (test_roll(dice, 4) == 0) o.ignore_common = (sheaf_ratio){1 + (int64_t)test_roll(dice, 9), 20};
    if (test_roll(dice, 4) == 0) o.min_words = (int64_t)test_roll(dice, 12);
    return o;
}

static char last[200]; /* what failed, if a test did */

static int tell(void **state)
{
    (void)state;
    if (last[0]) print_error("%s\n", last);
    last[0] = 0;
    return 0;
}

static void check(test_docs *t, const sheaf_dups_opts *o, int32_t threads)
{
    sheaf_ctx *ctx = test_context(threads);
    test_collection c = test_collect(ctx, t);
    sheaf_dups *d = NULL;
    assert_ok(ctx, test_find(&c, &d, o));
    test_against_truth(t, o, d);
    sheaf_dups_free(d);
    test_collection_free(&c);
    sheaf_ctx_free(ctx);
}

static void run(uint64_t from, uint64_t runs, bool plain, bool old)
{
    for (uint64_t seed = from; seed < from + runs; seed++) {
        test_dice dice = {sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 1), 0};
        static const int32_t vocabulary[] = {2, 8, 60, 1000};
        const int32_t n = 2 + (int32_t)test_roll(&dice, 70);
        test_docs t = test_docs_random(seed, n, vocabulary[test_roll(&dice, 4)]);
        sheaf_dups_opts o = random_options(&dice, plain);
        if (old) t.n_new = 1 + (int32_t)test_roll(&dice, (uint64_t)n - 1);
        snprintf(last, sizeof last, "seed %d, %d documents, %d/%d, %d/%d, shingle %d, linkage %d, keep %d, window %g, source "
                 "%d, common %d/%d", (int)seed, n, (int)o.threshold.p, (int)o.threshold.q, (int)o.containment.p,
                 (int)o.containment.q, o.shingle, (int)o.linkage, (int)o.keep, o.window, o.not_same_field != NULL,
                 (int)o.ignore_common.p, (int)o.ignore_common.q);
        check(&t, &o, 1 + (int32_t)(seed % 3));
        test_docs_free(&t);
    }
    last[0] = 0;
}

static void test_plain(void **state)
{
    (void)state;
    run(1, 400, true, false);
}

static void test_options(void **state)
{
    (void)state;
    run(1000, 800, false, false);
}

/* Sets of few sizes over few words: ties wherever there can be any. */
static void test_ties(void **state)
{
    (void)state;
    for (uint64_t seed = 7000; seed < 8500; seed++) {
        test_dice dice = {sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 4), 0};
        test_docs t = {0};
        const int32_t n = 3 + (int32_t)test_roll(&dice, 30), words = 4 + (int32_t)test_roll(&dice, 8);
        for (int32_t i = 0; i < n; i++) {
            int32_t word[TEST_MOST_WORDS];
            const int32_t length = words - (int32_t)test_roll(&dice, 2);
            for (int32_t k = 0; k < length; k++) word[k] = (int32_t)test_roll(&dice, (uint64_t)words + 4);
            test_docs_add(&t, word, length);
            snprintf(t.doc[i].source, sizeof t.doc[i].source, "s%d", (int)test_roll(&dice, 3));
        }
        sheaf_dups_opts o = random_options(&dice, false);
        o.shingle = 1;
        o.window = 0;
        o.keep = test_roll(&dice, 2) ? SHEAF_KEEP_CENTRAL : SHEAF_KEEP_LONGEST;
        if (o.containment.p == 0) o.containment = ratios[test_roll(&dice, RATIOS)];
        snprintf(last, sizeof last, "ties, seed %d", (int)seed);
        check(&t, &o, 1 + (int32_t)(seed % 3));
        test_docs_free(&t);
    }
    last[0] = 0;
}

static void test_against(void **state)
{
    (void)state;
    run(3000, 400, true, true);
    run(4000, 400, false, true);
}

int test_dups_random(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_plain, tell),
        cmocka_unit_test_teardown(test_options, tell),
        cmocka_unit_test_teardown(test_ties, tell),
        cmocka_unit_test_teardown(test_against, tell),
    };
    return cmocka_run_group_tests_name("dups, random", tests, NULL, NULL);
}
