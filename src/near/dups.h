/* What sheaf_dups_find hands out. */
#ifndef SHEAF_NEAR_DUPS_H
#define SHEAF_NEAR_DUPS_H

#include "near/grouping.h"

struct sheaf_dups {
    sheaf_ctx *ctx;
    const sheaf_corpus *corpus[2];
    int64_t n_new, n_docs, n_pairs, n_groups;
    sheaf_dup_pair *pair;
    sheaf_dup_group *group;
    sheaf_dup_doc *doc;
    sheaf_dups_report report;
};

/* Groups and documents of a grouping, and the groups of the pairs. */
sheaf_status sheaf_i_dups_fill(sheaf_dups *d, const sheaf_i_grouping *g);
/* The lowest similarity in each group. */
sheaf_status sheaf_i_dups_lowest(sheaf_dups *d, sheaf_i_job *j, const sheaf_i_grouping *g);

const char *sheaf_i_dups_validate(const sheaf_dups *d);

#endif
