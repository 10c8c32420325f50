/* What gram and update promise beyond the right sums: fetching ahead changes nothing, a split of update's rows changes
   nothing, numbers outside the result stay; and the leading eigenvectors of a symmetric matrix. */
#include "test_kernel.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/blas.h"
#include "kernel/kernel.h"

static const char *const tables[] = {"plain", "avx2", "avx512"};

static float *numbers(int64_t n, uint64_t key)
{
    float *p = malloc((size_t)n * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i < n; i++) p[i] = (float)sheaf_i_rng_normal(key, (uint64_t)i);
    return p;
}

/* Widths below, at and between whole vectors, for 8 and for 16 lanes. */
static const int32_t widths[] = {1, 7, 8, 12, 16, 20, 32, 48, 64, 100, 103};
enum { WIDTHS = sizeof widths / sizeof *widths, LD = 120, ROWS = 1100 };

static void gram_fetches(const sheaf_i_kernels *k)
{
    float *v = numbers(ROWS * LD, 1), *w = numbers(ROWS * LD, 2);
    double h[2][64 * LD];
    for (int m = 16; m <= 64; m *= 2)
        for (int i = 0; i < WIDTHS; i++) {
            memset(h, 0, sizeof h);
            k->gram(ROWS, v, LD, m, w, LD, widths[i], h[0], LD, NULL);
            k->gram(ROWS, v, LD, m, w, LD, widths[i], h[1], LD, v + 5);
            assert_memory_equal(h[0], h[1], sizeof h[0]);
            for (int r = 0; r < m; r++)
                for (int c = widths[i]; c < LD; c++) assert_true(h[0][r * LD + c] == 0);
        }
    free(v);
    free(w);
}

static void update_splits(const sheaf_i_kernels *k)
{
    float *v = numbers(ROWS * LD, 1), *h = numbers(64 * LD, 2), *start = numbers(ROWS * LD, 3);
    float *whole = numbers(ROWS * LD, 3), *parts = numbers(ROWS * LD, 3);
    for (int m = 16; m <= 64; m *= 2)
        for (int i = 0; i < WIDTHS; i++) {
            const int32_t b = widths[i];
            memcpy(whole, start, ROWS * LD * sizeof *whole);
            memcpy(parts, start, ROWS * LD * sizeof *parts);
            k->update(ROWS, v, LD, m, h, LD, b, whole, LD, NULL);
            for (int64_t lo = 0, n; lo < ROWS; lo += n) {
                n = 1 + lo % 13 < ROWS - lo ? 1 + lo % 13 : ROWS - lo;
                k->update(n, v + lo * LD, LD, m, h, LD, b, parts + lo * LD, LD, v + lo * LD);
            }
            assert_memory_equal(whole, parts, ROWS * LD * sizeof *whole);
            for (int64_t r = 0; r < ROWS; r++) {
                assert_memory_equal(whole + r * LD + b, start + r * LD + b, (size_t)(LD - b) * sizeof *whole);
                assert_memory_not_equal(whole + r * LD, start + r * LD, (size_t)b * sizeof *whole);
            }
        }
    free(v);
    free(h);
    free(start);
    free(whole);
    free(parts);
}

static void each_table(void (*test)(const sheaf_i_kernels *))
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(tables[i]);
        if (k) test(k);
    }
}

static void test_gram_fetches(void **state) { (void)state; each_table(gram_fetches); }
static void test_update_splits(void **state) { (void)state; each_table(update_splits); }

/* Against the whole decomposition; vectors by their residual, 1e-12 being n roundoffs of the norm, below 100. */
static void test_eigh_leading(void **state)
{
    (void)state;
    static const int32_t sizes[] = {1, 2, 16, 17, 90, 150};
    sheaf_ctx *ctx = test_context(1);
    for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++)
        for (int part = 0; part < 3; part++) {
            const int32_t n = sizes[t], count = part == 0 ? 1 : part == 1 ? (n + 1) / 2 : n, lda = n + 3;
            double *a = calloc((size_t)(n * lda), sizeof *a), *b = calloc((size_t)(n * lda), sizeof *b);
            double *z = calloc((size_t)(n * n), sizeof *z);
            double *w = calloc((size_t)n, sizeof *w), *all = calloc((size_t)n, sizeof *all);
            for (int32_t i = 0; i < n; i++)
                for (int32_t j = 0; j <= i; j++)
                    a[i * lda + j] = a[j * lda + i] = sheaf_i_rng_normal(9, (uint64_t)(i * n + j));
            memcpy(b, a, (size_t)(n * lda) * sizeof *a);
            assert_ok(ctx, sheaf_i_eigh(ctx, n, b, lda, all));
            memcpy(b, a, (size_t)(n * lda) * sizeof *a);
            assert_ok(ctx, sheaf_i_eigh_leading(ctx, n, b, lda, count, w, z));
            for (int32_t e = 0; e < n; e++) assert_true(fabs(w[e] - all[e]) <= 1e-12);
            for (int32_t e = n - count; e < n; e++) {
                double length = 0;
                for (int32_t i = 0; i < n; i++) {
                    double dot = 0;
                    for (int32_t j = 0; j < n; j++) dot += a[i * lda + j] * z[e * n + j];
                    assert_true(fabs(dot - w[e] * z[e * n + i]) <= 1e-12);
                    length += z[e * n + i] * z[e * n + i];
                }
                assert_true(fabs(length - 1) <= 1e-13 * n + 1e-14);
            }
            free(a);
            free(b);
            free(z);
            free(w);
            free(all);
        }
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_kernel_tall[] = {
    cmocka_unit_test(test_gram_fetches),
    cmocka_unit_test(test_update_splits),
    cmocka_unit_test(test_eigh_leading),
};
const size_t n_test_kernel_tall = sizeof test_kernel_tall / sizeof *test_kernel_tall;
