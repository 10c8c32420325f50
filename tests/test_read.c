/* read/: the corpus, its order, its columns; the same corpus at any number of threads and any order of input. */
#define _GNU_SOURCE
#include "test_read.h"

#include <archive.h>
#include <archive_entry.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "base/context.h"

/* ---- what the tests share ---- */

static char folder[4096];

const char *test_folder(void)
{
    if (*folder) return folder;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/sheaf-read-XXXXXX", base && *base ? base : P_tmpdir);
    assert_non_null(mkdtemp(folder));
    return folder;
}

const char *test_file(const char *name, const char *bytes, size_t n)
{
    static char path[8][4600];
    static int turn;
    char *p = path[turn++ % 8];
    snprintf(p, sizeof *path, "%s/%s", test_folder(), name);
    for (char *slash = p + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(p, 0777);
        *slash = '/';
    }
    FILE *f = fopen(p, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return p;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    return at->level ? remove(path) : 0;
}

void test_clear(void) { nftw(test_folder(), remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static int clear_after(void **state)
{
    (void)state;
    test_clear();
    return 0;
}

char *test_pack(int kind, const char *const *entries, size_t *n)
{
    size_t room = (size_t)1 << 20;
    char *out = malloc(room);
    struct archive *a = archive_write_new();
    assert_true(out && a);
    switch (kind) {
    case TEST_ZIP: archive_write_set_format_zip(a); break;
    case TEST_GZ: archive_write_set_format_raw(a); break;
    default: archive_write_set_format_ustar(a);
    }
    if (kind == TEST_TAR_GZ || kind == TEST_GZ) archive_write_add_filter_gzip(a);
    if (kind == TEST_TAR_ZST) archive_write_add_filter_zstd(a);
    if (kind == TEST_TAR_XZ) archive_write_add_filter_xz(a);
    if (kind == TEST_TAR_BZ2) archive_write_add_filter_bzip2(a);
    assert_int_equal(archive_write_open_memory(a, out, room, n), ARCHIVE_OK);
    for (; *entries; entries += 2) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, entries[0]);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, (la_int64_t)strlen(entries[1]));
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        archive_write_data(a, entries[1], strlen(entries[1]));
        archive_entry_free(e);
        if (kind == TEST_GZ) break;
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return out;
}

sheaf_corpus *test_read(sheaf_ctx *ctx, const char *path, const sheaf_read_opts *o)
{
    sheaf_corpus *c;
    assert_ok(ctx, sheaf_corpus_read(ctx, &c, &path, 1, o));
    const char *wrong = sheaf_i_corpus_validate(c);
    if (wrong) fail_msg("%s: %s", path, wrong);
    return c;
}

int64_t test_doc(const sheaf_corpus *c, const char *id)
{
    for (int64_t i = 0; i < c->n; i++) {
        sheaf_str s = sheaf_corpus_id(c, i);
        if (s.n == strlen(id) && !memcmp(s.p, id, s.n)) return i;
    }
    fail_msg("no document '%s'", id);
    return -1;
}

static void print(FILE *f, sheaf_str s) { fprintf(f, "%zu:%.*s\t", s.n, (int)s.n, s.p); }

char *test_dump(const sheaf_corpus *c)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    for (int32_t k = 0; k < c->n_columns; k++) print(f, c->columns[k]);
    for (int64_t i = 0; i < c->n; i++) {
        print(f, sheaf_corpus_id(c, i)), print(f, sheaf_corpus_title(c, i)), print(f, sheaf_corpus_date(c, i));
        print(f, sheaf_corpus_label(c, i)), print(f, sheaf_corpus_text(c, i));
        for (int32_t k = 0; k < c->n_columns; k++) print(f, sheaf_corpus_column(c, i, k));
        fputc('\n', f);
    }
    fclose(f);
    return text;
}

const char *test_skip_reason(const sheaf_corpus *c, const char *end)
{
    static char reason[300];
    for (int64_t i = 0; i < c->counts.skipped; i++) {
        sheaf_str place, why;
        sheaf_corpus_skipped(c, i, &place, &why);
        size_t n = strlen(end);
        if (place.n < n || memcmp(place.p + place.n - n, end, n)) continue;
        snprintf(reason, sizeof reason, "%.*s", (int)why.n, why.p);
        return reason;
    }
    return NULL;
}

/* ---- tests ---- */

static void order_of_ids(void **state)
{
    (void)state;
    static const char *const sorted[] = {"",   "-1", "0",    "00",  "01",  "1",    "2",  "a", "a/b",
                                         "a1", "a2", "a02b", "a2c", "a10", "a10b", "aa", "b", "\xc3\xa9"};
    int n = sizeof sorted / sizeof *sorted;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            int c = sheaf_i_id_compare(test_str(sorted[i]), test_str(sorted[j]));
            if ((i < j) != (c < 0) || (i == j) != (c == 0)) fail_msg("'%s' and '%s': %d", sorted[i], sorted[j], c);
        }
}

static void from_memory(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_corpus *c;
    sheaf_str texts[3] = {{"two", 3}, {"one", 3}, {" \n", 2}}, ids[3] = {{"b10", 3}, {"b9", 2}, {"x", 1}};
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &c, texts, ids, NULL, 3));
    assert_null(sheaf_i_corpus_validate(c));
    assert_int_equal(sheaf_corpus_size(c), 2);
    assert_str(sheaf_corpus_id(c, 0), "b9");
    assert_str(sheaf_corpus_text(c, 1), "two");
    assert_int_equal(sheaf_corpus_counts(c).skipped, 1);
    assert_false(sheaf_corpus_has_label(c));
    sheaf_corpus_free(c);
    ids[1] = ids[0];
    assert_int_equal(sheaf_corpus_from_memory(ctx, &c, texts, ids, NULL, 2), SHEAF_EFORMAT);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "'b10' (memory#1 and memory#2)"));
    assert_int_equal(sheaf_corpus_from_memory(ctx, &c, texts, NULL, NULL, 0), SHEAF_EFORMAT);
    assert_null(c);
    sheaf_ctx_free(ctx);
}

static void a_folder(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_read_opts o = test_options();
    test_text("x/sport/a10.txt", "ten");
    test_text("x/sport/a9.txt", "nine");
    test_text("x/news/.hidden", "no");
    test_text("x/news/.git/a.txt", "no");
    test_text("x/news/page.html", "<title>T</title><p>Body text</p>");
    test_text("x/readme", "plain");
    test_text("outside.txt", "not in the folder");
    char root[4400], link[4500], target[4500];
    snprintf(root, sizeof root, "%s/x", test_folder());
    snprintf(link, sizeof link, "%s/link.txt", root);
    snprintf(target, sizeof target, "%s/outside.txt", test_folder());
    assert_int_equal(symlink(target, link), 0);
    snprintf(link, sizeof link, "%s/loop", root);
    assert_int_equal(symlink(root, link), 0);
    snprintf(link, sizeof link, "%s/pipe", root);
    assert_int_equal(mkfifo(link, 0600), 0);
    snprintf(link, sizeof link, "%s/inside.txt", root);
    assert_int_equal(symlink("readme", link), 0);
    o.label_from_folder = true;
    sheaf_corpus *c = test_read(ctx, root, &o);
    assert_int_equal(c->n, 5);
    assert_str(sheaf_corpus_label(c, test_doc(c, "sport/a9.txt")), "sport");
    assert_str(sheaf_corpus_label(c, test_doc(c, "readme")), "");
    assert_str(sheaf_corpus_title(c, test_doc(c, "news/page.html")), "T");
    assert_str(sheaf_corpus_text(c, test_doc(c, "inside.txt")), "plain");
    assert_true(test_doc(c, "sport/a9.txt") < test_doc(c, "sport/a10.txt"));
    assert_string_equal(test_skip_reason(c, "/link.txt"), "link that leads out of the folder");
    assert_string_equal(test_skip_reason(c, "/loop"), "link to a folder");
    assert_string_equal(test_skip_reason(c, "/pipe"), "not a regular file");
    assert_int_equal(c->counts.files, 5);
    sheaf_corpus_free(c);
    sheaf_ctx_free(ctx);
}

/* Several inputs: whole paths, so that equal names in two folders do not meet. */
static void several_inputs(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    char one[4400], two[4400];
    const char *file = test_text("c.jsonl", "{\"text\":\"x\"}\n{\"text\":\"y\",\"id\":7}\n");
    test_text("one/a.txt", "first");
    test_text("two/a.txt", "second");
    snprintf(one, sizeof one, "%s/one", test_folder());
    snprintf(two, sizeof two, "%s/two/", test_folder());
    const char *inputs[] = {one, two, file}, *reversed[] = {file, two, one};
    sheaf_corpus *c, *d;
    assert_ok(ctx, sheaf_corpus_read(ctx, &c, inputs, 3, NULL));
    assert_int_equal(c->n, 4);
    char id[4500];
    sheaf_read_opts o = test_options();
    o.label_from_folder = true;
    test_text("two/in/b.txt", "third");
    assert_ok(ctx, sheaf_corpus_read(ctx, &d, inputs, 3, &o));
    snprintf(id, sizeof id, "%s/two/a.txt", test_folder());
    assert_str(sheaf_corpus_label(d, test_doc(d, id)), "two");
    snprintf(id, sizeof id, "%s/two/in/b.txt", test_folder());
    assert_str(sheaf_corpus_label(d, test_doc(d, id)), "in");
    sheaf_corpus_free(d);
    assert_int_equal(unlink(id), 0);
    snprintf(id, sizeof id, "%s/one/a.txt", test_folder());
    d = test_read(ctx, id, &o);
    assert_str(sheaf_corpus_label(d, 0), "one");
    sheaf_corpus_free(d);
    snprintf(id, sizeof id, "%s/two/a.txt", test_folder());
    assert_str(sheaf_corpus_text(c, test_doc(c, id)), "second");
    snprintf(id, sizeof id, "%s#1", file);
    assert_str(sheaf_corpus_text(c, test_doc(c, id)), "x");
    assert_str(sheaf_corpus_text(c, test_doc(c, "7")), "y");
    assert_ok(ctx, sheaf_corpus_read(ctx, &d, reversed, 3, NULL));
    char *a = test_dump(c), *b = test_dump(d);
    assert_string_equal(a, b);
    free(a);
    free(b);
    sheaf_corpus_free(c);
    sheaf_corpus_free(d);
    sheaf_ctx_free(ctx);
}

/* n records with ids, in an order drawn with `key`; records differ in the fields they have. */
static char *shuffled(int n, uint64_t key, size_t *bytes)
{
    int *order = malloc((size_t)n * sizeof *order);
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)(sheaf_i_rng_u64(key, (uint64_t)i) % (uint64_t)(i + 1)), x = order[i];
        order[i] = order[j];
        order[j] = x;
    }
    char *text;
    FILE *f = open_memstream(&text, bytes);
    for (int i = 0; i < n; i++) {
        int k = order[i];
        fprintf(f, "{\"id\":\"d%d\",\"c%d\":%d,\"text\":\"", k, k % 5, k);
        for (int w = 0; w < 60; w++) fprintf(f, "word%d \\u00e9\\n", (k * 31 + w * 7) % 1000);
        fprintf(f, "\",\"label\":\"l%d\"}\n", k % 3);
    }
    fclose(f);
    free(order);
    return text;
}

static void same_at_any_order_and_threads(void **state)
{
    (void)state;
    char *first = NULL;
    for (uint64_t key = 0; key < 3; key++) {
        size_t n;
        char *text = shuffled(4000, key, &n);
        assert_true(n > (size_t)3 << 20); /* several chunks */
        const char *path = test_file("shuffled.jsonl", text, n);
        free(text);
        for (int32_t t = 1; t <= 7; t = t == 1 ? 2 : t + 5) {
            sheaf_ctx *ctx = test_context(t);
            sheaf_corpus *c = test_read(ctx, path, NULL);
            assert_int_equal(c->n, 4000);
            assert_true(c->n_chunks >= 4);
            char *dump = test_dump(c);
            if (!first) first = dump;
            else assert_string_equal(dump, first);
            if (dump != first) free(dump);
            sheaf_corpus_free(c);
            sheaf_ctx_free(ctx);
        }
    }
    free(first);
}

typedef struct {
    int64_t docs, bytes, chunks;
} visits;

static sheaf_status count_visit(void *arg, int32_t worker, int64_t chunk, const sheaf_i_doc *docs, int64_t n)
{
    visits *v = arg;
    (void)worker;
    for (int64_t i = 0; i < n; i++) {
        if (docs[i].chunk != chunk || docs[i].slot != i || !docs[i].text.n) return SHEAF_EBUG;
        __atomic_add_fetch(&v->bytes, (int64_t)docs[i].text.n, __ATOMIC_RELAXED);
    }
    __atomic_add_fetch(&v->docs, n, __ATOMIC_RELAXED);
    __atomic_add_fetch(&v->chunks, 1, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

static sheaf_status refuse_visit(void *arg, int32_t worker, int64_t chunk, const sheaf_i_doc *docs, int64_t n)
{
    (void)worker, (void)docs, (void)n;
    return chunk < 2 ? SHEAF_OK : sheaf_i_fail(arg, SHEAF_ENUMERIC, "chunk %lld", (long long)chunk);
}

static void visitor_sees_all(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    sheaf_read_opts o = test_options();
    size_t n;
    char *text = shuffled(4000, 1, &n);
    const char *path = test_file("v.jsonl", text, n);
    free(text);
    for (int keep = 0; keep < 2; keep++) {
        visits v = {0, 0, 0};
        sheaf_i_visitor visitor = {count_visit, &v};
        sheaf_corpus *c;
        o.keep_text = keep;
        assert_ok(ctx, sheaf_i_read(ctx, &c, &path, 1, &o, &visitor));
        assert_null(sheaf_i_corpus_validate(c));
        assert_int_equal(v.docs, 4000);
        assert_int_equal(v.bytes, c->counts.bytes);
        assert_int_equal(v.chunks, c->n_chunks);
        assert_int_equal(sheaf_corpus_text(c, 17).n > 0, keep);
        sheaf_corpus_free(c);
    }
    sheaf_i_visitor refusing = {refuse_visit, ctx};
    sheaf_corpus *c;
    assert_int_equal(sheaf_i_read(ctx, &c, &path, 1, &o, &refusing), SHEAF_ENUMERIC);
    assert_string_equal(sheaf_ctx_message(ctx), "chunk 2");
    sheaf_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const entries[] = {"a.txt", "words", "b.jsonl", "{\"text\":\"x\\n\",\"k\":[1]}\n", NULL};
    size_t n;
    char *bytes = test_pack(TEST_ZIP, entries, &n);
    test_file("f/z.zip", bytes, n);
    free(bytes);
    test_text("f/a.csv", "id,text,c\n1,\"a \"\"q\"\"\",x\n2,b,y,z\n");
    test_text("f/p.html", "<p>Text \xff</p>");
    test_text("f/t.txt", "Post one\n\nLeave a comment\n\nPost \xff two\n");
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    sheaf_read_opts o = test_options();
    o.split = "^Leave";
    int64_t before = limit.live;
    char path[4500];
    snprintf(path, sizeof path, "%s/f", test_folder());
    const char *input = path;
    for (int64_t at = 1;; at++) {
        sheaf_corpus *c;
        limit.calls = 0;
        limit.fail_at = at;
        sheaf_status st = sheaf_corpus_read(ctx, &c, &input, 1, &o);
        if (st == SHEAF_OK) {
            assert_true(at > 30);
            assert_int_equal(c->n, 6);
            sheaf_corpus_free(c);
            break;
        }
        assert_int_equal(st, SHEAF_ENOMEM);
        assert_null(c);
        assert_int_equal(limit.live, before);
    }
    limit.fail_at = 0;
    assert_int_equal(limit.live, before);
    sheaf_ctx_free(ctx);
}

static void limits_and_options(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_read_opts o = test_options();
    const char *path =
        test_text("m.jsonl", "{\"id\":3,\"text\":\"c\"}\n{\"id\":1,\"text\":\"a\"}\n{\"id\":2,\"text\":\"b\"}\n");
    o.max_docs = 2;
    sheaf_corpus *c = test_read(ctx, path, &o);
    assert_int_equal(c->n, 2);
    assert_str(sheaf_corpus_id(c, 1), "2");
    sheaf_corpus_free(c);
    o.max_docs = -1;
    assert_int_equal(sheaf_corpus_read(ctx, &c, &path, 1, &o), SHEAF_EINVAL);
    o = test_options();
    o.split = "(";
    assert_int_equal(sheaf_corpus_read(ctx, &c, &path, 1, &o), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "split '('"));
    assert_int_equal(sheaf_corpus_read(ctx, &c, &path, 0, NULL), SHEAF_EINVAL);
    const char *missing = "no-such-file.txt";
    assert_int_equal(sheaf_corpus_read(ctx, &c, &missing, 1, NULL), SHEAF_EIO);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "cannot read no-such-file.txt"));
    sheaf_ctx_free(ctx);
}

static void real_corpora(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t docs, skipped, replaced;
    } known[] = {{"udhr2", 387, 1, 0}, {"bbc", 2225, 0, 0}, {"r8", 7674, 0, 0}, {"zh_news4", 3506, 0, 0},
                 {"gnad10_test", 1028, 0, 0}, {"20ng", 18846, 0, 0}};
    if (!test_corpora()) {
        print_message("skipped: SHEAF_CORPORA is not set\n");
        skip();
    }
    sheaf_ctx *ctx = test_context(2);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char path[4500];
        snprintf(path, sizeof path, "%s/%s.jsonl.gz", test_corpora(), known[i].name);
        sheaf_corpus *c = test_read(ctx, path, NULL);
        assert_int_equal(c->n, known[i].docs);
        assert_int_equal(c->counts.skipped, known[i].skipped);
        assert_int_equal(c->counts.replaced, known[i].replaced);
        sheaf_corpus_free(c);
    }
    sheaf_ctx_free(ctx);
}

static int remove_folder(void **state)
{
    (void)state;
    if (!*folder) return 0;
    test_clear();
    int failed = rmdir(folder);
    *folder = 0;
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_ids),
        cmocka_unit_test(from_memory),
        cmocka_unit_test_teardown(a_folder, clear_after),
        cmocka_unit_test_teardown(several_inputs, clear_after),
        cmocka_unit_test_teardown(same_at_any_order_and_threads, clear_after),
        cmocka_unit_test_teardown(visitor_sees_all, clear_after),
        cmocka_unit_test_teardown(every_allocation_may_fail, clear_after),
        cmocka_unit_test_teardown(limits_and_options, clear_after),
        cmocka_unit_test(real_corpora),
        cmocka_unit_test(fuzz_targets_hold),
    };
    int failed = cmocka_run_group_tests(tests, NULL, remove_folder);
    failed += _cmocka_run_group_tests("formats", test_read_formats, test_read_formats_n, NULL, remove_folder);
    failed += _cmocka_run_group_tests("hostile", test_read_hostile, test_read_hostile_n, NULL, remove_folder);
    failed += _cmocka_run_group_tests("split", test_read_split, test_read_split_n, NULL, remove_folder);
    return failed;
}
