/* Small random and degenerate matrices through every solver, against LAPACK's dgesdd in double.
 *
 * Tolerances, all relative to sigma_1. Singular values: a residual r bounds the error of a value by r, and the matrix
 * is float data, so 2 tol + 2e-6. Orthogonality: 2e-5 for Lanczos (full reorthogonalisation in float), 2e-6 for the
 * dense solver (double, rounded to float), and on the long side rounding errors over the smallest value kept. Subspaces
 * where a gap g follows the last value: the sine of the angle is at most residual / g.
 */
#include "test_space.h"

#include "kernel/blas.h"
#include "matrix/csr.h"

dense dense_new(int32_t rows, int32_t cols)
{
    return (dense){rows, cols, calloc((size_t)rows * (size_t)cols, sizeof(float))};
}

void dense_free(dense *d) { free(d->a); }

/* x <- (I - 2 v v^T) x for the columns of the row-major matrix x, v a random unit vector. */
static void reflect_rows(double *x, int32_t rows, int32_t cols, uint64_t key)
{
    double *v = malloc((size_t)rows * sizeof *v), norm2 = 0;
    for (int32_t i = 0; i < rows; i++) {
        v[i] = sheaf_i_rng_normal(key, (uint64_t)i);
        norm2 += v[i] * v[i];
    }
    for (int32_t j = 0; j < cols; j++) {
        double dot = 0;
        for (int32_t i = 0; i < rows; i++) dot += v[i] * x[(int64_t)i * cols + j];
        for (int32_t i = 0; i < rows; i++) x[(int64_t)i * cols + j] -= 2 * dot / norm2 * v[i];
    }
    free(v);
}

static double *transposed(const double *x, int32_t rows, int32_t cols)
{
    double *t = malloc((size_t)rows * (size_t)cols * sizeof *t);
    for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < cols; j++) t[(int64_t)j * rows + i] = x[(int64_t)i * cols + j];
    return t;
}

dense dense_with_values(int32_t rows, int32_t cols, const double *sigma, uint64_t key)
{
    const int32_t least = rows < cols ? rows : cols;
    double *x = calloc((size_t)rows * (size_t)cols, sizeof *x);
    for (int32_t i = 0; i < least; i++) x[(int64_t)i * cols + i] = sigma[i];
    for (uint64_t turn = 0; turn < 3; turn++) reflect_rows(x, rows, cols, sheaf_i_mix(key + turn));
    double *t = transposed(x, rows, cols);
    for (uint64_t turn = 3; turn < 6; turn++) reflect_rows(t, cols, rows, sheaf_i_mix(key + turn));
    dense d = dense_new(rows, cols);
    for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < cols; j++) d.a[(int64_t)i * cols + j] = (float)t[(int64_t)j * rows + i];
    free(x);
    free(t);
    return d;
}

sheaf_matrix *dense_to_matrix(sheaf_ctx *ctx, const dense *d)
{
    int64_t *indptr = calloc((size_t)d->rows + 1, sizeof *indptr), nnz = 0;
    const size_t room = (size_t)d->rows * (size_t)d->cols + 1;
    int32_t *indices = malloc(room * sizeof *indices);
    float *values = malloc(room * sizeof *values);
    for (int32_t i = 0; i < d->rows; i++) {
        for (int32_t j = 0; j < d->cols; j++)
            if (d->a[(int64_t)i * d->cols + j] != 0) {
                indices[nnz] = j;
                values[nnz++] = d->a[(int64_t)i * d->cols + j];
            }
        indptr[i + 1] = nnz;
    }
    sheaf_matrix *m = NULL;
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, d->rows, d->cols, indptr, indices, values));
    free(indptr);
    free(indices);
    free(values);
    return m;
}

/* ---- what must hold ---- */

typedef struct {
    int32_t least;
    double *s, *u, *vt;
} reference;

static reference solve_reference(sheaf_ctx *ctx, const dense *d, double scale)
{
    const int32_t least = d->rows < d->cols ? d->rows : d->cols;
    const size_t m = (size_t)d->rows, n = (size_t)d->cols, l = (size_t)least;
    reference r = {least, malloc(l * sizeof(double)), malloc(m * l * sizeof(double)), malloc(l * n * sizeof(double))};
    double *a = malloc(m * n * sizeof *a);
    for (size_t i = 0; i < m * n; i++) a[i] = (double)d->a[i] * scale;
    assert_ok(ctx, sheaf_i_dense_svd(ctx, d->rows, d->cols, a, d->cols, r.s, r.u, least, r.vt, d->cols));
    free(a);
    return r;
}

static double largest_entry(const dense *d)
{
    double largest = 0;
    for (int64_t i = 0; i < (int64_t)d->rows * d->cols; i++) largest = fmax(largest, fabs((double)d->a[i]));
    return largest;
}

static void check_orthonormal(const float *x, int64_t n, int32_t k, double tol)
{
    for (int32_t i = 0; i < k; i++)
        for (int32_t j = 0; j <= i; j++) {
            double dot = 0;
            for (int64_t r = 0; r < n; r++) dot += (double)x[r * k + i] * (double)x[r * k + j];
            if (fabs(dot - (i == j)) > tol) fail_msg("columns %d, %d of %d: %g > %g", i, j, k, dot - (i == j), tol);
        }
}

/* Largest ||A v - sigma u|| and ||A^T u - sigma v||, in units of `scale`. */
static double true_residual(const dense *d, const sheaf_space *s, double scale)
{
    const int32_t k = sheaf_space_dims(s);
    const float *u = sheaf_space_docs(s), *v = sheaf_space_terms(s);
    const double *sigma = sheaf_space_sigma(s);
    double worst = 0;
    for (int32_t c = 0; c < k; c++) {
        double left = 0, right = 0;
        for (int32_t i = 0; i < d->rows; i++) {
            double dot = 0;
            for (int32_t j = 0; j < d->cols; j++)
                dot += (double)d->a[(int64_t)i * d->cols + j] * scale * (double)v[(int64_t)j * k + c];
            left += pow(dot - sigma[c] * scale * (double)u[(int64_t)i * k + c], 2);
        }
        for (int32_t j = 0; j < d->cols; j++) {
            double dot = 0;
            for (int32_t i = 0; i < d->rows; i++)
                dot += (double)d->a[(int64_t)i * d->cols + j] * scale * (double)u[(int64_t)i * k + c];
            right += pow(dot - sigma[c] * scale * (double)v[(int64_t)j * k + c], 2);
        }
        worst = fmax(worst, sqrt(fmax(left, right)));
    }
    return worst;
}

/* k - ||V_ref^T V||_F^2 is the sum of squared sines of the angles between the spaces. */
static void check_subspace(const dense *d, const sheaf_space *s, const reference *r, double residual)
{
    const int32_t k = sheaf_space_dims(s);
    const double next = k < r->least ? r->s[k] : 0, gap = (r->s[k - 1] - next) / r->s[0];
    if (gap < 1e-2) return;
    const float *v = sheaf_space_terms(s);
    double sum = 0;
    for (int32_t i = 0; i < k; i++)
        for (int32_t c = 0; c < k; c++) {
            double dot = 0;
            for (int32_t j = 0; j < d->cols; j++)
                dot += r->vt[(int64_t)i * d->cols + j] * (double)v[(int64_t)j * k + c];
            sum += dot * dot;
        }
    const double sine = residual / gap;
    assert_true(k - sum <= k * (2 * sine * sine + 4e-5));
}

static void check_signs(const sheaf_space *s, int32_t cols)
{
    const int32_t k = sheaf_space_dims(s);
    for (int32_t c = 0; c < k; c++) {
        double cubes = 0;
        for (int32_t j = 0; j < cols; j++) cubes += pow((double)sheaf_space_terms(s)[(int64_t)j * k + c], 3);
        assert_true(cubes >= -1e-6);
    }
}

sheaf_space_report check_fit(sheaf_ctx *ctx, const dense *d, fit_case c)
{
    const double largest = largest_entry(d), scale = largest > 0 ? 1 / largest : 1;
    sheaf_matrix *m = dense_to_matrix(ctx, d);
    reference ref = solve_reference(ctx, d, scale);
    sheaf_space_opts o;
    sheaf_space_opts_init(&o, sizeof o);
    o.dims = c.dims;
    o.tol = c.tol;
    o.solver = c.solver;
    o.seed = c.seed;
    sheaf_space *s = NULL;
    assert_ok(ctx, sheaf_space_fit(ctx, &s, m, &o));
    const sheaf_space_report q = sheaf_space_quality(s);
    const int32_t k = sheaf_space_dims(s);
    const bool lanczos = q.solver == SHEAF_SOLVER_LANCZOS;
    if (c.solver != SHEAF_SOLVER_AUTO) assert_int_equal(q.solver, c.solver);

    /* as many as there are above the noise, within a factor 2 of its floor */
    const double floor = lanczos ? 1e-3 : 1e-5;
    int32_t sure = 0, possible = 0;
    for (int32_t i = 0; i < ref.least && i < c.dims && ref.s[0] > 0; i++) {
        sure += ref.s[i] > 2 * floor * ref.s[0];
        possible += ref.s[i] > floor / 2 * ref.s[0];
    }
    if (k < sure || k > possible)
        fail_msg("%d x %d: %d dimensions, %d to %d expected", d->rows, d->cols, k, sure, possible);

    double energy = 0, all = 0;
    for (int32_t i = 0; i < ref.least; i++) all += ref.s[i] * ref.s[i];
    for (int32_t i = 0; i < k; i++) {
        double sigma = sheaf_space_sigma(s)[i] * scale;
        energy += sigma * sigma;
        if (fabs(sigma - ref.s[i]) > (2 * c.tol + 2e-6) * ref.s[0])
            fail_msg("%d x %d: sigma[%d] of %d is %.9g, not %.9g", d->rows, d->cols, i, k, sigma, ref.s[i]);
        if (i > 0) assert_true(sheaf_space_sigma(s)[i] <= sheaf_space_sigma(s)[i - 1]);
    }
    if (k > 0) {
        const double lost = lanczos ? 2e-5 : 2e-6, last = ref.s[k - 1] / ref.s[0];
        const bool tall = d->rows >= d->cols;
        check_orthonormal(sheaf_space_terms(s), d->cols, k, tall ? lost : lost + (lanczos ? 2e-6 : 1e-9) / last);
        check_orthonormal(sheaf_space_docs(s), d->rows, k, tall ? lost + (lanczos ? 2e-6 : 1e-9) / last : lost);
        const double residual = true_residual(d, s, scale) / ref.s[0];
        if (residual > c.tol + 5e-6) fail_msg("%d x %d: residual %g", d->rows, d->cols, residual);
        assert_true(fabs(residual - q.residual) <= 2e-6 + .01 * residual); /* the report tells the truth */
        assert_true(fabs(q.energy - energy / all) <= 1e-5);
        check_subspace(d, s, &ref, residual);
        check_signs(s, d->cols);
    }
    sheaf_space_free(s);
    sheaf_matrix_free(m);
    free(ref.s);
    free(ref.u);
    free(ref.vt);
    return q;
}

/* ---- the cases ---- */

static const sheaf_solver solvers[] = {SHEAF_SOLVER_LANCZOS, SHEAF_SOLVER_DENSE};

static void both_solvers(sheaf_ctx *ctx, const dense *d, int32_t dims, uint64_t seed)
{
    for (int i = 0; i < 2; i++) check_fit(ctx, d, (fit_case){dims, 1e-5, solvers[i], seed});
}

void test_random_matrices(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t t = 0; t < 200; t++) {
        const uint64_t key = sheaf_i_rng_key(t, SHEAF_I_RNG_TEST, 0);
        const int32_t rows = 1 + (int32_t)(sheaf_i_rng_u64(key, 0) % 90);
        const int32_t cols = 1 + (int32_t)(sheaf_i_rng_u64(key, 1) % 90);
        const int32_t dims = 1 + (int32_t)(sheaf_i_rng_u64(key, 2) % 40);
        const double density = t % 3 == 0 ? 1 : t % 3 == 1 ? .3 : .03;
        dense d = dense_new(rows, cols);
        for (int64_t i = 0; i < (int64_t)rows * cols; i++)
            if (sheaf_i_rng_unit(key, (uint64_t)(10 + 2 * i)) < density)
                d.a[i] = (float)sheaf_i_rng_normal(key + 1, (uint64_t)i);
        both_solvers(ctx, &d, dims, t);
        dense_free(&d);
    }
    sheaf_ctx_free(ctx);
}

void test_degenerate_shapes(void **state)
{
    (void)state;
    static const int32_t shapes[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 300}, {300, 1}, {2, 2}, {3, 200}, {200, 3},
                                        {16, 16}, {17, 33}, {32, 500}, {500, 32}};
    sheaf_ctx *ctx = test_context(2);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < 3; kind++) { /* zeros, one nonzero, full */
            dense d = dense_new(shapes[i][0], shapes[i][1]);
            const int64_t n = (int64_t)d.rows * d.cols;
            if (kind == 1) d.a[n / 2] = -2.5f;
            for (int64_t j = 0; kind == 2 && j < n; j++) d.a[j] = (float)sheaf_i_rng_normal(i, (uint64_t)j);
            both_solvers(ctx, &d, 1, 3);
            both_solvers(ctx, &d, 1000, 3); /* more than there are */
            dense_free(&d);
        }
    sheaf_ctx_free(ctx);
}

/* Sums of r outer products of small integers: the rank is exact in float. */
void test_rank_deficient(void **state)
{
    (void)state;
    static const int32_t shapes[][3] = {{40, 30, 1}, {30, 40, 5}, {120, 150, 17}, {300, 200, 33}, {200, 260, 3},
                                        {90, 90, 89}};
    sheaf_ctx *ctx = test_context(2);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        dense d = dense_new(shapes[i][0], shapes[i][1]);
        for (int32_t r = 0; r < shapes[i][2]; r++)
            for (int32_t row = 0; row < d.rows; row++)
                for (int32_t col = 0; col < d.cols; col++) {
                    int x = (int)(sheaf_i_rng_u64((uint64_t)r, (uint64_t)row) % 5) - 2;
                    int y = (int)(sheaf_i_rng_u64((uint64_t)r, (uint64_t)(1000 + col)) % 5) - 2;
                    d.a[(int64_t)row * d.cols + col] += (float)(x * y);
                }
        both_solvers(ctx, &d, 20, 5);
        both_solvers(ctx, &d, 400, 5);
        dense_free(&d);
    }
    sheaf_ctx_free(ctx);
}

/* Multiplicities up to 60, above every block width for these dimensions: the Krylov space of the first block sees at
   most 16 of the equal ones. */
void test_repeated_values(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    static const int32_t copies[] = {2, 15, 16, 17, 33, 60};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        for (int at = 0; at < 2; at++) { /* the largest, or below five distinct ones */
            double sigma[400];
            for (int32_t j = 0; j < 400; j++) sigma[j] = j < 5 * at ? 2 - .2 * j : .5 * pow(j + 1, -.35);
            for (int32_t j = 5 * at; j < 5 * at + copies[i]; j++) sigma[j] = 1;
            dense d = dense_with_values(450, 400, sigma, i);
            check_fit(ctx, &d, (fit_case){80, 1e-3, SHEAF_SOLVER_LANCZOS, 1});
            check_fit(ctx, &d, (fit_case){10, 1e-3, SHEAF_SOLVER_LANCZOS, 2});
            dense_free(&d);
        }
    dense identity = dense_new(150, 130);
    for (int32_t i = 0; i < 130; i++) identity.a[i * 131] = 3;
    both_solvers(ctx, &identity, 50, 1);
    both_solvers(ctx, &identity, 130, 1);
    dense_free(&identity);
    sheaf_ctx_free(ctx);
}

/* Squares of the values would overflow or vanish in float. */
void test_scaling(void **state)
{
    (void)state;
    static const float scales[] = {1e-37f, 1e-30f, 1e-12f, 1e12f, 1e30f, 5e37f};
    sheaf_ctx *ctx = test_context(1);
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        dense d = dense_new(70, 50);
        for (int64_t j = 0; j < 70 * 50; j++) d.a[j] = scales[i] * (float)(sheaf_i_rng_unit(9, (uint64_t)j) - .3);
        both_solvers(ctx, &d, 12, 1);
        dense_free(&d);
    }
    sheaf_ctx_free(ctx);
}

/* Values falling through the noise floor of either solver. */
void test_falling_spectrum(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    double sigma[120];
    static const double steps[] = {.3, .7, .9};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (int32_t j = 0; j < 120; j++) sigma[j] = pow(steps[i], j);
        dense d = dense_with_values(120, 140, sigma, 50 + i);
        check_fit(ctx, &d, (fit_case){100, 1e-4, SHEAF_SOLVER_LANCZOS, 1});
        check_fit(ctx, &d, (fit_case){100, 1e-4, SHEAF_SOLVER_DENSE, 1});
        dense_free(&d);
    }
    sheaf_ctx_free(ctx);
}
