/* Kernels of the search for nearest rows: rivals against dots, bit by bit, and above against its definition. */
#include "test_kernel.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/kernel.h"

#define PANEL SHEAF_I_PANEL
#define COLUMNS SHEAF_I_RIVAL_COLUMNS
#define LEAST_ROOM (SHEAF_I_RIVAL_ROWS * COLUMNS)

static uint64_t counter;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(87, counter++) % n); }
static float number(bool whole)
{
    double v = sheaf_i_rng_normal(88, counter++);
    return (float)(whole ? round(v) : v);
}

static float bar(bool whole)
{
    switch (below(8)) {
    case 0: return -INFINITY;
    case 1: return INFINITY;
    default: return 2 * number(whole);
    }
}

/* Every pair that passes is found once, with the very number that dots has, and nothing else is; however often the call
   ends early. */
static void rivals_are_dots(const sheaf_i_kernels *k)
{
    enum { MOST = 90 };
    static bool met[MOST][COLUMNS];
    static sheaf_i_rival out[4 * LEAST_ROOM + 1];
    const bool whole = below(2), rows_ask = below(2); /* whole: many ties with the bars */
    const int32_t d = (int32_t)below(120), columns = 1 + (int32_t)below(COLUMNS), lda = d + (int32_t)below(4);
    const int32_t m = (int32_t)below(MOST), room = LEAST_ROOM + (int32_t)below(3 * LEAST_ROOM);
    float *a = malloc((size_t)(MOST * (lda + 1)) * sizeof *a), *c = malloc((size_t)(COLUMNS * (d + 1)) * sizeof *c);
    float row_bar[MOST], column_bar[COLUMNS], y[COLUMNS];
    for (int64_t i = 0; i < MOST * lda; i++) a[i] = number(whole);
    for (int64_t i = 0; i < COLUMNS * d; i++) c[i] = number(whole);
    for (int32_t i = 0; i < MOST; i++) row_bar[i] = below(2) ? INFINITY : bar(whole);
    for (int32_t t = 0; t < COLUMNS; t++) column_bar[t] = below(2) ? INFINITY : bar(whole);
    memset(met, 0, sizeof met);
    for (int32_t at = 0, n; at < m;) {
        out[room].row = 77;
        int64_t done = k->rivals(m - at, a + at * lda, lda, d, c, columns, rows_ask ? row_bar + at : NULL, column_bar,
                                 out, room, &n);
        assert_true(done > 0 && done <= m - at && n >= 0 && n <= room);
        assert_int_equal(out[room].row, 77);
        for (int32_t f = 0; f < n; f++) {
            assert_true(out[f].row >= 0 && out[f].row < done && out[f].column >= 0 && out[f].column < columns);
            k->dots(1, a + (at + out[f].row) * lda, lda, d, c, columns, y, COLUMNS);
            assert_memory_equal(&y[out[f].column], &out[f].score, sizeof *y);
            assert_false(met[at + out[f].row][out[f].column]);
            met[at + out[f].row][out[f].column] = true;
        }
        at += (int32_t)done;
    }
    for (int32_t i = 0; i < m; i++) {
        k->dots(1, a + i * lda, lda, d, c, columns, y, COLUMNS);
        for (int32_t t = 0; t < columns; t++) {
            const bool passes = y[t] >= column_bar[t] || (rows_ask && y[t] >= row_bar[i]);
            assert_int_equal(met[i][t], passes);
        }
    }
    free(a);
    free(c);
}

/* (a, c) and (c, a) have the same product: rows and columns change places. */
static void rivals_are_symmetric(const sheaf_i_kernels *k)
{
    enum { N = PANEL };
    const int32_t d = 1 + (int32_t)below(130);
    float *x = malloc((size_t)(N * d) * sizeof *x), *packed = malloc((size_t)(N * d) * sizeof *x), bars[N];
    sheaf_i_rival out[LEAST_ROOM];
    float score[N][N];
    int32_t n;
    for (int32_t i = 0; i < N; i++)
        for (int32_t j = 0; j < d; j++) packed[j * PANEL + i] = x[i * d + j] = number(false);
    for (int32_t t = 0; t < N; t++) bars[t] = -INFINITY;
    for (int64_t at = 0; at < N;) {
        int64_t done = k->rivals(N - at, x + at * d, d, d, packed, N, NULL, bars, out, LEAST_ROOM, &n);
        for (int32_t f = 0; f < n; f++) score[at + out[f].row][out[f].column] = out[f].score;
        at += done;
    }
    for (int32_t i = 0; i < N; i++)
        for (int32_t j = 0; j < i; j++) assert_memory_equal(&score[i][j], &score[j][i], sizeof(float));
    free(x);
    free(packed);
}

static void above_is_its_definition(const sheaf_i_kernels *k)
{
    enum { MOST = 3000 };
    static float sum[MOST];
    static uint8_t rest[MOST];
    static uint16_t place[MOST + 1];
    const int32_t n = (int32_t)below(MOST), room = below(3) ? (int32_t)below(200) : MOST;
    const float scale = below(3) ? (float)below(5) : 0, least = (float)below(below(2) ? 40 : 12); /* exact */
    for (int32_t i = 0; i < n; i++) {
        sum[i] = below(50) ? (float)below(16) : -INFINITY;
        rest[i] = (uint8_t)(below(9) ? below(4) : below(256));
    }
    place[room] = 7777;
    int32_t found = k->above(n, sum, rest, scale, least, place, room), want = 0;
    assert_int_equal(place[room], 7777);
    for (int32_t i = 0; i < n; i++) {
        if (!(sum[i] + scale * (float)rest[i] >= least)) continue;
        if (want < room && found <= room) assert_int_equal(place[want], i);
        want++;
    }
    if (want > room) assert_true(found > room);
    else assert_int_equal(found, want);
}

static void each_table(void (*test)(const sheaf_i_kernels *))
{
    static const char *const tables[] = {"plain", "avx2", "avx512"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(tables[i]);
        counter = 0;
        for (int round = 0; k && round < 200; round++) test(k);
    }
}

static void test_rivals(void **state) { (void)state; each_table(rivals_are_dots); }
static void test_symmetry(void **state) { (void)state; each_table(rivals_are_symmetric); }
static void test_above(void **state) { (void)state; each_table(above_is_its_definition); }

const struct CMUnitTest test_kernel_rivals[] = {cmocka_unit_test(test_rivals), cmocka_unit_test(test_symmetry),
                                                cmocka_unit_test(test_above)};
const size_t n_test_kernel_rivals = sizeof test_kernel_rivals / sizeof *test_kernel_rivals;
