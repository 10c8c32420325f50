/* Nearest centres and distances for wide vectors; see kernel.h for the contracts and wide.h for how it is compiled.
 *
 * A register tile of rows x panels of scores, one fused multiply-add per number; the scores never leave the registers.
 * Every lane keeps the best of the centres that fall to it, in rising order; the lanes of a row are compared once, at
 * its end. A score is the same sum whatever the tile, so a row's result does not depend on the rows around it.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/wide.h"

#define SETS (SHEAF_I_PANEL / LANES)       /* vectors of a panel */
#define WIDE (LANES == 16 ? 4 : 1)         /* panels of a tile: 6 x 4 sums of 32 registers, 6 x 2 of 16 */
#define ROWS 6
#define MOST_ROWS 8                        /* of a tile of one or two panels */

typedef struct { /* of each lane */
    vf score, second_score;
    vi label, second;
} lead;

typedef struct {
    int32_t d, panels;
    const float *packed, *bias;
} centres;

INLINE vi pick(vi mask, vi yes, vi no) { return (mask & yes) | (~mask & no); }
INLINE vf pickf(vi mask, vf yes, vf no) { return (vf)pick(mask, (vi)yes, (vi)no); }

INLINE void compare(const bool two, lead *l, vf score, vi t)
{
    vi first = score > l->score;
    if (two) {
        vi between = score > l->second_score;
        l->second = pick(first, l->label, pick(between, t, l->second));
        l->second_score = pickf(first, l->score, pickf(between, score, l->second_score));
    }
    l->label = pick(first, t, l->label);
    l->score = pickf(first, score, l->score);
}

/* sum[r][v] += row r . the v-th vector of columns of the panels from `from` on. */
INLINE void add_products(const int rows, const int nv, const float *x, int64_t ldx, int32_t d, const float *from,
                         vf (*sum)[4 * SETS])
{
    const int64_t size = (int64_t)d * SHEAF_I_PANEL;
    for (int32_t j = 0; j < d; j++, from += SHEAF_I_PANEL) {
        vf cj[4 * SETS];
        UNROLL for (int v = 0; v < nv; v++) cj[v] = *(const vf *)(from + v / SETS * size + v % SETS * LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            float xj = x[r * ldx + j];
            UNROLL for (int v = 0; v < nv; v++) sum[r][v] += xj * cj[v];
        }
    }
}

/* Panels from `panel` on against the leads of the rows. */
INLINE void tile(const int rows, const int panels, const bool two, const float *x, int64_t ldx, const centres *c,
                 int32_t panel, lead *leads)
{
    const int nv = panels * SETS;
    const float *bias = c->bias + panel * SHEAF_I_PANEL;
    vf sum[MOST_ROWS][4 * SETS];
    vi t = {0};
    for (int l = 0; l < LANES; l++) t[l] = panel * SHEAF_I_PANEL + l;
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < nv; v++) sum[r][v] = *(const vf *)(bias + v * LANES);
    add_products(rows, nv, x, ldx, c->d, c->packed + (int64_t)panel * c->d * SHEAF_I_PANEL, sum);
    UNROLL for (int v = 0; v < nv; v++, t += LANES)
        UNROLL for (int r = 0; r < rows; r++) compare(two, &leads[r], sum[r][v], t);
}

/* Lane l of the result is lane l ^ step. */
INLINE vi crossed(vi v, int step)
{
    vi out = {0};
#ifdef __clang__
    for (int l = 0; l < LANES; l++) out[l] = v[l ^ step];
#else
    for (int l = 0; l < LANES; l++) out[l] = l ^ step;
    out = __builtin_shuffle(v, out);
#endif
    return out;
}

/* The lowest index among the lanes of the highest score. */
INLINE void best_lane(vf score, vi label, float *most, int32_t *lowest)
{
    vf top = score;
    UNROLL for (int step = LANES / 2; step > 0; step /= 2) {
        vf other = (vf)crossed((vi)top, step);
        top = pickf(other > top, other, top);
    }
    vi low = pick(score == top, label, (vi){0} + INT32_MAX);
    UNROLL for (int step = LANES / 2; step > 0; step /= 2) {
        vi other = crossed(low, step);
        low = pick(other < low, other, low);
    }
    *most = top[0];
    *lowest = low[0];
}

/* `rows` rows against all panels, at most `wide` of them a tile, the tiles about equally wide. */
INLINE void some_rows(const int rows, const int wide, const bool two, const float *x, int64_t ldx, const centres *c,
                      int32_t *label, float *score, int32_t *second, float *second_score)
{
    lead leads[MOST_ROWS];
    for (int r = 0; r < rows; r++)
        leads[r] = (lead){(vf){0} - INFINITY, (vf){0} - INFINITY, (vi){0} - 1, (vi){0} - 1};
    int32_t panel = 0, tiles = (c->panels + wide - 1) / wide;
    for (; tiles > 0; tiles--) {
        int32_t panels = (c->panels - panel + tiles - 1) / tiles;
        if (panels == 1) tile(rows, 1, two, x, ldx, c, panel, leads);
        else if (wide >= 2 && panels == 2) tile(rows, wide >= 2 ? 2 : 1, two, x, ldx, c, panel, leads);
        else if (wide >= 4 && panels == 3) tile(rows, wide >= 4 ? 3 : 1, two, x, ldx, c, panel, leads);
        else if (wide >= 4) tile(rows, wide >= 4 ? 4 : 1, two, x, ldx, c, panel, leads);
        panel += panels;
    }
    for (int r = 0; r < rows; r++) {
        best_lane(leads[r].score, leads[r].label, &score[r], &label[r]);
        if (!two) continue;
        vi taken = leads[r].label == label[r]; /* that lane goes on with its second */
        best_lane(pickf(taken, leads[r].second_score, leads[r].score), pick(taken, leads[r].second, leads[r].label),
                  &second_score[r], &second[r]);
    }
}

INLINE void all_rows(const int rows, const int wide, const bool two, int64_t m, const float *x, int64_t ldx,
                     const centres *c, int32_t *label, float *score, int32_t *second, float *second_score)
{
    int64_t i = 0;
    for (; i + rows <= m; i += rows)
        some_rows(rows, wide, two, x + i * ldx, ldx, c, label + i, score + i, two ? second + i : NULL,
                  two ? second_score + i : NULL);
    for (; i < m; i++)
        some_rows(1, wide, two, x + i * ldx, ldx, c, label + i, score + i, two ? second + i : NULL,
                  two ? second_score + i : NULL);
}

void ISA(assign)(int64_t m, const float *x, int64_t ldx, int32_t d, const float *packed, const float *bias,
                             int32_t k, int32_t *label, float *score, int32_t *second, float *second_score)
{
    const centres c = {d, (k + SHEAF_I_PANEL - 1) / SHEAF_I_PANEL, packed, bias};
    if (second) all_rows(ROWS, WIDE, true, m, x, ldx, &c, label, score, second, second_score);
    else if (c.panels <= 2 && WIDE > 1) all_rows(MOST_ROWS, 2, false, m, x, ldx, &c, label, score, NULL, NULL);
    else all_rows(ROWS, WIDE, false, m, x, ldx, &c, label, score, NULL, NULL);
}

INLINE void dots_tile(const int rows, const int panels, const float *a, int64_t lda, int32_t d, const float *packed,
                      float *y, int64_t ldy)
{
    vf sum[MOST_ROWS][4 * SETS];
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < panels * SETS; v++) sum[r][v] = (vf){0};
    add_products(rows, panels * SETS, a, lda, d, packed, sum);
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < panels * SETS; v++) *(vf *)(y + r * ldy + v * LANES) = sum[r][v];
}

INLINE void dots_rows(const int rows, const float *a, int64_t lda, int32_t d, const float *packed, int64_t panels,
                      float *y, int64_t ldy)
{
    const int64_t size = (int64_t)d * SHEAF_I_PANEL;
    int64_t p = 0;
    for (; p + WIDE <= panels; p += WIDE)
        dots_tile(rows, WIDE, a, lda, d, packed + p * size, y + p * SHEAF_I_PANEL, ldy);
    for (; p < panels; p++) dots_tile(rows, 1, a, lda, d, packed + p * size, y + p * SHEAF_I_PANEL, ldy);
}

void ISA(dots)(int32_t m, const float *a, int64_t lda, int32_t d, const float *packed, int64_t k, float *y,
                           int64_t ldy)
{
    const int64_t panels = (k + SHEAF_I_PANEL - 1) / SHEAF_I_PANEL;
    for (int32_t rows; m > 0; m -= rows, a += rows * lda, y += rows * ldy) {
        rows = m < ROWS ? m : ROWS;
        switch (rows) {
        case 1: dots_rows(1, a, lda, d, packed, panels, y, ldy); break;
        case 2: dots_rows(2, a, lda, d, packed, panels, y, ldy); break;
        case 3: dots_rows(3, a, lda, d, packed, panels, y, ldy); break;
        case 4: dots_rows(4, a, lda, d, packed, panels, y, ldy); break;
        case 5: dots_rows(5, a, lda, d, packed, panels, y, ldy); break;
        default: dots_rows(ROWS, a, lda, d, packed, panels, y, ldy);
        }
    }
}
