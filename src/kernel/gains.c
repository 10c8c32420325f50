/* What z ln z gains, for vectors; see kernel.h for the contract and wide.h for how it is compiled.
 *
 * ln x = e ln 2 + 2 artanh s, s = (y - 1) / (y + 1), x = 2^e y with y within sqrt 2 of 1: |s| < .172, and the series
 * of artanh stops below 1e-9. Where v is small against c, c ln(1 + v / c) is a series in v / c, because a difference of
 * logarithms would lose the digits that are asked for.
 */
#include <string.h>

#include "kernel/wide.h"

#define SMALL (1 / 16.f)

typedef float vf4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t vi4 __attribute__((vector_size(16), aligned(4), may_alias));

INLINE vf ln(vf x)
{
    const vi bits = (vi)x - 0x3f3504f3; /* bits of sqrt(1/2) */
    const vi e = bits >> 23;
    const vf y = (vf)((bits & 0x7fffff) + 0x3f3504f3);
    const vf s = (y - 1.f) / (y + 1.f), q = s * s;
    const vf series = q * (1 / 3.f + q * (1 / 5.f + q * (1 / 7.f + q * (1 / 9.f))));
    return __builtin_convertvector(e, vf) * 0.69314718f + 2 * s * (1 + series);
}

INLINE vf gain(vf c, vf v)
{
    const vf low = ln(c), r = v / c;
    const vf near = v * (1 - r * (1 / 2.f - r * (1 / 3.f - r * (1 / 4.f - r * (1 / 5.f - r * (1 / 6.f))))));
    const vf rise = pickf(r < SMALL, near, c * (ln(c + v) - low)); /* c ln(1 + v / c) */
    return v * low + rise + v * (rise / c);
}

void ISA(gain_each)(int32_t n, const float *c, const float *v, float *out)
{
    int32_t p = 0;
    for (; p + LANES <= n; p += LANES) *(vf *)(out + p) = gain(*(const vf *)(c + p), *(const vf *)(v + p));
    if (p == n) return;
    float base[LANES], more[LANES], got[LANES];
    for (int32_t l = 0; l < LANES; l++) {
        base[l] = p + l < n ? c[p + l] : 1;
        more[l] = p + l < n ? v[p + l] : 0;
    }
    *(vf *)got = gain(*(const vf *)base, *(const vf *)more);
    memcpy(out + p, got, (size_t)(n - p) * sizeof *out);
}

float ISA(gain_sum)(int32_t n, const float *c, const float *v)
{
    vf sum = {0};
    int32_t p = 0;
    for (; p + LANES <= n; p += LANES) sum += gain(*(const vf *)(c + p), *(const vf *)(v + p));
    if (p < n) {
        float base[LANES], more[LANES];
        for (int32_t l = 0; l < LANES; l++) {
            base[l] = p + l < n ? c[p + l] : 1;
            more[l] = p + l < n ? v[p + l] : 0;
        }
        sum += gain(*(const vf *)base, *(const vf *)more);
    }
    float all = 0;
    for (int32_t l = 0; l < LANES; l++) all += sum[l];
    return all;
}

/* The same to 1e-3 of v or better, with one logarithm: by M = c + v / 2 and x = v / 2M it is
   v (ln M + 1 - x^2 / 6 - x^4 / 20 - x^6 / 42 - ...), whose tail is fitted up to x = .98. */
INLINE vf quick_ln(vf x)
{
    const vi bits = (vi)x - 0x3f3504f3; /* as in ln */
    const vf z = (vf)((bits & 0x7fffff) + 0x3f3504f3) - 1.f;
    const vf series = 1.00000096f + z * (-.50001145f + z * (.33314671f + z * (-.2490827f + z * (.20491795f +
                      z * (-.18680964f + z * .11931194f)))));
    return __builtin_convertvector(bits >> 23, vf) * 0.69314718f + z * series;
}

INLINE vf quick_gain(vf c, vf v)
{
    const vf middle = c + .5f * v, x = .5f * v / middle, q = x * x, q2 = q * q;
    const vf tail = q2 * (1 / 72.f + q * (.0115f + q2 * q2 * .029f));
    return v * (quick_ln(middle) + 1.f - q * (1 / 6.f + q * (1 / 20.f) + q2 * (1 / 42.f) + q * tail));
}

/* nv vectors of numbers from t on. */
INLINE void strip(const int nv, const sheaf_i_gain_rows *g, int64_t n, const uint16_t *column, const uint16_t *value,
                  int32_t own, int32_t t, float *out)
{
    vf sum[4] = {0};
    for (int64_t p = 0; p < n; p++) {
        const int64_t at = (int64_t)column[p] * g->ld + t;
        if (p + SHEAF_I_GAINS_AHEAD < n) {
            const int32_t ahead = column[p + SHEAF_I_GAINS_AHEAD];
            const void *rows = value[p + SHEAF_I_GAINS_AHEAD] == g->first[ahead] ? (const void *)g->gain : g->sum;
            UNROLL for (int c = 0; c < nv * LANES; c += 16)
                __builtin_prefetch((const float *)rows + (int64_t)ahead * g->ld + t + c);
            if (own >= t && own < t + nv * LANES) __builtin_prefetch(g->sum + (int64_t)ahead * g->ld + own);
        }
        if (value[p] == g->first[column[p]]) {
            UNROLL for (int c = 0; c < nv; c++) sum[c] += *(const vf *)(g->gain + at + c * LANES);
        } else {
            const float prior = g->prior[column[p]], v = value[p];
            UNROLL for (int c = 0; c < nv; c++)
                sum[c] += quick_gain(__builtin_convertvector(*(const vi *)(g->sum + at + c * LANES), vf) + prior,
                                     (vf){0} + v);
        }
    }
    UNROLL for (int c = 0; c < nv; c++) *(vf *)(out + t + c * LANES) = sum[c];
}

/* What cluster `own` would lose without the row, which is in it. */
static float own_gain(const sheaf_i_gain_rows *g, int64_t n, const uint16_t *column, const uint16_t *value, int32_t own)
{
    vf sum = {0};
    for (int64_t lo = 0; lo < n; lo += LANES) {
        float c[LANES], v[LANES];
        for (int32_t l = 0; l < LANES; l++) {
            const bool in = lo + l < n;
            const int64_t j = column[in ? lo + l : lo];
            v[l] = in ? value[lo + l] : 0;
            c[l] = (float)(g->sum[j * g->ld + own] - (in ? value[lo + l] : 0)) + g->prior[j];
        }
        sum += quick_gain(*(vf *)c, *(vf *)v);
    }
    float all = 0;
    for (int32_t l = 0; l < LANES; l++) all += sum[l];
    return all;
}

/* Rows of SHEAF_I_GAINS_FEW numbers; values that are not in the table wait until they fill a vector. */
INLINE void few(const sheaf_i_gain_rows *g, int64_t n, const uint16_t *column, const uint16_t *value, float *out)
{
    vf4 known = {0};
    vf sum = {0};
    float c[LANES], v[LANES];
    int32_t waiting = 0;
    for (int32_t l = 0; l < LANES; l++) c[l] = v[l] = 1;
    for (int64_t p = 0; p < n; p++) {
        const int64_t at = (int64_t)column[p] * SHEAF_I_GAINS_FEW;
        if (value[p] == g->first[column[p]]) {
            known += *(const vf4 *)(g->gain + at);
            continue;
        }
        *(vf4 *)(c + waiting) = __builtin_convertvector(*(const vi4 *)(g->sum + at), vf4) + g->prior[column[p]];
        *(vf4 *)(v + waiting) = (vf4){0} + (float)value[p];
        waiting += SHEAF_I_GAINS_FEW;
        if (waiting < LANES) continue;
        sum += quick_gain(*(const vf *)c, *(const vf *)v);
        waiting = 0;
    }
    for (int32_t l = waiting; l < LANES; l++) v[l] = 0;
    if (waiting) sum += quick_gain(*(const vf *)c, *(const vf *)v);
    for (int32_t l = 0; l < LANES; l += SHEAF_I_GAINS_FEW)
        known += (vf4){sum[l], sum[l + 1], sum[l + 2], sum[l + 3]};
    *(vf4 *)out = known;
}

void ISA(gains)(const sheaf_i_gain_rows *g, int64_t n, const uint16_t *column, const uint16_t *value, int32_t own,
                float *out)
{
    int32_t t = 0;
    if (g->ld == SHEAF_I_GAINS_FEW) {
        few(g, n, column, value, out);
        t = SHEAF_I_GAINS_FEW;
    }
    for (; t + 4 * LANES <= g->ld; t += 4 * LANES) strip(4, g, n, column, value, own, t, out);
    for (; t + 2 * LANES <= g->ld; t += 2 * LANES) strip(2, g, n, column, value, own, t, out);
    for (; t < g->ld; t += LANES) strip(1, g, n, column, value, own, t, out);
    if (own >= 0) out[own] = own_gain(g, n, column, value, own);
}

/* Gains of one cluster by what another has of each term, of `CHUNK` terms in float. */
#define CHUNK 64
void ISA(gain_pairs)(const sheaf_i_gain_rows *g, int32_t m, int32_t a, double *out)
{
    for (int32_t t = 0; t < g->ld; t += LANES) {
        double all[LANES] = {0};
        for (int32_t lo = 0; lo < m; lo += CHUNK) {
            vf sum = {0};
            for (int32_t j = lo; j < m && j < lo + CHUNK; j++) {
                const int32_t *row = g->sum + (int64_t)j * g->ld;
                if (!row[a]) continue;
                const float prior = g->prior[j];
                const vf c = __builtin_convertvector(*(const vi *)(row + t), vf) + prior;
                sum += gain(c, (vf){0} + (float)row[a]);
            }
            for (int32_t l = 0; l < LANES; l++) all[l] += (double)sum[l];
        }
        memcpy(out + t, all, sizeof all);
    }
}
