/* The pairs of terms of one document, some at a time, in order of the text. Whether a word is a term is as good as a
 * coin that a jump would have to guess, so everything is written, and kept by moving on.
 */
#ifndef SHEAF_TEXT_PHRASE_WALK_H
#define SHEAF_TEXT_PHRASE_WALK_H

#include "text/phrases.h"

#define SHEAF_I_WALK_WORDS 1024
#define SHEAF_I_WALK_FAR (SHEAF_I_PHRASE_GAP + 2) /* two terms that are so far apart are no pair */

typedef struct {
    const uint32_t *type;        /* of the whole document */
    const int32_t *term;         /* of the types, in its language */
    int64_t n, at;
    int64_t base;                /* where the words began that the last call looked at */
    uint32_t n_terms, n_frequent, last;
    int32_t last_at;             /* from `at` */
} sheaf_i_walk;

typedef struct {
    uint64_t key[SHEAF_I_WALK_WORDS];
    uint32_t where[SHEAF_I_WALK_WORDS];  /* place of the second word, from base, times 4, plus words between */
    uint32_t term[SHEAF_I_WALK_WORDS + 1];
    int32_t place[SHEAF_I_WALK_WORDS + 1];
} sheaf_i_pairs;

static inline sheaf_i_walk sheaf_i_walk_begin(const sheaf_i_phrase_job *job, int64_t doc)
{
    return (sheaf_i_walk){.type = job->w->doc[doc], .term = job->t->term_of_type[job->t->doc_language[doc]],
                          .n = job->w->doc_len[doc], .n_terms = (uint32_t)job->t->n_terms,
                          .n_frequent = job->n_frequent, .last_at = -SHEAF_I_WALK_FAR};
}

/* Returns the number of pairs, which may be 0 before the end: walk on while at < n. */
static inline int32_t sheaf_i_walk_on(sheaf_i_walk *k, sheaf_i_pairs *restrict p)
{
    const uint32_t *restrict type = k->type + k->at;
    const int32_t *restrict term = k->term;
    int32_t m = k->n - k->at < SHEAF_I_WALK_WORDS ? (int32_t)(k->n - k->at) : SHEAF_I_WALK_WORDS, n = 1, pairs = 0;
    p->term[0] = k->last;
    p->place[0] = k->last_at;
    for (int32_t i = 0; i < m; i++) {
        p->term[n] = (uint32_t)term[type[i]];
        p->place[n] = i;
        n += p->term[n] < k->n_terms;
    }
    for (int32_t i = 1; i < n; i++) {
        uint32_t between = (uint32_t)(p->place[i] - p->place[i - 1] - 1);
        p->key[pairs] = (uint64_t)p->term[i - 1] << 32 | p->term[i];
        p->where[pairs] = (uint32_t)p->place[i] << 2 | (between & 3);
        pairs += (between <= SHEAF_I_PHRASE_GAP) & (p->term[i - 1] < k->n_frequent) & (p->term[i] < k->n_frequent);
    }
    k->base = k->at;
    k->at += m;
    k->last = p->term[n - 1];
    k->last_at = p->place[n - 1] - m < -SHEAF_I_WALK_FAR ? -SHEAF_I_WALK_FAR : p->place[n - 1] - m;
    return pairs;
}

#endif
