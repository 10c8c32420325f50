/* Reading one member of a zip file in memory. The central directory says where it is; every number is checked against
 * the bytes there are. Deflate cannot shrink by more than 1032:1, so a member that claims more is refused before
 * anybody asks for its memory.
 */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "matrix/zip.h"

#define END_SIZE 22
#define MAX_COMMENT 65535
#define MAX_RATIO 1032

typedef struct {
    sheaf_ctx *ctx;
    const char *file;
    const uint8_t *p;
    uint64_t n, directory, members;
} container;

static uint32_t get16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t get32(const uint8_t *p) { return get16(p) | get16(p + 2) << 16; }
static uint64_t get64(const uint8_t *p) { return get32(p) | (uint64_t)get32(p + 4) << 32; }

static sheaf_status damaged(const container *c, const char *what)
{
    return sheaf_i_fail(c->ctx, SHEAF_EFORMAT, "%s: the zip file is damaged: %s", c->file, what);
}

static bool has(const container *c, uint64_t at, uint64_t n) { return at <= c->n && n <= c->n - at; }

/* A zip64 directory is found through a locator that stands before the end record. */
static sheaf_status find_wide(container *c, uint64_t end)
{
    if (end < 20 || get32(c->p + end - 20) != 0x07064b50) return SHEAF_OK;
    uint64_t at = get64(c->p + end - 20 + 8);
    if (!has(c, at, 56) || get32(c->p + at) != 0x06064b50) return damaged(c, "no zip64 end record");
    c->members = get64(c->p + at + 32);
    c->directory = get64(c->p + at + 48);
    return SHEAF_OK;
}

static sheaf_status find_directory(container *c)
{
    if (c->n < END_SIZE || get16(c->p) != 0x4b50)
        return sheaf_i_fail(c->ctx, SHEAF_EFORMAT, "%s: not an .npz (zip) file", c->file);
    uint64_t lowest = c->n > END_SIZE + MAX_COMMENT ? c->n - END_SIZE - MAX_COMMENT : 0;
    for (uint64_t at = c->n - END_SIZE + 1; at-- > lowest;) {
        if (get32(c->p + at) != 0x06054b50) continue;
        c->members = get16(c->p + at + 10);
        c->directory = get32(c->p + at + 16);
        return find_wide(c, at);
    }
    return damaged(c, "no end record: is the file complete?");
}

/* Sizes and place that do not fit into 32 bits stand in an extra field, only those, in this order. */
static bool widen(const uint8_t *extra, uint64_t n, uint64_t value[3])
{
    uint64_t at = 0;
    while (n - at >= 4) {
        uint64_t id = get16(extra + at), size = get16(extra + at + 2), used = 0;
        at += 4;
        if (size > n - at) return false;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (value[i] != 0xffffffff) continue;
            if (size - used < 8) return false;
            value[i] = get64(extra + at + used);
            used += 8;
        }
        if (id == 1) return true;
        at += size;
    }
    return true;
}

static sheaf_status open_at(sheaf_i_member *m, const container *c, const uint8_t *entry, const uint64_t value[3])
{
    uint32_t flags = get16(entry + 8), method = get16(entry + 10);
    uint64_t at = value[2];
    if (flags & 1) return sheaf_i_fail(c->ctx, SHEAF_EFORMAT, "%s: %s is encrypted", c->file, m->name);
    if (method != 0 && method != 8)
        return sheaf_i_fail(c->ctx, SHEAF_EFORMAT, "%s: %s is packed by method %u; only stored and deflated are read",
                            c->file, m->name, method);
    if (!has(c, at, 30) || get32(c->p + at) != 0x04034b50) return damaged(c, "a member is not where it should be");
    at += 30 + get16(c->p + at + 26) + get16(c->p + at + 28);
    if (!has(c, at, value[1])) return damaged(c, "a member ends beyond the file");
    if (method == 0 ? value[0] != value[1] : value[0] / MAX_RATIO > value[1] + 1)
        return damaged(c, "a member's size cannot be true");
    m->p = c->p + at;
    m->size = m->left = value[0];
    m->packed_left = value[1];
    m->crc_want = get32(entry + 16);
    m->deflated = method == 8;
    return SHEAF_OK;
}

sheaf_status sheaf_i_member_open(sheaf_i_member *m, sheaf_ctx *ctx, const char *file, const uint8_t *zip, size_t n,
                                 const char *name)
{
    container c = {.ctx = ctx, .file = file, .p = zip, .n = n};
    *m = (sheaf_i_member){.ctx = ctx, .file = file, .name = name};
    sheaf_status st = find_directory(&c);
    if (st != SHEAF_OK) return st;
    uint64_t at = c.directory;
    for (uint64_t i = 0; i < c.members; i++) {
        if (!has(&c, at, 46) || get32(zip + at) != 0x02014b50) return damaged(&c, "its directory is cut off");
        const uint8_t *entry = zip + at;
        uint64_t n_name = get16(entry + 28), n_extra = get16(entry + 30), n_comment = get16(entry + 32);
        uint64_t value[3] = {get32(entry + 24), get32(entry + 20), get32(entry + 42)}; /* size, packed, place */
        if (!has(&c, at, 46 + n_name + n_extra + n_comment)) return damaged(&c, "its directory is cut off");
        if (!widen(entry + 46 + n_name, n_extra, value)) return damaged(&c, "a zip64 field is too short");
        if (n_name == strlen(name) && memcmp(entry + 46, name, n_name) == 0) return open_at(m, &c, entry, value);
        at += 46 + n_name + n_extra + n_comment;
    }
    return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: there is no %s in it", file, name);
}

static sheaf_status inflate_some(sheaf_i_member *m, uint8_t *to, size_t n)
{
    if (!m->started) {
        sheaf_i_zlib_memory(&m->z, m->ctx);
        if (inflateInit2(&m->z, -15) != Z_OK) return SHEAF_ENOMEM;
        m->started = true;
    }
    m->z.next_out = to;
    m->z.avail_out = (uInt)n;
    while (m->z.avail_out) {
        uint64_t part = m->packed_left < 1u << 30 ? m->packed_left : 1u << 30;
        m->z.next_in = (Bytef *)m->p;
        m->z.avail_in = (uInt)part;
        uint32_t before = m->z.avail_out;
        int got = inflate(&m->z, Z_NO_FLUSH);
        m->p += part - m->z.avail_in;
        m->packed_left -= part - m->z.avail_in;
        if (got == Z_MEM_ERROR) return SHEAF_ENOMEM;
        bool stuck = m->z.avail_out == before && m->z.avail_in == part;
        if ((got != Z_OK && got != Z_STREAM_END) || (m->z.avail_out && (got == Z_STREAM_END || stuck)))
            return sheaf_i_fail(m->ctx, SHEAF_EFORMAT, "%s: %s is damaged: %s", m->file, m->name,
                                got == Z_DATA_ERROR && m->z.msg ? m->z.msg : "it ends too early");
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_member_read(sheaf_i_member *m, void *to, size_t n)
{
    uint8_t *p = to;
    if (n > m->left)
        return sheaf_i_fail(m->ctx, SHEAF_EFORMAT, "%s: %s has only %llu bytes", m->file, m->name,
                            (unsigned long long)m->size);
    while (n) {
        size_t part = n < (size_t)1 << 30 ? n : (size_t)1 << 30;
        if (m->deflated) {
            sheaf_status st = inflate_some(m, p, part);
            if (st != SHEAF_OK) return st;
        } else {
            memcpy(p, m->p, part);
            m->p += part;
        }
        m->crc = (uint32_t)crc32(m->crc, p, (uInt)part);
        m->left -= part;
        p += part;
        n -= part;
    }
    if (m->left == 0 && m->crc != m->crc_want)
        return sheaf_i_fail(m->ctx, SHEAF_EFORMAT, "%s: %s is damaged: its check sum is wrong", m->file, m->name);
    return SHEAF_OK;
}

void sheaf_i_member_end(sheaf_i_member *m)
{
    if (m->started) inflateEnd(&m->z);
    m->started = false;
}
