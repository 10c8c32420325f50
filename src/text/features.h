/* Which terms and n-grams become columns, and in which order. */
#ifndef SHEAF_TEXT_FEATURES_H
#define SHEAF_TEXT_FEATURES_H

#include "text/ngrams.h"

typedef struct {
    int32_t n;
    int32_t ngram_min, ngram_max;
    int32_t *of_term;       /* candidate term -> column or -1; NULL: no single words wanted */
    sheaf_i_ngrams ngrams;
} sheaf_i_features;

/* Fills term, surface and df of `t` too. Where there are no n-grams, a->term_of_type turns into columns. */
sheaf_status sheaf_i_features_choose(sheaf_i_features *f, sheaf_terms *t, sheaf_i_analysis *a);
void sheaf_i_features_end(sheaf_i_features *f, sheaf_ctx *ctx);

#endif
