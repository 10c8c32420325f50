/* Inputs into pieces of work: what the serial producer knows, and what it hands to the parallel parsers. */
#ifndef SHEAF_READ_PIECES_H
#define SHEAF_READ_PIECES_H

#include "read/document.h"
#include "read/records.h"
#include "read/source.h"
#include "read/walk.h"

typedef struct {
    sheaf_i_file file;
    char *data;          /* unpacked: owned; NULL: to be opened */
    size_t n;
    sheaf_i_source *source; /* once opened: texts lie in it until the visit is over */
} sheaf_i_part;

/* A piece of work. */
typedef struct {
    sheaf_i_chunk *chunk;
    sheaf_i_source *source;  /* held, when the run lies in it */
    char *owned;             /* or the buffer that holds the run */
    sheaf_i_run run;         /* bytes.n == 0: none */
    sheaf_i_part *parts;
    int64_t n_parts, room;
    size_t bytes;            /* of the parts */
} sheaf_i_piece;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_read_opts o;
    const sheaf_i_visitor *visitor;
    sheaf_i_split split;
    sheaf_i_arena strings;   /* names and headers; touched by the producer only */
    sheaf_i_files files;
    int64_t next_file;
    bool one_file;           /* the only input is a file: its records may be numbered without its name */
    /* the input being cut into runs */
    sheaf_i_source *source;
    sheaf_i_file file;
    bool in_archive, in_records;
    sheaf_i_run run;         /* what stays the same over its runs, and `first` of the next */
    sheaf_i_header header_now;
    char *buffer;            /* what was unpacked but not handed out yet */
    size_t have, room;
    bool ended;
    sheaf_i_chunk **chunks;
    int64_t n_chunks, chunks_room;
} sheaf_i_reader;

/* The `next` of the stream; items are sheaf_i_piece. */
sheaf_status sheaf_i_next_piece(void *reader, int64_t index, void **item);
void sheaf_i_piece_free(sheaf_i_reader *r, sheaf_i_piece *p);
void sheaf_i_close_input(sheaf_i_reader *r);
/* What an input is, from the options, its name and its first bytes; `member` of a folder or archive. */
sheaf_from sheaf_i_decide(const sheaf_i_reader *r, sheaf_str name, sheaf_str beginning, bool member);

#endif
