/* The stages from a file to the weighted matrix. Oracles: the documents as they were made up, the validators, and the
 * same stage on one thread. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "matrix/csr.h"
#include "measure/stages.h"
#include "read/corpus.h"
#include "read/utf8.h"
#include "text/words.h"

typedef struct {
    sheaf_i_run *r;
    sheaf_ctx *ctx;
    sheaf_corpus *corpus;
    sheaf_words *words;
    sheaf_terms *terms;
    sheaf_matrix *matrix;
    int64_t *valid;
} job;

static void reset(void *arg)
{
    job *j = arg;
    sheaf_matrix_free(j->matrix);
    sheaf_terms_free(j->terms);
    sheaf_words_free(j->words);
    sheaf_corpus_free(j->corpus);
    j->matrix = NULL;
    j->terms = NULL;
    j->words = NULL;
    j->corpus = NULL;
}

static sheaf_status read_documents(void *arg)
{
    job *j = arg;
    sheaf_read_opts o;
    sheaf_i_bench_read_opts(j->r, &o);
    return sheaf_corpus_read(j->ctx, &j->corpus, &j->r->stages->input, 1, &o);
}

static sheaf_status cut_words(void *arg)
{
    job *j = arg;
    return sheaf_words_from_corpus(j->ctx, &j->words, j->r->stages->corpus, NULL);
}

static sheaf_status build_terms(void *arg)
{
    job *j = arg;
    return sheaf_terms_build(j->ctx, &j->terms, j->r->stages->words, NULL);
}

static sheaf_status weigh(void *arg)
{
    job *j = arg;
    return sheaf_matrix_weigh(j->ctx, &j->matrix, j->r->stages->terms, NULL);
}

static sheaf_status weigh_coded(void *arg)
{
    job *j = arg;
    return sheaf_i_matrix_weigh_coded(j->ctx, &j->matrix, j->r->stages->terms, NULL);
}

static sheaf_status wrong(sheaf_i_run *r, const char *stage, const char *what)
{
    return sheaf_i_fail(r->ctx, SHEAF_EBUG, "%s: %s; nothing was timed", stage, what);
}

/* Times `run` once it has been found right; m names it and says what it does. */
static sheaf_status time_stage(sheaf_i_run *r, job *j, sheaf_status (*run)(void *), sheaf_i_measured *m)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_timed t = {run, reset, j};
    reset(j);
    m->kind = SHEAF_BENCH_STAGE;
    m->kernels = "";
    m->verified = true;
    SHEAF_TRY(sheaf_i_time(r, &t, &m->times));
    st = sheaf_i_report(r, m);
done:
    return st;
}

static void describe(sheaf_i_measured *m, double docs, double bytes)
{
    char n[16], size[16];
    snprintf(m->size, sizeof m->size, "%s documents, %sB", sheaf_i_count(docs, n), sheaf_i_count(bytes, size));
}

/* ---- reading */

/* The texts as they were made up, in order of their numbers. */
static const char *check_texts(const sheaf_i_stages *s, const sheaf_corpus *c)
{
    const char *why = sheaf_i_corpus_validate(c);
    if (why || !s->made) return why;
    if (sheaf_corpus_size(c) != s->truth.n) return "documents were lost";
    for (int64_t i = 0; i < s->truth.n; i++) {
        sheaf_str text = sheaf_corpus_text(c, i);
        size_t want = (size_t)(s->truth.start[i + 1] - s->truth.start[i]);
        if (text.n != want || memcmp(text.p, s->truth.text + s->truth.start[i], want) != 0) return "a text has changed";
    }
    return NULL;
}

sheaf_status sheaf_i_case_read(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = SHEAF_OK;
    job j = {.r = r, .ctx = r->ctx};
    sheaf_i_measured m = {.name = "read", .unit = "GB/s", .quality = {"", 0, 0}};
    SHEAF_TRY(sheaf_i_need_corpus(r));
    const sheaf_i_stages *s = r->stages;
    SHEAF_TRY(read_documents(&j));
    const char *why = check_texts(s, j.corpus);
    if (why) SHEAF_TRY(wrong(r, "read", why));
    const double bytes = s->file ? (double)s->file : (double)s->text;
    describe(&m, (double)sheaf_corpus_size(s->corpus), bytes);
    m.work.file = bytes;
    m.amount = bytes / 1e9;
    st = time_stage(r, &j, read_documents, &m);
done:
    reset(&j);
    return st;
}

/* ---- UTF-8 */

#define DOCS 128 /* a block */

static sheaf_status utf8_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    job *j = arg;
    const sheaf_corpus *c = j->r->stages->corpus;
    int64_t lo, hi, valid = 0;
    sheaf_i_range(sheaf_corpus_size(c), DOCS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        sheaf_str text = sheaf_corpus_text(c, i);
        valid += (int64_t)sheaf_i_utf8_valid(text.p, text.n);
    }
    j->valid[block] = valid;
    return SHEAF_OK;
}

static sheaf_status check_utf8(void *arg)
{
    job *j = arg;
    return sheaf_i_par_for(j->ctx, NULL, sheaf_i_blocks(sheaf_corpus_size(j->r->stages->corpus), DOCS), utf8_block, j);
}

sheaf_status sheaf_i_case_utf8(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = SHEAF_OK;
    job j = {.r = r, .ctx = r->ctx};
    sheaf_i_measured m = {.name = "utf8", .unit = "GB/s", .quality = {"", 0, 0}};
    char size[16];
    int64_t valid = 0;
    SHEAF_TRY(sheaf_i_need_corpus(r));
    const int64_t blocks = sheaf_i_blocks(sheaf_corpus_size(r->stages->corpus), DOCS);
    SHEAF_NEW(j.valid, r->ctx, blocks);
    SHEAF_TRY(check_utf8(&j));
    for (int64_t block = 0; block < blocks; block++) valid += j.valid[block];
    if (valid != r->stages->text) SHEAF_TRY(wrong(r, "utf8", "valid text was found malformed"));
    if (sheaf_i_utf8_valid("sheaf of \xc3\x28", 11) != 9) SHEAF_TRY(wrong(r, "utf8", "malformed text was found valid"));
    snprintf(m.size, sizeof m.size, "%sB of text", sheaf_i_count((double)r->stages->text, size));
    m.work.text = (double)r->stages->text;
    m.amount = m.work.text / 1e9;
    st = time_stage(r, &j, check_utf8, &m);
done:
    sheaf_i_free(r->ctx, j.valid);
    return st;
}

/* ---- words */

static const char *check_words(const sheaf_i_stages *s, const sheaf_words *w, const sheaf_words *serial)
{
    const char *why = sheaf_i_words_validate(w);
    if (why) return why;
    if (s->made && sheaf_words_tokens(w) != s->truth.tokens) return "the number of words is not that of the text";
    if (sheaf_words_tokens(w) != sheaf_words_tokens(serial)) return "one thread finds another number of words";
    if (sheaf_words_types(w) != sheaf_words_types(serial)) return "one thread finds another number of types";
    for (int64_t i = 0; i < sheaf_words_docs(w); i++) {
        int64_t n, m;
        const uint32_t *a = sheaf_words_of(w, i, &n), *b = sheaf_words_of(serial, i, &m);
        if (n != m || memcmp(a, b, (size_t)n * sizeof *a) != 0) return "one thread finds other words";
    }
    return NULL;
}

sheaf_status sheaf_i_case_words(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = SHEAF_OK;
    job j = {.r = r, .ctx = r->ctx}, serial = {.r = r, .ctx = r->single};
    sheaf_i_measured m = {.name = "words", .unit = "GB/s", .quality = {"", 0, 0}};
    SHEAF_TRY(sheaf_i_need_corpus(r));
    const sheaf_i_stages *s = r->stages;
    SHEAF_TRY(cut_words(&j));
    SHEAF_TRY(cut_words(&serial));
    const char *why = check_words(s, j.words, serial.words);
    if (why) SHEAF_TRY(wrong(r, "words", why));
    reset(&serial);
    describe(&m, (double)sheaf_corpus_size(s->corpus), (double)s->text);
    m.work.text = (double)s->text;
    m.amount = m.work.text / 1e9;
    st = time_stage(r, &j, cut_words, &m);
done:
    reset(&j);
    reset(&serial);
    return st;
}

/* ---- terms */

static const char *check_terms(const sheaf_terms *t, const sheaf_terms *serial)
{
    const int64_t *rows, *rows1;
    const int32_t *columns, *columns1;
    const uint32_t *counts, *counts1;
    const char *why = sheaf_i_terms_validate(t);
    if (why) return why;
    sheaf_terms_counts(t, &rows, &columns, &counts);
    sheaf_terms_counts(serial, &rows1, &columns1, &counts1);
    const int64_t n = sheaf_terms_docs(t);
    if (sheaf_terms_size(t) != sheaf_terms_size(serial) || memcmp(rows, rows1, (size_t)(n + 1) * sizeof *rows) != 0)
        return "one thread finds other terms";
    if (memcmp(columns, columns1, (size_t)rows[n] * sizeof *columns) != 0 ||
        memcmp(counts, counts1, (size_t)rows[n] * sizeof *counts) != 0)
        return "one thread counts otherwise";
    return NULL;
}

sheaf_status sheaf_i_case_terms(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = SHEAF_OK;
    job j = {.r = r, .ctx = r->ctx}, serial = {.r = r, .ctx = r->single};
    sheaf_i_measured m = {.name = "terms", .unit = "Mwords/s", .quality = {"", 0, 0}};
    char words[16], terms[16];
    SHEAF_TRY(sheaf_i_need_words(r));
    SHEAF_TRY(build_terms(&j));
    SHEAF_TRY(build_terms(&serial));
    const char *why = check_terms(j.terms, serial.terms);
    if (why) SHEAF_TRY(wrong(r, "terms", why));
    reset(&serial);
    const double tokens = (double)sheaf_words_tokens(r->stages->words);
    snprintf(m.size, sizeof m.size, "%s words to %s terms", sheaf_i_count(tokens, words),
             sheaf_i_count((double)sheaf_terms_size(j.terms), terms));
    m.work.bytes = 4 * tokens; /* the words must at least be read */
    m.amount = tokens / 1e6;
    st = time_stage(r, &j, build_terms, &m);
done:
    reset(&j);
    reset(&serial);
    return st;
}

/* ---- weights */

/* By the validator, and bit by bit as one thread has them; codes are decoded for that. */
static sheaf_status check_weights(sheaf_ctx *ctx, const sheaf_matrix *a, const sheaf_matrix *serial, const char **why)
{
    sheaf_matrix *values[2] = {NULL, NULL};
    sheaf_status st = SHEAF_OK;
    *why = sheaf_i_matrix_validate(a);
    if (*why) return SHEAF_OK;
    const int64_t nnz = a->indptr[a->rows];
    if (a->coded) {
        SHEAF_TRY(sheaf_i_matrix_decode(ctx, &values[0], a));
        SHEAF_TRY(sheaf_i_matrix_decode(ctx, &values[1], serial));
        a = values[0];
        serial = values[1];
    }
    if (memcmp(a->values, serial->values, (size_t)nnz * sizeof *a->values) != 0) *why = "one thread weighs otherwise";
done:
    sheaf_matrix_free(values[0]);
    sheaf_matrix_free(values[1]);
    return st;
}

static sheaf_status one_weighing(sheaf_i_run *r, sheaf_status (*run)(void *), const char *form, double each_nonzero)
{
    sheaf_status st = SHEAF_OK;
    job j = {.r = r, .ctx = r->ctx}, serial = {.r = r, .ctx = r->single};
    sheaf_i_measured m = {.name = "weigh", .unit = "Mnonzeros/s", .quality = {"", 0, 0}};
    char nonzeros[16];
    const char *why;
    SHEAF_TRY(sheaf_i_need_terms(r));
    SHEAF_TRY(run(&j));
    SHEAF_TRY(run(&serial));
    SHEAF_TRY(check_weights(r->ctx, j.matrix, serial.matrix, &why));
    if (why) SHEAF_TRY(wrong(r, "weigh", why));
    reset(&serial);
    const double nnz = (double)j.matrix->indptr[j.matrix->rows];
    snprintf(m.size, sizeof m.size, "%s nonzeros, %s", sheaf_i_count(nnz, nonzeros), form);
    m.work.bytes = each_nonzero * nnz;
    m.amount = nnz / 1e6;
    st = time_stage(r, &j, run, &m);
done:
    reset(&j);
    reset(&serial);
    return st;
}

sheaf_status sheaf_i_case_weigh(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = one_weighing(r, weigh, "as values", 12); /* column and count read, weight written */
    return st == SHEAF_OK ? one_weighing(r, weigh_coded, "as codes", 11) : st; /* short column and code written */
}
