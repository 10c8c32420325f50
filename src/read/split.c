/* Archive pages into posts; see document.h.
 *
 * A page of a web log saved whole is one file with many posts, and between them stands what the software prints under
 * (or over) each: "Leave a comment", "Tagged | 3 Comments", "Posted on 4 May 2017 by anna". No list of such phrases is
 * complete, so a border is first of all a short line that recurs:
 *
 *  - Lines of at most 80 bytes and 12 words that hold a letter, do not end like a sentence and do not begin like a list
 *    item, a quotation or a mail header are cut into segments at | and similar signs. A segment's kind is its
 *    lower-cased spelling with numbers as '#', month and day names as '@', and a plural s after a number dropped.
 *  - Lines that share a kind belong to one family (union-find): "Leave a comment", "Tagged | Leave a comment" and
 *    "Tagged | 3 Comments" meet through their segments.
 *  - A family is a border if it has at least MIN_POSTS lines, nearly all pieces between them hold substantial text, it
 *    ends the page (a footer) or begins it (a header), and its numbers do not count up one by one, as those of pages
 *    and chapters do.
 *  - Refrains, minutes and scripts recur too. A family that speaks of comments, tags, authors or dates of posting needs
 *    pieces of CUE_WORDS words in the middle (median); any other needs PLAIN_WORDS, four lines, two words, and blank
 *    lines around it.
 *
 * The family with most text in its pieces wins. Footers are dropped; headers stay with the post that they open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "read/document.h"
#include "read/chunk.h"
#include "read/utf8.h"

#define MIN_POSTS 3
#define MIN_PLAIN 4
#define CUE_WORDS 40
#define PLAIN_WORDS 150
#define PIECE_WORDS 20      /* a piece with fewer is not substantial */
#define MAX_LINE 80
#define MAX_WORDS 12
#define MAX_SEGMENTS 8
#define CUE_KIND_WORDS 4
#define MAX_TITLE 120
#define MAX_REGEX_LINE 1000 /* of longer lines the beginning is looked at */

typedef struct {
    sheaf_str text;         /* trimmed */
    size_t start, end;      /* of the line in the page, end after its line feed */
    int64_t words;          /* before this line, since the start of the page */
    int32_t family;         /* -1: cannot be a border */
    int32_t number;         /* the first in it; -1: none */
    bool alone;             /* blank lines, or the page's ends, on both sides */
    bool cue;
} line;

typedef struct {
    sheaf_ctx *ctx;
    line *lines;
    int64_t n, room;
    int64_t words;          /* of the page */
    sheaf_i_names kinds;    /* segments; mark = union-find parent */
    sheaf_i_arena scratch;
} page;

/* Words that sites print around posts, in the languages of the largest webs; matched as prefixes of a segment's words,
   lower-cased. */
static const char *const cues[] = {
    "comment",   "repl",      "respons",        "posted",     "tagged",           "filed under",
    "permalink", "trackback", "pingback",       "share this", "continue reading", "read more",
    "kommentar", "antwort",   "veröffentlicht", "verfasst",   "schlagw",          "commentaire",
    "publié",    "réponse",   "laisser un",     "comentario", "publicado",        "respuesta",
    "deja un",   "commenti",  "pubblicato",     "lascia un",  "comentário",       "reactie",
    "geplaatst", "komment",   "inlägg",         "комментар",  "опубликовано",     "written by",
};
/* What stands between paragraphs of one article. */
static const char *const never[] = {"advertis", "image",  "photo",   "picture", "figure",   "fig ",
                                    "table",    "source", "page",    "chapter", "part",     "section",
                                    "wrote",    "on @",   "related", "caption", "question", "article continues"};
static const char *const calendar[] = {
    "january",  "february", "march",      "april",   "may",       "june",      "july",    "august",  "september",
    "october",  "november", "december",   "jan",     "feb",       "mar",       "apr",     "jun",     "jul",
    "aug",      "sep",      "sept",       "oct",     "nov",       "dec",       "monday",  "tuesday", "wednesday",
    "thursday", "friday",   "saturday",   "sunday",  "mon",       "tue",       "wed",     "thu",     "fri",
    "sat",      "sun",      "januar",     "februar", "märz",      "mai",       "juni",    "juli",    "oktober",
    "dezember", "janvier",  "février",    "mars",    "avril",     "juin",      "juillet", "août",    "septembre",
    "octobre",  "novembre", "décembre",   "enero",   "febrero",   "marzo",     "abril",   "mayo",    "junio",
    "julio",    "agosto",   "septiembre", "octubre", "noviembre", "diciembre",
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; } /* in every locale */
static bool is_letter(char c) { return (c & 0x80) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

static int64_t count_words(sheaf_str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += !is_blank(s.p[i]) && (i == 0 || is_blank(s.p[i - 1]));
    return n;
}

/* ---- kinds ---- */

static bool is_calendar(const char *p, size_t n)
{
    for (size_t i = 0; i < sizeof calendar / sizeof *calendar; i++)
        if (strlen(calendar[i]) == n && !memcmp(calendar[i], p, n)) return true;
    return false;
}

/* Lower-cased words with one space between; see above. `out` has room for s.n + 1 bytes. */
static size_t normalise(sheaf_str s, char *out)
{
    size_t n = 0;
    bool after_number = false;
    for (size_t i = 0; i < s.n;) {
        if (is_digit(s.p[i])) {
            while (i < s.n && (is_digit(s.p[i]) || ((s.p[i] == ',' || s.p[i] == '.' || s.p[i] == ':') && i + 1 < s.n &&
                                                    is_digit(s.p[i + 1])))) i++;
            if (!n || out[n - 1] != '#') out[n++] = '#';
            after_number = true;
        } else if (is_letter(s.p[i])) {
            size_t from = n;
            while (i < s.n && (is_letter(s.p[i]) || s.p[i] == '\'')) out[n++] = lower(s.p[i++]);
            if (is_calendar(out + from, n - from)) {
                n = from;
                out[n++] = '@';
            } else if (after_number && n - from > 3 && out[n - 1] == 's') {
                n--;
            }
            after_number = false;
        } else {
            if (n && out[n - 1] != ' ') out[n++] = ' ';
            i++;
        }
    }
    while (n && out[n - 1] == ' ') n--;
    return n;
}

/* The first phrase that a word of the kind, or the kind itself, begins with; NULL if none. */
static const char *mentions(sheaf_str kind, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(phrases[i]);
        for (size_t at = 0; at + n <= kind.n; at++)
            if ((at == 0 || kind.p[at - 1] == ' ') && !memcmp(kind.p + at, phrases[i], n)) return phrases[i];
    }
    return NULL;
}
#define MENTIONS(kind, list) mentions(kind, list, sizeof list / sizeof *list)

static bool is_date(sheaf_str kind) /* nothing but a date: "@ # @ #" */
{
    bool month = false;
    for (size_t i = 0; i < kind.n; i++) {
        if (kind.p[i] == '@') month = true;
        else if (kind.p[i] != '#' && kind.p[i] != ' ') return false;
    }
    return month;
}

static int32_t root_of(page *g, int32_t k)
{
    while (g->kinds.list[k].mark != k) {
        int64_t up = g->kinds.list[k].mark;
        g->kinds.list[k].mark = g->kinds.list[up].mark;
        k = (int32_t)g->kinds.list[k].mark;
    }
    return k;
}

static sheaf_status kind_of(page *g, sheaf_str kind, int32_t *k)
{
    sheaf_status st = sheaf_i_names_add(&g->kinds, &g->scratch, kind, k);
    if (st == SHEAF_OK && g->kinds.list[*k].mark < 0) g->kinds.list[*k].mark = *k;
    return st;
}

static bool separates(sheaf_str s, size_t i, size_t *length)
{
    static const char *const signs[] = {"|", "·", "•", "—", "»", "¦"};
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        *length = strlen(signs[k]);
        if (s.n - i >= *length && !memcmp(s.p + i, signs[k], *length)) return true;
    }
    return false;
}

/* Joins a kind to the family of the line, if it has one already. */
static sheaf_status join_kind(page *g, sheaf_str kind, int32_t *family)
{
    int32_t k;
    sheaf_status st = kind_of(g, kind, &k);
    if (st != SHEAF_OK) return st;
    k = root_of(g, k);
    if (*family < 0) *family = k;
    else g->kinds.list[k].mark = *family = root_of(g, *family);
    return SHEAF_OK;
}

/* Joins the kinds of a line's segments; the line's family is their root. Short ones with the same cue, and all dates,
   are of one kind: "Leave a comment", "3 Comments". */
static sheaf_status classify(page *g, line *x)
{
    sheaf_status st = SHEAF_OK;
    char text[MAX_LINE + 1];
    int32_t segments = 0;
    size_t from = 0, length = 0;
    for (size_t i = 0; i <= x->text.n && segments < MAX_SEGMENTS; i++) {
        if (i < x->text.n && !separates(x->text, i, &length)) continue;
        sheaf_str kind = {text, normalise((sheaf_str){x->text.p + from, i - from}, text)};
        from = i + length;
        i = i < x->text.n ? from - 1 : i;
        bool letter = false;
        for (size_t j = 0; j < kind.n; j++) letter |= is_letter(kind.p[j]) || kind.p[j] == '@';
        if (!letter) continue;
        if (MENTIONS(kind, never)) {
            x->family = -1;
            return SHEAF_OK;
        }
        const char *cue = is_date(kind) ? "@" : MENTIONS(kind, cues);
        SHEAF_TRY(join_kind(g, kind, &x->family));
        if (cue && count_words(kind) <= CUE_KIND_WORDS)
            SHEAF_TRY(join_kind(g, (sheaf_str){cue, strlen(cue)}, &x->family));
        x->cue |= cue != NULL;
        segments++;
    }
done:
    return st;
}

/* ---- lines ---- */

static bool could_be_border(sheaf_str s)
{
    if (!s.n || s.n > MAX_LINE || count_words(s) > MAX_WORDS) return false;
    if (strchr(".!?;:,", s.p[s.n - 1]) || strchr(">([-*\"'#", s.p[0])) return false;
    bool letter = false;
    for (size_t i = 0; i < s.n; i++) letter |= is_letter(s.p[i]);
    const char *colon = memchr(s.p, ':', s.n), *space = memchr(s.p, ' ', s.n);
    bool mail = colon && (!space || colon < space) && colon + 1 < s.p + s.n && colon[1] == ' ' &&
                !memchr(s.p, '|', s.n);
    static const char bullet[] = "•";
    return letter && !mail && memcmp(s.p, bullet, s.n < 3 ? s.n : 3) != 0;
}

static int32_t first_number(sheaf_str s)
{
    size_t i = 0;
    while (i < s.n && !is_digit(s.p[i])) i++;
    if (i == s.n) return -1;
    int32_t x = 0;
    for (; i < s.n && is_digit(s.p[i]) && x < 100000000; i++) x = x * 10 + (s.p[i] - '0');
    return x;
}

static sheaf_status read_lines(page *g, sheaf_str text)
{
    sheaf_status st = SHEAF_OK;
    bool blank_before = true;
    for (size_t at = 0; at < text.n;) {
        const char *feed = memchr(text.p + at, '\n', text.n - at);
        size_t end = feed ? (size_t)(feed - text.p) + 1 : text.n;
        sheaf_str s = sheaf_i_trim((sheaf_str){text.p + at, end - at});
        if (!s.n && g->n && g->lines[g->n - 1].end == at) g->lines[g->n - 1].alone &= true;
        else if (g->n && g->lines[g->n - 1].end == at) g->lines[g->n - 1].alone = false;
        if (could_be_border(s)) {
            SHEAF_GROW(g->lines, g->ctx, g->n, g->room);
            line *x = &g->lines[g->n++];
            *x = (line){s, at, end, g->words, -1, first_number(s), blank_before, false};
            SHEAF_TRY(classify(g, x));
            if (x->family < 0) g->n--;
        }
        g->words += count_words(s);
        blank_before = !s.n;
        at = end;
    }
done:
    return st;
}

/* ---- families ---- */

typedef struct {
    const line **border;    /* in order */
    int64_t n;
    bool header;
    int64_t weight;         /* words in the pieces */
} border_set;

static int by_value(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

/* Numbers that rise by one from line to line: pages, chapters. */
static bool counts_up(const border_set *b)
{
    int64_t steps = 0;
    for (int64_t i = 1; i < b->n; i++)
        steps += b->border[i]->number >= 0 && b->border[i]->number == b->border[i - 1]->number + 1;
    return steps * 4 >= (b->n - 1) * 3;
}

/* Judges one family; `gap` is scratch for n + 1 numbers. */
static bool is_border(const page *g, border_set *b, int64_t *gap)
{
    int64_t cues_seen = 0, alone = 0, substantial = 0, n = b->n;
    if (n < MIN_POSTS || counts_up(b)) return false;
    for (int64_t i = 0; i < n; i++) {
        cues_seen += b->border[i]->cue;
        alone += b->border[i]->alone;
    }
    bool cue = cues_seen * 2 >= n;
    int64_t head = b->border[0]->words;
    int64_t tail = g->words - b->border[n - 1]->words - count_words(b->border[n - 1]->text);
    for (int64_t i = 1; i < n; i++)
        gap[i - 1] = b->border[i]->words - b->border[i - 1]->words - count_words(b->border[i - 1]->text);
    b->header = head < tail;
    gap[n - 1] = b->header ? tail : head;
    int64_t rest = b->header ? head : tail;
    b->weight = 0;
    for (int64_t i = 0; i < n; i++) {
        substantial += gap[i] >= PIECE_WORDS;
        b->weight += gap[i];
    }
    qsort(gap, (size_t)n, sizeof *gap, by_value);
    int64_t median = gap[n / 2];
    if (substantial * 5 < n * 4) return false;
    if (cue) return median >= CUE_WORDS && substantial >= MIN_POSTS;
    return n >= MIN_PLAIN && median >= PLAIN_WORDS && alone == n && count_words(b->border[0]->text) >= 2 &&
           rest * 4 <= median;
}

/* The best family's lines, in order; n = 0 if none is a border. `list` has room for all lines. */
static sheaf_status find_border(page *g, border_set *best, const line **list)
{
    sheaf_status st = SHEAF_OK;
    int64_t *start = NULL, *gap = NULL;
    const line **sorted = NULL;
    int32_t kinds = g->kinds.n;
    *best = (border_set){.border = list};
    SHEAF_NEW0(start, g->ctx, kinds + 1);
    SHEAF_NEW(gap, g->ctx, g->n + 1);
    SHEAF_NEW(sorted, g->ctx, g->n);
    for (int64_t i = 0; i < g->n; i++) start[(g->lines[i].family = root_of(g, g->lines[i].family)) + 1]++;
    for (int32_t k = 0; k < kinds; k++) start[k + 1] += start[k];
    for (int64_t i = 0; i < g->n; i++) sorted[start[g->lines[i].family]++] = &g->lines[i]; /* start: now the ends */
    for (int32_t k = 0; k < kinds; k++) {
        int64_t from = k ? start[k - 1] : 0;
        border_set b = {.border = sorted + from, .n = start[k] - from};
        if (!is_border(g, &b, gap) || b.weight <= best->weight) continue;
        memcpy(list, b.border, (size_t)b.n * sizeof *list);
        *best = b;
        best->border = list;
    }
done:
    sheaf_i_free(g->ctx, start);
    sheaf_i_free(g->ctx, gap);
    sheaf_i_free(g->ctx, sorted);
    return st;
}

/* ---- cutting ---- */

/* A post's title: its first line, if that is short and not a sentence. */
static sheaf_str title_of(sheaf_str text)
{
    const char *feed = memchr(text.p, '\n', text.n);
    sheaf_str s = sheaf_i_trim((sheaf_str){text.p, feed ? (size_t)(feed - text.p) : text.n});
    if (!feed || s.n > MAX_TITLE || !s.n || s.p[s.n - 1] == '.') return (sheaf_str){"", 0};
    return s;
}

/* A piece with next to nothing in it is what was printed between two borders: left out. */
static void add_piece(sheaf_i_post *posts, int64_t *n, sheaf_str piece, int64_t least)
{
    piece = sheaf_i_trim(piece);
    if (count_words(piece) < least) return;
    posts[(*n)++] = (sheaf_i_post){piece, title_of(piece)};
}

/* Cuts at the given lines. Words before the first header or after the last footer that make no post of their own are
   left out: the page's own heading and foot. */
static sheaf_status cut(sheaf_i_arena *a, sheaf_str text, const border_set *b, int64_t least, sheaf_i_post **posts,
                        int64_t *n)
{
    *n = 0;
    *posts = sheaf_i_arena_take(a, ((size_t)b->n + 2) * sizeof **posts, _Alignof(sheaf_i_post));
    if (!*posts) return SHEAF_ENOMEM;
    size_t from = 0;
    for (int64_t i = 0; i < b->n; i++) {
        add_piece(*posts, n, (sheaf_str){text.p + from, b->border[i]->start - from}, least);
        from = b->header ? b->border[i]->start : b->border[i]->end;
    }
    add_piece(*posts, n, (sheaf_str){text.p + from, text.n - from}, least);
    if (*n < 2) {
        *n = 1;
        **posts = (sheaf_i_post){text, {"", 0}};
    }
    return SHEAF_OK;
}

static sheaf_status cut_auto(sheaf_i_arena *a, sheaf_str text, sheaf_i_post **posts, int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    page g = {.ctx = a->ctx};
    border_set border;
    const line **list = NULL;
    sheaf_i_names_init(&g.kinds, a->ctx);
    sheaf_i_arena_init(&g.scratch, a->ctx);
    SHEAF_TRY(read_lines(&g, text));
    SHEAF_NEW(list, a->ctx, g.n);
    SHEAF_TRY(find_border(&g, &border, list));
    st = cut(a, text, &border, PIECE_WORDS, posts, n);
done:
    sheaf_i_free(a->ctx, list);
    sheaf_i_free(a->ctx, g.lines);
    sheaf_i_names_end(&g.kinds);
    sheaf_i_arena_end(&g.scratch);
    return st;
}

/* Border lines are those that match. One at the very top makes them headers, which stay with their posts. */
static sheaf_status cut_regex(const regex_t *regex, sheaf_i_arena *a, sheaf_str text, sheaf_i_post **posts, int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    line *lines = NULL;
    const line **list = NULL;
    int64_t used = 0, room = 0;
    for (size_t at = 0; at < text.n;) {
        const char *feed = memchr(text.p + at, '\n', text.n - at);
        size_t end = feed ? (size_t)(feed - text.p) + 1 : text.n, stop = feed ? end - 1 : end;
        if (stop > at && text.p[stop - 1] == '\r') stop--;
        char copy[MAX_REGEX_LINE + 1]; /* regexec wants a C string, and a page has no NUL in it */
        size_t n_line = stop - at < MAX_REGEX_LINE ? stop - at : MAX_REGEX_LINE;
        memcpy(copy, text.p + at, n_line);
        copy[n_line] = 0;
        if (regexec(regex, copy, 0, NULL, 0) == 0) {
            SHEAF_GROW(lines, a->ctx, used, room);
            lines[used++] = (line){.start = at, .end = end};
        }
        at = end;
    }
    SHEAF_NEW(list, a->ctx, used);
    for (int64_t i = 0; i < used; i++) list[i] = &lines[i];
    border_set b = {.border = list, .n = used};
    b.header = used && !sheaf_i_trim((sheaf_str){text.p, lines[0].start}).n;
    st = cut(a, text, &b, 1, posts, n);
done:
    sheaf_i_free(a->ctx, lines);
    sheaf_i_free(a->ctx, list);
    return st;
}

sheaf_status sheaf_i_split_page(const sheaf_i_split *s, sheaf_i_arena *a, sheaf_str text, sheaf_i_post **posts,
                                int64_t *n)
{
    return s->is_auto ? cut_auto(a, text, posts, n) : cut_regex(&s->regex, a, text, posts, n);
}

sheaf_status sheaf_i_split_init(sheaf_ctx *ctx, sheaf_i_split *s, const char *mode)
{
    *s = (sheaf_i_split){.mode = mode ? mode : "none"};
    s->is_none = !strcmp(s->mode, "none");
    s->is_auto = !strcmp(s->mode, "auto");
    if (s->is_none || s->is_auto) return SHEAF_OK;
    int code = regcomp(&s->regex, s->mode, REG_EXTENDED);
    if (!code) return SHEAF_OK;
    char text[128];
    regerror(code, &s->regex, text, sizeof text);
    s->is_none = true; /* nothing to free */
    return sheaf_i_fail(ctx, SHEAF_EINVAL, "split '%.100s': %s", mode, text);
}

void sheaf_i_split_end(sheaf_i_split *s)
{
    if (s->mode && !s->is_none && !s->is_auto) regfree(&s->regex);
}
