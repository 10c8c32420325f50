/* Text to words; see cut.h. What is plain ASCII goes to the scanning kernel, and whatever touches a character beyond it
 * to sheaf_i_segment or, for sklearn, from character to character. In ASCII the rules of UAX #29 come down to this:
 * letters, digits and underscores stick together, and one middle character joins two letters (: . ') or two digits
 * (, ; . ').
 */
#include "text/cut.h"

#include <string.h>

#include "text/characters.h"

#define SLOW_WORDS (SHEAF_I_CUT_WORDS - 4) /* a step of the slow path ends with so many: one more segment yields two */

typedef struct {
    uint32_t *start, *end;
    int32_t n;
    uint32_t longest; /* of the words that count */
} word_list;

void sheaf_i_cut_begin(sheaf_i_cutter *c, sheaf_analyzer analyzer, const char *p, size_t n)
{
    *c = (sheaf_i_cutter){.p = (const uint8_t *)p, .n = n, .analyzer = analyzer, .scan = sheaf_i_kernels_get()->scan};
}

static void put(word_list *w, size_t start, size_t end)
{
    w->start[w->n] = (uint32_t)start;
    w->end[w->n] = (uint32_t)end;
    w->n += end - start <= w->longest;
}

/* An open run ends: a character that found no partner is a word of its own. */
static void end_run(sheaf_i_cutter *c, word_list *w)
{
    if (c->run_at < c->run_end && !c->run_paired) put(w, c->run_at, c->run_end);
    c->run_at = c->run_end = 0;
    c->run_paired = false;
}

/* A segment of the slow path, [at, end). */
static void put_segment(sheaf_i_cutter *c, word_list *w, size_t at, size_t end, unsigned kind)
{
    if (kind & SHEAF_I_SEGMENT_WORD) {
        end_run(c, w);
        put(w, at, end);
    } else if (kind & SHEAF_I_SEGMENT_BIGRAM) {
        bool adjacent = c->run_at < c->run_end && c->run_end == at;
        if (!adjacent) end_run(c, w);
        if (adjacent) put(w, c->run_at, end);
        c->run_at = at;
        c->run_end = end;
        c->run_paired = adjacent;
    }
}

/* Is there something beyond ASCII here, or behind one byte that is no word? Then a scan would not get far. */
static bool stays_slow(const uint8_t *p, size_t n, size_t *at)
{
    if (*at < n && p[*at] >= 0x80) return true;
    if (n - *at < 2 || p[*at] != ' ' || p[*at + 1] < 0x80) return false;
    ++*at;
    return true;
}

static void cut_segments(sheaf_i_cutter *c, word_list *w)
{
    do {
        unsigned kind;
        size_t end = sheaf_i_segment(c->p, c->n, c->at, &kind);
        put_segment(c, w, c->at, end, kind);
        c->at = end;
    } while (w->n < SLOW_WORDS && c->at < c->n && stays_slow(c->p, c->n, &c->at));
}

/* Runs of Python's \w; where there is none, one character is skipped. */
static void cut_python_words(sheaf_i_cutter *c, word_list *w)
{
    const uint8_t *p = c->p;
    size_t n = c->n, at = c->at;
    do {
        size_t start = at, len = 0;
        int64_t characters = 0;
        for (; at < n; at += len, characters++) {
            uint32_t ch = sheaf_i_decode(p + at, n - at, &len);
            if (!(sheaf_i_char(ch) & SHEAF_I_CHAR_PYTHON_WORD)) break;
            if (ch == 0x3a3) c->sigma = true;
            if (ch == 0x130) { /* its lower case is i and a combining dot, which is no \w and ends the word */
                at += len;
                characters++;
                len = 0;
                break;
            }
        }
        if (characters >= 2) put(w, start, at);
        if (at == start) at += len;
    } while (w->n < SLOW_WORDS && at < n && stays_slow(p, n, &at));
    c->at = at;
}

/* Words that are too long leave the list. */
static void drop_long(word_list *w, int32_t from)
{
    uint32_t over = 0;
    int32_t kept = from;
    for (int32_t i = from; i < w->n; i++) over |= (w->end[i] - w->start[i]) / SHEAF_I_MAX_WORD;
    if (!over) return;
    for (int32_t i = from; i < w->n; i++) {
        w->start[kept] = w->start[i];
        w->end[kept] = w->end[i];
        kept += w->end[i] - w->start[i] <= w->longest;
    }
    w->n = kept;
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

int32_t sheaf_i_cut(sheaf_i_cutter *c, uint32_t *start, uint32_t *end)
{
    bool unicode = c->analyzer == SHEAF_ANALYZER_UNICODE;
    word_list w = {start, end, 0, unicode ? SHEAF_I_MAX_WORD : UINT32_MAX};
    c->sigma = false;
    while (w.n == 0 && c->at < c->n) {
        int32_t found = 0;
        bool hard = c->p[c->at] >= 0x80;
        if (!hard) {
            if (c->run_end) end_run(c, &w);
            int32_t first = w.n;
            c->at = c->scan(c->p, c->n, c->at, unicode, start + first, end + first, &found, &hard);
            w.n += found;
            if (unicode) drop_long(&w, first);
        }
        if (!hard || w.n >= SLOW_WORDS) continue;
        if (unicode) cut_segments(c, &w);
        else cut_python_words(c, &w);
    }
    if (c->at >= c->n) end_run(c, &w);
    return w.n;
}
