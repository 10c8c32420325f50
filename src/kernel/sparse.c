/* Sparse times dense for wide vectors; see kernel.h for the contract and wide.h for how it is compiled. */
#include <string.h>

#include "kernel/wide.h"



/* nv vectors of one output row. `ways` sets of sums, for the nonzeros in turn, hide the latency of the addition. Long
   rows of x are fetched ahead, but not beyond the n_ahead-th index; for those of one vector the processor's own window
   reaches as far, and asking costs a tenth. */
INLINE void row_sums(const int nv, const int ways, const int32_t *idx, const float *val, int64_t n, int64_t n_ahead,
                     const float *x, int64_t ldx, float *y)
{
    vf s[4][4] = {0};
    int64_t p = 0;
    for (; p + ways <= n; p += ways) {
        if (p + ways <= n_ahead)
            UNROLL for (int k = 0; k < ways; k++)
                UNROLL for (int c = 0; c < nv * LANES; c += 16)
                    __builtin_prefetch(x + idx[p + k + SHEAF_I_AHEAD] * ldx + c);
        UNROLL for (int k = 0; k < ways; k++) {
            const float *xi = x + idx[p + k] * ldx;
            UNROLL for (int c = 0; c < nv; c++) s[k][c] += val[p + k] * *(const vf *)(xi + c * LANES);
        }
    }
    for (; p < n; p++)
        UNROLL for (int c = 0; c < nv; c++) s[0][c] += val[p] * *(const vf *)(x + idx[p] * ldx + c * LANES);
    UNROLL for (int c = 0; c < nv; c++)
        *(vf *)(y + c * LANES) = ways == 4 ? (s[0][c] + s[1][c]) + (s[2][c] + s[3][c]) : s[0][c] + s[1][c];
}

INLINE void row_sums8(const int32_t *idx, const float *val, int64_t n, const float *x, int64_t ldx, float *y)
{
    vf8 sum[4] = {0};
    int64_t p = 0;
    for (; p + 3 < n; p += 4)
        for (int k = 0; k < 4; k++) sum[k] += val[p + k] * *(const vf8 *)(x + idx[p + k] * ldx);
    for (; p < n; p++) sum[0] += val[p] * *(const vf8 *)(x + idx[p] * ldx);
    *(vf8 *)y = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void row_rest(const int32_t *idx, const float *val, int64_t n, const float *x, int64_t ldx, int32_t b, float *y)
{
    float sum[8] = {0};
    for (int64_t p = 0; p < n; p++)
        for (int32_t c = 0; c < b; c++) sum[c] += val[p] * x[idx[p] * ldx + c];
    memcpy(y, sum, (size_t)b * sizeof *y);
}

/* One row of any width, 4, 2, 1 vectors at a time; its indices stay in the first-level cache. */
INLINE void spmm_row(const int32_t *idx, const float *val, int64_t n, int64_t n_ahead, const float *x, int64_t ldx,
                     int32_t b, float *y)
{
    int32_t c = 0;
    for (; c + 4 * LANES <= b; c += 4 * LANES) row_sums(4, 2, idx, val, n, n_ahead, x + c, ldx, y + c);
    for (; c + 2 * LANES <= b; c += 2 * LANES) row_sums(2, 4, idx, val, n, n_ahead, x + c, ldx, y + c);
    for (; c + LANES <= b; c += LANES) row_sums(1, 4, idx, val, n, 0, x + c, ldx, y + c);
    for (; c + 8 <= b; c += 8) row_sums8(idx, val, n, x + c, ldx, y + c);
    if (c < b && b > 8) { /* the last 8 columns, some of them for the second time */
        row_sums8(idx, val, n, x + b - 8, ldx, y + b - 8);
        c = b;
    }
    if (c < b) row_rest(idx, val, n, x + c, ldx, b - c, y + c);
}

INLINE void spmm_rows(int64_t row_lo, int64_t row_hi, const int64_t *indptr, const int32_t *indices,
                      const float *values, const float *x, int64_t ldx, const int32_t b, float *y, int64_t ldy)
{
    for (int64_t i = row_lo; i < row_hi; i++) {
        const int64_t lo = indptr[i], n_ahead = indptr[row_hi] - lo - SHEAF_I_AHEAD;
        spmm_row(indices + lo, values + lo, indptr[i + 1] - lo, n_ahead, x, ldx, b, y + i * ldy);
    }
}

void ISA(spmm)(int64_t row_lo, int64_t row_hi, const int64_t *indptr, const int32_t *indices, const float *values,
                 const float *x, int64_t ldx, int32_t b, float *y, int64_t ldy)
{
    switch (b) { /* constants let the compiler drop the loops over the width */
    case 8: spmm_rows(row_lo, row_hi, indptr, indices, values, x, ldx, 8, y, ldy); break;
    case 16: spmm_rows(row_lo, row_hi, indptr, indices, values, x, ldx, 16, y, ldy); break;
    case 32: spmm_rows(row_lo, row_hi, indptr, indices, values, x, ldx, 32, y, ldy); break;
    case 64: spmm_rows(row_lo, row_hi, indptr, indices, values, x, ldx, 64, y, ldy); break;
    default: spmm_rows(row_lo, row_hi, indptr, indices, values, x, ldx, b, y, ldy);
    }
}

/* ---- coded values ---- */

/* nv vectors of one row. `ways` sets of sums, for the nonzeros in turn, hide the latency of the addition; the value
   comes from the table, whose few hot entries stay in the first-level cache. */
INLINE void coded_row(const int nv, const int ways, const bool fetch, const sheaf_i_coded_rows *a, int64_t p,
                      int64_t end, const float *x, vf *sum)
{
    const uint16_t *column = a->columns;
    const uint8_t *code = a->codes;
    const float *table = a->table;
    const int64_t width = nv * LANES;
    vf s[4][4] = {0};
    for (; p + 4 <= end; p += 4) {
        UNROLL for (int k = 0; k < 4; k++) {
            if (fetch)
                UNROLL for (int c = 0; c < width; c += 16)
                    __builtin_prefetch(x + column[p + k + SHEAF_I_AHEAD] * width + c);
            const float *xi = x + column[p + k] * width;
            UNROLL for (int c = 0; c < nv; c++) s[k % ways][c] += table[code[p + k]] * *(const vf *)(xi + c * LANES);
        }
    }
    for (; p < end; p++) {
        if (fetch)
            UNROLL for (int c = 0; c < width; c += 16)
                __builtin_prefetch(x + column[p + SHEAF_I_AHEAD] * width + c);
        const float *xi = x + column[p] * width;
        UNROLL for (int c = 0; c < nv; c++) s[0][c] += table[code[p]] * *(const vf *)(xi + c * LANES);
    }
    UNROLL for (int c = 0; c < nv; c++)
        sum[c] = ways == 4 ? (s[0][c] + s[1][c]) + (s[2][c] + s[3][c]) : s[0][c] + s[1][c];
}

INLINE void coded_rows(const int nv, const int ways, const bool fetch, int64_t row_lo, int64_t row_hi,
                       const sheaf_i_coded_rows *a, const float *x, int32_t b, float *y, int64_t ldy)
{
    for (int64_t i = row_lo; i < row_hi; i++) {
        const int64_t p = a->indptr[i], end = a->indptr[i + 1];
        float *yi = y + i * ldy;
        vf sum[4];
        if (a->add && p == end) continue;
        coded_row(nv, ways, fetch, a, p, end, x, sum);
        UNROLL for (int c = 0; c < nv; c++) sum[c] *= a->scale[i];
        if (b == nv * LANES) {
            if (a->add) UNROLL for (int c = 0; c < nv; c++) sum[c] += *(const vf *)(yi + c * LANES);
            UNROLL for (int c = 0; c < nv; c++) *(vf *)(yi + c * LANES) = sum[c];
        } else {
            float part[SHEAF_I_STRIP];
            memcpy(part, sum, (size_t)(nv * LANES) * sizeof *part);
            for (int32_t c = 0; c < b; c++) yi[c] = a->add ? yi[c] + part[c] : part[c];
        }
    }
}

INLINE void coded_any(const int nv, int64_t row_lo, int64_t row_hi, const sheaf_i_coded_rows *a, const float *x,
                      int32_t b, float *y, int64_t ldy)
{
    const int ways = nv > 2 ? 2 : 4; /* with the operands no more than the registers there are */
    if (a->scattered) coded_rows(nv, ways, true, row_lo, row_hi, a, x, b, y, ldy);
    else coded_rows(nv, ways, false, row_lo, row_hi, a, x, b, y, ldy);
}

void ISA(spmm_coded)(int64_t row_lo, int64_t row_hi, const sheaf_i_coded_rows *a, const float *x, int32_t b, float *y,
                     int64_t ldy)
{
    enum { STRIP = SHEAF_I_STRIP / LANES };
    if (b == STRIP * LANES / 2) coded_any(STRIP / 2, row_lo, row_hi, a, x, STRIP * LANES / 2, y, ldy);
    else if (b < STRIP * LANES / 2) coded_any(STRIP / 2, row_lo, row_hi, a, x, b, y, ldy);
    else if (b == STRIP * LANES) coded_any(STRIP, row_lo, row_hi, a, x, STRIP * LANES, y, ldy);
    else coded_any(STRIP, row_lo, row_hi, a, x, b, y, ldy);
}
