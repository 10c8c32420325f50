/* What the steps of finding near-duplicates hand on.
 *
 *   sets.c      size and hash of every document's set, and the filter of shingles that more than one has
 *   units.c     documents that nothing tells apart become one unit
 *   tally.c     which shingles a number of documents have
 *   lists.c     the units that may have a partner, each a rising list of its shared shingles' ranks
 *   index.c     postings of the shingles that must be met, and the search for a unit's partners
 *   star.c, connected.c, contained.c    groups; pairs.c: all pairs; result.c: what the caller sees
 */
#ifndef SHEAF_NEAR_JOB_H
#define SHEAF_NEAR_JOB_H

#include "near/filter.h"
#include "near/shingles.h"

#define SHEAF_I_NONE UINT32_MAX

typedef struct { /* documents, in blocks of about as many words: the same at any number of threads */
    sheaf_ctx *ctx;
    uint32_t *doc;
    int64_t n;
    int64_t *start; /* n_blocks + 1 */
    int64_t n_blocks;
} sheaf_i_docs;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_dups_opts o;
    const sheaf_corpus *corpus[2]; /* new, old (or NULL) */
    sheaf_i_tokens t;
    sheaf_i_characters chars;
    sheaf_i_shingles shingles;
    sheaf_i_bag *bags;             /* one a worker */
    struct sheaf_i_common *common; /* NULL: none */
    sheaf_i_docs all;
    int64_t positions;             /* no fewer than all shingles, repeated ones too */
    uint32_t *size;                /* of each document's set; 0 also where it is to be compared with none */
    uint64_t *hash;                /* of its set, whatever the order */
    sheaf_i_filter filter;
    int64_t *date;                 /* microseconds, or SHEAF_I_NO_DATE; NULL: nobody asks */
    uint32_t *field;               /* number of its not_same_field; NULL: nobody asks */
    uint32_t *order;               /* documents in the order in which they are kept */
    sheaf_dups_report report;
} sheaf_i_job;

#define SHEAF_I_NO_DATE INT64_MIN

static inline int sheaf_i_side(const sheaf_i_job *j, int64_t doc) { return doc >= j->t.n_new; }

/* part / whole >= r, in integers: parts are below 2^32 and r.q at most 10^6. */
static inline bool sheaf_i_reaches(int64_t part, int64_t whole, sheaf_ratio r) { return r.q * part >= r.p * whole; }

/* Shares of two sets in common that make them near: q o >= p (a + b - o). */
static inline bool sheaf_i_is_near(int64_t shared, int64_t a, int64_t b, sheaf_ratio t)
{
    return (t.p + t.q) * shared >= t.p * (a + b);
}

/* Cuts docs->doc into blocks. */
sheaf_status sheaf_i_docs_plan(sheaf_i_docs *docs, const sheaf_i_job *j);
void sheaf_i_docs_end(sheaf_i_docs *docs);

/* Sizes, hashes and the filter. */
sheaf_status sheaf_i_sets(sheaf_i_job *j);

#endif
