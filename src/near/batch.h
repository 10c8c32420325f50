/* Searches for many items at once. How many is set by what the last ones found, never by the threads: floods are gone
   through a few at a time, so that what is found fits and can be taken out of the postings. Where a flood begins within
   a batch, its items find more than their share, the batch ends before them, and they wait for the next one. */
#ifndef SHEAF_NEAR_BATCH_H
#define SHEAF_NEAR_BATCH_H

#include "near/index.h"

typedef enum { SHEAF_I_ALL_NEAR, SHEAF_I_NEAR_BEFORE, SHEAF_I_HOLDERS } sheaf_i_sought;

typedef struct {
    sheaf_i_hit *hit;
    int64_t n;
    bool cut;              /* it would have found more than its share */
} sheaf_i_found;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_index *x;
    sheaf_i_sought sought;
    uint32_t *item;        /* the caller fills up to `size`, from n on */
    int64_t n, size;       /* after a search n of them were searched for */
    int64_t left;          /* those behind them were not */
    int64_t most;          /* hits of one */
    sheaf_i_found *found;  /* of each */
} sheaf_i_batch;

sheaf_status sheaf_i_batch_init(sheaf_i_batch *b, const sheaf_i_index *x, sheaf_i_sought sought);
sheaf_status sheaf_i_batch_search(sheaf_i_batch *b);
/* Forgets what was found, sets the size of the next batch, and begins it with the n items that were left. */
void sheaf_i_batch_clear(sheaf_i_batch *b);
void sheaf_i_batch_end(sheaf_i_batch *b);

#endif
