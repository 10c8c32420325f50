/* Several starts of k-means, of which the best is kept. */
#ifndef SHEAF_CLUSTER_STARTS_H
#define SHEAF_CLUSTER_STARTS_H

#include "cluster/clustering.h"
#include "cluster/kmeans.h"

/* `best` is made here and holds the kept run on all of p; *repaired counts over all starts. */
sheaf_status sheaf_i_starts_run(const sheaf_i_points *p, int32_t k, const sheaf_cluster_opts *o,
                                const sheaf_i_judge *judge, sheaf_i_kmeans *best, int64_t *repaired);

#endif
