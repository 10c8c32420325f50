/* What the searches for nearest rows share. */
#ifndef SHEAF_NEAR_NEIGHBOURS_H
#define SHEAF_NEAR_NEIGHBOURS_H

#include "kernel/kernel.h"
#include "matrix/csr.h"
#include "near/best.h"

#define SHEAF_I_RIVALS 4096 /* places for what a call of the kernel finds */

/* Fails unless 1 <= n, 0 <= rows < 2^31, 0 <= d <= ld, and no product can overflow: numbers are finite, and d times the
   greatest magnitudes fits a float. q NULL: x with itself. */
sheaf_status sheaf_i_nearest_check(sheaf_ctx *ctx, int32_t n, const float *x, int64_t rows, int32_t d, int64_t ld,
                                   const float *q, int64_t m, int64_t ldq);
/* A few queries against all rows; arguments as of sheaf_nearest_sparse, in order, n at most the rows. graph: the
   queries are the rows themselves. */
sheaf_status sheaf_i_nearest_scan(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n, const sheaf_matrix *m,
                                  const sheaf_matrix *queries, const int64_t *exclude, bool graph);
/* The score of a row, added up over rising columns; query: one number a column. Columns that it lacks add 0, so that it
   is the same for (a, b) as for (b, a). */
static inline float sheaf_i_nearest_score(const sheaf_matrix *m, int64_t row, const float *query)
{
    float sum = 0;
    for (int64_t p = m->indptr[row]; p < m->indptr[row + 1]; p++) sum += query[m->indices[p]] * m->values[p];
    return sum;
}

/* Rows that one block has, a multiple of the heights and widths of the kernel's tiles: they stay in the second-level
   cache. Depends on d alone. */
int64_t sheaf_i_nearest_block(int32_t d);
/* n rows as panels, filled up with zeros to a whole one. */
void sheaf_i_nearest_pack(const float *x, int64_t n, int32_t d, int64_t ld, float *packed);

#endif
