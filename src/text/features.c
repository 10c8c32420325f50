/* Document frequencies, pruning and the order of the columns: by falling document frequency, so that the rows of any
 * matrix by term that are used most stand together, or by bytes on request.
 */
#include "text/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"

#define DOCS_PER_BLOCK 512
#define TYPES_PER_BLOCK 16384
#define FEW_DOCS 10 /* below, max_df_share is ignored: half of so few documents says nothing */

typedef struct { /* beside each other: they are touched together */
    uint32_t stamp, df;
} df_cell;

typedef struct {
    sheaf_i_analysis *a;
    df_cell **worker;
    sheaf_i_features *f;
} frequencies;

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    frequencies *q = arg;
    const sheaf_words *w = q->a->w;
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(w->n_docs, DOCS_PER_BLOCK, block, &lo, &hi);
    int32_t dropped = (int32_t)q->a->term_table.n; /* a cell for words that are no terms: saves an unpredictable jump */
    if (!q->worker[worker]) SHEAF_NEW0(q->worker[worker], q->a->ctx, (int64_t)dropped + 1);
    df_cell *cell = q->worker[worker];
    for (int64_t d = lo; d < hi; d++) {
        const int32_t *term = q->a->term_of_type[q->a->doc_language[d]];
        const uint32_t *type = w->doc[d];
        uint32_t stamp = (uint32_t)d + 1;
        for (int64_t i = 0, n = w->doc_len[d]; i < n; i++) {
            int32_t t = term[type[i]];
            df_cell *c = &cell[t < 0 ? dropped : t];
            c->df += c->stamp != stamp;
            c->stamp = stamp;
        }
    }
done:
    return st;
}

/* df[t] of every candidate term. */
static sheaf_status count_terms(sheaf_i_analysis *a, int64_t *df)
{
    sheaf_status st = SHEAF_OK;
    frequencies q = {.a = a};
    int32_t n_workers = sheaf_ctx_threads(a->ctx);
    SHEAF_NEW0(q.worker, a->ctx, n_workers);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_docs, DOCS_PER_BLOCK), count_block, &q));
    for (int32_t i = 0; i < n_workers; i++)
        for (int64_t t = 0; q.worker[i] && t < a->term_table.n; t++) df[t] += q.worker[i][t].df;
done:
    for (int32_t i = 0; q.worker && i < n_workers; i++) sheaf_i_free(a->ctx, q.worker[i]);
    sheaf_i_free(a->ctx, q.worker);
    return st;
}

typedef struct {
    int64_t df;
    sheaf_str s;
    int64_t source; /* candidate term, or n-gram behind them */
} candidate;

static int compare_bytes(const void *pa, const void *pb)
{
    const candidate *a = pa, *b = pb;
    size_t n = a->s.n < b->s.n ? a->s.n : b->s.n;
    int order = memcmp(a->s.p, b->s.p, n);
    return order ? order : (a->s.n > b->s.n) - (a->s.n < b->s.n);
}

static int compare_df(const void *pa, const void *pb)
{
    const candidate *a = pa, *b = pb;
    if (a->df != b->df) return a->df > b->df ? -1 : 1;
    return compare_bytes(pa, pb);
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
    return sheaf_i_table_string(&a->term_table, term);
}

/* Turns candidates, in their final order, into the columns of t. */
static sheaf_status settle(sheaf_i_features *f, sheaf_terms *t, const sheaf_i_analysis *a, const candidate *c,
                           int64_t n)
{
    sheaf_status st = SHEAF_OK;
    int64_t n_terms = a->term_table.n;
    SHEAF_NEW0(t->term, t->ctx, n);
    SHEAF_NEW0(t->surface, t->ctx, n);
    SHEAF_NEW(t->df, t->ctx, n);
    t->n_terms = (int32_t)n;
    f->n = (int32_t)n;
    for (int64_t i = 0; i < n; i++) {
        bool ngram = c[i].source >= n_terms;
        t->df[i] = c[i].df;
        if (ngram) f->ngrams.feature[c[i].source - n_terms] = (int32_t)i;
        else f->of_term[c[i].source] = (int32_t)i;
        char *p = sheaf_i_arena_copy(&t->arena, c[i].s.p, c[i].s.n);
        if (!p) return SHEAF_ENOMEM;
        t->term[i] = (sheaf_str){p, c[i].s.n};
        if (ngram) {
            SHEAF_TRY(join(&t->arena, f, a, c[i].source - n_terms, term_surface, &t->surface[i]));
        } else {
            sheaf_str s = term_surface(a, c[i].source);
            if (!(p = sheaf_i_arena_copy(&t->arena, s.p, s.n))) return SHEAF_ENOMEM;
            t->surface[i] = (sheaf_str){p, s.n};
        }
    }
done:
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
        for (int64_t i = lo; i < hi; i++)
            if (term[i] >= 0) term[i] = q->f->of_term[term[i]];
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_features_choose(sheaf_i_features *f, sheaf_terms *t, sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_text_opts *o = a->o;
    sheaf_i_df_limits limits = limits_of(o, a->w->n_docs);
    int64_t n_terms = a->term_table.n, n = 0, *df = NULL;
    candidate *c = NULL;
    sheaf_i_arena strings;
    sheaf_i_arena_init(&strings, a->ctx);
    f->ngram_min = o->ngram_min;
    f->ngram_max = o->ngram_max;
    if (a->w->n_docs >= UINT32_MAX)
        SHEAF_TRY(sheaf_i_fail(a->ctx, SHEAF_EINVAL, "%lld documents are too many", (long long)a->w->n_docs));
    if (o->ngram_max > 1) SHEAF_TRY(sheaf_i_ngrams_find(&f->ngrams, a, limits));
    SHEAF_NEW(f->of_term, a->ctx, n_terms);
    for (int64_t i = 0; i < n_terms; i++) f->of_term[i] = -1;
    SHEAF_NEW0(df, a->ctx, n_terms);
    if (o->ngram_min == 1) SHEAF_TRY(count_terms(a, df));
    for (int64_t i = 0; i < n_terms; i++) n += df[i] >= limits.min && df[i] <= limits.max;
    SHEAF_NEW(c, a->ctx, n + f->ngrams.table.n);
    n = 0;
    for (int64_t i = 0; i < n_terms; i++)
        if (df[i] >= limits.min && df[i] <= limits.max) c[n++] = (candidate){df[i], term_string(a, i), i};
    for (int64_t i = 0; i < f->ngrams.table.n; i++) {
        c[n] = (candidate){f->ngrams.df[i], {NULL, 0}, n_terms + i};
        SHEAF_TRY(join(&strings, f, a, i, term_string, &c[n++].s));
    }
    if (n) qsort(c, (size_t)n, sizeof *c, compare_df);
    if (o->max_terms && n > o->max_terms) n = o->max_terms;
    if (n > INT32_MAX) SHEAF_TRY(sheaf_i_fail(a->ctx, SHEAF_EINVAL, "%lld terms are too many", (long long)n));
    if (n && o->lexical_order) qsort(c, (size_t)n, sizeof *c, compare_bytes);
    SHEAF_TRY(settle(f, t, a, c, n));
    frequencies q = {.a = a, .f = f};
    if (o->ngram_max == 1)
        SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(a->w->n_types, TYPES_PER_BLOCK), remap_block, &q));
done:
    sheaf_i_arena_end(&strings);
    sheaf_i_free(a->ctx, df);
    sheaf_i_free(a->ctx, c);
    return st;
}

void sheaf_i_features_end(sheaf_i_features *f, sheaf_ctx *ctx)
{
    sheaf_i_free(ctx, f->of_term);
    sheaf_i_ngrams_end(&f->ngrams);
}
