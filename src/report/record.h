/* One record of named values: an object in JSON and JSONL, rows of field and value in the flat formats. */
#ifndef SHEAF_REPORT_RECORD_H
#define SHEAF_REPORT_RECORD_H

#include "report/rows.h"

typedef struct {
    sheaf_i_rows rows;     /* flat formats */
    sheaf_i_text json;
    bool is_json;
    sheaf_out *out;
    sheaf_write_opts o;
} sheaf_i_record;

/* As sheaf_i_rows_open. opts->columns and max_rows choose nothing here. */
sheaf_status sheaf_i_record_open(sheaf_i_record *r, sheaf_ctx *ctx, sheaf_out *out, const sheaf_write_opts *opts,
                                 const char *schema, const sheaf_model *model);
void sheaf_i_record_text(sheaf_i_record *r, const char *name, sheaf_str value);
void sheaf_i_record_int(sheaf_i_record *r, const char *name, int64_t value);
void sheaf_i_record_real(sheaf_i_record *r, const char *name, double value, int digits);
sheaf_status sheaf_i_record_close(sheaf_i_record *r);

#endif
