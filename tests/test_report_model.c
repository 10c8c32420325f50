/* model/: the whole job on small made-up collections, its outputs, and results held against labels. */
#include "support.h"
#include "test_report.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "model/model.h"

#define FILE_ROOM 64

/* A file with this text that goes when the test is over. */
static void make_file(char path[FILE_ROOM], const char *ending, const char *text)
{
    snprintf(path, FILE_ROOM, "/tmp/sheaf-test-XXXXXX%s", ending);
    int fd = mkstemps(path, (int)strlen(ending));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static const char *const WORDS[3][8] = {
    {"river", "flood", "water", "bridge", "rain", "storm", "rescue", "stream"},
    {"violin", "concert", "orchestra", "melody", "piano", "singer", "rhythm", "audience"},
    {"flour", "oven", "dough", "yeast", "baker", "crust", "butter", "pastry"},
};

/* n documents, every third of one theme; backwards: the lines in the other order. */
static void make_collection(char path[FILE_ROOM], int n, bool backwards)
{
    char *text = calloc(1, (size_t)n * 256 + 1);
    size_t used = 0;
    for (int l = 0; l < n; l++) {
        int i = backwards ? n - 1 - l : l;
        used += (size_t)sprintf(text + used, "{\"id\":\"d%02d\",\"label\":\"%c\",\"text\":\"", i, 'a' + i % 3);
        for (int j = 0; j < 6; j++)
            used += (size_t)sprintf(text + used, "%s ", WORDS[i % 3][(i / 3 + j * (1 + i % 2)) % 8]);
        used += (size_t)sprintf(text + used, "\",\"cluster\":\"own %d\"}\n", i);
    }
    make_file(path, ".jsonl", text);
    free(text);
}

static sheaf_status fit(sheaf_ctx *ctx, sheaf_model **m, const char *path, int32_t k)
{
    sheaf_fit_opts o;
    sheaf_fit_opts_init(&o, sizeof o);
    o.cluster.k = k;
    o.space.dims = 6;
    return sheaf_model_fit(ctx, m, &path, 1, &o);
}

typedef sheaf_status (*model_writer)(sheaf_out *, const sheaf_model *, const sheaf_write_opts *);
static sheaf_status latent(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    return sheaf_write_latent_topics(o, m, 4, 2, opts);
}

static char *written(sheaf_ctx *ctx, model_writer fn, const sheaf_model *m, sheaf_format format)
{
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    o.format = format;
    test_sink sink = {0};
    sheaf_out *out = test_sink_open(ctx, &sink);
    assert_ok(ctx, fn(out, m, &o));
    assert_ok(ctx, sheaf_out_close(out));
    return sink.text;
}

static void three_themes_are_found_and_named(void **state)
{
    (void)state;
    char path[FILE_ROOM];
    make_collection(path, 24, false);
    sheaf_ctx *ctx = test_context(2);
    sheaf_model *m;
    assert_ok(ctx, fit(ctx, &m, path, 3));
    int64_t n;
    const int32_t *labels = sheaf_clustering_labels(sheaf_model_clustering(m), &n);
    assert_int_equal(n, 24);
    for (int i = 3; i < 24; i++) assert_int_equal(labels[i], labels[i % 3]);
    assert_true(labels[0] != labels[1] && labels[0] != labels[2] && labels[1] != labels[2]);
    assert_null(sheaf_model_matrix(m));

    char *text = written(ctx, sheaf_write_documents, m, SHEAF_FORMAT_TSV);
    static const char head[] = "id\tcluster\tfit\tmargin\tsecond\tunknown\tlabel\tinput_cluster\nd00\t1\t";
    assert_memory_equal(text, head, sizeof head - 1);
    assert_non_null(strstr(text, "\ta\town 0\n"));
    free(text);

    text = written(ctx, sheaf_write_clusters, m, SHEAF_FORMAT_TSV);
    static const char clusters[] = "cluster\tdocs\tfit\ttightness\tstability\tcoverage\texclusivity\tcoherence\tdistinctness"
                                   "\tunknown\tname\tterms\ttypical\tborderline\n1\t8\t";
    assert_memory_equal(text, clusters, sizeof clusters - 1);
    free(text);
    text = written(ctx, sheaf_write_clusters, m, SHEAF_FORMAT_JSON);
    assert_non_null(strstr(text, "{\"schema\":\"sheaf.clusters/1\",\n\"provenance\":{\"sheaf\":"));
    assert_non_null(strstr(text, "\"seed\":"));
    assert_non_null(strstr(text, ",\n\"diversity\":1.0000"));
    assert_non_null(strstr(text, "\"coverage\":1.0000,\"exclusivity\":1.0000,\"coherence\":"));
    assert_non_null(strstr(text, "\"k\":3"));
    free(text);
    text = written(ctx, sheaf_write_info, m, SHEAF_FORMAT_JSONL);
    assert_memory_equal(text, "{\"documents\":24,", 16);
    assert_non_null(strstr(text, "\"labels\":3,"));
    free(text);
    text = written(ctx, latent, m, SHEAF_FORMAT_TSV);
    assert_memory_equal(text, "topic\tsigma\tshare\tterms\tdocuments\n1\t", 36);
    free(text);
    text = written(ctx, sheaf_write_loadings, m, SHEAF_FORMAT_TSV);
    assert_memory_equal(text, "id\tt1\tt2\tt3\tt4\tt5\tt6\nd00\t", 25);
    free(text);
    sheaf_model_free(m);
    sheaf_ctx_free(ctx);
    unlink(path);
}

static sheaf_status cut_documents(sheaf_out *out, const sheaf_model *m, const sheaf_write_opts *opts)
{
    static const int32_t cuts[] = {2, 1, 2};
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    if (opts) o = *opts;
    o.cuts = cuts;
    o.n_cuts = 3;
    return sheaf_write_documents(out, m, &o);
}

/* Everything written is the same at 1, 2 and 7 threads and for lines in the other order. */
static void same_bytes_at_any_thread_count_and_order(void **state)
{
    (void)state;
    static const model_writer writers[] = {sheaf_write_documents, sheaf_write_clusters, sheaf_write_info, latent,
                                           sheaf_write_loadings, cut_documents, sheaf_write_tree, sheaf_write_k};
    char *first[8] = {NULL};
    for (int run = 0; run < 4; run++) {
        char path[FILE_ROOM];
        make_collection(path, 60, run == 3);
        sheaf_ctx *ctx = test_context(run == 1 ? 2 : run == 2 ? 7 : 1);
        sheaf_model *m;
        assert_ok(ctx, fit(ctx, &m, path, 4));
        for (int w = 0; w < 8; w++) {
            char *text = written(ctx, writers[w], m, SHEAF_FORMAT_JSON);
            if (run == 0) {
                first[w] = text;
                continue;
            }
            assert_string_equal(text, first[w]);
            free(text);
        }
        sheaf_model_free(m);
        sheaf_ctx_free(ctx);
        unlink(path);
    }
    for (int w = 0; w < 8; w++) free(first[w]);
}

typedef struct {
    char last[1024];
    int count;
} notes;

static void take_note(void *user, const char *text)
{
    notes *n = user;
    n->count++;
    snprintf(n->last, sizeof n->last, "%s", text);
}

static sheaf_ctx *noted_context(notes *n)
{
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 1;
    o.note = take_note;
    o.note_user = n;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    return ctx;
}

static void few_documents_get_similarities(void **state)
{
    (void)state;
    notes n = {{0}, 0};
    sheaf_ctx *ctx = noted_context(&n);
    char path[FILE_ROOM];
    make_file(path, ".jsonl", "{\"id\":\"x\",\"text\":\"flood river\"}\n{\"id\":\"y\",\"text\":\"oven dough\"}\n"
                              "{\"id\":\"z\",\"text\":\"flood river\"}\n");
    sheaf_model *m;
    assert_ok(ctx, fit(ctx, &m, path, 0));
    assert_string_equal(n.last, "3 documents are too few to cluster; showing their similarity instead");
    assert_null(sheaf_model_clustering(m));
    assert_null(sheaf_model_topics(m));
    int32_t pairs;
    const sheaf_pair *p = sheaf_model_pairs(m, &pairs);
    assert_int_equal(pairs, 3);
    assert_true(p[0].a == 0 && p[0].b == 2 && fabs(p[0].similarity - 1) < 1e-6); /* the same words; float rows */
    assert_true(p[1].similarity == 0 && p[2].similarity == 0);
    assert_true(p[1].a == 0 && p[1].b == 1);
    char *text = written(ctx, sheaf_write_pairs, m, SHEAF_FORMAT_TABLE);
    assert_string_equal(text, "1.00  x  z\n0.00  x  y\n0.00  y  z\n");
    free(text);
    sheaf_out *out;
    assert_ok(ctx, sheaf_out_open(ctx, &out, "/dev/null"));
    assert_int_equal(sheaf_write_documents(out, m, NULL), SHEAF_EINVAL);
    sheaf_out_discard(out);
    sheaf_model_free(m);
    unlink(path);

    make_file(path, ".jsonl", "{\"id\":\"x\",\"text\":\"flood river flood\"}\n");
    assert_ok(ctx, fit(ctx, &m, path, 0));
    assert_int_equal(sheaf_clustering_k(sheaf_model_clustering(m)), 1);
    sheaf_model_free(m);
    unlink(path);
    sheaf_ctx_free(ctx);
}

static void identical_documents_are_one_cluster(void **state)
{
    (void)state;
    notes n = {{0}, 0};
    sheaf_ctx *ctx = noted_context(&n);
    char path[FILE_ROOM], text[1024];
    size_t used = 0;
    for (int i = 0; i < 20; i++)
        used += (size_t)sprintf(text + used, "{\"id\":%d,\"text\":\"flood river bridge\"}\n", i);
    make_file(path, ".jsonl", text);
    sheaf_model *m;
    assert_ok(ctx, fit(ctx, &m, path, 5));
    assert_int_equal(sheaf_clustering_k(sheaf_model_clustering(m)), 1);
    assert_int_equal(sheaf_clustering_count(sheaf_model_clustering(m), 1), 20);
    assert_true(n.count >= 2); /* common words kept; k lowered */
    sheaf_model_free(m);
    unlink(path);

    used = 0;
    for (int i = 0; i < 20; i++) used += (size_t)sprintf(text + used, "{\"id\":%d,\"text\":\"the and of it\"}\n", i);
    make_file(path, ".jsonl", text);
    assert_int_equal(fit(ctx, &m, path, 0), SHEAF_EFORMAT);
    assert_null(m);
    assert_non_null(strstr(sheaf_ctx_message(ctx), "no terms left of the 80 words of 20 documents"));
    unlink(path);
    sheaf_ctx_free(ctx);
}

static void stages_stop_where_asked(void **state)
{
    (void)state;
    char path[FILE_ROOM];
    const char *input = path;
    make_collection(path, 12, false);
    sheaf_ctx *ctx = test_context(1);
    for (int stage = SHEAF_FIT_TERMS; stage <= SHEAF_FIT_SPACE; stage++) {
        sheaf_fit_opts o;
        sheaf_fit_opts_init(&o, sizeof o);
        o.stage = (sheaf_fit_stage)stage;
        sheaf_model *m;
        assert_ok(ctx, sheaf_model_fit(ctx, &m, &input, 1, &o));
        assert_non_null(sheaf_model_terms(m));
        assert_int_equal(sheaf_model_matrix(m) != NULL, stage == SHEAF_FIT_MATRIX);
        assert_int_equal(sheaf_model_space(m) != NULL, stage == SHEAF_FIT_SPACE);
        assert_null(sheaf_model_clustering(m));
        sheaf_model_free(m);
    }
    sheaf_ctx_free(ctx);
    unlink(path);
}

static int stop_at_weighing(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)user, (void)done, (void)total;
    return strcmp(phase, "weighing") == 0;
}

static void canceling_leaves_nothing(void **state)
{
    (void)state;
    char path[FILE_ROOM];
    make_collection(path, 12, false);
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.progress = stop_at_weighing;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    sheaf_model *m;
    assert_int_equal(fit(ctx, &m, path, 2), SHEAF_ECANCELED);
    assert_null(m);
    sheaf_ctx_free(ctx);
    unlink(path);
}

static void no_memory_at_any_point(void **state)
{
    (void)state;
    char path[FILE_ROOM];
    make_collection(path, 12, false);
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    int64_t before = limit.live, n = 1;
    for (;; n += n < 200 ? 1 : n / 20) { /* every early one, then ever wider steps */
        assert_true(n < 10000000);
        sheaf_model *m;
        limit.calls = 0;
        limit.fail_at = n;
        sheaf_status st = fit(ctx, &m, path, 2);
        sheaf_model_free(m);
        assert_int_equal(limit.live, before);
        if (st == SHEAF_OK) break;
        assert_int_equal(st, SHEAF_ENOMEM);
    }
    assert_true(n > 30);
    sheaf_ctx_free(ctx);
    unlink(path);
}

static sheaf_table *table(sheaf_ctx *ctx, const char *ending, const char *text)
{
    char path[FILE_ROOM];
    sheaf_table *t;
    make_file(path, ending, text);
    assert_ok(ctx, sheaf_table_read(ctx, &t, path));
    unlink(path);
    return t;
}

static void results_are_joined_with_gold_by_id(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_table *result = table(ctx, ".tsv", "id\tcluster\na\t1\nb\t1\nc\t2\nd\t2\ne\t2\nnew\t1\n");
    sheaf_table *gold = table(ctx, ".csv", "name,theme\ne,y\nd,y\nc,x\nb,x\na,x\ngone,x\n");
    sheaf_eval *e;
    assert_ok(ctx, sheaf_eval_tables(ctx, &e, result, gold, NULL));
    sheaf_eval_counts n = sheaf_eval_documents(e);
    assert_true(n.scored == 5 && n.only_result == 1 && n.only_gold == 1 && n.unlabelled == 0);
    sheaf_scores s = sheaf_eval_scores(e);
    /* By hand: cells x1 2, x2 1, y2 2. Pairs: sum C(n_ij,2) = 2; rows C(3,2)+C(2,2) = 4; columns 1+3 = 4;
       expected 4*4/10 = 1.6; ARI = (2-1.6)/(4-1.6) = 1/6. Purity (2+2)/5. */
    assert_true(fabs(s.ari - 1.0 / 6) < 1e-12);
    assert_true(fabs(s.purity - .8) < 1e-12);
    sheaf_str label, cluster;
    int64_t docs;
    assert_true(sheaf_eval_confusion(e, 0, &label, &cluster, &docs));
    assert_str(label, "x");
    assert_str(cluster, "1");
    assert_int_equal(docs, 2);
    assert_false(sheaf_eval_confusion(e, 3, &label, &cluster, &docs));
    sheaf_table_free(result); /* the names have been kept */
    sheaf_table_free(gold);
    sheaf_write_opts o;
    sheaf_write_opts_init(&o, sizeof o);
    test_sink sink = {0};
    sheaf_out *out = test_sink_open(ctx, &sink);
    assert_ok(ctx, sheaf_write_confusion(out, e, &o));
    assert_ok(ctx, sheaf_out_close(out));
    assert_string_equal(sink.text, "label\tcluster\tdocs\tof_label\tof_cluster\nx\t1\t2\t0.6667\t1.0000\n"
                                   "y\t2\t2\t1.0000\t0.6667\nx\t2\t1\t0.3333\t0.3333\n");
    free(sink.text);
    sheaf_eval_free(e);
    sheaf_ctx_free(ctx);
}

static void check_eval_fails(const char *result, const char *gold, const sheaf_eval_fields *f, sheaf_status want,
                             const char *message)
{
    sheaf_ctx *ctx = test_context(1);
    sheaf_table *a = table(ctx, ".tsv", result), *b = gold ? table(ctx, ".tsv", gold) : NULL;
    sheaf_eval *e;
    assert_int_equal(sheaf_eval_tables(ctx, &e, a, b, f), want);
    assert_null(e);
    assert_string_equal(sheaf_ctx_message(ctx), message);
    sheaf_table_free(a);
    sheaf_table_free(b);
    sheaf_ctx_free(ctx);
}

static void results_that_cannot_be_scored(void **state)
{
    (void)state;
    sheaf_eval_fields f = {.cluster = "topic", .result_name = "r.tsv"};
    check_eval_fails("id\tgroup\na\t1\n", NULL, NULL, SHEAF_EINVAL, "result: no column 'cluster'");
    check_eval_fails("id\tcluster\na\t1\n", NULL, &f, SHEAF_EINVAL, "r.tsv: no column 'topic'");
    check_eval_fails("id\tcluster\na\t1\n", NULL, NULL, SHEAF_EINVAL, "result: no column 'label'");
    check_eval_fails("id\tcluster\na\t1\n", "id\tx\ty\na\t1\t2\n", NULL, SHEAF_EINVAL, "gold: no column 'label'");
    check_eval_fails("id\tcluster\na\t1\na\t2\n", "id\tx\na\t1\n", NULL, SHEAF_EFORMAT,
                     "result: id 'a' stands twice (rows 1 and 2)");
    check_eval_fails("id\tcluster\na\t1\n", "id\tx\nb\t1\n", NULL, SHEAF_EFORMAT,
                     "no document has both a cluster and a label");
    check_eval_fails("id\tcluster\tlabel\na\t1\t\n", NULL, NULL, SHEAF_EFORMAT,
                     "no document has both a cluster and a label");
}

static void no_memory_while_scoring_or_writing(void **state)
{
    (void)state;
    char path[FILE_ROOM];
    make_collection(path, 12, false);
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    sheaf_table *result = table(ctx, ".tsv", "id\tcluster\tlabel\na\t1\tx\nb\t2\ty\nc\t2\tx\n");
    sheaf_model *m;
    assert_ok(ctx, fit(ctx, &m, path, 2));
    static const model_writer writers[] = {sheaf_write_documents, sheaf_write_clusters, sheaf_write_info, latent,
                                           sheaf_write_loadings, cut_documents, sheaf_write_tree, sheaf_write_k};
    for (int w = -1; w < 8; w++)
        for (int64_t n = 1;; n++) {
            assert_true(n < 2000);
            sheaf_eval *e = NULL;
            sheaf_out *out = NULL;
            if (w >= 0) assert_ok(ctx, sheaf_out_open(ctx, &out, "/dev/null"));
            int64_t before = limit.live;
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = w < 0 ? sheaf_eval_tables(ctx, &e, result, NULL, NULL) : writers[w](out, m, NULL);
            limit.fail_at = 0;
            sheaf_eval_free(e);
            assert_int_equal(limit.live, before);
            sheaf_out_discard(out);
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
        }
    sheaf_model_free(m);
    sheaf_table_free(result);
    sheaf_ctx_free(ctx);
    unlink(path);
}

static void this_machine_passes_its_check(void **state)
{
    (void)state;
    for (int32_t t = 1; t <= 7; t += 3) {
        sheaf_ctx *ctx = test_context(t);
        const char *text;
        assert_ok(ctx, sheaf_self_check(ctx));
        assert_ok(ctx, sheaf_describe(ctx, &text));
        assert_non_null(strstr(text, "sheaf: " SHEAF_VERSION "\n"));
        assert_non_null(strstr(text, "\nBLAS: OpenBLAS"));
        assert_ok(ctx, sheaf_describe(ctx, &text)); /* again: the former text is freed */
        sheaf_ctx_free(ctx);
    }
}

int test_report_model(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_themes_are_found_and_named),
        cmocka_unit_test(same_bytes_at_any_thread_count_and_order),
        cmocka_unit_test(few_documents_get_similarities),
        cmocka_unit_test(identical_documents_are_one_cluster),
        cmocka_unit_test(stages_stop_where_asked),
        cmocka_unit_test(canceling_leaves_nothing),
        cmocka_unit_test(no_memory_at_any_point),
        cmocka_unit_test(results_are_joined_with_gold_by_id),
        cmocka_unit_test(results_that_cannot_be_scored),
        cmocka_unit_test(no_memory_while_scoring_or_writing),
        cmocka_unit_test(this_machine_passes_its_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
