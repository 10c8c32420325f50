/* Dense test matrices, their singular values by LAPACK, and what a latent space must satisfy. */
#ifndef SHEAF_TESTS_SPACE_H
#define SHEAF_TESTS_SPACE_H

#include "support.h"

#include <math.h>

#include "base/rng.h"

typedef struct {
    int32_t rows, cols;
    float *a;                  /* row-major */
} dense;

dense dense_new(int32_t rows, int32_t cols); /* zeros */
void dense_free(dense *d);
/* Columns and rows of a diagonal matrix turned by random reflections: known singular values, up to float rounding. */
dense dense_with_values(int32_t rows, int32_t cols, const double *sigma, uint64_t key);
sheaf_matrix *dense_to_matrix(sheaf_ctx *ctx, const dense *d);

typedef struct {
    int32_t dims;
    double tol;
    sheaf_solver solver;
    uint64_t seed;
} fit_case;

/* Fits, checks everything that can be checked against LAPACK, and returns the report. */
sheaf_space_report check_fit(sheaf_ctx *ctx, const dense *d, fit_case c);

/* Defined in test_space_cases.c. */
void test_random_matrices(void **state);
void test_degenerate_shapes(void **state);
void test_rank_deficient(void **state);
void test_repeated_values(void **state);
void test_scaling(void **state);
void test_falling_spectrum(void **state);

#endif
