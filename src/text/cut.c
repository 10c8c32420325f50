/* Text to words; see cut.h. A byte table cuts what is ASCII, sheaf_i_segment any word that touches a character beyond.
 * In ASCII the rules come down to this: letters, digits and underscores stick together, and one middle character joins
 * two letters (: . ') or two digits (, ; . '). */
#include "text/cut.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text/characters.h"

/* What the byte loop knows of a byte. */
enum { IN_WORD = 1, LETTER = 2, DIGIT = 4, JOINS_LETTERS = 8, JOINS_DIGITS = 16, NOT_ASCII = 32, UNDERSCORE = IN_WORD };

static const uint8_t byte_class[256] = {
    ['0' ... '9'] = IN_WORD | DIGIT, ['A' ... 'Z'] = IN_WORD | LETTER, ['a' ... 'z'] = IN_WORD | LETTER,
    ['_'] = UNDERSCORE, [':'] = JOINS_LETTERS, [','] = JOINS_DIGITS, [';'] = JOINS_DIGITS,
    ['.'] = JOINS_LETTERS | JOINS_DIGITS, ['\''] = JOINS_LETTERS | JOINS_DIGITS, [0x80 ... 0xff] = NOT_ASCII};

void sheaf_i_cut_begin(sheaf_i_cutter *c, sheaf_analyzer analyzer, const char *p, size_t n)
{
    *c = (sheaf_i_cutter){.p = (const uint8_t *)p, .n = n, .analyzer = analyzer};
}

static sheaf_span span_of(size_t start, size_t end)
{
    return (sheaf_span){(uint32_t)start, (uint32_t)(end - start)};
}

/* First byte from `at` on that is no letter, digit or underscore of ASCII. Sixteen at a time where SSE2 is there: the
   length of a word is what a jump predictor cannot know. */
static inline size_t word_bytes(const uint8_t *p, size_t n, size_t at, unsigned *seen)
{
#ifdef __SSE2__
    while (n - at >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + at));
        __m128i letter = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
        __m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
        __m128i either = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                                      _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit));
        unsigned word = (unsigned)_mm_movemask_epi8(_mm_or_si128(either, _mm_cmpeq_epi8(v, _mm_set1_epi8('_'))));
        unsigned length = (unsigned)__builtin_ctz(~word | 0x10000u);
        if ((unsigned)_mm_movemask_epi8(either) & ((1u << length) - 1)) *seen |= LETTER | DIGIT;
        at += length;
        if (length < 16) return at;
    }
#endif
    for (; at < n && (byte_class[p[at]] & IN_WORD); at++) *seen |= byte_class[p[at]];
    return at;
}

/* End of the word of ASCII bytes that starts at `at`, or 0 if a character beyond ASCII touches it. */
static inline size_t ascii_word(const uint8_t *p, size_t n, size_t at, unsigned *seen)
{
    for (;;) {
        at = word_bytes(p, n, at, seen);
        if (at >= n) return at;
        unsigned here = byte_class[p[at]];
        if (!here) return at;
        if (here & NOT_ASCII) return 0;
        if (at + 1 >= n) return at;
        unsigned next = byte_class[p[at + 1]], last = byte_class[p[at - 1]];
        if (next & NOT_ASCII) return 0;
        bool join = ((here & JOINS_LETTERS) && (last & next & LETTER)) ||
                    ((here & JOINS_DIGITS) && (last & next & DIGIT));
        if (!join) return at;
        at++;
    }
}

/* An open run ends: a character that found no partner is a word of its own. */
static int32_t end_run(sheaf_i_cutter *c, sheaf_span *out, int32_t used)
{
    if (c->run_at < c->run_end && !c->run_paired && c->run_end - c->run_at <= SHEAF_I_MAX_WORD)
        out[used++] = span_of(c->run_at, c->run_end);
    c->run_at = c->run_end = 0;
    c->run_paired = false;
    return used;
}

/* A segment of the slow path, [at, end). */
static int32_t put_segment(sheaf_i_cutter *c, size_t at, size_t end, unsigned kind, sheaf_span *out, int32_t used)
{
    if (kind & SHEAF_I_SEGMENT_WORD) {
        used = end_run(c, out, used);
        if (end - at <= SHEAF_I_MAX_WORD) out[used++] = span_of(at, end);
    } else if (kind & SHEAF_I_SEGMENT_BIGRAM) {
        bool adjacent = c->run_at < c->run_end && c->run_end == at;
        if (!adjacent) used = end_run(c, out, used);
        if (adjacent && end - c->run_at <= SHEAF_I_MAX_WORD) out[used++] = span_of(c->run_at, end);
        c->run_at = at;
        c->run_end = end;
        c->run_paired = adjacent;
    }
    return used;
}

/* At most two words come of one step. */
static int32_t cut_unicode(sheaf_i_cutter *c, sheaf_span *out, int32_t room)
{
    const uint8_t *p = c->p;
    size_t n = c->n, at = c->at;
    int32_t used = 0;
    while (used + 2 <= room) {
        while (at < n && !(byte_class[p[at]] & (IN_WORD | NOT_ASCII))) at++;
        if (at >= n) break;
        unsigned seen = 0;
        size_t end = byte_class[p[at]] & NOT_ASCII ? 0 : ascii_word(p, n, at, &seen);
        if (!end) {
            unsigned kind;
            end = sheaf_i_segment(p, n, at, &kind);
            used = put_segment(c, at, end, kind, out, used);
        } else if (seen & (LETTER | DIGIT)) {
            if (c->run_end) used = end_run(c, out, used);
            out[used] = span_of(at, end);
            used += end - at <= SHEAF_I_MAX_WORD;
        }
        at = end;
    }
    c->at = at;
    if (at >= n && used < room) used = end_run(c, out, used);
    return used;
}

static int32_t cut_sklearn(sheaf_i_cutter *c, sheaf_span *out, int32_t room)
{
    const uint8_t *p = c->p;
    size_t n = c->n, at = c->at;
    int32_t used = 0;
    while (used < room && at < n) {
        size_t start = at, len = 0;
        int64_t characters = 0;
        for (; at < n; at += len, characters++) {
            uint32_t ch = sheaf_i_decode(p + at, n - at, &len);
            if (!(sheaf_i_char(ch) & SHEAF_I_CHAR_PYTHON_WORD)) break;
            if (ch == 0x130) { /* its lower case is i and a combining dot, which is no \w and ends the word */
                at += len;
                characters++;
                len = 0;
                break;
            }
        }
        if (characters >= 2) out[used++] = span_of(start, at);
        if (at == start) at += len;
    }
    c->at = at;
    return used;
}

int32_t sheaf_i_cut(sheaf_i_cutter *c, sheaf_span *out, int32_t room)
{
    return c->analyzer == SHEAF_ANALYZER_SKLEARN ? cut_sklearn(c, out, room) : cut_unicode(c, out, room);
}

/* Start of the character that ends before `at` > 0. */
static size_t back(const uint8_t *p, size_t at)
{
    size_t i = at - 1;
    while (i > 0 && at - i < 4 && (p[i] & 0xc0) == 0x80) i--;
    return i;
}

/* Unicode's condition Final_Sigma, as Python's str.lower() tests it, for the sigma at [at, end). */
static bool final_sigma(const uint8_t *p, size_t n, size_t at, size_t end)
{
    size_t len;
    unsigned properties = SHEAF_I_CHAR_CASE_IGNORABLE;
    while (at > 0 && (properties & SHEAF_I_CHAR_CASE_IGNORABLE)) {
        size_t from = back(p, at);
        properties = sheaf_i_char(sheaf_i_decode(p + from, at - from, &len));
        at = from;
    }
    if ((properties & SHEAF_I_CHAR_CASE_IGNORABLE) || !(properties & SHEAF_I_CHAR_CASED)) return false;
    for (; end < n; end += len) {
        properties = sheaf_i_char(sheaf_i_decode(p + end, n - end, &len));
        if (!(properties & SHEAF_I_CHAR_CASE_IGNORABLE)) return !(properties & SHEAF_I_CHAR_CASED);
    }
    return true;
}

bool sheaf_i_cut_sigma(const uint8_t *p, size_t n, sheaf_span word, uint8_t *out)
{
    bool any = false;
    size_t end = (size_t)word.start + word.length;
    memcpy(out, p + word.start, word.length);
    for (size_t i = word.start; i + 1 < end; i++) {
        if (p[i] != 0xce || p[i + 1] != 0xa3) continue; /* U+03A3 */
        bool last = final_sigma(p, n, i, i + 2);
        out[i - word.start] = 0xcf;                     /* U+03C2 or U+03C3 */
        out[i - word.start + 1] = last ? 0x82 : 0x83;
        any = true;
    }
    return any;
}
