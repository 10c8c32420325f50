/* All pairs of documents; see pairs.h.
 *
 * Documents of a unit with the same words are a clique, and the first of them by id is its head. Where they are
 * partners of each other each makes a pair with the head, which stands for all in pairs with others. Where they are
 * not, as all are of one side or one field, each makes a pair with the head of every clique that it is a partner of. So
 * every document that has a partner is told with one, and two cliques of a thousand are two thousand rows, not a
 * million.
 */
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
    uint32_t *member, *heads; /* of each unit: documents, so many of them heads */
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

static sheaf_status add_found(const pairing *p, list *to, uint32_t a, uint32_t b, int64_t shared)
{
    return add(p->x, to, a, b, shared, kind_of(p->x, a, b, shared));
}

/* Documents of one unit with those of another: heads with heads, and where heads do not stand for the others of their
   cliques each of those with the heads too. */
static sheaf_status add_units(const pairing *p, list *to, uint32_t unit, uint32_t other, int64_t shared)
{
    sheaf_status st = SHEAF_OK;
    const bool all = !sheaf_i_unit_mutual(p->x->j, p->x->u, unit);
    const uint32_t *a = p->member + p->x->u->start[unit], *b = p->member + p->x->u->start[other];
    const uint32_t heads_a = p->heads[unit], heads_b = p->heads[other];
    const uint32_t most_a = all ? sheaf_i_unit_docs(p->x->u, unit) : heads_a;
    const uint32_t most_b = all ? sheaf_i_unit_docs(p->x->u, other) : heads_b;
    for (uint32_t i = 0; i < most_a; i++)
        for (uint32_t k = 0; k < (i < heads_a ? most_b : heads_b); k++)
            SHEAF_TRY(add_found(p, to, a[i], b[k], shared));
done:
    return st;
}

static sheaf_status add_within(const pairing *p, list *to, uint32_t unit)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_units *u = p->x->u;
    const uint32_t *doc = p->member + u->start[unit], n = sheaf_i_unit_docs(u, unit), heads = p->heads[unit];
    if (!sheaf_i_unit_mutual(p->x->j, u, unit)) return SHEAF_OK;
    const int64_t size = p->x->j->size[doc[0]];
    for (uint32_t i = 0; i < heads; i++)
        for (uint32_t k = i + 1; k < heads; k++) SHEAF_TRY(add_found(p, to, doc[i], doc[k], size));
    for (uint32_t i = heads; i < n; i++)
        SHEAF_TRY(add(p->x, to, u->clique[doc[i]], doc[i], size, SHEAF_DUP_IDENTICAL));
done:
    return st;
}

/* The members of every unit, those first that stand for a clique. */
static sheaf_status list_heads(pairing *p)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_units *u = p->x->u;
    SHEAF_NEW(p->member, p->x->ctx, u->start[u->n]);
    SHEAF_NEW(p->heads, p->x->ctx, u->n);
    for (int64_t unit = 0; unit < u->n; unit++) {
        uint32_t first = u->start[unit], last = u->start[unit + 1];
        for (uint32_t i = u->start[unit]; i < u->start[unit + 1]; i++) {
            const uint32_t doc = u->doc[i];
            p->member[u->clique[doc] == doc ? first++ : --last] = doc;
        }
        p->heads[unit] = first - u->start[unit];
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
            SHEAF_TRY(add_units(p, &p->block[block], a->unit, b->unit, s->hit[k].shared));
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
    SHEAF_TRY(list_heads(&p));
    SHEAF_TRY(gather(&p, &all));
    p.inside = true;
    if (x->j->o.containment.p > 0)
        for (int side = x->j->t.part[1] ? 0 : -1; side < (x->j->t.part[1] ? 2 : 0); side++) {
            SHEAF_TRY(sheaf_i_index_holders(x, side));
            SHEAF_TRY(gather(&p, &all));
        }
    for (int64_t i = 0; i < x->u->n; i++) SHEAF_TRY(add_within(&p, &all, (uint32_t)i));
    SHEAF_TRY(sort_pairs(x->ctx, &all));
    *out = all.pair;
    *n = all.n;
    all.pair = NULL;
done:
    sheaf_i_free(x->ctx, p.member);
    sheaf_i_free(x->ctx, p.heads);
    sheaf_i_free(x->ctx, all.pair);
    return st;
}
