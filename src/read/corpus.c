/* The corpus: accessors, making one from memory, and its invariants; see corpus.h and section 2 of sheaf.h. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "read/chunk.h"
#include "read/corpus.h"
#include "read/utf8.h"

static const sheaf_str nothing = {"", 0};

void sheaf_read_opts_init(sheaf_read_opts *o, size_t size)
{
    sheaf_read_opts d = {.size = size, .n_columns = -1, .keep_text = true};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

void sheaf_corpus_free(sheaf_corpus *c)
{
    if (!c) return;
    sheaf_i_arena_end(&c->arena);
    sheaf_i_free(c->ctx, c->docs);
    sheaf_i_free(c->ctx, c->columns);
    sheaf_i_free(c->ctx, c->skipped_place);
    sheaf_i_free(c->ctx, c->skipped_reason);
    sheaf_i_free(c->ctx, c);
}

int64_t sheaf_corpus_size(const sheaf_corpus *c) { return c->n; }
sheaf_str sheaf_corpus_id(const sheaf_corpus *c, int64_t doc) { return c->docs[doc].id; }
sheaf_str sheaf_corpus_title(const sheaf_corpus *c, int64_t doc) { return c->docs[doc].title; }
sheaf_str sheaf_corpus_date(const sheaf_corpus *c, int64_t doc) { return c->docs[doc].date; }
sheaf_str sheaf_corpus_label(const sheaf_corpus *c, int64_t doc) { return c->docs[doc].label; }
sheaf_str sheaf_corpus_text(const sheaf_corpus *c, int64_t doc) { return c->docs[doc].text; }
bool sheaf_corpus_has_label(const sheaf_corpus *c) { return c->has_label; }
bool sheaf_corpus_has_title(const sheaf_corpus *c) { return c->has_title; }
bool sheaf_corpus_has_date(const sheaf_corpus *c) { return c->has_date; }
int32_t sheaf_corpus_n_columns(const sheaf_corpus *c) { return c->n_columns; }
sheaf_str sheaf_corpus_column_name(const sheaf_corpus *c, int32_t column) { return c->columns[column]; }
sheaf_read_counts sheaf_corpus_counts(const sheaf_corpus *c) { return c->counts; }

sheaf_str sheaf_corpus_column(const sheaf_corpus *c, int64_t doc, int32_t column)
{
    const sheaf_i_doc *d = &c->docs[doc];
    for (int32_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].column == column) return d->fields[i].value;
    return nothing;
}

void sheaf_corpus_skipped(const sheaf_corpus *c, int64_t i, sheaf_str *place, sheaf_str *reason)
{
    *place = c->skipped_place[i];
    *reason = c->skipped_reason[i];
}

/* Documents of one chunk: every so many bytes, so that the visit of a corpus in memory is cut as that of a file. */
#define CHUNK_BYTES ((size_t)1 << 20)

static sheaf_status add_from_memory(sheaf_i_chunk *c, const sheaf_str *texts, const sheaf_str *ids,
                                    const sheaf_str *labels, int64_t i)
{
    char number[24];
    int n = snprintf(number, sizeof number, "%lld", (long long)i + 1);
    sheaf_i_doc d = {.id = {number, (size_t)n}, .text = texts[i]};
    if (ids) d.id = ids[i];
    if (labels) d.label = labels[i];
    return sheaf_i_chunk_doc(c, &d, (sheaf_i_place){{"memory", 6}, i + 1, '#'}, 0);
}

sheaf_status sheaf_corpus_from_memory(sheaf_ctx *ctx, sheaf_corpus **out, const sheaf_str *texts, const sheaf_str *ids,
                                      const sheaf_str *labels, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_chunk **chunks = NULL;
    int64_t used = 0, room = 0;
    size_t bytes = CHUNK_BYTES;
    sheaf_read_opts o;
    *out = NULL;
    sheaf_read_opts_init(&o, sizeof o);
    if (n < 0 || (n && !texts)) return sheaf_i_fail(ctx, SHEAF_EINVAL, "n = %lld texts", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        if (bytes >= CHUNK_BYTES) {
            SHEAF_GROW(chunks, ctx, used, room);
            SHEAF_TRY(sheaf_i_chunk_new(ctx, &chunks[used], &o, used));
            used++;
            bytes = 0;
        }
        SHEAF_TRY(add_from_memory(chunks[used - 1], texts, ids, labels, i));
        bytes += texts[i].n;
    }
    SHEAF_TRY(sheaf_i_assemble(ctx, out, chunks, used, &o, "memory"));
done:
    for (int64_t i = 0; i < used; i++) sheaf_i_chunk_free(chunks[i]);
    sheaf_i_free(ctx, chunks);
    return st;
}

static bool sound(sheaf_str s) { return s.p && sheaf_i_utf8_valid(s.p, s.n) == s.n; }

static const char *check_doc(const sheaf_corpus *c, const sheaf_i_doc *d)
{
    if (!sound(d->id) || !sound(d->title) || !sound(d->date) || !sound(d->label) || !sound(d->text))
        return "a string of a document is not well-formed UTF-8";
    if (!c->has_text && d->text.n) return "a text that was not to be kept";
    if (d->chunk < 0 || d->chunk >= c->n_chunks || d->slot < 0) return "a document without its place in a chunk";
    if ((d->title.n && !c->has_title) || (d->date.n && !c->has_date) || (d->label.n && !c->has_label))
        return "a title, date or label that the corpus denies";
    for (int32_t i = 0; i < d->n_fields; i++) {
        if (d->fields[i].column < 0 || d->fields[i].column >= c->n_columns) return "a field of no column";
        if (!sound(d->fields[i].value)) return "a field is not well-formed UTF-8";
        for (int32_t j = 0; d->n_fields < 100 && j < i; j++)
            if (d->fields[i].column == d->fields[j].column) return "two fields of one column";
    }
    return NULL;
}

const char *sheaf_i_corpus_validate(const sheaf_corpus *c)
{
    if (c->n < 1) return "no documents";
    for (int64_t i = 0; i < c->n; i++) {
        const char *wrong = check_doc(c, &c->docs[i]);
        if (wrong) return wrong;
        if (i && sheaf_i_id_compare(c->docs[i - 1].id, c->docs[i].id) >= 0) return "ids out of order";
    }
    for (int32_t i = 0; i < c->n_columns; i++)
        if (!sound(c->columns[i])) return "the name of a column is not well-formed UTF-8";
    for (int64_t i = 0; i < c->counts.skipped; i++) {
        if (!sound(c->skipped_place[i]) || !sound(c->skipped_reason[i])) return "a skipped place or reason is no text";
        if (i && sheaf_i_id_compare(c->skipped_place[i - 1], c->skipped_place[i]) > 0) return "skips out of order";
    }
    return NULL;
}
