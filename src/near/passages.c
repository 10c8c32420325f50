/* Shared passages: the object, byte ranges, and the passages of one pair. */
#include "near/passages.h"

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "near/pair_words.h"
#include "near/runs.h"
#include "read/corpus.h"

/* ---- byte ranges ------------------------------------------------------------------------------- */

/* Passages by document: those of which it is a are neighbours in the list; of which it is b, in by_b. */
typedef struct {
    sheaf_ctx *ctx;
    sheaf_passage *list;
    const sheaf_i_sides *s;
    int64_t *first_a, *first_b; /* of every document, and the end */
    int64_t *by_b;
} filler;

static int64_t docs_of(const sheaf_i_sides *s) { return s->w->n_docs + (s->old_w ? s->old_w->n_docs : 0); }

static sheaf_span bytes_of(const sheaf_span *words, int64_t first, int64_t n)
{
    const sheaf_span last = words[first + n - 1];
    return (sheaf_span){words[first].start, last.start + last.length - words[first].start};
}

static sheaf_status fill_document(void *arg, int64_t doc, int32_t worker)
{
    (void)worker;
    const filler *f = arg;
    sheaf_status st = SHEAF_OK;
    const bool old = doc >= f->s->w->n_docs;
    const sheaf_corpus *c = old ? f->s->old_c : f->s->c;
    sheaf_span *span = NULL;
    int64_t n;
    if (!c || !c->has_text) goto done;
    if (f->first_a[doc] == f->first_a[doc + 1] && f->first_b[doc] == f->first_b[doc + 1]) goto done;
    SHEAF_TRY(sheaf_words_spans(f->ctx, &span, &n, old ? f->s->old_w : f->s->w, c,
                                old ? doc - f->s->w->n_docs : doc));
    for (int64_t i = f->first_a[doc]; i < f->first_a[doc + 1]; i++)
        f->list[i].span_a = bytes_of(span, f->list[i].word_a, f->list[i].words);
    for (int64_t i = f->first_b[doc]; i < f->first_b[doc + 1]; i++) {
        sheaf_passage *p = &f->list[f->by_b[i]];
        p->span_b = bytes_of(span, p->word_b, p->words);
    }
done:
    sheaf_spans_free(f->ctx, span);
    return st;
}

static void running_sums(int64_t *first, int64_t n)
{
    for (int64_t i = 0, sum = 0; i <= n; i++) {
        const int64_t here = first[i];
        first[i] = sum;
        sum += here;
    }
}

sheaf_status sheaf_i_passages_spans(sheaf_ctx *ctx, sheaf_passage *list, int64_t n, const sheaf_i_sides *s)
{
    sheaf_status st = SHEAF_OK;
    filler f = {.ctx = ctx, .list = list, .s = s};
    const int64_t docs = docs_of(s);
    if (!n || !((s->c && s->c->has_text) || (s->old_c && s->old_c->has_text))) goto done;
    SHEAF_NEW0(f.first_a, ctx, docs + 1);
    SHEAF_NEW0(f.first_b, ctx, docs + 2);
    SHEAF_NEW(f.by_b, ctx, n);
    for (int64_t i = 0; i < n; i++) {
        f.first_a[list[i].a]++;
        f.first_b[list[i].b + 1]++;
    }
    running_sums(f.first_a, docs);
    running_sums(f.first_b, docs + 1); /* one place further on: putting them in moves each to its own */
    for (int64_t i = 0; i < n; i++) f.by_b[f.first_b[list[i].b + 1]++] = i;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, docs, fill_document, &f));
done:
    sheaf_i_free(ctx, f.first_a);
    sheaf_i_free(ctx, f.first_b);
    sheaf_i_free(ctx, f.by_b);
    return st;
}

/* ---- one pair ---------------------------------------------------------------------------------- */

typedef struct {
    const sheaf_words *w;
    const sheaf_corpus *c;
    int64_t doc;
} side;

static side side_of(const sheaf_i_sides *s, int64_t doc)
{
    if (doc < s->w->n_docs || !s->old_w) return (side){s->w, s->c, doc};
    return (side){s->old_w, s->old_c, doc - s->w->n_docs};
}

static sheaf_status spans_of(sheaf_ctx *ctx, sheaf_span **span, const side *s)
{
    int64_t n;
    return s->c && s->c->has_text ? sheaf_words_spans(ctx, span, &n, s->w, s->c, s->doc) : SHEAF_OK;
}

static sheaf_status list_tiles(sheaf_passages *p, const sheaf_i_run *tile, int64_t n, const side *a, const side *b)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->ctx;
    sheaf_span *span_a = NULL, *span_b = NULL;
    SHEAF_NEW0(p->list, ctx, n);
    if (n) {
        SHEAF_TRY(spans_of(ctx, &span_a, a));
        SHEAF_TRY(spans_of(ctx, &span_b, b));
    }
    for (p->n = 0; p->n < n; p->n++) {
        sheaf_passage *q = &p->list[p->n];
        q->word_a = tile[p->n].a;
        q->word_b = tile[p->n].b;
        q->words = tile[p->n].n;
        if (span_a) q->span_a = bytes_of(span_a, q->word_a, q->words);
        if (span_b) q->span_b = bytes_of(span_b, q->word_b, q->words);
    }
done:
    sheaf_spans_free(ctx, span_a);
    sheaf_spans_free(ctx, span_b);
    return st;
}

sheaf_status sheaf_passages_of_pair(sheaf_ctx *ctx, sheaf_passages **out, const sheaf_corpus *c, const sheaf_words *w,
                                    const sheaf_corpus *old_corpus, const sheaf_words *old_words, int64_t a, int64_t b,
                                    int64_t least)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_sides sides = {c, old_corpus, w, old_words};
    sheaf_i_pair_words words = {.ctx = ctx};
    sheaf_i_runs runs;
    sheaf_i_run *tile = NULL;
    sheaf_passages *p = NULL;
    int64_t n = 0;
    *out = NULL;
    sheaf_i_runs_init(&runs, ctx);
    if (least < 1)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "a passage of %lld words: it must have 1 or more", (long long)least));
    const side sa = side_of(&sides, a), sb = side_of(&sides, b);
    SHEAF_TRY(sheaf_i_pair_words_new(&words, ctx, sa.w, sa.doc, sb.w, sb.doc));
    SHEAF_TRY(sheaf_i_runs_tiles(&runs, &tile, &n, words.a, words.na, words.b, words.nb, least));
    SHEAF_NEW0(p, ctx, 1);
    p->ctx = ctx;
    SHEAF_TRY(list_tiles(p, tile, n, &sa, &sb));
    for (int64_t i = 0; i < n; i++) {
        p->list[i].a = a;
        p->list[i].b = b;
    }
    *out = p;
    p = NULL;
done:
    sheaf_passages_free(p);
    sheaf_i_free(ctx, tile);
    sheaf_i_runs_end(&runs);
    sheaf_i_pair_words_end(&words);
    return st;
}

void sheaf_passages_free(sheaf_passages *p)
{
    if (!p) return;
    sheaf_i_free(p->ctx, p->list);
    sheaf_i_free(p->ctx, p);
}

const sheaf_passage *sheaf_passages_list(const sheaf_passages *p, int64_t *n)
{
    *n = p->n;
    return p->list;
}

int64_t sheaf_passages_left_out(const sheaf_passages *p) { return p->left_out; }
