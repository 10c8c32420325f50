/* Phrases of two words: what the steps hand on.
 *
 * A pair is two terms that follow each other, as one key of 64 bits that cannot collide. phrase_pairs.c counts the
 * documents of pairs and chooses the most frequent; phrase_rows.c writes the counts of every document and, with
 * phrase_surfaces.c, tallies how the chosen ones are spelled.
 */
#ifndef SHEAF_TEXT_PHRASES_H
#define SHEAF_TEXT_PHRASES_H

#include "text/intern.h"
#include "text/words.h"

#define SHEAF_I_PHRASE_DOCS 512  /* documents of a block */
#define SHEAF_I_PHRASE_GAP 2     /* words between the two, at most */

typedef struct {
    uint64_t key;                /* first term << 32 | second */
    int64_t df;
} sheaf_i_phrase;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_words *w;
    const sheaf_terms *t;
    int64_t min_df, max_phrases;
    uint32_t n_frequent;         /* terms from here on are in too few documents to be in a phrase */
    sheaf_i_phrase *phrase;      /* those chosen, in their order */
    int64_t n;
} sheaf_i_phrase_job;

/* One spelling of a phrase: the types of its words, then of those between, and how often it was met. */
typedef struct {
    uint32_t phrase, count;      /* count 0: an empty slot */
    uint32_t type[2 + SHEAF_I_PHRASE_GAP];
} sheaf_i_spelling;

typedef struct {
    sheaf_i_spelling *slot;
    int64_t n;
    int32_t bits;                /* of the number of slots */
} sheaf_i_spellings;

/* Sets job->phrase, the caller's to free, and job->n. */
sheaf_status sheaf_i_phrases_choose(sheaf_i_phrase_job *job);
/* Fills indptr, indices, counts and surface of `p`. */
sheaf_status sheaf_i_phrases_rows(const sheaf_i_phrase_job *job, sheaf_terms *p);

/* Tallies n occurrences. */
sheaf_status sheaf_i_spellings_add(sheaf_i_spellings *s, sheaf_ctx *ctx, const sheaf_i_spelling *met, int32_t n);
/* Sets surface of `p` from what the workers tallied. */
sheaf_status sheaf_i_phrases_surfaces(const sheaf_i_phrase_job *job, sheaf_terms *p, const sheaf_i_spellings *worker,
                                      int32_t n_workers);

/* The term ids of the two words of every phrase; NULL for terms that are no phrases. */
const int32_t (*sheaf_i_phrases_parts(const sheaf_terms *p))[2];

static inline uint64_t sheaf_i_pair_hash(uint64_t key)
{
    return sheaf_i_fold_product(key ^ 0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu);
}

#endif
