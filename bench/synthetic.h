/* Synthetic documents: a pure function of the options and the document's number.
 *
 * A document is a sequence of word numbers; the spelling of each number is unique, so the Jaccard of two documents'
 * word trigrams can be counted on the numbers. See synthetic.c for the model.
 */
#ifndef SYNTHETIC_H
#define SYNTHETIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SYN_SPELLING = 16,   /* bytes of a spelling, its last one holds the length */
    SYN_NUMBERS = 10000, /* the word numbers from `vocabulary` on are spelt 0 .. 9999 */
    SYN_MAX_VOCABULARY = 2000000,
    SYN_MAX_WORDS = 1 << 20 /* of a document */
};

typedef struct {
    uint64_t seed;
    int32_t topics, vocabulary;
    double words;                              /* mean length of a document */
    double duplicates, contained, boilerplate; /* shares of the documents */
    double templates;                          /* share of each document's words that a template gives */
} syn_opts;

typedef enum {
    SYN_OWN = 0,
    SYN_SAME,
    SYN_RECASED,
    SYN_REPLACED,
    SYN_INSERTED,
    SYN_DELETED,
    SYN_REORDERED,
    SYN_PIECE,
    SYN_QUOTE
} syn_kind;

typedef struct {
    int64_t number, source; /* source: the document it was made from, -1 of its own */
    syn_kind kind;
    int32_t topic;
    int32_t n, boilerplate; /* words; the last `boilerplate` of them are a paragraph of their own */
    uint32_t *word;         /* SYN_MAX_WORDS of them */
    uint64_t punctuation;   /* key of its commas and full stops */
} syn_document;

typedef struct syn_model syn_model;

/* NULL: out of memory. */
syn_model *syn_new(const syn_opts *o);
void syn_free(syn_model *m);
void syn_make(const syn_model *m, int64_t number, syn_document *d);

/* SYN_SPELLING bytes; the last one is the length. */
const char *syn_spelling(const syn_model *m, uint32_t word);
const char *syn_kind_name(syn_kind kind);

/* Share of the distinct word trigrams of a and b that both hold, and that of the smaller set that the other holds.
   `scratch` takes a->n + b->n trigrams. */
typedef struct {
    double jaccard, containment;
} syn_overlap;
syn_overlap syn_compare(const syn_document *a, const syn_document *b, uint64_t *scratch);

/* Counter-based random numbers: a stream is a key, its numbers are hashes of key + position. */
static inline uint64_t syn_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t syn_next(uint64_t *state) { return syn_mix(*state += 0x9e3779b97f4a7c15u); }

/* 0 .. n - 1 */
static inline uint32_t syn_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(((syn_next(state) >> 32) * n) >> 32);
}

static inline double syn_real(uint64_t *state) { return (double)(syn_next(state) >> 11) * 0x1p-53; }

#endif
