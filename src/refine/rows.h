/* Documents as refinement sees them: weights of terms and phrases as whole numbers, so that sums have no order. */
#ifndef SHEAF_REFINE_ROWS_H
#define SHEAF_REFINE_ROWS_H

#include "sheaf/sheaf.h"

/* A term that stands tf times in a document weighs log2(1 + tf) g_j, g_j = 1 + sum_i p_ij ln p_ij / ln n, p_ij its
   share of all occurrences of the term (log-entropy; Dumais 1991), phrases less by a factor; times `unit`, rounded.
   For SHEAF_REFINE_SIB and SIB_WORDS (o->method) a word weighs a third, whatever it is; with SIB times what makes all
   documents weigh the same, but for rounding: a word of 5,000 in a document is right to 4 %. */
typedef struct {
    sheaf_ctx *ctx;
    int64_t n;              /* documents */
    int32_t m;              /* terms, then phrases: at most 65,535 */
    int64_t *indptr;        /* n + 1 */
    uint16_t *column, *value;
    uint16_t *first;        /* m: the value of one occurrence; with SIB, in a document of the mean length */
    float *prior;           /* m: what every cluster has of a term before it has a document */
    double prior_mass;      /* their sum */
    double nothing;         /* sum_j f(prior_j) - f(prior_mass), f(z) = z ln z: the objective of an empty cluster */
    int64_t *mass;          /* n: sum of the values of a document */
    double unit;            /* values that make a weight of 1 */
} sheaf_i_rows;

/* `most` bounds m. phrases: of the same documents, or NULL. */
sheaf_status sheaf_i_rows_build(sheaf_i_rows *r, const sheaf_terms *terms, const sheaf_terms *phrases,
                                const sheaf_refine_opts *o, int32_t most);
void sheaf_i_rows_end(sheaf_i_rows *r);

#endif
