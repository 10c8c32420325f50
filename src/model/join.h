/* Tables joined by id: columns by name, rows by id. */
#ifndef SHEAF_MODEL_JOIN_H
#define SHEAF_MODEL_JOIN_H

#include "sheaf/sheaf.h"

typedef struct {
    sheaf_str s;
    int64_t row;
} sheaf_i_keyed;

/* By bytes. */
int sheaf_i_str_compare(sheaf_str a, sheaf_str b);
/* Of sheaf_i_keyed: by s, then by row. */
int sheaf_i_by_key(const void *a, const void *b);

/* Column `name`, or if that is NULL `usual`, or if there is none `otherwise` (-1: an error that lists those there are).
   what: the table's name in messages. */
sheaf_status sheaf_i_table_column(sheaf_ctx *ctx, const sheaf_table *t, const char *what, const char *name,
                                  const char *usual, int32_t otherwise, int32_t *column);
/* The rows by id; an id that stands twice is an error. *out is the caller's, also after a failure. */
sheaf_status sheaf_i_table_ids(sheaf_ctx *ctx, const sheaf_table *t, int32_t column, const char *what,
                               sheaf_i_keyed **out);

/* Copies two lists of names, n[0] and n[1], which then outlive their tables; *out holds their bytes, the caller's. */
sheaf_status sheaf_i_names_keep(sheaf_ctx *ctx, char **out, sheaf_str *const name[2], const int32_t n[2]);

#endif
