/* Places of runs of N words that some other place has too: what shared passages grow from. */
#ifndef SHEAF_NEAR_SEEDS_H
#define SHEAF_NEAR_SEEDS_H

#include "near/tokens.h"

typedef struct {
    uint64_t hash;       /* of the N words */
    uint32_t doc, place;
} sheaf_i_seed;

/* Seeds in buckets by the upper bits of the hash; in a bucket by document and place. */
typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_seed *seed;
    int64_t *bucket;     /* n_buckets + 1 */
    int64_t n_buckets;
    int bits;            /* of the hash that tell the bucket */
} sheaf_i_seeds;

/* Every place of a run of `least` words that stands at two places or more is there; beside them, with few exceptions
   left, nothing. After a failure there is nothing to end. */
sheaf_status sheaf_i_seeds_find(sheaf_i_seeds *s, sheaf_ctx *ctx, const sheaf_i_tokens *t, int64_t least);
void sheaf_i_seeds_end(sheaf_i_seeds *s);

#endif
