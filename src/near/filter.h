/* Two bits a slot: which shingles more than one document has, or both of two sides.
 *
 * 16 bits a shingle. Shingles that share a slot are over-counted, never under-counted, so what is dropped because its
 * shingles stand alone has no partner. Bits are only ever set, so the final state does not depend on who came first.
 */
#ifndef SHEAF_NEAR_FILTER_H
#define SHEAF_NEAR_FILTER_H

#include <stdatomic.h>

#include "base/mem.h"
#include "sheaf/sheaf.h"

#define SHEAF_I_FILTER_SLOTS 32 /* of a word: their first bits in its lower half, their second bits above */

typedef struct {
    sheaf_ctx *ctx;
    _Atomic uint64_t *word;
    uint64_t n_words;
} sheaf_i_filter;

static inline uint64_t sheaf_i_high_product(uint64_t a, uint64_t b)
{
    return (uint64_t)((__uint128_t)a * b >> 64);
}

static inline _Atomic uint64_t *sheaf_i_filter_word(const sheaf_i_filter *f, uint64_t value)
{
    return &f->word[sheaf_i_high_product(value, f->n_words)];
}

static inline void sheaf_i_filter_prefetch(const sheaf_i_filter *f, uint64_t value)
{
    __builtin_prefetch((const void *)sheaf_i_filter_word(f, value), 1);
}

static inline uint64_t sheaf_i_filter_bit(uint64_t value) { return (uint64_t)1 << (value & 31); }

/* Counts a document that has the shingle: the first one sets the slot's first bit, others the second. */
static inline void sheaf_i_filter_count(sheaf_i_filter *f, uint64_t value)
{
    _Atomic uint64_t *word = sheaf_i_filter_word(f, value);
    const uint64_t once = sheaf_i_filter_bit(value), twice = once << 32;
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    if (!(old & once)) {
        old = atomic_fetch_or_explicit(word, once, memory_order_relaxed);
        if (!(old & once)) return;
    }
    if (!(old & twice)) atomic_fetch_or_explicit(word, twice, memory_order_relaxed);
}

/* Notes that a side, 0 or 1, has the shingle. */
static inline void sheaf_i_filter_mark(sheaf_i_filter *f, uint64_t value, int side)
{
    _Atomic uint64_t *word = sheaf_i_filter_word(f, value);
    const uint64_t bit = sheaf_i_filter_bit(value) << 32 * side;
    if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
}

/* False only if no two documents have the shingle, or not both sides. */
static inline bool sheaf_i_filter_has(const sheaf_i_filter *f, uint64_t value)
{
    const uint64_t both = sheaf_i_filter_bit(value) | sheaf_i_filter_bit(value) << 32;
    return (atomic_load_explicit(sheaf_i_filter_word(f, value), memory_order_relaxed) & both) == both;
}

#endif
