/* Nearest centres by bytes: the kernels against each other where their arithmetic is exact, bit by bit, and against the
   contract, in double, where it is not. */
#include "test_kernel.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/tables.h"

#define PANEL SHEAF_I_PANEL

static uint64_t counter;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(91, counter++) % n); }
static float unit(void) { return (float)sheaf_i_rng_unit(92, counter++); }

typedef struct {
    sheaf_i_coarse c;
    int32_t m, lanes;
    uint8_t *x;
    int8_t *packed;
    sheaf_i_coarse_row *row;
    int32_t *start;
    float *scale, *bias, *spread, *blur;
} task;

/* exact: scales are powers of two and biases multiples of them, so that no score is rounded; few bits: many ties. */
static task new_task(bool exact)
{
    task a = {.m = (int32_t)below(40)};
    const int32_t k = 1 + (int32_t)below(150), bits = exact ? 3 : 255;
    a.c = (sheaf_i_coarse){.bytes = 4 * (1 + (int32_t)below(30)), .panels = (k + PANEL - 1) / PANEL, .room = a.m + 1,
                           .margin = exact ? .25f * (float)below(4) : .1f * unit()};
    a.lanes = a.c.panels * PANEL;
    a.x = malloc((size_t)(a.m + 1) * (size_t)a.c.bytes);
    a.packed = calloc((size_t)a.lanes, (size_t)a.c.bytes);
    a.row = calloc((size_t)a.m + 1, sizeof *a.row);
    a.start = calloc((size_t)a.lanes, sizeof *a.start);
    a.scale = calloc((size_t)a.lanes * 4, sizeof *a.scale);
    a.bias = a.scale + a.lanes;
    a.spread = a.bias + a.lanes;
    a.blur = a.spread + a.lanes;
    for (int32_t i = 0; i < a.m * a.c.bytes; i++)
        a.x[i] = (uint8_t)(exact ? 128 - bits / 2 + (int32_t)below((uint32_t)bits) : (int32_t)below(256));
    for (int32_t i = 0; i < a.m; i++)
        a.row[i] = exact ? (sheaf_i_coarse_row){.25f, .25f * (float)below(3), .5f * (float)below(3)}
                         : (sheaf_i_coarse_row){unit() / 128, .1f * unit(), unit()};
    for (int32_t t = 0; t < a.lanes; t++) {
        a.bias[t] = t < k ? exact ? -.25f * (float)below(9) : -unit() : -INFINITY;
        if (t >= k) continue;
        a.scale[t] = exact ? (below(2) ? .5f : .25f) : unit() / 128;
        a.spread[t] = exact ? .5f * (float)below(5) : unit();
        a.blur[t] = exact ? .25f * (float)below(5) : .1f * unit();
        for (int32_t j = 0; j < a.c.bytes; j++) {
            int8_t v = (int8_t)(exact ? (int32_t)below(3) - 1 : (int32_t)below(255) - 127);
            a.packed[((t / PANEL * a.c.bytes / 4 + j / 4) * PANEL + t % PANEL) * 4 + j % 4] = v;
            a.start[t] -= 128 * v;
        }
    }
    a.c.packed = a.packed;
    a.c.start = a.start;
    a.c.scale = a.scale;
    a.c.bias = a.bias;
    a.c.spread = a.spread;
    a.c.blur = a.blur;
    return a;
}

static void end_task(task *a)
{
    free(a->x);
    free(a->packed);
    free(a->row);
    free(a->start);
    free(a->scale);
}

typedef struct {
    int32_t *label, *list, *count;
} answer;

static answer ask(const task *a, sheaf_i_coarse_fn *coarse)
{
    answer r = {malloc(((size_t)a->m + 1) * sizeof(int32_t)),
                calloc((size_t)a->c.panels * (size_t)a->c.room, sizeof(int32_t)),
                calloc((size_t)a->c.panels, sizeof(int32_t))};
    float *scores = malloc((size_t)SHEAF_I_COARSE_ROWS * (size_t)a->lanes * sizeof *scores);
    r.label[a->m] = 77;
    coarse(&a->c, a->m, a->x, a->row, scores, r.label, r.list, r.count);
    assert_int_equal(r.label[a->m], 77);
    free(scores);
    return r;
}

static void end_answer(answer *r)
{
    free(r->label);
    free(r->list);
    free(r->count);
}

static void tables_agree(sheaf_i_coarse_fn *coarse)
{
    task a = new_task(true);
    answer want = ask(&a, sheaf_i_coarse_plain), got = ask(&a, coarse);
    assert_memory_equal(got.label, want.label, (size_t)a.m * sizeof *got.label);
    assert_memory_equal(got.count, want.count, (size_t)a.c.panels * sizeof *got.count);
    for (int32_t p = 0; p < a.c.panels; p++)
        assert_memory_equal(got.list + p * a.c.room, want.list + p * a.c.room, (size_t)want.count[p] * sizeof(int32_t));
    end_answer(&want);
    end_answer(&got);
    end_task(&a);
}

static double score_of(const task *a, int32_t i, int32_t t)
{
    int64_t sum = 0;
    for (int32_t j = 0; j < a->c.bytes; j++)
        sum += (a->x[i * a->c.bytes + j] - 128) *
               a->packed[((t / PANEL * a->c.bytes / 4 + j / 4) * PANEL + t % PANEL) * 4 + j % 4];
    return (double)sum * (double)a->scale[t] * (double)a->row[i].scale + (double)a->bias[t];
}

static bool listed(const task *a, const answer *r, int32_t panel, int32_t i)
{
    for (int32_t e = 0; e < r->count[panel]; e++)
        if (r->list[panel * a->c.room + e] == i) return true;
    return false;
}

/* Where a score is within a few roundings of the limit, or of the best, either answer is right. */
static void contract_holds(sheaf_i_coarse_fn *coarse)
{
    task a = new_task(false);
    answer r = ask(&a, coarse);
    for (int32_t i = 0; i < a.m; i++) {
        int32_t best = 0, left = 0, unsure = 0;
        for (int32_t t = 1; t < a.lanes; t++)
            if (score_of(&a, i, t) > score_of(&a, i, best)) best = t;
        const double bound = (double)a.row[i].error * (double)a.spread[best] +
                             (double)a.row[i].norm * (double)a.blur[best] + (double)a.c.margin;
        const double limit = score_of(&a, i, best) - bound, slack = 1e-5 * (fabs(limit) + bound + 200);
        for (int32_t t = 0; t < a.lanes; t++) {
            const double score = score_of(&a, i, t);
            unsure += fabs(score - limit) <= slack || (t != best && score >= limit + bound - slack);
            left += score >= limit;
        }
        if (unsure) continue;
        assert_int_equal(r.label[i], left == 1 ? best : -1);
        for (int32_t p = 0; p < a.c.panels; p++) {
            bool any = false;
            for (int32_t t = p * PANEL; t < (p + 1) * PANEL; t++) any |= score_of(&a, i, t) >= limit;
            assert_int_equal(listed(&a, &r, p, i), any && left > 1);
        }
    }
    end_answer(&r);
    end_task(&a);
}

static void each_table(void (*test)(sheaf_i_coarse_fn *))
{
    const sheaf_i_kernels *wide = sheaf_i_kernels_named("avx512");
    sheaf_i_coarse_fn *const coarse[] = {sheaf_i_coarse_plain, wide ? sheaf_i_kernels_coarse(wide) : NULL};
    for (size_t i = 0; i < sizeof coarse / sizeof *coarse; i++) {
        counter = 0;
        for (int round = 0; coarse[i] && round < 200; round++) test(coarse[i]);
    }
}

/* Where nothing is faster than floats there is no kernel. */
static void test_none(void **state)
{
    (void)state;
    const sheaf_i_kernels *avx2 = sheaf_i_kernels_named("avx2");
    assert_null(sheaf_i_kernels_coarse(sheaf_i_kernels_named("plain")));
    if (avx2) assert_null(sheaf_i_kernels_coarse(avx2));
}

static void test_tables_agree(void **state) { (void)state; each_table(tables_agree); }
static void test_contract(void **state) { (void)state; each_table(contract_holds); }

const struct CMUnitTest test_kernel_coarse[] = {cmocka_unit_test(test_none), cmocka_unit_test(test_tables_agree),
                                              cmocka_unit_test(test_contract)};
const size_t n_test_kernel_coarse = sizeof test_kernel_coarse / sizeof *test_kernel_coarse;
