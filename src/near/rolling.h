/* Hash of k neighbouring words, moved along by one word at a time: a polynomial modulo 2^64 of mixed word ids (Karp and
 * Rabin). Equal words, equal hashes; the reverse is for the caller to verify.
 */
#ifndef SHEAF_NEAR_ROLLING_H
#define SHEAF_NEAR_ROLLING_H

#include <stdint.h>

typedef struct {
    uint64_t sum, oldest; /* factor of the word that leaves */
} sheaf_i_rolling;

#define SHEAF_I_ROLLING_BASE 0x9fb21c651e98df25u /* odd */

static inline uint64_t sheaf_i_rolling_word(uint32_t word)
{
    uint64_t x = (word + 1) * 0x9e3779b97f4a7c15u;
    return x ^ (x >> 29);
}

/* Of the k words at p. */
static inline sheaf_i_rolling sheaf_i_rolling_begin(const uint32_t *p, int64_t k)
{
    sheaf_i_rolling h = {0, 1};
    for (int64_t i = 0; i < k; i++) {
        h.sum = h.sum * SHEAF_I_ROLLING_BASE + sheaf_i_rolling_word(p[i]);
        if (i) h.oldest *= SHEAF_I_ROLLING_BASE;
    }
    return h;
}

static inline void sheaf_i_rolling_step(sheaf_i_rolling *h, uint32_t leaves, uint32_t enters)
{
    h->sum = (h->sum - sheaf_i_rolling_word(leaves) * h->oldest) * SHEAF_I_ROLLING_BASE + sheaf_i_rolling_word(enters);
}

/* The sum mixed, so that all its bits serve as an index. */
static inline uint64_t sheaf_i_rolling_hash(const sheaf_i_rolling *h)
{
    uint64_t x = h->sum;
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

#endif
