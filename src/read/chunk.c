/* What one parallel block of reading yields; see chunk.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "read/chunk.h"
#include "read/utf8.h"

sheaf_status sheaf_i_chunk_new(sheaf_ctx *ctx, sheaf_i_chunk **out, const sheaf_read_opts *o, int64_t number)
{
    sheaf_i_chunk *c = *out = sheaf_i_zeros(ctx, 1, sizeof *c);
    if (!c) return SHEAF_ENOMEM;
    c->ctx = ctx;
    c->o = o;
    c->number = number;
    sheaf_i_arena_init(&c->keep, ctx);
    sheaf_i_arena_init(&c->temp, ctx);
    c->texts = o->keep_text ? &c->keep : &c->temp;
    sheaf_i_names_init(&c->columns, ctx);
    sheaf_i_names_init(&c->seen, ctx);
    return SHEAF_OK;
}

void sheaf_i_chunk_free(sheaf_i_chunk *c)
{
    if (!c) return;
    sheaf_i_arena_end(&c->keep);
    sheaf_i_arena_end(&c->temp);
    sheaf_i_names_end(&c->columns);
    sheaf_i_names_end(&c->seen);
    sheaf_i_free(c->ctx, c->docs);
    sheaf_i_free(c->ctx, c->places);
    sheaf_i_free(c->ctx, c->skips);
    sheaf_i_free(c->ctx, c);
}

void sheaf_i_chunk_end_temp(sheaf_i_chunk *c)
{
    sheaf_i_arena_end(&c->temp);
    if (c->o->keep_text) return;
    for (int64_t i = 0; i < c->n_docs; i++) c->docs[i].text = (sheaf_str){"", 0};
}

/* Strings of a document may lie in the input or in `temp`: what is kept is cleaned and copied. */
static sheaf_status keep_string(sheaf_i_chunk *c, sheaf_str *s, int64_t *replaced)
{
    if (!s->n) {
        *s = (sheaf_str){"", 0};
        return SHEAF_OK;
    }
    const char *before = s->p;
    if (sheaf_i_utf8_clean(&c->keep, s, replaced) != SHEAF_OK) return SHEAF_ENOMEM;
    if (s->p == before && !(s->p = sheaf_i_arena_copy(&c->keep, before, s->n))) return SHEAF_ENOMEM;
    return SHEAF_OK;
}

static sheaf_status keep_fields(sheaf_i_chunk *c, sheaf_i_doc *d, int64_t *replaced)
{
    if (!d->n_fields) {
        d->fields = NULL;
        return SHEAF_OK;
    }
    size_t bytes = (size_t)d->n_fields * sizeof *d->fields;
    sheaf_i_field *f = sheaf_i_arena_take(&c->keep, bytes, _Alignof(sheaf_i_field));
    if (!f) return SHEAF_ENOMEM;
    memcpy(f, d->fields, bytes);
    for (int32_t i = 0; i < d->n_fields; i++)
        if (keep_string(c, &f[i].value, replaced) != SHEAF_OK) return SHEAF_ENOMEM;
    d->fields = f;
    return SHEAF_OK;
}

sheaf_status sheaf_i_chunk_doc(sheaf_i_chunk *c, const sheaf_i_doc *doc, sheaf_i_place place, int64_t replaced)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_doc d = *doc;
    if (!sheaf_i_trim(d.text).n) return sheaf_i_chunk_skip(c, place, "empty");
    if (d.text.n > SHEAF_I_DOC_LIMIT) return sheaf_i_chunk_skip(c, place, "too large: %zu bytes", d.text.n);
    SHEAF_GROW(c->docs, c->ctx, c->n_docs, c->docs_room);
    SHEAF_GROW(c->places, c->ctx, c->n_docs, c->places_room);
    if (c->o->keep_text) SHEAF_TRY(keep_string(c, &d.text, &replaced));
    else SHEAF_TRY(sheaf_i_utf8_clean(&c->temp, &d.text, &replaced));
    SHEAF_TRY(keep_string(c, &d.id, &replaced));
    SHEAF_TRY(keep_string(c, &d.title, &replaced));
    SHEAF_TRY(keep_string(c, &d.date, &replaced));
    SHEAF_TRY(keep_string(c, &d.label, &replaced));
    SHEAF_TRY(keep_fields(c, &d, &replaced));
    d.chunk = c->number;
    d.slot = (int32_t)c->n_docs;
    c->places[c->n_docs] = place;
    c->docs[c->n_docs++] = d;
    c->counts.bytes += (int64_t)d.text.n;
    c->counts.replaced += replaced;
    c->counts.replaced_docs += replaced > 0;
done:
    return st;
}

sheaf_status sheaf_i_chunk_skip(sheaf_i_chunk *c, sheaf_i_place place, const char *format, ...)
{
    sheaf_status st = SHEAF_OK;
    char text[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0) n = 0;
    sheaf_str reason = {text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1};
    int64_t replaced = 0;
    SHEAF_GROW(c->skips, c->ctx, c->n_skips, c->skips_room);
    SHEAF_TRY(keep_string(c, &reason, &replaced));
    c->skips[c->n_skips++] = (sheaf_i_skip){place, reason};
    c->counts.skipped++;
done:
    return st;
}
