/* How far clusters come again in resamples. */
#ifndef SHEAF_REFINE_STABILITY_H
#define SHEAF_REFINE_STABILITY_H

#include "refine/refine.h"

/* Labels of documents that are clustered by words alone, without a search by split and merge or anything that is
   parallel: sequential passes, in order. label: 0 .. k - 1. */
sheaf_status sheaf_i_stability_refine(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight);

/* Two labellings of n documents, the first 1 .. k: for each of its clusters that has a document, jaccard[cluster - 1]
   is the largest Jaccard index with a cluster of the other; the adjusted Rand index of both. */
sheaf_status sheaf_i_stability_compare(sheaf_ctx *ctx, const int32_t *label, const int32_t *other, int64_t n,
                                       double *jaccard, double *agreement);

#endif
