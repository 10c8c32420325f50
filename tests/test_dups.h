/* Shared by the tests of near-duplicates: collections of made-up documents, and what is true of them, found by comparing
   every two documents by the definitions in sheaf.h. */
#ifndef SHEAF_TESTS_TEST_DUPS_H
#define SHEAF_TESTS_TEST_DUPS_H

#include "support.h"

#include "base/rng.h"
#include "near/dups.h"

enum { TEST_MOST_WORDS = 600 };

typedef struct {
    int32_t *word;        /* numbers of words; written "w17" or, if upper, "W17" */
    int32_t n;
    bool upper;
    char date[32], source[16], score[40]; /* "": none */
} test_doc;

typedef struct {
    test_doc *doc;
    int32_t n, n_new;     /* the rest is old */
} test_docs;

/* Chance of a test, with a state of its own. */
typedef struct {
    uint64_t key, at;
} test_dice;
static inline uint64_t test_roll(test_dice *d, uint64_t sides) { return sheaf_i_rng_u64(d->key, d->at++) % sides; }

void test_docs_add(test_docs *t, const int32_t *word, int32_t n);
void test_docs_free(test_docs *t);
/* n documents, many of them edited copies, pieces or unions of earlier ones. */
test_docs test_docs_random(uint64_t seed, int32_t n, int32_t vocabulary);

/* The documents read, as [0] new and [1] old ones (NULL if there are none). */
typedef struct {
    sheaf_ctx *ctx;
    sheaf_corpus *corpus[2];
    sheaf_words *words[2];
} test_collection;
test_collection test_collect(sheaf_ctx *ctx, const test_docs *t);
void test_collection_free(test_collection *c);
sheaf_status test_find(const test_collection *c, sheaf_dups **d, const sheaf_dups_opts *o);

/* Fails unless the result is what comparing all documents finds. */
void test_against_truth(const test_docs *t, const sheaf_dups_opts *o, const sheaf_dups *d);

static inline sheaf_dups_opts test_dups_options(int64_t p, int64_t q)
{
    sheaf_dups_opts o;
    sheaf_dups_opts_init(&o, sizeof o);
    o.threshold = (sheaf_ratio){p, q};
    o.pairs = true;
    return o;
}

int test_dups_random(void);
int test_dups_cases(void);
int test_dups_failures(void);
int test_dups_parts(void);

#endif
