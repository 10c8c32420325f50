/* Kernels of pruned k-means: panel_best against assign, bit by bit, and sift against its definition. */
#include "test_kernel.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/kernel.h"

#define PANEL SHEAF_I_PANEL

static uint64_t counter;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(79, counter++) % n); }
static float number(bool whole)
{
    double v = sheaf_i_rng_normal(80, counter++);
    return (float)(whole ? round(v) : v);
}

static float *numbers(int64_t n, bool whole)
{
    float *p = malloc((size_t)(n + 1) * sizeof *p);
    for (int64_t i = 0; i < n; i++) p[i] = number(whole);
    return p;
}

static void panel_best_is_assign(const sheaf_i_kernels *k)
{
    enum { MOST = 40 };
    const bool whole = below(2), listed = below(2); /* whole: many ties */
    const int32_t d = 1 + (int32_t)below(120), centres = 1 + (int32_t)below(PANEL), ldx = d + (int32_t)below(4);
    const int32_t m = (int32_t)below(MOST);
    float *x = numbers((int64_t)MOST * ldx, whole), *panel = numbers((int64_t)PANEL * d, whole), bias[PANEL];
    int32_t row[MOST], lane[MOST + 1], want, second;
    float score[MOST + 1], next[MOST + 1], want_score, want_next;
    for (int32_t t = 0; t < PANEL; t++) bias[t] = t < centres ? number(whole) : -INFINITY;
    for (int32_t i = 0; i < m; i++) row[i] = (int32_t)below(MOST);
    lane[m] = 77;
    score[m] = next[m] = 77;
    k->panel_best(m, listed ? row : NULL, x, ldx, d, panel, bias, lane, score, next);
    for (int32_t i = 0; i < m; i++) {
        k->assign(1, x + (listed ? row[i] : i) * ldx, ldx, d, panel, bias, centres, &want, &want_score, &second,
                  &want_next);
        assert_int_equal(lane[i], want);
        assert_memory_equal(&score[i], &want_score, sizeof want_score);
        assert_memory_equal(&next[i], &want_next, sizeof want_next);
    }
    assert_int_equal(lane[m], 77);
    assert_true(score[m] == 77 && next[m] == 77);
    free(x);
    free(panel);
}

typedef struct {
    sheaf_i_sieve s;
    int32_t m, k;
    float *x, *square, *lower, *centre, *bias, *drift, *reach;
    int32_t *label;
} sieve_task;

static sieve_task new_sieve(void)
{
    sieve_task a = {.m = (int32_t)below(50)};
    const int32_t d = 1 + (int32_t)below(90), groups = 1 + (int32_t)below(40), wide = PANEL * (1 + (int32_t)below(2));
    a.k = groups * wide;
    a.x = numbers((int64_t)a.m * d, false);
    a.square = numbers(a.m, false);
    a.centre = numbers((int64_t)a.k * d, false);
    a.bias = numbers(a.k, false);
    a.drift = numbers(a.k, false);
    a.reach = numbers((groups + PANEL) / PANEL * PANEL + PANEL, false);
    a.lower = numbers((int64_t)a.m * groups + PANEL, false);
    a.label = malloc((size_t)(a.m + 1) * sizeof *a.label);
    for (int32_t g = 0; g < groups; g++) a.reach[g] = .1f * fabsf(a.reach[g]);
    for (int32_t g = groups; g < (groups + PANEL - 1) / PANEL * PANEL; g++) a.reach[g] = -INFINITY;
    for (int32_t t = 0; t < a.k; t++) a.drift[t] = t % 3 ? .1f * fabsf(a.drift[t]) : 0;
    for (int32_t i = 0; i < a.m; i++) a.label[i] = (int32_t)below((uint32_t)a.k);
    for (int32_t i = 0; i < a.m; i++) { /* distances for which some rows pass, some after a second look */
        double square = 0, dot = 0;
        for (int32_t j = 0; j < d; j++) {
            square += pow((double)a.x[i * d + j], 2);
            dot += (double)a.x[i * d + j] * (double)a.centre[(int64_t)a.label[i] * d + j];
        }
        a.square[i] = (float)square;
        double gap = square - 2 * (dot + (double)a.bias[a.label[i]]), own = sqrt(gap > 0 ? gap : 0);
        for (int32_t g = 0; g < groups; g++)
            a.lower[i * groups + g] = below(30) ? (float)(own + 1 + below(100)) : (float)(own * below(8) / 4);
        if (below(9) == 0) for (int32_t g = 0; g < groups; g++) a.lower[i * groups + g] = -3e38f;
    }
    a.s = (sheaf_i_sieve){.d = d, .groups = groups, .wide = wide, .room = 50, .centre = a.centre, .bias = a.bias,
                          .drift = a.drift, .reach = a.reach, .margin = .01f};
    return a;
}

static void end_sieve(const sieve_task *a)
{
    free(a->x);
    free(a->square);
    free(a->centre);
    free(a->bias);
    free(a->drift);
    free(a->reach);
    free(a->lower);
    free(a->label);
}

/* With the upper bounds that the kernel leaves, whose only own contribution is a dot product in another order, the
   lists follow from the definition. */
static void sift_agrees(const sheaf_i_kernels *k)
{
    sieve_task a = new_sieve();
    const sheaf_i_sieve *s = &a.s;
    float *upper = malloc((size_t)(a.m + 1) * sizeof *upper), *before = malloc((size_t)(a.m + 1) * sizeof *upper);
    int32_t survivor[51], *list = malloc((size_t)(s->groups * 50 + 1) * sizeof *list), n = 0;
    int32_t *count = calloc((size_t)s->groups, sizeof *count), *met = calloc((size_t)s->groups, sizeof *met);
    for (int32_t i = 0; i < a.m; i++) before[i] = upper[i] = below(4) ? (float)below(6) : INFINITY;
    int32_t survivors = k->sift(s, a.m, a.x, s->d, a.square, a.label, upper, a.lower, s->groups, survivor, list, count);
    for (int32_t i = 0; i < a.m; i++) {
        const float *lower = a.lower + i * s->groups;
        const float grown = before[i] + a.drift[a.label[i]];
        bool loose = false, survives = false;
        for (int32_t g = 0; g < s->groups; g++) loose |= lower[g] <= grown + s->reach[g];
        if (loose && s->groups > 1) {
            double dot = 0, size = 0;
            for (int32_t j = 0; j < s->d; j++) {
                double term = (double)a.x[i * s->d + j] * (double)a.centre[(int64_t)a.label[i] * s->d + j];
                dot += term;
                size += fabs(term);
            }
            double gap = (double)a.square[i] - 2 * (dot + (double)a.bias[a.label[i]]);
            double error = (s->d + 4) * 1.2e-7 * (size + 10); /* roundings of the sum, the bias and the square */
            double least = sqrt(fmax(gap - error, 0) + (double)s->margin);
            double most = sqrt(fmax(gap + error, 0) + (double)s->margin);
            assert_true((double)upper[i] >= least && (double)upper[i] <= most * 1.00001);
        } else {
            assert_memory_equal(&upper[i], &grown, sizeof grown);
        }
        for (int32_t g = 0; g < s->groups && loose; g++) survives |= lower[g] <= upper[i] + s->reach[g];
        if (!survives) continue;
        assert_true(n < survivors);
        assert_int_equal(survivor[n++], i);
        for (int32_t g = 0; g < s->groups; g++)
            if (lower[g] <= upper[i] + s->reach[g] || g == a.label[i] / s->wide)
                assert_int_equal(list[g * s->room + met[g]++], i);
    }
    assert_int_equal(n, survivors);
    assert_memory_equal(met, count, (size_t)s->groups * sizeof *met);
    free(upper);
    free(before);
    free(list);
    free(count);
    free(met);
    end_sieve(&a);
}

static void each_table(void (*test)(const sheaf_i_kernels *))
{
    static const char *const tables[] = {"plain", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(tables[i]);
        counter = 0;
        for (int round = 0; k && round < 300; round++) test(k);
    }
}

static void test_panel_best(void **state) { (void)state; each_table(panel_best_is_assign); }
static void test_sift(void **state) { (void)state; each_table(sift_agrees); }

const struct CMUnitTest test_kernel_nearest[] = {cmocka_unit_test(test_panel_best), cmocka_unit_test(test_sift)};
const size_t n_test_kernel_nearest = sizeof test_kernel_nearest / sizeof *test_kernel_nearest;
