/* Cutting: Unicode's own test file, the byte loop against the rules, pairs of characters, hostile bytes. */
#include "test_text.h"

#include <stdio.h>
#include <utf8proc.h>

#include "base/rng.h"
#include "text/cut.h"
#include "text/fold.h"

#define MAX_WORDS 4096

typedef struct {
    sheaf_span span[MAX_WORDS];
    int64_t n;
} cut_words;

static void cut_all(cut_words *out, sheaf_analyzer analyzer, const char *p, size_t n)
{
    uint32_t start[SHEAF_I_CUT_WORDS], end[SHEAF_I_CUT_WORDS];
    sheaf_i_cutter c;
    out->n = 0;
    sheaf_i_cut_begin(&c, analyzer, p, n);
    for (int32_t k; (k = sheaf_i_cut(&c, start, end)) > 0;) {
        assert_true(k <= SHEAF_I_CUT_WORDS && out->n + k <= MAX_WORDS);
        for (int32_t i = 0; i < k; i++) out->span[out->n++] = (sheaf_span){start[i], end[i] - start[i]};
    }
}

/* The words by the segments of the whole text alone. */
static void cut_by_rules(cut_words *out, const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t pair_at = 0, pair_end = 0; /* a bigram letter that stands just before */
    bool paired = false;
    out->n = 0;
    for (size_t at = 0, end; at <= n; at = end) {
        unsigned kind = 0;
        end = at < n ? sheaf_i_segment(p, n, at, &kind) : n + 1;
        bool pairs = kind == SHEAF_I_SEGMENT_BIGRAM;
        if (pair_end && !(pairs && pair_end == at)) {
            if (!paired) out->span[out->n++] = (sheaf_span){(uint32_t)pair_at, (uint32_t)(pair_end - pair_at)};
            pair_end = 0;
            paired = false;
        }
        if (pairs) {
            if (pair_end) out->span[out->n++] = (sheaf_span){(uint32_t)pair_at, (uint32_t)(end - pair_at)};
            paired = pair_end != 0;
            pair_at = at;
            pair_end = end;
        } else if (kind & SHEAF_I_SEGMENT_WORD) {
            out->span[out->n++] = (sheaf_span){(uint32_t)at, (uint32_t)(end - at)};
        }
    }
}

static void assert_same_words(const cut_words *a, const cut_words *b, const char *p, size_t n)
{
    bool same = a->n == b->n && memcmp(a->span, b->span, (size_t)a->n * sizeof *a->span) == 0;
    if (same) return;
    for (size_t i = 0; i < n; i++) print_message("%02x ", (unsigned char)p[i]);
    fail_msg("%lld words, expected %lld", (long long)a->n, (long long)b->n);
}

static void test_unicode_conformance(void **state)
{
    (void)state;
    FILE *f = fopen(UNICODE_DATA "/auxiliary/WordBreakTest.txt", "r");
    assert_non_null(f);
    char line[4096];
    int lines = 0;
    while (fgets(line, sizeof line, f)) {
        char text[512], *end;
        size_t n = 0, breaks[128], n_breaks = 0, at = 0, k = 0;
        line[strcspn(line, "#\n")] = 0;
        for (char *token = strtok(line, " \t"); token; token = strtok(NULL, " \t")) {
            unsigned long c = strtoul(token, &end, 16);
            if (!strcmp(token, "\303\267")) {
                breaks[n_breaks++] = n; /* the division sign: a boundary */
            } else if (end != token && !*end) {
                n += (size_t)utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)text + n);
            }
        }
        if (!n) continue;
        lines++;
        for (k = 1; at < n; k++) {
            unsigned kind;
            at = sheaf_i_segment((const uint8_t *)text, n, at, &kind);
            if (k >= n_breaks || breaks[k] != at) fail_msg("test %d: boundary %zu at byte %zu", lines, k, at);
        }
        assert_int_equal(k, n_breaks);
    }
    fclose(f);
    assert_int_equal(lines, 1823); /* of Unicode 15.0 */
}

/* Random text over an alphabet: the byte loop must agree with the rules, at any room. */
static void compare_random(const char *const *alphabet, uint64_t n_alphabet, uint64_t sub, int rounds)
{
    static cut_words fast, slow;
    uint64_t key = sheaf_i_rng_key(7, SHEAF_I_RNG_TEST, sub), draw = 0;
    for (int r = 0; r < rounds; r++) {
        char text[400];
        size_t n = 0, want = sheaf_i_rng_u64(key, draw++) % 200;
        while (n < want) {
            const char *s = alphabet[sheaf_i_rng_u64(key, draw++) % n_alphabet];
            size_t len = s[0] ? strlen(s) : 1; /* "" is a NUL byte */
            memcpy(text + n, s, len);
            n += len;
        }
        char *exact = malloc(n + 1); /* so that a read beyond the end is seen */
        memcpy(exact, text, n);
        char *copy = realloc(exact, n ? n : 1);
        cut_by_rules(&slow, copy, n);
        cut_all(&fast, SHEAF_ANALYZER_UNICODE, copy, n);
        assert_same_words(&fast, &slow, copy, n);
        free(copy);
    }
}

static void test_ascii_equals_rules(void **state)
{
    (void)state;
    static char bytes[128][2];
    const char *all[128];
    for (int i = 0; i < 128; i++) {
        bytes[i][0] = (char)i;
        all[i] = bytes[i];
    }
    compare_random(all, 128, 1, 20000);
    const char *const joining[] = {"a", "b", "1", "2", "_", ":", ".", ",", ";", "'", "\"", " ", "-", "\r", "\n", "\v"};
    compare_random(joining, sizeof joining / sizeof *joining, 2, 40000);
}

static void test_mixed_equals_rules(void **state)
{
    (void)state;
    const char *const mixed[] = {
        "a", "Z", "1", "_", ":", ".", ",", "'", "\"", " ", "\n", "\r", "\303\251",
        "\314\201", "\342\200\215", "\342\200\213",
        "\327\220", "\343\202\253", "\343\201\202", "\346\260\264", "\340\270\201", "\340\270\261", "\352\260\200",
        "\360\237\207\251",
        "\360\237\221\251", "\342\200\231", "\302\255", "\331\243", "\342\202\254", "\360\240\200\200"};
    compare_random(mixed, sizeof mixed / sizeof *mixed, 3, 40000);
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    static cut_words w;
    uint64_t key = sheaf_i_rng_key(7, SHEAF_I_RNG_TEST, 4), draw = 0;
    for (int r = 0; r < 20000; r++) {
        size_t n = sheaf_i_rng_u64(key, draw++) % 100;
        char *p = malloc(n ? n : 1);
        for (size_t i = 0; i < n; i++) p[i] = (char)(sheaf_i_rng_u64(key, draw++) >> 9);
        for (int a = SHEAF_ANALYZER_UNICODE; a <= SHEAF_ANALYZER_SKLEARN; a++) {
            cut_all(&w, (sheaf_analyzer)a, p, n);
            for (int64_t i = 0; i < w.n; i++) {
                assert_true(w.span[i].length > 0 && (size_t)w.span[i].start + w.span[i].length <= n);
                assert_true(i == 0 || w.span[i].start > w.span[i - 1].start);
            }
        }
        free(p);
    }
}

static void assert_cut(sheaf_analyzer analyzer, const char *text, const char *want)
{
    static cut_words w;
    char got[1024] = "";
    size_t n = 0;
    cut_all(&w, analyzer, text, strlen(text));
    for (int64_t i = 0; i < w.n; i++)
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", i ? "|" : "", (int)w.span[i].length,
                              text + w.span[i].start);
    assert_string_equal(got, want);
}

static void test_words(void **state)
{
    (void)state;
    assert_cut(SHEAF_ANALYZER_UNICODE, "", "");
    assert_cut(SHEAF_ANALYZER_UNICODE, "Don't pay $3.14, or 1,000: e.g. U.S.A. well-known foo_bar __ -",
               "Don't|pay|3.14|or|1,000|e.g|U.S.A|well|known|foo_bar");
    assert_cut(SHEAF_ANALYZER_UNICODE, "l\342\200\231\303\251t\303\251 na\303\257ve",
               "l\342\200\231\303\251t\303\251|na\303\257ve");
    /* Han with Hiragana in pairs, Katakana a word, one character alone, Thai in pairs, Hangul a word */
    assert_cut(SHEAF_ANALYZER_UNICODE, "\346\260\264\344\270\212\343\201\256a \346\260\264",
               "\346\260\264\344\270\212|\344\270\212\343\201\256|a|\346\260\264");
    assert_cut(SHEAF_ANALYZER_UNICODE, "\343\202\253\343\203\212 \355\225\234\352\265\255",
               "\343\202\253\343\203\212|\355\225\234\352\265\255");
    assert_cut(SHEAF_ANALYZER_UNICODE, "\340\270\201\340\270\262\340\270\243",
               "\340\270\201\340\270\262|\340\270\262\340\270\243");
}

static void test_sklearn_words(void **state)
{
    (void)state;
    assert_cut(SHEAF_ANALYZER_SKLEARN, "Don't pay $3.14 or foo_bar __ a bb", "Don|pay|14|or|foo_bar|__|bb");
    /* U+0130 becomes i and a dot that is no word character: ABI|CD, and alone it is one character */
    assert_cut(SHEAF_ANALYZER_SKLEARN, "AB\304\260CD \304\260 \304\260x yz", "AB\304\260|CD|yz");
    assert_cut(SHEAF_ANALYZER_SKLEARN, "\346\260\264\344\270\212 x\302\262 e\314\201e",
               "\346\260\264\344\270\212|x\302\262");
}

static void test_long_words(void **state)
{
    (void)state;
    static cut_words w;
    char text[600];
    memset(text, 'a', sizeof text);
    text[SHEAF_I_MAX_WORD] = ' ';
    cut_all(&w, SHEAF_ANALYZER_UNICODE, text, sizeof text); /* one of the longest, and one that is too long */
    assert_int_equal(w.n, 1);
    assert_int_equal(w.span[0].length, SHEAF_I_MAX_WORD);
    cut_all(&w, SHEAF_ANALYZER_SKLEARN, text, sizeof text);
    assert_int_equal(w.n, 2);
}

static void assert_fold(sheaf_ctx *ctx, sheaf_analyzer analyzer, const char *word, const char *want)
{
    sheaf_i_buffer b = {.ctx = ctx};
    assert_ok(ctx, sheaf_i_fold(&b, analyzer, test_str(word)));
    assert_str(((sheaf_str){b.p, b.n}), want);
    sheaf_i_buffer_end(&b);
}

static void test_folding(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "Hospital", "hospital");
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "_Stra\303\237e__", "strasse");
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "don\342\200\231t", "don't");
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "co\302\255op", "coop");                       /* soft hyphen */
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "\357\254\201re \357\274\241", "fire a");      /* ligature, full width */
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "\316\237\316\224\316\237\316\243", "\316\277\316\264\316\277\317\203");
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "e\314\201", "\303\251");
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "\304\260l", "il");
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "\357\267\272", /* 18 characters out of one */
                "\330\265\331\204\331\211 \330\247\331\204\331\204\331\207 \330\271\331\204\331\212\331\207 "
                "\331\210\330\263\331\204\331\205");
    assert_fold(ctx, SHEAF_ANALYZER_UNICODE, "A\377B", "a\377b");                           /* not UTF-8: as it is */
    assert_fold(ctx, SHEAF_ANALYZER_SKLEARN, "_Stra\303\237E_", "_stra\303\237e_");
    assert_fold(ctx, SHEAF_ANALYZER_SKLEARN, "D\304\260", "di");
    assert_fold(ctx, SHEAF_ANALYZER_SKLEARN, "\310\272", "\342\261\245"); /* grows by a byte */
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest cutting[] = {
        cmocka_unit_test(test_unicode_conformance), cmocka_unit_test(test_ascii_equals_rules),
        cmocka_unit_test(test_mixed_equals_rules),  cmocka_unit_test(test_hostile_bytes),
        cmocka_unit_test(test_words),               cmocka_unit_test(test_sklearn_words),
        cmocka_unit_test(test_long_words),          cmocka_unit_test(test_folding)};
    int failed = cmocka_run_group_tests_name("cutting", cutting, NULL, NULL);
    failed += _cmocka_run_group_tests("words", test_text_words, n_test_text_words, NULL, NULL);
    failed += _cmocka_run_group_tests("terms", test_text_terms, n_test_text_terms, NULL, NULL);
    failed += _cmocka_run_group_tests("languages", test_text_languages, n_test_text_languages, NULL, NULL);
    failed += _cmocka_run_group_tests("phrases", test_text_phrases, n_test_text_phrases, NULL, NULL);
    failed += _cmocka_run_group_tests("sklearn", test_text_sklearn, n_test_text_sklearn, NULL, NULL);
    return failed != 0;
}
