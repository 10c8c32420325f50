/* One record about what was read, or from "key: value" lines. */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/model.h"
#include "report/record.h"

static int by_bytes(const void *a, const void *b)
{
    const sheaf_str *x = a, *y = b;
    int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* Different labels, the empty one not counted. -1: no memory */
static int64_t n_labels(sheaf_ctx *ctx, const sheaf_corpus *c)
{
    int64_t n = sheaf_corpus_size(c), used = 0, different = 0;
    sheaf_str *labels = sheaf_i_array(ctx, n, sizeof *labels);
    if (!labels) return -1;
    for (int64_t i = 0; i < n; i++) {
        sheaf_str s = sheaf_corpus_label(c, i);
        if (s.n) labels[used++] = s;
    }
    qsort(labels, (size_t)used, sizeof *labels, by_bytes);
    for (int64_t i = 0; i < used; i++) different += i == 0 || by_bytes(&labels[i - 1], &labels[i]) != 0;
    sheaf_i_free(ctx, labels);
    return different;
}

/* "en 2388, fr 31" */
static void languages(sheaf_i_record *r, sheaf_i_text *t, const sheaf_terms *terms)
{
    const char *code;
    int64_t docs;
    for (int32_t i = 0; sheaf_terms_language(terms, i, &code, &docs); i++) {
        if (i) sheaf_i_text_puts(t, ", ");
        sheaf_i_text_puts(t, code);
        sheaf_i_text_puts(t, " ");
        sheaf_i_text_int(t, docs);
    }
    sheaf_i_record_text(r, "languages", (sheaf_str){t->p ? t->p : "", (size_t)t->n});
}

static void columns(sheaf_i_record *r, sheaf_i_text *t, const sheaf_corpus *c)
{
    t->n = 0;
    for (int32_t i = 0; i < sheaf_corpus_n_columns(c); i++) {
        sheaf_str name = sheaf_corpus_column_name(c, i);
        if (i) sheaf_i_text_puts(t, ", ");
        sheaf_i_text_add(t, name.p, name.n);
    }
    sheaf_i_record_text(r, "columns", (sheaf_str){t->p ? t->p : "", (size_t)t->n});
}

static int64_t empty_rows(const sheaf_terms *t)
{
    const int64_t *indptr;
    const int32_t *indices;
    const uint32_t *counts;
    sheaf_terms_counts(t, &indptr, &indices, &counts);
    int64_t n = 0;
    for (int64_t i = 0; i < sheaf_terms_docs(t); i++) n += indptr[i] == indptr[i + 1];
    return n;
}

sheaf_status sheaf_write_info(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    sheaf_i_record r;
    sheaf_i_text t;
    sheaf_i_text_init(&t, m->ctx);
    sheaf_read_counts c = sheaf_corpus_counts(m->corpus);
    int64_t labels = n_labels(m->ctx, m->corpus);
    sheaf_status st = labels < 0 ? SHEAF_ENOMEM : sheaf_i_record_open(&r, m->ctx, o, opts, "info", m);
    if (st != SHEAF_OK) return st;
    sheaf_i_record_int(&r, "documents", sheaf_corpus_size(m->corpus));
    sheaf_i_record_int(&r, "files", c.files);
    sheaf_i_record_int(&r, "bytes", c.bytes);
    sheaf_i_record_int(&r, "skipped", c.skipped);
    sheaf_i_record_int(&r, "replaced", c.replaced);
    sheaf_i_record_int(&r, "replaced_documents", c.replaced_docs);
    languages(&r, &t, m->terms);
    sheaf_i_record_int(&r, "words", m->n_tokens);
    sheaf_i_record_int(&r, "word_types", m->n_types);
    sheaf_i_record_int(&r, "terms", sheaf_terms_size(m->terms));
    sheaf_i_record_int(&r, "nonzeros", m->nonzeros);
    sheaf_i_record_int(&r, "documents_without_terms", empty_rows(m->terms));
    sheaf_i_record_int(&r, "labels", labels);
    columns(&r, &t, m->corpus);
    st = sheaf_i_record_close(&r);
    if (st == SHEAF_OK) st = t.status;
    sheaf_i_text_end(&t);
    return st;
}

sheaf_status sheaf_write_properties(sheaf_ctx *ctx, sheaf_out *o, const char *schema, const char *lines,
                                    const sheaf_write_opts *opts)
{
    sheaf_i_record r;
    sheaf_write_opts own;
    sheaf_i_write_opts(&own, opts);
    own.provenance = false; /* the lines are all there is to say */
    char name[64];
    size_t n = strlen(schema);
    if (n <= 8 || n - 8 >= sizeof name || memcmp(schema, "sheaf.", 6) != 0 || strcmp(schema + n - 2, "/1") != 0)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "a schema is \"sheaf.NAME/1\", not \"%s\"", schema);
    memcpy(name, schema + 6, n - 8);
    name[n - 8] = 0;
    sheaf_status st = sheaf_i_record_open(&r, ctx, o, &own, name, NULL);
    if (st != SHEAF_OK) return st;
    for (const char *p = lines; *p;) {
        size_t length = strcspn(p, "\n");
        const char *colon = memchr(p, ':', length);
        size_t key = colon ? (size_t)(colon - p) : 0;
        if (colon && key < sizeof name) {
            memcpy(name, p, key);
            name[key] = 0;
            const char *value = colon + 1;
            while (value < p + length && *value == ' ') value++;
            sheaf_i_record_text(&r, name, (sheaf_str){value, (size_t)(p + length - value)});
        }
        p += length;
        if (*p) p++;
    }
    return sheaf_i_record_close(&r);
}
