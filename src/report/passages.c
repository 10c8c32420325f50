/* Rows a passage that two documents share. */
#include "base/context.h"
#include "read/corpus.h"
#include "report/dups.h"

#define TEXT_BYTES 240

static const sheaf_i_column COLUMNS[] = {
    {.name = {"id", 2}},
    {.name = {"partner", 7}},
    {.name = {"words", 5}, .right = true},
    {.name = {"id_word", 7}, .right = true, .hidden = true},
    {.name = {"partner_word", 12}, .right = true, .hidden = true},
    {.name = {"id_start", 8}, .right = true, .hidden = true},
    {.name = {"id_bytes", 8}, .right = true, .hidden = true},
    {.name = {"partner_start", 13}, .right = true, .hidden = true},
    {.name = {"partner_bytes", 13}, .right = true, .hidden = true},
    {.name = {"text", 4}},
};
#define N_COLUMNS ((int32_t)(sizeof COLUMNS / sizeof *COLUMNS))

static void span_cells(sheaf_i_rows *r, sheaf_span span)
{
    if (span.length) {
        sheaf_i_cell_int(r, span.start);
        sheaf_i_cell_int(r, span.length);
    } else {
        sheaf_i_cell_none(r);
        sheaf_i_cell_none(r);
    }
}

/* The passage as it stands in the first document; a long one's beginning. */
static void text_cell(sheaf_i_rows *r, const sheaf_i_dups *v, const sheaf_passage *p, sheaf_i_text *t)
{
    int64_t doc = p->a;
    const sheaf_corpus *c = sheaf_i_dups_corpus(v, &doc);
    const sheaf_str text = sheaf_corpus_text(c, doc);
    t->n = 0;
    for (size_t i = 0, used; i < p->span_a.length; i += used) {
        uint32_t code;
        used = sheaf_i_utf8(text.p + p->span_a.start + i, p->span_a.length - i, &code);
        if (!used) used = 1;
        const char c0 = text.p[p->span_a.start + i];
        if (c0 == '\n' || c0 == '\r' || c0 == '\t') sheaf_i_text_puts(t, " ");
        else sheaf_i_text_add(t, text.p + p->span_a.start + i, used);
        if (t->n < TEXT_BYTES) continue;
        sheaf_i_text_puts(t, " ...");
        break;
    }
    sheaf_i_cell_text(r, (sheaf_str){t->p ? t->p : "", (size_t)t->n});
    if (t->status != SHEAF_OK) r->status = t->status;
}

sheaf_status sheaf_write_passages(sheaf_out *o, const sheaf_passages *p, const sheaf_dups_source *s,
                                  const sheaf_write_opts *opts)
{
    sheaf_i_dups v;
    sheaf_i_rows r;
    sheaf_i_text text;
    int64_t n;
    const sheaf_passage *list = sheaf_passages_list(p, &n);
    sheaf_i_dups_init(&v, NULL, s);
    sheaf_i_text_init(&text, v.ctx);
    sheaf_i_text_puts(&text, ",\n\"left_out\":");
    sheaf_i_text_int(&text, sheaf_passages_left_out(p));
    sheaf_i_text_add(&text, "", 1);
    sheaf_status st = text.status;
    if (st == SHEAF_OK)
        st = sheaf_i_rows_open_with(&r, v.ctx, o, opts, "passages", NULL, text.p, COLUMNS, N_COLUMNS);
    if (st == SHEAF_OK) {
        for (int64_t i = 0; i < n && !sheaf_i_rows_full(&r); i++) {
            sheaf_i_cell_text(&r, sheaf_i_dups_name(&v, list[i].a, 0));
            sheaf_i_cell_text(&r, sheaf_i_dups_name(&v, list[i].b, 1));
            sheaf_i_cell_int(&r, list[i].words);
            sheaf_i_cell_int(&r, list[i].word_a);
            sheaf_i_cell_int(&r, list[i].word_b);
            span_cells(&r, list[i].span_a);
            span_cells(&r, list[i].span_b);
            text_cell(&r, &v, &list[i], &text);
            sheaf_i_row_end(&r);
        }
        st = sheaf_i_rows_close(&r);
        for (int i = 0; i < 2 && st == SHEAF_OK; i++) st = v.name[i].status;
    }
    sheaf_i_text_end(&text);
    sheaf_i_dups_end(&v);
    return st;
}
