/* Whole tables: TSV with backslash escapes, CSV, flat objects a line or in an array; see section 2 of sheaf.h. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/context.h"
#include "read/csv.h"
#include "read/format.h"
#include "read/json.h"
#include "read/source.h"
#include "read/table.h"
#include "read/utf8.h"

struct sheaf_table {
    sheaf_ctx *ctx;
    sheaf_str *names;
    int32_t n_columns;
    sheaf_str *cells;      /* row-major */
    int64_t n_rows, room;  /* room: of cells, in cells */
    sheaf_i_arena arena;
};

#define TABLE_LIMIT ((size_t)4 << 30)

void sheaf_table_free(sheaf_table *t)
{
    if (!t) return;
    sheaf_i_arena_end(&t->arena);
    sheaf_i_free(t->ctx, t->names);
    sheaf_i_free(t->ctx, t->cells);
    sheaf_i_free(t->ctx, t);
}

int64_t sheaf_table_rows(const sheaf_table *t) { return t->n_rows; }
int32_t sheaf_table_columns(const sheaf_table *t) { return t->n_columns; }
sheaf_str sheaf_table_name(const sheaf_table *t, int32_t column) { return t->names[column]; }

int32_t sheaf_table_find(const sheaf_table *t, const char *name)
{
    size_t n = strlen(name);
    for (int32_t i = 0; i < t->n_columns; i++)
        if (t->names[i].n == n && !memcmp(t->names[i].p, name, n)) return i;
    return -1;
}

sheaf_str sheaf_table_cell(const sheaf_table *t, int64_t row, int32_t column)
{
    return t->cells[row * t->n_columns + column];
}

/* A new row of empty cells. */
static sheaf_status add_row(sheaf_table *t, sheaf_str **row)
{
    int64_t used = t->n_rows * t->n_columns;
    if (used + t->n_columns > t->room) {
        int64_t room = t->room ? t->room * 2 : 1024;
        while (room < used + t->n_columns) room *= 2;
        sheaf_str *cells = sheaf_i_resize(t->ctx, t->cells, room, sizeof *cells);
        if (!cells) return SHEAF_ENOMEM;
        t->cells = cells;
        t->room = room;
    }
    *row = t->cells + used;
    for (int32_t i = 0; i < t->n_columns; i++) (*row)[i] = (sheaf_str){"", 0};
    t->n_rows++;
    return SHEAF_OK;
}

static sheaf_status keep(sheaf_table *t, sheaf_str *s)
{
    int64_t replaced = 0;
    const char *before = s->p;
    sheaf_status st = sheaf_i_utf8_clean(&t->arena, s, &replaced);
    if (st == SHEAF_OK && s->p == before && !(s->p = sheaf_i_arena_copy(&t->arena, before, s->n))) st = SHEAF_ENOMEM;
    return st;
}

/* ---- TSV ---- */

static sheaf_status unescape(sheaf_table *t, sheaf_str in, sheaf_str *out)
{
    char *p = sheaf_i_arena_take(&t->arena, in.n + 1, 1);
    if (!p) return SHEAF_ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i], next = i + 1 < in.n ? in.p[i + 1] : 0;
        if (c == '\\' && next && strchr("tnr\\", next)) {
            c = next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : '\\';
            i++;
        }
        p[n++] = c;
    }
    *out = (sheaf_str){p, n};
    int64_t replaced = 0;
    return sheaf_i_utf8_clean(&t->arena, out, &replaced);
}

static int32_t count_tabs(sheaf_str s)
{
    int32_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == '\t';
    return n;
}

static sheaf_status tsv_cells(sheaf_table *t, sheaf_str text, sheaf_str *cells)
{
    sheaf_status st = SHEAF_OK;
    for (int32_t i = 0; i < t->n_columns; i++) {
        const char *tab = memchr(text.p, '\t', text.n);
        size_t n = tab ? (size_t)(tab - text.p) : text.n;
        SHEAF_TRY(unescape(t, (sheaf_str){text.p, n}, &cells[i]));
        text = tab ? (sheaf_str){tab + 1, text.n - n - 1} : (sheaf_str){"", 0};
    }
done:
    return st;
}

static sheaf_status read_tsv(sheaf_table *t, sheaf_str rest, const char *path)
{
    sheaf_status st = SHEAF_OK;
    for (int64_t line = 1; rest.n; line++) {
        const char *feed = memchr(rest.p, '\n', rest.n);
        size_t n = feed ? (size_t)(feed - rest.p) : rest.n;
        sheaf_str text = {rest.p, n};
        rest = feed ? (sheaf_str){feed + 1, rest.n - n - 1} : (sheaf_str){"", 0};
        if (text.n && text.p[text.n - 1] == '\r') text.n--;
        if (!text.n) continue;
        int32_t cells = count_tabs(text) + 1;
        if (!t->names) {
            t->n_columns = cells;
            SHEAF_NEW0(t->names, t->ctx, cells);
            SHEAF_TRY(tsv_cells(t, text, t->names));
            continue;
        }
        if (cells != t->n_columns)
            return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s:%lld: %d cells, the header has %d", path, (long long)line,
                                cells, t->n_columns);
        sheaf_str *row;
        SHEAF_TRY(add_row(t, &row));
        SHEAF_TRY(tsv_cells(t, text, row));
    }
done:
    return st;
}

/* ---- CSV ---- */

static sheaf_status read_csv(sheaf_table *t, sheaf_str rest, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_header h;
    if (!sheaf_i_trim(rest).n) return SHEAF_OK;
    SHEAF_TRY(sheaf_i_csv_header(&t->arena, 0, rest, &h));
    SHEAF_NEW(t->names, t->ctx, h.n);
    memcpy(t->names, h.names, (size_t)h.n * sizeof *h.names);
    t->n_columns = h.n;
    int64_t line = 1 + h.lines, lines;
    for (rest = (sheaf_str){rest.p + h.length, rest.n - h.length}; rest.n; line += lines) {
        bool is_blank;
        sheaf_i_row info;
        sheaf_str *row, source = rest;
        source.n = sheaf_i_csv_next(&h, rest, &lines, &is_blank);
        rest = (sheaf_str){rest.p + source.n, rest.n - source.n};
        if (is_blank) continue;
        SHEAF_TRY(add_row(t, &row));
        SHEAF_TRY(sheaf_i_csv_row(&t->arena, &h, source, row, &info));
        if (info.open)
            return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s:%lld: a quoted cell without its closing quote", path,
                                (long long)line);
        if (info.n != h.n)
            return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s:%lld: %d cells, the header has %d", path, (long long)line,
                                info.n, h.n);
        for (int32_t i = 0; i < h.n; i++) SHEAF_TRY(keep(t, &row[i]));
    }
done:
    return st;
}

/* ---- JSONL: two passes, the columns are all names there are, in order of appearance ---- */

static sheaf_status json_text(sheaf_table *t, sheaf_i_json v, sheaf_str *out)
{
    *out = v.kind == SHEAF_I_JSON_NULL ? (sheaf_str){"", 0} : v.raw;
    if (!v.escaped) return keep(t, out);
    char *p = sheaf_i_arena_take(&t->arena, v.raw.n, 1);
    if (!p) return SHEAF_ENOMEM;
    int64_t replaced = 0;
    *out = (sheaf_str){p, sheaf_i_json_unescape(v.raw, p, &replaced)};
    return sheaf_i_utf8_clean(&t->arena, out, &replaced);
}

static sheaf_status json_line(sheaf_table *t, sheaf_i_names *names, sheaf_str text, sheaf_str *row, const char *path,
                              int64_t line)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_json_scan s = sheaf_i_json_begin(text);
    sheaf_i_json key, v;
    if (sheaf_i_json_enter(&s)) {
        while (sheaf_i_json_member(&s, &key, &v)) {
            sheaf_str name;
            int32_t at;
            SHEAF_TRY(json_text(t, key, &name));
            SHEAF_TRY(sheaf_i_names_add(names, &t->arena, name, &at));
            if (row && !row[at].n) SHEAF_TRY(json_text(t, v, &row[at]));
        }
    }
    if (s.error || !sheaf_i_json_end(&s))
        st = sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s:%lld: not JSON: %s at byte %lld", path, (long long)line, s.error,
                          (long long)(s.at - s.start) + 1);
done:
    return st;
}

static sheaf_status json_pass(sheaf_table *t, sheaf_i_names *names, sheaf_str rest, const char *path, bool store)
{
    sheaf_status st = SHEAF_OK;
    for (int64_t line = 1; rest.n; line++) {
        const char *feed = memchr(rest.p, '\n', rest.n);
        size_t n = feed ? (size_t)(feed - rest.p) : rest.n;
        sheaf_str text = {rest.p, n}, *row = NULL;
        rest = feed ? (sheaf_str){feed + 1, rest.n - n - 1} : (sheaf_str){"", 0};
        if (!sheaf_i_trim(text).n) continue;
        if (store) SHEAF_TRY(add_row(t, &row));
        SHEAF_TRY(json_line(t, names, text, row, path, line));
    }
done:
    return st;
}

/* The array of a whole JSON text: itself, or the member "rows" of an object, as results are written. */
static sheaf_status json_array(sheaf_table *t, sheaf_str text, const char *path, sheaf_str *array)
{
    sheaf_i_json_scan s = sheaf_i_json_begin(text);
    sheaf_i_json whole, key, v;
    bool found = false;
    if (sheaf_i_json_value(&s, &whole) && sheaf_i_json_end(&s)) {
        *array = whole.raw;
        found = whole.kind == SHEAF_I_JSON_ARRAY;
        sheaf_i_json_scan in = sheaf_i_json_begin(whole.raw);
        if (whole.kind == SHEAF_I_JSON_OBJECT && sheaf_i_json_enter(&in))
            while (!found && sheaf_i_json_member(&in, &key, &v)) {
                found = v.kind == SHEAF_I_JSON_ARRAY && key.raw.n == 4 && !memcmp(key.raw.p, "rows", 4);
                *array = v.raw;
            }
    }
    if (s.error)
        return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s: not JSON: %s at byte %lld", path, s.error,
                            (long long)(s.at - s.start) + 1);
    if (found) return SHEAF_OK;
    return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s: neither an array nor an object with \"rows\"", path);
}

/* `array` has been checked to its innermost parts. */
static sheaf_status array_pass(sheaf_table *t, sheaf_i_names *names, sheaf_str array, const char *path, bool store)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_json_scan s = sheaf_i_json_begin((sheaf_str){array.p + 1, array.n - 2});
    sheaf_i_json v;
    for (int64_t row = 1; sheaf_i_json_value(&s, &v); row++) {
        sheaf_str *cells = NULL;
        if (v.kind != SHEAF_I_JSON_OBJECT)
            return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s: value %lld is not an object", path, (long long)row);
        if (store) SHEAF_TRY(add_row(t, &cells));
        SHEAF_TRY(json_line(t, names, v.raw, cells, path, row));
        if (s.at < s.end) s.at++; /* the comma */
    }
done:
    return st;
}

static sheaf_status json_both(sheaf_table *t, sheaf_i_names *names, sheaf_str rest, const char *path, bool is_array,
                              bool store)
{
    return (is_array ? array_pass : json_pass)(t, names, rest, path, store);
}

static sheaf_status read_json(sheaf_table *t, sheaf_str rest, const char *path, bool is_array)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_names names;
    sheaf_i_names_init(&names, t->ctx);
    if (is_array) SHEAF_TRY(json_array(t, rest, path, &rest));
    SHEAF_TRY(json_both(t, &names, rest, path, is_array, false));
    t->n_columns = names.n;
    if (!names.n) goto done; /* nothing but empty objects */
    SHEAF_NEW(t->names, t->ctx, names.n);
    for (int32_t i = 0; i < names.n; i++) t->names[i] = names.list[i].name;
    SHEAF_TRY(json_both(t, &names, rest, path, is_array, true));
done:
    sheaf_i_names_end(&names);
    return st;
}

/* ---- entry points ---- */

static sheaf_from table_format(const char *path, sheaf_str bytes)
{
    sheaf_from from = sheaf_i_format_by_name((sheaf_str){path, strlen(path)});
    if (from == SHEAF_FROM_TSV || from == SHEAF_FROM_CSV || from == SHEAF_FROM_JSONL) return from;
    if (sheaf_i_json_is_lines(bytes)) return SHEAF_FROM_JSONL;
    const sheaf_str text = sheaf_i_trim(bytes);
    if (from == SHEAF_FROM_JSON || (text.n && (text.p[0] == '{' || text.p[0] == '['))) return SHEAF_FROM_JSON;
    const char *feed = bytes.n ? memchr(bytes.p, '\n', bytes.n) : NULL;
    size_t n = feed ? (size_t)(feed - bytes.p) : bytes.n;
    return n && memchr(bytes.p, '\t', n) ? SHEAF_FROM_TSV : SHEAF_FROM_CSV;
}

sheaf_status sheaf_i_table_parse(sheaf_ctx *ctx, sheaf_table **out, sheaf_str bytes, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_table *t = NULL;
    *out = NULL;
    SHEAF_NEW0(t, ctx, 1);
    t->ctx = ctx;
    sheaf_i_arena_init(&t->arena, ctx);
    if (bytes.n >= 3 && !memcmp(bytes.p, "\xEF\xBB\xBF", 3)) bytes = (sheaf_str){bytes.p + 3, bytes.n - 3};
    switch (table_format(path, bytes)) {
    case SHEAF_FROM_JSONL: SHEAF_TRY(read_json(t, bytes, path, false)); break;
    case SHEAF_FROM_JSON: SHEAF_TRY(read_json(t, bytes, path, true)); break;
    case SHEAF_FROM_TSV: SHEAF_TRY(read_tsv(t, bytes, path)); break;
    default: SHEAF_TRY(read_csv(t, bytes, path));
    }
    if (!t->n_columns) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: no header line", path));
    *out = t;
    t = NULL;
done:
    sheaf_table_free(t);
    return st;
}

sheaf_status sheaf_table_read(sheaf_ctx *ctx, sheaf_table **out, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_source *s = NULL;
    char *data = NULL;
    size_t n = 0;
    int error;
    const char *entry;
    *out = NULL;
    SHEAF_TRY(sheaf_i_source_open(ctx, &s, path, &error));
    if (!s) return sheaf_i_fail(ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(error));
    sheaf_str bytes = s->bytes;
    if (s->packed || !s->whole) {
        sheaf_i_step step = s->packed ? sheaf_i_source_entry(s, &entry) : SHEAF_I_MORE;
        if (step == SHEAF_I_MORE) step = sheaf_i_source_all(s, TABLE_LIMIT, &data, &n);
        if (step == SHEAF_I_NO_MEMORY) st = SHEAF_ENOMEM;
        if (step == SHEAF_I_BAD) st = sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: %s", path, s->why);
        if (step == SHEAF_I_END) st = sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: nothing in it", path);
        if (st != SHEAF_OK) goto done;
        bytes = (sheaf_str){data, n};
    }
    st = sheaf_i_table_parse(ctx, out, bytes, path);
done:
    sheaf_i_free(ctx, data);
    sheaf_i_source_drop(s);
    return st;
}
