/* Text under construction, and the ways a value is spelled in each format. */
#ifndef SHEAF_REPORT_TEXT_H
#define SHEAF_REPORT_TEXT_H

#include "sheaf/sheaf.h"

/* Grows as needed. Failures stick: later additions do nothing and `status` keeps the first. */
typedef struct {
    sheaf_ctx *ctx;
    char *p;
    int64_t n, room;
    sheaf_status status;
} sheaf_i_text;

void sheaf_i_text_init(sheaf_i_text *t, sheaf_ctx *ctx);
void sheaf_i_text_end(sheaf_i_text *t);
void sheaf_i_text_add(sheaf_i_text *t, const char *p, size_t n);
void sheaf_i_text_puts(sheaf_i_text *t, const char *s);
void sheaf_i_text_int(sheaf_i_text *t, int64_t value);
/* Fixed digits (0 .. 15) after a point, whatever the locale; -0 is written as 0. Not finite: nothing. */
void sheaf_i_text_real(sheaf_i_text *t, double value, int digits);
/* A JSON string with its quotes. What is not UTF-8 becomes U+FFFD. */
void sheaf_i_text_json(sheaf_i_text *t, sheaf_str s);
void sheaf_i_text_tsv(sheaf_i_text *t, sheaf_str s);
void sheaf_i_text_csv(sheaf_i_text *t, sheaf_str s);
/* For terminals: controls (bidirectional ones too) become U+FFFD, white space one space. Returns the display width. */
int32_t sheaf_i_text_plain(sheaf_i_text *t, sheaf_str s);

/* Length of the first character of well-formed UTF-8, *c the code point; 0 if it is malformed. n > 0 */
size_t sheaf_i_utf8(const char *p, size_t n, uint32_t *c);
/* Columns of a terminal that a code point takes: 0, 1 or 2. */
int32_t sheaf_i_char_width(uint32_t c);

static inline sheaf_str sheaf_i_str(const char *s)
{
    size_t n = 0;
    while (s && s[n]) n++;
    return (sheaf_str){s, n};
}

#endif
