/* A small set of names (columns, fields); see chunk.h. Hostile input may bring a new name with every record, hence a
   hash table and not a list. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#include "base/context.h"
#include "read/chunk.h"

void sheaf_i_names_init(sheaf_i_names *s, sheaf_ctx *ctx) { *s = (sheaf_i_names){.ctx = ctx}; }

void sheaf_i_names_end(sheaf_i_names *s)
{
    sheaf_i_free(s->ctx, s->list);
    sheaf_i_free(s->ctx, s->slot);
    sheaf_i_names_init(s, s->ctx);
}

/* The slot that holds the name, or the empty one where it belongs. */
static int32_t probe(const sheaf_i_names *s, sheaf_str name)
{
    uint32_t mask = (uint32_t)s->slots - 1, i = (uint32_t)XXH3_64bits(name.p, name.n) & mask;
    for (;; i = (i + 1) & mask) {
        int32_t at = s->slot[i];
        if (at < 0) return (int32_t)i;
        sheaf_str have = s->list[at].name;
        if (have.n == name.n && (!name.n || memcmp(have.p, name.p, name.n) == 0)) return (int32_t)i;
    }
}

int32_t sheaf_i_names_find(const sheaf_i_names *s, sheaf_str name)
{
    return s->slots ? s->slot[probe(s, name)] : -1;
}

static sheaf_status grow(sheaf_i_names *s)
{
    int32_t slots = s->slots ? s->slots * 2 : 32;
    if (slots > 1 << 26) return sheaf_i_fail(s->ctx, SHEAF_EFORMAT, "more than %d field names", 1 << 25);
    int32_t *slot = sheaf_i_array(s->ctx, slots, sizeof *slot);
    if (!slot) return SHEAF_ENOMEM;
    memset(slot, 0xFF, (size_t)slots * sizeof *slot);
    sheaf_i_free(s->ctx, s->slot);
    s->slot = slot;
    s->slots = slots;
    for (int32_t i = 0; i < s->n; i++) slot[probe(s, s->list[i].name)] = i;
    return SHEAF_OK;
}

sheaf_status sheaf_i_names_add(sheaf_i_names *s, sheaf_i_arena *a, sheaf_str name, int32_t *index)
{
    sheaf_status st = SHEAF_OK;
    *index = sheaf_i_names_find(s, name);
    if (*index >= 0) return SHEAF_OK;
    if (2 * (s->n + 1) > s->slots) SHEAF_TRY(grow(s));
    SHEAF_GROW(s->list, s->ctx, s->n, s->room);
    char *copy = sheaf_i_arena_copy(a, name.p, name.n);
    if (!copy) return SHEAF_ENOMEM;
    *index = s->n;
    s->slot[probe(s, name)] = s->n;
    s->list[s->n++] = (sheaf_i_name){.name = {copy, name.n}, .mark = -1};
done:
    return st;
}
