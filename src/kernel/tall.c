/* Products of two tall matrices for wide vectors; see kernel.h for the contracts and wide.h for how they are compiled.
 *
 * Register tiles: ROWS x 1 or 2 vectors of sums stay in registers, so that each loaded vector is used ROWS times; what
 * does not fill a tile goes to plain loops.
 */
#include <stdbool.h>
#include <string.h>

#include "kernel/wide.h"

#define ROWS (LANES == 16 ? 8 : 4) /* 8 x 2 sums of 32 registers, 4 x 2 of 16 */

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

void ISA(gram)(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b, double *h,
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

void ISA(gram64)(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
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

void ISA(update)(int64_t n, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh, int32_t b, float *w,
                   int64_t ldw)
{
    int64_t r = 0;
    for (; r + ROWS <= n; r += ROWS) update_rows(ROWS, v + r * ldv, ldv, m, h, ldh, b, w + r * ldw, ldw);
    for (; r < n; r++) update_rows(1, v + r * ldv, ldv, m, h, ldh, b, w + r * ldw, ldw);
}
