/* One stage of sheaf in a process of its own, to be held against the programs in bench/peers/.
 *
 *     stages vectorise|svd|kmeans|neighbours OPTION=VALUE...
 *
 * The input is read first; then the stage runs `repeats` times, timed, and one JSON object tells the seconds of each
 * run, resident memory before it and the peak from there on. Results go to OUT.*.npy (and OUT.npz, OUT.terms.txt,
 * OUT.ids.txt), where bench/kernels.py judges their quality by the same code as that of the others.
 * Includes sheaf.h only: what is measured is what a user of the library gets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "npy.h"
#include "sheaf/sheaf.h"

static const char usage[] =
    "usage: stages vectorise|svd|kmeans|neighbours OPTION=VALUE...\n"
    "  all        in=FILE out=PREFIX threads=T (0: all) repeats=N (1)\n"
    "  vectorise  JSONL -> TF-IDF; analyzer=sklearn|unicode (sklearn); plain=0: stop words, terms in at least 2 and "
    "at\n"
    "             most half of the documents, sublinear, instead of scikit-learn's defaults\n"
    "  svd        .npz -> U, sigma, V; dims=D (100) tol=T (5e-3)\n"
    "  kmeans     .npy of float32 -> labels; k=K, iterations=N (300) tol=T (0), start=C.npy or seed=S (0)\n"
    "  neighbours .npy of float32, or .npz -> the k=N nearest of each row by dot product; of the first queries=M rows\n"
    "             among all, the row itself too, instead of among the others\n";

typedef struct {
    const char *in, *out, *analyzer, *start;
    int32_t threads, repeats, dims, k, iterations, queries;
    bool plain, tol_set;
    double tol;
    uint64_t seed;
} options;

typedef struct { /* of one run */
    double seconds, part[3];
    int64_t number[4];
    double quality[2];
} outcome;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A line of /proc/self/status in MB. */
static double status_mb(const char *field)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kb = 0;
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, strlen(field))) kb = strtod(line + strlen(field) + 1, NULL);
    if (f) fclose(f);
    return kb / 1024;
}

/* The peak of resident memory counts from here (Linux); where that cannot be asked for, from the start. */
static void forget_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (!f) return;
    fputs("5", f);
    fclose(f);
}

static bool save_lines(const char *prefix, const char *name, sheaf_str (*line)(const void *, int64_t), const void *of,
                       int64_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s.txt", prefix, name);
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    bool ok = true;
    for (int64_t i = 0; i < n; i++) {
        sheaf_str s = line(of, i);
        ok &= fwrite(s.p, 1, s.n, f) == s.n && fputc('\n', f) != EOF;
    }
    return (fclose(f) == 0) & ok;
}

static sheaf_str term_line(const void *terms, int64_t i) { return sheaf_terms_term(terms, (int32_t)i); }

static sheaf_str id_line(const void *corpus, int64_t i) { return sheaf_corpus_id(corpus, i); }

/* ---- vectorise ---- */

static void text_options(const options *o, sheaf_text_opts *t, sheaf_weight_opts *w)
{
    sheaf_text_opts_init(t, sizeof *t);
    sheaf_weight_opts_init(w, sizeof *w);
    w->scheme = o->plain ? SHEAF_WEIGHT_TFIDF : SHEAF_WEIGHT_SUBLINEAR;
    t->lexical_order = true;
    if (!strcmp(o->analyzer, "unicode")) return;
    t->analyzer = SHEAF_ANALYZER_SKLEARN;
    t->lang = o->plain ? "none" : "en";
    t->stem = 0;
    t->stop = o->plain ? SHEAF_STOP_NONE : SHEAF_STOP_LANG;
    t->keep_numbers = true;
    if (!o->plain) return;
    t->min_df_count = 1;
    t->max_df_share = 1;
}

static sheaf_status save_vectors(sheaf_ctx *ctx, const options *o, const sheaf_corpus *c, const sheaf_terms *t,
                                 const sheaf_matrix *m)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.npz", o->out);
    if (!save_lines(o->out, "terms", term_line, t, sheaf_terms_size(t)) ||
        !save_lines(o->out, "ids", id_line, c, sheaf_corpus_size(c)))
        return SHEAF_EIO;
    return sheaf_matrix_save(ctx, m, path, SHEAF_MATRIX_NPZ, NULL);
}

static sheaf_status vectorise(sheaf_ctx *ctx, const options *o, const void *input, bool last, outcome *r)
{
    sheaf_text_opts to;
    sheaf_weight_opts wo;
    text_options(o, &to, &wo);
    sheaf_words *w = NULL;
    sheaf_terms *t = NULL;
    sheaf_matrix *m = NULL;
    double start = now(), cut = start, counted = start;
    sheaf_status st = sheaf_words_from_corpus(ctx, &w, input, &to);
    cut = now();
    if (st == SHEAF_OK) st = sheaf_terms_build(ctx, &t, w, &to);
    counted = now();
    if (st == SHEAF_OK) st = sheaf_matrix_weigh(ctx, &m, t, &wo);
    double end = now();
    *r = (outcome){.seconds = end - start, .part = {cut - start, counted - cut, end - counted}};
    if (st == SHEAF_OK) {
        const int64_t *indptr;
        sheaf_matrix_csr(m, &indptr, NULL, NULL);
        r->number[0] = sheaf_matrix_rows(m);
        r->number[1] = sheaf_matrix_cols(m);
        r->number[2] = indptr[r->number[0]];
        r->number[3] = sheaf_corpus_counts(input).bytes;
        if (last && o->out) st = save_vectors(ctx, o, input, t, m);
    }
    sheaf_matrix_free(m);
    sheaf_terms_free(t);
    sheaf_words_free(w);
    return st;
}

/* ---- svd ---- */

static sheaf_status svd(sheaf_ctx *ctx, const options *o, const void *input, bool last, outcome *r)
{
    const sheaf_matrix *m = input;
    sheaf_space_opts so;
    sheaf_space_opts_init(&so, sizeof so);
    so.dims = o->dims;
    so.seed = o->seed + 1;
    if (o->tol_set) so.tol = o->tol;
    sheaf_space *s = NULL;
    double start = now();
    sheaf_status st = sheaf_space_fit(ctx, &s, m, &so);
    *r = (outcome){.seconds = now() - start};
    if (st != SHEAF_OK) return st;
    sheaf_space_report q = sheaf_space_quality(s);
    int32_t d = sheaf_space_dims(s);
    r->number[0] = sheaf_matrix_rows(m);
    r->number[1] = d;
    r->number[2] = q.products;
    r->number[3] = q.restarts;
    r->quality[0] = q.residual;
    if (last && o->out &&
        (!npy_save(o->out, "u", NPY_F32, sheaf_space_docs(s), sheaf_matrix_rows(m), d) ||
         !npy_save(o->out, "s", NPY_F64, sheaf_space_sigma(s), d, 0) ||
         !npy_save(o->out, "v", NPY_F32, sheaf_space_terms(s), sheaf_matrix_cols(m), d)))
        st = SHEAF_EIO;
    sheaf_space_free(s);
    return st;
}

/* ---- kmeans ---- */

typedef struct {
    float *x, *start;
    int64_t n, d;
} vectors;

static sheaf_status kmeans(sheaf_ctx *ctx, const options *o, const void *input, bool last, outcome *r)
{
    const vectors *v = input;
    sheaf_cluster_opts co;
    sheaf_cluster_opts_init(&co, sizeof co);
    co.k = o->k;
    co.starts = 1;
    co.max_iter = o->iterations;
    co.tol = o->tol_set ? o->tol : 0;
    co.seed = o->seed;
    co.metric = SHEAF_METRIC_EUCLIDEAN;
    co.start = v->start;
    sheaf_clustering *c = NULL;
    double start = now();
    sheaf_status st = sheaf_cluster_vectors(ctx, &c, v->x, v->n, (int32_t)v->d, v->d, &co);
    *r = (outcome){.seconds = now() - start};
    if (st != SHEAF_OK) return st;
    sheaf_cluster_report q = sheaf_clustering_quality(c);
    r->number[0] = v->n;
    r->number[1] = v->d;
    r->number[2] = q.iterations;
    r->number[3] = q.empty_repaired;
    r->quality[0] = q.inertia;
    if (last && o->out && !npy_save(o->out, "labels", NPY_I32, sheaf_clustering_labels(c, NULL), v->n, 0))
        st = SHEAF_EIO;
    sheaf_clustering_free(c);
    return st;
}

/* ---- neighbours ---- */

static bool is_sparse(const options *o)
{
    size_t n = strlen(o->in);
    return n > 4 && !strcmp(o->in + n - 4, ".npz");
}

static bool save_hits(const options *o, const sheaf_hit *hits, int64_t m)
{
    int32_t *doc = malloc((size_t)(m * o->k) * sizeof *doc);
    float *score = malloc((size_t)(m * o->k) * sizeof *score);
    bool ok = doc && score;
    for (int64_t i = 0; ok && i < m * o->k; i++) {
        doc[i] = (int32_t)hits[i].doc;
        score[i] = hits[i].score;
    }
    ok = ok && npy_save(o->out, "neighbours", NPY_I32, doc, m, o->k) &&
         npy_save(o->out, "scores", NPY_F32, score, m, o->k);
    free(doc);
    free(score);
    return ok;
}

static sheaf_status neighbours(sheaf_ctx *ctx, const options *o, const void *input, bool last, outcome *r)
{
    const vectors *v = is_sparse(o) ? NULL : input;
    const sheaf_matrix *a = v ? NULL : input;
    const int64_t rows = v ? v->n : sheaf_matrix_rows(a), m = o->queries ? o->queries : rows;
    const int32_t d = v ? (int32_t)v->d : sheaf_matrix_cols(a);
    if (m > rows || (a && o->queries)) return SHEAF_EINVAL;
    sheaf_hit *hits = malloc((size_t)(m * o->k) * sizeof *hits);
    if (!hits) return SHEAF_ENOMEM;
    memset(hits, 0, (size_t)(m * o->k) * sizeof *hits); /* the pages are the caller's */
    double start = now();
    sheaf_status st = a ? sheaf_nearest_sparse(ctx, hits, o->k, a, NULL, NULL)
                      : o->queries ? sheaf_nearest_rows(ctx, hits, o->k, v->x, rows, d, d, v->x, m, d, NULL)
                                   : sheaf_nearest_graph(ctx, hits, o->k, v->x, rows, d, d);
    *r = (outcome){.seconds = now() - start, .number = {rows, d, o->k, m}};
    if (st == SHEAF_OK && last && o->out && !save_hits(o, hits, m)) st = SHEAF_EIO;
    free(hits);
    return st;
}

/* ---- what they have in common ---- */

typedef struct {
    const char *name;
    sheaf_status (*run)(sheaf_ctx *, const options *, const void *, bool, outcome *);
    const char *numbers[4], *parts[3], *quality;
} stage;

static const stage stages[] = {
    {"vectorise", vectorise, {"docs", "terms", "nonzeros", "bytes"}, {"words", "count", "weigh"}, NULL},
    {"svd", svd, {"docs", "dims", "products", "restarts"}, {NULL, NULL, NULL}, "residual"},
    {"kmeans", kmeans, {"docs", "dims", "iterations", "refilled"}, {NULL, NULL, NULL}, "inertia"},
    {"neighbours", neighbours, {"docs", "dims", "k", "queries"}, {NULL, NULL, NULL}, NULL},
};

static sheaf_status load(sheaf_ctx *ctx, const options *o, const stage *s, sheaf_corpus **c, sheaf_matrix **m,
                         vectors *v)
{
    if (s->run == svd || (s->run == neighbours && is_sparse(o)))
        return sheaf_matrix_load(ctx, m, NULL, o->in, SHEAF_MATRIX_NPZ);
    if (s->run == vectorise) {
        sheaf_read_opts ro;
        sheaf_read_opts_init(&ro, sizeof ro);
        ro.n_columns = 0;
        return sheaf_corpus_read(ctx, c, &o->in, 1, &ro);
    }
    int64_t k = o->k, d;
    v->x = npy_load(o->in, &v->n, &v->d);
    if (v->x && o->start) v->start = npy_load(o->start, &k, &d);
    return v->x && v->d < 1 << 20 && (!o->start || (v->start && k == o->k && d == v->d)) ? SHEAF_OK : SHEAF_EFORMAT;
}

static void print_text(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if (*text == '\n') fputs("\\n", stdout);
        else if (*text == '"' || *text == '\\') printf("\\%c", *text);
        else putchar(*text);
    putchar('"');
}

static void report(sheaf_ctx *ctx, const options *o, const stage *s, const outcome *r, double loaded, double peak)
{
    const char *described = "";
    if (sheaf_describe(ctx, &described) != SHEAF_OK) described = "";
    printf("{\"program\": \"sheaf\", \"task\": \"%s\", \"threads\": %d, \"seconds\": [", s->name,
           (int)sheaf_ctx_threads(ctx));
    for (int32_t i = 0; i < o->repeats; i++) printf("%s%.6f", i ? ", " : "", r[i].seconds);
    const outcome *z = &r[o->repeats - 1];
    printf("], \"loaded_mb\": %.1f, \"peak_mb\": %.1f", loaded, peak);
    for (int i = 0; i < 3 && s->parts[i]; i++) printf(", \"%s_seconds\": %.6f", s->parts[i], z->part[i]);
    for (int i = 0; i < 4; i++) printf(", \"%s\": %lld", s->numbers[i], (long long)z->number[i]);
    if (s->quality) printf(", \"reported_%s\": %.9g", s->quality, z->quality[0]);
    printf(", \"about\": ");
    print_text(described);
    puts("}");
}

static sheaf_status run(sheaf_ctx *ctx, const options *o, const stage *s)
{
    sheaf_corpus *c = NULL;
    sheaf_matrix *m = NULL;
    vectors v = {0};
    outcome *r = calloc((size_t)o->repeats, sizeof *r);
    sheaf_status st = r ? load(ctx, o, s, &c, &m, &v) : SHEAF_ENOMEM;
    double loaded = status_mb("VmRSS:");
    forget_peak();
    const void *input = c ? (const void *)c : m ? (const void *)m : &v;
    for (int32_t i = 0; st == SHEAF_OK && i + 1 < o->repeats; i++) st = s->run(ctx, o, input, false, &r[i]);
    if (st == SHEAF_OK) st = s->run(ctx, o, input, true, &r[o->repeats - 1]);
    if (st == SHEAF_OK) report(ctx, o, s, r, loaded, status_mb("VmHWM:"));
    sheaf_corpus_free(c);
    sheaf_matrix_free(m);
    free(v.x);
    free(v.start);
    free(r);
    return st;
}

static bool integer(const char *text, long long low, long long high, int32_t *out)
{
    char *end;
    long long v = strtoll(text, &end, 10);
    *out = (int32_t)v;
    return end != text && !*end && v >= low && v <= high;
}

static bool set(options *o, const char *arg)
{
    const char *value = strchr(arg, '=');
    if (!value) return false;
    size_t n = (size_t)(value++ - arg);
    int32_t flag = 0, seed = 0;
#define NAMED(text) (n == sizeof text - 1 && !memcmp(arg, text, n))
    if (NAMED("in")) return o->in = value, true;
    if (NAMED("out")) return o->out = value, true;
    if (NAMED("start")) return o->start = value, true;
    if (NAMED("analyzer")) return o->analyzer = value, !strcmp(value, "sklearn") || !strcmp(value, "unicode");
    if (NAMED("threads")) return integer(value, 0, 4096, &o->threads);
    if (NAMED("repeats")) return integer(value, 1, 1000, &o->repeats);
    if (NAMED("dims")) return integer(value, 1, 100000, &o->dims);
    if (NAMED("k")) return integer(value, 1, INT32_MAX, &o->k);
    if (NAMED("queries")) return integer(value, 0, INT32_MAX, &o->queries);
    if (NAMED("iterations")) return integer(value, 1, INT32_MAX, &o->iterations);
    if (NAMED("seed")) return integer(value, 0, INT32_MAX, &seed) && (o->seed = (uint64_t)seed, true);
    if (NAMED("plain")) return integer(value, 0, 1, &flag) && (o->plain = flag != 0, true);
    char *end;
    if (NAMED("tol")) return o->tol = strtod(value, &end), o->tol_set = true, end != value && !*end;
#undef NAMED
    return false;
}

static void note(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "stages: note: %s\n", text);
}

int main(int argc, char **argv)
{
    options o = {.analyzer = "sklearn", .repeats = 1, .dims = 100, .k = 20, .iterations = 300, .plain = true};
    const stage *s = NULL;
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (argc > 1 && !strcmp(argv[1], stages[i].name)) s = &stages[i];
    bool good = s != NULL;
    for (int i = 2; i < argc && good; i++) {
        good = set(&o, argv[i]);
        if (!good) fprintf(stderr, "stages: cannot use '%s'\n", argv[i]);
    }
    if (!good || !o.in) {
        fputs(usage, stderr);
        return 2;
    }
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = o.threads;
    co.note = note;
    sheaf_ctx *ctx;
    if (sheaf_ctx_new(&ctx, &co) != SHEAF_OK) return 4;
    sheaf_status st = run(ctx, &o, s);
    if (st != SHEAF_OK) fprintf(stderr, "stages: %s: %s: %s\n", o.in, sheaf_status_name(st), sheaf_ctx_message(ctx));
    sheaf_ctx_free(ctx);
    return st == SHEAF_OK ? 0 : 1;
}
