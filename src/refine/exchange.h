/* A change of three clusters at once, and what it makes of the documents of the others. */
#ifndef SHEAF_REFINE_EXCHANGE_H
#define SHEAF_REFINE_EXCHANGE_H

#include "kernel/kernel.h"
#include "refine/partition.h"

/* `from` joins `into`, and its number goes to those of the documents doc[] that are in `cut`; the three differ. */
typedef struct {
    int32_t cut, into, from;
    const int64_t *doc;
    int64_t n;
} sheaf_i_exchange;
/* *gained: by the objective. */
sheaf_status sheaf_i_partition_exchange(sheaf_i_partition *p, const sheaf_i_exchange *x, double *gained);

/* Sums and gains of SHEAF_I_GAINS_FEW clusters, in tables that stay near the processor. */
typedef struct {
    const sheaf_i_partition *p;
    int32_t cluster[SHEAF_I_GAINS_FEW];
    int32_t *sum; /* m x SHEAF_I_GAINS_FEW */
    float *gain;
} sheaf_i_few;
sheaf_status sheaf_i_few_new(sheaf_i_few *few, const sheaf_i_partition *p);
void sheaf_i_few_end(sheaf_i_few *few);
/* Of cluster[] as they are now. */
sheaf_status sheaf_i_few_take(sheaf_i_few *few);

/* What sheaf_i_partition_score says of these clusters for n documents, as if they were in none of them. score: n
   rows. */
#define SHEAF_I_GAINS_DOCS 32 /* at most */
void sheaf_i_few_score(const sheaf_i_few *few, const int64_t *doc, int32_t n, float *score);

#endif
