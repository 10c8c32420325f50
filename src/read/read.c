/* Reading: inputs to chunks of documents, in parallel; see corpus.h.
 *
 * One producer at a time walks the list of files and finds the next piece of work: a run of whole records of about
 * 1 MiB (of a mapped file, or unpacked into a buffer), or a list of small files of about 1 MiB together. The pieces
 * are parsed in parallel, each into a chunk of its own, visited while its texts are in the cache, and put together at
 * the end. So a file is never in memory twice, and with texts dropped not even once.
 */
#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/context.h"
#include "base/par.h"
#include "read/document.h"
#include "read/format.h"
#include "read/records.h"
#include "read/source.h"
#include "read/walk.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define PIECE_FILES 256
#define ENTRY_LIMIT SHEAF_I_DOC_LIMIT

typedef struct {
    sheaf_i_file file;
    char *data;          /* unpacked: owned; NULL: to be opened */
    size_t n;
} part;

/* A piece of work. */
typedef struct {
    sheaf_i_chunk *chunk;
    sheaf_i_source *source;  /* held, when the run lies in it */
    char *owned;             /* or the buffer that holds the run */
    sheaf_i_run run;         /* bytes.n == 0: none */
    part *parts;
    int64_t n_parts, room;
    size_t bytes;            /* of the parts */
} piece;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_read_opts o;
    const sheaf_i_visitor *visitor;
    sheaf_i_split split;
    sheaf_i_arena strings;   /* names and headers; touched by the producer only */
    sheaf_i_files files;
    int64_t next_file;
    bool one_file;           /* the only input is a file: its records may be numbered without its name */
    /* the input being cut into runs */
    sheaf_i_source *source;
    sheaf_i_file file;
    bool in_archive, in_records;
    sheaf_i_run run;         /* what stays the same over its runs, and `first` of the next */
    sheaf_i_header header_now;
    char *buffer;            /* what was unpacked but not handed out yet */
    size_t have, room;
    bool ended;
    sheaf_i_chunk **chunks;
    int64_t n_chunks, chunks_room;
} reader;

static sheaf_str as_str(const char *s) { return (sheaf_str){s, strlen(s)}; }

/* ---- the producer ---- */

static void piece_free(reader *r, piece *p)
{
    if (!p) return;
    for (int64_t i = 0; i < p->n_parts; i++) sheaf_i_free(r->ctx, p->parts[i].data);
    sheaf_i_free(r->ctx, p->parts);
    sheaf_i_free(r->ctx, p->owned);
    sheaf_i_source_drop(p->source);
    sheaf_i_free(r->ctx, p);
}

static sheaf_status add_part(reader *r, piece *p, const sheaf_i_file *file, char *data, size_t n)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_GROW(p->parts, r->ctx, p->n_parts, p->room);
    p->parts[p->n_parts++] = (part){*file, data, n};
    p->bytes += data ? n : (size_t)file->size;
done:
    return st;
}

static bool full(const piece *p) { return p->n_parts >= PIECE_FILES || p->bytes >= PIECE_BYTES; }

static void close_input(reader *r)
{
    sheaf_i_source_drop(r->source);
    sheaf_i_free(r->ctx, r->buffer);
    r->source = NULL;
    r->buffer = NULL;
    r->have = r->room = 0;
    r->in_archive = r->in_records = r->ended = false;
}

/* What an input is, from the options, its name and its first bytes. */
static sheaf_from decide(const reader *r, sheaf_str name, sheaf_str beginning, bool member)
{
    sheaf_from from = r->o.from;
    sheaf_from named = sheaf_i_format_by_name(name);
    if (from == SHEAF_FROM_DIR) return named == SHEAF_FROM_HTML ? named : SHEAF_FROM_DIR;
    if (from != SHEAF_FROM_AUTO) return from;
    if (named == SHEAF_FROM_JSON && sheaf_i_json_is_lines(beginning)) return SHEAF_FROM_JSONL;
    if (named != SHEAF_FROM_AUTO) return named;
    bool is_stdin = name.n == 1 && name.p[0] == '-';
    if (member) return SHEAF_FROM_DIR; /* sniffed when it is read */
    return sheaf_i_format_sniff(beginning, is_stdin ? SHEAF_FROM_LINES : SHEAF_FROM_DIR);
}

static sheaf_str entry_file_id(reader *r, sheaf_str left, const char *right, bool *failed)
{
    size_t n = strlen(right);
    if (!left.n) {
        char *copy = sheaf_i_arena_copy(&r->strings, right, n);
        *failed |= !copy;
        return (sheaf_str){copy ? copy : "", n};
    }
    char *p = sheaf_i_arena_take(&r->strings, left.n + n + 2, 1);
    *failed |= !p;
    if (!p) return (sheaf_str){"", 0};
    memcpy(p, left.p, left.n);
    p[left.n] = '/';
    memcpy(p + left.n + 1, right, n + 1);
    return (sheaf_str){p, left.n + n + 1};
}

/* Fills the buffer from the source up to `want` bytes or its end. */
static sheaf_i_step fill(reader *r, size_t want)
{
    if (r->room < want) {
        char *p = sheaf_i_resize(r->ctx, r->buffer, (int64_t)want, 1);
        if (!p) return SHEAF_I_NO_MEMORY;
        r->buffer = p;
        r->room = want;
    }
    while (!r->ended && r->have < want) {
        size_t got;
        sheaf_i_step step = sheaf_i_source_read(r->source, r->buffer + r->have, want - r->have, &got);
        r->have += got;
        if (step == SHEAF_I_END) r->ended = true;
        else if (step != SHEAF_I_MORE) return step;
    }
    return SHEAF_I_MORE;
}

static sheaf_status skip_input(reader *r, piece *p, sheaf_i_step step)
{
    if (step == SHEAF_I_NO_MEMORY) return sheaf_i_fail(r->ctx, SHEAF_ENOMEM, "out of memory reading %s", r->file.path);
    return sheaf_i_chunk_skip(p->chunk, (sheaf_i_place){r->run.name.n ? r->run.name : r->file.name, 0, ':'}, "%s",
                              r->source->why);
}

/* The window that records are cut from: of the mapping, or of the buffer. *last: nothing follows it. */
static sheaf_i_step window(reader *r, size_t want, sheaf_str *s, bool *last)
{
    if (r->source->whole && !r->source->packed) {
        size_t left = r->source->bytes.n - r->source->at;
        *s = (sheaf_str){r->source->bytes.p + r->source->at, left < want ? left : want};
        *last = left <= want;
        return SHEAF_I_MORE;
    }
    sheaf_i_step step = fill(r, want);
    *s = (sheaf_str){r->buffer ? r->buffer : "", r->have};
    *last = r->ended;
    return step;
}

/* Moves past the first n bytes of the window, which go to the piece (NULL: nowhere). */
static sheaf_status advance(reader *r, piece *p, size_t n)
{
    if (r->source->whole && !r->source->packed) {
        if (p) {
            p->run.bytes = (sheaf_str){r->source->bytes.p + r->source->at, n};
            p->source = r->source;
            sheaf_i_source_hold(r->source);
        }
        r->source->at += n;
        return SHEAF_OK;
    }
    if (!p) {
        memmove(r->buffer, r->buffer + n, r->have - n);
        r->have -= n;
        return SHEAF_OK;
    }
    /* The piece takes the buffer, and what is left over moves to a new one. */
    size_t left = r->have - n;
    char *rest = NULL;
    if (left) {
        size_t room = left > PIECE_BYTES ? left : PIECE_BYTES;
        rest = sheaf_i_array(r->ctx, (int64_t)room, 1);
        if (!rest) return SHEAF_ENOMEM;
        memcpy(rest, r->buffer + n, left);
        r->room = room;
    } else {
        r->room = 0;
    }
    p->run.bytes = (sheaf_str){r->buffer, n};
    p->owned = r->buffer;
    r->buffer = rest;
    r->have = left;
    return SHEAF_OK;
}

/* The next run of records; *done when the input has no more. */
static sheaf_status next_run(reader *r, piece *p, bool *done)
{
    sheaf_status st = SHEAF_OK;
    *done = true;
    for (size_t want = PIECE_BYTES;; want *= 2) {
        sheaf_str s;
        bool last;
        int64_t count;
        sheaf_i_step step = window(r, want, &s, &last);
        /* What was unpacked before the fault is whole up to its last record's end. */
        size_t n = s.n ? sheaf_i_records_cut(r->run.format, r->run.header, s, last, &count) : 0;
        if (!n && !last && step == SHEAF_I_MORE && want < 2 * SHEAF_I_DOC_LIMIT) continue;
        if (n) {
            p->run = r->run;
            r->run.first += count;
            SHEAF_TRY(advance(r, p, n));
            *done = last;
        } else if (!last && step == SHEAF_I_MORE) {
            SHEAF_TRY(sheaf_i_chunk_skip(p->chunk, (sheaf_i_place){r->run.name, r->run.first, ':'},
                                         "too large: a record of more than %zu MiB", want >> 20));
        }
        if (step != SHEAF_I_MORE) {
            *done = true;
            st = skip_input(r, p, step);
        }
        break;
    }
done:
    return st;
}

/* Passes what stands before the first record. The header of CSV must be within the first window. */
static sheaf_status begin_records(reader *r, piece *p, sheaf_from format, sheaf_str name, sheaf_str prefix, bool *ok)
{
    sheaf_status st = SHEAF_OK;
    sheaf_str s;
    bool last;
    *ok = false;
    r->run = (sheaf_i_run){.format = format, .name = name, .id_prefix = prefix, .first = 1};
    p->chunk->counts.files++;
    sheaf_i_step step = window(r, PIECE_BYTES, &s, &last);
    if (step == SHEAF_I_NO_MEMORY || (step == SHEAF_I_BAD && !s.n)) return skip_input(r, p, step);
    if (!sheaf_i_trim(s).n && last)
        return sheaf_i_chunk_skip(p->chunk, (sheaf_i_place){name, 0, ':'}, "empty");
    if (sheaf_i_is_packed(s))
        return sheaf_i_chunk_skip(p->chunk, (sheaf_i_place){name, 0, ':'}, "packed inside an archive");
    size_t n = sheaf_i_records_preamble(format, s);
    if (format == SHEAF_FROM_CSV || format == SHEAF_FROM_TSV) {
        s = (sheaf_str){s.p + n, s.n - n};
        SHEAF_TRY(sheaf_i_csv_header(&r->strings, format == SHEAF_FROM_TSV ? '\t' : 0, s, &r->header_now));
        sheaf_i_header *h = sheaf_i_arena_take(&r->strings, sizeof *h, _Alignof(sheaf_i_header));
        if (!h) return SHEAF_ENOMEM;
        *h = r->header_now;
        n += h->length;
        r->run.header = h;
        r->run.first += h->lines;
    }
    SHEAF_TRY(advance(r, NULL, n));
    *ok = true;
done:
    return st;
}

/* The next entry of the archive: a document becomes a part, records are begun. */
static sheaf_status next_entry(reader *r, piece *p, bool *done)
{
    const char *entry = "";
    sheaf_i_step step = sheaf_i_source_entry(r->source, &entry);
    bool failed = false;
    *done = step != SHEAF_I_MORE;
    r->run.name = r->file.name;
    if (step == SHEAF_I_END) return SHEAF_OK;
    if (step != SHEAF_I_MORE) return skip_input(r, p, step);
    sheaf_i_file f = r->file;
    bool bare = !*entry; /* a compressed file, not an archive */
    if (!bare) {
        f.name = entry_file_id(r, r->file.name, entry, &failed);
        f.id = entry_file_id(r, r->one_file ? (sheaf_str){"", 0} : r->file.id, entry, &failed);
        if (failed) return SHEAF_ENOMEM;
        const char *slash = strrchr(entry, '/');
        if (!strncmp(entry, "__MACOSX/", 9) || (slash ? slash[1] : entry[0]) == '.') return SHEAF_OK;
    }
    sheaf_str s = {"", 0};
    bool last = false, ok;
    r->ended = false;
    r->have = 0;
    if (bare) {
        step = window(r, PIECE_BYTES / 16, &s, &last);
        if (step != SHEAF_I_MORE && !s.n) return skip_input(r, p, step);
    }
    sheaf_from format = decide(r, f.name, s, !bare || f.member);
    if (!bare && format == SHEAF_FROM_JSON) {
        step = window(r, PIECE_BYTES / 16, &s, &last);
        if (sheaf_i_json_is_lines(s)) format = SHEAF_FROM_JSONL;
    }
    if (sheaf_i_is_records(format)) {
        r->in_records = true;
        sheaf_status st = begin_records(r, p, format, f.name, r->one_file && bare ? (sheaf_str){"", 0} : f.id, &ok);
        if (!ok) r->in_records = false;
        return st;
    }
    char *data = NULL;
    size_t n = 0;
    step = sheaf_i_source_all(r->source, ENTRY_LIMIT, &data, &n);
    r->run.name = f.name;
    if (step != SHEAF_I_MORE) {
        *done = step != SHEAF_I_BAD || strncmp(r->source->why, "too large", 9) != 0;
        return skip_input(r, p, step);
    }
    if (r->have) { /* what was read to see what it is */
        char *both = sheaf_i_array(r->ctx, (int64_t)(r->have + n), 1);
        if (both) {
            memcpy(both, r->buffer, r->have);
            memcpy(both + r->have, data, n);
        }
        sheaf_i_free(r->ctx, data);
        if (!both) return SHEAF_ENOMEM;
        data = both;
        n += r->have;
        r->have = 0;
    }
    sheaf_status st = add_part(r, p, &f, data, n);
    if (st != SHEAF_OK) sheaf_i_free(r->ctx, data);
    return st;
}

/* True for a file that need not be opened to know that it is one document. */
static bool is_plain(const reader *r, const sheaf_i_file *f)
{
    if (f->path[0] == '-' && !f->path[1]) return false;
    if (sheaf_i_name_is_packed(f->name)) return false;
    if (sheaf_i_is_records(r->o.from)) return false;
    sheaf_from named = sheaf_i_format_by_name(f->name);
    if (r->o.from != SHEAF_FROM_AUTO) return true;
    return f->member ? !sheaf_i_is_records(named) : named != SHEAF_FROM_AUTO && !sheaf_i_is_records(named);
}

/* Opens the file that is to be looked into: it becomes the current input, or a part. */
static sheaf_status open_input(reader *r, piece *p, const sheaf_i_file *f)
{
    int error;
    bool ok;
    sheaf_status st = sheaf_i_source_open(r->ctx, &r->source, f->path, &error);
    if (st != SHEAF_OK) return st;
    if (!r->source && !f->member)
        return sheaf_i_fail(r->ctx, SHEAF_EIO, "cannot read %s: %s", f->path, strerror(error));
    if (!r->source) return sheaf_i_chunk_skip(p->chunk, (sheaf_i_place){f->name, 0, ':'}, "unreadable: %s",
                                              strerror(error));
    r->file = *f;
    r->in_archive = r->source->packed;
    if (r->in_archive) return SHEAF_OK;
    sheaf_from format = decide(r, f->name, r->source->bytes, f->member);
    if (sheaf_i_is_records(format)) {
        st = begin_records(r, p, format, f->name, r->one_file ? (sheaf_str){"", 0} : f->id, &ok);
        r->in_records = st == SHEAF_OK && ok;
        if (!r->in_records) close_input(r);
        return st;
    }
    char *data;
    size_t n;
    sheaf_i_step step = sheaf_i_source_all(r->source, ENTRY_LIMIT, &data, &n);
    if (step == SHEAF_I_MORE) {
        st = add_part(r, p, f, data, n);
        if (st != SHEAF_OK) sheaf_i_free(r->ctx, data);
    } else {
        r->run.name = f->name;
        st = skip_input(r, p, step);
    }
    close_input(r);
    return st;
}

/* One step of the producer. *emit: the piece is worth handing on as it is. */
static sheaf_status produce(reader *r, piece *p, bool *emit, bool *end)
{
    sheaf_status st = SHEAF_OK;
    bool done = false;
    *emit = *end = false;
    if (r->in_records) {
        SHEAF_TRY(next_run(r, p, &done));
        *emit = p->run.bytes.n > 0;
        if (done) r->in_records = false;
        if (done && !r->in_archive) close_input(r);
    } else if (r->in_archive) {
        SHEAF_TRY(next_entry(r, p, &done));
        if (done) close_input(r);
        *emit = full(p);
    } else if (r->next_file < r->files.n) {
        const sheaf_i_file *f = &r->files.list[r->next_file++];
        if (f->why) SHEAF_TRY(sheaf_i_chunk_skip(p->chunk, (sheaf_i_place){f->name, 0, ':'}, "%s", f->why));
        else if (is_plain(r, f)) SHEAF_TRY(add_part(r, p, f, NULL, 0));
        else SHEAF_TRY(open_input(r, p, f));
        *emit = full(p);
    } else {
        *end = true;
    }
done:
    return st;
}

static sheaf_status next_piece(void *arg, int64_t index, void **item)
{
    sheaf_status st = SHEAF_OK;
    reader *r = arg;
    piece *p = NULL;
    bool emit = false, end = false;
    *item = NULL;
    SHEAF_NEW0(p, r->ctx, 1);
    SHEAF_GROW(r->chunks, r->ctx, r->n_chunks, r->chunks_room);
    SHEAF_TRY(sheaf_i_chunk_new(r->ctx, &p->chunk, &r->o, index));
    r->chunks[r->n_chunks++] = p->chunk;
    while (!emit && !end) SHEAF_TRY(produce(r, p, &emit, &end));
    if (!end || p->n_parts || p->chunk->n_skips || p->chunk->counts.files) {
        *item = p;
        return SHEAF_OK;
    }
    sheaf_i_chunk_free(r->chunks[--r->n_chunks]);
done:
    piece_free(r, p);
    return st;
}

/* ---- parsing, in parallel ---- */

static sheaf_status parse_document(reader *r, sheaf_i_chunk *c, const sheaf_i_file *f, sheaf_str bytes);

/* A file that is packed though its name does not say so: its documents, one level deep. */
static sheaf_status parse_packed(reader *r, sheaf_i_chunk *c, const sheaf_i_file *f, sheaf_str bytes)
{
    sheaf_i_source *s;
    sheaf_status st = sheaf_i_source_memory(r->ctx, &s, bytes);
    if (st != SHEAF_OK) return st;
    for (;;) {
        const char *entry = "";
        char *data = NULL;
        size_t n = 0;
        sheaf_i_step step = sheaf_i_source_entry(s, &entry);
        if (step == SHEAF_I_MORE) step = sheaf_i_source_all(s, ENTRY_LIMIT, &data, &n);
        else if (step == SHEAF_I_END) break;
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

static sheaf_status parse_document(reader *r, sheaf_i_chunk *c, const sheaf_i_file *f, sheaf_str bytes)
{
    sheaf_from format = decide(r, f->name, bytes, true);
    if (sheaf_i_is_records(format))
        return sheaf_i_records_whole(c, (sheaf_i_run){.format = format, .name = f->name, .id_prefix = f->id,
                                                      .bytes = bytes});
    return sheaf_i_document(c, &r->split, format, bytes, f->id, f->name);
}

/* Reads a file straight to where its text may stay. */
static sheaf_status parse_file(reader *r, sheaf_i_chunk *c, const sheaf_i_file *f)
{
    sheaf_i_source *s = NULL;
    int error;
    char *data = NULL;
    size_t n = 0;
    sheaf_status st = sheaf_i_source_open(r->ctx, &s, f->path, &error);
    if (st != SHEAF_OK) return st;
    if (!s && !f->member) return sheaf_i_fail(r->ctx, SHEAF_EIO, "cannot read %s: %s", f->path, strerror(error));
    if (!s) return sheaf_i_chunk_skip(c, (sheaf_i_place){f->name, 0, ':'}, "unreadable: %s", strerror(error));
    c->counts.files++;
    if (!s->whole) { /* it grew, or its size is not known */
        sheaf_i_step step = sheaf_i_source_all(s, ENTRY_LIMIT, &data, &n);
        if (step == SHEAF_I_NO_MEMORY) st = SHEAF_ENOMEM;
        if (step == SHEAF_I_BAD) st = sheaf_i_chunk_skip(c, (sheaf_i_place){f->name, 0, ':'}, "%s", s->why);
        if (step != SHEAF_I_MORE) goto done;
        s->packed = sheaf_i_is_packed((sheaf_str){data, n});
    }
    sheaf_str bytes = data ? (sheaf_str){data, n} : s->bytes;
    if (s->packed) st = parse_packed(r, c, f, bytes);
    else st = parse_document(r, c, f, bytes);
done:
    /* not kept: the visit needs the bytes until it is over */
    sheaf_i_free(r->ctx, data);
    sheaf_i_source_drop(s);
    return st;
}

static sheaf_status parse_piece(void *arg, int64_t index, void *item, int32_t worker)
{
    sheaf_status st = SHEAF_OK;
    reader *r = arg;
    piece *p = item;
    sheaf_i_chunk *c = p->chunk;
    if (p->run.bytes.n) {
        SHEAF_TRY(sheaf_i_records_parse(c, &p->run));
    }
    for (int64_t i = 0; i < p->n_parts; i++) {
        part *x = &p->parts[i];
        if (!x->data) SHEAF_TRY(parse_file(r, c, &x->file));
        else SHEAF_TRY(parse_document(r, c, &x->file, (sheaf_str){x->data, x->n}));
    }
    if (r->visitor) SHEAF_TRY(r->visitor->visit(r->visitor->arg, worker, index, c->docs, c->n_docs));
    sheaf_i_chunk_end_temp(c);
    if (p->source) sheaf_i_source_done_with(p->source, p->run.bytes);
done:
    piece_free(r, p);
    return st;
}

static void drop_piece(void *arg, void *item) { piece_free(arg, item); }

/* ---- entry points ---- */
