/* read/: archives, bombs, what is skipped and why, strict, standard input. */
#define _GNU_SOURCE
#include "test_read.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/rng.h"
#include "read/source.h"

static void archives(void **state)
{
    (void)state;
    static const char *const names[] = {"a.zip", "a.tar", "a.tar.gz", "a.tar.zst", "a.tar.xz", "a.tar.bz2", "a.txt.gz"};
    static const char *const entries[] = {"dir/one.txt",
                                          "first text",
                                          "two.jsonl",
                                          "{\"text\":\"second\"}\n{\"text\":\"x\",\"id\":\"k\"}\n",
                                          "t.csv",
                                          "text\nthird\n",
                                          "__MACOSX/x.txt",
                                          "junk",
                                          "empty.txt",
                                          "",
                                          "p.html",
                                          "<p>page</p>",
                                          NULL};
    sheaf_ctx *ctx = test_context(2);
    for (int kind = 0; kind < TEST_PACKERS; kind++) {
        size_t n;
        char *bytes = test_pack(kind, entries, &n);
        for (int named = 0; named < 2; named++) { /* known by content when the name says nothing */
            const char *path = test_file(named ? names[kind] : "noname", bytes, n);
            sheaf_corpus *c = test_read(ctx, path, NULL);
            if (kind == TEST_GZ) {
                assert_int_equal(c->n, 1);
                assert_str(sheaf_corpus_text(c, 0), "first text");
            } else {
                assert_int_equal(c->n, 5);
                assert_str(sheaf_corpus_text(c, test_doc(c, "dir/one.txt")), "first text");
                assert_str(sheaf_corpus_text(c, test_doc(c, "two.jsonl#1")), "second");
                assert_str(sheaf_corpus_text(c, test_doc(c, "t.csv#2")), "third");
                assert_str(sheaf_corpus_text(c, test_doc(c, "p.html")), "page");
                assert_string_equal(test_skip_reason(c, "/empty.txt"), "empty");
            }
            sheaf_corpus_free(c);
        }
        /* cut short: whatever was whole is read, the rest is skipped, and nothing else happens */
        for (size_t cut = n; cut > 0; cut -= cut < 7 ? cut : 7) {
            const char *path = test_file("cut", bytes, cut);
            sheaf_corpus *c;
            sheaf_status st = sheaf_corpus_read(ctx, &c, &path, 1, NULL);
            assert_true(st == SHEAF_OK || st == SHEAF_EFORMAT);
            if (st == SHEAF_OK) assert_null(sheaf_i_corpus_validate(c));
            sheaf_corpus_free(c);
        }
        free(bytes);
    }
    sheaf_ctx_free(ctx);
}

/* A zip file says in bit 11 of an entry's flags that its name is UTF-8; the tests run in the "C" locale. */
static void names_that_are_not_ascii(void **state)
{
    (void)state;
    static const char *const entries[] = {"sport/naXXve.txt", "text", NULL};
    sheaf_ctx *ctx = test_context(1);
    size_t n;
    char *zip = test_pack(TEST_ZIP, entries, &n);
    for (size_t i = 0; i + 10 < n; i++) {
        if (!memcmp(zip + i, "PK\3\4", 4)) zip[i + 7] |= 8;
        if (!memcmp(zip + i, "PK\1\2", 4)) zip[i + 9] |= 8;
        if (!memcmp(zip + i, "XX", 2)) memcpy(zip + i, "\303\257", 2);
    }
    sheaf_read_opts o = test_options();
    o.label_from_folder = true;
    sheaf_corpus *c = test_read(ctx, test_file("named.zip", zip, n), &o);
    assert_str(sheaf_corpus_id(c, 0), "sport/na\303\257ve.txt");
    assert_str(sheaf_corpus_label(c, 0), "sport");
    sheaf_corpus_free(c);
    free(zip);
    sheaf_ctx_free(ctx);
}

static void office_documents_are_binary(void **state)
{
    (void)state;
    static const char *const entries[] = {"[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>", NULL};
    sheaf_ctx *ctx = test_context(1);
    size_t n;
    char *docx = test_pack(TEST_ZIP, entries, &n), folder[4500];
    test_file("o/letter.docx", docx, n);
    test_text("o/a.txt", "text");
    free(docx);
    snprintf(folder, sizeof folder, "%s/o", test_folder());
    sheaf_corpus *c = test_read(ctx, folder, NULL);
    assert_int_equal(c->n, 1);
    assert_string_equal(test_skip_reason(c, "/letter.docx"), "binary");
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static void packed_in_a_folder(void **state)
{
    (void)state;
    static const char *const inner[] = {"in.txt", "inner text", NULL};
    sheaf_ctx *ctx = test_context(2);
    size_t n;
    char *gz = test_pack(TEST_GZ, inner, &n), path[4500];
    test_file("d/a.txt.gz", gz, n);
    test_file("d/misnamed.txt", gz, n);
    test_text("d/plain.txt", "plain");
    free(gz);
    gz = test_pack(TEST_TAR, inner, &n);
    test_file("d/b.tar", gz, n);
    test_file("d/looks-plain", gz, n);
    free(gz);
    const char *nested[] = {"a.zip", "PK\3\4 inside", "b.txt", "beside", NULL};
    gz = test_pack(TEST_TAR_GZ, nested, &n);
    test_file("d/nested.tgz", gz, n);
    test_file("d/nested.dat", gz, n);
    free(gz);
    test_text("d/r.jsonl", "{\"text\":\"rec\"}\n");
    snprintf(path, sizeof path, "%s/d", test_folder());
    sheaf_corpus *c = test_read(ctx, path, NULL);
    assert_int_equal(c->n, 8);
    assert_str(sheaf_corpus_text(c, test_doc(c, "nested.tgz/b.txt")), "beside");
    assert_string_equal(test_skip_reason(c, "nested.tgz/a.zip"), "packed inside an archive");
    assert_string_equal(test_skip_reason(c, "nested.dat/a.zip"), "packed inside an archive");
    assert_str(sheaf_corpus_text(c, test_doc(c, "a.txt.gz")), "inner text");
    assert_str(sheaf_corpus_text(c, test_doc(c, "misnamed.txt")), "inner text");
    assert_str(sheaf_corpus_text(c, test_doc(c, "b.tar/in.txt")), "inner text");
    assert_str(sheaf_corpus_text(c, test_doc(c, "looks-plain/in.txt")), "inner text");
    assert_str(sheaf_corpus_text(c, test_doc(c, "r.jsonl#1")), "rec");
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

/* gzip of `n` bytes, `line` over and over. */
static const char *bomb(const char *name, size_t n, const char *line)
{
    const char *path = test_text(name, "");
    gzFile f = gzopen(path, "wb9");
    size_t k = strlen(line), block = (size_t)1 << 20;
    char *p = malloc(block);
    for (size_t i = 0; i < block; i++) p[i] = line[i % k];
    for (size_t i = 0; i < n; i += block) gzwrite(f, p, (unsigned)block);
    gzclose(f);
    free(p);
    return path;
}

static void bombs_are_refused(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_read_opts o = test_options();
    sheaf_corpus *c;
    const char *one = bomb("bomb.txt.gz", (size_t)80 << 20, "a"), *inputs[2];
    assert_int_equal(sheaf_corpus_read(ctx, &c, &one, 1, NULL), SHEAF_EFORMAT);
    assert_non_null(strstr(sheaf_ctx_hint(ctx), "refused: expands more than 200 times"));
    inputs[0] = one;
    inputs[1] = test_text("fine.txt", "fine");
    assert_ok(ctx, sheaf_corpus_read(ctx, &c, inputs, 2, NULL));
    assert_int_equal(c->n, 1);
    assert_string_equal(test_skip_reason(c, "bomb.txt.gz"), "refused: expands more than 200 times");
    sheaf_corpus_free(c);
    o.strict = true;
    assert_int_equal(sheaf_corpus_read(ctx, &c, inputs, 2, &o), SHEAF_EFORMAT);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "bomb.txt.gz: refused"));
    /* Lines: those before the limit are read, and it is said where that was. */
    o = test_options();
    o.keep_text = false;
    o.from = SHEAF_FROM_LINES;
    one = bomb("lines.gz", (size_t)80 << 20, "0123456789abcde\n");
    assert_ok(ctx, sheaf_corpus_read(ctx, &c, &one, 1, &o));
    assert_in_range(c->counts.bytes, 1, (uint64_t)70 << 20);
    assert_non_null(strstr(test_skip_reason(c, "lines.gz"), "refused"));
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

static void skips_have_reasons(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_read_opts o = test_options();
    test_text("s/good.txt", "good");
    test_text("s/empty.txt", "");
    test_text("s/blank.txt", " \n\t\n");
    test_file("s/nul.txt", "ab\0cd", 5);
    test_file("s/control.bin", "\1\2\3\4\5\6\7\x0e\x0f\x10 abc", 14);
    test_text("s/latin.txt", "caf\xe9 au lait");
    char path[4500];
    const char *input = path;
    snprintf(path, sizeof path, "%s/s", test_folder());
    if (geteuid() != 0) chmod(test_text("s/locked.txt", "x"), 0);
    sheaf_corpus *c = test_read(ctx, path, NULL);
    assert_int_equal(c->n, 2);
    assert_string_equal(test_skip_reason(c, "/empty.txt"), "empty");
    assert_string_equal(test_skip_reason(c, "/blank.txt"), "empty");
    assert_string_equal(test_skip_reason(c, "/nul.txt"), "binary");
    assert_string_equal(test_skip_reason(c, "/control.bin"), "binary");
    assert_str(sheaf_corpus_text(c, test_doc(c, "latin.txt")), "caf\xEF\xBF\xBD au lait");
    assert_int_equal(c->counts.replaced, 1);
    if (geteuid() != 0) assert_non_null(strstr(test_skip_reason(c, "/locked.txt"), "unreadable: "));
    sheaf_corpus_free(c);
    o.strict = true;
    assert_int_equal(sheaf_corpus_read(ctx, &c, &input, 1, &o), SHEAF_EFORMAT);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "s/blank.txt: empty"));
    sheaf_ctx_free(ctx);
}

static void nothing_to_read(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    char path[4500];
    const char *input = path;
    sheaf_corpus *c;
    snprintf(path, sizeof path, "%s/none", test_folder());
    mkdir(path, 0777);
    assert_int_equal(sheaf_corpus_read(ctx, &c, &input, 1, NULL), SHEAF_EFORMAT);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "none: no documents (0 files)"));
    assert_non_null(strstr(sheaf_ctx_hint(ctx), "sheaf help formats"));
    test_text("none/x.txt", "");
    assert_int_equal(sheaf_corpus_read(ctx, &c, &input, 1, NULL), SHEAF_EFORMAT);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "none: no documents (1 file, 1 skipped)"));
    assert_non_null(strstr(sheaf_ctx_hint(ctx), "x.txt: empty"));
    sheaf_ctx_free(ctx);
}

static void large_records(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    size_t n = (size_t)9 << 20; /* longer than several pieces */
    char *p = malloc(n + 64);
    memset(p, 'x', n);
    for (size_t i = 80; i < n; i += 80) p[i] = ' ';
    memcpy(p, "{\"id\":\"L\",\"text\":\"", 18);
    memcpy(p + n - 3, "\"}\n", 3);
    memcpy(p + n, "{\"text\":\"after\"}\n", 17);
    const char *path = test_file("large.jsonl", p, n + 17);
    sheaf_corpus *c = test_read(ctx, path, NULL);
    assert_int_equal(c->n, 2);
    assert_int_equal(sheaf_corpus_text(c, test_doc(c, "L")).n, n - 21);
    assert_str(sheaf_corpus_text(c, test_doc(c, "2")), "after");
    sheaf_corpus_free(c);
    for (size_t i = 0; i < n; i++)
        if (p[i] == '"' || p[i] == '{' || p[i] == '}' || p[i] == '\n') p[i] = '.';
    c = test_read(ctx, test_file("large.txt", p, n), NULL);
    assert_int_equal(sheaf_corpus_text(c, 0).n, n);
    sheaf_corpus_free(c);
    free(p);
    sheaf_ctx_free(ctx);
}

/* Standard input as a pipe and as a file. */
static void standard_input(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    int saved = dup(STDIN_FILENO), ends[2];
    const char text[] = "{\"text\":\"piped\"}\n{\"text\":\"two\"}\n", *dash = "-";
    static const char *const entries[] = {"x", "one line\nanother\n", NULL};
    size_t n;
    char *gz = test_pack(TEST_GZ, entries, &n);
    for (int kind = 0; kind < 4; kind++) {
        const char *bytes = kind & 1 ? gz : text;
        size_t size = kind & 1 ? n : sizeof text - 1;
        if (kind < 2) {
            assert_int_equal(pipe(ends), 0);
            assert_int_equal(write(ends[1], bytes, size), (ssize_t)size);
            close(ends[1]);
        } else {
            ends[0] = open(test_file("in", bytes, size), O_RDONLY);
        }
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        sheaf_corpus *c = test_read(ctx, dash, NULL);
        assert_int_equal(c->n, 2);
        assert_str(sheaf_corpus_text(c, test_doc(c, "1")), kind & 1 ? "one line" : "piped");
        sheaf_corpus_free(c);
    }
    dup2(saved, STDIN_FILENO);
    close(saved);
    free(gz);
    sheaf_ctx_free(ctx);
}

static int clear_after(void **state)
{
    (void)state;
    test_clear();
    return 0;
}

/* Equal beginnings of any length, numbers in front, zeros before them, ids alike in more than the key of the sort. */
static void ids_of_all_shapes_are_sorted(void **state)
{
    (void)state;
    enum { N = 6000 };
    static const char *const begins[] = {"", "x", "0007", "news/", "a/very/long/path/of/folders/12", "v1.0/"};
    static const char *const middles[] = {"", "00", "aaaaaaaaaaaaaaaaaaaaaaaa", "1/1/1/1/1/1/1/1/1/1/", "-", "9"};
    static char text[N][80];
    sheaf_str texts[N], ids[N];
    for (size_t b = 0; b < sizeof begins / sizeof *begins; b++) {
        uint64_t key = sheaf_i_rng_key(b, SHEAF_I_RNG_TEST, 5);
        for (uint64_t i = 0; i < N; i++) {
            uint64_t x = sheaf_i_rng_u64(key, i);
            int n = snprintf(text[i], sizeof text[i], "%s%s%.*s%llu", begins[b], middles[x % 6], (int)(x >> 8 & 3),
                             "0.0", (unsigned long long)(i * 7919 % N + 1) * (x >> 12 & 1 ? 1000003 : 1));
            size_t used = (size_t)n + (size_t)snprintf(text[i] + n, sizeof text[i] - (size_t)n, ":%d", (int)i);
            ids[i] = (sheaf_str){text[i], used};
            texts[i] = (sheaf_str){"text", 4};
        }
        char *first = NULL;
        for (int32_t threads = 1; threads <= 3; threads += 2) {
            sheaf_ctx *ctx = test_context(threads);
            sheaf_corpus *c;
            assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, texts, ids, NULL, N));
            assert_int_equal(sheaf_corpus_size(c), N);
            assert_null(sheaf_i_corpus_validate(c)); /* compares neighbours by the rule itself */
            char *dump = test_dump(c);
            if (first) assert_string_equal(dump, first);
            else first = strdup(dump);
            free(dump);
            sheaf_corpus_free(c);
            sheaf_ctx_free(ctx);
        }
        free(first);
    }
}

static void a_failure_leaves_what_was_skipped(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_corpus *c, *remains;
    sheaf_str place, reason;
    sheaf_read_opts o = test_options();
    o.remains = &remains;
    const char *path = test_text("broken.jsonl", "{\"text\":\"a\"}\nnonsense\n");
    assert_ok(ctx, sheaf_corpus_read(ctx, &c, &path, 1, &o));
    assert_null(remains);
    sheaf_corpus_free(c);
    o.strict = true;
    assert_int_equal(sheaf_corpus_read(ctx, &c, &path, 1, &o), SHEAF_EFORMAT);
    assert_null(c);
    assert_non_null(remains);
    assert_int_equal(sheaf_corpus_size(remains), 0);
    assert_int_equal(sheaf_corpus_counts(remains).skipped, 1);
    sheaf_corpus_skipped(remains, 0, &place, &reason);
    assert_memory_equal(place.p + place.n - 14, "broken.jsonl:2", 14);
    assert_int_equal(strncmp(reason.p, "not JSON", 8), 0);
    sheaf_corpus_free(remains);
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_read_hostile[] = {
    cmocka_unit_test(ids_of_all_shapes_are_sorted),
    cmocka_unit_test_teardown(a_failure_leaves_what_was_skipped, clear_after),
    cmocka_unit_test_teardown(archives, clear_after),
    cmocka_unit_test_teardown(names_that_are_not_ascii, clear_after),
    cmocka_unit_test_teardown(office_documents_are_binary, clear_after),
    cmocka_unit_test_teardown(packed_in_a_folder, clear_after),
    cmocka_unit_test_teardown(bombs_are_refused, clear_after),
    cmocka_unit_test_teardown(skips_have_reasons, clear_after),
    cmocka_unit_test_teardown(nothing_to_read, clear_after),
    cmocka_unit_test_teardown(large_records, clear_after),
    cmocka_unit_test_teardown(standard_input, clear_after),
};
const size_t test_read_hostile_n = sizeof test_read_hostile / sizeof *test_read_hostile;
