/* Sums of the clusters in double, kept in step with the labels. Rows that change their cluster are noted stripe by
   stripe, in rising order: as a list, or, where many are expected and k x d is small, at once in sums of the stripe
   while the row is in the cache. Lists are sorted by cluster and cut into units of fixed length, each summed by one
   thread; a cluster's units, or stripes, are added in order. So there are the same bytes at any number of threads, and
   no atomics. */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/work.h"
#include "cluster/kmeans.h"
#include "cluster/wide.h"

#define UNIT 512 /* entries of a unit: some tens of microseconds of work */
#define STRIPES 128 /* at most; each has sums of its own */
#define STRIPE_ROWS 1920 /* at least, and a multiple: whole blocks of the assignment */
#define AT_ONCE_CELLS 16384 /* k x d of a stripe's sums that leave room for the rows in a cache of 1 MiB */

sheaf_status sheaf_i_sums_new(sheaf_i_sums *s, const sheaf_i_points *p, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    int64_t stripe = sheaf_i_blocks(sheaf_i_blocks(p->n, STRIPES), STRIPE_ROWS) * STRIPE_ROWS;
    if (stripe == 0) stripe = STRIPE_ROWS;
    *s = (sheaf_i_sums){.p = p, .k = k, .units = sheaf_i_blocks(p->n, UNIT) + k, .stripe = stripe,
                        .stripes = sheaf_i_blocks(p->n, stripe), .expected = p->n};
    SHEAF_NEW0(s->sum, p->ctx, (int64_t)k * p->d);
    SHEAF_NEW0(s->count, p->ctx, k);
    SHEAF_NEW(s->entry, p->ctx, p->n);
    SHEAF_NEW(s->first, p->ctx, (int64_t)k + 1);
    SHEAF_NEW(s->first_unit, p->ctx, (int64_t)k + 1);
    SHEAF_NEW(s->partial, p->ctx, s->units * p->d);
    SHEAF_NEW(s->move, p->ctx, p->n);
    SHEAF_NEW0(s->moved, p->ctx, s->stripes);
    if ((int64_t)k * p->d <= AT_ONCE_CELLS) {
        SHEAF_NEW(s->gain, p->ctx, s->stripes * k * p->d);
        SHEAF_NEW(s->gained, p->ctx, s->stripes * k);
    }
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
    sheaf_i_free(ctx, s->first_unit);
    sheaf_i_free(ctx, s->partial);
    sheaf_i_free(ctx, s->move);
    sheaf_i_free(ctx, s->moved);
    sheaf_i_free(ctx, s->gain);
    sheaf_i_free(ctx, s->gained);
    *s = (sheaf_i_sums){0};
}

SHEAF_I_WIDE
static void add_row(double *restrict sum, const float *restrict x, double sign, int32_t d)
{
    for (int32_t j = 0; j < d; j++) sum[j] += sign * (double)x[j];
}

/* Sums of all stripes are worth their zeros when there are more rows to add than sums. */
static bool at_once(const sheaf_i_sums *s) { return s->gain && s->expected > s->stripes * s->k; }

void sheaf_i_sums_begin(sheaf_i_sums *s, int64_t stripe)
{
    int64_t cells = (int64_t)s->k * s->p->d;
    s->moved[stripe] = 0;
    if (!at_once(s)) return;
    memset(s->gain + stripe * cells, 0, (size_t)cells * sizeof *s->gain);
    memset(s->gained + stripe * s->k, 0, (size_t)s->k * sizeof *s->gained);
}

void sheaf_i_sums_note(sheaf_i_sums *s, int64_t stripe, int64_t row, int32_t from, int32_t to)
{
    int64_t place = s->moved[stripe]++;
    if (!at_once(s)) {
        s->move[stripe * s->stripe + place] = (sheaf_i_move){(int32_t)row, from};
        return;
    }
    const int32_t d = s->p->d;
    const float *x = s->p->x + row * d;
    double *gain = s->gain + stripe * s->k * d;
    int64_t *gained = s->gained + stripe * s->k;
    add_row(gain + (int64_t)to * d, x, 1, d);
    gained[to]++;
    if (from < 0) return;
    add_row(gain + (int64_t)from * d, x, -1, d);
    gained[from]--;
}

/* The range of entries of a unit: unit first_unit[t] + u begins at first[t] + UNIT * u. */
static void unit_range(const sheaf_i_sums *s, int64_t unit, int64_t *lo, int64_t *hi)
{
    int32_t t = 0, end = s->k; /* first_unit[t] <= unit < first_unit[end] */
    while (end - t > 1) {
        int32_t middle = t + (end - t) / 2;
        if (s->first_unit[middle] <= unit) t = middle;
        else end = middle;
    }
    *lo = s->first[t] + (unit - s->first_unit[t]) * UNIT;
    *hi = *lo + UNIT < s->first[t + 1] ? *lo + UNIT : s->first[t + 1];
}

static sheaf_status sum_unit(void *arg, int64_t unit, int32_t worker)
{
    (void)worker;
    sheaf_i_sums *s = arg;
    int32_t d = s->p->d;
    int64_t lo, hi;
    unit_range(s, unit, &lo, &hi);
    double *sum = s->partial + unit * d;
    memset(sum, 0, (size_t)d * sizeof *sum);
    for (int64_t e = lo; e < hi; e++)
        add_row(sum, s->p->x + (int64_t)(s->entry[e] >> 1) * d, s->entry[e] & 1 ? -1 : 1, d);
    return SHEAF_OK;
}

/* first[t + 1] from the number of entries of t to where they begin; list_* leave it where they end. */
static void begin_lists(sheaf_i_sums *s)
{
    int64_t sum = 0;
    for (int32_t t = 0; t < s->k; t++) {
        int64_t here = s->first[t + 1];
        s->first[t + 1] = sum;
        sum += here;
    }
}

static void list_all(sheaf_i_sums *s, const int32_t *label)
{
    int64_t n = s->p->n, *next = s->first + 1;
    memset(s->first, 0, ((size_t)s->k + 1) * sizeof *s->first);
    for (int64_t i = 0; i < n; i++) next[label[i]]++;
    for (int32_t t = 0; t < s->k; t++) s->count[t] = next[t];
    begin_lists(s);
    for (int64_t i = 0; i < n; i++) s->entry[next[label[i]]++] = 2 * (uint32_t)i;
}

/* Who joins and who leaves which cluster. */
static void list_moves(sheaf_i_sums *s, const int32_t *label)
{
    int64_t *next = s->first + 1;
    memset(s->first, 0, ((size_t)s->k + 1) * sizeof *s->first);
    for (int fill = 0; fill < 2; fill++) {
        for (int64_t stripe = 0; stripe < s->stripes; stripe++)
            for (int64_t i = 0; i < s->moved[stripe]; i++) {
                const sheaf_i_move m = s->move[stripe * s->stripe + i];
                int64_t join = next[label[m.row]]++, leave = m.from >= 0 ? next[m.from]++ : 0;
                if (!fill) continue;
                s->entry[join] = 2 * (uint32_t)m.row;
                s->count[label[m.row]]++;
                if (m.from < 0) continue;
                s->entry[leave] = 2 * (uint32_t)m.row + 1;
                s->count[m.from]--;
            }
        if (!fill) begin_lists(s);
    }
}

static sheaf_status add_lists(sheaf_i_sums *s, const int32_t *label, int64_t changed)
{
    const int32_t d = s->p->d;
    bool all = 2 * changed > s->p->n;
    if (all) memset(s->sum, 0, (size_t)s->k * (size_t)d * sizeof *s->sum);
    if (all) list_all(s, label);
    else list_moves(s, label);
    s->first_unit[0] = 0;
    for (int32_t t = 0; t < s->k; t++)
        s->first_unit[t + 1] = s->first_unit[t] + sheaf_i_blocks(s->first[t + 1] - s->first[t], UNIT);
    sheaf_status st = sheaf_i_par_work(s->p->ctx, s->first_unit[s->k], s->first[s->k] * d, sum_unit, s);
    if (st != SHEAF_OK) return st;
    for (int32_t t = 0; t < s->k; t++)
        for (int64_t u = s->first_unit[t]; u < s->first_unit[t + 1]; u++)
            for (int32_t j = 0; j < d; j++) s->sum[(int64_t)t * d + j] += s->partial[u * d + j];
    return SHEAF_OK;
}

static sheaf_status add_stripes(void *arg, int64_t cluster, int32_t worker)
{
    (void)worker;
    sheaf_i_sums *s = arg;
    const int32_t d = s->p->d;
    double *restrict sum = s->sum + cluster * d;
    for (int64_t stripe = 0; stripe < s->stripes; stripe++) {
        const double *restrict gain = s->gain + (stripe * s->k + cluster) * d;
        if (s->moved[stripe] == 0) continue;
        for (int32_t j = 0; j < d; j++) sum[j] += gain[j];
        s->count[cluster] += s->gained[stripe * s->k + cluster];
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_sums_settle(sheaf_i_sums *s, const int32_t *label, int64_t *changed)
{
    sheaf_status st = SHEAF_OK;
    int64_t moved = 0;
    for (int64_t stripe = 0; stripe < s->stripes; stripe++) moved += s->moved[stripe];
    if (moved > 0 && at_once(s)) st = sheaf_i_par_work(s->p->ctx, s->k, s->stripes * s->k * s->p->d, add_stripes, s);
    else if (moved > 0) st = add_lists(s, label, moved);
    s->expected = *changed = moved;
    return st;
}

void sheaf_i_sums_move(sheaf_i_sums *s, int64_t row, int32_t from, int32_t to)
{
    const int32_t d = s->p->d;
    add_row(s->sum + (int64_t)from * d, s->p->x + row * d, -1, d);
    add_row(s->sum + (int64_t)to * d, s->p->x + row * d, 1, d);
    s->count[from]--;
    s->count[to]++;
}
