/* What makes two spellings the same word. */
#ifndef SHEAF_TEXT_FOLD_H
#define SHEAF_TEXT_FOLD_H

#include "sheaf/sheaf.h"
#include "text/characters.h"

typedef struct { /* grows as needed */
    sheaf_ctx *ctx;
    char *p;
    size_t n, room;
} sheaf_i_buffer;

void sheaf_i_buffer_end(sheaf_i_buffer *b);
sheaf_status sheaf_i_buffer_room(sheaf_i_buffer *b, size_t more); /* for so many bytes behind the n there */

/* Appends the folded word to `out`.
 * Unicode: NFKC with full case folding and without default-ignorable characters (Unicode's toNFKC_Casefold),
 * typographic apostrophes as ', no combining dot behind i, no underscores at the ends.
 * sklearn: Python's str.lower(). */
sheaf_status sheaf_i_fold(sheaf_i_buffer *out, sheaf_analyzer analyzer, sheaf_str word);

enum {
    SHEAF_I_FORM_LETTER_FIRST = 1,
    SHEAF_I_FORM_ONE_LETTER = 2,  /* only where letters are no words: not for Han, Hiragana, Thai and the like */
    SHEAF_I_FORM_APOSTROPHE = 4,
    SHEAF_I_FORM_MIXED = 8        /* has digits, points, colons or underscores: U.S, example.com, foo_bar, mp3 */
};
/* Bits above of a folded word, and the script of its first letter. */
unsigned sheaf_i_form_kind(sheaf_str form, sheaf_i_script *script);

#endif
