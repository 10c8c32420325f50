/* Searches for many items at once. How many is set by what the last ones found, never by the threads: floods are gone
   through a few at a time, so that what is found fits and can be taken out of the postings. */
#ifndef SHEAF_NEAR_BATCH_H
#define SHEAF_NEAR_BATCH_H

#include "near/index.h"

typedef enum { SHEAF_I_ALL_NEAR, SHEAF_I_NEAR_BEFORE, SHEAF_I_HOLDERS } sheaf_i_sought;

typedef struct {
    sheaf_i_hit *hit;
    int64_t n;
} sheaf_i_found;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_index *x;
    sheaf_i_sought sought;
    uint32_t *item;        /* the caller fills in up to `size`, and n */
    int64_t n, size;
    sheaf_i_found *found;  /* of each */
} sheaf_i_batch;

sheaf_status sheaf_i_batch_init(sheaf_i_batch *b, const sheaf_i_index *x, sheaf_i_sought sought);
sheaf_status sheaf_i_batch_search(sheaf_i_batch *b);
/* Forgets what was found, and sets the size of the next batch. */
void sheaf_i_batch_clear(sheaf_i_batch *b);
void sheaf_i_batch_end(sheaf_i_batch *b);

#endif
