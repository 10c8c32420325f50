/* The kernels of refinement alone: gains of z ln z for pairs of numbers, for documents by the sums of clusters, and for
 * clusters on top of each other. Documents have the terms of sparse.c; three of four stand once, and clusters take them
 * in turns. */
#include <math.h>
#include <stdio.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "measure/check.h"
#include "measure/sparse.h"

/* Additions, multiplications and divisions of the vector code, a gain: as kernel.h has it, and to choose by. */
#define FLOPS 52
#define QUICK_FLOPS 40

static double exact(double c, double v) { return v * log(c + v) + c * log1p(v / c); }
/* Of the contract of gain_each. */
static double allowed(double c, double v) { return 2e-6 * v * (1 + fabs(log(c + v))); }
static void keep_worst(double *worst, double value)
{
    if (!(value <= *worst)) *worst = value;
}

/* ---- gain_each, gain_sum */

#define PAIRS 512 /* of a call: terms of a long document */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int64_t n;
    bool add;
    float *c, *v, *out; /* n; adding up, one a call */
} pairs;

static sheaf_status pairs_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const pairs *s = arg;
    const int64_t at = block * PAIRS;
    if (s->add) s->out[block] = s->kernels->gain_sum(PAIRS, s->c + at, s->v + at);
    else s->kernels->gain_each(PAIRS, s->c + at, s->v + at, s->out + at);
    return SHEAF_OK;
}

static sheaf_status run_pairs(void *arg)
{
    pairs *s = arg;
    return sheaf_i_par_for(s->ctx, NULL, s->n / PAIRS, pairs_block, s);
}

static double check_pairs(const pairs *s)
{
    double worst = 0;
    for (int64_t block = 0; block < s->n / PAIRS; block++) {
        double sum = 0, size = 0, bound = 0;
        for (int64_t i = block * PAIRS; i < (block + 1) * PAIRS; i++) {
            const double want = exact((double)s->c[i], (double)s->v[i]);
            const double most = allowed((double)s->c[i], (double)s->v[i]);
            if (!s->add) keep_worst(&worst, fabs((double)s->out[i] - want) / most);
            sum += want;
            size += fabs(want);
            bound += most;
        }
        bound += SHEAF_I_FLOAT_EPS * (PAIRS + 2) * size;
        if (s->add) keep_worst(&worst, fabs((double)s->out[block] - sum) / bound);
    }
    return worst;
}

/* From sums of a few values to those of many documents. */
static sheaf_status make_pairs(pairs *s)
{
    sheaf_status st = SHEAF_OK;
    const uint64_t key = sheaf_i_rng_key(12, SHEAF_I_RNG_BENCH, 0);
    SHEAF_NEW_ALIGNED(s->c, s->ctx, s->n);
    SHEAF_NEW_ALIGNED(s->v, s->ctx, s->n);
    SHEAF_NEW_ALIGNED(s->out, s->ctx, s->n);
    for (int64_t i = 0; i < s->n; i++) {
        s->c[i] = (float)exp(2 + 14 * sheaf_i_rng_unit(key, 2 * (uint64_t)i));
        s->v[i] = (float)(1 + sheaf_i_rng_u64(key, 2 * (uint64_t)i + 1) % 4000);
    }
done:
    return st;
}

static sheaf_status pairs_case(sheaf_i_run *r, const sheaf_i_kernels *kernels, bool add)
{
    sheaf_status st = SHEAF_OK;
    pairs s = {.ctx = r->ctx, .kernels = kernels, .n = (r->o.quick ? 32 : 512) * PAIRS, .add = add};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL, .name = add ? "gain_sum" : "gain_each", .kernels = kernels->name,
                          .unit = "Ggains/s", .quality = {"error/bound", 0, 1}};
    char n[16];
    snprintf(m.size, sizeof m.size, "%s pairs, %d a call", sheaf_i_count((double)s.n, n), PAIRS);
    SHEAF_TRY(make_pairs(&s));
    SHEAF_TRY(run_pairs(&s));
    m.quality.value = check_pairs(&s);
    SHEAF_TRY(sheaf_i_verify(r, &m));
    m.work.flops = (double)(add ? FLOPS + 1 : FLOPS) * (double)s.n;
    m.work.bytes = (add ? 8. : 12.) * (double)s.n;
    m.amount = (double)s.n / 1e9;
    sheaf_i_timed t = {run_pairs, NULL, &s};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    sheaf_i_aligned_free(s.ctx, s.c);
    sheaf_i_aligned_free(s.ctx, s.v);
    sheaf_i_aligned_free(s.ctx, s.out);
    return st;
}

sheaf_status sheaf_i_case_gain_each(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    return pairs_case(r, kernels, false);
}

sheaf_status sheaf_i_case_gain_sum(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    return pairs_case(r, kernels, true);
}

/* ---- gains, gain_pairs */

#define BLOCK 64        /* documents */
#define CHECKED 32      /* one document of so many is */
#define CHECKED_PAIRS 8 /* and one cluster of so many */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    sheaf_matrix *a;
    int64_t n; /* its first rows; document i is in cluster i % k */
    int32_t m, k, ld;
    uint16_t *column, *value, *first;
    float *prior, *gain, *out; /* out: ld a worker */
    int32_t *sum;
    double *pair;  /* k x ld */
    double *worst; /* a block: when verifying, the largest error over its bound */
    bool verify;
} task;

static sheaf_i_gain_rows rows_of(const task *s)
{
    return (sheaf_i_gain_rows){s->ld, s->sum, s->prior, s->first, s->gain};
}

static void check_row(task *s, int64_t i, const float *out, double *worst)
{
    const int64_t from = s->a->indptr[i], to = s->a->indptr[i + 1];
    for (int32_t t = 0; t < s->k; t++) {
        const bool own = t == i % s->k;
        double want = 0, size = 0, bound = 0;
        for (int64_t p = from; p < to; p++) {
            const int32_t j = s->column[p], sum = s->sum[(int64_t)j * s->ld + t] - (own ? s->value[p] : 0);
            const double c = (double)((float)sum + s->prior[j]), v = s->value[p], one = exact(c, v);
            want += one;
            size += fabs(one);
            bound += !own && s->value[p] == s->first[j] ? allowed(c, v) : 1e-3 * v;
        }
        bound += SHEAF_I_FLOAT_EPS * (double)(to - from + 2) * size;
        keep_worst(worst, fabs((double)out[t] - want) / bound);
    }
}

static sheaf_status gains_block(void *arg, int64_t block, int32_t worker)
{
    task *s = arg;
    const sheaf_i_gain_rows g = rows_of(s);
    float *out = s->out + (int64_t)worker * s->ld;
    int64_t lo, hi;
    sheaf_i_range(s->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const int64_t from = s->a->indptr[i];
        s->kernels->gains(&g, s->a->indptr[i + 1] - from, s->column + from, s->value + from, (int32_t)(i % s->k), out);
        if (s->verify && i % CHECKED == 0) check_row(s, i, out, &s->worst[block]);
    }
    return SHEAF_OK;
}

static sheaf_status run_gains(void *arg)
{
    task *s = arg;
    return sheaf_i_par_for(s->ctx, NULL, sheaf_i_blocks(s->n, BLOCK), gains_block, s);
}

static void check_pair(task *s, int32_t a)
{
    for (int32_t t = 0; t < s->k; t++) {
        double want = 0, size = 0, bound = 0;
        for (int32_t j = 0; j < s->m; j++) {
            const int32_t *row = s->sum + (int64_t)j * s->ld;
            const double c = (double)((float)row[t] + s->prior[j]), v = (double)(float)row[a];
            const double one = row[a] ? exact(c, v) : 0;
            want += one;
            size += fabs(one);
            bound += row[a] ? allowed(c, v) : 0;
        }
        bound += SHEAF_I_FLOAT_EPS * 64 * size;
        keep_worst(&s->worst[a], fabs(s->pair[(int64_t)a * s->ld + t] - want) / bound);
    }
}

static sheaf_status pair_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    task *s = arg;
    const sheaf_i_gain_rows g = rows_of(s);
    s->kernels->gain_pairs(&g, s->m, (int32_t)block, s->pair + block * s->ld);
    if (s->verify && block % CHECKED_PAIRS == 0) check_pair(s, (int32_t)block);
    return SHEAF_OK;
}

static sheaf_status run_gain_pairs(void *arg)
{
    task *s = arg;
    return sheaf_i_par_for(s->ctx, NULL, s->k, pair_block, s);
}

/* Of a term that stands once, and of one that stands two or three times: logarithms of the counts. */
static void fill_values(task *s)
{
    const uint64_t key = sheaf_i_rng_key(13, SHEAF_I_RNG_BENCH, 0);
    for (int32_t j = 0; j < s->m; j++) {
        s->first[j] = (uint16_t)(500 + sheaf_i_rng_u64(key, (uint64_t)j) % 1500);
        s->prior[j] = .2f * 2000;
    }
    for (int64_t p = 0; p < s->a->indptr[s->n]; p++) {
        const double u = sheaf_i_rng_unit(key + 1, (uint64_t)p);
        const double more = u < .75 ? 1 : u < .9 ? 1.585 : 2;
        s->column[p] = (uint16_t)s->a->indices[p];
        s->value[p] = (uint16_t)(more * s->first[s->column[p]]);
    }
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t p = s->a->indptr[i]; p < s->a->indptr[i + 1]; p++)
            s->sum[(int64_t)s->column[p] * s->ld + i % s->k] += s->value[p];
    for (int64_t j = 0; j < s->m; j++)
        for (int32_t t = 0; t < s->ld; t++)
            s->gain[j * s->ld + t] = (float)exact((double)((float)s->sum[j * s->ld + t] + s->prior[j]), s->first[j]);
}

static sheaf_status make(const sheaf_i_run *r, const sheaf_i_kernels *kernels, int32_t k, task *s)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = r->ctx;
    *s = (task){.ctx = ctx, .kernels = kernels, .n = r->o.quick ? 4000 : 20000, .k = k};
    SHEAF_TRY(sheaf_i_sparse_make(r, &s->a));
    s->m = (int32_t)s->a->cols;
    s->ld = k == SHEAF_I_GAINS_FEW ? k : (int32_t)sheaf_i_blocks(k, SHEAF_I_PANEL) * SHEAF_I_PANEL;
    const int64_t cells = (int64_t)s->m * s->ld, nonzeros = s->a->indptr[s->n], blocks = sheaf_i_blocks(s->n, BLOCK);
    SHEAF_NEW(s->column, ctx, nonzeros);
    SHEAF_NEW(s->value, ctx, nonzeros);
    SHEAF_NEW(s->first, ctx, s->m);
    SHEAF_NEW(s->prior, ctx, s->m);
    SHEAF_NEW_ALIGNED(s->gain, ctx, cells);
    SHEAF_NEW_ALIGNED(s->sum, ctx, cells);
    SHEAF_NEW_ALIGNED(s->out, ctx, (int64_t)sheaf_ctx_threads(ctx) * s->ld);
    SHEAF_NEW_ALIGNED(s->pair, ctx, (int64_t)k * s->ld);
    SHEAF_NEW0(s->worst, ctx, blocks > k ? blocks : k);
    for (int64_t i = 0; i < cells; i++) s->sum[i] = 0;
    fill_values(s);
done:
    return st;
}

static void end(task *s)
{
    sheaf_matrix_free(s->a);
    sheaf_i_free(s->ctx, s->column);
    sheaf_i_free(s->ctx, s->value);
    sheaf_i_free(s->ctx, s->first);
    sheaf_i_free(s->ctx, s->prior);
    sheaf_i_aligned_free(s->ctx, s->gain);
    sheaf_i_aligned_free(s->ctx, s->sum);
    sheaf_i_aligned_free(s->ctx, s->out);
    sheaf_i_aligned_free(s->ctx, s->pair);
    sheaf_i_free(s->ctx, s->worst);
}

/* Verifies with `run` over n_blocks, times it, reports it. */
static sheaf_status measure(sheaf_i_run *r, task *s, sheaf_i_measured *m, sheaf_status (*run)(void *), int64_t n_blocks)
{
    sheaf_status st = SHEAF_OK;
    s->verify = true;
    SHEAF_TRY(run(s));
    s->verify = false;
    for (int64_t b = 0; b < n_blocks; b++) keep_worst(&m->quality.value, s->worst[b]);
    SHEAF_TRY(sheaf_i_verify(r, m));
    sheaf_i_timed t = {run, NULL, s};
    SHEAF_TRY(sheaf_i_time(r, &t, &m->times));
    st = sheaf_i_report(r, m);
done:
    return st;
}

/* Rows of both tables, as many as are asked for; those of a row from the other table first. */
static sheaf_status gains_work(const sheaf_i_run *r, const task *s, sheaf_i_work *w)
{
    sheaf_status st = SHEAF_OK;
    const int64_t nonzeros = s->a->indptr[s->n];
    int64_t *count = NULL;
    SHEAF_NEW0(count, s->ctx, 2 * (int64_t)s->m);
    for (int64_t p = 0; p < nonzeros; p++) {
        const bool known = s->value[p] == s->first[s->column[p]];
        count[2 * s->column[p] + !known]++;
        w->flops += (double)s->k * (known ? 1 : QUICK_FLOPS);
    }
    sheaf_i_add_gathers(r, w, count, 2 * (int64_t)s->m, 4. * s->ld);
    w->bytes = 4. * (double)nonzeros + 8. * (double)s->n;
done:
    sheaf_i_free(s->ctx, count);
    return st;
}

static sheaf_status one_gains(sheaf_i_run *r, const sheaf_i_kernels *kernels, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    task s;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL, .name = "gains", .kernels = kernels->name, .unit = "Ggains/s",
                          .quality = {"error/bound", 0, 1}};
    char n[16], terms[16];
    SHEAF_TRY(make(r, kernels, k, &s));
    snprintf(m.size, sizeof m.size, "%s documents, %s terms, %d clusters", sheaf_i_count((double)s.n, n),
             sheaf_i_count(s.m, terms), (int)k);
    SHEAF_TRY(gains_work(r, &s, &m.work));
    m.amount = (double)s.a->indptr[s.n] * k / 1e9;
    st = measure(r, &s, &m, run_gains, sheaf_i_blocks(s.n, BLOCK));
done:
    end(&s);
    return st;
}

sheaf_status sheaf_i_case_gains(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    static const int32_t clusters[] = {SHEAF_I_GAINS_FEW, 20, 100};
    sheaf_status st = SHEAF_OK;
    for (int i = 0; i < 3; i++) SHEAF_TRY(one_gains(r, kernels, clusters[i]));
done:
    return st;
}

sheaf_status sheaf_i_case_gain_pairs(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    task s;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL, .name = "gain_pairs", .kernels = kernels->name,
                          .unit = "Ggains/s", .quality = {"error/bound", 0, 1}};
    char terms[16];
    SHEAF_TRY(make(r, kernels, 20, &s));
    int64_t held = 0; /* terms that clusters have: the others gain nothing */
    for (int64_t j = 0; j < s.m; j++)
        for (int32_t t = 0; t < s.k; t++) held += s.sum[j * s.ld + t] > 0;
    snprintf(m.size, sizeof m.size, "%s terms, %d clusters", sheaf_i_count(s.m, terms), (int)s.k);
    m.work.flops = (double)(FLOPS + 1) * (double)held * s.k;
    m.work.footprint = 4. * (double)s.m * s.ld;
    m.work.bytes = m.work.footprint * s.k;
    m.amount = (double)held * s.k / 1e9;
    st = measure(r, &s, &m, run_gain_pairs, s.k);
done:
    end(&s);
    return st;
}
