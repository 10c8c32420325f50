/* The best cut of one cluster in two. */
#ifndef SHEAF_REFINE_HALVES_H
#define SHEAF_REFINE_HALVES_H

#include "refine/partition.h"

/* What a cluster would be in two: by how much the objective rises, and which of its documents would leave. */
typedef struct {
    double gain;     /* -INFINITY: it cannot be cut */
    int64_t *doc, n; /* its documents, rising */
    uint8_t *leaves; /* n */
} sheaf_i_halves;

/* A cut along the direction in which its documents differ most, then passes of two clusters. */
sheaf_status sheaf_i_halves_find(sheaf_i_halves *h, const sheaf_i_partition *p, int32_t t);
void sheaf_i_halves_end(sheaf_i_halves *h, sheaf_ctx *ctx);

#endif
