/* CSV and TSV (RFC 4180), with what real files do besides: BOM, LF or CRLF or CR before LF, delimiters ; tab |, quotes
 * inside unquoted cells, text after a closing quote (kept), blank lines (passed over), rows that end early (the
 * missing cells are empty) or go on too long (skipped: cells have shifted, and no one can tell which).
 *
 * A row ends at a line feed outside quotes, and quotes count only at the start of a cell: finding ends needs the whole
 * file in order, so it is done by the serial producer, and the rows are taken apart in parallel.
 */
#include <string.h>

#include "base/context.h"
#include "read/csv.h"
#include "read/records.h"
#include "read/utf8.h"

#define SNIFF_BYTES ((size_t)64 << 10)
#define SNIFF_ROWS 50
#define MAX_COLUMNS 100000

typedef struct {
    sheaf_str raw;     /* with its quotes */
    bool quoted, open; /* open: the closing quote is missing */
} cell;

static size_t quoted_end(sheaf_str s, bool *open)
{
    size_t i = 1;
    for (;;) {
        const char *q = i < s.n ? memchr(s.p + i, '"', s.n - i) : NULL;
        *open = !q;
        if (!q) return s.n;
        i = (size_t)(q - s.p) + 1;
        if (i >= s.n || s.p[i] != '"') return i;
        i++;
    }
}

/* Takes the next cell off the row; then *s begins with the delimiter or the line feed, or is empty. */
static cell next_cell(sheaf_str *s, char delimiter)
{
    cell c = {.quoted = s->n && s->p[0] == '"'};
    size_t i = c.quoted ? quoted_end(*s, &c.open) : 0;
    while (i < s->n && s->p[i] != delimiter && s->p[i] != '\n') i++;
    c.raw = (sheaf_str){s->p, i};
    *s = (sheaf_str){s->p + i, s->n - i};
    return c;
}

/* Passes the delimiter after a cell; false at the end of the row. */
static bool next_in_row(sheaf_str *s, char delimiter)
{
    if (!s->n || s->p[0] != delimiter) return false;
    *s = (sheaf_str){s->p + 1, s->n - 1};
    return true;
}

static sheaf_str without_cr(sheaf_str s)
{
    if (s.n && s.p[s.n - 1] == '\r') s.n--;
    return s;
}

/* The value of a cell: doubled quotes inside quotes become one. Unchanged cells are not copied. */
static sheaf_status cell_value(sheaf_i_arena *a, cell c, bool last, sheaf_str *out)
{
    *out = last ? without_cr(c.raw) : c.raw;
    if (!c.quoted) return SHEAF_OK;
    sheaf_str in = *out;
    if (in.n >= 2 && in.p[in.n - 1] == '"' && !memchr(in.p + 1, '"', in.n - 2)) {
        *out = (sheaf_str){in.p + 1, in.n - 2};
        return SHEAF_OK;
    }
    char *p = sheaf_i_arena_take(a, in.n, 1);
    if (!p) return SHEAF_ENOMEM;
    size_t used = 0;
    bool inside = true;
    for (size_t i = 1; i < in.n; i++) {
        if (inside && in.p[i] == '"') {
            if (i + 1 < in.n && in.p[i + 1] == '"') i++;
            else {
                inside = false;
                continue;
            }
        }
        p[used++] = in.p[i];
    }
    *out = (sheaf_str){p, used};
    return SHEAF_OK;
}

static int64_t line_feeds(const char *p, size_t n)
{
    int64_t lines = 0;
    for (size_t i = 0; i < n; i++) lines += p[i] == '\n';
    return lines;
}

/* Length of the row at the start of s with its line feed; *ended: it has one. */
static size_t row_length(sheaf_str s, char delimiter, bool *ended)
{
    const char *from = s.p;
    do next_cell(&s, delimiter);
    while (next_in_row(&s, delimiter));
    *ended = s.n > 0;
    return (size_t)(s.p - from) + *ended;
}

size_t sheaf_i_csv_cut(char delimiter, sheaf_str s, bool end, int64_t *lines)
{
    size_t used = 0;
    if (end) used = s.n;
    while (used < s.n) {
        bool ended;
        size_t n = row_length((sheaf_str){s.p + used, s.n - used}, delimiter, &ended);
        if (!ended) break;
        used += n;
    }
    *lines = line_feeds(s.p, used);
    return used;
}

static bool blank(sheaf_str row) { return !sheaf_i_trim(row).n && !memchr(row.p, '\t', row.n); }

static int32_t count_cells(sheaf_str row, char delimiter)
{
    int32_t n = 0;
    do {
        next_cell(&row, delimiter);
        n++;
    } while (n < MAX_COLUMNS && next_in_row(&row, delimiter));
    return n;
}

/* The delimiter that cuts most of the first rows into as many cells as the header, at least two; of several, the one
   with most cells, then the first of , ; tab |. */
static char sniff(sheaf_str s)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = ',';
    int64_t best_score = 0;
    if (s.n > SNIFF_BYTES) s.n = SNIFF_BYTES;
    for (size_t k = 0; k < sizeof candidates; k++) {
        sheaf_str rest = s;
        int32_t rows = 0, agree = 0, cells = 0;
        while (rest.n && rows < SNIFF_ROWS) {
            bool ended;
            size_t n = row_length(rest, candidates[k], &ended);
            if (!ended && rows) break; /* cut by the window, or the last */
            int32_t have = count_cells((sheaf_str){rest.p, n}, candidates[k]);
            if (!rows) cells = have;
            agree += have == cells;
            rows++;
            rest = (sheaf_str){rest.p + n, rest.n - n};
        }
        int64_t score = cells < 2 || !rows ? 0 : (int64_t)agree * 1000 / rows * 1000 + (cells < 1000 ? cells : 999);
        if (score > best_score) {
            best_score = score;
            best = candidates[k];
        }
    }
    return best;
}

/* A column without a name is called by its number, one that is there already gets its number behind. */
static sheaf_status settle_name(sheaf_i_arena *a, sheaf_i_names *have, int32_t i, sheaf_str *name)
{
    for (int32_t at;;) {
        if (name->n && sheaf_i_names_find(have, *name) < 0) return sheaf_i_names_add(have, a, *name, &at);
        sheaf_str base = name->n ? *name : (sheaf_str){"column", 6};
        char *p = sheaf_i_arena_take(a, base.n + 12, 1);
        if (!p) return SHEAF_ENOMEM;
        memcpy(p, base.p, base.n);
        size_t n = base.n;
        char digits[12];
        int32_t d = 0, x = i + 1;
        for (; x; x /= 10) digits[d++] = (char)('0' + x % 10);
        while (d) p[n++] = digits[--d];
        *name = (sheaf_str){p, n};
    }
}

sheaf_status sheaf_i_csv_header(sheaf_i_arena *a, char delimiter, sheaf_str s, sheaf_i_header *h)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_names have;
    bool ended;
    *h = (sheaf_i_header){0};
    sheaf_i_names_init(&have, a->ctx);
    sheaf_str rest = s;
    while (rest.n) { /* blank lines before it */
        const char *end = memchr(rest.p, '\n', rest.n);
        if (!end || !blank((sheaf_str){rest.p, (size_t)(end - rest.p)})) break;
        rest = (sheaf_str){end + 1, rest.n - (size_t)(end - rest.p) - 1};
    }
    h->delimiter = delimiter ? delimiter : sniff(rest);
    h->length = (size_t)(rest.p - s.p) + row_length(rest, h->delimiter, &ended);
    h->lines = line_feeds(s.p, h->length);
    h->n = count_cells(rest, h->delimiter);
    h->names = sheaf_i_arena_take(a, (size_t)h->n * sizeof *h->names, _Alignof(sheaf_str));
    if (!h->names) return SHEAF_ENOMEM;
    for (int32_t i = 0; i < h->n; i++) {
        cell c = next_cell(&rest, h->delimiter);
        int64_t replaced = 0;
        SHEAF_TRY(cell_value(a, c, i == h->n - 1, &h->names[i]));
        h->names[i] = sheaf_i_trim(h->names[i]);
        SHEAF_TRY(sheaf_i_utf8_clean(a, &h->names[i], &replaced));
        char *copy = sheaf_i_arena_copy(a, h->names[i].p, h->names[i].n);
        if (!copy) { st = SHEAF_ENOMEM; goto done; }
        h->names[i].p = copy;
        SHEAF_TRY(settle_name(a, &have, i, &h->names[i]));
        next_in_row(&rest, h->delimiter);
    }
done:
    sheaf_i_names_end(&have);
    return st;
}

sheaf_status sheaf_i_csv_row(sheaf_i_arena *a, const sheaf_i_header *h, sheaf_str row, sheaf_str *cells,
                             sheaf_i_row *info)
{
    *info = (sheaf_i_row){0};
    for (;;) {
        cell c = next_cell(&row, h->delimiter);
        bool last = !row.n || row.p[0] == '\n';
        sheaf_str value = {"", 0};
        if (info->n < h->n && cell_value(a, c, last, &value) != SHEAF_OK) return SHEAF_ENOMEM;
        if (info->n < h->n) cells[info->n] = value;
        info->n++;
        info->open |= c.open;
        if (!next_in_row(&row, h->delimiter)) break;
    }
    for (int32_t i = info->n; i < h->n; i++) cells[i] = (sheaf_str){"", 0};
    return SHEAF_OK;
}

size_t sheaf_i_csv_next(const sheaf_i_header *h, sheaf_str s, int64_t *lines, bool *is_blank)
{
    bool ended;
    size_t n = row_length(s, h->delimiter, &ended);
    *lines = line_feeds(s.p, n);
    *is_blank = blank((sheaf_str){s.p, n});
    return n;
}

sheaf_status sheaf_i_csv_parse(sheaf_i_chunk *c, const sheaf_i_run *run)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_header *h = run->header;
    sheaf_i_member *m = NULL;
    sheaf_str *cells = NULL, rest = run->bytes, id;
    int64_t line = run->first, lines;
    SHEAF_NEW(m, c->ctx, h->n);
    SHEAF_NEW(cells, c->ctx, h->n);
    for (; rest.n; line += lines) {
        bool is_blank;
        size_t n = sheaf_i_csv_next(h, rest, &lines, &is_blank);
        sheaf_str row = {rest.p, n};
        rest = (sheaf_str){rest.p + n, rest.n - n};
        if (is_blank) continue;
        sheaf_i_place place = {run->name, line, ':'};
        sheaf_i_row info;
        SHEAF_TRY(sheaf_i_csv_row(&c->temp, h, row, cells, &info));
        if (info.open) SHEAF_TRY(sheaf_i_chunk_skip(c, place, "a quoted cell without its closing quote"));
        else if (info.n > h->n)
            SHEAF_TRY(sheaf_i_chunk_skip(c, place, "%d cells, the header has %d", info.n, h->n));
        if (info.open || info.n > h->n) continue;
        for (int32_t i = 0; i < h->n; i++)
            m[i] = (sheaf_i_member){h->names[i], {SHEAF_I_JSON_STRING, false, cells[i]}, false};
        SHEAF_TRY(sheaf_i_record_id(c, run, line, &id));
        SHEAF_TRY(sheaf_i_record(c, m, h->n, id, place, true));
    }
done:
    sheaf_i_free(c->ctx, m);
    sheaf_i_free(c->ctx, cells);
    return st;
}
