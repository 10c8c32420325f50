/* Folds every word type once, in parallel, and groups the types by their folded form. */
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/analysis.h"

#define TYPES_PER_BLOCK 4096

/* Folded types of one block, one after the other. */
typedef struct {
    sheaf_i_buffer bytes;
    size_t *end;
} folded;

typedef struct {
    sheaf_i_analysis *a;
    folded *block;
} folding;

static sheaf_status fold_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    folding *f = arg;
    folded *out = &f->block[block];
    const sheaf_words *w = f->a->w;
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(w->n_types, TYPES_PER_BLOCK, block, &lo, &hi);
    out->bytes.ctx = f->a->ctx;
    SHEAF_NEW(out->end, f->a->ctx, hi - lo);
    for (int64_t i = lo; i < hi; i++) {
        SHEAF_TRY(sheaf_i_fold(&out->bytes, w->analyzer, w->type[i]));
        out->end[i - lo] = out->bytes.n;
    }
done:
    return st;
}

static sheaf_status intern_block(sheaf_i_analysis *a, const folded *f, int64_t lo, int64_t hi, int64_t *room)
{
    sheaf_status st = SHEAF_OK;
    size_t start = 0;
    for (int64_t i = lo; i < hi; i++) {
        sheaf_str s = {f->bytes.p + start, f->end[i - lo] - start};
        sheaf_i_key key = sheaf_i_key_of(s.p, (uint32_t)s.n, f->bytes.n - start);
        uint32_t id;
        start = f->end[i - lo];
        SHEAF_TRY(sheaf_i_table_intern(&a->form_table, &key, &id));
        a->form_of_type[i] = id;
        int64_t have = a->form_table.n - 1;
        if (id == have && have >= *room) {
            *room = *room ? 2 * *room : 1024;
            void *p = sheaf_i_resize(a->ctx, a->form, *room, sizeof *a->form);
            if (!p) return SHEAF_ENOMEM;
            a->form = p;
        }
        if (id == have && a->form_table.entry[id].count++ == 0) {
            sheaf_i_script script;
            unsigned kind = sheaf_i_form_kind(s, &script);
            a->form[id] = (sheaf_i_form){.best_type = (uint32_t)i, .kind = (uint8_t)kind, .script = (uint8_t)script};
        }
        a->form[id].count += a->w->type_count[i]; /* types come by falling count: the first is the commonest */
    }
done:
    return st;
}

/* Marks the form that the word folds to, if the corpus has it; language -1: the caller's list. */
static sheaf_status mark(sheaf_i_analysis *a, sheaf_i_buffer *scratch, sheaf_str word, int32_t language)
{
    sheaf_status st = SHEAF_OK;
    scratch->n = 0;
    SHEAF_TRY(sheaf_i_fold(scratch, a->w->analyzer, word));
    sheaf_i_key key = sheaf_i_key_of(scratch->p, (uint32_t)scratch->n, scratch->n);
    int64_t id = sheaf_i_table_find(&a->form_table, &key);
    if (id < 0) return SHEAF_OK;
    if (language < 0) a->form[id].user_stop = true;
    else a->form[id].stop |= (uint64_t)1 << language;
done:
    return st;
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
        const char *p = sheaf_i_language_stop_words(l);
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
    int64_t n_blocks = sheaf_i_blocks(a->w->n_types, TYPES_PER_BLOCK), room = 0;
    SHEAF_NEW0(f.block, a->ctx, n_blocks);
    SHEAF_NEW(a->form_of_type, a->ctx, a->w->n_types);
    SHEAF_TRY(sheaf_i_table_init(&a->form_table, a->ctx));
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, n_blocks, fold_block, &f));
    for (int64_t b = 0; b < n_blocks; b++) {
        int64_t lo, hi;
        sheaf_i_range(a->w->n_types, TYPES_PER_BLOCK, b, &lo, &hi);
        SHEAF_TRY(intern_block(a, &f.block[b], lo, hi, &room));
    }
    SHEAF_TRY(mark_stop_words(a));
done:
    for (int64_t b = 0; f.block && b < n_blocks; b++) {
        sheaf_i_free(a->ctx, f.block[b].bytes.p);
        sheaf_i_free(a->ctx, f.block[b].end);
    }
    sheaf_i_free(a->ctx, f.block);
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
    sheaf_i_free(a->ctx, a->form_of_type);
    sheaf_i_free(a->ctx, a->form);
    sheaf_i_table_end(&a->form_table);
    sheaf_i_table_end(&a->term_table);
}
