/* Rows a document: clusters, pair similarities, names of matrix rows and columns, what was skipped. */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/par.h"
#include "model/model.h"
#include "read/record.h"
#include "report/own.h"

#define FIT_DIGITS 4

static const sheaf_i_column BASE[] = {
    {.name = {"id", 2}},
    {.name = {"cluster", 7}, .right = true},
    {.name = {"fit", 3}, .right = true},
    {.name = {"margin", 6}, .right = true},
    {.name = {"second", 6}, .right = true},
};
#define N_BASE ((int32_t)(sizeof BASE / sizeof *BASE))

static void document_row(sheaf_i_rows *r, const sheaf_i_own *l, const sheaf_clustering *c, int64_t doc)
{
    int64_t n;
    int32_t label = sheaf_clustering_labels(c, &n)[doc], second = sheaf_clustering_second(c)[doc];
    sheaf_i_cell_text(r, sheaf_corpus_id(l->c, doc));
    sheaf_i_cell_int(r, label);
    if (label) sheaf_i_cell_real(r, sheaf_clustering_fit(c)[doc], FIT_DIGITS);
    else sheaf_i_cell_none(r);
    if (label && second) {
        sheaf_i_cell_real(r, sheaf_clustering_margin(c)[doc], FIT_DIGITS);
        sheaf_i_cell_int(r, second);
    } else {
        sheaf_i_cell_none(r);
        sheaf_i_cell_none(r);
    }
    sheaf_i_own_cells(r, l, doc);
    sheaf_i_row_end(r);
}

/* Rows are spelled side by side, a block of documents a part, and go out in order, WAVE blocks at a time. */
#define BLOCK 512
#define WAVE 64
#define AHEAD 8 /* documents */

typedef struct {
    const sheaf_i_own *l;
    const sheaf_clustering *c;
    sheaf_i_rows *part;    /* WAVE of them */
    int64_t first, n;      /* documents of the wave: first .. n - 1 */
} spelling;

static sheaf_status spell_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    spelling *s = arg;
    sheaf_i_rows *part = &s->part[block];
    int64_t lo, hi;
    sheaf_i_range(s->n - s->first, BLOCK, block, &lo, &hi);
    part->rows = s->first + lo;
    for (int64_t i = s->first + lo; i < s->first + hi && !sheaf_i_rows_full(part); i++) {
        sheaf_i_record_fetch(s->l->c, i + AHEAD);
        document_row(part, s->l, s->c, i);
    }
    return SHEAF_OK;
}

static sheaf_status write_rows(sheaf_i_rows *r, const sheaf_i_own *l, const sheaf_clustering *c, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    spelling s = {.l = l, .c = c};
    int64_t parts = sheaf_i_blocks(n, BLOCK) < WAVE ? sheaf_i_blocks(n, BLOCK) : WAVE;
    SHEAF_NEW(s.part, r->ctx, parts);
    for (int64_t i = 0; i < parts; i++) sheaf_i_rows_part(r, &s.part[i], 0);
    for (s.first = 0; s.first < n && !sheaf_i_rows_full(r); s.first = s.n) {
        s.n = n - s.first < WAVE * BLOCK ? n : s.first + WAVE * BLOCK;
        int64_t blocks = sheaf_i_blocks(s.n - s.first, BLOCK);
        SHEAF_TRY(sheaf_i_par_for(r->ctx, NULL, blocks, spell_block, &s));
        for (int64_t i = 0; i < blocks; i++) sheaf_i_rows_take(r, &s.part[i]);
    }
done:
    for (int64_t i = 0; s.part && i < parts; i++) sheaf_i_rows_part_end(&s.part[i]);
    sheaf_i_free(r->ctx, s.part);
    return st;
}

sheaf_status sheaf_write_documents(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    sheaf_ctx *ctx = m->ctx;
    if (!m->clustering) return sheaf_i_fail(ctx, SHEAF_EINVAL, "the model has no clusters");
    sheaf_i_own l;
    sheaf_i_rows r;
    sheaf_status st = sheaf_i_own_init(&l, ctx, m->corpus, BASE, N_BASE);
    if (st == SHEAF_OK) st = sheaf_i_rows_open(&r, ctx, o, opts, "cluster", m, l.columns, l.n);
    if (st == SHEAF_OK) {
        int64_t n = sheaf_corpus_size(m->corpus);
        if (r.o.max_rows > 0 && r.o.max_rows < n) n = r.o.max_rows;
        if (r.o.format != SHEAF_FORMAT_TABLE) st = write_rows(&r, &l, m->clustering, n);
        else for (int64_t i = 0; i < n && !sheaf_i_rows_full(&r); i++) document_row(&r, &l, m->clustering, i);
        sheaf_status end = sheaf_i_rows_close(&r);
        if (st == SHEAF_OK) st = end;
    }
    sheaf_i_own_end(&l);
    return st;
}

sheaf_status sheaf_write_pairs(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    static const sheaf_i_column columns[] = {{.name = {"similarity", 10}, .right = true},
                                             {.name = {"id", 2}}, {.name = {"other", 5}}};
    sheaf_i_rows r;
    sheaf_write_opts own;
    sheaf_i_write_opts(&own, opts);
    bool table = own.format == SHEAF_FORMAT_TABLE;
    if (table) own.header = false;
    sheaf_status st = sheaf_i_rows_open(&r, m->ctx, o, &own, "similarity", m, columns, 3);
    if (st != SHEAF_OK) return st;
    for (int32_t i = 0; i < m->n_pairs && !sheaf_i_rows_full(&r); i++) {
        sheaf_i_cell_real(&r, m->pairs[i].similarity, table ? 2 : FIT_DIGITS);
        sheaf_i_cell_text(&r, sheaf_corpus_id(m->corpus, m->pairs[i].a));
        sheaf_i_cell_text(&r, sheaf_corpus_id(m->corpus, m->pairs[i].b));
        sheaf_i_row_end(&r);
    }
    return sheaf_i_rows_close(&r);
}

sheaf_status sheaf_write_skipped(sheaf_out *o, const sheaf_corpus *c, const sheaf_write_opts *opts)
{
    static const sheaf_i_column columns[] = {{.name = {"place", 5}}, {.name = {"reason", 6}}};
    sheaf_i_rows r;
    sheaf_status st = sheaf_i_rows_open(&r, c->ctx, o, opts, "skipped", NULL, columns, 2);
    if (st != SHEAF_OK) return st;
    int64_t n = sheaf_corpus_counts(c).skipped;
    for (int64_t i = 0; i < n && !sheaf_i_rows_full(&r); i++) {
        sheaf_str place, reason;
        sheaf_corpus_skipped(c, i, &place, &reason);
        sheaf_i_cell_text(&r, place);
        sheaf_i_cell_text(&r, reason);
        sheaf_i_row_end(&r);
    }
    return sheaf_i_rows_close(&r);
}

sheaf_status sheaf_write_names(sheaf_out *o, const sheaf_model *m, bool columns)
{
    sheaf_i_text t;
    sheaf_i_text_init(&t, m->ctx);
    int64_t n = columns ? sheaf_terms_size(m->terms) : sheaf_corpus_size(m->corpus);
    sheaf_status st = SHEAF_OK;
    for (int64_t i = 0; i < n && st == SHEAF_OK; i++) {
        t.n = 0;
        sheaf_i_text_tsv(&t, columns ? sheaf_terms_term(m->terms, (int32_t)i) : sheaf_corpus_id(m->corpus, i));
        sheaf_i_text_puts(&t, "\n");
        st = t.status;
        if (st == SHEAF_OK) {
            sheaf_i_out_write(o, t.p, (size_t)t.n);
            st = sheaf_i_out_status(o);
        }
    }
    sheaf_i_text_end(&t);
    return st;
}
