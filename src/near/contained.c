/* Groups of what is contained in something larger, and new documents held against old ones; see grouping.h. */
#include <stdlib.h>

#include "base/context.h"
#include "near/grouping.h"
#include "near/keep.h"
#include "near/radix.h"

/* May the unit be in a group around the other: is it near to it, or contained in it? */
static bool may_join(const sheaf_i_grouping *g, uint32_t item, uint32_t to, int64_t shared)
{
    const sheaf_i_item *a = &g->l->item[item], *b = &g->l->item[to];
    const sheaf_dups_opts *o = &g->j->o;
    if (!sheaf_i_comparable(g->j, sheaf_i_unit_first(g->u, a->unit), sheaf_i_unit_first(g->u, b->unit))) return false;
    return sheaf_i_is_near(shared, a->n, b->n, o->threshold) || sheaf_i_reaches(shared, a->n, o->containment);
}

static bool all_may_join(const sheaf_i_grouping *g, uint32_t item, uint32_t to)
{
    for (uint32_t m = g->next[item]; m != SHEAF_I_NONE; m = g->next[m])
        if (!may_join(g, m, to, sheaf_i_shared(&g->l->item[m], &g->l->item[to]))) return false;
    return true;
}

typedef struct {
    uint32_t shared, position, item;
} holder;

static int by_shared(const void *x, const void *y)
{
    const holder *a = x, *b = y;
    if (a->shared != b->shared) return a->shared > b->shared ? -1 : 1;
    return a->position < b->position ? -1 : a->position > b->position;
}

/* Puts the item to the container that holds most of it and takes all of its group. */
static sheaf_status settle(sheaf_i_grouping *g, const uint32_t *position, uint32_t item, const sheaf_i_found *f)
{
    sheaf_status st = SHEAF_OK;
    holder *h = NULL;
    const uint32_t unit = g->l->item[item].unit;
    bool alone = sheaf_i_unit_docs(g->u, unit) > 1 && !sheaf_i_unit_mutual(g->j, g->u, unit);
    if (!f->n) goto done;
    SHEAF_NEW(h, g->ctx, f->n);
    for (int64_t i = 0; i < f->n; i++) {
        const sheaf_i_hit *hit = &f->hit[i];
        h[i] = (holder){hit->shared, position[g->l->item[hit->item].unit], hit->item};
    }
    qsort(h, (size_t)f->n, sizeof *h, by_shared);
    for (int64_t i = 0; i < f->n; i++) {
        if (g->x->gone[h[i].item]) continue;
        if (alone) { /* those behind the first have no group that would have to pass */
            g->rest[item] = h[i].item;
            g->rest_shared[item] = h[i].shared;
            alone = false;
        }
        if (!all_may_join(g, item, h[i].item)) continue;
        for (uint32_t m = g->next[item]; m != SHEAF_I_NONE; m = g->next[m])
            g->shared[m] = (uint32_t)sheaf_i_shared(&g->l->item[m], &g->l->item[h[i].item]);
        sheaf_i_join(g, item, h[i].item, h[i].shared);
        sheaf_i_index_remove(g->x, item);
        g->pairs++;
        break;
    }
done:
    sheaf_i_free(g->ctx, h);
    return st;
}

/* Items that are kept and may be contained, by falling size, ties by unit: whatever contains one is settled before it,
   so what it is put to stays. */
static sheaf_status candidates(const sheaf_i_grouping *g, sheaf_i_keyed **out, int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_keyed *e = NULL;
    *n = 0;
    SHEAF_NEW(e, g->ctx, g->l->n);
    for (int64_t i = 0; i < g->u->n; i++) {
        const uint32_t item = g->l->of[i];
        if (item == SHEAF_I_NONE || !g->l->item[item].inside || g->leader[item] != item) continue;
        e[(*n)++] = (sheaf_i_keyed){~(uint64_t)g->l->item[item].n, item};
    }
    SHEAF_TRY(sheaf_i_sort_keyed(g->ctx, e, *n));
    *out = e;
    e = NULL;
done:
    sheaf_i_free(g->ctx, e);
    return st;
}

sheaf_status sheaf_i_group_contained(sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_keyed *e = NULL;
    sheaf_i_batch b = {0};
    uint32_t *position = NULL; /* of each unit in the order of keeping */
    int64_t n;
    SHEAF_NEW(position, g->ctx, g->u->n);
    for (int64_t i = 0; i < g->u->n; i++) position[g->order[i]] = (uint32_t)i;
    SHEAF_TRY(candidates(g, &e, &n));
    sheaf_i_index_restore(g->x);
    for (int64_t i = 0; i < g->l->n; i++)
        if (g->leader[i] != i) sheaf_i_index_remove(g->x, (uint32_t)i);
    SHEAF_TRY(sheaf_i_index_holders(g->x, -1));
    SHEAF_TRY(sheaf_i_batch_init(&b, g->x, SHEAF_I_HOLDERS));
    for (int64_t i = 0; i < n || b.n;) {
        for (; i < n && b.n < b.size; i++) b.item[b.n++] = (uint32_t)e[i].of;
        SHEAF_TRY(sheaf_i_batch_search(&b));
        for (int64_t k = 0; k < b.n; k++) SHEAF_TRY(settle(g, position, b.item[k], &b.found[k]));
        sheaf_i_batch_clear(&b);
        sheaf_i_index_compact(g->x);
    }
done:
    sheaf_i_batch_end(&b);
    sheaf_i_free(g->ctx, position);
    sheaf_i_free(g->ctx, e);
    return st;
}

/* ---- new against old ---- */

/* Is x the better partner of a: the higher Jaccard, or the larger overlap, ties the earlier unit? */
static bool better(const sheaf_i_grouping *g, uint32_t item, bool inside, sheaf_i_hit x, sheaf_i_hit y)
{
    const sheaf_i_item *a = &g->l->item[item], *b = &g->l->item[x.item], *c = &g->l->item[y.item];
    if (inside && x.shared != y.shared) return x.shared > y.shared;
    const __int128 with_x = (__int128)x.shared * ((int64_t)a->n + c->n - y.shared);
    const __int128 with_y = (__int128)y.shared * ((int64_t)a->n + b->n - x.shared);
    if (!inside && with_x != with_y) return with_x > with_y;
    return b->unit < c->unit;
}

static sheaf_status join_best(sheaf_i_grouping *g, sheaf_i_sought sought)
{
    sheaf_status st = SHEAF_OK;
    const bool inside = sought == SHEAF_I_HOLDERS;
    sheaf_i_batch b = {0};
    SHEAF_TRY(sheaf_i_batch_init(&b, g->x, sought));
    for (int64_t i = 0; i < g->l->n || b.n;) {
        for (; i < g->l->n && b.n < b.size; i++) {
            const sheaf_i_item *a = &g->l->item[i];
            if (a->side == 0 && g->leader[i] == i && (inside ? a->inside : a->near)) b.item[b.n++] = (uint32_t)i;
        }
        SHEAF_TRY(sheaf_i_batch_search(&b));
        for (int64_t k = 0; k < b.n; k++) {
            const sheaf_i_found *f = &b.found[k];
            g->pairs += f->n;
            if (!f->n) continue;
            sheaf_i_hit best = f->hit[0];
            for (int64_t h = 1; h < f->n; h++)
                if (better(g, b.item[k], inside, f->hit[h], best)) best = f->hit[h];
            sheaf_i_join(g, b.item[k], best.item, best.shared);
        }
        sheaf_i_batch_clear(&b);
    }
done:
    sheaf_i_batch_end(&b);
    return st;
}

sheaf_status sheaf_i_group_against(sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(join_best(g, SHEAF_I_ALL_NEAR));
    if (g->j->o.containment.p > 0) {
        SHEAF_TRY(sheaf_i_index_holders(g->x, 1));
        SHEAF_TRY(join_best(g, SHEAF_I_HOLDERS));
    }
done:
    return st;
}
