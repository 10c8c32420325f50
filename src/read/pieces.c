/* The serial producer of reading; see pieces.h.
 *
 * One thread at a time walks the list of files and finds the next piece of work: a run of whole records of about
 * 1 MiB (of a mapped file, or unpacked into a buffer that the piece takes over), or a list of small files of about
 * 1 MiB together. Where pieces end depends on the data alone.
 */
#include <errno.h>
#include <string.h>

#include "base/context.h"
#include "read/format.h"
#include "read/pieces.h"
#include "read/utf8.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define PIECE_FILES 256
#define LOOK ((size_t)64 << 10)  /* to see what an input is */

void sheaf_i_piece_free(sheaf_i_reader *r, sheaf_i_piece *p)
{
    if (!p) return;
    for (int64_t i = 0; i < p->n_parts; i++) {
        sheaf_i_free(r->ctx, p->parts[i].data);
        sheaf_i_source_drop(p->parts[i].source);
    }
    sheaf_i_free(r->ctx, p->parts);
    sheaf_i_free(r->ctx, p->owned);
    sheaf_i_source_drop(p->source);
    sheaf_i_free(r->ctx, p);
}

static sheaf_status add_part(sheaf_i_reader *r, sheaf_i_piece *p, const sheaf_i_file *file, char *data, size_t n)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_GROW(p->parts, r->ctx, p->n_parts, p->room);
    p->parts[p->n_parts++] = (sheaf_i_part){*file, data, n, NULL};
    p->bytes += data ? n : (size_t)file->size;
    p->chunk->part = p->n_parts;
done:
    return st;
}

static bool full(const sheaf_i_piece *p) { return p->n_parts >= PIECE_FILES || p->bytes >= PIECE_BYTES; }

void sheaf_i_close_input(sheaf_i_reader *r)
{
    sheaf_i_source_drop(r->source);
    sheaf_i_free(r->ctx, r->buffer);
    r->source = NULL;
    r->buffer = NULL;
    r->have = r->room = 0;
    r->in_archive = r->in_records = r->ended = false;
}

sheaf_from sheaf_i_decide(const sheaf_i_reader *r, sheaf_str name, sheaf_str beginning, bool member)
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

static sheaf_str entry_file_id(sheaf_i_reader *r, sheaf_str left, const char *right, bool *failed)
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
static sheaf_i_step fill(sheaf_i_reader *r, size_t want)
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

static sheaf_status skip_input(sheaf_i_reader *r, sheaf_i_piece *p, sheaf_i_step step)
{
    if (step == SHEAF_I_NO_MEMORY) return sheaf_i_fail(r->ctx, SHEAF_ENOMEM, "out of memory reading %s", r->file.path);
    return sheaf_i_chunk_skip(p->chunk, (sheaf_i_place){r->run.name.n ? r->run.name : r->file.name, 0, ':'}, "%s",
                              r->source->why);
}

/* The window that records are cut from: of the mapping, or of the buffer. *last: nothing follows it. */
static sheaf_i_step window(sheaf_i_reader *r, size_t want, sheaf_str *s, bool *last)
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
static sheaf_status advance(sheaf_i_reader *r, sheaf_i_piece *p, size_t n)
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
static sheaf_status next_run(sheaf_i_reader *r, sheaf_i_piece *p, bool *done)
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
            p->chunk->part = p->n_parts + 1;
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
static sheaf_status begin_records(sheaf_i_reader *r, sheaf_i_piece *p, sheaf_from format, sheaf_str name,
                                  sheaf_str prefix, bool *ok)
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

/* Names and id of an entry. An input that is only compressed is known by its own. */
static sheaf_status name_entry(sheaf_i_reader *r, const char *entry, sheaf_i_file *f)
{
    bool failed = false;
    *f = r->file;
    if (!*entry) return SHEAF_OK;
    f->name = entry_file_id(r, r->file.name, entry, &failed);
    f->id = entry_file_id(r, r->one_file ? (sheaf_str){"", 0} : r->file.id, entry, &failed);
    if (failed) return SHEAF_ENOMEM;
    size_t n = strlen(entry);
    f->label = sheaf_i_entry_label(&r->file, (sheaf_str){f->name.p + f->name.n - n, n});
    return SHEAF_OK;
}

/* Reads the rest of the entry behind what was read to see what it is. */
static sheaf_status add_entry(sheaf_i_reader *r, sheaf_i_piece *p, const sheaf_i_file *f)
{
    sheaf_i_place place = {f->name, 0, ':'};
    sheaf_i_step step = SHEAF_I_MORE;
    for (size_t want = 2 * LOOK; step == SHEAF_I_MORE && !r->ended && r->have <= SHEAF_I_DOC_LIMIT; want *= 2)
        step = fill(r, want);
    r->run.name = f->name;
    if (step != SHEAF_I_MORE) return skip_input(r, p, step);
    if (!r->ended)
        return sheaf_i_chunk_skip(p->chunk, place, "too large: more than %zu MiB", SHEAF_I_DOC_LIMIT >> 20);
    if (sheaf_i_is_packed((sheaf_str){r->buffer, r->have}))
        return sheaf_i_chunk_skip(p->chunk, place, "packed inside an archive");
    char *fitting = sheaf_i_resize(r->ctx, r->buffer, (int64_t)r->have, 1);
    if (!fitting) return SHEAF_ENOMEM;
    r->buffer = fitting;
    r->room = r->have;
    sheaf_status st = add_part(r, p, f, r->buffer, r->have);
    if (st != SHEAF_OK) return st;
    r->buffer = NULL; /* the part's now */
    r->have = r->room = 0;
    return SHEAF_OK;
}

/* The next entry of the archive: a document becomes a part, records are begun. */
static sheaf_status next_entry(sheaf_i_reader *r, sheaf_i_piece *p, bool *done)
{
    sheaf_status st = SHEAF_OK;
    const char *entry = "";
    sheaf_i_file f;
    sheaf_str s;
    bool last;
    r->run.name = r->file.name;
    sheaf_i_step step = sheaf_i_source_entry(r->source, &entry);
    *done = step != SHEAF_I_MORE;
    if (step == SHEAF_I_END) return SHEAF_OK;
    if (step != SHEAF_I_MORE) return skip_input(r, p, step);
    if (sheaf_i_entry_is_hidden(entry)) return SHEAF_OK;
    SHEAF_TRY(name_entry(r, entry, &f));
    r->ended = false;
    r->have = 0;
    step = window(r, LOOK, &s, &last);
    if (step != SHEAF_I_MORE && !s.n) {
        r->run.name = f.name;
        return skip_input(r, p, step);
    }
    sheaf_from format = sheaf_i_decide(r, f.name, s, *entry || f.member);
    if (!sheaf_i_is_records(format)) return add_entry(r, p, &f);
    st = begin_records(r, p, format, f.name, r->one_file && !*entry ? (sheaf_str){"", 0} : f.id, &r->in_records);
done:
    return st;
}

/* True for a file that need not be opened to know that it is one document. */
static bool is_plain(const sheaf_i_reader *r, const sheaf_i_file *f)
{
    if (f->path[0] == '-' && !f->path[1]) return false;
    if (sheaf_i_name_is_packed(f->name)) return false;
    if (sheaf_i_is_records(r->o.from)) return false;
    sheaf_from named = sheaf_i_format_by_name(f->name);
    if (r->o.from != SHEAF_FROM_AUTO) return true;
    return f->member ? !sheaf_i_is_records(named) : named != SHEAF_FROM_AUTO && !sheaf_i_is_records(named);
}

/* Opens the file that is to be looked into: it becomes the current input, or a part. */
static sheaf_status open_input(sheaf_i_reader *r, sheaf_i_piece *p, const sheaf_i_file *f)
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
    sheaf_from format = sheaf_i_decide(r, f->name, r->source->bytes, f->member);
    if (sheaf_i_is_records(format)) {
        st = begin_records(r, p, format, f->name, r->one_file ? (sheaf_str){"", 0} : f->id, &ok);
        r->in_records = st == SHEAF_OK && ok;
        if (!r->in_records) sheaf_i_close_input(r);
        return st;
    }
    char *data;
    size_t n;
    sheaf_i_step step = sheaf_i_source_all(r->source, SHEAF_I_DOC_LIMIT, &data, &n);
    if (step == SHEAF_I_MORE) {
        st = add_part(r, p, f, data, n);
        if (st != SHEAF_OK) sheaf_i_free(r->ctx, data);
    } else {
        r->run.name = f->name;
        st = skip_input(r, p, step);
    }
    sheaf_i_close_input(r);
    return st;
}

/* One step of the producer. *emit: the piece is worth handing on as it is. */
static sheaf_status produce(sheaf_i_reader *r, sheaf_i_piece *p, bool *emit, bool *end)
{
    sheaf_status st = SHEAF_OK;
    bool done = false;
    *emit = *end = false;
    if (r->in_records) {
        SHEAF_TRY(next_run(r, p, &done));
        *emit = p->run.bytes.n > 0;
        if (done) r->in_records = false;
        if (done && !r->in_archive) sheaf_i_close_input(r);
    } else if (r->in_archive) {
        SHEAF_TRY(next_entry(r, p, &done));
        if (done) sheaf_i_close_input(r);
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

sheaf_status sheaf_i_next_piece(void *arg, int64_t index, void **item)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_reader *r = arg;
    sheaf_i_piece *p = NULL;
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
    sheaf_i_piece_free(r, p);
    return st;
}
