/* A table from memory; `path` names it and tells its format. For fuzzing. */
#ifndef SHEAF_READ_TABLE_H
#define SHEAF_READ_TABLE_H

#include "sheaf/sheaf.h"

sheaf_status sheaf_i_table_parse(sheaf_ctx *ctx, sheaf_table **out, sheaf_str bytes, const char *path);

#endif
