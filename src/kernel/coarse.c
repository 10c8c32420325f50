/* Nearest centres from rows and centres in bytes, for AVX-512 with VNNI; see kernel.h for the contract.
 *
 * A register tile of 6 rows x 4 panels of sums, 64 products of bytes an instruction. The scores of six rows stay in the
 * caches until their best is known.
 */
#include <assert.h>
#include <immintrin.h>
#include <string.h>

#include "kernel/wide.h"

#define ROWS SHEAF_I_COARSE_ROWS
#define WIDE 4  /* panels of a tile */
#define PANEL SHEAF_I_PANEL

/* GCC 12 copies the sums around the intrinsic. */
INLINE void add_bytes(__m512i *sum, __m512i x, __m512i c)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(c));
}

INLINE void add_products(const int rows, const int panels, const uint8_t *x, int64_t bytes, const int8_t *from,
                         __m512i (*sum)[WIDE])
{
    const int64_t size = bytes * PANEL;
    for (int64_t j = 0; j < bytes; j += 4, x += 4, from += 4 * PANEL) {
        __m512i c[WIDE];
        UNROLL for (int p = 0; p < panels; p++) c[p] = _mm512_loadu_si512(from + p * size);
        UNROLL for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, x + r * bytes, sizeof four);
            __m512i xj = _mm512_set1_epi32(four);
            UNROLL for (int p = 0; p < panels; p++) add_bytes(&sum[r][p], xj, c[p]);
        }
    }
}

/* Panels from `panel` on: their scores, and the best of each lane. */
INLINE void tile(const int rows, const int panels, const sheaf_i_coarse *c, int32_t panel, const uint8_t *x,
                 const sheaf_i_coarse_row *row, float *scores, __m512 *best)
{
    __m512i sum[ROWS][WIDE];
    UNROLL for (int p = 0; p < panels; p++)
        UNROLL for (int r = 0; r < rows; r++) sum[r][p] = _mm512_loadu_si512(c->start + (int64_t)(panel + p) * PANEL);
    add_products(rows, panels, x, c->bytes, c->packed + (int64_t)panel * c->bytes * PANEL, sum);
    UNROLL for (int p = 0; p < panels; p++) {
        const __m512 unit = _mm512_loadu_ps(c->scale + (panel + p) * PANEL);
        const __m512 bias = _mm512_loadu_ps(c->bias + (panel + p) * PANEL);
        UNROLL for (int r = 0; r < rows; r++) {
            const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][p]), unit);
            const __m512 score = _mm512_fmadd_ps(product, _mm512_set1_ps(row[r].scale), bias);
            _mm512_storeu_ps(scores + ((int64_t)r * c->panels + panel + p) * PANEL, score);
            best[r] = _mm512_max_ps(best[r], score);
        }
    }
}

INLINE uint32_t at_least(const float *scores, int32_t panel, float least)
{
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(scores + (int64_t)panel * PANEL), _mm512_set1_ps(least), _CMP_GE_OQ);
}

/* The only centre whose score is not too far behind, or -1, and the row's place in the lists of the panels that hold
   others. */
INLINE int32_t decide(const sheaf_i_coarse *c, const float *scores, float best, const sheaf_i_coarse_row *row,
                      int32_t i, int32_t *list, int32_t *count)
{
    int32_t own = 0;
    uint32_t found = 0, lanes = 0;
    while (!(found = at_least(scores, own, best))) {
        own++;
        assert(own < c->panels);
    }
    const int32_t t = own * PANEL + __builtin_ctz(found);
    const float least = best - (row->error * c->spread[t] + row->norm * c->blur[t] + c->margin);
    for (int32_t p = 0; p < c->panels; p++) lanes += (uint32_t)__builtin_popcount(at_least(scores, p, least));
    if (lanes == 1) return t;
    for (int32_t p = 0; p < c->panels; p++)
        if (at_least(scores, p, least)) list[p * c->room + count[p]++] = i;
    return -1;
}

INLINE void some_rows(const int rows, const sheaf_i_coarse *c, int32_t i, const uint8_t *x, float *scores,
                      const sheaf_i_coarse_row *row, int32_t *label, int32_t *list, int32_t *count)
{
    __m512 best[ROWS];
    int32_t p = 0;
    UNROLL for (int r = 0; r < rows; r++) best[r] = _mm512_set1_ps(-__builtin_inff());
    for (; p + WIDE <= c->panels; p += WIDE) tile(rows, WIDE, c, p, x, row, scores, best);
    if (c->panels - p == 3) tile(rows, 3, c, p, x, row, scores, best);
    else if (c->panels - p == 2) tile(rows, 2, c, p, x, row, scores, best);
    else if (c->panels - p == 1) tile(rows, 1, c, p, x, row, scores, best);
    for (int r = 0; r < rows; r++)
        label[r] = decide(c, scores + (int64_t)r * c->panels * PANEL, _mm512_reduce_max_ps(best[r]), &row[r], i + r,
                          list, count);
}

void sheaf_i_coarse_vnni(const sheaf_i_coarse *c, int32_t m, const uint8_t *x, const sheaf_i_coarse_row *row,
                         float *scores, int32_t *label, int32_t *list, int32_t *count)
{
    int32_t i = 0;
    for (; i + ROWS <= m; i += ROWS)
        some_rows(ROWS, c, i, x + (int64_t)i * c->bytes, scores, row + i, label + i, list, count);
    for (; i < m; i++) some_rows(1, c, i, x + (int64_t)i * c->bytes, scores, row + i, label + i, list, count);
}
