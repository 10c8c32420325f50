/* Vectors for k-means: checked, weighted, and brought to unit length (spherical) or centred and scaled (Euclidean).
   Sums run over fixed blocks of rows in double and are added in block order. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/points.h"

#define ROWS 1024

typedef struct {
    sheaf_ctx *ctx;
    const float *given;
    int64_t n, ld;
    int32_t d;
    const double *factor;
    double *square;        /* n: squared length of the given row */
    double *block;         /* per block: column sums (blocks x d), or the largest magnitude (blocks) */
    sheaf_i_points *p;
} maker;

static double weighed(const maker *m, int64_t row, int32_t j)
{
    double v = (double)m->given[row * m->ld + j];
    return m->factor ? v * m->factor[j] : v;
}

static sheaf_status measure_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    maker *m = arg;
    int64_t lo, hi;
    sheaf_i_range(m->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double sum = 0;
        for (int32_t j = 0; j < m->d; j++) sum += weighed(m, i, j) * weighed(m, i, j);
        if (!isfinite(sum)) /* floats have squares that double holds: only NaN and infinity get here */
            return sheaf_i_fail(m->ctx, SHEAF_EINVAL, "row %lld of the vectors holds NaN or infinity", (long long)i);
        m->square[i] = sum;
    }
    return SHEAF_OK;
}

/* Numbers the rows that are not zero. */
static int64_t keep_rows(const maker *m, double noise, int64_t *doc)
{
    double longest = 0;
    for (int64_t i = 0; i < m->n; i++) longest = m->square[i] > longest ? m->square[i] : longest;
    int64_t kept = 0;
    for (int64_t i = 0; i < m->n; i++)
        if (m->square[i] > noise * noise * longest) doc[kept++] = i;
    return kept;
}

static sheaf_status fill_unit_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    maker *m = arg;
    int64_t lo, hi;
    sheaf_i_range(m->p->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        int64_t row = m->p->doc[i];
        double scale = 1 / sqrt(m->square[row]);
        for (int32_t j = 0; j < m->d; j++) m->p->x[i * m->d + j] = (float)(weighed(m, row, j) * scale);
    }
    return SHEAF_OK;
}

static sheaf_status sum_columns(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    maker *m = arg;
    int64_t lo, hi;
    double *sum = m->block + block * m->d;
    sheaf_i_range(m->p->n, ROWS, block, &lo, &hi);
    memset(sum, 0, (size_t)m->d * sizeof *sum);
    for (int64_t i = lo; i < hi; i++)
        for (int32_t j = 0; j < m->d; j++) sum[j] += weighed(m, m->p->doc[i], j);
    return SHEAF_OK;
}

static sheaf_status find_extent(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    maker *m = arg;
    int64_t lo, hi;
    double most = 0;
    sheaf_i_range(m->p->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        for (int32_t j = 0; j < m->d; j++) most = fmax(most, fabs(weighed(m, m->p->doc[i], j) - m->p->mean[j]));
    m->block[block] = most;
    return SHEAF_OK;
}

static sheaf_status fill_centred_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    maker *m = arg;
    sheaf_i_points *p = m->p;
    int64_t lo, hi;
    sheaf_i_range(p->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double square = 0;
        for (int32_t j = 0; j < m->d; j++) {
            float v = (float)((weighed(m, p->doc[i], j) - p->mean[j]) * p->scale);
            p->x[i * m->d + j] = v;
            square += (double)v * (double)v;
        }
        p->square[i] = (float)square;
    }
    return SHEAF_OK;
}

static sheaf_status make_centred(maker *m)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_points *p = m->p;
    int64_t blocks = sheaf_i_blocks(p->n, ROWS);
    SHEAF_NEW(p->square, p->ctx, p->n);
    SHEAF_NEW0(p->mean, p->ctx, p->d);
    SHEAF_NEW(m->block, p->ctx, blocks * p->d);
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, sum_columns, m));
    for (int64_t b = 0; b < blocks; b++)
        for (int32_t j = 0; j < p->d; j++) p->mean[j] += m->block[b * p->d + j] / (double)p->n;
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, find_extent, m));
    double most = 0;
    for (int64_t b = 0; b < blocks; b++) most = fmax(most, m->block[b]);
    int exponent = 0;
    if (most > 0) (void)frexp(most, &exponent);
    p->scale = ldexp(1, -exponent);
    SHEAF_TRY(sheaf_i_par_for(p->ctx, NULL, blocks, fill_centred_rows, m));
done:
    sheaf_i_free(p->ctx, m->block);
    return st;
}

sheaf_status sheaf_i_points_make(sheaf_ctx *ctx, sheaf_i_points *p, const float *given, int64_t n, int32_t d,
                                 int64_t ld, const double *factor, double noise, sheaf_metric metric)
{
    sheaf_status st = SHEAF_OK;
    maker m = {.ctx = ctx, .given = given, .n = n, .ld = ld, .d = d, .factor = factor, .p = p};
    *p = (sheaf_i_points){.ctx = ctx, .d = d, .spherical = metric == SHEAF_METRIC_SPHERICAL, .scale = 1};
    SHEAF_NEW(m.square, ctx, n);
    SHEAF_NEW(p->doc, ctx, n);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(n, ROWS), measure_rows, &m));
    p->n = keep_rows(&m, noise, p->doc);
    int64_t cells;
    if (__builtin_mul_overflow(p->n, (int64_t)d, &cells)) cells = -1;
    SHEAF_NEW_ALIGNED(p->x, ctx, cells);
    if (p->spherical) SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(p->n, ROWS), fill_unit_rows, &m));
    else SHEAF_TRY(make_centred(&m));
done:
    sheaf_i_free(ctx, m.square);
    if (st != SHEAF_OK) sheaf_i_points_end(p);
    return st;
}

sheaf_status sheaf_i_points_sample(sheaf_i_points *out, const sheaf_i_points *p, int64_t m, uint64_t seed)
{
    sheaf_status st = SHEAF_OK;
    uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_SAMPLE, 0);
    *out = (sheaf_i_points){.ctx = p->ctx, .n = m, .d = p->d, .spherical = p->spherical, .scale = p->scale};
    SHEAF_NEW_ALIGNED(out->x, p->ctx, m * p->d);
    if (p->square) SHEAF_NEW(out->square, p->ctx, m);
    SHEAF_NEW(out->doc, p->ctx, m);
    for (int64_t i = 0; i < m; i++) {
        int64_t lo = (int64_t)((__int128)i * p->n / m), hi = (int64_t)((__int128)(i + 1) * p->n / m);
        int64_t row = lo + (int64_t)(sheaf_i_rng_u64(key, (uint64_t)i) % (uint64_t)(hi - lo));
        memcpy(out->x + i * p->d, p->x + row * p->d, (size_t)p->d * sizeof *p->x);
        if (p->square) out->square[i] = p->square[row];
        out->doc[i] = p->doc[row];
    }
done:
    if (st != SHEAF_OK) sheaf_i_points_end(out);
    return st;
}

void sheaf_i_points_end(sheaf_i_points *p)
{
    if (!p->ctx) return;
    sheaf_i_aligned_free(p->ctx, p->x);
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
