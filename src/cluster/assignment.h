/* The heaviest one-to-one assignment over a sparse table. */
#ifndef SHEAF_CLUSTER_ASSIGNMENT_H
#define SHEAF_CLUSTER_ASSIGNMENT_H

#include "sheaf/sheaf.h"

/* Row i has the cells first[i] .. first[i + 1) with their columns, each at most once, and weights above 0, whose sum
   must not overflow. */
typedef struct {
    int32_t rows, columns;
    const int64_t *first;
    const int32_t *column;
    const int64_t *weight;
} sheaf_i_weights_table;

/* match[row]: its column, or -1. No column is taken twice, only cells are used, and no such assignment weighs more.
   Of several that weigh as much the table alone decides. */
sheaf_status sheaf_i_assign_heaviest(sheaf_ctx *ctx, int32_t *match, const sheaf_i_weights_table *t);

#endif
