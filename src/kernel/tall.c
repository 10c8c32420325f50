/* Products of two tall matrices for wide vectors; see kernel.h for the contracts and wide.h for how they are compiled.
 *
 * Register tiles: each loaded vector meets DEPTH broadcast numbers. V is what streams from far memory, and hardware
 * does not follow it from one call to the next, so the rows that the caller wants next are fetched on the way.
 */
#include <string.h>

#include "kernel/wide.h"

#define DEPTH (LANES == 16 ? 16 : 8) /* columns of v at once: half of the registers */
#define RUN (LANES == 16 ? 8 : 6)    /* rows at once in update: enough to hide the latency of the addition */
#define GRAM_NV (LANES == 16 ? 1 : 2)
#define GRAM_DEPTH (LANES == 16 ? 16 : 4)
#define ROWS 8                       /* columns of v at once in gram64 */

/* Asks for a row of `count` numbers of what comes next. */
INLINE void fetch(const float *next, const int count)
{
    for (int c = 0; c < count; c += 16) __builtin_prefetch(next + c);
}

/* ---- V^T W ---- */

INLINE void add_to_double(double *h, vf sum)
{
    vh half[2];
    memcpy(half, &sum, sizeof sum);
    for (int k = 0; k < 2; k++) *(vd *)(h + k * LANES / 2) += __builtin_convertvector(half[k], vd);
}

/* GRAM_DEPTH columns of v by nv vectors of columns of w. */
INLINE void gram_tile(const int nv, int64_t n, const float *v, int64_t ldv, const float *w, int64_t ldw, double *h,
                      int64_t ldh, const float *next)
{
    vf sum[GRAM_DEPTH][GRAM_NV] = {{{0}}};
    for (int64_t r = 0; r < n; r++) {
        if (next) fetch(next + r * ldv, GRAM_DEPTH);
        for (int c = 0; c < nv; c++) {
            vf wr = *(const vf *)(w + r * ldw + c * LANES);
            UNROLL16 for (int i = 0; i < GRAM_DEPTH; i++) sum[i][c] += v[r * ldv + i] * wr;
        }
    }
    UNROLL16 for (int i = 0; i < GRAM_DEPTH; i++)
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

/* GRAM_DEPTH columns of v by all of w; `next` is fetched by the first tile. */
INLINE void gram_columns(int64_t n, const float *v, int64_t ldv, const float *w, int64_t ldw, int32_t b, double *h,
                         int64_t ldh, const float *next)
{
    int32_t j = 0;
    for (; j + GRAM_NV * LANES <= b; j += GRAM_NV * LANES)
        if (next && j == 0) gram_tile(GRAM_NV, n, v, ldv, w, ldw, h, ldh, next);
        else gram_tile(GRAM_NV, n, v, ldv, w + j, ldw, h + j, ldh, NULL);
    for (; j + LANES <= b; j += LANES) gram_tile(1, n, v, ldv, w + j, ldw, h + j, ldh, NULL);
    if (j < b) gram_rest(n, v, ldv, GRAM_DEPTH, w + j, ldw, b - j, h + j, ldh);
}

void ISA(gram)(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b, double *h,
                 int64_t ldh, const float *next)
{
    for (int64_t r = 0; r < n; r += SHEAF_I_GRAM_CHUNK) {
        int64_t rows = n - r < SHEAF_I_GRAM_CHUNK ? n - r : SHEAF_I_GRAM_CHUNK;
        const float *vr = v + r * ldv, *wr = w + r * ldw;
        int32_t i = 0;
        for (; i + GRAM_DEPTH <= m; i += GRAM_DEPTH)
            gram_columns(rows, vr + i, ldv, wr, ldw, b, h + i * ldh, ldh, next ? next + r * ldv + i : NULL);
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

/* `rows` rows of w plus DEPTH columns of v times h, LANES columns wide. */
INLINE void update_rows(const int rows, const float *v, int64_t ldv, const vf *h, float *w, int64_t ldw)
{
    vf sum[RUN];
    UNROLL for (int r = 0; r < rows; r++) sum[r] = *(const vf *)(w + r * ldw);
    UNROLL16 for (int i = 0; i < DEPTH; i++)
        UNROLL for (int r = 0; r < rows; r++) sum[r] += v[r * ldv + i] * h[i];
    UNROLL for (int r = 0; r < rows; r++) *(vf *)(w + r * ldw) = sum[r];
}

/* The same for n rows. Of h count the columns from `skip` on: the others are of a tile before. */
INLINE void update_tile(int64_t n, const float *v, int64_t ldv, const float *h, int64_t ldh, int32_t skip, float *w,
                        int64_t ldw, const float *next)
{
    vf part[DEPTH];
    UNROLL16 for (int i = 0; i < DEPTH; i++) part[i] = *(const vf *)(h + i * ldh);
    if (skip > 0)
        for (int i = 0; i < DEPTH; i++) memset(&part[i], 0, (size_t)skip * sizeof *h);
    int64_t r = 0;
    for (; r + RUN <= n; r += RUN) {
        for (int k = 0; next && k < RUN; k++) fetch(next + (r + k) * ldv, DEPTH);
        update_rows(RUN, v + r * ldv, ldv, part, w + r * ldw, ldw);
    }
    for (; r < n; r++) update_rows(1, v + r * ldv, ldv, part, w + r * ldw, ldw);
}

static void update_rest(int64_t n, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh, int32_t b,
                        float *w, int64_t ldw)
{
    for (int64_t r = 0; r < n; r++)
        for (int32_t i = 0; i < m; i++)
            for (int32_t j = 0; j < b; j++) w[r * ldw + j] += v[r * ldv + i] * h[i * ldh + j];
}

/* The same for b < LANES columns: rows of w are widened with zeros. */
static void update_narrow(int64_t n, const float *v, int64_t ldv, const float *h, int64_t ldh, int32_t b, float *w,
                          int64_t ldw)
{
    vf part[DEPTH] = {{0}};
    float wide[RUN * LANES] = {0};
    for (int i = 0; i < DEPTH; i++) memcpy(&part[i], h + i * ldh, (size_t)b * sizeof *h);
    for (int64_t r = 0; r < n; r += RUN) {
        const int rows = n - r < RUN ? (int)(n - r) : RUN;
        for (int k = 0; k < rows; k++) memcpy(wide + k * LANES, w + (r + k) * ldw, (size_t)b * sizeof *w);
        if (rows == RUN) update_rows(RUN, v + r * ldv, ldv, part, wide, LANES);
        else for (int k = 0; k < rows; k++) update_rows(1, v + (r + k) * ldv, ldv, part, wide + k * LANES, LANES);
        for (int k = 0; k < rows; k++) memcpy(w + (r + k) * ldw, wide + k * LANES, (size_t)b * sizeof *w);
    }
}

/* DEPTH columns of v by all of w; `next` is fetched by the first tile. */
INLINE void update_columns(int64_t n, const float *v, int64_t ldv, const float *h, int64_t ldh, int32_t b, float *w,
                           int64_t ldw, const float *next)
{
    if (next) update_tile(n, v, ldv, h, ldh, 0, w, ldw, next);
    else update_tile(n, v, ldv, h, ldh, 0, w, ldw, NULL);
    int32_t j = LANES;
    for (; j + LANES <= b; j += LANES) update_tile(n, v, ldv, h + j, ldh, 0, w + j, ldw, NULL);
    if (j < b) update_tile(n, v, ldv, h + b - LANES, ldh, LANES - (b - j), w + b - LANES, ldw, NULL);
}

void ISA(update)(int64_t n, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh, int32_t b, float *w,
                   int64_t ldw, const float *next)
{
    int32_t i = 0;
    for (; i + DEPTH <= m; i += DEPTH)
        if (b >= LANES) update_columns(n, v + i, ldv, h + i * ldh, ldh, b, w, ldw, next ? next + i : NULL);
        else update_narrow(n, v + i, ldv, h + i * ldh, ldh, b, w, ldw);
    if (i < m) update_rest(n, v + i, ldv, m - i, h + i * ldh, ldh, b, w, ldw);
}
