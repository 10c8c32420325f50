/* The sklearn analyser against scikit-learn 1.9.1 (Python 3.11): the vocabulary and counts of CountVectorizer on
 * made-up texts in several scripts, with the arguments that stand at each test. Final and other sigmas, U+0130, numbers
 * that are no digits, combining marks and titlecase letters are what is hard about them.
 */
#include "test_text.h"

static const char *const sklearn_texts[] = {
    "The River rose again; the river's banks, banks and fields were flooded in 2019.",
    "Die Stra\303\237e am FLUSS: \303\274ber_die Br\303\274cke f\303\244hrt der Bus Nr. 42, 42 Minuten lang!",
    "\316\237\316\224\316\237\316\243 \316\244\316\227\316\243 \316\240\316\237\316\233\316\227\316\243 \316"
    "\272\316\261\316\271 \316\277 \316\240\316\237\316\244\316\221\316\234\316\237\316\243'\316\261 \316\221"
    "\316\243.",
    "\304\260stanbul'da D\304\260YARBAKIR ve I\304\237d\304\261r; \304\261l\304\261k SU su.",
    "Le caf\303\251 \303\240 l'\303\251t\303\251 \342\200\224 l'eau, na\303\257ve co\303\266peration, x\302"
    "\262 \302\275 \342\205\247 \342\205\267",
    "\346\262\263\346\260\264\344\270\212\346\266\250 \346\262\263\346\260\264 \344\270\212\346\266\250,2019"
    "\345\271\264\343\200\202\340\270\240\340\270\262\340\270\251\340\270\262\340\271\204\340\270\227\340\270"
    "\242 \340\270\240\340\270\262\340\270\251\340\270\262",
    "\320\222\320\276\320\264\320\260 \320\262 \321\200\320\265\320\272\320\265 \320\277\320\276\320\264\320"
    "\275\321\217\320\273\320\260\321\201\321\214, \320\222\320\236\320\224\320\220 \320\262 \320\277\320\276"
    "\320\273\320\265",
    "don't can't e_mail E_MAIL _x_ a b c 3.14 river fields 1990s",
    ". - ...",
    "The banks of the river: caf\303\251, Br\303\274cke, \320\222\320\236\320\224\320\220, \317\200\316\277"
    "\317\204\316\261\316\274\316\277\317\203 \346\262\263\346\260\264 su x\302\262 \342\205\267",
    "\357\254\201eld \357\254\202ood \307\204 \307\205 \307\206 \341\272\236 \303\237 K k \303\205 \302\252"
    "\302\272 \342\221\240\342\221\241 \331\241\331\242\331\243 \340\245\247\340\245\250\340\245\251",
    "flooded fields flooded fields river banks \316\243\316\221\316\243 \316\243\316\221\316\243. \317\203\316"
    "\261\317\203 \317\203\316\261\317\202"
};
static const char *const all_terms[] = {
    "14", "1990s", "2019", "2019\345\271\264", "42", "_x_", "again", "am", "and", "banks", "br\303\274cke",
    "bus", "caf\303\251", "can", "co\303\266peration", "da", "der", "di", "die", "don", "e_mail", "eau",
    "fields", "flooded", "fluss", "f\303\244hrt", "in", "i\304\237d\304\261r", "lang", "le", "minuten",
    "na\303\257ve", "nr", "of", "river", "rose", "stanbul", "stra\303\237e", "su", "the", "ve", "were",
    "x\302\262", "yarbakir", "\302\252\302\272", "\303\251t\303\251", "\303\274ber_die", "\304\261l\304\261k",
    "\316\261\317\202", "\316\272\316\261\316\271", "\316\277\316\264\316\277\317\202",
    "\317\200\316\277\316\273\316\267\317\202", "\317\200\316\277\317\204\316\261\316\274\316\277\317\203",
    "\317\203\316\261\317\202", "\317\203\316\261\317\203", "\317\204\316\267\317\202",
    "\320\262\320\276\320\264\320\260",
    "\320\277\320\276\320\264\320\275\321\217\320\273\320\260\321\201\321\214",
    "\320\277\320\276\320\273\320\265", "\321\200\320\265\320\272\320\265", "\331\241\331\242\331\243",
    "\340\245\247\340\245\250\340\245\251", "\340\270\240\340\270\262\340\270\251\340\270\262",
    "\340\270\240\340\270\262\340\270\251\340\270\262\340\271\204\340\270\227\340\270\242",
    "\342\221\240\342\221\241", "\344\270\212\346\266\250", "\346\262\263\346\260\264",
    "\346\262\263\346\260\264\344\270\212\346\266\250", "\357\254\201eld", "\357\254\202ood"
};
static const int64_t all_indptr[] = {0, 11, 24, 30, 38, 45, 51, 55, 63, 63, 74, 80, 86};
static const int32_t all_indices[] = {2, 6, 8, 9, 22, 23, 26, 34, 35, 39, 41, 4, 7, 10, 11, 16, 18, 24, 25, 28, 30,
    32, 37, 46, 48, 49, 50, 51, 52, 55, 15, 17, 27, 36, 38, 40, 43, 47, 12, 14, 21, 29, 31, 42, 45, 3, 62, 63, 65, 66,
    67, 56, 57, 58, 59, 0, 1, 5, 13, 19, 20, 22, 34, 9, 10, 12, 33, 34, 38, 39, 42, 52, 56, 66, 44, 60, 61, 64, 68,
    69, 9, 22, 23, 34, 53, 54};
static const uint32_t all_counts[] = {1, 1, 1, 2, 1, 1, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1,
    1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1, 3, 1};
static const char *const some_terms[] = {
    "banks", "br\303\274cke", "caf\303\251", "fields", "flooded", "su", "the", "x\302\262",
    "\317\200\316\277\317\204\316\261\316\274\316\277\317\203", "\320\262\320\276\320\264\320\260",
    "\346\262\263\346\260\264"
};
static const int64_t some_indptr[] = {0, 4, 5, 6, 7, 9, 10, 11, 12, 12, 21, 21, 24};
static const int32_t some_indices[] = {0, 3, 4, 6, 1, 8, 5, 2, 7, 10, 9, 3, 0, 1, 2, 5, 6, 7, 8, 9, 10, 0, 3, 4};
static const uint32_t some_counts[] = {2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 2};
static const char *const trigrams_terms[] = {
    "banks", "br\303\274cke", "caf\303\251", "fields", "flooded", "river", "river banks", "su", "the",
    "the river", "x\302\262", "\317\200\316\277\317\204\316\261\316\274\316\277\317\203",
    "\320\262\320\276\320\264\320\260", "\346\262\263\346\260\264"
};
static const int64_t trigrams_indptr[] = {0, 7, 8, 9, 10, 12, 13, 14, 16, 16, 27, 27, 32};
static const int32_t trigrams_indices[] = {0, 3, 4, 5, 6, 8, 9, 1, 11, 7, 2, 10, 13, 12, 3, 5, 0, 1, 2, 5, 7, 8, 9,
    10, 11, 12, 13, 0, 3, 4, 5, 6};
static const uint32_t trigrams_counts[] = {2, 1, 1, 2, 1, 2, 2, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1,
    1, 1, 1, 2, 2, 1, 1};

typedef struct {
    const char *const *terms;
    int64_t n_terms;
    const int64_t *indptr;
    const int32_t *indices;
    const uint32_t *counts;
} expected;

#define N_TEXTS ((int64_t)(sizeof sklearn_texts / sizeof *sklearn_texts))

static sheaf_text_opts sklearn_options(void)
{
    sheaf_text_opts o = test_keep_all();
    o.analyzer = SHEAF_ANALYZER_SKLEARN;
    o.lexical_order = true;
    return o;
}

static void compare(const expected *e, const sheaf_text_opts *o)
{
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        sheaf_ctx *ctx = test_context(threads);
        sheaf_terms *t = test_terms(ctx, sklearn_texts, N_TEXTS, o);
        assert_int_equal(sheaf_terms_size(t), e->n_terms);
        for (int32_t i = 0; i < e->n_terms; i++) assert_str(sheaf_terms_term(t, i), e->terms[i]);
        const int64_t *indptr;
        const int32_t *indices;
        const uint32_t *counts;
        sheaf_terms_counts(t, &indptr, &indices, &counts);
        assert_memory_equal(indptr, e->indptr, (size_t)(N_TEXTS + 1) * sizeof *indptr);
        assert_memory_equal(indices, e->indices, (size_t)indptr[N_TEXTS] * sizeof *indices);
        assert_memory_equal(counts, e->counts, (size_t)indptr[N_TEXTS] * sizeof *counts);
        sheaf_terms_free(t);
        sheaf_ctx_free(ctx);
    }
}

#define EXPECT(name) \
    {name##_terms, sizeof name##_terms / sizeof *name##_terms, name##_indptr, name##_indices, name##_counts}

static void test_all(void **state) /* min_df=1, max_df=1.0 */
{
    (void)state;
    const expected e = EXPECT(all);
    sheaf_text_opts o = sklearn_options();
    compare(&e, &o);
}

static void test_some(void **state) /* min_df=2, max_df=0.25 */
{
    (void)state;
    const expected e = EXPECT(some);
    sheaf_text_opts o = sklearn_options();
    o.min_df_count = 2;
    o.max_df_share = .25;
    compare(&e, &o);
}

static void test_trigrams(void **state) /* min_df=2, max_df=1.0, ngram_range=(1, 3) */
{
    (void)state;
    const expected e = EXPECT(trigrams);
    sheaf_text_opts o = sklearn_options();
    o.min_df_count = 2;
    o.ngram_max = 3;
    compare(&e, &o);
}

const struct CMUnitTest test_text_sklearn[] = {cmocka_unit_test(test_all), cmocka_unit_test(test_some),
                                               cmocka_unit_test(test_trigrams)};
const size_t n_test_text_sklearn = sizeof test_text_sklearn / sizeof *test_text_sklearn;
