/* The latent space as a whole: larger matrices, restarts, threads, failures, hostile options. */
#include "test_space.h"

#include "base/mem.h"
#include "matrix/csr.h"
#include "space/refine.h"
#include "space/space.h"

/* Sparse rows x cols with Zipf-like columns, about `mean` nonzeros a row. */
static sheaf_matrix *texty(sheaf_ctx *ctx, int32_t rows, int32_t cols, int32_t mean, uint64_t key)
{
    int64_t *indptr = calloc((size_t)rows + 1, sizeof *indptr);
    int32_t *indices = malloc((size_t)rows * (size_t)mean * 2 * sizeof *indices);
    float *values = malloc((size_t)rows * (size_t)mean * 2 * sizeof *values);
    uint64_t at = 0;
    for (int32_t i = 0; i < rows; i++) {
        int64_t p = indptr[i];
        double log_cols = log((double)cols), step = log_cols / (2.0 * mean);
        int32_t last = -1; /* columns uniform in their logarithm, rising */
        for (double x = step * sheaf_i_rng_unit(key, at++); x < log_cols; x += 2 * step * sheaf_i_rng_unit(key, at++)) {
            int32_t j = (int32_t)exp(x) - 1 + i % 3;
            if (j <= last || j >= cols) continue;
            indices[p] = last = j;
            values[p++] = (float)(.2 + sheaf_i_rng_unit(key, at++));
        }
        indptr[i + 1] = p;
    }
    sheaf_matrix *m = NULL;
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, rows, cols, indptr, indices, values));
    free(indptr);
    free(indices);
    free(values);
    return m;
}

static sheaf_space_opts options(int32_t dims, double tol, sheaf_solver solver)
{
    sheaf_space_opts o;
    sheaf_space_opts_init(&o, sizeof o);
    o.dims = dims;
    o.tol = tol;
    o.solver = solver;
    return o;
}

/* A basis of hundreds of vectors with single full passes must stay orthonormal: 2e-5 leaves room for the float rounding
   of sums over thousands of rows; lost orthogonality shows as copies of values, so sigma is compared with the dense
   solver too. */
static void check_large(int32_t rows, int32_t cols, int32_t dims, double tol, int32_t least_restarts)
{
    sheaf_ctx *ctx = test_context(2);
    sheaf_matrix *m = texty(ctx, rows, cols, 25, 5);
    sheaf_space *a = NULL, *b = NULL;
    sheaf_space_opts o = options(dims, tol, SHEAF_SOLVER_LANCZOS);
    assert_ok(ctx, sheaf_space_fit(ctx, &a, m, &o));
    o.solver = SHEAF_SOLVER_DENSE;
    assert_ok(ctx, sheaf_space_fit(ctx, &b, m, &o));
    sheaf_space_report q = sheaf_space_quality(a);
    assert_true(q.residual <= tol + 2e-6);
    assert_true(q.restarts >= least_restarts);
    assert_true(q.probe <= sheaf_space_sigma(a)[dims - 1] / sheaf_space_sigma(a)[0] * 1.001);
    assert_int_equal(sheaf_space_dims(a), dims);
    assert_int_equal(sheaf_space_dims(b), dims);
    for (int32_t i = 0; i < dims; i++)
        assert_true(fabs(sheaf_space_sigma(a)[i] - sheaf_space_sigma(b)[i]) <= (tol + 2e-6) * sheaf_space_sigma(b)[0]);
    for (int side = 0; side < 2; side++) {
        const float *x = side ? sheaf_space_docs(a) : sheaf_space_terms(a);
        for (int32_t i = 0; i < dims; i++)
            for (int32_t j = 0; j <= i; j++) {
                double dot = 0;
                for (int64_t r = 0; r < (side ? rows : cols); r++)
                    dot += (double)x[r * dims + i] * (double)x[r * dims + j];
                assert_true(fabs(dot - (i == j)) <= 2e-5);
            }
    }
    sheaf_space_free(a);
    sheaf_space_free(b);
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

static void test_large_tall(void **state) { (void)state; check_large(1500, 800, 60, 5e-3, 0); }
static void test_large_wide(void **state) { (void)state; check_large(700, 1600, 60, 1e-5, 0); }
static void test_restarts(void **state) { (void)state; check_large(1200, 1000, 3, 1e-5, 0); }

/* A spectrum so crowded that a basis of 4 k + 8 b columns cannot hold it: restarts must converge. */
static void test_thick_restart(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    double sigma[700];
    for (int32_t i = 0; i < 700; i++) sigma[i] = 1 - .5 * sqrt(i / 700.0);
    dense d = dense_with_values(720, 700, sigma, 3);
    sheaf_space_report q = check_fit(ctx, &d, (fit_case){5, 2e-5, SHEAF_SOLVER_LANCZOS, 1});
    assert_true(q.restarts >= 1);
    dense_free(&d);
    sheaf_ctx_free(ctx);
}

/* A diagonal matrix keeps equal values equal to the last bit, and the basis stays far smaller than the space. The
   Krylov space of a block of 16 holds 16 of the equal values; at a loose tolerance it is done before rounding errors
   bring in the others, so only the probe can find them. */
static void check_probe(int32_t copies, double tol, uint64_t seed)
{
    enum { N = 4000 };
    sheaf_ctx *ctx = test_context(2);
    int64_t *indptr = calloc(N + 1, sizeof *indptr);
    int32_t *indices = calloc(N, sizeof *indices);
    float *values = calloc(N, sizeof *values);
    for (int32_t i = 0; i < N; i++) {
        indptr[i + 1] = i + 1;
        indices[i] = i;
        values[i] = i < copies ? 1 : (float)(.8 * pow(i - copies + 1, -.35));
    }
    sheaf_matrix *m = NULL;
    sheaf_space *s = NULL;
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, N, N, indptr, indices, values));
    sheaf_space_opts o = options(copies, tol, SHEAF_SOLVER_LANCZOS);
    o.seed = seed;
    assert_ok(ctx, sheaf_space_fit(ctx, &s, m, &o));
    assert_int_equal(sheaf_space_dims(s), copies);
    for (int32_t i = 0; i < copies; i++)
        if (fabs(sheaf_space_sigma(s)[i] - 1) > tol)
            fail_msg("%d, seed %d: sigma[%d] is %g", copies, (int)seed, i, sheaf_space_sigma(s)[i]);
    sheaf_space_free(s);
    sheaf_matrix_free(m);
    free(indptr);
    free(indices);
    free(values);
    sheaf_ctx_free(ctx);
}

static void test_probe(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) { /* one missed, at any stage of coming up from rounding errors */
        check_probe(17, 5e-2, seed);
        check_probe(17, 2e-2, seed);
        check_probe(17, 5e-3, seed);
        check_probe(17, 1e-3, seed);
    }
    check_probe(20, 1e-2, 1);
    check_probe(20, 5e-2, 1);
    check_probe(30, 5e-2, 1);
    check_probe(60, 5e-2, 1);
}

static void check_same(const sheaf_space *a, const sheaf_space *b)
{
    const size_t k = (size_t)a->dims;
    assert_int_equal(a->dims, b->dims);
    assert_memory_equal(a->sigma, b->sigma, k * sizeof(double));
    assert_memory_equal(a->u, b->u, (size_t)a->rows * k * sizeof(float));
    assert_memory_equal(a->v, b->v, (size_t)a->cols * k * sizeof(float));
}

static void test_threads(void **state)
{
    (void)state;
    static const int32_t threads[] = {1, 2, 7, 1};
    for (int solver = SHEAF_SOLVER_LANCZOS; solver <= SHEAF_SOLVER_DENSE; solver++) {
        sheaf_ctx *ctx[4];
        sheaf_space *s[4];
        for (int i = 0; i < 4; i++) {
            ctx[i] = test_context(threads[i]);
            const bool lanczos = solver == SHEAF_SOLVER_LANCZOS; /* large enough for its loops to run in parallel */
            sheaf_matrix *m = lanczos ? texty(ctx[i], 6000, 5000, 20, 6) : texty(ctx[i], 3000, 300, 20, 6);
            sheaf_space_opts o = options(20, 1e-3, (sheaf_solver)solver);
            assert_ok(ctx[i], sheaf_space_fit(ctx[i], &s[i], m, &o));
            sheaf_matrix_free(m);
            if (i > 0) check_same(s[0], s[i]);
        }
        for (int i = 0; i < 4; i++) {
            sheaf_space_free(s[i]);
            sheaf_ctx_free(ctx[i]);
        }
    }
}

/* Another seed finds the same space: values to the residual's square over the gaps, here tol. */
static void test_seeds(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_matrix *m = texty(ctx, 900, 700, 20, 8);
    sheaf_space *s[2];
    for (uint64_t seed = 0; seed < 2; seed++) {
        sheaf_space_opts o = options(15, 1e-4, SHEAF_SOLVER_LANCZOS);
        o.seed = seed;
        assert_ok(ctx, sheaf_space_fit(ctx, &s[seed], m, &o));
    }
    for (int32_t i = 0; i < 15; i++)
        assert_true(fabs(sheaf_space_sigma(s[0])[i] - sheaf_space_sigma(s[1])[i]) <= 1e-4 * sheaf_space_sigma(s[0])[0]);
    assert_memory_not_equal(s[0]->u, s[1]->u, (size_t)s[0]->rows * sizeof(float));
    sheaf_space_free(s[0]);
    sheaf_space_free(s[1]);
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (int solver = SHEAF_SOLVER_LANCZOS; solver <= SHEAF_SOLVER_DENSE; solver++) {
        test_limit limit = {0};
        sheaf_ctx *ctx = test_limited_context(&limit, 2);
        dense d = dense_new(60, 50);
        for (int32_t i = 0; i < 60 * 50; i++) /* far from 1: a scaled copy too */
            d.a[i] = i % 7 == 0 ? 1e12f * (float)(1 + i % 11) : 0;
        for (int32_t i = 0; i < 50; i++) d.a[i * 51] = 1e15f / (float)(i * i * i + 1); /* falling: refined too */
        sheaf_matrix *m = dense_to_matrix(ctx, &d);
        const int64_t before = limit.live;
        sheaf_space_opts o = options(40, 1e-3, (sheaf_solver)solver);
        sheaf_space *s = NULL;
        int64_t n = 1;
        for (;; n++) {
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = sheaf_space_fit(ctx, &s, m, &o);
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_null(s);
            assert_int_equal(limit.live, before);
        }
        assert_true(n > 10);
        sheaf_space_free(s);
        assert_int_equal(limit.live, before);
        sheaf_matrix_free(m);
        sheaf_ctx_free(ctx);
        dense_free(&d);
    }
}

typedef struct {
    int calls, stop_at;
} stopper;

static int stop(void *user, const char *phase, int64_t done, int64_t total)
{
    stopper *s = user;
    (void)done;
    (void)total;
    assert_string_equal(phase, "latent space");
    return ++s->calls == s->stop_at;
}

static void test_cancel(void **state)
{
    (void)state;
    stopper s = {0, -1};
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = 1;
    co.progress = stop;
    co.progress_user = &s;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    sheaf_matrix *m = texty(ctx, 500, 400, 20, 8);
    for (int solver = SHEAF_SOLVER_LANCZOS; solver <= SHEAF_SOLVER_DENSE; solver++) {
        sheaf_space_opts o = options(10, 1e-3, (sheaf_solver)solver);
        sheaf_space *space;
        s = (stopper){0, -1};
        assert_ok(ctx, sheaf_space_fit(ctx, &space, m, &o));
        sheaf_space_free(space);
        const int calls = s.calls;
        assert_true(calls >= 2);
        for (int at = 1; at <= calls; at++) {
            s = (stopper){0, at};
            assert_int_equal(sheaf_space_fit(ctx, &space, m, &o), SHEAF_ECANCELED);
            assert_null(space);
        }
    }
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

static void test_options(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_matrix *m = texty(ctx, 30, 40, 5, 1);
    sheaf_space *s = NULL;
    const sheaf_space_opts bad[] = {options(-5, 1e-3, SHEAF_SOLVER_AUTO),
                                    options(5, 0, SHEAF_SOLVER_AUTO), options(5, -1, SHEAF_SOLVER_AUTO),
                                    options(5, NAN, SHEAF_SOLVER_AUTO), options(5, 1, SHEAF_SOLVER_AUTO),
                                    options(5, 1e-3, (sheaf_solver)7)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sheaf_space_fit(ctx, &s, m, &bad[i]), SHEAF_EINVAL);
        assert_null(s);
        assert_true(strlen(sheaf_ctx_message(ctx)) > 0);
    }
    assert_ok(ctx, sheaf_space_fit(ctx, &s, m, NULL)); /* defaults */
    assert_int_equal(sheaf_space_dims(s), 10); /* no fewer for a small collection, no 100 either */
    sheaf_space_free(s);
    sheaf_space_free(NULL);
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

/* Asked for what no memory would hold. */
static void test_too_large(void **state)
{
    (void)state;
    enum { N = 70000 };
    sheaf_ctx *ctx = test_context(1);
    int64_t *indptr = calloc(N + 1, sizeof *indptr);
    for (int32_t i = 1; i <= N; i++) indptr[i] = 1;
    const int32_t index = 5;
    const float value = 2;
    sheaf_matrix *m = NULL;
    sheaf_space *s = NULL;
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, N, N, indptr, &index, &value));
    sheaf_space_opts o = options(33000, 1e-3, SHEAF_SOLVER_AUTO);
    assert_int_equal(sheaf_space_fit(ctx, &s, m, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "33000"));
    o = options(10, 1e-3, SHEAF_SOLVER_DENSE);
    assert_int_equal(sheaf_space_fit(ctx, &s, m, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "8192"));
    assert_null(s);
    o = options(10, 1e-3, SHEAF_SOLVER_AUTO); /* one nonzero in 70000 x 70000 */
    assert_ok(ctx, sheaf_space_fit(ctx, &s, m, &o));
    assert_int_equal(sheaf_space_dims(s), 1);
    assert_true(fabs(sheaf_space_sigma(s)[0] - 2) <= 1e-5);
    sheaf_space_free(s);
    sheaf_matrix_free(m);
    free(indptr);
    sheaf_ctx_free(ctx);
}

static void take_note(void *user, const char *text) { strncpy(user, text, 255); }

static void test_notes(void **state)
{
    (void)state;
    char note[256] = "";
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.note = take_note;
    co.note_user = note;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    dense d = dense_new(4, 3);
    for (int kind = 0; kind < 3; kind++) {
        for (int32_t i = 0; i < 12; i++)
            d.a[i] = kind == 0 ? 0 : kind == 1 ? 1 : (float)sheaf_i_rng_normal(1, (uint64_t)i);
        sheaf_matrix *m = dense_to_matrix(ctx, &d);
        sheaf_space *s = NULL;
        sheaf_space_opts o = options(10, 1e-3, SHEAF_SOLVER_AUTO);
        assert_ok(ctx, sheaf_space_fit(ctx, &s, m, &o));
        assert_int_equal(sheaf_space_dims(s), kind == 0 ? 0 : kind == 1 ? 1 : 3);
        assert_non_null(strstr(note, kind == 0 ? "only zeros" : kind == 1 ? "1 given" : "3 given"));
        sheaf_space_free(s);
        sheaf_matrix_free(m);
    }
    dense_free(&d);
    sheaf_ctx_free(ctx);
}

/* The largest ||A^T u - sigma v|| over sigma_1, in double. */
static double largest_residual(const sheaf_matrix *m, const sheaf_space *s)
{
    const int32_t k = sheaf_space_dims(s);
    const double *sigma = sheaf_space_sigma(s);
    double largest = 0, *z = malloc((size_t)m->cols * sizeof *z);
    for (int32_t c = 0; c < k; c++) {
        double sum = 0;
        for (int32_t j = 0; j < m->cols; j++) z[j] = -sigma[c] * (double)sheaf_space_terms(s)[(int64_t)j * k + c];
        for (int64_t i = 0; i < m->rows; i++)
            for (int64_t p = m->indptr[i]; p < m->indptr[i + 1]; p++)
                z[m->indices[p]] += (double)m->values[p] * (double)sheaf_space_docs(s)[i * k + c];
        for (int32_t j = 0; j < m->cols; j++) sum += z[j] * z[j];
        largest = fmax(largest, sqrt(sum) / sigma[0]);
    }
    free(z);
    return largest;
}

/* Gives memory but once, when *user is counted down to 0. */
static void *refuse_once(void *user, void *ptr, size_t bytes)
{
    int *left = user;
    if (bytes && --*left == 0) return NULL;
    if (bytes) return realloc(ptr, bytes);
    free(ptr);
    return NULL;
}

/* Residuals above 1e-3 are those of the recurrence, checked by 16 random sums of columns: never below the true ones, and
   hardly above. Where what the recurrence claims is wrong, or there is no memory for the sums, they are formed one by
   one. */
static void test_claims(void **state)
{
    (void)state;
    enum { K = 30 };
    int left = -1;
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = 2;
    co.resize = refuse_once;
    co.resize_user = &left;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    sheaf_matrix *m = texty(ctx, 3000, 2500, 25, 8), *t = NULL;
    sheaf_space *s = NULL;
    sheaf_space_opts o = options(K, .05, SHEAF_SOLVER_LANCZOS);
    assert_ok(ctx, sheaf_space_fit(ctx, &s, m, &o));
    assert_ok(ctx, sheaf_i_matrix_transpose(ctx, &t, m));
    const sheaf_space_report q = sheaf_space_quality(s);
    const double truth = largest_residual(m, s);
    assert_true(truth > SHEAF_I_SURE);
    assert_true(q.residual >= truth * (1 - 1e-6) && q.residual <= 1.01 * truth);
    assert_int_equal((q.products - K - SHEAF_I_SKETCH) % 32, 0); /* steps of 32, U, and no more than the sums */
    sheaf_i_scratch scratch = {0};
    sheaf_i_seconds seconds = {0};
    sheaf_i_svd_problem p = {.ctx = ctx, .kernels = sheaf_i_kernels_get(), .tall = m, .wide = t, .n_long = m->rows,
                             .n_short = m->cols, .k = K, .tol = o.tol, .seed = o.seed, .scratch = &scratch,
                             .seconds = &seconds};
    sheaf_i_svd_result r = {.found = K, .sigma = s->sigma, .short_side = s->v, .long_side = s->u};
    r.claimed = 2 * truth * s->sigma[0];
    r.rest = sheaf_i_aligned(ctx, (int64_t)m->cols * SHEAF_I_SKETCH, sizeof(float));
    assert_non_null(r.rest);
    memset(r.rest, 0, (size_t)m->cols * SHEAF_I_SKETCH * sizeof(float));
    assert_ok(ctx, sheaf_i_svd_residual(&p, &r));
    assert_true(fabs(r.residual - truth) <= 2e-6); /* rounding of float products */
    assert_int_equal(r.products, SHEAF_I_SKETCH + K);
    sheaf_i_aligned_free(ctx, r.rest);
    for (int wrong = 0; wrong < 2; wrong++) { /* one vector a thousandth too long: too much for what is claimed */
        assert_ok(ctx, sheaf_i_svd_lanczos(&p, &r));
        assert_non_null(r.rest);
        for (int64_t i = 0; wrong && i < m->rows; i++) r.long_side[i * K] *= 1.001f;
        const int64_t products = r.products;
        assert_ok(ctx, sheaf_i_svd_residual(&p, &r));
        assert_int_equal(r.products - products, SHEAF_I_SKETCH + (wrong ? K : 0));
        for (int fail_at = 1; !wrong && fail_at <= 3; fail_at++) { /* the factors and both sides' sums */
            r.residual = 0;
            r.products = 0;
            left = fail_at;
            assert_ok(ctx, sheaf_i_svd_residual(&p, &r));
            assert_true(left < 0);
            assert_string_equal(sheaf_ctx_message(ctx), "");
            assert_int_equal(r.products, K);
            assert_true(fabs(r.residual - truth) <= 2e-6);
        }
        sheaf_i_svd_result_end(ctx, &r);
    }
    sheaf_i_scratch_end(ctx, &scratch);
    sheaf_space_free(s);
    sheaf_matrix_free(t);
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_matrices), cmocka_unit_test(test_degenerate_shapes),
        cmocka_unit_test(test_rank_deficient), cmocka_unit_test(test_repeated_values),
        cmocka_unit_test(test_scaling), cmocka_unit_test(test_falling_spectrum),
        cmocka_unit_test(test_large_tall), cmocka_unit_test(test_large_wide),
        cmocka_unit_test(test_restarts), cmocka_unit_test(test_thick_restart), cmocka_unit_test(test_probe),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_options), cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_notes), cmocka_unit_test(test_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
