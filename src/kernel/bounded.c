/* k-means that spares centres by bounds, for wide vectors; see kernel.h for the contracts and wide.h for how it is
 * compiled.
 *
 * sift is a sweep over the bounds of a row, and a dot product where they have grown loose. panel_best is a register
 * tile of half as many rows as a register has lanes times one panel; the sums are then compared two neighbouring lanes
 * at a time, all rows together, so that lower lanes stay before higher ones and ties go to the lowest.
 */
#include <immintrin.h>
#include <math.h>

#include "kernel/wide.h"

#define SETS (SHEAF_I_PANEL / LANES)
#define ROWS (LANES / 2)
#define SUMS (ROWS * SETS) /* 8 */

#if LANES == 16
INLINE uint32_t bits(vi mask) { return (uint32_t)_mm512_movepi32_mask((__m512i)mask); }
#else
INLINE uint32_t bits(vi mask) { return (uint32_t)_mm256_movemask_ps((__m256)mask); }
#endif

typedef struct {
    vf score, next;
    vi lane;
} pairs;

/* Neighbouring sums of a and b, compared. */
INLINE pairs first_pairs(vf a, vf b)
{
    vf low = EVEN(a, b), high = ODD(a, b);
    vi won = high > low, lane = {0};
    for (int l = 0; l < LANES; l++) lane[l] = 2 * (l % (SHEAF_I_PANEL / 2));
    return (pairs){pickf(won, high, low), pickf(won, low, high), lane - won};
}

INLINE pairs more_pairs(pairs a, pairs b)
{
    vf low = EVEN(a.score, b.score), high = ODD(a.score, b.score);
    vf low_next = EVEN(a.next, b.next), high_next = ODD(a.next, b.next);
    vi won = high > low;
    vf lost = pickf(won, low, high), next = pickf(won, high_next, low_next);
    return (pairs){pickf(won, high, low), pickf(lost > next, lost, next),
                   pick(won, ODD(a.lane, b.lane), EVEN(a.lane, b.lane))};
}

INLINE pairs compared(const vf *sum)
{
    pairs p[SUMS / 2];
    UNROLL for (int i = 0; i < SUMS / 2; i++) p[i] = first_pairs(sum[2 * i], sum[2 * i + 1]);
    p[0] = more_pairs(p[0], p[1]);
    p[1] = more_pairs(p[2], p[3]);
    p[0] = more_pairs(p[0], p[1]);
    return more_pairs(p[0], p[0]);
}

INLINE pairs best_of_panel(const float *const *row, int32_t d, const float *panel, const float *bias)
{
    vf sum[SUMS];
    UNROLL for (int i = 0; i < SUMS; i++) sum[i] = *(const vf *)(bias + i % SETS * LANES);
    for (int32_t j = 0; j < d; j++, panel += SHEAF_I_PANEL) {
        vf c[SETS];
        UNROLL for (int v = 0; v < SETS; v++) c[v] = *(const vf *)(panel + v * LANES);
        UNROLL for (int r = 0; r < ROWS; r++) {
            float x = row[r][j];
            UNROLL for (int v = 0; v < SETS; v++) sum[r * SETS + v] += x * c[v];
        }
    }
    return compared(sum);
}

void ISA(panel_best)(int64_t m, const int32_t *row, const float *x, int64_t ldx, int32_t d, const float *panel,
                     const float *bias, int32_t *lane, float *score, float *next)
{
    const float *at[ROWS];
    for (int64_t i = 0; i < m; i += ROWS) {
        const int count = m - i < ROWS ? (int)(m - i) : ROWS;
        for (int r = 0; r < ROWS; r++) {
            int64_t e = i + (r < count ? r : 0);
            at[r] = x + (row ? row[e] : e) * ldx;
        }
        pairs p = best_of_panel(at, d, panel, bias);
        for (int r = 0; r < count; r++) {
            lane[i + r] = p.lane[r];
            score[i + r] = p.score[r];
            next[i + r] = p.next[r];
        }
    }
}

/* Of the 16 groups from `g` on, a bit for each that may hold a nearer centre than `upper` away. */
INLINE uint32_t reached(const sheaf_i_sieve *s, const float *lower, float upper, int32_t g)
{
    uint32_t found = 0;
    UNROLL for (int v = 0; v < SETS; v++) {
        vf bound = *(const vf *)(lower + g + v * LANES), reach = *(const vf *)(s->reach + g + v * LANES);
        found |= bits(bound <= reach + upper) << (v * LANES);
    }
    return found;
}

INLINE bool any_reached(const sheaf_i_sieve *s, const float *lower, float upper)
{
    uint32_t found = 0;
    for (int32_t g = 0; g < s->groups; g += SHEAF_I_PANEL) found |= reached(s, lower, upper, g);
    return found != 0;
}

INLINE float dot(const float *a, const float *b, int32_t d)
{
    vf sum = {0}, other = {0};
    int32_t j = 0;
    for (; j + 2 * LANES <= d; j += 2 * LANES) {
        sum += *(const vf *)(a + j) * *(const vf *)(b + j);
        other += *(const vf *)(a + j + LANES) * *(const vf *)(b + j + LANES);
    }
    for (; j + LANES <= d; j += LANES) sum += *(const vf *)(a + j) * *(const vf *)(b + j);
    float rest = 0;
    for (; j < d; j++) rest += a[j] * b[j];
    sum += other;
#if LANES == 16
    return rest + _mm512_reduce_add_ps((__m512)sum);
#else
    UNROLL for (int l = 0; l < LANES; l++) rest += sum[l];
    return rest;
#endif
}

INLINE void list_groups(const sheaf_i_sieve *s, int32_t i, const float *lower, float upper, int32_t own, int32_t *list,
                        int32_t *count)
{
    for (int32_t g = 0; g < s->groups; g += SHEAF_I_PANEL) {
        uint32_t found = reached(s, lower, upper, g);
        if (own / SHEAF_I_PANEL == g / SHEAF_I_PANEL) found |= 1u << own % SHEAF_I_PANEL;
        for (; found; found &= found - 1) {
            int32_t t = g + __builtin_ctz(found);
            list[t * s->room + count[t]++] = i;
        }
    }
}

int32_t ISA(sift)(const sheaf_i_sieve *s, int32_t m, const float *x, int64_t ldx, const float *square,
                  const int32_t *label, float *upper, const float *lower, int64_t ldl, int32_t *survivor, int32_t *list,
                  int32_t *count)
{
    int32_t loose = 0, survivors = 0;
    for (int32_t i = 0; i < m; i++) {
        upper[i] += s->drift[label[i]];
        if (!any_reached(s, lower + i * ldl, upper[i])) continue;
        survivor[loose++] = i;
        if (s->groups == 1) { /* its product costs no more than the distance to the own centre */
            list[count[0]++] = i;
            continue;
        }
        const char *row = (const char *)(x + i * ldx);
        for (int64_t b = 0; b < (int64_t)s->d * 4; b += 64) __builtin_prefetch(row + b);
    }
    if (s->groups == 1) return loose;
    for (int32_t l = 0; l < loose; l++) {
        const int32_t i = survivor[l], own = label[i];
        float score = s->bias[own] + dot(x + i * ldx, s->centre + (int64_t)own * s->d, s->d);
        float gap = (square ? square[i] : 1) - 2 * score;
        upper[i] = sqrtf((gap > 0 ? gap : 0) + s->margin) * SHEAF_I_ROUND_UP;
        if (!any_reached(s, lower + i * ldl, upper[i])) continue;
        list_groups(s, i, lower + i * ldl, upper[i], own / s->wide, list, count);
        survivor[survivors++] = i;
    }
    return survivors;
}
