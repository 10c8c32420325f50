/* The merge tree by the words; see tree.h. What a merger costs is known from the sums of the clusters alone, so a step
   is one row of costs anew, and no document is looked at again. */
#include "refine/tree.h"

#include <math.h>
#include <stdlib.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/tree.h"
#include "kernel/kernel.h"

#define GAINS 8000000 /* some ten milliseconds: k^2 terms of them are looked for */
#define LEAST 1000     /* terms */
#define CHUNK 256      /* terms whose gains may be summed in float */

static double f(double z) { return z > 0 ? z * log(z) : 0; }

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_rows *r;
    int32_t k, m;          /* m: terms that stand for themselves, and one for all others */
    int32_t *place;        /* of each column of the rows: 0 .. m - 1 */
    double *sum;           /* k x m */
    float *without, *with; /* the same without and with the prior */
    double *prior;         /* m */
    double *own;           /* k: sum_j f(c_j + prior_j) - f(prior_j) */
    double *mass, *count;  /* k */
    double size_weight;    /* in units */
} state;

typedef struct {
    int32_t column;
    int64_t mass;
} heavy;

static int by_mass(const void *x, const void *y)
{
    const heavy *a = x, *b = y;
    if (a->mass != b->mass) return a->mass > b->mass ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static sheaf_status find_places(state *s, int64_t terms)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_rows *r = s->r;
    heavy *all = NULL;
    SHEAF_NEW(s->place, s->ctx, r->m);
    SHEAF_NEW0(all, s->ctx, r->m);
    for (int32_t j = 0; j < r->m; j++) {
        s->place[j] = j;
        all[j].column = j;
    }
    s->m = r->m;
    if (r->m <= terms) goto done;
    for (int64_t q = 0; q < r->indptr[r->n]; q++) all[r->column[q]].mass += r->value[q];
    qsort(all, (size_t)r->m, sizeof *all, by_mass);
    s->m = (int32_t)terms + 1;
    for (int32_t t = 0; t < r->m; t++) s->place[all[t].column] = t < terms ? t : (int32_t)terms;
done:
    sheaf_i_free(s->ctx, all);
    return st;
}

/* What is made from the sums of group a. */
static void spread(state *s, int32_t a)
{
    const int64_t at = (int64_t)a * s->m;
    s->own[a] = 0;
    for (int32_t j = 0; j < s->m; j++) {
        const double sum = s->sum[at + j];
        s->without[at + j] = (float)sum;
        s->with[at + j] = (float)(sum + s->prior[j]);
        if (sum > 0) s->own[a] += f(sum + s->prior[j]) - f(s->prior[j]);
    }
}

static sheaf_status state_new(state *s, const sheaf_clustering *c)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_rows *r = s->r;
    const int64_t enough = GAINS / ((int64_t)s->k * s->k);
    SHEAF_TRY(find_places(s, enough > LEAST ? enough : LEAST));
    SHEAF_NEW0(s->sum, s->ctx, (int64_t)s->k * s->m);
    SHEAF_NEW(s->without, s->ctx, (int64_t)s->k * s->m);
    SHEAF_NEW(s->with, s->ctx, (int64_t)s->k * s->m);
    SHEAF_NEW0(s->prior, s->ctx, s->m);
    SHEAF_NEW(s->own, s->ctx, s->k);
    SHEAF_NEW0(s->mass, s->ctx, s->k);
    SHEAF_NEW0(s->count, s->ctx, s->k);
    for (int32_t j = 0; j < r->m; j++) s->prior[s->place[j]] += (double)r->prior[j];
    for (int64_t i = 0; i < r->n; i++) {
        const int32_t t = c->label[i] - 1;
        if (t < 0) continue;
        double *sum = s->sum + (int64_t)t * s->m;
        for (int64_t q = r->indptr[i]; q < r->indptr[i + 1]; q++) sum[s->place[r->column[q]]] += r->value[q];
        s->mass[t] += (double)r->mass[i];
        s->count[t]++;
    }
    for (int32_t t = 0; t < s->k; t++) spread(s, t);
done:
    return st;
}

static void state_end(state *s)
{
    sheaf_i_free(s->ctx, s->place);
    sheaf_i_free(s->ctx, s->sum);
    sheaf_i_free(s->ctx, s->without);
    sheaf_i_free(s->ctx, s->with);
    sheaf_i_free(s->ctx, s->prior);
    sheaf_i_free(s->ctx, s->own);
    sheaf_i_free(s->ctx, s->mass);
    sheaf_i_free(s->ctx, s->count);
}

/* sum_j f(c_aj + c_tj + prior_j) - f(c_tj + prior_j) */
static double joint_gain(const state *s, int32_t a, int32_t t)
{
    const sheaf_i_kernels *kernels = sheaf_i_kernels_get();
    const float *v = s->without + (int64_t)a * s->m, *c = s->with + (int64_t)t * s->m;
    double sum = 0;
    for (int32_t j = 0; j < s->m; j += CHUNK)
        sum += (double)kernels->gain_sum(s->m - j < CHUNK ? s->m - j : CHUNK, c + j, v + j);
    return sum;
}

/* The gain of the one with fewer words over the sums of the other: the same whichever is asked for. */
static void losses(const void *arg, int32_t a, int32_t first, double *row)
{
    const state *s = arg;
    const double all = s->r->prior_mass;
    for (int32_t t = first; t < s->k; t++) {
        if (t == a || !(s->count[t] > 0)) continue;
        const double x = s->mass[a], y = s->mass[t];
        const bool smaller = x < y || (x <= y && a > t);
        const int32_t from = smaller ? a : t;
        double gain = joint_gain(s, from, smaller ? t : a) - s->own[from];
        gain += f(x + all) + f(y + all) - f(x + y + all) - f(all);
        gain += s->size_weight * (f(s->count[a] + s->count[t]) - f(s->count[a]) - f(s->count[t]));
        row[t] = -gain / s->r->unit;
    }
}

static void join(void *arg, int32_t a, int32_t b)
{
    state *s = arg;
    for (int32_t j = 0; j < s->m; j++) s->sum[(int64_t)a * s->m + j] += s->sum[(int64_t)b * s->m + j];
    s->mass[a] += s->mass[b];
    s->count[a] += s->count[b];
    s->mass[b] = s->count[b] = 0;
    spread(s, a);
}

sheaf_status sheaf_i_refine_tree(sheaf_clustering *c, const sheaf_i_rows *r, double size_weight)
{
    sheaf_status st = SHEAF_OK;
    state s = {.ctx = c->ctx, .r = r, .k = c->k, .size_weight = size_weight * r->unit};
    if (c->k < 2 || c->k > SHEAF_MERGES_MOST) return st;
    const sheaf_i_joining j = {losses, join, &s};
    SHEAF_TRY(state_new(&s, c));
    SHEAF_TRY(sheaf_i_clustering_join(c, &j));
done:
    state_end(&s);
    return st;
}
