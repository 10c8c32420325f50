/* The kernels of orthogonalisation alone, at the shapes of the block Lanczos process: a basis of panels of 16 columns
 * streams by a block of 16 columns, strip by strip. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "measure/check.h"

#define B 16
#define SQUARE (B * B)
#define STRIP 512 /* rows: a strip of the block stays in the first-level cache */
#define ROWS 1024 /* a block of the loop; a whole number of strips and of gram's chunks */
#define CHECKED 8 /* every so-manieth row of an update is checked */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int64_t n, n_blocks;
    int32_t panels;
    float *v;         /* panels of n x B, one after the other */
    float *w, *start; /* n x B; what an update begins with */
    float *h;         /* panels squares B x B */
    double *part;     /* the same in double, one for every block of rows */
} tall;

static sheaf_status tall_make(sheaf_i_run *r, const sheaf_i_kernels *kernels, int32_t panels, tall *t)
{
    sheaf_status st = SHEAF_OK;
    *t = (tall){.ctx = r->ctx,
                .kernels = kernels,
                .n = r->o.quick ? 6000 : 36000,
                .panels = r->o.quick && panels > 1 ? 8 : panels};
    t->n_blocks = sheaf_i_blocks(t->n, ROWS);
    SHEAF_NEW_ALIGNED(t->v, r->ctx, t->panels * t->n * B);
    SHEAF_NEW_ALIGNED(t->w, r->ctx, t->n * B);
    SHEAF_NEW_ALIGNED(t->start, r->ctx, t->n * B);
    SHEAF_NEW_ALIGNED(t->h, r->ctx, t->panels * SQUARE);
    SHEAF_NEW_ALIGNED(t->part, r->ctx, t->n_blocks * t->panels * SQUARE);
    SHEAF_TRY(sheaf_i_fill_random(r->ctx, t->v, t->panels * t->n * B, 1));
    SHEAF_TRY(sheaf_i_fill_random(r->ctx, t->start, t->n * B, 2));
    SHEAF_TRY(sheaf_i_fill_random(r->ctx, t->h, t->panels * SQUARE, 3));
    memcpy(t->w, t->start, (size_t)(t->n * B) * sizeof *t->w);
done:
    return st;
}

static void tall_end(tall *t)
{
    sheaf_i_aligned_free(t->ctx, t->v);
    sheaf_i_aligned_free(t->ctx, t->w);
    sheaf_i_aligned_free(t->ctx, t->start);
    sheaf_i_aligned_free(t->ctx, t->h);
    sheaf_i_aligned_free(t->ctx, t->part);
}

/* ---- the three kernels on one block of rows */

/* The same rows of the panel after p: the caller of a kernel says what it reads next. */
static const float *next_of(const tall *t, int32_t p, int64_t r)
{
    return p + 1 < t->panels ? t->v + ((p + 1) * t->n + r) * B : NULL;
}

static sheaf_status gram_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const tall *t = arg;
    double *part = t->part + block * t->panels * SQUARE;
    int64_t lo, hi;
    sheaf_i_range(t->n, ROWS, block, &lo, &hi);
    memset(part, 0, (size_t)(t->panels * SQUARE) * sizeof *part);
    for (int64_t r = lo; r < hi; r += STRIP) {
        int64_t rows = hi - r < STRIP ? hi - r : STRIP;
        for (int32_t p = 0; p < t->panels; p++)
            t->kernels->gram(rows, t->v + (p * t->n + r) * B, B, B, t->w + r * B, B, B, part + p * SQUARE, B,
                             next_of(t, p, r));
    }
    return SHEAF_OK;
}

/* Of the one panel with the block. */
static sheaf_status gram64_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const tall *t = arg;
    double *part = t->part + block * SQUARE;
    int64_t lo, hi;
    sheaf_i_range(t->n, ROWS, block, &lo, &hi);
    memset(part, 0, SQUARE * sizeof *part);
    t->kernels->gram64(hi - lo, t->v + lo * B, B, B, t->w + lo * B, B, B, part, B);
    return SHEAF_OK;
}

static sheaf_status update_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const tall *t = arg;
    int64_t lo, hi;
    sheaf_i_range(t->n, ROWS, block, &lo, &hi);
    for (int64_t r = lo; r < hi; r += STRIP) {
        int64_t rows = hi - r < STRIP ? hi - r : STRIP;
        for (int32_t p = 0; p < t->panels; p++)
            t->kernels->update(rows, t->v + (p * t->n + r) * B, B, B, t->h + p * SQUARE, B, B, t->w + r * B, B,
                               next_of(t, p, r));
    }
    return SHEAF_OK;
}

static sheaf_status run_gram(void *arg)
{
    tall *t = arg;
    return sheaf_i_par_for(t->ctx, NULL, t->n_blocks, gram_block, t);
}

static sheaf_status run_gram64(void *arg)
{
    tall *t = arg;
    return sheaf_i_par_for(t->ctx, NULL, t->n_blocks, gram64_block, t);
}

static sheaf_status run_update(void *arg)
{
    tall *t = arg;
    return sheaf_i_par_for(t->ctx, NULL, t->n_blocks, update_block, t);
}

/* ---- checks */

/* Largest error of the sums against double ones, over roundoffs times the lengths of the two columns. */
static double check_dots(const tall *t, double roundoffs)
{
    double worst = 0;
    for (int32_t p = 0; p < t->panels; p++) {
        double want[SQUARE] = {0}, v2[B] = {0}, w2[B] = {0};
        const float *v = t->v + p * t->n * B;
        for (int64_t r = 0; r < t->n; r++)
            for (int i = 0; i < B; i++) {
                const double x = (double)v[r * B + i];
                v2[i] += x * x;
                w2[i] += (double)t->w[r * B + i] * (double)t->w[r * B + i];
                for (int j = 0; j < B; j++) want[i * B + j] += x * (double)t->w[r * B + j];
            }
        for (int i = 0; i < SQUARE; i++) {
            double got = 0;
            for (int64_t block = 0; block < t->n_blocks; block++) got += t->part[(block * t->panels + p) * SQUARE + i];
            double over = fabs(got - want[i]) / (roundoffs * sqrt(v2[i / B] * w2[i % B]));
            if (!(over <= worst)) worst = over;
        }
    }
    return worst;
}

static double check_update(const tall *t)
{
    const double roundoffs = SHEAF_I_FLOAT_EPS * (t->panels * B + 2);
    double worst = 0;
    for (int64_t r = 0; r < t->n; r += CHECKED)
        for (int j = 0; j < B; j++) {
            double want = (double)t->start[r * B + j], size = fabs(want);
            for (int32_t m = 0; m < t->panels * B; m++) {
                double term = (double)t->v[(m / B * t->n + r) * B + m % B] * (double)t->h[m * B + j];
                want += term;
                size += fabs(term);
            }
            double over = fabs((double)t->w[r * B + j] - want) / (roundoffs * size);
            if (!(over <= worst)) worst = over;
        }
    return worst;
}

/* ---- cases */

static sheaf_status time_tall(sheaf_i_run *r, tall *t, const char *name, sheaf_status (*run)(void *), double worst)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = name,
                          .kernels = t->kernels->name,
                          .unit = "GFLOP/s",
                          .quality = {"error/bound", worst, 1}};
    char rows[16];
    snprintf(m.size, sizeof m.size, "%s x %d, block of %d", sheaf_i_count((double)t->n, rows), (int)t->panels * B, B);
    SHEAF_TRY(sheaf_i_verify(r, &m));
    m.work.flops = 2. * (double)t->n * t->panels * SQUARE;
    m.work.in_double = run == run_gram64;
    m.work.bytes = 4. * (double)t->n * B * (t->panels + (run == run_update ? 2 : 1));
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed timed = {run, NULL, t};
    SHEAF_TRY(sheaf_i_time(r, &timed, &m.times));
    st = sheaf_i_report(r, &m);
done:
    return st;
}

#define PANELS 20 /* 320 columns: what 100 dimensions of text take */

sheaf_status sheaf_i_case_gram(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    tall t;
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(tall_make(r, kernels, PANELS, &t));
    SHEAF_TRY(run_gram(&t));
    st = time_tall(r, &t, "gram", run_gram, check_dots(&t, SHEAF_I_FLOAT_EPS * (SHEAF_I_GRAM_CHUNK + 2)));
done:
    tall_end(&t);
    return st;
}

sheaf_status sheaf_i_case_gram64(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    tall t;
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(tall_make(r, kernels, 1, &t));
    SHEAF_TRY(run_gram64(&t));
    /* two sums of n, in different orders */
    st = time_tall(r, &t, "gram64", run_gram64, check_dots(&t, 2 * SHEAF_I_DOUBLE_EPS * (double)(t.n + 2)));
done:
    tall_end(&t);
    return st;
}

sheaf_status sheaf_i_case_update(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    tall t;
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(tall_make(r, kernels, PANELS, &t));
    SHEAF_TRY(run_update(&t));
    double worst = check_update(&t);
    /* Repeated, the sums would grow: no matter for the time, but not beyond what a float holds. */
    for (int64_t i = 0; i < t.panels * SQUARE; i++) t.h[i] *= 1e-6f;
    st = time_tall(r, &t, "update", run_update, worst);
done:
    tall_end(&t);
    return st;
}
