/* Gains of z ln z against long double: each table, all tail lengths, what the rows and the table of firsts say. */
#include "test_kernel.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/kernel.h"

static const char *const tables[] = {"plain", "avx2", "avx512"};
enum { TABLES = sizeof tables / sizeof *tables, MARK = 12345 };

/* c ln(1 + v / c) + v ln(c + v): a difference of f would lose what long double has more than double. */
static long double truth(float c, float v)
{
    return (long double)c * log1pl((long double)v / c) + (long double)v * logl((long double)c + v);
}

/* kernel.h states it. */
static long double bound(float c, float v) { return 2e-6L * v * (1 + fabsl(logl((long double)c + v))); }

static void assert_near(const sheaf_i_kernels *k, float c, float v, float got)
{
    const long double off = fabsl((long double)got - truth(c, v));
    if (!(off <= bound(c, v)))
        fail_msg("%s: c %.9g, v %.9g: %.9g, not %.9Lg: off by %.3Lg bounds", k->name, (double)c, (double)v,
                 (double)got, truth(c, v), off / bound(c, v));
}

/* Pair i: c from 1e-3 to 1e9, v from 0 to 65,535; some are near where the kernels change the formula, some at the
   ends, some have v far below or above c. */
static void draw_pair(uint64_t key, int64_t i, float *c, float *v)
{
    const double a = sheaf_i_rng_unit(key, (uint64_t)i * 2), b = sheaf_i_rng_unit(key, (uint64_t)i * 2 + 1);
    *c = (float)pow(10, -3 + 12 * a);
    *v = (float)floor(b * 65536);
    if (i % 5 == 1) *v = (float)floor(exp(b * 11.09));
    if (i % 5 == 2) *c = (float)fmax(*v * (12 + 8 * a), 1e-3);
    if (i % 5 == 3) *c = 1 + (float)(a - .5) / 8;
    if (i % 31 == 4) *c = 1e-3f;
    if (i % 31 == 5) *c = 1e9f;
    if (i % 37 == 4) *v = 0;
    if (i % 37 == 5) *v = 1;
    if (i % 37 == 6) *v = 65535;
}

static void each_is_near(const sheaf_i_kernels *k)
{
    enum { PAIRS = 400000 };
    float *c = malloc(PAIRS * sizeof *c), *v = malloc(PAIRS * sizeof *v), *out = malloc(PAIRS * sizeof *out);
    const uint64_t key = sheaf_i_rng_key(1, SHEAF_I_RNG_TEST, 0);
    for (int64_t i = 0; i < PAIRS; i++) draw_pair(key, i, &c[i], &v[i]);
    k->gain_each(PAIRS, c, v, out);
    for (int64_t i = 0; i < PAIRS; i++) assert_near(k, c[i], v[i], out[i]);
    free(c);
    free(v);
    free(out);
}

/* In memory of just their size, so that the sanitizer sees a read behind the end; a mark stands behind the results. */
static void each_has_its_length(const sheaf_i_kernels *k)
{
    const uint64_t key = sheaf_i_rng_key(2, SHEAF_I_RNG_TEST, 0);
    for (int32_t n = 0; n <= 100; n++) {
        float *c = malloc((size_t)n * sizeof *c + 1), *v = malloc((size_t)n * sizeof *v + 1);
        float *out = malloc((size_t)(n + 1) * sizeof *out);
        for (int32_t i = 0; i < n; i++) draw_pair(key, n * 100 + i, &c[i], &v[i]);
        out[n] = MARK;
        k->gain_each(n, c, v, out);
        for (int32_t i = 0; i < n; i++) assert_near(k, c[i], v[i], out[i]);
        assert_true(out[n] == MARK);
        free(c);
        free(v);
        free(out);
    }
}

/* Float sums of n numbers: n / 2 roundings of the sum of the moduli are more than the kernels make. */
static long double sum_bound(int64_t n, long double moduli, long double bounds)
{
    return bounds + moduli * 0x1p-24L * (1 + (long double)n / 2);
}

static void sums_are_near(const sheaf_i_kernels *k)
{
    const uint64_t key = sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, 0);
    for (int32_t n = 0; n <= 300; n++) {
        float *c = malloc((size_t)n * sizeof *c + 1), *v = malloc((size_t)n * sizeof *v + 1);
        long double want = 0, moduli = 0, bounds = 0;
        for (int32_t i = 0; i < n; i++) {
            draw_pair(key, n * 301 + i, &c[i], &v[i]);
            want += truth(c[i], v[i]);
            moduli += fabsl(truth(c[i], v[i]));
            bounds += bound(c[i], v[i]);
        }
        const long double got = k->gain_sum(n, c, v);
        if (!(fabsl(got - want) <= sum_bound(n, moduli, bounds)))
            fail_msg("%s: sum of %d: %.9Lg, not %.9Lg", k->name, n, got, want);
        if (!n) assert_true(got == 0);
        free(c);
        free(v);
    }
}

/* A table of sums whose first `k` columns are taken, the others hold large numbers. */
typedef struct {
    int32_t m, ld;
    int32_t *sum;
    float *prior, *gain;
    uint16_t *first;
} table;

static void fill_gains(table *t)
{
    for (int32_t j = 0; j < t->m; j++)
        for (int64_t at = (int64_t)j * t->ld; at < (int64_t)(j + 1) * t->ld; at++)
            t->gain[at] = (float)truth((float)t->sum[at] + t->prior[j], t->first[j]);
}

static table new_table(int32_t m, int32_t ld, uint64_t sub)
{
    table t = {m, ld, malloc((size_t)m * (size_t)ld * 4), malloc((size_t)m * 4), malloc((size_t)m * (size_t)ld * 4),
               malloc((size_t)m * 2)};
    const uint64_t key = sheaf_i_rng_key(4, SHEAF_I_RNG_TEST, sub);
    for (int32_t j = 0; j < m; j++) {
        t.prior[j] = (float)pow(10, 2.82 + sheaf_i_rng_unit(key, (uint64_t)j)); /* above 1/100 of all values */
        t.first[j] = (uint16_t)(1 + sheaf_i_rng_u64(key, (uint64_t)j + 5000) % 5000);
        for (int32_t l = 0; l < ld; l++) {
            const int64_t at = (int64_t)j * ld + l;
            const double u = sheaf_i_rng_unit(key, (uint64_t)at + 10000);
            t.sum[at] = at % 3 ? 0 : (int32_t)exp(u * 20.7); /* below 1e9 */
        }
    }
    fill_gains(&t);
    return t;
}

static void end_table(table *t)
{
    free(t->sum);
    free(t->prior);
    free(t->gain);
    free(t->first);
}

static void check_row(const sheaf_i_kernels *k, const table *t, int64_t n, const uint16_t *column, const uint16_t *value,
                      int32_t own, const float *out)
{
    for (int32_t l = 0; l < t->ld; l++) {
        long double want = 0, moduli = 0, bounds = 0;
        for (int64_t p = 0; p < n; p++) {
            const int32_t sum = t->sum[(int64_t)column[p] * t->ld + l] - (l == own ? value[p] : 0);
            const float c = (float)sum + t->prior[column[p]];
            want += truth(c, value[p]);
            moduli += fabsl(truth(c, value[p]));
            bounds += l != own && value[p] == t->first[column[p]] ? bound(c, value[p]) : 1e-3L * value[p];
        }
        if (!(fabsl(out[l] - want) <= sum_bound(2 * n, moduli, bounds)))
            fail_msg("%s: row of %d, column %d of %d: %.9g, not %.9Lg", k->name, (int)n, (int)l, (int)t->ld,
                     (double)out[l], want);
    }
}

/* Rows of 0 to 300 values, of which a third, none and all are the first of their terms. */
static void rows_are_near(const sheaf_i_kernels *k)
{
    static const int32_t lds[] = {16, 32, 48, 64, 80, 112, 128, SHEAF_I_GAINS_FEW};
    for (int i = 0; i < 8; i++) {
        table t = new_table(400, lds[i], (uint64_t)i);
        const sheaf_i_gain_rows g = {t.ld, t.sum, t.prior, t.first, t.gain};
        const uint64_t key = sheaf_i_rng_key(5, SHEAF_I_RNG_TEST, (uint64_t)i);
        for (int64_t n = i; n <= 300; n += n < 20 ? 1 : 7) {
            uint16_t *column = malloc((size_t)n * 2 + 1), *value = malloc((size_t)n * 2 + 1);
            float *out = malloc(((size_t)t.ld + 1) * sizeof *out);
            for (int64_t p = 0; p < n; p++) {
                column[p] = (uint16_t)(p * 400 / n);
                const uint64_t x = sheaf_i_rng_u64(key, (uint64_t)(n * 301 + p));
                value[p] = (uint16_t)(x % 10 ? 1 + x % 9000 : 65535 - x % 3);
                if (n % 3 == 1 || (n % 3 == 0 && p % 3 == 0)) value[p] = t.first[column[p]];
            }
            out[t.ld] = MARK;
            const int32_t own = n % 4 ? (int32_t)(n * 7 % t.ld) : -1;
            for (int64_t p = 0; p < n && own >= 0; p++) t.sum[(int64_t)column[p] * t.ld + own] += value[p];
            fill_gains(&t);
            k->gains(&g, n, column, value, own, out);
            check_row(k, &t, n, column, value, own, out);
            for (int64_t p = 0; p < n && own >= 0; p++) t.sum[(int64_t)column[p] * t.ld + own] -= value[p];
            assert_true(out[t.ld] == MARK);
            free(column);
            free(value);
            free(out);
        }
        end_table(&t);
    }
}

/* A value that is the first of its term comes from the table, and only such a one. */
static void firsts_come_from_the_table(const sheaf_i_kernels *k)
{
    table t = new_table(3, 48, 9);
    const sheaf_i_gain_rows g = {t.ld, t.sum, t.prior, t.first, t.gain};
    const uint16_t column[] = {0, 1, 2}, value[] = {t.first[0], (uint16_t)(t.first[1] + 1), t.first[2]};
    float out[48], other[48];
    k->gains(&g, 3, column, value, -1, out);
    for (int32_t l = 0; l < 48; l++) {
        t.gain[l] = (float)l;
        t.gain[48 + l] = NAN;
        t.gain[96 + l] = (float)(-2 * l);
    }
    k->gains(&g, 3, column, value, -1, other);
    for (int32_t l = 0; l < 48; l++) {
        const long double want = truth((float)t.sum[48 + l] + t.prior[1], value[1]) - l;
        assert_true(fabsl(other[l] - want) <= 1e-3L * value[1]);
    }
    end_table(&t);
}

/* Gains of all of one cluster on top of each; `moduli` in 64ths are what the float sums of some terms lose. */
static void pairs_are_near(const sheaf_i_kernels *k)
{
    static const int32_t sizes[] = {0, 1, 15, 63, 64, 65, 129, 700};
    for (int i = 0; i < 8; i++) {
        table t = new_table(sizes[i] + 1, 16 * (1 + i % 4), 20 + (uint64_t)i);
        const sheaf_i_gain_rows g = {t.ld, t.sum, t.prior, t.first, NULL};
        double *out = malloc(((size_t)t.ld + 1) * sizeof *out);
        for (int32_t a = 0; a < t.ld; a += 5) {
            out[t.ld] = MARK;
            k->gain_pairs(&g, sizes[i], a, out);
            assert_true(out[t.ld] == MARK);
            for (int32_t l = 0; l < t.ld; l++) {
                long double want = 0, moduli = 0, bounds = 0;
                for (int32_t j = 0; j < sizes[i]; j++) {
                    const float v = (float)t.sum[j * t.ld + a], c = (float)t.sum[j * t.ld + l] + t.prior[j];
                    want += truth(c, v);
                    moduli += fabsl(truth(c, v));
                    bounds += bound(c, v);
                }
                if (!(fabsl(out[l] - want) <= sum_bound(128, moduli, bounds)))
                    fail_msg("%s: %d on %d of %d terms: %.12g, not %.12Lg", k->name, (int)a, (int)l, (int)sizes[i],
                             out[l], want);
            }
        }
        free(out);
        end_table(&t);
    }
}

static void each_table(void (*check)(const sheaf_i_kernels *))
{
    for (int i = 0; i < TABLES; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(tables[i]);
        if (k) check(k);
    }
}

static void test_each(void **state) { (void)state; each_table(each_is_near); }
static void test_lengths(void **state) { (void)state; each_table(each_has_its_length); }
static void test_sums(void **state) { (void)state; each_table(sums_are_near); }
static void test_rows(void **state) { (void)state; each_table(rows_are_near); }
static void test_firsts(void **state) { (void)state; each_table(firsts_come_from_the_table); }
static void test_pairs(void **state) { (void)state; each_table(pairs_are_near); }

const struct CMUnitTest test_kernel_gains[] = {
    cmocka_unit_test(test_each), cmocka_unit_test(test_lengths), cmocka_unit_test(test_sums),
    cmocka_unit_test(test_rows), cmocka_unit_test(test_firsts), cmocka_unit_test(test_pairs),
};
const size_t n_test_kernel_gains = sizeof test_kernel_gains / sizeof *test_kernel_gains;
