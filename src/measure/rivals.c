/* The kernel of nearest rows alone: products of rows with groups of columns held against bars that few of them pass, as
 * a search has them once it has seen some of the rows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "measure/check.h"

#define PANEL SHEAF_I_PANEL
#define COLUMNS SHEAF_I_RIVAL_COLUMNS
#define D 100
#define ROWS 576     /* a block of the loop */
#define ROOM 4096
#define FEW 3.       /* deviations from the mean that a product has to be above: one in 740 is */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int64_t rows, columns;
    float *x, *packed, *row_bar, *column_bar;
    sheaf_i_rival *rival; /* ROOM a worker */
    int64_t *found;       /* a block */
    double *worst;        /* a block: when verifying, the largest error over its bound */
    bool verify;
} task;

static double product_of(const task *s, int64_t row, int64_t column, double *size)
{
    double sum = 0;
    *size = 0;
    for (int32_t j = 0; j < D; j++) {
        double term = (double)s->x[row * D + j] *
                      (double)s->packed[(column / PANEL * D + j) * PANEL + column % PANEL];
        sum += term;
        *size += fabs(term);
    }
    return sum;
}

/* What passed is within rounding of the product in double, and above the bar. */
static double check_found(const task *s, const sheaf_i_rival *rival, int32_t n, int64_t row, int64_t column)
{
    double worst = 0, size;
    for (int32_t f = 0; f < n; f++) {
        const double want = product_of(s, row + rival[f].row, column + rival[f].column, &size);
        double over = fabs((double)rival[f].score - want) / (SHEAF_I_FLOAT_EPS * (D + 2) * size);
        if (rival[f].score < s->row_bar[row + rival[f].row]) over = INFINITY;
        if (!(over <= worst)) worst = over;
    }
    return worst;
}

static sheaf_status rival_block(void *arg, int64_t block, int32_t worker)
{
    task *s = arg;
    int64_t lo, hi;
    sheaf_i_range(s->rows, ROWS, block, &lo, &hi);
    sheaf_i_rival *rival = s->rival + (int64_t)worker * ROOM;
    s->found[block] = 0;
    for (int64_t t = 0; t < s->columns; t += COLUMNS)
        for (int64_t i = lo; i < hi;) {
            int32_t n;
            const int64_t at = i;
            i += s->kernels->rivals(hi - i, s->x + i * D, D, D, s->packed + t * D, COLUMNS, s->row_bar + i,
                                    s->column_bar + t, rival, ROOM, &n);
            s->found[block] += n;
            if (!s->verify) continue;
            const double worst = check_found(s, rival, n, at, t);
            if (!(worst <= s->worst[block])) s->worst[block] = worst;
        }
    return SHEAF_OK;
}

static sheaf_status run_rivals(void *arg)
{
    task *s = arg;
    return sheaf_i_par_for(s->ctx, NULL, sheaf_i_blocks(s->rows, ROWS), rival_block, s);
}

/* How many pass is counted in double too, for some of the rows: those within rounding of the bar may do either. */
static bool counts_agree(const task *s)
{
    int64_t least = 0, most = 0;
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t t = 0; t < s->columns; t++) {
            double size, sum = product_of(s, i, t, &size), bound = SHEAF_I_FLOAT_EPS * (D + 2) * size;
            least += sum - bound >= (double)s->row_bar[i];
            most += sum + bound >= (double)s->row_bar[i];
        }
    return s->found[0] >= least && s->found[0] <= most && least > 0;
}

static sheaf_status make(task *s)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(s->rows, ROWS);
    SHEAF_NEW_ALIGNED(s->x, s->ctx, s->rows * D);
    SHEAF_NEW_ALIGNED(s->packed, s->ctx, s->columns * D);
    SHEAF_NEW(s->row_bar, s->ctx, s->rows);
    SHEAF_NEW(s->column_bar, s->ctx, s->columns);
    SHEAF_NEW(s->rival, s->ctx, (int64_t)sheaf_ctx_threads(s->ctx) * ROOM);
    SHEAF_NEW0(s->found, s->ctx, blocks);
    SHEAF_NEW0(s->worst, s->ctx, blocks);
    SHEAF_TRY(sheaf_i_fill_random(s->ctx, s->x, s->rows * D, 8));
    SHEAF_TRY(sheaf_i_fill_random(s->ctx, s->packed, s->columns * D, 9));
    /* Numbers uniform on +-1: products of variance 1/9. */
    for (int64_t i = 0; i < s->rows; i++) s->row_bar[i] = (float)(FEW * sqrt(D / 9.));
    for (int64_t t = 0; t < s->columns; t++) s->column_bar[t] = INFINITY;
done:
    return st;
}

static void end(task *s)
{
    sheaf_i_aligned_free(s->ctx, s->x);
    sheaf_i_aligned_free(s->ctx, s->packed);
    sheaf_i_free(s->ctx, s->row_bar);
    sheaf_i_free(s->ctx, s->column_bar);
    sheaf_i_free(s->ctx, s->rival);
    sheaf_i_free(s->ctx, s->found);
    sheaf_i_free(s->ctx, s->worst);
}

static sheaf_status verify(sheaf_i_run *r, task *s, sheaf_i_measured *m)
{
    sheaf_status st = SHEAF_OK;
    s->verify = true;
    SHEAF_TRY(run_rivals(s));
    s->verify = false;
    for (int64_t b = 0; b < sheaf_i_blocks(s->rows, ROWS); b++)
        if (!(s->worst[b] <= m->quality.value)) m->quality.value = s->worst[b];
    if (!counts_agree(s)) m->quality.value = INFINITY;
    SHEAF_TRY(sheaf_i_verify(r, m));
done:
    return st;
}

sheaf_status sheaf_i_case_rivals(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    task s = {.ctx = r->ctx, .kernels = kernels, .rows = (r->o.quick ? 4 : 36) * ROWS,
              .columns = (r->o.quick ? 4 : 32) * COLUMNS};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "rivals",
                          .kernels = kernels->name,
                          .unit = "GFLOP/s",
                          .quality = {"error/bound", 0, 1}};
    char rows[16], columns[16];
    snprintf(m.size, sizeof m.size, "%s against %s x %d", sheaf_i_count((double)s.rows, rows),
             sheaf_i_count((double)s.columns, columns), D);
    SHEAF_TRY(make(&s));
    SHEAF_TRY(verify(r, &s, &m));
    m.work.flops = 2. * (double)s.rows * (double)s.columns * D;
    m.work.bytes = 4. * D * (double)(s.rows + s.columns);
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed t = {run_rivals, NULL, &s};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&s);
    return st;
}

/* ---- above */

#define SUMS 8192   /* of a block, as a tile of rows has them */
#define PER_MILLE 2 /* of the sums pass, about */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int64_t blocks;
    float *sum;
    uint8_t *rest;
    uint16_t *place; /* SUMS a block */
    int32_t *found;  /* a block */
} sifting;

static float bar_of_sums(void) { return 1 + 1 - 2 * (float)PER_MILLE / 1000; } /* sums up to 1, rests of 0 and 1 */

static sheaf_status above_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const sifting *s = arg;
    s->found[block] = s->kernels->above(SUMS, s->sum + block * SUMS, s->rest + block * SUMS, 1, bar_of_sums(),
                                        s->place + block * SUMS, SUMS);
    return SHEAF_OK;
}

static sheaf_status run_above(void *arg)
{
    sifting *s = arg;
    return sheaf_i_par_for(s->ctx, NULL, s->blocks, above_block, s);
}

/* Places that are wrong or missing; sums of two such numbers are rounded the same everywhere. */
static int64_t check_above(const sifting *s)
{
    int64_t wrong = 0;
    for (int64_t b = 0; b < s->blocks; b++) {
        int32_t n = 0;
        for (int32_t i = 0; i < SUMS; i++) {
            if (!(s->sum[b * SUMS + i] + (float)s->rest[b * SUMS + i] >= bar_of_sums())) continue;
            wrong += n >= s->found[b] || s->place[b * SUMS + n] != i;
            n++;
        }
        wrong += n != s->found[b];
    }
    return wrong;
}

sheaf_status sheaf_i_case_above(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    sifting s = {.ctx = r->ctx, .kernels = kernels, .blocks = r->o.quick ? 8 : 128};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL, .name = "above", .kernels = kernels->name, .unit = "G/s",
                          .quality = {"", 0, 0}, .verified = true};
    char sums[16];
    const int64_t n = s.blocks * SUMS;
    snprintf(m.size, sizeof m.size, "%s sums", sheaf_i_count((double)n, sums));
    SHEAF_NEW_ALIGNED(s.sum, s.ctx, n);
    SHEAF_NEW_ALIGNED(s.rest, s.ctx, n);
    SHEAF_NEW(s.place, s.ctx, n);
    SHEAF_NEW(s.found, s.ctx, s.blocks);
    SHEAF_TRY(sheaf_i_fill_random(s.ctx, s.sum, n, 10));
    for (int64_t i = 0; i < n; i++) s.rest[i] = s.sum[i] > 0 && i % 2;
    SHEAF_TRY(run_above(&s));
    if (check_above(&s))
        SHEAF_TRY(sheaf_i_fail(r->ctx, SHEAF_EBUG, "above %s: %lld wrong places; nothing was timed", kernels->name,
                               (long long)check_above(&s)));
    m.work.bytes = 5. * (double)n;
    m.work.footprint = m.work.bytes;
    m.amount = (double)n / 1e9;
    sheaf_i_timed t = {run_above, NULL, &s};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    sheaf_i_aligned_free(s.ctx, s.sum);
    sheaf_i_aligned_free(s.ctx, s.rest);
    sheaf_i_free(s.ctx, s.place);
    sheaf_i_free(s.ctx, s.found);
    return st;
}
