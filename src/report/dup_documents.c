/* Documents that stay, and those that may go with the one that stands for them: with all that they carry along, so that
   a stream can be filtered. */
#include <string.h>

#include "base/context.h"
#include "read/corpus.h"
#include "report/dups.h"
#include "report/own.h"

static const sheaf_i_column BASE[] = {
    {.name = {"id", 2}},
    {.name = {"partner", 7}},
    {.name = {"group", 5}, .right = true},
    {.name = {"kind", 4}},
    {.name = {"jaccard", 7}, .right = true},
    {.name = {"id_in_partner", 13}, .right = true},
    {.name = {"partner_in_id", 13}, .right = true},
};
#define N_DROPPED ((int32_t)(sizeof BASE / sizeof *BASE))
#define N_KEPT 1

static bool wants_text(const sheaf_write_opts *o, const sheaf_corpus *c)
{
    if (!c->has_text) return false;
    if (o->format != SHEAF_FORMAT_TABLE && o->format != SHEAF_FORMAT_TSV) return true;
    for (int32_t i = 0; i < o->n_columns; i++)
        if (strcmp(o->columns[i], "text") == 0) return true;
    return false;
}

static void document_row(sheaf_i_rows *r, sheaf_i_dups *v, const sheaf_i_own *own, int64_t doc, bool text)
{
    const sheaf_dup_doc *d = &v->docs[doc];
    sheaf_i_cell_text(r, sheaf_corpus_id(v->s.corpus, doc));
    if (d->dropped) {
        sheaf_i_cell_text(r, sheaf_i_dups_name(v, d->partner, 0));
        sheaf_i_cell_int(r, d->group);
        sheaf_i_cell_text(r, sheaf_i_str(sheaf_i_dup_kind_name(d->kind)));
        const double share[] = {sheaf_i_jaccard(d->shared, d->size, d->partner_size),
                                sheaf_i_inside(d->shared, d->size), sheaf_i_inside(d->shared, d->partner_size)};
        for (int i = 0; i < 3; i++)
            sheaf_i_cell_real(r, sheaf_i_shown(share[i], SHEAF_I_SHARE_DIGITS), SHEAF_I_SHARE_DIGITS);
    }
    sheaf_i_own_cells(r, own, doc);
    if (text) sheaf_i_cell_text(r, sheaf_corpus_text(v->s.corpus, doc));
    sheaf_i_row_end(r);
}

sheaf_status sheaf_write_dup_documents(sheaf_out *o, const sheaf_dups *d, const sheaf_dups_source *s, bool kept,
                                       const sheaf_write_opts *opts)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_dups v;
    sheaf_i_own columns;
    sheaf_i_rows r;
    sheaf_write_opts own;
    sheaf_i_dups_init(&v, d, s);
    sheaf_i_write_opts(&own, opts);
    const bool text = wants_text(&own, v.s.corpus);
    SHEAF_TRY(sheaf_i_own_init(&columns, v.ctx, v.s.corpus, BASE, kept ? N_KEPT : N_DROPPED));
    if (text) SHEAF_TRY(sheaf_i_own_more(&columns, "text"));
    SHEAF_TRY(sheaf_i_dups_rows_open(&r, &v, o, &own, kept ? "kept" : "dropped", columns.columns, columns.n));
    for (int64_t doc = 0; doc < v.n_new && !sheaf_i_rows_full(&r); doc++)
        if (v.docs[doc].dropped != kept) document_row(&r, &v, &columns, doc, text);
    st = v.name[0].status;
    sheaf_status end = sheaf_i_rows_close(&r);
    if (st == SHEAF_OK) st = end;
done:
    sheaf_i_own_end(&columns);
    sheaf_i_dups_end(&v);
    return st;
}
