/* What share of near pairs the bands find: a sample of items is searched for by bands and exactly. */
#include "base/context.h"
#include "base/par.h"
#include "near/index.h"

#define SAMPLE 1000 /* items */

typedef struct {
    const sheaf_i_index *bands;
    sheaf_i_index exact;     /* the same index without bands */
    uint32_t *item;
    int64_t n;
    int64_t *found, *all;    /* of each: near ones by bands, and all */
} sampling;

static sheaf_status search_one(void *arg, int64_t i, int32_t worker)
{
    sampling *g = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_i_search *s = &g->bands->search[worker];
    const int64_t candidates = s->candidates, verified = s->verified;
    SHEAF_TRY(sheaf_i_find_near(g->bands, s, g->item[i], false));
    g->found[i] = s->n_hits;
    SHEAF_TRY(sheaf_i_find_near(&g->exact, s, g->item[i], false));
    g->all[i] = s->n_hits;
    s->candidates = candidates; /* measuring is no part of the work that is reported */
    s->verified = verified;
done:
    return st;
}

/* Items that may be near, and are searched for: all of them or SAMPLE by chance. */
static sheaf_status draw(sampling *g)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_index *x = g->bands;
    const uint64_t key = sheaf_i_rng_key(x->j->o.seed, SHEAF_I_RNG_SAMPLE, 0);
    SHEAF_NEW(g->item, x->ctx, x->l->n);
    for (int64_t i = 0; i < x->l->n; i++)
        if (x->l->item[i].near && !(x->j->t.part[1] && x->l->item[i].side)) g->item[g->n++] = (uint32_t)i;
    for (int64_t i = 0; g->n > SAMPLE && i < SAMPLE; i++) { /* the first ones of a shuffle */
        const int64_t k = i + (int64_t)(sheaf_i_rng_u64(key, (uint64_t)i) % (uint64_t)(g->n - i));
        const uint32_t item = g->item[k];
        g->item[k] = g->item[i];
        g->item[i] = item;
    }
    if (g->n > SAMPLE) g->n = SAMPLE;
done:
    return st;
}

sheaf_status sheaf_i_measure_recall(sheaf_i_index *x, sheaf_dups_report *r)
{
    sheaf_status st = SHEAF_OK;
    sampling g = {.bands = x};
    int64_t found = 0, all = 0;
    r->recall = r->recall_low = 1;
    if (!x->banded) return SHEAF_OK;
    g.exact = *x; /* borrows everything, and is never ended */
    g.exact.banded = false;
    SHEAF_TRY(draw(&g));
    SHEAF_NEW0(g.found, x->ctx, g.n);
    SHEAF_NEW0(g.all, x->ctx, g.n);
    SHEAF_TRY(sheaf_i_par_for(x->ctx, "join", g.n, search_one, &g));
    for (int64_t i = 0; i < g.n; i++) {
        found += g.found[i];
        all += g.all[i];
    }
    r->recall_sample = all;
    r->recall = all ? (double)found / (double)all : 1;
    r->recall_low = sheaf_i_share_low(found, all);
done:
    sheaf_i_free(x->ctx, g.item);
    sheaf_i_free(x->ctx, g.found);
    sheaf_i_free(x->ctx, g.all);
    return st;
}
