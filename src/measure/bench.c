/* The bench: which cases there are, what is run, and the machine it ran on. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "measure/stages.h"

typedef struct {
    const char *name;
    sheaf_bench_kind kind;
    sheaf_i_case_fn *run;
    const char *purpose;
} bench_case;

static const bench_case CASES[] = {
    {"spmm", SHEAF_BENCH_KERNEL, sheaf_i_case_spmm, "sparse times dense, and transposed, blocks of 16 and 32"},
    {"spmm_coded", SHEAF_BENCH_KERNEL, sheaf_i_case_spmm_coded, "the same for values that are codes"},
    {"gram", SHEAF_BENCH_KERNEL, sheaf_i_case_gram, "coefficients of a block along a basis"},
    {"gram64", SHEAF_BENCH_KERNEL, sheaf_i_case_gram64, "the same in double, of a block with itself"},
    {"update", SHEAF_BENCH_KERNEL, sheaf_i_case_update, "a block less its part along a basis"},
    {"assign", SHEAF_BENCH_KERNEL, sheaf_i_case_assign, "the nearest of 10, 100 and 1000 centres"},
    {"dots", SHEAF_BENCH_KERNEL, sheaf_i_case_dots, "a few vectors against many, as seeding does"},
    {"coarse", SHEAF_BENCH_KERNEL, sheaf_i_case_coarse, "which of many centres may be nearest, by bytes"},
    {"sift", SHEAF_BENCH_KERNEL, sheaf_i_case_sift, "which rows may have got a new nearest centre"},
    {"panel_best", SHEAF_BENCH_KERNEL, sheaf_i_case_panel_best, "the best of 16 centres for scattered rows"},
    {"rivals", SHEAF_BENCH_KERNEL, sheaf_i_case_rivals, "products of rows above a bar, as a search for neighbours"},
    {"above", SHEAF_BENCH_KERNEL, sheaf_i_case_above, "sums that may still reach a bar"},
    {"scan", SHEAF_BENCH_KERNEL, sheaf_i_case_scan, "plain text cut into words"},
    {"gains", SHEAF_BENCH_KERNEL, sheaf_i_case_gains, "what clusters gain by a document, as refinement does"},
    {"gain_each", SHEAF_BENCH_KERNEL, sheaf_i_case_gain_each, "gains of z ln z for pairs of numbers"},
    {"gain_sum", SHEAF_BENCH_KERNEL, sheaf_i_case_gain_sum, "the same added up"},
    {"gain_pairs", SHEAF_BENCH_KERNEL, sheaf_i_case_gain_pairs, "what each cluster gains by the others"},
    {"read", SHEAF_BENCH_STAGE, sheaf_i_case_read, "documents from bytes on disk"},
    {"utf8", SHEAF_BENCH_STAGE, sheaf_i_case_utf8, "UTF-8 checked"},
    {"words", SHEAF_BENCH_STAGE, sheaf_i_case_words, "texts cut into words"},
    {"terms", SHEAF_BENCH_STAGE, sheaf_i_case_terms, "folding, stop words, stems, vocabulary, counts"},
    {"weigh", SHEAF_BENCH_STAGE, sheaf_i_case_weigh, "counts to weights"},
    {"transpose", SHEAF_BENCH_STAGE, sheaf_i_case_transpose, "the matrix from the other side"},
    {"product", SHEAF_BENCH_STAGE, sheaf_i_case_product, "that matrix times a block of 16, and transposed"},
    {"svd", SHEAF_BENCH_STAGE, sheaf_i_case_svd, "the latent space, to 5e-3 and 1e-5, and its parts"},
    {"seeding", SHEAF_BENCH_STAGE, sheaf_i_case_seeding, "first centres"},
    {"iterations", SHEAF_BENCH_STAGE, sheaf_i_case_iterations, "ten iterations of k-means from given centres"},
    {"kmeans", SHEAF_BENCH_STAGE, sheaf_i_case_kmeans, "k-means until no label changes"},
    {"refine", SHEAF_BENCH_STAGE, sheaf_i_case_refine, "the clusters of k-means refined on the words"},
    {"naming", SHEAF_BENCH_STAGE, sheaf_i_case_naming, "terms and typical documents of the clusters"},
    {"job", SHEAF_BENCH_STAGE, sheaf_i_case_job, "the main job from bytes on disk, as far as each stage"},
};
#define N_CASES ((int32_t)(sizeof CASES / sizeof *CASES))
static const char *const TABLES[] = {"plain", "avx2", "avx512"};

const char *sheaf_bench_name(int32_t i, const char **purpose)
{
    if (i < 0 || i >= N_CASES) return NULL;
    if (purpose) *purpose = CASES[i].purpose;
    return CASES[i].name;
}

void sheaf_bench_opts_init(sheaf_bench_opts *o, size_t size)
{
    sheaf_bench_opts d = {.size = size, .repeats = SHEAF_I_RUNS, .dims = 100, .k = 20, .seed = 1};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

/* ---- what is asked for */

static sheaf_status unknown(sheaf_ctx *ctx, const char *name)
{
    char names[400];
    size_t n = 0;
    for (int32_t i = 0; i < N_CASES && n < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", CASES[i].name);
    sheaf_i_fail(ctx, SHEAF_EINVAL, "nothing to measure is called '%s'", name);
    sheaf_i_hint(ctx, "names: %s", names);
    return SHEAF_EINVAL;
}

static sheaf_status check(sheaf_ctx *ctx, const sheaf_bench_opts *o)
{
    if (o->n_names < 0) return sheaf_i_fail(ctx, SHEAF_EINVAL, "n_names = %d is negative", (int)o->n_names);
    for (int32_t i = 0; o->names && i < o->n_names; i++) {
        int32_t j = 0;
        while (j < N_CASES && strcmp(o->names[i], CASES[j].name) != 0) j++;
        if (j == N_CASES) return unknown(ctx, o->names[i]);
    }
    if (o->repeats < SHEAF_I_RUNS || o->repeats > 100000)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "repeats = %d: must be between %d and 100000", (int)o->repeats,
                            SHEAF_I_RUNS);
    if (o->dims < 1 || o->dims > 10000)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "dims = %d: must be between 1 and 10000", (int)o->dims);
    if (o->k < 1) return sheaf_i_fail(ctx, SHEAF_EINVAL, "k = %d: the number of clusters must be positive", (int)o->k);
    return SHEAF_OK;
}

static bool wanted(const sheaf_bench_opts *o, const char *name)
{
    if (!o->names || o->n_names == 0) return true;
    for (int32_t i = 0; i < o->n_names; i++)
        if (strcmp(o->names[i], name) == 0) return true;
    return false;
}

/* ---- the machine */

/* "model name : AMD EPYC" of /proc/cpuinfo, or "" */
static void processor(char *out, size_t size)
{
    char line[256];
    *out = 0;
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f && !*out && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        snprintf(out, size, "%.*s", (int)strcspn(colon + 1 + strspn(colon + 1, " "), "\n"),
                 colon + 1 + strspn(colon + 1, " "));
    }
    if (f) fclose(f);
}

sheaf_status sheaf_i_bench_machine(sheaf_ctx *ctx, sheaf_ctx *owner, int64_t l3, char **out)
{
    const char *text;
    char name[200], extra[300];
    sheaf_status st = sheaf_describe(ctx, &text);
    if (st != SHEAF_OK) return st;
    processor(name, sizeof name);
    int n = snprintf(extra, sizeof extra, "processor: %s\nL3 cache: %lld kB\n", name, (long long)l3 / 1024);
    size_t length = strlen(text);
    *out = sheaf_i_array(owner, (int64_t)length + n + 1, 1);
    if (!*out) return SHEAF_ENOMEM;
    memcpy(*out, text, length);
    memcpy(*out + length, extra, (size_t)n + 1);
    return SHEAF_OK;
}

/* ---- what a reader of the figures should know */

#define WIDE .1        /* of the median, between the quartiles */
#define HANDICAPPED .7 /* of the multiply-adds: a good product of large matrices reaches more */

static void warn(const sheaf_i_run *r)
{
    const sheaf_bench_row *widest = NULL;
    int64_t wide = 0;
    for (int64_t i = 0; i < r->out->n; i++) {
        const sheaf_bench_row *row = &r->out->rows[i];
        if (row->kind == SHEAF_BENCH_LIMIT || row->spread <= WIDE) continue;
        wide++;
        if (!widest || row->spread > widest->spread) widest = row;
    }
    if (widest)
        sheaf_i_note(r->user,
                     "%s (%s) varied by %.0f %%%s%.0lld%s: other load on this machine? More runs: --repeats %d",
                     widest->name, widest->size, 100 * widest->spread, wide > 1 ? ", and others too, " : "",
                     (long long)(wide > 1 ? wide : 0), wide > 1 ? " in all" : "", 3 * r->runs);
    if (r->limits.sgemm < HANDICAPPED * r->limits.fma)
        sheaf_i_note(r->user,
                     "OpenBLAS reaches %.0f %% of the multiply-adds of this machine: was it told to run as on "
                     "another (OPENBLAS_CORETYPE)?",
                     100 * r->limits.sgemm / r->limits.fma);
}

/* ---- running */

/* Contexts of the run's own: the cases are neither interrupted by progress calls nor do they repeat their notes. */
static sheaf_status open_contexts(sheaf_i_run *r)
{
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.resize = r->user->o.resize;
    o.resize_user = r->user->o.resize_user;
    o.threads = sheaf_ctx_threads(r->user);
    sheaf_status st = sheaf_ctx_new(&r->ctx, &o);
    o.threads = 1;
    return st == SHEAF_OK ? sheaf_ctx_new(&r->single, &o) : st;
}

static sheaf_status run_kernel(sheaf_i_run *r, const bench_case *c)
{
    if (!r->o.all_kernels) return c->run(r, sheaf_i_kernels_get());
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        const sheaf_i_kernels *k = sheaf_i_kernels_named(TABLES[i]);
        sheaf_status st = k ? c->run(r, k) : SHEAF_OK;
        if (st != SHEAF_OK) return st;
    }
    return SHEAF_OK;
}

static sheaf_status run_cases(sheaf_i_run *r)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_progress(r->user, "limits", 0, 0));
    SHEAF_TRY(sheaf_i_limits_measure(r));
    SHEAF_TRY(sheaf_i_bench_machine(r->ctx, r->out->ctx, r->l3, &r->out->machine));
    for (int32_t i = 0; i < N_CASES; i++) {
        const bench_case *c = &CASES[i];
        if (!wanted(&r->o, c->name)) continue;
        SHEAF_TRY(sheaf_i_progress(r->user, c->name, 0, 0));
        SHEAF_TRY(c->kind == SHEAF_BENCH_KERNEL ? run_kernel(r, c) : c->run(r, NULL));
    }
done:
    return st;
}

/* The failure of a context that is about to go. */
static sheaf_status pass_on(sheaf_ctx *user, const sheaf_ctx *ctx, const sheaf_ctx *single, sheaf_status st)
{
    const sheaf_ctx *from = ctx && *sheaf_ctx_message(ctx) ? ctx : single;
    if (!from || !*sheaf_ctx_message(from)) return st;
    sheaf_i_fail(user, st, "%s", sheaf_ctx_message(from));
    if (*sheaf_ctx_hint(from)) sheaf_i_hint(user, "%s", sheaf_ctx_hint(from));
    return st;
}

sheaf_status sheaf_bench_run(sheaf_ctx *ctx, sheaf_bench **out, const sheaf_bench_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_run r = {.user = ctx};
    *out = NULL;
    sheaf_bench_opts_init(&r.o, sizeof r.o);
    if (o) sheaf_i_opts_copy(&r.o, sizeof r.o, o, o->size);
    SHEAF_TRY(check(ctx, &r.o));
    r.runs = r.o.repeats;
    r.sample = r.o.quick ? 1e-3 : 1e-2;
    SHEAF_TRY(sheaf_i_bench_new(ctx, &r.out));
    SHEAF_TRY(open_contexts(&r));
    st = run_cases(&r);
    if (st == SHEAF_OK) warn(&r);
    sheaf_i_stages_end(&r);
    if (st != SHEAF_OK) st = pass_on(ctx, r.ctx, r.single, st);
done:
    if (st == SHEAF_OK) *out = r.out;
    else sheaf_bench_free(r.out);
    sheaf_ctx_free(r.single);
    sheaf_ctx_free(r.ctx);
    return st;
}

/* ---- the result */

sheaf_status sheaf_i_bench_new(sheaf_ctx *ctx, sheaf_bench **out)
{
    *out = sheaf_i_zeros(ctx, 1, sizeof **out);
    if (!*out) return SHEAF_ENOMEM;
    (*out)->ctx = ctx;
    sheaf_i_arena_init(&(*out)->texts, ctx);
    return SHEAF_OK;
}

void sheaf_bench_free(sheaf_bench *b)
{
    if (!b) return;
    sheaf_i_free(b->ctx, b->rows);
    sheaf_i_free(b->ctx, b->machine);
    sheaf_i_arena_end(&b->texts);
    sheaf_i_free(b->ctx, b);
}

const sheaf_bench_row *sheaf_bench_rows(const sheaf_bench *b, int64_t *n)
{
    *n = b->n;
    return b->rows;
}

const char *sheaf_bench_machine(const sheaf_bench *b) { return b->machine; }
