/* What a file is; see format.h. */
#include <string.h>
#include <strings.h>

#include "read/format.h"
#include "read/json.h"
#include "read/utf8.h"

static bool ends(sheaf_str s, const char *end)
{
    size_t n = strlen(end);
    return s.n > n && !strncasecmp(s.p + s.n - n, end, n);
}

static const char *const packers[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
static const char *const archives[] = {".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tzst"};

static sheaf_str without_packer(sheaf_str name)
{
    for (size_t i = 0; i < sizeof packers / sizeof *packers; i++)
        if (ends(name, packers[i])) return (sheaf_str){name.p, name.n - strlen(packers[i])};
    return name;
}

bool sheaf_i_name_is_packed(sheaf_str name)
{
    if (without_packer(name).n < name.n) return true;
    for (size_t i = 0; i < sizeof archives / sizeof *archives; i++)
        if (ends(name, archives[i])) return true;
    return false;
}

sheaf_from sheaf_i_format_by_name(sheaf_str name)
{
    static const struct {
        const char *end;
        sheaf_from from;
    } known[] = {
        {".jsonl", SHEAF_FROM_JSONL}, {".ndjson", SHEAF_FROM_JSONL}, {".json", SHEAF_FROM_JSON},
        {".csv", SHEAF_FROM_CSV}, {".tsv", SHEAF_FROM_TSV}, {".tab", SHEAF_FROM_TSV}, {".html", SHEAF_FROM_HTML},
        {".htm", SHEAF_FROM_HTML}, {".xhtml", SHEAF_FROM_HTML}, {".txt", SHEAF_FROM_TEXT}, {".text", SHEAF_FROM_TEXT},
        {".md", SHEAF_FROM_TEXT}, {".markdown", SHEAF_FROM_TEXT}, {".rst", SHEAF_FROM_TEXT},
    };
    name = without_packer(name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends(name, known[i].end)) return known[i].from;
    return SHEAF_FROM_AUTO;
}

static bool begins(sheaf_str s, const char *what)
{
    size_t n = strlen(what);
    return s.n >= n && !strncasecmp(s.p, what, n);
}

bool sheaf_i_json_is_lines(sheaf_str s)
{
    s = sheaf_i_trim(s);
    if (!s.n || s.p[0] != '{') return false;
    const char *end = memchr(s.p, '\n', s.n);
    if (!end) return true;
    sheaf_i_json_scan scan = sheaf_i_json_begin((sheaf_str){s.p, (size_t)(end - s.p)});
    sheaf_i_json v;
    return sheaf_i_json_value(&scan, &v) && sheaf_i_json_end(&scan);
}

sheaf_from sheaf_i_format_sniff(sheaf_str s, sheaf_from otherwise)
{
    if (begins(s, "\xEF\xBB\xBF")) s = (sheaf_str){s.p + 3, s.n - 3};
    while (s.n && strchr(" \t\r\n", s.p[0]) && s.p[0]) s = (sheaf_str){s.p + 1, s.n - 1};
    if (begins(s, "<!doctype html") || begins(s, "<html")) return SHEAF_FROM_HTML;
    if (sheaf_i_json_is_lines(s)) return SHEAF_FROM_JSONL;
    if (begins(s, "[") && s.n > 1) {
        s = (sheaf_str){s.p + 1, s.n - 1};
        while (s.n && strchr(" \t\r\n", s.p[0]) && s.p[0]) s = (sheaf_str){s.p + 1, s.n - 1};
        if (begins(s, "{")) return SHEAF_FROM_JSON;
    }
    return otherwise;
}
