/* The kernels of k-means alone: the nearest of k centres, and a few vectors against many. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "measure/check.h"

#define PANEL SHEAF_I_PANEL
#define D 100
#define ROWS 240     /* a block of the loop; a multiple of all tile heights */
#define CHECKED 2000 /* rows at both ends */
#define TRIALS 8     /* vectors of dots: candidates of a step of seeding */
#define VECTORS 1024 /* of a block of dots */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int64_t n;
    int32_t k;
    float *x;      /* n x D */
    float *centre; /* k x D */
    float *packed, *bias;
    int32_t *label;
    float *score;
    float *a, *y; /* dots: TRIALS x D; TRIALS x VECTORS a block */
} nearest;

static int64_t panels_of(int64_t k) { return (k + PANEL - 1) / PANEL; }

static void pack(const float *rows, int64_t k, float *packed)
{
    for (int64_t t = 0; t < panels_of(k) * PANEL; t++)
        for (int32_t j = 0; j < D; j++) packed[(t / PANEL * D + j) * PANEL + t % PANEL] = t < k ? rows[t * D + j] : 0;
}

static void end(nearest *s)
{
    sheaf_i_aligned_free(s->ctx, s->x);
    sheaf_i_aligned_free(s->ctx, s->centre);
    sheaf_i_aligned_free(s->ctx, s->packed);
    sheaf_i_aligned_free(s->ctx, s->bias);
    sheaf_i_aligned_free(s->ctx, s->a);
    sheaf_i_aligned_free(s->ctx, s->y);
    sheaf_i_free(s->ctx, s->label);
    sheaf_i_free(s->ctx, s->score);
}

/* ---- assign */

static sheaf_status assign_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const nearest *s = arg;
    int64_t lo, hi;
    sheaf_i_range(s->n, ROWS, block, &lo, &hi);
    s->kernels->assign(hi - lo, s->x + lo * D, D, D, s->packed, s->bias, s->k, s->label + lo, s->score + lo, NULL,
                       NULL);
    return SHEAF_OK;
}

static sheaf_status run_assign(void *arg)
{
    nearest *s = arg;
    return sheaf_i_par_for(s->ctx, NULL, sheaf_i_blocks(s->n, ROWS), assign_block, s);
}

static sheaf_status make_assign(nearest *s)
{
    sheaf_status st = SHEAF_OK;
    const int64_t filled = panels_of(s->k) * PANEL;
    SHEAF_NEW_ALIGNED(s->x, s->ctx, s->n * D);
    SHEAF_NEW_ALIGNED(s->centre, s->ctx, (int64_t)s->k * D);
    SHEAF_NEW_ALIGNED(s->packed, s->ctx, filled * D);
    SHEAF_NEW_ALIGNED(s->bias, s->ctx, filled);
    SHEAF_NEW(s->label, s->ctx, s->n);
    SHEAF_NEW(s->score, s->ctx, s->n);
    SHEAF_TRY(sheaf_i_fill_random(s->ctx, s->x, s->n * D, 4));
    SHEAF_TRY(sheaf_i_fill_random(s->ctx, s->centre, (int64_t)s->k * D, 5));
    pack(s->centre, s->k, s->packed);
    for (int64_t t = 0; t < filled; t++) {
        double square = 0;
        for (int32_t j = 0; j < D && t < s->k; j++)
            square += (double)s->centre[t * D + j] * (double)s->centre[t * D + j];
        s->bias[t] = t < s->k ? (float)(-square / 2) : -INFINITY;
    }
done:
    return st;
}

static double score_of(const nearest *s, int64_t row, int32_t t, double *size)
{
    double sum = (double)s->bias[t];
    *size = fabs(sum);
    for (int32_t j = 0; j < D; j++) {
        double term = (double)s->x[row * D + j] * (double)s->centre[(int64_t)t * D + j];
        sum += term;
        *size += fabs(term);
    }
    return sum;
}

/* The score is that of the label, and no other centre is better by more than the rounding of both sums. */
static double check_assign_row(const nearest *s, int64_t row)
{
    const double roundoffs = SHEAF_I_FLOAT_EPS * (D + 2);
    double size, best = -INFINITY, best_size = 0;
    if (s->label[row] < 0 || s->label[row] >= s->k) return INFINITY;
    for (int32_t t = 0; t < s->k; t++) {
        double score = score_of(s, row, t, &size);
        if (score <= best) continue;
        best = score;
        best_size = size;
    }
    double own = score_of(s, row, s->label[row], &size);
    double off = fabs((double)s->score[row] - own) / (roundoffs * size),
           missed = (best - own) / (roundoffs * (size + best_size));
    return off > missed || isnan(off) ? off : missed;
}

static double check_assign(const nearest *s)
{
    double worst = 0;
    int64_t checked = CHECKED * 100 / (s->k < 100 ? 100 : s->k);
    for (int64_t row = 0; row < s->n; row++) {
        if (row == checked && s->n > 2 * checked) row = s->n - checked;
        double over = check_assign_row(s, row);
        if (!(over <= worst)) worst = over;
    }
    return worst;
}

static sheaf_status one_assign(sheaf_i_run *r, const sheaf_i_kernels *kernels, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    nearest s = {.ctx = r->ctx, .kernels = kernels, .n = r->o.quick ? 10000 : 100000, .k = k};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "assign",
                          .kernels = kernels->name,
                          .unit = "GFLOP/s",
                          .quality = {"error/bound", 0, 1}};
    char rows[16];
    snprintf(m.size, sizeof m.size, "%s x %d to %d centres", sheaf_i_count((double)s.n, rows), D, (int)k);
    SHEAF_TRY(make_assign(&s));
    SHEAF_TRY(run_assign(&s));
    m.quality.value = check_assign(&s);
    SHEAF_TRY(sheaf_i_verify(r, &m));
    m.work.flops = 2. * (double)s.n * D * k;
    m.work.bytes = (double)s.n * (4 * D + 8);
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed t = {run_assign, NULL, &s};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&s);
    return st;
}

sheaf_status sheaf_i_case_assign(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    for (int32_t k = 10; k <= 1000; k *= 10) {
        sheaf_status st = one_assign(r, kernels, k);
        if (st != SHEAF_OK) return st;
    }
    return SHEAF_OK;
}

/* ---- dots */

static sheaf_status dots_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const nearest *s = arg;
    s->kernels->dots(TRIALS, s->a, D, D, s->packed + block * VECTORS * D, VECTORS, s->y + block * VECTORS * TRIALS,
                     VECTORS);
    return SHEAF_OK;
}

static sheaf_status run_dots(void *arg)
{
    nearest *s = arg;
    return sheaf_i_par_for(s->ctx, NULL, s->n / VECTORS, dots_block, s);
}

static double check_dots(const nearest *s)
{
    const double roundoffs = SHEAF_I_FLOAT_EPS * (D + 2);
    double worst = 0;
    for (int64_t i = 0; i < s->n; i++)
        for (int32_t c = 0; c < TRIALS; c++) {
            double want = 0, size = 0;
            for (int32_t j = 0; j < D; j++) {
                double term = (double)s->x[i * D + j] * (double)s->a[c * D + j];
                want += term;
                size += fabs(term);
            }
            double got = (double)s->y[i / VECTORS * VECTORS * TRIALS + c * VECTORS + i % VECTORS];
            double over = fabs(got - want) / (roundoffs * size);
            if (!(over <= worst)) worst = over;
        }
    return worst;
}

sheaf_status sheaf_i_case_dots(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    nearest s = {.ctx = r->ctx, .kernels = kernels, .n = (r->o.quick ? 8 : 96) * VECTORS};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "dots",
                          .kernels = kernels->name,
                          .unit = "GFLOP/s",
                          .quality = {"error/bound", 0, 1}};
    char rows[16];
    snprintf(m.size, sizeof m.size, "%d against %s x %d", TRIALS, sheaf_i_count((double)s.n, rows), D);
    SHEAF_NEW_ALIGNED(s.x, s.ctx, s.n * D);
    SHEAF_NEW_ALIGNED(s.packed, s.ctx, s.n * D);
    SHEAF_NEW_ALIGNED(s.a, s.ctx, TRIALS * D);
    SHEAF_NEW_ALIGNED(s.y, s.ctx, s.n * TRIALS);
    SHEAF_TRY(sheaf_i_fill_random(s.ctx, s.x, s.n * D, 6));
    SHEAF_TRY(sheaf_i_fill_random(s.ctx, s.a, TRIALS * D, 7));
    pack(s.x, s.n, s.packed);
    SHEAF_TRY(run_dots(&s));
    m.quality.value = check_dots(&s);
    SHEAF_TRY(sheaf_i_verify(r, &m));
    m.work.flops = 2. * (double)s.n * D * TRIALS;
    m.work.bytes = 4. * (double)s.n * (D + TRIALS);
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed t = {run_dots, NULL, &s};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&s);
    return st;
}
