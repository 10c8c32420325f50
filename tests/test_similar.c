/* near/: nearest rows and the graph of dense rows, against all products in the same order and against double. */
#include "test_similar.h"

#include <math.h>

#include "base/rng.h"
#include "kernel/kernel.h"

#define FLOAT_EPS 6e-8 /* a roundoff */

static uint64_t counter;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(97, counter++) % n); }

typedef enum { NORMAL, WHOLE, EQUAL, GROWING, ZEROS, KINDS } kind;

static float *draw(kind what, int64_t rows, int32_t d, int64_t ld)
{
    float *x = malloc((size_t)(rows * ld + 1) * sizeof *x);
    for (int64_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < ld; j++) {
            float v = (float)sheaf_i_rng_normal(98, counter++);
            if (what == WHOLE) v = roundf(v);
            if (what == EQUAL) v = (float)(j % 3);
            if (what == GROWING) v = (float)i;
            if (what == ZEROS && i % 3) v = 0;
            x[i * ld + j] = j < d ? v : NAN; /* nobody may look behind a row */
        }
    return x;
}

static float product(const float *a, const float *b, int32_t d)
{
    float *packed = calloc((size_t)d * SHEAF_I_PANEL + 1, sizeof *packed), y[SHEAF_I_PANEL];
    for (int32_t j = 0; j < d; j++) packed[j * SHEAF_I_PANEL] = b[j];
    sheaf_i_kernels_get()->dots(1, a, d, d, packed, 1, y, SHEAF_I_PANEL);
    free(packed);
    return y[0];
}

static bool before(sheaf_hit a, sheaf_hit b)
{
    return a.score > b.score || (!(a.score < b.score) && a.doc < b.doc);
}

/* The n best by insertion. */
static void brute(sheaf_hit *hits, int32_t n, const float *x, int64_t rows, int32_t d, int64_t ld, const float *query,
                  int64_t exclude)
{
    for (int32_t i = 0; i < n; i++) hits[i] = (sheaf_hit){-1, 0};
    for (int64_t r = 0; r < rows; r++) {
        if (r == exclude) continue;
        sheaf_hit h = {r, product(x + r * ld, query, d) + 0.0f};
        for (int32_t i = 0; i < n; i++)
            if (hits[i].doc < 0 || before(h, hits[i])) {
                sheaf_hit out = hits[i];
                hits[i] = h;
                h = out;
                if (h.doc < 0) break;
            }
    }
}

static void check_hits(const sheaf_hit *got, const sheaf_hit *want, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(got[i].doc, want[i].doc);
        assert_true(!(got[i].score < want[i].score) && !(got[i].score > want[i].score));
    }
}

static void nearest_rows_are_all_products(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int round = 0; round < 40; round++) {
        counter = (uint64_t)round << 32;
        const kind what = (kind)(round % KINDS);
        const int64_t rows = below(8) ? 1 + below(300) : 0, m = below(150), ld = 1 + below(40), ldq = ld + below(3);
        const int32_t d = (int32_t)below((uint32_t)ld + 1), n = 1 + (int32_t)below(below(2) ? 12 : 400);
        float *x = draw(what, rows, d, ld), *q = draw(what, m, d, ldq);
        int64_t *exclude = malloc((size_t)(m + 1) * sizeof *exclude);
        sheaf_hit *got = malloc((size_t)(m * n + 1) * sizeof *got), *want = malloc((size_t)(n + 1) * sizeof *want);
        for (int64_t i = 0; i < m; i++) exclude[i] = (int64_t)below((uint32_t)rows + 2) - 1;
        assert_ok(ctx, sheaf_nearest_rows(ctx, got, n, x, rows, d, ld, q, m, ldq, round % 2 ? exclude : NULL));
        for (int64_t i = 0; i < m; i++) {
            brute(want, n, x, rows, d, ld, q + i * ldq, round % 2 ? exclude[i] : -1);
            check_hits(got + i * n, want, n);
        }
        free(x);
        free(q);
        free(exclude);
        free(got);
        free(want);
    }
    sheaf_ctx_free(ctx);
}

/* More rows than blocks have, ties and records included; the same bytes at any number of threads. */
static void graph_is_all_products(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 17, 193, 577, 1300, 2500};
    for (int round = 0; round < 2 * KINDS; round++) {
        counter = (uint64_t)round << 32;
        const int64_t rows = sizes[round % 7], ld = 1 + below(20);
        const int32_t d = (int32_t)ld - (int32_t)below(2), n = 1 + (int32_t)below(round % 5 ? 12 : 70);
        float *x = draw((kind)(round % KINDS), rows, d, ld);
        sheaf_hit *got = calloc((size_t)(rows * n), sizeof *got), *again = calloc((size_t)(rows * n), sizeof *got);
        sheaf_hit *want = malloc((size_t)n * sizeof *want);
        for (int32_t threads = 1; threads <= 7; threads += threads) {
            sheaf_ctx *ctx = test_context(threads);
            assert_ok(ctx, sheaf_nearest_graph(ctx, threads == 1 ? got : again, n, x, rows, d, ld));
            if (threads > 1) check_hits(again, got, rows * n);
            sheaf_ctx_free(ctx);
        }
        for (int64_t i = 0; i < rows; i += 1 + rows / 60) {
            brute(want, n, x, rows, d, ld, x + i * ld, i);
            check_hits(got + i * n, want, n);
        }
        free(x);
        free(got);
        free(again);
        free(want);
    }
}

/* A float sum of d products is off by d roundoffs of the sum of their sizes at most: so is every score, and no row that
   was left out is better by more than two such bounds. */
static void graph_is_near_double(void **state)
{
    (void)state;
    enum { ROWS = 1500, D = 100, N = 10 };
    sheaf_ctx *ctx = test_context(2);
    counter = 0;
    float *x = draw(NORMAL, ROWS, D, D);
    static sheaf_hit hits[ROWS * N];
    assert_ok(ctx, sheaf_nearest_graph(ctx, hits, N, x, ROWS, D, D));
    for (int64_t i = 0; i < ROWS; i += 37)
        for (int64_t r = 0; r < ROWS; r++) {
            double sum = 0, size = 0;
            int32_t at = 0;
            for (int32_t j = 0; j < D; j++) {
                double term = (double)x[i * D + j] * (double)x[r * D + j];
                sum += term;
                size += fabs(term);
            }
            const double bound = D * FLOAT_EPS * size;
            while (at < N && hits[i * N + at].doc != r) at++;
            if (at < N) assert_true(fabs((double)hits[i * N + at].score - sum) <= bound);
            else if (r != i) assert_true((double)hits[i * N + N - 1].score >= sum - bound);
        }
    free(x);
    sheaf_ctx_free(ctx);
}

/* One query against many rows: slices put together, the same at any number of threads. */
static void slices_make_one_answer(void **state)
{
    (void)state;
    enum { ROWS = 20000, D = 8, N = 25 };
    counter = 5;
    float *x = draw(WHOLE, ROWS, D, D);
    sheaf_hit want[N], got[N];
    brute(want, N, x, ROWS, D, D, x, 0);
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        assert_ok(ctx, sheaf_nearest_rows(ctx, got, N, x, ROWS, D, D, x, 1, D, (const int64_t[]){0}));
        check_hits(got, want, N);
        sheaf_ctx_free(ctx);
    }
    free(x);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    float x[4] = {1, 2, NAN, 4}, great[2] = {1e20f, 1}, fine[2] = {1, 2};
    sheaf_hit hits[8];
    assert_int_equal(sheaf_nearest_graph(ctx, hits, 1, x, 4, 1, 1), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "finite"));
    assert_int_equal(sheaf_nearest_rows(ctx, hits, 1, fine, 2, 1, 1, x, 4, 1, NULL), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "queries"));
    assert_int_equal(sheaf_nearest_graph(ctx, hits, 1, great, 2, 1, 1), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "1e+20"));
    assert_int_equal(sheaf_nearest_graph(ctx, hits, 0, fine, 2, 1, 1), SHEAF_EINVAL);
    assert_int_equal(sheaf_nearest_graph(ctx, hits, 1, fine, -1, 1, 1), SHEAF_EINVAL);
    assert_int_equal(sheaf_nearest_graph(ctx, hits, 1, fine, 1, 2, 1), SHEAF_EINVAL);
    assert_ok(ctx, sheaf_nearest_graph(ctx, hits, 4, fine, 2, 1, 1));
    assert_true(hits[0].doc == 1 && hits[1].doc == -1 && hits[4].doc == 0 && hits[5].doc == -1);
    sheaf_ctx_free(ctx);
}

static void failing_allocations_leave_nothing(void **state)
{
    (void)state;
    enum { ROWS = 700, D = 5, N = 3 };
    counter = 9;
    float *x = draw(NORMAL, ROWS, D, D);
    static sheaf_hit hits[ROWS * N];
    for (int which = 0; which < 2; which++) {
        test_limit limit = {0};
        sheaf_ctx *ctx = test_limited_context(&limit, 2);
        const int64_t live = limit.live;
        sheaf_status st = SHEAF_ENOMEM;
        for (int64_t n = 1; st != SHEAF_OK; n++) {
            limit.calls = 0;
            limit.fail_at = n;
            st = which ? sheaf_nearest_graph(ctx, hits, N, x, ROWS, D, D)
                       : sheaf_nearest_rows(ctx, hits, N, x, ROWS, D, D, x, 70, D, NULL);
            assert_true(st == SHEAF_OK || st == SHEAF_ENOMEM);
            assert_int_equal(limit.live, live);
            assert_true(n < 100);
        }
        limit.fail_at = 0;
        sheaf_ctx_free(ctx);
    }
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_rows_are_all_products), cmocka_unit_test(graph_is_all_products),
        cmocka_unit_test(graph_is_near_double),          cmocka_unit_test(slices_make_one_answer),
        cmocka_unit_test(bad_input_is_named),            cmocka_unit_test(failing_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_similar_sparse() + test_similar_model() +
           test_similar_latent();
}
