/* A foreign text in the vocabulary of a collection. The text is analysed as a collection of one document, once in each
 * language of the vocabulary: a short text says little about its own language, but the words that are known in one say
 * much. What it becomes is looked up by name, stem or n-gram.
 */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "read/utf8.h"
#include "text/analysis.h"
#include "text/options.h"

#define LANGUAGES 12 /* of the vocabulary that are tried, those of most documents first */

struct sheaf_query {
    sheaf_ctx *ctx;
    int32_t *term;
    uint32_t *count;
    int64_t n, words, unknown;
    sheaf_str *missing;
    int64_t n_missing;
    sheaf_i_arena arena;
};

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_words *w;
    const sheaf_text_opts *o;
    const sheaf_i_groups *vocabulary, *pruned;
    sheaf_str *part;      /* the terms of the text in order ... */
    uint32_t *type;       /* ... and the types that they come from */
    int64_t n;
    char *joined;         /* an n-gram under construction */
    int64_t room;
    int32_t *hit;         /* terms found, one an occurrence */
    int64_t n_hits, hit_room;
    int64_t words, known;
    bool *missing;        /* of each type: is it unknown somewhere? */
} lookup;

/* The terms of the one document, stop words left out. */
static void list_parts(lookup *l, const sheaf_i_analysis *a)
{
    const int32_t *term = a->term_of_type[a->doc_language[0]];
    l->n = 0;
    for (int64_t i = 0; i < l->w->doc_len[0]; i++) {
        const uint32_t type = l->w->doc[0][i];
        if (term[type] < 0) continue;
        l->part[l->n] = sheaf_i_group_string(&a->terms, term[type]);
        l->type[l->n++] = type;
    }
}

static sheaf_status join_parts(lookup *l, int64_t first, int32_t length, sheaf_str *out)
{
    int64_t n = 0;
    *out = l->part[first];
    if (length == 1) return SHEAF_OK;
    for (int32_t i = 0; i < length; i++) n += (int64_t)l->part[first + i].n + 1;
    if (n > l->room) {
        char *p = sheaf_i_resize(l->ctx, l->joined, n, 1);
        if (!p) return SHEAF_ENOMEM;
        l->joined = p;
        l->room = n;
    }
    n = 0;
    for (int32_t i = 0; i < length; i++) {
        if (i) l->joined[n++] = ' ';
        memcpy(l->joined + n, l->part[first + i].p, l->part[first + i].n);
        n += (int64_t)l->part[first + i].n;
    }
    *out = (sheaf_str){l->joined, (size_t)n};
    return SHEAF_OK;
}

static sheaf_status look_up(lookup *l)
{
    sheaf_status st = SHEAF_OK;
    l->n_hits = l->words = l->known = 0;
    memset(l->missing, 0, (size_t)l->w->n_types * sizeof *l->missing);
    for (int64_t i = 0; i < l->n; i++)
        for (int32_t length = l->o->ngram_min; length <= l->o->ngram_max && i + length <= l->n; length++) {
            sheaf_str s;
            SHEAF_TRY(join_parts(l, i, length, &s));
            const int64_t found = sheaf_i_groups_find(l->vocabulary, s);
            if (length == l->o->ngram_min) {
                const bool known = found >= 0 || sheaf_i_groups_find(l->pruned, s) >= 0;
                l->words++;
                l->known += known;
                if (!known && length == 1) l->missing[l->type[i]] = true;
            }
            if (found < 0) continue;
            SHEAF_GROW(l->hit, l->ctx, l->n_hits, l->hit_room);
            l->hit[l->n_hits++] = (int32_t)found;
        }
done:
    return st;
}

/* Analyses the text in one language and looks its terms up. */
static sheaf_status try_language(lookup *l, const char *language)
{
    sheaf_status st = SHEAF_OK;
    sheaf_text_opts o = *l->o;
    sheaf_i_analysis a = {.ctx = l->ctx, .w = l->w, .o = &o};
    o.lang = language;
    l->n = 0;
    SHEAF_TRY(sheaf_i_forms(&a));
    SHEAF_TRY(sheaf_i_detect(&a));
    SHEAF_TRY(sheaf_i_stems(&a));
    if (a.n_languages) list_parts(l, &a);
    SHEAF_TRY(look_up(l)); /* while the strings are there */
done:
    sheaf_i_analysis_end(&a);
    return st;
}

static int rising(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Terms with their counts, and the unknown words in order of the text. */
static sheaf_status settle(sheaf_query *q, lookup *l)
{
    sheaf_status st = SHEAF_OK;
    q->words = l->words;
    q->unknown = l->words - l->known;
    if (l->n_hits) qsort(l->hit, (size_t)l->n_hits, sizeof *l->hit, rising);
    SHEAF_NEW(q->term, q->ctx, l->n_hits);
    SHEAF_NEW(q->count, q->ctx, l->n_hits);
    for (int64_t i = 0; i < l->n_hits; i++) {
        if (!q->n || q->term[q->n - 1] != l->hit[i]) {
            q->term[q->n] = l->hit[i];
            q->count[q->n++] = 0;
        }
        q->count[q->n - 1]++;
    }
    SHEAF_NEW(q->missing, q->ctx, l->w->n_types);
    for (int64_t i = 0; i < l->w->doc_len[0]; i++) {
        const uint32_t type = l->w->doc[0][i];
        if (!l->missing[type]) continue;
        l->missing[type] = false;
        const sheaf_str s = l->w->type[type];
        const char *copy = sheaf_i_arena_copy(&q->arena, s.p, s.n);
        if (!copy) return SHEAF_ENOMEM;
        q->missing[q->n_missing++] = (sheaf_str){copy, s.n};
    }
done:
    return st;
}

/* In the language that knows most of the words; where that is not the last one tried, once more in that one. */
static sheaf_status choose_language(lookup *l, const sheaf_terms *t)
{
    sheaf_status st = SHEAF_OK;
    const char *code = l->o->lang, *best = l->o->lang, *last = NULL;
    int64_t docs, most = -1;
    if (strcmp(l->o->lang, "auto") == 0)
        for (int32_t i = 0; i < LANGUAGES && sheaf_terms_language(t, i, &code, &docs); i++) {
            SHEAF_TRY(try_language(l, last = code));
            if (l->known <= most) continue;
            most = l->known;
            best = code;
        }
    if (!last || strcmp(last, best) != 0) SHEAF_TRY(try_language(l, best));
done:
    return st;
}

static sheaf_status cut_words(sheaf_ctx *ctx, sheaf_words **w, const sheaf_text_opts *o, sheaf_str text)
{
    sheaf_corpus *c = NULL;
    sheaf_status st = sheaf_corpus_from_memory(ctx, &c, &text, NULL, NULL, 1);
    if (st == SHEAF_OK) st = sheaf_words_from_corpus(ctx, w, c, o);
    sheaf_corpus_free(c);
    return st;
}

sheaf_status sheaf_query_make(sheaf_ctx *ctx, sheaf_query **out, const sheaf_terms *t, const sheaf_text_opts *given,
                              sheaf_str text)
{
    sheaf_status st = SHEAF_OK;
    sheaf_text_opts o;
    sheaf_words *w = NULL;
    sheaf_query *q = NULL;
    sheaf_i_groups vocabulary = {.ctx = ctx}, pruned = {.ctx = ctx};
    lookup l = {.ctx = ctx, .o = &o, .vocabulary = &vocabulary, .pruned = &pruned};
    *out = NULL;
    SHEAF_TRY(sheaf_i_text_opts(ctx, &o, given));
    SHEAF_NEW0(q, ctx, 1);
    q->ctx = ctx;
    sheaf_i_arena_init(&q->arena, ctx);
    if (!sheaf_i_trim(text).n) goto empty;
    SHEAF_TRY(cut_words(ctx, &w, &o, text));
    SHEAF_TRY(sheaf_i_groups_make(&vocabulary, ctx, t->term, t->n_terms));
    SHEAF_TRY(sheaf_i_groups_make(&pruned, ctx, t->pruned, t->n_pruned));
    l.w = w;
    SHEAF_NEW(l.part, ctx, w->n_tokens);
    SHEAF_NEW(l.type, ctx, w->n_tokens);
    SHEAF_NEW0(l.missing, ctx, w->n_types);
    if (w->n_tokens) SHEAF_TRY(choose_language(&l, t));
    SHEAF_TRY(settle(q, &l));
empty:
    *out = q;
    q = NULL;
done:
    sheaf_i_free(ctx, l.part);
    sheaf_i_free(ctx, l.type);
    sheaf_i_free(ctx, l.joined);
    sheaf_i_free(ctx, l.hit);
    sheaf_i_free(ctx, l.missing);
    sheaf_i_groups_end(&vocabulary);
    sheaf_i_groups_end(&pruned);
    sheaf_words_free(w);
    sheaf_query_free(q);
    return st;
}

void sheaf_query_free(sheaf_query *q)
{
    if (!q) return;
    sheaf_i_free(q->ctx, q->term);
    sheaf_i_free(q->ctx, q->count);
    sheaf_i_free(q->ctx, q->missing);
    sheaf_i_arena_end(&q->arena);
    sheaf_i_free(q->ctx, q);
}

const int32_t *sheaf_query_terms(const sheaf_query *q, const uint32_t **counts, int64_t *n)
{
    if (counts) *counts = q->count;
    *n = q->n;
    return q->term;
}

int64_t sheaf_query_words(const sheaf_query *q) { return q->words; }
int64_t sheaf_query_unknown(const sheaf_query *q) { return q->unknown; }

bool sheaf_query_unknown_word(const sheaf_query *q, int64_t i, sheaf_str *word)
{
    if (i < 0 || i >= q->n_missing) return false;
    *word = q->missing[i];
    return true;
}
