/* Many cuts and mergers at once. */
#ifndef SHEAF_REFINE_REGROUP_H
#define SHEAF_REFINE_REGROUP_H

#include "refine/partition.h"

/* Cuts clusters of p in two and merges pairs until there are as many as before. label: n, out; not settled, and maybe
   worse than before. */
sheaf_status sheaf_i_regroup(const sheaf_i_partition *p, int32_t *label);

#endif
