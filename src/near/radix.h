/* Stable sort of numbers by a 64-bit key: a pass of counting for every byte in which the keys differ. */
#ifndef SHEAF_NEAR_RADIX_H
#define SHEAF_NEAR_RADIX_H

#include "sheaf/sheaf.h"

typedef struct {
    uint64_t key;
    int64_t of;
} sheaf_i_keyed;

/* Sorts n entries by rising key, ties as they stood. */
sheaf_status sheaf_i_sort_keyed(sheaf_ctx *ctx, sheaf_i_keyed *e, int64_t n);

#endif
