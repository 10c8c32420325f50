/* Rows a document: clusters, pair similarities, names of matrix rows and columns, what was skipped. */
#include <stdio.h>
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
    {.name = {"unknown", 7}, .right = true},
};
#define N_BASE ((int32_t)(sizeof BASE / sizeof *BASE))
#define N_WANTED 2
static const sheaf_i_column REASON = {.name = {"reason", 6}}, NAME = {.name = {"cluster_name", 12}};

typedef struct {
    sheaf_i_own own;
    const sheaf_clustering *c;
    const sheaf_topics *topics;
    const float *unknown;  /* NULL: of none */
    sheaf_i_column base[N_BASE + N_WANTED + SHEAF_CUTS_MOST];
    char cut_name[SHEAF_CUTS_MOST][24];
    int32_t *group, n_cuts;
    int64_t stride;        /* numbers of a cut: clusters + 1 */
    bool reason, name;
    int32_t n_base;
} layout;

static void document_row(sheaf_i_rows *r, const layout *l, int64_t doc)
{
    int64_t n;
    const sheaf_clustering *c = l->c;
    int32_t label = sheaf_clustering_labels(c, &n)[doc], second = sheaf_clustering_second(c)[doc];
    sheaf_i_cell_text(r, sheaf_corpus_id(l->own.c, doc));
    sheaf_i_cell_int(r, label);
    if (label || second) sheaf_i_cell_real(r, sheaf_clustering_fit(c)[doc], FIT_DIGITS);
    else sheaf_i_cell_none(r);
    if (label && second) sheaf_i_cell_real(r, sheaf_clustering_margin(c)[doc], FIT_DIGITS);
    else sheaf_i_cell_none(r);
    if (second) sheaf_i_cell_int(r, second);
    else sheaf_i_cell_none(r);
    if (l->unknown) sheaf_i_cell_real(r, l->unknown[doc], FIT_DIGITS);
    else sheaf_i_cell_none(r);
    if (l->reason) sheaf_i_cell_text(r, sheaf_i_str(sheaf_clustering_reason(c, doc)));
    for (int32_t t = 0; t < l->n_cuts; t++) sheaf_i_cell_int(r, l->group[t * l->stride + label]);
    if (l->name) sheaf_i_cell_text(r, sheaf_i_str(label ? sheaf_topics_name(l->topics, label) : ""));
    sheaf_i_own_cells(r, &l->own, doc);
    sheaf_i_row_end(r);
}

static bool asks_for(const sheaf_write_opts *o, const sheaf_i_column *column)
{
    for (int32_t i = 0; o && o->columns && i < o->n_columns; i++)
        if (strcmp(o->columns[i], column->name.p) == 0) return true;
    return false;
}

/* A column a cut, named after its number of groups; a number given twice has one. */
static sheaf_status add_cuts(layout *l, sheaf_ctx *ctx, const sheaf_write_opts *o)
{
    sheaf_status st = SHEAF_OK;
    if (o->n_cuts > SHEAF_CUTS_MOST)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%d cuts: at most %d", o->n_cuts, SHEAF_CUTS_MOST);
    if (o->n_cuts < 1) return st;
    l->stride = (int64_t)sheaf_clustering_k(l->c) + 1;
    SHEAF_NEW(l->group, ctx, o->n_cuts * l->stride);
    for (int32_t i = 0; i < o->n_cuts; i++) {
        char *name = l->cut_name[l->n_cuts];
        bool known = false;
        const int n = snprintf(name, sizeof l->cut_name[0], "cluster_%d", o->cuts[i]);
        for (int32_t t = 0; t < l->n_cuts; t++) known |= strcmp(l->cut_name[t], name) == 0;
        if (known) continue;
        SHEAF_TRY(sheaf_clustering_cut(l->c, o->cuts[i], l->group + l->n_cuts * l->stride));
        l->base[l->n_base++] = (sheaf_i_column){.name = {name, (size_t)n}, .right = true};
        l->n_cuts++;
    }
done:
    return st;
}

/* Reason where documents may have been left out for one, or by name; names of clusters by name. */
static sheaf_status layout_init(layout *l, const sheaf_model *m, const sheaf_write_opts *opts)
{
    sheaf_write_opts o;
    sheaf_i_write_opts(&o, opts);
    *l = (layout){.c = m->clustering, .topics = m->topics, .n_base = N_BASE, .name = asks_for(&o, &NAME),
                  .unknown = sheaf_terms_unknown(m->terms), .reason = m->o.min_fit > 0 || asks_for(&o, &REASON)};
    memcpy(l->base, BASE, sizeof BASE);
    if (l->reason) l->base[l->n_base++] = REASON;
    const sheaf_status st = add_cuts(l, m->ctx, &o);
    if (l->name) l->base[l->n_base++] = NAME;
    const sheaf_status own = sheaf_i_own_init(&l->own, m->ctx, m->corpus, l->base, l->n_base);
    return st != SHEAF_OK ? st : own;
}

/* Rows are spelled side by side, a block of documents a part, and go out in order, WAVE blocks at a time. */
#define BLOCK 512
#define WAVE 64
#define AHEAD 8 /* documents */

typedef struct {
    const layout *l;
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
        sheaf_i_record_fetch(s->l->own.c, i + AHEAD);
        document_row(part, s->l, i);
    }
    return SHEAF_OK;
}

static sheaf_status write_rows(sheaf_i_rows *r, const layout *l, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    spelling s = {.l = l};
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
    layout l;
    sheaf_i_rows r;
    sheaf_status st = layout_init(&l, m, opts);
    if (st == SHEAF_OK) st = sheaf_i_rows_open(&r, ctx, o, opts, "cluster", m, l.own.columns, l.own.n);
    if (st == SHEAF_OK) {
        int64_t n = sheaf_corpus_size(m->corpus);
        if (r.o.max_rows > 0 && r.o.max_rows < n) n = r.o.max_rows;
        if (r.o.format != SHEAF_FORMAT_TABLE) st = write_rows(&r, &l, n);
        else for (int64_t i = 0; i < n && !sheaf_i_rows_full(&r); i++) document_row(&r, &l, i);
        sheaf_status end = sheaf_i_rows_close(&r);
        if (st == SHEAF_OK) st = end;
    }
    sheaf_i_own_end(&l.own);
    sheaf_i_free(ctx, l.group);
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
