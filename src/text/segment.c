/* Word boundaries of UAX #29 (Unicode 15), rules WB1 to WB999, one segment at a time.
 *
 * Every rule looks back only within its own segment, so the end of a segment is a function of the text from its
 * start on: WB7, WB7c and WB11 look back over a middle character that WB6, WB7b or WB12 has already joined, pairs of
 * regional indicators start at a boundary, and WB3c and WB3d look at the neighbour alone.
 */
#include "text/characters.h"
#include "text/cut.h"

#define BIT(x) (1u << SHEAF_I_WB_##x)
#define IN(wb, set) ((1u << (wb)) & (set))

enum {
    AHLETTER = BIT(LETTER) | BIT(HEBREW),
    MID_LETTER = BIT(MID_LETTER) | BIT(MID_NUM_LET) | BIT(SINGLE_QUOTE),
    MID_NUMBER = BIT(MID_NUM) | BIT(MID_NUM_LET) | BIT(SINGLE_QUOTE),
    NEWLINE = BIT(CR) | BIT(LF) | BIT(NEWLINE),
    IGNORED = BIT(EXTEND) | BIT(FORMAT) | BIT(ZWJ),
    WORD = AHLETTER | BIT(KATAKANA) | BIT(NUMERIC),
    CONNECTED = WORD | BIT(EXTEND_NUM_LET)
};

/* Class of the next character from `at` on that WB4 does not skip; OTHER at the end. */
static unsigned look_ahead(const uint8_t *p, size_t n, size_t at)
{
    while (at < n) {
        size_t len;
        unsigned wb = sheaf_i_char_wb(sheaf_i_char(sheaf_i_decode(p + at, n - at, &len)));
        if (!IN(wb, IGNORED)) return wb;
        at += len;
    }
    return SHEAF_I_WB_OTHER;
}

/* WB5 to WB16: do `left` (with `before` in front of it, in the same segment) and `right`, which ends at `next`, belong
   together? */
static bool joins(unsigned before, unsigned left, unsigned right, int n_ri, const uint8_t *p, size_t n, size_t next)
{
    if (IN(left, AHLETTER)) {
        if (IN(right, AHLETTER | BIT(NUMERIC) | BIT(EXTEND_NUM_LET))) return true;       /* WB5, WB9, WB13a */
        if (IN(right, MID_LETTER)) {
            if (left == SHEAF_I_WB_HEBREW && right == SHEAF_I_WB_SINGLE_QUOTE) return true; /* WB7a */
            return IN(look_ahead(p, n, next), AHLETTER);                                 /* WB6 */
        }
        return left == SHEAF_I_WB_HEBREW && right == SHEAF_I_WB_DOUBLE_QUOTE &&
               look_ahead(p, n, next) == SHEAF_I_WB_HEBREW;                              /* WB7b */
    }
    if (left == SHEAF_I_WB_NUMERIC) {
        if (IN(right, AHLETTER | BIT(NUMERIC) | BIT(EXTEND_NUM_LET))) return true;       /* WB10, WB8, WB13a */
        return IN(right, MID_NUMBER) && look_ahead(p, n, next) == SHEAF_I_WB_NUMERIC;    /* WB12 */
    }
    if (IN(right, AHLETTER) && IN(left, MID_LETTER) && IN(before, AHLETTER)) return true; /* WB7 */
    if (right == SHEAF_I_WB_HEBREW && left == SHEAF_I_WB_DOUBLE_QUOTE && before == SHEAF_I_WB_HEBREW)
        return true;                                                                     /* WB7c */
    if (right == SHEAF_I_WB_NUMERIC && IN(left, MID_NUMBER) && before == SHEAF_I_WB_NUMERIC) return true; /* WB11 */
    if (left == SHEAF_I_WB_KATAKANA) return IN(right, BIT(KATAKANA) | BIT(EXTEND_NUM_LET)); /* WB13, WB13a */
    if (left == SHEAF_I_WB_EXTEND_NUM_LET) return IN(right, CONNECTED);                  /* WB13a, WB13b */
    return left == SHEAF_I_WB_RI && right == SHEAF_I_WB_RI && n_ri % 2 == 1;             /* WB15, WB16 */
}

static void note_kind(unsigned properties, unsigned *kind)
{
    if (IN(sheaf_i_char_wb(properties), WORD)) *kind |= SHEAF_I_SEGMENT_WORD;
    if (properties & SHEAF_I_CHAR_BIGRAM) *kind |= SHEAF_I_SEGMENT_BIGRAM;
}

size_t sheaf_i_segment(const uint8_t *p, size_t n, size_t at, unsigned *kind)
{
    size_t len;
    unsigned properties = sheaf_i_char(sheaf_i_decode(p + at, n - at, &len));
    unsigned left = sheaf_i_char_wb(properties), neighbour = left, before = SHEAF_I_WB_OTHER;
    int n_ri = left == SHEAF_I_WB_RI;
    *kind = 0;
    note_kind(properties, kind);
    at += len;
    if (left == SHEAF_I_WB_CR) return at < n && p[at] == '\n' ? at + 1 : at; /* WB3, WB3a */
    if (IN(left, NEWLINE)) return at;                                        /* WB3a */
    for (; at < n; at += len) {
        properties = sheaf_i_char(sheaf_i_decode(p + at, n - at, &len));
        unsigned right = sheaf_i_char_wb(properties);
        if (IN(right, NEWLINE)) return at;                                   /* WB3b */
        bool emoji = neighbour == SHEAF_I_WB_ZWJ && (properties & SHEAF_I_CHAR_PICTOGRAPHIC);     /* WB3c */
        bool spaces = neighbour == SHEAF_I_WB_SPACE && right == SHEAF_I_WB_SPACE;                 /* WB3d */
        neighbour = right;
        if (IN(right, IGNORED)) continue;                                    /* WB4 */
        if (!emoji && !spaces && !joins(before, left, right, n_ri, p, n, at + len)) return at;
        note_kind(properties, kind);
        before = left;
        left = right;
        n_ri += right == SHEAF_I_WB_RI;
    }
    return at;
}
