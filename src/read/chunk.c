/* What one parallel block of reading yields; see chunk.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "read/chunk.h"
#include "read/record.h"
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
    sheaf_i_free(c->ctx, c->packed);
    sheaf_i_free(c->ctx, c->places);
    sheaf_i_free(c->ctx, c->skips);
    sheaf_i_free(c->ctx, c);
}

void sheaf_i_chunk_end_temp(sheaf_i_chunk *c)
{
    sheaf_i_arena_end(&c->temp);
    if (c->packed_used) { /* a resize that fails leaves what there is */
        void *fitting = c->ctx->o.resize(c->ctx->o.resize_user, c->packed, c->packed_used);
        if (fitting) c->packed = fitting;
    }
    if (c->o->keep_text) return;
    for (int64_t i = 0; i < c->n_docs; i++) c->docs[i].text = (sheaf_str){"", 0};
}

/* Strings may lie in the input or in `temp`: what is kept is cleaned and copied. */
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

static sheaf_status records_room(sheaf_i_chunk *c, size_t bytes)
{
    if (c->packed_room - c->packed_used >= bytes) return SHEAF_OK;
    size_t room = c->packed_room + c->packed_room / 2 + bytes + 4096;
    void *p = sheaf_i_resize(c->ctx, c->packed, (int64_t)room, 1);
    if (!p) return SHEAF_ENOMEM;
    c->packed = p;
    c->packed_room = room;
    return SHEAF_OK;
}

static sheaf_status add_string(sheaf_i_chunk *c, sheaf_str s, int64_t *replaced)
{
    sheaf_status st = SHEAF_OK;
    if (s.n) SHEAF_TRY(sheaf_i_utf8_clean(&c->temp, &s, replaced));
    SHEAF_TRY(records_room(c, s.n + SHEAF_I_NUMBER_BYTES));
    c->packed_used += sheaf_i_put_number(c->packed + c->packed_used, s.n);
    if (s.n) memcpy(c->packed + c->packed_used, s.p, s.n);
    c->packed_used += s.n;
done:
    return st;
}

static sheaf_status add_number(sheaf_i_chunk *c, int32_t x)
{
    sheaf_status st = records_room(c, SHEAF_I_NUMBER_BYTES);
    if (st == SHEAF_OK) c->packed_used += sheaf_i_put_number(c->packed + c->packed_used, (uint64_t)x);
    return st;
}

/* See record.h. */
static sheaf_status add_record(sheaf_i_chunk *c, const sheaf_i_found *f, int64_t *replaced)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(add_string(c, f->id, replaced));
    SHEAF_TRY(add_string(c, f->title, replaced));
    SHEAF_TRY(add_string(c, f->date, replaced));
    SHEAF_TRY(add_string(c, f->label, replaced));
    SHEAF_TRY(add_number(c, f->n_fields));
    for (int32_t i = 0; i < f->n_fields; i++) {
        SHEAF_TRY(add_number(c, f->fields[i].column));
        SHEAF_TRY(add_string(c, f->fields[i].value, replaced));
    }
done:
    return st;
}

sheaf_status sheaf_i_chunk_doc(sheaf_i_chunk *c, const sheaf_i_found *found, sheaf_i_place place, int64_t replaced)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_doc d = {.text = found->text, .record = c->packed_used};
    if (!sheaf_i_trim(d.text).n) return sheaf_i_chunk_skip(c, place, "empty");
    if (d.text.n > SHEAF_I_DOC_LIMIT) return sheaf_i_chunk_skip(c, place, "too large: %zu bytes", d.text.n);
    if (c->number > INT32_MAX || c->n_docs >= INT32_MAX)
        return sheaf_i_fail(c->ctx, SHEAF_EINVAL, "the input is too large: more than %d MiB", INT32_MAX);
    SHEAF_GROW(c->docs, c->ctx, c->n_docs, c->docs_room);
    SHEAF_GROW(c->places, c->ctx, c->n_docs, c->places_room);
    if (c->o->keep_text) SHEAF_TRY(keep_string(c, &d.text, &replaced));
    else SHEAF_TRY(sheaf_i_utf8_clean(&c->temp, &d.text, &replaced));
    SHEAF_TRY(add_record(c, found, &replaced));
    c->has_title |= found->title.n > 0;
    c->has_date |= found->date.n > 0;
    c->has_label |= found->label.n > 0;
    d.chunk = (int32_t)c->number;
    d.slot = (int32_t)c->n_docs;
    c->places[c->n_docs] = place;
    c->docs[c->n_docs++] = d;
    c->counts.bytes += (int64_t)d.text.n;
    c->counts.replaced += replaced;
    c->counts.replaced_docs += replaced > 0;
done:
    return st;
}

void sheaf_i_chunk_parse(sheaf_i_chunk *c)
{
    c->parsing = true;
    c->produced = c->n_skips;
}

void sheaf_i_chunk_next_part(sheaf_i_chunk *c, int64_t part)
{
    while (c->settled < c->produced && c->skips[c->settled].before <= part) c->skips[c->settled++].before = c->n_docs;
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
    c->skips[c->n_skips++] = (sheaf_i_skip){place, reason, c->parsing ? c->n_docs : c->part};
    c->counts.skipped++;
done:
    return st;
}
