/* Runs of words that two sequences of word ids have in common. */
#ifndef SHEAF_NEAR_RUNS_H
#define SHEAF_NEAR_RUNS_H

#include "sheaf/sheaf.h"

typedef struct {
    int64_t a, b, n; /* where it begins in both, and its length */
} sheaf_i_run;

/* Places of the second sequence by the hash of the k words that begin there. Serves many pairs; of one worker. */
typedef struct {
    sheaf_ctx *ctx;
    int32_t *head, *next;  /* chains of rising places; -1 ends one */
    uint64_t *hash;        /* of the k words at each place of b */
    int shift;             /* a hash's chain is in its upper bits */
    int64_t places;
    int64_t head_room, place_room;
} sheaf_i_runs;

void sheaf_i_runs_init(sheaf_i_runs *r, sheaf_ctx *ctx);
void sheaf_i_runs_end(sheaf_i_runs *r);

/* What is to be told of a pair without its texts. */
typedef struct {
    int64_t words_a, words_b; /* words that lie in a common run of k words or more; where both are shorter than k and
                                 the same: all */
    int64_t longest;          /* the longest common run, however short */
} sheaf_i_overlap;
sheaf_status sheaf_i_runs_overlap(sheaf_i_runs *r, sheaf_i_overlap *out, const uint32_t *a, int64_t na,
                                  const uint32_t *b, int64_t nb, int64_t k);

/* The longest common run, ties the earlier one in a, then in b; then the longest in what is left of both, and so on;
   none shorter than `least` (at least 1). *list is the caller's, by place in a. Of long texts that repeat themselves
   over and over a bounded time finds tiles that may be shorter; texts of a few thousand words are always exact. */
sheaf_status sheaf_i_runs_tiles(sheaf_i_runs *r, sheaf_i_run **list, int64_t *n, const uint32_t *a, int64_t na,
                                const uint32_t *b, int64_t nb, int64_t least);

#endif
