/* Passages that documents share. */
#ifndef SHEAF_NEAR_PASSAGES_H
#define SHEAF_NEAR_PASSAGES_H

#include "near/tokens.h"
#include "sheaf/sheaf.h"

struct sheaf_passages {
    sheaf_ctx *ctx;
    sheaf_passage *list;
    int64_t n, left_out;
};

/* Documents of c and w first, then those of old_c and old_w (NULL: none). */
typedef struct {
    const sheaf_corpus *c, *old_c;
    const sheaf_words *w, *old_w;
} sheaf_i_sides;

/* Fills in the bytes of passages that are sorted by a; documents whose corpus has no texts keep lengths of 0. */
sheaf_status sheaf_i_passages_spans(sheaf_ctx *ctx, sheaf_passage *list, int64_t n, const sheaf_i_sides *s);

#endif
