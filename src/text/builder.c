/* One pass over the bytes: words are cut, looked up in the worker's own table and appended to its last slab.
 * Keys are made for as many words as are cut at a time and their slots prefetched, since the latency of the look-up is
 * what bounds the rate.
 */
#include "text/builder.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/cut.h"

#define FIRST_SLAB ((int64_t)1 << 15) /* ids; then four times as many, up to ... */
#define SLAB ((int64_t)1 << 20)       /* ... two huge pages */
#define FETCH_BYTES 1024

sheaf_status sheaf_i_builder_begin(sheaf_i_word_builder *b, sheaf_ctx *ctx, sheaf_analyzer analyzer)
{
    sheaf_status st = SHEAF_OK;
    *b = (sheaf_i_word_builder){.ctx = ctx, .analyzer = analyzer, .n_workers = sheaf_ctx_threads(ctx)};
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
        for (int64_t j = 0; j < w->n_chunks; j++) sheaf_i_free(b->ctx, w->chunk[j].doc);
        for (int64_t j = 0; j < w->n_slabs; j++) sheaf_i_aligned_free(b->ctx, w->slab[j].id);
        sheaf_i_free(b->ctx, w->chunk);
        sheaf_i_free(b->ctx, w->slab);
        sheaf_i_free(b->ctx, w->scratch);
        sheaf_i_free(b->ctx, w->count);
        sheaf_i_free(b->ctx, w->global);
        sheaf_i_free(b->ctx, w->shard_at);
    }
    sheaf_i_free(b->ctx, b->worker);
    b->worker = NULL;
}

/* sklearn: words with a capital sigma stand for their lower-case form, which depends on what is around them. */
static sheaf_status lower_sigmas(sheaf_i_word_builder *b, sheaf_i_word_worker *w, sheaf_str text, sheaf_span span,
                                 sheaf_i_key *key)
{
    if (w->scratch_room < span.length) {
        void *p = sheaf_i_resize(b->ctx, w->scratch, span.length, 1);
        if (!p) return SHEAF_ENOMEM;
        w->scratch = p;
        w->scratch_room = span.length;
    }
    if (sheaf_i_cut_sigma((const uint8_t *)text.p, text.n, span, w->scratch))
        *key = sheaf_i_key_of((const char *)w->scratch, span.length, span.length);
    return SHEAF_OK;
}

/* Room for one more step of cutting behind the `have` words of the document that the last slab ends with. A new slab
   takes these over. */
static sheaf_status make_room(sheaf_i_word_builder *b, sheaf_i_word_worker *w, int64_t have)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_slab *last = w->n_slabs ? &w->slab[w->n_slabs - 1] : NULL;
    if (last && last->room - last->n >= SHEAF_I_CUT_WORDS) return SHEAF_OK;
    sheaf_i_slab new = {.n = have, .room = last ? 4 * last->room : FIRST_SLAB};
    if (new.room > SLAB) new.room = SLAB;
    while (new.room < 2 * have + SHEAF_I_CUT_WORDS) new.room *= 2;
    SHEAF_GROW(w->slab, b->ctx, w->n_slabs, w->slab_room);
    SHEAF_NEW_ALIGNED(new.id, b->ctx, new.room);
    if (have) {
        last = &w->slab[w->n_slabs - 1];
        last->n -= have;
        memcpy(new.id, last->id + last->n, (size_t)have * sizeof *new.id);
    }
    w->slab[w->n_slabs++] = new;
done:
    return st;
}

/* Appends the words to the worker's last slab; *n: how many. */
static sheaf_status add_document(sheaf_i_word_builder *b, sheaf_i_word_worker *w, sheaf_str text, int64_t *n_words)
{
    sheaf_status st = SHEAF_OK;
    uint32_t start[SHEAF_I_CUT_WORDS], end[SHEAF_I_CUT_WORDS];
    sheaf_i_key key[SHEAF_I_CUT_WORDS];
    sheaf_i_cutter cutter;
    *n_words = 0;
    if (text.n > UINT32_MAX) return sheaf_i_fail(b->ctx, SHEAF_EINVAL, "a document of %zu bytes is too long", text.n);
    sheaf_i_cut_begin(&cutter, b->analyzer, text.p, text.n);
    for (int32_t n; (n = sheaf_i_cut(&cutter, start, end)) > 0;) {
        SHEAF_TRY(make_room(b, w, *n_words));
        for (int32_t i = 0; i < n; i++) {
            key[i] = sheaf_i_key_of(text.p + start[i], end[i] - start[i], text.n - start[i]);
            sheaf_i_table_prefetch(&w->table, &key[i]);
        }
        sheaf_i_slab *slab = &w->slab[w->n_slabs - 1];
        uint32_t *out = slab->id + slab->n;
        for (int32_t i = 0; i < n; i++) {
            if (cutter.sigma)
                SHEAF_TRY(lower_sigmas(b, w, text, (sheaf_span){start[i], end[i] - start[i]}, &key[i]));
            sheaf_i_slot *slot = sheaf_i_table_slot(&w->table, &key[i]);
            if (__builtin_expect(!slot->id, 0)) {
                SHEAF_TRY(sheaf_i_table_add(&w->table, &key[i], &out[i]));
                continue;
            }
            slot->count++;
            out[i] = slot->id - 1;
        }
        slab->n += n;
        *n_words += n;
    }
done:
    return st;
}

/* Documents may lie anywhere, where the processor does not look for the next one by itself. */
static inline __attribute__((always_inline)) void fetch_text(sheaf_str text)
{
    size_t n = text.n < FETCH_BYTES ? text.n : FETCH_BYTES;
    for (size_t i = 0; i < n; i += 64) __builtin_prefetch(text.p + i);
}

sheaf_status sheaf_i_builder_visit(void *arg, int32_t worker, int64_t chunk, const sheaf_i_doc *docs, int64_t n)
{
    static const uint32_t nothing[1];
    sheaf_i_word_builder *b = arg;
    sheaf_i_word_worker *w = &b->worker[worker];
    sheaf_status st = SHEAF_OK;
    SHEAF_GROW(w->chunk, b->ctx, w->n_chunks, w->chunk_room);
    sheaf_i_word_chunk *c = &w->chunk[w->n_chunks++];
    *c = (sheaf_i_word_chunk){.number = chunk, .worker = worker, .n_docs = n};
    SHEAF_NEW(c->doc, b->ctx, n);
    for (int64_t i = 0; i < n; i++) {
        if (i + 1 < n) fetch_text(docs[i + 1].text);
        SHEAF_TRY(add_document(b, w, docs[i].text, &c->doc[i].n));
        const sheaf_i_slab *last = w->n_slabs ? &w->slab[w->n_slabs - 1] : NULL;
        c->doc[i].id = c->doc[i].n ? last->id + last->n - c->doc[i].n : nothing;
        w->n_ids += c->doc[i].n;
    }
done:
    return st;
}

/* The table of one worker is complete. */
static sheaf_status close_table(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sheaf_i_word_builder *b = arg;
    sheaf_i_word_worker *w = &b->worker[block];
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(w->count, b->ctx, w->table.n);
    sheaf_i_table_counts(&w->table, w->count);
    sheaf_i_table_close(&w->table);
done:
    return st;
}

typedef struct {
    sheaf_i_word_builder *b;
    sheaf_i_word_chunk **chunk; /* by number */
    sheaf_i_slab **slab;
    int32_t *slab_worker;
    sheaf_words *w;
} finish;

static sheaf_status renumber(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    finish *f = arg;
    int32_t owner = f->slab_worker[block];
    const uint32_t *global = f->b->worker[owner].global;
    const sheaf_i_slab *s = f->slab[block];
    for (int64_t i = 0; i < s->n; i++) s->id[i] = global[s->id[i]];
    return SHEAF_OK;
}

/* The words of the documents pass to f->w. */
static sheaf_status renumber_slabs(finish *f)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = f->b->ctx;
    int64_t n = 0;
    for (int32_t i = 0; i < f->b->n_workers; i++) n += f->b->worker[i].n_slabs;
    SHEAF_NEW(f->slab, ctx, n);
    SHEAF_NEW(f->slab_worker, ctx, n);
    SHEAF_NEW(f->w->sequence, ctx, n);
    n = 0;
    for (int32_t i = 0; i < f->b->n_workers; i++)
        for (int64_t j = 0; j < f->b->worker[i].n_slabs; j++) {
            f->slab_worker[n] = i;
            f->slab[n++] = &f->b->worker[i].slab[j];
        }
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, n, renumber, f));
    for (int64_t i = 0; i < n; i++) {
        f->w->sequence[i] = f->slab[i]->id;
        f->slab[i]->id = NULL;
    }
    f->w->n_sequences = n;
done:
    return st;
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
        w->doc[i] = c->doc[d->slot].id;
        w->doc_len[i] = c->doc[d->slot].n;
        w->n_tokens += w->doc_len[i];
    }
    return SHEAF_OK;
}

/* Documents that were cut but are not in the corpus must not count: occurrences are then taken from those that are. */
static void count_again(const finish *f, const sheaf_i_doc *docs, int64_t n)
{
    for (int32_t i = 0; i < f->b->n_workers; i++) {
        const sheaf_i_word_worker *w = &f->b->worker[i];
        if (w->table.n) memset(w->count, 0, (size_t)w->table.n * sizeof *w->count);
    }
    for (int64_t i = 0; i < n; i++) {
        const sheaf_i_word_chunk *c = f->chunk[docs[i].chunk];
        uint32_t *count = f->b->worker[c->worker].count;
        for (int64_t j = 0; j < c->doc[docs[i].slot].n; j++) count[c->doc[docs[i].slot].id[j]]++;
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
    SHEAF_TRY(place_documents(&f, n_chunks, docs, n));
    SHEAF_TRY(sheaf_i_par_for(b->ctx, NULL, b->n_workers, close_table, b));
    int64_t cut = 0;
    for (int32_t i = 0; i < b->n_workers; i++) cut += b->worker[i].n_ids;
    if (cut != w->n_tokens) count_again(&f, docs, n);
    SHEAF_TRY(sheaf_i_merge_types(b, w));
    SHEAF_TRY(renumber_slabs(&f));
    *out = w;
    f.w = NULL;
done:
    sheaf_words_free(f.w);
    sheaf_i_free(b->ctx, f.chunk);
    sheaf_i_free(b->ctx, f.slab);
    sheaf_i_free(b->ctx, f.slab_worker);
    return st;
}
