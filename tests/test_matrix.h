/* Matrices for the tests. Include after support.h. */
#ifndef SHEAF_TEST_MATRIX_H
#define SHEAF_TEST_MATRIX_H

#include "base/rng.h"
#include "matrix/csr.h"

/* Number of failures. */
int test_matrix_coded(void);
int test_matrix_files(void); /* test_matrix_io.c */

static inline float test_matrix_at(const sheaf_matrix *m, int64_t row, int32_t col)
{
    for (int64_t p = m->indptr[row]; p < m->indptr[row + 1]; p++)
        if (m->indices[p] == col) return m->values[p];
    return 0;
}

static inline void test_assert_same_matrix(const sheaf_matrix *a, const sheaf_matrix *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->cols, b->cols);
    assert_memory_equal(a->indptr, b->indptr, (size_t)(a->rows + 1) * sizeof *a->indptr);
    size_t nnz = (size_t)a->indptr[a->rows];
    if (!nnz) return;
    assert_memory_equal(a->indices, b->indices, nnz * sizeof *a->indices);
    assert_memory_equal(a->values, b->values, nnz * sizeof *a->values);
}

/* Values in (-1, 1); every seventh row is empty. */
static inline sheaf_matrix *test_random_matrix(sheaf_ctx *ctx, int64_t rows, int32_t cols, double density,
                                               uint64_t seed)
{
    uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 9), at = 0;
    size_t room = (size_t)rows * (size_t)cols + 1;
    int64_t *indptr = calloc((size_t)rows + 1, sizeof *indptr), n = 0;
    int32_t *indices = malloc(room * sizeof *indices);
    float *values = malloc(room * sizeof *values);
    for (int64_t i = 0; i < rows; i++) {
        for (int32_t j = 0; j < cols; j++, at++) {
            if (i % 7 == 6 || sheaf_i_rng_unit(key, 2 * at) >= density) continue;
            indices[n] = j;
            values[n++] = (float)(2 * sheaf_i_rng_unit(key, 2 * at + 1) - 1);
        }
        indptr[i + 1] = n;
    }
    sheaf_matrix *m;
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, rows, cols, indptr, indices, values));
    free(indptr);
    free(indices);
    free(values);
    return m;
}

#endif
