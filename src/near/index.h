/* Postings of shared shingles, and the search for an item's partners: an exact set join by prefixes.
 *
 * Chaudhuri, Ganti, Kaushik 2006 and Bayardo, Ma, Srikant 2007 (AllPairs): of two sets that must share o shingles, the
 * first k_a - o + 1 of one (of k_a, in one order for all, the rarest first) and the first k_b - o + 1 of the other have
 * one in common. Sizes n count all shingles, positions only the shared ones, so shingles that stand alone use up the
 * overlap that a partner could miss and need no posting. For near sets o = ceil(t / (1 + t) (n_a + n_b)): at least
 * ceil(2 t / (1 + t) n) for the smaller of two, whose `short` prefix that makes, and ceil(t n) for the larger, which
 * makes the `long` one. Postings hold the short prefixes apart from the rest of the long ones: a larger set meets the
 * short ones, a smaller the rest too. So documents that share a template and little else are never brought together:
 * their short prefixes are empty. A candidate's overlap is bounded at the first shingle in common, which is the first
 * one of both lists, by what is left of either behind it (Xiao, Wang, Lin, Yu 2008, PPJoin); what passes is counted by
 * merging, which ends as soon as the bound is missed.
 */
#ifndef SHEAF_NEAR_INDEX_H
#define SHEAF_NEAR_INDEX_H

#include "near/bands.h"

typedef struct {
    uint32_t item, at; /* the rank is the at-th of the item's list */
} sheaf_i_posting;

typedef struct {
    int64_t *start;    /* of each rank's postings, and the end; by item */
    sheaf_i_posting *p;
    uint32_t *only;    /* of each rank the label that all of its items have, or SHEAF_I_NONE; NULL: no labels */
} sheaf_i_rank_postings;

typedef struct {
    uint32_t item, shared;
} sheaf_i_hit;

typedef struct { /* of one worker */
    uint32_t *seen;    /* of each item: when it was looked at last */
    uint32_t now;
    sheaf_i_hit *hit;  /* what the last search found */
    int64_t n_hits, room;
    int64_t most;      /* so many hits are enough: a search that finds more ends, and is `cut`; 0: all are wanted */
    bool cut;
    int64_t idle;      /* postings met of what is gone, or has the same label, since some were taken out last */
    int64_t candidates, verified;
} sheaf_i_search;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_job *j;
    const sheaf_i_units *u;
    const sheaf_i_lists *l;
    sheaf_i_rank_postings smaller, larger; /* short prefixes, the rest of the long ones */
    sheaf_i_rank_postings holders;         /* what contained ones meet */
    uint8_t *gone;     /* of each item: is found no more */
    int64_t n_gone, n_compacted;
    uint32_t *label;   /* of each item: those with the same are not to be found for each other; NULL: no labels */
    sheaf_i_search *search; /* one a worker */
    sheaf_i_bands bands;    /* where not every near pair must be found */
    bool banded;            /* near ones are looked for by bands */
} sheaf_i_index;

/* With old documents only those are found. After a failure the index must still be ended. */
sheaf_status sheaf_i_index_make(sheaf_i_index *x, const sheaf_i_job *j, const sheaf_i_units *u, const sheaf_i_lists *l);
void sheaf_i_index_end(sheaf_i_index *x);

/* The postings of containers, of those on one side (-1: both) that are not gone. */
sheaf_status sheaf_i_index_holders(sheaf_i_index *x, int side);

/* Items that are near to this one, in no order that means anything: search->hit. `before`: only those before it in
   the order of sizes (which finds each pair once). */
sheaf_status sheaf_i_find_near(const sheaf_i_index *x, sheaf_i_search *search, uint32_t item, bool before);
/* Items of which one contains enough of this one: larger ones, ties those of earlier units; with old documents any of
   the other side. */
sheaf_status sheaf_i_find_holders(const sheaf_i_index *x, sheaf_i_search *search, uint32_t item);

/* With recall below 1: what share of a sample's near pairs the bands find. To be called before anything is removed. */
sheaf_status sheaf_i_measure_recall(sheaf_i_index *x, sheaf_dups_report *r);

/* Is found no more. Not during a search. */
void sheaf_i_index_remove(sheaf_i_index *x, uint32_t item);
/* Takes what is gone out of the postings, once what is not to be found was met about as often as that costs. */
void sheaf_i_index_compact(sheaf_i_index *x);
/* All can be found again, by postings of holders yet to be made. */
void sheaf_i_index_restore(sheaf_i_index *x);

#endif
