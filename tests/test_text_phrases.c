/* Phrases: against plain counting, gaps, borders of what is looked at in one go, n-grams, languages, threads and order,
 * bad options, failing allocations.
 */
#include "test_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "text/phrases.h"

/* Words and terms of texts with their phrases. */
typedef struct {
    sheaf_words *w;
    sheaf_terms *t, *p;
} made;

static void release(made *m)
{
    sheaf_terms_free(m->p);
    sheaf_terms_free(m->t);
    sheaf_words_free(m->w);
}

static made make(sheaf_ctx *ctx, const char *const *texts, int64_t n, const sheaf_text_opts *o, int64_t min_df,
                 int64_t max_phrases)
{
    made m;
    sheaf_phrase_opts po;
    sheaf_phrase_opts_init(&po, sizeof po);
    po.min_df = min_df;
    po.max_phrases = max_phrases;
    sheaf_corpus *c = test_corpus(ctx, texts, n);
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &m.w, c, o));
    assert_ok(ctx, sheaf_terms_build(ctx, &m.t, m.w, o));
    assert_ok(ctx, sheaf_phrases_build(ctx, &m.p, m.w, m.t, &po));
    assert_null(sheaf_i_terms_validate(m.t));
    assert_null(sheaf_i_terms_validate(m.p));
    assert_int_equal(sheaf_terms_docs(m.p), n);
    sheaf_corpus_free(c);
    return m;
}

/* -- plain counting: the words are letters, those of the stop list are no terms -- */

#define LETTERS 24
#define MAX_TOKENS 60

static const char *const words[LETTERS] = {
    "the", "of", "and", "lamp", "tree", "Tree", "iron", "IRON", "iron", "gate", "moss", "fern", "salt", "wind",
    "bread", "Bread", "stone", "river", "cloud", "grain", "copper", "violet", "amber", "in"};

static bool is_stop(const char *s)
{
    return !strcmp(s, "the") || !strcmp(s, "of") || !strcmp(s, "and") || !strcmp(s, "in");
}

typedef struct {
    char text[700];
    const char *token[MAX_TOKENS];
    int32_t n;
} random_doc;

static void random_text(random_doc *d, uint64_t key, uint64_t *draw)
{
    size_t at = 0;
    d->n = 1 + (int32_t)(sheaf_i_rng_u64(key, (*draw)++) % (MAX_TOKENS - 1));
    d->text[0] = 0;
    for (int32_t i = 0; i < d->n; i++) {
        uint64_t x = sheaf_i_rng_u64(key, (*draw)++);
        d->token[i] = words[(x % LETTERS) * ((x >> 20) % LETTERS) / LETTERS]; /* early ones more often */
        at += (size_t)snprintf(d->text + at, sizeof d->text - at, "%s ", d->token[i]);
    }
}

static int32_t term_of(const sheaf_terms *t, const char *token)
{
    char lower[32];
    size_t i = 0;
    for (; token[i]; i++) lower[i] = (char)tolower((unsigned char)token[i]);
    lower[i] = 0;
    return is_stop(token) ? -1 : test_find_term(t, lower);
}

typedef struct {
    int64_t df, count; /* of the current document */
    int64_t seen;
    struct {
        char text[64];
        int64_t n;
    } spelling[64];
    int32_t n_spellings;
} plain_pair;

static void note_spelling(plain_pair *q, const random_doc *d, int32_t first, int32_t second)
{
    char text[64] = "";
    for (int32_t i = first; i <= second; i++) {
        if (i > first) strcat(text, " ");
        strcat(text, d->token[i]);
    }
    int32_t i = 0;
    while (i < q->n_spellings && strcmp(q->spelling[i].text, text) != 0) i++;
    if (i == q->n_spellings) {
        assert_true(q->n_spellings < 64);
        q->n_spellings++;
        strcpy(q->spelling[i].text, text);
        q->spelling[i].n = 0;
    }
    q->spelling[i].n++;
}

/* Adds the pairs of one document. */
static void count_document(plain_pair *pair, const sheaf_terms *t, const random_doc *d, int64_t doc)
{
    int32_t last = -1, last_at = -10;
    for (int32_t i = 0; i < d->n; i++) {
        int32_t term = term_of(t, d->token[i]);
        if (term < 0) continue;
        if (last >= 0 && i - last_at <= 3) {
            plain_pair *q = &pair[last * LETTERS + term];
            q->df += q->seen != doc + 1;
            q->seen = doc + 1;
            note_spelling(q, d, last_at, i);
        }
        last = term;
        last_at = i;
    }
}

static uint32_t count_in(const sheaf_terms *t, const random_doc *d, int32_t a, int32_t b)
{
    int32_t last = -1, last_at = -10;
    uint32_t n = 0;
    for (int32_t i = 0; i < d->n; i++) {
        int32_t term = term_of(t, d->token[i]);
        if (term < 0) continue;
        n += last == a && term == b && i - last_at <= 3;
        last = term;
        last_at = i;
    }
    return n;
}

static void assert_best_surface(const plain_pair *q, sheaf_str surface)
{
    int32_t best = 0;
    for (int32_t i = 1; i < q->n_spellings; i++) {
        int64_t more = q->spelling[i].n - q->spelling[best].n;
        if (more > 0 || (more == 0 && strcmp(q->spelling[i].text, q->spelling[best].text) < 0)) best = i;
    }
    assert_str(surface, q->spelling[best].text);
}

static void compare_plain(const made *m, const random_doc *doc, int64_t n, int64_t min_df, int64_t max_phrases)
{
    static plain_pair pair[LETTERS * LETTERS];
    memset(pair, 0, sizeof pair);
    for (int64_t d = 0; d < n; d++) count_document(pair, m->t, &doc[d], d);
    int64_t enough = 0, last_df = INT64_MAX, last_key = -1;
    for (int32_t i = 0; i < LETTERS * LETTERS; i++) enough += pair[i].df >= min_df;
    assert_int_equal(m->p->n_terms, max_phrases && enough > max_phrases ? max_phrases : enough);
    for (int32_t i = 0; i < m->p->n_terms; i++) {
        const int32_t *part = sheaf_i_phrases_parts(m->p)[i];
        plain_pair *q = &pair[part[0] * LETTERS + part[1]];
        int64_t key = (int64_t)part[0] << 32 | part[1];
        char term[64];
        snprintf(term, sizeof term, "%.*s %.*s", (int)m->t->term[part[0]].n, m->t->term[part[0]].p,
                 (int)m->t->term[part[1]].n, m->t->term[part[1]].p);
        assert_str(m->p->term[i], term);
        assert_int_equal(m->p->df[i], q->df);
        assert_true(q->df >= min_df && (q->df < last_df || (q->df == last_df && key > last_key)));
        assert_best_surface(q, m->p->surface[i]);
        last_df = q->df;
        last_key = key;
        q->df = 0;
        for (int64_t d = 0; d < n; d += 7) assert_int_equal(test_count(m->p, d, term),
                                                            count_in(m->t, &doc[d], part[0], part[1]));
    }
    for (int32_t i = 0; i < LETTERS * LETTERS; i++) /* none left that is ahead of the last one */
        if (pair[i].df >= min_df) assert_true(pair[i].df <= last_df);
}

static void test_against_plain_counting(void **state)
{
    (void)state;
    enum { DOCS = 1100 };
    random_doc *doc = calloc(DOCS, sizeof *doc);
    const char *texts[DOCS];
    uint64_t key = sheaf_i_rng_key(7, SHEAF_I_RNG_TEST, 21), draw = 0;
    for (int64_t d = 0; d < DOCS; d++) {
        random_text(&doc[d], key, &draw);
        texts[d] = doc[d].text;
    }
    const struct {
        int64_t docs, min_df, max;
        bool lexical;
    } cases[] = {{DOCS, 5, 30000, false}, {DOCS, 1, 0, true}, {DOCS, 5, 12, false}, {DOCS, 300, 10, false},
                 {30, 3, 0, false},       {30, 2, 7, true},   {1, 1, 0, false},     {DOCS, 5, 1, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int32_t threads = 1; threads <= 3; threads += 2) {
            sheaf_ctx *ctx = test_context(threads);
            sheaf_text_opts o = test_keep_all();
            o.lang = "en";
            o.stem = 0;
            o.lexical_order = cases[i].lexical;
            if (cases[i].docs == DOCS) o.max_df_share = .7; /* the commonest words go, and are between others */
            made m = make(ctx, texts, cases[i].docs, &o, cases[i].min_df, cases[i].max);
            compare_plain(&m, doc, cases[i].docs, cases[i].min_df, cases[i].max);
            release(&m);
            sheaf_ctx_free(ctx);
        }
    free(doc);
}

static void test_gaps_and_surfaces(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const texts[] = {"The Bank of England rose.", "A BANK and the England side; Bank of England",
                                 "banks of the and England", "bank lamp England", "Banks England"};
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    made m = make(ctx, texts, 5, &o, 2, 0);
    assert_int_equal(m.p->n_terms, 1); /* three stop words, and another term, come between in the 3rd and 4th */
    assert_str(sheaf_terms_term(m.p, 0), "bank england");
    assert_str(sheaf_terms_surface(m.p, 0), "Bank of England");
    assert_int_equal(sheaf_terms_df(m.p, 0), 3);
    assert_int_equal(test_count(m.p, 1, "bank england"), 2);
    assert_int_equal(test_count(m.p, 2, "bank england"), 0);
    assert_int_equal(test_count(m.p, 4, "bank england"), 1);
    assert_int_equal(m.p->doc_words[1], m.t->doc_words[1]);
    const char *code;
    int64_t docs;
    assert_true(sheaf_terms_language(m.p, 0, &code, &docs));
    assert_int_equal(docs, 5);
    assert_null(sheaf_i_phrases_parts(m.t));
    release(&m);
    sheaf_ctx_free(ctx);
}

/* Documents longer than what is looked at in one go, with the pair at every place around the borders. */
static void test_long_documents(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    o.stem = 0;
    for (int32_t at = 1018; at < 1030; at++)
        for (int32_t between = 0; between <= 3; between++) {
            char text[16384] = "";
            size_t n = 0;
            for (int32_t i = 0; i < 2500; i++) {
                const char *word = i == at ? "lamp" : i == at + 1 + between ? "post" : "the";
                n += (size_t)sprintf(text + n, "%s ", word);
            }
            const char *const texts[] = {text, "lamp post"};
            made m = make(ctx, texts, 2, &o, 2, 0);
            assert_int_equal(m.p->n_terms, between <= 2);
            release(&m);
        }
    char *text = malloc(1000000);
    size_t n = 0;
    for (int32_t i = 0; i < 70000; i++) n += (size_t)sprintf(text + n, "lamp post ");
    const char *const texts[] = {text, "lamp post", "post lamp"};
    made m = make(ctx, texts, 3, &o, 2, 0);
    assert_int_equal(test_count(m.p, 0, "lamp post"), 70000);
    assert_int_equal(test_count(m.p, 0, "post lamp"), 69999);
    assert_int_equal(test_count(m.p, 1, "lamp post"), 1);
    release(&m);
    free(text);
    sheaf_ctx_free(ctx);
}

/* Pairs that one document repeats raise the bar of the filter above what the phrases reach. */
static void test_bar_too_high(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_text_opts o = test_keep_all();
    o.lang = "none";
    char loud[16384] = "";
    size_t n = 0;
    for (int32_t i = 0; i < 100; i++)
        n += (size_t)sprintf(loud + n, "aa ab ac ad ae af ag ah ai ak al am an ao ap aq ar as at ");
    const char *texts[12] = {loud};
    for (int32_t i = 1; i < 12; i++) texts[i] = i % 2 ? "iron gate" : "river stone";
    made m = make(ctx, texts, 12, &o, 5, 2);
    assert_int_equal(m.p->n_terms, 2);
    assert_str(sheaf_terms_term(m.p, 0), "iron gate");
    assert_int_equal(sheaf_terms_df(m.p, 0), 6);
    assert_str(sheaf_terms_term(m.p, 1), "river stone");
    assert_int_equal(sheaf_terms_df(m.p, 1), 5);
    release(&m);
    sheaf_ctx_free(ctx);
}

static void test_of_ngrams(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const char *const texts[] = {"iron gate of the river", "Iron Gate river", "iron gate"};
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    o.stem = 0;
    o.ngram_max = 3;
    made m = make(ctx, texts, 3, &o, 2, 0);
    assert_int_equal(m.p->n_terms, 2);
    assert_str(sheaf_terms_term(m.p, 0), "iron gate");
    assert_str(sheaf_terms_surface(m.p, 0), "iron gate");
    assert_int_equal(sheaf_terms_df(m.p, 0), 3);
    assert_str(sheaf_terms_term(m.p, 1), "gate river");
    assert_str(m.t->term[sheaf_i_phrases_parts(m.p)[1][1]], "river");
    release(&m);
    o.ngram_min = 2; /* no terms of one word */
    m = make(ctx, texts, 3, &o, 2, 0);
    assert_int_equal(m.p->n_terms, 0);
    release(&m);
    sheaf_ctx_free(ctx);
}

static void test_languages(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *const english = "The doctors of the old hospital were in the garden with a nurse and they had to go "
                                "to the station in the rain";
    const char *const german = "Die neue Regierung der Stadt hat mit den Schulen und den Kirchen nicht \303\274ber "
                               "das Geld gesprochen, und so war es auch im Jahr davor";
    const char *texts[40];
    for (int32_t i = 0; i < 40; i++) texts[i] = i % 2 ? german : english;
    sheaf_text_opts o = test_keep_all();
    made m = make(ctx, texts, 40, &o, 5, 0);
    assert_int_equal(m.t->n_languages, 2);
    int32_t phrase = test_find_term(m.p, "old hospit");
    assert_true(phrase >= 0);
    assert_int_equal(sheaf_terms_df(m.p, phrase), 20);
    phrase = test_find_term(m.p, "regier stadt");
    assert_true(phrase >= 0);
    assert_str(sheaf_terms_surface(m.p, phrase), "Regierung der Stadt"); /* der: a stop word in German only */
    release(&m);
    sheaf_ctx_free(ctx);
}

static void assert_same_phrases(const sheaf_terms *a, const sheaf_terms *b, bool reversed)
{
    assert_int_equal(a->n_terms, b->n_terms);
    for (int32_t i = 0; i < a->n_terms; i++) {
        assert_int_equal(a->term[i].n, b->term[i].n);
        assert_memory_equal(a->term[i].p, b->term[i].p, a->term[i].n);
        assert_int_equal(a->surface[i].n, b->surface[i].n);
        assert_memory_equal(a->surface[i].p, b->surface[i].p, a->surface[i].n);
        assert_int_equal(a->df[i], b->df[i]);
        assert_memory_equal(a->parts[i], b->parts[i], sizeof *a->parts);
    }
    for (int64_t d = 0; d < a->n_docs; d++) {
        int64_t e = reversed ? a->n_docs - 1 - d : d, n = a->indptr[d + 1] - a->indptr[d];
        assert_int_equal(n, b->indptr[e + 1] - b->indptr[e]);
        if (!n) continue;
        assert_memory_equal(a->indices + a->indptr[d], b->indices + b->indptr[e], (size_t)n * sizeof *a->indices);
        assert_memory_equal(a->counts + a->indptr[d], b->counts + b->indptr[e], (size_t)n * sizeof *a->counts);
    }
}

static void test_threads_and_order(void **state)
{
    (void)state;
    enum { DOCS = 3000 };
    random_doc *doc = calloc(DOCS, sizeof *doc);
    const char *texts[DOCS], *reversed[DOCS];
    uint64_t key = sheaf_i_rng_key(7, SHEAF_I_RNG_TEST, 22), draw = 0;
    for (int64_t d = 0; d < DOCS; d++) {
        random_text(&doc[d], key, &draw);
        texts[d] = reversed[DOCS - 1 - d] = doc[d].text;
    }
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    sheaf_ctx *one = test_context(1), *two = test_context(2), *seven = test_context(7);
    for (int64_t max = 0; max <= 40; max += 20) {
        made a = make(one, texts, DOCS, &o, 5, max), b = make(two, texts, DOCS, &o, 5, max);
        made c = make(seven, texts, DOCS, &o, 5, max), d = make(seven, reversed, DOCS, &o, 5, max);
        assert_same_phrases(a.p, b.p, false);
        assert_same_phrases(a.p, c.p, false);
        assert_same_phrases(a.p, d.p, true);
        release(&a);
        release(&b);
        release(&c);
        release(&d);
    }
    sheaf_ctx_free(one);
    sheaf_ctx_free(two);
    sheaf_ctx_free(seven);
    free(doc);
}

static void assert_refused(sheaf_ctx *ctx, const sheaf_words *w, const sheaf_terms *t, const sheaf_phrase_opts *o,
                           const char *message)
{
    sheaf_terms *p = NULL;
    assert_int_equal(sheaf_phrases_build(ctx, &p, w, t, o), SHEAF_EINVAL);
    assert_null(p);
    assert_non_null(strstr(sheaf_ctx_message(ctx), message));
}

static void test_bad_calls(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const char *const texts[] = {"iron gate", "iron gate", "river"};
    sheaf_text_opts o = test_keep_all();
    sheaf_phrase_opts good, bad;
    sheaf_phrase_opts_init(&good, sizeof good);
    assert_int_equal(good.min_df, 5);
    assert_int_equal(good.max_phrases, 30000);
    made m = make(ctx, texts, 3, &o, 2, 0), other = make(ctx, texts, 2, &o, 2, 0);
    bad = good;
    bad.min_df = 0;
    assert_refused(ctx, m.w, m.t, &bad, "0 documents");
    bad = good;
    bad.max_phrases = -1;
    assert_refused(ctx, m.w, m.t, &bad, "-1");
    bad.max_phrases = (int64_t)1 << 40;
    assert_refused(ctx, m.w, m.t, &bad, "1099511627776");
    assert_refused(ctx, other.w, m.t, NULL, "not built from");
    sheaf_i_terms_forget_types(m.t);
    assert_refused(ctx, m.w, m.t, NULL, "forgotten");
    assert_refused(ctx, m.w, m.p, NULL, "forgotten"); /* phrases of phrases */
    release(&m);
    release(&other);
    sheaf_ctx_free(ctx);
}

static void test_nothing_there(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_i_doc docs[4] = {{.slot = 0}};
    docs[0].text = test_str("");
    docs[1].text = test_str(" -- \n ...");
    docs[2].text = test_str("the of and");
    docs[3].text = test_str("river");
    struct sheaf_corpus c = {.ctx = ctx, .docs = docs, .has_text = true};
    sheaf_text_opts o = test_keep_all();
    o.lang = "en";
    for (c.n = 0; c.n <= 4; c.n++) {
        made m;
        assert_ok(ctx, sheaf_words_from_corpus(ctx, &m.w, &c, &o));
        assert_ok(ctx, sheaf_terms_build(ctx, &m.t, m.w, &o));
        assert_ok(ctx, sheaf_phrases_build(ctx, &m.p, m.w, m.t, NULL));
        assert_int_equal(sheaf_terms_docs(m.p), c.n);
        assert_int_equal(sheaf_terms_size(m.p), 0);
        assert_null(sheaf_i_terms_validate(m.p));
        release(&m);
    }
    sheaf_ctx_free(ctx);
}

static void test_failing_allocations(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    const char *const texts[] = {"Bank of England rose in London", "the bank of England", "London, a bank of England"};
    sheaf_text_opts o = test_keep_all();
    made m = make(ctx, texts, 3, &o, 2, 0);
    sheaf_phrase_opts po;
    sheaf_phrase_opts_init(&po, sizeof po);
    po.min_df = 2;
    int64_t before = limit.live;
    for (int64_t n = 1;; n++) {
        sheaf_terms *p = NULL;
        limit.calls = 0;
        limit.fail_at = n;
        sheaf_status st = sheaf_phrases_build(ctx, &p, m.w, m.t, &po);
        limit.fail_at = 0;
        if (st == SHEAF_OK) {
            assert_true(n > 20);
            assert_same_phrases(m.p, p, false);
            sheaf_terms_free(p);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_null(p);
        assert_int_equal(limit.live, before);
    }
    release(&m);
    sheaf_ctx_free(ctx);
    assert_int_equal(limit.live, 0);
}

const struct CMUnitTest test_text_phrases[] = {
    cmocka_unit_test(test_against_plain_counting), cmocka_unit_test(test_gaps_and_surfaces),
    cmocka_unit_test(test_long_documents),         cmocka_unit_test(test_bar_too_high),
    cmocka_unit_test(test_of_ngrams),              cmocka_unit_test(test_languages),
    cmocka_unit_test(test_threads_and_order),      cmocka_unit_test(test_bad_calls),
    cmocka_unit_test(test_nothing_there),          cmocka_unit_test(test_failing_allocations)};
const size_t n_test_text_phrases = sizeof test_text_phrases / sizeof *test_text_phrases;
