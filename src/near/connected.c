/* Components of the graph of all pairs; see grouping.h.
 *
 * A component is gone through from its first unit on, and what has been met is taken out of the postings: everything in
 * them is of another component or of the same one and still unmet, so a flood costs about as much as with stars. What
 * contains what is then added by union-find, looked for between components only.
 */
#include "base/context.h"
#include "near/grouping.h"

typedef struct {
    sheaf_i_grouping *g;
    uint32_t *parent; /* of each item; the root of a component is its least item */
    uint32_t *queue;
} components;

static uint32_t root(const components *c, uint32_t i)
{
    while (c->parent[i] != i) i = c->parent[i] = c->parent[c->parent[i]];
    return i;
}

static void unite(components *c, uint32_t a, uint32_t b)
{
    a = root(c, a);
    b = root(c, b);
    if (a < b) c->parent[b] = a;
    else c->parent[a] = b;
}

static sheaf_status walk(components *c, sheaf_i_batch *b, uint32_t seed)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_index *x = c->g->x;
    int64_t head = 0, tail = 0;
    c->queue[tail++] = seed;
    sheaf_i_index_remove(x, seed);
    while (head < tail || b->n) {
        while (head < tail && b->n < b->size) b->item[b->n++] = c->queue[head++];
        SHEAF_TRY(sheaf_i_batch_search(b));
        for (int64_t i = 0; i < b->n; i++)
            for (int64_t k = 0; k < b->found[i].n; k++) {
                const uint32_t item = b->found[i].hit[k].item;
                if (x->gone[item]) continue;
                unite(c, item, seed);
                sheaf_i_index_remove(x, item);
                c->queue[tail++] = item;
                c->g->pairs++;
            }
        sheaf_i_batch_clear(b);
        sheaf_i_index_compact(x);
    }
done:
    return st;
}

static sheaf_status walk_all(components *c)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_batch b = {0};
    SHEAF_TRY(sheaf_i_batch_init(&b, c->g->x, SHEAF_I_ALL_NEAR));
    for (int64_t i = 0; i < c->g->l->n; i++)
        if (c->g->l->item[i].near && !c->g->x->gone[i]) SHEAF_TRY(walk(c, &b, (uint32_t)i));
done:
    sheaf_i_batch_end(&b);
    return st;
}

static sheaf_status add_contained(components *c)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_batch b = {0};
    sheaf_i_index *x = c->g->x;
    sheaf_i_index_restore(x);
    if (!x->label) SHEAF_NEW(x->label, x->ctx, c->g->l->n);
    for (int64_t i = 0; i < c->g->l->n; i++) x->label[i] = root(c, (uint32_t)i); /* those are connected already */
    SHEAF_TRY(sheaf_i_index_holders(x, -1));
    SHEAF_TRY(sheaf_i_batch_init(&b, x, SHEAF_I_HOLDERS));
    for (int64_t i = 0; i < c->g->l->n || b.n;) {
        for (; i < c->g->l->n && b.n < b.size; i++)
            if (c->g->l->item[i].inside) b.item[b.n++] = (uint32_t)i;
        SHEAF_TRY(sheaf_i_batch_search(&b));
        for (int64_t k = 0; k < b.n; k++)
            for (int64_t h = 0; h < b.found[k].n; h++) unite(c, b.item[k], b.found[k].hit[h].item);
        sheaf_i_batch_clear(&b);
    }
done:
    sheaf_i_batch_end(&b);
    return st;
}

/* The lists of items that only contain others lack what they share with their like. */
static sheaf_status count_shared(const components *c, sheaf_i_bag *other, uint32_t a, uint32_t b, int64_t *shared)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_item *x = &c->g->l->item[a], *y = &c->g->l->item[b];
    const sheaf_i_job *j = c->g->j;
    int64_t n;
    *shared = 0;
    if (x->near || x->inside || y->near || y->inside) {
        *shared = sheaf_i_shared(x, y);
        return SHEAF_OK;
    }
    SHEAF_TRY(sheaf_i_bag_set(&j->bags[0], &j->shingles, sheaf_i_unit_first(c->g->u, x->unit), &n));
    SHEAF_TRY(sheaf_i_bag_set(other, &j->shingles, sheaf_i_unit_first(c->g->u, y->unit), &n));
    for (int64_t i = 0; i < n; i++) *shared += sheaf_i_bag_has(&j->bags[0], other->value[i]);
done:
    return st;
}

/* The first of each component in the order of keeping is kept. Documents of a unit that are no partners of each other
   are connected by what else is there. */
static sheaf_status name_leaders(components *c)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_grouping *g = c->g;
    sheaf_i_bag *other = sheaf_i_bags_new(g->ctx);
    if (!other) return SHEAF_ENOMEM;
    uint32_t *kept = c->queue; /* of each root */
    for (int64_t i = 0; i < g->l->n; i++) kept[i] = SHEAF_I_NONE;
    for (int64_t i = 0; i < g->u->n; i++) {
        const uint32_t item = g->l->of[g->order[i]];
        if (item == SHEAF_I_NONE) continue;
        uint32_t *leader = &kept[root(c, item)];
        if (*leader == SHEAF_I_NONE) {
            *leader = item;
            continue;
        }
        int64_t shared;
        SHEAF_TRY(count_shared(c, other, item, *leader, &shared));
        g->rest[*leader] = SHEAF_I_NONE;
        sheaf_i_join(g, item, *leader, (uint32_t)shared);
    }
done:
    sheaf_i_bags_free(g->ctx, other);
    return st;
}

sheaf_status sheaf_i_group_connected(sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    components c = {.g = g};
    SHEAF_NEW(c.parent, g->ctx, g->l->n);
    SHEAF_NEW(c.queue, g->ctx, g->l->n);
    for (int64_t i = 0; i < g->l->n; i++) c.parent[i] = (uint32_t)i;
    SHEAF_TRY(walk_all(&c));
    if (g->j->o.containment.p > 0) SHEAF_TRY(add_contained(&c));
    SHEAF_TRY(name_leaders(&c));
done:
    sheaf_i_free(g->ctx, c.parent);
    sheaf_i_free(g->ctx, c.queue);
    return st;
}
