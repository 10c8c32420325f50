/* What cuts and mergers promise; see balance.h. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "kernel/kernel.h"
#include "refine/balance.h"

#define CHANGED .02 /* share of a cluster's documents that may come or go before it is looked at anew */

static double f(double z) { return z > 0 ? z * log(z) : 0; }

sheaf_status sheaf_i_changes_new(sheaf_i_changes *c, const sheaf_i_partition *p)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->r->ctx;
    *c = (sheaf_i_changes){.p = p};
    SHEAF_NEW0(c->half, ctx, p->k);
    SHEAF_NEW(c->merge, ctx, (int64_t)p->k * p->ld);
    SHEAF_NEW(c->was, ctx, p->r->n);
    SHEAF_NEW(c->stale, ctx, p->k);
    memset(c->was, 0xff, (size_t)p->r->n * sizeof *c->was);
done:
    if (st != SHEAF_OK) sheaf_i_changes_end(c);
    return st;
}

void sheaf_i_changes_end(sheaf_i_changes *c)
{
    if (!c->p) return;
    sheaf_ctx *ctx = c->p->r->ctx;
    for (int32_t t = 0; c->half && t < c->p->k; t++) sheaf_i_halves_end(&c->half[t], ctx);
    sheaf_i_free(ctx, c->half);
    sheaf_i_free(ctx, c->merge);
    sheaf_i_free(ctx, c->was);
    sheaf_i_free(ctx, c->stale);
    memset(c, 0, sizeof *c);
}

void sheaf_i_merge_gains(const sheaf_i_partition *p, int32_t a, double *row)
{
    const sheaf_i_rows *r = p->r;
    const sheaf_i_gain_rows g = {p->ld, p->sum, r->prior, r->first, p->gain};
    double own = 0;
    sheaf_i_kernels_get()->gain_pairs(&g, r->m, a, row);
    for (int32_t j = 0; j < r->m; j++) {
        const double sum = p->sum[(int64_t)j * p->ld + a], prior = (double)r->prior[j];
        if (sum > 0) own += f(sum + prior) - f(prior);
    }
    const double mass = (double)p->mass[a], all = r->prior_mass;
    for (int32_t t = 0; t < p->k; t++) {
        const double other = (double)p->mass[t], na = (double)p->count[a], nt = (double)p->count[t];
        row[t] += f(mass + all) + f(other + all) - f(mass + other + all) - f(all) - own;
        row[t] += p->size_weight * (f(na + nt) - f(na) - f(nt));
    }
}

typedef struct {
    sheaf_i_changes *c;
    const int32_t *list;
} updating;

static sheaf_status update_cluster(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const updating *u = arg;
    const int32_t t = u->list[block / 2];
    if (block % 2 == 0) return sheaf_i_halves_find(&u->c->half[t], u->c->p, t);
    sheaf_i_merge_gains(u->c->p, t, u->c->merge + (int64_t)t * u->c->p->ld);
    return SHEAF_OK;
}

/* Marks the clusters that have changed since they were last looked at. */
static sheaf_status find_stale(sheaf_i_changes *c)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_partition *p = c->p;
    int64_t *changed = NULL;
    SHEAF_NEW0(changed, p->r->ctx, p->k);
    for (int64_t i = 0; i < p->r->n; i++) {
        if (p->label[i] == c->was[i]) continue;
        if (p->label[i] >= 0) changed[p->label[i]]++;
        if (c->was[i] >= 0) changed[c->was[i]]++;
    }
    for (int32_t t = 0; t < p->k; t++) /* empty ones cost nothing, and have no documents to tell that they are new */
        c->stale[t] = !p->count[t] || (double)changed[t] > CHANGED * (double)p->count[t];
    for (int64_t i = 0; i < p->r->n; i++) {
        if (c->was[i] >= 0 && c->stale[c->was[i]]) c->was[i] = -1;
        if (p->label[i] >= 0 && c->stale[p->label[i]]) c->was[i] = p->label[i];
    }
done:
    sheaf_i_free(p->r->ctx, changed);
    return st;
}

void sheaf_i_changes_forget(sheaf_i_changes *c, const int32_t *cluster, int32_t n)
{
    for (int64_t i = 0; i < c->p->r->n; i++)
        for (int32_t a = 0; a < n; a++)
            if (c->p->label[i] == cluster[a]) c->was[i] = -1;
}

sheaf_status sheaf_i_changes_update(sheaf_i_changes *c)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_partition *p = c->p;
    int32_t *list = NULL, n = 0;
    SHEAF_NEW(list, p->r->ctx, p->k);
    SHEAF_TRY(find_stale(c));
    for (int32_t t = 0; t < p->k; t++)
        if (c->stale[t]) list[n++] = t;
    updating u = {c, list};
    SHEAF_TRY(sheaf_i_par_for(p->r->ctx, NULL, 2 * (int64_t)n, update_cluster, &u));
    for (int32_t a = 0; a < n; a++)
        for (int32_t t = 0; t < p->k; t++)
            if (!c->stale[t]) c->merge[(int64_t)t * p->ld + list[a]] = c->merge[(int64_t)list[a] * p->ld + t];
done:
    sheaf_i_free(p->r->ctx, list);
    return st;
}
