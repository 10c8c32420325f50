/* What one parallel block of reading yields; the blocks are put together in assemble.c. */
#ifndef SHEAF_READ_CHUNK_H
#define SHEAF_READ_CHUNK_H

#include "read/corpus.h"

#define SHEAF_I_DOC_LIMIT ((size_t)256 << 20) /* bytes of one document or record: also keeps 32-bit spans valid */

/* A set of names, numbered in order of appearance. */
typedef struct {
    sheaf_str name;
    int64_t mark;       /* the caller's: last document seen with it, bytes of its values ... */
} sheaf_i_name;
typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_name *list;
    int32_t n, room;
    int32_t *slot;      /* open addressing, slots of them, -1 empty */
    int32_t slots;
} sheaf_i_names;

void sheaf_i_names_init(sheaf_i_names *s, sheaf_ctx *ctx);
void sheaf_i_names_end(sheaf_i_names *s);
int32_t sheaf_i_names_find(const sheaf_i_names *s, sheaf_str name);  /* -1: not there */
/* *index is the number of `name`, which is copied into `a` when new. */
sheaf_status sheaf_i_names_add(sheaf_i_names *s, sheaf_i_arena *a, sheaf_str name, int32_t *index);

typedef enum { SHEAF_I_TEXT, SHEAF_I_ID, SHEAF_I_TITLE, SHEAF_I_DATE, SHEAF_I_LABEL, SHEAF_I_ROLES } sheaf_i_role;

/* A field name, and of each role which of the guesses it is; one past the last for none. */
#define SHEAF_I_RANKED 32
typedef struct {
    sheaf_str name;
    uint8_t rank[SHEAF_I_ROLES];
} sheaf_i_ranked_name;

typedef struct {
    sheaf_str name;     /* the input as shown to people; lives as long as the read */
    int64_t line;       /* 1 ...; 0: the whole input */
    char mark;          /* between them: ':' a line, '#' the so-manieth record or post */
} sheaf_i_place;

typedef struct {
    sheaf_i_place place;
    sheaf_str reason;
    int64_t before;     /* documents of the chunk that stand before it in the input */
} sheaf_i_skip;

typedef struct {
    int32_t column;   /* index into the chunk's columns */
    sheaf_str value;
} sheaf_i_field;

/* A document as the parsers find it. */
typedef struct {
    sheaf_str id, title, date, label, text;
    const sheaf_i_field *fields; /* own columns; missing ones are absent */
    int32_t n_fields;
} sheaf_i_found;

typedef struct sheaf_i_chunk {
    sheaf_ctx *ctx;
    const sheaf_read_opts *o;
    int64_t number;
    sheaf_i_arena keep;        /* what the corpus keeps */
    sheaf_i_arena temp;        /* what ends with the visit */
    sheaf_i_doc *docs;
    sheaf_i_place *places;     /* of the documents */
    int64_t n_docs, docs_room, places_room;
    unsigned char *packed;     /* what the documents carry along: records as in record.h */
    size_t packed_used, packed_room;
    bool has_title, has_date, has_label; /* some document */
    sheaf_i_skip *skips;
    int64_t n_skips, skips_room;
    int64_t part;              /* while the producer fills the piece: parts it has, one more once it has a run */
    bool parsing;
    int64_t produced, settled; /* skips of the producer, whose `before` is that number of parts until it is settled */
    sheaf_read_counts counts;
    sheaf_i_names columns;
    sheaf_i_ranked_name ranked[SHEAF_I_RANKED]; /* the fields of the last record, which the next one may have too */
    /* for messages about fields */
    int64_t records, found[SHEAF_I_ROLES];
    uint32_t guessed[SHEAF_I_ROLES];     /* bit i: the i-th guess served some record */
    sheaf_i_names seen;                  /* names of fields; mark = bytes of their values */
    sheaf_str seen_in;                   /* the input they are from */
    bool seen_table;                     /* it has columns, not fields */
} sheaf_i_chunk;

sheaf_status sheaf_i_chunk_new(sheaf_ctx *ctx, sheaf_i_chunk **out, const sheaf_read_opts *o, int64_t number);
void sheaf_i_chunk_free(sheaf_i_chunk *c);
void sheaf_i_chunk_end_temp(sheaf_i_chunk *c);

/* Adds a document whose strings are raw bytes that live until the chunk is visited: they are cleaned (bad UTF-8
   replaced and counted) and kept as the options ask. `replaced` counts what was replaced while decoding. A text of
   nothing but white space is skipped as empty. */
sheaf_status sheaf_i_chunk_doc(sheaf_i_chunk *c, const sheaf_i_found *found, sheaf_i_place place, int64_t replaced);
sheaf_status sheaf_i_chunk_skip(sheaf_i_chunk *c, sheaf_i_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Parsing begins: the skips so far are the producer's. */
void sheaf_i_chunk_parse(sheaf_i_chunk *c);
/* The next part is number `part`: what the producer skipped before it stands behind the documents so far. */
void sheaf_i_chunk_next_part(sheaf_i_chunk *c, int64_t part);

/* The corpus out of all chunks, which stay the caller's but are emptied. `inputs` names the input in messages. */
sheaf_status sheaf_i_assemble(sheaf_ctx *ctx, sheaf_corpus **out, sheaf_i_chunk **chunks, int64_t n_chunks,
                              const sheaf_read_opts *o, const char *inputs);

#endif
