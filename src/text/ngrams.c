/* Word n-grams; see ngrams.h.
 *
 * Most n-grams of a text occur once, so a filter goes first: two bitmaps over hashes, the second holding those met at
 * least twice. Both are what they are whatever the order in which bits are set. Only n-grams that pass enter the
 * workers' tables, with the documents that hold them; equal ones are then added up.
 */
#include "text/ngrams.h"

#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"

#define DOCS_PER_BLOCK 512
#define MIN_FILTER_BITS ((uint64_t)1 << 16)
#define MAX_FILTER_BITS ((uint64_t)1 << 33)

typedef struct {
    sheaf_i_table table;
    uint32_t *stamp;      /* last document + 1 that was counted */
    int64_t room;
    int32_t *ids;
    int64_t ids_room;
} worker_state;

typedef struct {
    const sheaf_i_analysis *a;
    worker_state *worker;
    uint64_t *once, *twice; /* NULL: no filter */
    uint64_t mask;          /* of bits */
    int64_t *block_total;
    bool counting;          /* second pass */
} search;

int64_t sheaf_i_doc_terms(const sheaf_i_analysis *a, int64_t doc, int32_t *out)
{
    const int32_t *term = a->term_of_type[a->doc_language[doc]];
    int64_t n = 0;
    for (int64_t i = 0; i < a->w->doc_len[doc]; i++) {
        int32_t t = term[a->w->doc[doc][i]];
        if (t >= 0) out[n++] = t;
    }
    return n;
}

static void filter_add(search *s, uint64_t hash)
{
    uint64_t at = (hash & s->mask) >> 6, bit = (uint64_t)1 << (hash & 63);
    if (__atomic_fetch_or(&s->once[at], bit, __ATOMIC_RELAXED) & bit)
        __atomic_fetch_or(&s->twice[at], bit, __ATOMIC_RELAXED);
}

static sheaf_status count_ngram(search *s, worker_state *w, const sheaf_i_key *key, int64_t doc)
{
    sheaf_status st = SHEAF_OK;
    uint32_t id;
    if (s->twice && !(s->twice[(key->hash & s->mask) >> 6] >> (key->hash & 63) & 1)) return SHEAF_OK;
    int64_t before = w->table.n;
    SHEAF_TRY(sheaf_i_table_intern(&w->table, key, &id));
    if (id == before) {
        SHEAF_GROW(w->stamp, s->a->ctx, before, w->room);
        w->stamp[id] = 0;
    }
    if (w->stamp[id] == (uint32_t)doc + 1) return SHEAF_OK;
    w->stamp[id] = (uint32_t)doc + 1;
    w->table.entry[id].count++;
done:
    return st;
}

static sheaf_status visit_block(void *arg, int64_t block, int32_t worker)
{
    search *s = arg;
    worker_state *w = &s->worker[worker];
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(s->a->w->n_docs, DOCS_PER_BLOCK, block, &lo, &hi);
    for (int64_t d = lo; d < hi; d++) {
        if (w->ids_room < s->a->w->doc_len[d]) {
            void *p = sheaf_i_resize(s->a->ctx, w->ids, s->a->w->doc_len[d], sizeof *w->ids);
            if (!p) return SHEAF_ENOMEM;
            w->ids = p;
            w->ids_room = s->a->w->doc_len[d];
        }
        int64_t n = sheaf_i_doc_terms(s->a, d, w->ids);
        int32_t shortest = s->a->o->ngram_min < 2 ? 2 : s->a->o->ngram_min;
        for (int32_t len = shortest; len <= s->a->o->ngram_max; len++)
            for (int64_t i = 0; i + len <= n; i++) {
                sheaf_i_key key = sheaf_i_ngram_key(w->ids + i, len);
                if (s->counting) SHEAF_TRY(count_ngram(s, w, &key, d));
                else filter_add(s, key.hash);
            }
    }
done:
    return st;
}

/* The filter has 8 bits or more an n-gram, so few that occur once pass. */
static sheaf_status run_filter(search *s, int64_t n_blocks)
{
    sheaf_status st = SHEAF_OK;
    uint64_t want = (uint64_t)s->a->w->n_tokens * (uint64_t)(s->a->o->ngram_max - 1), bits = MIN_FILTER_BITS;
    while (bits / 8 < want && bits < MAX_FILTER_BITS) bits *= 2;
    s->mask = bits - 1;
    SHEAF_NEW0(s->once, s->a->ctx, (int64_t)(bits / 64));
    SHEAF_NEW0(s->twice, s->a->ctx, (int64_t)(bits / 64));
    SHEAF_TRY(sheaf_i_par_for(s->a->ctx, NULL, n_blocks, visit_block, s));
done:
    sheaf_i_free(s->a->ctx, s->once);
    s->once = NULL;
    return st;
}

/* Adds up what the workers found, then keeps what is within the limits. */
static sheaf_status unite(sheaf_i_ngrams *g, search *s, sheaf_i_df_limits limits)
{
    sheaf_ctx *ctx = s->a->ctx;
    sheaf_status st = SHEAF_OK;
    sheaf_i_table all = {0};
    int64_t *df = NULL, room = 0;
    SHEAF_TRY(sheaf_i_table_init(&all, ctx));
    for (int32_t i = 0; i < sheaf_ctx_threads(ctx); i++) {
        for (int64_t j = 0; j < s->worker[i].table.n; j++) {
            const sheaf_i_entry *e = &s->worker[i].table.entry[j];
            sheaf_i_key key = sheaf_i_key_of(e->p, e->length, e->length);
            int64_t before = all.n;
            uint32_t id;
            SHEAF_TRY(sheaf_i_table_intern(&all, &key, &id));
            if (id == before) {
                SHEAF_GROW(df, ctx, before, room);
                df[id] = 0;
            }
            df[id] += e->count;
        }
        sheaf_i_table_end(&s->worker[i].table);
    }
    int64_t n = 0;
    for (int64_t i = 0; i < all.n; i++) n += df[i] >= limits.min && df[i] <= limits.max;
    SHEAF_NEW(g->df, ctx, n);
    SHEAF_NEW(g->feature, ctx, n);
    for (int64_t i = 0; i < all.n; i++) {
        if (df[i] < limits.min || df[i] > limits.max) continue;
        const sheaf_i_entry *e = &all.entry[i];
        sheaf_i_key key = sheaf_i_key_of(e->p, e->length, e->length);
        uint32_t id;
        SHEAF_TRY(sheaf_i_table_add(&g->table, &key, &id));
        g->df[id] = df[i];
        g->feature[id] = -1;
    }
done:
    sheaf_i_table_end(&all);
    sheaf_i_free(ctx, df);
    return st;
}

sheaf_status sheaf_i_ngrams_find(sheaf_i_ngrams *g, const sheaf_i_analysis *a, sheaf_i_df_limits limits)
{
    sheaf_status st = SHEAF_OK;
    search s = {.a = a};
    int64_t n_blocks = sheaf_i_blocks(a->w->n_docs, DOCS_PER_BLOCK);
    SHEAF_TRY(sheaf_i_table_init(&g->table, a->ctx));
    SHEAF_NEW0(s.worker, a->ctx, sheaf_ctx_threads(a->ctx));
    for (int32_t i = 0; i < sheaf_ctx_threads(a->ctx); i++) SHEAF_TRY(sheaf_i_table_init(&s.worker[i].table, a->ctx));
    if (limits.min >= 2) SHEAF_TRY(run_filter(&s, n_blocks));
    s.counting = true;
    SHEAF_TRY(sheaf_i_par_for(a->ctx, "counting n-grams", n_blocks, visit_block, &s));
    SHEAF_TRY(unite(g, &s, limits));
done:
    for (int32_t i = 0; s.worker && i < sheaf_ctx_threads(a->ctx); i++) {
        sheaf_i_table_end(&s.worker[i].table);
        sheaf_i_free(a->ctx, s.worker[i].stamp);
        sheaf_i_free(a->ctx, s.worker[i].ids);
    }
    sheaf_i_free(a->ctx, s.worker);
    sheaf_i_free(a->ctx, s.twice);
    return st;
}

void sheaf_i_ngrams_end(sheaf_i_ngrams *g)
{
    if (!g->table.ctx) return;
    sheaf_i_free(g->table.ctx, g->df);
    sheaf_i_free(g->table.ctx, g->feature);
    sheaf_i_table_end(&g->table);
}
