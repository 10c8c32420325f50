/* Changes of three clusters at once: against the definition, and what documents are told of them. */
#include "support.h"

#include "base/mem.h"
#include "test_refine.h"

enum { N = 900, K = 6 };

typedef struct {
    test_sample s;
    int32_t label[N];
    sheaf_i_partition p;
    sheaf_i_scoring scratch;
    int64_t doc[N];
    sheaf_i_exchange x;
} change;

/* Every second document of cluster 1 leaves it, and some that are not in it stay where they are; 4 joins 2. */
static void change_new(change *c, sheaf_ctx *ctx, uint64_t seed)
{
    c->s = test_sample_new(ctx, N, 70, 5, seed % 2, true, seed);
    test_labels(c->label, N, K, seed);
    c->label[9] = -1;
    assert_ok(ctx, sheaf_i_partition_new(&c->p, &c->s.rows, K, c->label, 3 * c->s.rows.unit));
    assert_ok(ctx, sheaf_i_scoring_new(&c->scratch, &c->p));
    c->x = (sheaf_i_exchange){1, 2, 4, c->doc, 0};
    for (int64_t i = 0; i < N; i++)
        if (c->label[i] == 1 ? i % 2 == 0 : i % 7 == 0) c->doc[c->x.n++] = i;
}

static void change_end(change *c, sheaf_ctx *ctx)
{
    sheaf_i_scoring_end(&c->scratch, ctx);
    sheaf_i_partition_end(&c->p);
    test_sample_end(&c->s);
}

static void exchange_labels(change *c)
{
    bool listed[N] = {false};
    for (int64_t d = 0; d < c->x.n; d++) listed[c->doc[d]] = true;
    for (int64_t i = 0; i < N; i++) {
        if (c->label[i] == 4) c->label[i] = 2;
        else if (c->label[i] == 1 && listed[i]) c->label[i] = 4;
    }
}

/* Sums and gains are those of the labels, to the bit. */
static void assert_as_anew(const change *c)
{
    sheaf_i_partition anew;
    assert_ok(c->s.rows.ctx, sheaf_i_partition_new(&anew, &c->s.rows, K, c->label, c->p.size_weight));
    const size_t cells = (size_t)anew.r->m * (size_t)anew.ld;
    assert_memory_equal(anew.label, c->p.label, N * sizeof *anew.label);
    assert_memory_equal(anew.sum, c->p.sum, cells * sizeof *anew.sum);
    assert_memory_equal(anew.gain, c->p.gain, cells * sizeof *anew.gain);
    assert_memory_equal(anew.mass, c->p.mass, K * sizeof *anew.mass);
    assert_memory_equal(anew.count, c->p.count, K * sizeof *anew.count);
    assert_memory_equal(anew.entry, c->p.entry, K * sizeof *anew.entry);
    sheaf_i_partition_end(&anew);
}

static void an_exchange_is_its_moves(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        change c;
        double gained;
        change_new(&c, ctx, seed);
        const double before = test_objective(&c.s.rows, K, c.label, c.p.size_weight);
        exchange_labels(&c);
        const double after = test_objective(&c.s.rows, K, c.label, c.p.size_weight);
        assert_ok(ctx, sheaf_i_partition_exchange(&c.p, &c.x, &gained));
        assert_true(fabs(gained - (after - before)) <= 1e-11 * fabs(before)); /* both are sums of doubles */
        assert_as_anew(&c);
        change_end(&c, ctx);
    }
    sheaf_ctx_free(ctx);
}

/* All but every third document go elsewhere at once, and back. */
static void a_shift_is_its_moves(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    change c;
    int32_t was[N];
    int64_t n = 0;
    change_new(&c, ctx, 5);
    memcpy(was, c.label, sizeof was);
    for (int64_t i = 0; i < N; i++) {
        if (i % 3 == 0 || was[i] < 0) continue;
        c.label[i] = c.p.label[i] = (int32_t)((was[i] + i) % K);
        c.doc[n++] = i;
    }
    assert_ok(ctx, sheaf_i_partition_shift(&c.p, c.doc, n, was));
    assert_as_anew(&c);
    memcpy(c.p.label, was, sizeof was);
    assert_ok(ctx, sheaf_i_partition_shift(&c.p, c.doc, n, c.label));
    memcpy(c.label, was, sizeof was);
    assert_as_anew(&c);
    change_end(&c, ctx);
    sheaf_ctx_free(ctx);
}

/* To choose by (kernel.h), each of two ways to 1e-3 of the document's mass. */
static float allowed(const sheaf_i_rows *r, int64_t i) { return 3e-3f * (float)r->mass[i] + 1; }

static void few_score_as_all(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    change c;
    sheaf_i_few few;
    float score[SHEAF_I_GAINS_DOCS * SHEAF_I_GAINS_FEW];
    change_new(&c, ctx, 11);
    assert_ok(ctx, sheaf_i_few_new(&few, &c.p));
    memcpy(few.cluster, (const int32_t[]){5, 0, 3, 3}, sizeof few.cluster);
    assert_ok(ctx, sheaf_i_few_take(&few));
    for (int32_t n = 1; n <= SHEAF_I_GAINS_DOCS; n += 7) {
        int64_t doc[SHEAF_I_GAINS_DOCS];
        for (int32_t d = 0; d < n; d++) doc[d] = (d * 11 + n) % N;
        sheaf_i_few_score(&few, doc, n, score);
        for (int32_t d = 0; d < n; d++) {
            sheaf_i_partition_score(&c.p, doc[d], &c.scratch);
            for (int32_t t = 0; t < SHEAF_I_GAINS_FEW; t++) {
                const float want = c.scratch.score[few.cluster[t]], got = score[d * SHEAF_I_GAINS_FEW + t];
                if (few.cluster[t] != c.p.label[doc[d]]) assert_true(fabsf(got - want) <= allowed(&c.s.rows, doc[d]));
            }
        }
    }
    sheaf_i_few_end(&few);
    change_end(&c, ctx);
    sheaf_ctx_free(ctx);
}

static bool concerned(int32_t t) { return t == 1 || t == 2 || t == 4; }

/* Documents of other clusters: as far from the three as they are by a score of all clusters, and no farther. */
static void check_margins(const sheaf_i_passes *s, sheaf_i_scoring *scratch)
{
    const sheaf_i_partition *p = s->p;
    for (int64_t i = 0; i < N; i++) {
        if (p->label[i] < 0 || p->r->mass[i] == 0) continue;
        sheaf_i_partition_score(p, i, scratch);
        float best = -INFINITY;
        for (int32_t t = 0; t < K; t++)
            if (t != p->label[i]) best = fmaxf(best, scratch->score[t]);
        const float own = scratch->score[p->label[i]];
        if (concerned(p->label[i])) continue;
        assert_true(fabsf(s->own[i] - own) <= allowed(p->r, i));
        for (int32_t t = 0; t < K; t++)
            if (concerned(t)) assert_true(s->margin[i] <= own - scratch->score[t] + 2 * allowed(p->r, i));
        if (s->margin[i] < own - best - 2 * allowed(p->r, i)) assert_true(concerned(s->second[i]));
    }
}

static double off(const sheaf_i_passes *s, sheaf_i_scoring *scratch)
{
    double sum = 0;
    for (int64_t i = 0; i < N; i++) {
        if (s->p->label[i] < 0 || !concerned(s->p->label[i]) || isnan(s->own[i])) continue;
        sheaf_i_partition_score(s->p, i, scratch);
        sum += fabs((double)(s->own[i] - scratch->score[s->p->label[i]]));
    }
    return sum;
}

/* Scores are right; then every second document of cluster 2 leaves, with all that its passes know of it. */
static void change_more(sheaf_i_passes *s, sheaf_i_scoring *scratch)
{
    for (int64_t i = 0; i < N; i++) {
        if (!concerned(s->p->label[i])) continue;
        sheaf_i_partition_score(s->p, i, scratch);
        s->own[i] = scratch->score[s->p->label[i]];
    }
    for (int64_t i = 0; i < N; i += 2) {
        if (s->p->label[i] != 2 || s->p->count[2] == 1) continue;
        sheaf_i_partition_move(s->p, i, i % 4 ? 1 : 4, scratch);
        s->changed->fresh[i] = 1;
        s->own[i] = NAN; /* not asked for */
    }
}

/* Everything is scored; the change; then the three change more, which a pass that looks at no document follows. */
static void passes_follow_a_change(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    change c;
    sheaf_i_passes s;
    sheaf_i_changed changed;
    double gained;
    change_new(&c, ctx, 21);
    assert_ok(ctx, sheaf_i_passes_new(&s, &c.p));
    assert_ok(ctx, sheaf_i_changed_new(&changed, &c.p));
    assert_ok(ctx, sheaf_i_passes_look(&s));
    s.changed = &changed;
    assert_ok(ctx, sheaf_i_partition_exchange(&c.p, &c.x, &gained));
    assert_ok(ctx, sheaf_i_passes_follow(&s, 1, 2, 4));
    check_margins(&s, &c.scratch);
    for (int64_t i = 0; i < N; i++)
        if (concerned(c.p.label[i])) assert_true(s.margin[i] <= 0);
    change_more(&s, &c.scratch);
    const double before = off(&s, &c.scratch);
    const sheaf_i_pass_rule none = {.most = 2, .share = -1, .reach = -1e30};
    assert_ok(ctx, sheaf_i_passes_run(&s, &none, &gained));
    assert_true(gained == 0);
    check_margins(&s, &c.scratch);
    const double after = off(&s, &c.scratch);
    assert_true(after < before / 2); /* as if the document were in none, hence not quite */
    sheaf_i_changed_end(&changed);
    sheaf_i_passes_end(&s);
    change_end(&c, ctx);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_refine_exchange[] = {
    cmocka_unit_test(an_exchange_is_its_moves), cmocka_unit_test(a_shift_is_its_moves),
    cmocka_unit_test(few_score_as_all),
    cmocka_unit_test(passes_follow_a_change),
};
const size_t n_test_refine_exchange = sizeof test_refine_exchange / sizeof *test_refine_exchange;
