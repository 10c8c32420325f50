/* Terms: what a form is in a language once stop words are gone, elided articles cut off and the rest is stemmed.
 * Forms are stemmed in parallel, once a language that uses them; equal stems of all languages are one term.
 */
#include <libstemmer.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/analysis.h"

#define FORMS_PER_BLOCK 2048
#define TYPES_PER_BLOCK 16384
#define DOCS_PER_BLOCK 64

/* An entry is a form in a language that uses it. */
typedef struct {
    sheaf_i_analysis *a;
    int32_t slot;                  /* of a->language */
    int64_t *start;                /* first entry of each language, and the end */
    uint32_t *entry_form;          /* form of each entry; NULL: its number, there being one language */
    struct sb_stemmer **stemmer;   /* one a worker, NULL: no stems */
    bool elides, changes;          /* the language has elided words; it or a stemmer made terms unlike their forms */
    sheaf_i_arena *arena;          /* one a worker, for stems that are no beginnings of their forms */
    uint64_t *used;                /* bit: slot of a language that a form occurs in; NULL: only one language */
    int64_t *elsewhere;            /* its occurrences in documents that are not in the commonest language */
    int32_t commonest;
    int32_t *term_of_form;
} stemming;

static int64_t form_of(const stemming *s, int64_t entry) { return s->entry_form ? s->entry_form[entry] : entry; }

/* Which forms occur in which language. The documents in the commonest one are not looked at: what the others do not
   account for of a form's occurrences is in those. */
static sheaf_status find_uses(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    stemming *s = arg;
    const sheaf_words *w = s->a->w;
    int64_t lo, hi;
    sheaf_i_range(w->n_docs, DOCS_PER_BLOCK, block, &lo, &hi);
    for (int64_t d = lo; d < hi; d++) {
        if (s->a->doc_language[d] == s->commonest) continue;
        uint64_t bit = (uint64_t)1 << s->a->doc_language[d];
        for (int64_t i = 0; i < w->doc_len[d]; i++) {
            uint32_t form = s->a->forms.id[w->doc[d][i]];
            __atomic_fetch_add(&s->elsewhere[form], 1, __ATOMIC_RELAXED);
            if (!(__atomic_load_n(&s->used[form], __ATOMIC_RELAXED) & bit))
                __atomic_fetch_or(&s->used[form], bit, __ATOMIC_RELAXED);
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

/* The stem, which most often is where the word begins. */
static sheaf_status stem_word(stemming *s, sheaf_str *word, int32_t worker)
{
    const sb_symbol *stem = sb_stemmer_stem(s->stemmer[worker], (const sb_symbol *)word->p, (int)word->n);
    if (!stem) return sheaf_i_fail(s->a->ctx, SHEAF_ENOMEM, "out of memory in the stemmer");
    int n = sb_stemmer_length(s->stemmer[worker]);
    if (n <= 0) return SHEAF_OK;
    if ((size_t)n > word->n || memcmp(stem, word->p, (size_t)n) != 0) {
        word->p = sheaf_i_arena_copy(&s->arena[worker], (const char *)stem, (size_t)n);
        if (!word->p) return SHEAF_ENOMEM;
    }
    word->n = (size_t)n;
    return SHEAF_OK;
}

/* *out stays without p where the form is no term. */
static sheaf_status stem_form(stemming *s, int64_t form, int32_t worker, sheaf_str *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_analysis *a = s->a;
    int32_t language = a->language[s->slot];
    const sheaf_i_form *f = &a->form[form];
    sheaf_str word = sheaf_i_form_string(a, form);
    unsigned kind = f->kind;
    if (is_stop(a, f, language)) return SHEAF_OK;
    size_t cut = s->elides && (kind & SHEAF_I_FORM_APOSTROPHE) ? elision(word, language) : 0;
    if (cut) {
        sheaf_i_script script;
        word = (sheaf_str){word.p + cut, word.n - cut};
        int64_t rest = sheaf_i_groups_find(&a->forms, word);
        if (rest >= 0 && is_stop(a, &a->form[rest], language)) return SHEAF_OK;
        kind = sheaf_i_form_kind(word, &script);
    }
    if (form_drops(a, kind, word)) return SHEAF_OK;
    if (s->stemmer && !(kind & SHEAF_I_FORM_MIXED) && word.n < INT32_MAX) /* U.S is no plural of U. */
        SHEAF_TRY(stem_word(s, &word, worker));
    if (cut) a->form[form].elided = true;
    *out = word;
done:
    return st;
}

static sheaf_status stem_block(void *arg, int64_t block, int32_t worker)
{
    stemming *s = arg;
    sheaf_status st = SHEAF_OK;
    int64_t first = s->start[s->slot], lo, hi;
    sheaf_i_range(s->start[s->slot + 1] - first, FORMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = first + lo; i < first + hi; i++) {
        s->a->stemmed[i] = (sheaf_str){NULL, 0};
        SHEAF_TRY(stem_form(s, form_of(s, i), worker, &s->a->stemmed[i]));
    }
done:
    return st;
}

/* A term's surface comes from its most frequent form, ties by bytes. */
static bool better_form(const sheaf_i_analysis *a, int64_t x, int64_t y)
{
    if (a->form[x].count != a->form[y].count) return a->form[x].count > a->form[y].count;
    sheaf_str p = sheaf_i_form_string(a, x), q = sheaf_i_form_string(a, y);
    int order = memcmp(p.p, q.p, p.n < q.n ? p.n : q.n);
    return order ? order < 0 : p.n < q.n;
}

static sheaf_status number_terms(stemming *s)
{
    sheaf_i_analysis *a = s->a;
    sheaf_status st = SHEAF_OK;
    int64_t n = s->start[a->n_languages];
    SHEAF_TRY((s->changes || a->n_languages > 1 ? sheaf_i_groups_make : sheaf_i_groups_number)(&a->terms, a->ctx,
                                                                                            a->stemmed, n));
    SHEAF_NEW(a->best_form, a->ctx, a->terms.n_groups);
    for (int64_t i = 0; i < n; i++) {
        uint32_t id = a->terms.id[i];
        if (id == SHEAF_I_NO_GROUP) continue;
        int64_t form = form_of(s, i);
        if (a->terms.first[id] == i || better_form(a, form, a->best_form[id])) a->best_form[id] = (uint32_t)form;
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
    for (int64_t i = lo; i < hi; i++) out[i] = s->term_of_form[s->a->forms.id[i]];
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
    int64_t n = s->start[s->slot + 1] - s->start[s->slot];
    int32_t language = a->language[s->slot];
    s->elides = language >= 0 && strstr(sheaf_i_language_stop_words(language), "'\n");
    SHEAF_TRY(open_stemmers(s));
    s->changes = s->changes || s->elides || s->stemmer;
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(n, FORMS_PER_BLOCK), stem_block, s));
done:
    close_stemmers(s);
    return st;
}

/* Which term a type is in the language. */
static sheaf_status map_types(stemming *s)
{
    sheaf_i_analysis *a = s->a;
    sheaf_status st = SHEAF_OK;
    for (int64_t i = 0; i < a->forms.n_groups; i++) s->term_of_form[i] = -1;
    for (int64_t i = s->start[s->slot]; i < s->start[s->slot + 1]; i++)
        if (a->terms.id[i] != SHEAF_I_NO_GROUP) s->term_of_form[form_of(s, i)] = (int32_t)a->terms.id[i];
    SHEAF_NEW(a->term_of_type[s->slot], a->ctx, a->w->n_types);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_types, TYPES_PER_BLOCK), compose, s));
done:
    return st;
}

static sheaf_status list_entries(stemming *s)
{
    sheaf_i_analysis *a = s->a;
    sheaf_status st = SHEAF_OK;
    int64_t n_forms = a->forms.n_groups, n = 0;
    SHEAF_NEW0(s->start, a->ctx, a->n_languages + 1);
    if (a->n_languages <= 1) {
        s->start[a->n_languages] = a->n_languages ? n_forms : 0;
        return SHEAF_OK;
    }
    for (int32_t slot = 1; slot < a->n_languages; slot++)
        if (a->language_docs[slot] > a->language_docs[s->commonest]) s->commonest = slot;
    SHEAF_NEW0(s->used, a->ctx, n_forms);
    SHEAF_NEW0(s->elsewhere, a->ctx, n_forms);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_docs, DOCS_PER_BLOCK), find_uses, s));
    for (int64_t i = 0; i < n_forms; i++)
        if (s->elsewhere[i] < a->form[i].count) s->used[i] |= (uint64_t)1 << s->commonest;
    for (int64_t i = 0; i < n_forms; i++) n += __builtin_popcountll(s->used[i]);
    SHEAF_NEW(s->entry_form, a->ctx, n);
    n = 0;
    for (int32_t slot = 0; slot < a->n_languages; slot++) {
        for (int64_t i = 0; i < n_forms; i++)
            if (s->used[i] >> slot & 1) s->entry_form[n++] = (uint32_t)i;
        s->start[slot + 1] = n;
    }
done:
    return st;
}

sheaf_status sheaf_i_stems(sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    stemming s = {.a = a};
    int32_t n_workers = sheaf_ctx_threads(a->ctx);
    sheaf_i_arena_init(&a->stem_arena, a->ctx);
    SHEAF_TRY(list_entries(&s));
    SHEAF_NEW0(a->term_of_type, a->ctx, a->n_languages);
    SHEAF_NEW(s.term_of_form, a->ctx, a->forms.n_groups);
    SHEAF_NEW(a->stemmed, a->ctx, s.start[a->n_languages]);
    SHEAF_NEW(s.arena, a->ctx, n_workers);
    for (int32_t i = 0; i < n_workers; i++) sheaf_i_arena_init(&s.arena[i], a->ctx);
    for (s.slot = 0; s.slot < a->n_languages; s.slot++) SHEAF_TRY(stem_language(&s));
    SHEAF_TRY(number_terms(&s));
    for (s.slot = 0; s.slot < a->n_languages; s.slot++) SHEAF_TRY(map_types(&s));
done:
    for (int32_t i = 0; s.arena && i < n_workers; i++) sheaf_i_arena_join(&a->stem_arena, &s.arena[i]);
    sheaf_i_free(a->ctx, s.arena);
    sheaf_i_free(a->ctx, s.start);
    sheaf_i_free(a->ctx, s.entry_form);
    sheaf_i_free(a->ctx, s.used);
    sheaf_i_free(a->ctx, s.elsewhere);
    sheaf_i_free(a->ctx, s.term_of_form);
    return st;
}
