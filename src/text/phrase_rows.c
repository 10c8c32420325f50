/* The counts of the chosen phrases in every document; see phrases.h.
 *
 * A pair is looked up in a table of those chosen, behind a bit for each hash, which fits the cache and turns away what
 * is not chosen. A row is tallied as in terms.c, over the phrases with a bit for each that was touched. Blocks of
 * documents keep their rows until it is known where they belong.
 */
#include "text/phrases.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/pages.h"
#include "text/phrase_walk.h"

#define MIN_BITS 10
#define SLOTS_A_PHRASE 2
#define BITS_A_SLOT_LOG2 3

typedef struct {
    uint64_t key;
    int64_t id;          /* -1: an empty slot */
} phrase_slot;

typedef struct {
    int32_t *indices;
    uint32_t *counts;
    int64_t n, room_indices, room_counts;
} row_block;

typedef struct {
    uint32_t *count;
    uint64_t *bits, *summary; /* a bit a phrase; a bit a word of bits */
    sheaf_i_spelling *met;    /* some occurrences, as they come */
    sheaf_i_spellings spellings;
} tally;

typedef struct {
    const sheaf_i_phrase_job *job;
    sheaf_terms *p;
    phrase_slot *slot;
    uint64_t *pass;
    int32_t slot_bits;
    int64_t n_words, n_summary;
    row_block *block;
    tally *worker;
} filling;

static inline phrase_slot *find_phrase(const filling *f, uint64_t key, uint64_t hash)
{
    uint64_t mask = ((uint64_t)1 << f->slot_bits) - 1, at = hash >> (64 - f->slot_bits);
    while (f->slot[at].id >= 0 && f->slot[at].key != key) at = (at + 1) & mask;
    return &f->slot[at];
}

static inline uint64_t pass_bit(const filling *f, uint64_t hash)
{
    return hash >> (64 - BITS_A_SLOT_LOG2 - f->slot_bits);
}

static sheaf_status make_table(filling *f)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_phrase_job *job = f->job;
    f->slot_bits = MIN_BITS;
    while (((int64_t)1 << f->slot_bits) < SLOTS_A_PHRASE * job->n) f->slot_bits++;
    int64_t n = (int64_t)1 << f->slot_bits;
    SHEAF_NEW_ALIGNED(f->slot, job->ctx, n);
    SHEAF_NEW0(f->pass, job->ctx, n >> (6 - BITS_A_SLOT_LOG2));
    for (int64_t i = 0; i < n; i++) f->slot[i].id = -1;
    for (int64_t i = 0; i < job->n; i++) {
        uint64_t hash = sheaf_i_pair_hash(job->phrase[i].key), bit = pass_bit(f, hash);
        f->pass[bit / 64] |= (uint64_t)1 << (bit % 64);
        *find_phrase(f, job->phrase[i].key, hash) = (phrase_slot){job->phrase[i].key, i};
    }
done:
    return st;
}

static sheaf_status open_tally(const filling *f, tally *y)
{
    sheaf_status st = SHEAF_OK;
    if (y->summary) return SHEAF_OK;
    if (!y->count) SHEAF_NEW0(y->count, f->job->ctx, f->job->n);
    if (!y->met) SHEAF_NEW(y->met, f->job->ctx, SHEAF_I_WALK_WORDS);
    if (!y->bits) SHEAF_NEW0(y->bits, f->job->ctx, f->n_words);
    SHEAF_NEW0(y->summary, f->job->ctx, f->n_summary);
done:
    return st;
}

/* Pairs whose hash passes, to the front. */
static int32_t keep_passing(const filling *f, sheaf_i_pairs *p, int32_t n)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < n; i++) {
        uint64_t key = p->key[i], hash = sheaf_i_pair_hash(key), bit = pass_bit(f, hash);
        p->key[kept] = key;
        p->where[kept] = p->where[i];
        __builtin_prefetch(&f->slot[hash >> (64 - f->slot_bits)]);
        kept += f->pass[bit / 64] >> (bit % 64) & 1;
    }
    return kept;
}

/* Tallies n pairs that pass; `type`: the words that their places count from. */
static sheaf_status touch(const filling *f, tally *y, const uint32_t *type, const sheaf_i_pairs *p, int32_t n)
{
    int32_t met = 0;
    for (int32_t i = 0; i < n; i++) {
        const int64_t id = find_phrase(f, p->key[i], sheaf_i_pair_hash(p->key[i]))->id;
        const uint32_t between = p->where[i] & 3, *second = type + (p->where[i] >> 2), *first = second - between - 1;
        y->met[met] = (sheaf_i_spelling){.phrase = (uint32_t)id, .type = {first[0], second[0],
                                         between ? first[1] : UINT32_MAX, between > 1 ? first[2] : UINT32_MAX}};
        met += id >= 0;
    }
    for (int32_t i = 0; i < met; i++) {
        uint32_t id = y->met[i].phrase;
        y->count[id] += y->count[id] != UINT32_MAX;
        y->bits[id >> 6] |= (uint64_t)1 << (id & 63);
        y->summary[id >> 12] |= (uint64_t)1 << (id >> 6 & 63);
    }
    return sheaf_i_spellings_add(&y->spellings, f->job->ctx, y->met, met);
}

/* Appends the row, columns rising, and leaves the tally empty. */
static sheaf_status flush(const filling *f, tally *y, row_block *b)
{
    sheaf_status st = SHEAF_OK;
    for (int64_t s = 0; s < f->n_summary; s++) {
        for (; y->summary[s]; y->summary[s] &= y->summary[s] - 1) {
            int64_t word = s * 64 + __builtin_ctzll(y->summary[s]);
            for (; y->bits[word]; y->bits[word] &= y->bits[word] - 1) {
                int32_t id = (int32_t)(word * 64) + __builtin_ctzll(y->bits[word]);
                SHEAF_GROW(b->indices, f->job->ctx, b->n, b->room_indices);
                SHEAF_GROW(b->counts, f->job->ctx, b->n, b->room_counts);
                b->indices[b->n] = id;
                b->counts[b->n++] = y->count[id];
                y->count[id] = 0;
            }
        }
    }
done:
    return st;
}

static sheaf_status fill_block(void *arg, int64_t block, int32_t worker)
{
    filling *f = arg;
    sheaf_status st = SHEAF_OK;
    const sheaf_words *w = f->job->w;
    tally *y = &f->worker[worker];
    row_block *b = &f->block[block];
    sheaf_i_pairs p;
    int64_t lo, hi;
    sheaf_i_range(w->n_docs, SHEAF_I_PHRASE_DOCS, block, &lo, &hi);
    SHEAF_TRY(open_tally(f, y));
    for (int64_t d = lo; d < hi; d++) {
        int64_t before = b->n;
        sheaf_i_words_fetch(w, d, hi);
        for (sheaf_i_walk k = sheaf_i_walk_begin(f->job, d); k.at < k.n;) {
            int32_t n = keep_passing(f, &p, sheaf_i_walk_on(&k, &p));
            SHEAF_TRY(touch(f, y, k.type + k.base, &p, n));
        }
        SHEAF_TRY(flush(f, y, b));
        f->p->indptr[d + 1] = b->n - before;
    }
done:
    return st;
}

static sheaf_status copy_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    filling *f = arg;
    row_block *b = &f->block[block];
    int64_t at = f->p->indptr[block * SHEAF_I_PHRASE_DOCS];
    if (b->n) {
        memcpy(f->p->indices + at, b->indices, (size_t)b->n * sizeof *b->indices);
        memcpy(f->p->counts + at, b->counts, (size_t)b->n * sizeof *b->counts);
    }
    return SHEAF_OK;
}

static sheaf_status run(filling *f, int64_t n_blocks)
{
    sheaf_status st = SHEAF_OK;
    sheaf_terms *p = f->p;
    SHEAF_NEW0(f->block, p->ctx, n_blocks);
    SHEAF_NEW0(f->worker, p->ctx, sheaf_ctx_threads(p->ctx));
    SHEAF_NEW(p->indptr, p->ctx, p->n_docs + 1);
    SHEAF_TRY(make_table(f));
    SHEAF_TRY(sheaf_i_par_for(p->ctx, "counting phrases", n_blocks, fill_block, f));
    p->indptr[0] = 0;
    for (int64_t d = 0; d < p->n_docs; d++) p->indptr[d + 1] += p->indptr[d];
    p->indices = sheaf_i_pages(p->ctx, p->indptr[p->n_docs], sizeof *p->indices);
    p->counts = sheaf_i_pages(p->ctx, p->indptr[p->n_docs], sizeof *p->counts);
    if (!p->indices || !p->counts) SHEAF_TRY(SHEAF_ENOMEM);
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, n_blocks, copy_block, f));
done:
    return st;
}

sheaf_status sheaf_i_phrases_rows(const sheaf_i_phrase_job *job, sheaf_terms *p)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = job->ctx;
    int32_t n_workers = sheaf_ctx_threads(ctx);
    int64_t n_blocks = sheaf_i_blocks(p->n_docs, SHEAF_I_PHRASE_DOCS);
    filling f = {.job = job, .p = p, .n_words = (job->n + 63) / 64, .n_summary = (job->n + 4095) / 4096};
    sheaf_i_spellings *spellings = NULL;
    SHEAF_NEW0(spellings, ctx, n_workers);
    SHEAF_TRY(run(&f, n_blocks));
    for (int32_t i = 0; i < n_workers; i++) spellings[i] = f.worker[i].spellings;
    SHEAF_TRY(sheaf_i_phrases_surfaces(job, p, spellings, n_workers));
done:
    for (int64_t b = 0; f.block && b < n_blocks; b++) {
        sheaf_i_free(ctx, f.block[b].indices);
        sheaf_i_free(ctx, f.block[b].counts);
    }
    for (int32_t i = 0; f.worker && i < n_workers; i++) {
        sheaf_i_free(ctx, f.worker[i].count);
        sheaf_i_free(ctx, f.worker[i].bits);
        sheaf_i_free(ctx, f.worker[i].summary);
        sheaf_i_free(ctx, f.worker[i].met);
        sheaf_i_free(ctx, f.worker[i].spellings.slot);
    }
    sheaf_i_free(ctx, f.worker);
    sheaf_i_free(ctx, f.block);
    sheaf_i_free(ctx, spellings);
    sheaf_i_aligned_free(ctx, f.slot);
    sheaf_i_free(ctx, f.pass);
    return st;
}
