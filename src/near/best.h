/* The n best partners of many rows, as they are found.
 *
 * A partner is a key of 64 bits whose order is that of the answer: score falling, ties by row rising; so what is kept
 * does not depend on the order in which partners come. A row keeps up to `room` keys and is cut back to the n best when
 * they are full: an insertion costs little, and the n-th best, below which nothing needs to be offered, lags a little.
 */
#ifndef SHEAF_NEAR_BEST_H
#define SHEAF_NEAR_BEST_H

#include <string.h>

#include "base/mem.h"
#include "sheaf/sheaf.h"

typedef struct {
    int64_t rows;
    int32_t n, room;
    uint64_t *key;    /* rows x room */
    uint64_t *least;  /* of each row the n-th best at the last cut, 0: none yet */
    int32_t *used;
} sheaf_i_best;

/* n <= 2^29. Begins empty; end also frees what a failed call left. */
sheaf_status sheaf_i_best_new(sheaf_i_best *b, sheaf_ctx *ctx, int64_t rows, int32_t n);
void sheaf_i_best_end(sheaf_i_best *b, sheaf_ctx *ctx);
/* Of `used` distinct keys the n <= used greatest come first, the n-th of them at their end. */
void sheaf_i_best_select(uint64_t *key, int32_t used, int32_t n);
void sheaf_i_best_cut(sheaf_i_best *b, int64_t row);
/* Cuts, sorts, and writes the n best, filled up with doc -1 and score 0. */
void sheaf_i_best_hits(sheaf_i_best *b, int64_t row, sheaf_hit *hits);
/* Rows of `have` hits that follow each other become rows of `wanted`, filled up alike. */
void sheaf_i_best_fill(sheaf_hit *hits, int64_t rows, int32_t have, int32_t wanted);

/* No score is NaN; -0 counts as 0. */
static inline uint64_t sheaf_i_best_key(float score, int64_t partner)
{
    uint32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | 0x80000000u;
    return (uint64_t)bits << 32 | (uint32_t)~(uint32_t)partner;
}

static inline float sheaf_i_best_score(uint32_t ordered)
{
    uint32_t bits = ordered >> 31 ? ordered & 0x7fffffffu : ~ordered;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

static inline void sheaf_i_best_offer(sheaf_i_best *b, int64_t row, uint64_t key)
{
    if (key <= b->least[row]) return;
    b->key[row * b->room + b->used[row]++] = key;
    if (b->used[row] == b->room) sheaf_i_best_cut(b, row);
}

/* The score below which no partner from `first` on is wanted: that of the n-th best, or the next above it where a tie
   would go to that one. */
static inline float sheaf_i_best_bar(const sheaf_i_best *b, int64_t row, int64_t first)
{
    const uint64_t least = b->least[row];
    if (!least) return -__builtin_inff();
    return sheaf_i_best_score((uint32_t)(least >> 32) + ((int64_t)(uint32_t)~(uint32_t)least < first));
}

#endif
