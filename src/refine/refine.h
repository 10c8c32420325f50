/* Refinement of labels on the words of the documents. */
#ifndef SHEAF_REFINE_REFINE_H
#define SHEAF_REFINE_REFINE_H

#include "refine/balance.h"

typedef struct {
    double before, after; /* objective, in weight */
    int32_t batches, regrouped; /* regroupings that raised the objective */
    sheaf_i_balance_report balance;
} sheaf_i_refine_report;

/* Labels of n documents, 0 .. k - 1, or -1: takes no part; second best (-1: none) and how far the own cluster is
   ahead of it: by how much it makes the document likelier, in nats per weight. */
typedef struct {
    int32_t k, *label, *second;
    float *margin;
} sheaf_i_refined;
sheaf_status sheaf_i_refine_labels(const sheaf_i_rows *r, sheaf_i_refined *l, const sheaf_refine_opts *o,
                                   sheaf_i_refine_report *report);

/* The whole of it, whatever n is: batches, passes, split and merge, regrouping, passes. label: as above, changed. */
sheaf_status sheaf_i_refine_fully(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight,
                                  sheaf_i_refine_report *report);

/* Options out of range are SHEAF_EINVAL; what the method leaves no choice of is set. */
sheaf_status sheaf_i_refine_check(sheaf_ctx *ctx, sheaf_refine_opts *o);

/* Many clusters share a prior that few have in full. */
void sheaf_i_refine_share_prior(sheaf_refine_opts *o, int32_t k);

/* With many clusters fewer terms take part: as many as `cells` sums of k clusters leave room for. */
int32_t sheaf_i_refine_most_terms(int32_t k, int64_t cells);

#endif
