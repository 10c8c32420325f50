/* cluster/: evidence of labels, and clustering with the words as the judge. */
#include <math.h>
#include <stdio.h>

#include "test_cluster.h"

#include "cluster/clustering.h"
#include "cluster/evidence.h"
#include "matrix/csr.h"
#include "space/space.h"
#include "text/words.h"

#define ALPHA 0.1 /* that of judged.c */

/* Terms from dense counts (docs x words). */
static sheaf_terms *terms_of(sheaf_ctx *ctx, const uint32_t *count, int64_t docs, int32_t words)
{
    sheaf_terms *t = calloc(1, sizeof *t);
    *t = (sheaf_terms){.ctx = ctx, .n_docs = docs, .n_terms = words};
    t->indptr = calloc((size_t)docs + 1, sizeof *t->indptr);
    t->indices = calloc((size_t)(docs * words) + 1, sizeof *t->indices);
    t->counts = calloc((size_t)(docs * words) + 1, sizeof *t->counts);
    int64_t n = 0;
    for (int64_t i = 0; i < docs; i++) {
        for (int32_t j = 0; j < words; j++) {
            if (!count[i * words + j]) continue;
            t->indices[n] = j;
            t->counts[n++] = count[i * words + j];
        }
        t->indptr[i + 1] = n;
    }
    return t;
}

static void terms_end(sheaf_terms *t)
{
    free(t->indptr);
    free(t->indices);
    free(t->counts);
    free(t);
}

/* Each document has two of the four words of its group, i % groups, and one word of any group. */
static sheaf_terms *words_of_groups(sheaf_ctx *ctx, int64_t docs, int32_t groups)
{
    int32_t words = 4 * groups;
    uint32_t *count = calloc((size_t)(docs * words), sizeof *count);
    uint64_t key = sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, 1);
    for (int64_t i = 0; i < docs; i++) {
        for (uint64_t r = 0; r < 2; r++)
            count[i * words + 4 * (i % groups) + (int32_t)(sheaf_i_rng_u64(key, 3 * (uint64_t)i + r) % 4)]++;
        count[i * words + (int32_t)(sheaf_i_rng_u64(key, 3 * (uint64_t)i + 2) % (uint64_t)words)]++;
    }
    sheaf_terms *t = terms_of(ctx, count, docs, words);
    free(count);
    return t;
}

/* A space that is nothing but its U; sigma 1. */
static sheaf_space space_of(sheaf_ctx *ctx, float *u, int64_t rows, int32_t dims, double *sigma)
{
    for (int32_t j = 0; j < dims; j++) sigma[j] = 1;
    return (sheaf_space){.ctx = ctx, .rows = rows, .cols = dims, .dims = dims, .sigma = sigma, .u = u};
}

static sheaf_cluster_opts opts(int32_t k)
{
    sheaf_cluster_opts o;
    sheaf_cluster_opts_init(&o, sizeof o);
    o.k = k;
    return o;
}

/* The formula of evidence.h, term by term on the dense table. */
static double naive_evidence(const uint32_t *count, int64_t docs, int32_t words, const int32_t *label, int32_t k)
{
    double sum = 0;
    for (int32_t t = 1; t <= k; t++) {
        double all = 0, n = 0;
        for (int64_t i = 0; i < docs; i++) n += label[i] == t;
        for (int32_t j = 0; j < words; j++) {
            double c = 0;
            for (int64_t i = 0; i < docs; i++)
                if (label[i] == t) c += round(256 * log2(1.0 + count[i * words + j])) / 256;
            all += c;
            sum += lgamma(c + ALPHA) - lgamma(ALPHA);
        }
        sum += lgamma(words * ALPHA) - lgamma(all + words * ALPHA) + lgamma(n + 1);
    }
    return sum;
}

/* The same where a matrix holds the counts, unless they do not fit it. */
static double evidence_put_away(sheaf_ctx *ctx, sheaf_terms *t, const int32_t *label, int32_t k)
{
    sheaf_matrix *m;
    sheaf_weight_opts o;
    double got;
    int32_t *indices = t->indices;
    uint32_t *counts = t->counts;
    sheaf_weight_opts_init(&o, sizeof o);
    o.scheme = SHEAF_WEIGHT_BINARY;
    t->df = calloc((size_t)t->n_terms, sizeof *t->df); /* only weighing asks for it */
    assert_ok(ctx, sheaf_i_matrix_weigh_coded(ctx, &m, t, &o));
    free(t->df);
    t->df = NULL;
    if (m->coded) {
        t->indices = NULL;
        t->counts = NULL;
        t->away = m;
    }
    assert_ok(ctx, sheaf_i_evidence(t, label, k, ALPHA, &got));
    t->indices = indices;
    t->counts = counts;
    t->away = NULL;
    sheaf_matrix_free(m);
    return got;
}

static void evidence_is_its_formula(void **state)
{
    (void)state;
    enum { DOCS = 30, WORDS = 11 };
    uint64_t key = sheaf_i_rng_key(1, SHEAF_I_RNG_TEST, 2);
    for (uint64_t round = 0; round < 50; round++) {
        uint32_t count[DOCS * WORDS];
        int32_t label[DOCS], k = 1 + (int32_t)(round % 6);
        for (uint64_t i = 0; i < DOCS * WORDS; i++) {
            uint64_t x = sheaf_i_rng_u64(key, round * 1000 + i);
            count[i] = x % 3 ? 0 : x % 11 ? (uint32_t)(x >> 20) % 4 : (uint32_t)(x >> 20) % 200; /* some above 64 */
        }
        if (round == 7) count[5] = UINT32_MAX;
        for (uint64_t i = 0; i < DOCS; i++) /* some left out, and now and then an empty cluster */
            label[i] = (int32_t)(sheaf_i_rng_u64(key, round * 1000 + 900 + i) % (uint64_t)(k + 1));
        double want = naive_evidence(count, DOCS, WORDS, label, k), first = 0;
        for (int threads = 1; threads <= 7; threads += 3) {
            sheaf_ctx *ctx = test_context(threads);
            sheaf_terms *t = terms_of(ctx, count, DOCS, WORDS);
            double got;
            assert_ok(ctx, sheaf_i_evidence(t, label, k, ALPHA, &got));
            assert_true(fabs(got - want) <= 1e-12 * fabs(want)); /* sums of some hundred doubles of one sign */
            if (threads == 1) first = got;
            assert_memory_equal(&got, &first, sizeof got);
            assert_memory_equal(&got, &(double){evidence_put_away(ctx, t, label, k)}, sizeof got);
            terms_end(t);
            sheaf_ctx_free(ctx);
        }
    }
}

typedef struct {
    const sheaf_terms *t;
    double score[64], highest;
    int n;
} record;

/* One labeling after the other, so that the judge's way of taking them at once is compared with it. */
static sheaf_status record_evidence(void *arg, const int64_t *doc, int64_t n, const int32_t *label, int32_t count,
                                    int32_t k, double *score)
{
    record *r = arg;
    sheaf_status st = SHEAF_OK;
    int32_t *one = calloc((size_t)r->t->n_docs, sizeof *one);
    for (int32_t s = 0; s < count && st == SHEAF_OK; s++) {
        for (int64_t i = 0; i < n; i++) one[doc[i]] = label[i * count + s];
        st = sheaf_i_evidence(r->t, one, k, ALPHA, &score[s]);
        r->score[r->n++] = score[s];
        if (score[s] > r->highest) r->highest = score[s];
    }
    free(one);
    return st;
}

static sheaf_status like_the_first(void *arg, const int64_t *doc, int64_t n, const int32_t *label, int32_t count,
                                   int32_t k, double *score)
{
    (void)arg, (void)doc, (void)n, (void)label, (void)k;
    for (int32_t s = 0; s < count; s++) score[s] = 0;
    return SHEAF_OK;
}

static void the_start_kept_has_the_highest_evidence(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    int64_t n = 600;
    double sigma[8];
    float *x = test_blobs(n, 8, 8, 0.9, 7); /* noise: the starts end differently */
    sheaf_space s = space_of(ctx, x, n, 8, sigma);
    sheaf_terms *t = words_of_groups(ctx, n, 8);
    sheaf_cluster_opts o = opts(5);
    o.drop_first = 0;
    record r = {.t = t, .highest = -INFINITY};
    const sheaf_i_judge recording = {record_evidence, &r}, first = {like_the_first, NULL};
    sheaf_clustering *a, *b, *c;
    assert_ok(ctx, sheaf_i_cluster_fit(ctx, &a, &s, &o, &recording));
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &b, &s, t, &o));
    assert_ok(ctx, sheaf_i_cluster_fit(ctx, &c, &s, &o, &first));
    assert_int_equal(r.n, o.starts);
    assert_true(r.highest > r.score[0]); /* so that the choice is one */
    assert_memory_equal(a->label, b->label, (size_t)n * sizeof *a->label);
    assert_memory_not_equal(b->label, c->label, (size_t)n * sizeof *b->label);
    double evidence;
    assert_ok(ctx, sheaf_i_evidence(t, b->label, b->k, ALPHA, &evidence));
    assert_memory_equal(&b->report.evidence, &evidence, sizeof evidence);
    assert_int_equal(b->report.starts, o.starts);
    sheaf_clustering_free(a);
    sheaf_clustering_free(b);
    sheaf_clustering_free(c);
    terms_end(t);
    free(x);
    sheaf_ctx_free(ctx);
}

/* The groups of the words lie along e_0 and the rest is chance, or along e_1 .. e_3 and e_0 is long and chance. */
static void the_better_view_is_kept(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    enum { N = 300 };
    double sigma[4];
    float *x = test_blobs(N, 3, 3, 0.1, 4), *noise = test_blobs(N, 3, 3, 10, 5), u[N * 4];
    sheaf_terms *t = words_of_groups(ctx, N, 3);
    sheaf_space s = space_of(ctx, u, N, 4, sigma);
    for (int view = 0; view < 2; view++) {
        sheaf_cluster_opts o = opts(3);
        sheaf_clustering *c;
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < 3; j++) u[4 * i + 1 + j] = view ? x[3 * i + j] : noise[3 * i + j] * .02f;
            u[4 * i] = view ? 5.0f * (float)(i % 7 - 3) : (float)(i % 3 - 1);
        }
        assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
        assert_int_equal(c->report.drop_first, view);
        assert_int_equal(c->d, 4 - view);
        assert_int_equal(c->report.starts, 2 * o.starts);
        for (int i = 3; view && i < N; i++) assert_int_equal(c->label[i], c->label[i % 3]);
        sheaf_clustering_free(c);
    }
    free(x);
    free(noise);
    terms_end(t);
    sheaf_ctx_free(ctx);
}

/* Three groups of 20, two of which are much alike, and two copies of a document of words of its own: evidence alone
   would give the copies a cluster. */
static void near_copies_are_no_theme(void **state)
{
    (void)state;
    enum { N = 62, WORDS = 40 };
    sheaf_ctx *ctx = test_context(2);
    uint32_t *count = calloc(N * WORDS, sizeof *count);
    float u[N * 4] = {0};
    double sigma[4];
    uint64_t key = sheaf_i_rng_key(4, SHEAF_I_RNG_TEST, 3);
    for (int i = 0; i < N; i++) {
        int g = i < 60 ? i % 3 : 3;
        for (int j = 0; j < 4; j++) u[4 * i + j] = (float)((j == g) + (g < 3 ? .35 : .01) *
                                                           sheaf_i_rng_normal(key, (uint64_t)(8 * i + j)));
        if (g == 1) u[4 * i] += .7f;
        for (int j = 0; j < 3; j++) count[i * WORDS + (g == 2) * 5 + (i + j) % 5] += g < 3;
        count[i * WORDS + 10 + g] += g < 3;
        for (int j = 15; j < WORDS; j++) count[i * WORDS + j] += g == 3;
    }
    sheaf_terms *t = terms_of(ctx, count, N, WORDS);
    sheaf_space s = space_of(ctx, u, N, 4, sigma);
    sheaf_cluster_opts o = opts(3);
    o.drop_first = 0;
    o.starts = 20;
    record r = {.t = t, .highest = -INFINITY};
    const sheaf_i_judge recording = {record_evidence, &r};
    sheaf_clustering *plain, *c;
    assert_ok(ctx, sheaf_i_cluster_fit(ctx, &plain, &s, &o, &recording));
    assert_int_equal(plain->count[3], 2);
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
    assert_true(c->count[3] >= 3);
    sheaf_clustering_free(plain);
    sheaf_clustering_free(c);
    terms_end(t);
    free(count);
    sheaf_ctx_free(ctx);
}

/* 32,000 rows: starts and judge work on samples. */
static void same_bytes_at_any_thread_count(void **state)
{
    (void)state;
    const int64_t sizes[] = {400, 32000};
    for (int z = 0; z < 2; z++) {
        int64_t n = sizes[z];
        float *x = test_blobs(n, 5, 5, 0.7, 5);
        double sigma[5];
        int32_t *label = NULL;
        float *fit = NULL;
        double evidence = 0;
        for (int threads = 1; threads <= 7; threads = threads == 1 ? 2 : threads + 5) {
            sheaf_ctx *ctx = test_context(threads);
            sheaf_terms *t = words_of_groups(ctx, n, 5);
            sheaf_space s = space_of(ctx, x, n, 5, sigma);
            sheaf_cluster_opts o = opts(z ? 5 : 0);
            sheaf_clustering *c;
            assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
            if (threads == 1) {
                label = malloc((size_t)n * sizeof *label);
                fit = malloc((size_t)n * sizeof *fit);
                memcpy(label, c->label, (size_t)n * sizeof *label);
                memcpy(fit, c->fit, (size_t)n * sizeof *fit);
                evidence = c->report.evidence;
            }
            assert_memory_equal(c->label, label, (size_t)n * sizeof *label);
            assert_memory_equal(c->fit, fit, (size_t)n * sizeof *fit);
            assert_memory_equal(&c->report.evidence, &evidence, sizeof evidence);
            sheaf_clustering_free(c);
            terms_end(t);
            sheaf_ctx_free(ctx);
        }
        free(label);
        free(fit);
        free(x);
    }
}

typedef struct {
    int n;
    char text[200];
} notes;

static void keep_note(void *user, const char *text)
{
    notes *k = user;
    k->n++;
    snprintf(k->text, sizeof k->text, "%s", text);
}

static void odd_spaces_have_results(void **state)
{
    (void)state;
    notes heard = {0};
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = 2;
    co.note = keep_note;
    co.note_user = &heard;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    double sigma[3];
    float u[40 * 3] = {0};
    sheaf_terms *t = words_of_groups(ctx, 40, 2), *fewer = words_of_groups(ctx, 39, 2);
    sheaf_cluster_opts o = opts(2);
    sheaf_clustering *c;

    for (int i = 0; i < 40; i++) u[i] = i % 2 ? 1 : -1; /* one dimension: there is no second view */
    sheaf_space s = space_of(ctx, u, 40, 1, sigma);
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
    assert_int_equal(c->k, 2);
    assert_int_equal(c->report.drop_first, 0);
    assert_int_equal(c->report.starts, o.starts);
    for (int i = 0; i < 40; i++) assert_int_equal(c->label[i], 1 + i % 2);
    sheaf_clustering_free(c);
    assert_int_equal(sheaf_cluster_fit_terms(ctx, &c, &s, fewer, &o), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(ctx), "the space has 40 documents, the terms 39");
    assert_null(c);
    assert_int_equal(heard.n, 0);

    o.k = 9; /* three different vectors, two without the first dimension: one note, and the same k in both views */
    for (int i = 0; i < 40; i++) memcpy(u + 3 * i, (float[]){i % 3 == 1, i % 3 == 2, i % 3 == 0}, 3 * sizeof *u);
    s = space_of(ctx, u, 40, 3, sigma);
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
    assert_int_equal(c->k, 3);
    assert_int_equal(c->report.k_asked, 9);
    assert_int_equal(heard.n, 1);
    assert_string_equal(heard.text, "k lowered from 9 to 3: there are no more different documents");
    assert_int_equal(c->count[0], 0); /* without the first dimension a third of the documents would be nowhere */
    assert_int_equal(c->report.drop_first, 0);
    sheaf_clustering_free(c);

    /* A fourth of the documents lie along the first dimension alone: the view without it would lose them. */
    o.k = 2;
    for (int i = 0; i < 40; i++) memcpy(u + 3 * i, (float[]){i % 4 == 1, i % 4 == 2, i % 2 == 0}, 3 * sizeof *u);
    for (int i = 3; i < 40; i += 4) u[3 * i] = 1;
    for (int i = 1; i < 40; i += 4) u[3 * i + 1] = .1f;
    s = space_of(ctx, u, 40, 3, sigma);
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
    assert_int_equal(c->count[0], 0);
    assert_int_equal(c->report.drop_first, 0);
    sheaf_clustering_free(c);

    s = space_of(ctx, u, 40, 0, sigma); /* of a matrix of zeros */
    o.k = 2;
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
    assert_int_equal(c->k, 0);
    assert_int_equal(c->count[0], 40);
    sheaf_clustering_free(c);
    o.k = 0;
    assert_ok(ctx, sheaf_cluster_fit(ctx, &c, &s, &o));
    assert_int_equal(c->k, 0);
    sheaf_clustering_free(c);
    o.drop_first = 1;
    assert_int_equal(sheaf_cluster_fit_terms(ctx, &c, &s, t, &o), SHEAF_EINVAL);
    terms_end(t);
    terms_end(fewer);
    sheaf_ctx_free(ctx);
}

/* k = 0 is settled by the first view, which sees two sides here, and its reason stays with whichever view is kept. */
static void a_chosen_k_is_that_of_both_views(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    enum { N = 900 };
    double sigma[7];
    float *x = test_blobs(N, 6, 6, 0.25, 6), *u = calloc(N * 7, sizeof *u);
    for (int i = 0; i < N; i++) {
        u[7 * i] = i % 5 < 2 ? 20 : -20; /* chance, so that leaving it out is better */
        memcpy(u + 7 * i + 1, x + 6 * i, 6 * sizeof *x);
    }
    sheaf_terms *t = words_of_groups(ctx, N, 6);
    sheaf_space s = space_of(ctx, u, N, 7, sigma);
    sheaf_cluster_opts o = opts(0);
    sheaf_clustering *c;
    assert_ok(ctx, sheaf_cluster_fit_terms(ctx, &c, &s, t, &o));
    assert_int_equal(c->k, 2);
    assert_int_equal(c->report.drop_first, 1);
    assert_int_equal(c->report.k_asked, 0);
    assert_int_equal(strncmp(c->k_reason, "k = 2 of ", 9), 0);
    sheaf_clustering_free(c);
    free(x);
    free(u);
    terms_end(t);
    sheaf_ctx_free(ctx);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    float *x = test_blobs(60, 4, 3, 0.2, 9);
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    sheaf_terms *t = words_of_groups(ctx, 60, 3);
    double sigma[4];
    sheaf_space s = space_of(ctx, x, 60, 4, sigma);
    sheaf_cluster_opts o = opts(3);
    o.starts = 2;
    int64_t before = limit.live, nth = 1;
    for (;; nth++) {
        sheaf_clustering *c;
        limit.calls = 0;
        limit.fail_at = nth;
        sheaf_status st = sheaf_cluster_fit_terms(ctx, &c, &s, t, &o);
        if (st == SHEAF_OK) {
            sheaf_clustering_free(c);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_null(c);
        assert_int_equal(limit.live, before);
    }
    assert_true(nth > 60); /* the loop met real allocations */
    assert_int_equal(limit.live, before);
    limit.fail_at = 0;
    terms_end(t);
    sheaf_ctx_free(ctx);
    free(x);
}

int test_cluster_judged(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_is_its_formula),
        cmocka_unit_test(the_start_kept_has_the_highest_evidence),
        cmocka_unit_test(the_better_view_is_kept),
        cmocka_unit_test(near_copies_are_no_theme),
        cmocka_unit_test(same_bytes_at_any_thread_count),
        cmocka_unit_test(odd_spaces_have_results),
        cmocka_unit_test(a_chosen_k_is_that_of_both_views),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests_name("clustering judged by words", tests, NULL, NULL);
}
