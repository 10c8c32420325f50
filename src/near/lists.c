/* The units that may have a partner; see lists.h. */
#include "near/lists.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "near/radix.h"
#include "near/tally.h"

#define AHEAD 16
#define ITEMS_PER_BLOCK 1024

typedef struct {
    sheaf_i_job *j;
    const sheaf_i_units *u;
    sheaf_i_lists *l;
    bool contain;
    sheaf_i_docs heads;      /* the first document of every unit */
    uint32_t *kept;          /* of each unit: shared shingles as the filter says, 0: neither near nor inside */
    bool *near, *inside;     /* of each unit */
    sheaf_i_docs docs;       /* those of the items, in their order */
    sheaf_i_values values;   /* shingles of units that may be near or inside */
    _Atomic uint32_t *df;    /* in how many items each is */
    uint32_t *rank;          /* of each, or SHEAF_I_NONE */
} listing;

/* ---- who may have a partner ---- */

static bool may_be_near(const listing *g, int64_t kept, int64_t n)
{
    return sheaf_i_reaches(kept, n, g->j->o.threshold);
}

static bool may_be_inside(const listing *g, int64_t kept, int64_t n)
{
    return g->contain && sheaf_i_reaches(kept, n, g->j->o.containment);
}

/* Shared shingles of a document, as the filter says; repeated ones are told by the set's size. With some shingles left
   out as common the repeated ones cannot be told so, and the set is made. */
static sheaf_status count_kept(const listing *g, sheaf_i_bag *bag, uint32_t doc, int64_t *kept)
{
    const sheaf_i_job *j = g->j;
    const int64_t size = j->size[doc];
    int64_t n, alone = 0;
    sheaf_status st;
    if (!j->common) {
        st = sheaf_i_bag_all(bag, &j->shingles, doc, &n);
        if (st != SHEAF_OK) return st;
        const int64_t repeated = n - size; /* if all these stood alone, so many fewer did */
        for (int64_t i = 0, at = 0; at < n; at = i) {
            for (; i < n && i < at + 32; i++) sheaf_i_filter_prefetch(&j->filter, bag->value[i]);
            for (int64_t k = at; k < i; k++) alone += !sheaf_i_filter_has(&j->filter, bag->value[k]);
            *kept = size - (alone - repeated);
            if (*kept < size && !may_be_near(g, *kept, size) && !may_be_inside(g, *kept, size)) return SHEAF_OK;
        }
        st = sheaf_i_bag_distinct(bag, &n);
    } else {
        st = sheaf_i_bag_set(bag, &j->shingles, doc, &n);
    }
    *kept = 0;
    for (int64_t i = 0; st == SHEAF_OK && i < n; i++) *kept += sheaf_i_filter_has(&j->filter, bag->value[i]);
    return st;
}

static sheaf_status kept_block(void *arg, int64_t block, int32_t worker)
{
    listing *g = arg;
    sheaf_status st = SHEAF_OK;
    for (int64_t i = g->heads.start[block]; i < g->heads.start[block + 1]; i++) {
        const uint32_t doc = g->heads.doc[i];
        int64_t kept;
        SHEAF_TRY(count_kept(g, &g->j->bags[worker], doc, &kept));
        g->near[i] = may_be_near(g, kept, g->j->size[doc]);
        g->inside[i] = may_be_inside(g, kept, g->j->size[doc]);
        g->kept[i] = g->near[i] || g->inside[i] ? (uint32_t)kept : 0;
    }
done:
    return st;
}

static sheaf_status choose(listing *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = g->j->ctx;
    g->heads.n = g->u->n;
    SHEAF_NEW(g->heads.doc, ctx, g->u->n);
    for (int64_t i = 0; i < g->u->n; i++) g->heads.doc[i] = sheaf_i_unit_first(g->u, i);
    SHEAF_TRY(sheaf_i_docs_plan(&g->heads, g->j));
    SHEAF_NEW(g->kept, ctx, g->u->n);
    SHEAF_NEW(g->near, ctx, g->u->n);
    SHEAF_NEW(g->inside, ctx, g->u->n);
    SHEAF_TRY(sheaf_i_par_for(ctx, "join", g->heads.n_blocks, kept_block, g));
done:
    return st;
}

/* ---- lists of places in `values` ---- */

static sheaf_status take_shared(const void *arg, sheaf_i_bag *bag, uint32_t doc, int64_t *n)
{
    const sheaf_i_job *j = arg;
    int64_t kept = 0;
    sheaf_status st = sheaf_i_bag_set(bag, &j->shingles, doc, n);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < *n && i < AHEAD; i++) sheaf_i_filter_prefetch(&j->filter, bag->value[i]);
    for (int64_t i = 0; i < *n; i++) {
        if (i + AHEAD < *n) sheaf_i_filter_prefetch(&j->filter, bag->value[i + AHEAD]);
        if (sheaf_i_filter_has(&j->filter, bag->value[i])) bag->value[kept++] = bag->value[i];
    }
    *n = kept;
    return st;
}

/* The values that are near or inside units' go into the tally; then all units are items with containment on, else
   those alone. */
static sheaf_status tally_shared(listing *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = g->j->ctx;
    int64_t bound = 0, n = 0;
    for (int64_t i = 0; i < g->u->n; i++) n += g->kept[i] > 0;
    SHEAF_NEW(g->docs.doc, ctx, n);
    SHEAF_NEW(g->l->item, ctx, g->contain ? g->u->n : n);
    n = 0;
    for (int64_t i = 0; i < g->u->n; i++)
        if (g->kept[i]) {
            g->docs.doc[n++] = g->heads.doc[i];
            bound += g->kept[i];
        }
    g->docs.n = n;
    SHEAF_TRY(sheaf_i_docs_plan(&g->docs, g->j));
    SHEAF_TRY(sheaf_i_tally(&g->values, g->j, "join", &g->docs, take_shared, g->j, bound, g->contain ? 1 : 2));
    if (g->contain && g->values.n) {
        sheaf_i_docs few = g->docs;
        g->docs = g->heads;
        g->heads = few;
    }
    g->l->n = g->docs.n;
done:
    return st;
}

/* Leaves in bag->value what of a document is in the values: all of its set where it was counted itself, else most of it
   is not there, and looking comes before sorting out repeated ones. */
static sheaf_status take_known(const listing *g, sheaf_i_bag *bag, uint32_t doc, bool counted, int64_t *n)
{
    const sheaf_i_job *j = g->j;
    int64_t known = 0;
    sheaf_status st =
        counted ? sheaf_i_bag_set(bag, &j->shingles, doc, n) : sheaf_i_bag_all(bag, &j->shingles, doc, n);
    for (int64_t i = 0; st == SHEAF_OK && i < *n; i++) {
        if (i + AHEAD < *n) sheaf_i_values_prefetch(&g->values, bag->value[i + AHEAD]);
        if (sheaf_i_values_find(&g->values, bag->value[i]) >= 0) bag->value[known++] = bag->value[i];
    }
    *n = known;
    return st == SHEAF_OK && !counted ? sheaf_i_bag_distinct(bag, n) : st;
}

static sheaf_status list_block(void *arg, int64_t block, int32_t worker)
{
    listing *g = arg;
    sheaf_i_bag *bag = &g->j->bags[worker];
    sheaf_status st = SHEAF_OK;
    int64_t used = 0, room = 0;
    uint32_t **piece = &g->l->piece[block];
    for (int64_t i = g->docs.start[block]; i < g->docs.start[block + 1]; i++) {
        const uint32_t doc = g->docs.doc[i], unit = g->u->of[doc];
        int64_t n;
        SHEAF_TRY(take_known(g, bag, doc, g->kept[unit] > 0, &n));
        while (used + n > room) SHEAF_GROW(*piece, g->j->ctx, room, room);
        for (int64_t k = 0; k < n; k++)
            (*piece)[used + k] = (uint32_t)sheaf_i_values_find(&g->values, bag->value[k]);
        used += n;
        g->l->item[i] = (sheaf_i_item){.n = g->j->size[doc], .k = (uint32_t)n, .unit = unit,
                                       .side = (uint8_t)sheaf_i_side(g->j, doc), .near = g->near[unit],
                                       .inside = g->inside[unit]};
    }
    if (used) { /* what is too much goes back */
        uint32_t *p = sheaf_i_resize(g->j->ctx, *piece, used, sizeof *p);
        if (!p) SHEAF_TRY(SHEAF_ENOMEM);
        *piece = p;
    }
    uint32_t *at = *piece;
    for (int64_t i = g->docs.start[block]; i < g->docs.start[block + 1]; i++) {
        g->l->item[i].rank = at;
        at += g->l->item[i].k;
    }
done:
    return st;
}

/* ---- from places to ranks ---- */

static sheaf_status count_df(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    listing *g = arg;
    int64_t lo, hi;
    sheaf_i_range(g->l->n, ITEMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        for (uint32_t k = 0; k < g->l->item[i].k; k++)
            atomic_fetch_add_explicit(&g->df[g->l->item[i].rank[k]], 1, memory_order_relaxed);
    return SHEAF_OK;
}

/* Drops places that only one item has, and says who may still have a partner. */
static sheaf_status thin_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    listing *g = arg;
    int64_t lo, hi;
    sheaf_i_range(g->l->n, ITEMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        sheaf_i_item *item = &g->l->item[i];
        uint32_t k = 0;
        for (uint32_t x = 0; x < item->k; x++)
            if (g->df[item->rank[x]] > 1) item->rank[k++] = item->rank[x];
        item->k = k;
        item->near = item->near && may_be_near(g, k, item->n);
        item->inside = item->inside && may_be_inside(g, k, item->n);
    }
    return SHEAF_OK;
}

/* What an item that may have no partner shares with others does not count; that can leave others without one. The lists
   of containers stay. */
static sheaf_status thin(listing *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_lists *l = g->l;
    SHEAF_NEW(g->df, g->j->ctx, g->values.n);
    for (int64_t before = INT64_MAX; before - l->n > l->n / 16;) {
        const int64_t blocks = sheaf_i_blocks(l->n, ITEMS_PER_BLOCK);
        before = l->n;
        memset((void *)g->df, 0, (size_t)g->values.n * sizeof *g->df);
        SHEAF_TRY(sheaf_i_par_for(g->j->ctx, NULL, blocks, count_df, g));
        SHEAF_TRY(sheaf_i_par_for(g->j->ctx, NULL, blocks, thin_block, g));
        if (g->contain) break;
        l->n = 0;
        for (int64_t i = 0; i < before; i++)
            if (l->item[i].near) l->item[l->n++] = l->item[i];
    }
done:
    return st;
}

/* Ranks by number of items, ties by value: a counting sort, as most shingles are in few. */
static sheaf_status rank_values(listing *g)
{
    sheaf_status st = SHEAF_OK;
    const int64_t n = g->values.n;
    sheaf_i_keyed *e = NULL;
    int64_t shared = 0;
    SHEAF_NEW(g->rank, g->j->ctx, n);
    memset(g->rank, 0xFF, (size_t)n * sizeof *g->rank);
    for (int64_t i = 0; i < n; i++) shared += g->df[i] > 1;
    SHEAF_NEW(e, g->j->ctx, shared);
    shared = 0;
    for (int64_t i = 0; i < n; i++)
        if (g->df[i] > 1) e[shared++] = (sheaf_i_keyed){g->df[i], i};
    SHEAF_TRY(sheaf_i_sort_keyed(g->j->ctx, e, shared));
    for (int64_t i = 0; i < shared; i++) g->rank[e[i].of] = (uint32_t)i;
    g->l->n_ranks = (uint32_t)shared;
done:
    sheaf_i_free(g->j->ctx, e);
    return st;
}

/* Radix sort by bytes; `room` for as many. */
static void sort_ranks(uint32_t *rank, uint32_t *room, uint32_t n, uint32_t n_ranks)
{
    uint32_t *from = rank, *to = room;
    if (n < 24) {
        for (uint32_t i = 1; i < n; i++) {
            const uint32_t x = rank[i];
            uint32_t k = i;
            for (; k > 0 && rank[k - 1] > x; k--) rank[k] = rank[k - 1];
            rank[k] = x;
        }
        return;
    }
    for (int shift = 0; shift < 32 && n_ranks >> shift; shift += 8) {
        uint32_t at[257] = {0};
        for (uint32_t i = 0; i < n; i++) at[(from[i] >> shift & 0xFF) + 1]++;
        for (int v = 0; v < 256; v++) at[v + 1] += at[v];
        for (uint32_t i = 0; i < n; i++) to[at[from[i] >> shift & 0xFF]++] = from[i];
        uint32_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != rank) memcpy(rank, from, n * sizeof *rank);
}

static sheaf_status rank_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    listing *g = arg;
    sheaf_status st = SHEAF_OK;
    uint32_t *room = NULL, longest = 0;
    int64_t lo, hi;
    sheaf_i_range(g->l->n, ITEMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        if (g->l->item[i].k > longest) longest = g->l->item[i].k;
    SHEAF_NEW(room, g->j->ctx, longest);
    for (int64_t i = lo; i < hi; i++) {
        sheaf_i_item *item = &g->l->item[i];
        uint32_t k = 0;
        for (uint32_t x = 0; x < item->k; x++) {
            const uint32_t rank = g->rank[item->rank[x]];
            if (rank != SHEAF_I_NONE) item->rank[k++] = rank;
        }
        item->k = k;
        sort_ranks(item->rank, room, k, g->l->n_ranks);
    }
done:
    sheaf_i_free(g->j->ctx, room);
    return st;
}

/* ---- which items stay, and their order ---- */

/* Marks the ranks that contained units must meet, and drops items that are neither and hold none of these. */
static sheaf_status drop_strangers(listing *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_lists *l = g->l;
    int64_t kept = 0;
    SHEAF_NEW0(l->met, g->j->ctx, l->n_ranks);
    for (int64_t i = 0; i < l->n; i++) {
        const sheaf_i_item *a = &l->item[i];
        const int64_t first = a->inside ? a->k - sheaf_i_least(g->j->o.containment, a->n) + 1 : 0;
        for (int64_t k = 0; k < first; k++) l->met[a->rank[k]] = 1;
    }
    for (int64_t i = 0; i < l->n; i++) {
        const sheaf_i_item *a = &l->item[i];
        bool stays = a->near || a->inside;
        for (uint32_t k = 0; !stays && k < a->k; k++) stays = l->met[a->rank[k]];
        if (stays) l->item[kept++] = *a;
    }
    l->n = kept;
done:
    return st;
}

static sheaf_status order_items(listing *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_lists *l = g->l;
    sheaf_i_keyed *e = NULL;
    sheaf_i_item *item = NULL;
    SHEAF_NEW(e, g->j->ctx, l->n);
    SHEAF_NEW(item, g->j->ctx, l->n);
    SHEAF_NEW(l->of, g->j->ctx, g->u->n);
    memset(l->of, 0xFF, (size_t)g->u->n * sizeof *l->of);
    for (int64_t i = 0; i < l->n; i++) { /* units rise in the list: falling ones among equals */
        const sheaf_i_item *a = &l->item[l->n - 1 - i];
        const uint64_t size = a->n;
        const uint32_t doc = sheaf_i_unit_first(g->u, a->unit);
        e[i] = (sheaf_i_keyed){g->j->o.window > 0 ? (uint64_t)g->j->date[doc] ^ (uint64_t)1 << 63 : size, l->n - 1 - i};
    }
    SHEAF_TRY(sheaf_i_sort_keyed(g->j->ctx, e, l->n));
    for (int64_t i = 0; i < l->n; i++) {
        item[i] = l->item[e[i].of];
        l->of[item[i].unit] = (uint32_t)i;
    }
    sheaf_i_free(g->j->ctx, l->item);
    l->item = item;
    item = NULL;
done:
    sheaf_i_free(g->j->ctx, e);
    sheaf_i_free(g->j->ctx, item);
    return st;
}

sheaf_status sheaf_i_lists_make(sheaf_i_lists *l, sheaf_i_job *j, const sheaf_i_units *u)
{
    sheaf_status st = SHEAF_OK;
    listing g = {.j = j, .u = u, .l = l, .contain = j->o.containment.p > 0};
    *l = (sheaf_i_lists){.ctx = j->ctx};
    g.heads.ctx = g.docs.ctx = j->ctx;
    SHEAF_TRY(choose(&g));
    SHEAF_TRY(tally_shared(&g));
    l->n_pieces = g.docs.n_blocks;
    SHEAF_NEW0(l->piece, j->ctx, l->n_pieces);
    SHEAF_TRY(sheaf_i_par_for(j->ctx, "join", g.docs.n_blocks, list_block, &g));
    SHEAF_TRY(thin(&g));
    SHEAF_TRY(rank_values(&g));
    SHEAF_TRY(sheaf_i_par_for(j->ctx, NULL, sheaf_i_blocks(l->n, ITEMS_PER_BLOCK), rank_block, &g));
    if (g.contain) SHEAF_TRY(drop_strangers(&g));
    SHEAF_TRY(order_items(&g));
done:
    sheaf_i_docs_end(&g.heads);
    sheaf_i_docs_end(&g.docs);
    sheaf_i_values_end(&g.values);
    sheaf_i_free(j->ctx, g.kept);
    sheaf_i_free(j->ctx, g.near);
    sheaf_i_free(j->ctx, g.inside);
    sheaf_i_free(j->ctx, (void *)g.df);
    sheaf_i_free(j->ctx, g.rank);
    return st;
}

void sheaf_i_lists_end(sheaf_i_lists *l)
{
    if (!l->ctx) return;
    for (int64_t i = 0; l->piece && i < l->n_pieces; i++) sheaf_i_free(l->ctx, l->piece[i]);
    sheaf_i_free(l->ctx, l->piece);
    sheaf_i_free(l->ctx, l->item);
    sheaf_i_free(l->ctx, l->of);
    sheaf_i_free(l->ctx, l->met);
    *l = (sheaf_i_lists){0};
}

static inline bool same_four(const uint32_t *x, const uint32_t *y)
{
    uint64_t a[2], b[2];
    memcpy(a, x, sizeof a);
    memcpy(b, y, sizeof b);
    return !((a[0] ^ b[0]) | (a[1] ^ b[1]));
}

/* Lists of near-equal sets agree over long runs: these go four at a time, the rest without a jump that could be
   mispredicted. */
int64_t sheaf_i_merge(const uint32_t *x, const uint32_t *x_end, const uint32_t *y, const uint32_t *y_end, int64_t need)
{
    int64_t shared = 0;
    while (x < x_end && y < y_end) {
        const int64_t left = x_end - x < y_end - y ? x_end - x : y_end - y;
        if (shared + left < need) return shared;
        if (left >= 4 && same_four(x, y)) {
            shared += 4;
            x += 4;
            y += 4;
            continue;
        }
        for (int64_t steps = left < 8 ? left : 8; steps > 0; steps--) { /* neither list ends within */
            const uint32_t p = *x, q = *y;
            shared += p == q;
            x += p <= q;
            y += q <= p;
        }
    }
    return shared;
}

int64_t sheaf_i_shared(const sheaf_i_item *a, const sheaf_i_item *b)
{
    return sheaf_i_merge(a->rank, a->rank + a->k, b->rank, b->rank + b->k, 0);
}
