/* Equal strings get the same number; see group.h.
 *
 * The strings are split into parts by their hash, and every part has a table of its own that is filled in the order of
 * the strings: so no two threads meet, and the first string of a group is the same however many there are.
 */
#include "text/group.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/intern.h"
#include "text/pages.h"

#define STRINGS_PER_BLOCK 4096
#define AHEAD 16 /* strings may lie all over the place */
#define PART_BITS 6
#define PART_OF(hash) ((uint32_t)((hash) >> (64 - PART_BITS)))
_Static_assert(1 << PART_BITS == SHEAF_I_GROUP_PARTS, "parts");

typedef struct {
    uint32_t at[SHEAF_I_GROUP_PARTS + 1]; /* where the block's strings of each part begin in `order` */
} split_block;

typedef struct {
    sheaf_i_groups *g;
    uint64_t *hash;
    uint32_t *order;  /* strings of every block by part */
    split_block *block;
    int64_t n_blocks;
} grouping;

static uint64_t load(const char *p, size_t n) /* 4 to 8 bytes */
{
    uint32_t a, b;
    memcpy(&a, p, 4);
    memcpy(&b, p + n - 4, 4);
    return (uint64_t)a << 32 | b;
}

static uint64_t hash_of(sheaf_str s)
{
    uint64_t a, b = 0;
    if (s.n > 16) return sheaf_i_hash_long(s.p, s.n);
    if (s.n > 8) {
        memcpy(&a, s.p, 8);
        memcpy(&b, s.p + s.n - 8, 8);
    } else if (s.n >= 4) {
        a = load(s.p, s.n);
    } else {
        a = s.n ? (uint64_t)(uint8_t)s.p[0] << 16 | (uint64_t)(uint8_t)s.p[s.n / 2] << 8 | (uint8_t)s.p[s.n - 1] : 0;
    }
    a = sheaf_i_fold_product(a ^ 0xa0761d6478bd642fu, b ^ 0xe7037ed1a0b428dbu);
    return sheaf_i_fold_product(a ^ s.n, 0x8ebc6af09c88c6e3u);
}

static sheaf_status split_strings(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    grouping *q = arg;
    const sheaf_str *s = q->g->s;
    uint32_t *at = q->block[block].at, next[SHEAF_I_GROUP_PARTS];
    int64_t lo, hi;
    sheaf_i_range(q->g->n, STRINGS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        q->g->id[i] = SHEAF_I_NO_GROUP;
        if (i + AHEAD < hi) __builtin_prefetch(s[i + AHEAD].p);
        if (!s[i].p) continue;
        q->hash[i] = hash_of(s[i]);
        at[PART_OF(q->hash[i]) + 1]++;
    }
    for (uint32_t p = 0; p < SHEAF_I_GROUP_PARTS; p++) {
        at[p + 1] += at[p];
        next[p] = (uint32_t)lo + at[p];
    }
    for (int64_t i = lo; i < hi; i++)
        if (s[i].p) q->order[next[PART_OF(q->hash[i])]++] = (uint32_t)i;
    return SHEAF_OK;
}

static bool same(sheaf_str a, sheaf_str b) { return a.n == b.n && memcmp(a.p, b.p, a.n) == 0; }

/* Gives every string of the part the first one that equals it for an id. */
static sheaf_status group_part(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    grouping *q = arg;
    sheaf_i_groups *g = q->g;
    sheaf_i_group_slot *slot = g->part[part].slot;
    uint32_t mask = g->part[part].mask;
    memset(slot, 0, ((size_t)mask + 1) * sizeof *slot);
    for (int64_t b = 0; b < q->n_blocks; b++) {
        const uint32_t *order = q->order + b * STRINGS_PER_BLOCK;
        for (uint32_t j = q->block[b].at[part]; j < q->block[b].at[part + 1]; j++) {
            uint32_t i = order[j], tag = (uint32_t)(q->hash[i] >> 24), k = (uint32_t)q->hash[i] & mask;
            while (slot[k].string && !(slot[k].tag == tag && same(g->s[slot[k].string - 1], g->s[i])))
                k = (k + 1) & mask;
            if (!slot[k].string) slot[k] = (sheaf_i_group_slot){tag, i + 1};
            g->id[i] = slot[k].string - 1;
        }
    }
    return SHEAF_OK;
}

static sheaf_status open_slots(grouping *q)
{
    sheaf_i_groups *g = q->g;
    int64_t start[SHEAF_I_GROUP_PARTS], total = 0;
    for (int p = 0; p < SHEAF_I_GROUP_PARTS; p++) {
        int64_t n = 0, n_slots = 16;
        for (int64_t b = 0; b < q->n_blocks; b++) n += q->block[b].at[p + 1] - q->block[b].at[p];
        while (n_slots < 2 * n) n_slots *= 2;
        g->part[p].mask = (uint32_t)(n_slots - 1);
        start[p] = total;
        total += n_slots;
    }
    g->slots = sheaf_i_pages(g->ctx, total, sizeof *g->slots);
    if (!g->slots) return SHEAF_ENOMEM;
    for (int p = 0; p < SHEAF_I_GROUP_PARTS; p++) g->part[p].slot = g->slots + start[p];
    return SHEAF_OK;
}

/* From the first string of each group to the groups' numbers. */
static sheaf_status number_groups(sheaf_i_groups *g)
{
    sheaf_status st = SHEAF_OK;
    int64_t n = 0;
    for (int64_t i = 0; i < g->n; i++) n += g->id[i] == i;
    SHEAF_NEW(g->first, g->ctx, n);
    for (int64_t i = 0; i < g->n; i++) {
        uint32_t first = g->id[i];
        if (first == SHEAF_I_NO_GROUP) continue;
        g->id[i] = first == i ? (uint32_t)g->n_groups : g->id[first];
        if (first == i) g->first[g->n_groups++] = first;
    }
done:
    return st;
}

static sheaf_status begin(sheaf_i_groups *g, sheaf_ctx *ctx, const sheaf_str *s, int64_t n)
{
    *g = (sheaf_i_groups){.ctx = ctx, .s = s, .n = n};
    if (n >= SHEAF_I_NO_GROUP) return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld strings are too many", (long long)n);
    g->id = sheaf_i_array(ctx, n, sizeof *g->id);
    return g->id ? SHEAF_OK : SHEAF_ENOMEM;
}

sheaf_status sheaf_i_groups_make(sheaf_i_groups *g, sheaf_ctx *ctx, const sheaf_str *s, int64_t n)
{
    sheaf_status st = begin(g, ctx, s, n);
    grouping q = {.g = g, .n_blocks = sheaf_i_blocks(n, STRINGS_PER_BLOCK)};
    if (st != SHEAF_OK) return st;
    SHEAF_NEW(q.hash, ctx, n);
    SHEAF_NEW(q.order, ctx, n);
    SHEAF_NEW0(q.block, ctx, q.n_blocks);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, q.n_blocks, split_strings, &q));
    SHEAF_TRY(open_slots(&q));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, SHEAF_I_GROUP_PARTS, group_part, &q));
    SHEAF_TRY(number_groups(g));
done:
    sheaf_i_free(ctx, q.hash);
    sheaf_i_free(ctx, q.order);
    sheaf_i_free(ctx, q.block);
    return st;
}

sheaf_status sheaf_i_groups_number(sheaf_i_groups *g, sheaf_ctx *ctx, const sheaf_str *s, int64_t n)
{
    sheaf_status st = begin(g, ctx, s, n);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < n; i++) g->id[i] = s[i].p ? (uint32_t)i : SHEAF_I_NO_GROUP;
    return number_groups(g);
}

int64_t sheaf_i_groups_find(const sheaf_i_groups *g, sheaf_str s)
{
    uint64_t hash = hash_of(s);
    const sheaf_i_group_slot *slot = g->part[PART_OF(hash)].slot;
    uint32_t mask = g->part[PART_OF(hash)].mask, tag = (uint32_t)(hash >> 24), k = (uint32_t)hash & mask;
    if (!slot) return -1;
    for (; slot[k].string; k = (k + 1) & mask)
        if (slot[k].tag == tag && same(g->s[slot[k].string - 1], s)) return g->id[slot[k].string - 1];
    return -1;
}

void sheaf_i_groups_end(sheaf_i_groups *g)
{
    if (!g->ctx) return;
    sheaf_i_aligned_free(g->ctx, g->slots);
    sheaf_i_free(g->ctx, g->id);
    sheaf_i_free(g->ctx, g->first);
    *g = (sheaf_i_groups){0};
}
