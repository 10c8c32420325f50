/* A clustering takes other labels: numbers by size, centres and fits follow; see clustering.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/clustering.h"
#include "cluster/points.h"
#include "space/space.h"

typedef struct {
    int64_t count, first;
    int32_t was;
} ranked;

static int by_size(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* now[t]: number of cluster t, 1.. by falling size; *k of them have documents. */
static sheaf_status rank_labels(sheaf_ctx *ctx, const int32_t *label, int64_t n, int32_t most, int32_t *now, int32_t *k)
{
    sheaf_status st = SHEAF_OK;
    ranked *rank = NULL;
    SHEAF_NEW(rank, ctx, most);
    for (int32_t t = 0; t < most; t++) rank[t] = (ranked){.was = t, .first = INT64_MAX};
    for (int64_t i = n - 1; i >= 0; i--) {
        if (label[i] < 0) continue;
        rank[label[i]].count++;
        rank[label[i]].first = i;
    }
    qsort(rank, (size_t)most, sizeof *rank, by_size);
    *k = 0;
    for (int32_t t = 0; t < most; t++) {
        now[rank[t].was] = rank[t].count ? t + 1 : 0;
        *k += rank[t].count > 0;
    }
done:
    sheaf_i_free(ctx, rank);
    return st;
}

/* Means of the clusters' points; of length 1 where lengths do not count. */
static void find_centres(const sheaf_i_points *p, const int32_t *label, int32_t k, const int64_t *count, double *centre)
{
    memset(centre, 0, (size_t)k * (size_t)p->d * sizeof *centre);
    for (int64_t i = 0; i < p->n; i++) {
        double *c = centre + (int64_t)(label[p->doc[i]] - 1) * p->d;
        for (int32_t j = 0; j < p->d; j++) c[j] += (double)p->x[i * p->d + j];
    }
    for (int32_t t = 0; t < k; t++) {
        double *c = centre + (int64_t)t * p->d, square = 0;
        for (int32_t j = 0; j < p->d; j++) square += c[j] * c[j];
        const double length = p->spherical ? sqrt(square) : (double)count[t + 1];
        for (int32_t j = 0; j < p->d && length > 0; j++) c[j] /= length;
    }
}

static void measure_fits(sheaf_clustering *c, const sheaf_i_points *p, const double *centre)
{
    c->report.inertia = 0;
    for (int64_t i = 0; i < p->n; i++) {
        const double *own = centre + (int64_t)(c->label[p->doc[i]] - 1) * p->d;
        double gap = 0;
        for (int32_t j = 0; j < p->d; j++) {
            const double v = (double)p->x[i * p->d + j] - own[j];
            gap += v * v;
        }
        c->report.inertia += gap / (p->scale * p->scale);
        c->fit[p->doc[i]] = (float)(p->spherical ? 1 - gap / 2 : -sqrt(gap) / p->scale);
    }
}

static sheaf_status take_points(sheaf_clustering *c, const sheaf_i_points *p)
{
    sheaf_status st = SHEAF_OK;
    double *centre = NULL;
    SHEAF_NEW(centre, c->ctx, (int64_t)c->k * c->d);
    find_centres(p, c->label, c->k, c->count, centre);
    measure_fits(c, p, centre);
    for (int32_t t = 0; t < c->k; t++)
        for (int32_t j = 0; j < c->d; j++)
            centre[(int64_t)t * c->d + j] = centre[(int64_t)t * c->d + j] / p->scale + p->mean[j];
    sheaf_i_free(c->ctx, c->centre);
    c->centre = centre;
    centre = NULL;
done:
    sheaf_i_free(c->ctx, centre);
    return st;
}

sheaf_status sheaf_i_clustering_relabel(sheaf_clustering *c, const sheaf_space *space, const sheaf_cluster_opts *given,
                                        const sheaf_i_labels *l)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = c->ctx;
    sheaf_i_points p = {0};
    int32_t *now = NULL;
    int64_t *count = NULL;
    sheaf_cluster_opts o = *given;
    o.drop_first = c->report.drop_first;
    sheaf_i_clustering_forget_stability(c);
    sheaf_i_clustering_forget_merges(c);
    SHEAF_NEW(now, ctx, l->k);
    SHEAF_NEW0(count, ctx, (int64_t)l->k + 1);
    SHEAF_TRY(sheaf_i_space_points(ctx, &p, space, &o));
    SHEAF_TRY(rank_labels(ctx, l->label, c->n, l->k, now, &c->k));
    for (int64_t i = 0; i < c->n; i++) {
        c->label[i] = l->label[i] < 0 ? 0 : now[l->label[i]];
        c->second[i] = l->label[i] < 0 || l->second[i] < 0 ? 0 : now[l->second[i]];
        c->margin[i] = l->label[i] < 0 ? 0 : l->margin[i];
        count[c->label[i]]++;
    }
    sheaf_i_free(ctx, c->count);
    c->count = count;
    count = NULL;
    SHEAF_TRY(take_points(c, &p));
done:
    sheaf_i_points_end(&p);
    sheaf_i_free(ctx, now);
    sheaf_i_free(ctx, count);
    return st;
}
