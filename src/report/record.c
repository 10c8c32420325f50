/* One record; see record.h. */
#include "base/context.h"
#include "base/file.h"
#include "report/provenance.h"
#include "report/record.h"

static const sheaf_i_column FIELDS[] = {{.name = {"field", 5}}, {.name = {"value", 5}}};

sheaf_status sheaf_i_record_open(sheaf_i_record *r, sheaf_ctx *ctx, sheaf_out *out, const sheaf_write_opts *opts,
                                 const char *schema, const sheaf_model *model)
{
    *r = (sheaf_i_record){.out = out};
    sheaf_i_write_opts(&r->o, opts);
    r->o.columns = NULL;
    r->o.max_rows = 0;
    if (r->o.format == SHEAF_FORMAT_TABLE) r->o.header = false;
    r->is_json = r->o.format == SHEAF_FORMAT_JSON || r->o.format == SHEAF_FORMAT_JSONL;
    sheaf_i_text_init(&r->json, ctx);
    if (!r->is_json) return sheaf_i_rows_open(&r->rows, ctx, out, &r->o, schema, model, FIELDS, 2);
    if (r->o.format == SHEAF_FORMAT_JSON) sheaf_i_json_head(&r->json, schema, model, &r->o);
    else sheaf_i_text_puts(&r->json, "{");
    return SHEAF_OK;
}

static void key(sheaf_i_record *r, const char *name)
{
    bool pretty = r->o.format == SHEAF_FORMAT_JSON;
    if (r->json.n && r->json.p[r->json.n - 1] != '{') sheaf_i_text_puts(&r->json, pretty ? ",\n" : ",");
    sheaf_i_text_json(&r->json, sheaf_i_str(name));
    sheaf_i_text_puts(&r->json, ":");
}

/* The name of a flat row. */
static void field(sheaf_i_record *r, const char *name)
{
    sheaf_i_cell_text(&r->rows, sheaf_i_str(name));
}

void sheaf_i_record_text(sheaf_i_record *r, const char *name, sheaf_str value)
{
    if (r->is_json) {
        key(r, name);
        sheaf_i_text_json(&r->json, value);
        return;
    }
    field(r, name);
    sheaf_i_cell_text(&r->rows, value);
    sheaf_i_row_end(&r->rows);
}

void sheaf_i_record_int(sheaf_i_record *r, const char *name, int64_t value)
{
    if (r->is_json) {
        key(r, name);
        sheaf_i_text_int(&r->json, value);
        return;
    }
    field(r, name);
    sheaf_i_cell_int(&r->rows, value);
    sheaf_i_row_end(&r->rows);
}

void sheaf_i_record_real(sheaf_i_record *r, const char *name, double value, int digits)
{
    if (r->is_json) {
        key(r, name);
        int64_t before = r->json.n;
        sheaf_i_text_real(&r->json, value, digits);
        if (r->json.n == before) sheaf_i_text_puts(&r->json, "null");
        return;
    }
    field(r, name);
    sheaf_i_cell_real(&r->rows, value, digits);
    sheaf_i_row_end(&r->rows);
}

sheaf_status sheaf_i_record_close(sheaf_i_record *r)
{
    if (!r->is_json) return sheaf_i_rows_close(&r->rows);
    sheaf_i_text_puts(&r->json, r->o.format == SHEAF_FORMAT_JSON ? "\n}\n" : "}\n");
    sheaf_status st = r->json.status;
    if (st == SHEAF_OK) {
        sheaf_i_out_write(r->out, r->json.p, (size_t)r->json.n);
        st = sheaf_i_out_status(r->out);
    }
    sheaf_i_text_end(&r->json);
    return st;
}
