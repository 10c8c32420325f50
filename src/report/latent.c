/* The dimensions of the latent space as topics: terms with weights, documents with loadings, signs kept. */
#include <stdio.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/model.h"
#include "report/rows.h"

#define DIGITS 4

#define TABLE_TERMS 6 /* what a line of a terminal can show */
#define TABLE_DOCS 2

/* In flat formats the number stands behind the name; a table has no room for it. */
static void item(sheaf_i_rows *r, const char *key, sheaf_str name, const char *number, double value, const char *sep)
{
    sheaf_i_list_item(r, key, name, sep);
    if (!sheaf_i_rows_json(r) && r->o.format != SHEAF_FORMAT_TABLE) {
        sheaf_i_text_puts(&r->list, " ");
        sheaf_i_text_real(&r->list, value, DIGITS);
    }
    sheaf_i_list_real(r, number, value, DIGITS + 2);
    sheaf_i_list_item_end(r);
}

static void topic_row(sheaf_i_rows *r, const sheaf_model *m, const sheaf_dims *d, int32_t j, double total)
{
    bool table = r->o.format == SHEAF_FORMAT_TABLE;
    const double *sigma = sheaf_space_sigma(m->space);
    int32_t n;
    sheaf_i_cell_int(r, j + 1);
    sheaf_i_cell_real(r, sigma[j], DIGITS);
    sheaf_i_cell_real(r, total > 0 ? sigma[j] * sigma[j] / total : 0, DIGITS);
    const sheaf_dim_term *t = sheaf_dims_terms(d, j, &n);
    sheaf_i_list_begin(r);
    if (table && n > TABLE_TERMS) n = TABLE_TERMS;
    for (int32_t i = 0; i < n; i++)
        item(r, "term", sheaf_terms_surface(m->terms, t[i].term), "weight", t[i].weight, ", ");
    sheaf_i_list_end(r);
    const sheaf_dim_doc *doc = sheaf_dims_docs(d, j, &n);
    sheaf_i_list_begin(r);
    if (table && n > TABLE_DOCS) n = TABLE_DOCS;
    for (int32_t i = 0; i < n; i++)
        item(r, "id", sheaf_corpus_id(m->corpus, doc[i].doc), "loading", doc[i].loading, "; ");
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
    if (!m->space) return sheaf_i_fail(m->ctx, SHEAF_EINVAL, "the model has no latent space");
    sheaf_i_rows r;
    sheaf_dims *d = NULL;
    sheaf_status st = SHEAF_OK;
    double total = 0;
    SHEAF_TRY(sheaf_dims_build(m->ctx, &d, m->space, n_terms, n_docs));
    SHEAF_TRY(sheaf_i_rows_open(&r, m->ctx, o, opts, "topics", m, columns, 5));
    for (int32_t j = 0; j < sheaf_space_dims(m->space); j++)
        total += sheaf_space_sigma(m->space)[j] * sheaf_space_sigma(m->space)[j];
    for (int32_t j = 0; j < sheaf_space_dims(m->space) && !sheaf_i_rows_full(&r); j++) topic_row(&r, m, d, j, total);
    st = sheaf_i_rows_close(&r);
done:
    sheaf_dims_free(d);
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
