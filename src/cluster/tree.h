/* The order in which clusters become one: from k groups to a single one. */
#ifndef SHEAF_CLUSTER_TREE_H
#define SHEAF_CLUSTER_TREE_H

#include "cluster/clustering.h"

/* What a merger costs, by somebody's objective. Clusters are 0 .. k - 1 here; a group goes by its lowest cluster. */
typedef struct {
    /* row[t], first <= t < k: what is lost if groups a and t become one; not looked at where t is a or has gone into
       another. Called by several threads. */
    void (*losses)(const void *arg, int32_t a, int32_t first, double *row);
    /* Group b goes into a. */
    void (*join)(void *arg, int32_t a, int32_t b);
    void *arg;
} sheaf_i_joining;

/* Repeatedly the pair that loses least; of equal ones that of the lowest cluster. Kept in c->merge; k - 1 mergers. */
sheaf_status sheaf_i_clustering_join(sheaf_clustering *c, const sheaf_i_joining *j);
/* The same from the centres alone: spherical, by what the sum of the cosines to the centres falls; Euclidean, by what
   the inertia rises (Ward 1963). With more than SHEAF_MERGES_MOST clusters there is none. */
sheaf_status sheaf_i_clustering_join_centres(sheaf_clustering *c, sheaf_metric metric);

#endif
