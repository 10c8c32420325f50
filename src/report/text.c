/* Growing text and the spelling of values; see text.h. printf is not used for reals: its point is the locale's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "base/context.h"
#include "base/mem.h"
#include "report/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

void sheaf_i_text_init(sheaf_i_text *t, sheaf_ctx *ctx)
{
    *t = (sheaf_i_text){.ctx = ctx, .status = SHEAF_OK};
}

void sheaf_i_text_end(sheaf_i_text *t)
{
    sheaf_i_free(t->ctx, t->p);
    sheaf_i_text_init(t, t->ctx);
}

static bool make_room(sheaf_i_text *t, size_t n)
{
    if (t->status != SHEAF_OK) return false;
    if (n <= (size_t)(t->room - t->n)) return true;
    int64_t room = t->room < 256 ? 256 : t->room;
    while ((size_t)(room - t->n) < n && room < INT64_MAX / 4) room *= 2;
    char *p = n < (size_t)INT64_MAX / 4 ? sheaf_i_resize(t->ctx, t->p, room, 1) : NULL;
    if (!p) {
        t->status = SHEAF_ENOMEM;
        return false;
    }
    t->p = p;
    t->room = room;
    return true;
}

void sheaf_i_text_add(sheaf_i_text *t, const char *p, size_t n)
{
    if (!n || !make_room(t, n)) return;
    memcpy(t->p + t->n, p, n);
    t->n += (int64_t)n;
}

void sheaf_i_text_puts(sheaf_i_text *t, const char *s) { sheaf_i_text_add(t, s, strlen(s)); }

/* At least `least` digits of a number, at the end of s[20]; returns where they begin. */
static char *digits_of(char s[20], uint64_t value, int least)
{
    char *p = s + 20;
    while (value || s + 20 - p < least) {
        *--p = (char)('0' + value % 10);
        value /= 10;
    }
    return p;
}

void sheaf_i_text_int(sheaf_i_text *t, int64_t value)
{
    char s[20];
    char *p = digits_of(s, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
    if (value < 0) sheaf_i_text_add(t, "-", 1);
    sheaf_i_text_add(t, p, (size_t)(s + 20 - p));
}

void sheaf_i_text_real(sheaf_i_text *t, double value, int digits)
{
    if (!isfinite(value)) return;
    double scale = 1;
    for (int i = 0; i < digits; i++) scale *= 10;
    double scaled = nearbyint(fabs(value) * scale);
    if (scaled > 9e17) { /* no digits of such a number stand behind the point */
        scale = 1;
        digits = 0;
        scaled = fmin(nearbyint(fabs(value)), 9e18);
    }
    uint64_t whole = (uint64_t)scaled, unit = (uint64_t)scale;
    if (value < 0 && whole) sheaf_i_text_add(t, "-", 1);
    sheaf_i_text_int(t, (int64_t)(whole / unit));
    if (!digits) return;
    char s[20];
    char *p = digits_of(s, whole % unit, digits);
    sheaf_i_text_add(t, ".", 1);
    sheaf_i_text_add(t, p, (size_t)(s + 20 - p));
}

size_t sheaf_i_utf8(const char *p, size_t n, uint32_t *c)
{
    utf8proc_int32_t got;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)p, n < 4 ? (utf8proc_ssize_t)n : 4, &got);
    *c = used > 0 ? (uint32_t)got : 0xfffd;
    return used > 0 ? (size_t)used : 0;
}

int32_t sheaf_i_char_width(uint32_t c)
{
    if (c < 0x7f) return c >= 0x20;
    return utf8proc_charwidth((utf8proc_int32_t)c);
}

/* The escape of an ASCII character inside a JSON string, or NULL; \u00XX is made in `room`. */
static const char *json_escape(unsigned char c, char room[8])
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\b': return "\\b";
    case '\f': return "\\f";
    }
    if (c >= 0x20 && c != 0x7f) return NULL;
    snprintf(room, 8, "\\u%04x", c);
    return room;
}

void sheaf_i_text_json(sheaf_i_text *t, sheaf_str s)
{
    char room[8];
    size_t from = 0, i = 0;
    sheaf_i_text_add(t, "\"", 1);
    while (i < s.n) {
        uint32_t c;
        size_t used = (unsigned char)s.p[i] < 0x80 ? 1 : sheaf_i_utf8(s.p + i, s.n - i, &c);
        const char *instead = used == 1 ? json_escape((unsigned char)s.p[i], room) : used ? NULL : REPLACEMENT;
        if (instead) {
            sheaf_i_text_add(t, s.p + from, i - from);
            sheaf_i_text_puts(t, instead);
        }
        i += used ? used : 1;
        if (instead) from = i;
    }
    sheaf_i_text_add(t, s.p + from, s.n - from);
    sheaf_i_text_add(t, "\"", 1);
}

#define ONES 0x0101010101010101u

/* Bytes at the beginning that hold no control character and no backslash, in eights; there may be more. */
static size_t plain_prefix(const char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t x; n - i >= 8; i += 8) {
        memcpy(&x, p + i, 8);
        uint64_t y = x ^ (ONES * '\\');
        if ((((x - ONES * 0x20) & ~x) | ((y - ONES) & ~y)) & (ONES * 0x80)) break;
    }
    return i;
}

void sheaf_i_text_tsv(sheaf_i_text *t, sheaf_str s)
{
    size_t from = 0;
    for (size_t i = s.n ? plain_prefix(s.p, s.n) : 0; i < s.n; i++) {
        char c = s.p[i];
        const char *escape = c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\\' ? "\\\\" : NULL;
        if (!escape) continue;
        sheaf_i_text_add(t, s.p + from, i - from);
        sheaf_i_text_add(t, escape, 2);
        from = i + 1;
    }
    if (s.n) sheaf_i_text_add(t, s.p + from, s.n - from);
}

void sheaf_i_text_csv(sheaf_i_text *t, sheaf_str s)
{
    bool quote = false;
    for (size_t i = 0; i < s.n && !quote; i++)
        quote = s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
    if (!quote) {
        sheaf_i_text_add(t, s.p, s.n);
        return;
    }
    size_t from = 0;
    sheaf_i_text_add(t, "\"", 1);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '"') continue;
        sheaf_i_text_add(t, s.p + from, i + 1 - from); /* the quote, and once more with what follows */
        from = i;
    }
    sheaf_i_text_add(t, s.p + from, s.n - from);
    sheaf_i_text_add(t, "\"", 1);
}

static bool is_bidi_control(uint32_t c)
{
    return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

int32_t sheaf_i_text_plain(sheaf_i_text *t, sheaf_str s)
{
    int32_t width = 0;
    for (size_t i = 0; i < s.n && width < INT32_MAX - 2;) {
        uint32_t c;
        size_t used = sheaf_i_utf8(s.p + i, s.n - i, &c);
        if (c == '\t' || c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) {
            sheaf_i_text_add(t, " ", 1);
            width++;
        } else if (!used || c < 0x20 || (c >= 0x7f && c < 0xa0) || is_bidi_control(c)) {
            sheaf_i_text_puts(t, REPLACEMENT);
            width++;
        } else {
            sheaf_i_text_add(t, s.p + i, used);
            width += sheaf_i_char_width(c);
        }
        i += used ? used : 1;
    }
    return width;
}
