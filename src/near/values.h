/* A fixed set of 64-bit numbers that are spread evenly: sorted, with an index of buckets by their first bits. */
#ifndef SHEAF_NEAR_VALUES_H
#define SHEAF_NEAR_VALUES_H

#include "near/filter.h"

typedef struct {
    sheaf_ctx *ctx;
    uint64_t *value;    /* n, rising */
    uint32_t *df;       /* in how many documents each is */
    int64_t n, room;
    uint32_t *bucket;   /* n_buckets + 1: where the values of each begin */
    uint64_t n_buckets;
} sheaf_i_values;

/* Makes the index over `value`. */
sheaf_status sheaf_i_values_index(sheaf_i_values *v);
void sheaf_i_values_end(sheaf_i_values *v);

static inline uint64_t sheaf_i_values_bucket(const sheaf_i_values *v, uint64_t value)
{
    return sheaf_i_high_product(value, v->n_buckets);
}

/* The place of a value, -1: it is not there. */
static inline int64_t sheaf_i_values_find(const sheaf_i_values *v, uint64_t value)
{
    const uint32_t *bucket = &v->bucket[sheaf_i_values_bucket(v, value)];
    uint32_t lo = bucket[0], end = bucket[1];
    while (end - lo > 8) { /* only where values were chosen to fall together */
        const uint32_t mid = lo + (end - lo) / 2;
        if (v->value[mid] <= value) lo = mid;
        else end = mid;
    }
    for (uint32_t i = lo; i < end; i++)
        if (v->value[i] == value) return i;
    return -1;
}

static inline void sheaf_i_values_prefetch(const sheaf_i_values *v, uint64_t value)
{
    __builtin_prefetch(&v->bucket[sheaf_i_values_bucket(v, value)]);
}

#endif
