/* The latent space: A ~ U diag(sigma) V^T. */
#ifndef SHEAF_SPACE_SPACE_H
#define SHEAF_SPACE_SPACE_H

#include "sheaf/sheaf.h"

struct sheaf_space {
    sheaf_ctx *ctx;
    int64_t rows;
    int32_t cols, dims;
    double *sigma;             /* dims, falling */
    float *u, *v;              /* rows x dims and cols x dims, row-major, aligned (sheaf_i_aligned) */
    sheaf_space_report report;
};

#endif
