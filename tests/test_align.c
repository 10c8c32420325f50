/* model/: clusters of two runs matched; cluster/: the assignment behind it. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "cluster/assignment.h"
#include "test_align.h"

static uint64_t state = 1;

static int32_t below(int32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int32_t)((state >> 33) % (uint64_t)n);
}

/* ---- the assignment against all there are */

#define SIDE 6

typedef struct {
    int32_t rows, columns;
    int64_t first[SIDE + 1], weight[SIDE * SIDE], dense[SIDE][SIDE];
    int32_t column[SIDE * SIDE];
} small_table;

static void random_table(small_table *t)
{
    int64_t n = 0;
    *t = (small_table){.rows = below(SIDE + 1), .columns = below(SIDE + 1)};
    const int32_t most = 1 + below(12); /* few different weights make ties */
    for (int32_t i = 0; i < t->rows; i++) {
        for (int32_t j = 0; j < t->columns; j++) {
            if (below(3) == 0) continue;
            t->weight[n] = t->dense[i][j] = 1 + below(most);
            t->column[n++] = j;
        }
        t->first[i + 1] = n;
    }
}

static int64_t heaviest(const small_table *t, int32_t row, unsigned taken)
{
    if (row >= t->rows || row >= SIDE) return 0;
    int64_t best = heaviest(t, row + 1, taken);
    for (int32_t j = 0; j < t->columns; j++) {
        if (!t->dense[row][j] || taken >> j & 1) continue;
        const int64_t w = t->dense[row][j] + heaviest(t, row + 1, taken | 1u << j);
        if (w > best) best = w;
    }
    return best;
}

static void assignment_is_the_heaviest(void **unused)
{
    (void)unused;
    sheaf_ctx *ctx = test_context(1);
    for (int round = 0; round < 4000; round++) {
        small_table t;
        int32_t match[SIDE + 1];
        unsigned taken = 0;
        int64_t sum = 0;
        random_table(&t);
        const sheaf_i_weights_table w = {t.rows, t.columns, t.first, t.column, t.weight};
        assert_ok(ctx, sheaf_i_assign_heaviest(ctx, match, &w));
        for (int32_t i = 0; i < t.rows; i++) {
            if (match[i] < 0) continue;
            assert_true(match[i] < t.columns && t.dense[i][match[i]] > 0);
            assert_false(taken >> match[i] & 1);
            taken |= 1u << match[i];
            sum += t.dense[i][match[i]];
        }
        assert_int_equal(sum, heaviest(&t, 0, 0));
    }
    sheaf_ctx_free(ctx);
}

/* A chain in which every row must give way to the next. */
static void assignment_shifts_a_long_chain(void **unused)
{
    (void)unused;
    enum { N = 900 };
    sheaf_ctx *ctx = test_context(1);
    int64_t *first = calloc(N + 2, sizeof *first), *weight = calloc(2 * N + 1, sizeof *weight);
    int32_t *column = calloc(2 * N + 1, sizeof *column), *match = calloc(N + 1, sizeof *match);
    int64_t n = 0, sum = 0;
    for (int32_t i = 0; i < N; i++) { /* row i: column i for 1000, column i + 1 for 999 */
        column[n] = i;
        weight[n++] = 1000;
        column[n] = i + 1;
        weight[n++] = 999;
        first[i + 1] = n;
    }
    column[n] = 0; /* the last row has only the first column */
    weight[n++] = 950;
    first[N + 1] = n;
    const sheaf_i_weights_table t = {N + 1, N + 1, first, column, weight};
    assert_ok(ctx, sheaf_i_assign_heaviest(ctx, match, &t));
    for (int32_t i = 0; i <= N; i++)
        for (int64_t p = first[i]; p < first[i + 1]; p++) sum += column[p] == match[i] ? weight[p] : 0;
    assert_int_equal(sum, 950 + 999 * N); /* without the last row 1000 N, with it and without another 50 less */
    for (int32_t i = 0; i < N; i++) assert_int_equal(match[i], i + 1);
    free(first);
    free(weight);
    free(column);
    free(match);
    sheaf_ctx_free(ctx);
}

/* ---- clusters of two runs */

static sheaf_align *aligned(sheaf_ctx *ctx, const int32_t *a, const int32_t *b, int64_t n)
{
    sheaf_align *x;
    assert_ok(ctx, sheaf_align_labels(ctx, &x, a, b, n, NULL));
    return x;
}

static const sheaf_align_row *row_of(const sheaf_align *a, int32_t old_cluster, int32_t new_cluster)
{
    int64_t n;
    const sheaf_align_row *r = sheaf_align_rows(a, &n);
    for (int64_t i = 0; i < n; i++)
        if (old_cluster ? r[i].old_cluster == old_cluster : r[i].new_cluster == new_cluster) return &r[i];
    return NULL;
}

static void what_became_of_each(void **unused)
{
    (void)unused;
    /* 1 stays as 4; 2 splits into 1 (3 of 4) and 2 (1 of 4); 3 and 5 merge into 3; 9 is gone; 7 is new. */
    static const int32_t a[] = {1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 5, 5, 9, 9, 9, -1, -1, 1, 0, 1, -1};
    static const int32_t b[] = {4, 4, 4, 1, 1, 1, 2, 3, 3, 3, 3, 3, 0, 0, -1, 7, 7, 0, 4, -1, 2};
    enum { N = sizeof a / sizeof *a };
    sheaf_ctx *ctx = test_context(1);
    sheaf_align *x = aligned(ctx, a, b, N);
    const sheaf_align_counts c = sheaf_align_quality(x);
    assert_int_equal(c.both, N - 5);
    assert_int_equal(c.only_old, 2);
    assert_int_equal(c.only_new, 3);
    assert_int_equal(c.old_unplaced, 1);
    assert_int_equal(c.new_unplaced, 3);
    assert_int_equal(c.kept, 3);
    assert_int_equal(c.died, 2);
    assert_int_equal(c.born, 2);
    assert_int_equal(c.split, 1);
    assert_int_equal(c.merged, 1);
    assert_int_equal(c.kept_docs, 3 + 3 + 3);
    const sheaf_align_row *r = row_of(x, 1, 0);
    assert_int_equal(r->new_cluster, 4);
    assert_int_equal(r->number, 1);
    assert_int_equal(r->old_docs, 5); /* one of them only in the old run, one in cluster 0 now */
    assert_int_equal(r->old_common, 4);
    assert_int_equal(r->new_common, 4);
    assert_int_equal(r->shared, 3);
    assert_float_equal(r->jaccard, 3.0 / 5, 1e-15);
    assert_false(r->split || r->merged);
    r = row_of(x, 2, 0);
    assert_true(r->new_cluster == 1 && r->split && !r->merged);
    r = row_of(x, 3, 0);
    assert_true(r->new_cluster == 3 && !r->split && r->merged);
    r = row_of(x, 5, 0);
    assert_true(r->new_cluster == 0 && r->number == 0 && !r->split && r->merged);
    r = row_of(x, 9, 0);
    assert_true(r->new_cluster == 0 && !r->split && !r->merged && r->old_docs == 3 && r->old_common == 2);
    r = row_of(x, 0, 2);
    assert_true(r->old_cluster == 0 && r->number == 10 && r->split && !r->merged); /* above 9 */
    assert_int_equal(row_of(x, 0, 7)->number, 11);
    assert_int_equal(sheaf_align_number(x, 7), 11);
    assert_int_equal(sheaf_align_number(x, 4), 1);
    assert_int_equal(sheaf_align_number(x, 5), 0);
    int32_t n;
    const sheaf_align_part *p = sheaf_align_parts(x, false, 2, &n);
    assert_true(n == 2 && p[0].cluster == 1 && p[0].docs == 3 && p[1].cluster == 2 && p[1].docs == 1);
    assert_float_equal(p[0].share, .75, 1e-15);
    p = sheaf_align_parts(x, true, 3, &n);
    assert_true(n == 2 && p[0].cluster == 3 && p[1].cluster == 5 && p[1].docs == 2);
    assert_float_equal(p[1].share, .4, 1e-15);
    (void)sheaf_align_parts(x, true, 99, &n);
    assert_int_equal(n, 0);
    sheaf_align_free(x);
    sheaf_ctx_free(ctx);
}

/* The share decides exactly: 3 of 10 are enough, 3 of 11 are not. */
static void threshold_is_exact(void **unused)
{
    (void)unused;
    sheaf_ctx *ctx = test_context(1);
    for (int n = 10; n <= 11; n++) {
        int32_t a[11], b[11];
        for (int i = 0; i < n; i++) {
            a[i] = 1;
            b[i] = i < 3 ? 1 : 2 + i; /* three together, the others alone */
        }
        sheaf_align *x = aligned(ctx, a, b, n);
        assert_int_equal(row_of(x, 1, 0)->new_cluster, n == 10 ? 1 : 0);
        sheaf_align_free(x);
    }
    sheaf_ctx_free(ctx);
}

/* Of one cluster of n documents, `off` go to `parts` clusters in turn; and the same backwards. */
static void check_parts(int n, int off, int parts, bool in_parts)
{
    static int32_t a[1000], b[1000];
    sheaf_ctx *ctx = test_context(1);
    for (int i = 0; i < n; i++) {
        a[i] = 1;
        b[i] = i < off ? 2 + i % parts : 1;
    }
    sheaf_align *x = aligned(ctx, a, b, n), *y = aligned(ctx, b, a, n);
    assert_int_equal(row_of(x, 1, 0)->split, in_parts);
    assert_int_equal(sheaf_align_quality(x).split, in_parts);
    assert_int_equal(row_of(x, 0, 2)->split, in_parts);
    assert_int_equal(sheaf_align_quality(y).merged, in_parts);
    assert_int_equal(row_of(y, 2, 0)->merged, in_parts);
    assert_int_equal(sheaf_align_quality(x).merged + sheaf_align_quality(y).split, 0);
    sheaf_align_free(x);
    sheaf_align_free(y);
    sheaf_ctx_free(ctx);
}

/* A tenth beside the largest part, in however many, makes a split or a merger; less is a sliver. */
static void slivers_are_no_parts(void **unused)
{
    (void)unused;
    check_parts(1000, 5, 1, false);
    check_parts(1000, 99, 1, false);
    check_parts(1000, 100, 1, true);
    check_parts(1000, 100, 10, true);
    check_parts(999, 99, 3, false);
    check_parts(999, 100, 3, true);
    check_parts(12 * 12, 11 * 12, 11, true); /* a dozen equal parts, none a tenth */
    check_parts(10, 1, 1, true);
    check_parts(11, 1, 1, false);
}

/* Numbers of clusters that died in earlier runs are not given again. */
static void numbers_do_not_come_again(void **unused)
{
    (void)unused;
    static const int32_t a[] = {1, 1, 3, 3, 3}, b[] = {1, 1, 2, 2, 4};
    static const int32_t given[] = {0, 2, 3, 7, INT32_MAX - 1, INT32_MAX};
    sheaf_ctx *ctx = test_context(1);
    sheaf_align_opts o;
    sheaf_align_opts_init(&o, sizeof o);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        sheaf_align *x;
        o.highest = given[i];
        const sheaf_status st = sheaf_align_labels(ctx, &x, a, b, 5, &o);
        if (given[i] == INT32_MAX) {
            assert_int_equal(st, SHEAF_EFORMAT);
            continue;
        }
        assert_ok(ctx, st);
        const int32_t next = given[i] > 3 ? given[i] + 1 : 4;
        assert_int_equal(sheaf_align_number(x, 1), 1);
        assert_int_equal(sheaf_align_number(x, 2), 3);
        assert_int_equal(sheaf_align_number(x, 4), next);
        assert_int_equal(sheaf_align_quality(x).highest, next);
        sheaf_align_free(x);
    }
    o.highest = -1;
    sheaf_align *x;
    assert_int_equal(sheaf_align_labels(ctx, &x, a, b, 5, &o), SHEAF_EINVAL);
    sheaf_ctx_free(ctx);
}

/* Greedy takes 1-1 (5) and leaves 2 with nothing; keeping the most documents together takes 1-2 and 2-1 (4 + 4). */
static void most_documents_together(void **unused)
{
    (void)unused;
    static const int32_t a[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2};
    static const int32_t b[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1};
    sheaf_ctx *ctx = test_context(1);
    sheaf_align *x = aligned(ctx, a, b, sizeof a / sizeof *a);
    assert_int_equal(row_of(x, 1, 0)->new_cluster, 2);
    assert_int_equal(row_of(x, 2, 0)->new_cluster, 1);
    assert_int_equal(sheaf_align_quality(x).kept_docs, 8);
    sheaf_align_free(x);
    sheaf_ctx_free(ctx);
}

/* Of random runs: counts add up, matches are one to one, and the order of documents and numbers does not matter. */
static void properties(void **unused)
{
    (void)unused;
    enum { N = 400 };
    sheaf_ctx *ctx = test_context(1);
    for (int round = 0; round < 60; round++) {
        int32_t a[N], b[N], c[N], d[N];
        const int32_t k = 1 + below(9), same = below(100);
        for (int i = 0; i < N; i++) {
            a[i] = below(k + 2) - 1;
            b[i] = below(100) < same && a[i] > 0 ? k + 1 - a[i] : below(k + 2) - 1;
            c[N - 1 - i] = a[i];
            d[N - 1 - i] = b[i];
        }
        sheaf_align *x = aligned(ctx, a, b, N), *y = aligned(ctx, c, d, N);
        const sheaf_align_counts m = sheaf_align_quality(x), other = sheaf_align_quality(y);
        assert_memory_equal(&m, &other, sizeof m);
        int64_t n, n_other, born = 0;
        const sheaf_align_row *r = sheaf_align_rows(x, &n), *s = sheaf_align_rows(y, &n_other);
        assert_int_equal(n, n_other);
        assert_int_equal(n, m.kept + m.died + m.born);
        unsigned numbers = 0;
        for (int64_t i = 0; i < n; i++) {
            assert_true(r[i].old_cluster == s[i].old_cluster && r[i].new_cluster == s[i].new_cluster);
            born += !r[i].old_cluster;
            if (!r[i].number) continue;
            assert_false(numbers >> r[i].number & 1);
            numbers |= 1u << r[i].number;
            if (!r[i].old_cluster) continue;
            assert_true(10 * r[i].shared >= 3 * r[i].old_common && 10 * r[i].shared >= 3 * r[i].new_common);
        }
        assert_int_equal(born, m.born);
        sheaf_align_free(x);
        sheaf_align_free(y);
    }
    sheaf_ctx_free(ctx);
}

static void odd_calls(void **unused)
{
    (void)unused;
    sheaf_ctx *ctx = test_context(1);
    sheaf_align *x;
    static const int32_t one[] = {1}, bad[] = {-2}, last[] = {INT32_MAX}, zero[] = {0};
    sheaf_align_opts o;
    sheaf_align_opts_init(&o, sizeof o);
    x = aligned(ctx, one, one, 0);
    assert_int_equal(sheaf_align_quality(x).both, 0);
    sheaf_align_free(x);
    x = aligned(ctx, zero, zero, 1);
    assert_int_equal(sheaf_align_quality(x).both, 1);
    assert_int_equal(sheaf_align_quality(x).kept, 0);
    sheaf_align_free(x);
    assert_int_equal(sheaf_align_labels(ctx, &x, bad, one, 1, NULL), SHEAF_EINVAL);
    assert_null(x);
    assert_int_equal(sheaf_align_labels(ctx, &x, one, one, -1, NULL), SHEAF_EINVAL);
    static const int32_t old_last[] = {INT32_MAX, -1}, new_two[] = {-1, 2};
    assert_int_equal(sheaf_align_labels(ctx, &x, old_last, new_two, 2, NULL), SHEAF_EFORMAT);
    x = aligned(ctx, last, one, 1);
    assert_int_equal(sheaf_align_number(x, 1), INT32_MAX);
    sheaf_align_free(x);
    const sheaf_ratio wrong[] = {{0, 1}, {2, 1}, {1, 2000000}, {-1, 2}};
    for (size_t i = 0; i < 4; i++) {
        o.min_share = wrong[i];
        assert_int_equal(sheaf_align_labels(ctx, &x, one, one, 1, &o), SHEAF_EINVAL);
    }
    sheaf_align_free(NULL);
    sheaf_ctx_free(ctx);
}

static void failing_allocations(void **unused)
{
    (void)unused;
    enum { N = 300 };
    int32_t a[N], b[N];
    for (int i = 0; i < N; i++) {
        a[i] = 1 + i % 7;
        b[i] = 1 + (i + i / 50) % 7;
    }
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    const int64_t live = limit.live;
    for (int64_t n = 1;; n++) {
        sheaf_align *x;
        limit.calls = 0;
        limit.fail_at = n;
        const sheaf_status st = sheaf_align_labels(ctx, &x, a, b, N, NULL);
        if (st == SHEAF_OK) {
            assert_true(n > 10);
            sheaf_align_free(x);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_null(x);
        assert_int_equal(limit.live, live);
    }
    limit.fail_at = 0;
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignment_is_the_heaviest), cmocka_unit_test(assignment_shifts_a_long_chain),
        cmocka_unit_test(what_became_of_each),        cmocka_unit_test(threshold_is_exact),
        cmocka_unit_test(slivers_are_no_parts),       cmocka_unit_test(numbers_do_not_come_again),
        cmocka_unit_test(most_documents_together),    cmocka_unit_test(properties),
        cmocka_unit_test(odd_calls),                  cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_align_vectors();
}
