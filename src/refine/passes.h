/* Passes over the documents: each may move to the cluster that gains most by it. */
#ifndef SHEAF_REFINE_PASSES_H
#define SHEAF_REFINE_PASSES_H

#include "refine/partition.h"

typedef struct {
    sheaf_i_partition *p;
    sheaf_i_scoring *scratch;  /* of each worker */
    int32_t workers;
    int32_t *proposal, *second;/* n: best cluster of a document, and the best of the others, when it was last scored */
    float *margin;             /* n: score of the own cluster less that of the best other, then */
    int32_t *kept_second;      /* n: of sheaf_i_passes_keep */
    float *kept_margin;
    int64_t *active, n_active; /* documents of a pass, rising */
} sheaf_i_passes;

sheaf_status sheaf_i_passes_new(sheaf_i_passes *s, sheaf_i_partition *p);
void sheaf_i_passes_end(sheaf_i_passes *s);

/* All documents go at once where they would gain most; taken back if the objective falls. *moved of them. */
sheaf_status sheaf_i_passes_batch(sheaf_i_passes *s, double *objective, int64_t *moved);

typedef struct {
    int32_t most;    /* passes */
    double share;    /* stop when no more than this share of the documents moves */
    double reach;    /* only documents whose margin is no more than this share of their mass are looked at; */
    bool first, last; /* but all of them in the first pass, in the last */
} sheaf_i_pass_rule;

/* Passes in order of the documents; every move raises the objective, by *gained in all. */
sheaf_status sheaf_i_passes_run(sheaf_i_passes *s, const sheaf_i_pass_rule *rule, double *gained);

/* before = the partition, and margins are kept; and back, of the last that was kept. */
void sheaf_i_passes_keep(sheaf_i_passes *s, sheaf_i_partition *before);
void sheaf_i_passes_return(sheaf_i_passes *s, const sheaf_i_partition *before);
/* Documents moved from `before` in another way than by passes: those of the clusters concerned, and those near them,
   are looked at by the next pass. */
sheaf_status sheaf_i_passes_touch(sheaf_i_passes *s, const sheaf_i_partition *before);

/* Where documents stand now: second and margin of all that take part; of others -1 and 0. */
sheaf_status sheaf_i_passes_look(sheaf_i_passes *s);

#endif
