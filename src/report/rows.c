/* Rows of typed cells; see rows.h. A cell is spelled in its final form at once; the end of a row puts the cells in the
   order asked for. */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "read/json.h"
#include "report/provenance.h"
#include "report/rows.h"

void sheaf_write_opts_init(sheaf_write_opts *o, size_t size)
{
    sheaf_write_opts d = {.size = size, .format = SHEAF_FORMAT_TSV, .header = true, .provenance = true};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

void sheaf_i_write_opts(sheaf_write_opts *out, const sheaf_write_opts *given)
{
    sheaf_write_opts_init(out, sizeof *out);
    if (given) sheaf_i_opts_copy(out, sizeof *out, given, given->size);
}

bool sheaf_i_rows_json(const sheaf_i_rows *r)
{
    return r->o.format == SHEAF_FORMAT_JSON || r->o.format == SHEAF_FORMAT_JSONL;
}

static bool same(sheaf_str a, const char *b) { return strlen(b) == a.n && memcmp(a.p, b, a.n) == 0; }

static sheaf_status no_column(sheaf_i_rows *r, const char *name)
{
    char names[400];
    size_t used = 0;
    for (int32_t i = 0; i < r->n_columns; i++) {
        sheaf_str s = r->columns[i].name;
        if (used + s.n + 3 > sizeof names) break;
        if (used) names[used++] = ',', names[used++] = ' ';
        memcpy(names + used, s.p, s.n);
        used += s.n;
    }
    names[used] = 0;
    sheaf_i_fail(r->ctx, SHEAF_EINVAL, "no column '%s' in this output", name);
    sheaf_i_hint(r->ctx, "columns: %s", names);
    return SHEAF_EINVAL;
}

static sheaf_status choose_columns(sheaf_i_rows *r)
{
    bool all = !r->o.columns;
    r->order = sheaf_i_array(r->ctx, all ? r->n_columns : r->o.n_columns, sizeof *r->order);
    if (!r->order) return SHEAF_ENOMEM;
    if (all) {
        for (int32_t i = 0; i < r->n_columns; i++)
            if (r->o.format != SHEAF_FORMAT_TABLE || !r->columns[i].hidden) r->order[r->n_order++] = i;
        return SHEAF_OK;
    }
    for (int32_t j = 0; j < r->o.n_columns; j++) {
        int32_t i = 0;
        while (i < r->n_columns && !same(r->columns[i].name, r->o.columns[j])) i++;
        if (i == r->n_columns) return no_column(r, r->o.columns[j]);
        r->order[r->n_order++] = i;
    }
    return SHEAF_OK;
}

#define ENOUGH (32 << 10) /* bytes of rows that go out together */

/* A part keeps what it has. */
static void send(const sheaf_i_rows *r, sheaf_i_text *t)
{
    if (!r->out) return;
    if (t->status == SHEAF_OK && t->n) sheaf_i_out_write(r->out, t->p, (size_t)t->n);
    t->n = 0;
}

/* What stands before the first row. */
static void begin(sheaf_i_rows *r, const char *schema, const sheaf_model *model, const char *members)
{
    bool csv = r->o.format == SHEAF_FORMAT_CSV;
    if (r->o.format == SHEAF_FORMAT_JSON) {
        sheaf_i_json_head(&r->text, schema, model, &r->o);
        sheaf_i_text_puts(&r->text, members);
        sheaf_i_text_puts(&r->text, ",\n\"rows\":[");
    } else if ((csv || r->o.format == SHEAF_FORMAT_TSV) && r->o.header) {
        for (int32_t j = 0; j < r->n_order; j++) {
            if (j) sheaf_i_text_puts(&r->text, csv ? "," : "\t");
            (csv ? sheaf_i_text_csv : sheaf_i_text_tsv)(&r->text, r->columns[r->order[j]].name);
        }
        sheaf_i_text_puts(&r->text, csv ? "\r\n" : "\n");
    }
    send(r, &r->text);
}

static void rows_free(sheaf_i_rows *r)
{
    sheaf_i_free(r->ctx, r->order);
    sheaf_i_free(r->ctx, r->cells);
    sheaf_i_text_end(&r->text);
    sheaf_i_text_end(&r->list);
}

sheaf_status sheaf_i_rows_open_with(sheaf_i_rows *r, sheaf_ctx *ctx, sheaf_out *out, const sheaf_write_opts *opts,
                                    const char *schema, const sheaf_model *model, const char *members,
                                    const sheaf_i_column *columns, int32_t n)
{
    *r = (sheaf_i_rows){.ctx = ctx, .out = out, .columns = columns, .n_columns = n, .status = SHEAF_OK};
    sheaf_i_write_opts(&r->o, opts);
    sheaf_i_text_init(&r->text, ctx);
    sheaf_i_text_init(&r->list, ctx);
    sheaf_status st = choose_columns(r);
    r->straight = !r->o.columns && (r->o.format == SHEAF_FORMAT_TSV || r->o.format == SHEAF_FORMAT_CSV);
    if (st == SHEAF_OK) begin(r, schema, model, members);
    else rows_free(r);
    return st;
}

sheaf_status sheaf_i_rows_open(sheaf_i_rows *r, sheaf_ctx *ctx, sheaf_out *out, const sheaf_write_opts *opts,
                               const char *schema, const sheaf_model *model, const sheaf_i_column *columns, int32_t n)
{
    return sheaf_i_rows_open_with(r, ctx, out, opts, schema, model, "", columns, n);
}

bool sheaf_i_rows_full(const sheaf_i_rows *r)
{
    return r->status != SHEAF_OK || r->text.status != SHEAF_OK ||
           (r->out && sheaf_i_out_status(r->out) != SHEAF_OK) || (r->o.max_rows > 0 && r->rows >= r->o.max_rows);
}

/* Opens the next cell: its text goes to r->text until cell_close. */
static bool cell_open(sheaf_i_rows *r)
{
    sheaf_status st = SHEAF_OK;
    if (r->straight) {
        if (r->cell++) sheaf_i_text_add(&r->text, r->o.format == SHEAF_FORMAT_CSV ? "," : "\t", 1);
        return true;
    }
    SHEAF_GROW(r->cells, r->ctx, r->n_cells, r->room);
    r->cells[r->n_cells++] = (sheaf_i_cell){.start = r->text.n};
    return true;
done:
    r->status = st;
    return false;
}

static void cell_close(sheaf_i_rows *r, int32_t width)
{
    if (r->straight) return;
    sheaf_i_cell *c = &r->cells[r->n_cells - 1];
    c->n = r->text.n - c->start;
    c->width = width ? width : (int32_t)c->n; /* ASCII */
}

void sheaf_i_cell_text(sheaf_i_rows *r, sheaf_str s)
{
    int32_t width = 0;
    if (!cell_open(r)) return;
    switch (r->o.format) {
    case SHEAF_FORMAT_TABLE: width = sheaf_i_text_plain(&r->text, s); break;
    case SHEAF_FORMAT_TSV: sheaf_i_text_tsv(&r->text, s); break;
    case SHEAF_FORMAT_CSV: sheaf_i_text_csv(&r->text, s); break;
    default: sheaf_i_text_json(&r->text, s);
    }
    cell_close(r, width);
}

void sheaf_i_cell_int(sheaf_i_rows *r, int64_t value)
{
    if (!cell_open(r)) return;
    sheaf_i_text_int(&r->text, value);
    cell_close(r, 0);
}

void sheaf_i_cell_real(sheaf_i_rows *r, double value, int digits)
{
    if (!cell_open(r)) return;
    int64_t before = r->text.n;
    sheaf_i_text_real(&r->text, value, digits);
    if (r->text.n == before && sheaf_i_rows_json(r)) sheaf_i_text_puts(&r->text, "null");
    cell_close(r, 0);
}

void sheaf_i_cell_none(sheaf_i_rows *r)
{
    if (!cell_open(r)) return;
    if (sheaf_i_rows_json(r)) sheaf_i_text_puts(&r->text, "null");
    cell_close(r, 0);
}

void sheaf_i_cell_figure(sheaf_i_rows *r, sheaf_str s)
{
    sheaf_i_json_scan scan = sheaf_i_json_begin(s);
    sheaf_i_json v;
    if (!s.n) sheaf_i_cell_none(r);
    else if (!sheaf_i_rows_json(r) || !sheaf_i_json_value(&scan, &v) || v.kind != SHEAF_I_JSON_NUMBER ||
             !sheaf_i_json_end(&scan)) sheaf_i_cell_text(r, s);
    else if (cell_open(r)) {
        sheaf_i_text_add(&r->text, v.raw.p, v.raw.n);
        cell_close(r, 0);
    }
}

void sheaf_i_list_begin(sheaf_i_rows *r)
{
    r->item = false;
    r->list.n = 0;
    if (!sheaf_i_rows_json(r)) return;
    if (cell_open(r)) sheaf_i_text_puts(&r->text, "[");
}

void sheaf_i_list_item(sheaf_i_rows *r, const char *key, sheaf_str text, const char *separator)
{
    if (!sheaf_i_rows_json(r)) {
        if (r->item) sheaf_i_text_puts(&r->list, separator);
        sheaf_i_text_add(&r->list, text.p, text.n);
    } else {
        sheaf_i_text_puts(&r->text, r->item ? ",{" : "{");
        sheaf_i_text_json(&r->text, sheaf_i_str(key));
        sheaf_i_text_puts(&r->text, ":");
        sheaf_i_text_json(&r->text, text);
    }
    r->item = true;
}

void sheaf_i_list_item_begin(sheaf_i_rows *r)
{
    if (sheaf_i_rows_json(r)) sheaf_i_text_puts(&r->text, r->item ? ",{" : "{");
    r->item = true;
}

static bool item_key(sheaf_i_rows *r, const char *key)
{
    if (!sheaf_i_rows_json(r)) return false;
    if (r->text.n && r->text.p[r->text.n - 1] != '{') sheaf_i_text_puts(&r->text, ",");
    sheaf_i_text_json(&r->text, sheaf_i_str(key));
    sheaf_i_text_puts(&r->text, ":");
    return true;
}

void sheaf_i_list_text(sheaf_i_rows *r, const char *key, sheaf_str text)
{
    if (item_key(r, key)) sheaf_i_text_json(&r->text, text);
}

void sheaf_i_list_int(sheaf_i_rows *r, const char *key, int64_t value)
{
    if (item_key(r, key)) sheaf_i_text_int(&r->text, value);
}

void sheaf_i_list_real(sheaf_i_rows *r, const char *key, double value, int digits)
{
    if (!item_key(r, key)) return;
    int64_t before = r->text.n;
    sheaf_i_text_real(&r->text, value, digits);
    if (r->text.n == before) sheaf_i_text_puts(&r->text, "null");
}

void sheaf_i_list_item_end(sheaf_i_rows *r)
{
    if (sheaf_i_rows_json(r)) sheaf_i_text_puts(&r->text, "}");
}

void sheaf_i_list_end(sheaf_i_rows *r)
{
    if (!sheaf_i_rows_json(r)) {
        sheaf_i_cell_text(r, (sheaf_str){r->list.p ? r->list.p : "", (size_t)r->list.n});
        return;
    }
    sheaf_i_text_puts(&r->text, "]");
    if (r->n_cells) cell_close(r, 0);
}

/* Puts the cells of the row, which lie in r->text from `start` on, in their order behind it. */
static void order_row(sheaf_i_rows *r, int64_t start)
{
    bool json = sheaf_i_rows_json(r), csv = r->o.format == SHEAF_FORMAT_CSV;
    sheaf_i_text *to = &r->list;
    to->n = 0;
    if (json) sheaf_i_text_puts(to, r->o.format == SHEAF_FORMAT_JSONL ? "{" : r->rows ? ",\n{" : "\n{");
    for (int32_t j = 0; j < r->n_order; j++) {
        const sheaf_i_cell *c = &r->cells[r->order[j]];
        if (j) sheaf_i_text_add(to, json || csv ? "," : "\t", 1);
        if (json) {
            sheaf_i_text_json(to, r->columns[r->order[j]].name);
            sheaf_i_text_add(to, ":", 1);
        }
        sheaf_i_text_add(to, r->text.p + c->start, (size_t)c->n);
    }
    sheaf_i_text_puts(to, r->o.format == SHEAF_FORMAT_JSON ? "}" : json ? "}\n" : csv ? "\r\n" : "\n");
    r->text.n = start;
    sheaf_i_text_add(&r->text, to->p, (size_t)to->n);
    r->n_cells = 0;
}

void sheaf_i_row_end(sheaf_i_rows *r)
{
    if (r->status == SHEAF_OK) r->status = r->text.status != SHEAF_OK ? r->text.status : r->list.status;
    if (r->status != SHEAF_OK) return;
    if (r->straight) {
        if (r->o.format == SHEAF_FORMAT_CSV) sheaf_i_text_add(&r->text, "\r\n", 2);
        else sheaf_i_text_add(&r->text, "\n", 1);
        r->cell = 0;
    } else if (r->o.format != SHEAF_FORMAT_TABLE) {
        order_row(r, r->n_cells ? r->cells[0].start : r->text.n);
    }
    r->rows++;
    if (r->o.format != SHEAF_FORMAT_TABLE && r->text.n >= ENOUGH) send(r, &r->text);
}

void sheaf_i_rows_part(const sheaf_i_rows *r, sheaf_i_rows *part, int64_t first)
{
    *part = *r;
    part->out = NULL;
    part->rows = first;
    part->cells = NULL;
    part->n_cells = part->room = 0;
    sheaf_i_text_init(&part->text, r->ctx);
    sheaf_i_text_init(&part->list, r->ctx);
}

void sheaf_i_rows_take(sheaf_i_rows *r, sheaf_i_rows *part)
{
    send(r, &r->text);
    if (r->status == SHEAF_OK) r->status = part->status != SHEAF_OK ? part->status : part->text.status;
    if (r->status == SHEAF_OK) send(r, &part->text);
    part->text.n = 0;
    r->rows = part->rows;
}

void sheaf_i_rows_part_end(sheaf_i_rows *part)
{
    sheaf_i_free(part->ctx, part->cells);
    sheaf_i_text_end(&part->text);
    sheaf_i_text_end(&part->list);
}

sheaf_status sheaf_i_rows_close(sheaf_i_rows *r)
{
    sheaf_status st = r->status != SHEAF_OK ? r->status : r->text.status != SHEAF_OK ? r->text.status : r->list.status;
    if (st == SHEAF_OK && r->o.format == SHEAF_FORMAT_TABLE) {
        sheaf_i_table_write(r);
        st = r->status;
    } else if (st == SHEAF_OK) {
        send(r, &r->text);
    }
    if (st == SHEAF_OK && r->o.format == SHEAF_FORMAT_JSON) sheaf_i_out_text(r->out, "\n]}\n");
    if (st == SHEAF_OK) st = sheaf_i_out_status(r->out);
    rows_free(r);
    return st;
}
