/* The lowest similarity in each group; see dups.h. */
#include "base/context.h"
#include "base/par.h"
#include "near/dups.h"

#define MOST 200 /* units whose pairs are all compared: groups of more would cost more than finding them */

typedef struct {
    sheaf_dups *d;
    sheaf_i_job *j;
    const sheaf_i_grouping *g;
    int64_t *start, *end; /* of each group in `unit` */
    uint32_t *unit;       /* those of its documents, each once, the kept one's first */
    sheaf_i_bag *other;   /* one a worker; NULL: the items' lists tell all that two share */
} measuring;

/* Units of groups side by side. */
static sheaf_status list_units(measuring *m)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_dups *d = m->d;
    const sheaf_i_units *u = m->g->u;
    int32_t *last = NULL; /* the group that has the unit already */
    int64_t docs = 0;
    SHEAF_NEW(m->start, d->ctx, d->n_groups);
    SHEAF_NEW(m->end, d->ctx, d->n_groups);
    SHEAF_NEW(m->unit, d->ctx, d->n_docs);
    SHEAF_NEW0(last, d->ctx, u->n);
    for (int64_t i = 0; i < d->n_groups; i++) {
        m->start[i] = m->end[i] = docs;
        docs += d->group[i].docs;
        const uint32_t unit = u->of[d->group[i].kept];
        last[unit] = (int32_t)i + 1;
        m->unit[m->end[i]++] = unit;
    }
    for (int64_t i = 0; i < d->n_docs; i++) {
        const int32_t group = d->doc[i].group;
        /* Where documents of one unit are no partners of each other they may be in several groups, by turns. */
        if (!group || last[u->of[i]] == group || u->of[i] == u->of[d->group[group - 1].kept]) continue;
        last[u->of[i]] = group;
        m->unit[m->end[group - 1]++] = u->of[i];
    }
done:
    sheaf_i_free(d->ctx, last);
    return st;
}

/* Old documents were never held against old ones, nor new ones against new, nor containers against each other that are
   connected by what they contain: their lists lack what only they share. */
static sheaf_status shared_anew(measuring *m, int32_t worker, uint32_t a, uint32_t b, bool first, int64_t *shared)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_bag *bag = &m->j->bags[worker], *other = &m->other[worker];
    int64_t n;
    *shared = 0;
    if (first) SHEAF_TRY(sheaf_i_bag_set(bag, &m->j->shingles, sheaf_i_unit_first(m->g->u, a), &n));
    SHEAF_TRY(sheaf_i_bag_set(other, &m->j->shingles, sheaf_i_unit_first(m->g->u, b), &n));
    for (int64_t i = 0; i < n; i++) *shared += sheaf_i_bag_has(bag, other->value[i]);
done:
    return st;
}

static double jaccard(const sheaf_i_job *j, int64_t a, int64_t b, int64_t shared)
{
    return (double)shared / (double)((int64_t)j->size[a] + j->size[b] - shared);
}

static sheaf_status measure_group(void *arg, int64_t group, int32_t worker)
{
    measuring *m = arg;
    sheaf_status st = SHEAF_OK;
    const sheaf_i_lists *l = m->g->l;
    const uint32_t *unit = m->unit + m->start[group];
    const int64_t n = m->end[group] - m->start[group], rows = n > MOST ? 1 : n;
    double lowest = 1;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = i + 1; k < n; k++) {
            const uint32_t a = unit[i], b = unit[k];
            int64_t shared;
            if (a == b) continue;
            if (m->other) SHEAF_TRY(shared_anew(m, worker, a, b, k == i + 1, &shared));
            else shared = sheaf_i_shared(&l->item[l->of[a]], &l->item[l->of[b]]);
            const double s = jaccard(m->j, sheaf_i_unit_first(m->g->u, a), sheaf_i_unit_first(m->g->u, b), shared);
            if (s < lowest) lowest = s;
        }
    m->d->group[group].lowest = lowest;
done:
    return st;
}

sheaf_status sheaf_i_dups_lowest(sheaf_dups *d, sheaf_i_job *j, const sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    measuring m = {.d = d, .j = j, .g = g};
    SHEAF_TRY(list_units(&m));
    const bool anew = j->t.part[1] || (j->o.linkage == SHEAF_LINKAGE_CONNECTED && j->o.containment.p > 0);
    if (anew && !(m.other = sheaf_i_bags_new(d->ctx))) SHEAF_TRY(SHEAF_ENOMEM);
    SHEAF_TRY(sheaf_i_par_for(d->ctx, "groups", d->n_groups, measure_group, &m));
done:
    sheaf_i_bags_free(d->ctx, m.other);
    sheaf_i_free(d->ctx, m.start);
    sheaf_i_free(d->ctx, m.end);
    sheaf_i_free(d->ctx, m.unit);
    return st;
}
