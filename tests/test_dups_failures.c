/* Near-duplicates: threads, failing allocations, stopping, options out of range. */
#include "test_dups.h"

#include <math.h>

static sheaf_dups_opts all_on(void)
{
    sheaf_dups_opts o = test_dups_options(1, 2);
    o.containment = (sheaf_ratio){3, 5};
    o.ignore_common = (sheaf_ratio){1, 2};
    o.keep = SHEAF_KEEP_FIELD;
    o.keep_field = "score";
    return o;
}

static sheaf_dups_opts apart(void)
{
    sheaf_dups_opts o = test_dups_options(2, 3);
    o.window = 2 * 86400;
    o.not_same_field = "source";
    o.linkage = SHEAF_LINKAGE_CONNECTED;
    o.containment = (sheaf_ratio){4, 5};
    return o;
}

static sheaf_dups_opts characters(void)
{
    sheaf_dups_opts o = test_dups_options(7, 10);
    o.unit = SHEAF_SHINGLE_CHARACTERS;
    o.shingle = 20; /* too long to be packed */
    o.keep = SHEAF_KEEP_CENTRAL;
    return o;
}

static sheaf_dups_opts plain(void) { return test_dups_options(4, 5); }

static sheaf_dups_opts sampled(void)
{
    sheaf_dups_opts o = test_dups_options(1, 2);
    o.recall = .95;
    return o;
}

static sheaf_dups_opts (*const settings[])(void) = {plain, all_on, apart, characters, sampled};
#define SETTINGS (sizeof settings / sizeof *settings)

static void check_same(const sheaf_dups *a, const sheaf_dups *b)
{
    assert_int_equal(a->n_docs, b->n_docs);
    assert_int_equal(a->n_pairs, b->n_pairs);
    assert_int_equal(a->n_groups, b->n_groups);
    assert_memory_equal(a->doc, b->doc, (size_t)a->n_docs * sizeof *a->doc);
    if (a->n_groups) assert_memory_equal(a->group, b->group, (size_t)a->n_groups * sizeof *a->group);
    for (int64_t i = 0; i < a->n_pairs; i++) {
        const sheaf_dup_pair *p = &a->pair[i], *q = &b->pair[i];
        assert_true(p->a == q->a && p->b == q->b && p->shared == q->shared && p->kind == q->kind);
    }
    assert_int_equal(a->report.candidates, b->report.candidates);
    assert_int_equal(a->report.verified, b->report.verified);
    assert_int_equal(a->report.pairs, b->report.pairs);
    assert_true(a->report.recall == b->report.recall && a->report.recall_low == b->report.recall_low);
}

static void test_threads(void **state)
{
    (void)state;
    static const int32_t threads[] = {1, 2, 7};
    for (size_t s = 0; s < 2 * SETTINGS; s++) {
        test_docs t = test_docs_random(77 + s, 1500, 400);
        sheaf_dups *d[3] = {0};
        sheaf_ctx *ctx[3];
        test_collection c[3];
        sheaf_dups_opts o = settings[s / 2]();
        if (s % 2) t.n_new = 900;
        for (int i = 0; i < 3; i++) {
            ctx[i] = test_context(threads[i]);
            c[i] = test_collect(ctx[i], &t);
            assert_ok(ctx[i], test_find(&c[i], &d[i], &o));
            check_same(d[0], d[i]);
        }
        assert_true(d[0]->n_groups > 3);
        for (int i = 0; i < 3; i++) {
            sheaf_dups_free(d[i]);
            test_collection_free(&c[i]);
            sheaf_ctx_free(ctx[i]);
        }
        test_docs_free(&t);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t s = 0; s < 2 * SETTINGS; s++) {
        test_docs t = test_docs_random(5, 60, 30);
        if (s % 2) t.n_new = 40;
        test_limit limit = {0};
        sheaf_ctx *ctx = test_limited_context(&limit, 2);
        test_collection c = test_collect(ctx, &t);
        sheaf_dups_opts o = settings[s / 2]();
        sheaf_dups *d = NULL;
        assert_ok(ctx, test_find(&c, &d, &o)); /* the threads are there now */
        sheaf_dups_free(d);
        const int64_t before = limit.live;
        int64_t n = 1;
        for (;; n++) {
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = test_find(&c, &d, &o);
            limit.fail_at = 0;
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_null(d);
            if (limit.live != before) fail_msg("setting %d, allocation %d: a leak", (int)s, (int)n);
        }
        assert_true(n > 40);
        sheaf_dups_free(d);
        assert_int_equal(limit.live, before);
        test_collection_free(&c);
        sheaf_ctx_free(ctx);
        test_docs_free(&t);
    }
}

/* ---- stopping ---- */

typedef struct {
    int64_t calls, stop_at;
} stopper;

static int stop(void *user, const char *phase, int64_t done, int64_t total)
{
    stopper *s = user;
    (void)done;
    (void)total;
    assert_true(!strcmp(phase, "shingles") || !strcmp(phase, "join") || !strcmp(phase, "groups") || !s->stop_at);
    return ++s->calls == s->stop_at;
}

static void test_stop(void **state)
{
    (void)state;
    stopper s = {0};
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = 2;
    co.progress = stop;
    co.progress_user = &s;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    test_docs t = test_docs_random(9, 2000, 200);
    test_collection c = test_collect(ctx, &t);
    sheaf_dups_opts o = all_on();
    sheaf_dups *d = NULL;
    s.calls = 0;
    assert_ok(ctx, test_find(&c, &d, &o));
    sheaf_dups_free(d);
    assert_true(s.calls > 5);
    for (int64_t at = 1; at < 6; at++) {
        s.calls = 0;
        s.stop_at = at;
        assert_int_equal(test_find(&c, &d, &o), SHEAF_ECANCELED);
        assert_null(d);
    }
    test_collection_free(&c);
    sheaf_ctx_free(ctx);
    test_docs_free(&t);
}

/* ---- options ---- */

static void refuse(const test_collection *c, const sheaf_dups_opts *o, const char *message)
{
    sheaf_dups *d = NULL;
    assert_int_equal(test_find(c, &d, o), SHEAF_EINVAL);
    assert_null(d);
    if (!strstr(sheaf_ctx_message(c->ctx), message)) fail_msg("%s: %s", message, sheaf_ctx_message(c->ctx));
}

#define REFUSE(message, ...)                                                                                           \
    do {                                                                                                               \
        sheaf_dups_opts o = plain();                                                                                   \
        __VA_ARGS__;                                                                                                   \
        refuse(&c, &o, message);                                                                                       \
    } while (0)

static void test_refused(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    test_docs t = test_docs_random(3, 20, 30);
    for (int32_t i = 0; i < t.n; i++) t.doc[i].date[0] = 0;
    test_collection c = test_collect(ctx, &t);
    REFUSE("threshold = 0/1", o.threshold = (sheaf_ratio){0, 1});
    assert_true(strlen(sheaf_ctx_hint(ctx)) > 0);
    REFUSE("threshold = 11/10", o.threshold = (sheaf_ratio){11, 10});
    REFUSE("threshold = 1/0", o.threshold = (sheaf_ratio){1, 0});
    REFUSE("threshold = 1/1000001", o.threshold = (sheaf_ratio){1, 1000001});
    REFUSE("threshold = -1/-1", o.threshold = (sheaf_ratio){-1, -1});
    REFUSE("containment = 3/2", o.containment = (sheaf_ratio){3, 2});
    REFUSE("containment = -1/2", o.containment = (sheaf_ratio){-1, 2});
    REFUSE("ignore_common = 0/1", o.ignore_common = (sheaf_ratio){0, 1});
    REFUSE("shingle = 0", o.shingle = 0);
    REFUSE("shingle = 65", o.shingle = 65);
    REFUSE("unit = 2", o.unit = (sheaf_shingle_unit)2);
    REFUSE("linkage = 9", o.linkage = (sheaf_linkage)9);
    REFUSE("keep = 6", o.keep = (sheaf_keep)6);
    REFUSE("min_words = -1", o.min_words = -1);
    REFUSE("recall = 0", o.recall = 0);
    REFUSE("recall = 1.5", o.recall = 1.5);
    REFUSE("recall = ", o.recall = NAN);
    REFUSE("window = -1", o.window = -1);
    REFUSE("window = inf", o.window = INFINITY);
    REFUSE("no document has a date", o.window = 1);
    assert_non_null(strstr(sheaf_ctx_hint(ctx), "2024-05-31"));
    REFUSE("no document has a date", o.keep = SHEAF_KEEP_LATEST);
    REFUSE("needs its name", o.keep = SHEAF_KEEP_FIELD);
    REFUSE("no column 'nothing'", o.keep = SHEAF_KEEP_FIELD, o.keep_field = "nothing");
    assert_non_null(strstr(sheaf_ctx_hint(ctx), "score"));
    REFUSE("no column 'nothing'", o.not_same_field = "nothing");
    test_collection other = c;
    test_docs fewer = test_docs_random(3, 19, 30);
    test_collection d = test_collect(ctx, &fewer);
    other.words[0] = d.words[0];
    sheaf_dups_opts o = plain();
    refuse(&other, &o, "not of the same documents");
    other = c;
    other.corpus[1] = d.corpus[0];
    refuse(&other, &o, "need both");
    test_collection_free(&d);
    test_docs_free(&fewer);
    test_collection_free(&c);
    test_docs_free(&t);
    sheaf_ctx_free(ctx);
}

int test_dups_failures(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("dups, failures", tests, NULL, NULL);
}
