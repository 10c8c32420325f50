/* Refined labels: the objective never falls, small corpora against all labellings, threads, memory, a user who stops. */
#include "support.h"

#include <stdio.h>

#include "base/context.h"
#include "refine/regroup.h"
#include "test_refine.h"

static double objective_of(const sheaf_i_partition *p) { return test_objective(p->r, p->k, p->label, p->size_weight); }

/* What may be lost in rounding of double sums. */
static double slack(const sheaf_i_partition *p)
{
    double all = p->r->prior_mass;
    for (int64_t i = 0; i < p->r->n; i++) all += (double)p->r->mass[i];
    return 1e-12 * (double)test_f(all + p->k * p->r->prior_mass);
}

/* Batches, passes one at a time, balance, each on its own. */
static void climb(const test_sample *s, int32_t k, uint64_t seed)
{
    sheaf_ctx *ctx = s->rows.ctx;
    const int64_t n = s->rows.n;
    int32_t *label = malloc((size_t)n * sizeof *label);
    sheaf_i_partition p;
    sheaf_i_passes passes;
    test_labels(label, n, k, seed);
    assert_ok(ctx, sheaf_i_partition_new(&p, &s->rows, k, label, s->rows.unit));
    assert_ok(ctx, sheaf_i_passes_new(&passes, &p));
    double then = objective_of(&p), now, told = then;
    int64_t moved = 1;
    for (int i = 0; i < 4 && moved; i++, then = now) {
        assert_ok(ctx, sheaf_i_passes_batch(&passes, &told, &moved));
        now = objective_of(&p);
        assert_true(moved ? now > then : now == then);
        assert_true(fabs(now - told) <= 10 * slack(&p));
    }
    for (int i = 0; i < 6; i++, then = now) {
        const sheaf_i_pass_rule one = {.most = 1, .reach = 1e30};
        double gained;
        assert_ok(ctx, sheaf_i_passes_run(&passes, &one, &gained));
        now = objective_of(&p);
        assert_true(gained > 0 ? now > then : now == then);
        assert_true(fabs(now - then - gained) <= 1e-4 * (gained + s->rows.unit));
    }
    sheaf_i_balance_report report;
    assert_ok(ctx, sheaf_i_balance(&passes, &report));
    now = objective_of(&p);
    assert_true(report.kept ? now > then : now == then);
    assert_true(report.kept <= report.tries && fabs(now - then - report.gained) <= 1e-4 * (report.gained + s->rows.unit));
    sheaf_i_passes_end(&passes);
    sheaf_i_partition_end(&p);
    free(label);
}

static void the_objective_never_falls(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        test_sample s = test_sample_new(ctx, 150 + 40 * (int64_t)seed, 60, 5, seed % 2, true, seed);
        climb(&s, seed == 8 ? 20 : 1 + (int32_t)seed, seed);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* Where documents that go at once would lose by it, they are all back, and one after the other they still gain. */
static void batches_are_taken_back(void **state)
{
    (void)state;
    enum { N = 8, K = 3 };
    sheaf_ctx *ctx = test_context(1);
    int back = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        test_sample s = test_sample_new(ctx, N, 20, 2, false, false, 500 + seed);
        const sheaf_i_pass_rule one = {.most = 1, .reach = 1e30};
        int32_t label[N];
        sheaf_i_partition p;
        sheaf_i_passes passes;
        test_labels(label, N, K, seed);
        assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, K, label, s.rows.unit));
        assert_ok(ctx, sheaf_i_passes_new(&passes, &p));
        const double then = objective_of(&p);
        double told = then, gained, now;
        int64_t moved;
        assert_ok(ctx, sheaf_i_passes_batch(&passes, &told, &moved));
        assert_true(moved ? objective_of(&p) > then : memcmp(label, p.label, sizeof label) == 0);
        assert_ok(ctx, sheaf_i_partition_objective(&p, &now)); /* of the sums */
        assert_true(fabs(now - objective_of(&p)) <= slack(&p));
        assert_ok(ctx, sheaf_i_passes_run(&passes, &one, &gained));
        back += !moved && gained > 0;
        sheaf_i_passes_end(&passes);
        sheaf_i_partition_end(&p);
        test_sample_end(&s);
    }
    assert_true(back > 0);
    sheaf_ctx_free(ctx);
}

static int64_t pairs_that_differ(int64_t n, const int32_t *a, const int32_t *b)
{
    int64_t differ = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) differ += (a[i] == a[j]) != (b[i] == b[j]);
    return differ;
}

/* By changes one after the other, or by many at once; no cluster is left empty. */
static void mend(const test_sample *s, int32_t k, int32_t *label, bool at_once)
{
    const sheaf_i_pass_rule rule = {.most = 30, .reach = 1e30};
    sheaf_ctx *ctx = s->rows.ctx;
    sheaf_i_partition p;
    sheaf_i_passes passes;
    sheaf_i_balance_report report;
    double gained;
    assert_ok(ctx, sheaf_i_partition_new(&p, &s->rows, k, label, s->rows.unit));
    assert_ok(ctx, sheaf_i_passes_new(&passes, &p));
    assert_ok(ctx, sheaf_i_passes_run(&passes, &rule, &gained));
    if (at_once) {
        assert_ok(ctx, sheaf_i_regroup(&p, label));
    } else {
        assert_ok(ctx, sheaf_i_balance(&passes, &report));
        assert_true(report.kept > 0 && report.gained > 0);
        memcpy(label, p.label, (size_t)s->rows.n * sizeof *label);
    }
    sheaf_i_passes_end(&passes);
    sheaf_i_partition_end(&p);
    assert_ok(ctx, sheaf_i_partition_new(&p, &s->rows, k, label, s->rows.unit));
    for (int32_t t = 0; t < k; t++) assert_true(p.count[t] > 0);
    sheaf_i_partition_end(&p);
}

/* A start that has two topics in one cluster and one in two: passes stay there. */
static void balance_mends_a_bad_start(void **state)
{
    (void)state;
    enum { N = 400, K = 4 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 80, K, false, false, 77);
    int32_t label[N], other[N];
    sheaf_i_refine_report good, bad;
    memcpy(label, s.topic, sizeof label);
    assert_ok(ctx, test_refine(&s.rows, K, label, NULL, NULL, &s.o, &good));
    for (int64_t i = 0; i < N; i++) other[i] = s.topic[i] == 3 ? 2 : s.topic[i] == 0 && i % 2 ? 3 : s.topic[i];
    mend(&s, K, other, false);
    assert_true(pairs_that_differ(N, label, other) < N * N / 2 / 20); /* a sixth at the start */
    for (int64_t i = 0; i < N; i++) other[i] = s.topic[i] == 3 ? 2 : s.topic[i] == 0 && i % 2 ? 3 : s.topic[i];
    mend(&s, K, other, true);
    assert_true(pairs_that_differ(N, label, other) < N * N / 2 / 20);
    for (int64_t i = 0; i < N; i++) other[i] = s.topic[i] == 3 ? 2 : s.topic[i] == 0 && i % 2 ? 3 : s.topic[i];
    assert_ok(ctx, test_refine(&s.rows, K, other, NULL, NULL, &s.o, &bad));
    assert_true(bad.regrouped > 0 && bad.after >= good.after - 1e-3 * fabs(good.after));
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

/* The best over all labellings without empty clusters. */
static double best_of_all(const sheaf_i_rows *r, int32_t k, double size_weight)
{
    double best = -INFINITY;
    int32_t label[9] = {0};
    for (int64_t code = 0, end = (int64_t)pow(k, (double)r->n - 1) + .5; code < end; code++) {
        int64_t rest = code;
        uint32_t seen = 1;
        for (int64_t i = 1; i < r->n; i++, rest /= k) seen |= 1u << (label[i] = (int32_t)(rest % k));
        if (seen + 1 == 1u << k) best = fmax(best, test_objective(r, k, label, size_weight));
    }
    return best;
}

/* No document gains by going elsewhere; by hundredths of a weight, and sole ones stay. */
static void assert_local_optimum(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight)
{
    const double now = test_objective(r, k, label, size_weight);
    for (int64_t i = 0; i < r->n; i++) {
        const int32_t own = label[i];
        int64_t others = 0;
        for (int64_t j = 0; j < r->n; j++) others += j != i && label[j] == own;
        for (int32_t t = 0; t < k && others && r->mass[i]; t++) {
            label[i] = t;
            assert_true(test_objective(r, k, label, size_weight) - now < .011 * r->unit + 2e-3 * (double)r->mass[i]);
        }
        label[i] = own;
    }
}

static void small_ones_against_all(void **state)
{
    (void)state;
    enum { STARTS = 12 };
    sheaf_ctx *ctx = test_context(2);
    int reached = 0, runs = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        const int32_t k = 2 + (int32_t)seed % 2;
        const int64_t n = k == 2 ? 9 : 5 + (int64_t)seed % 4;
        test_sample s = test_sample_new(ctx, n, 24, k, seed % 3 == 0, false, 200 + seed);
        const double best = best_of_all(&s.rows, k, s.rows.unit);
        for (uint64_t start = 0; start < STARTS; start++, runs++) {
            int32_t label[9];
            sheaf_i_refine_report report;
            test_labels(label, n, k, start * 31 + seed);
            const double before = test_objective(&s.rows, k, label, s.rows.unit);
            assert_ok(ctx, test_refine(&s.rows, k, label, NULL, NULL, &s.o, &report));
            const double after = test_objective(&s.rows, k, label, s.rows.unit);
            assert_true(fabs(report.before * s.rows.unit - before) < 1e-9 * fabs(before));
            assert_true(fabs(report.after * s.rows.unit - after) < 1e-9 * fabs(after));
            assert_true(after >= before && after <= best + 1e-9 * fabs(best));
            assert_local_optimum(&s.rows, k, label, s.rows.unit);
            reached += after >= best - 1e-9 * fabs(best);
        }
        test_sample_end(&s);
    }
    print_message("best of all: %d of %d starts\n", reached, runs);
    assert_true(reached * 3 > runs);
    sheaf_ctx_free(ctx);
}

/* More documents than are scored at once; labels, seconds and margins to the bit. */
static void threads_change_nothing(void **state)
{
    (void)state;
    enum { N = 5000, K = 6 };
    int32_t *label[3], *second[3];
    float *margin[3];
    for (int c = 0; c < 3; c++) {
        sheaf_ctx *ctx = test_context((int32_t[]){1, 2, 7}[c]);
        test_sample s = test_sample_new(ctx, N, 60, 8, true, true, 31);
        label[c] = malloc(N * sizeof *label[c]);
        second[c] = malloc(N * sizeof *second[c]);
        margin[c] = malloc(N * sizeof *margin[c]);
        test_labels(label[c], N, K, 8);
        for (int64_t i = 0; i < N; i += 100) label[c][i] = -1;
        assert_ok(ctx, test_refine(&s.rows, K, label[c], second[c], margin[c], &s.o, NULL));
        assert_memory_equal(label[c], label[0], N * sizeof *label[c]);
        assert_memory_equal(second[c], second[0], N * sizeof *second[c]);
        assert_memory_equal(margin[c], margin[0], N * sizeof *margin[c]);
        test_sample_end(&s);
        sheaf_ctx_free(ctx);
    }
    for (int c = 0; c < 3; c++) {
        free(label[c]);
        free(second[c]);
        free(margin[c]);
    }
}

/* Second and margin against the objective: what document i loses by going where it would be best but for its own. */
static void seconds_and_margins(void **state)
{
    (void)state;
    enum { N = 130, K = 4 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 40, K, true, true, 51);
    const sheaf_i_rows *r = &s.rows;
    int32_t label[N], second[N];
    float margin[N];
    test_labels(label, N, K, 2);
    label[0] = -1;
    assert_ok(ctx, test_refine(r, K, label, second, margin, &s.o, NULL));
    const double now = test_objective(r, K, label, r->unit);
    for (int64_t i = 0; i < N; i++) {
        if (label[i] < 0 || !r->mass[i]) {
            assert_true(second[i] == -1 || label[i] >= 0);
            assert_true(margin[i] == 0);
            continue;
        }
        double best = -INFINITY, there = -INFINITY;
        const int32_t own = label[i];
        for (int32_t t = 0; t < K; t++) {
            label[i] = t;
            if (t == own) continue;
            const double gain = test_objective(r, K, label, r->unit) - now;
            best = fmax(best, gain);
            if (t == second[i]) there = gain;
        }
        label[i] = own;
        const double want = fmax(-best, 0) / (double)r->mass[i];
        assert_true(there >= best - 2e-3 * (double)r->mass[i]);
        assert_true(fabs((double)margin[i] - want) <= 2e-3 * (1 + want)); /* scores are right to 1e-3 of the weight */
    }
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

static void failing_allocations(void **state)
{
    (void)state;
    enum { N = 60, K = 4 };
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    test_sample s = test_sample_new(ctx, N, 20, K, true, true, 6);
    int32_t start[N], label[N];
    test_labels(start, N, K, 1);
    const int64_t before = limit.live;
    int64_t at = 1;
    for (;; at++) {
        memcpy(label, start, sizeof label);
        limit.calls = 0;
        limit.fail_at = at;
        const sheaf_status st = test_refine(&s.rows, K, label, NULL, NULL, &s.o, NULL);
        limit.fail_at = 0;
        assert_int_equal(limit.live, before);
        if (st == SHEAF_OK) break;
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_memory_equal(label, start, sizeof label);
    }
    assert_true(at > 20);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

typedef struct {
    int64_t calls, stop_at;
} patience;

static int ask(void *user, const char *phase, int64_t done, int64_t total)
{
    patience *a = user;
    assert_non_null(phase);
    assert_true(done >= 0 && total >= 0);
    return ++a->calls == a->stop_at;
}

static void users_may_stop(void **state)
{
    (void)state;
    enum { N = 200, K = 4 };
    patience a = {0};
    test_limit limit = {0};
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 2;
    o.progress = ask;
    o.progress_user = &a;
    o.resize = test_limited_resize;
    o.resize_user = &limit;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    test_sample s = test_sample_new(ctx, N, 30, K, true, true, 7);
    int32_t start[N], label[N];
    test_labels(start, N, K, 1);
    const int64_t before = limit.live;
    for (a.stop_at = 1;; a.stop_at++) {
        memcpy(label, start, sizeof label);
        a.calls = 0;
        const sheaf_status st = test_refine(&s.rows, K, label, NULL, NULL, &s.o, NULL);
        assert_int_equal(limit.live, before);
        if (st == SHEAF_OK) break;
        assert_int_equal(st, SHEAF_ECANCELED);
        assert_int_equal(a.calls, a.stop_at);
        assert_memory_equal(label, start, sizeof label);
    }
    assert_true(a.stop_at > 2);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_refine_labels[] = {
    cmocka_unit_test(the_objective_never_falls), cmocka_unit_test(batches_are_taken_back),
    cmocka_unit_test(balance_mends_a_bad_start),
    cmocka_unit_test(small_ones_against_all), cmocka_unit_test(threads_change_nothing),
    cmocka_unit_test(seconds_and_margins), cmocka_unit_test(failing_allocations), cmocka_unit_test(users_may_stop),
};
const size_t n_test_refine_labels = sizeof test_refine_labels / sizeof *test_refine_labels;
