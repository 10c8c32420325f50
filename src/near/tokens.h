/* Folded words of one or two collections, numbered together: equal ids, equal folded words.
 *
 * What decides whether two texts are the same is the folded word (text/fold.h): no stop list, no stems. Folding costs
 * once a word type. Ids go by first appearance among the types, new ones first, so frequent words have small ids. A
 * word that folds to nothing keeps an id of its own, that of the empty string: positions agree with sheaf_words_spans.
 */
#ifndef SHEAF_NEAR_TOKENS_H
#define SHEAF_NEAR_TOKENS_H

#include "sheaf/sheaf.h"
#include "text/words.h"

typedef struct {
    sheaf_ctx *ctx;
    int64_t n_docs, n_new;      /* new documents come first */
    const sheaf_words *part[2]; /* new, old (or NULL) */
    uint32_t *folded[2];        /* type -> folded word */
    uint32_t n_folded;
    int64_t n_tokens, longest;  /* of all; of the longest document */
} sheaf_i_tokens;

/* Old words (NULL: none) cut by another analyser are SHEAF_EINVAL. After a failure there is nothing to end. */
sheaf_status sheaf_i_tokens_new(sheaf_i_tokens *t, sheaf_ctx *ctx, const sheaf_words *w, const sheaf_words *old);
void sheaf_i_tokens_end(sheaf_i_tokens *t);

/* The types of a document, to be looked up in *folded. */
static inline const uint32_t *sheaf_i_tokens_types(const sheaf_i_tokens *t, int64_t doc, const uint32_t **folded,
                                                   int64_t *n)
{
    const int old = doc >= t->n_new;
    *folded = t->folded[old];
    return sheaf_words_of(t->part[old], old ? doc - t->n_new : doc, n);
}

/* Words of a document. */
static inline int64_t sheaf_i_tokens_count(const sheaf_i_tokens *t, int64_t doc)
{
    const int old = doc >= t->n_new;
    return t->part[old]->doc_len[old ? doc - t->n_new : doc];
}

/* Writes that many folded ids. */
void sheaf_i_tokens_of(const sheaf_i_tokens *t, int64_t doc, uint32_t *out);

#endif
