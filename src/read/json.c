/* A strict JSON scanner (RFC 8259) that yields spans; see json.h.
 *
 * Why not a library: ids are often integers above 2^53, which a parser that stores doubles cannot give back; a string
 * with \u0000 is cut short by one that yields C strings; and a tree with an allocation a value costs more than all the
 * rest of reading. Here nothing is allocated: a line is checked in one pass, and only the strings that are wanted are
 * decoded, those without escapes not even copied. The tests compare it with cJSON. Depth is bounded by a bit stack.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <string.h>

#include "read/json.h"
#include "read/utf8.h"

#define MAX_DEPTH 512
#define ONES 0x0101010101010101u
#define HIGH 0x8080808080808080u

static bool fault(sheaf_i_json_scan *s, const char *what)
{
    if (!s->error) s->error = what;
    return false;
}

static void skip_space(sheaf_i_json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r')) s->at++;
}

static inline uint64_t zero_bytes(uint64_t x) { return (x - ONES) & ~x & HIGH; }

/* Flags bytes that are a quote, a backslash or below 0x20. The lowest flag is always right; those above it may not be,
   because of the borrow. */
static inline uint64_t special_bytes(uint64_t x)
{
    return zero_bytes(x ^ (ONES * '"')) | zero_bytes(x ^ (ONES * '\\')) | ((x - ONES * 0x20) & ~x & HIGH);
}

#ifdef __SSE2__
static inline int special_of_16(__m128i x)
{
    __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"')), backslash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1F)), x);
    return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
}
#endif

static const char *next_special(const char *p, const char *end)
{
#ifdef __SSE2__
    for (; end - p >= 32; p += 32) {
        int low = special_of_16(_mm_loadu_si128((const __m128i *)p));
        int high = special_of_16(_mm_loadu_si128((const __m128i *)(p + 16)));
        if (low | high) return p + __builtin_ctz((unsigned)low | (unsigned)high << 16);
    }
#endif
    while (end - p >= 8) {
        uint64_t x;
        memcpy(&x, p, 8);
        uint64_t found = special_bytes(x);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (found) return p + __builtin_ctzll(found) / 8;
#else
        if (found) break;
#endif
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) p++;
    return p;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t code = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(p[i]);
        if (d < 0) return -1;
        code = code << 4 | d;
    }
    return code;
}

/* The cursor stands on the backslash. */
static bool scan_escape(sheaf_i_json_scan *s)
{
    if (s->end - s->at < 2) return fault(s, "string without its closing quote");
    char c = s->at[1];
    if (c == 'u') {
        if (hex4(s->at + 2, s->end) < 0) return fault(s, "bad \\u escape in a string");
        s->at += 6;
        return true;
    }
    if (!c || !strchr("\"\\/bfnrt", c)) return fault(s, "unknown escape in a string");
    s->at += 2;
    return true;
}

static bool scan_string(sheaf_i_json_scan *s, sheaf_i_json *v)
{
    const char *from = ++s->at;
    v->kind = SHEAF_I_JSON_STRING;
    v->escaped = false;
    for (;;) {
        s->at = next_special(s->at, s->end);
        if (s->at == s->end) return fault(s, "string without its closing quote");
        if (*s->at == '"') break;
        if (*s->at != '\\') return fault(s, "control character in a string");
        v->escaped = true;
        if (!scan_escape(s)) return false;
    }
    v->raw = (sheaf_str){from, (size_t)(s->at - from)};
    s->at++;
    return true;
}

static bool scan_digits(sheaf_i_json_scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') s->at++;
    return s->at > from || fault(s, "malformed number");
}

static bool scan_number(sheaf_i_json_scan *s, sheaf_i_json *v)
{
    const char *from = s->at;
    if (*s->at == '-') s->at++;
    if (s->at < s->end && *s->at == '0') s->at++;
    else if (!scan_digits(s)) return false;
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!scan_digits(s)) return false;
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-')) s->at++;
        if (!scan_digits(s)) return false;
    }
    *v = (sheaf_i_json){SHEAF_I_JSON_NUMBER, false, {from, (size_t)(s->at - from)}};
    return true;
}

static bool scan_word(sheaf_i_json_scan *s, sheaf_i_json *v, const char *word, sheaf_i_json_kind kind)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n)) return fault(s, "unknown word");
    *v = (sheaf_i_json){kind, false, {s->at, n}};
    s->at += n;
    return true;
}

static bool scan_scalar(sheaf_i_json_scan *s, sheaf_i_json *v)
{
    if (s->at == s->end) return fault(s, "the value is missing");
    switch (*s->at) {
    case '"': return scan_string(s, v);
    case 't': return scan_word(s, v, "true", SHEAF_I_JSON_TRUE);
    case 'f': return scan_word(s, v, "false", SHEAF_I_JSON_FALSE);
    case 'n': return scan_word(s, v, "null", SHEAF_I_JSON_NULL);
    default: break;
    }
    if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9')) return scan_number(s, v);
    return fault(s, "unexpected character");
}

/* The key of a member and its colon. */
static bool scan_key(sheaf_i_json_scan *s, sheaf_i_json *key)
{
    skip_space(s);
    if (s->at == s->end || *s->at != '"') return fault(s, "expected a quoted name");
    if (!scan_string(s, key)) return false;
    skip_space(s);
    if (s->at == s->end || *s->at != ':') return fault(s, "expected ':'");
    s->at++;
    skip_space(s);
    return true;
}

/* After a value inside a container: closes as many as end here. True: another value follows; false with depth 0: the
   outermost one is closed; false with an error: a fault. */
static bool scan_after(sheaf_i_json_scan *s, const uint8_t *is_object, int32_t *depth)
{
    while (*depth > 0) {
        bool object = is_object[*depth - 1];
        skip_space(s);
        if (s->at == s->end) return fault(s, object ? "object without its '}'" : "array without its ']'");
        char c = *s->at;
        if (c == ',') {
            s->at++;
            skip_space(s);
            sheaf_i_json key;
            return object ? scan_key(s, &key) : true;
        }
        if (c != (object ? '}' : ']')) return fault(s, object ? "expected ',' or '}'" : "expected ',' or ']'");
        s->at++;
        --*depth;
    }
    return false;
}

/* The cursor stands on a bracket. */
static bool scan_container(sheaf_i_json_scan *s, sheaf_i_json *v)
{
    uint8_t is_object[MAX_DEPTH];
    int32_t depth = 0;
    const char *from = s->at;
    sheaf_i_json part;
    *v = (sheaf_i_json){*s->at == '{' ? SHEAF_I_JSON_OBJECT : SHEAF_I_JSON_ARRAY, false, {from, 0}};
    do {
        if (s->at < s->end && (*s->at == '{' || *s->at == '[')) {
            if (depth == MAX_DEPTH) return fault(s, "nested deeper than 512 levels");
            is_object[depth] = *s->at == '{';
            bool object = is_object[depth++];
            s->at++;
            skip_space(s);
            if (s->at < s->end && *s->at == (object ? '}' : ']')) {
                s->at++;
                depth--;
            } else {
                if (object && !scan_key(s, &part)) return false;
                continue;
            }
        } else if (!scan_scalar(s, &part)) {
            return false;
        }
        if (!scan_after(s, is_object, &depth)) break;
    } while (true);
    if (s->error) return false;
    v->raw.n = (size_t)(s->at - from);
    return true;
}

bool sheaf_i_json_value(sheaf_i_json_scan *s, sheaf_i_json *v)
{
    skip_space(s);
    bool nested = s->at < s->end && (*s->at == '{' || *s->at == '[');
    if (!(nested ? scan_container(s, v) : scan_scalar(s, v))) return false;
    skip_space(s);
    return true;
}

bool sheaf_i_json_enter(sheaf_i_json_scan *s)
{
    skip_space(s);
    if (s->at == s->end || *s->at != '{') return fault(s, "expected an object");
    s->at++;
    return true;
}

bool sheaf_i_json_member(sheaf_i_json_scan *s, sheaf_i_json *key, sheaf_i_json *v)
{
    bool first = s->at[-1] == '{';
    skip_space(s);
    if (s->at == s->end) return fault(s, "object without its '}'");
    if (*s->at == '}') {
        s->at++;
        return false;
    }
    if (!first) {
        if (*s->at != ',') return fault(s, "expected ',' or '}'");
        s->at++;
    }
    return scan_key(s, key) && sheaf_i_json_value(s, v);
}

bool sheaf_i_json_end(sheaf_i_json_scan *s)
{
    skip_space(s);
    return s->at == s->end || fault(s, "something follows the value");
}

/* The code point of a \u escape at p (its backslash); *used bytes are consumed. */
static uint32_t unicode_escape(const char *p, const char *end, size_t *used, int64_t *replaced)
{
    int32_t c = hex4(p + 2, end);
    *used = 6;
    if (c >= 0xD800 && c < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        int32_t low = hex4(p + 8, end);
        if (low >= 0xDC00 && low < 0xE000) {
            *used = 12;
            return 0x10000 + (((uint32_t)c - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        }
    }
    if (c > 0 && (c < 0xD800 || c >= 0xE000)) return (uint32_t)c;
    ++*replaced;
    return 0xFFFD;
}

static char simple_escape(char c)
{
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

size_t sheaf_i_json_unescape(sheaf_str raw, char *out, int64_t *replaced)
{
    const char *p = raw.p, *end = raw.p + raw.n;
    char *to = out;
    while (p < end) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        if (!stop) stop = end;
        memcpy(to, p, (size_t)(stop - p));
        to += stop - p;
        p = stop;
        if (p == end) break;
        if (p[1] == 'u') {
            size_t used;
            uint32_t code = unicode_escape(p, end, &used, replaced);
            to += sheaf_i_utf8_put(code, to);
            p += used;
        } else {
            *to++ = simple_escape(p[1]);
            p += 2;
        }
    }
    return (size_t)(to - out);
}

size_t sheaf_i_json_compact(sheaf_str raw, char *out)
{
    bool inside = false;
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (!inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
        out[n++] = c;
        if (inside && c == '\\' && i + 1 < raw.n) out[n++] = raw.p[++i];
        else if (c == '"') inside = !inside;
    }
    return n;
}
