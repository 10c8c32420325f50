/* Places of runs of N words that occur twice or more.
 *
 * Most runs of a few words stand in one place alone, and no memory should be spent on them. Three passes over the words
 * with a rolling hash: the first marks in an array of two-bit counters which hashes come up a second time; what passes
 * is marked again in a fresh array by other bits of the hash, which leaves hardly any run that got in by chance; the
 * third collects. Counters are set by atomic or, so that what they say at the end does not depend on the order, and
 * they err on one side only: no run that occurs twice is lost.
 */
#include "near/seeds.h"

#include <stdatomic.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "near/rolling.h"

#define BLOCK_WORDS 65536     /* of a block of documents, or a little more */
#define COUNTERS_PER_RUN 4    /* at least; at most twice as many */
#define AHEAD 16              /* counters asked for before they are looked at */
#define BUCKET_SEEDS 4096
#define MOST_BUCKET_BITS 16
#define PARTS 64              /* of the blocks, for going into buckets */

/* Two-bit counters, 32 a word: bit 2i: seen; bit 2i + 1: seen again. */
typedef struct {
    _Atomic uint64_t *words;
    int shift;                /* a hash's counter is in its upper bits */
    uint64_t factor;          /* that the hash is multiplied by first */
} counters;

typedef struct {
    sheaf_i_seed *seed;
    int64_t n, room, again;   /* again: runs met when their counter was set already */
} found;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_tokens *t;
    int64_t least;
    int64_t *start, n_blocks; /* first document of every block, and the end */
    struct { uint32_t *words; uint64_t *hashes; } *scratch; /* of a worker */
    counters first, second;
    found *block;
    sheaf_i_seeds *out;
    int64_t *matrix;          /* PARTS x buckets: counts, then places */
} finder;

static sheaf_status counters_new(counters *c, sheaf_ctx *ctx, int64_t runs, uint64_t factor)
{
    sheaf_status st = SHEAF_OK;
    int bits = 12;
    while (bits < 40 && ((int64_t)1 << bits) < COUNTERS_PER_RUN * runs) bits++;
    c->shift = 64 - bits;
    c->factor = factor;
    const int64_t n = (int64_t)1 << (bits - 5);
    SHEAF_NEW_ALIGNED(c->words, ctx, n);
    memset((void *)c->words, 0, (size_t)n * sizeof *c->words);
done:
    return st;
}

static inline uint64_t counter_of(const counters *c, uint64_t hash) { return hash * c->factor >> c->shift; }

static inline void fetch(const counters *c, uint64_t hash)
{
    __builtin_prefetch((const void *)&c->words[counter_of(c, hash) >> 5], 1);
}

/* True if the counter was set before. */
static inline bool mark(const counters *c, uint64_t hash)
{
    const uint64_t i = counter_of(c, hash), bit = (uint64_t)1 << (2 * (i & 31));
    _Atomic uint64_t *word = &c->words[i >> 5];
    uint64_t was = atomic_load_explicit(word, memory_order_relaxed);
    if (!(was & bit)) was = atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
    if (!(was & bit)) return false;
    if (!(was & 2 * bit)) atomic_fetch_or_explicit(word, 2 * bit, memory_order_relaxed);
    return true;
}

static inline bool twice(const counters *c, uint64_t hash)
{
    const uint64_t i = counter_of(c, hash);
    return atomic_load_explicit(&c->words[i >> 5], memory_order_relaxed) >> (2 * (i & 31) + 1) & 1;
}

/* Hashes of all runs of a document; returns their number. */
static int64_t hash_runs(const finder *f, int64_t doc, int32_t worker)
{
    const int64_t n = sheaf_i_tokens_count(f->t, doc), k = f->least;
    uint32_t *w = f->scratch[worker].words;
    uint64_t *hash = f->scratch[worker].hashes;
    if (n < k) return 0;
    sheaf_i_tokens_of(f->t, doc, w);
    sheaf_i_rolling h = sheaf_i_rolling_begin(w, k);
    for (int64_t i = 0;; i++) {
        hash[i] = sheaf_i_rolling_hash(&h);
        if (i + k == n) return n - k + 1;
        sheaf_i_rolling_step(&h, w[i], w[i + k]);
    }
}

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    finder *f = arg;
    const uint64_t *hash = f->scratch[worker].hashes;
    int64_t again = 0;
    for (int64_t doc = f->start[block]; doc < f->start[block + 1]; doc++) {
        const int64_t n = hash_runs(f, doc, worker);
        for (int64_t i = 0; i < n && i < AHEAD; i++) fetch(&f->first, hash[i]);
        for (int64_t i = 0; i < n; i++) {
            if (i + AHEAD < n) fetch(&f->first, hash[i + AHEAD]);
            again += mark(&f->first, hash[i]);
        }
    }
    f->block[block].again = again;
    return SHEAF_OK;
}

static sheaf_status count_again_block(void *arg, int64_t block, int32_t worker)
{
    finder *f = arg;
    const uint64_t *hash = f->scratch[worker].hashes;
    for (int64_t doc = f->start[block]; doc < f->start[block + 1]; doc++) {
        const int64_t n = hash_runs(f, doc, worker);
        for (int64_t i = 0; i < n && i < AHEAD; i++) fetch(&f->first, hash[i]);
        for (int64_t i = 0; i < n; i++) {
            if (i + AHEAD < n) fetch(&f->first, hash[i + AHEAD]);
            if (twice(&f->first, hash[i])) (void)mark(&f->second, hash[i]);
        }
    }
    return SHEAF_OK;
}

static sheaf_status collect_block(void *arg, int64_t block, int32_t worker)
{
    finder *f = arg;
    sheaf_status st = SHEAF_OK;
    found *out = &f->block[block];
    const uint64_t *hash = f->scratch[worker].hashes;
    for (int64_t doc = f->start[block]; doc < f->start[block + 1]; doc++) {
        const int64_t n = hash_runs(f, doc, worker);
        for (int64_t i = 0; i < n && i < AHEAD; i++) fetch(&f->first, hash[i]);
        for (int64_t i = 0; i < n; i++) {
            if (i + AHEAD < n) fetch(&f->first, hash[i + AHEAD]);
            if (!twice(&f->first, hash[i]) || !twice(&f->second, hash[i])) continue;
            SHEAF_GROW(out->seed, f->ctx, out->n, out->room);
            out->seed[out->n++] = (sheaf_i_seed){hash[i], (uint32_t)doc, (uint32_t)i};
        }
    }
done:
    return st;
}

static sheaf_status plan(finder *f)
{
    sheaf_status st = SHEAF_OK;
    int64_t room = 0, words = 0;
    const int32_t workers = sheaf_ctx_threads(f->ctx);
    SHEAF_GROW(f->start, f->ctx, f->n_blocks, room);
    f->start[0] = 0;
    for (int64_t doc = 0; doc < f->t->n_docs; doc++) {
        words += sheaf_i_tokens_count(f->t, doc) + 1;
        if (words < BLOCK_WORDS && doc + 1 < f->t->n_docs) continue;
        f->n_blocks++;
        SHEAF_GROW(f->start, f->ctx, f->n_blocks, room);
        f->start[f->n_blocks] = doc + 1;
        words = 0;
    }
    SHEAF_NEW0(f->block, f->ctx, f->n_blocks);
    SHEAF_NEW0(f->scratch, f->ctx, workers);
    for (int32_t i = 0; i < workers; i++) {
        SHEAF_NEW(f->scratch[i].words, f->ctx, f->t->longest);
        SHEAF_NEW(f->scratch[i].hashes, f->ctx, f->t->longest);
    }
done:
    return st;
}

/* ---- into buckets ------------------------------------------------------------------------------ */

static int64_t part_begin(const finder *f, int64_t part) { return f->n_blocks * part / PARTS; }

static int64_t bucket_of(const sheaf_i_seeds *s, uint64_t hash) { return (int64_t)(hash >> 1 >> (63 - s->bits)); }

static sheaf_status size_part(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    finder *f = arg;
    int64_t *count = f->matrix + part * f->out->n_buckets;
    for (int64_t b = part_begin(f, part); b < part_begin(f, part + 1); b++)
        for (int64_t i = 0; i < f->block[b].n; i++) count[bucket_of(f->out, f->block[b].seed[i].hash)]++;
    return SHEAF_OK;
}

static sheaf_status place_part(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    finder *f = arg;
    int64_t *at = f->matrix + part * f->out->n_buckets;
    for (int64_t b = part_begin(f, part); b < part_begin(f, part + 1); b++) {
        for (int64_t i = 0; i < f->block[b].n; i++) {
            const sheaf_i_seed s = f->block[b].seed[i];
            f->out->seed[at[bucket_of(f->out, s.hash)]++] = s;
        }
        sheaf_i_free(f->ctx, f->block[b].seed);
        f->block[b].seed = NULL;
    }
    return SHEAF_OK;
}

static sheaf_status into_buckets(finder *f)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_seeds *s = f->out;
    int64_t total = 0;
    for (int64_t b = 0; b < f->n_blocks; b++) total += f->block[b].n;
    while (s->bits < MOST_BUCKET_BITS && (total >> s->bits) > BUCKET_SEEDS) s->bits++;
    s->n_buckets = (int64_t)1 << s->bits;
    SHEAF_NEW(s->bucket, f->ctx, s->n_buckets + 1);
    SHEAF_NEW(s->seed, f->ctx, total);
    SHEAF_NEW0(f->matrix, f->ctx, PARTS * s->n_buckets);
    SHEAF_TRY(sheaf_i_par_for(f->ctx, NULL, PARTS, size_part, f));
    int64_t at = 0;
    for (int64_t b = 0; b < s->n_buckets; b++) {
        s->bucket[b] = at;
        for (int64_t part = 0; part < PARTS; part++) {
            const int64_t n = f->matrix[part * s->n_buckets + b];
            f->matrix[part * s->n_buckets + b] = at;
            at += n;
        }
    }
    s->bucket[s->n_buckets] = at;
    SHEAF_TRY(sheaf_i_par_for(f->ctx, NULL, PARTS, place_part, f));
done:
    return st;
}

static void finder_end(finder *f)
{
    for (int64_t b = 0; f->block && b < f->n_blocks; b++) sheaf_i_free(f->ctx, f->block[b].seed);
    for (int32_t i = 0; f->scratch && i < sheaf_ctx_threads(f->ctx); i++) {
        sheaf_i_free(f->ctx, f->scratch[i].words);
        sheaf_i_free(f->ctx, f->scratch[i].hashes);
    }
    sheaf_i_free(f->ctx, f->scratch);
    sheaf_i_free(f->ctx, f->block);
    sheaf_i_free(f->ctx, f->start);
    sheaf_i_free(f->ctx, f->matrix);
    sheaf_i_aligned_free(f->ctx, (void *)f->first.words);
    sheaf_i_aligned_free(f->ctx, (void *)f->second.words);
}

sheaf_status sheaf_i_seeds_find(sheaf_i_seeds *s, sheaf_ctx *ctx, const sheaf_i_tokens *t, int64_t least)
{
    sheaf_status st = SHEAF_OK;
    finder f = {.ctx = ctx, .t = t, .least = least, .out = s};
    int64_t again = 0;
    *s = (sheaf_i_seeds){.ctx = ctx};
    if (t->n_docs > UINT32_MAX || t->longest > UINT32_MAX)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "too many documents, or one that is too long, for passages"));
    SHEAF_TRY(plan(&f));
    SHEAF_TRY(counters_new(&f.first, ctx, t->n_tokens, 1));
    SHEAF_TRY(sheaf_i_par_for(ctx, "passages: counting", f.n_blocks, count_block, &f));
    for (int64_t b = 0; b < f.n_blocks; b++) again += f.block[b].again;
    SHEAF_TRY(counters_new(&f.second, ctx, 2 * again, 0xd1342543de82ef95u));
    SHEAF_TRY(sheaf_i_par_for(ctx, "passages: counting", f.n_blocks, count_again_block, &f));
    SHEAF_TRY(sheaf_i_par_for(ctx, "passages: collecting", f.n_blocks, collect_block, &f));
    sheaf_i_aligned_free(ctx, (void *)f.first.words);
    f.first.words = NULL;
    sheaf_i_aligned_free(ctx, (void *)f.second.words);
    f.second.words = NULL;
    SHEAF_TRY(into_buckets(&f));
done:
    finder_end(&f);
    if (st != SHEAF_OK) sheaf_i_seeds_end(s);
    return st;
}

void sheaf_i_seeds_end(sheaf_i_seeds *s)
{
    sheaf_i_free(s->ctx, s->seed);
    sheaf_i_free(s->ctx, s->bucket);
    *s = (sheaf_i_seeds){.ctx = s->ctx};
}
