/* Products and sums above a bar, for wide vectors; see kernel.h for the contract and wide.h for how it is compiled.
 *
 * A register tile of rows x columns of products, one fused multiply-add per number. The products never leave the
 * registers unless one of the tile passes, which few tiles do once the bars have risen. A product is the same sum
 * whatever the tile, and the same for (a, c) as for (c, a).
 */
#include <immintrin.h>

#include "kernel/wide.h"

#define SETS (SHEAF_I_PANEL / LANES)  /* vectors of a panel */
#define WIDE (LANES == 16 ? 4 : 1)    /* panels of a tile: 6 x 4 sums of 32 registers, 6 x 2 of 16 */
#define ROWS SHEAF_I_RIVAL_ROWS
#define MOST (4 * SETS)               /* vectors of the widest tile */

#if LANES == 16
INLINE uint32_t not_below(vf sum, vf bar)
{
    return _mm512_cmp_ps_mask((__m512)sum, (__m512)bar, _CMP_GE_OQ);
}
INLINE vf lesser(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vf greater(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vf from_bytes(const uint8_t *p)
{
    return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
#else
INLINE uint32_t not_below(vf sum, vf bar)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps((__m256)sum, (__m256)bar, _CMP_GE_OQ));
}
INLINE vf lesser(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE vf greater(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vf from_bytes(const uint8_t *p)
{
    return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
#endif

typedef struct {
    int32_t d, k;
    int64_t lda;
    const float *packed, *row_bar, *column_bar;
    sheaf_i_rival *out;
    int32_t n;
} search;

/* Seldom called. */
static __attribute__((noinline)) void write_out(search *s, int64_t row, int rows, int32_t column, int nv,
                                                const float (*sum)[MOST * LANES], const uint32_t (*passed)[MOST])
{
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < nv; v++)
            for (uint32_t bits = passed[r][v]; bits; bits &= bits - 1) {
                const int32_t t = v * LANES + __builtin_ctz(bits);
                if (column + t < s->k) s->out[s->n++] = (sheaf_i_rival){(int32_t)row + r, column + t, sum[r][t]};
            }
}

/* Does any product of the tile pass? The greatest of a column, and of every so many lanes of a row, tell. */
INLINE bool any_passes(const int rows, const int nv, const bool both, const vf (*sum)[MOST], const float *column_bar,
                       const float *row_bar)
{
    uint32_t any = 0;
    UNROLL for (int v = 0; v < nv; v++) {
        vf high = sum[0][v];
        UNROLL for (int r = 1; r < rows; r++) high = greater(high, sum[r][v]);
        any |= not_below(high, *(const vf *)(column_bar + v * LANES));
    }
    UNROLL for (int r = 0; both && r < rows; r++) {
        vf high = sum[r][0];
        UNROLL for (int v = 1; v < nv; v++) high = greater(high, sum[r][v]);
        any |= not_below(high, (vf){0} + row_bar[r]);
    }
    return any != 0;
}

/* `rows` rows from `row` on against the panels from `panel` on. */
INLINE void tile(const int rows, const int panels, const bool both, search *s, const float *a, int64_t row,
                 int32_t panel)
{
    const int nv = panels * SETS;
    const int64_t size = (int64_t)s->d * SHEAF_I_PANEL, lda = s->lda;
    const float *c = s->packed + panel * size, *bar = s->column_bar + panel * SHEAF_I_PANEL;
    vf sum[ROWS][MOST];
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < nv; v++) sum[r][v] = (vf){0};
    for (int32_t j = 0; j < s->d; j++, c += SHEAF_I_PANEL) {
        vf cj[MOST];
        UNROLL for (int v = 0; v < nv; v++) cj[v] = *(const vf *)(c + v / SETS * size + v % SETS * LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            const float aj = a[r * lda + j];
            UNROLL for (int v = 0; v < nv; v++) sum[r][v] += aj * cj[v];
        }
    }
    const float *row_bar = both ? s->row_bar + row : NULL;
    if (__builtin_expect(!any_passes(rows, nv, both, sum, bar, row_bar), 1)) return;
    uint32_t passed[ROWS][MOST];
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < nv; v++) {
            vf least = *(const vf *)(bar + v * LANES);
            if (both) least = lesser(least, (vf){0} + row_bar[r]);
            passed[r][v] = not_below(sum[r][v], least);
        }
    }
    float kept[ROWS][MOST * LANES];
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < nv; v++) *(vf *)(kept[r] + v * LANES) = sum[r][v];
    write_out(s, row, rows, panel * SHEAF_I_PANEL, nv, kept, passed);
}

INLINE void strip(const int rows, const bool both, search *s, const float *a, int64_t row, int32_t panels)
{
    int32_t p = 0;
    for (; p + WIDE <= panels; p += WIDE) tile(rows, WIDE, both, s, a, row, p);
    for (; p < panels; p++) tile(rows, 1, both, s, a, row, p);
}

INLINE int64_t all_rows(const bool both, search *s, int64_t m, const float *a, int32_t room)
{
    const int32_t panels = (s->k + SHEAF_I_PANEL - 1) / SHEAF_I_PANEL, most = ROWS * s->k;
    int64_t i = 0;
    for (; i + ROWS <= m && s->n + most <= room; i += ROWS) {
        const char *next = (const char *)(a + (i + ROWS) * s->lda);
        for (int64_t b = 0; b < ROWS * s->lda * 4; b += 64) __builtin_prefetch(next + b);
        strip(ROWS, both, s, a + i * s->lda, i, panels);
    }
    for (; i < m && i + ROWS > m && s->n + most <= room; i++) strip(1, both, s, a + i * s->lda, i, panels);
    return i;
}

int64_t ISA(rivals)(int64_t m, const float *a, int64_t lda, int32_t d, const float *packed, int32_t k,
                    const float *row_bar, const float *column_bar, sheaf_i_rival *out, int32_t room, int32_t *n)
{
    search s = {d, k, lda, packed, row_bar, column_bar, out, 0};
    const int64_t done = row_bar ? all_rows(true, &s, m, a, room) : all_rows(false, &s, m, a, room);
    *n = s.n;
    return done;
}

int32_t ISA(above)(int32_t n, const float *sum, const uint8_t *rest, float scale, float bar, uint16_t *place,
                   int32_t room)
{
    int32_t found = 0, i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vf high = *(const vf *)(sum + i) + scale * from_bytes(rest + i);
        uint32_t bits = not_below(high, (vf){0} + bar);
        if (__builtin_expect(bits == 0, 1)) continue;
        if (found + LANES > room && found + __builtin_popcount(bits) > room) return room + 1;
        for (; bits; bits &= bits - 1) place[found++] = (uint16_t)(i + __builtin_ctz(bits));
    }
    for (; i < n; i++) {
        if (!(sum[i] + scale * (float)rest[i] >= bar)) continue;
        if (found == room) return room + 1;
        place[found++] = (uint16_t)i;
    }
    return found;
}
