/* From the vectors of the short side to finished triplets. */
#ifndef SHEAF_SPACE_REFINE_H
#define SHEAF_SPACE_REFINE_H

#include "space/solve.h"

/* Given sigma and short_side, computes long_side = tall short_side / sigma with unit columns. Where sigma falls far,
   the Gram operator has left errors of roundoff * sigma_1^2; they are removed by a Rayleigh-Ritz step on
   tall short_side. r->residual becomes the largest ||tall v - sigma u|| over sigma_1, a rounding error. */
sheaf_status sheaf_i_svd_complete(const sheaf_i_svd_problem *p, sheaf_i_svd_result *r);

/* Raises r->residual, which holds that of the long side, to the largest ||tall^T u - sigma v|| over sigma_1: of all
   columns, or where r->rest is there, what the recurrence claims plus three times the size of all its errors, as
   SHEAF_I_SKETCH random sums of columns show it, if that is a hundredth at most and there is memory for the sums. */
sheaf_status sheaf_i_svd_residual(const sheaf_i_svd_problem *p, sheaf_i_svd_result *r);

/* g (k x SHEAF_I_SKETCH) <- normal random numbers. */
void sheaf_i_svd_normal(const sheaf_i_svd_problem *p, int32_t k, float *g);

/* x (n x k, ld = k) <- x diag(scale). */
sheaf_status sheaf_i_scale_columns(sheaf_ctx *ctx, int64_t n, int32_t k, float *x, const double *scale);

#endif
