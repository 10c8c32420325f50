/* Records with named fields (JSON objects, CSV rows) into documents. */
#ifndef SHEAF_READ_FIELDS_H
#define SHEAF_READ_FIELDS_H

#include "read/chunk.h"
#include "read/json.h"

typedef struct {
    sheaf_str name;
    sheaf_i_json value; /* a CSV cell is a string without escapes */
    bool used;          /* by a role */
} sheaf_i_member;

/* Adds the document, or skips it with its reason. `id` serves when the record has none of its own. `members` is
   changed. Strings live in the input or in c->temp. */
sheaf_status sheaf_i_record(sheaf_i_chunk *c, sheaf_i_member *members, int32_t n, sheaf_str id, sheaf_i_place place,
                            bool table);

/* Tells which field names were guessed, and fails if a name that was asked for is nowhere. `all` is the sum over the
   chunks, `columns` all own columns. */
sheaf_status sheaf_i_fields_report(sheaf_ctx *ctx, const sheaf_i_chunk *all, const sheaf_i_names *columns);

#endif
