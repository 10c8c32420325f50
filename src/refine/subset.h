/* Some of the documents as rows of their own. */
#ifndef SHEAF_REFINE_SUBSET_H
#define SHEAF_REFINE_SUBSET_H

#include "refine/rows.h"

/* Rows doc[0 .. n) of r, numbered anew, as are the terms: only those that stand in two or more of these documents are
   left. Weights stay what they are in r. */
sheaf_status sheaf_i_rows_subset(sheaf_i_rows *s, const sheaf_i_rows *r, const int64_t *doc, int64_t n);

#endif
