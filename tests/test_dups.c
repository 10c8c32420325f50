/* Near-duplicates: made-up collections, and what all tests of it share. */
#include "test_dups.h"

#include <stdio.h>
#include <unistd.h>

/* ---- collections ---- */

void test_docs_add(test_docs *t, const int32_t *word, int32_t n)
{
    t->doc = realloc(t->doc, ((size_t)t->n + 1) * sizeof *t->doc);
    assert_non_null(t->doc);
    test_doc *d = &t->doc[t->n++];
    *d = (test_doc){.word = malloc(((size_t)n + 1) * sizeof *word), .n = n};
    if (n) memcpy(d->word, word, (size_t)n * sizeof *word);
    t->n_new = t->n;
}

void test_docs_free(test_docs *t)
{
    for (int32_t i = 0; i < t->n; i++) free(t->doc[i].word);
    free(t->doc);
    *t = (test_docs){0};
}

static int32_t fresh(test_dice *dice, int32_t *word, int32_t n, int32_t vocabulary)
{
    for (int32_t i = 0; i < n; i++) { /* some words are frequent */
        const int32_t a = (int32_t)test_roll(dice, (uint64_t)vocabulary), b = (int32_t)test_roll(dice, 1 + (uint64_t)a);
        word[i] = test_roll(dice, 2) ? a : b;
    }
    return n;
}

static int32_t edited(test_dice *dice, const test_doc *d, int32_t *word, int32_t vocabulary)
{
    int32_t n = 0;
    const uint64_t rate = 2 + test_roll(dice, 40);
    for (int32_t i = 0; i < d->n && n + 2 < TEST_MOST_WORDS; i++) {
        const uint64_t x = test_roll(dice, rate);
        if (x == 0 && test_roll(dice, 2)) continue;
        if (x == 0) word[n++] = (int32_t)test_roll(dice, (uint64_t)vocabulary);
        word[n++] = d->word[i];
    }
    return n;
}

static int32_t piece(test_dice *dice, const test_doc *d, int32_t *word)
{
    const int32_t from = d->n ? (int32_t)test_roll(dice, (uint64_t)d->n) : 0;
    const int32_t n = (int32_t)test_roll(dice, (uint64_t)(d->n - from) + 1);
    if (n) memcpy(word, d->word + from, (size_t)n * sizeof *word);
    return n;
}

static int32_t joined(const test_doc *a, const test_doc *b, int32_t *word)
{
    int32_t n = 0;
    for (int32_t i = 0; i < a->n && n < TEST_MOST_WORDS; i++) word[n++] = a->word[i];
    for (int32_t i = 0; i < b->n && n < TEST_MOST_WORDS; i++) word[n++] = b->word[i];
    return n;
}

test_docs test_docs_random(uint64_t seed, int32_t n, int32_t vocabulary)
{
    test_docs t = {0};
    test_dice dice = {sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 0), 0};
    int32_t word[TEST_MOST_WORDS];
    const int32_t longest = 1 + (int32_t)test_roll(&dice, 50);
    for (int32_t i = 0; i < n; i++) {
        const uint64_t what = i ? test_roll(&dice, 10) : 0;
        const test_doc *a = i ? &t.doc[test_roll(&dice, (uint64_t)i)] : NULL;
        const test_doc *b = i ? &t.doc[test_roll(&dice, (uint64_t)i)] : NULL;
        int32_t words = what < 3   ? fresh(&dice, word, (int32_t)test_roll(&dice, (uint64_t)longest), vocabulary)
                        : what < 6 ? edited(&dice, a, word, vocabulary)
                        : what < 7 ? joined(a, a, word) /* often the same set, not the same words */
                        : what < 8 ? joined(a, b, word)
                        : what < 9 ? piece(&dice, a, word)
                                   : joined(a, &(test_doc){0}, word);
        test_docs_add(&t, word, words);
        test_doc *d = &t.doc[t.n - 1];
        d->upper = test_roll(&dice, 4) == 0;
        if (test_roll(&dice, 8)) snprintf(d->date, sizeof d->date, "2024-03-%02d", 1 + (int)test_roll(&dice, 9));
        if (test_roll(&dice, 9)) snprintf(d->source, sizeof d->source, "s%d", (int)test_roll(&dice, 4));
        const int score = (int)test_roll(&dice, 12);
        if (score < 8) snprintf(d->score, sizeof d->score, score < 6 ? "%d.5" : "x%d", score - 3);
    }
    return t;
}

/* ---- reading ---- */

static void write_docs(const char *path, const test_docs *t, int32_t from, int32_t to)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (int32_t i = from; i < to; i++) {
        const test_doc *d = &t->doc[i];
        fprintf(f, "{\"id\": \"d%d\", \"date\": \"%s\", \"source\": \"%s\", \"score\": \"%s\", \"text\": \".", i, d->date,
                d->source, d->score);
        for (int32_t k = 0; k < d->n; k++) fprintf(f, " %c%d", d->upper ? 'W' : 'w', d->word[k]);
        fprintf(f, "\"}\n");
    }
    assert_int_equal(fclose(f), 0);
}

test_collection test_collect(sheaf_ctx *ctx, const test_docs *t)
{
    test_collection c = {.ctx = ctx};
    char path[] = "/tmp/test_dupsXXXXXX.jsonl";
    const char *input = path;
    const int file = mkstemps(path, 6);
    assert_true(file >= 0);
    close(file);
    sheaf_read_opts ro;
    sheaf_text_opts to;
    sheaf_read_opts_init(&ro, sizeof ro);
    sheaf_text_opts_init(&to, sizeof to);
    ro.keep_text = false;
    for (int side = 0; side < 2 && (side == 0 || t->n_new < t->n); side++) {
        write_docs(path, t, side ? t->n_new : 0, side ? t->n : t->n_new);
        assert_ok(ctx, sheaf_words_read(ctx, &c.corpus[side], &c.words[side], &input, 1, &ro, &to));
    }
    unlink(path);
    return c;
}

void test_collection_free(test_collection *c)
{
    for (int side = 0; side < 2; side++) {
        sheaf_words_free(c->words[side]);
        sheaf_corpus_free(c->corpus[side]);
    }
    *c = (test_collection){0};
}

sheaf_status test_find(const test_collection *c, sheaf_dups **d, const sheaf_dups_opts *o)
{
    return sheaf_dups_find(c->ctx, d, c->corpus[0], c->words[0], c->corpus[1], c->words[1], o);
}

int main(void) { return test_dups_parts() + test_dups_cases() + test_dups_failures() + test_dups_random(); }
