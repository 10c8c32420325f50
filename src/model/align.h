/* Clusters of two runs side by side. */
#ifndef SHEAF_MODEL_ALIGN_H
#define SHEAF_MODEL_ALIGN_H

#include "sheaf/sheaf.h"

/* The clusters of one run, by rising number; 0 is none. */
typedef struct {
    int32_t *label;
    int64_t *docs, *common;  /* in the run; of these in both */
    int32_t *match;          /* index of the other side's cluster, -1: none */
    sheaf_str *name;         /* empty: not known */
    int64_t *first;          /* n + 1: where its parts begin */
    sheaf_align_part *part;  /* clusters of the other side, most documents first */
    int32_t n;
} sheaf_i_run_clusters;

/* A column of groups that both tables have, aligned by itself. */
typedef struct {
    sheaf_align *a;
    int32_t column;          /* of the new run's table */
} sheaf_i_aligned_cut;

struct sheaf_align {
    sheaf_ctx *ctx;
    sheaf_i_run_clusters old_run, new_run;
    int32_t *number;         /* new_run.n: in the aligned result */
    sheaf_align_row *row;
    int64_t n_rows;
    sheaf_align_counts counts;
    char *names;             /* holds the bytes of all of them */
    char *highest_name;      /* of the column that hands on counts.highest; NULL: no tables */
    sheaf_i_aligned_cut *cut;
    int32_t n_cuts;
};

/* The index of a number, -1: there is none. */
int32_t sheaf_i_run_find(const sheaf_i_run_clusters *r, int32_t label);
/* A whole number that fits. */
bool sheaf_i_run_number(sheaf_str s, int32_t *out);
/* The column "second" of what sheaf_write_documents wrote, -1: there is none; `cluster`: the column of clusters. */
int32_t sheaf_i_run_second(const sheaf_table *t, int32_t cluster);
/* Whether a column holds groups ("cluster_5", see sheaf_clustering_cut). */
bool sheaf_i_run_is_cut(sheaf_str name);

#endif
