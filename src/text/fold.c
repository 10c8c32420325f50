/* Folding of words; see fold.h. Called once a word type, so utf8proc's pace does not matter. */
#include "text/fold.h"

#include <string.h>
#include <utf8proc.h>

#include "base/context.h"
#include "base/mem.h"

void sheaf_i_buffer_end(sheaf_i_buffer *b)
{
    sheaf_i_free(b->ctx, b->p);
    *b = (sheaf_i_buffer){.ctx = b->ctx};
}

sheaf_status sheaf_i_buffer_room(sheaf_i_buffer *b, size_t more)
{
    if (b->room - b->n >= more) return SHEAF_OK;
    size_t room = b->n + more + b->room;
    void *p = room < b->n ? NULL : sheaf_i_resize(b->ctx, b->p, (int64_t)room, 1);
    if (!p) return SHEAF_ENOMEM;
    b->p = p;
    b->room = room;
    return SHEAF_OK;
}

static bool all_ascii(sheaf_str s)
{
    unsigned char all = 0;
    for (size_t i = 0; i < s.n; i++) all |= (unsigned char)s.p[i];
    return all < 0x80;
}

static void lower_ascii(sheaf_i_buffer *out, sheaf_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        out->p[out->n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
}

/* Character by character: the words of the sklearn analyser have no character whose lower case is more than one. */
static void lower_python(sheaf_i_buffer *out, sheaf_str s)
{
    for (size_t i = 0, len; i < s.n; i += len) {
        uint32_t c = sheaf_i_decode((const uint8_t *)s.p + i, s.n - i, &len);
        utf8proc_int32_t lower = utf8proc_tolower((utf8proc_int32_t)c);
        out->n += (size_t)utf8proc_encode_char(lower, (utf8proc_uint8_t *)out->p + out->n);
    }
}

/* Small repairs on the folded characters, in place: see the header. */
static int64_t repair(utf8proc_int32_t *c, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (c[i] == 0x2019 || c[i] == 0x2bc) c[i] = '\'';
        if (c[i] == 0x307 && kept && c[kept - 1] == 'i') continue; /* from U+0130 */
        c[kept++] = c[i];
    }
    return kept;
}

static sheaf_status casefold(sheaf_i_buffer *out, sheaf_str s)
{
    const utf8proc_option_t how =
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s.p;
    size_t at = (out->n + 3) & ~(size_t)3; /* characters are made behind what is there, then moved up */
    size_t room = 4 * s.n + 8;
    for (;;) {
        if (sheaf_i_buffer_room(out, at - out->n + 4 * (room + 1)) != SHEAF_OK) return SHEAF_ENOMEM;
        utf8proc_int32_t *c = (utf8proc_int32_t *)(void *)(out->p + at);
        utf8proc_ssize_t n = utf8proc_decompose(p, (utf8proc_ssize_t)s.n, c, (utf8proc_ssize_t)room, how);
        if (n >= 0 && (size_t)n > room) {
            room = (size_t)n;
            continue;
        }
        if (n >= 0) n = utf8proc_reencode(c, repair(c, n), how);
        if (n < 0) { /* not UTF-8: stays as it is */
            lower_ascii(out, s);
            return SHEAF_OK;
        }
        memmove(out->p + out->n, c, (size_t)n);
        out->n += (size_t)n;
        return SHEAF_OK;
    }
}

sheaf_status sheaf_i_fold(sheaf_i_buffer *out, sheaf_analyzer analyzer, sheaf_str word)
{
    sheaf_status st = SHEAF_OK;
    size_t start = out->n;
    SHEAF_TRY(sheaf_i_buffer_room(out, 2 * word.n + 4));
    bool ascii = all_ascii(word);
    if (ascii) lower_ascii(out, word);
    if (analyzer == SHEAF_ANALYZER_SKLEARN) {
        if (!ascii) lower_python(out, word);
        return SHEAF_OK;
    }
    if (!ascii) SHEAF_TRY(casefold(out, word));
    while (out->n > start && out->p[out->n - 1] == '_') out->n--;
    size_t skip = 0;
    while (start + skip < out->n && out->p[start + skip] == '_') skip++;
    if (skip) memmove(out->p + start, out->p + start + skip, out->n - start - skip);
    out->n -= skip;
done:
    return st;
}

unsigned sheaf_i_form_kind(sheaf_str form, sheaf_i_script *script)
{
    unsigned kind = 0;
    int64_t characters = 0;
    bool pairs = false;
    *script = SHEAF_I_OTHER_SCRIPT;
    for (size_t i = 0, len; i < form.n; i += len, characters++) {
        unsigned properties = sheaf_i_char(sheaf_i_decode((const uint8_t *)form.p + i, form.n - i, &len));
        unsigned wb = sheaf_i_char_wb(properties);
        bool letter = wb == SHEAF_I_WB_LETTER || wb == SHEAF_I_WB_HEBREW || wb == SHEAF_I_WB_KATAKANA ||
                      (properties & SHEAF_I_CHAR_BIGRAM);
        if (letter && i == 0) kind |= SHEAF_I_FORM_LETTER_FIRST;
        if (letter && *script == SHEAF_I_OTHER_SCRIPT) *script = sheaf_i_char_script(properties);
        if (form.p[i] == '\'') kind |= SHEAF_I_FORM_APOSTROPHE;
        else if (form.p[i] == ':' || wb == SHEAF_I_WB_NUMERIC || wb == SHEAF_I_WB_EXTEND_NUM_LET ||
                 wb == SHEAF_I_WB_MID_NUM_LET || wb == SHEAF_I_WB_MID_NUM)
            kind |= SHEAF_I_FORM_MIXED;
        if (properties & SHEAF_I_CHAR_BIGRAM) pairs = true;
    }
    if (characters == 1 && !pairs) kind |= SHEAF_I_FORM_ONE_LETTER;
    return kind;
}
