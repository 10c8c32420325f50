/* What a weighting is made of; see weigh.c. */
#ifndef SHEAF_MATRIX_WEIGH_H
#define SHEAF_MATRIX_WEIGH_H

#include "sheaf/sheaf.h"

/* Options in full, checked. */
sheaf_status sheaf_i_weight_opts(sheaf_ctx *ctx, sheaf_weight_opts *full, const sheaf_weight_opts *o);
/* The part of the count. BM25 also needs the document. */
double sheaf_i_weight_local(sheaf_weight scheme, uint32_t tf);
/* The part of the term, one number a term; not for the bipartite scaling. */
sheaf_status sheaf_i_weight_global(sheaf_ctx *ctx, const sheaf_terms *t, const sheaf_weight_opts *o, double *global);

#endif
