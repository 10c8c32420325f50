/* The most frequent pairs of terms; see phrases.h.
 *
 * Most pairs of a text occur once or twice, so a filter goes first: a saturating counter of a byte for each hash, one
 * array a worker, then added up. A pair cannot be in more documents than its counter says. Only pairs whose counter
 * reaches a bar enter the workers' tables, which count documents exactly. The bar is set where about SPARE times as
 * many counters as phrases are wanted reach it: if enough pairs turn out to be in as many documents as the bar, no
 * other pair can be ahead of them; if not, all is counted again with the lowest bar that could matter. So the filter
 * shows in the time only, never in the result.
 *
 * Memory: half a byte a word at most for each worker's filter, and 16 bytes a slot of tables that are at most half
 * full, each of the pairs that pass.
 */
#include "text/phrases.h"

#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/phrase_walk.h"

#define MIN_FILTER_BITS 16
#define MAX_FILTER_BITS 36
#define FIRST_TABLE_BITS 14
#define CELLS_PER_BLOCK ((int64_t)1 << 18)
#define SLOTS_PER_BLOCK ((int64_t)1 << 14)
#define MOST 255          /* where counters stop */
#define AHEAD 16
#define SPARE 3
#define DF_RANGE 4096

typedef struct {
    uint64_t key;
    uint32_t df, stamp;   /* df 0: an empty slot; stamp: the last document counted, + 1 */
} pair_slot;

typedef struct {
    pair_slot *slot;
    int64_t n;
    int32_t bits;
} pair_table;

typedef struct {
    uint8_t *cell;        /* the filter */
    int64_t reach[MOST + 1];
    pair_table table;
    sheaf_i_phrase *found;
    int64_t n_found, room;
} worker_state;

typedef struct {
    const sheaf_i_phrase_job *job;
    worker_state *worker;
    int32_t n_workers;
    int32_t filter_bits;
    uint8_t *cell;        /* of all workers: the array of one of them */
    uint64_t *pass;       /* bit: the counter reaches the bar */
    int64_t bar, least;   /* counters and documents that are asked for */
} search;

static sheaf_status filter_block(void *arg, int64_t block, int32_t worker)
{
    search *s = arg;
    sheaf_status st = SHEAF_OK;
    const sheaf_words *w = s->job->w;
    worker_state *y = &s->worker[worker];
    sheaf_i_pairs p;
    int64_t lo, hi;
    sheaf_i_range(w->n_docs, SHEAF_I_PHRASE_DOCS, block, &lo, &hi);
    if (!y->cell) {
        SHEAF_NEW_ALIGNED(y->cell, s->job->ctx, (int64_t)1 << s->filter_bits);
        memset(y->cell, 0, (size_t)1 << s->filter_bits);
    }
    for (int64_t d = lo; d < hi; d++) {
        sheaf_i_words_fetch(w, d, hi);
        for (sheaf_i_walk k = sheaf_i_walk_begin(s->job, d); k.at < k.n;) {
            int32_t n = sheaf_i_walk_on(&k, &p);
            for (int32_t i = 0; i < n; i++) {
                p.key[i] = sheaf_i_pair_hash(p.key[i]) >> (64 - s->filter_bits);
                __builtin_prefetch(y->cell + p.key[i], 1);
            }
            for (int32_t i = 0; i < n; i++) y->cell[p.key[i]] += y->cell[p.key[i]] != MOST;
        }
    }
done:
    return st;
}

static void add_cells(uint8_t *restrict sum, const uint8_t *restrict more, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        unsigned x = (unsigned)sum[i] + more[i];
        sum[i] = (uint8_t)(x < MOST ? x : MOST);
    }
}

static sheaf_status add_block(void *arg, int64_t block, int32_t worker)
{
    search *s = arg;
    int64_t lo, hi;
    sheaf_i_range((int64_t)1 << s->filter_bits, CELLS_PER_BLOCK, block, &lo, &hi);
    for (int32_t i = 0; i < s->n_workers; i++)
        if (s->worker[i].cell && s->worker[i].cell != s->cell)
            add_cells(s->cell + lo, s->worker[i].cell + lo, hi - lo);
    for (int64_t i = lo; i < hi; i++) s->worker[worker].reach[s->cell[i]]++;
    return SHEAF_OK;
}

static sheaf_status pass_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    search *s = arg;
    int64_t lo, hi;
    sheaf_i_range((int64_t)1 << s->filter_bits, CELLS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i += 64) {
        uint64_t bits = 0;
        for (int32_t j = 0; j < 64; j++) bits |= (uint64_t)(s->cell[i + j] >= s->bar) << j;
        s->pass[i / 64] = bits;
    }
    return SHEAF_OK;
}

static int64_t lowest_bar(const search *s) { return s->job->min_df < MOST ? s->job->min_df : MOST; }

/* The filter, and the bar that it suggests. */
static sheaf_status run_filter(search *s)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = s->job->ctx;
    s->filter_bits = MIN_FILTER_BITS;
    while (((int64_t)2 << s->filter_bits) < s->job->w->n_tokens / 2 && s->filter_bits < MAX_FILTER_BITS)
        s->filter_bits++;
    int64_t n_cells = (int64_t)1 << s->filter_bits, above = 0;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(s->job->w->n_docs, SHEAF_I_PHRASE_DOCS), filter_block, s));
    for (int32_t i = 0; i < s->n_workers && !s->cell; i++) s->cell = s->worker[i].cell;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(n_cells, CELLS_PER_BLOCK), add_block, s));
    SHEAF_NEW(s->pass, ctx, n_cells / 64);
    s->bar = MOST + 1;
    while (s->bar > lowest_bar(s) && (!s->job->max_phrases || above / SPARE < s->job->max_phrases)) {
        s->bar--;
        for (int32_t i = 0; i < s->n_workers; i++) above += s->worker[i].reach[s->bar];
    }
done:
    return st;
}

/* The key's slot, or the empty one where it would be. */
static inline pair_slot *find_pair(const pair_table *t, uint64_t key, uint64_t hash)
{
    uint64_t mask = ((uint64_t)1 << t->bits) - 1, at = hash >> (64 - t->bits);
    while (t->slot[at].df && t->slot[at].key != key) at = (at + 1) & mask;
    return &t->slot[at];
}

static sheaf_status grow_pairs(pair_table *t, sheaf_ctx *ctx)
{
    sheaf_status st = SHEAF_OK;
    pair_table old = *t, new = {.n = old.n, .bits = old.slot ? old.bits + 1 : FIRST_TABLE_BITS};
    if (new.bits > MAX_FILTER_BITS) return sheaf_i_fail(ctx, SHEAF_ENOMEM, "too many phrases");
    SHEAF_NEW0(new.slot, ctx, (int64_t)1 << new.bits);
    for (int64_t i = 0; old.slot && i < (int64_t)1 << old.bits; i++)
        if (old.slot[i].df) *find_pair(&new, old.slot[i].key, sheaf_i_pair_hash(old.slot[i].key)) = old.slot[i];
    sheaf_i_free(ctx, old.slot);
    *t = new;
done:
    return st;
}

static sheaf_status count_pairs(pair_table *t, sheaf_ctx *ctx, const uint64_t *key, int32_t n, uint32_t stamp)
{
    sheaf_status st = SHEAF_OK;
    if (!t->slot || (t->n + n) * 2 > (int64_t)1 << t->bits) SHEAF_TRY(grow_pairs(t, ctx));
    for (int32_t i = 0; i < n; i++) __builtin_prefetch(&t->slot[sheaf_i_pair_hash(key[i]) >> (64 - t->bits)], 1);
    for (int32_t i = 0; i < n; i++) {
        pair_slot *at = find_pair(t, key[i], sheaf_i_pair_hash(key[i]));
        t->n += at->df == 0;
        at->key = key[i];
        at->df += at->stamp != stamp;
        at->stamp = stamp;
    }
done:
    return st;
}

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    search *s = arg;
    sheaf_status st = SHEAF_OK;
    const sheaf_words *w = s->job->w;
    sheaf_i_pairs p;
    int64_t lo, hi;
    sheaf_i_range(w->n_docs, SHEAF_I_PHRASE_DOCS, block, &lo, &hi);
    for (int64_t d = lo; d < hi; d++) {
        sheaf_i_words_fetch(w, d, hi);
        for (sheaf_i_walk k = sheaf_i_walk_begin(s->job, d); k.at < k.n;) {
            int32_t n = sheaf_i_walk_on(&k, &p), kept = 0;
            for (int32_t i = 0; i < n; i++) {
                uint64_t key = p.key[i], cell = sheaf_i_pair_hash(key) >> (64 - s->filter_bits);
                p.key[kept] = key;
                kept += s->pass[cell / 64] >> (cell % 64) & 1;
            }
            SHEAF_TRY(count_pairs(&s->worker[worker].table, s->job->ctx, p.key, kept, (uint32_t)d + 1));
        }
    }
done:
    return st;
}

/* Lists the pairs in enough documents of part of one worker's table. A pair that other workers have too is the first
   one's to list. */
static sheaf_status gather(search *s, int32_t owner, int64_t lo, int64_t hi, worker_state *y)
{
    sheaf_status st = SHEAF_OK;
    for (int64_t i = lo; i < hi; i++) {
        const pair_slot *at = &s->worker[owner].table.slot[i];
        int64_t df = at->df;
        if (!df) continue;
        uint64_t hash = sheaf_i_pair_hash(at->key);
        for (int32_t other = 0; other < s->n_workers && df; other++) {
            const pair_table *t = &s->worker[other].table;
            if (other == owner || !t->slot) continue;
            uint32_t more = find_pair(t, at->key, hash)->df;
            df = more && other < owner ? 0 : df + more;
        }
        if (!df || df < s->least) continue;
        SHEAF_GROW(y->found, s->job->ctx, y->n_found, y->room);
        y->found[y->n_found++] = (sheaf_i_phrase){at->key, df};
    }
done:
    return st;
}

static sheaf_status gather_block(void *arg, int64_t block, int32_t worker)
{
    search *s = arg;
    for (int32_t owner = 0; owner < s->n_workers; owner++) {
        const pair_table *t = &s->worker[owner].table;
        int64_t lo, hi, n = t->slot ? (int64_t)1 << t->bits : 0, blocks = sheaf_i_blocks(n, SLOTS_PER_BLOCK);
        if (block >= blocks) {
            block -= blocks;
            continue;
        }
        sheaf_i_range(n, SLOTS_PER_BLOCK, block, &lo, &hi);
        return gather(s, owner, lo, hi, &s->worker[worker]);
    }
    return SHEAF_OK;
}

/* Counts the documents of the pairs that pass, and lists those that are in enough; *n of them. */
static sheaf_status count(search *s, int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = s->job->ctx;
    int64_t blocks = 0;
    *n = 0;
    s->least = s->bar > s->job->min_df ? s->bar : s->job->min_df;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks((int64_t)1 << s->filter_bits, CELLS_PER_BLOCK), pass_block, s));
    SHEAF_TRY(sheaf_i_par_for(ctx, "finding phrases", sheaf_i_blocks(s->job->w->n_docs, SHEAF_I_PHRASE_DOCS),
                              count_block, s));
    for (int32_t i = 0; i < s->n_workers; i++)
        if (s->worker[i].table.slot) blocks += sheaf_i_blocks((int64_t)1 << s->worker[i].table.bits, SLOTS_PER_BLOCK);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, gather_block, s));
    for (int32_t i = 0; i < s->n_workers; i++) {
        *n += s->worker[i].n_found;
        sheaf_i_free(ctx, s->worker[i].table.slot);
        s->worker[i].table = (pair_table){.n = 0};
    }
done:
    return st;
}

static int by_frequency(const void *pa, const void *pb)
{
    const sheaf_i_phrase *a = pa, *b = pb;
    if (a->df != b->df) return a->df > b->df ? -1 : 1;
    return (a->key > b->key) - (a->key < b->key);
}

/* The df that the last one chosen has at least, so that what is below need not be sorted. */
static int64_t cut_off(const search *s)
{
    int64_t at[DF_RANGE] = {0}, sum = 0, df = DF_RANGE;
    if (!s->job->max_phrases) return 0;
    for (int32_t i = 0; i < s->n_workers; i++)
        for (int64_t j = 0; j < s->worker[i].n_found; j++)
            at[s->worker[i].found[j].df < DF_RANGE ? s->worker[i].found[j].df : DF_RANGE - 1]++;
    while (df > 0 && sum < s->job->max_phrases) sum += at[--df];
    return df;
}

static sheaf_status select_best(search *s, sheaf_i_phrase_job *job, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    int64_t least = cut_off(s);
    SHEAF_NEW(job->phrase, job->ctx, n);
    for (int32_t i = 0; i < s->n_workers; i++)
        for (int64_t j = 0; j < s->worker[i].n_found; j++)
            if (s->worker[i].found[j].df >= least) job->phrase[job->n++] = s->worker[i].found[j];
    if (job->n) qsort(job->phrase, (size_t)job->n, sizeof *job->phrase, by_frequency);
    if (job->max_phrases && job->n > job->max_phrases) job->n = job->max_phrases;
done:
    return st;
}

sheaf_status sheaf_i_phrases_choose(sheaf_i_phrase_job *job)
{
    sheaf_status st = SHEAF_OK;
    int64_t n = 0;
    search s = {.job = job, .n_workers = sheaf_ctx_threads(job->ctx)};
    SHEAF_NEW0(s.worker, job->ctx, s.n_workers);
    if (job->w->n_docs && job->n_frequent) {
        SHEAF_TRY(run_filter(&s));
        SHEAF_TRY(count(&s, &n));
        if (n < job->max_phrases && s.bar > lowest_bar(&s)) {
            s.bar = lowest_bar(&s);
            for (int32_t i = 0; i < s.n_workers; i++) s.worker[i].n_found = 0;
            SHEAF_TRY(count(&s, &n));
        }
    }
    SHEAF_TRY(select_best(&s, job, n));
done:
    for (int32_t i = 0; s.worker && i < s.n_workers; i++) {
        sheaf_i_aligned_free(job->ctx, s.worker[i].cell);
        sheaf_i_free(job->ctx, s.worker[i].table.slot);
        sheaf_i_free(job->ctx, s.worker[i].found);
    }
    sheaf_i_free(job->ctx, s.worker);
    sheaf_i_free(job->ctx, s.pass);
    return st;
}
