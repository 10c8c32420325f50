/* Table of distinct strings; see intern.h. */
#define XXH_INLINE_ALL
#include "text/intern.h"

#include <xxhash.h>

#include "base/context.h"
#include "text/pages.h"

#define FIRST_SLOTS 4096u
#define FEW 65536 /* as many slots grow four times as large, more twice */
#define FEW_ENTRIES 16384 /* more get a huge page, and room that costs nothing before it is used */
#define MANY_ENTRIES 262144
#define MAX_ENTRIES (UINT32_MAX / 2) /* slots are counted in 32 bits */

uint64_t sheaf_i_hash_long(const char *p, size_t n)
{
    return XXH3_64bits(p, n);
}

static sheaf_i_slot *new_slots(sheaf_ctx *ctx, int64_t n)
{
    sheaf_i_slot *slot = sheaf_i_aligned(ctx, n, sizeof *slot); /* two a cache line */
    if (slot) memset(slot, 0, (size_t)n * sizeof *slot);
    return slot;
}

sheaf_status sheaf_i_table_init(sheaf_i_table *t, sheaf_ctx *ctx)
{
    *t = (sheaf_i_table){.ctx = ctx, .mask = FIRST_SLOTS - 1};
    sheaf_i_arena_init(&t->arena, ctx);
    t->slot = new_slots(ctx, FIRST_SLOTS);
    return t->slot ? SHEAF_OK : SHEAF_ENOMEM;
}

void sheaf_i_table_counts(const sheaf_i_table *t, uint32_t *count)
{
    for (int64_t i = 0; i <= t->mask; i++)
        if (t->slot[i].id) count[t->slot[i].id - 1] = t->slot[i].count;
}

void sheaf_i_table_close(sheaf_i_table *t)
{
    if (!t->ctx) return;
    sheaf_i_aligned_free(t->ctx, t->slot);
    t->slot = NULL;
}

void sheaf_i_table_end(sheaf_i_table *t)
{
    if (!t->ctx) return;
    sheaf_i_table_close(t);
    sheaf_i_aligned_free(t->ctx, t->entry);
    sheaf_i_arena_end(&t->arena);
    *t = (sheaf_i_table){0};
}

static sheaf_i_slot *empty_slot(sheaf_i_slot *slot, uint32_t mask, uint32_t hash)
{
    uint32_t i = hash & mask;
    for (uint32_t step = 0; slot[i].id; step++) i = sheaf_i_next_slot(i, step, mask);
    return &slot[i];
}

static sheaf_status grow_slots(sheaf_i_table *t)
{
    int64_t before = (int64_t)t->mask + 1, n = (before <= FEW ? 4 : 2) * before;
    sheaf_i_slot *slot = new_slots(t->ctx, n);
    if (!slot) return SHEAF_ENOMEM;
    uint32_t mask = (uint32_t)(n - 1);
    for (int64_t i = 0; i < before; i++)
        if (t->slot[i].id) *empty_slot(slot, mask, t->slot[i].hash) = t->slot[i];
    sheaf_i_aligned_free(t->ctx, t->slot);
    t->slot = slot;
    t->mask = mask;
    return SHEAF_OK;
}

/* Entries are many and stay: huge pages. */
static sheaf_status grow_entries(sheaf_i_table *t)
{
    int64_t room = t->room < FIRST_SLOTS ? FIRST_SLOTS : t->room < FEW_ENTRIES ? FEW_ENTRIES : 2 * t->room;
    if (t->room >= FEW_ENTRIES && room < MANY_ENTRIES) room = MANY_ENTRIES;
    sheaf_i_entry *entry = sheaf_i_pages(t->ctx, room, sizeof *entry);
    if (!entry) return SHEAF_ENOMEM;
    if (t->n) memcpy(entry, t->entry, (size_t)t->n * sizeof *entry);
    sheaf_i_aligned_free(t->ctx, t->entry);
    t->entry = entry;
    t->room = room;
    return SHEAF_OK;
}

sheaf_status sheaf_i_table_add(sheaf_i_table *t, const sheaf_i_key *key, uint32_t *id)
{
    sheaf_status st = SHEAF_OK;
    if (t->n >= MAX_ENTRIES) return sheaf_i_fail(t->ctx, SHEAF_EINVAL, "more than %u distinct words", MAX_ENTRIES);
    if (8 * t->n >= 5 * (int64_t)t->mask) SHEAF_TRY(grow_slots(t));
    if (t->n == t->room) SHEAF_TRY(grow_entries(t));
    const char *copy = sheaf_i_arena_copy(&t->arena, key->p, key->length);
    if (!copy) return SHEAF_ENOMEM;
    t->entry[t->n] = (sheaf_i_entry){key->hash, copy, key->length, 0};
    *empty_slot(t->slot, t->mask, (uint32_t)key->hash) = (sheaf_i_slot){
        {key->head[0], key->head[1]}, (uint32_t)key->hash, 1, key->length, (uint32_t)t->n + 1};
    *id = (uint32_t)t->n++;
done:
    return st;
}
