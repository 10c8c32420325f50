/* Where bytes come from: a mapped file, a stream, memory, or what an archive or compressed file unpacks to. */
#ifndef SHEAF_READ_SOURCE_H
#define SHEAF_READ_SOURCE_H

#include <locale.h>

#include "base/mem.h"

struct archive;

typedef struct {
    sheaf_ctx *ctx;
    int32_t refs;
    bool is_mapped, is_owned; /* who frees `bytes` */
    bool packed;              /* compressed or an archive, by its first bytes: read through entries */
    bool whole;               /* `bytes` is all there is; else they are the beginning of what fd yields */
    sheaf_str bytes;
    size_t at;                /* read so far from `bytes` */
    int fd;                   /* -1: none */
    struct archive *archive;
    char *block;              /* buffer for fd under an archive */
    locale_t utf8;            /* in which libarchive can give names back; 0: there is none */
    uint64_t in, out;         /* bytes taken in and unpacked */
    int64_t entries;
    bool over;                /* refused or broken: no entry follows */
    char why[200];            /* after SHEAF_I_BAD */
} sheaf_i_source;

typedef enum { SHEAF_I_MORE, SHEAF_I_END, SHEAF_I_BAD, SHEAF_I_NO_MEMORY } sheaf_i_step;

/* path "-" is standard input. A file that cannot be opened is *error (errno) with SHEAF_OK and *out NULL. */
sheaf_status sheaf_i_source_open(sheaf_ctx *ctx, sheaf_i_source **out, const char *path, int *error);
sheaf_status sheaf_i_source_memory(sheaf_ctx *ctx, sheaf_i_source **out, sheaf_str bytes); /* borrowed */
/* Counted references: chunks of a source are parsed by several threads. */
void sheaf_i_source_hold(sheaf_i_source *s);
void sheaf_i_source_drop(sheaf_i_source *s);

/* The next file of an archive; *name is "" for a file that is only compressed, and lives until the next call. Folders
   and links are passed over. */
sheaf_i_step sheaf_i_source_entry(sheaf_i_source *s, const char **name);
/* Some bytes of the current entry, or of a source that is not packed; MORE with *got 0 never happens. Refuses what
   expands beyond reason; then `why` says so and the source is at its end. */
sheaf_i_step sheaf_i_source_read(sheaf_i_source *s, char *buf, size_t room, size_t *got);
/* All that is left, up to `limit` bytes (BAD beyond); *out is the caller's, to be freed with sheaf_i_free. */
sheaf_i_step sheaf_i_source_all(sheaf_i_source *s, size_t limit, char **out, size_t *n);

/* Tells the system that these bytes of a mapped file are no longer needed. */
void sheaf_i_source_done_with(const sheaf_i_source *s, sheaf_str part);

bool sheaf_i_is_packed(sheaf_str beginning);
/* Entries passed over as such names are in folders: .hidden files, and what macOS puts beside the files. */
bool sheaf_i_entry_is_hidden(const char *name);

#endif
