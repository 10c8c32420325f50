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
#define AHEAD 2                            /* tiles of rows that are fetched before they are needed */

typedef struct { /* of each lane */
    vf score, second_score;
    vi label, second;
} lead;

typedef struct {
    int32_t d, panels;
    const float *packed, *bias;
} centres;

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

/* sum[r][v] += row r . the v-th vector of columns of the panels from `from` on. far: the panels come from memory, as
   many again follow, and are fetched. */
INLINE void add_products(const int rows, const int nv, const float *x, int64_t ldx, int32_t d, const float *from,
                         const bool far, vf (*sum)[4 * SETS])
{
    const int64_t size = (int64_t)d * SHEAF_I_PANEL;
    for (int32_t j = 0; j < d; j++, from += SHEAF_I_PANEL) {
        vf cj[4 * SETS];
        UNROLL for (int v = 0; v < nv; v++) cj[v] = *(const vf *)(from + v / SETS * size + v % SETS * LANES);
        UNROLL for (int v = 0; far && v < nv; v += SETS) __builtin_prefetch(from + (nv + v) / SETS * size);
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
    add_products(rows, nv, x, ldx, c->d, c->packed + (int64_t)panel * c->d * SHEAF_I_PANEL, false, sum);
    UNROLL for (int v = 0; v < nv; v++, t += LANES)
        UNROLL for (int r = 0; r < rows; r++) compare(two, &leads[r], sum[r][v], t);
}

/* Neighbouring lanes of a and b compared: those of a make the lower half of the result. The lowest index wins ties. */
INLINE lead compared(const bool two, const lead *a, const lead *b)
{
    vf low = EVEN(a->score, b->score), high = ODD(a->score, b->score);
    vi low_label = EVEN(a->label, b->label), high_label = ODD(a->label, b->label);
    vi won = (high > low) | ((high == low) & (high_label < low_label));
    lead out = {.score = pickf(won, high, low), .label = pick(won, high_label, low_label)};
    if (!two) return out;
    vf lost = pickf(won, low, high);
    vf next = pickf(won, ODD(a->second_score, b->second_score), EVEN(a->second_score, b->second_score));
    vi lost_label = pick(won, low_label, high_label);
    vi next_label = pick(won, ODD(a->second, b->second), EVEN(a->second, b->second));
    vi nearer = (next > lost) | ((next == lost) & (next_label < lost_label));
    out.second_score = pickf(nearer, next, lost);
    out.second = pick(nearer, next_label, lost_label);
    return out;
}

/* Lane r of the result is the best of all lanes of row r. */
INLINE lead best_of_rows(const int rows, const bool two, lead *l)
{
    int vectors = rows;
    UNROLL for (int step = 0; step < 3; step++, vectors = (vectors + 1) / 2)
        UNROLL for (int i = 0; i < (vectors + 1) / 2; i++)
            l[i] = compared(two, &l[2 * i], 2 * i + 1 < vectors ? &l[2 * i + 1] : &l[2 * i]);
    return LANES == 16 ? compared(two, &l[0], &l[0]) : l[0];
}

/* Fetches `rows` rows, which follow each other or nearly so. */
INLINE void fetch(const int rows, const float *x, int64_t ldx)
{
    const uintptr_t at = (uintptr_t)x, end = at + (uintptr_t)(rows * ldx) * sizeof *x;
    for (uintptr_t line = at; line < end; line += 64) __builtin_prefetch((const void *)line, 0, 3);
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
    const lead best = best_of_rows(rows, two, leads);
    for (int r = 0; r < rows; r++) {
        label[r] = best.label[r];
        score[r] = best.score[r];
        if (!two) continue;
        second[r] = best.second[r];
        second_score[r] = best.second_score[r];
    }
}

INLINE void all_rows(const int rows, const int wide, const bool two, int64_t m, const float *x, int64_t ldx,
                     const centres *c, int32_t *label, float *score, int32_t *second, float *second_score)
{
    int64_t i = 0;
    for (; i + rows <= m; i += rows) {
        fetch(rows, x + (i + AHEAD * rows) * ldx, ldx); /* behind the last row too: callers go on there */
        some_rows(rows, wide, two, x + i * ldx, ldx, c, label + i, score + i, two ? second + i : NULL,
                  two ? second_score + i : NULL);
    }
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
    add_products(rows, panels * SETS, a, lda, d, packed, true, sum);
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
        const int32_t tiles = (m + ROWS - 1) / ROWS;
        rows = (m + tiles - 1) / tiles;
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
