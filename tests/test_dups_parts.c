/* Near-duplicates: the parts that a search is made of, and the search by bands. */
#include "test_dups.h"

#include <math.h>

#include "base/mem.h"
#include "near/bands.h"
#include "near/keep.h"
#include "near/radix.h"
#include "near/tally.h"

/* ---- counting ---- */

static sheaf_status take_all(const void *arg, sheaf_i_bag *bag, uint32_t doc, int64_t *n)
{
    return sheaf_i_bag_set(bag, arg, doc, n);
}

static sheaf_i_values tally(sheaf_i_job *j, int64_t bound, int64_t least)
{
    sheaf_i_values v;
    assert_ok(j->ctx, sheaf_i_tally(&v, j, NULL, &j->all, take_all, &j->shingles, bound, least));
    return v;
}

static void check_values(const sheaf_i_values *a, const sheaf_i_values *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->value, b->value, (size_t)a->n * sizeof *a->value);
    assert_memory_equal(a->df, b->df, (size_t)a->n * sizeof *a->df);
    for (int64_t i = 0; i < a->n; i++) {
        assert_int_equal(sheaf_i_values_find(a, a->value[i]), i);
        assert_int_equal(sheaf_i_values_find(a, a->value[i] + 1), i + 1 < a->n && a->value[i + 1] == a->value[i] + 1
                                                                       ? i + 1 : -1);
    }
}

/* The same counts in one round, in many because the table would be large, and in many because it was too small; and
   they are those of counting by sorting. */
static void test_tally(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    test_docs t = test_docs_random(12, 1500, 3000);
    test_collection c = test_collect(ctx, &t);
    sheaf_i_job j = {.ctx = ctx};
    assert_ok(ctx, sheaf_i_tokens_new(&j.t, ctx, c.words[0], NULL));
    sheaf_i_shingles_init(&j.shingles, &j.t, NULL, 2);
    j.bags = sheaf_i_bags_new(ctx);
    j.all = (sheaf_i_docs){.doc = sheaf_i_array(ctx, t.n, sizeof *j.all.doc), .n = t.n};
    for (int32_t i = 0; i < t.n; i++) j.all.doc[i] = (uint32_t)i;
    assert_ok(ctx, sheaf_i_docs_plan(&j.all, &j));
    sheaf_i_values plain = tally(&j, j.t.n_tokens, 1), rounds = tally(&j, 40000000, 1), small = tally(&j, 1, 1);
    assert_true(plain.n > 2000); /* more than the smallest table holds */
    check_values(&plain, &rounds);
    check_values(&plain, &small);
    int64_t total = 0, n, twice = 0;
    for (int64_t i = 0; i < plain.n; i++) {
        total += plain.df[i];
        twice += plain.df[i] > 1;
        assert_true(!i || plain.value[i - 1] < plain.value[i]);
    }
    for (int32_t i = 0; i < t.n; i++) {
        assert_ok(ctx, sheaf_i_bag_set(&j.bags[0], &j.shingles, i, &n));
        total -= n;
        for (int64_t k = 0; k < n; k++) assert_true(sheaf_i_values_find(&plain, j.bags[0].value[k]) >= 0);
    }
    assert_int_equal(total, 0);
    sheaf_i_values often = tally(&j, j.t.n_tokens, 2);
    assert_int_equal(often.n, twice);
    sheaf_i_values_end(&plain);
    sheaf_i_values_end(&rounds);
    sheaf_i_values_end(&small);
    sheaf_i_values_end(&often);
    sheaf_i_docs_end(&j.all);
    sheaf_i_bags_free(ctx, j.bags);
    sheaf_i_tokens_end(&j.t);
    test_collection_free(&c);
    test_docs_free(&t);
    sheaf_ctx_free(ctx);
}

static sheaf_status take_crowded(const void *arg, sheaf_i_bag *bag, uint32_t doc, int64_t *n)
{
    sheaf_status st = sheaf_i_bag_set(bag, arg, doc, n);
    for (int64_t i = 0; i < *n; i++) bag->value[i] >>= 20;
    if (st != SHEAF_OK) return st;
    return sheaf_i_bag_distinct(bag, n);
}

/* Values that were chosen to fall together, as the words of a hostile collection can be: counted all the same. */
static void test_tally_crowded(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    test_docs t = test_docs_random(12, 3500, 9000);
    test_collection c = test_collect(ctx, &t);
    sheaf_i_job j = {.ctx = ctx};
    sheaf_i_values v;
    int64_t total = 0, n;
    assert_ok(ctx, sheaf_i_tokens_new(&j.t, ctx, c.words[0], NULL));
    sheaf_i_shingles_init(&j.shingles, &j.t, NULL, 2);
    j.bags = sheaf_i_bags_new(ctx);
    j.all = (sheaf_i_docs){.doc = sheaf_i_array(ctx, t.n, sizeof *j.all.doc), .n = t.n};
    for (int32_t i = 0; i < t.n; i++) j.all.doc[i] = (uint32_t)i;
    assert_ok(ctx, sheaf_i_docs_plan(&j.all, &j));
    for (int64_t bound = 1; bound < 100000000; bound *= 1000) {
        assert_ok(ctx, sheaf_i_tally(&v, &j, NULL, &j.all, take_crowded, &j.shingles, bound, 1));
        assert_true(v.n > 5000);
        total = 0;
        for (int64_t i = 0; i < v.n; i++) {
            total += v.df[i];
            assert_true(!i || v.value[i - 1] < v.value[i]);
            assert_int_equal(sheaf_i_values_find(&v, v.value[i]), i);
        }
        for (int32_t i = 0; i < t.n; i++) {
            assert_ok(ctx, take_crowded(&j.shingles, &j.bags[0], (uint32_t)i, &n));
            total -= n;
        }
        assert_int_equal(total, 0);
        sheaf_i_values_end(&v);
    }
    sheaf_i_docs_end(&j.all);
    sheaf_i_bags_free(ctx, j.bags);
    sheaf_i_tokens_end(&j.t);
    test_collection_free(&c);
    test_docs_free(&t);
    sheaf_ctx_free(ctx);
}

static void test_radix(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    test_dice dice = {sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, 3), 0};
    sheaf_i_keyed e[3000];
    for (int64_t n = 0; n <= 3000; n += n < 60 ? 1 : 735) {
        for (int64_t i = 0; i < n; i++)
            e[i] = (sheaf_i_keyed){test_roll(&dice, 50) * (n % 2 ? 0x0101010101010101u : (uint64_t)1 << 40), i};
        assert_ok(ctx, sheaf_i_sort_keyed(ctx, e, n));
        for (int64_t i = 1; i < n; i++)
            assert_true(e[i - 1].key < e[i].key || (e[i - 1].key == e[i].key && e[i - 1].of < e[i].of));
    }
    sheaf_ctx_free(ctx);
}

/* Words that fold to the same have the same number in both collections, others never. */
static void test_tokens(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const char *text[2] = {"Der Rat der STADT, stra\xc3\x9f" "e", "STRASSE rat Der Dorf"};
    sheaf_corpus *c[2];
    sheaf_words *w[2];
    for (int i = 0; i < 2; i++) {
        sheaf_str s = test_str(text[i]);
        assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c[i], &s, NULL, NULL, 1));
        assert_ok(ctx, sheaf_words_from_corpus(ctx, &w[i], c[i], NULL));
    }
    sheaf_i_tokens t;
    uint32_t a[5], b[4];
    assert_ok(ctx, sheaf_i_tokens_new(&t, ctx, w[0], w[1]));
    assert_int_equal(sheaf_i_tokens_count(&t, 0), 5);
    assert_int_equal(sheaf_i_tokens_count(&t, 1), 4);
    assert_int_equal(t.n_tokens, 9);
    assert_int_equal(t.longest, 5);
    assert_int_equal(t.n_folded, 5);
    sheaf_i_tokens_of(&t, 0, a);
    sheaf_i_tokens_of(&t, 1, b);
    assert_true(a[0] == a[2] && a[0] == b[2] && a[1] == b[1] && a[4] == b[0]);
    assert_true(a[0] != a[1] && a[3] != a[4] && b[3] != a[0] && b[3] != a[3] && b[3] != a[4] && b[3] != a[1]);
    sheaf_i_tokens_end(&t);
    for (int i = 0; i < 2; i++) {
        sheaf_words_free(w[i]);
        sheaf_corpus_free(c[i]);
    }
    sheaf_ctx_free(ctx);
}

/* ---- bands ---- */

static void test_bands_needed(void **state)
{
    (void)state;
    static const struct { double t, recall; int32_t rows, bands; } cases[] = {
        {.8, .999, 4, 14}, {.8, .999, 5, 18}, {.8, .999, 8, 38}, {.7, .999, 4, 26},
        {.7, .999, 5, 38}, {.5, .999, 3, 52}, {1, .9, 3, 1},     {.5, .5, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(sheaf_i_bands_needed(cases[i].t, cases[i].recall, cases[i].rows), cases[i].bands);
}

/* Where all were found the bound is .05^(1/n); else the chance of so many or more at the bound is .05. */
static void test_share_low(void **state)
{
    (void)state;
    assert_true(sheaf_i_share_low(0, 0) == 0);
    assert_true(sheaf_i_share_low(0, 7) == 0);
    for (int64_t n = 1; n < 2000; n *= 3) {
        double low = sheaf_i_share_low(n, n), p = 1;
        for (int64_t i = 0; i < n; i++) p *= low;
        assert_true(p > .0499 && p < .0501);
    }
    const double low = sheaf_i_share_low(2, 3); /* 3 p^2 (1 - p) + p^3 */
    const double tail = 3 * low * low * (1 - low) + low * low * low;
    assert_true(tail > .0499 && tail < .0501);
}

/* The steps of sheaf_dups_find up to the search. */
typedef struct {
    sheaf_i_job j;
    sheaf_i_units u;
    sheaf_i_lists l;
    sheaf_i_index x;
} search;

static search *search_make(const test_collection *c, const sheaf_dups_opts *o)
{
    search *s = calloc(1, sizeof *s);
    assert_non_null(s);
    sheaf_i_job *j = &s->j;
    *j = (sheaf_i_job){.ctx = c->ctx, .o = *o, .corpus = {c->corpus[0]}};
    assert_ok(j->ctx, sheaf_i_tokens_new(&j->t, j->ctx, c->words[0], NULL));
    sheaf_i_shingles_init(&j->shingles, &j->t, NULL, o->shingle);
    j->bags = sheaf_i_bags_new(j->ctx);
    j->positions = j->t.n_tokens;
    j->all = (sheaf_i_docs){.doc = sheaf_i_array(j->ctx, j->t.n_docs, sizeof *j->all.doc), .n = j->t.n_docs};
    for (int64_t i = 0; i < j->t.n_docs; i++) j->all.doc[i] = (uint32_t)i;
    assert_ok(j->ctx, sheaf_i_docs_plan(&j->all, j));
    assert_ok(j->ctx, sheaf_i_keep_order(j));
    assert_ok(j->ctx, sheaf_i_sets(j));
    assert_ok(j->ctx, sheaf_i_units_make(&s->u, j));
    assert_ok(j->ctx, sheaf_i_lists_make(&s->l, j, &s->u));
    assert_ok(j->ctx, sheaf_i_index_make(&s->x, j, &s->u, &s->l));
    return s;
}

static void search_end(search *s)
{
    sheaf_i_job *j = &s->j;
    sheaf_i_index_end(&s->x);
    sheaf_i_lists_end(&s->l);
    sheaf_i_units_end(&s->u);
    sheaf_i_docs_end(&j->all);
    sheaf_i_bags_free(j->ctx, j->bags);
    sheaf_i_tokens_end(&j->t);
    sheaf_i_aligned_free(j->ctx, (void *)j->filter.word);
    sheaf_i_free(j->ctx, j->size);
    sheaf_i_free(j->ctx, j->hash);
    sheaf_i_free(j->ctx, j->order);
    free(s);
}

/* Every item is searched for exactly and by bands: what bands find is there, and with the same overlap. */
static void search_both(search *s, int64_t *all, int64_t *found)
{
    sheaf_i_search *of = &s->x.search[0];
    for (uint32_t i = 0; i < s->l.n; i++) {
        sheaf_i_hit exact[300];
        s->x.banded = false;
        assert_ok(s->j.ctx, sheaf_i_find_near(&s->x, of, i, false));
        const int64_t n = of->n_hits;
        if (n) memcpy(exact, of->hit, (size_t)n * sizeof *exact);
        s->x.banded = true;
        assert_ok(s->j.ctx, sheaf_i_find_near(&s->x, of, i, false));
        for (int64_t k = 0; k < of->n_hits; k++) {
            int64_t e = 0;
            while (e < n && exact[e].item != of->hit[k].item) e++;
            assert_true(e < n && exact[e].shared == of->hit[k].shared);
        }
        *found += of->n_hits;
        *all += n;
    }
}

static int64_t count_odd(search *s)
{
    int64_t n = 0;
    for (uint32_t i = 1; i < s->l.n; i += 2) {
        assert_ok(s->j.ctx, sheaf_i_find_near(&s->x, &s->x.search[0], i, false));
        n += s->x.search[0].n_hits;
    }
    return n;
}

static void search_random(sheaf_ctx *ctx, uint64_t seed, int64_t *all, int64_t *found)
{
    test_docs t = test_docs_random(500 + seed, 300, 300);
    test_collection c = test_collect(ctx, &t);
    sheaf_dups_opts o = test_dups_options(1, 2);
    sheaf_dups_report r = {0};
    int64_t every = 0, some = 0;
    o.seed = seed;
    search *s = search_make(&c, &o);
    s->j.o.recall = .9;
    assert_ok(ctx, sheaf_i_bands_make(&s->x.bands, &s->j, &s->l, INFINITY));
    assert_true(s->x.bands.bands > 0);
    search_both(s, &every, &some);
    assert_ok(ctx, sheaf_i_measure_recall(&s->x, &r));
    assert_int_equal(r.recall_sample, every);
    if (every) assert_true(r.recall == (double)some / (double)every);
    assert_true(r.recall_low <= r.recall);
    for (uint32_t i = 0; i < s->l.n; i += 2) sheaf_i_index_remove(&s->x, i);
    const int64_t left = count_odd(s);
    sheaf_i_bands_compact(&s->x.bands, s->x.gone);
    assert_int_equal(count_odd(s), left);
    *all += every;
    *found += some;
    search_end(s);
    test_collection_free(&c);
    test_docs_free(&t);
}

/* Of what is there as much is found as was asked for: more, as most pairs are above the threshold. */
static void test_recall(void **state)
{
    (void)state;
    int64_t all = 0, found = 0;
    sheaf_ctx *ctx = test_context(1);
    for (uint64_t seed = 0; seed < 20; seed++) search_random(ctx, seed, &all, &found);
    assert_true(all > 1000 && found < all);
    assert_true(10 * found >= 9 * all);
    sheaf_ctx_free(ctx);
}

int test_dups_parts(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally),        cmocka_unit_test(test_tally_crowded), cmocka_unit_test(test_radix),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_bands_needed), cmocka_unit_test(test_share_low), cmocka_unit_test(test_recall),
    };
    return cmocka_run_group_tests_name("dups, parts", tests, NULL, NULL);
}
