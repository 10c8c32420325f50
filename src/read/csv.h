/* Rows of CSV, for documents and for tables. */
#ifndef SHEAF_READ_CSV_H
#define SHEAF_READ_CSV_H

#include "read/records.h"

typedef struct {
    int32_t n;  /* cells there were */
    bool open;  /* a closing quote is missing */
} sheaf_i_row;

/* Length of the row at the start of s, with its line feed; its line feeds; whether it is a blank line. */
size_t sheaf_i_csv_next(const sheaf_i_header *h, sheaf_str s, int64_t *lines, bool *is_blank);
/* Takes a row apart into h->n cells, missing ones empty; decoded strings in `a`. */
sheaf_status sheaf_i_csv_row(sheaf_i_arena *a, const sheaf_i_header *h, sheaf_str row, sheaf_str *cells,
                             sheaf_i_row *info);

#endif
