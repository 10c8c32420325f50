/* Sparse matrix in compressed rows, and its transpose for products from the other side. */
#ifndef SHEAF_MATRIX_CSR_H
#define SHEAF_MATRIX_CSR_H

#include "sheaf/sheaf.h"

typedef struct sheaf_i_coded sheaf_i_coded; /* coded.h */

/* In one of two forms. General: indptr, indices, values. Coded, for what is read by products only: indptr and `coded`,
   without values and indices. */
struct sheaf_matrix {
    sheaf_ctx *ctx;
    int64_t rows;
    int32_t cols;
    const int64_t *indptr;     /* rows + 1, from 0 */
    const int32_t *indices;    /* ascending within a row; NULL: coded */
    float *values;             /* always the matrix's own; NULL: coded */
    sheaf_i_coded *coded;      /* always the matrix's own; NULL: general */
    bool owns_structure;       /* false: indptr and indices are borrowed from the terms, which must live on */
};

/* The weighted matrix of sheaf_matrix_weigh in the coded form: 3 bytes a nonzero instead of 4 beyond the counts, and 3
   instead of 8 in the transpose. Its values are those up to about three roundings of a float. Falls back to the general
   form where the coded one does not fit: BM25, more than 256 different counts, a very small or large scale. */
sheaf_status sheaf_i_matrix_weigh_coded(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_terms *t,
                                        const sheaf_weight_opts *o);
/* The same in the general form, for who wants to see values. */
sheaf_status sheaf_i_matrix_decode(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_matrix *a);
/* A coded matrix knows the counts it was made of, so while few of them are wanted the terms need not keep theirs,
   8 bytes a nonzero: put_away frees them, bring_back makes them again. Neither does anything if the matrix is in the
   general form, which borrows them. In between the matrix must live on, and rows are read by sheaf_i_terms_row;
   so it stays if bring_back fails. */
void sheaf_i_matrix_put_away(const sheaf_matrix *m, sheaf_terms *t);
sheaf_status sheaf_i_matrix_bring_back(sheaf_ctx *ctx, const sheaf_matrix *m, sheaf_terms *t);
/* Row i of terms whose counts are put away, written to arrays with room for it. */
void sheaf_i_terms_row(const sheaf_terms *t, int64_t i, int32_t *indices, uint32_t *counts);

/* B = A^T with int32 row numbers: rows of B are columns of A. Needs A->rows < 2^31. In the form that A has. */
sheaf_status sheaf_i_matrix_transpose(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_matrix *a);

/* Memory that products of coded matrices need, kept from one to the next: fresh pages would cost a small matrix more
   than the product. Begins as {0}; not for two threads at a time. */
typedef struct {
    float *strip;
    int64_t room;
} sheaf_i_scratch;
void sheaf_i_scratch_end(sheaf_ctx *ctx, sheaf_i_scratch *s);

/* y = A x for dense row-major x (cols x b, ldx) and y (rows x b, ldy); parallel over blocks of rows of about equal
   nonzeros; the same bytes at any thread count. `keep` NULL: scratch for this call only. */
sheaf_status sheaf_i_matrix_times(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int64_t ldx, int32_t b,
                                  float *y, int64_t ldy, sheaf_i_scratch *keep);

/* w = A^T A x for `tall` = A and `wide` = A^T (or the other way round): x and w are (tall->cols x b), y is scratch of
   tall->rows x b numbers. Spares the scaling in between; otherwise two products. `keep` as above. */
sheaf_status sheaf_i_matrix_gram(sheaf_ctx *ctx, const sheaf_matrix *tall, const sheaf_matrix *wide, const float *x,
                                 int64_t ldx, int32_t b, float *y, float *w, int64_t ldw,
                                 sheaf_i_scratch *keep);

double sheaf_i_matrix_norm2(const sheaf_matrix *a);          /* sum of squares, in double, fixed order */
const char *sheaf_i_matrix_validate(const sheaf_matrix *a);  /* NULL, or what is wrong */

/* The arrays of a matrix that is being filled. */
typedef struct {
    int64_t *indptr;   /* rows + 1 */
    int32_t *indices;  /* nnz */
    float *values;     /* nnz */
} sheaf_i_csr;

/* A matrix with uninitialised arrays of its own; `part` points into it. With structure false indptr and indices
   are left NULL, to be borrowed. */
sheaf_status sheaf_i_matrix_new(sheaf_ctx *ctx, sheaf_matrix **out, sheaf_i_csr *part, int64_t rows, int32_t cols,
                                int64_t nnz, bool structure);

/* Rows cut into blocks of about equal work, counting a row as one more nonzero. The cut depends on the matrix
   only: block b of n holds the rows from sheaf_i_row_cut(.., b, n) to sheaf_i_row_cut(.., b + 1, n). */
int64_t sheaf_i_row_cut(const int64_t *indptr, int64_t rows, int64_t block, int64_t n_blocks);
/* Number of blocks so that one has about `work` nonzeros and rows, at least 1. */
static inline int64_t sheaf_i_row_blocks(const int64_t *indptr, int64_t rows, int64_t work)
{
    return (indptr[rows] + rows) / work + 1;
}

#endif
