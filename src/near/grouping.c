/* What all ways of grouping share, and the order in which the most central documents are kept. */
#include "near/grouping.h"

#include "base/context.h"
#include "base/par.h"
#include "near/radix.h"

#define ITEMS_PER_BLOCK 64
#define ENOUGH 1000 /* partners */

typedef struct {
    const sheaf_i_grouping *g;
    _Atomic uint64_t *partners; /* of each unit: documents */
    atomic_bool cut;            /* some were found to have ENOUGH, and not all of theirs counted for others */
} counting;

/* Partners within the unit. */
static uint64_t alone(const sheaf_i_grouping *g, int64_t unit)
{
    return sheaf_i_unit_mutual(g->j, g->u, unit) ? sheaf_i_unit_docs(g->u, unit) - 1 : 0;
}

static void add_partners(counting *c, uint32_t unit, uint32_t other)
{
    atomic_fetch_add_explicit(&c->partners[unit], sheaf_i_unit_docs(c->g->u, other), memory_order_relaxed);
}

/* Finds each pair once, for both. */
static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    counting *c = arg;
    const sheaf_i_grouping *g = c->g;
    sheaf_i_search *s = &g->x->search[worker];
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(g->l->n, ITEMS_PER_BLOCK, block, &lo, &hi);
    s->most = ENOUGH;
    for (int64_t i = lo; i < hi; i++) {
        const uint32_t unit = g->l->item[i].unit;
        if (!g->l->item[i].near) continue;
        SHEAF_TRY(sheaf_i_find_near(g->x, s, (uint32_t)i, true));
        if (s->cut) c->cut = true;
        for (int64_t k = 0; k < s->n_hits; k++) {
            const uint32_t other = g->l->item[s->hit[k].item].unit;
            add_partners(c, unit, other);
            add_partners(c, other, unit);
        }
    }
done:
    s->most = 0;
    return st;
}

/* Counts anew for those that are not known to have ENOUGH. */
static sheaf_status recount_block(void *arg, int64_t block, int32_t worker)
{
    counting *c = arg;
    const sheaf_i_grouping *g = c->g;
    sheaf_i_search *s = &g->x->search[worker];
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    sheaf_i_range(g->l->n, ITEMS_PER_BLOCK, block, &lo, &hi);
    s->most = ENOUGH;
    for (int64_t i = lo; i < hi; i++) {
        const uint32_t unit = g->l->item[i].unit;
        if (!g->l->item[i].near || c->partners[unit] >= ENOUGH) continue;
        c->partners[unit] = alone(g, unit);
        SHEAF_TRY(sheaf_i_find_near(g->x, s, (uint32_t)i, false));
        for (int64_t k = 0; k < s->n_hits; k++) add_partners(c, unit, g->l->item[s->hit[k].item].unit);
    }
done:
    s->most = 0;
    return st;
}

/* Units by falling number of partners, ties by id. ENOUGH count as the most there can be, so that a flood of near-equal
   documents takes no more than so many comparisons each. */
static sheaf_status order_central(sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    counting c = {.g = g};
    sheaf_i_keyed *e = NULL;
    const int64_t blocks = sheaf_i_blocks(g->l->n, ITEMS_PER_BLOCK);
    SHEAF_NEW0(c.partners, g->ctx, g->u->n);
    SHEAF_NEW(e, g->ctx, g->u->n);
    for (int64_t i = 0; i < g->u->n; i++)
        c.partners[i] = alone(g, i);
    SHEAF_TRY(sheaf_i_par_for(g->ctx, "groups", blocks, count_block, &c));
    if (c.cut) SHEAF_TRY(sheaf_i_par_for(g->ctx, "groups", blocks, recount_block, &c));
    for (int64_t i = 0; i < g->u->n; i++) e[i] = (sheaf_i_keyed){c.partners[i] < ENOUGH ? ~c.partners[i] : 0, i};
    SHEAF_TRY(sheaf_i_sort_keyed(g->ctx, e, g->u->n));
    for (int64_t i = 0; i < g->u->n; i++) g->order[i] = (uint32_t)e[i].of;
done:
    sheaf_i_free(g->ctx, (void *)c.partners);
    sheaf_i_free(g->ctx, e);
    return st;
}

sheaf_status sheaf_i_grouping_make(sheaf_i_grouping *g, const sheaf_i_job *j, const sheaf_i_units *u,
                                   const sheaf_i_lists *l, sheaf_i_index *x)
{
    sheaf_status st = SHEAF_OK;
    *g = (sheaf_i_grouping){.ctx = j->ctx, .j = j, .u = u, .l = l, .x = x};
    SHEAF_NEW(g->order, g->ctx, u->n);
    SHEAF_NEW(g->leader, g->ctx, l->n);
    SHEAF_NEW0(g->shared, g->ctx, l->n);
    SHEAF_NEW(g->next, g->ctx, l->n);
    SHEAF_NEW(g->rest, g->ctx, l->n);
    SHEAF_NEW0(g->rest_shared, g->ctx, l->n);
    for (int64_t i = 0; i < u->n; i++) g->order[i] = (uint32_t)i;
    for (int64_t i = 0; i < l->n; i++) {
        g->leader[i] = g->rest[i] = (uint32_t)i;
        g->next[i] = SHEAF_I_NONE;
    }
    if (j->o.keep == SHEAF_KEEP_CENTRAL && !j->t.part[1]) SHEAF_TRY(order_central(g));
done:
    return st;
}

void sheaf_i_grouping_end(sheaf_i_grouping *g)
{
    if (!g->ctx) return;
    sheaf_i_free(g->ctx, g->order);
    sheaf_i_free(g->ctx, g->leader);
    sheaf_i_free(g->ctx, g->shared);
    sheaf_i_free(g->ctx, g->next);
    sheaf_i_free(g->ctx, g->rest);
    sheaf_i_free(g->ctx, g->rest_shared);
    *g = (sheaf_i_grouping){0};
}

void sheaf_i_join(sheaf_i_grouping *g, uint32_t item, uint32_t to, uint32_t shared)
{
    uint32_t last = item;
    g->leader[item] = to;
    g->shared[item] = shared;
    for (uint32_t m = g->next[item]; m != SHEAF_I_NONE; m = g->next[m]) g->leader[last = m] = to;
    g->next[last] = g->next[to];
    g->next[to] = item;
}
