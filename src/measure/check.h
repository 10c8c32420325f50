/* Oracles in double, straight from the definitions. Each gives the largest difference over the bound that rounding
 * allows it: what is right stays at or below 1.
 */
#ifndef SHEAF_MEASURE_CHECK_H
#define SHEAF_MEASURE_CHECK_H

#include "matrix/csr.h"
#include "measure/measure.h"

#define SHEAF_I_FLOAT_EPS 6e-8 /* unit roundoff of float, and a bit */
#define SHEAF_I_DOUBLE_EPS 1.2e-16

/* y = A x for a in the general form; a sum of n float products is off by at most (n + 2) roundoffs of the sum of their
   sizes, and by `more` where values are rounded otherwise. */
sheaf_status sheaf_i_check_product(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int32_t b, const float *y,
                                   int32_t more, double *worst);
/* Largest ||A v - sigma u|| and ||A^T u - sigma v|| over sigma_1; t = A^T. */
sheaf_status sheaf_i_check_svd(sheaf_ctx *ctx, const sheaf_matrix *a, const sheaf_matrix *t, const sheaf_space *s,
                               double *residual);
/* Sums of squared distances of n rows of d numbers: to the centres (k x d) of their clusters, and to the means of
   those, than which nothing is less. label 1 .. k, 0: left out. */
sheaf_status sheaf_i_check_inertia(sheaf_ctx *ctx, const float *x, int64_t n, int32_t d, const int32_t *label,
                                   int32_t k, const double *centre, double *inertia, double *least);
/* Whether an inertia is what it is reported to be, neither more nor less. */
bool sheaf_i_same_inertia(double reported, double inertia);
/* Uniform on +-1. */
sheaf_status sheaf_i_fill_random(sheaf_ctx *ctx, float *x, int64_t n, uint64_t key);

#endif
