/* near/: nearest rows of sparse matrices, most sums left out, against all of them. */
#include "test_similar.h"

#include <math.h>

#include "base/rng.h"
#include "matrix/csr.h"

static uint64_t counter;
static uint32_t below(uint32_t n) { return (uint32_t)(sheaf_i_rng_u64(107, counter++) % n); }
static double unit(void) { return sheaf_i_rng_unit(108, counter++); }

typedef enum { TEXT, EQUAL, WHOLE, SIGNED, ALMOST_EMPTY, KINDS } kind;

/* Columns as frequent as words are: the j-th in about 1 / (j + 2) of the rows; rows of length 1 where the kind is TEXT,
   in themes, so that there is something to find. */
static sheaf_matrix *draw(sheaf_ctx *ctx, kind what, int64_t rows, int32_t cols)
{
    int64_t *indptr = calloc((size_t)rows + 1, sizeof *indptr), n = 0;
    int32_t *indices = malloc((size_t)(rows * cols + 1) * sizeof *indices);
    float *values = malloc((size_t)(rows * cols + 1) * sizeof *values);
    for (int64_t i = 0; i < rows; i++) {
        double square = 0;
        const uint32_t theme = below(5);
        for (int32_t j = 0; j < cols; j++) {
            double chance = (what == ALMOST_EMPTY ? .05 : 1.) / (j / 3 + 2);
            if (j % 5 == (int32_t)theme) chance *= 3;
            if (what == EQUAL ? j % 4 : unit() > chance) continue;
            double v = (1 + unit()) * log(3. + j);
            if (what == EQUAL || what == WHOLE) v = 1 + j % 2;
            if (what == SIGNED && below(2)) v = -v;
            indices[n] = j;
            values[n++] = (float)v;
            square += v * v;
        }
        for (int64_t p = indptr[i]; p < n && what == TEXT; p++) values[p] = (float)((double)values[p] / sqrt(square));
        indptr[i + 1] = n;
    }
    sheaf_matrix *m;
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, rows, cols, indptr, indices, values));
    free(indptr);
    free(indices);
    free(values);
    return m;
}

static float score(const sheaf_matrix *a, int64_t i, const sheaf_matrix *b, int64_t j)
{
    const int64_t *ap, *bp;
    const int32_t *ai, *bi;
    const float *av, *bv;
    sheaf_matrix_csr(a, &ap, &ai, &av);
    sheaf_matrix_csr(b, &bp, &bi, &bv);
    float sum = 0;
    int64_t q = bp[j];
    for (int64_t p = ap[i]; p < ap[i + 1]; p++) {
        while (q < bp[j + 1] && bi[q] < ai[p]) q++;
        if (q < bp[j + 1] && bi[q] == ai[p]) sum += av[p] * bv[q];
    }
    return sum;
}

static void brute(sheaf_hit *hits, int32_t n, const sheaf_matrix *m, const sheaf_matrix *queries, int64_t query,
                  int64_t exclude)
{
    for (int32_t i = 0; i < n; i++) hits[i] = (sheaf_hit){-1, 0};
    for (int64_t r = 0; r < sheaf_matrix_rows(m); r++) {
        sheaf_hit h = {r, score(m, r, queries, query)};
        if (r == exclude || !(h.score > 0)) continue;
        for (int32_t i = 0; i < n; i++)
            if (hits[i].doc < 0 || h.score > hits[i].score || (!(h.score < hits[i].score) && h.doc < hits[i].doc)) {
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
        assert_memory_equal(&got[i].score, &want[i].score, sizeof want[i].score);
    }
}

static void nearest_sparse_rows_are_all_products(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 40, 700, 2000};
    for (int round = 0; round < 5 * KINDS; round++) {
        counter = (uint64_t)round << 32;
        sheaf_ctx *ctx = test_context(2);
        const kind what = (kind)(round % KINDS);
        const int64_t rows = sizes[round / KINDS], queries = round % 2 ? 30 : 4;
        const int32_t cols = 1 + (int32_t)below(400), n = 1 + (int32_t)below(round % 3 ? 12 : 60);
        sheaf_matrix *m = draw(ctx, what, rows, cols), *q = draw(ctx, what, queries, cols);
        sheaf_hit *hits = malloc((size_t)(rows * n) * sizeof *hits), want[60], of_queries[30 * 60];
        int64_t exclude[30];
        assert_ok(ctx, sheaf_nearest_sparse(ctx, hits, n, m, NULL, NULL));
        for (int64_t i = 0; i < rows; i += 1 + rows / 50) {
            brute(want, n, m, m, i, i);
            check_hits(hits + i * n, want, n);
        }
        for (int i = 0; i < 30; i++) exclude[i] = (int64_t)below((uint32_t)rows + 1) - 1;
        assert_ok(ctx, sheaf_nearest_sparse(ctx, of_queries, n, m, q, exclude));
        for (int64_t i = 0; i < queries; i++) {
            brute(want, n, m, q, i, exclude[i]);
            check_hits(of_queries + i * n, want, n);
        }
        free(hits);
        sheaf_matrix_free(m);
        sheaf_matrix_free(q);
        sheaf_ctx_free(ctx);
    }
}

/* More rows than a tile of postings has. */
static void tiles_make_one_answer(void **state)
{
    (void)state;
    enum { ROWS = 70000, N = 7 };
    sheaf_hit *first = NULL;
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        counter = 3;
        sheaf_ctx *ctx = test_context(threads);
        sheaf_matrix *m = draw(ctx, TEXT, ROWS, 60), *q = draw(ctx, TEXT, 20, 60);
        sheaf_hit *hits = malloc(20 * N * sizeof *hits), want[N];
        assert_ok(ctx, sheaf_nearest_sparse(ctx, hits, N, m, q, NULL));
        if (first) check_hits(hits, first, 20 * N);
        for (int64_t i = 0; i < 20 && !first; i++) {
            brute(want, N, m, q, i, -1);
            check_hits(hits + i * N, want, N);
        }
        sheaf_matrix_free(m);
        sheaf_matrix_free(q);
        sheaf_ctx_free(ctx);
        if (first) free(hits);
        else first = hits;
    }
    free(first);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const int64_t indptr[] = {0, 1};
    const int32_t column[] = {0};
    const float great[] = {1e30f}, one[] = {1};
    sheaf_matrix *a, *b, *c;
    sheaf_hit hits[2];
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &a, 1, 1, indptr, column, great));
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &b, 1, 1, indptr, column, one));
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &c, 1, 2, indptr, column, one));
    assert_int_equal(sheaf_nearest_sparse(ctx, hits, 1, a, NULL, NULL), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "1e+30"));
    assert_int_equal(sheaf_nearest_sparse(ctx, hits, 1, b, a, NULL), SHEAF_EINVAL);
    assert_int_equal(sheaf_nearest_sparse(ctx, hits, 1, b, c, NULL), SHEAF_EINVAL);
    assert_int_equal(sheaf_nearest_sparse(ctx, hits, 0, b, NULL, NULL), SHEAF_EINVAL);
    assert_ok(ctx, sheaf_nearest_sparse(ctx, hits, 2, b, NULL, NULL));
    assert_true(hits[0].doc == -1 && hits[1].doc == -1);
    assert_ok(ctx, sheaf_nearest_sparse(ctx, hits, 2, b, b, NULL));
    assert_true(hits[0].doc == 0 && hits[1].doc == -1);
    const sheaf_matrix many = {.ctx = ctx, .rows = (int64_t)INT32_MAX + 1, .cols = 1}; /* refused before it is read */
    assert_int_equal(sheaf_nearest_sparse(ctx, hits, 1, &many, b, NULL), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "2147483648 rows"));
    sheaf_matrix_free(a);
    sheaf_matrix_free(b);
    sheaf_matrix_free(c);
    sheaf_ctx_free(ctx);
}

static void failing_allocations_leave_nothing(void **state)
{
    (void)state;
    enum { ROWS = 60, N = 3 };
    static sheaf_hit hits[ROWS * N];
    test_limit limit = {0};
    counter = 4;
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    sheaf_matrix *m = draw(ctx, TEXT, ROWS, 40), *q = draw(ctx, TEXT, 2, 40);
    const int64_t live = limit.live;
    for (int which = 0; which < 2; which++) {
        sheaf_status st = SHEAF_ENOMEM;
        for (int64_t n = 1; st != SHEAF_OK; n++) {
            limit.calls = 0;
            limit.fail_at = n;
            st = sheaf_nearest_sparse(ctx, hits, N, m, which ? q : NULL, NULL);
            assert_true(st == SHEAF_OK || st == SHEAF_ENOMEM);
            assert_int_equal(limit.live, live);
            assert_true(n < 100);
        }
        limit.fail_at = 0;
    }
    sheaf_matrix_free(m);
    sheaf_matrix_free(q);
    sheaf_ctx_free(ctx);
}

int test_similar_sparse(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_sparse_rows_are_all_products),
        cmocka_unit_test(tiles_make_one_answer),
        cmocka_unit_test(bad_input_is_named),
        cmocka_unit_test(failing_allocations_leave_nothing),
    };
    return cmocka_run_group_tests_name("sparse", tests, NULL, NULL);
}
