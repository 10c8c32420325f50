/* The units that may have a partner, each as a rising list of the ranks of its shared shingles.
 *
 * A shingle of one unit alone can be shared with nobody. So a unit of n shingles of which k are shared can have a near
 * partner only if k >= t n, and be contained only if k >= c n. Most documents of a real collection fall here, by the
 * filter, without anything of theirs having been stored. For the others the shared shingles are counted exactly, which
 * drops more of them, and ranked by number of units, the rarest first: only a unit's first ranks need be met by a
 * partner's (index.h).
 */
#ifndef SHEAF_NEAR_LISTS_H
#define SHEAF_NEAR_LISTS_H

#include "near/units.h"

typedef struct {
    uint32_t *rank;     /* k, rising */
    uint32_t n, k;      /* size of the set; of which shared */
    uint32_t unit;
    uint8_t side;
    bool near, inside;  /* may have a near partner; may be contained in another */
} sheaf_i_item;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_item *item; /* by rising n, ties by falling unit; with a window by date, ties so */
    int64_t n;
    uint32_t *of;       /* the item of each unit, or SHEAF_I_NONE */
    uint32_t n_ranks;
    uint8_t *met;       /* of each rank: does a contained unit have to meet it? NULL: containment is off */
    uint32_t **piece;   /* where the ranks are */
    int64_t n_pieces;
} sheaf_i_lists;

sheaf_status sheaf_i_lists_make(sheaf_i_lists *l, sheaf_i_job *j, const sheaf_i_units *u);
void sheaf_i_lists_end(sheaf_i_lists *l);

/* How many two rising lists share, or fewer than `need` if they share fewer: then it stops early. */
int64_t sheaf_i_merge(const uint32_t *x, const uint32_t *x_end, const uint32_t *y, const uint32_t *y_end, int64_t need);
/* Shingles that two items share; at least one of them is near or inside. */
int64_t sheaf_i_shared(const sheaf_i_item *a, const sheaf_i_item *b);

/* The least integer >= p / q x n. */
static inline int64_t sheaf_i_least(sheaf_ratio r, int64_t n) { return (r.p * n + r.q - 1) / r.q; }
/* So many shingles two near sets of a and b have in common at least: p (a + b) / (p + q), rounded up. */
static inline int64_t sheaf_i_need(sheaf_ratio t, int64_t a, int64_t b)
{
    return (t.p * (a + b) + t.p + t.q - 1) / (t.p + t.q);
}

#endif
