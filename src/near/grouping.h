/* From partners to groups of items: who is kept, and who joins whom. */
#ifndef SHEAF_NEAR_GROUPING_H
#define SHEAF_NEAR_GROUPING_H

#include "near/batch.h"

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_job *j;
    const sheaf_i_units *u;
    const sheaf_i_lists *l;
    sheaf_i_index *x;
    uint32_t *order;    /* units in the order of keeping */
    uint32_t *leader;   /* of each item: the one it joins, itself where it is kept or alone */
    uint32_t *shared;   /* shingles it shares with that one */
    uint32_t *next;     /* the others that joined the same one, as a chain that begins at it */
    uint32_t *rest;     /* as leader, for the documents of a unit behind its first where they are not partners: they
                           stay alone unless another unit takes all */
    uint32_t *rest_shared;
    int64_t pairs;      /* found on the way */
} sheaf_i_grouping;

sheaf_status sheaf_i_grouping_make(sheaf_i_grouping *g, const sheaf_i_job *j, const sheaf_i_units *u,
                                   const sheaf_i_lists *l, sheaf_i_index *x);
void sheaf_i_grouping_end(sheaf_i_grouping *g);

/* Around leaders: in the order of keeping, a unit that has joined none is kept and takes near ones that have not. */
sheaf_status sheaf_i_group_stars(sheaf_i_grouping *g);
/* Components of the graph of all pairs. */
sheaf_status sheaf_i_group_connected(sheaf_i_grouping *g);
/* New documents to the nearest of the old ones, else to the one that contains most of them. */
sheaf_status sheaf_i_group_against(sheaf_i_grouping *g);
/* What was kept joins what contains it, if all that joined it may. */
sheaf_status sheaf_i_group_contained(sheaf_i_grouping *g);

/* Puts an item, with all that joined it, to another one. `shared` is set for the item alone. */
void sheaf_i_join(sheaf_i_grouping *g, uint32_t item, uint32_t to, uint32_t shared);

#endif
