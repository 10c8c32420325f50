/* Writing a zip file (PKWARE APPNOTE 6.3) as a stream: sizes follow the data in a descriptor, so nothing is kept but a
 * few blocks. A member is cut into blocks of fixed size that are deflated on their own, in parallel, each ended by a
 * flush to a byte boundary, and put one after the other: the bytes do not depend on the number of threads.
 */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/zip.h"

#define BLOCK ((size_t)1 << 18)
#define WAVE 32              /* blocks deflated before they are written */
#define LEVEL 1              /* level 6 takes twice as long for 2 % fewer bytes: floats hardly shrink */
#define FLAG_DESCRIPTOR 8
#define DEFLATED 8
#define DOS_DATE 0x0021      /* 1 January 1980 */
#define UNIX_REGULAR (0100644u << 16)

static voidpf zlib_take(voidpf ctx, uInt items, uInt size)
{
    return sheaf_i_array(ctx, items, size);
}

static void zlib_free(voidpf ctx, voidpf p) { sheaf_i_free(ctx, p); }

void sheaf_i_zlib_memory(z_stream *z, sheaf_ctx *ctx)
{
    *z = (z_stream){.zalloc = zlib_take, .zfree = zlib_free, .opaque = ctx};
}

typedef struct {
    sheaf_ctx *ctx;
    const uint8_t *head, *body;
    size_t n_head, n_body, room;
    int64_t n_blocks, first;     /* block 0 is the head, if there is one */
    uint8_t *packed;             /* WAVE x room */
    size_t n_packed[WAVE];
    uint32_t crc[WAVE];
} deflating;

static void block_bytes(const deflating *d, int64_t block, const uint8_t **p, size_t *n)
{
    if (block == 0) {
        *p = d->head;
        *n = d->n_head;
        return;
    }
    size_t at = (size_t)(block - 1) * BLOCK;
    *p = d->body + at;
    *n = d->n_body - at < BLOCK ? d->n_body - at : BLOCK;
}

static sheaf_status deflate_block(void *arg, int64_t slot, int32_t worker)
{
    (void)worker;
    deflating *d = arg;
    const uint8_t *p;
    size_t n;
    block_bytes(d, d->first + slot, &p, &n);
    bool last = d->first + slot == d->n_blocks - 1;

    z_stream z;
    sheaf_i_zlib_memory(&z, d->ctx);
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) return SHEAF_ENOMEM;
    z.next_in = (Bytef *)p;
    z.avail_in = (uInt)n;
    z.next_out = d->packed + (size_t)slot * d->room;
    z.avail_out = (uInt)d->room;
    int got = deflate(&z, last ? Z_FINISH : Z_SYNC_FLUSH);
    bool done = last ? got == Z_STREAM_END : got == Z_OK && z.avail_in == 0 && z.avail_out > 0;
    d->n_packed[slot] = d->room - z.avail_out;
    d->crc[slot] = (uint32_t)crc32(0, p, (uInt)n);
    deflateEnd(&z);
    return done ? SHEAF_OK : sheaf_i_fail(d->ctx, SHEAF_EBUG, "zlib: deflate ended with %d", got);
}

static void put(sheaf_i_zip *z, const void *p, size_t n)
{
    sheaf_i_out_write(z->out, p, n);
    z->written += n;
}

static void put16(sheaf_i_zip *z, uint32_t v) { put(z, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2); }

static void put32(sheaf_i_zip *z, uint64_t v)
{
    put16(z, (uint32_t)v & 0xffff);
    put16(z, (uint32_t)(v >> 16) & 0xffff);
}

static void put64(sheaf_i_zip *z, uint64_t v)
{
    put32(z, v & 0xffffffff);
    put32(z, v >> 32);
}

static sheaf_status put_body(sheaf_i_zip *z, sheaf_i_zip_entry *e, deflating *d)
{
    sheaf_status st = SHEAF_OK;
    size_t longest = d->n_body < BLOCK ? d->n_body : BLOCK;
    int64_t slots = d->n_blocks < WAVE ? d->n_blocks : WAVE;
    d->room = compressBound(d->n_head > longest ? d->n_head : longest) + 64;
    SHEAF_NEW(d->packed, z->ctx, slots * (int64_t)d->room);
    for (d->first = 0; d->first < d->n_blocks; d->first += WAVE) {
        int64_t n = d->n_blocks - d->first < WAVE ? d->n_blocks - d->first : WAVE;
        SHEAF_TRY(sheaf_i_par_for(z->ctx, NULL, n, deflate_block, d));
        for (int64_t i = 0; i < n; i++) {
            const uint8_t *p;
            size_t size;
            block_bytes(d, d->first + i, &p, &size);
            e->crc = (uint32_t)crc32_combine(e->crc, d->crc[i], (z_off_t)size);
            e->packed += d->n_packed[i];
            put(z, d->packed + (size_t)i * d->room, d->n_packed[i]);
        }
        SHEAF_TRY(sheaf_i_out_status(z->out));
        SHEAF_TRY(sheaf_i_progress(z->ctx, "writing", d->first + n, d->n_blocks));
    }
done:
    sheaf_i_free(z->ctx, d->packed);
    return st;
}

/* What the local header and the central directory have in common, from "version needed" to the name's length. */
static void put_common(sheaf_i_zip *z, const sheaf_i_zip_entry *e, bool local)
{
    uint64_t hidden = e->wide ? 0xffffffff : 0;
    put16(z, e->wide ? 45 : 20);
    put16(z, FLAG_DESCRIPTOR);
    put16(z, DEFLATED);
    put16(z, 0);
    put16(z, DOS_DATE);
    put32(z, local ? 0 : e->crc);
    put32(z, local || e->wide ? hidden : e->packed);
    put32(z, local || e->wide ? hidden : e->size);
    put16(z, (uint32_t)strlen(e->name));
}

void sheaf_i_zip_begin(sheaf_i_zip *z, sheaf_ctx *ctx, sheaf_out *out)
{
    *z = (sheaf_i_zip){.ctx = ctx, .out = out, .limit = 0xffffffff};
}

sheaf_status sheaf_i_zip_add(sheaf_i_zip *z, const char *name, const void *head, size_t n_head, const void *body,
                             size_t n_body)
{
    sheaf_i_zip_entry *e = &z->entry[z->n++];
    deflating d = {.ctx = z->ctx, .head = head, .n_head = n_head, .body = body, .n_body = n_body,
                   .n_blocks = 1 + sheaf_i_blocks((int64_t)n_body, BLOCK)};
    /* Deflated data may be a little longer than the original; the local header comes before it is known. */
    *e = (sheaf_i_zip_entry){.name = name, .at = z->written, .size = n_head + n_body,
                             .wide = n_head + n_body + n_body / 64 + 4096 >= z->limit};
    put32(z, 0x04034b50);
    put_common(z, e, true);
    put16(z, e->wide ? 20 : 0);
    put(z, name, strlen(name));
    if (e->wide) {
        put16(z, 1);
        put16(z, 16);
        put64(z, 0);
        put64(z, 0);
    }
    sheaf_status st = put_body(z, e, &d);
    put32(z, 0x08074b50);
    put32(z, e->crc);
    if (e->wide) {
        put64(z, e->packed);
        put64(z, e->size);
    } else {
        put32(z, e->packed);
        put32(z, e->size);
    }
    return st;
}

static void put_directory_entry(sheaf_i_zip *z, const sheaf_i_zip_entry *e)
{
    bool far = e->at >= z->limit;
    uint32_t extra = (e->wide ? 16u : 0) + (far ? 8u : 0);
    put32(z, 0x02014b50);
    put16(z, 3 << 8 | (e->wide || far ? 45 : 20)); /* made by: Unix */
    put_common(z, e, false);
    put16(z, extra ? extra + 4 : 0);
    put16(z, 0);
    put16(z, 0);
    put16(z, 0);
    put32(z, UNIX_REGULAR);
    put32(z, far ? 0xffffffff : e->at);
    put(z, e->name, strlen(e->name));
    if (!extra) return;
    put16(z, 1);
    put16(z, extra);
    if (e->wide) {
        put64(z, e->size);
        put64(z, e->packed);
    }
    if (far) put64(z, e->at);
}

void sheaf_i_zip_end(sheaf_i_zip *z)
{
    uint64_t begin = z->written;
    for (int32_t i = 0; i < z->n; i++) put_directory_entry(z, &z->entry[i]);
    uint64_t size = z->written - begin, end = z->written;
    bool wide = begin >= z->limit;
    if (wide) {
        put32(z, 0x06064b50);
        put64(z, 44);
        put16(z, 3 << 8 | 45);
        put16(z, 45);
        put32(z, 0);
        put32(z, 0);
        put64(z, (uint64_t)z->n);
        put64(z, (uint64_t)z->n);
        put64(z, size);
        put64(z, begin);
        put32(z, 0x07064b50);
        put32(z, 0);
        put64(z, end);
        put32(z, 1);
    }
    put32(z, 0x06054b50);
    put32(z, 0);
    put16(z, (uint32_t)z->n);
    put16(z, (uint32_t)z->n);
    put32(z, size);
    put32(z, wide ? 0xffffffff : begin);
    put16(z, 0);
}
