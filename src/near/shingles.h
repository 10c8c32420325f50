/* Documents as sets of shingles: runs of w neighbouring units, each a number of 64 bits.
 *
 * A unit is a folded word, or with characters a code point of the folded words with a space between them; units are
 * numbered from 1, frequent ones low. Where w numbers fit into 64 bits side by side they are packed and mixed by a
 * bijection, so that two shingles are equal exactly where their numbers are: three words up to a vocabulary of two
 * million, nine characters of an alphabet of 127. A shorter document's one shingle of all its units has zeros in front
 * and equals no other length's. Else the number is a hash, a polynomial over mixed units: two given different shingles
 * have the same one with a chance below 2^-50, so that in comparing two documents of a thousand words anything is off
 * with a chance below 10^-9. No shingle is 0.
 */
#ifndef SHEAF_NEAR_SHINGLES_H
#define SHEAF_NEAR_SHINGLES_H

#include "base/rng.h"
#include "near/characters.h"
#include "near/tokens.h"

struct sheaf_i_common; /* shingles that count for nothing: frequent.h */

typedef struct {
    const sheaf_i_tokens *t;
    const sheaf_i_characters *chars;      /* NULL: words */
    const struct sheaf_i_common *common;  /* NULL: none */
    int32_t w;
    int32_t bits;                         /* of a unit where w of them fit, else 0: hashed */
    uint64_t out;                         /* hashed: what the unit that leaves was multiplied by */
} sheaf_i_shingles;

/* The shingles of one document at a time: scratch of one worker. All zeros before the first use. */
typedef struct {
    sheaf_ctx *ctx;
    uint32_t *unit;
    int64_t unit_room;
    uint64_t *value;      /* the shingles */
    int64_t value_room;
    uint64_t *slot;       /* table of those seen; 0: empty */
    int64_t slot_room, slots;
    int shift;            /* a value's first slot is value >> shift */
} sheaf_i_bag;

void sheaf_i_shingles_init(sheaf_i_shingles *s, const sheaf_i_tokens *t, const sheaf_i_characters *chars, int32_t w);

/* The document's shingles in order, common ones and repeated ones too: *n of them in bag->value. */
sheaf_status sheaf_i_bag_all(sheaf_i_bag *bag, const sheaf_i_shingles *s, int64_t doc, int64_t *n);
/* Its set: each once, by first appearance, without common ones. Where nothing but common ones is there, the set is one
   shingle of all its words, which only documents of the same words have: those are found whatever is common. */
sheaf_status sheaf_i_bag_set(sheaf_i_bag *bag, const sheaf_i_shingles *s, int64_t doc, int64_t *n);
/* Keeps the first of each of n values in bag->value; *n: those left. */
sheaf_status sheaf_i_bag_distinct(sheaf_i_bag *bag, int64_t *n);
/* Of all its words in their order. */
uint64_t sheaf_i_words_hash(const sheaf_i_tokens *t, int64_t doc);
/* Was the value in what was last made distinct? */
bool sheaf_i_bag_has(const sheaf_i_bag *bag, uint64_t value);
void sheaf_i_bag_end(sheaf_i_bag *bag);

/* A bag for every worker of the context. */
sheaf_i_bag *sheaf_i_bags_new(sheaf_ctx *ctx);
void sheaf_i_bags_free(sheaf_ctx *ctx, sheaf_i_bag *bags);

#endif
