/* Reading: inputs to chunks of documents, in parallel; see corpus.h.
 *
 * Pieces found by the serial producer (pieces.c) are parsed in parallel, each into a chunk of its own, visited while
 * its texts are in the cache, and put together at the end. So a file is never in memory twice, and with texts dropped
 * not even once: the pages of a mapped file are given back chunk by chunk.
 */
#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/context.h"
#include "base/par.h"
#include "read/format.h"
#include "read/pieces.h"

static sheaf_str as_str(const char *s) { return (sheaf_str){s, strlen(s)}; }

static sheaf_status parse_document(sheaf_i_reader *r, sheaf_i_chunk *c, const sheaf_i_file *f, sheaf_str bytes);

/* A file that is packed though its name does not say so: its documents, one level deep. */
static sheaf_status parse_packed(sheaf_i_reader *r, sheaf_i_chunk *c, const sheaf_i_file *f, sheaf_str bytes)
{
    sheaf_i_source *s;
    sheaf_status st = sheaf_i_source_memory(r->ctx, &s, bytes);
    if (st != SHEAF_OK) return st;
    for (;;) {
        const char *entry = "";
        char *data = NULL;
        size_t n = 0;
        sheaf_i_step step = sheaf_i_source_entry(s, &entry);
        if (step == SHEAF_I_END) break;
        if (step == SHEAF_I_MORE && sheaf_i_entry_is_hidden(entry)) continue;
        if (step == SHEAF_I_MORE) step = sheaf_i_source_all(s, SHEAF_I_DOC_LIMIT, &data, &n);
        if (step == SHEAF_I_NO_MEMORY) st = sheaf_i_fail(r->ctx, SHEAF_ENOMEM, "out of memory reading %s", f->path);
        if (step == SHEAF_I_BAD) st = sheaf_i_chunk_skip(c, (sheaf_i_place){f->name, 0, ':'}, "%s", s->why);
        if (step != SHEAF_I_MORE) break;
        size_t k = strlen(entry);
        sheaf_i_file inner = *f;
        char *copy = sheaf_i_arena_take(&c->temp, n, 1), *id = sheaf_i_arena_take(&c->keep, f->id.n + k + 2, 1);
        char *name = sheaf_i_arena_take(&c->keep, f->name.n + k + 2, 1);
        if (copy && id && name) {
            memcpy(copy, data, n);
            if (k) {
                inner.id = (sheaf_str){id, (size_t)sprintf(id, "%.*s/%s", (int)f->id.n, f->id.p, entry)};
                inner.name = (sheaf_str){name, (size_t)sprintf(name, "%.*s/%s", (int)f->name.n, f->name.p, entry)};
                inner.label = sheaf_i_entry_label(f, (sheaf_str){name + inner.name.n - k, k});
            }
            if (sheaf_i_is_packed((sheaf_str){copy, n}))
                st = sheaf_i_chunk_skip(c, (sheaf_i_place){inner.name, 0, ':'}, "packed inside an archive");
            else st = parse_document(r, c, &inner, (sheaf_str){copy, n});
        } else {
            st = SHEAF_ENOMEM;
        }
        sheaf_i_free(r->ctx, data);
        if (st != SHEAF_OK) break;
    }
    sheaf_i_source_drop(s);
    return st;
}

static sheaf_status parse_document(sheaf_i_reader *r, sheaf_i_chunk *c, const sheaf_i_file *f, sheaf_str bytes)
{
    sheaf_from format = sheaf_i_decide(r, f->name, bytes, true);
    if (sheaf_i_is_records(format))
        return sheaf_i_records_whole(c, (sheaf_i_run){.format = format, .name = f->name, .id_prefix = f->id,
                                                      .bytes = bytes});
    return sheaf_i_document(c, &r->split, format, bytes, f);
}

static sheaf_status parse_file(sheaf_i_reader *r, sheaf_i_chunk *c, sheaf_i_part *x)
{
    const sheaf_i_file *f = &x->file;
    int error;
    sheaf_status st = sheaf_i_source_open(r->ctx, &x->source, f->path, &error);
    sheaf_i_source *s = x->source;
    if (st != SHEAF_OK) return st;
    if (!s && !f->member) return sheaf_i_fail(r->ctx, SHEAF_EIO, "cannot read %s: %s", f->path, strerror(error));
    if (!s) return sheaf_i_chunk_skip(c, (sheaf_i_place){f->name, 0, ':'}, "unreadable: %s", strerror(error));
    sheaf_str bytes = s->bytes;
    bool packed = s->packed;
    if (!s->whole) { /* it grew, or its size is not known */
        sheaf_i_step step = sheaf_i_source_all(s, SHEAF_I_DOC_LIMIT, &x->data, &x->n);
        if (step == SHEAF_I_NO_MEMORY) return SHEAF_ENOMEM;
        if (step == SHEAF_I_BAD) return sheaf_i_chunk_skip(c, (sheaf_i_place){f->name, 0, ':'}, "%s", s->why);
        bytes = (sheaf_str){x->data, x->n};
        packed = sheaf_i_is_packed(bytes);
    }
    return packed ? parse_packed(r, c, f, bytes) : parse_document(r, c, f, bytes);
}

static sheaf_status parse_piece(void *arg, int64_t index, void *item, int32_t worker)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_reader *r = arg;
    sheaf_i_piece *p = item;
    sheaf_i_chunk *c = p->chunk;
    sheaf_i_chunk_parse(c);
    for (int64_t i = 0; i < p->n_parts; i++) {
        sheaf_i_part *x = &p->parts[i];
        sheaf_i_chunk_next_part(c, i);
        c->counts.files++;
        if (!x->data) SHEAF_TRY(parse_file(r, c, x));
        else SHEAF_TRY(parse_document(r, c, &x->file, (sheaf_str){x->data, x->n}));
    }
    sheaf_i_chunk_next_part(c, p->n_parts);
    if (p->run.bytes.n) SHEAF_TRY(sheaf_i_records_parse(c, &p->run)); /* it stands behind the parts */
    sheaf_i_chunk_next_part(c, INT64_MAX);
    if (r->visitor) SHEAF_TRY(r->visitor->visit(r->visitor->arg, worker, index, c->docs, c->n_docs));
    sheaf_i_chunk_end_temp(c);
    if (p->source) sheaf_i_source_done_with(p->source, p->run.bytes);
done:
    sheaf_i_piece_free(r, p);
    return st;
}

static void drop_piece(void *arg, void *item) { sheaf_i_piece_free(arg, item); }

/* ---- entry points ---- */

static const char *without_dot(const char *path)
{
    while (path[0] == '.' && path[1] == '/') {
        path += 2;
        while (*path == '/') path++;
    }
    return *path ? path : ".";
}

/* Ids: with one input, what stands below it; with several, the whole path, so that no two can meet. */
static sheaf_status list_input(sheaf_i_reader *r, const char *path, bool only)
{
    sheaf_status st = SHEAF_OK;
    struct stat info;
    sheaf_i_files *f = &r->files;
    bool is_stdin = strcmp(path, "-") == 0;
    sheaf_str name = as_str(is_stdin ? path : without_dot(path));
    if (!is_stdin && stat(path, &info))
        return sheaf_i_fail(r->ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(errno));
    if (!is_stdin && S_ISDIR(info.st_mode)) {
        while (name.n > 1 && name.p[name.n - 1] == '/') name.n--;
        return sheaf_i_walk(f, path, name, only ? (sheaf_str){"", 0} : name);
    }
    SHEAF_GROW(f->list, r->ctx, f->n, f->room);
    f->list[f->n++] = (sheaf_i_file){.path = path, .name = name, .id = name, .label = sheaf_i_last_folder(name),
                                     .size = is_stdin ? 0 : info.st_size};
    r->one_file = only;
done:
    return st;
}

static sheaf_status check_options(sheaf_ctx *ctx, const char *const *inputs, int64_t n_inputs,
                                  const sheaf_read_opts *o)
{
    if (n_inputs < 1 || !inputs) return sheaf_i_fail(ctx, SHEAF_EINVAL, "no input given");
    for (int64_t i = 0; i < n_inputs; i++)
        if (!inputs[i] || !*inputs[i]) return sheaf_i_fail(ctx, SHEAF_EINVAL, "an input without a name");
    if ((int)o->from < SHEAF_FROM_AUTO || (int)o->from > SHEAF_FROM_TEXT)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "from = %d is no format", (int)o->from);
    if (o->max_docs < 0) return sheaf_i_fail(ctx, SHEAF_EINVAL, "max_docs = %lld", (long long)o->max_docs);
    if (o->text_fields && o->n_text_fields < 1)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%d text fields", o->n_text_fields);
    if (o->n_columns > 0 && !o->columns) return sheaf_i_fail(ctx, SHEAF_EINVAL, "columns are missing");
    return SHEAF_OK;
}

static void reader_end(sheaf_i_reader *r)
{
    sheaf_i_close_input(r);
    sheaf_i_split_end(&r->split);
    for (int64_t i = 0; i < r->n_chunks; i++) sheaf_i_chunk_free(r->chunks[i]);
    sheaf_i_free(r->ctx, r->chunks);
    sheaf_i_free(r->ctx, r->files.list);
    sheaf_i_arena_end(&r->strings);
}

sheaf_status sheaf_i_read(sheaf_ctx *ctx, sheaf_corpus **out, const char *const *inputs, int64_t n_inputs,
                          const sheaf_read_opts *o, const sheaf_i_visitor *visitor)
{
    static const sheaf_i_stream stream = {sheaf_i_next_piece, parse_piece, drop_piece};
    sheaf_status st = SHEAF_OK;
    sheaf_i_reader r = {.ctx = ctx, .visitor = visitor};
    char label[256];
    *out = NULL;
    sheaf_read_opts_init(&r.o, sizeof r.o);
    if (o) sheaf_i_opts_copy(&r.o, sizeof r.o, o, o->size);
    sheaf_i_arena_init(&r.strings, ctx);
    r.files = (sheaf_i_files){.ctx = ctx, .strings = &r.strings};
    SHEAF_TRY(check_options(ctx, inputs, n_inputs, &r.o));
    SHEAF_TRY(sheaf_i_split_init(ctx, &r.split, r.o.split));
    for (int64_t i = 0; i < n_inputs; i++) SHEAF_TRY(list_input(&r, inputs[i], n_inputs == 1));
    xmlInitParser(); /* before there are threads */
    SHEAF_TRY(sheaf_i_par_stream(ctx, "reading", &stream, &r));
    if (n_inputs == 1) snprintf(label, sizeof label, "%s", inputs[0]);
    else snprintf(label, sizeof label, "%lld inputs", (long long)n_inputs);
    SHEAF_TRY(sheaf_i_assemble(ctx, out, r.chunks, r.n_chunks, &r.o, label));
done:
    reader_end(&r);
    return st;
}

sheaf_status sheaf_corpus_read(sheaf_ctx *ctx, sheaf_corpus **out, const char *const *inputs, int64_t n_inputs,
                               const sheaf_read_opts *o)
{
    return sheaf_i_read(ctx, out, inputs, n_inputs, o, NULL);
}
