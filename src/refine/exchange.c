/* Three clusters change at once; see exchange.h. By columns of the sums, not document by document: a merger moves half
 * of what a cluster has, and the table of gains is made once. */
#include "refine/exchange.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"

#define TERMS 256 /* of a block */
#define THREE 3   /* clusters that change */

static double f(double z) { return z > 0 ? z * log(z) : 0; }

typedef struct {
    sheaf_i_partition *p;
    const sheaf_i_exchange *x;
    int32_t *left; /* m: what leaves `cut` */
    double *part;  /* a block: gain of the objective */
} changing;

/* What the objective gains by one term when `a` and `b` become one sum: f(0 + prior) is left over. */
static double joined(double a, double b, double prior)
{
    return a > 0 && b > 0 ? f(a + b + prior) + f(prior) - f(a + prior) - f(b + prior) : 0;
}

static sheaf_status change_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const changing *g = arg;
    sheaf_i_partition *p = g->p;
    const sheaf_i_rows *r = p->r;
    const int32_t at[THREE] = {g->x->cut, g->x->into, g->x->from};
    float c[THREE * TERMS], v[THREE * TERMS], gain[THREE * TERMS];
    int32_t changed[TERMS], n = 0;
    int64_t lo, hi;
    g->part[block] = 0;
    sheaf_i_range(r->m, TERMS, block, &lo, &hi);
    for (int64_t j = lo; j < hi; j++) {
        int32_t *row = p->sum + j * p->ld;
        const int32_t cut = row[at[0]], into = row[at[1]], from = row[at[2]], left = g->left[j];
        if (!from && !left) continue;
        const double prior = (double)r->prior[j];
        g->part[block] += joined(into, from, prior) - joined(cut - left, left, prior);
        row[at[0]] = cut - left;
        row[at[1]] = into + from;
        row[at[2]] = left;
        for (int32_t t = 0; t < THREE; t++) {
            c[THREE * n + t] = (float)row[at[t]] + r->prior[j];
            v[THREE * n + t] = r->first[j];
        }
        changed[n++] = (int32_t)j;
    }
    sheaf_i_kernels_get()->gain_each(THREE * n, c, v, gain);
    for (int32_t d = 0; d < n; d++)
        for (int32_t t = 0; t < THREE; t++) p->gain[(int64_t)changed[d] * p->ld + at[t]] = gain[THREE * d + t];
    return SHEAF_OK;
}

/* What the objective has of a cluster besides its terms. */
static double rest_of(const sheaf_i_partition *p, int32_t t)
{
    return p->size_weight * f((double)p->count[t]) - f((double)p->mass[t] + p->r->prior_mass);
}

static double rest(const sheaf_i_partition *p, const sheaf_i_exchange *x)
{
    return rest_of(p, x->cut) + rest_of(p, x->into) + rest_of(p, x->from);
}

/* Labels, documents and masses; and the terms of what leaves. */
static void relabel(sheaf_i_partition *p, const sheaf_i_exchange *x, int32_t *left)
{
    const sheaf_i_rows *r = p->r;
    for (int64_t i = 0; i < r->n; i++)
        if (p->label[i] == x->from) p->label[i] = x->into;
    p->count[x->into] += p->count[x->from];
    p->mass[x->into] += p->mass[x->from];
    p->count[x->from] = p->mass[x->from] = 0;
    for (int64_t d = 0; d < x->n; d++) {
        const int64_t i = x->doc[d];
        if (p->label[i] != x->cut) continue;
        for (int64_t q = r->indptr[i]; q < r->indptr[i + 1]; q++) left[r->column[q]] += r->value[q];
        p->label[i] = x->from;
        p->count[x->from]++;
        p->mass[x->from] += r->mass[i];
    }
    p->count[x->cut] -= p->count[x->from];
    p->mass[x->cut] -= p->mass[x->from];
}

sheaf_status sheaf_i_partition_exchange(sheaf_i_partition *p, const sheaf_i_exchange *x, double *gained)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->r->ctx;
    const int64_t blocks = sheaf_i_blocks(p->r->m, TERMS);
    changing g = {.p = p, .x = x};
    SHEAF_NEW0(g.left, ctx, p->r->m);
    SHEAF_NEW(g.part, ctx, blocks);
    *gained = -rest(p, x);
    relabel(p, x, g.left);
    *gained += rest(p, x);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, change_block, &g));
    for (int64_t b = 0; b < blocks; b++) *gained += g.part[b];
    sheaf_i_partition_enter(p, x->cut);
    sheaf_i_partition_enter(p, x->into);
    sheaf_i_partition_enter(p, x->from);
done:
    sheaf_i_free(ctx, g.left);
    sheaf_i_free(ctx, g.part);
    return st;
}

sheaf_status sheaf_i_few_new(sheaf_i_few *few, const sheaf_i_partition *p)
{
    sheaf_status st = SHEAF_OK;
    *few = (sheaf_i_few){.p = p};
    SHEAF_NEW_ALIGNED(few->sum, p->r->ctx, (int64_t)p->r->m * SHEAF_I_GAINS_FEW);
    SHEAF_NEW_ALIGNED(few->gain, p->r->ctx, (int64_t)p->r->m * SHEAF_I_GAINS_FEW);
done:
    if (st != SHEAF_OK) sheaf_i_few_end(few);
    return st;
}

void sheaf_i_few_end(sheaf_i_few *few)
{
    if (!few->p) return;
    sheaf_i_aligned_free(few->p->r->ctx, few->sum);
    sheaf_i_aligned_free(few->p->r->ctx, few->gain);
    memset(few, 0, sizeof *few);
}

static sheaf_status take_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const sheaf_i_few *few = arg;
    const sheaf_i_partition *p = few->p;
    int64_t lo, hi;
    sheaf_i_range(p->r->m, TERMS, block, &lo, &hi);
    for (int64_t j = lo; j < hi; j++)
        for (int32_t t = 0; t < SHEAF_I_GAINS_FEW; t++) {
            few->sum[j * SHEAF_I_GAINS_FEW + t] = p->sum[j * p->ld + few->cluster[t]];
            few->gain[j * SHEAF_I_GAINS_FEW + t] = p->gain[j * p->ld + few->cluster[t]];
        }
    return SHEAF_OK;
}

sheaf_status sheaf_i_few_take(sheaf_i_few *few)
{
    return sheaf_i_par_for(few->p->r->ctx, NULL, sheaf_i_blocks(few->p->r->m, TERMS), take_block, few);
}

void sheaf_i_few_score(const sheaf_i_few *few, const int64_t *doc, int32_t n, float *score)
{
    const sheaf_i_partition *p = few->p;
    const sheaf_i_rows *r = p->r;
    const sheaf_i_kernels *kernels = sheaf_i_kernels_get();
    const sheaf_i_gain_rows g = {SHEAF_I_GAINS_FEW, few->sum, r->prior, r->first, few->gain};
    float c[SHEAF_I_GAINS_FEW * SHEAF_I_GAINS_DOCS], v[SHEAF_I_GAINS_FEW * SHEAF_I_GAINS_DOCS];
    float loss[SHEAF_I_GAINS_FEW * SHEAF_I_GAINS_DOCS];
    for (int32_t d = 0; d < n; d++) {
        const int64_t from = r->indptr[doc[d]], size = sheaf_i_row_size(r, doc[d]);
        kernels->gains(&g, size, r->column + from, r->value + from, -1, score + d * SHEAF_I_GAINS_FEW);
        for (int32_t t = 0; t < SHEAF_I_GAINS_FEW; t++) {
            c[d * SHEAF_I_GAINS_FEW + t] = (float)((double)p->mass[few->cluster[t]] + r->prior_mass);
            v[d * SHEAF_I_GAINS_FEW + t] = (float)r->mass[doc[d]];
        }
    }
    kernels->gain_each(n * SHEAF_I_GAINS_FEW, c, v, loss);
    for (int32_t d = 0; d < n; d++)
        for (int32_t t = 0; t < SHEAF_I_GAINS_FEW; t++)
            score[d * SHEAF_I_GAINS_FEW + t] += p->entry[few->cluster[t]] - loss[d * SHEAF_I_GAINS_FEW + t];
}
