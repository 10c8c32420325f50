/* Which terms and n-grams become columns, and in which order. */
#ifndef SHEAF_TEXT_FEATURES_H
#define SHEAF_TEXT_FEATURES_H

#include "text/ngrams.h"

/* Words that are no terms are tallied like terms, which saves an unpredictable jump, and in several places by turns,
   because adding to the place that was just added to is slow: first those that say nothing (stop words, numbers, words
   of too many documents), then those that are unknown: of too few, or beyond the number of terms wanted. */
#define SHEAF_I_IDLE 16
#define SHEAF_I_UNKNOWN 8
#define SHEAF_I_DROPPED (SHEAF_I_IDLE + SHEAF_I_UNKNOWN)

typedef struct {
    int32_t n;
    int32_t ngram_min, ngram_max;
    int32_t *of_term;       /* candidate term -> column; none: below 0 with n-grams, else n or above. Which of the two
                               kinds of them it is: n or n + SHEAF_I_IDLE, -1 or -1 - SHEAF_I_IDLE */
    uint32_t *bound;        /* of each document: columns in its row, at most; NULL with n-grams */
    sheaf_i_ngrams ngrams;
} sheaf_i_features;

/* Fills term, surface and df of `t` too. Where there are no n-grams, a->term_of_type turns into columns, with
   SHEAF_I_DROPPED of them behind the last for what is none. */
sheaf_status sheaf_i_features_choose(sheaf_i_features *f, sheaf_terms *t, sheaf_i_analysis *a);
void sheaf_i_features_end(sheaf_i_features *f, sheaf_ctx *ctx);

#endif
