/* OpenBLAS and LAPACKE behind blas.h. No other file includes their headers. */
#include <cblas.h>
#include <lapacke.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "kernel/blas.h"

sheaf_status sheaf_i_blas_single(sheaf_ctx *ctx)
{
    if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
    int threads = openblas_get_num_threads();
    if (threads == 1) return SHEAF_OK;
    sheaf_status st = sheaf_i_fail(ctx, SHEAF_ENUMERIC, "OpenBLAS keeps to %d threads though told to use one", threads);
    sheaf_i_hint(ctx, "OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 in the environment");
    return st;
}

static const char *thread_layer(void)
{
    switch (openblas_get_parallel()) {
    case OPENBLAS_THREAD: return "pthread";
    case OPENBLAS_OPENMP: return "OpenMP";
    default: return "serial";
    }
}

void sheaf_i_blas_describe(char *out, int32_t n)
{
    const char *config = openblas_get_config();       /* "OpenBLAS 0.3.21 NO_LAPACKE ..." */
    int version = 0;
    if (strncmp(config, "OpenBLAS ", 9) == 0) version = (int)strcspn(config + 9, " ");
    snprintf(out, (size_t)n, "OpenBLAS %.*s %s %s", version, version ? config + 9 : "", openblas_get_corename(),
             thread_layer());
}

void sheaf_i_dgemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a, int64_t lda,
                   const double *b, int64_t ldb, double beta, double *c, int64_t ldc)
{
    cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n,
                (blasint)k, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
}

void sheaf_i_sgemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c,
                   int64_t ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1, a, (blasint)lda, b,
                (blasint)ldb, 0, c, (blasint)ldc);
}

/* The routines below are called in column-major order on the transposed problem: LAPACKE would copy a row-major one. */

static sheaf_status lapack_result(sheaf_ctx *ctx, const char *name, lapack_int info)
{
    if (info == 0) return SHEAF_OK;
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return sheaf_i_fail(ctx, SHEAF_ENOMEM, "out of memory in %s", name);
    return sheaf_i_fail(ctx, SHEAF_ENUMERIC, "%s did not converge (info %d)", name, (int)info);
}

sheaf_status sheaf_i_eigh(sheaf_ctx *ctx, int32_t n, double *a, int32_t lda, double *w)
{
    /* The lower triangle of the row-major matrix is the upper one of the column-major view. */
    return lapack_result(ctx, "dsyevd", LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', n, a, lda, w));
}

sheaf_status sheaf_i_eigh_leading(sheaf_ctx *ctx, int32_t n, double *a, int32_t lda, int32_t count, double *w,
                                  double *z)
{
    double *off = sheaf_i_array(ctx, (int64_t)2 * n, sizeof *off);
    if (!off) return SHEAF_ENOMEM;
    double *tau = off + n;
    /* dsyevd in its three steps: to tridiagonal form (faster from the lower triangle), its eigenvectors by divide and
       conquer, and those that are wanted back. */
    sheaf_status st = lapack_result(ctx, "dsytrd", LAPACKE_dsytrd(LAPACK_COL_MAJOR, 'L', n, a, lda, w, off, tau));
    if (st == SHEAF_OK) st = lapack_result(ctx, "dstedc", LAPACKE_dstedc(LAPACK_COL_MAJOR, 'I', n, w, off, z, n));
    if (st == SHEAF_OK && count > 0)
        st = lapack_result(ctx, "dormtr", LAPACKE_dormtr(LAPACK_COL_MAJOR, 'L', 'L', 'N', n, count, a, lda, tau,
                                                         z + (int64_t)(n - count) * n, n));
    sheaf_i_free(ctx, off);
    return st;
}

sheaf_status sheaf_i_dense_svd(sheaf_ctx *ctx, int32_t m, int32_t n, double *a, int32_t lda, double *s, double *u,
                               int32_t ldu, double *vt, int32_t ldvt)
{
    /* Column-major view: A^T = V S U^T, so its left vectors are our vt and its right ones our u. */
    return lapack_result(ctx, "dgesdd",
                         LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'S', n, m, a, lda, s, vt, ldvt, u, ldu));
}
