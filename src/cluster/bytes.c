/* k-means by bytes first: a pass reads a copy of the rows a quarter as long and multiplies four times as many numbers
 * an instruction. Only rows for which more than one centre is left are compared in float, with the panels that hold
 * those centres.
 *
 * Labels are those of the run without, bit by bit. Row x is a q + y with whole q of at most 127, y what is left over;
 * centre c is b g + r alike. For s = x.c + bias, and S = a b q.g + bias the same by bytes,
 *   (s - s') - (S - S') = y.(c - c') + a q.(r - r'), at most |y| |c - c'| + |a q| |r - r'| by Cauchy and Schwarz.
 * With R >= |x|, |c| and u = 2^-24 a float score is within e = 1.05 * 1.5 (d + 4) u R^2 of s (see bounds.c), and S,
 * from whole sums in four roundings of numbers below 1.6 R^2, within 8 u R^2. So a centre whose S' is behind S by more
 * than the bound above and 2 e + 32 u R^2 has the lower float score, and what the centre of the highest S does not beat
 * that way goes on to the comparison in float: the highest float score is among it, and so is any equal one.
 * Lengths are rounded up: |y| is summed in float from numbers that are off by 2 u |x_j|, so .1 % more and 1e-6 |x|
 * outdo all of that for 4096 dimensions; 1e-20 does for what underflows there, and 1e-40 in scores.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/bytes.h"
#include "cluster/wide.h"
#include "cluster/work.h"
#include "kernel/kernel.h"

#define PANEL SHEAF_I_PANEL
#define ROWS SHEAF_I_BYTES_ROWS
#define LANES 16 /* of sums over a row */
#define MOST_DIMS 4096
#define LEAST_ROWS 2000
#define MOST_PANELS 256  /* lists and scores of a block fit the second-level cache */
#define LEAST_PANELS 20  /* with fewer, the float rows of the many in doubt cost as much as is saved */
#define ROWS_A_CENTRE 16 /* with fewer, the distances between all centres cost as much as is saved */
#define MOST_LISTED .5   /* of all pairs of row and panel: with more, floats alone are cheaper */
#define TINY 1e-30f      /* the reciprocal is finite */

typedef struct { /* of one worker */
    int32_t *list, *count;
    float *scores, *dots;
    int64_t listed; /* pairs of row and panel compared in float, since the centres were taken over */
    int32_t lane[ROWS];
    float score[ROWS], next[ROWS], best[ROWS];
} scratch;

struct sheaf_i_bytes {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    sheaf_i_coarse_fn *coarse;
    int32_t k, d, bytes, panels;
    uint8_t *q;               /* n x bytes */
    sheaf_i_coarse_row *row;  /* n */
    int8_t *packed;
    int32_t *start;
    float *scale, *spread, *blur;
    float *rest;              /* k x d: residuals of the centres */
    sheaf_i_panels rests;     /* the same in panels */
    double *square;           /* 2 k: squared lengths of centres and residuals */
    double largest;           /* squared length of a row */
    float margin;
    scratch *scratch;
    int32_t *lists;
    float *floats;
};

static sheaf_status make(sheaf_i_bytes *b, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = b->ctx;
    const int64_t lanes = (int64_t)b->panels * PANEL, threads = sheaf_ctx_threads(ctx);
    const int64_t listed = b->panels * (ROWS + 1), scored = (SHEAF_I_COARSE_ROWS + PANEL) * lanes;
    SHEAF_NEW_ALIGNED(b->q, ctx, n * b->bytes);
    SHEAF_NEW_ALIGNED(b->row, ctx, n);
    SHEAF_NEW_ALIGNED(b->packed, ctx, lanes * b->bytes);
    SHEAF_NEW0(b->start, ctx, lanes);
    SHEAF_NEW0(b->scale, ctx, lanes);
    SHEAF_NEW0(b->spread, ctx, lanes);
    SHEAF_NEW0(b->blur, ctx, lanes);
    SHEAF_NEW(b->rest, ctx, (int64_t)b->k * b->d);
    SHEAF_TRY(sheaf_i_panels_new(&b->rests, ctx, b->k, b->d));
    SHEAF_NEW(b->square, ctx, 2 * (int64_t)b->k);
    SHEAF_NEW_ALIGNED(b->scratch, ctx, threads);
    SHEAF_NEW(b->lists, ctx, threads * listed);
    SHEAF_NEW_ALIGNED(b->floats, ctx, threads * scored);
    for (int64_t w = 0; w < threads; w++) {
        b->scratch[w].count = b->lists + w * listed;
        b->scratch[w].list = b->scratch[w].count + b->panels;
        b->scratch[w].scores = b->floats + w * scored;
        b->scratch[w].dots = b->scratch[w].scores + SHEAF_I_COARSE_ROWS * lanes;
    }
done:
    return st;
}

void sheaf_i_bytes_new(sheaf_i_bytes **out, const sheaf_i_kmeans *m, sheaf_i_coarse_fn *coarse)
{
    const sheaf_i_points *p = m->p;
    *out = NULL;
    if (!coarse || p->n < LEAST_ROWS || p->n < (int64_t)ROWS_A_CENTRE * m->k || p->d > MOST_DIMS) return;
    if (m->panels.panels < LEAST_PANELS || m->panels.panels > MOST_PANELS) return;
    sheaf_i_bytes *b = sheaf_i_zeros(p->ctx, 1, sizeof *b);
    if (!b) {
        sheaf_i_forgive(p->ctx);
        return;
    }
    *b = (sheaf_i_bytes){.ctx = p->ctx, .kernels = sheaf_i_kernels_get(), .coarse = coarse, .k = m->k, .d = p->d,
                         .bytes = (p->d + 3) / 4 * 4, .panels = m->panels.panels};
    b->largest = p->spherical ? 1 : 0;
    for (int64_t i = 0; i < p->n && p->square; i++) b->largest = fmax(b->largest, (double)p->square[i]);
    if (make(b, p->n) == SHEAF_OK) {
        *out = b;
    } else {
        sheaf_i_bytes_free(b);
        sheaf_i_forgive(p->ctx);
    }
}

void sheaf_i_bytes_free(sheaf_i_bytes *b)
{
    if (!b) return;
    sheaf_ctx *ctx = b->ctx;
    sheaf_i_aligned_free(ctx, b->q);
    sheaf_i_aligned_free(ctx, b->row);
    sheaf_i_aligned_free(ctx, b->packed);
    sheaf_i_free(ctx, b->start);
    sheaf_i_free(ctx, b->scale);
    sheaf_i_free(ctx, b->spread);
    sheaf_i_free(ctx, b->blur);
    sheaf_i_free(ctx, b->rest);
    sheaf_i_panels_end(&b->rests, ctx);
    sheaf_i_free(ctx, b->square);
    sheaf_i_aligned_free(ctx, b->scratch);
    sheaf_i_free(ctx, b->lists);
    sheaf_i_aligned_free(ctx, b->floats);
    sheaf_i_free(ctx, b);
}

SHEAF_I_WIDE
static float largest_of(const float *restrict x, int32_t d)
{
    int32_t most = 0; /* numbers without a sign are in the order of their bits */
    for (int32_t j = 0; j < d; j++) {
        int32_t bits;
        memcpy(&bits, x + j, sizeof bits);
        bits &= INT32_MAX;
        most = bits > most ? bits : most;
    }
    float out;
    memcpy(&out, &most, sizeof out);
    return out;
}

/* q of a row, and the length of what is left over, squared. */
SHEAF_I_WIDE
static float round_row(const float *restrict x, int32_t d, float scale, float inverse, uint8_t *restrict q)
{
    const float whole = 0x1.8p23f; /* added, it leaves whole numbers in the last bits */
    float sum[LANES] = {0}, rest = 0;
    for (int32_t j = 0; j < d; j++) {
        float shifted = x[j] * inverse + whole;
        int32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        q[j] = (uint8_t)(bits + 128);
    }
    int32_t j = 0;
    for (; j + LANES <= d; j += LANES)
        for (int l = 0; l < LANES; l++) {
            float left = x[j + l] - scale * (float)(q[j + l] - 128);
            sum[l] += left * left;
        }
    for (; j < d; j++) {
        float left = x[j] - scale * (float)(q[j] - 128);
        rest += left * left;
    }
    for (int l = 0; l < LANES; l++) rest += sum[l];
    return rest;
}

void sheaf_i_bytes_fill(sheaf_i_bytes *b, const sheaf_i_points *p, int64_t lo, int64_t hi)
{
    for (int64_t i = lo; i < hi; i++) {
        const float *x = p->x + i * b->d, most = largest_of(x, b->d);
        const float scale = most > TINY ? most / 127 : 0, length = sqrtf(sheaf_i_points_square(p, i));
        uint8_t *q = b->q + i * b->bytes;
        memset(q + b->bytes - 4, 128, 4);
        float error = sqrtf(round_row(x, b->d, scale, most > TINY ? 127 / most : 0, q));
        error = error * 1.001f + 1e-6f * length + 1e-20f;
        b->row[i] = (sheaf_i_coarse_row){scale, error, length * (1 + 1e-6f) + error};
    }
}

/* Centre t: its bytes, scale and residual. */
static void round_centre(sheaf_i_bytes *b, const sheaf_i_kmeans *m, int32_t t)
{
    const int32_t d = b->d;
    const float *c = m->centre + (int64_t)t * d, most = largest_of(c, d), scale = most > TINY ? most / 127 : 0;
    int8_t *to = b->packed + ((int64_t)t / PANEL * b->bytes * PANEL + t % PANEL * 4);
    int32_t sum = 0;
    double square = 0, left = 0;
    for (int32_t j = 0; j < d; j++) {
        const int32_t whole = most > TINY ? (int32_t)lrintf(c[j] / scale) : 0;
        const double rest = (double)c[j] - (double)scale * whole;
        to[j / 4 * 4 * PANEL + j % 4] = (int8_t)whole;
        sum += whole;
        b->rest[(int64_t)t * d + j] = (float)rest;
        square += (double)c[j] * (double)c[j];
        left += rest * rest;
    }
    b->start[t] = -128 * sum;
    b->scale[t] = scale;
    b->square[t] = square;
    b->square[b->k + t] = left;
}

typedef struct {
    sheaf_i_bytes *b;
    const sheaf_i_kmeans *m;
    double most[2]; /* squared lengths of centres and residuals, at most */
} centres;

static sheaf_status round_panel(void *arg, int64_t panel, int32_t worker)
{
    (void)worker;
    const centres *w = arg;
    sheaf_i_bytes *b = w->b;
    const int64_t size = (int64_t)b->bytes * PANEL;
    memset(b->packed + panel * size, 0, (size_t)size);
    for (int32_t t = (int32_t)panel * PANEL; t < b->k && t < ((int32_t)panel + 1) * PANEL; t++)
        round_centre(b, w->m, t);
    sheaf_i_panels_fill(&b->rests, (int32_t)panel, b->rest, w->m->bias, b->k, b->d);
    return SHEAF_OK;
}

/* The greatest distance of the vectors of a panel from any of them all; squared lengths of at most `most` are off by
   less than (d + 8) u most each time they are made of float products. */
static void measure(const sheaf_i_bytes *b, int32_t panel, const float *v, const float *packed, const double *square,
                    double most, float *dots, float *out)
{
    const int32_t first = panel * PANEL, count = b->k - first < PANEL ? b->k - first : PANEL;
    b->kernels->dots(count, v + (int64_t)first * b->d, b->d, b->d, packed, b->k, dots, (int64_t)b->panels * PANEL);
    for (int32_t l = 0; l < count; l++) {
        double farthest = 0;
        for (int32_t t = 0; t < b->k; t++)
            farthest = fmax(farthest, square[t] - 2 * (double)dots[(int64_t)l * b->panels * PANEL + t]);
        farthest += square[first + l] + 0x1p-22 * (b->d + 8) * most;
        out[first + l] = (float)(sqrt(fmax(farthest, 0)) * (1 + 1e-6));
    }
}

static sheaf_status measure_panel(void *arg, int64_t panel, int32_t worker)
{
    const centres *w = arg;
    sheaf_i_bytes *b = w->b;
    float *dots = b->scratch[worker].dots;
    measure(b, (int32_t)panel, w->m->centre, w->m->panels.packed, b->square, w->most[0], dots, b->spread);
    measure(b, (int32_t)panel, b->rest, b->rests.packed, b->square + b->k, w->most[1], dots, b->blur);
    return SHEAF_OK;
}

sheaf_status sheaf_i_bytes_centres(sheaf_i_bytes *b, const sheaf_i_kmeans *m)
{
    sheaf_status st = SHEAF_OK;
    centres w = {.b = b, .m = m};
    for (int32_t i = 0; i < sheaf_ctx_threads(b->ctx); i++) b->scratch[i].listed = 0;
    SHEAF_TRY(sheaf_i_par_work(b->ctx, b->panels, (int64_t)b->k * b->d * 8, round_panel, &w));
    for (int32_t t = 0; t < b->k; t++) {
        w.most[0] = fmax(w.most[0], b->square[t]);
        w.most[1] = fmax(w.most[1], b->square[b->k + t]);
    }
    SHEAF_TRY(sheaf_i_par_work(b->ctx, b->panels, (int64_t)b->k * b->k * b->d / 8, measure_panel, &w));
    const double unit = 0x1p-24 * fmax(b->largest, w.most[0]) * (1 + 1e-6);
    b->margin = (float)((2 * 1.05 * 1.5 * (b->d + 4) + 32) * unit * (1 + 1e-6) + 1e-40);
done:
    return st;
}

void sheaf_i_bytes_assign(sheaf_i_bytes *b, const sheaf_i_kmeans *m, int64_t lo, int64_t hi, int32_t worker,
                          int32_t *label)
{
    const int32_t d = b->d, rows = (int32_t)(hi - lo);
    const float *x = m->p->x + lo * d;
    scratch *s = &b->scratch[worker];
    const sheaf_i_coarse c = {.bytes = b->bytes, .panels = b->panels, .packed = b->packed,
                              .start = b->start, .scale = b->scale, .bias = m->panels.bias, .spread = b->spread,
                              .blur = b->blur, .margin = b->margin, .room = ROWS};
    memset(s->count, 0, (size_t)b->panels * sizeof *s->count);
    b->coarse(&c, rows, b->q + lo * b->bytes, b->row + lo, s->scores, label, s->list, s->count);
    for (int32_t p = 0; p < b->panels; p++) {
        const int32_t *row = s->list + (int64_t)p * ROWS, count = s->count[p];
        if (count == 0) continue;
        s->listed += count;
        b->kernels->panel_best(count, row, x, d, d, m->panels.packed + (int64_t)p * PANEL * d,
                               m->panels.bias + p * PANEL, s->lane, s->score, s->next);
        for (int32_t e = 0; e < count; e++) {
            const int32_t r = row[e];
            if (label[r] >= 0 && s->score[e] <= s->best[r]) continue; /* of equal scores the first stays */
            label[r] = p * PANEL + s->lane[e];
            s->best[r] = s->score[e];
        }
    }
    for (int32_t i = 0; i < rows; i++) assert(label[i] >= 0);
}

/* A sum of whole numbers: the same whichever worker had which rows. */
bool sheaf_i_bytes_pay(const sheaf_i_bytes *b, int64_t n)
{
    int64_t listed = 0;
    for (int32_t i = 0; i < sheaf_ctx_threads(b->ctx); i++) listed += b->scratch[i].listed;
    return (double)listed <= MOST_LISTED * (double)n * b->panels;
}
