/* All pairs of documents. */
#ifndef SHEAF_NEAR_PAIRS_H
#define SHEAF_NEAR_PAIRS_H

#include "near/index.h"

/* By a, b; groups are yet to be filled in. The index must be fresh: nothing of it gone. */
sheaf_status sheaf_i_pairs(sheaf_dup_pair **out, int64_t *n, sheaf_i_index *x);

#endif
