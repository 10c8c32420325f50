/* The number of clusters: evidence against its formula, clear subjects, noise, bounds, odd corpora, threads, memory. */
#include "support.h"

#include <math.h>

#include "refine/evidence.h"
#include "test_refine.h"

/* evidence.h in long double; lgamma of the C library. prior: m, mean 1. */
static double evidence_at(const sheaf_i_rows *r, int32_t k, const int32_t *label, const long double *prior, double alpha)
{
    long double all = 0, docs = 0, *c = malloc(((size_t)r->m + 1) * sizeof *c);
    for (int32_t t = 0; t < k; t++) {
        long double mass = 0, count = 0;
        memset(c, 0, ((size_t)r->m + 1) * sizeof *c);
        for (int64_t i = 0; i < r->n; i++) {
            if (label[i] != t) continue;
            count++;
            for (int64_t q = r->indptr[i]; q < r->indptr[i + 1]; q++)
                c[r->column[q]] += .9L * r->value[q] / (long double)r->unit;
        }
        for (int32_t j = 0; j < r->m; j++) {
            mass += c[j];
            all += lgammal(c[j] + alpha * prior[j]) - lgammal(alpha * prior[j]);
        }
        all += lgammal(r->m * (long double)alpha) - lgammal(mass + r->m * (long double)alpha) + lgammal(count + 1);
        docs += count;
    }
    free(c);
    return (double)(all + lgammal(k) - lgammal(docs + k));
}

static long double *prior_of(const sheaf_i_rows *r, const int32_t *label)
{
    long double sum = 0, *prior = calloc((size_t)r->m + 1, sizeof *prior);
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t q = r->indptr[i]; label[i] >= 0 && q < r->indptr[i + 1]; q++) prior[r->column[q]] += r->value[q];
    for (int32_t j = 0; j < r->m; j++) sum += prior[j] = powl(1 + prior[j], .2L);
    for (int32_t j = 0; j < r->m; j++) prior[j] *= r->m / sum;
    return prior;
}

static void evidence_follows_its_formula(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const int64_t n = seed == 8 ? 2 : 50 * (int64_t)seed;
        const int32_t k = 1 + (int32_t)seed % 5;
        test_sample s = test_sample_new(ctx, n, 40, 3, seed % 2, true, seed);
        int32_t *label = malloc((size_t)n * sizeof *label);
        double best = -INFINITY, got;
        test_labels(label, n, k, seed);
        for (int64_t i = 0; i < n; i++)
            if (seed % 3 == 0) label[i] = i % 9 ? s.topic[i] % k : -1;
        long double *prior = prior_of(&s.rows, label);
        for (int step = 0; step < 7; step++) best = fmax(best, evidence_at(&s.rows, k, label, prior, ldexp(.01, step)));
        sheaf_i_partition p;
        assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, k, label, 1));
        for (int32_t from = 0; from < 7; from++) { /* from wherever it starts, to the same alpha */
            int32_t step = from;
            assert_ok(ctx, sheaf_i_partition_evidence(&p, &step, &got));
            assert_in_range(step, 0, 6);
            assert_true(fabs(got - best) <= 1e-8 * fabs(best)); /* Stirling's series: 1e-10 of each term */
            assert_true(fabs(got - evidence_at(&s.rows, k, label, prior, ldexp(.01, step))) <= 1e-8 * fabs(best));
        }
        sheaf_i_partition_end(&p);
        free(label);
        free(prior);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* Of many terms an eighth says which alpha is best: nearly the best, and the formula holds at that one. */
static void evidence_of_many_terms(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        test_sample s = test_sample_new(ctx, 60, 5000, 3, false, true, seed);
        assert_true(s.rows.m >= 4096);
        int32_t label[60], step = seed % 2 ? 0 : 6;
        for (int64_t i = 0; i < 60; i++) label[i] = s.topic[i];
        long double *prior = prior_of(&s.rows, label);
        double best = -INFINITY, worst = INFINITY, got;
        for (int at = 0; at < 7; at++) {
            const double value = evidence_at(&s.rows, 3, label, prior, ldexp(.01, at));
            best = fmax(best, value);
            worst = fmin(worst, value);
        }
        sheaf_i_partition p;
        assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, 3, label, 1));
        assert_ok(ctx, sheaf_i_partition_evidence(&p, &step, &got));
        assert_in_range(step, 0, 6);
        assert_true(fabs(got - evidence_at(&s.rows, 3, label, prior, ldexp(.01, step))) <= 1e-8 * fabs(got));
        assert_true(best - got <= .05 * (best - worst)); /* a neighbour of the best at most */
        sheaf_i_partition_end(&p);
        free(prior);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* Sizes have a say of their own: documents without words, k of equal size, are likelier in one large cluster. */
static void evidence_weighs_sizes(void **state)
{
    (void)state;
    enum { N = 12 };
    sheaf_ctx *ctx = test_context(1);
    const uint32_t none[N] = {0};
    test_sample s = {.terms = test_terms(ctx, none, N, 1, NULL, NULL)};
    sheaf_refine_opts_init(&s.o, sizeof s.o);
    assert_ok(ctx, sheaf_i_rows_build(&s.rows, s.terms, NULL, &s.o, 65535));
    double evidence[2];
    for (int even = 0; even < 2; even++) {
        int32_t label[N], step = 3;
        for (int i = 0; i < N; i++) label[i] = even ? i % 3 : i < 2 ? i + 1 : 0;
        sheaf_i_partition p;
        assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, 3, label, 1));
        assert_ok(ctx, sheaf_i_partition_evidence(&p, &step, &evidence[even]));
        const double want = even ? 3 * lgamma(5) : lgamma(11) + 2 * lgamma(2);
        assert_true(fabs(evidence[even] - (want + lgamma(3) - lgamma(15))) < 1e-8);
        sheaf_i_partition_end(&p);
    }
    assert_true(evidence[0] > evidence[1]);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

typedef struct {
    sheaf_terms *terms;
    sheaf_matrix *matrix;
    sheaf_space *space;
    sheaf_cluster_opts co;
} job;

static job job_of(sheaf_ctx *ctx, const uint32_t *count, int64_t n, int32_t m)
{
    job j = {.terms = test_terms(ctx, count, n, m, NULL, NULL)};
    sheaf_space_opts so;
    sheaf_space_opts_init(&so, sizeof so);
    sheaf_cluster_opts_init(&j.co, sizeof j.co);
    so.dims = 10;
    assert_ok(ctx, sheaf_matrix_weigh(ctx, &j.matrix, j.terms, NULL));
    assert_ok(ctx, sheaf_space_fit(ctx, &j.space, j.matrix, &so));
    return j;
}

/* Words of a subject are hardly ever in others, and every fourth word is anybody's. */
static uint32_t *subjects(int64_t n, int32_t m, int32_t topics, uint64_t seed)
{
    const uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 2);
    uint32_t *count = calloc((size_t)n * (size_t)m + 1, sizeof *count);
    for (int64_t i = 0; i < n; i++)
        for (int32_t j = 0; j < m; j++) {
            const double chance = j % 4 == 0 ? .2 : j % topics == i % topics ? .3 : .01;
            const uint64_t at = (uint64_t)(2 * (i * m + j));
            if (sheaf_i_rng_unit(key, at) < chance)
                count[i * m + j] = 1 + (uint32_t)(sheaf_i_rng_u64(key, at + 1) % 3);
        }
    return count;
}

static job job_new(sheaf_ctx *ctx, int64_t n, int32_t m, int32_t topics, uint64_t seed)
{
    uint32_t *count = subjects(n, m, topics, seed);
    job j = job_of(ctx, count, n, m);
    free(count);
    return j;
}

static void job_end(job *j)
{
    sheaf_space_free(j->space);
    sheaf_matrix_free(j->matrix);
    test_terms_free(j->terms);
}

/* Chooses, and holds the choice against the rule and the bounds. */
static sheaf_k_choice choose(sheaf_ctx *ctx, const job *j)
{
    sheaf_k_choice c;
    assert_ok(ctx, sheaf_choose_k(ctx, &c, j->space, j->terms, &j->co, NULL));
    if (!c.most) {
        assert_true(!c.k && !c.runner_up && !c.curve[1].k); /* nothing to choose */
        return c;
    }
    int32_t top = 0, first = 0, coarser = 0, other = 0;
    assert_true(2 <= c.least && c.least <= c.k && c.k <= c.most && c.most <= SHEAF_K_MOST);
    assert_true(c.curve[1].k == 1 && c.curve[c.k].k == c.k && c.runner_up != c.k);
    for (int32_t k = 2; k <= SHEAF_K_MOST; k++) {
        const sheaf_k_point *x = &c.curve[k];
        assert_true(x->k == 0 || x->k == k);
        if (!x->k) continue;
        assert_true(k <= c.most && isfinite(x->evidence) && fabs(x->silhouette) <= 1);
        assert_true(isnan(x->agreement) || x->agreement <= 1);
        if (k < c.least) continue;
        if (!top || x->evidence > c.curve[top].evidence) top = k;
        if (6 * k <= 5 * c.k && (!coarser || x->evidence > c.curve[coarser].evidence)) coarser = k;
        if (k != c.k && (!other || x->evidence > c.curve[other].evidence)) other = k;
    }
    assert_int_equal(c.runner_up, coarser ? coarser : other);
    if (c.by_silhouette) {
        for (int32_t k = c.least; k <= c.most; k++)
            assert_true(!c.curve[k].k || c.curve[k].silhouette <= c.curve[c.k].silhouette);
        return c;
    }
    const double high = c.curve[top].evidence, enough = high - .005 * (high - c.curve[1].evidence);
    for (int32_t k = top; k >= c.least; k--)
        if (c.curve[k].k && (k == top || c.curve[k].evidence >= enough)) first = k;
    assert_int_equal(c.k, first);
    return c;
}

static void clear_subjects_are_counted(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        job j = job_new(ctx, 600, 245, 6, seed);
        j.co.seed = seed;
        const sheaf_k_choice c = choose(ctx, &j);
        assert_int_equal(c.k, 6);
        assert_true(c.curve[6].agreement > .99 && c.curve[6].agreement > c.curve[12].agreement);
        job_end(&j);
    }
    sheaf_ctx_free(ctx);
}

/* More than a first walk begins with: another is made from twice as many. */
static void many_subjects_are_counted(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    job j = job_new(ctx, 3600, 980, 18, 3);
    const sheaf_k_choice c = choose(ctx, &j);
    assert_int_equal(c.k, 18);
    assert_int_equal(c.runner_up, 15);
    assert_int_equal(c.curve[24].k, 24);
    job_end(&j);
    sheaf_ctx_free(ctx);
}

static void noise_has_few(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        job j = job_new(ctx, 600, 60, 1, seed);
        assert_true(choose(ctx, &j).k <= 4);
        job_end(&j);
    }
    sheaf_ctx_free(ctx);
}

static void bounds_are_kept(void **state)
{
    (void)state;
    static const int32_t bounds[][2] = {{2, 3}, {3, 5},  {4, 4},   {2, 2},    {8, 12},
                                        {9, 9}, {2, 256}, {30, 40}, {200, 256}};
    sheaf_ctx *ctx = test_context(2);
    job j = job_new(ctx, 400, 245, 6, 2);
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
        j.co.k_least = bounds[b][0];
        j.co.k_most = bounds[b][1];
        const sheaf_k_choice c = choose(ctx, &j);
        assert_true(c.k >= bounds[b][0] && c.k <= bounds[b][1]);
        if (bounds[b][0] == bounds[b][1]) assert_true(c.k == bounds[b][0] && !c.runner_up);
        if (bounds[b][0] < 6 && bounds[b][1] > 6) assert_int_equal(c.k, 6);
    }
    job_end(&j);
    sheaf_ctx_free(ctx);
}

static void few_documents(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 4, 7, 20, 33};
    sheaf_ctx *ctx = test_context(2);
    for (size_t x = 0; x < sizeof sizes / sizeof *sizes; x++) {
        job j = job_new(ctx, sizes[x], 30, 3, 5);
        const sheaf_k_choice c = choose(ctx, &j);
        assert_true(c.k <= (sizes[x] < 3 ? 0 : sizes[x] < 24 ? 2 : 4));
        job_end(&j);
    }
    sheaf_ctx_free(ctx);
}

/* All alike; and each of two texts many times. */
static void copies(void **state)
{
    (void)state;
    enum { N = 80, M = 12 };
    sheaf_ctx *ctx = test_context(2);
    for (int texts = 1; texts <= 2; texts++) {
        uint32_t count[N * M];
        for (int i = 0; i < N; i++)
            for (int w = 0; w < M; w++) count[i * M + w] = (uint32_t)(texts == 1 || w % 2 == i % 2 ? 1 + w % 3 : 0);
        job j = job_of(ctx, count, N, M);
        assert_true(choose(ctx, &j).k <= (texts == 1 ? 0 : 2));
        job_end(&j);
    }
    sheaf_ctx_free(ctx);
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    sheaf_k_choice c[3];
    for (int run = 0; run < 3; run++) {
        sheaf_ctx *ctx = test_context((int32_t[]){1, 2, 7}[run]);
        job j = job_new(ctx, 900, 60, 5, 9);
        c[run] = choose(ctx, &j);
        job_end(&j);
        sheaf_ctx_free(ctx);
    }
    for (int run = 1; run < 3; run++) {
        assert_true(c[run].k == c[0].k && c[run].runner_up == c[0].runner_up);
        for (int32_t k = 0; k <= SHEAF_K_MOST; k++) {
            assert_int_equal(c[run].curve[k].k, c[0].curve[k].k);
            assert_memory_equal(&c[run].curve[k].evidence, &c[0].curve[k].evidence, sizeof(double));
            assert_memory_equal(&c[run].curve[k].silhouette, &c[0].curve[k].silhouette, sizeof(double));
            assert_memory_equal(&c[run].curve[k].agreement, &c[0].curve[k].agreement, sizeof(double));
        }
    }
}

static void choosing_survives_failing_allocations(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    job j = job_new(ctx, 40, 16, 3, 4);
    const int64_t before = limit.live;
    for (int64_t at = 1;; at += 1 + at / 40) {
        sheaf_k_choice c;
        limit.calls = 0;
        limit.fail_at = at;
        const sheaf_status st = sheaf_choose_k(ctx, &c, j.space, j.terms, &j.co, NULL);
        limit.fail_at = 0;
        assert_int_equal(limit.live, before);
        if (st == SHEAF_OK) {
            assert_true(at > 20);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
    }
    job_end(&j);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_refine_choose[] = {
    cmocka_unit_test(evidence_follows_its_formula), cmocka_unit_test(evidence_of_many_terms),
    cmocka_unit_test(evidence_weighs_sizes), cmocka_unit_test(many_subjects_are_counted),
    cmocka_unit_test(clear_subjects_are_counted), cmocka_unit_test(noise_has_few), cmocka_unit_test(bounds_are_kept),
    cmocka_unit_test(few_documents), cmocka_unit_test(copies), cmocka_unit_test(threads_do_not_matter),
    cmocka_unit_test(choosing_survives_failing_allocations),
};
const size_t n_test_refine_choose = sizeof test_refine_choose / sizeof *test_refine_choose;
