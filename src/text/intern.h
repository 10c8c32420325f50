/* Table of distinct strings of one worker: bytes to a dense id, by first appearance.
 *
 * Open addressing. A slot holds the first 16 bytes and the length beside the id, so that a look-up of a short string
 * touches one cache line; longer ones compare the rest of their bytes. Equality is always that of the bytes, never of
 * the hash alone. The count that most look-ups are for stands there too: in an array of its own it would be one more
 * line that is not in the cache.
 */
#ifndef SHEAF_TEXT_INTERN_H
#define SHEAF_TEXT_INTERN_H

#include <string.h>

#include "base/mem.h"
#include "sheaf/sheaf.h"

typedef struct {
    uint64_t hash;
    const char *p;
    uint32_t length;
    uint32_t count;         /* for the owner */
} sheaf_i_entry;

typedef struct {
    uint64_t head[2];       /* the first 16 bytes, zeros behind a shorter string */
    uint32_t hash;          /* its low half, which says where the slot is */
    uint32_t count;         /* for the owner; 1 when added */
    uint32_t length;
    uint32_t id;            /* id + 1; 0: empty */
} sheaf_i_slot;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_slot *slot;
    uint32_t mask;
    sheaf_i_entry *entry;
    int64_t n, room;
    sheaf_i_arena arena;
} sheaf_i_table;

/* A string ready to be looked up. */
typedef struct {
    uint64_t hash, head[2];
    const char *p;
    uint32_t length;
} sheaf_i_key;

sheaf_status sheaf_i_table_init(sheaf_i_table *t, sheaf_ctx *ctx);
void sheaf_i_table_end(sheaf_i_table *t);
/* The counts of the slots, by id. */
void sheaf_i_table_counts(const sheaf_i_table *t, uint32_t *count);
/* Without what is needed to look up and add, and the counts: the entries and their strings stay. */
void sheaf_i_table_close(sheaf_i_table *t);
/* Adds a key that is not there, copying its bytes; *id is its number. */
sheaf_status sheaf_i_table_add(sheaf_i_table *t, const sheaf_i_key *key, uint32_t *id);

/* Of strings longer than 16 bytes. */
uint64_t sheaf_i_hash_long(const char *p, size_t n);

static inline uint64_t sheaf_i_fold_product(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* `readable`: bytes that may be read from p on (at least length). */
static inline sheaf_i_key sheaf_i_key_of(const char *p, uint32_t length, size_t readable)
{
    static const uint8_t keep[32] = {[0 ... 15] = 0xff};
    sheaf_i_key k = {.p = p, .length = length};
    if (readable >= 16) {
        uint64_t mask[2];
        memcpy(mask, keep + (length < 16 ? 16 - length : 0), 16);
        memcpy(k.head, p, 16);
        k.head[0] &= mask[0];
        k.head[1] &= mask[1];
    } else {
        memcpy(k.head, p, length);
    }
    k.hash = sheaf_i_fold_product(
        sheaf_i_fold_product(k.head[0] ^ 0xa0761d6478bd642fu, k.head[1] ^ 0xe7037ed1a0b428dbu) ^ length,
        0x8ebc6af09c88c6e3u);
    if (__builtin_expect(length > 16, 0)) k.hash = sheaf_i_hash_long(p, length);
    return k;
}

static inline bool sheaf_i_slot_is(const sheaf_i_slot *s, const sheaf_i_key *k, const sheaf_i_entry *entry)
{
    uint64_t differs = (s->head[0] ^ k->head[0]) | (s->head[1] ^ k->head[1]) | (s->length ^ k->length);
    return !differs && (k->length <= 16 ||
                        (s->hash == (uint32_t)k->hash &&
                         memcmp(entry[s->id - 1].p + 16, k->p + 16, k->length - 16) == 0));
}

/* The slot to look at after `at`, the step-th from 0 on: first the other one of the cache line, then the next line. */
static inline uint32_t sheaf_i_next_slot(uint32_t at, uint32_t step, uint32_t mask)
{
    return ((at ^ 1) + (step & 1) * 2) & mask;
}

/* The key's slot, or the empty one where it would be. */
static inline sheaf_i_slot *sheaf_i_table_slot(const sheaf_i_table *t, const sheaf_i_key *k)
{
    uint32_t i = (uint32_t)k->hash & t->mask;
    for (uint32_t step = 0; t->slot[i].id && !sheaf_i_slot_is(&t->slot[i], k, t->entry); step++)
        i = sheaf_i_next_slot(i, step, t->mask);
    return &t->slot[i];
}

/* -1: not there. */
static inline int64_t sheaf_i_table_find(const sheaf_i_table *t, const sheaf_i_key *k)
{
    return (int64_t)sheaf_i_table_slot(t, k)->id - 1;
}

static inline void sheaf_i_table_prefetch(const sheaf_i_table *t, const sheaf_i_key *k)
{
    __builtin_prefetch(&t->slot[(uint32_t)k->hash & t->mask]);
}

static inline sheaf_status sheaf_i_table_intern(sheaf_i_table *t, const sheaf_i_key *k, uint32_t *id)
{
    int64_t found = sheaf_i_table_find(t, k);
    if (found < 0) return sheaf_i_table_add(t, k, id);
    *id = (uint32_t)found;
    return SHEAF_OK;
}

static inline sheaf_str sheaf_i_table_string(const sheaf_i_table *t, int64_t id)
{
    return (sheaf_str){t->entry[id].p, t->entry[id].length};
}

#endif
