/* Word n-grams, n >= 2, over the terms that remain once stop words are gone. An n-gram is a run of term ids; its string
 * is made once, if it survives.
 */
#ifndef SHEAF_TEXT_NGRAMS_H
#define SHEAF_TEXT_NGRAMS_H

#include "text/analysis.h"
#include "text/intern.h"

#define SHEAF_I_MAX_NGRAM 8

typedef struct {
    sheaf_i_table table;    /* keys: the ids, 4 bytes each */
    int64_t *df;
    int32_t *feature;       /* the caller's number for each */
} sheaf_i_ngrams;

/* Documents in which a feature must be. */
typedef struct {
    int64_t min, max;
} sheaf_i_df_limits;

/* Finds those within the limits, in no particular order. */
sheaf_status sheaf_i_ngrams_find(sheaf_i_ngrams *g, const sheaf_i_analysis *a, sheaf_i_df_limits limits);
void sheaf_i_ngrams_end(sheaf_i_ngrams *g);

/* The terms of one document, stop words left out: ids of a->terms to `out` (room for doc_len). Returns their
   number. */
int64_t sheaf_i_doc_terms(const sheaf_i_analysis *a, int64_t doc, int32_t *out);

static inline sheaf_i_key sheaf_i_ngram_key(const int32_t *ids, int32_t n)
{
    return sheaf_i_key_of((const char *)ids, (uint32_t)n * 4, (size_t)n * 4);
}

#endif
