/* The fewest words deleted and inserted that make one sequence of the other. */
#ifndef SHEAF_NEAR_DIFF_H
#define SHEAF_NEAR_DIFF_H

#include "sheaf/sheaf.h"

#define SHEAF_I_DIFF_LIMIT 8192 /* so many edits from either end are looked at before the search is cut in pieces */

/* Marks what stays: same_a[i], same_b[j] are 1 for the words of a common subsequence, else 0. The longest one wherever
   2 * limit edits suffice. */
sheaf_status sheaf_i_diff(sheaf_ctx *ctx, const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb, int64_t limit,
                          uint8_t *same_a, uint8_t *same_b);

#endif
