/* Folded words of two documents alone, numbered together; costs what the two cost, however large the collection. */
#ifndef SHEAF_NEAR_PAIR_WORDS_H
#define SHEAF_NEAR_PAIR_WORDS_H

#include "sheaf/sheaf.h"

typedef struct {
    sheaf_ctx *ctx;
    uint32_t *a, *b; /* ids of the folded words, in order of the texts */
    int64_t na, nb;
} sheaf_i_pair_words;

/* Document a of v and b of w, which may be the same. After a failure there is nothing to end. */
sheaf_status sheaf_i_pair_words_new(sheaf_i_pair_words *p, sheaf_ctx *ctx, const sheaf_words *v, int64_t a,
                                    const sheaf_words *w, int64_t b);
void sheaf_i_pair_words_end(sheaf_i_pair_words *p);

#endif
