/* UTF-8: checked, repaired, and made from UTF-16; see utf8.h.
 *
 * Well-formed sequences are those of table 3-7 of the Unicode Standard; replacement follows its section 3.9, "U+FFFD
 * substitution of maximal subparts", as browsers and Python do. U+0000 counts as ill-formed: no text of ours holds a
 * NUL, so a caller may treat a copy of it as a C string. ASCII, most of any input, goes eight bytes a step.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <string.h>

#include "read/utf8.h"

#define ONES 0x0101010101010101u
#define HIGH 0x8080808080808080u
#define REPLACEMENT "\xEF\xBF\xBD"

/* Bytes with the high bit set, and zero bytes. (The second term may flag a 0x01 above a zero byte: never a miss.) */
static inline uint64_t not_plain(uint64_t x) { return (x | (x - ONES)) & HIGH; }

static inline bool in_range(unsigned char c, unsigned char lo, unsigned char hi) { return c >= lo && c <= hi; }

/* Length of the sequence at p, n > 0 bytes left: positive if well-formed, else minus the length of the maximal
   subpart, which is at least one byte. */
static int sequence(const unsigned char *p, size_t n)
{
    unsigned char c = p[0], lo = 0x80, hi = 0xBF;
    int more;
    if (c - 1u < 0x7F) return 1;
    if (in_range(c, 0xC2, 0xDF)) more = 1;
    else if (in_range(c, 0xE0, 0xEF)) more = 2;
    else if (in_range(c, 0xF0, 0xF4)) more = 3;
    else return -1;
    if (c == 0xE0) lo = 0xA0;
    if (c == 0xED) hi = 0x9F;
    if (c == 0xF0) lo = 0x90;
    if (c == 0xF4) hi = 0x8F;
    for (int i = 1; i <= more; i++) {
        if ((size_t)i >= n || !in_range(p[i], lo, hi)) return -i;
        lo = 0x80;
        hi = 0xBF;
    }
    return more + 1;
}

/* Bytes that are plain ASCII, in runs of 64; there may be more. */
static size_t plain_prefix(const unsigned char *p, size_t n)
{
    size_t i = 0;
#ifdef __SSE2__
    const __m128i zero = _mm_setzero_si128();
    for (; n - i >= 64; i += 64) {
        const __m128i *x = (const __m128i *)(p + i);
        __m128i a = _mm_loadu_si128(x), b = _mm_loadu_si128(x + 1);
        __m128i c = _mm_loadu_si128(x + 2), d = _mm_loadu_si128(x + 3);
        __m128i least = _mm_min_epu8(_mm_min_epu8(a, b), _mm_min_epu8(c, d));
        __m128i any = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
        if (_mm_movemask_epi8(_mm_or_si128(any, _mm_cmpeq_epi8(least, zero)))) break;
    }
#else
    (void)p, (void)n;
#endif
    return i;
}

size_t sheaf_i_utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0;
    while (i < n) {
        uint64_t x;
        i += plain_prefix(p + i, n - i);
        while (n - i >= 8) {
            memcpy(&x, p + i, 8);
            if (not_plain(x)) break;
            i += 8;
        }
        if (i == n) break;
        int k = sequence(p + i, n - i);
        if (k < 0) return i;
        i += (size_t)k;
    }
    return n;
}

/* Two passes, the first without `out` to learn the size. */
static size_t repair(sheaf_str s, size_t good, char *out, int64_t *replaced)
{
    size_t used = good;
    if (out) memcpy(out, s.p, good);
    for (size_t i = good; i < s.n;) {
        int k = sequence((const unsigned char *)s.p + i, s.n - i);
        size_t from = (size_t)(k < 0 ? -k : k), to = k < 0 ? 3 : from;
        if (out) memcpy(out + used, k < 0 ? REPLACEMENT : s.p + i, to);
        if (out && k < 0) ++*replaced;
        used += to;
        i += from;
    }
    return used;
}

sheaf_status sheaf_i_utf8_clean(sheaf_i_arena *a, sheaf_str *s, int64_t *replaced)
{
    size_t good = sheaf_i_utf8_valid(s->p, s->n);
    if (good == s->n) return SHEAF_OK;
    size_t n = repair(*s, good, NULL, replaced);
    char *out = sheaf_i_arena_take(a, n, 1);
    if (!out) return SHEAF_ENOMEM;
    repair(*s, good, out, replaced);
    *s = (sheaf_str){out, n};
    return SHEAF_OK;
}

size_t sheaf_i_utf8_put(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static uint32_t unit(const unsigned char *p, bool big_endian)
{
    return big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

sheaf_status sheaf_i_utf8_from_utf16(sheaf_i_arena *a, sheaf_str in, bool big_endian, sheaf_str *out,
                                     int64_t *replaced)
{
    const unsigned char *p = (const unsigned char *)in.p;
    char *to = sheaf_i_arena_take(a, in.n / 2 * 3 + 3, 1); /* a unit makes at most three bytes */
    if (!to) return SHEAF_ENOMEM;
    size_t used = 0, i = 0;
    while (in.n - i >= 2) {
        uint32_t c = unit(p + i, big_endian);
        i += 2;
        if (c >= 0xD800 && c < 0xDC00 && in.n - i >= 2) {
            uint32_t low = unit(p + i, big_endian);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        if (c == 0 || (c >= 0xD800 && c < 0xE000)) {
            c = 0xFFFD;
            ++*replaced;
        }
        used += sheaf_i_utf8_put(c, to + used);
    }
    if (i < in.n) {
        used += sheaf_i_utf8_put(0xFFFD, to + used);
        ++*replaced;
    }
    *out = (sheaf_str){to, used};
    return SHEAF_OK;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

sheaf_str sheaf_i_trim(sheaf_str s)
{
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    return s;
}
