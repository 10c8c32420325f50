/* Vectors of the user's own: .npy files good and bad, their order, and documents left unassigned for a weak fit; tables
   of aligned runs. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "matrix/npy.h"
#include "test_align.h"

#define ROOM 64

static void make_file(char path[ROOM], const char *ending, const void *bytes, size_t n)
{
    snprintf(path, ROOM, "/tmp/sheaf-test-XXXXXX%s", ending);
    int fd = mkstemps(path, (int)strlen(ending));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

static size_t npy(char *to, int version, const char *head, const void *body, size_t n)
{
    const size_t length = strlen(head), prefix = version > 1 ? 12 : 10;
    memcpy(to, "\x93NUMPY", 6);
    to[6] = (char)version;
    to[7] = 0;
    to[8] = (char)(length & 0xFF);
    to[9] = (char)(length >> 8 & 0xFF);
    if (version > 1) to[10] = to[11] = 0;
    memcpy(to + prefix, head, length);
    if (n) memcpy(to + prefix + length, body, n);
    return prefix + length + n;
}

#define HEAD(type, shape) "{'descr': '" type "', 'fortran_order': False, 'shape': " shape ", }     \n"

static void reads_what_numpy_writes(void **unused)
{
    (void)unused;
    static const float f[] = {1, -2, 3.5f, 4, 5, 6e30f};
    static const double d[] = {1, -2, 3.5, 4, 5, 6e30};
    sheaf_ctx *ctx = test_context(1);
    for (int version = 1; version <= 3; version++)
        for (int wide = 0; wide < 2; wide++) {
            char bytes[300], path[ROOM];
            const size_t n = npy(bytes, version, wide ? HEAD("<f8", "(3, 2)") : HEAD("<f4", "(3, 2)"),
                                 wide ? (const void *)d : f, wide ? sizeof d : sizeof f);
            make_file(path, ".npy", bytes, n);
            float *x;
            int64_t rows;
            int32_t cols;
            assert_ok(ctx, sheaf_i_npy_read(ctx, &x, &rows, &cols, path));
            assert_int_equal(rows, 3);
            assert_int_equal(cols, 2);
            assert_memory_equal(x, f, sizeof f);
            sheaf_i_aligned_free(ctx, x);
            unlink(path);
        }
    sheaf_ctx_free(ctx);
}

static void refuses_the_rest(void **unused)
{
    (void)unused;
    static const float f[] = {1, 2, 3, 4, NAN, 6}, g[] = {1, 2, 3, INFINITY, 5, 6};
    static const double d[] = {1, 2, 3, 4, 5, 1e39};
    const struct {
        const char *head;
        const void *body;
        size_t n;
        const char *error;
    } bad[] = {
        {HEAD("<f4", "(3, 2)"), f, 24, "row 2 (from 0) holds NaN"},
        {HEAD("<f4", "(3, 2)"), g, 24, "row 1 (from 0) holds infinity"},
        {HEAD("<f8", "(3, 2)"), d, 48, "row 2 (from 0) holds infinity, or a number too large"},
        {HEAD("<f4", "(3, 2)"), f, 20, "its head says 3 x 2, but it has 20 bytes"},
        {HEAD("<f4", "(3, 1)"), f, 24, "its head says 3 x 1, but it has 24 bytes"},
        {HEAD("<f4", "(4611686018427387904, 4)"), f, 24, "its head says"},
        {HEAD("<f4", "(99999999999999999999, 2)"), f, 24, "its head has no shape"},
        {HEAD("<f4", "(1, 3000000000)"), f, 24, "rows of 3000000000 numbers"},
        {HEAD("<f4", "(3, 0)"), f, 0, "rows of 0 numbers"},
        {HEAD("<f4", "(6,)"), f, 24, "1 dimension; a row a document takes 2"},
        {HEAD("<f4", "()"), f, 4, "0 dimensions"},
        {HEAD("<f4", "(3, 2, 1)"), f, 24, "3 dimensions"},
        {HEAD("<f4", "(-3, 2)"), f, 24, "its head has no shape"},
        {HEAD("<f4", "(3, 2"), f, 24, "its head has no shape"},
        {HEAD("<i4", "(3, 2)"), f, 24, "neither float32 nor float64"},
        {HEAD("<f2", "(3, 2)"), f, 12, "neither float32 nor float64"},
        {HEAD(">f4", "(3, 2)"), f, 24, "big-endian"},
        {"{'descr': [('a', '<f4')], 'shape': (3, 2)}", f, 24, "neither float32 nor float64"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }", f, 24, "Fortran order"},
        {"{'descr': '<f4'}", f, 24, "its head has no shape"},
        {"", f, 24, "neither float32 nor float64"},
    };
    sheaf_ctx *ctx = test_context(1);
    char bytes[6000] = "", path[ROOM];
    float *x;
    int64_t rows;
    int32_t cols;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        make_file(path, ".npy", bytes, npy(bytes, 1, bad[i].head, bad[i].body, bad[i].n));
        assert_int_equal(sheaf_i_npy_read(ctx, &x, &rows, &cols, path), SHEAF_EFORMAT);
        assert_null(x);
        if (!strstr(sheaf_ctx_message(ctx), bad[i].error)) fail_msg("%zu: %s", i, sheaf_ctx_message(ctx));
        unlink(path);
    }
    const size_t n = npy(bytes, 2, HEAD("<f4", "(3, 2)"), f, 24);
    for (size_t cut = 0; cut < n; cut++) { /* nowhere may it be read beyond its end */
        make_file(path, ".npy", bytes, cut);
        assert_int_equal(sheaf_i_npy_read(ctx, &x, &rows, &cols, path), SHEAF_EFORMAT);
        unlink(path);
    }
    bytes[10] = 1; /* a head of 64 KiB and more */
    make_file(path, ".npy", bytes, sizeof bytes);
    assert_int_equal(sheaf_i_npy_read(ctx, &x, &rows, &cols, path), SHEAF_EFORMAT);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "too long"));
    unlink(path);
    assert_int_equal(sheaf_i_npy_read(ctx, &x, &rows, &cols, "/nonexistent.npy"), SHEAF_EIO);
    assert_int_equal(sheaf_i_npy_read(ctx, &x, &rows, &cols, "/tmp"), SHEAF_EIO);
    sheaf_ctx_free(ctx);
}

/* ---- the model */

static const char *const WORDS[2][6] = {{"river", "flood", "water", "bridge", "rain", "storm"},
                                        {"violin", "concert", "melody", "piano", "singer", "rhythm"}};
#define DOCS 24
#define PLACES 26 /* with the two that are skipped */

/* Documents d23 .. d00, so not in order of id, of two themes; after the third and at the end a line that is skipped. */
static void make_documents(char path[ROOM])
{
    char text[8000];
    size_t n = 0;
    for (int l = 0; l < DOCS; l++) {
        const int i = DOCS - 1 - l;
        n += (size_t)sprintf(text + n, "{\"id\":\"d%02d\",\"text\":\"", i);
        for (int j = 0; j < 4; j++) n += (size_t)sprintf(text + n, "%s ", WORDS[i % 2][(i / 2 + j) % 6]);
        n += (size_t)sprintf(text + n, "\"}\n");
        if (l == 2 || l == DOCS - 1) n += (size_t)sprintf(text + n, "not json\n");
    }
    make_file(path, ".jsonl", text, n);
}

/* A row a line of the above: document i points by its third, not by its words; skipped lines have a row that would
   show. */
static void make_vectors(char path[ROOM], int rows)
{
    static float x[40][4];
    char bytes[1000], head[100];
    for (int l = 0, at = 0; l < rows; l++) {
        const bool skipped = l == 3 || l >= 25;
        const int i = DOCS - 1 - at;
        memset(x[l], 0, sizeof x[l]);
        x[l][skipped ? 3 : i * 3 / DOCS] = 1;
        if (!skipped) x[l][3] = .01f * (float)(i % 5);
        at += !skipped;
    }
    snprintf(head, sizeof head, HEAD("<f4", "(%d, 4)"), rows);
    make_file(path, ".npy", bytes, npy(bytes, 1, head, x, (size_t)rows * sizeof x[0]));
}

typedef struct {
    char documents[ROOM], vectors[ROOM], ids[ROOM];
    sheaf_fit_opts o;
} job;

static void job_begin(job *j, int rows)
{
    *j = (job){.ids = ""};
    make_documents(j->documents);
    make_vectors(j->vectors, rows);
    sheaf_fit_opts_init(&j->o, sizeof j->o);
    j->o.cluster.k = 3;
    j->o.vectors = j->vectors;
}

static void job_end(job *j)
{
    unlink(j->documents);
    unlink(j->vectors);
    if (*j->ids) unlink(j->ids);
}

static sheaf_status fit(sheaf_ctx *ctx, const job *j, sheaf_model **m)
{
    const char *input = j->documents;
    return sheaf_model_fit(ctx, m, &input, 1, &j->o);
}

static void check_thirds(const sheaf_model *m)
{
    int64_t n;
    const sheaf_clustering *c = sheaf_model_clustering(m);
    const int32_t *label = sheaf_clustering_labels(c, &n);
    assert_int_equal(n, DOCS);
    assert_null(sheaf_model_space(m));
    for (int i = 0; i < DOCS; i++) assert_int_equal(label[i], 1 + i * 3 / DOCS); /* equal sizes: by first document */
    assert_int_equal(sheaf_topics_k(sheaf_model_topics(m)), 3);
    assert_true(strlen(sheaf_topics_name(sheaf_model_topics(m), 1)) > 0);
}

static void rows_follow_the_input(void **unused)
{
    (void)unused;
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        job j;
        sheaf_model *m;
        job_begin(&j, PLACES);
        assert_ok(ctx, fit(ctx, &j, &m));
        check_thirds(m);
        assert_int_equal(sheaf_corpus_place(sheaf_model_corpus(m), DOCS - 1), 0);
        assert_int_equal(sheaf_corpus_place(sheaf_model_corpus(m), DOCS - 4), 4);
        assert_int_equal(sheaf_corpus_n_places(sheaf_model_corpus(m)), PLACES);
        sheaf_model_free(m);
        j.o.read.max_docs = 10; /* rows of the others stay */
        assert_ok(ctx, fit(ctx, &j, &m));
        assert_int_equal(sheaf_corpus_size(sheaf_model_corpus(m)), 10);
        assert_int_equal(sheaf_corpus_place(sheaf_model_corpus(m), 0), DOCS);
        sheaf_model_free(m);
        job_end(&j);
        sheaf_ctx_free(ctx);
    }
}

/* Files, what is skipped among them, and records behind them keep their places whatever is read when. */
static void places_of_mixed_inputs(void **unused)
{
    (void)unused;
    char folder[] = "/tmp/sheaf-test-XXXXXX", path[300], records[ROOM];
    static const char *const names[] = {"a.txt", "c.txt", "m.txt", "z.txt"};
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        if (i != 1) fprintf(f, "words of %s\n", names[i]); /* the second is empty */
        fclose(f);
    }
    snprintf(path, sizeof path, "%s/b", folder); /* a link out of the folder */
    assert_int_equal(symlink("/etc/passwd", path), 0);
    static const char lines[] = "{\"id\":\"1\",\"text\":\"x\"}\n"
                                "{\"id\":\"0\",\"text\":\"\"}\n{\"id\":\"00\",\"text\":\"y\"}\n";
    make_file(records, ".jsonl", lines, strlen(lines));
    const char *const inputs[] = {folder, records};
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        sheaf_corpus *c;
        sheaf_read_opts o;
        sheaf_read_opts_init(&o, sizeof o);
        o.keep_order = true;
        assert_ok(ctx, sheaf_corpus_read(ctx, &c, inputs, 2, &o));
        assert_int_equal(sheaf_corpus_size(c), 5);
        assert_int_equal(sheaf_corpus_n_places(c), 8);
        static const struct { const char *end; int64_t place; } want[] = {{"a.txt", 0}, {"m.txt", 3}, {"z.txt", 4},
                                                                          {"1", 5}, {"00", 7}};
        for (int i = 0; i < 5; i++) {
            int64_t found = -1;
            for (int64_t doc = 0; doc < 5; doc++) {
                const sheaf_str id = sheaf_corpus_id(c, doc);
                const size_t n = strlen(want[i].end);
                if (id.n >= n && !memcmp(id.p + id.n - n, want[i].end, n)) found = sheaf_corpus_place(c, doc);
            }
            assert_int_equal(found, want[i].place);
        }
        sheaf_corpus_free(c);
        sheaf_ctx_free(ctx);
    }
    unlink(path);
    unlink(records);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void wrong_numbers_of_rows(void **unused)
{
    (void)unused;
    sheaf_ctx *ctx = test_context(2);
    for (int rows = DOCS; rows <= PLACES + 1; rows += 3) {
        job j;
        sheaf_model *m;
        char want[100];
        job_begin(&j, rows);
        snprintf(want, sizeof want, "has %d rows, but there are %d documents", rows, PLACES);
        assert_int_equal(fit(ctx, &j, &m), SHEAF_EFORMAT);
        if (!strstr(sheaf_ctx_message(ctx), want)) fail_msg("%s", sheaf_ctx_message(ctx));
        job_end(&j);
    }
    sheaf_ctx_free(ctx);
}

static void make_ids(job *j, const char *instead, int twice)
{
    char text[1000];
    size_t n = 0;
    for (int l = 0, at = 0; l < PLACES; l++) {
        if (l == 3 || l == 25) n += (size_t)sprintf(text + n, "skipped %d\r\n", l);
        else if (at++ == 5 && instead) n += (size_t)sprintf(text + n, "%s\n", instead);
        else n += (size_t)sprintf(text + n, "d%02d\n", at == twice ? DOCS - 1 : DOCS - at);
    }
    make_file(j->ids, ".txt", text, n);
    j->o.vector_ids = j->ids;
}

static void rows_by_id(void **unused)
{
    (void)unused;
    sheaf_ctx *ctx = test_context(2);
    static const struct {
        const char *instead;
        int twice;
        const char *error;
    } cases[] = {{NULL, 0, NULL},
                 {"other", 0, "no row for document 'd18'"},
                 {NULL, 9, "'d23' stands twice (lines 1 and 10)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        job j;
        sheaf_model *m;
        job_begin(&j, PLACES);
        make_ids(&j, cases[i].instead, cases[i].twice);
        const sheaf_status st = fit(ctx, &j, &m);
        if (!cases[i].error) {
            assert_ok(ctx, st);
            check_thirds(m);
            sheaf_model_free(m);
        } else {
            assert_int_equal(st, SHEAF_EFORMAT);
            if (!strstr(sheaf_ctx_message(ctx), cases[i].error)) fail_msg("%s", sheaf_ctx_message(ctx));
        }
        job_end(&j);
    }
    sheaf_ctx_free(ctx);
}

static void weak_fits_are_left_out(void **unused)
{
    (void)unused;
    sheaf_ctx *ctx = test_context(2);
    job j;
    sheaf_model *all, *some;
    job_begin(&j, PLACES);
    j.o.cluster.k = 2; /* two thirds share a cluster, whose centre is far from both */
    assert_ok(ctx, fit(ctx, &j, &all));
    j.o.min_fit = .9;
    assert_ok(ctx, fit(ctx, &j, &some));
    const sheaf_clustering *a = sheaf_model_clustering(all), *b = sheaf_model_clustering(some);
    int64_t n, weak = 0;
    const int32_t *before = sheaf_clustering_labels(a, &n), *after = sheaf_clustering_labels(b, &n);
    for (int64_t i = 0; i < n; i++) {
        const bool is_weak = (double)sheaf_clustering_fit(a)[i] < .9;
        weak += is_weak;
        assert_int_equal(after[i], is_weak ? 0 : before[i]);
        assert_string_equal(sheaf_clustering_reason(b, i), is_weak ? "weak fit" : "");
        if (is_weak) assert_int_equal(sheaf_clustering_second(b)[i], before[i]);
        assert_true(sheaf_clustering_fit(a)[i] == sheaf_clustering_fit(b)[i]);
    }
    assert_int_equal(weak, 16); /* all of cluster 1: it stays, with its number and no documents */
    assert_int_equal(sheaf_clustering_k(b), 2);
    assert_int_equal(sheaf_clustering_count(b, 0), 16);
    assert_int_equal(sheaf_clustering_count(b, 1), 0);
    assert_int_equal(sheaf_clustering_count(b, 2), 8);
    assert_int_equal(sheaf_clustering_quality(b).weak, 16);
    assert_int_equal(sheaf_clustering_quality(b).unplaced, 16);
    assert_string_equal(sheaf_clustering_reason(a, 0), "");
    sheaf_model_free(all);
    sheaf_model_free(some);
    j.o.cluster.metric = SHEAF_METRIC_EUCLIDEAN;
    assert_int_equal(fit(ctx, &j, &all), SHEAF_EINVAL);
    j.o.cluster.metric = SHEAF_METRIC_SPHERICAL;
    j.o.min_fit = 1.5;
    assert_int_equal(fit(ctx, &j, &all), SHEAF_EINVAL);
    j.o.min_fit = NAN;
    assert_int_equal(fit(ctx, &j, &all), SHEAF_EINVAL);
    j.o.min_fit = 0;
    j.o.stage = SHEAF_FIT_SPACE;
    assert_int_equal(fit(ctx, &j, &all), SHEAF_EINVAL);
    job_end(&j);
    sheaf_ctx_free(ctx);
}

static void failing_allocations(void **unused)
{
    (void)unused;
    job j;
    job_begin(&j, PLACES);
    make_ids(&j, NULL, 0);
    for (int by_id = 0; by_id < 2; by_id++) {
        test_limit limit = {0};
        sheaf_ctx *ctx = test_limited_context(&limit, 1);
        const int64_t live = limit.live;
        j.o.vector_ids = by_id ? j.ids : NULL;
        for (int64_t n = 1;; n += 1 + n / 40) {
            sheaf_model *m;
            limit.calls = 0;
            limit.fail_at = n;
            const sheaf_status st = fit(ctx, &j, &m);
            if (st == SHEAF_OK) {
                check_thirds(m);
                sheaf_model_free(m);
                break;
            }
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_int_equal(limit.live, live);
        }
        limit.fail_at = 0;
        sheaf_ctx_free(ctx);
    }
    job_end(&j);
}

/* ---- tables */

static void tables_with_failing_allocations(void **unused)
{
    (void)unused;
    static const char old_text[] = "id\tcluster\tcluster_2\tcluster_name\na\t1\t1\tx\nb\t1\t1\tx\nc\t2\t2\ty\nd\t2\t2\t\n";
    static const char new_text[] = "{\"schema\":\"sheaf.cluster/1\",\n\"rows\":[\n{\"id\":\"d\",\"cluster\":1,\"cluster_2\":2},\n"
                                   "{\"id\":\"c\",\"cluster\":1},"
                                   "{\"id\":\"b\",\"cluster\":2},{\"id\":\"e\",\"cluster\":0}]}\n";
    char paths[2][ROOM];
    make_file(paths[0], ".tsv", old_text, strlen(old_text));
    make_file(paths[1], ".json", new_text, strlen(new_text));
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    const int64_t live = limit.live;
    sheaf_status st = SHEAF_ENOMEM;
    for (int64_t n = 1; st == SHEAF_ENOMEM; n++) {
        sheaf_table *a = NULL, *b = NULL;
        sheaf_align *x = NULL;
        limit.calls = 0;
        limit.fail_at = n;
        st = sheaf_table_read(ctx, &a, paths[0]);
        if (st == SHEAF_OK) st = sheaf_table_read(ctx, &b, paths[1]);
        if (st == SHEAF_OK) st = sheaf_align_tables(ctx, &x, a, b, NULL);
        if (st == SHEAF_OK) {
            assert_int_equal(sheaf_align_number(x, 1), 2);
            assert_int_equal(sheaf_align_number(x, 2), 1);
            assert_str(sheaf_align_name(x, false, 2), "y");
            assert_int_equal(sheaf_align_quality(x).only_new, 1);
        }
        sheaf_align_free(x);
        sheaf_table_free(a);
        sheaf_table_free(b);
        assert_int_equal(limit.live, live);
    }
    assert_int_equal(st, SHEAF_OK);
    limit.fail_at = 0;
    sheaf_ctx_free(ctx);
    unlink(paths[0]);
    unlink(paths[1]);
}

int test_align_vectors(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_numpy_writes), cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(rows_follow_the_input),   cmocka_unit_test(places_of_mixed_inputs),
        cmocka_unit_test(wrong_numbers_of_rows),
        cmocka_unit_test(rows_by_id),              cmocka_unit_test(weak_fits_are_left_out),
        cmocka_unit_test(failing_allocations),     cmocka_unit_test(tables_with_failing_allocations),
    };
    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
