/* What a file is: by its name, by its first bytes. */
#ifndef SHEAF_READ_FORMAT_H
#define SHEAF_READ_FORMAT_H

#include "sheaf/sheaf.h"

/* SHEAF_FROM_AUTO when the name tells nothing; looks through .gz .zst .xz .bz2 .lz4. */
sheaf_from sheaf_i_format_by_name(sheaf_str name);
bool sheaf_i_name_is_packed(sheaf_str name); /* .gz .zst .xz .bz2 .lz4 .zip .tar .tgz ... */
sheaf_from sheaf_i_format_sniff(sheaf_str beginning, sheaf_from otherwise);
/* .json that holds one object a line rather than one array. */
bool sheaf_i_json_is_lines(sheaf_str beginning);
static inline bool sheaf_i_is_records(sheaf_from f)
{
    return f == SHEAF_FROM_LINES || f == SHEAF_FROM_JSONL || f == SHEAF_FROM_JSON || f == SHEAF_FROM_CSV ||
           f == SHEAF_FROM_TSV;
}

#endif
