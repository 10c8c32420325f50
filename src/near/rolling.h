/* Hash of k neighbouring words, moved along by one word at a time: a polynomial of mixed word ids (Karp and Rabin)
 * modulo the prime 2^61 - 1. Modulo 2^64 whole families of texts of two words have one hash, whatever the base
 * (Thue-Morse sequences). Equal words, equal hashes; the reverse is for the caller to verify, so that a collision costs
 * time and nothing else.
 */
#ifndef SHEAF_NEAR_ROLLING_H
#define SHEAF_NEAR_ROLLING_H

#include <stdint.h>

typedef struct {
    uint64_t sum, oldest; /* factor of the word that leaves */
} sheaf_i_rolling;

#define SHEAF_I_ROLLING_PRIME (((uint64_t)1 << 61) - 1)
#define SHEAF_I_ROLLING_BASE 0x1eb21c651e98df25u

/* x * y + z modulo the prime, of numbers below it. */
static inline uint64_t sheaf_i_rolling_times(uint64_t x, uint64_t y, uint64_t z)
{
    const unsigned __int128 product = (unsigned __int128)x * y + z;
    const uint64_t sum = (uint64_t)(product & SHEAF_I_ROLLING_PRIME) + (uint64_t)(product >> 61);
    return sum >= SHEAF_I_ROLLING_PRIME ? sum - SHEAF_I_ROLLING_PRIME : sum;
}

static inline uint64_t sheaf_i_rolling_word(uint32_t word)
{
    const uint64_t x = ((uint64_t)word + 1) * 0x9e3779b97f4a7c15u;
    return (x ^ (x >> 29)) >> 4; /* below the prime */
}

/* Of the k words at p. */
static inline sheaf_i_rolling sheaf_i_rolling_begin(const uint32_t *p, int64_t k)
{
    sheaf_i_rolling h = {0, 1};
    for (int64_t i = 0; i < k; i++) {
        h.sum = sheaf_i_rolling_times(h.sum, SHEAF_I_ROLLING_BASE, sheaf_i_rolling_word(p[i]));
        if (i) h.oldest = sheaf_i_rolling_times(h.oldest, SHEAF_I_ROLLING_BASE, 0);
    }
    return h;
}

static inline void sheaf_i_rolling_step(sheaf_i_rolling *h, uint32_t leaves, uint32_t enters)
{
    const uint64_t gone = SHEAF_I_ROLLING_PRIME - sheaf_i_rolling_word(leaves);
    const uint64_t rest = sheaf_i_rolling_times(gone, h->oldest, h->sum);
    h->sum = sheaf_i_rolling_times(rest, SHEAF_I_ROLLING_BASE, sheaf_i_rolling_word(enters));
}

/* The sum mixed, so that all its bits serve as an index. */
static inline uint64_t sheaf_i_rolling_hash(const sheaf_i_rolling *h)
{
    uint64_t x = h->sum;
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

#endif
