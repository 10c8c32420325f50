/* matrix/: the coded form against the general one, values and products, and where it gives way to it. */
#include "support.h"

#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "matrix/coded.h"
#include "test_matrix.h"
#include "text/words.h"

#define FLOAT_EPS 6e-8

/* Counts drawn at random: about `mean` a document, terms of low number much oftener; every ninth document is empty.
   `most`: the largest count; term 0 is once in every document that has words, so its entropy is the largest. */
static sheaf_terms *draw_terms(sheaf_ctx *ctx, int64_t docs, int32_t terms, int32_t mean, uint32_t most)
{
    sheaf_terms *t = sheaf_i_zeros(ctx, 1, sizeof *t);
    *t = (sheaf_terms){.ctx = ctx, .n_docs = docs, .n_terms = terms};
    t->indptr = sheaf_i_zeros(ctx, docs + 1, sizeof *t->indptr);
    t->indices = sheaf_i_aligned(ctx, docs * (2 * mean + 1), sizeof *t->indices);
    t->counts = sheaf_i_aligned(ctx, docs * (2 * mean + 1), sizeof *t->counts);
    t->df = sheaf_i_zeros(ctx, terms, sizeof *t->df);
    uint64_t key = sheaf_i_rng_key(17, SHEAF_I_RNG_TEST, 0), draws = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < docs; i++) {
        double j = 0;
        for (int32_t m = 0; i % 9 != 8 && m < 2 * mean && j < terms; m++) {
            uint64_t r = sheaf_i_rng_u64(key, draws++);
            t->indices[n] = (int32_t)j;
            t->counts[n++] = j > 0 && r % 3 == 0 ? 1 + (uint32_t)(r >> 32) % most : 1;
            t->df[(int32_t)j]++;
            j = floor(j) + 1 + pow((double)terms / (mean + 1) + 1, 1.5 * sheaf_i_rng_unit(key, draws++)) - 1;
        }
        t->indptr[i + 1] = n;
    }
    return t;
}

static void free_terms(sheaf_ctx *ctx, sheaf_terms *t)
{
    sheaf_i_free(ctx, t->indptr);
    sheaf_i_aligned_free(ctx, t->indices);
    sheaf_i_aligned_free(ctx, t->counts);
    sheaf_i_free(ctx, t->df);
    sheaf_i_free(ctx, t);
}

static sheaf_matrix *weigh(sheaf_ctx *ctx, const sheaf_terms *t, sheaf_weight scheme, bool l2, bool coded)
{
    sheaf_weight_opts o;
    sheaf_weight_opts_init(&o, sizeof o);
    o.scheme = scheme;
    o.l2 = l2;
    sheaf_matrix *m;
    assert_ok(ctx, (coded ? sheaf_i_matrix_weigh_coded : sheaf_matrix_weigh)(ctx, &m, t, &o));
    assert_null(sheaf_i_matrix_validate(m));
    return m;
}

static sheaf_matrix *turn(sheaf_ctx *ctx, const sheaf_matrix *a)
{
    sheaf_matrix *t;
    assert_ok(ctx, sheaf_i_matrix_transpose(ctx, &t, a));
    assert_null(sheaf_i_matrix_validate(t));
    assert_true(!t->coded == !a->coded);
    return t;
}

/* A value is the product of three factors rounded to float, rounded once more; one of the general form is rounded at
   most three times. Sums of squares agree to twice that. */
static void values_are_those_of_the_general_form(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_terms *t = draw_terms(ctx, 700, 500, 20, 90);
    for (int s = SHEAF_WEIGHT_COUNT; s <= SHEAF_WEIGHT_BIPARTITE; s++)
        for (int l2 = 0; l2 < 2; l2++) {
            sheaf_matrix *general = weigh(ctx, t, (sheaf_weight)s, l2, false);
            sheaf_matrix *m = weigh(ctx, t, (sheaf_weight)s, l2, true), *back;
            assert_true((m->coded != NULL) == (s != SHEAF_WEIGHT_BM25));
            double norm2 = sheaf_i_matrix_norm2(general);
            assert_true(fabs(norm2 - sheaf_i_matrix_norm2(m)) <= 14 * FLOAT_EPS * norm2);
            if (m->coded) {
                assert_null(m->values);
                assert_ok(ctx, sheaf_i_matrix_decode(ctx, &back, m));
                assert_null(sheaf_i_matrix_validate(back));
                for (int64_t p = 0; p < t->indptr[t->n_docs]; p++) {
                    double want = (double)general->values[p];
                    assert_true(fabs(want - (double)back->values[p]) <= 7 * FLOAT_EPS * fabs(want));
                }
                assert_memory_equal(back->indptr, t->indptr, (size_t)(t->n_docs + 1) * sizeof *t->indptr);
                assert_memory_equal(back->indices, t->indices,
                                    (size_t)t->indptr[t->n_docs] * sizeof *t->indices);
                sheaf_matrix_free(back);
            }
            sheaf_matrix_free(general);
            sheaf_matrix_free(m);
        }
    free_terms(ctx, t);
    sheaf_ctx_free(ctx);
}

static void counts_without_a_code_keep_the_general_form(void **state)
{
    (void)state;
    const struct { uint32_t most, one; bool l2, coded; } cases[] = {
        {200, 1, true, true}, {250, 60000, true, true}, /* large, but few: numbered */
        {2000, 1, true, false},                         /* too many different ones */
        {9, 65535, true, true}, {9, 65536, true, false}, {9, UINT32_MAX, true, false},
        {9, 60000, false, true},
        {255, 255, false, true},
    };
    sheaf_ctx *ctx = test_context(2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sheaf_terms *t = draw_terms(ctx, 3000, 300, 15, cases[i].most);
        t->counts[t->indptr[1500] + 1] = cases[i].one;
        sheaf_matrix *m = weigh(ctx, t, SHEAF_WEIGHT_COUNT, cases[i].l2, true);
        sheaf_matrix *general = weigh(ctx, t, SHEAF_WEIGHT_COUNT, cases[i].l2, false), *back = NULL;
        assert_true((m->coded != NULL) == cases[i].coded);
        if (m->coded) assert_ok(ctx, sheaf_i_matrix_decode(ctx, &back, m));
        for (int64_t p = 0; p < t->indptr[t->n_docs]; p++) {
            double want = (double)general->values[p], got = (double)(back ? back : m)->values[p];
            assert_true(fabs(want - got) <= 7 * FLOAT_EPS * want);
        }
        sheaf_matrix_free(m);
        sheaf_matrix_free(general);
        sheaf_matrix_free(back);
        free_terms(ctx, t);
    }
    sheaf_ctx_free(ctx);
}

/* Byte for byte, for counts that are their own codes and for numbered ones, one tile and several. */
static void counts_come_back(void **state)
{
    (void)state;
    const struct { int64_t docs; int32_t terms; uint32_t one; sheaf_weight scheme; } cases[] = {
        {3000, 300, 1, SHEAF_WEIGHT_BIPARTITE}, {3000, 300, 700, SHEAF_WEIGHT_SUBLINEAR},
        {500, 140000, 1, SHEAF_WEIGHT_BINARY}, {3000, 300, 1, SHEAF_WEIGHT_BM25},
    };
    sheaf_ctx *ctx = test_context(2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sheaf_terms *t = draw_terms(ctx, cases[i].docs, cases[i].terms, 15, 9);
        t->counts[t->indptr[120] + 1] = cases[i].one;
        const size_t bytes = (size_t)t->indptr[t->n_docs] * sizeof(int32_t);
        void *indices = malloc(bytes), *counts = malloc(bytes);
        memcpy(indices, t->indices, bytes);
        memcpy(counts, t->counts, bytes);
        sheaf_matrix *m = weigh(ctx, t, cases[i].scheme, true, true);
        sheaf_i_matrix_put_away(m, t);
        assert_true(!t->indices == (m->coded != NULL) && !t->counts == (m->coded != NULL));
        assert_true((t->away == m) == (m->coded != NULL));
        for (int64_t d = 0; t->away && d < t->n_docs; d++) {
            const int64_t p = t->indptr[d], size = t->indptr[d + 1] - p;
            int32_t row[32];
            uint32_t of_row[32];
            assert_true(size <= 32);
            sheaf_i_terms_row(t, d, row, of_row);
            assert_memory_equal(row, (const int32_t *)indices + p, (size_t)size * sizeof *row);
            assert_memory_equal(of_row, (const uint32_t *)counts + p, (size_t)size * sizeof *of_row);
        }
        assert_ok(ctx, sheaf_i_matrix_bring_back(ctx, m, t));
        assert_memory_equal(t->indices, indices, bytes);
        assert_memory_equal(t->counts, counts, bytes);
        assert_null(t->away);
        free(indices);
        free(counts);
        sheaf_matrix_free(m);
        free_terms(ctx, t);
    }
    sheaf_ctx_free(ctx);
}

/* A row of 30 counts of 65535 is longer than 2^18, one of 300 than 2^20: products of three would come near the end
   of float. */
static void extreme_scales_keep_the_general_form(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int32_t terms = 30; terms <= 300; terms *= 10) {
        sheaf_terms *t = draw_terms(ctx, 8, terms, terms, 1);
        int64_t n = 0;
        for (int32_t j = 0; j < terms; j++, n++) {
            t->indices[n] = j;
            t->counts[n] = 65535;
            t->df[j] = 1;
        }
        for (int64_t i = 1; i <= 8; i++) t->indptr[i] = n;
        sheaf_matrix *m = weigh(ctx, t, SHEAF_WEIGHT_COUNT, false, true);
        assert_true((m->coded != NULL) == (terms == 30));
        sheaf_matrix_free(m);
        free_terms(ctx, t);
    }
    sheaf_terms *t = draw_terms(ctx, 80, 90, 9, 6);
    sheaf_weight_opts o;
    sheaf_weight_opts_init(&o, sizeof o);
    o.row_damping = 1e12; /* values of some 1e-7 */
    sheaf_matrix *m;
    assert_ok(ctx, sheaf_i_matrix_weigh_coded(ctx, &m, t, &o));
    assert_null(m->coded);
    sheaf_matrix_free(m);
    free_terms(ctx, t);
    sheaf_ctx_free(ctx);
}

static float *draw(int64_t n, uint64_t stream)
{
    uint64_t key = sheaf_i_rng_key(3, SHEAF_I_RNG_TEST, stream);
    float *x = malloc((size_t)(n + 1) * sizeof *x);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(2 * sheaf_i_rng_unit(key, (uint64_t)i) - 1);
    return x;
}

/* y against A x in double, A from its values. The error of a row: (its length + 8) roundoffs times its sizes. */
static void check_product(const sheaf_matrix *a, const float *x, int64_t ldx, int32_t b, const float *y, int64_t ldy)
{
    for (int64_t i = 0; i < a->rows; i++)
        for (int32_t c = 0; c < b; c++) {
            double sum = 0, size = 0;
            for (int64_t p = a->indptr[i]; p < a->indptr[i + 1]; p++) {
                double term = (double)a->values[p] * (double)x[a->indices[p] * ldx + c];
                sum += term;
                size += fabs(term);
            }
            double bound = (double)(a->indptr[i + 1] - a->indptr[i] + 8) * FLOAT_EPS * size;
            if (!(fabs(sum - (double)y[i * ldy + c]) <= bound))
                fail_msg("row %lld column %d: %.9g, not %.9g", (long long)i, c, (double)y[i * ldy + c], sum);
        }
}

static void check_products(sheaf_ctx *ctx, const sheaf_matrix *m, const sheaf_matrix *general, int32_t b)
{
    const int64_t ldx = b + 2, ldy = b + 1;
    float *x = draw(m->cols * ldx, 1), *y = draw(m->rows * ldy, 2);
    for (int64_t i = 0; i < m->rows; i++) y[i * ldy + b] = 77;
    assert_ok(ctx, sheaf_i_matrix_times(ctx, m, x, ldx, b, y, ldy, NULL));
    check_product(general, x, ldx, b, y, ldy);
    for (int64_t i = 0; i < m->rows; i++) assert_true(y[i * ldy + b] == 77);
    free(x);
    free(y);
}

static void products_agree_with_the_general_form(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const sheaf_weight scheme[] = {SHEAF_WEIGHT_SUBLINEAR, SHEAF_WEIGHT_LOGENTROPY, SHEAF_WEIGHT_BIPARTITE};
    for (int s = 0; s < 3; s++) {
        sheaf_terms *t = draw_terms(ctx, 900, 400, 15, 6);
        sheaf_matrix *m = weigh(ctx, t, scheme[s], true, true), *general = weigh(ctx, t, scheme[s], true, false);
        sheaf_matrix *turned = turn(ctx, m), *general_turned = turn(ctx, general);
        assert_non_null(m->coded);
        for (int32_t b = 1; b <= 100; b += b < 20 ? 5 : 16) {
            check_products(ctx, m, general, b);
            check_products(ctx, turned, general_turned, b);
        }
        sheaf_matrix_free(m);
        sheaf_matrix_free(general);
        sheaf_matrix_free(turned);
        sheaf_matrix_free(general_turned);
        free_terms(ctx, t);
    }
    sheaf_ctx_free(ctx);
}

/* Three tiles of terms, two of documents; and the transpose of the transpose is the matrix. */
static void tiles_join(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        sheaf_terms *t = draw_terms(ctx, 66000, 140000, 6, 6);
        sheaf_matrix *m = weigh(ctx, t, SHEAF_WEIGHT_BIPARTITE, true, true), *turned = turn(ctx, m);
        sheaf_matrix *general = weigh(ctx, t, SHEAF_WEIGHT_BIPARTITE, true, false);
        sheaf_matrix *general_turned = turn(ctx, general);
        assert_int_equal(m->coded->tiles, 3);
        assert_int_equal(turned->coded->tiles, 2);
        for (int64_t tile = 0; tile < 3; tile++) assert_true(m->coded->begin[tile] < m->coded->begin[tile + 1]);
        check_products(ctx, m, general, 16);
        check_products(ctx, turned, general_turned, 5);
        sheaf_matrix *again = turn(ctx, turned);
        const size_t nnz = (size_t)m->indptr[m->rows];
        assert_memory_equal(again->coded->columns, m->coded->columns, nnz * sizeof *m->coded->columns);
        assert_memory_equal(again->coded->codes, m->coded->codes, nnz);
        assert_memory_equal(again->coded->row, m->coded->row, (size_t)m->rows * sizeof *m->coded->row);
        assert_memory_equal(again->indptr, m->indptr, (size_t)(m->rows + 1) * sizeof *m->indptr);
        sheaf_matrix_free(m);
        sheaf_matrix_free(turned);
        sheaf_matrix_free(again);
        sheaf_matrix_free(general);
        sheaf_matrix_free(general_turned);
        free_terms(ctx, t);
        sheaf_ctx_free(ctx);
    }
}

/* Within the rounding of one product and then the other: (their rows' lengths + 20) roundoffs, sizes added up alike. */
static void gram_is_two_products(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_terms *t = draw_terms(ctx, 900, 400, 15, 6);
    sheaf_i_scratch keep = {0}; /* for products of all sizes */
    sheaf_matrix *m[2] = {weigh(ctx, t, SHEAF_WEIGHT_BIPARTITE, true, true),
                          weigh(ctx, t, SHEAF_WEIGHT_BIPARTITE, true, false)};
    for (int form = 0; form < 2; form++)
        for (int32_t b = 8; b <= 40; b += 8) {
            sheaf_matrix *turned = turn(ctx, m[form]);
            const int64_t ldx = b + 3, ldw = b + 1;
            float *x = draw(400 * ldx, 1), *y = draw(900 * b, 2), *w = draw(400 * ldw, 3), *y2 = draw(900 * b, 2);
            float *w2 = draw(400 * ldw, 3);
            for (int64_t i = 0; i < 400 * ldx; i++) x[i] = fabsf(x[i]); /* all sums then are sums of sizes */
            assert_ok(ctx, sheaf_i_matrix_gram(ctx, m[form], turned, x, ldx, b, y, w, ldw, &keep));
            assert_ok(ctx, sheaf_i_matrix_times(ctx, m[form], x, ldx, b, y2, b, &keep));
            assert_ok(ctx, sheaf_i_matrix_times(ctx, turned, y2, b, b, w2, ldw, &keep));
            for (int64_t j = 0; j < 400; j++) {
                for (int32_t c = 0; c < b; c++) {
                    double bound = (double)(30 + t->df[j] + 20) * FLOAT_EPS * (double)w2[j * ldw + c];
                    assert_true(fabs((double)w[j * ldw + c] - (double)w2[j * ldw + c]) <= bound);
                }
                assert_true(w[j * ldw + b] == w2[j * ldw + b]);
            }
            free(x);
            free(y);
            free(w);
            free(y2);
            free(w2);
            sheaf_matrix_free(turned);
        }
    sheaf_i_scratch_end(ctx, &keep);
    sheaf_matrix_free(m[0]);
    sheaf_matrix_free(m[1]);
    free_terms(ctx, t);
    sheaf_ctx_free(ctx);
}

static void coded_results_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { N = 20000, T = 600, B = 16 };
    float *first = NULL;
    double norm2 = 0;
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        sheaf_terms *t = draw_terms(ctx, N, T, 20, 90);
        sheaf_matrix *m = weigh(ctx, t, SHEAF_WEIGHT_LOGENTROPY, true, true), *turned = turn(ctx, m);
        float *x = draw(T * B, 1), *y = draw(N * B, 2), *w = draw(2 * T * B, 3);
        assert_ok(ctx, sheaf_i_matrix_gram(ctx, m, turned, x, B, B, y, w, B, NULL));
        assert_ok(ctx, sheaf_i_matrix_times(ctx, turned, y, B, 9, w + T * B, B, NULL));
        if (first) {
            assert_memory_equal(w, first, 2 * T * B * sizeof *w);
            assert_true(sheaf_i_matrix_norm2(m) == norm2);
            free(w);
        } else {
            first = w;
            norm2 = sheaf_i_matrix_norm2(m);
        }
        free(x);
        free(y);
        sheaf_matrix_free(m);
        sheaf_matrix_free(turned);
        free_terms(ctx, t);
        sheaf_ctx_free(ctx);
    }
    free(first);
}

static void nothing_to_code(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int64_t docs = 0; docs <= 9; docs += 9) {
        sheaf_terms *t = draw_terms(ctx, docs, 0, 1, 1);
        sheaf_matrix *m = weigh(ctx, t, SHEAF_WEIGHT_BIPARTITE, true, true), *turned = turn(ctx, m);
        assert_int_equal(m->rows, docs);
        assert_int_equal(m->indptr[docs], 0);
        sheaf_matrix_free(m);
        sheaf_matrix_free(turned);
        free_terms(ctx, t);
    }
    sheaf_ctx_free(ctx);
}

static void damage_is_seen(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_terms *t = draw_terms(ctx, 30, 40, 9, 6);
    for (int kind = 0; kind < 8; kind++) {
        sheaf_matrix *m = weigh(ctx, t, SHEAF_WEIGHT_BIPARTITE, true, true), *turned = turn(ctx, m);
        sheaf_i_coded *c = turned->coded;
        switch (kind) {
        case 0: c->columns[1] = c->columns[0]; break;
        case 1: c->columns[c->places[1] - 1] = 30; break;
        case 2: c->row[0] = NAN; break;
        case 3: c->col[2] = INFINITY; break;
        case 4: c->table[255] = NAN; break;
        case 5: c->places[1]++; break;
        case 6: c->begin[1]--; break;
        default: m->coded->places[m->rows]--; break;
        }
        assert_true(sheaf_i_matrix_validate(turned) || sheaf_i_matrix_validate(m));
        sheaf_matrix_free(m);
        sheaf_matrix_free(turned);
    }
    free_terms(ctx, t);
    sheaf_ctx_free(ctx);
}

static sheaf_status all_of_it(sheaf_ctx *ctx, sheaf_terms *t, const float *x, float *y, float *w)
{
    sheaf_matrix *m = NULL, *turned = NULL, *back = NULL;
    sheaf_i_scratch keep = {0};
    sheaf_status st = sheaf_i_matrix_weigh_coded(ctx, &m, t, NULL);
    if (st == SHEAF_OK) st = sheaf_i_matrix_transpose(ctx, &turned, m);
    if (st == SHEAF_OK) st = sheaf_i_matrix_decode(ctx, &back, m);
    if (st == SHEAF_OK) st = sheaf_i_matrix_times(ctx, m, x, 16, 3, y, 16, &keep);
    if (st == SHEAF_OK) st = sheaf_i_matrix_gram(ctx, m, turned, x, 16, 16, y, w, 16, &keep);
    if (st == SHEAF_OK) st = sheaf_i_matrix_times(ctx, m, x, 16, 3, y, 16, NULL);
    sheaf_i_scratch_end(ctx, &keep);
    if (st == SHEAF_OK) {
        sheaf_i_matrix_put_away(m, t);
        st = sheaf_i_matrix_bring_back(ctx, m, t);
    }
    sheaf_matrix_free(m);
    sheaf_matrix_free(turned);
    sheaf_matrix_free(back);
    return st;
}

static void failing_allocations_leave_nothing(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    float *x = draw(60 * 16, 1), *y = draw(50 * 16, 2), *w = draw(60 * 16, 3);
    int64_t before = limit.live, n = 1;
    for (;; n++) {
        sheaf_terms *t = draw_terms(ctx, 50, 60, 8, 6);
        limit.calls = 0;
        limit.fail_at = n;
        sheaf_status st = all_of_it(ctx, t, x, y, w);
        limit.fail_at = 0;
        free_terms(ctx, t);
        assert_int_equal(limit.live, before);
        if (st == SHEAF_OK) break;
        assert_int_equal(st, SHEAF_ENOMEM);
    }
    assert_true(n > 20);
    free(x);
    free(y);
    free(w);
    sheaf_ctx_free(ctx);
    assert_int_equal(limit.live, 0);
}

int test_matrix_coded(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_general_form),
        cmocka_unit_test(counts_without_a_code_keep_the_general_form),
        cmocka_unit_test(counts_come_back),
        cmocka_unit_test(extreme_scales_keep_the_general_form),
        cmocka_unit_test(products_agree_with_the_general_form),
        cmocka_unit_test(tiles_join),
        cmocka_unit_test(gram_is_two_products),
        cmocka_unit_test(coded_results_do_not_depend_on_threads),
        cmocka_unit_test(nothing_to_code),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(failing_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
