/* Words that stand exactly once in both of two sequences and in the same order there. */
#ifndef SHEAF_NEAR_ANCHORS_H
#define SHEAF_NEAR_ANCHORS_H

#include "sheaf/sheaf.h"

typedef struct {
    int64_t a, b;
} sheaf_i_anchor;

/* The longest chain that rises in a and b; *list is the caller's. */
sheaf_status sheaf_i_anchors(sheaf_ctx *ctx, sheaf_i_anchor **list, int64_t *n, const uint32_t *a, int64_t na,
                             const uint32_t *b, int64_t nb);

#endif
