/* Sparse times dense. The cut into blocks depends on the matrix only and a row is summed by one thread, so the result
   is the same at any thread count. */
#include "base/context.h"
#include "base/par.h"
#include "kernel/kernel.h"
#include "matrix/csr.h"

#define WORK (1 << 15)   /* nonzeros and rows a block: about half a millisecond at 32 columns */

typedef struct {
    const sheaf_matrix *a;
    const float *x;
    float *y;
    int64_t ldx, ldy, n_blocks;
    int32_t b;
} product;

static sheaf_status times_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const product *t = arg;
    int64_t lo = sheaf_i_row_cut(t->a->indptr, t->a->rows, block, t->n_blocks);
    int64_t hi = sheaf_i_row_cut(t->a->indptr, t->a->rows, block + 1, t->n_blocks);
    sheaf_i_kernels_get()->spmm(lo, hi, t->a->indptr, t->a->indices, t->a->values, t->x, t->ldx, t->b, t->y,
                                t->ldy);
    return SHEAF_OK;
}

sheaf_status sheaf_i_matrix_times(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int64_t ldx, int32_t b,
                                  float *y, int64_t ldy)
{
    product t = {.a = a, .x = x, .ldx = ldx, .b = b, .y = y, .ldy = ldy,
                 .n_blocks = sheaf_i_row_blocks(a->indptr, a->rows, WORK)};
    return sheaf_i_par_for(ctx, NULL, t.n_blocks, times_block, &t);
}
