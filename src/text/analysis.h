/* From word types to terms: what the steps hand on. Types are grouped into forms (folded spellings); a form becomes a
 * term in each language that uses it, or none.
 */
#ifndef SHEAF_TEXT_ANALYSIS_H
#define SHEAF_TEXT_ANALYSIS_H

#include "text/fold.h"
#include "text/group.h"
#include "text/languages.h"
#include "text/words.h"

typedef struct {
    uint64_t stop;       /* bit l: a stop word of sheaf_i_languages[l] */
    int64_t count;       /* occurrences in the corpus */
    uint32_t best_type;  /* its commonest spelling */
    uint8_t kind, script;
    bool user_stop;      /* in the caller's list */
    bool elided;         /* begins with an elided word that is no part of its term: l'eau */
} sheaf_i_form;

#define SHEAF_I_NO_LANGUAGE (-1)

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_words *w;
    const sheaf_text_opts *o;
    /* forms: groups of types that fold to the same */
    sheaf_str *folded;           /* of each type; where it changes a spelling, in the block's buffer */
    sheaf_i_buffer *fold_block;
    int64_t n_fold_blocks;
    sheaf_i_groups forms;
    sheaf_i_form *form;          /* behind `folded`, in the same piece of memory */
    /* languages that documents are in; doc_language indexes them */
    int32_t *language;           /* into sheaf_i_languages, or SHEAF_I_NO_LANGUAGE */
    int64_t *language_docs;
    int32_t n_languages;
    uint8_t *doc_language;
    /* candidate terms: groups of forms, in a language, that have the same stem */
    sheaf_str *stemmed;
    sheaf_i_arena stem_arena;
    sheaf_i_groups terms;
    uint32_t *best_form;         /* of each term */
    int32_t **term_of_type;      /* [n_languages][n_types], -1: none */
} sheaf_i_analysis;

/* forms.c: folds the types and marks stop words. */
sheaf_status sheaf_i_forms(sheaf_i_analysis *a);
/* detect.c: the language of every document. */
sheaf_status sheaf_i_detect(sheaf_i_analysis *a);
/* stems.c: terms of the forms in each language. */
sheaf_status sheaf_i_stems(sheaf_i_analysis *a);
void sheaf_i_analysis_end(sheaf_i_analysis *a);

static inline sheaf_str sheaf_i_form_string(const sheaf_i_analysis *a, int64_t form)
{
    return sheaf_i_group_string(&a->forms, form);
}

#endif
