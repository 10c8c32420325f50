/* The corpus: accessors, making one from memory, and its invariants; see corpus.h and section 2 of sheaf.h. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "read/chunk.h"
#include "read/corpus.h"
#include "read/record.h"
#include "read/utf8.h"

void sheaf_read_opts_init(sheaf_read_opts *o, size_t size)
{
    sheaf_read_opts d = {.size = size, .n_columns = -1, .keep_text = true};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

void sheaf_corpus_free(sheaf_corpus *c)
{
    if (!c) return;
    sheaf_i_arena_end(&c->arena);
    for (int64_t i = 0; c->kept && i < c->n_chunks; i++) {
        sheaf_i_free(c->ctx, c->kept[i].records);
        sheaf_i_free(c->ctx, c->kept[i].column);
    }
    sheaf_i_free(c->ctx, c->kept);
    sheaf_i_free(c->ctx, c->docs);
    sheaf_i_free(c->ctx, c->place);
    sheaf_i_free(c->ctx, c->columns);
    sheaf_i_free(c->ctx, c->skipped_place);
    sheaf_i_free(c->ctx, c->skipped_reason);
    sheaf_i_free(c->ctx, c);
}

static const unsigned char *record_of(const sheaf_corpus *c, int64_t doc)
{
    return c->kept[c->docs[doc].chunk].records + c->docs[doc].record;
}

static sheaf_str string_of(const sheaf_corpus *c, int64_t doc, sheaf_i_of which)
{
    const unsigned char *p = record_of(c, doc);
    return sheaf_i_record_string(&p, which);
}

int64_t sheaf_corpus_size(const sheaf_corpus *c) { return c->n; }
sheaf_str sheaf_corpus_id(const sheaf_corpus *c, int64_t doc) { return string_of(c, doc, SHEAF_I_OF_ID); }
sheaf_str sheaf_corpus_title(const sheaf_corpus *c, int64_t doc) { return string_of(c, doc, SHEAF_I_OF_TITLE); }
sheaf_str sheaf_corpus_date(const sheaf_corpus *c, int64_t doc) { return string_of(c, doc, SHEAF_I_OF_DATE); }
sheaf_str sheaf_corpus_label(const sheaf_corpus *c, int64_t doc) { return string_of(c, doc, SHEAF_I_OF_LABEL); }
sheaf_str sheaf_corpus_text(const sheaf_corpus *c, int64_t doc) { return c->docs[doc].text; }
bool sheaf_corpus_has_label(const sheaf_corpus *c) { return c->has_label; }
bool sheaf_corpus_has_title(const sheaf_corpus *c) { return c->has_title; }
bool sheaf_corpus_has_date(const sheaf_corpus *c) { return c->has_date; }
int64_t sheaf_corpus_place(const sheaf_corpus *c, int64_t doc) { return c->place ? c->place[doc] : -1; }
int64_t sheaf_corpus_n_places(const sheaf_corpus *c) { return c->place ? c->n_places : 0; }
int32_t sheaf_corpus_n_columns(const sheaf_corpus *c) { return c->n_columns; }
sheaf_str sheaf_corpus_column_name(const sheaf_corpus *c, int32_t column) { return c->columns[column]; }
sheaf_read_counts sheaf_corpus_counts(const sheaf_corpus *c) { return c->counts; }

sheaf_str sheaf_corpus_column(const sheaf_corpus *c, int64_t doc, int32_t column)
{
    const unsigned char *p = record_of(c, doc);
    const int32_t *number = c->kept[c->docs[doc].chunk].column;
    (void)sheaf_i_record_string(&p, SHEAF_I_OF_LABEL);
    for (uint64_t n = sheaf_i_take_number(&p); n; n--) {
        uint64_t local = sheaf_i_take_number(&p);
        sheaf_str value = sheaf_i_take_string(&p);
        if (number[local] == column) return value;
    }
    return (sheaf_str){"", 0};
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
    sheaf_i_found d = {.id = {number, (size_t)n}, .text = texts[i]};
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

static const char *check_columns(const sheaf_corpus *c, int64_t doc)
{
    const sheaf_i_kept *kept = &c->kept[c->docs[doc].chunk];
    const unsigned char *p = record_of(c, doc);
    (void)sheaf_i_record_string(&p, SHEAF_I_OF_LABEL);
    uint64_t n = sheaf_i_take_number(&p);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t local = sheaf_i_take_number(&p);
        sheaf_str value = sheaf_i_take_string(&p);
        if (local >= (uint64_t)kept->n_columns) return "a field of no column";
        if (kept->column[local] < 0 || kept->column[local] >= c->n_columns) return "a field of no column of the corpus";
        if (!sound(value)) return "a field is not well-formed UTF-8";
        if (n < 100 && sheaf_corpus_column(c, doc, kept->column[local]).p != value.p) return "two fields of one column";
    }
    return NULL;
}

static const char *check_doc(const sheaf_corpus *c, int64_t doc)
{
    const sheaf_i_doc *d = &c->docs[doc];
    if (d->chunk < 0 || d->chunk >= c->n_chunks || d->slot < 0) return "a document without its place in a chunk";
    sheaf_str title = sheaf_corpus_title(c, doc), date = sheaf_corpus_date(c, doc), label = sheaf_corpus_label(c, doc);
    if (!sound(sheaf_corpus_id(c, doc)) || !sound(title) || !sound(date) || !sound(label) || !sound(d->text))
        return "a string of a document is not well-formed UTF-8";
    if (!c->has_text && d->text.n) return "a text that was not to be kept";
    if ((title.n && !c->has_title) || (date.n && !c->has_date) || (label.n && !c->has_label))
        return "a title, date or label that the corpus denies";
    return check_columns(c, doc);
}

const char *sheaf_i_corpus_validate(const sheaf_corpus *c)
{
    if (c->n < 1) return "no documents";
    for (int64_t i = 0; i < c->n; i++) {
        const char *wrong = check_doc(c, i);
        if (wrong) return wrong;
        if (i && sheaf_i_id_compare(sheaf_corpus_id(c, i - 1), sheaf_corpus_id(c, i)) >= 0) return "ids out of order";
    }
    for (int32_t i = 0; i < c->n_columns; i++)
        if (!sound(c->columns[i])) return "the name of a column is not well-formed UTF-8";
    for (int64_t i = 0; i < c->counts.skipped; i++) {
        if (!sound(c->skipped_place[i]) || !sound(c->skipped_reason[i])) return "a skipped place or reason is no text";
        if (i && sheaf_i_id_compare(c->skipped_place[i - 1], c->skipped_place[i]) > 0) return "skips out of order";
    }
    return NULL;
}
