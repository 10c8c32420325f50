/* Sparse matrix in compressed rows, and its transpose for products from the other side. */
#ifndef SHEAF_MATRIX_CSR_H
#define SHEAF_MATRIX_CSR_H

#include "sheaf/sheaf.h"

struct sheaf_matrix {
    sheaf_ctx *ctx;
    int64_t rows;
    int32_t cols;
    const int64_t *indptr;     /* rows + 1, from 0 */
    const int32_t *indices;    /* ascending within a row */
    float *values;             /* always the matrix's own */
    bool owns_structure;       /* false: indptr and indices are borrowed from the terms, which must live on */
};

/* B = A^T with int32 row numbers: rows of B are columns of A. Needs A->rows < 2^31. */
sheaf_status sheaf_i_matrix_transpose(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_matrix *a);

/* y = A x for dense row-major x (cols x b, ldx) and y (rows x b, ldy); parallel over blocks of rows of about equal
   nonzeros; the same bytes at any thread count. */
sheaf_status sheaf_i_matrix_times(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int64_t ldx, int32_t b,
                                  float *y, int64_t ldy);

double sheaf_i_matrix_norm2(const sheaf_matrix *a);          /* sum of squares, in double, fixed order */
const char *sheaf_i_matrix_validate(const sheaf_matrix *a);  /* NULL, or what is wrong */

#endif
