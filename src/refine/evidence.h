/* How likely the words are, given a partition, whatever its number of clusters. */
#ifndef SHEAF_REFINE_EVIDENCE_H
#define SHEAF_REFINE_EVIDENCE_H

#include "refine/partition.h"

/* Dirichlet-multinomial marginal likelihood of nine tenths of the weights, with one prior for every cluster, and of
   the clusters' sizes:

       L = sum_t [ lnG(m a) - lnG(.9 N_t + m a) + sum_j (lnG(.9 c_tj + a_j) - lnG(a_j)) ]
           + lnG(k) - lnG(n + k) + sum_t lnG(n_t + 1)

   c_tj in weight, without the partition's priors; a_j of the m terms as (1 + sum_t c_tj)^.2, c_tj in units there, of
   mean a. a is the best of .01 * 2^i, i = 0 .. 6, looked for from *step on (a place in that row, which is updated); of
   4,096 terms and more, the best by an eighth of them.
   Comparable between different k of the same documents. */
sheaf_status sheaf_i_partition_evidence(const sheaf_i_partition *p, int32_t *step, double *out);

#endif
