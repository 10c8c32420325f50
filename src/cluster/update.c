/* Sums of the clusters in double. Rows that changed their label (or all rows, when most did) are listed by cluster in
   rising order; the list is cut into units of fixed length, each summed by one thread, and a cluster's units are added
   in order: the same bytes at any number of threads, and no atomics. */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/kmeans.h"
#include "cluster/wide.h"

#define UNIT 512 /* rows of a unit: some tens of microseconds of work */

sheaf_status sheaf_i_sums_new(sheaf_i_sums *s, const sheaf_i_points *p, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    *s = (sheaf_i_sums){.p = p, .k = k, .units = sheaf_i_blocks(p->n, UNIT) + k};
    SHEAF_NEW0(s->sum, p->ctx, (int64_t)k * p->d);
    SHEAF_NEW0(s->count, p->ctx, k);
    SHEAF_NEW(s->entry, p->ctx, p->n);
    SHEAF_NEW(s->first, p->ctx, (int64_t)k + 1);
    SHEAF_NEW(s->partial, p->ctx, s->units * p->d);
done:
    return st;
}

void sheaf_i_sums_end(sheaf_i_sums *s)
{
    if (!s->p) return;
    sheaf_ctx *ctx = s->p->ctx;
    sheaf_i_free(ctx, s->sum);
    sheaf_i_free(ctx, s->count);
    sheaf_i_free(ctx, s->entry);
    sheaf_i_free(ctx, s->first);
    sheaf_i_free(ctx, s->partial);
    *s = (sheaf_i_sums){0};
}

/* The unit's cluster and range of entries: unit u of cluster t begins at first[t] + UNIT * u. */
static int32_t unit_range(const sheaf_i_sums *s, int64_t unit, int64_t *lo, int64_t *hi)
{
    int32_t t = 0;
    for (;; t++) {
        int64_t units = sheaf_i_blocks(s->first[t + 1] - s->first[t], UNIT);
        if (unit < units) break;
        unit -= units;
    }
    *lo = s->first[t] + unit * UNIT;
    *hi = *lo + UNIT < s->first[t + 1] ? *lo + UNIT : s->first[t + 1];
    return t;
}

SHEAF_I_WIDE
static void add_row(double *restrict sum, const float *restrict x, double sign, int32_t d)
{
    for (int32_t j = 0; j < d; j++) sum[j] += sign * (double)x[j];
}

static sheaf_status sum_unit(void *arg, int64_t unit, int32_t worker)
{
    (void)worker;
    sheaf_i_sums *s = arg;
    int32_t d = s->p->d;
    int64_t lo, hi;
    (void)unit_range(s, unit, &lo, &hi);
    double *sum = s->partial + unit * d;
    memset(sum, 0, (size_t)d * sizeof *sum);
    for (int64_t e = lo; e < hi; e++)
        add_row(sum, s->p->x + (s->entry[e] >> 1) * d, s->entry[e] & 1 ? -1 : 1, d);
    return SHEAF_OK;
}

/* Lists who joins and who leaves which cluster; first[t] .. first[t + 1] are the entries of t. */
static void list_entries(sheaf_i_sums *s, const int32_t *before, const int32_t *label, bool all)
{
    int64_t n = s->p->n, *next = s->first; /* next[t + 1] runs, and ends up as first[t + 1] */
    memset(s->first, 0, ((size_t)s->k + 1) * sizeof *s->first);
    for (int64_t i = 0; i < n; i++) {
        if (!all && before[i] == label[i]) continue;
        s->first[label[i] + 1]++;
        if (!all) s->first[before[i] + 1]++;
    }
    int64_t sum = 0;
    for (int32_t t = 0; t < s->k; t++) {
        int64_t here = s->first[t + 1];
        s->first[t + 1] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < n; i++) {
        if (!all && before[i] == label[i]) continue;
        s->entry[next[label[i] + 1]++] = 2 * i;
        s->count[label[i]]++;
        if (all) continue;
        s->entry[next[before[i] + 1]++] = 2 * i + 1;
        s->count[before[i]]--;
    }
}

sheaf_status sheaf_i_sums_update(sheaf_i_sums *s, const int32_t *before, const int32_t *label)
{
    int64_t changed = 0, n = s->p->n;
    int32_t d = s->p->d;
    for (int64_t i = 0; s->started && i < n; i++) changed += before[i] != label[i];
    bool all = !s->started || 2 * changed > n;
    if (all) {
        memset(s->sum, 0, (size_t)s->k * (size_t)d * sizeof *s->sum);
        memset(s->count, 0, (size_t)s->k * sizeof *s->count);
    }
    s->started = true;
    list_entries(s, before, label, all);
    int64_t units = 0;
    for (int32_t t = 0; t < s->k; t++) units += sheaf_i_blocks(s->first[t + 1] - s->first[t], UNIT);
    sheaf_status st = sheaf_i_par_for(s->p->ctx, NULL, units, sum_unit, s);
    if (st != SHEAF_OK) return st;
    const double *partial = s->partial;
    for (int32_t t = 0; t < s->k; t++)
        for (int64_t u = sheaf_i_blocks(s->first[t + 1] - s->first[t], UNIT); u > 0; u--, partial += d)
            for (int32_t j = 0; j < d; j++) s->sum[(int64_t)t * d + j] += partial[j];
    return SHEAF_OK;
}
