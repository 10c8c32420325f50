/* Greedy k-means++: each centre is the best of 2 + floor(ln k) rows drawn with probability proportional to their
   squared distance from the centres chosen so far. The rows are packed in panels once, so that all trials of a step go
   over them at the speed of the multiplier. Random numbers depend on (key, step, trial); sums run in double over fixed
   blocks. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/kmeans.h"
#include "cluster/wide.h"
#include "cluster/work.h"
#include "kernel/kernel.h"

#define ROWS 512 /* whole panels */
#define MAX_TRIALS 32
#define LANES 16 /* sums side by side */
#define ROUNDING 1e-6f /* squared distances below this share of the lengths are noise of the expanded form */

typedef struct {
    const sheaf_i_points *p;
    int32_t trials;
    int64_t row[MAX_TRIALS];  /* candidates */
    const sheaf_i_kernels *kernels;
    int64_t width;            /* n, filled up to whole panels */
    float *packed;            /* the rows as panels of columns */
    float *candidate;         /* trials x d */
    float *closest;           /* n: squared distance to the nearest centre */
    float *nearer;            /* trials x width: the same with the candidate added */
    double *potential;        /* blocks x MAX_TRIALS: sums of nearer */
    double *mass;             /* blocks: sums of closest */
    int64_t blocks;
} seeding;

static sheaf_status pack_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    seeding *s = arg;
    const sheaf_i_points *p = s->p;
    int64_t lo, hi;
    sheaf_i_range(s->width, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        float *to = s->packed + i / SHEAF_I_PANEL * SHEAF_I_PANEL * p->d + i % SHEAF_I_PANEL;
        for (int32_t j = 0; j < p->d; j++) to[j * SHEAF_I_PANEL] = i < p->n ? p->x[i * p->d + j] : 0;
    }
    return SHEAF_OK;
}

/* nearer: products of the rows with a candidate; becomes the squared distances to the nearest centre with it. The sum
   of those. square NULL: all rows have length 1. */
SHEAF_I_WIDE
static double add_candidate(float *restrict nearer, const float *restrict closest, const float *restrict row_square,
                            float square, int64_t n)
{
    double sum[LANES] = {0}, total = 0;
    for (int64_t i = 0; i < n; i++) {
        float lengths = square + (row_square ? row_square[i] : 1), gap = lengths - 2 * nearer[i];
        gap = gap > ROUNDING * lengths ? gap : 0;
        nearer[i] = gap < closest[i] ? gap : closest[i];
    }
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) sum[l] += (double)nearer[i + l];
    for (; i < n; i++) total += (double)nearer[i];
    for (int l = 0; l < LANES; l++) total += sum[l];
    return total;
}

static sheaf_status try_candidates(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    seeding *s = arg;
    const sheaf_i_points *p = s->p;
    int64_t lo, hi;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    s->kernels->dots(s->trials, s->candidate, p->d, p->d, s->packed + lo * p->d, hi - lo, s->nearer + lo, s->width);
    for (int32_t t = 0; t < s->trials; t++) {
        s->potential[block * MAX_TRIALS + t] =
            add_candidate(s->nearer + t * s->width + lo, s->closest + lo, p->square ? p->square + lo : NULL,
                          sheaf_i_points_square(p, s->row[t]), hi - lo);
    }
    return SHEAF_OK;
}

/* Tries s->row[0 .. trials) and keeps the one that leaves the least; returns its row. */
static sheaf_status take_best(seeding *s, int64_t *row)
{
    const sheaf_i_points *p = s->p;
    for (int32_t t = 0; t < s->trials; t++)
        memcpy(s->candidate + (int64_t)t * p->d, p->x + s->row[t] * p->d, (size_t)p->d * sizeof *p->x);
    sheaf_status st = sheaf_i_par_work(p->ctx, s->blocks, p->n * p->d * s->trials / SHEAF_I_PANEL, try_candidates, s);
    if (st != SHEAF_OK) return st;
    int32_t best = 0;
    double least = INFINITY;
    for (int32_t t = 0; t < s->trials; t++) {
        double sum = 0;
        for (int64_t b = 0; b < s->blocks; b++) sum += s->potential[b * MAX_TRIALS + t];
        if (sum < least) {
            least = sum;
            best = t;
        }
    }
    memcpy(s->closest, s->nearer + best * s->width, (size_t)p->n * sizeof *s->closest);
    for (int64_t b = 0; b < s->blocks; b++) s->mass[b] = s->potential[b * MAX_TRIALS + best];
    *row = s->row[best];
    return SHEAF_OK;
}

/* The row where the running sum of squared distances passes `target`. */
static int64_t row_at(const seeding *s, double target)
{
    int64_t b = 0, lo, hi, last = -1;
    while (b + 1 < s->blocks && target >= s->mass[b]) target -= s->mass[b++];
    sheaf_i_range(s->p->n, ROWS, b, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        if (s->closest[i] <= 0) continue;
        last = i;
        target -= (double)s->closest[i];
        if (target < 0) break;
    }
    return last < 0 ? lo : last; /* rounding may leave a rest past the last row with a distance */
}

static sheaf_status new_seeding(seeding *s, const sheaf_i_points *p, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    int32_t trials = 2 + (int32_t)log(k);
    *s = (seeding){.p = p, .trials = trials, .kernels = sheaf_i_kernels_get(), .blocks = sheaf_i_blocks(p->n, ROWS),
                   .width = sheaf_i_blocks(p->n, SHEAF_I_PANEL) * SHEAF_I_PANEL};
    SHEAF_NEW_ALIGNED(s->packed, p->ctx, s->width * p->d);
    SHEAF_NEW(s->candidate, p->ctx, (int64_t)trials * p->d);
    SHEAF_NEW(s->closest, p->ctx, p->n);
    SHEAF_NEW(s->nearer, p->ctx, trials * s->width);
    SHEAF_NEW(s->potential, p->ctx, s->blocks * MAX_TRIALS);
    SHEAF_NEW(s->mass, p->ctx, s->blocks);
    for (int64_t i = 0; i < p->n; i++) s->closest[i] = INFINITY;
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, s->blocks, pack_rows, s));
done:
    return st;
}

sheaf_status sheaf_i_seed_rows(const sheaf_i_points *p, int32_t k, uint64_t key, int64_t *row)
{
    sheaf_status st = SHEAF_OK;
    seeding s;
    SHEAF_TRY(new_seeding(&s, p, k));
    int32_t trials = s.trials;
    s.trials = 1;
    s.row[0] = (int64_t)(sheaf_i_rng_unit(key, 0) * (double)p->n);
    SHEAF_TRY(take_best(&s, &row[0]));
    s.trials = trials;
    for (int32_t t = 1; t < k; t++) {
        double total = 0;
        for (int64_t b = 0; b < s.blocks; b++) total += s.mass[b];
        for (int32_t l = 0; l < trials; l++) {
            double u = sheaf_i_rng_unit(key, (uint64_t)t * MAX_TRIALS + (uint64_t)l);
            s.row[l] = total > 0 ? row_at(&s, u * total) : (int64_t)(u * (double)p->n);
        }
        SHEAF_TRY(take_best(&s, &row[t]));
    }
done:
    sheaf_i_aligned_free(p->ctx, s.packed);
    sheaf_i_free(p->ctx, s.candidate);
    sheaf_i_free(p->ctx, s.closest);
    sheaf_i_free(p->ctx, s.nearer);
    sheaf_i_free(p->ctx, s.potential);
    sheaf_i_free(p->ctx, s.mass);
    return st;
}
