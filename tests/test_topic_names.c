/* topic/: names of clusters, on small tables and on labelled corpora. */
#include "support.h"

#include <stdio.h>

#include "test_topic.h"

/* Every document holds the words of its line; the first number is its cluster. */
typedef struct {
    int32_t cluster;
    const char *words;
} line;

static int32_t find_word(const char *const *word, int32_t n, const char *p, size_t length)
{
    for (int32_t j = 0; j < n; j++)
        if (strlen(word[j]) == length && memcmp(word[j], p, length) == 0) return j;
    fail_msg("no word %.*s", (int)length, p);
    return 0;
}

typedef struct {
    sheaf_ctx *ctx;
    sheaf_terms *t;
    sheaf_clustering *c;
    sheaf_topics *topics;
    uint32_t *count;
} named;

static named name_lines(const line *l, int64_t n, const char *const *word, int32_t words, const char *const *surface,
                        int32_t k)
{
    named r = {.ctx = test_context(2)};
    int32_t *label = calloc((size_t)n + 1, sizeof *label);
    r.count = calloc((size_t)(n * words) + 1, sizeof *r.count);
    for (int64_t i = 0; i < n; i++) {
        label[i] = l[i].cluster;
        for (const char *p = l[i].words; *p;) {
            size_t length = strcspn(p, " ");
            r.count[i * words + find_word(word, words, p, length)]++;
            p += length + (p[length] == ' ');
        }
    }
    r.t = test_terms(r.ctx, r.count, n, words, word, surface);
    r.c = test_clustering(r.ctx, label, n, k);
    assert_ok(r.ctx, sheaf_topics_build(r.ctx, &r.topics, r.c, r.t, NULL, NULL));
    free(label);
    return r;
}

static void name_end(named *r)
{
    sheaf_topics_free(r->topics);
    test_clustering_free(r->c);
    test_terms_free(r->t);
    free(r->count);
    sheaf_ctx_free(r->ctx);
}

#define COUNT(a) ((int32_t)(sizeof(a) / sizeof *(a)))

static void names_are_spellings_of_telling_words(void **state)
{
    (void)state;
    const char *word[] = {"hospit", "nurs", "bed", "football", "goal", "said", "7", "x", "hospital", "a.org"};
    const char *surface[] = {"hospitals", "Nurses", "beds", "football", "goals", "said", "7", "x", "hospitalised",
                             "www.a.org"};
    const line l[] = {{1, "hospit hospital nurs bed said 7 a.org"}, {1, "hospit hospital nurs said 7 x a.org"},
                      {1, "hospit hospital bed said 7 x"}, {1, "hospit hospital 7 x nurs bed a.org"},
                      {2, "football goal said"}, {2, "football goal said"}, {2, "football goal"}, {0, ""}};
    named r = name_lines(l, COUNT(l), word, COUNT(word), surface, 2);
    /* "hospitalised" is of the root of "hospitals", 7 is a number, x a letter, "www.a.org" a host, "said" is in both */
    assert_string_equal(sheaf_topics_name(r.topics, 1), "hospitals, Nurses, beds");
    assert_string_equal(sheaf_topics_name(r.topics, 2), "football, goals");
    name_end(&r);
}

static void possessives_and_hosts_are_put_right(void **state)
{
    (void)state;
    const char *word[] = {"writer", "poet", "novel", "sun", "goal"};
    const char *surface[] = {"writer's", "poet\xe2\x80\x99s", "'s", "east.sun.com", "goal"};
    const char *all = "writer poet novel sun";
    const line l[] = {{1, all}, {1, all}, {1, all}, {2, "goal"}, {2, "goal"}};
    named r = name_lines(l, COUNT(l), word, COUNT(word), surface, 2);
    assert_string_equal(sheaf_topics_name(r.topics, 1), "writer, poet, 's"); /* a form that is nothing else stays */
    int32_t n;
    const sheaf_topic_term *term = sheaf_topics_terms(r.topics, 1, &n);
    assert_int_equal(n, 3);
    for (int32_t i = 0; i < n; i++) assert_int_not_equal(term[i].term, 3);
    name_end(&r);

    const line hosts[] = {{1, "sun"}, {1, "sun"}, {2, "goal"}, {2, "goal"}};
    r = name_lines(hosts, COUNT(hosts), word, COUNT(word), surface, 2);
    sheaf_topics_terms(r.topics, 1, &n);
    assert_int_equal(n, 1); /* there is nothing else */
    name_end(&r);
}

static void a_word_names_one_cluster(void **state)
{
    (void)state;
    const char *word[] = {"game", "bat", "pitch", "puck", "ice", "vote"};
    const line l[] = {{1, "game bat pitch"}, {1, "game bat pitch"}, {1, "game bat pitch"}, {1, "game bat"},
                      {2, "game puck ice"},  {2, "game puck ice"},  {2, "game puck"},      {3, "vote"},
                      {3, "vote"},           {3, "vote"}};
    named r = name_lines(l, COUNT(l), word, COUNT(word), NULL, 3);
    assert_non_null(strstr(sheaf_topics_name(r.topics, 1), "bat"));
    assert_non_null(strstr(sheaf_topics_name(r.topics, 2), "puck"));
    assert_int_equal((strstr(sheaf_topics_name(r.topics, 1), "game") != NULL) +
                         (strstr(sheaf_topics_name(r.topics, 2), "game") != NULL), 1);
    assert_string_equal(sheaf_topics_name(r.topics, 3), "vote");
    name_end(&r);
}

static void pairs_and_phrases_do_not_overlap(void **state)
{
    (void)state;
    const char *pair[] = {"\xe7\xbb\x8f\xe6\xb5\x8e", "\xe6\xb5\x8e\xe5\xa2\x9e", "\xe5\xa2\x9e\xe9\x95\xbf",
                          "\xe8\xb6\xb3\xe7\x90\x83"};
    char all[64];
    snprintf(all, sizeof all, "%s %s %s", pair[0], pair[1], pair[2]);
    const line l[] = {{1, all}, {1, all}, {2, pair[3]}, {2, pair[3]}};
    named r = name_lines(l, COUNT(l), pair, COUNT(pair), NULL, 2);
    char want[32];
    snprintf(want, sizeof want, "%s, %s", pair[0], pair[2]); /* the middle pair overlaps both */
    assert_string_equal(sheaf_topics_name(r.topics, 1), want);
    name_end(&r);

    const char *root[] = {"cr\xc3\xa8me", "cr\xc3\xa9me", "cr\xc3\xa8mes", "other"};
    const char *three = "cr\xc3\xa8me cr\xc3\xa9me cr\xc3\xa8mes";
    const line m[] = {{1, three}, {1, three}, {2, "other"}};
    r = name_lines(m, COUNT(m), root, COUNT(root), NULL, 2);
    assert_string_equal(sheaf_topics_name(r.topics, 1), "cr\xc3\xa8me, cr\xc3\xa9me");
    name_end(&r);
}

static void odd_clusterings_get_names(void **state)
{
    (void)state;
    const char *word[] = {"alpha", "beta", "42"};
    const line one[] = {{1, "alpha beta"}, {1, "alpha"}, {1, "alpha beta"}, {1, "alpha 42"}};
    named r = name_lines(one, COUNT(one), word, COUNT(word), NULL, 1);
    assert_string_equal(sheaf_topics_name(r.topics, 1), "alpha, beta"); /* nothing to differ from: the commonest */
    int32_t n;
    const sheaf_topic_term *term = sheaf_topics_terms(r.topics, 1, &n);
    assert_true(n == 3 && term[0].term == 0 && term[0].score == 0 && term[0].docs == 4);
    sheaf_topics_borderline(r.topics, 1, &n);
    assert_int_equal(n, 0); /* there is no second cluster */
    name_end(&r);

    const line two[] = {{1, "42"}, {2, ""}, {2, ""}};
    r = name_lines(two, COUNT(two), word, COUNT(word), NULL, 2);
    assert_string_equal(sheaf_topics_name(r.topics, 1), "cluster 1");
    assert_string_equal(sheaf_topics_name(r.topics, 2), "cluster 2");
    name_end(&r);

    r = name_lines(two, 0, word, 0, NULL, 0);
    assert_int_equal(sheaf_topics_k(r.topics), 0);
    name_end(&r);
}

/* Labels as clusters, numbered in order of appearance. */
static int32_t number_labels(const sheaf_corpus *c, int32_t *label, sheaf_str *names, int32_t room)
{
    int32_t k = 0;
    for (int64_t i = 0; i < sheaf_corpus_size(c); i++) {
        sheaf_str s = sheaf_corpus_label(c, i);
        int32_t j = 0;
        while (j < k && (names[j].n != s.n || memcmp(names[j].p, s.p, s.n) != 0)) j++;
        if (j == k) {
            assert_true(k < room);
            names[k++] = s;
        }
        label[i] = j + 1;
    }
    return k;
}

static void classes_get_fitting_names(void **state)
{
    (void)state;
    static const struct {
        const char *corpus, *label, *word;
    } want[] = {{"bbc", "sport", "match"},     {"bbc", "politics", "election"},        {"bbc", "tech", "technology"},
                {"bbc", "business", "growth"}, {"bbc", "entertainment", "film"},       {"20ng", "sci.space", "space"},
                {"20ng", "rec.autos", "car"},  {"20ng", "sci.crypt", "encryption"},    {"20ng", "misc.forsale", "sale"},
                {"20ng", "rec.sport.hockey", "hockey"}, {"20ng", "sci.electronics", "circuit"}};
    if (!test_corpora()) {
        print_message("SHEAF_CORPORA is not set: skipped\n");
        skip();
    }
    for (int i = 0; i < COUNT(want);) {
        const char *corpus = want[i].corpus;
        char path[512];
        snprintf(path, sizeof path, "%s/%s.jsonl.gz", test_corpora(), corpus);
        const char *inputs[] = {path};
        sheaf_ctx *ctx = test_context(0);
        sheaf_corpus *c;
        sheaf_words *w;
        sheaf_terms *t;
        sheaf_topics *topics;
        sheaf_read_opts ro;
        sheaf_read_opts_init(&ro, sizeof ro);
        ro.keep_text = false;
        assert_ok(ctx, sheaf_words_read(ctx, &c, &w, inputs, 1, &ro, NULL));
        assert_ok(ctx, sheaf_terms_build(ctx, &t, w, NULL));
        sheaf_str names[64];
        int32_t *label = malloc((size_t)sheaf_corpus_size(c) * sizeof *label);
        int32_t k = number_labels(c, label, names, COUNT(names));
        sheaf_clustering *found = test_clustering(ctx, label, sheaf_corpus_size(c), k);
        assert_ok(ctx, sheaf_topics_build(ctx, &topics, found, t, NULL, NULL));
        for (int32_t j = 0; j < k; j++)
            print_message("%s %.*s: %s\n", corpus, (int)names[j].n, names[j].p, sheaf_topics_name(topics, j + 1));
        for (; i < COUNT(want) && strcmp(want[i].corpus, corpus) == 0; i++)
            for (int32_t j = 0; j < k; j++)
                if (names[j].n == strlen(want[i].label) && memcmp(names[j].p, want[i].label, names[j].n) == 0)
                    assert_non_null(strstr(sheaf_topics_name(topics, j + 1), want[i].word));
        sheaf_topics_free(topics);
        test_clustering_free(found);
        free(label);
        sheaf_terms_free(t);
        sheaf_words_free(w);
        sheaf_corpus_free(c);
        sheaf_ctx_free(ctx);
    }
}

int test_topic_names(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_spellings_of_telling_words),
        cmocka_unit_test(possessives_and_hosts_are_put_right),
        cmocka_unit_test(a_word_names_one_cluster),
        cmocka_unit_test(pairs_and_phrases_do_not_overlap),
        cmocka_unit_test(odd_clusterings_get_names),
        cmocka_unit_test(classes_get_fitting_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
