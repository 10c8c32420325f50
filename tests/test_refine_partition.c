/* Sums, gains and objective of a partition; what cuts and mergers promise. All against the objective's definition. */
#include "support.h"

#include "base/mem.h"
#include "test_refine.h"

static void assert_same_sums(const sheaf_i_partition *a, const sheaf_i_partition *b)
{
    assert_memory_equal(a->label, b->label, (size_t)a->r->n * sizeof *a->label);
    assert_memory_equal(a->mass, b->mass, (size_t)a->k * sizeof *a->mass);
    assert_memory_equal(a->count, b->count, (size_t)a->k * sizeof *a->count);
    for (int32_t j = 0; j < a->r->m; j++)
        for (int32_t t = 0; t < a->k; t++) {
            const int64_t at = (int64_t)j * a->ld + t;
            assert_int_equal(a->sum[at], b->sum[at]);
            assert_true(a->gain[at] == b->gain[at]);
        }
}

/* Sums and gains after many moves are, to the bit, those made anew. */
static void moves_keep_sums(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int32_t k = 2; k <= 19; k += k < 5 ? 1 : 7) {
        test_sample s = test_sample_new(ctx, 150, 30, 4, k % 2, true, (uint64_t)k);
        int32_t label[150];
        test_labels(label, 150, k, 3);
        label[7] = -1;
        sheaf_i_partition p, anew;
        sheaf_i_scoring scratch;
        assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, k, label, s.rows.unit));
        assert_ok(ctx, sheaf_i_scoring_new(&scratch, &p));
        for (uint64_t move = 0; move < 2000; move++) {
            const int64_t i = (int64_t)(sheaf_i_mix(move + 1) % 150);
            const int32_t to = (int32_t)(sheaf_i_mix(move + 99999) % (uint64_t)k);
            if (p.label[i] < 0 || p.label[i] == to) continue;
            sheaf_i_partition_move(&p, i, to, &scratch);
            assert_int_equal(p.label[i], to);
            label[i] = to;
        }
        assert_ok(ctx, sheaf_i_partition_new(&anew, &s.rows, k, label, s.rows.unit));
        assert_same_sums(&p, &anew);
        sheaf_i_partition_end(&anew);
        assert_ok(ctx, sheaf_i_partition_new(&anew, &s.rows, k, NULL, s.rows.unit));
        assert_ok(ctx, sheaf_i_partition_copy(&anew, &p));
        assert_same_sums(&p, &anew);
        assert_ok(ctx, sheaf_i_partition_sum(&anew));
        assert_same_sums(&p, &anew);
        sheaf_i_partition_end(&anew);
        sheaf_i_scoring_end(&scratch, ctx);
        sheaf_i_partition_end(&p);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

static void check_objective(const sheaf_i_partition *p)
{
    double got;
    const double want = test_objective(p->r, p->k, p->label, p->size_weight);
    assert_ok(p->r->ctx, sheaf_i_partition_objective(p, &got));
    /* double sums of terms that cancel: each is below f(N) of all documents */
    double all = 1;
    for (int64_t i = 0; i < p->r->n; i++) all += (double)p->r->mass[i];
    assert_true(fabs(got - want) <= 1e-11 * (double)test_f(all + p->k * p->r->prior_mass));
}

/* Score and gain of every document and cluster against differences of the objective; floats, so to test_gain_bound. */
static void check_gains(const sheaf_i_partition *p, int64_t i, sheaf_i_scoring *scratch)
{
    const sheaf_i_rows *r = p->r;
    int32_t *label = malloc((size_t)r->n * sizeof *label);
    memcpy(label, p->label, (size_t)r->n * sizeof *label);
    label[i] = -1;
    const double out = test_objective(r, p->k, label, p->size_weight);
    double own = 0, most = r->prior_mass;
    for (int32_t t = 0; t < p->k; t++) most += (double)p->mass[t];
    const double bound = test_gain_bound((double)r->mass[i] + p->size_weight, most, (double)sheaf_i_row_size(r, i));
    if (p->label[i] >= 0) {
        label[i] = p->label[i];
        own = test_objective(r, p->k, label, p->size_weight) - out;
    }
    sheaf_i_partition_score(p, i, scratch);
    for (int32_t t = 0; t < p->k; t++) {
        label[i] = t;
        const double want = test_objective(r, p->k, label, p->size_weight) - out;
        const double got = (double)scratch->score[t];
        /* to choose by: see kernel.h */
        if (!(fabs(got - want) <= 2 * bound + 1e-3 * (double)r->mass[i])) fail_msg("score %g, not %g, bound %g", got, want, bound);
    }
    for (int32_t t = 0; t < p->k && p->label[i] >= 0; t++) {
        if (t == p->label[i]) continue;
        label[i] = t;
        const double want = test_objective(r, p->k, label, p->size_weight) - out - own;
        const double got = sheaf_i_partition_gain(p, i, t, scratch);
        if (!(fabs(got - want) <= 2 * bound)) fail_msg("gain %g, not %g, bound %g", got, want, bound);
    }
    free(label);
}

static void gains_are_differences(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        test_sample s = test_sample_new(ctx, 80, 40, 3, seed % 2, true, 40 + seed);
        int32_t label[80];
        const int32_t k = seed == 4 ? 17 : (int32_t)seed + 1;
        test_labels(label, 80, k, seed);
        label[3] = -1;
        label[50] = -1;
        sheaf_i_partition p;
        sheaf_i_scoring scratch;
        assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, k, label, (double)seed * s.rows.unit * .5));
        assert_ok(ctx, sheaf_i_scoring_new(&scratch, &p));
        check_objective(&p);
        for (int64_t i = 0; i < 80; i += seed == 4 ? 7 : 1) check_gains(&p, i, &scratch);
        sheaf_i_scoring_end(&scratch, ctx);
        sheaf_i_partition_end(&p);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* The objective of p with one cluster more, in which are the documents that leave t (or none, t < 0). */
static double with_half(const sheaf_i_partition *p, const sheaf_i_halves *h, const int32_t *from)
{
    int32_t *label = malloc((size_t)p->r->n * sizeof *label);
    memcpy(label, from, (size_t)p->r->n * sizeof *label);
    for (int64_t d = 0; h && d < h->n; d++)
        if (h->leaves[d]) label[h->doc[d]] = p->k;
    const double all = test_objective(p->r, p->k + 1, label, p->size_weight);
    free(label);
    return all;
}

static void check_half(const sheaf_i_partition *p, const sheaf_i_halves *h, int32_t t)
{
    int64_t at = 0, leave = 0;
    for (int64_t i = 0; i < p->r->n; i++)
        if (p->label[i] == t) assert_int_equal(h->doc[at++], i);
    assert_int_equal(at, h->n);
    for (int64_t d = 0; d < h->n; d++) leave += h->leaves[d];
    if (h->gain == -INFINITY) return;
    assert_in_range(leave, 1, h->n - 1);
    const double want = with_half(p, h, p->label) - with_half(p, NULL, p->label);
    double most = p->r->prior_mass;
    for (int32_t u = 0; u < p->k; u++) most += (double)p->mass[u];
    assert_true(fabs(h->gain - want) <= 1e-11 * (double)test_f(most)); /* double sums */
}

/* Into a, b; terms of b are added up in float, 64 at a time. */
static void check_merge(const sheaf_i_partition *p, double got, int32_t a, int32_t b)
{
    const sheaf_i_rows *r = p->r;
    int32_t *label = malloc((size_t)r->n * sizeof *label);
    for (int64_t i = 0; i < r->n; i++) label[i] = p->label[i] == b ? a : p->label[i];
    const double want = test_objective(r, p->k, label, p->size_weight) - test_objective(r, p->k, p->label, p->size_weight);
    const double mass = (double)(p->mass[a] + p->mass[b]) + r->prior_mass;
    if (!(fabs(got - want) <= test_gain_bound(mass, mass, 64)))
        fail_msg("merger of %d and %d: %g, not %g", (int)a, (int)b, got, want);
    free(label);
}

static int check_promises(const sheaf_i_changes *c)
{
    int cuts = 0;
    for (int32_t t = 0; t < c->p->k; t++) {
        check_half(c->p, &c->half[t], t);
        cuts += c->half[t].gain > -INFINITY;
        for (int32_t b = t + 1; b < c->p->k; b++) check_merge(c->p, c->merge[(int64_t)t * c->p->ld + b], t, b);
    }
    return cuts;
}

/* At first, and when much has changed; clusters 5 and 6 are empty, 4 has one document and cannot be cut. */
static void promises_are_kept(void **state)
{
    (void)state;
    enum { N = 200, K = 7 };
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        test_sample s = test_sample_new(ctx, N, 90, 5, seed % 2, true, 60 + seed);
        int32_t label[N];
        test_labels(label, N, 4, seed);
        label[20] = -1;
        label[21] = 4;
        sheaf_i_partition p;
        sheaf_i_changes c;
        sheaf_i_scoring scratch;
        assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, K, label, s.rows.unit));
        assert_ok(ctx, sheaf_i_scoring_new(&scratch, &p));
        assert_ok(ctx, sheaf_i_changes_new(&c, &p));
        assert_ok(ctx, sheaf_i_changes_update(&c));
        assert_int_equal(check_promises(&c), 4);
        assert_true(c.half[4].gain == -INFINITY && c.half[5].gain == -INFINITY && c.half[6].gain == -INFINITY);
        for (int64_t i = 0; i < N; i += 3)
            if (p.label[i] >= 0 && p.label[i] < 4) sheaf_i_partition_move(&p, i, (p.label[i] + 1) % 4, &scratch);
        assert_ok(ctx, sheaf_i_changes_update(&c));
        assert_int_equal(check_promises(&c), 4);
        sheaf_i_changes_end(&c);
        sheaf_i_scoring_end(&scratch, ctx);
        sheaf_i_partition_end(&p);
        test_sample_end(&s);
    }
    sheaf_ctx_free(ctx);
}

/* A cluster of two topics is cut between them, but for few documents. */
static void a_cut_finds_two_topics(void **state)
{
    (void)state;
    enum { N = 240 };
    sheaf_ctx *ctx = test_context(2);
    test_sample s = test_sample_new(ctx, N, 60, 2, false, false, 5);
    int32_t label[N] = {0};
    sheaf_i_partition p;
    sheaf_i_halves h = {0};
    assert_ok(ctx, sheaf_i_partition_new(&p, &s.rows, 1, label, s.rows.unit));
    assert_ok(ctx, sheaf_i_halves_find(&h, &p, 0));
    check_half(&p, &h, 0);
    assert_true(h.gain > 0);
    int64_t same = 0;
    for (int64_t i = 0; i < N; i++) same += h.leaves[i] == s.topic[i];
    assert_true(same < N / 50 || same > N - N / 50);
    sheaf_i_halves_end(&h, ctx);
    sheaf_i_partition_end(&p);
    test_sample_end(&s);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_refine_partition[] = {
    cmocka_unit_test(moves_keep_sums), cmocka_unit_test(gains_are_differences), cmocka_unit_test(promises_are_kept),
    cmocka_unit_test(a_cut_finds_two_topics),
};
const size_t n_test_refine_partition = sizeof test_refine_partition / sizeof *test_refine_partition;
