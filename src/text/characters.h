/* Properties of characters, from a table generated at build time out of Debian's unicode-data. */
#ifndef SHEAF_TEXT_CHARACTERS_H
#define SHEAF_TEXT_CHARACTERS_H

#include <stddef.h>
#include <stdint.h>

/* Word_Break of UAX #29. */
enum {
    SHEAF_I_WB_OTHER = 0, SHEAF_I_WB_CR, SHEAF_I_WB_LF, SHEAF_I_WB_NEWLINE, SHEAF_I_WB_EXTEND, SHEAF_I_WB_ZWJ,
    SHEAF_I_WB_FORMAT, SHEAF_I_WB_RI, SHEAF_I_WB_KATAKANA, SHEAF_I_WB_HEBREW, SHEAF_I_WB_LETTER,
    SHEAF_I_WB_SINGLE_QUOTE, SHEAF_I_WB_DOUBLE_QUOTE, SHEAF_I_WB_MID_NUM_LET, SHEAF_I_WB_MID_LETTER,
    SHEAF_I_WB_MID_NUM, SHEAF_I_WB_NUMERIC, SHEAF_I_WB_EXTEND_NUM_LET, SHEAF_I_WB_SPACE,
    SHEAF_I_WB_MASK = 31
};

enum {
    SHEAF_I_CHAR_PICTOGRAPHIC = 1 << 5,
    SHEAF_I_CHAR_BIGRAM = 1 << 6,      /* a letter that UAX #29 leaves to dictionaries: Han, Hiragana, Thai, Lao ... */
    SHEAF_I_CHAR_PYTHON_WORD = 1 << 7, /* \w of Python's re: str.isalnum() or '_' */
    SHEAF_I_CHAR_CASED = 1 << 8,
    SHEAF_I_CHAR_CASE_IGNORABLE = 1 << 9,
    SHEAF_I_SCRIPT_SHIFT = 10
};

/* Scripts that tell something about the language; all others are OTHER. */
typedef enum {
    SHEAF_I_OTHER_SCRIPT = 0, SHEAF_I_LATIN, SHEAF_I_GREEK, SHEAF_I_CYRILLIC, SHEAF_I_ARABIC, SHEAF_I_HEBREW,
    SHEAF_I_ARMENIAN, SHEAF_I_DEVANAGARI, SHEAF_I_TAMIL, SHEAF_I_HAN, SHEAF_I_KANA, SHEAF_I_HANGUL, SHEAF_I_THAI,
    SHEAF_I_N_SCRIPTS
} sheaf_i_script;

#define SHEAF_I_CHAR_BITS 7
extern const uint16_t sheaf_i_char_stage[];
extern const uint16_t sheaf_i_char_block[][1 << SHEAF_I_CHAR_BITS];

static inline unsigned sheaf_i_char(uint32_t c) /* c <= 0x10ffff */
{
    return sheaf_i_char_block[sheaf_i_char_stage[c >> SHEAF_I_CHAR_BITS]][c & ((1 << SHEAF_I_CHAR_BITS) - 1)];
}

static inline unsigned sheaf_i_char_wb(unsigned properties) { return properties & SHEAF_I_WB_MASK; }
static inline sheaf_i_script sheaf_i_char_script(unsigned properties)
{
    return (sheaf_i_script)(properties >> SHEAF_I_SCRIPT_SHIFT);
}

/* The character at p[0 .. n), n > 0; its length to *len. A byte that starts no well-formed sequence is U+FFFD of
   length 1: text of a corpus has none, but nothing here reads out of bounds if it does. */
static inline uint32_t sheaf_i_decode(const uint8_t *p, size_t n, size_t *len)
{
    *len = 1;
    if (p[0] < 0x80) return p[0];
    if (p[0] >= 0xc2 && p[0] < 0xe0 && n > 1 && (p[1] & 0xc0) == 0x80) {
        *len = 2;
        return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    }
    if (p[0] >= 0xe0 && p[0] < 0xf0 && n > 2 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
        *len = 3;
        return (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    }
    if (p[0] >= 0xf0 && p[0] < 0xf5 && n > 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 &&
        (p[3] & 0xc0) == 0x80) {
        uint32_t c = (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
        if (c <= 0x10ffff) {
            *len = 4;
            return c;
        }
    }
    return 0xfffd;
}

#endif
