/* Terms: what a form is in a language once stop words are gone, elided articles cut off and the rest is stemmed.
 * Forms are stemmed in parallel, once a language that uses them; terms are then numbered in order of the forms.
 */
#include <libstemmer.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/analysis.h"

#define FORMS_PER_BLOCK 2048
#define TYPES_PER_BLOCK 16384

enum { DROPPED = 0, KEPT, ELIDED };

typedef struct {
    sheaf_i_buffer bytes;
    size_t *end;
    uint8_t *fate;
} stemmed;

typedef struct {
    sheaf_i_analysis *a;
    int32_t slot;                  /* of a->language */
    struct sb_stemmer **stemmer;   /* one a worker, NULL: no stems */
    bool elides;                   /* the language has elided words */
    stemmed *block;
    uint64_t *used;                /* bit: slot of a language that a form occurs in; NULL: only one language */
    int32_t *term_of_form;
} stemming;

/* One or more languages: which forms occur in which. */
static sheaf_status find_uses(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    stemming *s = arg;
    const sheaf_words *w = s->a->w;
    int64_t lo, hi;
    sheaf_i_range(w->n_docs, 64, block, &lo, &hi);
    for (int64_t d = lo; d < hi; d++) {
        uint64_t bit = (uint64_t)1 << s->a->doc_language[d];
        for (int64_t i = 0; i < w->doc_len[d]; i++) {
            uint64_t *u = &s->used[s->a->form_of_type[w->doc[d][i]]];
            if (!(__atomic_load_n(u, __ATOMIC_RELAXED) & bit)) __atomic_fetch_or(u, bit, __ATOMIC_RELAXED);
        }
    }
    return SHEAF_OK;
}

static bool is_stop(const sheaf_i_analysis *a, const sheaf_i_form *f, int32_t language)
{
    if (a->o->stop == SHEAF_STOP_NONE) return false;
    if (a->o->stop != SHEAF_STOP_LANG && f->user_stop) return true;
    return a->o->stop != SHEAF_STOP_ONLY && language >= 0 && (f->stop >> language & 1);
}

/* Length of the elided word at the front, "l'" of "l'ami". */
static size_t elision(sheaf_str s, int32_t language)
{
    const char *mark = memchr(s.p, '\'', s.n);
    size_t n = mark ? (size_t)(mark - s.p) + 1 : 0;
    if (!n || n == s.n) return 0;
    for (const char *p = sheaf_i_language_stop_words(language), *end; (end = strchr(p, '\n')); p = end + 1)
        if ((size_t)(end - p) == n && memcmp(p, s.p, n) == 0) return n;
    return 0;
}

static bool form_drops(const sheaf_i_analysis *a, unsigned kind, sheaf_str s)
{
    if (!s.n) return true;
    if (a->w->analyzer == SHEAF_ANALYZER_SKLEARN) return false;
    if (!a->o->keep_numbers && !(kind & SHEAF_I_FORM_LETTER_FIRST)) return true;
    return (kind & SHEAF_I_FORM_LETTER_FIRST) && (kind & SHEAF_I_FORM_ONE_LETTER);
}

static sheaf_status stem_form(stemming *s, stemmed *out, int64_t form, int32_t worker, uint8_t *fate)
{
    const sheaf_i_analysis *a = s->a;
    int32_t language = a->language[s->slot];
    const sheaf_i_form *f = &a->form[form];
    sheaf_str word = sheaf_i_table_string(&a->form_table, form);
    unsigned kind = f->kind;
    *fate = DROPPED;
    if (is_stop(a, f, language)) return SHEAF_OK;
    size_t cut = s->elides && (kind & SHEAF_I_FORM_APOSTROPHE) ? elision(word, language) : 0;
    if (cut) {
        sheaf_i_script script;
        word = (sheaf_str){word.p + cut, word.n - cut};
        sheaf_i_key key = sheaf_i_key_of(word.p, (uint32_t)word.n, word.n);
        int64_t rest = sheaf_i_table_find(&a->form_table, &key);
        if (rest >= 0 && is_stop(a, &a->form[rest], language)) return SHEAF_OK;
        kind = sheaf_i_form_kind(word, &script);
    }
    if (form_drops(a, kind, word)) return SHEAF_OK;
    if (s->stemmer && !(kind & SHEAF_I_FORM_MIXED) && word.n < INT32_MAX) { /* U.S is no plural of U. */
        const sb_symbol *stem = sb_stemmer_stem(s->stemmer[worker], (const sb_symbol *)word.p, (int)word.n);
        if (!stem) return sheaf_i_fail(a->ctx, SHEAF_ENOMEM, "out of memory in the stemmer");
        int n = sb_stemmer_length(s->stemmer[worker]);
        if (n > 0) word = (sheaf_str){(const char *)stem, (size_t)n};
    }
    if (sheaf_i_buffer_room(&out->bytes, word.n) != SHEAF_OK) return SHEAF_ENOMEM;
    memcpy(out->bytes.p + out->bytes.n, word.p, word.n);
    out->bytes.n += word.n;
    *fate = cut ? ELIDED : KEPT;
    return SHEAF_OK;
}

static sheaf_status stem_block(void *arg, int64_t block, int32_t worker)
{
    stemming *s = arg;
    stemmed *out = &s->block[block];
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(s->a->form_table.n, FORMS_PER_BLOCK, block, &lo, &hi);
    out->bytes.ctx = s->a->ctx;
    SHEAF_NEW(out->end, s->a->ctx, hi - lo);
    SHEAF_NEW(out->fate, s->a->ctx, hi - lo);
    for (int64_t i = lo; i < hi; i++) {
        out->fate[i - lo] = DROPPED;
        if (!s->used || (s->used[i] >> s->slot & 1)) SHEAF_TRY(stem_form(s, out, i, worker, &out->fate[i - lo]));
        out->end[i - lo] = out->bytes.n;
    }
done:
    return st;
}

/* A term's surface comes from its most frequent form, ties by bytes. */
static bool better_form(const sheaf_i_analysis *a, int64_t x, int64_t y)
{
    if (a->form[x].count != a->form[y].count) return a->form[x].count > a->form[y].count;
    sheaf_str p = sheaf_i_table_string(&a->form_table, x), q = sheaf_i_table_string(&a->form_table, y);
    int order = memcmp(p.p, q.p, p.n < q.n ? p.n : q.n);
    return order ? order < 0 : p.n < q.n;
}

static sheaf_status number_terms(stemming *s, const stemmed *b, int64_t lo, int64_t hi)
{
    sheaf_i_analysis *a = s->a;
    sheaf_status st = SHEAF_OK;
    size_t start = 0;
    for (int64_t i = lo; i < hi; i++) {
        s->term_of_form[i] = -1;
        if (b->fate[i - lo] == DROPPED) continue;
        size_t n = b->end[i - lo] - start;
        sheaf_i_key key = sheaf_i_key_of(b->bytes.p + start, (uint32_t)n, b->bytes.n - start);
        uint32_t id;
        start = b->end[i - lo];
        int64_t before = a->term_table.n;
        if (b->fate[i - lo] == ELIDED) a->form[i].elided = true;
        SHEAF_TRY(sheaf_i_table_intern(&a->term_table, &key, &id));
        if (id == before) {
            SHEAF_GROW(a->best_form, a->ctx, before, a->best_form_room);
            a->best_form[id] = (uint32_t)i;
        } else if (better_form(a, i, a->best_form[id])) {
            a->best_form[id] = (uint32_t)i;
        }
        s->term_of_form[i] = (int32_t)id;
    }
done:
    return st;
}

static sheaf_status compose(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    stemming *s = arg;
    int32_t *out = s->a->term_of_type[s->slot];
    int64_t lo, hi;
    sheaf_i_range(s->a->w->n_types, TYPES_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) out[i] = s->term_of_form[s->a->form_of_type[i]];
    return SHEAF_OK;
}

static sheaf_status open_stemmers(stemming *s)
{
    const sheaf_i_analysis *a = s->a;
    int32_t language = a->language[s->slot];
    const char *name = language >= 0 ? sheaf_i_languages[language].stemmer : NULL;
    sheaf_status st = SHEAF_OK;
    if (!name || a->o->stem == 0 || a->w->analyzer == SHEAF_ANALYZER_SKLEARN) return SHEAF_OK;
    SHEAF_NEW0(s->stemmer, a->ctx, sheaf_ctx_threads(a->ctx));
    for (int32_t i = 0; i < sheaf_ctx_threads(a->ctx); i++)
        if (!(s->stemmer[i] = sb_stemmer_new(name, "UTF_8")))
            SHEAF_TRY(sheaf_i_fail(a->ctx, SHEAF_ENOMEM, "no %s stemmer", name));
done:
    return st;
}

static void close_stemmers(stemming *s)
{
    for (int32_t i = 0; s->stemmer && i < sheaf_ctx_threads(s->a->ctx); i++)
        if (s->stemmer[i]) sb_stemmer_delete(s->stemmer[i]);
    sheaf_i_free(s->a->ctx, s->stemmer);
    s->stemmer = NULL;
}

static sheaf_status stem_language(stemming *s)
{
    sheaf_i_analysis *a = s->a;
    sheaf_status st = SHEAF_OK;
    int64_t n = a->form_table.n, n_blocks = sheaf_i_blocks(n, FORMS_PER_BLOCK);
    int32_t language = a->language[s->slot];
    s->elides = language >= 0 && strstr(sheaf_i_language_stop_words(language), "'\n");
    SHEAF_NEW0(s->block, a->ctx, n_blocks);
    SHEAF_TRY(open_stemmers(s));
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, n_blocks, stem_block, s));
    for (int64_t b = 0; b < n_blocks; b++) {
        int64_t lo, hi;
        sheaf_i_range(n, FORMS_PER_BLOCK, b, &lo, &hi);
        SHEAF_TRY(number_terms(s, &s->block[b], lo, hi));
    }
    SHEAF_NEW(a->term_of_type[s->slot], a->ctx, a->w->n_types);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_types, TYPES_PER_BLOCK), compose, s));
done:
    close_stemmers(s);
    for (int64_t b = 0; s->block && b < n_blocks; b++) {
        sheaf_i_free(a->ctx, s->block[b].bytes.p);
        sheaf_i_free(a->ctx, s->block[b].end);
        sheaf_i_free(a->ctx, s->block[b].fate);
    }
    sheaf_i_free(a->ctx, s->block);
    s->block = NULL;
    return st;
}

sheaf_status sheaf_i_stems(sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    stemming s = {.a = a};
    SHEAF_TRY(sheaf_i_table_init(&a->term_table, a->ctx));
    SHEAF_NEW0(a->term_of_type, a->ctx, a->n_languages);
    SHEAF_NEW(s.term_of_form, a->ctx, a->form_table.n);
    if (a->n_languages > 1) {
        SHEAF_NEW0(s.used, a->ctx, a->form_table.n);
        SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_docs, 64), find_uses, &s));
    }
    for (s.slot = 0; s.slot < a->n_languages; s.slot++) SHEAF_TRY(stem_language(&s));
done:
    sheaf_i_free(a->ctx, s.used);
    sheaf_i_free(a->ctx, s.term_of_form);
    return st;
}
