/* UTF-8: checked, repaired, and made from UTF-16. */
#ifndef SHEAF_READ_UTF8_H
#define SHEAF_READ_UTF8_H

#include "base/mem.h"

/* Length of the longest prefix that is well-formed UTF-8 without U+0000 (Unicode 15, table 3-7). */
size_t sheaf_i_utf8_valid(const char *p, size_t n);

/* Makes *s well-formed: every maximal subpart of an ill-formed sequence, and every U+0000, becomes one U+FFFD and is
   counted in *replaced. *s stays where it is when nothing is wrong, else it is a copy in `a`. */
sheaf_status sheaf_i_utf8_clean(sheaf_i_arena *a, sheaf_str *s, int64_t *replaced);

/* UTF-16 without its BOM to UTF-8; unpaired surrogates, U+0000 and an odd last byte become U+FFFD and are counted. */
sheaf_status sheaf_i_utf8_from_utf16(sheaf_i_arena *a, sheaf_str in, bool big_endian, sheaf_str *out,
                                     int64_t *replaced);

/* Writes a code point that is no surrogate; returns the number of bytes, at most 4. */
size_t sheaf_i_utf8_put(uint32_t code, char *out);

/* Without ASCII white space at both ends. */
sheaf_str sheaf_i_trim(sheaf_str s);

#endif
