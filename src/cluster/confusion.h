/* The contingency table of two labellings, sparse: rows are the true classes, columns the clusters found. */
#ifndef SHEAF_CLUSTER_CONFUSION_H
#define SHEAF_CLUSTER_CONFUSION_H

#include "sheaf/sheaf.h"

struct sheaf_confusion {
    sheaf_ctx *ctx;
    int64_t n;
    int32_t classes, clusters;
    int32_t *class_label, *cluster_label; /* rising */
    int64_t *class_size, *cluster_size;
    int64_t *start;                       /* classes + 1 */
    int32_t *column;                      /* rising within a row */
    int64_t *count;                       /* > 0 */
};

/* Expected mutual information (nats) of two labellings with these sizes, drawn at random. */
sheaf_status sheaf_i_expected_information(sheaf_ctx *ctx, double *out, const sheaf_confusion *t);

#endif
