/* The kernel of k-means by bytes alone: which of many centres may be the nearest, as far as bytes tell. */
#include <math.h>
#include <stdio.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "measure/check.h"

#define PANEL SHEAF_I_PANEL
#define D 100        /* a multiple of 4 */
#define K 1000
#define PANELS ((K + PANEL - 1) / PANEL)
#define LANES (PANELS * PANEL)
#define ROWS 480     /* a block of the loop */
#define SCALE .01f   /* of rows; centres differ: what is in doubt is the matter, not what is right */
#define CHECKED 200  /* rows at both ends */
#define ROUNDING 4e-6 /* of scores below 6 in float */

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_coarse_fn *coarse;
    sheaf_i_coarse c;
    int64_t n;
    uint8_t *x;             /* n x D */
    int8_t *packed;
    sheaf_i_coarse_row *row;
    int32_t *start, *label; /* LANES; n */
    float *scale;           /* 4 x LANES: scale, bias, spread, blur */
    int32_t *list, *count;  /* of a worker: PANELS x ROWS; PANELS */
    float *scores;          /* of a worker */
} bytes;

static sheaf_status make(sheaf_i_run *r, bytes *b)
{
    sheaf_status st = SHEAF_OK;
    const int64_t workers = sheaf_ctx_threads(r->ctx);
    b->n = r->o.quick ? 10 * ROWS : 200 * ROWS;
    SHEAF_NEW_ALIGNED(b->x, b->ctx, b->n * D);
    SHEAF_NEW_ALIGNED(b->packed, b->ctx, (int64_t)LANES * D);
    SHEAF_NEW_ALIGNED(b->row, b->ctx, b->n);
    SHEAF_NEW0(b->start, b->ctx, LANES);
    SHEAF_NEW(b->label, b->ctx, b->n);
    SHEAF_NEW0(b->scale, b->ctx, 4 * LANES);
    SHEAF_NEW(b->list, b->ctx, workers * PANELS * ROWS);
    SHEAF_NEW(b->count, b->ctx, workers * PANELS);
    SHEAF_NEW_ALIGNED(b->scores, b->ctx, workers * SHEAF_I_COARSE_ROWS * LANES);
    for (int64_t i = 0; i < b->n * D; i++) b->x[i] = (uint8_t)sheaf_i_rng_u64(8, (uint64_t)i);
    for (int64_t i = 0; i < b->n; i++) b->row[i] = (sheaf_i_coarse_row){SCALE, .001f, 1};
    for (int32_t t = 0; t < LANES; t++) {
        b->scale[LANES + t] = t < K ? -.5f : -INFINITY;
        b->scale[2 * LANES + t] = 1;
        b->scale[3 * LANES + t] = .001f;
        if (t >= K) continue;
        b->scale[t] = .001f;
        for (int32_t j = 0; j < D; j++) {
            const int8_t v = (int8_t)(sheaf_i_rng_u64(9, (uint64_t)t * D + (uint64_t)j) % 255 - 127);
            b->packed[((t / PANEL * (D / 4) + j / 4) * PANEL + t % PANEL) * 4 + j % 4] = v;
            b->start[t] -= 128 * v;
        }
    }
    b->c = (sheaf_i_coarse){.bytes = D, .panels = PANELS, .packed = b->packed, .start = b->start, .scale = b->scale,
                            .bias = b->scale + LANES, .spread = b->scale + 2 * LANES, .blur = b->scale + 3 * LANES,
                            .margin = 1e-5f, .room = ROWS};
done:
    return st;
}

static void end(bytes *b)
{
    sheaf_i_aligned_free(b->ctx, b->x);
    sheaf_i_aligned_free(b->ctx, b->packed);
    sheaf_i_aligned_free(b->ctx, b->row);
    sheaf_i_aligned_free(b->ctx, b->scores);
    sheaf_i_free(b->ctx, b->start);
    sheaf_i_free(b->ctx, b->label);
    sheaf_i_free(b->ctx, b->scale);
    sheaf_i_free(b->ctx, b->list);
    sheaf_i_free(b->ctx, b->count);
}

static sheaf_status coarse_block(void *arg, int64_t block, int32_t worker)
{
    const bytes *b = arg;
    int32_t *count = b->count + (int64_t)worker * PANELS;
    for (int32_t p = 0; p < PANELS; p++) count[p] = 0;
    b->coarse(&b->c, ROWS, b->x + block * ROWS * D, b->row + block * ROWS,
              b->scores + (int64_t)worker * SHEAF_I_COARSE_ROWS * LANES, b->label + block * ROWS,
              b->list + (int64_t)worker * PANELS * ROWS, count);
    return SHEAF_OK;
}

static sheaf_status run_coarse(void *arg)
{
    bytes *b = arg;
    return sheaf_i_par_for(b->ctx, NULL, b->n / ROWS, coarse_block, b);
}

static double score_of(const bytes *b, int64_t i, int32_t t)
{
    int64_t sum = 0;
    for (int32_t j = 0; j < D; j++)
        sum += (b->x[i * D + j] - 128) *
               b->packed[((t / PANEL * (D / 4) + j / 4) * PANEL + t % PANEL) * 4 + j % 4];
    return (double)sum * (double)b->c.scale[t] * (double)b->row[i].scale + (double)b->c.bias[t];
}

/* How far the answer is from what scores in double ask for, over their rounding: a label is ahead of all others by the
   bound, and no label was given although there is one such. */
static double check_row(const bytes *b, int64_t i)
{
    double best = -INFINITY, next = -INFINITY;
    int32_t label = -1;
    for (int32_t t = 0; t < K; t++) {
        const double score = score_of(b, i, t);
        next = fmax(next, fmin(score, best));
        if (score > best) label = t;
        best = fmax(best, score);
    }
    const sheaf_i_coarse_row *row = &b->row[i];
    const double bound = (double)row->error * (double)b->c.spread[0] + (double)row->norm * (double)b->c.blur[0] +
                         (double)b->c.margin;
    if (b->label[i] < 0) return fmax(0, (best - next - bound) / ROUNDING);
    return b->label[i] == label ? fmax(0, (bound - (best - next)) / ROUNDING) : INFINITY;
}

static double check(const bytes *b)
{
    double worst = 0;
    for (int64_t i = 0; i < b->n; i++) {
        if (i == CHECKED) i = b->n - CHECKED;
        worst = fmax(worst, check_row(b, i));
    }
    return worst;
}

sheaf_status sheaf_i_case_coarse(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    bytes b = {.ctx = r->ctx, .coarse = sheaf_i_kernels_coarse(kernels)};
    if (!b.coarse) return SHEAF_OK; /* nor does k-means have it */
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "coarse",
                          .kernels = kernels->name,
                          .unit = "Gop/s",
                          .quality = {"error/bound", 0, 1}};
    char rows[16];
    SHEAF_TRY(make(r, &b));
    SHEAF_TRY(run_coarse(&b));
    m.quality.value = check(&b);
    snprintf(m.size, sizeof m.size, "%s x %d to %d centres", sheaf_i_count((double)b.n, rows), D, K);
    SHEAF_TRY(sheaf_i_verify(r, &m));
    m.work.bytes = (double)b.n * (D + sizeof *b.row + sizeof *b.label);
    m.amount = 2. * (double)b.n * D * K / 1e9;
    sheaf_i_timed t = {run_coarse, NULL, &b};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&b);
    return st;
}
