/* Every table of kernels that this processor runs against the plain one, on shapes that fill register tiles and on
   shapes that do not. Tolerances are the bound of a float or double sum of n products: (n + 2) roundoffs times the sum
   of their sizes. */
#include "test_kernel.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/kernel.h"

static const char *const tables[] = {"plain", "avx2", "avx512"};
#define FLOAT_EPS 6e-8
#define DOUBLE_EPS 1.2e-16

static uint64_t counter;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(77, counter++) % n); }
static float number(void) { return (float)sheaf_i_rng_normal(78, counter++); }

static float *numbers(int64_t n)
{
    float *p = malloc((size_t)(n + 1) * sizeof *p);
    for (int64_t i = 0; i < n; i++) p[i] = number();
    return p;
}

static int32_t shape(void) /* tile sizes, their neighbours, and anything */
{
    static const int32_t usual[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 100, 128};
    return below(2) ? usual[below(sizeof usual / sizeof *usual)] : 1 + (int32_t)below(80);
}

static void each_table(void (*test)(const sheaf_i_kernels *))
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(tables[i]);
        if (!k) continue;
        assert_string_equal(k->name, tables[i]);
        counter = 0;
        for (int round = 0; round < 60; round++) test(k);
    }
}

static void spmm_agrees(const sheaf_i_kernels *k)
{
    const int64_t rows = 1 + below(40);
    const int32_t cols = 1 + (int32_t)below(60), b = shape(), ldx = b + (int32_t)below(5), ldy = b + (int32_t)below(5);
    int64_t *indptr = calloc((size_t)rows + 1, sizeof *indptr);
    for (int64_t i = 0; i < rows; i++) indptr[i + 1] = indptr[i] + below(4) * below(30);
    const int64_t nnz = indptr[rows];
    int32_t *indices = malloc((size_t)(nnz + 1) * sizeof *indices);
    for (int64_t p = 0; p < nnz; p++) indices[p] = (int32_t)below((uint32_t)cols);
    float *values = numbers(nnz), *x = numbers((int64_t)cols * ldx), *y = numbers(rows * ldy);
    float *before = malloc((size_t)(rows * ldy) * sizeof *y);
    memcpy(before, y, (size_t)(rows * ldy) * sizeof *y);
    const int64_t lo = below((uint32_t)rows), hi = lo + below((uint32_t)(rows - lo + 1));
    k->spmm(lo, hi, indptr, indices, values, x, ldx, b, y, ldy);
    for (int64_t i = 0; i < rows; i++)
        for (int32_t c = 0; c < ldy; c++) {
            if (i < lo || i >= hi || c >= b) { /* not touched */
                assert_memory_equal(&y[i * ldy + c], &before[i * ldy + c], sizeof *y);
                continue;
            }
            double sum = 0, size = 0;
            for (int64_t p = indptr[i]; p < indptr[i + 1]; p++) {
                double term = (double)values[p] * (double)x[indices[p] * (int64_t)ldx + c];
                sum += term;
                size += fabs(term);
            }
            const double bound = (double)(indptr[i + 1] - indptr[i] + 2) * FLOAT_EPS * size;
            assert_true(fabs(sum - (double)y[i * ldy + c]) <= bound);
        }
    free(indptr);
    free(indices);
    free(values);
    free(x);
    free(y);
    free(before);
}

/* A row's sum may not depend on the rows computed with it: the same bytes one row at a time. */
static void spmm_splits(const sheaf_i_kernels *k)
{
    enum { ROWS = 20, COLS = 50, NNZ = 40 };
    const int32_t b = shape();
    int64_t indptr[ROWS + 1] = {0};
    int32_t indices[ROWS * NNZ];
    for (int i = 0; i < ROWS; i++) indptr[i + 1] = indptr[i] + below(NNZ);
    for (int p = 0; p < ROWS * NNZ; p++) indices[p] = (int32_t)below(COLS);
    float *values = numbers(ROWS * NNZ), *x = numbers(COLS * b), *y = numbers(ROWS * b), *z = numbers(ROWS * b);
    k->spmm(0, ROWS, indptr, indices, values, x, b, b, y, b);
    for (int i = 0; i < ROWS; i++) k->spmm(i, i + 1, indptr, indices, values, x, b, b, z, b);
    assert_memory_equal(y, z, (size_t)(ROWS * b) * sizeof *y);
    free(values);
    free(x);
    free(y);
    free(z);
}

static void check_gram(const sheaf_i_kernels *k, bool wide)
{
    const int64_t n = below(3) ? below(700) : SHEAF_I_GRAM_CHUNK * below(3);
    const int32_t m = shape(), b = shape(), ldv = m + (int32_t)below(4), ldw = b + (int32_t)below(4);
    float *v = numbers(n * ldv), *w = numbers(n * ldw);
    double *h = malloc((size_t)(m * b) * sizeof *h), *start = malloc((size_t)(m * b) * sizeof *h);
    for (int32_t i = 0; i < m * b; i++) h[i] = start[i] = (double)number();
    if (wide) k->gram64(n, v, ldv, m, w, ldw, b, h, b);
    else k->gram(n, v, ldv, m, w, ldw, b, h, b, below(2) ? v : NULL);
    for (int32_t i = 0; i < m; i++)
        for (int32_t j = 0; j < b; j++) {
            double sum = start[i * b + j], size = fabs(sum);
            for (int64_t r = 0; r < n; r++) {
                double term = (double)v[r * ldv + i] * (double)w[r * ldw + j];
                sum += term;
                size += fabs(term);
            }
            double bound = wide ? 2 * (double)(n + 2) * DOUBLE_EPS : (SHEAF_I_GRAM_CHUNK + 2) * FLOAT_EPS;
            assert_true(fabs(sum - h[i * b + j]) <= bound * size);
        }
    free(v);
    free(w);
    free(h);
    free(start);
}

static void gram_agrees(const sheaf_i_kernels *k) { check_gram(k, false); }
static void gram64_agrees(const sheaf_i_kernels *k) { check_gram(k, true); }

static void update_agrees(const sheaf_i_kernels *k)
{
    const int64_t n = below(150);
    const int32_t m = shape(), b = shape(), ldv = m + (int32_t)below(4), ldh = b + (int32_t)below(4),
                  ldw = b + (int32_t)below(4);
    float *v = numbers(n * ldv), *h = numbers((int64_t)m * ldh), *w = numbers(n * ldw);
    float *before = malloc((size_t)(n * ldw + 1) * sizeof *w);
    memcpy(before, w, (size_t)(n * ldw) * sizeof *w);
    k->update(n, v, ldv, m, h, ldh, b, w, ldw, below(2) ? v : NULL);
    for (int64_t r = 0; r < n; r++)
        for (int32_t j = 0; j < ldw; j++) {
            double sum = (double)before[r * ldw + j], size = fabs(sum);
            for (int32_t i = 0; j < b && i < m; i++) {
                double term = (double)v[r * ldv + i] * (double)h[i * ldh + j];
                sum += term;
                size += fabs(term);
            }
            double bound = j < b ? (m + 2) * FLOAT_EPS * size : 0;
            assert_true(fabs(sum - (double)w[r * ldw + j]) <= bound);
        }
    free(v);
    free(h);
    free(w);
    free(before);
}

#define PANEL SHEAF_I_PANEL

typedef struct {
    int64_t m, ldx;
    int32_t d, k;
    float *x, *centre, *packed, *bias; /* centre: k x d */
} task;

/* A third of the tasks are of small whole numbers, whose sums are exact, and have many ties and some -inf. */
static task new_task(bool *exact)
{
    task a = {.m = 1 + below(40), .d = below(5) ? shape() : 1, .k = below(2) ? shape() : 1 + (int32_t)below(300)};
    const int32_t panels = (a.k + PANEL - 1) / PANEL;
    *exact = below(3) == 0;
    a.ldx = a.d + below(5);
    a.x = numbers(a.m * a.ldx);
    a.centre = numbers((int64_t)a.k * a.d);
    a.packed = numbers((int64_t)panels * PANEL * a.d); /* the filling is arbitrary */
    a.bias = numbers(panels * PANEL);
    for (int64_t i = 0; *exact && i < a.m * a.ldx; i++) a.x[i] = (float)below(3) - 1;
    for (int64_t i = 0; *exact && i < (int64_t)a.k * a.d; i++) a.centre[i] = (float)below(3) - 1;
    for (int32_t t = 0; t < panels * PANEL; t++) {
        if (*exact) a.bias[t] = below(4) ? (float)below(3) : -INFINITY;
        if (t >= a.k) a.bias[t] = -INFINITY;
        for (int32_t j = 0; t < a.k && j < a.d; j++)
            a.packed[((int64_t)(t / PANEL) * a.d + j) * PANEL + t % PANEL] = a.centre[(int64_t)t * a.d + j];
    }
    return a;
}

static void end_task(const task *a)
{
    free(a->x);
    free(a->centre);
    free(a->packed);
    free(a->bias);
}

/* In double; the bound of its float twin goes to *bound. */
static double score_of(const task *a, int64_t i, int32_t t, double *bound)
{
    double sum = (double)a->bias[t], size = fabs(sum);
    for (int32_t j = 0; j < a->d; j++) {
        double term = (double)a->x[i * a->ldx + j] * (double)a->centre[(int64_t)t * a->d + j];
        sum += term;
        size += fabs(term);
    }
    *bound = isinf(sum) ? 0 : (a->d + 2) * FLOAT_EPS * size;
    return sum;
}

/* label and score say what is best among all centres but `without`: exactly, or within the bounds of two sums. */
static void check_best(const task *a, bool exact, int64_t i, int32_t without, int32_t label, float score)
{
    double best = -INFINITY, best_bound = 0, bound = 0;
    int32_t best_label = -1;
    for (int32_t t = 0; t < a->k; t++) {
        double s = t == without ? -INFINITY : score_of(a, i, t, &bound);
        if (s <= best) continue;
        best = s;
        best_bound = bound;
        best_label = t;
    }
    if (exact || best_label < 0) {
        assert_int_equal(label, best_label);
        assert_true((double)score == best);
        return;
    }
    assert_true(label >= 0 && label < a->k && label != without);
    double s = score_of(a, i, label, &bound);
    assert_true(fabs(s - (double)score) <= bound);
    assert_true(s + bound >= best - best_bound);
}

static void assign_agrees(const sheaf_i_kernels *k)
{
    enum { MOST = 40 };
    bool exact;
    task a = new_task(&exact);
    int32_t label[MOST], second[MOST], alone, alone_second, only[MOST];
    float score[MOST], next[MOST], alone_score, alone_next, only_score[MOST];
    k->assign(a.m, a.x, a.ldx, a.d, a.packed, a.bias, a.k, label, score, second, next);
    k->assign(a.m, a.x, a.ldx, a.d, a.packed, a.bias, a.k, only, only_score, NULL, NULL);
    for (int64_t i = 0; i < a.m; i++) {
        check_best(&a, exact, i, -1, label[i], score[i]);
        check_best(&a, exact, i, label[i], second[i], next[i]);
        k->assign(1, a.x + i * a.ldx, a.ldx, a.d, a.packed, a.bias, a.k, &alone, &alone_score, &alone_second,
                  &alone_next);
        assert_int_equal(alone, label[i]); /* whatever the rows around it, and with the second or without */
        assert_int_equal(alone_second, second[i]);
        assert_memory_equal(&alone_score, &score[i], sizeof alone_score);
        assert_memory_equal(&alone_next, &next[i], sizeof alone_next);
        assert_int_equal(only[i], label[i]);
        assert_memory_equal(&only_score[i], &score[i], sizeof alone_score);
    }
    end_task(&a);
}

static void dots_agree(const sheaf_i_kernels *k)
{
    bool exact;
    task a = new_task(&exact);
    const int64_t width = (a.k + PANEL - 1) / PANEL * PANEL, ldy = width + below(5);
    for (int64_t t = 0; t < width; t++) a.bias[t] = 0;
    float *y = numbers(a.m * ldy), *before = malloc((size_t)(a.m * ldy) * sizeof *y);
    memcpy(before, y, (size_t)(a.m * ldy) * sizeof *y);
    k->dots((int32_t)a.m, a.x, a.ldx, a.d, a.packed, a.k, y, ldy);
    for (int64_t i = 0; i < a.m; i++) {
        for (int32_t t = 0; t < a.k; t++) {
            double bound, sum = score_of(&a, i, t, &bound);
            assert_true(fabs(sum - (double)y[i * ldy + t]) <= (exact ? 0 : bound));
        }
        assert_memory_equal(y + i * ldy + width, before + i * ldy + width, (size_t)(ldy - width) * sizeof *y);
    }
    free(y);
    free(before);
    end_task(&a);
}

static void test_dots(void **state) { (void)state; each_table(dots_agree); }
static void test_assign(void **state) { (void)state; each_table(assign_agrees); }
static void test_spmm(void **state) { (void)state; each_table(spmm_agrees); }
static void test_spmm_split(void **state) { (void)state; each_table(spmm_splits); }
static void test_gram(void **state) { (void)state; each_table(gram_agrees); }
static void test_gram64(void **state) { (void)state; each_table(gram64_agrees); }
static void test_update(void **state) { (void)state; each_table(update_agrees); }

static void test_selection(void **state)
{
    (void)state;
    const sheaf_i_kernels *k = sheaf_i_kernels_get();
    assert_ptr_equal(k, sheaf_i_kernels_get());
    assert_ptr_equal(k, sheaf_i_kernels_named(k->name));
    assert_non_null(sheaf_i_kernels_named("plain"));
    assert_null(sheaf_i_kernels_named("neon"));
    const char *wish = getenv("SHEAF_KERNELS");
    if (wish && sheaf_i_kernels_named(wish)) assert_string_equal(k->name, wish);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spmm), cmocka_unit_test(test_spmm_split), cmocka_unit_test(test_gram),
        cmocka_unit_test(test_gram64), cmocka_unit_test(test_update), cmocka_unit_test(test_assign),
        cmocka_unit_test(test_dots), cmocka_unit_test(test_selection),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += _cmocka_run_group_tests("coarse", test_kernel_coarse, n_test_kernel_coarse, NULL, NULL);
    failed += _cmocka_run_group_tests("gains", test_kernel_gains, n_test_kernel_gains, NULL, NULL);
    failed += _cmocka_run_group_tests("nearest", test_kernel_nearest, n_test_kernel_nearest, NULL, NULL);
    failed += _cmocka_run_group_tests("rivals", test_kernel_rivals, n_test_kernel_rivals, NULL, NULL);
    failed += _cmocka_run_group_tests("scan", test_kernel_scan, n_test_kernel_scan, NULL, NULL);
    failed += _cmocka_run_group_tests("sparse", test_kernel_sparse, n_test_kernel_sparse, NULL, NULL);
    failed += _cmocka_run_group_tests("tall", test_kernel_tall, n_test_kernel_tall, NULL, NULL);
    return failed != 0;
}
