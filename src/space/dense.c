/* Truncated SVD of a matrix with a short side: the eigenproblem of its Gram matrix, all in double. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "kernel/blas.h"
#include "space/solve.h"

/* The Gram matrix has errors of double roundoff * n, so singular values below its root drown; above this floor the
   vectors of the long side are orthogonal to float accuracy. */
#define FLOOR 1e-5
#define ROWS 64
#define GRAM_ROWS 8

typedef struct {
    const sheaf_i_svd_problem *p;
    double *g;                 /* n_short x n_short: the Gram matrix, then its eigenvectors as rows */
    const double *right;       /* n_short x found: the leading eigenvectors over sigma */
    double *sums;              /* found a worker */
    float *long_side;
    int32_t found;
} dense_arg;

/* Row i of wide times tall, gathered (Gustavson 1978). */
static sheaf_status gram_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const dense_arg *a = arg;
    const sheaf_matrix *wide = a->p->wide, *tall = a->p->tall;
    const int64_t n = a->p->n_short;
    int64_t lo, hi;
    sheaf_i_range(n, GRAM_ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double *row = a->g + i * n;
        memset(row, 0, (size_t)n * sizeof *row);
        for (int64_t q = wide->indptr[i]; q < wide->indptr[i + 1]; q++) {
            const double value = (double)wide->values[q];
            const int64_t other = wide->indices[q];
            for (int64_t t = tall->indptr[other]; t < tall->indptr[other + 1]; t++)
                row[tall->indices[t]] += value * (double)tall->values[t];
        }
    }
    return SHEAF_OK;
}

static sheaf_status long_block(void *arg, int64_t block, int32_t worker)
{
    const dense_arg *a = arg;
    const sheaf_matrix *tall = a->p->tall;
    const int32_t k = a->found;
    double *sums = a->sums + (int64_t)worker * k;
    int64_t lo, hi;
    sheaf_i_range(a->p->n_long, ROWS, block, &lo, &hi);
    for (int64_t r = lo; r < hi; r++) {
        memset(sums, 0, (size_t)k * sizeof *sums);
        for (int64_t t = tall->indptr[r]; t < tall->indptr[r + 1]; t++) {
            const double *from = a->right + (int64_t)tall->indices[t] * k, value = (double)tall->values[t];
            for (int32_t c = 0; c < k; c++) sums[c] += value * from[c];
        }
        for (int32_t c = 0; c < k; c++) a->long_side[r * k + c] = (float)sums[c];
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_svd_dense(const sheaf_i_svd_problem *p, sheaf_i_svd_result *out)
{
    sheaf_status st = SHEAF_OK;
    const int32_t n = p->n_short;
    dense_arg a = {.p = p};
    double *w = NULL, *right = NULL;
    *out = (sheaf_i_svd_result){0};
    SHEAF_NEW(a.g, p->ctx, (int64_t)n * n);
    SHEAF_NEW(w, p->ctx, n);
    SHEAF_TRY(sheaf_i_par_for(p->ctx, "latent space", sheaf_i_blocks(n, GRAM_ROWS), gram_block, &a));
    SHEAF_TRY(sheaf_i_eigh(p->ctx, n, a.g, n, w));
    while (out->found < p->k && w[n - 1 - out->found] > FLOOR * FLOOR * w[n - 1]) out->found++;
    const int32_t found = a.found = out->found;
    SHEAF_NEW(out->sigma, p->ctx, found);
    SHEAF_NEW(right, p->ctx, (int64_t)n * found);
    SHEAF_NEW(a.sums, p->ctx, (int64_t)sheaf_ctx_threads(p->ctx) * found);
    SHEAF_NEW_ALIGNED(out->short_side, p->ctx, (int64_t)n * found);
    SHEAF_NEW_ALIGNED(out->long_side, p->ctx, p->n_long * found);
    for (int32_t c = 0; c < found; c++) {
        out->sigma[c] = sqrt(w[n - 1 - c]);
        for (int32_t i = 0; i < n; i++) {
            double x = a.g[(int64_t)(n - 1 - c) * n + i];
            out->short_side[(int64_t)i * found + c] = (float)x;
            right[(int64_t)i * found + c] = x / out->sigma[c];
        }
    }
    a.right = right;
    a.long_side = out->long_side;
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, sheaf_i_blocks(p->n_long, ROWS), long_block, &a));
    out->probe = found < n && found > 0 && w[n - 1 - found] > 0 ? sqrt(w[n - 1 - found] / w[n - 1]) : 0;
done:
    sheaf_i_free(p->ctx, a.g);
    sheaf_i_free(p->ctx, a.sums);
    sheaf_i_free(p->ctx, w);
    sheaf_i_free(p->ctx, right);
    return st;
}
