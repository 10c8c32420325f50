/* The files below a folder. */
#ifndef SHEAF_READ_WALK_H
#define SHEAF_READ_WALK_H

#include "base/mem.h"

typedef struct {
    const char *path;  /* to open */
    sheaf_str name;    /* shown to people: the path without "./" */
    sheaf_str id;      /* of a document that is this file */
    sheaf_str label;   /* the folder that it is in, see sheaf_i_first_folder and sheaf_i_last_folder */
    int64_t size;      /* bytes, as far as known */
    bool member;       /* of a folder: skipped when unreadable; else that is an error */
    const char *why;   /* not to be read, for this reason */
} sheaf_i_file;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_arena *strings;
    sheaf_i_file *list;
    int64_t n, room;
} sheaf_i_files;

/* Adds the files below `path` in order of their relative paths as bytes. Names that begin with a dot are passed over;
   links to files outside the folder, links to folders, devices and pipes come with a reason. Ids are relative paths,
   or `prefix`/relative. */
sheaf_status sheaf_i_walk(sheaf_i_files *f, const char *path, sheaf_str name, sheaf_str prefix);

/* "b" of "a/b/c.txt"; empty if there is none. */
sheaf_str sheaf_i_last_folder(sheaf_str path);
/* "a" of "a/b/c.txt"; `otherwise` if there is none. */
sheaf_str sheaf_i_first_folder(sheaf_str path, sheaf_str otherwise);
/* Of an entry in the archive `f`. */
sheaf_str sheaf_i_entry_label(const sheaf_i_file *f, sheaf_str entry);

#endif
