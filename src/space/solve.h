/* What the solvers of the truncated SVD share. A solver sees the matrix from its short side: `tall` is A or A^T,
 * whichever has no more columns than rows, and `wide` its transpose.
 */
#ifndef SHEAF_SPACE_SOLVE_H
#define SHEAF_SPACE_SOLVE_H

#include <time.h>

#include "kernel/kernel.h"
#include "matrix/csr.h"

/* Where the time goes. A lap adds what has passed since `since` to a sum, and the next lap begins. */
typedef struct {
    double products, basis, small;
} sheaf_i_seconds;

static inline double sheaf_i_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void sheaf_i_lap(double *since, double *sum)
{
    const double now = sheaf_i_clock();
    *sum += now - *since;
    *since = now;
}

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    const sheaf_matrix *tall, *wide;
    int64_t n_long;            /* rows of tall */
    int32_t n_short, k;        /* columns of tall; triplets wanted, 1 .. n_short */
    double tol;
    uint64_t seed;
    sheaf_i_scratch *scratch;  /* of the products */
    sheaf_i_seconds *seconds;
} sheaf_i_svd_problem;

/* Residuals above this share of sigma_1 need not be formed column by column: they are known from the recurrence, up to
   errors that show in SHEAF_I_SKETCH random sums of all columns. */
#define SHEAF_I_SURE 1e-3
#define SHEAF_I_SKETCH 16

/* found triplets, tall ~ long_side diag(sigma) short_side^T. Arrays of sheaf_i_aligned and sheaf_i_array, the
   caller's. sigma falls; vectors are unit columns, row-major with ld = found, their signs open. */
typedef struct {
    int32_t found;
    double *sigma;
    float *short_side, *long_side;
    double residual, probe;    /* over sigma[0] */
    double claimed;            /* the largest ||tall^T u - sigma v|| that the recurrence knows of */
    float *rest;               /* random sums of these vectors, n_short x SHEAF_I_SKETCH, for a check; or NULL */
    int64_t products;
    int32_t restarts;
} sheaf_i_svd_result;

sheaf_status sheaf_i_svd_lanczos(const sheaf_i_svd_problem *p, sheaf_i_svd_result *out);
sheaf_status sheaf_i_svd_dense(const sheaf_i_svd_problem *p, sheaf_i_svd_result *out);
void sheaf_i_svd_result_end(sheaf_ctx *ctx, sheaf_i_svd_result *r);

#endif
