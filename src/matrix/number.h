/* Numbers in text files, independent of the locale. */
#ifndef SHEAF_MATRIX_NUMBER_H
#define SHEAF_MATRIX_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHEAF_I_FLOAT_TEXT 24   /* room for any float */

/* Reads a number that takes all of the n bytes. False: it is none, or does not fit. The float is the nearest one up
   to an error of 1e-15; what sheaf_i_float_text wrote comes back bit by bit. */
bool sheaf_i_parse_float(const char *p, size_t n, float *out);
bool sheaf_i_parse_int(const char *p, size_t n, int64_t *out);
/* At most nine digits, enough to tell any two floats apart. Finite values only; not NUL-terminated; returns the
   number of bytes. */
size_t sheaf_i_float_text(char *to, float v);
size_t sheaf_i_int_text(char *to, int64_t v);

/* Words of a text, separated by white space. */
typedef struct {
    const char *p, *end;
    int64_t line;      /* of the word found last, from 1 */
} sheaf_i_scan;

/* Next word of the same line; false at its end (the newline stays). */
bool sheaf_i_scan_word(sheaf_i_scan *s, const char **word, size_t *n);
/* To the begin of the next line; false at the end of the text. */
bool sheaf_i_scan_line(sheaf_i_scan *s);

#endif
