/* sheaf_space: options, the choice of side and solver, canonical signs, the report. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "kernel/blas.h"
#include "space/refine.h"
#include "space/solve.h"
#include "space/space.h"

#define DENSE_MAX 8192        /* the Gram matrix of the short side, 512 MB */
#define ROWS 1024
/* A small collection has few directions that are more than one document's own words, and whoever clusters takes the
   rest for subjects: with 60 documents of bbc 50 dimensions cost a third of the agreement with human labels, with 150
   of them 100 dimensions a quarter (results/small-collections.md). */
#define MOST_DIMS 100
#define FEWEST_DIMS 10
#define DOCS_A_DIM 8
#define UNDECIDED 1e-6        /* a sum of cubes nearer to zero than this says nothing about the sign */

void sheaf_space_opts_init(sheaf_space_opts *o, size_t size)
{
    sheaf_space_opts all = {.dims = 0, .tol = 5e-3, .seed = 1};
    all.size = size;
    memcpy(o, &all, size < sizeof all ? size : sizeof all);
}

static sheaf_status check(sheaf_ctx *ctx, const sheaf_space_opts *o)
{
    if (o->dims < 0) return sheaf_i_fail(ctx, SHEAF_EINVAL, "dims = %d, but must not be negative", (int)o->dims);
    if (!(o->tol > 0 && o->tol < 1))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "tol = %g, but must lie between 0 and 1", o->tol);
    if (o->solver < SHEAF_SOLVER_AUTO || o->solver > SHEAF_SOLVER_DENSE)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "unknown solver %d", (int)o->solver);
    return SHEAF_OK;
}

static int32_t default_dims(int64_t docs)
{
    int64_t dims = docs / DOCS_A_DIM;
    return (int32_t)(dims > MOST_DIMS ? MOST_DIMS : dims < FEWEST_DIMS ? FEWEST_DIMS : dims);
}

/* ---- the matrix, brought to a middling scale ---- */

/* Products of three numbers of the matrix must neither overflow nor vanish in float: where its largest entry is far
   from 1, the solvers get a copy of the values times a power of two. */
static int scale_exponent(const sheaf_matrix *m)
{
    if (m->coded) return 0; /* made so only if its scale is middling */
    enum { WAYS = 16 }; /* side by side: one after the other would wait for each comparison */
    float largest = 0, most[WAYS] = {0};
    const int64_t nnz = m->indptr[m->rows];
    int64_t p = 0;
    for (; p + WAYS <= nnz; p += WAYS)
        for (int i = 0; i < WAYS; i++) {
            const float x = fabsf(m->values[p + i]);
            most[i] = x > most[i] ? x : most[i];
        }
    for (; p < nnz; p++) most[0] = fmaxf(most[0], fabsf(m->values[p]));
    for (int i = 0; i < WAYS; i++) largest = fmaxf(largest, most[i]);
    int e = 0;
    if (largest > 0) frexpf(largest, &e);
    return e > 20 || e < -20 ? -e : 0;
}

static sheaf_status scaled_view(sheaf_ctx *ctx, const sheaf_matrix *m, int exponent, sheaf_matrix *view)
{
    *view = *m;
    if (exponent == 0) return SHEAF_OK;
    const int64_t nnz = m->indptr[m->rows];
    view->values = sheaf_i_array(ctx, nnz, sizeof *view->values);
    if (!view->values) return SHEAF_ENOMEM;
    for (int64_t p = 0; p < nnz; p++) view->values[p] = ldexpf(m->values[p], exponent);
    return SHEAF_OK;
}

/* ---- canonical signs ---- */

typedef struct {
    const float *v;
    int64_t n;
    int32_t k;
    double *found;             /* k a block: sum of cubes; or entry of largest size, the first of equals */
} sign_arg;

static sheaf_status cubes_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const sign_arg *a = arg;
    double *restrict cubes = a->found + block * a->k;
    int64_t lo, hi;
    sheaf_i_range(a->n, ROWS, block, &lo, &hi);
    memset(cubes, 0, (size_t)a->k * sizeof *cubes);
    for (int64_t r = lo; r < hi; r++) {
        const float *restrict v = a->v + r * a->k;
        for (int32_t c = 0; c < a->k; c++) cubes[c] += (double)v[c] * (double)v[c] * (double)v[c];
    }
    return SHEAF_OK;
}

static sheaf_status extremes_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const sign_arg *a = arg;
    double *extreme = a->found + block * a->k;
    int64_t lo, hi;
    sheaf_i_range(a->n, ROWS, block, &lo, &hi);
    memset(extreme, 0, (size_t)a->k * sizeof *extreme);
    for (int64_t r = lo; r < hi; r++)
        for (int32_t c = 0; c < a->k; c++) {
            double x = (double)a->v[r * a->k + c];
            if (fabs(x) > fabs(extreme[c])) extreme[c] = x;
        }
    return SHEAF_OK;
}

/* Singular vectors are determined up to their sign: the terms' side gets a positive sum of cubes, so that its few large
   entries are positive; where that is near zero, the largest entry decides. */
static sheaf_status choose_signs(const sheaf_space *s, double *flip)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = s->dims;
    const int64_t n_blocks = sheaf_i_blocks(s->cols, ROWS);
    sign_arg a = {.v = s->v, .n = s->cols, .k = k};
    bool decided = true;
    SHEAF_NEW(a.found, s->ctx, n_blocks * k);
    SHEAF_TRY(sheaf_i_par_for(s->ctx, NULL, n_blocks, cubes_block, &a));
    for (int32_t c = 0; c < k; c++) {
        flip[c] = 0;
        for (int64_t block = 0; block < n_blocks; block++) flip[c] += a.found[block * k + c];
        if (fabs(flip[c]) < UNDECIDED) decided = false;
    }
    if (!decided) SHEAF_TRY(sheaf_i_par_for(s->ctx, NULL, n_blocks, extremes_block, &a));
    for (int32_t c = 0; c < k; c++) {
        double extreme = 0;
        for (int64_t block = 0; !decided && block < n_blocks; block++)
            if (fabs(a.found[block * k + c]) > fabs(extreme)) extreme = a.found[block * k + c];
        flip[c] = (fabs(flip[c]) < UNDECIDED ? extreme : flip[c]) < 0 ? -1 : 1;
    }
done:
    sheaf_i_free(s->ctx, a.found);
    return st;
}

static sheaf_status fix_signs(sheaf_space *s)
{
    sheaf_status st = SHEAF_OK;
    double *flip = NULL;
    SHEAF_NEW(flip, s->ctx, s->dims);
    SHEAF_TRY(choose_signs(s, flip));
    SHEAF_TRY(sheaf_i_scale_columns(s->ctx, s->rows, s->dims, s->u, flip));
    SHEAF_TRY(sheaf_i_scale_columns(s->ctx, s->cols, s->dims, s->v, flip));
done:
    sheaf_i_free(s->ctx, flip);
    return st;
}

/* ---- the solvers ---- */

/* The eigenproblem of the whole Gram matrix costs n^3, the iteration about k^2 n and its products. On text they meet
   near n = 5 k; from n = 1000 on the iteration wins unless its basis would fill half the space. */
static bool dense_is_cheaper(const sheaf_i_svd_problem *p)
{
    const int64_t n = p->n_short, k = p->k;
    return n <= 100 || (n <= 1000 && n <= 5 * k) || (n <= DENSE_MAX && n <= 2 * k);
}

static sheaf_status solve(const sheaf_i_svd_problem *p, sheaf_solver solver, sheaf_i_svd_result *r)
{
    if (solver == SHEAF_SOLVER_LANCZOS) return sheaf_i_svd_lanczos(p, r);
    if (p->n_short <= DENSE_MAX) return sheaf_i_svd_dense(p, r);
    sheaf_status st = sheaf_i_fail(p->ctx, SHEAF_EINVAL, "the dense solver takes matrices with a side of up to %d, "
                                   "not %lld x %d", DENSE_MAX, (long long)p->n_long, (int)p->n_short);
    sheaf_i_hint(p->ctx, "the lanczos solver");
    return st;
}

static void tell(sheaf_ctx *ctx, const sheaf_space *s, const sheaf_space_opts *o, int32_t short_side)
{
    if (s->dims == 0)
        sheaf_i_note(ctx, "the matrix holds only zeros: no dimensions");
    else if (s->dims < o->dims && s->dims == short_side)
        sheaf_i_note(ctx, "%d dimensions asked, %d given: the matrix is %lld x %d", (int)o->dims, (int)s->dims,
                     (long long)s->rows, (int)s->cols);
    else if (s->dims < o->dims)
        sheaf_i_note(ctx, "%d dimensions asked, %d given: the other singular values are zero to rounding",
                     (int)o->dims, (int)s->dims);
    if (s->report.residual > 1.05 * o->tol) /* what the recurrence promised, give or take */
        sheaf_i_note(ctx, "the latent space is known to %.1e of its largest value, not %.1e as asked",
                     s->report.residual, o->tol);
}

/* Runs a solver on `m` (in sheaf's scale) and hands its vectors over. */
static sheaf_status fill(sheaf_space *s, const sheaf_matrix *m, int exponent, const sheaf_space_opts *o)
{
    sheaf_ctx *ctx = s->ctx;
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *t = NULL, *plain = NULL;
    sheaf_i_svd_result r = {0};
    sheaf_i_scratch scratch = {0};
    sheaf_i_seconds seconds = {0};
    const bool upright = m->rows >= m->cols;
    sheaf_i_svd_problem p = {.ctx = ctx, .kernels = sheaf_i_kernels_get(), .n_long = upright ? m->rows : m->cols,
                             .n_short = upright ? m->cols : (int32_t)m->rows, .tol = o->tol, .seed = o->seed,
                             .scratch = &scratch, .seconds = &seconds};
    int32_t dims = o->dims > 0 ? o->dims : default_dims(m->rows);
    p.k = dims < p.n_short ? dims : p.n_short;
    sheaf_solver solver = o->solver;
    if (solver == SHEAF_SOLVER_AUTO) solver = dense_is_cheaper(&p) ? SHEAF_SOLVER_DENSE : SHEAF_SOLVER_LANCZOS;
    s->report.solver = solver;
    if (m->coded && solver == SHEAF_SOLVER_DENSE) { /* it looks at single values */
        SHEAF_TRY(sheaf_i_matrix_decode(ctx, &plain, m));
        m = plain;
    }
    SHEAF_TRY(sheaf_i_matrix_transpose(ctx, &t, m));
    p.tall = upright ? m : t;
    p.wide = upright ? t : m;
    SHEAF_TRY(solve(&p, solver, &r));
    SHEAF_TRY(sheaf_i_svd_residual(&p, &r));
    s->dims = r.found;
    s->sigma = r.sigma;
    s->u = upright ? r.long_side : r.short_side;
    s->v = upright ? r.short_side : r.long_side;
    r.sigma = NULL;
    r.long_side = r.short_side = NULL;
    SHEAF_TRY(fix_signs(s));
    double sum = 0, norm2 = sheaf_i_matrix_norm2(m);
    for (int32_t c = 0; c < s->dims; c++) {
        sum += s->sigma[c] * s->sigma[c];
        s->sigma[c] = ldexp(s->sigma[c], -exponent);
    }
    s->report.residual = r.residual;
    s->report.probe = r.probe;
    s->report.products = r.products;
    s->report.restarts = r.restarts;
    s->report.seconds_products = seconds.products;
    s->report.seconds_basis = seconds.basis;
    s->report.seconds_small = seconds.small;
    s->report.energy = norm2 > 0 ? fmin(sum / norm2, 1) : 0;
    tell(ctx, s, o, p.n_short);
done:
    sheaf_matrix_free(t);
    sheaf_matrix_free(plain);
    sheaf_i_scratch_end(ctx, &scratch);
    sheaf_i_svd_result_end(ctx, &r);
    return st;
}

void sheaf_i_svd_result_end(sheaf_ctx *ctx, sheaf_i_svd_result *r)
{
    sheaf_i_free(ctx, r->sigma);
    sheaf_i_aligned_free(ctx, r->short_side);
    sheaf_i_aligned_free(ctx, r->long_side);
    sheaf_i_aligned_free(ctx, r->rest);
    *r = (sheaf_i_svd_result){0};
}

/* ---- entry points ---- */

sheaf_status sheaf_space_fit(sheaf_ctx *ctx, sheaf_space **out, const sheaf_matrix *m, const sheaf_space_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_space_opts opts;
    sheaf_space *s = NULL;
    sheaf_matrix view = {0};
    int exponent = 0;
    *out = NULL;
    sheaf_space_opts_init(&opts, sizeof opts);
    sheaf_i_opts_copy(&opts, sizeof opts, o, o ? o->size : 0);
    SHEAF_TRY(check(ctx, &opts));
    SHEAF_TRY(sheaf_i_blas_single(ctx));
    SHEAF_NEW0(s, ctx, 1);
    *s = (sheaf_space){.ctx = ctx, .rows = m->rows, .cols = m->cols};
    exponent = scale_exponent(m);
    SHEAF_TRY(scaled_view(ctx, m, exponent, &view));
    SHEAF_TRY(fill(s, &view, exponent, &opts));
    *out = s;
    s = NULL;
done:
    if (exponent != 0) sheaf_i_free(ctx, view.values);
    sheaf_space_free(s);
    return st;
}

void sheaf_space_free(sheaf_space *s)
{
    if (!s) return;
    sheaf_i_free(s->ctx, s->sigma);
    sheaf_i_aligned_free(s->ctx, s->u);
    sheaf_i_aligned_free(s->ctx, s->v);
    sheaf_i_free(s->ctx, s);
}

int32_t sheaf_space_dims(const sheaf_space *s) { return s->dims; }
const double *sheaf_space_sigma(const sheaf_space *s) { return s->sigma; }
const float *sheaf_space_docs(const sheaf_space *s) { return s->u; }
const float *sheaf_space_terms(const sheaf_space *s) { return s->v; }
sheaf_space_report sheaf_space_quality(const sheaf_space *s) { return s->report; }
