/* Passes over the documents: each may move to the cluster that gains most by it. */
#ifndef SHEAF_REFINE_PASSES_H
#define SHEAF_REFINE_PASSES_H

#include "refine/exchange.h"

/* Clusters that a change was about, and what documents had of them when that was last looked at. */
typedef struct {
    sheaf_i_few few;
    float *score;   /* n x SHEAF_I_GAINS_FEW */
    uint8_t *fresh; /* n: the document has been scored since */
} sheaf_i_changed;

typedef struct {
    sheaf_i_partition *p;
    sheaf_i_scoring *scratch;  /* of each worker */
    int32_t workers;
    int32_t *proposal, *second;/* n: best cluster of a document, and the best of the others, when it was last scored */
    float *own, *margin;       /* n: score of the own cluster, and that less the best other, then */
    int32_t *kept_second;      /* n: of sheaf_i_passes_keep */
    float *kept_own, *kept_margin;
    sheaf_i_changed *changed;  /* NULL: passes do not follow a change */
    bool still;                /* no document moved since all were scored */
    int64_t *active, n_active; /* documents of a pass, rising */
    int64_t *left;             /* k: documents, during a batch */
} sheaf_i_passes;

sheaf_status sheaf_i_passes_new(sheaf_i_passes *s, sheaf_i_partition *p);
void sheaf_i_passes_end(sheaf_i_passes *s);

/* All documents go at once where they would gain most; taken back if the objective falls. *moved of them. */
sheaf_status sheaf_i_passes_batch(sheaf_i_passes *s, double *objective, int64_t *moved);

typedef struct {
    int32_t most;    /* passes */
    double share;    /* stop when no more than this share of the documents moves */
    double reach;    /* only documents whose margin is no more than this share of their mass are looked at; */
    bool first, last; /* but all of them in the first pass, and again before it stops */
    double need;     /* stop when passes will hardly gain that much */
} sheaf_i_pass_rule;

/* Passes in order of the documents; every move raises the objective, by *gained in all. */
sheaf_status sheaf_i_passes_run(sheaf_i_passes *s, const sheaf_i_pass_rule *rule, double *gained);

/* before = the partition, and margins are kept; and back, of the last that was kept. */
sheaf_status sheaf_i_passes_keep(sheaf_i_passes *s, sheaf_i_partition *before);
sheaf_status sheaf_i_passes_return(sheaf_i_passes *s, const sheaf_i_partition *before);

sheaf_status sheaf_i_changed_new(sheaf_i_changed *c, const sheaf_i_partition *p);
void sheaf_i_changed_end(sheaf_i_changed *c);
/* Three clusters have changed in another way than by passes, for which s->changed is set. Their documents will all be
   looked at by the next pass, those of the others are compared with them as they are now; and before each other pass,
   all documents with what has become of the three. */
sheaf_status sheaf_i_passes_follow(sheaf_i_passes *s, int32_t a, int32_t b, int32_t c);

/* Where documents stand now: second and margin of all that take part; of others -1 and 0. */
sheaf_status sheaf_i_passes_look(sheaf_i_passes *s);

#endif
