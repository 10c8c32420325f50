/* Document frequencies, pruning and the order of the columns: by falling document frequency, so that the rows of any
 * matrix by term that are used most stand together, or by bytes on request.
 */
#include "text/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/order.h"
#include "text/pages.h"

#define DOCS_PER_BLOCK 512
#define TYPES_PER_BLOCK 16384
#define TERMS_PER_BLOCK 4096
#define SMALL_DF 4096
#define FETCH 64
#define FEW_DOCS 10 /* below, max_df_share is ignored: half of so few documents says nothing */

typedef struct { /* beside each other: they are touched together */
    uint32_t stamp, df;
} df_cell;

typedef struct {
    sheaf_i_analysis *a;
    df_cell **worker;
    int32_t n_workers;
    int64_t *df;
    sheaf_i_df_limits limits;
    sheaf_i_features *f;
} frequencies;

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    frequencies *q = arg;
    const sheaf_words *w = q->a->w;
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(w->n_docs, DOCS_PER_BLOCK, block, &lo, &hi);
    uint32_t dropped = (uint32_t)q->a->terms.n_groups;
    if (!q->worker[worker]) SHEAF_NEW0(q->worker[worker], q->a->ctx, (int64_t)dropped + SHEAF_I_DROPPED);
    df_cell *cell = q->worker[worker];
    for (int64_t d = lo; d < hi; d++) {
        sheaf_i_words_fetch(w, d, hi);
        const int32_t *term = q->a->term_of_type[q->a->doc_language[d]];
        const uint32_t *type = w->doc[d];
        uint32_t stamp = (uint32_t)d + 1, distinct = 0;
        for (uint32_t i = 0; i < SHEAF_I_DROPPED; i++) cell[dropped + i].stamp = stamp;
        for (int64_t i = 0, n = w->doc_len[d]; i < n; i++) {
            int32_t t = term[type[i]];
            uint32_t none = (uint32_t)(t >> 31); /* all bits or no bit: a jump would be hard to predict */
            df_cell *c = &cell[((uint32_t)t & ~none) | ((dropped + type[i] % SHEAF_I_DROPPED) & none)];
            uint32_t new = c->stamp != stamp;
            distinct += new;
            c->df += new;
            c->stamp = stamp;
        }
        q->f->bound[d] = distinct;
    }
done:
    return st;
}

static sheaf_status add_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    frequencies *q = arg;
    int64_t lo, hi;
    sheaf_i_range(q->a->terms.n_groups, TERMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t t = lo; t < hi; t++) q->df[t] = 0;
    for (int32_t i = 0; i < q->n_workers; i++)
        for (int64_t t = lo; q->worker[i] && t < hi; t++) q->df[t] += q->worker[i][t].df;
    if (q->limits.min < 2) return SHEAF_OK;
    for (int32_t i = 0; i < q->n_workers; i++) /* terms of one document go, and it is known which */
        for (int64_t t = lo; q->worker[i] && t < hi; t++)
            if (q->df[t] == 1 && q->worker[i][t].df)
                __atomic_fetch_sub(&q->f->bound[q->worker[i][t].stamp - 1], 1, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

/* df[t] of every candidate term. */
static sheaf_status count_terms(sheaf_i_features *f, sheaf_i_analysis *a, sheaf_i_df_limits limits, int64_t *df)
{
    sheaf_status st = SHEAF_OK;
    frequencies q = {.a = a, .f = f, .df = df, .limits = limits, .n_workers = sheaf_ctx_threads(a->ctx)};
    SHEAF_NEW(f->bound, a->ctx, a->w->n_docs);
    SHEAF_NEW0(q.worker, a->ctx, q.n_workers);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_docs, DOCS_PER_BLOCK), count_block, &q));
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->terms.n_groups, TERMS_PER_BLOCK), add_block, &q));
done:
    for (int32_t i = 0; q.worker && i < q.n_workers; i++) sheaf_i_free(a->ctx, q.worker[i]);
    sheaf_i_free(a->ctx, q.worker);
    return st;
}

/* What may become a column: candidate terms, then n-grams. */
typedef struct {
    const int64_t *df;   /* of the terms */
    const sheaf_i_features *f;
    int64_t n_terms;
    sheaf_i_ordered *list, *room; /* two halves of one piece of memory, which begins at ... */
    sheaf_i_ordered *memory;
    int64_t n;
} candidates;

static int64_t df_of(const candidates *c, uint32_t id)
{
    return id < c->n_terms ? c->df[id] : c->f->ngrams.df[id - c->n_terms];
}

static int compare_keys(const void *pa, const void *pb)
{
    const sheaf_i_ordered *a = pa, *b = pb;
    return (a->prefix > b->prefix) - (a->prefix < b->prefix);
}

/* By falling document frequency, ties as they stand: a counting sort; the few that are above its range come first. */
static void order_by_df(candidates *c)
{
    sheaf_i_ordered *out = c->room;
    int64_t at[SMALL_DF + 1] = {0};
    for (int64_t i = 0; i < c->n; i++) {
        uint32_t df = (uint32_t)df_of(c, c->list[i].id), key = df < SMALL_DF ? SMALL_DF - df : 0;
        c->list[i].prefix = (uint64_t)(UINT32_MAX - df) << 32 | (uint64_t)i;
        at[key]++;
    }
    int64_t above = at[0];
    for (int64_t k = 0, sum = 0; k <= SMALL_DF; k++) {
        int64_t here = at[k];
        at[k] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < c->n; i++) {
        uint32_t df = UINT32_MAX - (uint32_t)(c->list[i].prefix >> 32);
        out[at[df < SMALL_DF ? SMALL_DF - df : 0]++] = c->list[i];
    }
    if (above) qsort(out, (size_t)above, sizeof *out, compare_keys);
    c->room = c->list;
    c->list = out;
}

/* As scikit-learn has it: a share of the documents is compared as it is, not rounded. */
static sheaf_i_df_limits limits_of(const sheaf_text_opts *o, int64_t n_docs)
{
    int64_t min = o->min_df_count > 1 ? o->min_df_count : 1, max = n_docs;
    double share = ceil(o->min_df_share * (double)n_docs);
    if (share > (double)min) min = (int64_t)share;
    if (o->max_df_count > 0 && o->max_df_count < max) max = o->max_df_count;
    share = floor(o->max_df_share * (double)n_docs);
    if (n_docs >= FEW_DOCS && share < (double)max) max = (int64_t)share;
    return (sheaf_i_df_limits){min, max};
}

static sheaf_str term_surface(const sheaf_i_analysis *a, int64_t term)
{
    const sheaf_i_form *f = &a->form[a->best_form[term]];
    sheaf_str s = a->w->type[f->best_type];
    if (!f->elided) return s;
    for (size_t i = 0; i < s.n; i++) { /* behind ' or U+2019 */
        size_t mark = s.p[i] == '\'' ? 1 : s.n - i > 3 && memcmp(s.p + i, "\342\200\231", 3) == 0 ? 3 : 0;
        if (mark && i + mark < s.n) return (sheaf_str){s.p + i + mark, s.n - i - mark};
    }
    return s;
}

/* The parts of an n-gram joined by spaces. */
static sheaf_status join(sheaf_i_arena *arena, const sheaf_i_features *f, const sheaf_i_analysis *a, int64_t ngram,
                         sheaf_str (*part)(const sheaf_i_analysis *, int64_t), sheaf_str *out)
{
    sheaf_str ids = sheaf_i_table_string(&f->ngrams.table, ngram);
    size_t length = 0, at = 0;
    int32_t id;
    for (size_t i = 0; i < ids.n; i += sizeof id) {
        memcpy(&id, ids.p + i, sizeof id);
        length += part(a, id).n + 1;
    }
    char *p = sheaf_i_arena_take(arena, length, 1);
    if (!p) return SHEAF_ENOMEM;
    for (size_t i = 0; i < ids.n; i += sizeof id) {
        memcpy(&id, ids.p + i, sizeof id);
        sheaf_str s = part(a, id);
        if (i) p[at++] = ' ';
        memcpy(p + at, s.p, s.n);
        at += s.n;
    }
    *out = (sheaf_str){p, at};
    return SHEAF_OK;
}

static sheaf_str term_string(const sheaf_i_analysis *a, int64_t term)
{
    return sheaf_i_group_string(&a->terms, term);
}

typedef struct {
    sheaf_i_features *f;
    sheaf_terms *t;
    const sheaf_i_analysis *a;
    const candidates *c;
    sheaf_i_arena *arena; /* one a worker */
} settling;

static sheaf_status copy_string(sheaf_i_arena *arena, const char *p, size_t n, sheaf_str *out)
{
    *out = (sheaf_str){sheaf_i_arena_copy(arena, p, n), n};
    return out->p ? SHEAF_OK : SHEAF_ENOMEM;
}

/* The surfaces lie all over the place: their addresses are asked for ahead, step by step. Inline, because GCC takes a
   function that does nothing but prefetch for one that does nothing. */
static inline __attribute__((always_inline)) void fetch_surfaces(const settling *q, int64_t lo, int64_t hi)
{
    const sheaf_i_analysis *a = q->a;
    const sheaf_i_ordered *c = q->c->list;
    for (int64_t i = lo; i < hi; i++)
        if (c[i].id < q->c->n_terms) {
            __builtin_prefetch(&a->best_form[c[i].id]);
            __builtin_prefetch(&q->c->df[c[i].id]);
            __builtin_prefetch(&q->f->of_term[c[i].id], 1);
        }
    for (int64_t i = lo; i < hi; i++)
        if (c[i].id < q->c->n_terms) __builtin_prefetch(&a->form[a->best_form[c[i].id]]);
    for (int64_t i = lo; i < hi; i++) {
        __builtin_prefetch(c[i].p);
        if (c[i].id < q->c->n_terms) __builtin_prefetch(&a->w->type[a->form[a->best_form[c[i].id]].best_type]);
    }
    for (int64_t i = lo; i < hi; i++)
        if (c[i].id < q->c->n_terms)
            __builtin_prefetch(a->w->type[a->form[a->best_form[c[i].id]].best_type].p);
}

static sheaf_status settle_block(void *arg, int64_t block, int32_t worker)
{
    settling *q = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_i_arena *arena = &q->arena[worker];
    int64_t lo, hi, n_terms = q->c->n_terms;
    sheaf_i_range(q->c->n, TERMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        if ((i - lo) % FETCH == 0) fetch_surfaces(q, i, i + FETCH < hi ? i + FETCH : hi);
        const sheaf_i_ordered *c = &q->c->list[i];
        sheaf_str *surface = &q->t->surface[i];
        q->t->df[i] = df_of(q->c, c->id);
        SHEAF_TRY(copy_string(arena, c->p, c->n, &q->t->term[i]));
        if (c->id >= n_terms) {
            q->f->ngrams.feature[c->id - n_terms] = (int32_t)i;
            SHEAF_TRY(join(arena, q->f, q->a, c->id - n_terms, term_surface, surface));
        } else {
            q->f->of_term[c->id] = (int32_t)i;
            sheaf_str s = term_surface(q->a, c->id);
            if (s.n == c->n && (s.p == c->p || memcmp(s.p, c->p, s.n) == 0)) *surface = q->t->term[i];
            else SHEAF_TRY(copy_string(arena, s.p, s.n, surface));
        }
    }
done:
    return st;
}

/* Turns candidates, in their final order, into the columns of t. */
static sheaf_status settle(sheaf_i_features *f, sheaf_terms *t, const sheaf_i_analysis *a, const candidates *c)
{
    sheaf_status st = SHEAF_OK;
    int32_t n_workers = sheaf_ctx_threads(a->ctx);
    settling q = {.f = f, .t = t, .a = a, .c = c};
    SHEAF_NEW(q.arena, a->ctx, n_workers);
    for (int32_t i = 0; i < n_workers; i++) sheaf_i_arena_init(&q.arena[i], a->ctx);
    t->term = sheaf_i_pages(t->ctx, c->n, 2 * sizeof *t->term + sizeof *t->df);
    if (!t->term) SHEAF_TRY(SHEAF_ENOMEM);
    t->surface = t->term + c->n;
    t->df = (int64_t *)(void *)(t->surface + c->n);
    t->n_terms = f->n = (int32_t)c->n;
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(c->n, TERMS_PER_BLOCK), settle_block, &q));
done:
    for (int32_t i = 0; q.arena && i < n_workers; i++) sheaf_i_arena_join(&t->arena, &q.arena[i]);
    sheaf_i_free(a->ctx, q.arena);
    return st;
}

static sheaf_status remap_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    frequencies *q = arg;
    int64_t lo, hi;
    sheaf_i_range(q->a->w->n_types, TYPES_PER_BLOCK, block, &lo, &hi);
    for (int32_t l = 0; l < q->a->n_languages; l++) {
        int32_t *term = q->a->term_of_type[l];
        for (int64_t i = lo; i < hi; i++) {
            term[i] = term[i] >= 0 ? q->f->of_term[term[i]] : q->f->n;
            if (term[i] == q->f->n) term[i] += (int32_t)(i % SHEAF_I_IDLE);
            else if (term[i] > q->f->n) term[i] += (int32_t)(i % SHEAF_I_UNKNOWN);
        }
    }
    return SHEAF_OK;
}

/* The candidates within the limits, in no particular order. Strings of n-grams are made in `strings`. */
static sheaf_status list_candidates(candidates *c, const sheaf_i_analysis *a, sheaf_i_df_limits limits,
                                    sheaf_i_arena *strings)
{
    sheaf_status st = SHEAF_OK;
    int64_t n_ngrams = c->f->ngrams.table.n;
    for (int64_t i = 0; i < c->n_terms; i++) c->n += c->df[i] >= limits.min && c->df[i] <= limits.max;
    if (c->n_terms + n_ngrams > INT32_MAX - SHEAF_I_DROPPED)
        SHEAF_TRY(sheaf_i_fail(a->ctx, SHEAF_EINVAL, "%lld terms are too many", (long long)(c->n_terms + n_ngrams)));
    c->memory = sheaf_i_pages(a->ctx, c->n + n_ngrams, 2 * sizeof *c->memory);
    if (!c->memory) SHEAF_TRY(SHEAF_ENOMEM);
    c->list = c->memory;
    c->room = c->memory + c->n + n_ngrams;
    c->n = 0;
    for (int64_t i = 0; i < c->n_terms; i++) {
        if (c->df[i] < limits.min || c->df[i] > limits.max) continue;
        sheaf_str s = term_string(a, i);
        c->list[c->n++] = (sheaf_i_ordered){0, s.p, (uint32_t)s.n, (uint32_t)i};
    }
    for (int64_t i = 0; i < n_ngrams; i++) {
        sheaf_str s;
        SHEAF_TRY(join(strings, c->f, a, i, term_string, &s));
        c->list[c->n++] = (sheaf_i_ordered){0, s.p, (uint32_t)s.n, (uint32_t)(c->n_terms + i)};
    }
done:
    return st;
}

static sheaf_status order_candidates(candidates *c, const sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_text_opts *o = a->o;
    bool cut = o->max_terms && c->n > o->max_terms;
    SHEAF_TRY(sheaf_i_order_bytes(a->ctx, c->list, c->room, c->n));
    if (cut || !o->lexical_order) order_by_df(c);
    if (cut) c->n = o->max_terms;
    if (cut && o->lexical_order) SHEAF_TRY(sheaf_i_order_bytes(a->ctx, c->list, c->room, c->n));
done:
    return st;
}

static sheaf_status keep_pruned(const sheaf_i_features *f, sheaf_terms *t, const sheaf_i_analysis *a, const int64_t *df)
{
    sheaf_status st = SHEAF_OK;
    int64_t room = 0;
    for (int64_t i = 0; i < a->terms.n_groups; i++) {
        if (!df[i] || (f->of_term[i] >= 0 && f->of_term[i] < f->n)) continue;
        const sheaf_str s = term_string(a, i);
        SHEAF_GROW(t->pruned, t->ctx, t->n_pruned, room);
        SHEAF_TRY(copy_string(&t->arena, s.p, s.n, &t->pruned[t->n_pruned]));
        t->n_pruned++;
    }
done:
    return st;
}

sheaf_status sheaf_i_features_choose(sheaf_i_features *f, sheaf_terms *t, sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_text_opts *o = a->o;
    sheaf_i_df_limits limits = limits_of(o, a->w->n_docs);
    int64_t n_terms = a->terms.n_groups, *df = NULL;
    candidates c = {.f = f, .n_terms = n_terms};
    frequencies q = {.a = a, .f = f};
    sheaf_i_arena strings;
    sheaf_i_arena_init(&strings, a->ctx);
    f->ngram_min = o->ngram_min;
    f->ngram_max = o->ngram_max;
    if (a->w->n_docs >= UINT32_MAX)
        SHEAF_TRY(sheaf_i_fail(a->ctx, SHEAF_EINVAL, "%lld documents are too many", (long long)a->w->n_docs));
    if (o->ngram_max > 1) SHEAF_TRY(sheaf_i_ngrams_find(&f->ngrams, a, limits));
    SHEAF_NEW(f->of_term, a->ctx, n_terms);
    SHEAF_NEW0(df, a->ctx, n_terms);
    c.df = df;
    if (o->ngram_min == 1) SHEAF_TRY(count_terms(f, a, limits, df));
    SHEAF_TRY(list_candidates(&c, a, limits, &strings));
    SHEAF_TRY(order_candidates(&c, a));
    for (int64_t i = 0; i < n_terms; i++) {
        const int32_t kind = df[i] > limits.max ? 0 : SHEAF_I_IDLE;
        f->of_term[i] = o->ngram_max == 1 ? (int32_t)c.n + kind : -1 - kind;
    }
    SHEAF_TRY(settle(f, t, a, &c));
    if (o->keep_pruned) SHEAF_TRY(keep_pruned(f, t, a, df));
    if (o->ngram_max == 1)
        SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_types, TYPES_PER_BLOCK), remap_block, &q));
done:
    sheaf_i_arena_end(&strings);
    sheaf_i_free(a->ctx, df);
    sheaf_i_aligned_free(a->ctx, c.memory);
    return st;
}

void sheaf_i_features_end(sheaf_i_features *f, sheaf_ctx *ctx)
{
    sheaf_i_free(ctx, f->of_term);
    sheaf_i_free(ctx, f->bound);
    sheaf_i_ngrams_end(&f->ngrams);
}
