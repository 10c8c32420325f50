/* Products with coded matrices: every table of kernels against sums in double. The bound is that of a float sum of n
   products and of the two roundings of the factors: (n + 4) roundoffs times the sum of the sizes. */
#include "test_kernel.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/kernel.h"

#define FLOAT_EPS 6e-8
enum { ROWS = 23, COLS = 90, MOST = 70 };

static uint64_t draws;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(81, draws++) % n); }
static float number(void) { return (float)sheaf_i_rng_normal(82, draws++); }

typedef struct {
    int64_t indptr[ROWS + 1];
    uint16_t columns[ROWS * MOST + SHEAF_I_AHEAD];
    uint8_t codes[ROWS * MOST];
    float table[256], scale[ROWS];
    float *x, *y, *before;
    int32_t b;
    int64_t ldy;
    sheaf_i_coded_rows a;
} coded;

/* Rows of every length from 0 on; some factors of 0; what lies beyond the b columns of x must not matter. */
static coded *new_coded(bool add, bool scattered)
{
    static const int32_t usual[] = {1, 7, 8, 9, 15, 16, 17, 24, 31, 32};
    coded *t = calloc(1, sizeof *t);
    t->b = usual[below(sizeof usual / sizeof *usual)];
    t->ldy = t->b + (int64_t)below(4);
    for (int i = 0; i < ROWS; i++) t->indptr[i + 1] = t->indptr[i] + (below(4) ? below(MOST) : below(6) / 2);
    for (int p = 0; p < ROWS * MOST; p++) t->columns[p] = (uint16_t)below(COLS);
    for (int p = 0; p < ROWS * MOST; p++) t->codes[p] = (uint8_t)below(256);
    for (int i = 0; i < 256; i++) t->table[i] = number();
    for (int i = 0; i < ROWS; i++) t->scale[i] = below(7) ? number() : 0;
    const int32_t width = sheaf_i_strip(t->b);
    t->x = malloc(sizeof(float) * COLS * (size_t)width);
    for (int i = 0; i < COLS * width; i++) t->x[i] = i % width < t->b ? number() : NAN;
    t->y = malloc(sizeof(float) * ROWS * (size_t)t->ldy);
    t->before = malloc(sizeof(float) * ROWS * (size_t)t->ldy);
    for (int64_t i = 0; i < ROWS * t->ldy; i++) t->y[i] = t->before[i] = number();
    t->a = (sheaf_i_coded_rows){t->indptr, t->columns, t->codes, t->table, t->scale, add, scattered};
    return t;
}

static void free_coded(coded *t)
{
    free(t->x);
    free(t->y);
    free(t->before);
    free(t);
}

static void check_element(const coded *t, int64_t i, int32_t c)
{
    const int64_t n = t->indptr[i + 1] - t->indptr[i];
    const float got = t->y[i * t->ldy + c], before = t->before[i * t->ldy + c];
    double sum = 0, size = 0;
    for (int64_t p = t->indptr[i]; p < t->indptr[i + 1]; p++) {
        double term = (double)t->table[t->codes[p]] * (double)t->x[t->columns[p] * sheaf_i_strip(t->b) + c];
        sum += term * (double)t->scale[i];
        size += fabs(term * (double)t->scale[i]);
    }
    if (t->a.add) {
        sum += (double)before;
        size += fabs((double)before);
    }
    if (t->a.add && n == 0) assert_true(got == before);
    assert_true(fabs(sum - (double)got) <= (double)(n + 4) * FLOAT_EPS * size);
}

static void coded_agrees(const sheaf_i_kernels *k, bool add, bool scattered)
{
    coded *t = new_coded(add, scattered);
    const int64_t lo = below(ROWS), hi = lo + below((uint32_t)(ROWS - lo + 1));
    k->spmm_coded(lo, hi, &t->a, t->x, t->b, t->y, t->ldy);
    for (int64_t i = 0; i < ROWS; i++)
        for (int32_t c = 0; c < t->ldy; c++) {
            const float *y = &t->y[i * t->ldy + c], *before = &t->before[i * t->ldy + c];
            if (i >= lo && i < hi && c < t->b) check_element(t, i, c);
            else assert_memory_equal(y, before, sizeof *y); /* not touched */
        }
    free_coded(t);
}

/* The same bytes one row at a time, and fetched ahead or not. */
static void coded_splits(const sheaf_i_kernels *k, bool add)
{
    coded *t = new_coded(add, false);
    float *y = malloc(sizeof *y * ROWS * (size_t)t->ldy);
    memcpy(y, t->before, sizeof *y * ROWS * (size_t)t->ldy);
    k->spmm_coded(0, ROWS, &t->a, t->x, t->b, t->y, t->ldy);
    t->a.scattered = true;
    for (int64_t i = 0; i < ROWS; i++) k->spmm_coded(i, i + 1, &t->a, t->x, t->b, y, t->ldy);
    assert_memory_equal(t->y, y, sizeof *y * ROWS * (size_t)t->ldy);
    free(y);
    free_coded(t);
}

static void test_spmm_coded(void **state)
{
    (void)state;
    static const char *const tables[] = {"plain", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(tables[i]);
        draws = 0;
        for (int round = 0; k && round < 80; round++) {
            coded_agrees(k, round & 1, round & 2);
            coded_splits(k, round & 1);
        }
    }
}

const struct CMUnitTest test_kernel_sparse[] = {cmocka_unit_test(test_spmm_coded)};
const size_t n_test_kernel_sparse = sizeof test_kernel_sparse / sizeof *test_kernel_sparse;
