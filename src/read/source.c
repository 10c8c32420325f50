/* Where bytes come from; see source.h.
 *
 * Regular files are mapped, so that reading them copies nothing and their pages can be given back chunk by chunk.
 * Compressed files and archives are recognised by their first bytes and go through libarchive, with the formats and
 * filters that work inside the process: some of its others would run programs or open files named in the input.
 *
 * Bombs: text packs by a factor of 50 at the very best (logs under xz), while deflate can reach 1030 and nested or
 * overlapping archives anything. An input that has yielded more than 64 MiB and more than 200 times what it takes up
 * itself is refused from there on, as is one of more than a million files.
 *
 * Names: libarchive turns them into the character set of the locale and loses those that it cannot hold, in the "C"
 * locale all that are not ASCII. Headers are therefore read in a UTF-8 locale of the thread's own.
 */
#define _GNU_SOURCE
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/context.h"
#include "read/source.h"

#define BLOCK ((size_t)256 << 10)        /* a read from a stream */
#define SMALL ((size_t)128 << 10)        /* below this a file is read, not mapped */
#define BOMB_BYTES ((uint64_t)64 << 20)
#define BOMB_RATIO 200
#define BOMB_ENTRIES 1000000

typedef struct {
    const char *bytes;
    size_t n, at;
} magic;

static const magic magics[] = {
    {"\x1f\x8b", 2, 0}, {"BZh", 3, 0}, {"\xfd" "7zXZ\0", 6, 0}, {"\x28\xb5\x2f\xfd", 4, 0}, {"PK\x03\x04", 4, 0},
    {"PK\x05\x06", 4, 0}, {"ustar", 5, 257}, {"\x04\x22\x4d\x18", 4, 0},
};

/* Office documents and books are zip files, but of markup, not of documents. */
static bool is_office(sheaf_str s)
{
    static const char *const first[] = {"[Content_Types].xml", "_rels/.rels", "mimetype", "META-INF/"};
    if (s.n < 50 || memcmp(s.p, "PK\x03\x04", 4) != 0) return false;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (!memcmp(s.p + 30, first[i], strlen(first[i]))) return true; /* the name of the first entry */
    return false;
}

bool sheaf_i_is_packed(sheaf_str s)
{
    if (is_office(s)) return false;
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (s.n >= magics[i].at + magics[i].n && !memcmp(s.p + magics[i].at, magics[i].bytes, magics[i].n)) return true;
    return false;
}

static sheaf_status source_new(sheaf_ctx *ctx, sheaf_i_source **out)
{
    *out = sheaf_i_zeros(ctx, 1, sizeof **out);
    if (!*out) return SHEAF_ENOMEM;
    (*out)->ctx = ctx;
    (*out)->refs = 1;
    (*out)->fd = -1;
    (*out)->bytes.p = "";
    return SHEAF_OK;
}

/* Reads until `room` bytes or the end; -1 with errno on failure. */
static ssize_t read_full(int fd, char *buf, size_t room)
{
    size_t used = 0;
    while (used < room) {
        ssize_t got = read(fd, buf + used, room - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* Maps or reads what fd stands for; *error is errno or 0. */
static sheaf_status take_bytes(sheaf_i_source *s, int *error)
{
    struct stat info;
    *error = fstat(s->fd, &info) ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
    if (*error) return SHEAF_OK;
    bool regular = S_ISREG(info.st_mode) && lseek(s->fd, 0, SEEK_CUR) == 0;
    size_t size = regular ? (size_t)info.st_size : 0;
    if (size > SMALL) {
        void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, s->fd, 0);
        if (p != MAP_FAILED) {
            (void)madvise(p, size, MADV_SEQUENTIAL);
            s->bytes = (sheaf_str){p, size};
            s->is_mapped = s->whole = true;
            return SHEAF_OK;
        }
    }
    /* A file may say that it is empty and yield bytes (/proc): one block is tried in any case. */
    size_t room = size && size <= SMALL ? size + 1 : BLOCK;
    char *p = sheaf_i_array(s->ctx, (int64_t)room, 1);
    if (!p) return SHEAF_ENOMEM;
    s->is_owned = true;
    s->bytes.p = p;
    ssize_t got = read_full(s->fd, p, room);
    if (got < 0) *error = errno;
    else s->bytes.n = (size_t)got;
    s->whole = got >= 0 && (size_t)got < room;
    return SHEAF_OK;
}

sheaf_status sheaf_i_source_open(sheaf_ctx *ctx, sheaf_i_source **out, const char *path, int *error)
{
    sheaf_i_source *s;
    *error = 0;
    *out = NULL;
    sheaf_status st = source_new(ctx, &s);
    if (st != SHEAF_OK) return st;
    bool is_stdin = strcmp(path, "-") == 0;
    s->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (s->fd < 0) *error = errno;
    else st = take_bytes(s, error);
    if (st != SHEAF_OK || *error) {
        sheaf_i_source_drop(s);
        return st;
    }
    if (s->whole) {
        close(s->fd);
        s->fd = -1;
    }
    s->packed = sheaf_i_is_packed(s->bytes);
    *out = s;
    return SHEAF_OK;
}

sheaf_status sheaf_i_source_memory(sheaf_ctx *ctx, sheaf_i_source **out, sheaf_str bytes)
{
    sheaf_status st = source_new(ctx, out);
    if (st != SHEAF_OK) return st;
    (*out)->bytes = bytes;
    (*out)->whole = true;
    (*out)->packed = sheaf_i_is_packed(bytes);
    return SHEAF_OK;
}

void sheaf_i_source_hold(sheaf_i_source *s) { __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED); }

void sheaf_i_source_drop(sheaf_i_source *s)
{
    if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    if (s->archive) archive_read_free(s->archive);
    if (s->is_mapped) munmap((void *)s->bytes.p, s->bytes.n);
    if (s->is_owned) sheaf_i_free(s->ctx, (void *)s->bytes.p);
    if (s->fd >= 0) close(s->fd);
    if (s->utf8) freelocale(s->utf8);
    sheaf_i_free(s->ctx, s->block);
    sheaf_i_free(s->ctx, s);
}

void sheaf_i_source_done_with(const sheaf_i_source *s, sheaf_str part)
{
    if (!s->is_mapped) return;
    uintptr_t page = 4096, lo = ((uintptr_t)part.p + page - 1) & ~(page - 1);
    uintptr_t hi = (uintptr_t)(part.p + part.n) & ~(page - 1);
    if (part.p + part.n == s->bytes.p + s->bytes.n) hi = (uintptr_t)(part.p + part.n);
    if (hi > lo) (void)madvise((void *)lo, hi - lo, MADV_DONTNEED); /* the file stays in the page cache */
}

/* ---- archives ---- */

static la_ssize_t feed(struct archive *a, void *user, const void **out)
{
    sheaf_i_source *s = user;
    if (s->at < s->bytes.n) { /* the beginning, read to see what it is */
        *out = s->bytes.p + s->at;
        size_t n = s->bytes.n - s->at;
        s->at = s->bytes.n;
        s->in += n;
        return (la_ssize_t)n;
    }
    ssize_t got = read_full(s->fd, s->block, BLOCK);
    if (got < 0) {
        archive_set_error(a, errno, "%s", strerror(errno));
        return -1;
    }
    *out = s->block;
    s->in += (uint64_t)got;
    return got;
}

/* An entry that cannot be read (encrypted, say) is not the end of its archive; a broken archive is. */
static sheaf_i_step bad_archive(sheaf_i_source *s, int code)
{
    s->over = code == ARCHIVE_FATAL;
    const char *text = archive_error_string(s->archive);
    if (archive_errno(s->archive) == ENOMEM) return SHEAF_I_NO_MEMORY;
    snprintf(s->why, sizeof s->why, "damaged: %s", text ? text : "the archive cannot be read");
    return SHEAF_I_BAD;
}

static sheaf_i_step open_archive(sheaf_i_source *s)
{
    struct archive *a = s->archive = archive_read_new();
    if (!a) return SHEAF_I_NO_MEMORY;
    s->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    int code;
    if (s->whole) {
        s->in = s->bytes.n;
        code = archive_read_open_memory(a, s->bytes.p, s->bytes.n);
    } else {
        s->block = sheaf_i_array(s->ctx, (int64_t)BLOCK, 1);
        if (!s->block) return SHEAF_I_NO_MEMORY;
        code = archive_read_open(a, s, NULL, feed, NULL);
    }
    return code == ARCHIVE_OK || code == ARCHIVE_WARN ? SHEAF_I_MORE : bad_archive(s, ARCHIVE_FATAL);
}

/* The name as UTF-8 where libarchive can tell, else as it stands. */
static const char *entry_name(struct archive *a, struct archive_entry *e)
{
    if (archive_format(a) == ARCHIVE_FORMAT_RAW) return "";
    const char *name = archive_entry_pathname_utf8(e);
    if (!name) name = archive_entry_pathname(e);
    return name && *name ? name : "(no name)";
}

static int next_header(sheaf_i_source *s, struct archive_entry **e, const char **name)
{
    locale_t before = s->utf8 ? uselocale(s->utf8) : (locale_t)0;
    int code = archive_read_next_header(s->archive, e);
    if (code == ARCHIVE_OK || code == ARCHIVE_WARN) *name = entry_name(s->archive, *e);
    if (before) uselocale(before);
    return code;
}

bool sheaf_i_entry_is_hidden(const char *name)
{
    const char *slash = strrchr(name, '/');
    return !strncmp(name, "__MACOSX/", 9) || (slash ? slash[1] : name[0]) == '.';
}

sheaf_i_step sheaf_i_source_entry(sheaf_i_source *s, const char **name)
{
    if (!s->archive) {
        sheaf_i_step step = open_archive(s);
        if (step != SHEAF_I_MORE) return step;
    }
    while (!s->over) {
        struct archive_entry *e;
        int code = next_header(s, &e, name);
        if (code == ARCHIVE_EOF) return SHEAF_I_END;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return bad_archive(s, ARCHIVE_FATAL);
        if (++s->entries > BOMB_ENTRIES) {
            s->over = true;
            snprintf(s->why, sizeof s->why, "refused: more than %d files", BOMB_ENTRIES);
            return SHEAF_I_BAD;
        }
        bool raw = archive_format(s->archive) == ARCHIVE_FORMAT_RAW;
        if (raw || (archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e))) return SHEAF_I_MORE;
    }
    return SHEAF_I_END;
}

static sheaf_i_step read_archive(sheaf_i_source *s, char *buf, size_t room, size_t *got)
{
    la_ssize_t n = archive_read_data(s->archive, buf, room);
    if (n < 0) return bad_archive(s, (int)n);
    *got = (size_t)n;
    s->out += (uint64_t)n;
    if (s->out > BOMB_BYTES && s->out / BOMB_RATIO > s->in) {
        s->over = true;
        snprintf(s->why, sizeof s->why, "refused: expands more than %d times", BOMB_RATIO);
        return SHEAF_I_BAD;
    }
    return n ? SHEAF_I_MORE : SHEAF_I_END;
}

sheaf_i_step sheaf_i_source_read(sheaf_i_source *s, char *buf, size_t room, size_t *got)
{
    *got = 0;
    if (s->archive) return read_archive(s, buf, room, got);
    if (s->at < s->bytes.n) {
        *got = s->bytes.n - s->at < room ? s->bytes.n - s->at : room;
        memcpy(buf, s->bytes.p + s->at, *got);
        s->at += *got;
        return SHEAF_I_MORE;
    }
    if (s->whole) return SHEAF_I_END;
    ssize_t n = read_full(s->fd, buf, room);
    if (n < 0) {
        snprintf(s->why, sizeof s->why, "unreadable: %s", strerror(errno));
        return SHEAF_I_BAD;
    }
    *got = (size_t)n;
    return n ? SHEAF_I_MORE : SHEAF_I_END;
}

sheaf_i_step sheaf_i_source_all(sheaf_i_source *s, size_t limit, char **out, size_t *n)
{
    size_t room = (size_t)64 << 10, used = 0;
    char *p = sheaf_i_array(s->ctx, (int64_t)room, 1);
    sheaf_i_step step = p ? SHEAF_I_MORE : SHEAF_I_NO_MEMORY;
    while (step == SHEAF_I_MORE) {
        size_t got;
        if (used == room) {
            char *more = sheaf_i_resize(s->ctx, p, (int64_t)room * 2, 1);
            if (!more) {
                step = SHEAF_I_NO_MEMORY;
                break;
            }
            p = more;
            room *= 2;
        }
        step = sheaf_i_source_read(s, p + used, room - used, &got);
        used += got;
        if (used > limit) {
            snprintf(s->why, sizeof s->why, "too large: more than %zu MiB", limit >> 20);
            step = SHEAF_I_BAD;
        }
    }
    if (step != SHEAF_I_END) {
        sheaf_i_free(s->ctx, p);
        return step;
    }
    *out = p;
    *n = used;
    return SHEAF_I_MORE;
}
