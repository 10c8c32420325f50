/* The merge tree over refined clusters. */
#ifndef SHEAF_REFINE_TREE_H
#define SHEAF_REFINE_TREE_H

#include "cluster/clustering.h"
#include "refine/rows.h"

/* Joins the clusters of c, the pair first that costs the objective (partition.h) least; size_weight as there, in
   weight. r: rows of its documents. Of many clusters (k k terms above 8 million) only the terms of most weight, at
   least 1,000, stand for themselves, and all others together for one. With more than
   SHEAF_MERGES_MOST clusters nothing is done. */
sheaf_status sheaf_i_refine_tree(sheaf_clustering *c, const sheaf_i_rows *r, double size_weight);

#endif
