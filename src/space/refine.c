/* From the vectors of the short side to finished triplets; see refine.h. Sums over rows: per block in double, blocks in
   order. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "kernel/blas.h"
#include "space/krylov.h"
#include "space/refine.h"

#define ROWS 1024
#define STRIP 64
#define SLICE 64 /* columns of U whose lines stay in the last-level cache, one product at a time */
/* Times the root mean square of ||E g|| over SHEAF_I_SKETCH normal vectors g this is a bound of ||E||_2, hence of the
   norm of every column of E: ||E g||^2 is at least ||E||_2^2 times the square of one normal number, so the bound fails
   only where chi-square with 16 degrees of freedom is below 16 / 3^2, which has a chance of 4e-6. */
#define OUTWEIGHS 3
#define FALL 0.05 /* sigma_k / sigma_1 below which errors of roundoff * (sigma_1 / sigma_k)^2 are worth removing */

/* ---- sums of squares of columns: of x, or of z - x diag(sigma) ---- */

typedef struct {
    int64_t n;
    int32_t k;
    const float *x, *z;        /* x has ld = ldx, z ld = k */
    int64_t ldx;
    const double *sigma;
    double *part;
} columns_arg;

static sheaf_status columns_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const columns_arg *a = arg;
    const int32_t k = a->k;
    double *restrict part = a->part + block * k;
    const double *restrict sigma = a->sigma;
    int64_t lo, hi;
    sheaf_i_range(a->n, ROWS, block, &lo, &hi);
    memset(part, 0, (size_t)k * sizeof *part);
    for (int64_t r = lo; r < hi; r++) {
        const float *restrict x = a->x + r * a->ldx, *restrict z = a->z ? a->z + r * k : NULL;
        if (!z)
            for (int32_t c = 0; c < k; c++) part[c] += (double)x[c] * (double)x[c];
        for (int32_t c = 0; z && c < k; c++) {
            const double d = (double)z[c] - sigma[c] * (double)x[c];
            part[c] += d * d;
        }
    }
    return SHEAF_OK;
}

static sheaf_status column_norms(sheaf_ctx *ctx, columns_arg a, double *norms)
{
    const int64_t n_blocks = sheaf_i_blocks(a.n, ROWS);
    a.part = sheaf_i_array(ctx, n_blocks * a.k, sizeof(double));
    if (!a.part) return SHEAF_ENOMEM;
    sheaf_status st = sheaf_i_par_for(ctx, NULL, n_blocks, columns_block, &a);
    for (int32_t c = 0; st == SHEAF_OK && c < a.k; c++) {
        double sum = 0;
        for (int64_t block = 0; block < n_blocks; block++) sum += a.part[block * a.k + c];
        norms[c] = sqrt(sum);
    }
    sheaf_i_free(ctx, a.part);
    return st;
}

/* ---- x diag(scale), and x m ---- */

typedef struct {
    const sheaf_i_kernels *kernels;
    int64_t n;
    int32_t k, columns;
    const float *x, *m;
    float *y;
    bool add;                  /* to y; false: y is overwritten */
    const double *scale;
} map_arg;

static sheaf_status scale_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const map_arg *a = arg;
    int64_t lo, hi;
    sheaf_i_range(a->n, ROWS, block, &lo, &hi);
    const double *restrict scale = a->scale;
    for (int64_t r = lo; r < hi; r++) {
        float *restrict y = a->y + r * a->k;
        for (int32_t c = 0; c < a->k; c++) y[c] = (float)((double)y[c] * scale[c]);
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_scale_columns(sheaf_ctx *ctx, int64_t n, int32_t k, float *x, const double *scale)
{
    map_arg a = {.n = n, .k = k, .y = x, .scale = scale};
    return sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(n, ROWS), scale_block, &a);
}

static sheaf_status multiply_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const map_arg *a = arg;
    int64_t lo, hi;
    sheaf_i_range(a->n, STRIP, block, &lo, &hi);
    float *y = a->y + lo * a->columns;
    if (!a->add) memset(y, 0, (size_t)((hi - lo) * a->columns) * sizeof *y);
    a->kernels->update(hi - lo, a->x + lo * a->k, a->k, a->k, a->m, a->columns, a->columns, y, a->columns,
                       NULL);
    return SHEAF_OK;
}

/* *x (n x k) <- *x m, m being k x columns. */
static sheaf_status replace_by_product(const sheaf_i_svd_problem *p, int64_t n, int32_t k, float **x, const float *m,
                                       int32_t columns)
{
    map_arg a = {.kernels = p->kernels, .n = n, .k = k, .columns = columns, .x = *x, .m = m};
    a.y = sheaf_i_aligned(p->ctx, n * columns, sizeof(float));
    if (!a.y) return SHEAF_ENOMEM;
    sheaf_status st = sheaf_i_par_for(p->ctx, NULL, sheaf_i_blocks(n, STRIP), multiply_block, &a);
    sheaf_i_aligned_free(p->ctx, st == SHEAF_OK ? *x : a.y);
    if (st == SHEAF_OK) *x = a.y;
    return st;
}

/* ---- entry points ---- */

/* Rotates both sides by the eigenvectors of (tall v)^T (tall v), formed in double, and takes sigma from there. */
static sheaf_status rayleigh_ritz(const sheaf_i_svd_problem *p, sheaf_i_svd_result *r)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = r->found;
    double *g = NULL, *w = NULL;
    float *m = NULL;
    SHEAF_NEW(g, p->ctx, (int64_t)k * k);
    SHEAF_NEW(w, p->ctx, k);
    SHEAF_NEW(m, p->ctx, (int64_t)k * k);
    SHEAF_TRY(sheaf_i_self_gram(p->ctx, p->kernels, p->n_long, r->long_side, k, g));
    double since = sheaf_i_clock();
    SHEAF_TRY(sheaf_i_eigh(p->ctx, k, g, k, w));
    sheaf_i_lap(&since, &p->seconds->small);
    int32_t left = 0; /* rounding may have pushed the last ones below the noise */
    while (left < k && w[k - 1 - left] > SHEAF_I_LANCZOS_FLOOR * SHEAF_I_LANCZOS_FLOOR * w[k - 1]) left++;
    for (int32_t c = 0; c < left; c++) {
        r->sigma[c] = sqrt(w[k - 1 - c]);
        for (int32_t i = 0; i < k; i++) m[(int64_t)i * left + c] = (float)g[(int64_t)(k - 1 - c) * k + i];
    }
    SHEAF_TRY(replace_by_product(p, p->n_short, k, &r->short_side, m, left));
    SHEAF_TRY(replace_by_product(p, p->n_long, k, &r->long_side, m, left));
    r->found = left;
    sheaf_i_aligned_free(p->ctx, r->rest); /* of the vectors before */
    r->rest = NULL;
done:
    sheaf_i_free(p->ctx, g);
    sheaf_i_free(p->ctx, w);
    sheaf_i_free(p->ctx, m);
    return st;
}

sheaf_status sheaf_i_svd_complete(const sheaf_i_svd_problem *p, sheaf_i_svd_result *r)
{
    sheaf_status st = SHEAF_OK;
    double *norms = NULL;
    SHEAF_NEW(norms, p->ctx, r->found);
    SHEAF_NEW_ALIGNED(r->long_side, p->ctx, p->n_long * r->found);
    double since = sheaf_i_clock();
    SHEAF_TRY(sheaf_i_matrix_times(p->ctx, p->tall, r->short_side, r->found, r->found, r->long_side, r->found,
                                   p->scratch));
    sheaf_i_lap(&since, &p->seconds->products);
    r->products += r->found;
    if (r->found > 0 && r->sigma[r->found - 1] < FALL * r->sigma[0]) SHEAF_TRY(rayleigh_ritz(p, r));
    SHEAF_TRY(column_norms(p->ctx, (columns_arg){.n = p->n_long, .k = r->found, .ldx = r->found,
                                                 .x = r->long_side}, norms));
    for (int32_t c = 0; c < r->found; c++) { /* norms are sigma to rounding, so never zero */
        r->residual = fmax(r->residual, fabs(norms[c] - r->sigma[c]) / r->sigma[0]);
        norms[c] = 1 / norms[c];
    }
    SHEAF_TRY(sheaf_i_scale_columns(p->ctx, p->n_long, r->found, r->long_side, norms));
done:
    sheaf_i_free(p->ctx, norms);
    return st;
}

void sheaf_i_svd_normal(const sheaf_i_svd_problem *p, int32_t k, float *g)
{
    const uint64_t key = sheaf_i_rng_key(p->seed, SHEAF_I_RNG_SVD_PROBE, UINT64_MAX); /* a number no probe has */
    for (int64_t e = 0; e < (int64_t)k * SHEAF_I_SKETCH; e++) g[e] = (float)sheaf_i_rng_normal(key, (uint64_t)e);
}

/* *error: OUTWEIGHS times the Frobenius norm, as the sketch estimates it, of E, what the residuals of the short side
   have beyond those that the recurrence claims. */
static sheaf_status sketch_errors(const sheaf_i_svd_problem *p, const sheaf_i_svd_result *r, double *error)
{
    enum { C = SHEAF_I_SKETCH };
    sheaf_status st = SHEAF_OK;
    const int32_t k = r->found;
    float *g = NULL, *y = NULL, *z = NULL;
    double ones[C], norms[C], sum = 0;
    SHEAF_NEW(g, p->ctx, (int64_t)k * C);
    SHEAF_NEW_ALIGNED(y, p->ctx, p->n_long * C);
    SHEAF_NEW_ALIGNED(z, p->ctx, (int64_t)p->n_short * C);
    sheaf_i_svd_normal(p, k, g);
    map_arg a = {.kernels = p->kernels, .n = p->n_long, .k = k, .columns = C, .x = r->long_side, .m = g, .y = y};
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, sheaf_i_blocks(a.n, STRIP), multiply_block, &a));
    double since = sheaf_i_clock();
    SHEAF_TRY(sheaf_i_matrix_times(p->ctx, p->wide, y, C, C, z, C, p->scratch));
    sheaf_i_lap(&since, &p->seconds->products);
    for (int32_t i = 0; i < k; i++)
        for (int32_t c = 0; c < C; c++) g[i * C + c] *= (float)-r->sigma[i];
    a = (map_arg){.kernels = p->kernels, .n = p->n_short, .k = k, .columns = C, .x = r->short_side, .m = g, .y = z,
                  .add = true};
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, sheaf_i_blocks(a.n, STRIP), multiply_block, &a));
    for (int32_t c = 0; c < C; c++) ones[c] = 1;
    SHEAF_TRY(column_norms(p->ctx, (columns_arg){.n = p->n_short, .k = C, .x = r->rest, .ldx = C, .z = z,
                                                 .sigma = ones}, norms));
    for (int32_t c = 0; c < C; c++) sum += norms[c] * norms[c];
    *error = OUTWEIGHS * sqrt(sum / C);
done:
    sheaf_i_free(p->ctx, g);
    sheaf_i_aligned_free(p->ctx, y);
    sheaf_i_aligned_free(p->ctx, z);
    return st;
}

sheaf_status sheaf_i_svd_residual(const sheaf_i_svd_problem *p, sheaf_i_svd_result *r)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = r->found;
    float *z = NULL;
    double norms[SLICE + SLICE / 2];
    if (k == 0) return SHEAF_OK;
    if (r->rest) {
        double error = INFINITY;
        st = sketch_errors(p, r, &error);
        if (st == SHEAF_ENOMEM) sheaf_i_forgive(p->ctx); /* the columns one by one need less */
        else if (st == SHEAF_OK) r->products += SHEAF_I_SKETCH;
        else goto done;
        if (st == SHEAF_OK && error <= .01 * r->claimed) {
            r->residual = fmax(r->residual, (r->claimed + error) / r->sigma[0]);
            goto done;
        }
    }
    SHEAF_NEW_ALIGNED(z, p->ctx, (int64_t)p->n_short * (k < SLICE + SLICE / 2 ? k : SLICE + SLICE / 2));
    for (int32_t lo = 0, width; lo < k; lo += width) {
        width = k - lo < SLICE + SLICE / 2 ? k - lo : SLICE;
        double since = sheaf_i_clock();
        SHEAF_TRY(sheaf_i_matrix_times(p->ctx, p->wide, r->long_side + lo, k, width, z, width, p->scratch));
        sheaf_i_lap(&since, &p->seconds->products);
        SHEAF_TRY(column_norms(p->ctx, (columns_arg){.n = p->n_short, .k = width, .x = r->short_side + lo, .ldx = k,
                                                     .z = z, .sigma = r->sigma + lo}, norms));
        for (int32_t c = 0; c < width; c++) r->residual = fmax(r->residual, norms[c] / r->sigma[0]);
    }
    r->products += k;
done:
    sheaf_i_aligned_free(p->ctx, z);
    return st;
}
