/* Runs of whole records (lines, JSON values, CSV rows): finding their ends in a stream, and parsing them. */
#ifndef SHEAF_READ_RECORDS_H
#define SHEAF_READ_RECORDS_H

#include "read/chunk.h"
#include "read/fields.h"

/* The first row of a CSV file. */
typedef struct {
    char delimiter;
    int32_t n;
    sheaf_str *names;
    size_t length;       /* bytes of the row with its end */
    int64_t lines;
} sheaf_i_header;

typedef struct {
    sheaf_from format;
    sheaf_str name;      /* of the input, for people */
    sheaf_str id_prefix; /* of ids that are only numbers: PREFIX#NUMBER; empty: the number alone */
    sheaf_str bytes;
    int64_t first;       /* number of the first line, or of the first value of a JSON array */
    const sheaf_i_header *header;
} sheaf_i_run;

/* Length of the longest prefix of whole records; p is at the start of one. `end`: nothing follows, so that the last
   record needs no end. *count: lines or values in it. 0: no record ends here. */
size_t sheaf_i_records_cut(sheaf_from format, const sheaf_i_header *h, sheaf_str s, bool end, int64_t *count);

/* Adds the documents of a run to the chunk, skipping what is malformed. */
sheaf_status sheaf_i_records_parse(sheaf_i_chunk *c, const sheaf_i_run *run);
/* The same for a whole input in memory: takes BOM, header and bracket off first. */
sheaf_status sheaf_i_records_whole(sheaf_i_chunk *c, sheaf_i_run run);

/* What stands before the first record: BOM, and the '[' of an array. */
size_t sheaf_i_records_preamble(sheaf_from format, sheaf_str s);

sheaf_status sheaf_i_jsonl_parse(sheaf_i_chunk *c, const sheaf_i_run *run);
sheaf_status sheaf_i_json_parse(sheaf_i_chunk *c, const sheaf_i_run *run);
size_t sheaf_i_json_cut(sheaf_str s, bool end, int64_t *count);
sheaf_status sheaf_i_csv_parse(sheaf_i_chunk *c, const sheaf_i_run *run);
size_t sheaf_i_csv_cut(char delimiter, sheaf_str s, bool end, int64_t *lines);
/* Finds the delimiter among , ; tab | (given: 0) and reads the names; strings in `a`. Unnamed columns get a name. */
sheaf_status sheaf_i_csv_header(sheaf_i_arena *a, char delimiter, sheaf_str s, sheaf_i_header *h);

/* "17" or "PREFIX#17", in c->temp. */
sheaf_status sheaf_i_record_id(sheaf_i_chunk *c, const sheaf_i_run *run, int64_t number, sheaf_str *id);

#endif
