/* refine/: weights of documents against their formula; the other files have partitions, labels and odd cases. */
#include "support.h"

#include <stdio.h>

#include "test_refine.h"

/* g of a term, from rows.h. */
static double evenness(const sheaf_terms *t, int32_t term)
{
    double all = 0, h = 0;
    for (int64_t p = 0; p < t->indptr[t->n_docs]; p++) all += t->indices[p] == term ? t->counts[p] : 0;
    for (int64_t p = 0; p < t->indptr[t->n_docs]; p++)
        if (t->indices[p] == term) h += t->counts[p] / all * log(t->counts[p] / all);
    return fmax(1 + h / log(fmax((double)t->n_docs, 2)), 0);
}

/* Floats in between may round the other way: one off. */
static void assert_value(uint16_t got, double weight, uint32_t tf)
{
    const double want = fmin(fmax(rint(weight * log2(1 + (double)tf)), 1), 65535);
    if (!(fabs(got - want) <= 1)) fail_msg("weight %g, tf %u: %d, not %g", weight, (unsigned)tf, got, want);
}

/* Row i, from *at on: terms below `size` of a source, with numbers from `base` on. */
static void check_part(const sheaf_i_rows *r, const sheaf_terms *t, int32_t size, int32_t base, const double *weight,
                       int64_t i, int64_t *at, int64_t *mass)
{
    for (int64_t p = t->indptr[i]; p < t->indptr[i + 1]; p++) {
        if (t->indices[p] >= size) continue;
        assert_true(*at < r->indptr[i + 1]);
        assert_int_equal(r->column[*at], base + t->indices[p]);
        assert_value(r->value[*at], weight[t->indices[p]], t->counts[p]);
        *mass += r->value[(*at)++];
    }
}

static void check_columns(const sheaf_i_rows *r, int32_t size, int32_t base, const double *weight, double prior)
{
    for (int32_t j = 0; j < size; j++) {
        assert_value(r->first[base + j], weight[j], 1);
        assert_true(fabs((double)r->prior[base + j] - prior) <= 1e-6 * prior);
    }
}

static void check_rows(const test_sample *s, const sheaf_i_rows *r, int32_t words, int32_t phrases)
{
    double *weight[2] = {calloc((size_t)words + 1, sizeof(double)), calloc((size_t)phrases + 1, sizeof(double))};
    for (int32_t j = 0; j < words; j++) weight[0][j] = evenness(s->terms, j) * r->unit;
    for (int32_t j = 0; j < phrases; j++) weight[1][j] = evenness(s->phrases, j) * r->unit * s->o.phrase_weight;
    assert_int_equal(r->n, s->terms->n_docs);
    assert_int_equal(r->m, words + phrases);
    assert_true(r->indptr[0] == 0 && r->unit > 0);
    for (int64_t i = 0; i < r->n; i++) {
        int64_t at = r->indptr[i], mass = 0;
        check_part(r, s->terms, words, 0, weight[0], i, &at, &mass);
        if (phrases) check_part(r, s->phrases, phrases, words, weight[1], i, &at, &mass);
        assert_int_equal(at, r->indptr[i + 1]);
        assert_int_equal(mass, r->mass[i]);
    }
    check_columns(r, words, 0, weight[0], s->o.prior * r->unit);
    check_columns(r, phrases, words, weight[1], s->o.prior * r->unit * s->o.phrase_weight);
    long double all = 0, nothing = 0;
    for (int32_t j = 0; j < r->m; j++) {
        all += r->prior[j];
        nothing += test_f(r->prior[j]);
    }
    assert_true(fabsl(all - r->prior_mass) <= 1e-9L * all);
    assert_true(fabsl(nothing - test_f(all) - r->nothing) <= 1e-9L * test_f(all));
    free(weight[0]);
    free(weight[1]);
}

static void rows_follow_their_formula(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        test_sample s = test_sample_new(ctx, seed == 6 ? 1500 : 40 * (int64_t)seed, 20 + (int32_t)seed, 3, seed % 2 == 0,
                                        true, seed);
        check_rows(&s, &s.rows, s.terms->n_terms, s.phrases ? s.phrases->n_terms : 0);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* max_terms bounds the words, `most` all columns; phrases of weight 0 are none. */
static void limits_are_kept(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, 120, 24, 3, true, true, 9);
    static const struct {
        int32_t max_terms, most, words, phrases;
        double weight;
    } cases[] = {{10, 65535, 10, 12, .4}, {24, 30, 24, 6, .4}, {1, 1, 1, 0, .4}, {100, 24, 24, 0, .4},
                 {100, 5, 5, 0, .4}, {20, 65535, 20, 0, 0}, {20, 26, 20, 6, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        sheaf_i_rows r;
        s.o.max_terms = cases[c].max_terms;
        s.o.phrase_weight = cases[c].weight;
        assert_ok(ctx, sheaf_i_rows_build(&r, s.terms, s.phrases, &s.o, cases[c].most));
        check_rows(&s, &r, cases[c].words, cases[c].phrases);
        sheaf_i_rows_end(&r);
    }
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* Words as they are counted; or shares of their document, whose words weigh the same in all documents. */
static void plain_counts_are_shares_or_counts(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, 300, 30, 3, true, true, 11);
    for (sheaf_refine_method m = SHEAF_REFINE_SIB; m <= SHEAF_REFINE_SIB_WORDS; m++) {
        sheaf_i_rows r;
        s.o.method = m;
        assert_ok(ctx, sheaf_i_refine_check(ctx, &s.o));
        assert_true(s.o.size_weight == 0);
        assert_ok(ctx, sheaf_i_rows_build(&r, s.terms, s.phrases, &s.o, 65535));
        assert_int_equal(r.m, 30); /* no phrases */
        assert_int_equal(r.indptr[r.n], s.terms->indptr[r.n]);
        for (int64_t i = 0; i < r.n; i++) {
            double words = 0;
            for (int64_t p = r.indptr[i]; p < r.indptr[i + 1]; p++) words += s.terms->counts[p];
            for (int64_t p = r.indptr[i]; p < r.indptr[i + 1]; p++) {
                const double tf = s.terms->counts[p];
                assert_int_equal(r.column[p], s.terms->indices[p]);
                if (m == SHEAF_REFINE_SIB_WORDS) assert_int_equal(r.value[p], tf);
                else assert_true(fabs(r.value[p] - 65535 * tf / words) <= .51); /* rounded, in floats */
            }
            if (m == SHEAF_REFINE_SIB && words > 0)
                assert_true(fabs((double)r.mass[i] - 65535) <= .51 * (double)(r.indptr[i + 1] - r.indptr[i]));
        }
        sheaf_i_rows_end(&r);
    }
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* What clusters tell of words, in nats: I(T;Y) of the counts, each document times what makes it weigh the same, if
   `same`; times all that there is. */
static double told(const sheaf_terms *t, const int32_t *label, int32_t k, bool same)
{
    const int32_t m = t->n_terms;
    double *joint = calloc((size_t)(k + 1) * (size_t)m, sizeof *joint), all = 0, sum = 0;
    for (int64_t i = 0; i < t->n_docs; i++) {
        double words = 0;
        for (int64_t p = t->indptr[i]; p < t->indptr[i + 1]; p++) words += t->counts[p];
        for (int64_t p = t->indptr[i]; p < t->indptr[i + 1]; p++) {
            const double w = same ? t->counts[p] / words : t->counts[p];
            joint[label[i] * m + t->indices[p]] += w;
            joint[k * m + t->indices[p]] += w;
            all += w;
        }
    }
    for (int32_t c = 0; c < k; c++) {
        double mass = 0;
        for (int32_t j = 0; j < m; j++) mass += joint[c * m + j];
        for (int32_t j = 0; j < m; j++)
            if (joint[c * m + j] > 0) sum += joint[c * m + j] * log(joint[c * m + j] * all / (mass * joint[k * m + j]));
    }
    free(joint);
    return sum / all;
}

/* Of two labellings, the objective differs by as much as the information does, but for rounding and the prior: both
   less than a hundredth of the difference. A refined one tells more than either. */
static void plain_counts_give_information(void **state)
{
    (void)state;
    enum { K = 3, N = 400 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 30, K, true, false, 12);
    int32_t random[N], refined[N];
    test_labels(random, N, K, 5);
    for (sheaf_refine_method m = SHEAF_REFINE_SIB; m <= SHEAF_REFINE_SIB_WORDS; m++) {
        sheaf_i_rows r;
        const bool same = m == SHEAF_REFINE_SIB;
        double mass = 0;
        s.o.method = m;
        assert_ok(ctx, sheaf_i_refine_check(ctx, &s.o));
        assert_ok(ctx, sheaf_i_rows_build(&r, s.terms, s.phrases, &s.o, 65535));
        for (int64_t i = 0; i < N; i++) mass += (double)r.mass[i];
        const double more = told(s.terms, s.topic, K, same) - told(s.terms, random, K, same);
        const double by = (test_objective(&r, K, s.topic, 0) - test_objective(&r, K, random, 0)) / mass;
        assert_true(more > .05 && fabs(by - more) <= .01 * more);
        memcpy(refined, random, sizeof refined);
        assert_ok(ctx, test_refine(&r, K, refined, NULL, NULL, &s.o, NULL));
        assert_true(told(s.terms, refined, K, same) >= told(s.terms, s.topic, K, same));
        sheaf_i_rows_end(&r);
    }
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* A term of weight near 1 that many documents have a thousand times: at 4,096 a weight its sum would be 2.4e9; of
   shares of a document, which are all 1, 3.9e9. */
static void sums_fit_32_bits(void **state)
{
    (void)state;
    enum { N = 60001 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = {0};
    uint32_t *count = calloc(N, sizeof *count);
    for (int64_t i = 0; i < N; i++) count[i] = i ? 1000 : UINT32_MAX;
    s.terms = test_terms(ctx, count, N, 1, NULL, NULL);
    sheaf_refine_opts_init(&s.o, sizeof s.o);
    assert_ok(ctx, sheaf_i_rows_build(&s.rows, s.terms, NULL, &s.o, 65535));
    check_rows(&s, &s.rows, 1, 0);
    for (s.o.method = SHEAF_REFINE_IB; s.o.method <= SHEAF_REFINE_SIB_WORDS; s.o.method++) {
        int64_t sum = 0;
        sheaf_i_rows_end(&s.rows);
        assert_ok(ctx, sheaf_i_rows_build(&s.rows, s.terms, NULL, &s.o, 65535));
        for (int64_t i = 0; i < N; i++) sum += s.rows.value[i];
        assert_in_range(sum, N, INT32_MAX);
    }
    free(count);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

static void rows_do_not_depend_on_threads(void **state)
{
    (void)state;
    sheaf_i_rows r[3];
    sheaf_ctx *ctx[3];
    test_sample s[3];
    for (int c = 0; c < 3; c++) {
        ctx[c] = test_context((int32_t[]){1, 2, 7}[c]);
        s[c] = test_sample_new(ctx[c], 3000, 30, 4, true, true, 21);
    }
    for (sheaf_refine_method m = SHEAF_REFINE_IB; m <= SHEAF_REFINE_SIB_WORDS; m++) {
        for (int c = 0; c < 3; c++) {
            s[c].o.method = m;
            assert_ok(ctx[c], sheaf_i_rows_build(&r[c], s[c].terms, s[c].phrases, &s[c].o, 65535));
        }
        for (int c = 1; c < 3; c++) {
            assert_memory_equal(r[c].indptr, r[0].indptr, (size_t)(r[0].n + 1) * sizeof *r[0].indptr);
            assert_memory_equal(r[c].column, r[0].column, (size_t)r[0].indptr[r[0].n] * sizeof *r[0].column);
            assert_memory_equal(r[c].value, r[0].value, (size_t)r[0].indptr[r[0].n] * sizeof *r[0].value);
            assert_memory_equal(r[c].mass, r[0].mass, (size_t)r[0].n * sizeof *r[0].mass);
        }
        for (int c = 0; c < 3; c++) sheaf_i_rows_end(&r[c]);
    }
    for (int c = 0; c < 3; c++) {
        test_sample_end(&s[c]);
        sheaf_ctx_free(ctx[c]);
    }
}

static void fail_each_allocation(test_sample *s, test_limit *limit)
{
    const int64_t before = limit->live;
    int64_t at = 1;
    for (;; at++) {
        sheaf_i_rows r;
        limit->calls = 0;
        limit->fail_at = at;
        const sheaf_status st = sheaf_i_rows_build(&r, s->terms, s->phrases, &s->o, 65535);
        limit->fail_at = 0;
        if (st == SHEAF_OK) {
            sheaf_i_rows_end(&r);
            assert_int_equal(limit->live, before);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_int_equal(limit->live, before);
    }
    assert_true(at > 5);
}

static void rows_survive_failing_allocations(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    test_sample s = test_sample_new(ctx, 60, 12, 3, true, true, 4);
    for (s.o.method = SHEAF_REFINE_IB; s.o.method <= SHEAF_REFINE_SIB; s.o.method++) fail_each_allocation(&s, &limit);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_their_formula), cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(plain_counts_are_shares_or_counts), cmocka_unit_test(plain_counts_give_information),
        cmocka_unit_test(sums_fit_32_bits), cmocka_unit_test(rows_do_not_depend_on_threads),
        cmocka_unit_test(rows_survive_failing_allocations),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += _cmocka_run_group_tests("partition", test_refine_partition, n_test_refine_partition, NULL, NULL);
    failed += _cmocka_run_group_tests("exchange", test_refine_exchange, n_test_refine_exchange, NULL, NULL);
    failed += _cmocka_run_group_tests("labels", test_refine_labels, n_test_refine_labels, NULL, NULL);
    failed += _cmocka_run_group_tests("cases", test_refine_cases, n_test_refine_cases, NULL, NULL);
    failed += _cmocka_run_group_tests("tree", test_refine_tree, n_test_refine_tree, NULL, NULL);
    failed += _cmocka_run_group_tests("choose", test_refine_choose, n_test_refine_choose, NULL, NULL);
    return failed != 0;
}
