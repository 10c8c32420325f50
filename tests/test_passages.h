/* What the tests of passages and differences share. */
#ifndef SHEAF_TESTS_TEST_PASSAGES_H
#define SHEAF_TESTS_TEST_PASSAGES_H

#include "support.h"

#include "base/rng.h"

/* Random numbers in order. */
typedef struct {
    uint64_t key, draw;
} dice;

static inline dice dice_new(uint64_t seed) { return (dice){sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 5), 0}; }
static inline int64_t roll(dice *d, int64_t n) { return (int64_t)(sheaf_i_rng_u64(d->key, d->draw++) % (uint64_t)n); }

/* Documents of words w0, w1 ... as ids, and the collection made of them. */
typedef struct {
    int64_t n;
    uint32_t **word;
    int64_t *length;
} texts;

double seconds_used(void); /* of processors, by this process */
texts texts_new(int64_t n);
void texts_set(texts *t, int64_t doc, int64_t length, uint32_t word);   /* `length` times the same */
void texts_free(texts *t);
/* Documents lo .. hi - 1; words are spelled in lower or upper case by chance. */
void texts_read(const texts *t, int64_t lo, int64_t hi, sheaf_ctx *ctx, sheaf_corpus **c, sheaf_words **w);

int passages_find_tests(void);
int diff_tests(void);

#endif
