/* JSON objects into documents: one a line, or the values of one array; see records.h. */
#include <string.h>

#include "base/context.h"
#include "read/json.h"
#include "read/records.h"
#include "read/utf8.h"

typedef struct {
    sheaf_i_member *list;
    int64_t n, room;
} members;

/* Names are compared as text: those with escapes are decoded first. */
static sheaf_status member_name(sheaf_i_chunk *c, sheaf_i_json key, sheaf_str *name)
{
    int64_t replaced = 0;
    *name = key.raw;
    if (!key.escaped) return SHEAF_OK;
    char *p = sheaf_i_arena_take(&c->temp, key.raw.n, 1);
    if (!p) return SHEAF_ENOMEM;
    *name = (sheaf_str){p, sheaf_i_json_unescape(key.raw, p, &replaced)};
    return SHEAF_OK;
}

/* One record. What is wrong with it, if anything, is skipped with its byte (1 = the first). */
static sheaf_status parse_record(sheaf_i_chunk *c, members *m, sheaf_str text, sheaf_str id, sheaf_i_place place)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_json_scan s = sheaf_i_json_begin(text);
    m->n = 0;
    if (sheaf_i_json_enter(&s)) {
        sheaf_i_json key, value;
        while (sheaf_i_json_member(&s, &key, &value)) {
            SHEAF_GROW(m->list, c->ctx, m->n, m->room);
            SHEAF_TRY(member_name(c, key, &m->list[m->n].name));
            m->list[m->n].value = value;
            m->list[m->n++].used = false;
        }
    } else {
        sheaf_i_json_scan again = sheaf_i_json_begin(text);
        sheaf_i_json v;
        if (sheaf_i_json_value(&again, &v) && sheaf_i_json_end(&again))
            return sheaf_i_chunk_skip(c, place, "not a JSON object");
    }
    if (s.error || !sheaf_i_json_end(&s))
        return sheaf_i_chunk_skip(c, place, "not JSON: %s at byte %lld", s.error, (long long)(s.at - s.start) + 1);
    if (m->n > INT32_MAX / 2) return sheaf_i_chunk_skip(c, place, "too many fields");
    st = sheaf_i_record(c, m->list, (int32_t)m->n, id, place, false);
done:
    return st;
}

sheaf_status sheaf_i_jsonl_parse(sheaf_i_chunk *c, const sheaf_i_run *run)
{
    sheaf_status st = SHEAF_OK;
    members m = {NULL, 0, 0};
    sheaf_str rest = run->bytes, id;
    for (int64_t line = run->first; rest.n; line++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        sheaf_str text = {rest.p, n};
        rest = end ? (sheaf_str){end + 1, rest.n - n - 1} : (sheaf_str){"", 0};
        if (!sheaf_i_trim(text).n) continue;
        SHEAF_TRY(sheaf_i_record_id(c, run, line, &id));
        SHEAF_TRY(parse_record(c, &m, text, id, (sheaf_i_place){run->name, line, ':'}));
    }
done:
    sheaf_i_free(c->ctx, m.list);
    return st;
}

/* Length of the array element at the start of s, up to its comma or the closing bracket: depth and strings only, so
   that a malformed one ends somewhere and the next can be read. s.n when neither is there. */
static size_t element(sheaf_str s)
{
    int64_t depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '"':
            for (i++; i < s.n && s.p[i] != '"'; i++) i += s.p[i] == '\\';
            break;
        case '{':
        case '[': depth++; break;
        case ',':
            if (depth <= 0) return i;
            break;
        case '}':
        case ']':
            if (depth-- <= 0) return i;
            break;
        default: break;
        }
    }
    return s.n;
}

size_t sheaf_i_json_cut(sheaf_str s, bool end, int64_t *count)
{
    size_t used = 0;
    if (end) return s.n;
    while (used < s.n) {
        size_t n = element((sheaf_str){s.p + used, s.n - used});
        if (used + n >= s.n) break;
        used += n + 1;
        ++*count;
    }
    return used;
}

sheaf_status sheaf_i_json_parse(sheaf_i_chunk *c, const sheaf_i_run *run)
{
    sheaf_status st = SHEAF_OK;
    members m = {NULL, 0, 0};
    sheaf_str rest = run->bytes, id;
    for (int64_t i = run->first; sheaf_i_trim(rest).n; i++) {
        size_t n = element(rest);
        sheaf_str text = sheaf_i_trim((sheaf_str){rest.p, n});
        bool closed = n < rest.n && rest.p[n] != ',';
        rest = n < rest.n ? (sheaf_str){rest.p + n + 1, rest.n - n - 1} : (sheaf_str){"", 0};
        if (!text.n && closed) continue;
        SHEAF_TRY(sheaf_i_record_id(c, run, i, &id));
        SHEAF_TRY(parse_record(c, &m, text, id, (sheaf_i_place){run->name, i, '#'}));
    }
done:
    sheaf_i_free(c->ctx, m.list);
    return st;
}
