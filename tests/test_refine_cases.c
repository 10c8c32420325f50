/* Refinement of what is odd: no words, one cluster, as many as documents, copies, a huge document, real texts. */
#include "support.h"

#include <stdio.h>

#include "test_refine.h"

/* Rows of docs x words counts. */
static test_sample of_counts(sheaf_ctx *ctx, const uint32_t *count, int64_t n, int32_t m)
{
    test_sample s = {.topic = calloc((size_t)n + 1, sizeof *s.topic)};
    s.terms = test_terms(ctx, count, n, m, NULL, NULL);
    sheaf_refine_opts_init(&s.o, sizeof s.o);
    assert_ok(ctx, sheaf_i_rows_build(&s.rows, s.terms, NULL, &s.o, 65535));
    return s;
}

/* Refines; labels stay in range and the objective does not fall. A document without words stays, unless its cluster is
   merged or cut: it follows. */
static void refine_soundly(const test_sample *s, int32_t k, int32_t *label)
{
    const sheaf_i_rows *r = &s->rows;
    const double size_weight = s->o.size_weight * r->unit, before = test_objective(r, k, label, size_weight);
    int32_t *start = malloc(((size_t)r->n + 1) * sizeof *start), *second = malloc(((size_t)r->n + 1) * sizeof *second);
    float *margin = malloc(((size_t)r->n + 1) * sizeof *margin);
    sheaf_i_refine_report report;
    memcpy(start, label, (size_t)r->n * sizeof *label);
    assert_ok(r->ctx, test_refine(r, k, label, second, margin, &s->o, &report));
    for (int64_t i = 0; i < r->n; i++) {
        assert_in_range(label[i] + 1, start[i] < 0 ? 0 : 1, start[i] < 0 ? 0 : k);
        assert_true(second[i] >= -1 && second[i] < k && (second[i] < 0 || second[i] != label[i]));
        assert_true(margin[i] >= 0 && isfinite(margin[i]));
        if (!r->mass[i] && !report.balance.kept && !report.regrouped) assert_int_equal(label[i], start[i]);
    }
    assert_true(test_objective(r, k, label, size_weight) >= before - 1e-12 * fabs(before));
    free(start);
    free(second);
    free(margin);
}

/* Documents that take no part stay as they are, and do not count for the others. */
static void some_take_no_part(void **state)
{
    (void)state;
    enum { N = 240, K = 3 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 40, K, true, true, 3);
    int32_t start[N], label[N];
    int64_t empty = 0;
    test_labels(start, N, K, 5);
    for (int64_t i = 0; i < N; i += 9) start[i] = -1;
    memcpy(label, start, sizeof label);
    refine_soundly(&s, K, label);
    for (int64_t i = 0; i < N; i++) {
        empty += !s.rows.mass[i];
        if (start[i] < 0) assert_int_equal(label[i], -1);
    }
    assert_true(empty >= N / 13);
    for (int64_t i = 0; i < N; i++) label[i] = -1;
    refine_soundly(&s, K, label);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

static void few_and_many_clusters(void **state)
{
    (void)state;
    enum { N = 40 };
    static const int32_t ks[] = {1, 2, 3, 16, 17, 33, N};
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 30, 3, true, true, 8);
    for (size_t c = 0; c < sizeof ks / sizeof *ks; c++) {
        int32_t label[N], start[N], count[N] = {0};
        test_labels(label, N, ks[c], c);
        for (int32_t i = 0; i < N && ks[c] == N; i++) label[i] = i;
        memcpy(start, label, sizeof label);
        refine_soundly(&s, ks[c], label);
        for (int64_t i = 0; i < N; i++) count[label[i]]++;
        for (int32_t t = 0; t < ks[c]; t++) assert_true(count[t] > 0); /* none has lost all of its documents */
        if (ks[c] == 1) assert_memory_equal(label, start, sizeof label);
    }
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* More clusters than the start uses, one of them, some of them. */
static void starts_with_empty_clusters(void **state)
{
    (void)state;
    enum { N = 120 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 30, 4, false, true, 12);
    for (int32_t k = 2; k <= 20; k += k < 6 ? 1 : 7) {
        int32_t label[N] = {0};
        refine_soundly(&s, k, label);
        for (int64_t i = 0; i < N; i++) label[i] = k - 1 - (i % 3 == 0);
        refine_soundly(&s, k, label);
    }
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

static void many_clusters_share_the_prior(void **state)
{
    (void)state;
    sheaf_refine_opts o;
    sheaf_refine_opts_init(&o, sizeof o);
    const double prior = o.prior;
    sheaf_i_refine_share_prior(&o, 25);
    assert_true(o.prior == prior);
    sheaf_i_refine_share_prior(&o, 100);
    assert_true(fabs(o.prior - prior / 4) < 1e-12);
    o.method = SHEAF_REFINE_SIB;
    sheaf_i_refine_share_prior(&o, 100);
    assert_true(fabs(o.prior - prior / 4) < 1e-12);
}

/* All alike, in any way of counting. */
static void copies(void **state)
{
    (void)state;
    enum { N = 60, M = 20 };
    sheaf_ctx *ctx = test_context(2);
    uint32_t count[N * M];
    for (int at = 0; at < N * M; at++) count[at] = (uint32_t)(at % M % 4);
    test_sample s = of_counts(ctx, count, N, M);
    for (int32_t k = 1; k <= 5; k++) {
        int32_t label[N];
        test_labels(label, N, k, (uint64_t)k);
        refine_soundly(&s, k, label);
    }
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* One document has every term four thousand million times: values end at 65,535. */
static void one_huge_document(void **state)
{
    (void)state;
    enum { N = 50, M = 3000, K = 3 };
    sheaf_ctx *ctx = test_context(2);
    int32_t *topic = calloc(N, sizeof *topic), label[N];
    uint32_t *count = test_counts(N, M, K, false, 5, topic);
    for (int64_t j = 0; j < M; j++) count[17 * M + j] = UINT32_MAX;
    test_sample s = of_counts(ctx, count, N, M);
    int64_t mass = 0;
    for (int64_t q = s.rows.indptr[17]; q < s.rows.indptr[18]; q++) mass += s.rows.value[q];
    assert_int_equal(mass, s.rows.mass[17]);
    assert_int_equal(s.rows.indptr[18] - s.rows.indptr[17], M);
    test_labels(label, N, K, 3);
    refine_soundly(&s, K, label);
    free(count);
    free(topic);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

static void next_to_nothing(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const uint32_t count[6] = {3, 0, 1, 2, 0, 0};
    static const struct {
        int64_t n;
        int32_t m, k;
    } cases[] = {{1, 6, 1}, {1, 6, 2}, {1, 6, 4}, {1, 0, 1}, {1, 0, 3}, {6, 0, 3}, {6, 1, 3}, {2, 3, 2}, {0, 0, 3},
                 {0, 6, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int32_t label[6] = {0, 1, 0, 0, 0, 0};
        test_sample s = of_counts(ctx, count, cases[c].n, cases[c].m);
        assert_true(s.rows.m == cases[c].m && s.rows.n == cases[c].n && s.rows.unit > 0);
        refine_soundly(&s, cases[c].k, label);
        if (!cases[c].m) assert_true(label[0] == 0 && label[1] == 1);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* Limits of the options that users may give. */
static void odd_weights(void **state)
{
    (void)state;
    enum { N = 90, K = 4 };
    static const double weights[][3] = {{1e-3, .4, 1}, {1e6, .4, 1}, {.2, 1, 1}, {.2, 1e-3, 1}, {.2, 0, 1}, {.2, .4, 0},
                                        {.2, .4, 1e6}, {1e-9, 1e-9, 0}};
    sheaf_ctx *ctx = test_context(2);
    for (size_t c = 0; c < sizeof weights / sizeof *weights; c++) {
        test_sample s = test_sample_new(ctx, N, 30, K, true, true, 70 + c);
        sheaf_i_rows_end(&s.rows);
        s.o.prior = weights[c][0];
        s.o.phrase_weight = weights[c][1];
        s.o.size_weight = weights[c][2];
        assert_ok(ctx, sheaf_i_rows_build(&s.rows, s.terms, s.phrases, &s.o, 65535));
        int32_t label[N];
        test_labels(label, N, K, 3);
        refine_soundly(&s, K, label);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

enum { TEXTS = 90, TOPICS = 3 };
static const char *const WORDS[TOPICS][6] = {
    {"goal", "keeper", "striker", "league", "penalty", "referee"},
    {"bank", "interest", "inflation", "market", "currency", "budget"},
    {"planet", "orbit", "telescope", "comet", "galaxy", "rocket"}};

/* Texts of a topic's words, some that all share, and in every seventh those of another. */
static void write_texts(char text[TEXTS][400], sheaf_str *s)
{
    const uint64_t key = sheaf_i_rng_key(6, SHEAF_I_RNG_TEST, 0);
    for (int i = 0; i < TEXTS; i++) {
        int at = 0;
        for (int w = 0; w < 24; w++) {
            const uint64_t x = sheaf_i_rng_u64(key, (uint64_t)(i * 24 + w));
            const int topic = w % 7 == 6 ? (int)((x >> 20) % TOPICS) : i % TOPICS;
            at += snprintf(text[i] + at, 400 - (size_t)at, "%s%s", w ? " " : "",
                           w % 5 == 4 ? (x & 1 ? "report" : "yesterday") : WORDS[topic][x % 6]);
        }
        s[i] = test_str(text[i]);
    }
}

/* From texts through the public calls: labels of which a third is wrong come right. */
static void texts_find_their_topics(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    static char text[TEXTS][400];
    sheaf_str strings[TEXTS];
    write_texts(text, strings);
    sheaf_corpus *c;
    sheaf_words *w;
    sheaf_text_opts to;
    sheaf_phrase_opts po;
    test_sample s = {.topic = calloc(TEXTS, sizeof *s.topic)};
    sheaf_text_opts_init(&to, sizeof to);
    sheaf_phrase_opts_init(&po, sizeof po);
    sheaf_refine_opts_init(&s.o, sizeof s.o);
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, strings, NULL, NULL, TEXTS));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &w, c, &to));
    assert_ok(ctx, sheaf_terms_build(ctx, &s.terms, w, &to));
    assert_ok(ctx, sheaf_phrases_build(ctx, &s.phrases, w, s.terms, &po));
    assert_true(sheaf_terms_size(s.phrases) > 10);
    for (int with = 0; with < 2; with++) {
        assert_ok(ctx, sheaf_i_rows_build(&s.rows, s.terms, with ? s.phrases : NULL, &s.o, 65535));
        assert_int_equal(s.rows.m, sheaf_terms_size(s.terms) + (with ? sheaf_terms_size(s.phrases) : 0));
        int32_t label[TEXTS];
        for (int i = 0; i < TEXTS; i++) label[i] = i % 9 < 3 ? (i + 1) % TOPICS : i % TOPICS;
        refine_soundly(&s, TOPICS, label);
        for (int i = 0; i < TEXTS; i++) assert_int_equal(label[i], i % TOPICS);
        sheaf_i_rows_end(&s.rows);
    }
    free(s.topic);
    sheaf_terms_free(s.phrases);
    sheaf_terms_free(s.terms);
    sheaf_words_free(w);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_refine_cases[] = {
    cmocka_unit_test(some_take_no_part), cmocka_unit_test(few_and_many_clusters),
    cmocka_unit_test(starts_with_empty_clusters),
    cmocka_unit_test(many_clusters_share_the_prior), cmocka_unit_test(copies), cmocka_unit_test(one_huge_document),
    cmocka_unit_test(next_to_nothing), cmocka_unit_test(odd_weights), cmocka_unit_test(texts_find_their_topics),
};
const size_t n_test_refine_cases = sizeof test_refine_cases / sizeof *test_refine_cases;
