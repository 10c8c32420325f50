/* How likely the words are, given a partition, whatever its number of clusters. */
#ifndef SHEAF_REFINE_EVIDENCE_H
#define SHEAF_REFINE_EVIDENCE_H

#include "refine/partition.h"

/* Dirichlet-multinomial marginal likelihood of the weights, each cluster with one symmetric prior alpha for all of
   its m terms, and of the clusters' sizes:

       L = sum_t [ lnG(m a) - lnG(N_t + m a) + sum_j (lnG(c_tj + a) - lnG(a)) ]
           + lnG(k) - lnG(n + k) + sum_t lnG(n_t + 1)

   c_tj in weight, without priors. alpha is the best of .01 * 2^i, i = 0 .. 6, looked for from *step on (a place in
   that row, which is updated). Comparable between different k of the same documents. */
sheaf_status sheaf_i_partition_evidence(const sheaf_i_partition *p, int32_t *step, double *out);

#endif
