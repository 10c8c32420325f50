/* Exact pruning of k-means by the triangle inequality: for every row an upper bound of the distance to its own centre
 * and, for every group of centres, a lower bound of the distance to the nearest other one (Hamerly 2010; groups: Ding,
 * Zhao, Shen, Musuvathi and Mytkowicz 2015). A group is one panel of the packed centres, or a few where k is large, so
 * that the rows that it cannot be ruled out for run through the same product as unpruned ones.
 *
 * Labels are those of the unpruned run, bit by bit. That run takes the highest float score, fl(s) with s = x.c -
 * ||c||^2 / 2, of equal ones the lowest index. With R >= ||x||, ||c|| and u = 2^-24 a float sum of d products and the
 * bias, in any order, is within e = (d + 4) u (R^2 + R^2 / 2) of s, the rounding of the bias included; 5 % more stand
 * for terms of higher order. A squared distance from a score, ||x||^2 - 2 fl(s), is off by 2 e, by the rounding of
 * ||x||^2 (or by calling it 1 for unit rows) and by one more rounding of something below 4 R^2: by 2 e + 8 u R^2.
 * The lower bound is kept at or below the distance: lower <= distance'. The upper bound also carries what decides that
 * not only the distance but the float score is behind: from upper^2 >= distance^2 + 4 e and lower > upper follows
 * distance'^2 > distance^2 + 4 e, hence s - e > s' + e and fl(s) > fl(s'). So the margin added to measured squares is
 * 6 e + 8 u R^2, the one taken off 2 e + 8 u R^2. Both stay right as centres move: sqrt(a^2 + 4 e) + t >=
 * sqrt((a + t)^2 + 4 e), and distance' falls by no more than its centre moves.
 * Lower bounds are kept as bound + (what the group had moved until then), so that rows at rest need not be written: the
 * comparison adds what it has moved by now. Float rounding of these sums, whose terms are below 4 R + way, is outdone
 * by 2^-20 (4 R + way). The upper bound is rounded up by 2^-22 R whenever it grows; past 4 R it fails every comparison.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/bounds.h"
#include "cluster/wide.h"
#include "kernel/kernel.h"

#define PANEL SHEAF_I_PANEL
#define ROWS SHEAF_I_BOUNDED_ROWS
#define MANY_GROUPS 16 /* more than dimensions, and more than these, would take more memory than the rows */

typedef struct { /* of one worker */
    int32_t *survivor, *list, *count;
    int32_t label[ROWS], lane[ROWS], best[ROWS];
    float score[ROWS], next[ROWS], other_score[ROWS], other_next[ROWS], best_score[ROWS], best_next[ROWS];
} scratch;

struct sheaf_i_bounds {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int32_t k, groups, width; /* of a group, in panels */
    double size;              /* R */
    float margin, slack;      /* added to squares for upper bounds, taken off for lower ones */
    float *upper, *lower;     /* n; n x groups */
    float *drift;             /* k */
    double *way;              /* groups: how far its centres have moved, at most */
    float *way_up, *reach;    /* the same rounded up; with all roundings, filled up with -inf */
    scratch *scratch;
    int32_t *lists;
};

static double largest(const sheaf_i_kmeans *m)
{
    double most = m->p->spherical ? 1 : 0;
    for (int64_t i = 0; i < m->p->n && m->p->square; i++) most = fmax(most, (double)m->p->square[i]);
    for (int32_t t = 0; t < m->k; t++) {
        double square = 0;
        for (int32_t j = 0; j < m->p->d; j++) square += pow((double)m->centre[(int64_t)t * m->p->d + j], 2);
        most = fmax(most, square);
    }
    return sqrt(most) * (1 + 1e-6);
}

sheaf_status sheaf_i_bounds_new(sheaf_i_bounds **out, const sheaf_i_kmeans *m)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_bounds *b = NULL;
    sheaf_ctx *ctx = m->p->ctx;
    const int32_t d = m->p->d, most = d > MANY_GROUPS ? d : MANY_GROUPS, threads = sheaf_ctx_threads(ctx);
    *out = NULL;
    SHEAF_NEW0(b, ctx, 1);
    *out = b;
    b->ctx = ctx;
    b->kernels = sheaf_i_kernels_get();
    b->k = m->k;
    b->width = (int32_t)sheaf_i_blocks(m->panels.panels, most);
    b->groups = (int32_t)sheaf_i_blocks(m->panels.panels, b->width);
    b->size = largest(m);
    double unit = 0x1p-24 * b->size * b->size, error = 1.05 * 1.5 * (d + 4) * unit;
    b->margin = (float)((6 * error + 8 * unit) * (1 + 1e-6));
    b->slack = (float)((2 * error + 8 * unit) * (1 + 1e-6));
    SHEAF_NEW_ALIGNED(b->upper, ctx, m->p->n);
    SHEAF_NEW_ALIGNED(b->lower, ctx, m->p->n * b->groups + PANEL);
    memset(b->lower + m->p->n * b->groups, 0, PANEL * sizeof *b->lower);
    SHEAF_NEW0(b->drift, ctx, m->k);
    SHEAF_NEW0(b->way, ctx, b->groups);
    SHEAF_NEW0(b->way_up, ctx, b->groups);
    SHEAF_NEW(b->reach, ctx, sheaf_i_blocks(b->groups, PANEL) * PANEL);
    for (int64_t g = 0; g < sheaf_i_blocks(b->groups, PANEL) * PANEL; g++) b->reach[g] = -INFINITY;
    SHEAF_NEW_ALIGNED(b->scratch, ctx, threads);
    const int64_t listed = (int64_t)b->groups * (ROWS + 1) + ROWS;
    SHEAF_NEW(b->lists, ctx, threads * listed);
    for (int32_t w = 0; w < threads; w++) {
        b->scratch[w].survivor = b->lists + w * listed;
        b->scratch[w].count = b->scratch[w].survivor + ROWS;
        b->scratch[w].list = b->scratch[w].count + b->groups;
    }
done:
    return st;
}

void sheaf_i_bounds_free(sheaf_i_bounds *b)
{
    if (!b) return;
    sheaf_ctx *ctx = b->ctx;
    sheaf_i_aligned_free(ctx, b->upper);
    sheaf_i_aligned_free(ctx, b->lower);
    sheaf_i_free(ctx, b->drift);
    sheaf_i_free(ctx, b->way);
    sheaf_i_free(ctx, b->way_up);
    sheaf_i_free(ctx, b->reach);
    sheaf_i_aligned_free(ctx, b->scratch);
    sheaf_i_free(ctx, b->lists);
    sheaf_i_free(ctx, b);
}

void sheaf_i_bounds_restart(sheaf_i_bounds *b)
{
    memset(b->way, 0, (size_t)b->groups * sizeof *b->way);
    memset(b->way_up, 0, (size_t)b->groups * sizeof *b->way_up);
}

/* Squared distances to lower bounds. */
SHEAF_I_WIDE
static void make_lower(float *restrict gap, int32_t n, float slack)
{
    for (int32_t e = 0; e < n; e++) {
        float square = gap[e] - slack;
        gap[e] = sqrtf(square > 0 ? square : 0) * (1 / SHEAF_I_ROUND_UP);
    }
}

static inline float above(const sheaf_i_bounds *b, float gap)
{
    return sqrtf((gap > 0 ? gap : 0) + b->margin) * SHEAF_I_ROUND_UP;
}

static inline float below(const sheaf_i_bounds *b, float gap)
{
    gap -= b->slack;
    return sqrtf(gap > 0 ? gap : 0) * (1 / SHEAF_I_ROUND_UP);
}

/* The best and second best of a group for the rows in its list: label, score and next of the scratch. */
static void best_of_group(const sheaf_i_bounds *b, const sheaf_i_kmeans *m, int32_t g, const float *x, scratch *s)
{
    const int32_t d = m->p->d, first = g * b->width, count = s->count[g];
    const int32_t last = first + b->width < m->panels.panels ? first + b->width : m->panels.panels;
    const int32_t *row = s->list + (int64_t)g * ROWS;
    for (int32_t p = first; p < last; p++) {
        const float *packed = m->panels.packed + (int64_t)p * PANEL * d, *bias = m->panels.bias + p * PANEL;
        if (p == first) {
            b->kernels->panel_best(count, row, x, d, d, packed, bias, s->label, s->score, s->next);
            for (int32_t e = 0; e < count; e++) s->label[e] += p * PANEL;
            continue;
        }
        b->kernels->panel_best(count, row, x, d, d, packed, bias, s->lane, s->other_score, s->other_next);
        for (int32_t e = 0; e < count; e++) {
            bool better = s->other_score[e] > s->score[e];
            s->next[e] = fmaxf(better ? s->score[e] : s->other_score[e], better ? s->other_next[e] : s->next[e]);
            if (!better) continue;
            s->label[e] = s->lane[e] + p * PANEL;
            s->score[e] = s->other_score[e];
        }
    }
}

/* Takes the results of group g over to its rows; groups come in rising order, so the first of equal scores stays. */
static void merge_group(sheaf_i_bounds *b, const sheaf_i_points *p, int32_t g, int64_t lo, scratch *s)
{
    const int32_t *row = s->list + (int64_t)g * ROWS;
    const float way = b->way_up[g];
    float *lower = b->lower + lo * b->groups + g, *bound = s->other_score;
    for (int32_t e = 0; e < s->count[g]; e++) bound[e] = sheaf_i_points_square(p, lo + row[e]) - 2 * s->score[e];
    make_lower(bound, s->count[g], b->slack);
    for (int32_t e = 0; e < s->count[g]; e++) {
        const int32_t r = row[e];
        lower[(int64_t)r * b->groups] = bound[e] + way;
        if (s->score[e] <= s->best_score[r]) continue;
        s->best_score[r] = s->score[e];
        s->best_next[r] = s->next[e];
        s->best[r] = s->label[e];
    }
}

static void settle_row(sheaf_i_bounds *b, sheaf_i_kmeans *m, int64_t stripe, int64_t i, int32_t r, const scratch *s)
{
    const float square = sheaf_i_points_square(m->p, i);
    const int32_t best = s->best[r], g = best / (PANEL * b->width);
    b->upper[i] = above(b, square - 2 * s->best_score[r]);
    b->lower[i * b->groups + g] = below(b, square - 2 * s->best_next[r]) + b->way_up[g];
    if (m->label[i] == best) return;
    sheaf_i_sums_note(&m->sums, stripe, i, m->label[i], best);
    m->label[i] = best;
}

static int32_t list_all(const sheaf_i_bounds *b, int32_t rows, scratch *s)
{
    for (int32_t r = 0; r < rows; r++) s->survivor[r] = r;
    for (int32_t g = 0; g < b->groups; g++) {
        memcpy(s->list + (int64_t)g * ROWS, s->survivor, (size_t)rows * sizeof *s->survivor);
        s->count[g] = rows;
    }
    return rows;
}

void sheaf_i_bounds_assign(sheaf_i_bounds *b, sheaf_i_kmeans *m, int64_t stripe, int64_t lo, int64_t hi, bool all,
                           int32_t worker)
{
    const sheaf_i_points *p = m->p;
    const int32_t d = p->d, rows = (int32_t)(hi - lo);
    const float *x = p->x + lo * d;
    scratch *s = &b->scratch[worker];
    int32_t survivors;
    if (all) {
        survivors = list_all(b, rows, s);
    } else {
        const sheaf_i_sieve sieve = {.d = d, .groups = b->groups, .wide = PANEL * b->width, .room = ROWS,
                                     .centre = m->centre, .bias = m->bias, .drift = b->drift, .reach = b->reach,
                                     .margin = b->margin};
        memset(s->count, 0, (size_t)b->groups * sizeof *s->count);
        survivors = b->kernels->sift(&sieve, rows, x, d, p->square ? p->square + lo : NULL, m->label + lo,
                                     b->upper + lo, b->lower + lo * b->groups, b->groups, s->survivor, s->list,
                                     s->count);
    }
    for (int32_t e = 0; e < survivors; e++) s->best_score[s->survivor[e]] = -INFINITY;
    for (int32_t g = 0; g < b->groups; g++) {
        if (s->count[g] == 0) continue;
        best_of_group(b, m, g, x, s);
        merge_group(b, p, g, lo, s);
    }
    for (int32_t e = 0; e < survivors; e++) settle_row(b, m, stripe, lo + s->survivor[e], s->survivor[e], s);
}

void sheaf_i_bounds_moved(sheaf_i_bounds *b, const double *drift)
{
    const int32_t wide = PANEL * b->width;
    for (int32_t t = 0; t < b->k; t++)
        b->drift[t] = drift[t] > 0 ? (float)(drift[t] * (1 + 1e-6) + 0x1p-22 * b->size) : 0;
    for (int32_t g = 0; g < b->groups; g++) {
        double most = 0;
        for (int32_t t = g * wide; t < (g + 1) * wide && t < b->k; t++) most = fmax(most, drift[t]);
        b->way[g] += most;
        b->way_up[g] = (float)(b->way[g] * (1 + 2e-7));
        b->reach[g] = (float)(b->way[g] * (1 + 2e-7) + 0x1p-20 * (4 * b->size + b->way[g]));
    }
}

void sheaf_i_bounds_forget(sheaf_i_bounds *b, int64_t row)
{
    b->upper[row] = INFINITY;
    for (int32_t g = 0; g < b->groups; g++) b->lower[row * b->groups + g] = -FLT_MAX; /* see sift */
}
