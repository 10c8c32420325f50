/* matrix/: weights against scikit-learn, transposes and products against dense loops, checks of bad structure. */
#include "support.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data/weights.h"
#include "matrix/csr.h"
#include "test_matrix.h"
#include "text/words.h"

#define DOCS ((int64_t)(sizeof reference_counts / sizeof *reference_counts))
#define TERMS ((int32_t)(sizeof *reference_counts / sizeof **reference_counts))

/* The few fields of the terms that the matrix reads. */
typedef struct {
    sheaf_terms t;
    int64_t indptr[DOCS + 1], df[TERMS];
    int32_t indices[DOCS * TERMS];
    uint32_t counts[DOCS * TERMS];
} fake_terms;

static void fake(fake_terms *f, sheaf_ctx *ctx)
{
    memset(f, 0, sizeof *f);
    int64_t n = 0;
    for (int64_t i = 0; i < DOCS; i++) {
        for (int32_t j = 0; j < TERMS; j++) {
            if (!reference_counts[i][j]) continue;
            f->indices[n] = j;
            f->counts[n++] = reference_counts[i][j];
            f->df[j]++;
        }
        f->indptr[i + 1] = n;
    }
    f->t = (sheaf_terms){.ctx = ctx, .n_docs = DOCS, .n_terms = TERMS, .df = f->df, .indptr = f->indptr,
                         .indices = f->indices, .counts = f->counts};
}

/* Values are floats made from doubles: relative error 2^-24 once, twice after normalisation, so 1e-6 is ample. */
static void check_scheme(sheaf_weight scheme, bool l2, const double want[DOCS][TERMS])
{
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        fake_terms f;
        fake(&f, ctx);
        sheaf_weight_opts o;
        sheaf_weight_opts_init(&o, sizeof o);
        o.scheme = scheme;
        o.l2 = l2;
        sheaf_matrix *m;
        assert_ok(ctx, sheaf_matrix_weigh(ctx, &m, &f.t, &o));
        assert_null(sheaf_i_matrix_validate(m));
        assert_ptr_equal(m->indices, f.indices);
        int64_t p = 0;
        for (int64_t i = 0; i < DOCS; i++)
            for (int32_t j = 0; j < TERMS; j++)
                if (reference_counts[i][j]) {
                    double tolerance = 1e-6 * (fabs(want[i][j]) > 1 ? fabs(want[i][j]) : 1);
                    if (!(fabs(m->values[p] - want[i][j]) <= tolerance))
                        fail_msg("scheme %d row %d column %d: %.9g, not %.9g", (int)scheme, (int)i, (int)j,
                                 m->values[p], want[i][j]);
                    p++;
                }
        sheaf_matrix_free(m);
        sheaf_ctx_free(ctx);
    }
}

static void weights_are_those_of_scikit_learn(void **state)
{
    (void)state;
    check_scheme(SHEAF_WEIGHT_TFIDF, false, reference_tfidf);
    check_scheme(SHEAF_WEIGHT_TFIDF, true, reference_tfidf_l2);
    check_scheme(SHEAF_WEIGHT_SUBLINEAR, false, reference_sublinear);
    check_scheme(SHEAF_WEIGHT_SUBLINEAR, true, reference_sublinear_l2);
}

static void weights_follow_their_definitions(void **state)
{
    (void)state;
    check_scheme(SHEAF_WEIGHT_LOGENTROPY, false, reference_logentropy);
    check_scheme(SHEAF_WEIGHT_LOGENTROPY, true, reference_logentropy_l2);
    check_scheme(SHEAF_WEIGHT_BM25, false, reference_bm25);
    check_scheme(SHEAF_WEIGHT_BM25, true, reference_bm25_l2);
    check_scheme(SHEAF_WEIGHT_BIPARTITE, false, reference_bipartite);
    check_scheme(SHEAF_WEIGHT_BIPARTITE, true, reference_bipartite);
    double count[DOCS][TERMS], binary[DOCS][TERMS];
    for (int64_t i = 0; i < DOCS; i++)
        for (int32_t j = 0; j < TERMS; j++) {
            count[i][j] = reference_counts[i][j];
            binary[i][j] = reference_counts[i][j] > 0;
        }
    check_scheme(SHEAF_WEIGHT_COUNT, false, count);
    check_scheme(SHEAF_WEIGHT_BINARY, false, binary);
}

/* The formula in sheaf.h on the dense table, for other dampings than the default. */
static void rows_are_damped_as_asked(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const double damping[] = {0, 1, 15, 1e12};
    for (int z = 0; z < 4; z++) {
        double x[DOCS][TERMS], c[TERMS] = {0}, r[DOCS] = {0}, mean_c = 0, mean_r = 0;
        for (int i = 0; i < DOCS; i++)
            for (int j = 0; j < TERMS; j++) {
                x[i][j] = log2(1.0 + reference_counts[i][j]);
                c[j] += x[i][j];
                mean_c += x[i][j] / TERMS;
            }
        for (int i = 0; i < DOCS; i++)
            for (int j = 0; j < TERMS; j++) {
                x[i][j] /= sqrt(c[j] + mean_c);
                r[i] += x[i][j];
                mean_r += x[i][j] / DOCS;
            }
        fake_terms f;
        fake(&f, ctx);
        sheaf_weight_opts o;
        sheaf_weight_opts_init(&o, sizeof o);
        o.row_damping = damping[z];
        sheaf_matrix *m;
        assert_ok(ctx, sheaf_matrix_weigh(ctx, &m, &f.t, &o));
        for (int i = 0; i < DOCS; i++)
            for (int64_t p = f.indptr[i]; p < f.indptr[i + 1]; p++) {
                double want = x[i][f.indices[p]] / sqrt(r[i] + damping[z] * mean_r);
                assert_true(fabs(m->values[p] - want) <= 1e-6 * want); /* rounded to float twice: 2^-23 */
            }
        sheaf_matrix_free(m);
    }
    sheaf_ctx_free(ctx);
}

static void one_document_and_none(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int64_t docs = 0; docs <= 1; docs++) {
        for (int s = SHEAF_WEIGHT_COUNT; s <= SHEAF_WEIGHT_BIPARTITE; s++) {
            fake_terms f;
            fake(&f, ctx);
            f.t.n_docs = docs;
            for (int32_t j = 0; j < TERMS; j++) f.df[j] = docs && reference_counts[0][j];
            sheaf_weight_opts o;
            sheaf_weight_opts_init(&o, sizeof o);
            o.scheme = (sheaf_weight)s;
            sheaf_matrix *m;
            assert_ok(ctx, sheaf_matrix_weigh(ctx, &m, &f.t, &o));
            assert_null(sheaf_i_matrix_validate(m));
            if (docs && s != SHEAF_WEIGHT_BIPARTITE) assert_float_equal(sheaf_i_matrix_norm2(m), 1, 1e-6);
            sheaf_matrix_free(m);
        }
    }
    sheaf_ctx_free(ctx);
}

static void bad_options_are_named(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    fake_terms f;
    fake(&f, ctx);
    sheaf_matrix *m;
    sheaf_weight_opts o;
    sheaf_weight_opts_init(&o, sizeof o);
    o.k1 = NAN;
    assert_int_equal(sheaf_matrix_weigh(ctx, &m, &f.t, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "k1 = nan"));
    sheaf_weight_opts_init(&o, sizeof o);
    o.b = 1.5;
    assert_int_equal(sheaf_matrix_weigh(ctx, &m, &f.t, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "b = 1.5"));
    const double bad[] = {NAN, -1, INFINITY};
    for (int i = 0; i < 3; i++) {
        sheaf_weight_opts_init(&o, sizeof o);
        o.row_damping = bad[i];
        assert_int_equal(sheaf_matrix_weigh(ctx, &m, &f.t, &o), SHEAF_EINVAL);
        assert_non_null(strstr(sheaf_ctx_message(ctx), "row_damping = "));
    }
    sheaf_weight_opts_init(&o, sizeof o);
    o.scheme = (sheaf_weight)17;
    assert_int_equal(sheaf_matrix_weigh(ctx, &m, &f.t, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "17"));
    assert_null(m);
    sheaf_ctx_free(ctx);
}

/* Counts drawn at random, large enough for many blocks; few terms so that every term has many large counts. */
static sheaf_terms *random_terms(sheaf_ctx *ctx, int64_t docs, int32_t terms, bool backwards)
{
    sheaf_terms *t = sheaf_i_zeros(ctx, 1, sizeof *t);
    *t = (sheaf_terms){.ctx = ctx, .n_docs = docs, .n_terms = terms};
    t->indptr = sheaf_i_zeros(ctx, docs + 1, sizeof *t->indptr);
    t->indices = sheaf_i_zeros(ctx, docs * terms, sizeof *t->indices);
    t->counts = sheaf_i_zeros(ctx, docs * terms, sizeof *t->counts);
    t->df = sheaf_i_zeros(ctx, terms, sizeof *t->df);
    uint64_t key = sheaf_i_rng_key(7, SHEAF_I_RNG_TEST, 0);
    int64_t n = 0;
    for (int64_t i = 0; i < docs; i++) {
        int64_t doc = backwards ? docs - 1 - i : i;
        for (int32_t j = 0; j < terms; j++) {
            uint64_t r = sheaf_i_rng_u64(key, (uint64_t)(doc * terms + j));
            if (r % (uint64_t)(2 + j)) continue;
            t->indices[n] = j;
            t->counts[n++] = 1 + (uint32_t)(r >> 32) % (r % 5 ? 4 : 900);
            t->df[j]++;
        }
        t->indptr[i + 1] = n;
    }
    return t;
}

static void free_random_terms(sheaf_ctx *ctx, sheaf_terms *t)
{
    sheaf_i_free(ctx, t->indptr);
    sheaf_i_free(ctx, t->indices);
    sheaf_i_free(ctx, t->counts);
    sheaf_i_free(ctx, t->df);
    sheaf_i_free(ctx, t);
}

/* Not only equal at any thread count: a document's weights are the same bytes wherever the document stands (up to
   rounding of a mean over documents in the bipartite scaling). */
static void weights_do_not_depend_on_threads_or_order(void **state)
{
    (void)state;
    enum { N = 20000, T = 40 };
    for (int s = SHEAF_WEIGHT_COUNT; s <= SHEAF_WEIGHT_BIPARTITE; s++) {
        sheaf_ctx *ctx = test_context(1);
        sheaf_terms *t = random_terms(ctx, N, T, false);
        sheaf_weight_opts o;
        sheaf_weight_opts_init(&o, sizeof o);
        o.scheme = (sheaf_weight)s;
        sheaf_matrix *one;
        assert_ok(ctx, sheaf_matrix_weigh(ctx, &one, t, &o));
        int64_t nnz = one->indptr[N];
        for (int32_t threads = 2; threads <= 7; threads += 5) {
            sheaf_ctx *other = test_context(threads);
            bool backwards = threads == 7 && s != SHEAF_WEIGHT_BIPARTITE;
            sheaf_terms *u = random_terms(other, N, T, backwards);
            sheaf_matrix *m;
            assert_ok(other, sheaf_matrix_weigh(other, &m, u, &o));
            for (int64_t i = 0; i < N; i++) {
                int64_t row = backwards ? N - 1 - i : i, n = one->indptr[i + 1] - one->indptr[i];
                assert_memory_equal(one->values + one->indptr[i], m->values + m->indptr[row],
                                    (size_t)n * sizeof(float));
            }
            assert_int_equal(m->indptr[N], nnz);
            sheaf_matrix_free(m);
            free_random_terms(other, u);
            sheaf_ctx_free(other);
        }
        sheaf_matrix_free(one);
        free_random_terms(ctx, t);
        sheaf_ctx_free(ctx);
    }
}

static void transpose_turns_every_entry(void **state)
{
    (void)state;
    const int64_t shape[][2] = {{0, 0}, {0, 5}, {5, 0}, {1, 1}, {1, 300}, {300, 1}, {37, 53}, {2000, 3}, {500, 9000}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (int32_t threads = 1; threads <= 7; threads += 3) {
            sheaf_ctx *ctx = test_context(threads);
            sheaf_matrix *a = test_random_matrix(ctx, shape[s][0], (int32_t)shape[s][1], .3, s), *b, *c;
            assert_ok(ctx, sheaf_i_matrix_transpose(ctx, &b, a));
            assert_null(sheaf_i_matrix_validate(b));
            assert_int_equal(b->rows, a->cols);
            assert_int_equal(b->cols, a->rows);
            for (int64_t i = 0; i < a->rows; i++)
                for (int64_t p = a->indptr[i]; p < a->indptr[i + 1]; p++)
                    assert_true(test_matrix_at(b, a->indices[p], (int32_t)i) == a->values[p]);
            assert_ok(ctx, sheaf_i_matrix_transpose(ctx, &c, b));
            test_assert_same_matrix(a, c);
            sheaf_matrix_free(a);
            sheaf_matrix_free(b);
            sheaf_matrix_free(c);
            sheaf_ctx_free(ctx);
        }
}

/* Float sums of about 36 products below 1 in magnitude, at most some 60: an error of 60 * 2^-24 * (sum of the
   magnitudes, about 60 / 4) = 5e-5 at the very worst. */
static void products_agree_with_dense_loops(void **state)
{
    (void)state;
    for (int32_t width = 1; width <= 64; width += width < 8 ? 1 : 7) {
        sheaf_ctx *ctx = test_context(2);
        sheaf_matrix *a = test_random_matrix(ctx, 211, 90, .4, (uint64_t)width);
        int64_t ldx = width + 3, ldy = width + 1;
        float *x = sheaf_i_aligned(ctx, 90 * ldx, sizeof *x), *y = sheaf_i_aligned(ctx, 211 * ldy, sizeof *y);
        uint64_t key = sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, 1);
        for (int64_t i = 0; i < 90 * ldx; i++) x[i] = (float)(2 * sheaf_i_rng_unit(key, (uint64_t)i) - 1);
        for (int64_t i = 0; i < 211 * ldy; i++) y[i] = 77;
        assert_ok(ctx, sheaf_i_matrix_times(ctx, a, x, ldx, width, y, ldy, NULL));
        for (int64_t i = 0; i < 211; i++) {
            for (int32_t j = 0; j < width; j++) {
                double want = 0;
                for (int64_t p = a->indptr[i]; p < a->indptr[i + 1]; p++)
                    want += (double)a->values[p] * x[a->indices[p] * ldx + j];
                assert_true(fabs(want - y[i * ldy + j]) < 5e-5);
            }
            assert_true(y[i * ldy + width] == 77); /* beyond the width nothing is touched */
        }
        sheaf_i_aligned_free(ctx, x);
        sheaf_i_aligned_free(ctx, y);
        sheaf_matrix_free(a);
        sheaf_ctx_free(ctx);
    }
}

static void products_and_norms_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { ROWS = 6000, COLS = 400, WIDTH = 32 };
    float *first = NULL;
    double norm = 0;
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        sheaf_matrix *a = test_random_matrix(ctx, ROWS, COLS, .1, 4);
        float *x = malloc(COLS * WIDTH * sizeof *x), *y = malloc(ROWS * WIDTH * sizeof *y);
        uint64_t key = sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, 2);
        for (int64_t i = 0; i < COLS * WIDTH; i++) x[i] = (float)sheaf_i_rng_normal(key, (uint64_t)i);
        assert_ok(ctx, sheaf_i_matrix_times(ctx, a, x, WIDTH, WIDTH, y, WIDTH, NULL));
        if (first) {
            assert_memory_equal(first, y, ROWS * WIDTH * sizeof *y);
            assert_true(norm == sheaf_i_matrix_norm2(a));
            free(y);
        } else {
            first = y;
            norm = sheaf_i_matrix_norm2(a);
        }
        free(x);
        sheaf_matrix_free(a);
        sheaf_ctx_free(ctx);
    }
    free(first);
}

static void row_cut_covers_all_rows_once(void **state)
{
    (void)state;
    int64_t indptr[401] = {0};
    for (int64_t i = 0; i < 400; i++) indptr[i + 1] = indptr[i] + (i == 7 ? 100000 : i % 3);
    for (int64_t n = 1; n < 50; n++) {
        assert_int_equal(sheaf_i_row_cut(indptr, 400, 0, n), 0);
        assert_int_equal(sheaf_i_row_cut(indptr, 400, n, n), 400);
        for (int64_t b = 0; b < n; b++)
            assert_true(sheaf_i_row_cut(indptr, 400, b, n) <= sheaf_i_row_cut(indptr, 400, b + 1, n));
    }
}

static void bad_structure_is_refused(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const int64_t ok[] = {0, 2, 3}, falls[] = {0, 3, 2}, from1[] = {1, 2, 3};
    const int32_t good[] = {0, 3, 1}, high[] = {0, 4, 1}, low[] = {0, 3, -1}, twice[] = {3, 3, 1}, back[] = {3, 0, 1};
    const float v[] = {1, 2, 3}, bad[] = {1, 2, NAN}, inf[] = {INFINITY, 2, 3};
    sheaf_matrix *m;
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, falls, good, v), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, from1, good, v), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, high, v), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "row 0: column 4 is not in 0 to 3"));
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, low, v), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, twice, v), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, back, v), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, good, bad), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, good, inf), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, -1, 4, ok, good, v), SHEAF_EINVAL);
    assert_int_equal(sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, NULL, v), SHEAF_EINVAL);
    assert_null(m);
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, 2, 4, ok, good, v));
    assert_null(sheaf_i_matrix_validate(m));
    assert_true(test_matrix_at(m, 0, 3) == 2 && test_matrix_at(m, 1, 1) == 3);
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

static sheaf_status weigh_and_turn(sheaf_ctx *ctx, const sheaf_terms *t, sheaf_weight scheme)
{
    sheaf_weight_opts o;
    sheaf_weight_opts_init(&o, sizeof o);
    o.scheme = scheme;
    sheaf_matrix *m, *turned = NULL;
    sheaf_status st = sheaf_matrix_weigh(ctx, &m, t, &o);
    if (st == SHEAF_OK) st = sheaf_i_matrix_transpose(ctx, &turned, m);
    sheaf_matrix_free(m);
    sheaf_matrix_free(turned);
    return st;
}

static void failing_allocations_leave_nothing(void **state)
{
    (void)state;
    const sheaf_weight scheme[] = {SHEAF_WEIGHT_SUBLINEAR, SHEAF_WEIGHT_LOGENTROPY, SHEAF_WEIGHT_BM25,
                                   SHEAF_WEIGHT_BIPARTITE};
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    fake_terms f;
    fake(&f, ctx);
    for (int s = 0; s < 4; s++) {
        int64_t before = limit.live, n = 1;
        for (;; n++) {
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = weigh_and_turn(ctx, &f.t, scheme[s]);
            assert_int_equal(limit.live, before);
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
        }
        assert_true(n > 5);
    }
    limit.fail_at = 0;
    sheaf_ctx_free(ctx);
    assert_int_equal(limit.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_scikit_learn),
        cmocka_unit_test(weights_follow_their_definitions),
        cmocka_unit_test(rows_are_damped_as_asked),
        cmocka_unit_test(one_document_and_none),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(weights_do_not_depend_on_threads_or_order),
        cmocka_unit_test(transpose_turns_every_entry),
        cmocka_unit_test(products_agree_with_dense_loops),
        cmocka_unit_test(products_and_norms_do_not_depend_on_threads),
        cmocka_unit_test(row_cut_covers_all_rows_once),
        cmocka_unit_test(bad_structure_is_refused),
        cmocka_unit_test(failing_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_matrix_coded() + test_matrix_files();
}
