/* All pairs of documents; see pairs.h. Documents of a unit with the same words are told by the first of them alone. */
#include "near/pairs.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "near/radix.h"

#define ITEMS_PER_BLOCK 256

typedef struct {
    sheaf_dup_pair *pair;
    int64_t n, room;
} list;

typedef struct {
    sheaf_i_index *x;
    list *block;
    bool inside; /* of containers and what is in them, else near ones */
} pairing;

static sheaf_status add(const sheaf_i_index *x, list *to, int64_t a, int64_t b, int64_t shared, sheaf_dup_kind kind)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_GROW(to->pair, x->ctx, to->n, to->room);
    if (a > b) {
        const int64_t c = a;
        a = b;
        b = c;
    }
    to->pair[to->n++] = (sheaf_dup_pair){.a = a, .b = b, .shared = shared, .size_a = x->j->size[a],
                                         .size_b = x->j->size[b], .kind = kind};
done:
    return st;
}

static sheaf_dup_kind kind_of(const sheaf_i_index *x, int64_t a, int64_t b, int64_t shared)
{
    const bool same = shared == x->j->size[a] && shared == x->j->size[b];
    if (same && sheaf_i_same_words(x->j, a, b)) return SHEAF_DUP_IDENTICAL;
    return sheaf_i_is_near(shared, x->j->size[a], x->j->size[b], x->j->o.threshold) ? SHEAF_DUP_NEAR
                                                                                     : SHEAF_DUP_CONTAINED;
}

/* Documents of one unit with those of another. */
static sheaf_status add_units(const sheaf_i_index *x, list *to, uint32_t unit, uint32_t other, int64_t shared)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_units *u = x->u;
    for (uint32_t i = u->start[unit]; i < u->start[unit + 1]; i++)
        for (uint32_t k = u->start[other]; k < u->start[other + 1]; k++) {
            const uint32_t a = u->doc[i], b = u->doc[k];
            if (u->clique[a] == a && u->clique[b] == b)
                SHEAF_TRY(add(x, to, a, b, shared, kind_of(x, a, b, shared)));
        }
done:
    return st;
}

static sheaf_status add_within(const sheaf_i_index *x, list *to, uint32_t unit)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_units *u = x->u;
    if (!sheaf_i_unit_mutual(x->j, u, unit)) return SHEAF_OK;
    for (uint32_t i = u->start[unit]; i < u->start[unit + 1]; i++) {
        const uint32_t a = u->doc[i];
        if (u->clique[a] != a) SHEAF_TRY(add(x, to, u->clique[a], a, x->j->size[a], SHEAF_DUP_IDENTICAL));
        for (uint32_t k = i + 1; u->clique[a] == a && k < u->start[unit + 1]; k++) {
            const uint32_t b = u->doc[k];
            if (u->clique[b] == b) SHEAF_TRY(add(x, to, a, b, x->j->size[a], kind_of(x, a, b, x->j->size[a])));
        }
    }
done:
    return st;
}

/* A pair that is both near and contained is told once, as near. */
static sheaf_status pair_block(void *arg, int64_t block, int32_t worker)
{
    pairing *p = arg;
    const sheaf_i_index *x = p->x;
    sheaf_i_search *s = &x->search[worker];
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(x->l->n, ITEMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const sheaf_i_item *a = &x->l->item[i];
        if (p->inside) SHEAF_TRY(sheaf_i_find_holders(x, s, (uint32_t)i));
        else if (!a->near || (x->j->t.part[1] && a->side)) continue;
        else SHEAF_TRY(sheaf_i_find_near(x, s, (uint32_t)i, !x->j->t.part[1]));
        for (int64_t k = 0; k < s->n_hits; k++) {
            const sheaf_i_item *b = &x->l->item[s->hit[k].item];
            if (p->inside && sheaf_i_is_near(s->hit[k].shared, a->n, b->n, x->j->o.threshold)) continue;
            SHEAF_TRY(add_units(x, &p->block[block], a->unit, b->unit, s->hit[k].shared));
        }
    }
done:
    return st;
}

static sheaf_status gather(pairing *p, list *all)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(p->x->l->n, ITEMS_PER_BLOCK);
    int64_t more = 0;
    SHEAF_NEW0(p->block, p->x->ctx, blocks);
    SHEAF_TRY(sheaf_i_par_for(p->x->ctx, "join", blocks, pair_block, p));
    for (int64_t b = 0; b < blocks; b++) more += p->block[b].n;
    sheaf_dup_pair *pair = sheaf_i_resize(p->x->ctx, all->pair, all->n + more, sizeof *pair);
    if (!pair) SHEAF_TRY(SHEAF_ENOMEM);
    all->pair = pair;
    all->room = all->n + more;
    for (int64_t b = 0; b < blocks; b++) {
        if (p->block[b].n) memcpy(pair + all->n, p->block[b].pair, (size_t)p->block[b].n * sizeof *pair);
        all->n += p->block[b].n;
    }
done:
    for (int64_t b = 0; p->block && b < blocks; b++) sheaf_i_free(p->x->ctx, p->block[b].pair);
    sheaf_i_free(p->x->ctx, p->block);
    p->block = NULL;
    return st;
}

/* By a, b. New and old documents that contain each other were found from either side: those are told once. */
static sheaf_status sort_pairs(sheaf_ctx *ctx, list *all)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_keyed *e = NULL;
    sheaf_dup_pair *sorted = NULL;
    SHEAF_NEW(e, ctx, all->n);
    SHEAF_NEW(sorted, ctx, all->n);
    for (int64_t i = 0; i < all->n; i++)
        e[i] = (sheaf_i_keyed){(uint64_t)all->pair[i].a << 32 | (uint64_t)all->pair[i].b, i};
    SHEAF_TRY(sheaf_i_sort_keyed(ctx, e, all->n));
    int64_t n = 0;
    for (int64_t i = 0; i < all->n; i++)
        if (!i || e[i].key != e[i - 1].key) sorted[n++] = all->pair[e[i].of];
    sheaf_i_free(ctx, all->pair);
    all->pair = sorted;
    all->n = n;
    sorted = NULL;
done:
    sheaf_i_free(ctx, e);
    sheaf_i_free(ctx, sorted);
    return st;
}

sheaf_status sheaf_i_pairs(sheaf_dup_pair **out, int64_t *n, sheaf_i_index *x)
{
    sheaf_status st = SHEAF_OK;
    pairing p = {.x = x};
    list all = {0};
    SHEAF_TRY(gather(&p, &all));
    p.inside = true;
    if (x->j->o.containment.p > 0)
        for (int side = x->j->t.part[1] ? 0 : -1; side < (x->j->t.part[1] ? 2 : 0); side++) {
            SHEAF_TRY(sheaf_i_index_holders(x, side));
            SHEAF_TRY(gather(&p, &all));
        }
    for (int64_t i = 0; i < x->u->n; i++) SHEAF_TRY(add_within(x, &all, (uint32_t)i));
    SHEAF_TRY(sort_pairs(x->ctx, &all));
    *out = all.pair;
    *n = all.n;
    all.pair = NULL;
done:
    sheaf_i_free(x->ctx, all.pair);
    return st;
}
