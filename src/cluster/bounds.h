/* Bounds that spare k-means most of its comparisons without changing a label. */
#ifndef SHEAF_CLUSTER_BOUNDS_H
#define SHEAF_CLUSTER_BOUNDS_H

#include "cluster/kmeans.h"

/* For a run whose centres are set. Nothing is known at first. */
sheaf_status sheaf_i_bounds_new(sheaf_i_bounds **out, const sheaf_i_kmeans *m);
void sheaf_i_bounds_free(sheaf_i_bounds *b);

/* Before a pass over all rows that finds all bounds anew. */
void sheaf_i_bounds_restart(sheaf_i_bounds *b);
/* Labels rows lo .. hi - 1 and notes those that change in the sums of their stripe. all: after a restart; else rows and
   groups of centres that the bounds rule out are passed over. At most SHEAF_I_BOUNDED_ROWS rows. */
#define SHEAF_I_BOUNDED_ROWS 480
void sheaf_i_bounds_assign(sheaf_i_bounds *b, sheaf_i_kmeans *m, int64_t stripe, int64_t lo, int64_t hi, bool all,
                           int32_t worker);
/* Centres have moved: so far, each. */
void sheaf_i_bounds_moved(sheaf_i_bounds *b, const double *drift);
/* The label of a row was changed by somebody else. */
void sheaf_i_bounds_forget(sheaf_i_bounds *b, int64_t row);

#endif
