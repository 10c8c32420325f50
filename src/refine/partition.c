/* Sums of clusters, gains and moves; see partition.h. Sums are whole numbers: their order does not matter. */
#include "refine/partition.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "kernel/kernel.h"

#define TERMS 256  /* of a block */
#define SLICE 4096 /* of a block that goes through all documents */

static double f(double z) { return z > 0 ? z * log(z) : 0; }
/* f(n + 1) - f(n) and f(n) - f(n - 1) */
static double enters(int64_t n) { return f((double)n + 1) - f((double)n); }
static double leaves(int64_t n) { return f((double)n) - f((double)n - 1); }

void sheaf_i_partition_enter(sheaf_i_partition *p, int32_t t)
{
    p->entry[t] = (float)(p->size_weight * enters(p->count[t]));
}

sheaf_status sheaf_i_partition_new(sheaf_i_partition *p, const sheaf_i_rows *r, int32_t k, const int32_t *label,
                                   double size_weight)
{
    sheaf_status st = SHEAF_OK;
    const int64_t cells = (int64_t)r->m * sheaf_i_ld(k);
    *p = (sheaf_i_partition){.r = r, .k = k, .ld = sheaf_i_ld(k), .size_weight = size_weight};
    SHEAF_NEW(p->label, r->ctx, r->n);
    SHEAF_NEW_ALIGNED(p->sum, r->ctx, cells);
    SHEAF_NEW_ALIGNED(p->gain, r->ctx, cells);
    SHEAF_NEW(p->mass, r->ctx, k);
    SHEAF_NEW(p->count, r->ctx, k);
    SHEAF_NEW(p->entry, r->ctx, k);
    if (label) {
        memcpy(p->label, label, (size_t)r->n * sizeof *label);
        SHEAF_TRY(sheaf_i_partition_sum(p));
    }
done:
    if (st != SHEAF_OK) sheaf_i_partition_end(p);
    return st;
}

void sheaf_i_partition_end(sheaf_i_partition *p)
{
    if (!p->r) return;
    sheaf_ctx *ctx = p->r->ctx;
    sheaf_i_free(ctx, p->label);
    sheaf_i_aligned_free(ctx, p->sum);
    sheaf_i_aligned_free(ctx, p->gain);
    sheaf_i_free(ctx, p->mass);
    sheaf_i_free(ctx, p->count);
    sheaf_i_free(ctx, p->entry);
    memset(p, 0, sizeof *p);
}

/* Of a row, the first place whose term is not below j; terms rise. */
static int64_t place_of(const sheaf_i_rows *r, int64_t i, int64_t j)
{
    int64_t lo = r->indptr[i], hi = r->indptr[i + 1];
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (r->column[mid] < j) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static void find_gains(sheaf_i_partition *p, int64_t j)
{
    const sheaf_i_kernels *kernels = sheaf_i_kernels_get();
    for (int32_t t = 0; t < p->ld; t += SHEAF_I_PANEL) {
        float c[SHEAF_I_PANEL], v[SHEAF_I_PANEL];
        for (int32_t l = 0; l < SHEAF_I_PANEL; l++) {
            c[l] = (float)p->sum[j * p->ld + t + l] + p->r->prior[j];
            v[l] = p->r->first[j];
        }
        kernels->gain_each(SHEAF_I_PANEL, c, v, p->gain + j * p->ld + t);
    }
}

/* Terms lo .. hi - 1, so few that their sums stay near the processor. */
static sheaf_status sum_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sheaf_i_partition *p = arg;
    const sheaf_i_rows *r = p->r;
    int64_t lo, hi;
    sheaf_i_range(r->m, SLICE, block, &lo, &hi);
    memset(p->sum + lo * p->ld, 0, (size_t)(hi - lo) * (size_t)p->ld * sizeof *p->sum);
    for (int64_t i = 0; i < r->n; i++) {
        if (p->label[i] < 0) continue;
        int32_t *sum = p->sum + p->label[i];
        for (int64_t q = place_of(r, i, lo); q < r->indptr[i + 1] && r->column[q] < hi; q++)
            sum[(int64_t)r->column[q] * p->ld] += r->value[q];
    }
    for (int64_t j = lo; j < hi; j++) find_gains(p, j);
    return SHEAF_OK;
}

sheaf_status sheaf_i_partition_sum(sheaf_i_partition *p)
{
    const sheaf_i_rows *r = p->r;
    memset(p->mass, 0, (size_t)p->k * sizeof *p->mass);
    memset(p->count, 0, (size_t)p->k * sizeof *p->count);
    for (int64_t i = 0; i < r->n; i++) {
        const int32_t t = p->label[i];
        if (t < 0) continue;
        p->count[t]++;
        p->mass[t] += r->mass[i];
    }
    for (int32_t t = 0; t < p->k; t++) sheaf_i_partition_enter(p, t);
    return sheaf_i_par_for(r->ctx, NULL, sheaf_i_blocks(r->m, SLICE), sum_block, p);
}

typedef struct {
    sheaf_i_partition *p;
    const int64_t *doc;
    int64_t n;
    const int32_t *was;
} shifting;

static sheaf_status shift_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const shifting *g = arg;
    sheaf_i_partition *p = g->p;
    const sheaf_i_rows *r = p->r;
    bool changed[SLICE] = {false};
    int64_t lo, hi;
    sheaf_i_range(r->m, SLICE, block, &lo, &hi);
    for (int64_t d = 0; d < g->n; d++) {
        const int64_t i = g->doc[d];
        for (int64_t q = place_of(r, i, lo); q < r->indptr[i + 1] && r->column[q] < hi; q++) {
            int32_t *row = p->sum + (int64_t)r->column[q] * p->ld;
            row[g->was[i]] -= r->value[q];
            row[p->label[i]] += r->value[q];
            changed[r->column[q] - lo] = true;
        }
    }
    for (int64_t j = lo; j < hi; j++)
        if (changed[j - lo]) find_gains(p, j);
    return SHEAF_OK;
}

sheaf_status sheaf_i_partition_shift(sheaf_i_partition *p, const int64_t *doc, int64_t n, const int32_t *was)
{
    shifting g = {p, doc, n, was};
    for (int64_t d = 0; d < n; d++) {
        const int64_t i = doc[d];
        p->count[was[i]]--;
        p->count[p->label[i]]++;
        p->mass[was[i]] -= p->r->mass[i];
        p->mass[p->label[i]] += p->r->mass[i];
    }
    for (int32_t t = 0; t < p->k; t++) sheaf_i_partition_enter(p, t);
    return sheaf_i_par_for(p->r->ctx, NULL, sheaf_i_blocks(p->r->m, SLICE), shift_block, &g);
}

typedef struct {
    sheaf_i_partition *to;
    const sheaf_i_partition *from;
} copying;

static sheaf_status copy_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const copying *g = arg;
    int64_t lo, hi;
    sheaf_i_range(g->from->r->m, SLICE, block, &lo, &hi);
    const size_t at = (size_t)lo * (size_t)g->from->ld, cells = (size_t)(hi - lo) * (size_t)g->from->ld;
    memcpy(g->to->sum + at, g->from->sum + at, cells * sizeof *g->to->sum);
    memcpy(g->to->gain + at, g->from->gain + at, cells * sizeof *g->to->gain);
    return SHEAF_OK;
}

sheaf_status sheaf_i_partition_copy(sheaf_i_partition *to, const sheaf_i_partition *from)
{
    copying g = {to, from};
    memcpy(to->label, from->label, (size_t)from->r->n * sizeof *to->label);
    memcpy(to->mass, from->mass, (size_t)from->k * sizeof *to->mass);
    memcpy(to->count, from->count, (size_t)from->k * sizeof *to->count);
    memcpy(to->entry, from->entry, (size_t)from->k * sizeof *to->entry);
    return sheaf_i_par_for(from->r->ctx, NULL, sheaf_i_blocks(from->r->m, SLICE), copy_block, &g);
}

sheaf_status sheaf_i_scoring_new(sheaf_i_scoring *s, const sheaf_i_partition *p)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->r->ctx;
    int64_t longest = p->ld;
    for (int64_t i = 0; i < p->r->n; i++)
        if (sheaf_i_row_size(p->r, i) > longest) longest = sheaf_i_row_size(p->r, i);
    memset(s, 0, sizeof *s);
    SHEAF_NEW(s->c, ctx, 2 * longest);
    SHEAF_NEW(s->v, ctx, 2 * longest);
    SHEAF_NEW(s->out, ctx, 2 * longest);
    SHEAF_NEW(s->score, ctx, p->ld);
done:
    return st;
}

void sheaf_i_scoring_end(sheaf_i_scoring *s, sheaf_ctx *ctx)
{
    sheaf_i_free(ctx, s->c);
    sheaf_i_free(ctx, s->v);
    sheaf_i_free(ctx, s->out);
    sheaf_i_free(ctx, s->score);
}

/* The part of the terms in what cluster t gains by row i: of a row that is not in it, or, `own`, that is. */
static double terms_gain(const sheaf_i_partition *p, int64_t i, int32_t t, bool own, sheaf_i_scoring *s)
{
    const sheaf_i_rows *r = p->r;
    int32_t n = 0;
    for (int64_t q = r->indptr[i]; q < r->indptr[i + 1]; q++, n++) {
        const int32_t sum = p->sum[(int64_t)r->column[q] * p->ld + t] - (own ? r->value[q] : 0);
        s->c[n] = (float)sum + r->prior[r->column[q]];
        s->v[n] = r->value[q];
    }
    return (double)sheaf_i_kernels_get()->gain_sum(n, s->c, s->v);
}

/* f(N) - f(N - x), N the mass of cluster t with the row */
static double mass_loss(const sheaf_i_partition *p, int64_t i, int32_t t, bool own)
{
    const double x = (double)p->r->mass[i];
    const double without = (double)p->mass[t] + p->r->prior_mass - (own ? x : 0);
    return x * log(without + x) + without * log1p(x / without);
}

static double gain_of(const sheaf_i_partition *p, int64_t i, int32_t t, bool own, sheaf_i_scoring *s)
{
    const double sizes = own ? leaves(p->count[t]) : enters(p->count[t]);
    return terms_gain(p, i, t, own, s) - mass_loss(p, i, t, own) + p->size_weight * sizes;
}

double sheaf_i_partition_gain(const sheaf_i_partition *p, int64_t i, int32_t to, sheaf_i_scoring *s)
{
    return gain_of(p, i, to, false, s) - gain_of(p, i, p->label[i], true, s);
}

void sheaf_i_partition_score(const sheaf_i_partition *p, int64_t i, sheaf_i_scoring *s)
{
    const sheaf_i_rows *r = p->r;
    const sheaf_i_kernels *kernels = sheaf_i_kernels_get();
    const sheaf_i_gain_rows g = {p->ld, p->sum, r->prior, r->first, p->gain};
    const int64_t from = r->indptr[i];
    const int32_t own = p->label[i];
    const float mass = (float)r->mass[i];
    kernels->gains(&g, r->indptr[i + 1] - from, r->column + from, r->value + from, own, s->score);
    for (int32_t t = 0; t < p->k; t++) {
        s->c[t] = (float)((double)p->mass[t] + r->prior_mass) - (t == own ? mass : 0);
        s->v[t] = mass;
    }
    kernels->gain_each(p->k, s->c, s->v, s->out);
    for (int32_t t = 0; t < p->k; t++) s->score[t] += p->entry[t] - s->out[t];
    if (own >= 0) s->score[own] += (float)(p->size_weight * leaves(p->count[own])) - p->entry[own];
}

void sheaf_i_partition_move(sheaf_i_partition *p, int64_t i, int32_t to, sheaf_i_scoring *s)
{
    const sheaf_i_rows *r = p->r;
    const int32_t from = p->label[i];
    int32_t n = 0;
    for (int64_t q = r->indptr[i]; q < r->indptr[i + 1]; q++) {
        const int32_t j = r->column[q];
        int32_t *row = p->sum + (int64_t)j * p->ld;
        row[from] -= r->value[q];
        row[to] += r->value[q];
        s->c[n] = (float)row[from] + r->prior[j];
        s->v[n++] = r->first[j];
        s->c[n] = (float)row[to] + r->prior[j];
        s->v[n++] = r->first[j];
    }
    sheaf_i_kernels_get()->gain_each(n, s->c, s->v, s->out);
    n = 0;
    for (int64_t q = r->indptr[i]; q < r->indptr[i + 1]; q++) {
        float *row = p->gain + (int64_t)r->column[q] * p->ld;
        row[from] = s->out[n++];
        row[to] = s->out[n++];
    }
    p->mass[from] -= r->mass[i];
    p->mass[to] += r->mass[i];
    p->count[from]--;
    p->count[to]++;
    p->label[i] = to;
    sheaf_i_partition_enter(p, from);
    sheaf_i_partition_enter(p, to);
}

void sheaf_i_partition_join(sheaf_i_partition *p, int32_t a, int32_t b)
{
    const sheaf_i_rows *r = p->r;
    const int32_t last = p->k - 1;
    for (int64_t j = 0; j < r->m; j++) {
        int32_t *sum = p->sum + j * p->ld;
        float *gain = p->gain + j * p->ld;
        sum[a] += sum[b];
        const float c = (float)sum[a] + r->prior[j], v = r->first[j];
        if (sum[b]) sheaf_i_kernels_get()->gain_each(1, &c, &v, &gain[a]);
        sum[b] = b < last ? sum[last] : 0;
        gain[b] = gain[last];
        sum[last] = 0;
    }
    p->mass[a] += p->mass[b];
    p->count[a] += p->count[b];
    p->mass[b] = p->mass[last];
    p->count[b] = p->count[last];
    for (int64_t i = 0; i < r->n; i++) p->label[i] = p->label[i] == b ? a : p->label[i] == last ? b : p->label[i];
    p->k = last;
    sheaf_i_partition_enter(p, a);
    if (b < last) sheaf_i_partition_enter(p, b);
}

typedef struct {
    const sheaf_i_partition *p;
    double *part;
} adding;

static sheaf_status add_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const adding *a = arg;
    const sheaf_i_partition *p = a->p;
    int64_t lo, hi;
    double sum = 0;
    sheaf_i_range(p->r->m, TERMS, block, &lo, &hi);
    for (int64_t j = lo; j < hi; j++) {
        const double prior = (double)p->r->prior[j];
        const int32_t *row = p->sum + j * p->ld;
        int32_t without = 0;
        for (int32_t t = 0; t < p->k; t++) {
            if (row[t]) sum += f((double)row[t] + prior);
            else without++;
        }
        if (without) sum += without * f(prior);
    }
    a->part[block] = sum;
    return SHEAF_OK;
}

sheaf_status sheaf_i_partition_objective(const sheaf_i_partition *p, double *out)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(p->r->m, TERMS);
    adding a = {.p = p};
    SHEAF_NEW(a.part, p->r->ctx, blocks);
    SHEAF_TRY(sheaf_i_par_for(p->r->ctx, NULL, blocks, add_block, &a));
    *out = 0;
    for (int64_t b = 0; b < blocks; b++) *out += a.part[b];
    for (int32_t t = 0; t < p->k; t++)
        *out += p->size_weight * f((double)p->count[t]) - f((double)p->mass[t] + p->r->prior_mass);
done:
    sheaf_i_free(p->r->ctx, a.part);
    return st;
}
