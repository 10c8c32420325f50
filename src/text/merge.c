/* Union of the workers' tables. Types are split into shards by the top bits of their hash, every shard is sorted and
 * made unique on its own, and the ids follow from falling occurrences, ties by hash and bytes: an order that depends
 * on the corpus alone, and that keeps the frequent types together in every array that is indexed by type.
 */
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/builder.h"

#define SHARD_BITS 8
#define SHARDS (1 << SHARD_BITS)
#define SHARD_OF(hash) ((uint32_t)((hash) >> (64 - SHARD_BITS)))
#define RADIX_BITS 11
#define RADIX_PASSES 3
#define MAX_KEY (((int64_t)1 << (RADIX_BITS * RADIX_PASSES)) - 1)

typedef struct {
    uint64_t hash;
    int32_t worker;
    uint32_t id;     /* in the worker's table */
} reference;

typedef struct {
    sheaf_i_word_builder *b;
    reference *ref, *other;   /* all entries of all workers, by shard; room to sort them */
    uint32_t *ref_type;       /* of each, its type's rank within the shard */
    int64_t at[SHARDS + 1];   /* where each shard's begin */
    int64_t types[SHARDS + 1];/* number of types of each shard, then where they begin */
    sheaf_str *type;          /* in order of hash and bytes */
    int64_t *count;
    uint32_t *rank;           /* of those in the final order */
} merge;

static sheaf_status split(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    sheaf_i_word_worker *w = &m->b->worker[block];
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(w->by_shard, m->b->ctx, w->table.n);
    SHEAF_NEW0(w->shard_at, m->b->ctx, SHARDS + 1);
    SHEAF_NEW(w->global, m->b->ctx, w->table.n);
    uint32_t next[SHARDS];
    for (int64_t i = 0; i < w->table.n; i++)
        if (w->count[i]) w->shard_at[SHARD_OF(w->table.entry[i].hash) + 1]++;
    for (int32_t s = 0; s < SHARDS; s++) {
        w->shard_at[s + 1] += w->shard_at[s];
        next[s] = w->shard_at[s];
    }
    for (int64_t i = 0; i < w->table.n; i++)
        if (w->count[i]) w->by_shard[next[SHARD_OF(w->table.entry[i].hash)]++] = (uint32_t)i;
        else w->global[i] = 0; /* of documents that are not in the corpus: nobody asks */
done:
    return st;
}

static const sheaf_i_entry *entry_of(const merge *m, const reference *r)
{
    return &m->b->worker[r->worker].table.entry[r->id];
}

static int compare(const merge *m, const reference *a, const reference *b)
{
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    const sheaf_i_entry *p = entry_of(m, a), *q = entry_of(m, b);
    int order = memcmp(p->p, q->p, p->length < q->length ? p->length : q->length);
    return order ? order : (p->length > q->length) - (p->length < q->length);
}

/* By hash, ties by bytes: hashes are spread evenly, so that one counting pass over as many of their bits as there are
   references leaves little to the insertions behind it. */
static sheaf_status sort_references(const merge *m, reference *r, reference *other, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    int bits = 1;
    while (bits < 20 && (int64_t)1 << bits < n) bits++;
    uint32_t *at;
    SHEAF_NEW0(at, m->b->ctx, ((int64_t)1 << bits) + 1);
    for (int64_t i = 0; i < n; i++) at[(r[i].hash << SHARD_BITS >> (64 - bits)) + 1]++;
    for (int64_t k = 0; k < (int64_t)1 << bits; k++) at[k + 1] += at[k];
    for (int64_t i = 0; i < n; i++) other[at[r[i].hash << SHARD_BITS >> (64 - bits)]++] = r[i];
    for (int64_t i = 0; i < n; i++) {
        int64_t j = i;
        for (; j > 0 && compare(m, &other[i], &r[j - 1]) < 0; j--) r[j] = r[j - 1];
        r[j] = other[i];
    }
    sheaf_i_free(m->b->ctx, at);
done:
    return st;
}

/* Sorts one shard and numbers its distinct types. */
static sheaf_status sort_shard(void *arg, int64_t shard, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    sheaf_status st = SHEAF_OK;
    reference *r = m->ref + m->at[shard];
    int64_t n = 0, types = 0;
    for (int32_t i = 0; i < m->b->n_workers; i++) {
        const sheaf_i_word_worker *w = &m->b->worker[i];
        for (uint32_t j = w->shard_at[shard]; j < w->shard_at[shard + 1]; j++)
            r[n++] = (reference){w->table.entry[w->by_shard[j]].hash, i, w->by_shard[j]};
    }
    SHEAF_TRY(sort_references(m, r, m->other + m->at[shard], n));
    for (int64_t i = 0; i < n; i++) {
        if (i && compare(m, &r[i - 1], &r[i]) != 0) types++;
        m->ref_type[m->at[shard] + i] = (uint32_t)types;
    }
    m->types[shard] = n ? types + 1 : 0;
done:
    return st;
}

static sheaf_status collect_shard(void *arg, int64_t shard, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    for (int64_t i = m->at[shard]; i < m->at[shard + 1]; i++) {
        const reference *r = &m->ref[i];
        int64_t t = m->types[shard] + m->ref_type[i];
        m->type[t] = (sheaf_str){entry_of(m, r)->p, entry_of(m, r)->length};
        m->count[t] += m->b->worker[r->worker].count[r->id];
    }
    return SHEAF_OK;
}

static sheaf_status tell_workers(void *arg, int64_t shard, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    for (int64_t i = m->at[shard]; i < m->at[shard + 1]; i++) {
        const reference *r = &m->ref[i];
        m->b->worker[r->worker].global[r->id] = m->rank[m->types[shard] + m->ref_type[i]];
    }
    return SHEAF_OK;
}

/* order[0 .. n): by falling count, ties as they stand. Least significant digit first. */
static void order_by_count(const int64_t *count, uint32_t *order, uint32_t *other, int64_t n)
{
    static const int64_t digits = (int64_t)1 << RADIX_BITS;
    for (int64_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    for (int pass = 0; pass < RADIX_PASSES; pass++) {
        int64_t at[((int64_t)1 << RADIX_BITS) + 1] = {0};
        int shift = pass * RADIX_BITS;
        for (int64_t i = 0; i < n; i++) {
            int64_t key = MAX_KEY - (count[i] < MAX_KEY ? count[i] : MAX_KEY);
            at[(key >> shift & (digits - 1)) + 1]++;
        }
        for (int64_t d = 0; d < digits; d++) at[d + 1] += at[d];
        for (int64_t i = 0; i < n; i++) {
            int64_t c = count[order[i]], key = MAX_KEY - (c < MAX_KEY ? c : MAX_KEY);
            other[at[key >> shift & (digits - 1)]++] = order[i];
        }
        uint32_t *swap = order;
        order = other;
        other = swap;
    }
}

/* Hands the types over in their final order. */
static sheaf_status settle(merge *m, sheaf_words *w, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    uint32_t *order = NULL, *other = NULL;
    SHEAF_NEW(order, w->ctx, n);
    SHEAF_NEW(other, w->ctx, n);
    SHEAF_NEW(m->rank, w->ctx, n);
    SHEAF_NEW(w->type, w->ctx, n);
    SHEAF_NEW(w->type_count, w->ctx, n);
    order_by_count(m->count, order, other, n);
    for (int64_t i = 0; i < n; i++) { /* an odd number of passes leaves the result in `other` */
        m->rank[other[i]] = (uint32_t)i;
        w->type[i] = m->type[other[i]];
        w->type_count[i] = m->count[other[i]];
    }
    w->n_types = (uint32_t)n;
done:
    sheaf_i_free(w->ctx, order);
    sheaf_i_free(w->ctx, other);
    return st;
}

sheaf_status sheaf_i_merge_types(sheaf_i_word_builder *b, sheaf_words *w)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = b->ctx;
    merge m = {.b = b};
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, b->n_workers, split, &m));
    for (int32_t s = 0; s < SHARDS; s++) {
        m.at[s + 1] = m.at[s];
        for (int32_t i = 0; i < b->n_workers; i++)
            m.at[s + 1] += b->worker[i].shard_at[s + 1] - b->worker[i].shard_at[s];
    }
    SHEAF_NEW(m.ref, ctx, m.at[SHARDS]);
    SHEAF_NEW(m.other, ctx, m.at[SHARDS]);
    SHEAF_NEW(m.ref_type, ctx, m.at[SHARDS]);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, SHARDS, sort_shard, &m));
    int64_t n = 0;
    for (int32_t s = 0; s <= SHARDS; s++) {
        int64_t here = s < SHARDS ? m.types[s] : 0;
        m.types[s] = n;
        n += here;
    }
    if (n > INT32_MAX) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld distinct words are too many", (long long)n));
    SHEAF_NEW(m.type, ctx, n);
    SHEAF_NEW0(m.count, ctx, n);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, SHARDS, collect_shard, &m));
    SHEAF_TRY(settle(&m, w, n));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, SHARDS, tell_workers, &m));
    for (int32_t i = 0; i < b->n_workers; i++) sheaf_i_arena_join(&w->arena, &b->worker[i].table.arena);
done:
    sheaf_i_free(ctx, m.ref);
    sheaf_i_free(ctx, m.other);
    sheaf_i_free(ctx, m.ref_type);
    sheaf_i_free(ctx, m.type);
    sheaf_i_free(ctx, m.count);
    sheaf_i_free(ctx, m.rank);
    return st;
}
