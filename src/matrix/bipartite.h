/* Bipartite scaling of log counts; see SHEAF_WEIGHT_BIPARTITE in sheaf.h. */
#ifndef SHEAF_MATRIX_BIPARTITE_H
#define SHEAF_MATRIX_BIPARTITE_H

#include "sheaf/sheaf.h"

/* Fills values[] (one a nonzero of the counts). damping: the 15 there. */
sheaf_status sheaf_i_bipartite_weigh(sheaf_ctx *ctx, const sheaf_terms *t, double damping, float *values);

#endif
