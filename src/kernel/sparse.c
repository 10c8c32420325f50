/* Sparse times dense for wide vectors; see kernel.h for the contract and wide.h for how it is compiled. */
#include <string.h>

#include "kernel/wide.h"

#define AHEAD 24 /* nonzeros between a prefetch and its use: the latency of the outer caches */

/* nv vectors of one output row. Two sets of sums, for even and odd nonzeros, hide the latency of the addition. */
INLINE void row_sums(const int nv, const int32_t *idx, const float *val, int64_t n, int64_t n_ahead, const float *x,
                     int64_t ldx, float *y)
{
    vf even[4] = {0}, odd[4] = {0};
    int64_t p = 0;
    for (; p + 1 < n; p += 2) {
        const float *x0 = x + idx[p] * ldx, *x1 = x + idx[p + 1] * ldx;
        if (p + 1 < n_ahead)
            for (int c = 0; c < nv * LANES; c += 16) {
                __builtin_prefetch(x + idx[p + AHEAD] * ldx + c);
                __builtin_prefetch(x + idx[p + AHEAD + 1] * ldx + c);
            }
        for (int c = 0; c < nv; c++) even[c] += val[p] * *(const vf *)(x0 + c * LANES);
        for (int c = 0; c < nv; c++) odd[c] += val[p + 1] * *(const vf *)(x1 + c * LANES);
    }
    if (p < n)
        for (int c = 0; c < nv; c++) even[c] += val[p] * *(const vf *)(x + idx[p] * ldx + c * LANES);
    for (int c = 0; c < nv; c++) *(vf *)(y + c * LANES) = even[c] + odd[c];
}

INLINE void row_sums8(const int32_t *idx, const float *val, int64_t n, int64_t n_ahead, const float *x, int64_t ldx,
                      float *y)
{
    vf8 sum[4] = {0};
    int64_t p = 0;
    for (; p + 3 < n; p += 4)
        for (int k = 0; k < 4; k++) {
            if (p + k < n_ahead) __builtin_prefetch(x + idx[p + k + AHEAD] * ldx);
            sum[k] += val[p + k] * *(const vf8 *)(x + idx[p + k] * ldx);
        }
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
    for (; c + 4 * LANES <= b; c += 4 * LANES) row_sums(4, idx, val, n, n_ahead, x + c, ldx, y + c);
    for (; c + 2 * LANES <= b; c += 2 * LANES) row_sums(2, idx, val, n, n_ahead, x + c, ldx, y + c);
    for (; c + LANES <= b; c += LANES) row_sums(1, idx, val, n, n_ahead, x + c, ldx, y + c);
    for (; c + 8 <= b; c += 8) row_sums8(idx, val, n, n_ahead, x + c, ldx, y + c);
    if (c < b && b > 8) { /* the last 8 columns, some of them for the second time */
        row_sums8(idx, val, n, 0, x + b - 8, ldx, y + b - 8);
        c = b;
    }
    if (c < b) row_rest(idx, val, n, x + c, ldx, b - c, y + c);
}

INLINE void spmm_rows(int64_t row_lo, int64_t row_hi, const int64_t *indptr, const int32_t *indices,
                      const float *values, const float *x, int64_t ldx, const int32_t b, float *y, int64_t ldy)
{
    for (int64_t i = row_lo; i < row_hi; i++) {
        int64_t lo = indptr[i], n = indptr[i + 1] - lo, n_ahead = indptr[row_hi] - lo - AHEAD;
        spmm_row(indices + lo, values + lo, n, n_ahead, x, ldx, b, y + i * ldy);
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
