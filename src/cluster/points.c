/* Vectors for k-means: checked, weighted, and brought to unit length (spherical) or centred and scaled (Euclidean).
   Sums run over fixed blocks of rows in double and are added in block order. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/points.h"
#include "cluster/wide.h"

#define ROWS 1024
/* Euclidean rows are taken as they are where their mean has at most this share of their squared lengths, which costs
   half a bit, and the largest entry lies in these bounds. */
#define NEAR_ORIGIN .5
#define SMALLEST .125
#define LARGEST 8.0
#define LANES 8 /* of sums over a row, which compilers do not reorder themselves */

typedef struct {
    sheaf_ctx *ctx;
    const float *given;
    int64_t n, ld;
    int32_t d;
    const double *factor;  /* d */
    double least;          /* rows whose squared length is not above it are left out */
    double *square;        /* n: squared length of the given row */
    double *column;        /* blocks x 3 x d: sums, least and largest numbers of the columns */
    double *squares;       /* blocks: sums of the squared lengths of the rows made */
    sheaf_i_points *p;
} maker;

SHEAF_I_WIDE
static double squared_length(const float *restrict x, const double *restrict factor, int32_t d)
{
    double sum[LANES] = {0}, rest = 0;
    int32_t j = 0;
    for (; j + LANES <= d; j += LANES)
        for (int l = 0; l < LANES; l++) {
            double v = (double)x[j + l] * factor[j + l];
            sum[l] += v * v;
        }
    for (; j < d; j++) rest += (double)x[j] * factor[j] * ((double)x[j] * factor[j]);
    for (int l = 0; l < LANES; l++) rest += sum[l];
    return rest;
}

SHEAF_I_WIDE
static void add_columns(const float *restrict x, const double *restrict factor, int32_t d, double *restrict sum,
                        double *restrict least, double *restrict most)
{
    for (int32_t j = 0; j < d; j++) {
        double v = (double)x[j] * factor[j];
        sum[j] += v;
        least[j] = v < least[j] ? v : least[j];
        most[j] = v > most[j] ? v : most[j];
    }
}

SHEAF_I_WIDE
static void fill_row(const float *restrict x, const double *restrict factor, const double *restrict shift, double scale,
                     int32_t d, float *restrict out)
{
    for (int32_t j = 0; j < d; j++) out[j] = (float)(((double)x[j] * factor[j] - shift[j]) * scale);
}

static sheaf_status measure_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    maker *m = arg;
    int64_t lo, hi;
    const int32_t d = m->d;
    double *column = m->column ? m->column + block * 3 * d : NULL;
    for (int32_t j = 0; column && j < d; j++) {
        column[j] = 0;
        column[d + j] = INFINITY;
        column[2 * d + j] = -INFINITY;
    }
    sheaf_i_range(m->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const float *x = m->given + i * m->ld;
        m->square[i] = squared_length(x, m->factor, d);
        if (!isfinite(m->square[i])) /* floats have squares that double holds: only NaN and infinity get here */
            return sheaf_i_fail(m->ctx, SHEAF_EINVAL, "row %lld of the vectors holds NaN or infinity", (long long)i);
        if (column && m->square[i] > m->least) add_columns(x, m->factor, d, column, column + d, column + 2 * d);
    }
    return SHEAF_OK;
}

/* Numbers the rows that are not zero. */
static int64_t keep_rows(maker *m, double noise, int64_t *doc)
{
    double longest = 0;
    for (int64_t i = 0; i < m->n; i++) longest = m->square[i] > longest ? m->square[i] : longest;
    int64_t kept = 0;
    m->least = noise * noise * longest;
    for (int64_t i = 0; i < m->n; i++)
        if (m->square[i] > m->least) doc[kept++] = i;
    return kept;
}

static sheaf_status fill_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    maker *m = arg;
    sheaf_i_points *p = m->p;
    int64_t lo, hi;
    double squares = 0;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const int64_t row = p->doc[i];
        float *x = p->own + i * p->d;
        const double scale = p->spherical ? 1 / sqrt(m->square[row]) : p->scale;
        fill_row(m->given + row * m->ld, m->factor, p->mean, scale, p->d, x);
        double square = squared_length(x, m->factor + p->d, p->d);
        squares += square;
        if (p->square) p->square[i] = (float)square;
    }
    m->squares[block] = squares;
    return SHEAF_OK;
}

/* The mean of the rows, and the power of two that brings what is left of them to the size of 1. *size: the largest
   entry as given. */
static sheaf_status find_centre(maker *m, bool fewer, double *size)
{
    sheaf_i_points *p = m->p;
    const int64_t blocks = sheaf_i_blocks(m->n, ROWS);
    const int32_t d = m->d;
    sheaf_status st = fewer ? sheaf_i_par_for(m->ctx, NULL, blocks, measure_rows, m) : SHEAF_OK;
    if (st != SHEAF_OK) return st;
    double extent = 0;
    *size = 0;
    for (int32_t j = 0; j < d; j++) {
        double sum = 0, least = INFINITY, most = -INFINITY;
        for (int64_t b = 0; b < blocks; b++) {
            const double *column = m->column + b * 3 * d;
            sum += column[j];
            least = fmin(least, column[d + j]);
            most = fmax(most, column[2 * d + j]);
        }
        if (p->n == 0) continue;
        p->mean[j] = sum / (double)p->n;
        extent = fmax(extent, fmax(most - p->mean[j], p->mean[j] - least));
        *size = fmax(*size, fmax(most, -least));
    }
    int exponent = 0;
    if (extent > 0) (void)frexp(extent, &exponent);
    p->scale = ldexp(1, -exponent);
    return SHEAF_OK;
}

/* Takes all rows as they are given, if they are fit for it. */
static bool borrow(maker *m, double size)
{
    sheaf_i_points *p = m->p;
    double offset = 0, squares = 0;
    for (int32_t j = 0; j < m->d; j++) offset += p->mean[j] * p->mean[j];
    for (int64_t i = 0; i < m->n; i++) squares += m->square[i];
    if (offset * (double)m->n > NEAR_ORIGIN * squares || size < SMALLEST || size > LARGEST) return false;
    memset(p->mean, 0, (size_t)m->d * sizeof *p->mean);
    for (int64_t i = 0; i < m->n; i++) p->square[i] = (float)m->square[i];
    p->scale = 1;
    p->squares = squares;
    p->x = m->given;
    return true;
}

/* Copies the rows that are kept, weighted, shifted and scaled. */
static sheaf_status fill(maker *m)
{
    sheaf_i_points *p = m->p;
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(p->n, ROWS);
    int64_t cells;
    if (__builtin_mul_overflow(p->n, (int64_t)m->d, &cells)) cells = -1;
    SHEAF_NEW_ALIGNED(p->own, m->ctx, cells);
    SHEAF_TRY(sheaf_i_par_for(m->ctx, NULL, blocks, fill_rows, m));
    for (int64_t b = 0; b < blocks; b++) p->squares += m->squares[b];
    p->x = p->own;
done:
    return st;
}

sheaf_status sheaf_i_points_make(sheaf_ctx *ctx, sheaf_i_points *p, const float *given, int64_t n, int32_t d,
                                 int64_t ld, const double *factor, double noise, sheaf_metric metric)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(n, ROWS);
    maker m = {.ctx = ctx, .given = given, .n = n, .ld = ld, .d = d, .p = p};
    double *factors = NULL, size; /* the caller's, then ones for the rows made */
    *p = (sheaf_i_points){.ctx = ctx, .d = d, .spherical = metric == SHEAF_METRIC_SPHERICAL, .scale = 1};
    SHEAF_NEW(m.square, ctx, n);
    SHEAF_NEW(m.squares, ctx, blocks);
    SHEAF_NEW(factors, ctx, 2 * (int64_t)d);
    for (int32_t j = 0; j < d; j++) {
        factors[j] = factor ? factor[j] : 1;
        factors[d + j] = 1;
    }
    m.factor = factors;
    SHEAF_NEW(p->doc, ctx, n);
    SHEAF_NEW0(p->mean, ctx, d);
    if (!p->spherical) SHEAF_NEW(m.column, ctx, blocks * 3 * d);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, measure_rows, &m));
    p->n = keep_rows(&m, noise, p->doc);
    if (!p->spherical) {
        SHEAF_NEW(p->square, ctx, p->n);
        SHEAF_TRY(find_centre(&m, m.least > 0, &size));
        if (!factor && ld == d && p->n == n && borrow(&m, size)) goto done;
    }
    SHEAF_TRY(fill(&m));
done:
    sheaf_i_free(ctx, m.square);
    sheaf_i_free(ctx, m.squares);
    sheaf_i_free(ctx, m.column);
    sheaf_i_free(ctx, factors);
    if (st != SHEAF_OK) sheaf_i_points_end(p);
    return st;
}

sheaf_status sheaf_i_points_sample(sheaf_i_points *out, const sheaf_i_points *p, int64_t m, uint64_t seed)
{
    sheaf_status st = SHEAF_OK;
    double *one = NULL;
    uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_SAMPLE, 0);
    *out = (sheaf_i_points){.ctx = p->ctx, .n = m, .d = p->d, .spherical = p->spherical, .scale = p->scale};
    SHEAF_NEW_ALIGNED(out->own, p->ctx, m * p->d);
    out->x = out->own;
    if (p->square) SHEAF_NEW(out->square, p->ctx, m);
    SHEAF_NEW(out->doc, p->ctx, m);
    SHEAF_NEW(one, p->ctx, p->d);
    for (int32_t j = 0; j < p->d; j++) one[j] = 1;
    for (int64_t i = 0; i < m; i++) {
        int64_t lo = (int64_t)((__int128)i * p->n / m), hi = (int64_t)((__int128)(i + 1) * p->n / m);
        int64_t row = lo + (int64_t)(sheaf_i_rng_u64(key, (uint64_t)i) % (uint64_t)(hi - lo));
        memcpy(out->own + i * p->d, p->x + row * p->d, (size_t)p->d * sizeof *p->x);
        if (p->square) out->square[i] = p->square[row];
        out->doc[i] = p->doc[row];
        out->squares += squared_length(out->x + i * p->d, one, p->d);
    }
done:
    sheaf_i_free(p->ctx, one);
    if (st != SHEAF_OK) sheaf_i_points_end(out);
    return st;
}

void sheaf_i_points_end(sheaf_i_points *p)
{
    if (!p->ctx) return;
    sheaf_i_aligned_free(p->ctx, p->own);
    sheaf_i_free(p->ctx, p->square);
    sheaf_i_free(p->ctx, p->doc);
    sheaf_i_free(p->ctx, p->mean);
    *p = (sheaf_i_points){0};
}

static uint64_t hash_row(const float *x, int32_t d)
{
    uint64_t h = 0;
    for (int32_t j = 0; j < d; j++) {
        float v = x[j] + 0.0f; /* -0 becomes +0 */
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        h = sheaf_i_mix(h ^ bits) + 0x9e3779b97f4a7c15u;
    }
    return h;
}

static bool same_row(const float *a, const float *b, int32_t d)
{
    for (int32_t j = 0; j < d; j++)
        if (a[j] != b[j]) return false;
    return true;
}

/* Open addressing in a table at most half full. */
sheaf_status sheaf_i_points_distinct(const sheaf_i_points *p, int64_t most, int64_t *out)
{
    sheaf_status st = SHEAF_OK;
    int64_t *slot = NULL, found = 0, room = 16;
    if (most > p->n) most = p->n;
    while (room < 2 * most) room *= 2;
    SHEAF_NEW(slot, p->ctx, room);
    for (int64_t i = 0; i < room; i++) slot[i] = -1;
    for (int64_t i = 0; i < p->n && found < most; i++) {
        const float *x = p->x + i * p->d;
        int64_t at = (int64_t)(hash_row(x, p->d) & (uint64_t)(room - 1));
        while (slot[at] >= 0 && !same_row(p->x + slot[at] * p->d, x, p->d)) at = (at + 1) & (room - 1);
        if (slot[at] >= 0) continue;
        slot[at] = i;
        found++;
    }
    *out = found;
done:
    sheaf_i_free(p->ctx, slot);
    return st;
}
