/* Runs of whole records; see records.h. Lines as documents are here too. */
#define _GNU_SOURCE /* memrchr */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "read/records.h"
#include "read/utf8.h"

#define BOM "\xEF\xBB\xBF"

static int64_t count_lines(sheaf_str s)
{
    int64_t n = 0;
    const char *p = s.p, *end = s.p + s.n;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) { /* lines are long: faster than byte by byte */
        p++;
        n++;
    }
    return n;
}

static size_t lines_cut(sheaf_str s, bool end, int64_t *count)
{
    const char *last = end ? s.p + s.n - 1 : s.n ? memrchr(s.p, '\n', s.n) : NULL;
    if (!last || !s.n) return 0;
    s.n = (size_t)(last - s.p) + 1;
    *count = count_lines(s);
    return s.n;
}

size_t sheaf_i_records_cut(sheaf_from format, const sheaf_i_header *h, sheaf_str s, bool end, int64_t *count)
{
    *count = 0;
    if (format == SHEAF_FROM_JSON) return sheaf_i_json_cut(s, end, count);
    if (h) return sheaf_i_csv_cut(h->delimiter, s, end, count);
    return lines_cut(s, end, count);
}

size_t sheaf_i_records_preamble(sheaf_from format, sheaf_str s)
{
    size_t n = s.n >= 3 && !memcmp(s.p, BOM, 3) ? 3 : 0;
    if (format != SHEAF_FROM_JSON) return n;
    while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t' || s.p[n] == '\n' || s.p[n] == '\r')) n++;
    return n < s.n && s.p[n] == '[' ? n + 1 : n;
}

sheaf_status sheaf_i_record_id(sheaf_i_chunk *c, const sheaf_i_run *run, int64_t number, sheaf_str *id)
{
    char digits[24];
    size_t n = 0, used = 0;
    for (uint64_t x = (uint64_t)number; x || !n; x /= 10) digits[n++] = (char)('0' + x % 10);
    char *p = sheaf_i_arena_take(&c->temp, run->id_prefix.n + n + 1, 1);
    if (!p) return SHEAF_ENOMEM;
    if (run->id_prefix.n) {
        memcpy(p, run->id_prefix.p, run->id_prefix.n);
        used = run->id_prefix.n;
        p[used++] = '#';
    }
    while (n) p[used++] = digits[--n];
    *id = (sheaf_str){p, used};
    return SHEAF_OK;
}

/* Every line one document. Empty ones are gaps, not documents: passed over in silence. */
static sheaf_status parse_lines(sheaf_i_chunk *c, const sheaf_i_run *run)
{
    sheaf_status st = SHEAF_OK;
    sheaf_str rest = run->bytes;
    for (int64_t line = run->first; rest.n; line++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        sheaf_i_found d = {.text = sheaf_i_trim((sheaf_str){rest.p, n})};
        rest = end ? (sheaf_str){end + 1, rest.n - n - 1} : (sheaf_str){"", 0};
        if (!d.text.n) continue;
        SHEAF_TRY(sheaf_i_record_id(c, run, line, &d.id));
        SHEAF_TRY(sheaf_i_chunk_doc(c, &d, (sheaf_i_place){run->name, line, ':'}, 0));
    }
done:
    return st;
}

sheaf_status sheaf_i_records_parse(sheaf_i_chunk *c, const sheaf_i_run *run)
{
    switch (run->format) {
    case SHEAF_FROM_JSONL: return sheaf_i_jsonl_parse(c, run);
    case SHEAF_FROM_JSON: return sheaf_i_json_parse(c, run);
    case SHEAF_FROM_CSV:
    case SHEAF_FROM_TSV: return sheaf_i_csv_parse(c, run);
    default: return parse_lines(c, run);
    }
}

sheaf_status sheaf_i_records_whole(sheaf_i_chunk *c, sheaf_i_run run)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_header h;
    size_t n = sheaf_i_records_preamble(run.format, run.bytes);
    run.bytes = (sheaf_str){run.bytes.p + n, run.bytes.n - n};
    run.first = 1;
    if (run.format == SHEAF_FROM_CSV || run.format == SHEAF_FROM_TSV) {
        SHEAF_TRY(sheaf_i_csv_header(&c->temp, run.format == SHEAF_FROM_TSV ? '\t' : 0, run.bytes, &h));
        run.bytes = (sheaf_str){run.bytes.p + h.length, run.bytes.n - h.length};
        run.first += h.lines;
        run.header = &h;
    }
    st = sheaf_i_records_parse(c, &run);
done:
    return st;
}
