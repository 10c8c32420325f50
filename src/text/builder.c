/* One pass over the bytes: words are cut, looked up in the worker's own table and appended to the chunk's sequence.
 * Keys are made a batch at a time and their slots prefetched, since the latency of the look-up is what bounds the rate.
 */
#define _GNU_SOURCE /* memmem */
#include "text/builder.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/cut.h"

#define BATCH 128

sheaf_status sheaf_i_builder_begin(sheaf_i_word_builder *b, sheaf_ctx *ctx, sheaf_analyzer analyzer)
{
    sheaf_status st = SHEAF_OK;
    *b = (sheaf_i_word_builder){.ctx = ctx, .analyzer = analyzer, .n_workers = ctx->threads};
    SHEAF_NEW0(b->worker, ctx, b->n_workers);
    for (int32_t i = 0; i < b->n_workers; i++) SHEAF_TRY(sheaf_i_table_init(&b->worker[i].table, ctx));
done:
    if (st != SHEAF_OK) sheaf_i_builder_end(b);
    return st;
}

void sheaf_i_builder_end(sheaf_i_word_builder *b)
{
    for (int32_t i = 0; b->worker && i < b->n_workers; i++) {
        sheaf_i_word_worker *w = &b->worker[i];
        sheaf_i_table_end(&w->table);
        for (int64_t j = 0; j < w->n_chunks; j++) {
            sheaf_i_free(b->ctx, w->chunk[j].offset);
            sheaf_i_free(b->ctx, w->chunk[j].sequence);
        }
        sheaf_i_free(b->ctx, w->chunk);
        sheaf_i_free(b->ctx, w->scratch);
        sheaf_i_free(b->ctx, w->global);
        sheaf_i_free(b->ctx, w->by_shard);
        sheaf_i_free(b->ctx, w->shard_at);
    }
    sheaf_i_free(b->ctx, b->worker);
    b->worker = NULL;
}

/* sklearn: words with a capital sigma stand for their lower-case form, which depends on what is around them. */
static sheaf_status lower_sigmas(sheaf_i_word_builder *b, sheaf_i_word_worker *w, sheaf_str text,
                                 const sheaf_span *span, sheaf_i_key *key)
{
    if (w->scratch_room < span->length) {
        void *p = sheaf_i_resize(b->ctx, w->scratch, span->length, 1);
        if (!p) return SHEAF_ENOMEM;
        w->scratch = p;
        w->scratch_room = span->length;
    }
    if (sheaf_i_cut_sigma((const uint8_t *)text.p, text.n, *span, w->scratch))
        *key = sheaf_i_key_of((const char *)w->scratch, span->length, span->length);
    return SHEAF_OK;
}

static sheaf_status make_room(sheaf_i_word_builder *b, sheaf_i_word_chunk *c, int64_t *room)
{
    if (c->n + BATCH <= *room) return SHEAF_OK;
    int64_t more = *room + *room / 2 + BATCH;
    void *p = sheaf_i_resize(b->ctx, c->sequence, more, sizeof *c->sequence);
    if (!p) return SHEAF_ENOMEM;
    c->sequence = p;
    *room = more;
    return SHEAF_OK;
}

static sheaf_status add_document(sheaf_i_word_builder *b, sheaf_i_word_worker *w, sheaf_i_word_chunk *c, int64_t *room,
                                 sheaf_str text)
{
    sheaf_status st = SHEAF_OK;
    sheaf_span span[BATCH];
    sheaf_i_key key[BATCH];
    sheaf_i_cutter cutter;
    bool sigmas = b->analyzer == SHEAF_ANALYZER_SKLEARN && text.n && memmem(text.p, text.n, "\xce\xa3", 2);
    if (text.n > UINT32_MAX) return sheaf_i_fail(b->ctx, SHEAF_EINVAL, "a document of %zu bytes is too long", text.n);
    sheaf_i_cut_begin(&cutter, b->analyzer, text.p, text.n);
    for (int32_t n; (n = sheaf_i_cut(&cutter, span, BATCH)) > 0;) {
        SHEAF_TRY(make_room(b, c, room));
        for (int32_t i = 0; i < n; i++) {
            key[i] = sheaf_i_key_of(text.p + span[i].start, span[i].length, text.n - span[i].start);
            if (!sigmas) __builtin_prefetch(&w->table.slot[(uint32_t)key[i].hash & w->table.mask]);
        }
        for (int32_t i = 0; i < n; i++) {
            if (sigmas) SHEAF_TRY(lower_sigmas(b, w, text, &span[i], &key[i]));
            uint32_t id;
            SHEAF_TRY(sheaf_i_table_intern(&w->table, &key[i], &id));
            w->table.entry[id].count++;
            c->sequence[c->n++] = id;
        }
    }
done:
    return st;
}

sheaf_status sheaf_i_builder_visit(void *arg, int32_t worker, int64_t chunk, const sheaf_i_doc *docs, int64_t n)
{
    sheaf_i_word_builder *b = arg;
    sheaf_i_word_worker *w = &b->worker[worker];
    sheaf_status st = SHEAF_OK;
    SHEAF_GROW(w->chunk, b->ctx, w->n_chunks, w->chunk_room);
    sheaf_i_word_chunk *c = &w->chunk[w->n_chunks++];
    *c = (sheaf_i_word_chunk){.number = chunk, .worker = worker, .n_docs = n};
    SHEAF_NEW(c->offset, b->ctx, n + 1);
    size_t bytes = 0;
    for (int64_t i = 0; i < n; i++) bytes += docs[i].text.n;
    int64_t room = (int64_t)(bytes / 6) + BATCH; /* an English word and its space */
    SHEAF_NEW(c->sequence, b->ctx, room);
    for (int64_t i = 0; i < n; i++) {
        c->offset[i] = c->n;
        SHEAF_TRY(add_document(b, w, c, &room, docs[i].text));
    }
    c->offset[n] = c->n;
    uint32_t *fit = sheaf_i_resize(b->ctx, c->sequence, c->n, sizeof *fit);
    if (fit) c->sequence = fit;
    else st = SHEAF_ENOMEM;
done:
    return st;
}

typedef struct {
    sheaf_i_word_builder *b;
    sheaf_i_word_chunk **chunk; /* by number */
    sheaf_words *w;
} finish;

static sheaf_status renumber(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    finish *f = arg;
    const sheaf_i_word_chunk *c = f->chunk[block];
    const uint32_t *global = f->b->worker[c->worker].global;
    for (int64_t i = 0; i < c->n; i++) c->sequence[i] = global[c->sequence[i]];
    return SHEAF_OK;
}

/* The chunks by number; their numbers must be dense. */
static sheaf_status list_chunks(finish *f, int64_t *n_chunks)
{
    sheaf_status st = SHEAF_OK;
    int64_t n = 0;
    for (int32_t i = 0; i < f->b->n_workers; i++) n += f->b->worker[i].n_chunks;
    *n_chunks = n;
    SHEAF_NEW0(f->chunk, f->b->ctx, n);
    for (int32_t i = 0; i < f->b->n_workers; i++) {
        sheaf_i_word_worker *w = &f->b->worker[i];
        for (int64_t j = 0; j < w->n_chunks; j++) {
            if (w->chunk[j].number < 0 || w->chunk[j].number >= n || f->chunk[w->chunk[j].number])
                return sheaf_i_fail(f->b->ctx, SHEAF_EBUG, "chunk %lld of %lld", (long long)w->chunk[j].number,
                                    (long long)n);
            f->chunk[w->chunk[j].number] = &w->chunk[j];
        }
    }
done:
    return st;
}

static sheaf_status place_documents(finish *f, int64_t n_chunks, const sheaf_i_doc *docs, int64_t n)
{
    sheaf_words *w = f->w;
    for (int64_t i = 0; i < n; i++) {
        const sheaf_i_doc *d = &docs[i];
        if (d->chunk < 0 || d->chunk >= n_chunks || d->slot < 0 || d->slot >= f->chunk[d->chunk]->n_docs)
            return sheaf_i_fail(w->ctx, SHEAF_EBUG, "document %lld was not visited", (long long)i);
        const sheaf_i_word_chunk *c = f->chunk[d->chunk];
        w->doc[i] = c->sequence + c->offset[d->slot];
        w->doc_len[i] = c->offset[d->slot + 1] - c->offset[d->slot];
        w->n_tokens += w->doc_len[i];
    }
    return SHEAF_OK;
}

/* Documents that were cut but are not in the corpus must not count: occurrences are then taken from those that are. */
static void count_again(const finish *f, const sheaf_i_doc *docs, int64_t n)
{
    for (int32_t i = 0; i < f->b->n_workers; i++)
        for (int64_t j = 0; j < f->b->worker[i].table.n; j++) f->b->worker[i].table.entry[j].count = 0;
    for (int64_t i = 0; i < n; i++) {
        const sheaf_i_word_chunk *c = f->chunk[docs[i].chunk];
        sheaf_i_entry *entry = f->b->worker[c->worker].table.entry;
        for (int64_t j = c->offset[docs[i].slot]; j < c->offset[docs[i].slot + 1]; j++) entry[c->sequence[j]].count++;
    }
}

sheaf_status sheaf_i_builder_finish(sheaf_i_word_builder *b, sheaf_words **out, const sheaf_i_doc *docs, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    finish f = {.b = b};
    int64_t n_chunks = 0;
    SHEAF_NEW0(f.w, b->ctx, 1);
    sheaf_words *w = f.w;
    w->ctx = b->ctx;
    w->analyzer = b->analyzer;
    w->n_docs = n;
    sheaf_i_arena_init(&w->arena, b->ctx);
    SHEAF_TRY(list_chunks(&f, &n_chunks));
    SHEAF_NEW(w->doc, b->ctx, n);
    SHEAF_NEW(w->doc_len, b->ctx, n);
    SHEAF_NEW(w->sequence, b->ctx, n_chunks);
    SHEAF_TRY(place_documents(&f, n_chunks, docs, n));
    int64_t cut = 0;
    for (int64_t i = 0; i < n_chunks; i++) cut += f.chunk[i]->n;
    if (cut != w->n_tokens) count_again(&f, docs, n);
    SHEAF_TRY(sheaf_i_merge_types(b, w));
    SHEAF_TRY(sheaf_i_par_for(b->ctx, NULL, n_chunks, renumber, &f));
    for (int64_t i = 0; i < n_chunks; i++) {
        w->sequence[i] = f.chunk[i]->sequence;
        f.chunk[i]->sequence = NULL;
    }
    w->n_sequences = n_chunks;
    *out = w;
    f.w = NULL;
done:
    sheaf_words_free(f.w);
    sheaf_i_free(b->ctx, f.chunk);
    return st;
}
