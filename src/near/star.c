/* Groups around leaders; see grouping.h.
 *
 * Searching is parallel, settling serial and in order, so the groups are those of going through the units one by one. A
 * unit that has joined needs no search, and is taken out of the postings: of 100,000 near-equal documents a few are
 * searched for, and each of the others is met once.
 */
#include "base/context.h"
#include "near/grouping.h"

static void settle(sheaf_i_grouping *g, const sheaf_i_batch *b)
{
    for (int64_t i = 0; i < b->n; i++) {
        const uint32_t leader = b->item[i];
        if (g->x->gone[leader]) continue; /* joined one of the same batch */
        sheaf_i_index_remove(g->x, leader);
        for (int64_t k = 0; k < b->found[i].n; k++) {
            const sheaf_i_hit *hit = &b->found[i].hit[k];
            if (g->x->gone[hit->item]) continue;
            sheaf_i_join(g, hit->item, leader, hit->shared);
            sheaf_i_index_remove(g->x, hit->item);
            g->pairs++;
        }
    }
}

/* Those that were left to be searched for and have joined since need no search. */
static void drop_joined(const sheaf_i_grouping *g, sheaf_i_batch *b)
{
    int64_t n = 0;
    for (int64_t i = 0; i < b->n; i++)
        if (!g->x->gone[b->item[i]]) b->item[n++] = b->item[i];
    b->n = n;
}

sheaf_status sheaf_i_group_stars(sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_batch b = {0};
    SHEAF_TRY(sheaf_i_batch_init(&b, g->x, SHEAF_I_ALL_NEAR));
    for (int64_t i = 0; i < g->u->n || b.n;) {
        for (; i < g->u->n && b.n < b.size; i++) {
            const uint32_t item = g->l->of[g->order[i]];
            if (item != SHEAF_I_NONE && g->l->item[item].near && !g->x->gone[item]) b.item[b.n++] = item;
        }
        SHEAF_TRY(sheaf_i_batch_search(&b));
        settle(g, &b);
        sheaf_i_batch_clear(&b);
        drop_joined(g, &b);
        sheaf_i_index_compact(g->x);
    }
done:
    sheaf_i_batch_end(&b);
    return st;
}
