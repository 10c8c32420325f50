/* The dimensions of the latent space as topics: terms with weights, documents with loadings. A dimension has two ends,
   so entries are ranked by absolute value and keep their sign. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/model.h"
#include "report/rows.h"

#define DIGITS 4

typedef struct {
    int64_t at;
    float value;
} entry;

/* Ties go to the lower index, so the choice does not depend on the order of the scan. */
static bool before(entry a, entry b)
{
    float x = fabsf(a.value), y = fabsf(b.value);
    return x > y || (x == y && a.at < b.at);
}

/* The `want` largest entries of one column of x (n x ld), largest first; returns how many there are. */
static int32_t largest(const float *x, int64_t n, int64_t ld, int32_t column, entry *top, int32_t want)
{
    int32_t have = 0;
    for (int64_t i = 0; i < n; i++) {
        entry e = {i, x[i * ld + column]};
        if (e.value == 0 || (have == want && !before(e, top[have - 1]))) continue;
        int32_t at = have < want ? have++ : want - 1;
        for (; at > 0 && before(e, top[at - 1]); at--) top[at] = top[at - 1];
        top[at] = e;
    }
    return have;
}

/* In flat formats the number stands behind the name. */
static void item(sheaf_i_rows *r, const char *key, sheaf_str name, const char *number, double value, const char *sep)
{
    sheaf_i_list_item(r, key, name, sep);
    if (!sheaf_i_rows_json(r)) {
        sheaf_i_text_puts(&r->list, " ");
        sheaf_i_text_real(&r->list, value, DIGITS);
    }
    sheaf_i_list_real(r, number, value, DIGITS + 2);
    sheaf_i_list_item_end(r);
}

static void topic_row(sheaf_i_rows *r, const sheaf_model *m, int32_t j, entry *top, int32_t n_terms, int32_t n_docs)
{
    const sheaf_space *s = m->space;
    int32_t dims = sheaf_space_dims(s);
    const double *sigma = sheaf_space_sigma(s);
    double total = 0;
    for (int32_t i = 0; i < dims; i++) total += sigma[i] * sigma[i];
    sheaf_i_cell_int(r, j + 1);
    sheaf_i_cell_real(r, sigma[j], DIGITS);
    sheaf_i_cell_real(r, total > 0 ? sigma[j] * sigma[j] / total : 0, DIGITS);
    int32_t n = largest(sheaf_space_terms(s), sheaf_terms_size(m->terms), dims, j, top, n_terms);
    sheaf_i_list_begin(r);
    for (int32_t i = 0; i < n; i++)
        item(r, "term", sheaf_terms_surface(m->terms, (int32_t)top[i].at), "weight", top[i].value, ", ");
    sheaf_i_list_end(r);
    n = largest(sheaf_space_docs(s), sheaf_corpus_size(m->corpus), dims, j, top, n_docs);
    sheaf_i_list_begin(r);
    for (int32_t i = 0; i < n; i++)
        item(r, "id", sheaf_corpus_id(m->corpus, top[i].at), "loading", top[i].value * sigma[j], "; ");
    sheaf_i_list_end(r);
    sheaf_i_row_end(r);
}

sheaf_status sheaf_write_latent_topics(sheaf_out *o, const sheaf_model *m, int32_t n_terms, int32_t n_docs,
                                       const sheaf_write_opts *opts)
{
    static const sheaf_i_column columns[] = {{.name = {"topic", 5}, .right = true},
                                             {.name = {"sigma", 5}, .right = true},
                                             {.name = {"share", 5}, .right = true},
                                             {.name = {"terms", 5}},
                                             {.name = {"documents", 9}}};
    sheaf_ctx *ctx = m->ctx;
    if (!m->space) return sheaf_i_fail(ctx, SHEAF_EINVAL, "the model has no latent space");
    if (n_terms < 1 || n_docs < 1)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "a topic needs at least 1 term and 1 document, not %d and %d", n_terms, n_docs);
    sheaf_i_rows r;
    entry *top = sheaf_i_array(ctx, n_terms > n_docs ? n_terms : n_docs, sizeof *top);
    if (!top) return SHEAF_ENOMEM;
    sheaf_status st = sheaf_i_rows_open(&r, ctx, o, opts, "topics", m, columns, 5);
    if (st == SHEAF_OK) {
        for (int32_t j = 0; j < sheaf_space_dims(m->space) && !sheaf_i_rows_full(&r); j++)
            topic_row(&r, m, j, top, n_terms, n_docs);
        st = sheaf_i_rows_close(&r);
    }
    sheaf_i_free(ctx, top);
    return st;
}

/* id, t1, t2, ... */
static sheaf_status loading_columns(sheaf_i_arena *a, sheaf_i_column *columns, int32_t dims)
{
    columns[0] = (sheaf_i_column){.name = {"id", 2}};
    for (int32_t j = 0; j < dims; j++) {
        char s[16];
        int n = snprintf(s, sizeof s, "t%d", j + 1);
        const char *name = sheaf_i_arena_copy(a, s, (size_t)n);
        if (!name) return SHEAF_ENOMEM;
        columns[j + 1] = (sheaf_i_column){.name = {name, (size_t)n}, .right = true};
    }
    return SHEAF_OK;
}

sheaf_status sheaf_write_loadings(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    sheaf_ctx *ctx = m->ctx;
    if (!m->space) return sheaf_i_fail(ctx, SHEAF_EINVAL, "the model has no latent space");
    int32_t dims = sheaf_space_dims(m->space);
    sheaf_i_arena arena;
    sheaf_i_arena_init(&arena, ctx);
    sheaf_i_rows r;
    sheaf_i_column *columns = NULL;
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(columns, ctx, (int64_t)dims + 1);
    SHEAF_TRY(loading_columns(&arena, columns, dims));
    SHEAF_TRY(sheaf_i_rows_open(&r, ctx, o, opts, "loadings", m, columns, dims + 1));
    for (int64_t i = 0; i < sheaf_corpus_size(m->corpus) && !sheaf_i_rows_full(&r); i++) {
        const float *u = sheaf_space_docs(m->space) + i * dims;
        sheaf_i_cell_text(&r, sheaf_corpus_id(m->corpus, i));
        for (int32_t j = 0; j < dims; j++) sheaf_i_cell_real(&r, u[j] * sheaf_space_sigma(m->space)[j], DIGITS + 2);
        sheaf_i_row_end(&r);
    }
    st = sheaf_i_rows_close(&r);
done:
    sheaf_i_free(ctx, columns);
    sheaf_i_arena_end(&arena);
    return st;
}
