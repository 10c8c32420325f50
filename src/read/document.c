/* One file, one document; see document.h. Decides what is text at all: not what holds a NUL or many control
 * characters, unless a byte order mark says UTF-16. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "read/document.h"
#include "read/format.h"
#include "read/utf8.h"

#define LOOK ((size_t)64 << 10) /* bytes looked at for control characters */

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' && c != 0x1B) || c == 0x7F;
}

/* A NUL anywhere near the start, or one control character in thirty. */
static bool binary(sheaf_str s)
{
    size_t n = s.n < LOOK ? s.n : LOOK, controls = 0;
    for (size_t i = 0; i < n; i++) {
        if (!s.p[i]) return true;
        controls += is_control((unsigned char)s.p[i]);
    }
    return controls * 30 > n;
}

/* Takes the BOM off; UTF-16 becomes UTF-8. */
static sheaf_status decode(sheaf_i_chunk *c, sheaf_str *s, int64_t *replaced)
{
    const unsigned char *p = (const unsigned char *)s->p;
    bool big = s->n >= 2 && p[0] == 0xFE && p[1] == 0xFF, little = s->n >= 2 && p[0] == 0xFF && p[1] == 0xFE;
    if (big || little)
        return sheaf_i_utf8_from_utf16(&c->temp, (sheaf_str){s->p + 2, s->n - 2}, big, s, replaced);
    if (s->n >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) *s = (sheaf_str){s->p + 3, s->n - 3};
    return SHEAF_OK;
}

static sheaf_status post_id(sheaf_i_chunk *c, sheaf_str id, int64_t number, sheaf_str *out)
{
    size_t room = id.n + 24;
    char *p = sheaf_i_arena_take(&c->temp, room, 1);
    if (!p) return SHEAF_ENOMEM;
    memcpy(p, id.p, id.n);
    *out = (sheaf_str){p, id.n + (size_t)snprintf(p + id.n, room - id.n, "#%lld", (long long)number)};
    return SHEAF_OK;
}

static sheaf_status add_posts(sheaf_i_chunk *c, const sheaf_i_split *split, sheaf_i_found d, sheaf_str name,
                              int64_t replaced)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_post *posts;
    int64_t n;
    sheaf_str id = d.id, title = d.title;
    SHEAF_TRY(sheaf_i_utf8_clean(&c->temp, &d.text, &replaced));
    SHEAF_TRY(sheaf_i_split_page(split, &c->temp, d.text, &posts, &n));
    for (int64_t i = 0; i < n; i++) {
        d.text = posts[i].text;
        d.title = n > 1 ? posts[i].title : title;
        if (n > 1) SHEAF_TRY(post_id(c, id, i + 1, &d.id));
        SHEAF_TRY(sheaf_i_chunk_doc(c, &d, (sheaf_i_place){name, n > 1 ? i + 1 : 0, '#'}, replaced));
        replaced = 0; /* counted with the first post */
    }
done:
    return st;
}

sheaf_status sheaf_i_document(sheaf_i_chunk *c, const sheaf_i_split *split, sheaf_from format, sheaf_str bytes,
                              const sheaf_i_file *f)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_found d = {.text = bytes, .id = f->id};
    sheaf_i_place place = {f->name, 0, ':'};
    int64_t replaced = 0;
    const char *why = NULL;
    if (c->o->label_from_folder) d.label = f->label;
    if (bytes.n > SHEAF_I_DOC_LIMIT)
        return sheaf_i_chunk_skip(c, place, "too large: more than %zu MiB", SHEAF_I_DOC_LIMIT >> 20);
    SHEAF_TRY(decode(c, &d.text, &replaced));
    if (!sheaf_i_trim(d.text).n) return sheaf_i_chunk_skip(c, place, "empty");
    if (binary(d.text)) return sheaf_i_chunk_skip(c, place, "binary");
    if (format != SHEAF_FROM_TEXT) format = sheaf_i_format_sniff(d.text, format);
    if (format == SHEAF_FROM_HTML) {
        SHEAF_TRY(sheaf_i_html(&c->temp, d.text, &d.text, &d.title, &replaced, &why));
        if (why) return sheaf_i_chunk_skip(c, place, "%s", why);
    }
    if (split->is_none) st = sheaf_i_chunk_doc(c, &d, place, replaced);
    else st = add_posts(c, split, d, f->name, replaced);
done:
    return st;
}
