/* topic/: scores against their definition, documents, tightness, latent dimensions, failures. */
#include "support.h"

#include <math.h>
#include <stdio.h>

#include "space/space.h"
#include "test_topic.h"
#include "topic/top.h"

#define N 900
#define WORDS 60
#define K 5

typedef struct {
    uint32_t count[N * WORDS];
    int32_t label[N];
    char word[WORDS][8];
    const char *words[WORDS];
} sample;

/* Words of a cluster are likelier in it; some documents belong to no cluster. `order` permutes the documents. */
static sample *draw(const int64_t *order)
{
    sample *s = calloc(1, sizeof *s);
    uint64_t key = sheaf_i_rng_key(11, SHEAF_I_RNG_TEST, 0);
    for (int64_t i = 0; i < N; i++) {
        int64_t doc = order ? order[i] : i;
        s->label[i] = (int32_t)(doc * 5 % 17 % (K + 1));
        for (int32_t j = 0; j < WORDS; j++) {
            uint64_t at = (uint64_t)(doc * WORDS + j);
            double chance = (j % K + 1 == s->label[i] ? .3 : .05) * (1 + j % 3);
            if (s->label[i] && sheaf_i_rng_unit(key, 2 * at) < chance)
                s->count[i * WORDS + j] = 1 + (uint32_t)(sheaf_i_rng_u64(key, 2 * at + 1) % (j % 11 ? 4 : 90));
        }
    }
    for (int32_t j = 0; j < WORDS; j++) {
        snprintf(s->word[j], sizeof s->word[j], "%c%cxy%c", 'a' + j / 26, 'a' + j % 26, 'a' + j % 7);
        s->words[j] = s->word[j];
    }
    return s;
}

/* The score straight from telling.c's first comment. */
static double score(const sample *s, int32_t cluster, int32_t word)
{
    double in = 0, all = 0, in_mass = 0, all_mass = 0, docs_in = 0, docs = 0, holds_in = 0, holds = 0;
    for (int64_t i = 0; i < N; i++) {
        if (!s->label[i]) continue;
        bool here = s->label[i] == cluster;
        docs++;
        docs_in += here;
        for (int32_t j = 0; j < WORDS; j++) {
            uint32_t tf = s->count[i * WORDS + j];
            double v = log2(1 + tf);
            all_mass += v;
            in_mass += here ? v : 0;
            if (j != word) continue;
            all += v;
            in += here ? v : 0;
            holds += tf > 0;
            holds_in += here && tf > 0;
        }
    }
    if (holds_in == 0) return 0;
    double a = .05 * all, a0 = .05 * all_mass, out = all - in, out_mass = all_mass - in_mass;
    double z = (log((in + a) / (in_mass + a0 - in - a)) - log((out + a) / (out_mass + a0 - out - a))) /
               sqrt(1 / (in + a) + 1 / (out + a));
    double lift = (holds_in / docs_in) / (holds / docs);
    return z > 0 && lift > 1 ? z * log(lift) : 0;
}

static int64_t holders(const sample *s, int32_t cluster, int32_t word)
{
    int64_t docs = 0;
    for (int64_t d = 0; d < N; d++) docs += s->label[d] == cluster && s->count[d * WORDS + word];
    return docs;
}

/* Sums are rounded to 2^-20 a document and the score is a float: 1e-5 of it is ample. */
static void scores_follow_their_definition(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sample *s = draw(NULL);
    sheaf_terms *t = test_terms(ctx, s->count, N, WORDS, s->words, NULL);
    sheaf_clustering *c = test_clustering(ctx, s->label, N, K);
    sheaf_topic_opts o;
    sheaf_topic_opts_init(&o, sizeof o);
    o.n_terms = WORDS;
    sheaf_topics *topics;
    assert_ok(ctx, sheaf_topics_build(ctx, &topics, c, t, NULL, &o));
    assert_int_equal(sheaf_topics_k(topics), K);
    for (int32_t k = 1; k <= K; k++) {
        int32_t n, listed = 0;
        int64_t most = 0;
        const sheaf_topic_term *term = sheaf_topics_terms(topics, k, &n);
        for (int32_t i = 0; i < 10 && i < n; i++) most = term[i].docs > most ? term[i].docs : most;
        for (int32_t i = 0; i < n; i++) {
            double want = score(s, k, term[i].term);
            assert_true(fabs(term[i].score - want) <= 1e-5 * want);
            assert_true(i == 0 || term[i].score <= term[i - 1].score);
            assert_int_equal(term[i].docs, holders(s, k, term[i].term));
        }
        for (int32_t j = 0; j < WORDS; j++) listed += score(s, k, j) > 0 && 10 * holders(s, k, j) >= most;
        assert_int_equal(n, listed);
        assert_int_equal(term[0].term % K + 1, k); /* its own words come first */
    }
    sheaf_topics_free(topics);
    test_clustering_free(c);
    test_terms_free(t);
    free(s);
    sheaf_ctx_free(ctx);
}

static void assert_same_topics(const sheaf_topics *a, const sheaf_topics *b, const int64_t *order)
{
    for (int32_t k = 1; k <= K; k++) {
        int32_t na, nb;
        assert_string_equal(sheaf_topics_name(a, k), sheaf_topics_name(b, k));
        const sheaf_topic_term *ta = sheaf_topics_terms(a, k, &na), *tb = sheaf_topics_terms(b, k, &nb);
        assert_int_equal(na, nb);
        for (int32_t i = 0; i < na; i++)
            assert_true(ta[i].term == tb[i].term && ta[i].score == tb[i].score && ta[i].docs == tb[i].docs);
        const int64_t *da = sheaf_topics_typical(a, k, &na), *db = sheaf_topics_typical(b, k, &nb);
        assert_int_equal(na, nb);
        if (!order) assert_memory_equal(da, db, (size_t)na * sizeof *da);
        da = sheaf_topics_borderline(a, k, &na), db = sheaf_topics_borderline(b, k, &nb);
        assert_int_equal(na, nb);
        if (!order) assert_memory_equal(da, db, (size_t)na * sizeof *da);
        if (!order) assert_true(sheaf_topics_tightness(a, k) == sheaf_topics_tightness(b, k));
    }
}

static void topics_do_not_depend_on_threads_or_order(void **state)
{
    (void)state;
    int64_t order[N];
    for (int64_t i = 0; i < N; i++) order[i] = i * 7 % N; /* 7 and N have no common factor */
    sheaf_topics *first = NULL;
    sheaf_ctx *first_ctx = NULL;
    for (int i = 0; i < 4; i++) {
        const int32_t threads[] = {1, 2, 7, 2};
        const int64_t *by = i == 3 ? order : NULL;
        sheaf_ctx *ctx = test_context(threads[i]);
        sample *s = draw(by);
        sheaf_terms *t = test_terms(ctx, s->count, N, WORDS, s->words, NULL);
        sheaf_clustering *c = test_clustering(ctx, s->label, N, K);
        sheaf_topics *topics;
        assert_ok(ctx, sheaf_topics_build(ctx, &topics, c, t, NULL, NULL));
        test_clustering_free(c);
        test_terms_free(t);
        free(s);
        if (first) {
            assert_same_topics(first, topics, by);
            sheaf_topics_free(topics);
            sheaf_ctx_free(ctx);
        } else {
            first = topics;
            first_ctx = ctx;
        }
    }
    sheaf_topics_free(first);
    sheaf_ctx_free(first_ctx);
}

static void documents_by_fit_and_margin(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const int32_t label[] = {1, 2, 1, 0, 1, 1, 2, 1};
    const uint32_t count[8] = {1, 1, 1, 0, 1, 1, 1, 1};
    const char *word[] = {"word"};
    sheaf_terms *t = test_terms(ctx, count, 8, 1, word, NULL);
    sheaf_clustering *c = test_clustering(ctx, label, 8, 2);
    const float fit[] = {.5f, .9f, .7f, .99f, .7f, .2f, .8f, .6f}, margin[] = {.1f, .3f, .2f, 0, .1f, .05f, .3f, .4f};
    memcpy(c->fit, fit, sizeof fit);
    memcpy(c->margin, margin, sizeof margin);
    c->second[7] = 0;
    sheaf_topic_opts o;
    sheaf_topic_opts_init(&o, sizeof o);
    o.n_docs = 4;
    sheaf_topics *topics;
    assert_ok(ctx, sheaf_topics_build(ctx, &topics, c, t, NULL, &o));
    int32_t n;
    const int64_t typical[] = {2, 4, 7, 0}, borderline[] = {5, 0, 4, 2};
    assert_memory_equal(sheaf_topics_typical(topics, 1, &n), typical, sizeof typical);
    assert_int_equal(n, 4);
    assert_memory_equal(sheaf_topics_borderline(topics, 1, &n), borderline, sizeof borderline);
    assert_int_equal(n, 4);
    assert_float_equal(sheaf_topics_tightness(topics, 1), (.5 + .7 + .7 + .2 + .6) / 5, 1e-7);
    assert_string_equal(sheaf_topics_tightness_word(topics, 1), "mixed");
    assert_string_equal(sheaf_topics_tightness_word(topics, 2), "tight");
    sheaf_topics_typical(topics, 2, &n);
    assert_int_equal(n, 2);
    const int32_t no_cluster[] = {-1, 0, 3};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(sheaf_topics_name(topics, no_cluster[i]), "");
        assert_string_equal(sheaf_topics_tightness_word(topics, no_cluster[i]), "");
        sheaf_topics_terms(topics, no_cluster[i], &n);
        assert_int_equal(n, 0);
    }
    sheaf_topics_free(topics);

    for (int i = 0; i < 8; i++) c->fit[i] = label[i] == 1 ? -3 : -1; /* distances: mean -14 / 7 */
    assert_ok(ctx, sheaf_topics_build(ctx, &topics, c, t, NULL, NULL));
    assert_string_equal(sheaf_topics_tightness_word(topics, 1), "mixed"); /* 3 is within 1.25 of 17 / 7 */
    assert_string_equal(sheaf_topics_tightness_word(topics, 2), "tight");
    sheaf_topics_free(topics);
    test_clustering_free(c);
    test_terms_free(t);
    sheaf_ctx_free(ctx);
}

typedef struct {
    int told;
    char text[200];
} notes;

static void take_note(void *user, const char *text)
{
    notes *n = user;
    n->told++;
    snprintf(n->text, sizeof n->text, "%s", text);
}

/* Cluster 2 is emptied; what is said of it is nothing, and of the others nothing counts that was in it. */
static void documents_of_a_weak_fit_are_left_out(void **state)
{
    (void)state;
    notes heard = {0};
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.note = take_note;
    co.note_user = &heard;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &co), SHEAF_OK);
    const int32_t label[] = {1, 1, 1, 2, 2, 3, 3, 0};
    const uint32_t count[8 * 2] = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0};
    const char *word[] = {"flood", "bread"};
    float unknown[] = {.5f, NAN, .1f, .9f, .9f, 0, .5f, 1};
    sheaf_terms *t = test_terms(ctx, count, 8, 2, word, NULL);
    sheaf_clustering *c = test_clustering(ctx, label, 8, 3);
    const float fit[] = {1 - 1e-7f, 1, .99f, .1f, .3f, .9f, .5f, 0};
    memcpy(c->fit, fit, sizeof fit);
    sheaf_i_clustering_unassign(c, .1);
    assert_int_equal(heard.told, 0); /* none is below */
    sheaf_i_clustering_unassign(c, .4);
    assert_int_equal(heard.told, 1);
    assert_string_equal(heard.text, "2 of 8 documents fit their cluster below 0.4 and are left unassigned");
    t->unknown = unknown;
    sheaf_topics *topics;
    assert_ok(ctx, sheaf_topics_build(ctx, &topics, c, t, NULL, NULL));
    assert_true(isnan(sheaf_topics_tightness(topics, 2)) && isnan(sheaf_topics_unknown(topics, 2)));
    assert_string_equal(sheaf_topics_tightness_word(topics, 2), "");
    assert_true(isnan(sheaf_topics_coverage(topics, 2)) && isnan(sheaf_topics_exclusivity(topics, 2)));
    assert_string_equal(sheaf_topics_name(topics, 1), "flood");
    assert_true(sheaf_topics_exclusivity(topics, 1) == 1); /* it is in documents 3 and 4 too */
    assert_float_equal(sheaf_topics_unknown(topics, 1), .3, 1e-7);
    assert_float_equal(sheaf_topics_unknown(topics, 3), .25, 1e-7);
    sheaf_topics_free(topics);
    sheaf_i_clustering_unassign(c, 1); /* copies of one document stay */
    assert_int_equal(c->count[1], 2);
    assert_int_equal(c->count[3], 0);
    assert_int_equal(c->count[0], 6);
    assert_string_equal(sheaf_clustering_reason(c, 2), "weak fit");
    assert_string_equal(sheaf_clustering_reason(c, 7), "no known word");
    t->unknown = NULL;
    assert_ok(ctx, sheaf_topics_build(ctx, &topics, c, t, NULL, NULL));
    assert_true(isnan(sheaf_topics_unknown(topics, 1)));
    sheaf_topics_free(topics);
    test_clustering_free(c);
    test_terms_free(t);
    sheaf_ctx_free(ctx);
}

static void the_best_few_are_found(void **state)
{
    (void)state;
    uint64_t key = sheaf_i_rng_key(5, SHEAF_I_RNG_TEST, 0);
    for (int32_t room = 0; room < 40; room++) {
        sheaf_i_ranked top[40], all[300];
        int32_t n = 0;
        for (int64_t i = 0; i < 300; i++) {
            all[i] = (sheaf_i_ranked){(double)(sheaf_i_rng_u64(key, (uint64_t)(room * 300 + i)) % 50), i};
            sheaf_i_top_offer(top, &n, room, all[i].key, i);
        }
        assert_int_equal(n, room);
        sheaf_i_top_sort(top, n);
        for (int32_t r = 0; r < room; r++) {
            int32_t ahead = 0;
            for (int64_t i = 0; i < 300; i++)
                ahead += all[i].key > top[r].key || (all[i].key == top[r].key && i < top[r].id);
            assert_int_equal(ahead, r);
        }
    }
}

static void dims_list_what_lies_farthest_out(void **state)
{
    (void)state;
    enum { ROWS = 333, COLS = 151, DIMS = 37 };
    float u[ROWS * DIMS], v[COLS * DIMS];
    double sigma[DIMS];
    uint64_t key = sheaf_i_rng_key(6, SHEAF_I_RNG_TEST, 0);
    for (int i = 0; i < ROWS * DIMS; i++) u[i] = (float)sheaf_i_rng_normal(key, (uint64_t)i);
    for (int i = 0; i < COLS * DIMS; i++) v[i] = (float)sheaf_i_rng_normal(key, (uint64_t)(i + ROWS * DIMS));
    for (int i = 0; i < DIMS; i++) sigma[i] = DIMS - i;
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        sheaf_space s = {.ctx = ctx, .rows = ROWS, .cols = COLS, .dims = DIMS, .sigma = sigma, .u = u, .v = v};
        sheaf_dims *d;
        assert_ok(ctx, sheaf_dims_build(ctx, &d, &s, 12, 1000));
        assert_int_equal(sheaf_dims_count(d), DIMS);
        for (int32_t dim = 0; dim < DIMS; dim++) {
            int32_t n;
            const sheaf_dim_term *term = sheaf_dims_terms(d, dim, &n);
            assert_int_equal(n, 12);
            for (int32_t i = 0; i < n; i++) {
                int32_t ahead = 0;
                for (int32_t j = 0; j < COLS; j++) ahead += fabsf(v[j * DIMS + dim]) > fabsf(term[i].weight);
                assert_int_equal(ahead, i);
                assert_true(term[i].weight == v[term[i].term * DIMS + dim]);
            }
            const sheaf_dim_doc *doc = sheaf_dims_docs(d, dim, &n);
            assert_int_equal(n, ROWS); /* no more than there are */
            for (int32_t i = 0; i < n; i++) {
                assert_true(doc[i].loading == (float)(u[doc[i].doc * DIMS + dim] * sigma[dim]));
                assert_true(i == 0 || fabsf(doc[i].loading) <= fabsf(doc[i - 1].loading));
            }
        }
        int32_t n;
        assert_null(sheaf_dims_terms(d, DIMS, &n));
        assert_int_equal(n, 0);
        assert_null(sheaf_dims_docs(d, -1, &n));
        sheaf_dims_free(d);
        assert_int_equal(sheaf_dims_build(ctx, &d, &s, -1, 5), SHEAF_EINVAL);
        assert_null(d);
        sheaf_ctx_free(ctx);
    }
}

static void bad_options_are_named(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const int32_t label[] = {1, 1};
    const uint32_t count[] = {1, 1};
    const char *word[] = {"word"};
    sheaf_terms *t = test_terms(ctx, count, 2, 1, word, NULL);
    sheaf_clustering *c = test_clustering(ctx, label, 2, 1), *other = test_clustering(ctx, label, 1, 1);
    sheaf_topics *topics;
    sheaf_topic_opts o;
    sheaf_topic_opts_init(&o, sizeof o);
    o.n_terms = -3;
    assert_int_equal(sheaf_topics_build(ctx, &topics, c, t, NULL, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "-3 terms"));
    sheaf_topic_opts_init(&o, sizeof o);
    o.n_docs = 1000000;
    assert_int_equal(sheaf_topics_build(ctx, &topics, c, t, NULL, &o), SHEAF_EINVAL);
    assert_int_equal(sheaf_topics_build(ctx, &topics, other, t, NULL, NULL), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "1 documents were clustered"));
    assert_null(topics);
    test_clustering_free(c);
    test_clustering_free(other);
    test_terms_free(t);
    sheaf_ctx_free(ctx);
}

static void failing_allocations_leave_nothing(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    sample *s = draw(NULL);
    sheaf_terms *t = test_terms(ctx, s->count, N, WORDS, s->words, NULL);
    sheaf_clustering *c = test_clustering(ctx, s->label, N, K);
    float u[20] = {1}, v[30] = {2};
    double sigma[10] = {3};
    sheaf_space space = {.ctx = ctx, .rows = 2, .cols = 3, .dims = 10, .sigma = sigma, .u = u, .v = v};
    for (int what = 0; what < 2; what++) {
        int64_t before = limit.live, n = 1;
        for (;; n++) {
            sheaf_topics *topics = NULL;
            sheaf_dims *dims = NULL;
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = what ? sheaf_dims_build(ctx, &dims, &space, 2, 2)
                                   : sheaf_topics_build(ctx, &topics, c, t, NULL, NULL);
            if (st == SHEAF_OK) {
                sheaf_topics_free(topics);
                sheaf_dims_free(dims);
                break;
            }
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_true(!topics && !dims);
            assert_int_equal(limit.live, before);
        }
        assert_true(n > 3);
        assert_int_equal(limit.live, before);
    }
    limit.fail_at = 0;
    test_clustering_free(c);
    test_terms_free(t);
    free(s);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_follow_their_definition),
        cmocka_unit_test(topics_do_not_depend_on_threads_or_order),
        cmocka_unit_test(documents_by_fit_and_margin),
        cmocka_unit_test(documents_of_a_weak_fit_are_left_out),
        cmocka_unit_test(the_best_few_are_found),
        cmocka_unit_test(dims_list_what_lies_farthest_out),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(failing_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + test_topic_names() + test_topic_words();
}
