/* Split and merge: one cluster in two, two in one, where the objective rises. */
#ifndef SHEAF_REFINE_BALANCE_H
#define SHEAF_REFINE_BALANCE_H

#include "refine/halves.h"
#include "refine/passes.h"

/* For each cluster of a partition what it would gain by being cut in two, and for each pair what becoming one would;
   kept while clusters hardly change. */
typedef struct {
    const sheaf_i_partition *p;
    sheaf_i_halves *half;    /* k */
    double *merge;           /* k x ld: gain of a merger, mostly negative */
    int32_t *was;            /* n: labels when half and merge were found */
    uint8_t *stale;          /* k */
} sheaf_i_changes;
sheaf_status sheaf_i_changes_new(sheaf_i_changes *c, const sheaf_i_partition *p);
void sheaf_i_changes_end(sheaf_i_changes *c);
/* Finds anew what is stale; clusters of which a share of documents has come or gone are. */
sheaf_status sheaf_i_changes_update(sheaf_i_changes *c);
/* Clusters to be found anew, however few of their documents have changed. */
void sheaf_i_changes_forget(sheaf_i_changes *c, const int32_t *cluster, int32_t n);

/* row[t], t < ld: what the objective gains if clusters a and t become one, mostly less than nothing. */
void sheaf_i_merge_gains(const sheaf_i_partition *p, int32_t a, double *row);

/* Until some changes in a row do not help: cuts the cluster and merges the pair that promise most, refines, and keeps
   that if the objective has risen. *gained in all, *tries, *kept. */
typedef struct {
    double gained;
    int32_t tries, kept;
} sheaf_i_balance_report;
sheaf_status sheaf_i_balance(sheaf_i_passes *s, sheaf_i_balance_report *report);

#endif
