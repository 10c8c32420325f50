/* Bipartite scaling of log counts; see SHEAF_WEIGHT_BIPARTITE in sheaf.h. */
#ifndef SHEAF_MATRIX_BIPARTITE_H
#define SHEAF_MATRIX_BIPARTITE_H

#include <math.h>

#include "sheaf/sheaf.h"

/* Fills values[] (one a nonzero of the counts). damping: the 15 there. */
sheaf_status sheaf_i_bipartite_weigh(sheaf_ctx *ctx, const sheaf_terms *t, double damping, float *values);

/* The factors of the columns, one a term. */
sheaf_status sheaf_i_bipartite_columns(sheaf_ctx *ctx, const sheaf_terms *t, double *column);
/* The factor of a row of this sum after the columns were scaled; mean: of these sums. An empty row keeps 1. */
static inline double sheaf_i_bipartite_row(double sum, double mean, double damping)
{
    return sum > 0 ? 1 / sqrt(sum + damping * mean) : 1;
}

#endif
