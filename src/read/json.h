/* JSON texts as spans of their source: checked once, decoded only where wanted. */
#ifndef SHEAF_READ_JSON_H
#define SHEAF_READ_JSON_H

#include "sheaf/sheaf.h"

typedef enum {
    SHEAF_I_JSON_NULL, SHEAF_I_JSON_FALSE, SHEAF_I_JSON_TRUE, SHEAF_I_JSON_NUMBER, SHEAF_I_JSON_STRING,
    SHEAF_I_JSON_ARRAY, SHEAF_I_JSON_OBJECT
} sheaf_i_json_kind;

typedef struct {
    sheaf_i_json_kind kind;
    bool escaped;   /* a string with escapes in it */
    sheaf_str raw;  /* as in the source; of a string, what stands between the quotes */
} sheaf_i_json;

typedef struct {
    const char *start, *at, *end;
    const char *error; /* NULL, or what is wrong at `at` */
} sheaf_i_json_scan;

static inline sheaf_i_json_scan sheaf_i_json_begin(sheaf_str s)
{
    return (sheaf_i_json_scan){s.p, s.p, s.p + s.n, NULL};
}

/* One value at the cursor, checked against RFC 8259 to its innermost parts, with the white space around it. */
bool sheaf_i_json_value(sheaf_i_json_scan *s, sheaf_i_json *v);
/* Steps through an object: `enter` passes its brace, `member` yields one member a call and false at the closing brace
   (error NULL) or at a fault. */
bool sheaf_i_json_enter(sheaf_i_json_scan *s);
bool sheaf_i_json_member(sheaf_i_json_scan *s, sheaf_i_json *key, sheaf_i_json *v);
/* True when nothing is left but white space; else sets the error. */
bool sheaf_i_json_end(sheaf_i_json_scan *s);

/* Decodes a string's escapes into `out`, which has room for raw.n bytes; returns the length. Unpaired surrogates and
   \u0000 become U+FFFD and are counted. The bytes between escapes are copied unchecked. */
size_t sheaf_i_json_unescape(sheaf_str raw, char *out, int64_t *replaced);
/* Copies a value without the white space between its tokens; `out` has room for raw.n bytes. */
size_t sheaf_i_json_compact(sheaf_str raw, char *out);

#endif
