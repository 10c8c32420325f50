/* The number of clusters, by the evidence of the words. */
#ifndef SHEAF_REFINE_SEARCH_H
#define SHEAF_REFINE_SEARCH_H

#include "refine/evidence.h"

/* From the labels of k clusters, more than can be wanted, the best merger makes k - 1 of them, then k - 2, and so on,
   refined by passes each time, down to `least`, or until the evidence has fallen behind its highest for a while. */
typedef struct {
    int32_t least;
    double size_weight;
    /* Called for every k, falling, with labels and evidence. */
    sheaf_status (*visit)(void *arg, int32_t k, const int32_t *label, double evidence);
    void *arg;
} sheaf_i_search;

/* label: of the rows' documents, 0 .. k - 1 or -1; not changed. */
sheaf_status sheaf_i_search_k(const sheaf_i_search *s, const sheaf_i_rows *r, int32_t k, const int32_t *label);

#endif
