/* Made-up documents for refinement, and its objective from the definition. Include after support.h. */
#ifndef SHEAF_TESTS_TEST_REFINE_H
#define SHEAF_TESTS_TEST_REFINE_H

#include <math.h>

#include "base/rng.h"
#include "refine/refine.h"
#include "test_topic.h"

extern const struct CMUnitTest test_refine_partition[];
extern const size_t n_test_refine_partition;
extern const struct CMUnitTest test_refine_exchange[];
extern const size_t n_test_refine_exchange;
extern const struct CMUnitTest test_refine_labels[];
extern const size_t n_test_refine_labels;
extern const struct CMUnitTest test_refine_cases[];
extern const size_t n_test_refine_cases;
extern const struct CMUnitTest test_refine_tree[];
extern const size_t n_test_refine_tree;
extern const struct CMUnitTest test_refine_choose[];
extern const size_t n_test_refine_choose;

typedef struct {
    sheaf_terms *terms, *phrases;
    sheaf_refine_opts o;
    sheaf_i_rows rows;
    int32_t *topic; /* n */
} test_sample;

/* Words of a document's topic are likelier in it. `odd`: every 13th document has none at all, and some words come in
   bursts that tell nothing. */
static inline uint32_t *test_counts(int64_t n, int32_t m, int32_t topics, bool odd, uint64_t seed, int32_t *topic)
{
    const uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 0);
    uint32_t *count = calloc((size_t)n * (size_t)m + 1, sizeof *count);
    for (int64_t i = 0; i < n; i++) {
        topic[i] = (int32_t)(sheaf_i_rng_u64(key, (uint64_t)i) % (uint64_t)topics);
        for (int32_t j = 0; j < m && !(odd && i % 13 == 12); j++) {
            const uint64_t at = (uint64_t)(n + 2 * (i * m + j));
            const double chance = (j % topics == topic[i] ? .4 : .08) * (j % 5 ? 1 : .4);
            if (sheaf_i_rng_unit(key, at) < chance)
                count[i * m + j] = 1 + (uint32_t)(sheaf_i_rng_u64(key, at + 1) % (odd && j % 11 == 0 ? 70 : 3));
        }
    }
    return count;
}

/* m words, m / 2 phrases (none: with_phrases is false). */
static inline test_sample test_sample_new(sheaf_ctx *ctx, int64_t n, int32_t m, int32_t topics, bool with_phrases,
                                          bool odd, uint64_t seed)
{
    test_sample s = {.topic = calloc((size_t)n + 1, sizeof *s.topic)};
    uint32_t *count = test_counts(n, m, topics, odd, seed, s.topic);
    s.terms = test_terms(ctx, count, n, m, NULL, NULL);
    free(count);
    if (with_phrases) {
        int32_t *other = calloc((size_t)n + 1, sizeof *other);
        count = test_counts(n, m / 2, topics, odd, seed, other); /* topics are of the same numbers */
        s.phrases = test_terms(ctx, count, n, m / 2, NULL, NULL);
        free(count);
        free(other);
    }
    sheaf_refine_opts_init(&s.o, sizeof s.o);
    assert_ok(ctx, sheaf_i_rows_build(&s.rows, s.terms, s.phrases, &s.o, 65535));
    return s;
}

static inline void test_sample_end(test_sample *s)
{
    sheaf_i_rows_end(&s->rows);
    test_terms_free(s->terms);
    if (s->phrases) test_terms_free(s->phrases);
    free(s->topic);
}

/* Labels 0 .. k - 1 by chance, each at least once if n >= k. */
static inline void test_labels(int32_t *label, int64_t n, int32_t k, uint64_t seed)
{
    const uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 1);
    for (int64_t i = 0; i < n; i++) label[i] = (int32_t)(sheaf_i_rng_u64(key, (uint64_t)i) % (uint64_t)k);
    for (int32_t t = 0; t < k && t < n; t++) label[((uint64_t)t + key % (uint64_t)n) % (uint64_t)n] = t;
}

static inline long double test_f(long double z) { return z > 0 ? z * logl(z) : 0; }

/* The objective of partition.h in long double; size_weight as there, in units. */
static inline double test_objective(const sheaf_i_rows *r, int32_t k, const int32_t *label, double size_weight)
{
    long double all = 0, *c = malloc(((size_t)r->m + 1) * sizeof *c);
    for (int32_t t = 0; t < k; t++) {
        long double mass = 0, count = 0;
        for (int32_t j = 0; j < r->m; j++) c[j] = r->prior[j];
        for (int64_t i = 0; i < r->n; i++) {
            if (label[i] != t) continue;
            count++;
            for (int64_t q = r->indptr[i]; q < r->indptr[i + 1]; q++) c[r->column[q]] += r->value[q];
        }
        for (int32_t j = 0; j < r->m; j++) {
            mass += c[j];
            all += test_f(c[j]);
        }
        all += size_weight * test_f(count) - test_f(mass);
    }
    free(c);
    return (double)all;
}

/* What gains of `value` in all may be off by, each by 2e-6 (1 + ln(c + v)) of its value (kernel.h) and the float sum of
   them by n / 2 roundings at most; c up to `most`. */
static inline double test_gain_bound(double value, double most, double n)
{
    return value * (1 + log(most + 1)) * (2e-6 + 0x1p-24 * (1 + n / 2));
}

/* Runs the refinement on a copy of the labels; `second` and `margin` may be NULL. */
static inline sheaf_status test_refine(const sheaf_i_rows *r, int32_t k, int32_t *label, int32_t *second,
                                       float *margin, const sheaf_refine_opts *o, sheaf_i_refine_report *report)
{
    sheaf_i_refine_report own;
    int32_t *s = second ? second : malloc(((size_t)r->n + 1) * sizeof *s);
    float *g = margin ? margin : malloc(((size_t)r->n + 1) * sizeof *g);
    sheaf_i_refined l = {k, label, s, g};
    const sheaf_status st = sheaf_i_refine_labels(r, &l, o, report ? report : &own);
    if (!second) free(s);
    if (!margin) free(g);
    return st;
}

#endif
