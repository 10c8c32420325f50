/* How well labels explain the words: an outside judge of clusterings. */
#ifndef SHEAF_CLUSTER_EVIDENCE_H
#define SHEAF_CLUSTER_EVIDENCE_H

#include "cluster/clustering.h"

/* Log marginal likelihood of the terms given the labels (n of them, 1..k; 0: left out). Each cluster draws its terms
   from a multinomial of its own, whose weights have a symmetric Dirichlet prior with parameter alpha; a term that
   stands tf times in a document counts as log2(1 + tf), rounded to 1/256:

       L = sum_t [ lnG(m a) - lnG(N_t + m a) + sum_j (lnG(c_tj + a) - lnG(a)) ] + sum_t lnG(n_t + 1)

   with c_tj the weight of term j in cluster t, N_t its sum over j, n_t the documents of t, m the number of terms. Up to
   a constant in k: compare labelings of the same documents and of equal k. Higher is better. Over many starts it
   followed agreement with human labels better than inertia does (r8: correlation .8 against .5). */
sheaf_status sheaf_i_evidence(const sheaf_terms *t, const int32_t *label, int32_t k, double alpha, double *out);

/* The same for several labelings of the same documents, n of them, at once and time and again. */
typedef struct sheaf_i_witness sheaf_i_witness;
sheaf_status sheaf_i_witness_new(sheaf_i_witness **out, const sheaf_terms *t, const int64_t *doc, int64_t n,
                                 double alpha);
void sheaf_i_witness_free(sheaf_i_witness *w);
bool sheaf_i_witness_saw(const sheaf_i_witness *w, const int64_t *doc, int64_t n); /* it is about these documents */
const int64_t *sheaf_i_witness_docs(const sheaf_i_witness *w, int64_t *n);
/* label[i * count + s]: of the i-th document in labeling s; out: count of them. */
sheaf_status sheaf_i_witness_score(sheaf_i_witness *w, const int32_t *label, int32_t count, int32_t k, double *out);

#endif
