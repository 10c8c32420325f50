/* One file, one document (or its posts). */
#ifndef SHEAF_READ_DOCUMENT_H
#define SHEAF_READ_DOCUMENT_H

#include <regex.h>

#include "read/chunk.h"
#include "read/walk.h"

typedef struct {
    const char *mode;    /* "none", "auto", or the expression */
    bool is_auto, is_none;
    regex_t regex;
} sheaf_i_split;

sheaf_status sheaf_i_split_init(sheaf_ctx *ctx, sheaf_i_split *s, const char *mode);
void sheaf_i_split_end(sheaf_i_split *s);

typedef struct {
    sheaf_str text, title;
} sheaf_i_post;

/* The posts of a page in order, in `a`; one, the page itself, when there is nothing to split. */
sheaf_status sheaf_i_split_page(const sheaf_i_split *s, sheaf_i_arena *a, sheaf_str page, sheaf_i_post **posts,
                                int64_t *n);

/* Adds the document in `bytes`, which live until the visit, under the file's id; HTML is reduced to its text. */
sheaf_status sheaf_i_document(sheaf_i_chunk *c, const sheaf_i_split *split, sheaf_from format, sheaf_str bytes,
                              const sheaf_i_file *f);

/* The text and title of an HTML page, in `a`. *why: a reason to skip it, or NULL. */
sheaf_status sheaf_i_html(sheaf_i_arena *a, sheaf_str bytes, sheaf_str *text, sheaf_str *title, int64_t *replaced,
                          const char **why);

#endif
