/* Union of the workers' tables. Types are split into shards by the top bits of their hash, every shard is sorted and
 * made unique on its own, and the ids follow from falling occurrences, ties by hash and bytes: an order that depends
 * on the corpus alone, and that keeps the frequent types together in every array that is indexed by type.
 */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/builder.h"
#include "text/pages.h"

#define SHARD_BITS 8
#define SHARDS (1 << SHARD_BITS)
#define SHARD_OF(hash) ((uint32_t)((hash) >> (64 - SHARD_BITS)))
#define SMALL_COUNT 4096
#define TYPES_PER_BLOCK 16384
#define AHEAD 16 /* entries of a shard lie all over the place */
_Static_assert(sizeof(sheaf_str) <= 16, "a type takes the place of a reference");

typedef struct {
    uint64_t hash;
    int32_t worker;
    uint32_t id;     /* in the worker's table */
} reference;

typedef struct {
    sheaf_i_word_builder *b;
    void *scratch;            /* of all below: one piece, in huge pages where it is large */
    reference *ref, *other;   /* all entries of all workers, by shard; room to sort them */
    uint32_t *ref_type;       /* of each, its type's rank within the shard */
    int64_t at[SHARDS + 1];   /* where each shard's begin */
    int64_t types[SHARDS + 1];/* number of types of each shard, then where they begin */
    sheaf_str *type;          /* in order of hash and bytes; where `other` was */
    int64_t *count;
    uint32_t *order, *rank;   /* the final order, and the ranks of those in it */
    sheaf_words *w;
} merge;

static sheaf_status count_shards(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    sheaf_i_word_worker *w = &m->b->worker[block];
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW0(w->shard_at, m->b->ctx, SHARDS);
    for (int64_t i = 0; i < w->table.n; i++)
        if (w->count[i]) w->shard_at[SHARD_OF(w->table.entry[i].hash)]++;
done:
    return st;
}

/* Where each worker's entries of each shard go, one worker behind the other. */
static void place_shards(merge *m)
{
    for (int32_t s = 0; s < SHARDS; s++) {
        int64_t at = m->at[s];
        for (int32_t i = 0; i < m->b->n_workers; i++) {
            int64_t n = m->b->worker[i].shard_at[s];
            m->b->worker[i].shard_at[s] = at;
            at += n;
        }
        m->at[s + 1] = at;
    }
}

static sheaf_status split(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    sheaf_i_word_worker *w = &m->b->worker[block];
    for (int64_t i = 0; i < w->table.n; i++) {
        uint64_t hash = w->table.entry[i].hash;
        if (w->count[i]) m->ref[w->shard_at[SHARD_OF(hash)]++] = (reference){hash, (int32_t)block, (uint32_t)i};
    }
    return SHEAF_OK;
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
    int64_t n = m->at[shard + 1] - m->at[shard], types = 0;
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
    int64_t first = m->at[shard], end = m->at[shard + 1];
    for (int64_t i = first; i < end; i++) {
        const reference *r = &m->ref[i];
        if (i + AHEAD < end) {
            __builtin_prefetch(entry_of(m, r + AHEAD));
            __builtin_prefetch(&m->b->worker[r[AHEAD].worker].count[r[AHEAD].id]);
        }
        int64_t t = m->types[shard] + m->ref_type[i], before = 0;
        if (i > first && m->ref_type[i] == m->ref_type[i - 1]) before = m->count[t];
        m->type[t] = (sheaf_str){entry_of(m, r)->p, entry_of(m, r)->length};
        m->count[t] = before + m->b->worker[r->worker].count[r->id];
    }
    return SHEAF_OK;
}

/* The ids of types take the place of the counts; 0 stays for words of documents that are not in the corpus, which
   nobody asks for. */
static sheaf_status tell_workers(void *arg, int64_t shard, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    for (int64_t i = m->at[shard]; i < m->at[shard + 1]; i++) {
        const reference *r = &m->ref[i];
        m->b->worker[r->worker].count[r->id] = m->rank[m->types[shard] + m->ref_type[i]];
    }
    return SHEAF_OK;
}

typedef struct {
    int64_t count;
    uint32_t type;
} frequent;

static int compare_frequent(const void *pa, const void *pb)
{
    const frequent *a = pa, *b = pb;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    return (a->type > b->type) - (a->type < b->type);
}

/* m->order: by falling count, ties as they stand. A counting sort; the few that are above its range come first. */
static sheaf_status order_by_count(merge *m, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    frequent *top = NULL;
    int64_t at[SMALL_COUNT + 1] = {0}, n_top = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) at[m->count[i] < SMALL_COUNT ? SMALL_COUNT - m->count[i] : 0]++;
    SHEAF_NEW(top, m->b->ctx, at[0]);
    for (int64_t k = 0; k <= SMALL_COUNT; k++) {
        int64_t here = at[k];
        at[k] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < n; i++) {
        if (m->count[i] < SMALL_COUNT) m->order[at[SMALL_COUNT - m->count[i]]++] = (uint32_t)i;
        else top[n_top++] = (frequent){m->count[i], (uint32_t)i};
    }
    qsort(top, (size_t)n_top, sizeof *top, compare_frequent);
    for (int64_t i = 0; i < n_top; i++) m->order[i] = top[i].type;
done:
    sheaf_i_free(m->b->ctx, top);
    return st;
}

static sheaf_status settle_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    merge *m = arg;
    int64_t lo, hi;
    sheaf_i_range(m->w->n_types, TYPES_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        m->rank[m->order[i]] = (uint32_t)i;
        m->w->type[i] = m->type[m->order[i]];
        m->w->type_count[i] = m->count[m->order[i]];
    }
    return SHEAF_OK;
}

/* Hands the types over in their final order. */
static sheaf_status settle(merge *m, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(order_by_count(m, n));
    m->w->type = sheaf_i_pages(m->b->ctx, n, sizeof *m->w->type + sizeof *m->w->type_count);
    if (!m->w->type) return SHEAF_ENOMEM;
    m->w->type_count = (int64_t *)(void *)(m->w->type + n);
    m->w->n_types = (uint32_t)n;
    SHEAF_TRY(sheaf_i_par_for(m->b->ctx, NULL, sheaf_i_blocks(n, TYPES_PER_BLOCK), settle_block, m));
done:
    return st;
}

/* Room for n references and, since there are as many at most, types. */
static sheaf_status open_scratch(merge *m, int64_t n)
{
    m->scratch = sheaf_i_pages(m->b->ctx, n, 2 * sizeof *m->ref + sizeof *m->count + 3 * sizeof *m->order);
    if (!m->scratch) return SHEAF_ENOMEM;
    m->ref = m->scratch;
    m->other = m->ref + n;
    m->type = (sheaf_str *)(void *)m->other;
    m->count = (int64_t *)(void *)(m->other + n);
    m->order = (uint32_t *)(void *)(m->count + n);
    m->rank = m->order + n;
    m->ref_type = m->rank + n;
    return SHEAF_OK;
}

sheaf_status sheaf_i_merge_types(sheaf_i_word_builder *b, sheaf_words *w)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = b->ctx;
    merge m = {.b = b, .w = w};
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, b->n_workers, count_shards, &m));
    place_shards(&m);
    SHEAF_TRY(open_scratch(&m, m.at[SHARDS]));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, b->n_workers, split, &m));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, SHARDS, sort_shard, &m));
    int64_t n = 0;
    for (int32_t s = 0; s <= SHARDS; s++) {
        int64_t here = s < SHARDS ? m.types[s] : 0;
        m.types[s] = n;
        n += here;
    }
    if (n > INT32_MAX) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld distinct words are too many", (long long)n));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, SHARDS, collect_shard, &m));
    SHEAF_TRY(settle(&m, n));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, SHARDS, tell_workers, &m));
    for (int32_t i = 0; i < b->n_workers; i++) {
        sheaf_i_arena_join(&w->arena, &b->worker[i].table.arena);
        sheaf_i_table_end(&b->worker[i].table); /* the entries */
        b->worker[i].global = b->worker[i].count;
        b->worker[i].count = NULL;
    }
done:
    sheaf_i_aligned_free(ctx, m.scratch);
    return st;
}
