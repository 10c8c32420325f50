/* Scores and contingency table, against numbers made with scikit-learn 1.9.1. */
#include <math.h>

#include "test_cluster.h"

/* Both sides sum some hundred terms in double: their difference is far below this. */
#define TOLERANCE 1e-9

typedef struct {
    const char *name;
    int64_t n;
    double ari, ami, nmi, homogeneity, completeness, v, purity;
} known;

static const known table[] = {
    {"mixed", 1000, -0.002388804809786353, -0.002978212595138544, 0.0011088520070611705, 0.0012144794586686732,
     0.0010201279720576473, 0.0011088520070611702, 0.302},
    {"near", 1000, 0.8755129373079373, 0.9008803590146707, 0.9026625413124514, 0.902660581172978, 0.9026645014604376,
     0.9026625413124514, 0.941},
    {"one class", 200, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0},
    {"one cluster", 200, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.25},
    {"both one", 200, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0},
    {"singletons both", 200, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0},
    {"singletons found", 200, 0.0, 2.720722177955223e-14, 0.46598000289067926, 1.0000000000000002, 0.30376396902828084,
     0.46598000289067915, 1.0},
    {"singletons true", 200, 0.0, 2.720722177955223e-14, 0.46598000289067926, 0.30376396902828084, 1.0000000000000002,
     0.46598000289067915, 0.025},
    {"identical renamed", 200, 1.0, 1.0, 1.0, 1.0, 1.0000000000000002, 1.0000000000000002, 1.0},
    {"two documents apart", 2, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0},
    {"one document", 1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0},
    {"independent", 6, -0.36363636363636365, -0.4481886872563352, 0.0, 0.0, 0.0, 0.0, 0.5},
    {"large", 50000, 0.11689303553537789, 0.1535012474407083, 0.1552456852377669, 0.16178191915205972,
     0.14921708942434503, 0.15524568523776694, 0.25264},
    {"uneven", 50000, 0.8650582436088026, 0.7636790445664774, 0.7637097922948809, 0.8153361129530037,
     0.7182320125224196, 0.7637097922948809, 0.97902},
};

/* The formulas with which the numbers above were made. */
static void make_labels(const char *name, int64_t x, int64_t *a, int64_t *b)
{
    int64_t square = (x * x + x / 7) % 23;
    *a = *b = 0;
    if (!strcmp(name, "mixed")) *a = x * x % 7, *b = (x * 3 + x / 11) % 5;
    else if (!strcmp(name, "near")) *a = x / 100, *b = x % 17 == 0 ? (x / 100 + 1) % 10 : x / 100;
    else if (!strcmp(name, "one class")) *a = 3, *b = x % 4;
    else if (!strcmp(name, "one cluster")) *a = x % 4, *b = -5;
    else if (!strcmp(name, "both one")) *b = 9;
    else if (!strcmp(name, "singletons both")) *a = x, *b = -x;
    else if (!strcmp(name, "singletons found")) *a = x % 5, *b = x;
    else if (!strcmp(name, "singletons true")) *a = x, *b = x % 5;
    else if (!strcmp(name, "identical renamed")) *a = x % 6, *b = (x % 6 * 5) % 6 * 7 - 20;
    else if (!strcmp(name, "two documents apart")) *b = x;
    else if (!strcmp(name, "one document")) *a = 4, *b = 7;
    else if (!strcmp(name, "independent")) *a = x % 2, *b = x / 2;
    else if (!strcmp(name, "large")) *a = square * 1000003 - 9, *b = x % 3 == 0 ? square / 2 : x * 7919 % 31;
    else if (!strcmp(name, "uneven")) *a = (x % 1000 == 0) + (x < 45000), *b = (x < 44000) * 2 + (x % 777 == 0);
    else fail_msg("no formula for %s", name);
}

static void near_to(const char *name, const char *what, double found, double want)
{
    if (!(fabs(found - want) <= TOLERANCE)) fail_msg("%s: %s is %.17g instead of %.17g", name, what, found, want);
}

static void agrees_with_the_table(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const known *w = &table[i];
        int32_t *a = malloc((size_t)w->n * sizeof *a), *b = malloc((size_t)w->n * sizeof *b);
        for (int64_t x = 0; x < w->n; x++) {
            int64_t p, q;
            make_labels(w->name, x, &p, &q);
            a[x] = (int32_t)p;
            b[x] = (int32_t)q;
        }
        sheaf_scores s;
        assert_ok(ctx, sheaf_scores_compute(ctx, &s, a, b, w->n));
        near_to(w->name, "ARI", s.ari, w->ari);
        near_to(w->name, "AMI", s.ami, w->ami);
        near_to(w->name, "NMI", s.nmi, w->nmi);
        near_to(w->name, "homogeneity", s.homogeneity, w->homogeneity);
        near_to(w->name, "completeness", s.completeness, w->completeness);
        near_to(w->name, "V", s.v, w->v);
        near_to(w->name, "purity", s.purity, w->purity);
        assert_int_equal(s.n, w->n);
        free(a);
        free(b);
    }
    sheaf_ctx_free(ctx);
}

static void contingency_by_hand(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const int32_t a[] = {5, -1, 5, 5, INT32_MAX, -1, 5}, b[] = {0, INT32_MIN, 0, 2, 2, 2, 7};
    const int64_t want[3][4] = {{1, 0, 1, 0}, {0, 2, 1, 1}, {0, 0, 1, 0}};
    sheaf_confusion *t;
    int32_t rows, columns;
    assert_ok(ctx, sheaf_confusion_build(ctx, &t, a, b, 7));
    const int32_t *r = sheaf_confusion_classes(t, &rows), *c = sheaf_confusion_clusters(t, &columns);
    assert_int_equal(rows, 3);
    assert_int_equal(columns, 4);
    assert_true(r[0] == -1 && r[1] == 5 && r[2] == INT32_MAX);
    assert_true(c[0] == INT32_MIN && c[1] == 0 && c[2] == 2 && c[3] == 7);
    for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < columns; j++) assert_int_equal(sheaf_confusion_count(t, i, j), want[i][j]);
    assert_int_equal(sheaf_confusion_class_size(t, 1), 4);
    assert_int_equal(sheaf_confusion_cluster_size(t, 2), 3);
    sheaf_confusion_free(t);
    sheaf_ctx_free(ctx);
}

/* 100,000 documents each in a class and a cluster of its own must not cost 10^10 steps. */
static void many_singletons_are_quick(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    int64_t n = 100000;
    int32_t *a = malloc((size_t)n * sizeof *a), *b = malloc((size_t)n * sizeof *b);
    for (int64_t i = 0; i < n; i++) {
        a[i] = (int32_t)i;
        b[i] = (int32_t)(i * 37 % n);
    }
    sheaf_scores s;
    assert_ok(ctx, sheaf_scores_compute(ctx, &s, a, b, n));
    assert_true(s.ami == 1 && s.ari == 1 && s.classes == n && s.clusters == n);
    b[1] = b[0];
    assert_ok(ctx, sheaf_scores_compute(ctx, &s, a, b, n));
    assert_true(s.ari == 0 && s.clusters == n - 1);
    free(a);
    free(b);
    sheaf_ctx_free(ctx);
}

static void nothing_to_compare_is_an_error(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_scores s;
    int32_t a = 0;
    assert_int_equal(sheaf_scores_compute(ctx, &s, &a, &a, 0), SHEAF_EINVAL);
    assert_string_equal(sheaf_ctx_message(ctx), "no labels to compare (n = 0)");
    assert_int_equal(sheaf_scores_compute(ctx, &s, &a, &a, -3), SHEAF_EINVAL);
    sheaf_ctx_free(ctx);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    const int32_t a[] = {0, 0, 1, 1, 2}, b[] = {0, 1, 1, 1, 2};
    int64_t before = limit.live;
    for (int64_t nth = 1;; nth++) {
        sheaf_scores s;
        limit.calls = 0;
        limit.fail_at = nth;
        sheaf_status st = sheaf_scores_compute(ctx, &s, a, b, 5);
        assert_int_equal(limit.live, before);
        if (st == SHEAF_OK) {
            assert_true(nth > 10); /* the loop met real allocations */
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
    }
    sheaf_ctx_free(ctx);
}

int test_cluster_scores(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_table),          cmocka_unit_test(contingency_by_hand),
        cmocka_unit_test(many_singletons_are_quick),      cmocka_unit_test(nothing_to_compare_is_an_error),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests_name("scores", tests, NULL, NULL);
}
