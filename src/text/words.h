/* Words of documents as ids of word types, and the vocabulary with its counts. Shapes of the data.
 *
 * A word type is a spelling as it stands in the text (case kept); the tokeniser only interns types and appends their
 * ids, so folding, stop words and stems cost once a type, and the language of a document may be settled after all of
 * it has been seen. Terms are what types become.
 */
#ifndef SHEAF_TEXT_WORDS_H
#define SHEAF_TEXT_WORDS_H

#include "base/mem.h"
#include "sheaf/sheaf.h"

struct sheaf_words {
    sheaf_ctx *ctx;
    int64_t n_docs, n_tokens;
    const uint32_t **doc;      /* n_docs pointers into the sequences */
    int64_t *doc_len;
    uint32_t **sequence;       /* the type ids of documents, one after the other, in aligned memory */
    int64_t n_sequences;
    /* types, by falling occurrences, ties by hash and bytes: an order that depends on the corpus alone */
    uint32_t n_types;
    sheaf_str *type;
    int64_t *type_count;       /* occurrences in the corpus; behind the types, in the same piece of memory */
    sheaf_i_arena arena;
    sheaf_analyzer analyzer;   /* the one they were cut by */
};

struct sheaf_terms {
    sheaf_ctx *ctx;
    int64_t n_docs;
    int32_t n_terms;
    sheaf_str *term, *surface; /* with df in one piece of memory */
    int64_t *df;
    int64_t *indptr;           /* n_docs + 1 */
    int32_t *indices;          /* ascending in each row */
    uint32_t *counts;
    const sheaf_matrix *away;  /* NULL, or what holds them instead of these two, which are NULL then (matrix/csr.h) */
    int64_t *doc_words;        /* words of each document, before stop words and pruning (0: nothing there) */
    float *unknown;            /* of each document, see sheaf_terms_unknown; NULL where it is not known */
    struct { char code[8]; int64_t docs; } *language;
    int32_t n_languages;
    sheaf_str *pruned;         /* keep_pruned: terms that documents have and that are no columns */
    int64_t n_pruned;
    int32_t **term_of_type;    /* [n_maps][n_types], below 0 or n_terms and above: none. For phrases; NULL: forgotten */
    int32_t n_maps;
    uint32_t n_types;
    uint8_t *doc_language;     /* which of the maps is each document's */
    int32_t (*parts)[2];       /* of phrases: the ids of their two words; else NULL */
    sheaf_i_arena arena;
};

/* Documents lie in the order in which they were read, and are gone through in that of their ids: the processor does not
   look for the next one by itself. Asks for the words of the one that comes up soon after `doc`, if it is before `end`.
   Inline, because GCC takes a function that does nothing but prefetch for one that does nothing. */
static inline __attribute__((always_inline)) void sheaf_i_words_fetch(const sheaf_words *w, int64_t doc, int64_t end)
{
    enum { AHEAD = 2, IDS_A_LINE = 16, MOST = 16 * IDS_A_LINE };
    if (doc + AHEAD >= end) return;
    int64_t n = w->doc_len[doc + AHEAD] < MOST ? w->doc_len[doc + AHEAD] : MOST;
    for (int64_t i = 0; i < n; i += IDS_A_LINE) __builtin_prefetch(w->doc[doc + AHEAD] + i);
}

/* Gives back what only sheaf_phrases_build asks for: 4 bytes a word type and language. */
void sheaf_i_terms_forget_types(sheaf_terms *t);

const char *sheaf_i_words_validate(const sheaf_words *w);
const char *sheaf_i_terms_validate(const sheaf_terms *t);

#endif
