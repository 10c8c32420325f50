/* Rows of typed cells to a sheaf_out in any format.
 *
 * A writer opens with its columns, then gives every row its cells in the order of the columns. Failures stick and are
 * reported by sheaf_i_rows_close; sheaf_i_rows_full tells when no more rows are wanted. Rows go out as they come; only
 * the table format, which needs the widths, holds them until the end.
 */
#ifndef SHEAF_REPORT_ROWS_H
#define SHEAF_REPORT_ROWS_H

#include "report/text.h"

typedef struct {
    sheaf_str name;        /* the field */
    const char *title;     /* heading in a table; NULL: the name */
    bool right;            /* numbers: to the right in a table, never cut */
    bool hidden;           /* not in a table unless asked for by name */
    bool spare;            /* in a narrow table left out, the last first, unless asked for by name */
} sheaf_i_column;

typedef struct {
    int64_t start, n;      /* in the row's text */
    int32_t width;
} sheaf_i_cell;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_out *out;
    sheaf_write_opts o;
    const sheaf_i_column *columns; /* the caller's */
    int32_t n_columns;
    int32_t *order, n_order;       /* columns to write */
    sheaf_i_text text;             /* the current row; in a table all rows */
    sheaf_i_cell *cells;           /* n_columns of each row in `text` */
    int64_t n_cells, room;
    int64_t rows;                  /* complete ones */
    sheaf_i_text list;             /* items of a list in a flat format */
    bool item;                     /* the list has one already */
    bool straight;                 /* TSV or CSV with all columns in their order: no cells, whole rows in `text` */
    int32_t cell;                  /* then: of the row, so far */
    sheaf_status status;
} sheaf_i_rows;

void sheaf_i_write_opts(sheaf_write_opts *out, const sheaf_write_opts *given);

/* schema without "sheaf." and "/1"; model (may be NULL) for the provenance. Nothing to free if this fails. */
sheaf_status sheaf_i_rows_open(sheaf_i_rows *r, sheaf_ctx *ctx, sheaf_out *out, const sheaf_write_opts *opts,
                               const char *schema, const sheaf_model *model, const sheaf_i_column *columns, int32_t n);
/* The same with more members of the JSON object between its head and the rows: ",\n\"name\":value". */
sheaf_status sheaf_i_rows_open_with(sheaf_i_rows *r, sheaf_ctx *ctx, sheaf_out *out, const sheaf_write_opts *opts,
                                    const char *schema, const sheaf_model *model, const char *members,
                                    const sheaf_i_column *columns, int32_t n);
/* A part of the rows, to be spelled elsewhere, by another thread say: `part` takes cells as `r` does, from row `first`
   on, not in a table. Handed over to `r`, which must be in order, it is empty and serves again. */
void sheaf_i_rows_part(const sheaf_i_rows *r, sheaf_i_rows *part, int64_t first);
void sheaf_i_rows_take(sheaf_i_rows *r, sheaf_i_rows *part);
void sheaf_i_rows_part_end(sheaf_i_rows *part);
bool sheaf_i_rows_full(const sheaf_i_rows *r);
void sheaf_i_cell_text(sheaf_i_rows *r, sheaf_str s);
void sheaf_i_cell_int(sheaf_i_rows *r, int64_t value);
void sheaf_i_cell_real(sheaf_i_rows *r, double value, int digits);
/* A number as somebody else wrote it; in JSON a text if it is none there, null if empty. */
void sheaf_i_cell_figure(sheaf_i_rows *r, sheaf_str s);
void sheaf_i_cell_none(sheaf_i_rows *r);
/* A list: JSON has an object an item, {key: text} and the texts and numbers added to it; flat formats join the first
   texts. */
void sheaf_i_list_begin(sheaf_i_rows *r);
void sheaf_i_list_item(sheaf_i_rows *r, const char *key, sheaf_str text, const char *separator);
/* An item without a text: only in JSON; what it holds follows. */
void sheaf_i_list_item_begin(sheaf_i_rows *r);
void sheaf_i_list_text(sheaf_i_rows *r, const char *key, sheaf_str text);
void sheaf_i_list_int(sheaf_i_rows *r, const char *key, int64_t value);
void sheaf_i_list_real(sheaf_i_rows *r, const char *key, double value, int digits);
void sheaf_i_list_item_end(sheaf_i_rows *r);
void sheaf_i_list_end(sheaf_i_rows *r);
bool sheaf_i_rows_json(const sheaf_i_rows *r); /* JSON or JSONL */
void sheaf_i_row_end(sheaf_i_rows *r);
sheaf_status sheaf_i_rows_close(sheaf_i_rows *r); /* frees in every case */

/* Writes the rows held in `r` as aligned columns (table.c). */
void sheaf_i_table_write(sheaf_i_rows *r);

#endif
