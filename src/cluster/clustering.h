/* The result of clustering. */
#ifndef SHEAF_CLUSTER_CLUSTERING_H
#define SHEAF_CLUSTER_CLUSTERING_H

#include "sheaf/sheaf.h"

struct sheaf_clustering {
    sheaf_ctx *ctx;
    int64_t n;
    int32_t k, d;
    int32_t *label, *second;   /* n; 1..k by falling size, 0: not placed / no second */
    float *fit, *margin;       /* n */
    int64_t *count;            /* k + 1; [0]: not placed */
    double *centre;            /* k x d, row-major; unit length for the spherical metric */
    sheaf_cluster_report report;
};

#endif
