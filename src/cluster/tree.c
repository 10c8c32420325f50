/* The merge tree over clusters, and its cuts; see tree.h. Each row of losses remembers its least, so a step looks at
   one loss a group, and again through the few rows that have lost theirs (Anderberg 1973). */
#include "cluster/tree.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"


typedef struct {
    const sheaf_i_joining *j;
    double *loss;  /* k x k, zeros: hence SHEAF_MERGES_MOST; of a pair the row of the lower is true */
    int32_t *node; /* k: that a group is now, 0: gone into another */
    int32_t *best; /* k: the later group that it is joined with most cheaply, of equal ones the first; -1: none */
    int32_t k;
} joining;

static void find_best(const joining *g, int32_t a)
{
    const double *row = g->loss + (int64_t)a * g->k;
    g->best[a] = -1;
    for (int32_t b = a + 1; g->node[a] && b < g->k; b++)
        if (g->node[b] && (g->best[a] < 0 || row[b] < row[g->best[a]])) g->best[a] = b;
}

static sheaf_status find_row(void *arg, int64_t a, int32_t worker)
{
    (void)worker;
    const joining *g = arg;
    g->j->losses(g->j->arg, (int32_t)a, (int32_t)a + 1, g->loss + a * g->k);
    find_best(g, (int32_t)a);
    return SHEAF_OK;
}

static void find_cheapest(const joining *g, int32_t *into, int32_t *from)
{
    double least = INFINITY;
    *into = -1;
    for (int32_t a = 0; a < g->k; a++) {
        if (g->best[a] < 0) continue;
        const double loss = g->loss[(int64_t)a * g->k + g->best[a]];
        if (*into >= 0 && !(loss < least)) continue;
        least = loss;
        *into = a;
        *from = g->best[a];
    }
}

/* Group b goes into a, which is node `made` now. */
static void join(const joining *g, int32_t a, int32_t b, int32_t made)
{
    const int64_t k = g->k;
    g->j->join(g->j->arg, a, b);
    g->node[b] = 0;
    g->node[a] = made;
    g->j->losses(g->j->arg, a, 0, g->loss + a * k);
    for (int32_t t = 0; t < a; t++) {
        double *row = g->loss + t * k;
        row[a] = g->loss[a * k + t];
        if (g->best[t] == a || g->best[t] == b) find_best(g, t);
        else if (g->best[t] >= 0 && (row[a] < row[g->best[t]] || (a < g->best[t] && row[a] <= row[g->best[t]])))
            g->best[t] = a;
    }
    for (int32_t t = a; t <= b; t++)
        if (t == a || t == b || g->best[t] == b) find_best(g, t);
}

sheaf_status sheaf_i_clustering_join(sheaf_clustering *c, const sheaf_i_joining *j)
{
    sheaf_status st = SHEAF_OK;
    joining g = {.j = j, .k = c->k};
    sheaf_merge *merge = NULL;
    sheaf_i_clustering_forget_merges(c);
    if (c->k < 2) return st;
    SHEAF_NEW(merge, c->ctx, c->k);
    SHEAF_NEW0(g.loss, c->ctx, (int64_t)c->k * c->k);
    SHEAF_NEW(g.node, c->ctx, c->k);
    SHEAF_NEW(g.best, c->ctx, c->k);
    for (int32_t t = 0; t < c->k; t++) g.node[t] = t + 1;
    SHEAF_TRY(sheaf_i_par_for(c->ctx, NULL, c->k, find_row, &g));
    for (int32_t s = 0; s < c->k - 1; s++) {
        int32_t a, b = 0;
        find_cheapest(&g, &a, &b);
        merge[s] = (sheaf_merge){g.node[a], g.node[b], g.loss[(int64_t)a * c->k + b]};
        join(&g, a, b, c->k + s + 1);
    }
    c->merge = merge;
    merge = NULL;
done:
    sheaf_i_free(c->ctx, merge);
    sheaf_i_free(c->ctx, g.loss);
    sheaf_i_free(c->ctx, g.node);
    sheaf_i_free(c->ctx, g.best);
    return st;
}

/* ---- by the centres ---- */

typedef struct {
    bool spherical;
    int32_t k, d;
    double *v;      /* k x d: sum of the unit vectors of a group, or their mean */
    double *weight; /* k: length of the sum, or documents */
} centres;

static double length(const double *x, int32_t d)
{
    double sum = 0;
    for (int32_t j = 0; j < d; j++) sum += x[j] * x[j];
    return sqrt(sum);
}

static double length_of_sum(const double *x, const double *y, int32_t d)
{
    double sum = 0;
    for (int32_t j = 0; j < d; j++) sum += (x[j] + y[j]) * (x[j] + y[j]);
    return sqrt(sum);
}

static double squared_gap(const double *x, const double *y, int32_t d)
{
    double sum = 0;
    for (int32_t j = 0; j < d; j++) sum += (x[j] - y[j]) * (x[j] - y[j]);
    return sum;
}

static void centre_losses(const void *arg, int32_t a, int32_t first, double *row)
{
    const centres *g = arg;
    const double *x = g->v + (int64_t)a * g->d, w = g->weight[a];
    for (int32_t t = first; t < g->k; t++) {
        const double *y = g->v + (int64_t)t * g->d, all = w + g->weight[t];
        if (g->spherical) row[t] = all - length_of_sum(x, y, g->d);
        else row[t] = all > 0 ? w * g->weight[t] / all * squared_gap(x, y, g->d) : 0;
    }
}

static void join_centres(void *arg, int32_t a, int32_t b)
{
    centres *g = arg;
    double *x = g->v + (int64_t)a * g->d;
    const double *y = g->v + (int64_t)b * g->d, w = g->weight[a], all = w + g->weight[b];
    for (int32_t j = 0; j < g->d; j++)
        x[j] = g->spherical ? x[j] + y[j] : all > 0 ? (w * x[j] + g->weight[b] * y[j]) / all : x[j];
    g->weight[a] = g->spherical ? length(x, g->d) : all;
}

/* The sum of a cluster is its centre times the sum of the cosines to it. */
static void take_centres(centres *g, const sheaf_clustering *c)
{
    memset(g->weight, 0, (size_t)c->k * sizeof *g->weight);
    for (int64_t i = 0; i < c->n; i++)
        if (c->label[i]) g->weight[c->label[i] - 1] += g->spherical ? (double)c->fit[i] : 1;
    for (int32_t t = 0; t < c->k; t++) {
        if (g->weight[t] < 0) g->weight[t] = 0;
        for (int32_t j = 0; j < c->d; j++) {
            const int64_t at = (int64_t)t * c->d + j;
            g->v[at] = c->centre[at] * (g->spherical ? g->weight[t] : 1);
        }
    }
}

sheaf_status sheaf_i_clustering_join_centres(sheaf_clustering *c, sheaf_metric metric)
{
    sheaf_status st = SHEAF_OK;
    centres g = {.spherical = metric == SHEAF_METRIC_SPHERICAL, .k = c->k, .d = c->d};
    if (c->k < 2 || c->k > SHEAF_MERGES_MOST) return st;
    SHEAF_NEW(g.v, c->ctx, (int64_t)c->k * c->d);
    SHEAF_NEW(g.weight, c->ctx, c->k);
    take_centres(&g, c);
    const sheaf_i_joining j = {.losses = centre_losses, .join = join_centres, .arg = &g};
    SHEAF_TRY(sheaf_i_clustering_join(c, &j));
    c->merged_by_centres = true;
done:
    sheaf_i_free(c->ctx, g.v);
    sheaf_i_free(c->ctx, g.weight);
    return st;
}

/* ---- cuts ---- */

const sheaf_merge *sheaf_clustering_merges(const sheaf_clustering *c, int32_t *n)
{
    *n = c->merge ? c->k - 1 : 0;
    return c->merge;
}

bool sheaf_clustering_merged_by_words(const sheaf_clustering *c) { return c->merge && !c->merged_by_centres; }

/* of[t], t = 1..k0: the lowest cluster of its group. lowest: of every node. */
static void follow_mergers(const sheaf_clustering *c, int32_t k, int32_t *of, int32_t *lowest)
{
    for (int32_t t = 0; t <= c->k; t++) of[t] = lowest[t] = t;
    for (int32_t s = 0; s < c->k - k; s++) {
        const int32_t into = lowest[c->merge[s].a], from = lowest[c->merge[s].b];
        for (int32_t t = 1; t <= c->k; t++)
            if (of[t] == from) of[t] = into;
        lowest[c->k + s + 1] = into;
    }
}

/* Groups, named by their lowest cluster, get numbers by falling size. */
static void number_groups(const sheaf_clustering *c, int32_t k, int32_t *of, int64_t *docs, int32_t *number)
{
    for (int32_t t = 0; t <= c->k; t++) docs[t] = of[t] == t && t ? 0 : -1;
    for (int32_t t = 1; t <= c->k; t++) docs[of[t]] += c->count[t];
    for (int32_t next = 1; next <= k; next++) {
        int32_t largest = 0;
        for (int32_t t = 1; t <= c->k; t++)
            if (docs[t] > docs[largest]) largest = t;
        number[largest] = next;
        docs[largest] = -1;
    }
    for (int32_t t = 1; t <= c->k; t++) of[t] = number[of[t]];
}

sheaf_status sheaf_clustering_cut(const sheaf_clustering *c, int32_t k, int32_t *of_cluster)
{
    sheaf_status st = SHEAF_OK;
    int32_t *lowest = NULL, *number = NULL;
    int64_t *docs = NULL;
    if (k < 1 || k > c->k)
        return sheaf_i_fail(c->ctx, SHEAF_EINVAL, "a cut at %d groups: there are %d clusters", k, c->k);
    if (!c->merge && k < c->k) return sheaf_i_fail(c->ctx, SHEAF_EINVAL, "%d clusters have no merge tree", c->k);
    SHEAF_NEW(lowest, c->ctx, 2 * (int64_t)c->k + 1);
    SHEAF_NEW(number, c->ctx, (int64_t)c->k + 1);
    SHEAF_NEW(docs, c->ctx, (int64_t)c->k + 1);
    follow_mergers(c, k, of_cluster, lowest);
    if (k < c->k) number_groups(c, k, of_cluster, docs, number);
done:
    sheaf_i_free(c->ctx, lowest);
    sheaf_i_free(c->ctx, number);
    sheaf_i_free(c->ctx, docs);
    return st;
}
