/* The kernels for wide vectors, in GCC's vector types. Compiled once per instruction set: CMake gives the flags,
 * SHEAF_I_ISA (avx2, avx512) and SHEAF_I_LANES (floats in a register); see kernel.h for the contracts.
 *
 * All are register tiles (assign and dots have a file of their own, nearest.c). A product of two tall matrices keeps
 * ROWS x 1 or 2 vectors of sums in registers, so that each loaded vector is used ROWS times; what does not fill a tile
 * goes to plain loops. Multiply-add is fused (-ffp-contract=fast).
 */
#include <stdbool.h>
#include <string.h>

#include "kernel/tables.h"

#define LANES SHEAF_I_LANES
#define ROWS (LANES == 16 ? 8 : 4) /* 8 x 2 sums of 32 registers, 4 x 2 of 16 */
#define AHEAD 24                   /* nonzeros between a prefetch and its use: the latency of the outer caches */
#define INLINE static inline __attribute__((always_inline))
#define ISA_TABLE_(isa) sheaf_i_kernels_##isa
#define ISA_TABLE(isa) ISA_TABLE_(isa)
#define ISA_ASSIGN_(isa) sheaf_i_assign_##isa
#define ISA_ASSIGN(isa) ISA_ASSIGN_(isa)
#define ISA_DOTS_(isa) sheaf_i_dots_##isa
#define ISA_DOTS(isa) ISA_DOTS_(isa)
#define ISA_NAME_(isa) #isa
#define ISA_NAME(isa) ISA_NAME_(isa)

typedef float vf __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float vf8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float vh __attribute__((vector_size(LANES * 2), aligned(4), may_alias));  /* half as many */
typedef double vd __attribute__((vector_size(LANES * 4), aligned(8), may_alias)); /* the same in double */

/* ---- sparse x dense ---- */

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

static void spmm(int64_t row_lo, int64_t row_hi, const int64_t *indptr, const int32_t *indices, const float *values,
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

/* ---- V^T W ---- */

INLINE void add_to_double(double *h, vf sum)
{
    float part[LANES];
    memcpy(part, &sum, sizeof part);
    for (int c = 0; c < LANES; c++) h[c] += (double)part[c];
}

/* ROWS columns of v by nv vectors of columns of w. */
INLINE void gram_tile(const int nv, int64_t n, const float *v, int64_t ldv, const float *w, int64_t ldw, double *h,
                      int64_t ldh)
{
    vf sum[ROWS][2] = {{{0}}};
    for (int64_t r = 0; r < n; r++)
        for (int c = 0; c < nv; c++) {
            vf wr = *(const vf *)(w + r * ldw + c * LANES);
            for (int i = 0; i < ROWS; i++) sum[i][c] += v[r * ldv + i] * wr;
        }
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < nv; c++) add_to_double(h + i * ldh + c * LANES, sum[i][c]);
}

static void gram_rest(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
                      double *h, int64_t ldh)
{
    for (int32_t i = 0; i < m; i++)
        for (int32_t j = 0; j < b; j++) {
            float sum = 0;
            for (int64_t r = 0; r < n; r++) sum += v[r * ldv + i] * w[r * ldw + j];
            h[i * ldh + j] += (double)sum;
        }
}

static void gram(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b, double *h,
                 int64_t ldh)
{
    for (int64_t r = 0; r < n; r += SHEAF_I_GRAM_CHUNK) {
        int64_t rows = n - r < SHEAF_I_GRAM_CHUNK ? n - r : SHEAF_I_GRAM_CHUNK;
        const float *vr = v + r * ldv, *wr = w + r * ldw;
        int32_t i = 0;
        for (; i + ROWS <= m; i += ROWS) {
            int32_t j = 0;
            for (; j + 2 * LANES <= b; j += 2 * LANES)
                gram_tile(2, rows, vr + i, ldv, wr + j, ldw, h + i * ldh + j, ldh);
            for (; j + LANES <= b; j += LANES) gram_tile(1, rows, vr + i, ldv, wr + j, ldw, h + i * ldh + j, ldh);
            if (j < b) gram_rest(rows, vr + i, ldv, ROWS, wr + j, ldw, b - j, h + i * ldh + j, ldh);
        }
        if (i < m) gram_rest(rows, vr + i, ldv, m - i, wr, ldw, b, h + i * ldh, ldh);
    }
}

#define CHUNK64 64 /* rows whose v is turned to double at once */

/* ROWS columns of v, turned to double, by one vector of columns of w. */
INLINE void gram64_tile(int64_t n, const double *v, const float *w, int64_t ldw, double *h, int64_t ldh)
{
    vd sum[ROWS];
    for (int i = 0; i < ROWS; i++) sum[i] = *(const vd *)(h + i * ldh);
    for (int64_t r = 0; r < n; r++) {
        vd wr = __builtin_convertvector(*(const vh *)(w + r * ldw), vd);
        for (int i = 0; i < ROWS; i++) sum[i] += v[r * ROWS + i] * wr;
    }
    for (int i = 0; i < ROWS; i++) *(vd *)(h + i * ldh) = sum[i];
}

static void gram64_rest(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
                        double *h, int64_t ldh)
{
    for (int32_t i = 0; i < m; i++)
        for (int32_t j = 0; j < b; j++) {
            double sum = h[i * ldh + j];
            for (int64_t r = 0; r < n; r++) sum += (double)v[r * ldv + i] * (double)w[r * ldw + j];
            h[i * ldh + j] = sum;
        }
}

static void gram64(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
                   double *h, int64_t ldh)
{
    double wide[CHUNK64 * ROWS];
    for (int64_t r = 0; r < n; r += CHUNK64) {
        int64_t rows = n - r < CHUNK64 ? n - r : CHUNK64;
        const float *vr = v + r * ldv, *wr = w + r * ldw;
        int32_t i = 0;
        for (; i + ROWS <= m; i += ROWS) {
            for (int64_t k = 0; k < rows; k++)
                for (int c = 0; c < ROWS; c++) wide[k * ROWS + c] = (double)vr[k * ldv + i + c];
            int32_t j = 0;
            for (; j + LANES / 2 <= b; j += LANES / 2)
                gram64_tile(rows, wide, wr + j, ldw, h + i * ldh + j, ldh);
            if (j < b) gram64_rest(rows, vr + i, ldv, ROWS, wr + j, ldw, b - j, h + i * ldh + j, ldh);
        }
        if (i < m) gram64_rest(rows, vr + i, ldv, m - i, wr, ldw, b, h + i * ldh, ldh);
    }
}

/* ---- W += V H ---- */

/* to = w + v h: `rows` rows by nv vectors of columns. */
INLINE void update_tile(const int rows, const int nv, const float *v, int64_t ldv, int32_t m, const float *h,
                        int64_t ldh, const float *w, int64_t ldw, float *to, int64_t ldto)
{
    vf sum[ROWS][2];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < nv; c++) sum[r][c] = *(const vf *)(w + r * ldw + c * LANES);
    for (int32_t i = 0; i < m; i++)
        for (int c = 0; c < nv; c++) {
            vf hi = *(const vf *)(h + i * ldh + c * LANES);
            for (int r = 0; r < rows; r++) sum[r][c] += v[r * ldv + i] * hi;
        }
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < nv; c++) *(vf *)(to + r * ldto + c * LANES) = sum[r][c];
}

static void update_rest(int64_t rows, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh, int32_t b,
                        float *w, int64_t ldw)
{
    for (int64_t r = 0; r < rows; r++) {
        float sum[LANES];
        memcpy(sum, w + r * ldw, (size_t)b * sizeof *sum);
        for (int32_t i = 0; i < m; i++)
            for (int32_t j = 0; j < b; j++) sum[j] += v[r * ldv + i] * h[i * ldh + j];
        memcpy(w + r * ldw, sum, (size_t)b * sizeof *sum);
    }
}

INLINE void update_rows(const int rows, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh, int32_t b,
                        float *w, int64_t ldw)
{
    float last[ROWS * LANES];
    const bool overlap = b > LANES && b % LANES != 0; /* the last LANES columns, from w as it is now */
    if (overlap) update_tile(rows, 1, v, ldv, m, h + b - LANES, ldh, w + b - LANES, ldw, last, LANES);
    int32_t j = 0;
    for (; j + 2 * LANES <= b; j += 2 * LANES) update_tile(rows, 2, v, ldv, m, h + j, ldh, w + j, ldw, w + j, ldw);
    for (; j + LANES <= b; j += LANES) update_tile(rows, 1, v, ldv, m, h + j, ldh, w + j, ldw, w + j, ldw);
    for (int r = 0; overlap && r < rows; r++) memcpy(w + r * ldw + b - LANES, last + r * LANES, sizeof(vf));
    if (j < b && !overlap) update_rest(rows, v, ldv, m, h + j, ldh, b - j, w + j, ldw);
}

static void update(int64_t n, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh, int32_t b, float *w,
                   int64_t ldw)
{
    int64_t r = 0;
    for (; r + ROWS <= n; r += ROWS) update_rows(ROWS, v + r * ldv, ldv, m, h, ldh, b, w + r * ldw, ldw);
    for (; r < n; r++) update_rows(1, v + r * ldv, ldv, m, h, ldh, b, w + r * ldw, ldw);
}

const sheaf_i_kernels ISA_TABLE(SHEAF_I_ISA) = {
    .name = ISA_NAME(SHEAF_I_ISA), .spmm = spmm, .gram = gram, .gram64 = gram64, .update = update,
    .assign = ISA_ASSIGN(SHEAF_I_ISA), .dots = ISA_DOTS(SHEAF_I_ISA)};
