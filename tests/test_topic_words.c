/* topic/: phrases in names and lists, signatures, and what is told of the words of a cluster, against brute force. */
#include "support.h"

#include <math.h>
#include <stdio.h>

#include "test_topic.h"

#define N 700
#define WORDS 40
#define PHRASES (WORDS / 2)
#define K 6

typedef struct {
    uint32_t word[N * WORDS], phrase[N * PHRASES];
    int32_t label[N];
    char text[WORDS + PHRASES][12];
    const char *words[WORDS], *phrases[PHRASES];
    sheaf_terms *t, *p;
    sheaf_clustering *c;
} sample;

/* Phrase j is of the words 2j and 2j + 1; where both are, they mostly follow each other. `order` permutes the documents. */
static sample *draw(sheaf_ctx *ctx, int64_t step)
{
    sample *s = calloc(1, sizeof *s);
    uint64_t key = sheaf_i_rng_key(17, SHEAF_I_RNG_TEST, 0);
    for (int64_t i = 0; i < N; i++) {
        int64_t doc = i * step % N;
        s->label[i] = (int32_t)(doc % 19 % (K + 1));
        for (int32_t j = 0; j < WORDS; j++) {
            double chance = j / 2 % K + 1 == s->label[i] ? .4 : .04 * (1 + j % 3);
            uint64_t at = (uint64_t)(doc * WORDS + j);
            if (sheaf_i_rng_unit(key, 2 * at) < chance)
                s->word[i * WORDS + j] = 1 + (uint32_t)(sheaf_i_rng_u64(key, 2 * at + 1) % 5);
        }
        for (int32_t j = 0; j < PHRASES; j++) {
            uint32_t *w = &s->word[i * WORDS + 2 * j];
            if (j % 2 == 0 && s->label[i] == j % K + 1) w[1] = w[0]; /* some phrases carry their words */
            s->phrase[i * PHRASES + j] = w[0] < w[1] ? w[0] : w[1];
        }
    }
    for (int32_t j = 0; j < WORDS; j++) {
        snprintf(s->text[j], sizeof s->text[j], "%c%cuv", 'a' + j % 26, 'a' + j / 26);
        s->words[j] = s->text[j];
    }
    for (int32_t j = 0; j < PHRASES; j++) {
        memcpy(s->text[WORDS + j], s->text[2 * j], 4);
        s->text[WORDS + j][4] = ' ';
        memcpy(s->text[WORDS + j] + 5, s->text[2 * j + 1], 5);
        s->phrases[j] = s->text[WORDS + j];
    }
    s->t = test_terms(ctx, s->word, N, WORDS, s->words, NULL);
    s->p = test_terms(ctx, s->phrase, N, PHRASES, s->phrases, NULL);
    s->c = test_clustering(ctx, s->label, N, K);
    return s;
}

static void sample_free(sample *s)
{
    test_terms_free(s->t);
    test_terms_free(s->p);
    test_clustering_free(s->c);
    free(s);
}

static bool holds(const sample *s, int64_t doc, int32_t column)
{
    return column < WORDS ? s->word[doc * WORDS + column] : s->phrase[doc * PHRASES + column - WORDS];
}

/* From the definition; 1e-12: sums of 45 terms of size 1 in another order. */
static double coherence(const sample *s, const int32_t *top, int32_t n)
{
    double sum = 0;
    int32_t pairs = 0;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < i; j++, pairs++) {
            double a = 0, b = 0, both = 0;
            for (int64_t d = 0; d < N; d++) {
                bool x = holds(s, d, top[i]), y = holds(s, d, top[j]);
                a += x;
                b += y;
                both += x && y;
            }
            sum += both == 0 ? -1 : both == N ? 0 : log(both * N / (a * b)) / -log(both / N);
        }
    return sum / pairs;
}

static int32_t column_of(const sample *s, const char *p, size_t n)
{
    for (int32_t j = 0; j < WORDS + PHRASES; j++)
        if (strlen(s->text[j]) == n && memcmp(s->text[j], p, n) == 0) return j;
    fail_msg("'%.*s' is no word of the sample", (int)n, p);
    return -1;
}

static void check_name(const sample *s, const sheaf_topics *t, int32_t cluster)
{
    int32_t column[8], n = 0;
    double inside = 0, named = 0, size = 0;
    for (const char *p = sheaf_topics_name(t, cluster); *p;) {
        size_t length = strcspn(p, ",");
        assert_true(n < 8);
        column[n++] = column_of(s, p, length);
        p += p[length] ? length + 2 : length;
    }
    for (int64_t d = 0; d < N; d++) {
        bool any = false;
        for (int32_t i = 0; i < n; i++) any |= holds(s, d, column[i]);
        named += any && s->label[d]; /* a document in no cluster speaks for none and against none */
        inside += any && s->label[d] == cluster;
        size += s->label[d] == cluster;
    }
    assert_true(n >= 1 && inside > 0);
    assert_float_equal(sheaf_topics_coverage(t, cluster), inside / size, 1e-15);
    assert_float_equal(sheaf_topics_exclusivity(t, cluster), inside / named, 1e-15);
}

/* The ten best words are what is listed without phrases. */
static void words_are_measured_as_defined(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sample *s = draw(ctx, 1);
    sheaf_topics *plain, *t;
    assert_ok(ctx, sheaf_topics_build(ctx, &plain, s->c, s->t, NULL, NULL));
    assert_ok(ctx, sheaf_topics_build(ctx, &t, s->c, s->t, s->p, NULL));
    int32_t top[K][10], n[K], different = 0, all = 0, put_in = 0;
    for (int32_t k = 0; k < K; k++) {
        const sheaf_topic_term *term = sheaf_topics_terms(plain, k + 1, &n[k]);
        for (int32_t i = 0; i < n[k]; i++) top[k][i] = term[i].term;
        all += n[k];
    }
    for (int32_t j = 0; j < WORDS; j++) {
        bool found = false;
        for (int32_t k = 0; k < K; k++)
            for (int32_t i = 0; i < n[k]; i++) found |= top[k][i] == j;
        different += found;
    }
    for (int32_t k = 0; k < K; k++) {
        int32_t own = 0;
        for (int32_t i = 0; i < n[k]; i++) {
            int32_t with = 0;
            for (int32_t o = 0; o < K; o++)
                for (int32_t j = 0; j < n[o]; j++) with += top[o][j] == top[k][i];
            own += with == 1;
        }
        assert_true(n[k] > 2 && own > 0);
        assert_float_equal(sheaf_topics_distinctness(t, k + 1), (double)own / n[k], 1e-15);
        assert_float_equal(sheaf_topics_coherence(t, k + 1), coherence(s, top[k], n[k]), 1e-12);
        assert_true(sheaf_topics_coherence(t, k + 1) == sheaf_topics_coherence(plain, k + 1));
        check_name(s, plain, k + 1);
        check_name(s, t, k + 1);
        put_in += strchr(sheaf_topics_name(t, k + 1), ' ') != NULL;
    }
    assert_float_equal(sheaf_topics_diversity(t), (double)different / all, 1e-12);
    assert_true(different < all && put_in > 0);
    const int32_t no_cluster[] = {-1, 0, K + 1};
    for (int i = 0; i < 3; i++) assert_true(isnan(sheaf_topics_coherence(t, no_cluster[i])));
    sheaf_topics_free(plain);
    sheaf_topics_free(t);
    sample_free(s);
    sheaf_ctx_free(ctx);
}

static void print_all(const sheaf_topics *t, char *to, size_t room)
{
    size_t used = 0;
    for (int32_t k = 1; k <= K; k++) {
        int32_t n;
        const sheaf_topic_term *term = sheaf_topics_terms(t, k, &n);
        used += (size_t)snprintf(to + used, room - used, "%s %a %a %a %a", sheaf_topics_name(t, k),
                                 sheaf_topics_coverage(t, k), sheaf_topics_exclusivity(t, k),
                                 sheaf_topics_coherence(t, k), sheaf_topics_distinctness(t, k));
        for (int32_t i = 0; i < n; i++)
            used += (size_t)snprintf(to + used, room - used, " %d %a %.*s", term[i].term, (double)term[i].score,
                                     (int)term[i].text.n, term[i].text.p);
    }
    assert_true(used < room);
}

static void threads_and_order_do_not_show(void **state)
{
    (void)state;
    const int32_t threads[] = {1, 2, 7, 3};
    static char first[20000], text[20000];
    for (int i = 0; i < 4; i++) {
        sheaf_ctx *ctx = test_context(threads[i]);
        sample *s = draw(ctx, i == 3 ? 9 : 1); /* 9 and N have no common factor */
        sheaf_topics *t;
        assert_ok(ctx, sheaf_topics_build(ctx, &t, s->c, s->t, s->p, NULL));
        print_all(t, i ? text : first, sizeof text);
        if (i) assert_string_equal(text, first);
        sheaf_topics_free(t);
        sample_free(s);
        sheaf_ctx_free(ctx);
    }
}

/* Documents as lines of words, phrases being joined by '_'; a phrase counts for its words too. */
typedef struct {
    int32_t cluster, times; /* the line stands for so many documents */
    const char *words;
} line;

enum { LINES = 400, COLUMNS = 40 };

typedef struct {
    sheaf_ctx *ctx;
    sheaf_terms *t, *p;
    sheaf_clustering *c;
    sheaf_topics *topics;
    char text[2 * COLUMNS][24];
    int32_t n_words, n_phrases;
} named;

static int32_t intern(char text[][24], int32_t *n, const char *p, size_t length)
{
    char word[24];
    snprintf(word, sizeof word, "%.*s", (int)length, p);
    for (char *c = word; *c; c++) *c = *c == '_' ? ' ' : *c;
    for (int32_t j = 0; j < *n; j++)
        if (strcmp(text[j], word) == 0) return j;
    assert_true(*n < COLUMNS);
    memcpy(text[*n], word, sizeof word);
    return (*n)++;
}

static void count_line(named *r, uint32_t *word, uint32_t *phrase, const char *p)
{
    while (*p) {
        size_t n = strcspn(p, " "), first = strcspn(p, " _");
        word[intern(r->text, &r->n_words, p, first)]++;
        if (first < n) {
            word[intern(r->text, &r->n_words, p + first + 1, n - first - 1)]++;
            phrase[intern(r->text + COLUMNS, &r->n_phrases, p, n)]++;
        }
        p += n + (p[n] == ' ');
    }
}

static void pack(uint32_t *count, int64_t docs, int32_t n)
{
    for (int64_t i = 0; i < docs; i++) memmove(count + i * n, count + i * COLUMNS, (size_t)n * sizeof *count);
}

static named *name_lines(const line *l, int32_t n_lines, int32_t k)
{
    static uint32_t word[LINES * COLUMNS], phrase[LINES * COLUMNS];
    int32_t label[LINES], docs = 0;
    const char *text[2 * COLUMNS];
    named *r = calloc(1, sizeof *r);
    memset(word, 0, sizeof word);
    memset(phrase, 0, sizeof phrase);
    r->ctx = test_context(2);
    for (int32_t i = 0; i < n_lines; i++)
        for (int32_t j = 0; j < l[i].times; j++, docs++) {
            assert_true(docs < LINES);
            label[docs] = l[i].cluster;
            count_line(r, word + docs * COLUMNS, phrase + docs * COLUMNS, l[i].words);
        }
    for (int32_t j = 0; j < 2 * COLUMNS; j++) text[j] = r->text[j];
    pack(word, docs, r->n_words);
    pack(phrase, docs, r->n_phrases);
    r->t = test_terms(r->ctx, word, docs, r->n_words, text, NULL);
    r->p = test_terms(r->ctx, phrase, docs, r->n_phrases, text + COLUMNS, NULL);
    r->c = test_clustering(r->ctx, label, docs, k);
    assert_ok(r->ctx, sheaf_topics_build(r->ctx, &r->topics, r->c, r->t, r->p, NULL));
    return r;
}

static void name_end(named *r)
{
    sheaf_topics_free(r->topics);
    test_terms_free(r->t);
    test_terms_free(r->p);
    test_clustering_free(r->c);
    sheaf_ctx_free(r->ctx);
    free(r);
}

#define COUNT(a) ((int32_t)(sizeof(a) / sizeof *(a)))

static void phrases_stand_for_words_they_carry(void **state)
{
    (void)state;
    /* york is nothing but new_york, most of war is not in the gulf; new stands alone elsewhere */
    const line l[] = {{1, 8, "gulf_war war troops new_york"}, {1, 8, "war gulf_war war"}, {1, 6, "war iraq"},
                      {2, 10, "match new"},                   {2, 8, "match new league_cup cup"}};
    named *r = name_lines(l, COUNT(l), 2);
    assert_string_equal(sheaf_topics_name(r->topics, 1), "war, troops, new york, iraq"); /* gulf war repeats war */
    int32_t n, phrases = 0;
    const sheaf_topic_term *term = sheaf_topics_terms(r->topics, 1, &n);
    for (int32_t i = 0; i < n; i++) {
        assert_true(i == 0 || term[i].score <= term[i - 1].score);
        bool phrase = term[i].term >= sheaf_terms_size(r->t);
        sheaf_str text = phrase ? sheaf_terms_surface(r->p, term[i].term - sheaf_terms_size(r->t))
                                : sheaf_terms_surface(r->t, term[i].term);
        assert_true(text.p == term[i].text.p && text.n == term[i].text.n);
        phrases += phrase;
        assert_true(text.n != 4 || (memcmp(text.p, "york", 4) != 0 && memcmp(text.p, "gulf", 4) != 0));
        if (phrase && text.n == 8 && memcmp(text.p, "new york", 8) == 0) assert_int_equal(term[i].docs, 8);
    }
    assert_int_equal(phrases, 2);
    assert_non_null(strstr(sheaf_topics_name(r->topics, 2), "match"));
    assert_null(strstr(sheaf_topics_name(r->topics, 2), "york"));
    name_end(r);

    /* two pairs of characters that overlap are one word cut in two, no phrase */
    const line pairs[] = {{1, 4, "\xe7\xbb\x8f\xe6\xb5\x8e_\xe6\xb5\x8e\xe5\xad\xa6"}, {2, 4, "match"}};
    r = name_lines(pairs, COUNT(pairs), 2);
    assert_null(strchr(sheaf_topics_name(r->topics, 1), ' '));
    name_end(r);
}

static void who_writes_is_no_theme(void **state)
{
    (void)state;
    const line l[] = {{1, 12, "god faith kent_sandvik apple quote"}, {1, 30, "god faith"}, {1, 30, "god church"},
                      {2, 60, "match goal"}};
    named *r = name_lines(l, COUNT(l), 2);
    assert_string_equal(sheaf_topics_name(r->topics, 1), "god, faith, church");
    int32_t n;
    assert_non_null(sheaf_topics_terms(r->topics, 1, &n));
    assert_true(n > 3); /* they are listed all the same */
    name_end(r);

    /* words that are in much of the cluster are its theme, though they come together */
    const line theme[] = {{1, 30, "net shr revs qtr"}, {1, 30, "dividend"}, {2, 60, "match goal"}};
    r = name_lines(theme, COUNT(theme), 2);
    assert_non_null(strstr(sheaf_topics_name(r->topics, 1), "shr"));
    name_end(r);
}

static void names_differ(void **state)
{
    (void)state;
    const line l[] = {{1, 5, "apple pear"}, {2, 5, "apple pear"}, {3, 5, "apple pear"}, {4, 9, "match goal"},
                      {5, 3, ""}};
    named *r = name_lines(l, COUNT(l), 5);
    assert_string_equal(sheaf_topics_name(r->topics, 1), "apple, pear");
    assert_string_equal(sheaf_topics_name(r->topics, 2), "apple, pear (2)");
    assert_string_equal(sheaf_topics_name(r->topics, 3), "apple, pear (3)");
    assert_string_equal(sheaf_topics_name(r->topics, 5), "cluster 5");
    assert_true(isnan(sheaf_topics_coherence(r->topics, 5)) && isnan(sheaf_topics_exclusivity(r->topics, 5)));
    assert_true(sheaf_topics_coverage(r->topics, 5) == 0);
    assert_true(sheaf_topics_distinctness(r->topics, 1) == 0);
    assert_true(sheaf_topics_coherence(r->topics, 4) == 1); /* one without the other nowhere */
    name_end(r);
}

static void short_words_are_no_names(void **state)
{
    (void)state;
    const line l[] = {{1, 9, "vs TV al_qaeda"}, {2, 9, "match"}};
    named *r = name_lines(l, COUNT(l), 2);
    assert_string_equal(sheaf_topics_name(r->topics, 1), "TV, al qaeda");
    name_end(r);
}

static void phrases_must_be_of_the_same_documents(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sample *s = draw(ctx, 1);
    sheaf_terms *few = test_terms(ctx, s->phrase, 3, PHRASES, s->phrases, NULL);
    sheaf_topics *t;
    assert_int_equal(sheaf_topics_build(ctx, &t, s->c, s->t, few, NULL), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "phrases are of 3"));
    assert_null(t);
    test_terms_free(few);
    sample_free(s);
    sheaf_ctx_free(ctx);
}

static void failing_allocations_leave_nothing(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    sample *s = draw(ctx, 1);
    int64_t before = limit.live, n = 1;
    for (;; n++) {
        sheaf_topics *t;
        limit.calls = 0;
        limit.fail_at = n;
        sheaf_status st = sheaf_topics_build(ctx, &t, s->c, s->t, s->p, NULL);
        if (st == SHEAF_OK) {
            sheaf_topics_free(t);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_null(t);
        assert_int_equal(limit.live, before);
    }
    assert_true(n > 20);
    assert_int_equal(limit.live, before);
    limit.fail_at = 0;
    sample_free(s);
    sheaf_ctx_free(ctx);
}

int test_topic_words(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_measured_as_defined),
        cmocka_unit_test(threads_and_order_do_not_show),
        cmocka_unit_test(phrases_stand_for_words_they_carry),
        cmocka_unit_test(who_writes_is_no_theme),
        cmocka_unit_test(names_differ),
        cmocka_unit_test(short_words_are_no_names),
        cmocka_unit_test(phrases_must_be_of_the_same_documents),
        cmocka_unit_test(failing_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
