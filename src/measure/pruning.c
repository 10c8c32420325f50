/* The kernels of pruned k-means alone: which rows the bounds do not settle, and the best of one panel of centres for
 * the rows that are left. Rows scatter about their centres, some near, some as far as halfway to others. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "measure/check.h"

#define PANEL SHEAF_I_PANEL
#define D 100
#define GROUPS 7 /* of one panel each */
#define K (GROUPS * PANEL)
#define ROWS 480     /* a block of the loop */
#define REACH .8f    /* how far centres have come: lets about a third of the rows through */
#define MARGIN 5e-2f /* above the rounding of squared distances of up to 1000 from float sums of D */
#define EVERY 3      /* every so-manieth row is one that panel_best has to look at */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int64_t n, blocks;
    float *x, *centre, *bias, *square;
    float *packed;                 /* the first panel */
    float *lower, *upper, *before; /* n x GROUPS; n; upper as it was at first */
    int32_t *label;
    int32_t *survivor, *list;   /* n; a block has GROUPS lists of ROWS places */
    int32_t *count, *survivors; /* GROUPS a block; a block */
    float drift[K], reach[PANEL];
    int32_t row[ROWS];
    int32_t *lane;
    float *score, *next;
} pruning;

static double distance(const pruning *p, int64_t i, int32_t t)
{
    double sum = 0;
    for (int32_t j = 0; j < D; j++) {
        double gap = (double)p->x[i * D + j] - (double)p->centre[t * D + j];
        sum += gap * gap;
    }
    return sqrt(sum);
}

/* Bounds as they are right after a pass over everything. */
static sheaf_status bound_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    pruning *p = arg;
    int64_t lo, hi;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double square = 0, near = .1 + 5 * (double)(i % 17) / 16;
        p->label[i] = (int32_t)(i % K);
        for (int32_t j = 0; j < D; j++) {
            float *x = &p->x[i * D + j];
            *x = (float)((double)p->centre[p->label[i] * D + j] + near * (double)*x);
            square += (double)*x * (double)*x;
        }
        p->square[i] = (float)square;
        double own = distance(p, i, p->label[i]);
        p->upper[i] = p->before[i] = (float)(own + 1e-2);
        for (int32_t g = 0; g < GROUPS; g++) {
            double least = INFINITY;
            for (int32_t t = g * PANEL; t < (g + 1) * PANEL; t++)
                if (t != p->label[i]) least = fmin(least, distance(p, i, t));
            p->lower[i * GROUPS + g] = (float)(least - 1e-2);
        }
    }
    return SHEAF_OK;
}

static sheaf_status make(sheaf_i_run *r, const sheaf_i_kernels *kernels, pruning *p)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = r->ctx;
    *p = (pruning){.ctx = ctx, .kernels = kernels, .n = r->o.quick ? 4800 : 48000};
    p->blocks = sheaf_i_blocks(p->n, ROWS);
    SHEAF_NEW_ALIGNED(p->x, ctx, p->n * D);
    SHEAF_NEW_ALIGNED(p->centre, ctx, K * D);
    SHEAF_NEW_ALIGNED(p->bias, ctx, K);
    SHEAF_NEW_ALIGNED(p->packed, ctx, PANEL * D);
    SHEAF_NEW_ALIGNED(p->square, ctx, p->n);
    SHEAF_NEW_ALIGNED(p->lower, ctx, p->n * GROUPS + PANEL);
    SHEAF_NEW_ALIGNED(p->upper, ctx, p->n);
    SHEAF_NEW_ALIGNED(p->before, ctx, p->n);
    SHEAF_NEW(p->label, ctx, p->n);
    SHEAF_NEW(p->survivor, ctx, p->n);
    SHEAF_NEW(p->list, ctx, p->blocks * ROWS * GROUPS);
    SHEAF_NEW0(p->count, ctx, p->blocks * GROUPS);
    SHEAF_NEW0(p->survivors, ctx, p->blocks);
    SHEAF_NEW(p->lane, ctx, p->n);
    SHEAF_NEW(p->score, ctx, p->n);
    SHEAF_NEW(p->next, ctx, p->n);
    SHEAF_TRY(sheaf_i_fill_random(ctx, p->x, p->n * D, 12));
    SHEAF_TRY(sheaf_i_fill_random(ctx, p->centre, K * D, 13));
    for (int32_t t = 0; t < K; t++) {
        double square = 0;
        for (int32_t j = 0; j < D; j++) square += (double)p->centre[t * D + j] * (double)p->centre[t * D + j];
        p->bias[t] = (float)(-square / 2);
        p->drift[t] = 1e-2f;
        for (int32_t j = 0; t < PANEL && j < D; j++) p->packed[j * PANEL + t] = p->centre[t * D + j];
    }
    for (int32_t g = 0; g < PANEL; g++) p->reach[g] = g < GROUPS ? REACH : -INFINITY;
    for (int32_t e = 0; e < ROWS / EVERY; e++) p->row[e] = e * EVERY;
    for (int32_t i = 0; i < PANEL; i++) p->lower[p->n * GROUPS + i] = 0;
    st = sheaf_i_par_for(ctx, NULL, p->blocks, bound_block, p);
done:
    return st;
}

static void end(pruning *p)
{
    float *aligned[] = {p->x, p->centre, p->bias, p->packed, p->square, p->lower, p->upper, p->before};
    void *plain[] = {p->label, p->survivor, p->list, p->count, p->survivors, p->lane, p->score, p->next};
    for (size_t i = 0; i < sizeof aligned / sizeof *aligned; i++) sheaf_i_aligned_free(p->ctx, aligned[i]);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) sheaf_i_free(p->ctx, plain[i]);
}

/* ---- sift */

static sheaf_status sift_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    pruning *p = arg;
    const sheaf_i_sieve sieve = {.d = D,
                                 .groups = GROUPS,
                                 .wide = PANEL,
                                 .room = ROWS,
                                 .centre = p->centre,
                                 .bias = p->bias,
                                 .drift = p->drift,
                                 .reach = p->reach,
                                 .margin = MARGIN};
    int64_t lo, hi;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    memset(p->count + block * GROUPS, 0, GROUPS * sizeof *p->count);
    p->survivors[block] = p->kernels->sift(&sieve, (int32_t)(hi - lo), p->x + lo * D, D, p->square + lo, p->label + lo,
                                           p->upper + lo, p->lower + lo * GROUPS, GROUPS, p->survivor + lo,
                                           p->list + block * ROWS * GROUPS, p->count + block * GROUPS);
    return SHEAF_OK;
}

static sheaf_status run_sift(void *arg)
{
    pruning *p = arg;
    return sheaf_i_par_for(p->ctx, NULL, p->blocks, sift_block, p);
}

/* The upper bounds grow from call to call. */
static void restore(void *arg)
{
    pruning *p = arg;
    memcpy(p->upper, p->before, (size_t)p->n * sizeof *p->upper);
}

/* From the bounds as they are now, what the lists of a block must hold; NULL, or what is wrong. */
static const char *check_block(const pruning *p, int64_t block, int64_t *left, int64_t *recomputed)
{
    int32_t seen[GROUPS] = {0}, at = 0;
    int64_t lo, hi;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    const int32_t *list = p->list + block * ROWS * GROUPS, *count = p->count + block * GROUPS;
    for (int64_t i = lo; i < hi; i++) {
        bool fails = false, failed = false;
        const float *lower = p->lower + i * GROUPS;
        for (int32_t g = 0; g < GROUPS; g++) {
            fails = fails || !(lower[g] > p->upper[i] + REACH);
            failed = failed || !(lower[g] > p->before[i] + p->drift[p->label[i]] + REACH);
        }
        *recomputed += failed;
        if ((double)p->upper[i] < distance(p, i, p->label[i])) return "an upper bound is too low";
        if (!fails) continue;
        if (at >= p->survivors[block] || p->survivor[lo + at++] != i - lo) return "a row is missing";
        for (int32_t g = 0; g < GROUPS; g++) {
            if (lower[g] > p->upper[i] + REACH && g != p->label[i] / PANEL) continue;
            if (seen[g] >= count[g] || list[g * ROWS + seen[g]++] != i - lo) return "a row is missing in a group";
        }
    }
    for (int32_t g = 0; g < GROUPS; g++)
        if (seen[g] != count[g]) return "a group has a row too many";
    *left += at;
    return at == p->survivors[block] ? NULL : "a row is left that is settled";
}

sheaf_status sheaf_i_case_sift(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    pruning p;
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "sift",
                          .kernels = kernels->name,
                          .unit = "Mrows/s",
                          .quality = {"", 0, 0},
                          .verified = true};
    char rows[16];
    int64_t left = 0, recomputed = 0;
    SHEAF_TRY(make(r, kernels, &p));
    SHEAF_TRY(run_sift(&p));
    for (int64_t block = 0; block < p.blocks; block++) {
        const char *why = check_block(&p, block, &left, &recomputed);
        if (why) SHEAF_TRY(sheaf_i_fail(r->ctx, SHEAF_EBUG, "sift %s: %s; nothing was timed", kernels->name, why));
    }
    restore(&p);
    snprintf(m.size, sizeof m.size, "%s x %d, %d groups, %.0f %% left", sheaf_i_count((double)p.n, rows), D, GROUPS,
             100. * (double)left / (double)p.n);
    m.work.bytes = (double)p.n * 4 * (GROUPS + 3) + (double)recomputed * 4 * (2 * D + 1); /* bounds; rows and centres */
    m.work.footprint = (double)p.n * 4 * (GROUPS + 4 + D);
    m.work.flops = 2. * D * (double)recomputed;
    m.amount = (double)p.n / 1e6;
    sheaf_i_timed t = {run_sift, restore, &p};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&p);
    return st;
}

/* ---- panel_best */

static sheaf_status best_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    pruning *p = arg;
    const int64_t lo = block * ROWS;
    p->kernels->panel_best(ROWS / EVERY, p->row, p->x + lo * D, D, D, p->packed, p->bias, p->lane + lo, p->score + lo,
                           p->next + lo);
    return SHEAF_OK;
}

static sheaf_status run_best(void *arg)
{
    pruning *p = arg;
    return sheaf_i_par_for(p->ctx, NULL, p->n / ROWS, best_block, p);
}

/* Best and next score against double ones, over roundoffs times the sum of sizes. */
static double check_best(const pruning *p)
{
    double worst = 0;
    for (int64_t at = 0; at < p->n / ROWS * ROWS; at++) {
        if (at % ROWS >= ROWS / EVERY) continue;
        const float *x = p->x + (at / ROWS * ROWS + p->row[at % ROWS]) * D;
        double best = -INFINITY, next = -INFINITY, most = 0, own = 0;
        for (int32_t t = 0; t < PANEL; t++) {
            double sum = (double)p->bias[t], size = fabs(sum);
            for (int32_t j = 0; j < D; j++) {
                sum += (double)x[j] * (double)p->centre[t * D + j];
                size += fabs((double)x[j] * (double)p->centre[t * D + j]);
            }
            next = fmax(next, fmin(sum, best));
            best = fmax(best, sum);
            most = fmax(most, size);
            if (t == p->lane[at]) own = sum;
        }
        double off = fmax(fmax(fabs((double)p->score[at] - own), fabs(best - own)), fabs((double)p->next[at] - next));
        off /= 2 * SHEAF_I_FLOAT_EPS * (D + 2) * most; /* two sums may change places */
        if (!(off <= worst)) worst = off;
    }
    return worst;
}

sheaf_status sheaf_i_case_panel_best(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    pruning p;
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "panel_best",
                          .kernels = kernels->name,
                          .unit = "GFLOP/s",
                          .quality = {"error/bound", 0, 1}};
    char rows[16];
    SHEAF_TRY(make(r, kernels, &p));
    SHEAF_TRY(run_best(&p));
    m.quality.value = check_best(&p);
    snprintf(m.size, sizeof m.size, "one row in %d of %s x %d", EVERY, sheaf_i_count((double)p.n, rows), D);
    SHEAF_TRY(sheaf_i_verify(r, &m));
    const double done_rows = (double)(p.n / ROWS) * (ROWS / EVERY);
    m.work.flops = 2. * done_rows * D * PANEL;
    m.work.bytes = done_rows * 4 * (D + 4);
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed t = {run_best, NULL, &p};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&p);
    return st;
}
