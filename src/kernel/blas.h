/* Dense linear algebra: the only door to OpenBLAS and LAPACKE. Everything runs on one thread; parallelism is ours,
 * over blocks, so that results do not depend on the number of threads. Matrices are row-major with explicit ld
 * unless said otherwise.
 */
#ifndef SHEAF_KERNEL_BLAS_H
#define SHEAF_KERNEL_BLAS_H

#include <stdint.h>

#include "sheaf/sheaf.h"

/* Tells OpenBLAS to keep to one thread and checks that it does. Cheap; called by whoever is about to use it. */
sheaf_status sheaf_i_blas_single(sheaf_ctx *ctx);
/* "OpenBLAS 0.3.21 SkylakeX pthread": version, core type, thread layer. `out` of size n. */
void sheaf_i_blas_describe(char *out, int32_t n);

/* C = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) k x n; ta, tb: transpose. */
void sheaf_i_dgemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a, int64_t lda,
                   const double *b, int64_t ldb, double beta, double *c, int64_t ldc);

/* C = A B in float, m x k times k x n: what the bench holds our kernels against. */
void sheaf_i_sgemm(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c,
                   int64_t ldc);

/* Symmetric eigenproblem: a (n x n, both triangles or the lower one, row-major) is replaced by the eigenvectors, one
   a ROW, and w by the eigenvalues, rising. */
sheaf_status sheaf_i_eigh(sheaf_ctx *ctx, int32_t n, double *a, int32_t lda, double *w);

/* The same where only the `count` largest are wanted; a has both triangles or the upper one, and is destroyed. Of z
   (n x n) the last `count` rows become their eigenvectors, the others are scratch. */
sheaf_status sheaf_i_eigh_leading(sheaf_ctx *ctx, int32_t n, double *a, int32_t lda, int32_t count, double *w,
                                  double *z);

/* SVD of a (m x n row-major, destroyed): s (min(m, n), falling), u (m x min) and vt (min x n), row-major. */
sheaf_status sheaf_i_dense_svd(sheaf_ctx *ctx, int32_t m, int32_t n, double *a, int32_t lda, double *s, double *u,
                               int32_t ldu, double *vt, int32_t ldvt);

#endif
