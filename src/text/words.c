/* sheaf_words: the words of every document as ids of types. */
#include "text/words.h"

#include "base/context.h"
#include "base/par.h"
#include "read/corpus.h"
#include "text/builder.h"
#include "text/cut.h"
#include "text/options.h"

#define CHUNK_BYTES ((size_t)1 << 20)

typedef struct {
    sheaf_i_word_builder builder;
    sheaf_i_doc *doc;   /* the corpus's, with chunks as they are cut here */
    int64_t *start;     /* first document of every chunk, and the end */
    int64_t n_chunks;
} cutting;

static sheaf_status visit_chunk(void *arg, int64_t chunk, int32_t worker)
{
    cutting *c = arg;
    return sheaf_i_builder_visit(&c->builder, worker, chunk, c->doc + c->start[chunk],
                                 c->start[chunk + 1] - c->start[chunk]);
}

/* Runs of documents of CHUNK_BYTES or a little more. */
static sheaf_status plan_chunks(cutting *c, const sheaf_corpus *corpus, sheaf_ctx *ctx)
{
    sheaf_status st = SHEAF_OK;
    int64_t room = 0, first = 0;
    size_t bytes = 0;
    SHEAF_NEW(c->doc, ctx, corpus->n);
    for (int64_t i = 0; i < corpus->n; i++) {
        c->doc[i] = corpus->docs[i];
        c->doc[i].chunk = c->n_chunks;
        c->doc[i].slot = (int32_t)(i - first);
        bytes += corpus->docs[i].text.n + 1;
        if (bytes < CHUNK_BYTES && i + 1 < corpus->n) continue;
        SHEAF_GROW(c->start, ctx, c->n_chunks, room);
        c->start[c->n_chunks++] = first;
        first = i + 1;
        bytes = 0;
    }
    SHEAF_GROW(c->start, ctx, c->n_chunks, room);
    c->start[c->n_chunks] = corpus->n;
done:
    return st;
}

sheaf_status sheaf_words_from_corpus(sheaf_ctx *ctx, sheaf_words **out, const sheaf_corpus *corpus,
                                     const sheaf_text_opts *given)
{
    sheaf_status st = SHEAF_OK;
    cutting c = {.n_chunks = 0};
    sheaf_text_opts o;
    *out = NULL;
    SHEAF_TRY(sheaf_i_text_opts(ctx, &o, given));
    if (corpus->n && !corpus->has_text)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "the texts of the corpus were not kept"));
    SHEAF_TRY(plan_chunks(&c, corpus, ctx));
    SHEAF_TRY(sheaf_i_builder_begin(&c.builder, ctx, o.analyzer));
    SHEAF_TRY(sheaf_i_par_for(ctx, "cutting words", c.n_chunks, visit_chunk, &c));
    SHEAF_TRY(sheaf_i_builder_finish(&c.builder, out, c.doc, corpus->n));
done:
    sheaf_i_builder_end(&c.builder);
    sheaf_i_free(ctx, c.doc);
    sheaf_i_free(ctx, c.start);
    return st;
}

void sheaf_words_free(sheaf_words *w)
{
    if (!w) return;
    for (int64_t i = 0; i < w->n_sequences; i++) sheaf_i_aligned_free(w->ctx, w->sequence[i]);
    sheaf_i_free(w->ctx, w->sequence);
    sheaf_i_free(w->ctx, w->doc);
    sheaf_i_free(w->ctx, w->doc_len);
    sheaf_i_aligned_free(w->ctx, w->type);
    sheaf_i_arena_end(&w->arena);
    sheaf_i_free(w->ctx, w);
}

int64_t sheaf_words_docs(const sheaf_words *w) { return w->n_docs; }
int64_t sheaf_words_types(const sheaf_words *w) { return w->n_types; }
int64_t sheaf_words_tokens(const sheaf_words *w) { return w->n_tokens; }
sheaf_str sheaf_words_type(const sheaf_words *w, uint32_t type) { return w->type[type]; }

const uint32_t *sheaf_words_of(const sheaf_words *w, int64_t doc, int64_t *n)
{
    *n = w->doc_len[doc];
    return w->doc[doc];
}

sheaf_status sheaf_words_spans(sheaf_ctx *ctx, sheaf_span **spans, int64_t *n, const sheaf_words *w,
                               const sheaf_corpus *c, int64_t doc)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_cutter cutter;
    sheaf_span *all = NULL;
    *spans = NULL;
    *n = 0;
    if (doc < 0 || doc >= w->n_docs || w->n_docs != c->n)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "document %lld of %lld", (long long)doc, (long long)w->n_docs));
    if (!c->has_text) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "the texts of the corpus were not kept"));
    sheaf_str text = c->docs[doc].text;
    if (text.n > UINT32_MAX) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "a document of %zu bytes is too long", text.n));
    int64_t have = 0, want = w->doc_len[doc];
    uint32_t start[SHEAF_I_CUT_WORDS], end[SHEAF_I_CUT_WORDS];
    SHEAF_NEW(all, ctx, want);
    sheaf_i_cut_begin(&cutter, w->analyzer, text.p, text.n);
    for (int32_t k; have <= want && (k = sheaf_i_cut(&cutter, start, end)) > 0; have += k)
        for (int32_t i = 0; i < k && have + i < want; i++)
            all[have + i] = (sheaf_span){start[i], end[i] - start[i]};
    if (have != want)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "document %lld is not the text that the words were cut from",
                               (long long)doc));
    *spans = all;
    *n = have;
    all = NULL;
done:
    sheaf_i_free(ctx, all);
    return st;
}

void sheaf_spans_free(sheaf_ctx *ctx, sheaf_span *spans)
{
    sheaf_i_free(ctx, spans);
}

const char *sheaf_i_words_validate(const sheaf_words *w)
{
    int64_t tokens = 0;
    for (int64_t d = 0; d < w->n_docs; d++) {
        if (w->doc_len[d] < 0) return "negative length of a document";
        for (int64_t i = 0; i < w->doc_len[d]; i++)
            if (w->doc[d][i] >= w->n_types) return "type id out of range";
        tokens += w->doc_len[d];
    }
    if (tokens != w->n_tokens) return "lengths of documents do not add up to the tokens";
    for (uint32_t t = 0; t < w->n_types; t++) {
        if (!w->type[t].n) return "empty type";
        if (w->type_count[t] < 1) return "type that never occurs";
        if (t && w->type_count[t] > w->type_count[t - 1]) return "types not by falling occurrences";
        tokens -= w->type_count[t];
    }
    return tokens ? "occurrences of types do not add up to the tokens" : NULL;
}
