/* Records with named fields into documents; see fields.h.
 *
 * Which field is the text, the id and so on is either said, or guessed for every record by itself from fixed lists, the
 * first name of the list that the record has: a rule that looks at one record cannot depend on the order of the input.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/context.h"
#include "read/fields.h"
#include "read/utf8.h"

#define MAX_GUESSES 20
#define MAX_GUESS 20   /* bytes of one, with its end */
#define MAX_SEEN 64    /* names remembered for a message */

static const char guesses[SHEAF_I_ROLES][MAX_GUESSES][MAX_GUESS] = {
    [SHEAF_I_TEXT] = {"text", "body", "content", "article", "article_text", "full_text", "fulltext", "maintext",
                      "raw_text", "abstract", "message", "comment", "review", "post", "document", "passage",
                      "transcript", "description", "summary"},
    [SHEAF_I_ID] = {"id", "_id", "doc_id", "docid", "document_id", "uid", "uuid", "guid", "url", "link"},
    [SHEAF_I_TITLE] = {"title", "headline", "heading", "subject"},
    [SHEAF_I_DATE] = {"date", "published", "published_at", "publish_date", "publication_date", "pub_date", "pubdate",
                      "created_at", "created", "timestamp", "datetime"},
    [SHEAF_I_LABEL] = {"label"},
};
static const char *const role_name[SHEAF_I_ROLES] = {"text", "id", "title", "date", "label"};

static bool same(sheaf_str s, const char *name) { return s.n == strlen(name) && !memcmp(s.p, name, s.n); }

/* A missing value is one that is absent or null. */
static bool present(const sheaf_i_member *m) { return m->value.kind != SHEAF_I_JSON_NULL; }

static bool scalar(const sheaf_i_member *m)
{
    return m->value.kind != SHEAF_I_JSON_ARRAY && m->value.kind != SHEAF_I_JSON_OBJECT;
}

/* Looks "a.b" up in the object at member "a"; the span has been checked already. */
static bool descend(sheaf_i_json object, const char *path, sheaf_i_json *found)
{
    if (object.kind != SHEAF_I_JSON_OBJECT) return false;
    sheaf_i_json_scan s = sheaf_i_json_begin(object.raw);
    sheaf_i_json key, v;
    if (!sheaf_i_json_enter(&s)) return false;
    while (sheaf_i_json_member(&s, &key, &v)) {
        size_t n = key.raw.n;
        if (strncmp(path, key.raw.p, n) != 0) continue;
        if (!path[n] && v.kind != SHEAF_I_JSON_NULL) {
            *found = v;
            return true;
        }
        if (path[n] == '.' && descend(v, path + n + 1, found)) return true;
    }
    return false;
}

static bool find_named(sheaf_i_member *m, int32_t n, const char *name, sheaf_i_json *found)
{
    for (int32_t i = 0; i < n; i++) {
        if (!same(m[i].name, name) || !present(&m[i])) continue;
        m[i].used = true;
        *found = m[i].value;
        return true;
    }
    for (int32_t i = 0; i < n; i++) {
        size_t k = m[i].name.n;
        if (strncmp(name, m[i].name.p ? m[i].name.p : "", k) || name[k] != '.') continue;
        if (!descend(m[i].value, name + k + 1, found)) continue;
        m[i].used = true;
        return true;
    }
    return false;
}

static sheaf_i_ranked_name rank_name(sheaf_str name)
{
    sheaf_i_ranked_name r = {.name = name};
    for (int role = 0; role < SHEAF_I_ROLES; role++) {
        int g = 0;
        while (g < MAX_GUESSES && *guesses[role][g]) {
            const char *guess = guesses[role][g];
            if (name.n && name.n < MAX_GUESS && !guess[name.n] && !strncasecmp(name.p, guess, name.n)) break;
            g++;
        }
        r.rank[role] = (uint8_t)(g < MAX_GUESSES && *guesses[role][g] ? g : MAX_GUESSES);
    }
    return r;
}

/* Records of a file mostly have the same fields in the same order. */
static const uint8_t *ranks(sheaf_i_chunk *c, int32_t i, sheaf_str name, sheaf_i_ranked_name *own)
{
    sheaf_i_ranked_name *r = i < SHEAF_I_RANKED ? &c->ranked[i] : own;
    bool known = r != own && r->name.n == name.n && name.n && memcmp(r->name.p, name.p, name.n) == 0;
    if (!known) *r = rank_name(name);
    return r->rank;
}

static bool find_guessed(sheaf_i_chunk *c, sheaf_i_member *m, int32_t n, int role, sheaf_i_json *found)
{
    int32_t best = MAX_GUESSES, at = -1;
    sheaf_i_ranked_name own;
    for (int32_t i = 0; i < n && best > 0; i++) {
        if (!present(&m[i]) || !scalar(&m[i]) || m[i].used) continue;
        int32_t rank = ranks(c, i, m[i].name, &own)[role];
        if (rank >= best) continue;
        best = rank;
        at = i;
    }
    if (at < 0) return false;
    m[at].used = true;
    c->guessed[role] |= 1u << best;
    *found = m[at].value;
    return true;
}

static const char *wanted(const sheaf_read_opts *o, int role)
{
    switch (role) {
    case SHEAF_I_ID: return o->id_field;
    case SHEAF_I_TITLE: return o->title_field;
    case SHEAF_I_DATE: return o->date_field;
    case SHEAF_I_LABEL: return o->label_field;
    default: return NULL;
    }
}

/* The value as text: strings decoded, numbers as they stand, containers without white space. */
static sheaf_status value_text(sheaf_i_arena *a, sheaf_i_json v, sheaf_str *out, int64_t *replaced)
{
    bool container = v.kind == SHEAF_I_JSON_ARRAY || v.kind == SHEAF_I_JSON_OBJECT;
    *out = v.raw;
    if (v.kind == SHEAF_I_JSON_NULL) *out = (sheaf_str){"", 0};
    if (!container && !v.escaped) return SHEAF_OK;
    char *p = sheaf_i_arena_take(a, v.raw.n, 1);
    if (!p) return SHEAF_ENOMEM;
    *out = (sheaf_str){p, container ? sheaf_i_json_compact(v.raw, p) : sheaf_i_json_unescape(v.raw, p, replaced)};
    return SHEAF_OK;
}

static sheaf_status join_text(sheaf_i_chunk *c, sheaf_str *text, sheaf_str more)
{
    char *p = sheaf_i_arena_take(&c->temp, text->n + more.n + 2, 1);
    if (!p) return SHEAF_ENOMEM;
    memcpy(p, text->p, text->n);
    memcpy(p + text->n, "\n\n", 2);
    memcpy(p + text->n + 2, more.p, more.n);
    *text = (sheaf_str){p, text->n + more.n + 2};
    return SHEAF_OK;
}

/* The text of a record: one guessed field, or those asked for, those present joined by a blank line. */
static sheaf_status find_text(sheaf_i_chunk *c, sheaf_i_member *m, int32_t n, sheaf_str *text, bool *found,
                              int64_t *replaced)
{
    const sheaf_read_opts *o = c->o;
    sheaf_i_json v;
    *found = false;
    if (!o->text_fields) {
        *found = find_guessed(c, m, n, SHEAF_I_TEXT, &v);
        return *found ? value_text(&c->temp, v, text, replaced) : SHEAF_OK;
    }
    for (int32_t i = 0; i < o->n_text_fields; i++) {
        if (!find_named(m, n, o->text_fields[i], &v)) continue;
        sheaf_str part;
        sheaf_status st = value_text(&c->temp, v, &part, replaced);
        if (st == SHEAF_OK && *found) st = join_text(c, text, part);
        else *text = part;
        if (st != SHEAF_OK) return st;
        *found = true;
    }
    return SHEAF_OK;
}

/* Remembers names for the message "no field ...": those of the first record and of records without a text. */
static sheaf_status remember(sheaf_i_chunk *c, const sheaf_i_member *m, int32_t n, sheaf_i_place place, bool table)
{
    if (!c->seen_in.n) {
        c->seen_in = place.name;
        c->seen_table = table;
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t at = sheaf_i_names_find(&c->seen, m[i].name);
        if (at < 0 && c->seen.n >= MAX_SEEN) continue;
        if (at < 0 && sheaf_i_names_add(&c->seen, &c->keep, m[i].name, &at) != SHEAF_OK) return SHEAF_ENOMEM;
        if (m[i].value.kind == SHEAF_I_JSON_STRING) c->seen.list[at].mark += (int64_t)m[i].value.raw.n;
    }
    return SHEAF_OK;
}

static bool carried(const sheaf_read_opts *o, sheaf_str name)
{
    if (o->n_columns < 0) return true;
    for (int32_t i = 0; i < o->n_columns; i++)
        if (same(name, o->columns[i])) return true;
    return false;
}

static sheaf_status own_columns(sheaf_i_chunk *c, const sheaf_i_member *m, int32_t n, bool table, sheaf_i_found *d,
                                int64_t *replaced)
{
    sheaf_status st = SHEAF_OK;
    if (!n || c->o->n_columns == 0) return SHEAF_OK;
    sheaf_i_field *f = sheaf_i_arena_take(&c->temp, (size_t)n * sizeof *f, _Alignof(sheaf_i_field));
    if (!f) return SHEAF_ENOMEM;
    d->fields = f;
    for (int32_t i = 0; i < n; i++) {
        if (m[i].used || (!table && !present(&m[i])) || !carried(c->o, m[i].name)) continue;
        int32_t column;
        SHEAF_TRY(sheaf_i_names_add(&c->columns, &c->keep, m[i].name, &column));
        if (c->columns.list[column].mark == c->records) continue; /* a name given twice: the first counts */
        c->columns.list[column].mark = c->records;
        f[d->n_fields].column = column;
        SHEAF_TRY(value_text(&c->temp, m[i].value, &f[d->n_fields++].value, replaced));
    }
done:
    return st;
}

sheaf_status sheaf_i_record(sheaf_i_chunk *c, sheaf_i_member *m, int32_t n, sheaf_str id, sheaf_i_place place,
                            bool table)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_found d = {.id = id};
    sheaf_str *part[SHEAF_I_ROLES] = {&d.text, &d.id, &d.title, &d.date, &d.label};
    int64_t replaced = 0;
    bool found;
    SHEAF_TRY(find_text(c, m, n, &d.text, &found, &replaced));
    if (c->records++ == 0 || !found) SHEAF_TRY(remember(c, m, n, place, table));
    c->found[SHEAF_I_TEXT] += found;
    for (int role = SHEAF_I_ID; role < SHEAF_I_ROLES; role++) {
        sheaf_i_json v;
        const char *name = wanted(c->o, role);
        if (!(name ? find_named(m, n, name, &v) : find_guessed(c, m, n, role, &v))) continue;
        c->found[role]++;
        if (role == SHEAF_I_ID && !v.raw.n) continue;
        SHEAF_TRY(value_text(&c->temp, v, part[role], &replaced));
    }
    if (!found && c->o->text_fields)
        return sheaf_i_chunk_skip(c, place, "no %s '%s'", table ? "column" : "field", c->o->text_fields[0]);
    if (!found) return sheaf_i_chunk_skip(c, place, "no field that could be the text");
    SHEAF_TRY(own_columns(c, m, n, table, &d, &replaced));
    st = sheaf_i_chunk_doc(c, &d, place, replaced);
done:
    return st;
}

/* ---- messages ---- */

static void list_names(const sheaf_i_names *seen, char *out, size_t room)
{
    size_t used = 0;
    out[0] = 0;
    for (int32_t i = 0; i < seen->n; i++) {
        sheaf_str s = seen->list[i].name;
        if (used + s.n + 8 > room) {
            snprintf(out + used, room - used, ", ...");
            return;
        }
        used += (size_t)snprintf(out + used, room - used, "%s%.*s", used ? ", " : "", (int)s.n, s.p);
    }
}

/* Levenshtein 1966, for names of at most 63 bytes. */
static int32_t edits(sheaf_str a, const char *b)
{
    int32_t row[64], n = (int32_t)strlen(b);
    if (n > 63 || a.n > 63) return INT32_MAX;
    for (int32_t j = 0; j <= n; j++) row[j] = j;
    for (int32_t i = 1; i <= (int32_t)a.n; i++) {
        int32_t diagonal = row[0];
        row[0] = i;
        for (int32_t j = 1; j <= n; j++) {
            int32_t change = diagonal + (a.p[i - 1] != b[j - 1]);
            int32_t gap = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = change < gap ? change : gap;
        }
    }
    return row[n];
}

/* The name that was probably meant; for a text, failing that, the field with most in it. */
static sheaf_str suggestion(const sheaf_i_names *seen, const char *name, int role)
{
    sheaf_str best = {"", 0};
    int32_t length = name ? (int32_t)strlen(name) : 0;
    int32_t fewest = length < 4 ? length / 2 : 1 + length / 3; /* "mroe" is "more", but "bdy" is not "id" */
    for (int32_t i = 0; name && i < seen->n; i++) {
        int32_t e = edits(seen->list[i].name, name);
        if (e > fewest || (e == fewest && best.n)) continue;
        fewest = e;
        best = seen->list[i].name;
    }
    int64_t most = 0;
    for (int32_t i = 0; role == SHEAF_I_TEXT && !best.n && i < seen->n; i++)
        if (seen->list[i].mark > most) most = seen->list[i].mark;
    for (int32_t i = 0; role == SHEAF_I_TEXT && !best.n && most > 0 && i < seen->n; i++)
        if (seen->list[i].mark == most) best = seen->list[i].name;
    return best;
}

static sheaf_status no_field(sheaf_ctx *ctx, const sheaf_i_chunk *all, const char *name, int role)
{
    char names[360];
    const char *kind = all->seen_table ? "column" : "field";
    list_names(&all->seen, names, sizeof names);
    int in = all->seen_in.n < 100 ? (int)all->seen_in.n : 100;
    if (name)
        sheaf_i_fail(ctx, SHEAF_EINVAL, "%.*s: no %s '%.64s'\n  %ss: %s", in, all->seen_in.p, kind, name, kind, names);
    else
        sheaf_i_fail(ctx, SHEAF_EINVAL, "%.*s: no %s that could be the text\n  %ss: %s", in, all->seen_in.p, kind, kind,
                     names);
    sheaf_str best = suggestion(&all->seen, name, role);
    if (best.n && role == SHEAF_I_ROLES) sheaf_i_hint(ctx, "--columns %.*s", (int)best.n, best.p);
    else if (best.n) sheaf_i_hint(ctx, "--%s-field %.*s", role_name[role], (int)best.n, best.p);
    return SHEAF_EINVAL;
}

static void tell_guesses(sheaf_ctx *ctx, const sheaf_i_chunk *all)
{
    char text[512] = "";
    size_t used = 0;
    for (int role = 0; role < SHEAF_I_ROLES; role++) {
        const char *before = used ? "; " : "";
        for (int g = 0; g < MAX_GUESSES; g++) {
            if (!(all->guessed[role] >> g & 1)) continue;
            if (before) used += (size_t)snprintf(text + used, sizeof text - used, "%s%s = %s", before, role_name[role],
                                                 guesses[role][g]);
            else used += (size_t)snprintf(text + used, sizeof text - used, " or %s", guesses[role][g]);
            before = NULL;
            if (used > sizeof text - 64) return sheaf_i_note(ctx, "fields guessed: %s ...", text);
        }
    }
    if (used) sheaf_i_note(ctx, "fields guessed: %s", text);
}

sheaf_status sheaf_i_fields_report(sheaf_ctx *ctx, const sheaf_i_chunk *all, const sheaf_i_names *columns)
{
    const sheaf_read_opts *o = all->o;
    if (!all->records) {
        for (int role = 0; role < SHEAF_I_ROLES; role++) {
            const char *name = role == SHEAF_I_TEXT && o->text_fields ? o->text_fields[0] : wanted(o, role);
            if (name) sheaf_i_note(ctx, "no input has fields: %s field '%s' is not looked for", role_name[role], name);
        }
        return SHEAF_OK;
    }
    if (!all->found[SHEAF_I_TEXT]) return no_field(ctx, all, o->text_fields ? o->text_fields[0] : NULL, SHEAF_I_TEXT);
    for (int role = SHEAF_I_ID; role < SHEAF_I_ROLES; role++)
        if (wanted(o, role) && !all->found[role]) return no_field(ctx, all, wanted(o, role), role);
    for (int32_t i = 0; i < o->n_columns; i++) {
        sheaf_str name = {o->columns[i], strlen(o->columns[i])};
        if (sheaf_i_names_find(columns, name) < 0 && sheaf_i_names_find(&all->seen, name) < 0)
            return no_field(ctx, all, o->columns[i], SHEAF_I_ROLES);
    }
    tell_guesses(ctx, all);
    return SHEAF_OK;
}
