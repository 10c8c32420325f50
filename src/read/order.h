/* Sorting by id. */
#ifndef SHEAF_READ_ORDER_H
#define SHEAF_READ_ORDER_H

#include "base/context.h"
#include "base/mem.h"

/* *order: the indices 0 .. n - 1 in order of sheaf_i_id_compare, equal ids in order of index. The caller's. */
sheaf_status sheaf_i_order(sheaf_ctx *ctx, int64_t **order, const sheaf_str *ids, int64_t n);

#endif
