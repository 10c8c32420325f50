/* The languages that sheaf knows: stop words, stemmer, script. */
#ifndef SHEAF_TEXT_LANGUAGES_H
#define SHEAF_TEXT_LANGUAGES_H

#include "text/characters.h"

typedef struct {
    const char *code;       /* ISO 639-1 */
    const char *stemmer;    /* libstemmer's name; NULL: none */
    sheaf_i_script script;  /* OTHER: told by stop words alone */
} sheaf_i_language;

#define SHEAF_I_MAX_LANGUAGES 62 /* a bit each, and two to spare */
extern const sheaf_i_language sheaf_i_languages[];
extern const int32_t sheaf_i_n_languages;

int32_t sheaf_i_language_find(const char *code); /* -1: not known */
/* The stop words, one after the other, each ended by a newline; "" where there is no list. Entries that end with an
   apostrophe are elided words that stand before another: l' in l'ami. Written at build time from stop/CODE.txt. */
const char *sheaf_i_language_stop_words(int32_t language);

typedef struct {
    const char *code, *words;
} sheaf_i_stop_list;
extern const sheaf_i_stop_list sheaf_i_stop_lists[]; /* ends with {NULL, NULL} */

#endif
