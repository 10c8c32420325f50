/* A result held against true labels. */
#ifndef SHEAF_MODEL_EVAL_H
#define SHEAF_MODEL_EVAL_H

#include "sheaf/sheaf.h"

typedef struct { /* the different values of a column, in order of their bytes */
    sheaf_str *name;
    int64_t *docs;
    int32_t n;
} sheaf_i_classes;

typedef struct {
    int32_t label, cluster;
    int64_t docs;
} sheaf_i_confusion;

struct sheaf_eval {
    sheaf_ctx *ctx;
    sheaf_scores scores;
    sheaf_eval_counts counts;
    sheaf_i_classes labels, clusters;
    char *names;               /* holds the bytes of all of them */
    sheaf_i_confusion *cells;  /* most documents first, then by label and cluster */
    int64_t n_cells;
};

#endif
