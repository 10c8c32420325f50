/* Folds every word type once, in parallel, and groups the types by their folded form. */
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/analysis.h"
#include "text/pages.h"

#define TYPES_PER_BLOCK 4096
#define AHEAD 16 /* types lie all over the place */

typedef struct {
    sheaf_i_analysis *a;
    sheaf_i_buffer *block; /* folded types that are not spelled as their form */
} folding;

/* Is one of eight bytes beyond ASCII or a capital? */
static inline uint64_t eight_change(const char *p)
{
    const uint64_t ones = UINT64_MAX / 255, high = ones * 0x80;
    uint64_t x, low;
    memcpy(&x, p, 8);
    low = x & ~high;
    return (x | ((low + ones * (0x80 - 'A')) & ~(low + ones * (0x80 - 'Z' - 1)))) & high;
}

/* Is the word its own form? True only where that is plain to see. */
static bool is_folded(sheaf_str s)
{
    unsigned change = s.p[0] == '_' || s.p[s.n - 1] == '_';
    if (s.n >= 8) {
        uint64_t some = eight_change(s.p + s.n - 8);
        for (size_t i = 0; i + 8 < s.n; i += 8) some |= eight_change(s.p + i);
        return !change && !some;
    }
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        change |= (c >= 0x80) | ((unsigned char)(c - 'A') < 26);
    }
    return !change;
}

static sheaf_status fold_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    folding *f = arg;
    sheaf_i_buffer *out = &f->block[block];
    const sheaf_words *w = f->a->w;
    sheaf_str *folded = f->a->folded;
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(w->n_types, TYPES_PER_BLOCK, block, &lo, &hi);
    out->ctx = f->a->ctx;
    for (int64_t i = lo; i < hi; i++) {
        if (i + AHEAD < hi) __builtin_prefetch(w->type[i + AHEAD].p);
        folded[i] = w->type[i];
        if (is_folded(w->type[i])) continue;
        size_t before = out->n;
        SHEAF_TRY(sheaf_i_fold(out, w->analyzer, w->type[i]));
        folded[i] = (sheaf_str){NULL, out->n - before};
    }
    const char *p = out->p;
    for (int64_t i = lo; i < hi; i++) {
        if (folded[i].p) continue;
        folded[i].p = p;
        p += folded[i].n;
    }
done:
    return st;
}

static sheaf_status describe_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sheaf_i_analysis *a = arg;
    int64_t lo, hi;
    sheaf_i_range(a->forms.n_groups, TYPES_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        sheaf_i_script script = SHEAF_I_OTHER_SCRIPT;
        unsigned kind = 0; /* nobody asks, with sklearn's words */
        if (a->w->analyzer != SHEAF_ANALYZER_SKLEARN) kind = sheaf_i_form_kind(sheaf_i_form_string(a, i), &script);
        a->form[i] = (sheaf_i_form){.best_type = a->forms.first[i], /* types come by falling count */
                                    .kind = (uint8_t)kind, .script = (uint8_t)script};
    }
    return SHEAF_OK;
}

/* Marks the form that the word folds to, if the corpus has it; language -1: the caller's list. */
static sheaf_status mark(sheaf_i_analysis *a, sheaf_i_buffer *scratch, sheaf_str word, int32_t language)
{
    sheaf_status st = SHEAF_OK;
    scratch->n = 0;
    SHEAF_TRY(sheaf_i_fold(scratch, a->w->analyzer, word));
    int64_t id = sheaf_i_groups_find(&a->forms, (sheaf_str){scratch->p, scratch->n});
    if (id < 0) return SHEAF_OK;
    if (language < 0) a->form[id].user_stop = true;
    else a->form[id].stop |= (uint64_t)1 << language;
done:
    return st;
}

/* May a document be in the language? */
static bool may_occur(const sheaf_i_analysis *a, int32_t language)
{
    if (a->w->analyzer == SHEAF_ANALYZER_SKLEARN) return false;
    return !strcmp(a->o->lang, "auto") || !strcmp(a->o->lang, sheaf_i_languages[language].code);
}

static sheaf_status mark_stop_words(sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_buffer scratch = {.ctx = a->ctx};
    for (int64_t i = 0; i < a->o->n_stop_words; i++) {
        const char *word = a->o->stop_words[i];
        size_t n = word ? strlen(word) : 0;
        if (n && n < UINT32_MAX / 4) SHEAF_TRY(mark(a, &scratch, (sheaf_str){word, n}, -1));
    }
    for (int32_t l = 0; l < sheaf_i_n_languages; l++) {
        const char *p = may_occur(a, l) ? sheaf_i_language_stop_words(l) : "";
        for (const char *end; (end = strchr(p, '\n')); p = end + 1)
            if (end > p) SHEAF_TRY(mark(a, &scratch, (sheaf_str){p, (size_t)(end - p)}, l));
    }
done:
    sheaf_i_buffer_end(&scratch);
    return st;
}

sheaf_status sheaf_i_forms(sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    folding f = {.a = a};
    int64_t n = a->w->n_types;
    a->n_fold_blocks = sheaf_i_blocks(n, TYPES_PER_BLOCK);
    a->folded = sheaf_i_pages(a->ctx, n, sizeof *a->folded + sizeof *a->form);
    if (!a->folded) return SHEAF_ENOMEM;
    a->form = (sheaf_i_form *)(void *)(a->folded + n);
    SHEAF_NEW0(a->fold_block, a->ctx, a->n_fold_blocks);
    f.block = a->fold_block;
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, a->n_fold_blocks, fold_block, &f));
    SHEAF_TRY(sheaf_i_groups_make(&a->forms, a->ctx, a->folded, n));
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->forms.n_groups, TYPES_PER_BLOCK), describe_block, a));
    for (int64_t i = 0; i < n; i++) a->form[a->forms.id[i]].count += a->w->type_count[i];
    SHEAF_TRY(mark_stop_words(a));
done:
    return st;
}

void sheaf_i_analysis_end(sheaf_i_analysis *a)
{
    for (int32_t l = 0; a->term_of_type && l < a->n_languages; l++) sheaf_i_free(a->ctx, a->term_of_type[l]);
    sheaf_i_free(a->ctx, a->term_of_type);
    sheaf_i_free(a->ctx, a->best_form);
    sheaf_i_free(a->ctx, a->language);
    sheaf_i_free(a->ctx, a->language_docs);
    sheaf_i_free(a->ctx, a->doc_language);
    sheaf_i_groups_end(&a->forms);
    sheaf_i_groups_end(&a->terms);
    sheaf_i_free(a->ctx, a->stemmed);
    sheaf_i_arena_end(&a->stem_arena);
    for (int64_t b = 0; a->fold_block && b < a->n_fold_blocks; b++) sheaf_i_free(a->ctx, a->fold_block[b].p);
    sheaf_i_free(a->ctx, a->fold_block);
    sheaf_i_aligned_free(a->ctx, a->folded);
}
