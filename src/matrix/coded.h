/* Values as codes. All weightings but BM25 are diag(row) f(count) diag(col), and a corpus has few different counts: a
 * nonzero is then a code of 8 bits into a table of f, and a column number of 16 bits within a tile of 65536 columns.
 * Products scale the dense operand by `col`, look f up in a table that stays in the first-level cache, and scale
 * the result by `row`.
 *
 * A tile is a matrix in compressed rows of its own; tiles follow each other. Their columns are also what a
 * product has to keep in cache at a time.
 */
#ifndef SHEAF_MATRIX_CODED_H
#define SHEAF_MATRIX_CODED_H

#include "kernel/kernel.h"
#include "matrix/csr.h"

#define SHEAF_I_TILE ((int64_t)1 << 16)
#define SHEAF_I_CODES 256

struct sheaf_i_coded {
    int64_t tiles;
    int64_t *begin;            /* tiles + 1: where a tile's nonzeros begin */
    int64_t *places;           /* tiles x (rows + 1): where a row begins, counted from its tile's begin */
    uint16_t *columns;         /* ascending within the row of a tile; SHEAF_I_AHEAD zeros follow the last */
    uint8_t *codes;
    uint32_t count[SHEAF_I_CODES]; /* what a code stands for, and its weight */
    float table[SHEAF_I_CODES];
    float *row, *col;
    float *row2;               /* row squared: what stands between the two products of a Gram product */
    double norm2;              /* sum of squares of all values */
    bool scattered;            /* columns are hit about evenly: the transpose, where they are documents */
};

static inline const int64_t *sheaf_i_coded_places(const sheaf_matrix *a, int64_t tile)
{
    return a->coded->places + tile * (a->rows + 1);
}

/* A coded matrix with arrays to be filled; indptr is left NULL. */
sheaf_status sheaf_i_coded_new(sheaf_ctx *ctx, sheaf_matrix **out, int64_t rows, int32_t cols, int64_t nnz);
void sheaf_i_coded_free(sheaf_ctx *ctx, sheaf_i_coded *c);
sheaf_status sheaf_i_coded_transpose(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_matrix *a);
const char *sheaf_i_coded_validate(const sheaf_matrix *a);

#endif
