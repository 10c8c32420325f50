/* refine/stability: what is solid and what is not, the indices against their definition, rows of a subset, threads,
   failures, options that nobody should give. */
#include "support.h"

#include "refine/stability.h"
#include "refine/subset.h"
#include "test_refine.h"

#define WORDS 60

typedef struct {
    sheaf_ctx *ctx;
    test_sample s;
    sheaf_matrix *matrix;
    sheaf_space *space;
    sheaf_clustering *c;
    sheaf_cluster_opts co;
    sheaf_refine_opts ro;
    sheaf_stability_opts o;
} job;

static job job_new(sheaf_ctx *ctx, int64_t n, int32_t topics, int32_t k, sheaf_refine_method method, sheaf_metric metric)
{
    job j = {.ctx = ctx, .s = test_sample_new(ctx, n, WORDS, topics, true, false, 5)};
    sheaf_space_opts so;
    sheaf_space_opts_init(&so, sizeof so);
    sheaf_cluster_opts_init(&j.co, sizeof j.co);
    sheaf_refine_opts_init(&j.ro, sizeof j.ro);
    sheaf_stability_opts_init(&j.o, sizeof j.o);
    so.dims = 10;
    j.co.k = k;
    j.co.seed = 3;
    j.co.metric = metric;
    j.ro.method = method;
    assert_ok(ctx, sheaf_matrix_weigh(ctx, &j.matrix, j.s.terms, NULL));
    assert_ok(ctx, sheaf_space_fit(ctx, &j.space, j.matrix, &so));
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &j.c, j.space, j.s.terms, &j.co));
    assert_ok(ctx, sheaf_clustering_refine(ctx, j.c, j.space, j.s.terms, j.s.phrases, &j.co, &j.ro));
    return j;
}

static sheaf_status measure(job *j)
{
    return sheaf_clustering_stability(j->ctx, j->c, j->space, j->s.terms, j->s.phrases, &j->co, &j->ro, &j->o);
}

static void job_end(job *j)
{
    sheaf_clustering_free(j->c);
    sheaf_space_free(j->space);
    sheaf_matrix_free(j->matrix);
    test_sample_end(&j->s);
}

/* Subjects that are there come again; pieces of what has no subjects do not. */
static void solid_where_there_are_subjects(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int refined = 0; refined < 2; refined++)
        for (int metric = 0; metric < 2; metric++) {
            job j = job_new(ctx, 400, 4, 4, refined ? SHEAF_REFINE_IB : SHEAF_REFINE_NONE, (sheaf_metric)metric);
            assert_true(isnan(sheaf_clustering_solidity(j.c, 1)) && isnan(sheaf_clustering_agreement(j.c)));
            assert_string_equal(sheaf_clustering_solidity_word(j.c, 1), "");
            assert_ok(ctx, measure(&j));
            for (int32_t t = 1; t <= sheaf_clustering_k(j.c); t++) {
                assert_true(sheaf_clustering_solidity(j.c, t) >= .85 && sheaf_clustering_solidity(j.c, t) <= 1);
                assert_string_equal(sheaf_clustering_solidity_word(j.c, t), "solid");
            }
            assert_true(sheaf_clustering_agreement(j.c) > .85 && sheaf_clustering_agreement(j.c) <= 1);
            assert_true(isnan(sheaf_clustering_solidity(j.c, 0)));
            assert_true(isnan(sheaf_clustering_solidity(j.c, sheaf_clustering_k(j.c) + 1)));
            assert_true(isnan(sheaf_clustering_solidity(j.c, INT32_MIN)));
            job_end(&j);
        }
    job j = job_new(ctx, 400, 1, 6, SHEAF_REFINE_IB, SHEAF_METRIC_SPHERICAL);
    assert_ok(ctx, measure(&j));
    for (int32_t t = 1; t <= sheaf_clustering_k(j.c); t++) /* one of nearly all documents always comes again */
        if (sheaf_clustering_count(j.c, t) < 200) assert_string_equal(sheaf_clustering_solidity_word(j.c, t), "shaky");
    assert_true(sheaf_clustering_agreement(j.c) < .2);
    job_end(&j);
    sheaf_ctx_free(ctx);
}

/* One subject cut in two is not solid, while the others are. */
static void a_cut_subject_is_told_apart(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    job j = job_new(ctx, 600, 3, 4, SHEAF_REFINE_IB, SHEAF_METRIC_SPHERICAL);
    j.o.resamples = 20;
    assert_ok(ctx, measure(&j));
    int solid = 0, weak = 0;
    for (int32_t t = 1; t <= 4; t++) {
        solid += sheaf_clustering_solidity(j.c, t) >= .75;
        weak += sheaf_clustering_solidity(j.c, t) < .7;
    }
    assert_true(solid >= 1 && weak >= 1);
    job_end(&j);
    sheaf_ctx_free(ctx);
}

static double jaccard_of(const int32_t *a, const int32_t *b, int64_t n, int32_t t)
{
    double best = 0;
    for (int32_t u = 0; u < 8; u++) {
        int64_t both = 0, either = 0;
        for (int64_t i = 0; i < n; i++) {
            both += a[i] == t && b[i] == u;
            either += a[i] == t || b[i] == u;
        }
        if (both) best = fmax(best, (double)both / (double)either);
    }
    return best;
}

static void indices_follow_their_definition(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    enum { N = 90 };
    const uint64_t key = sheaf_i_rng_key(8, SHEAF_I_RNG_TEST, 0);
    for (uint64_t round = 0; round < 40; round++) {
        int32_t a[N], b[N];
        double jaccard[7] = {-1, -1, -1, -1, -1, -1, -1}, agreement;
        for (uint64_t i = 0; i < N; i++) {
            a[i] = 1 + (int32_t)(sheaf_i_rng_u64(key, round * N + i) % (1 + round % 6));
            b[i] = sheaf_i_rng_u64(key, 9999 + round * N + i) % 3 ? a[i] : (int32_t)(i % 8);
        }
        assert_ok(ctx, sheaf_i_stability_compare(ctx, a, b, N, jaccard, &agreement));
        sheaf_scores scores;
        assert_ok(ctx, sheaf_scores_compute(ctx, &scores, a, b, N));
        assert_float_equal(agreement, scores.ari, 1e-12);
        for (int32_t t = 1; t <= 7; t++) {
            bool there = false;
            for (int i = 0; i < N; i++) there |= a[i] == t;
            assert_float_equal(jaccard[t - 1], there ? jaccard_of(a, b, N, t) : -1, 1e-12);
        }
    }
    sheaf_ctx_free(ctx);
}

static void rows_of_a_subset(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    test_sample s = test_sample_new(ctx, 50, 40, 4, true, true, 2);
    const int64_t doc[] = {3, 4, 12, 13, 20, 21, 30, 49}, n = sizeof doc / sizeof *doc;
    sheaf_i_rows sub;
    assert_ok(ctx, sheaf_i_rows_subset(&sub, &s.rows, doc, n));
    int32_t place[100], kept = 0;
    double prior = 0;
    for (int32_t j = 0; j < s.rows.m; j++) {
        int df = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t q = s.rows.indptr[doc[i]]; q < s.rows.indptr[doc[i] + 1]; q++) df += s.rows.column[q] == j;
        place[j] = df >= 2 ? kept++ : -1;
        if (df < 2) continue;
        assert_int_equal(sub.first[place[j]], s.rows.first[j]);
        prior += (double)s.rows.prior[j];
    }
    assert_true(kept > 5 && kept < s.rows.m);
    assert_int_equal(sub.m, kept);
    assert_float_equal(sub.prior_mass, prior, 1e-9 * prior);
    for (int64_t i = 0, at = 0; i < n; i++) {
        int64_t mass = 0;
        for (int64_t q = s.rows.indptr[doc[i]]; q < s.rows.indptr[doc[i] + 1]; q++) {
            if (place[s.rows.column[q]] < 0) continue;
            assert_int_equal(sub.column[at], place[s.rows.column[q]]);
            mass += sub.value[at++] = s.rows.value[q];
        }
        assert_int_equal(sub.indptr[i + 1], at);
        assert_int_equal(sub.mass[i], mass);
    }
    sheaf_i_rows_end(&sub);
    assert_ok(ctx, sheaf_i_rows_subset(&sub, &s.rows, doc, 0));
    assert_int_equal(sub.m, 0);
    sheaf_i_rows_end(&sub);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* Labels without a document of some clusters, documents without words. */
static void refinement_keeps_every_cluster(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    test_sample s = test_sample_new(ctx, 80, 40, 4, false, true, 2);
    int32_t label[80], count[6] = {0};
    for (int i = 0; i < 80; i++) label[i] = i % 5; /* the sixth is empty */
    assert_ok(ctx, sheaf_i_stability_refine(&s.rows, 6, label, s.rows.unit));
    for (int i = 0; i < 80; i++) {
        assert_in_range(label[i], 0, 5);
        count[label[i]]++;
        if (s.rows.mass[i] == 0) assert_int_equal(label[i], i % 5);
    }
    for (int t = 0; t < 5; t++) assert_true(count[t] >= 1);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

static void threads_do_not_matter_and_seeds_do(void **state)
{
    (void)state;
    double first[5];
    static const int32_t threads[] = {1, 2, 7, 2};
    for (int run = 0; run < 4; run++) {
        sheaf_ctx *ctx = test_context(threads[run]);
        job j = job_new(ctx, 300, 2, 4, SHEAF_REFINE_IB, SHEAF_METRIC_SPHERICAL);
        j.o.seed = run == 3 ? 99 : 1;
        assert_ok(ctx, measure(&j));
        double now[5] = {sheaf_clustering_agreement(j.c)};
        for (int32_t t = 1; t <= 4; t++) now[t] = sheaf_clustering_solidity(j.c, t);
        if (!run) memcpy(first, now, sizeof now);
        else if (run < 3) assert_memory_equal(first, now, sizeof now);
        else assert_true(memcmp(first, now, sizeof now));
        job_end(&j);
        sheaf_ctx_free(ctx);
    }
}

static void memory_may_run_out(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 2; threads++) {
        test_limit limit = {0};
        sheaf_ctx *ctx = test_limited_context(&limit, threads);
        job j = job_new(ctx, 60, 3, 3, SHEAF_REFINE_IB, SHEAF_METRIC_EUCLIDEAN);
        j.o.resamples = 2;
        const int64_t live = limit.live;
        int64_t n = 1;
        for (;; n += 1 + n / 40) {
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = measure(&j);
            limit.fail_at = 0;
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_int_equal(limit.live, live);
            assert_true(isnan(sheaf_clustering_solidity(j.c, 1)));
        }
        assert_true(n > 40);
        assert_int_equal(limit.live, live + 1);
        job_end(&j);
        sheaf_ctx_free(ctx);
    }
}

static void assert_refused(job *j, const char *part)
{
    assert_int_equal(measure(j), SHEAF_EINVAL);
    if (!strstr(sheaf_ctx_message(j->ctx), part)) fail_msg("'%s' not in '%s'", part, sheaf_ctx_message(j->ctx));
    assert_true(isnan(sheaf_clustering_solidity(j->c, 1)));
}

static void odd_options(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    job j = job_new(ctx, 100, 3, 3, SHEAF_REFINE_IB, SHEAF_METRIC_SPHERICAL);
    const sheaf_stability_opts good = j.o;
    j.o.resamples = -1;
    assert_refused(&j, "resamples = -1");
    j.o.resamples = INT32_MAX;
    assert_refused(&j, "resamples = 2147483647");
    j.o = good;
    j.o.most_docs = 0;
    assert_refused(&j, "most_docs = 0");
    j.o = good;
    j.ro.prior = NAN;
    assert_refused(&j, "prior = ");
    j.ro.prior = .2;
    j.ro.max_terms = -5;
    assert_refused(&j, "max_terms = -5");
    j.ro.max_terms = 1;
    assert_ok(ctx, measure(&j)); /* one word */
    j.ro.max_terms = 20000;
    test_sample other = test_sample_new(ctx, 99, WORDS, 3, false, false, 1);
    assert_int_equal(sheaf_clustering_stability(ctx, j.c, j.space, other.terms, NULL, &j.co, &j.ro, &j.o), SHEAF_EINVAL);
    test_sample_end(&other);
    j.o.most_docs = 1; /* 30 a cluster even so */
    assert_ok(ctx, measure(&j));
    assert_true(sheaf_clustering_agreement(j.c) > 0);
    j.o.resamples = 0;
    assert_ok(ctx, measure(&j));
    assert_true(isnan(sheaf_clustering_agreement(j.c)));
    assert_ok(ctx, sheaf_clustering_stability(ctx, j.c, j.space, j.s.terms, NULL, NULL, NULL, NULL));
    assert_true(sheaf_clustering_agreement(j.c) > 0);
    assert_ok(ctx, sheaf_clustering_refine(ctx, j.c, j.space, j.s.terms, NULL, &j.co, &j.ro));
    assert_true(isnan(sheaf_clustering_agreement(j.c))); /* the labels are others */
    job_end(&j);
    sheaf_ctx_free(ctx);
}

/* 20 documents are the fewest, and so are 4 a cluster; one cluster is no question. */
static void few_documents_are_not_measured(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    static const struct { int64_t n; int32_t k; bool measured; } cases[] = {
        {5, 2, false}, {18, 2, false}, {24, 2, true}, {60, 1, false}, {60, 6, true}, {60, 20, false}, {60, 59, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        job j = job_new(ctx, cases[i].n, 2, cases[i].k, SHEAF_REFINE_IB, SHEAF_METRIC_SPHERICAL);
        assert_ok(ctx, measure(&j));
        assert_int_equal(isfinite(sheaf_clustering_agreement(j.c)), cases[i].measured);
        job_end(&j);
    }
    sheaf_ctx_free(ctx);
}

static int stop(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)done;
    (void)total;
    return *(bool *)user && strcmp(phase, "resampling") == 0;
}

static void the_user_may_stop_it(void **state)
{
    (void)state;
    bool now = false;
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = 2;
    co.progress = stop;
    co.progress_user = &now;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    job j = job_new(ctx, 100, 3, 3, SHEAF_REFINE_IB, SHEAF_METRIC_SPHERICAL);
    now = true;
    assert_int_equal(measure(&j), SHEAF_ECANCELED);
    job_end(&j);
    sheaf_ctx_free(ctx);
}

/* Three heaps, every tenth vector zero: found again as three, not as five. */
static void vectors_are_resampled_too(void **state)
{
    (void)state;
    enum { N = 300, D = 6 };
    static float x[N * D];
    double first[2][5];
    const uint64_t key = sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, 0);
    for (int i = 0; i < N * D; i++) x[i] = (float)(.4 * sheaf_i_rng_unit(key, (uint64_t)i));
    for (int i = 0; i < N; i++) {
        x[i * D + i % 3] += 2;
        if (i % 10 == 0) memset(x + i * D, 0, D * sizeof *x);
    }
    for (int run = 0; run < 6; run++) {
        sheaf_ctx *ctx = test_context((int32_t[]){1, 2, 7}[run / 2]);
        const sheaf_metric metric = run % 2 ? SHEAF_METRIC_EUCLIDEAN : SHEAF_METRIC_SPHERICAL;
        sheaf_cluster_opts o;
        sheaf_clustering *c;
        sheaf_cluster_opts_init(&o, sizeof o);
        o.metric = metric;
        o.k = 3;
        assert_ok(ctx, sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o));
        assert_ok(ctx, sheaf_clustering_stability_vectors(ctx, c, x, N, D, D, &o, NULL));
        for (int32_t t = 1; t <= 3; t++) assert_string_equal(sheaf_clustering_solidity_word(c, t), "solid");
        assert_true(sheaf_clustering_agreement(c) > .95);
        assert_int_equal(sheaf_clustering_stability_vectors(ctx, c, x, N - 1, D, D, &o, NULL), SHEAF_EINVAL);
        assert_true(isnan(sheaf_clustering_agreement(c)));
        assert_int_equal(sheaf_clustering_stability_vectors(ctx, c, x, N, D - 1, D, &o, NULL), SHEAF_EINVAL);
        sheaf_clustering_free(c);
        o.k = 5;
        assert_ok(ctx, sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o));
        assert_ok(ctx, sheaf_clustering_stability_vectors(ctx, c, x, N, D, D, &o, NULL));
        double now[5], least = 1;
        for (int32_t t = 0; t < 5; t++) least = fmin(least, now[t] = sheaf_clustering_solidity(c, t + 1));
        assert_true(least < .75);
        if (run < 2) memcpy(first[run], now, sizeof now);
        else assert_memory_equal(first[run % 2], now, sizeof now);
        sheaf_clustering_free(c);
        sheaf_ctx_free(ctx);
    }
}

static void vectors_without_memory(void **state)
{
    (void)state;
    enum { N = 60, D = 4 };
    float x[N * D];
    for (int i = 0; i < N * D; i++) x[i] = (float)(i % 7) + (i / D % 3 == i % D ? 9 : 0);
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    sheaf_cluster_opts o;
    sheaf_clustering *c;
    sheaf_cluster_opts_init(&o, sizeof o);
    o.k = 3;
    assert_ok(ctx, sheaf_cluster_vectors(ctx, &c, x, N, D, D, &o));
    const int64_t live = limit.live;
    for (int64_t at = 1;; at++) {
        limit.calls = 0;
        limit.fail_at = at;
        const sheaf_status st = sheaf_clustering_stability_vectors(ctx, c, x, N, D, D, &o, NULL);
        limit.fail_at = 0;
        assert_int_equal(limit.live, live + (st == SHEAF_OK));
        if (st == SHEAF_OK) break;
        assert_int_equal(st, SHEAF_ENOMEM);
    }
    sheaf_clustering_free(c);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solid_where_there_are_subjects),
        cmocka_unit_test(a_cut_subject_is_told_apart),
        cmocka_unit_test(indices_follow_their_definition),
        cmocka_unit_test(rows_of_a_subset),
        cmocka_unit_test(refinement_keeps_every_cluster),
        cmocka_unit_test(threads_do_not_matter_and_seeds_do),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(odd_options),
        cmocka_unit_test(few_documents_are_not_measured),
        cmocka_unit_test(the_user_may_stop_it),
        cmocka_unit_test(vectors_are_resampled_too),
        cmocka_unit_test(vectors_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
