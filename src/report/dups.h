/* What the writers of near-duplicates share. */
#ifndef SHEAF_REPORT_DUPS_H
#define SHEAF_REPORT_DUPS_H

#include "report/rows.h"

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_dups *d;        /* NULL: passages of documents that are no duplicates */
    sheaf_dups_source s;
    const sheaf_dup_doc *docs;
    const sheaf_dup_group *groups;
    int64_t n_docs, n_new, n_groups;
    sheaf_i_text name[2];       /* "old:ID" */
} sheaf_i_dups;

/* To be ended in any case. */
void sheaf_i_dups_init(sheaf_i_dups *v, const sheaf_dups *d, const sheaf_dups_source *s);
void sheaf_i_dups_end(sheaf_i_dups *v);

/* The corpus of a document; *doc becomes its number there. */
const sheaf_corpus *sheaf_i_dups_corpus(const sheaf_i_dups *v, int64_t *doc);
/* The id, with old: in front where a new document has the same; borrowed until the next call with the same `room`
   (0 or 1). */
sheaf_str sheaf_i_dups_name(sheaf_i_dups *v, int64_t doc, int room);
sheaf_str sheaf_i_dups_date(const sheaf_i_dups *v, int64_t doc);
const char *sheaf_i_dup_kind_name(sheaf_dup_kind kind);

/* Members of every group, one group after the other: the kept document first, the others in order. */
typedef struct {
    int64_t *member, *start; /* start: n_groups + 1 */
} sheaf_i_members;
sheaf_status sheaf_i_members_new(sheaf_i_members *m, const sheaf_i_dups *v);
void sheaf_i_members_end(sheaf_i_members *m, sheaf_ctx *ctx);
/* The member with the earliest date, ties the first; -1: none has one. */
int64_t sheaf_i_earliest(const sheaf_i_dups *v, const sheaf_i_members *m, int32_t group, int64_t *us);

/* As sheaf_i_rows_open; JSON tells of settings and counts before the rows. `o` is complete. */
sheaf_status sheaf_i_dups_rows_open(sheaf_i_rows *r, const sheaf_i_dups *v, sheaf_out *out, const sheaf_write_opts *o,
                                    const char *schema, const sheaf_i_column *columns, int32_t n);

#define SHEAF_I_SHARE_DIGITS 4

/* Shares of sets that have `shared` of `own` and `other` in common. Identical documents, of which every shingle may
   have been left out as common, are 1. */
static inline double sheaf_i_jaccard(int64_t shared, int64_t own, int64_t other)
{
    return own + other > shared ? (double)shared / (double)(own + other - shared) : 1;
}
static inline double sheaf_i_inside(int64_t shared, int64_t own) { return own ? (double)shared / (double)own : 1; }
/* Rounded down: what is shown as 1 is 1. */
double sheaf_i_shown(double share, int digits);

#endif
