/* Reads a dense matrix in .npy. The file is read in blocks, not mapped: one that is cut off meanwhile is then an error
 * and not a signal. What the head says is held against the size of the file before any memory is asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/context.h"
#include "base/mem.h"
#include "matrix/npy.h"

#define BLOCK (1 << 17) /* elements of float64 converted at a time */

typedef struct {
    sheaf_ctx *ctx;
    const char *path;
    int fd;
    int64_t left;           /* bytes of the file behind what was read */
    sheaf_i_npy_head head;
} npy_file;

static sheaf_status bad(const npy_file *f, const char *what)
{
    return sheaf_i_fail(f->ctx, SHEAF_EFORMAT, "%s: %s", f->path, what);
}

static sheaf_status open_file(npy_file *f)
{
    struct stat s;
    f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &s))
        return sheaf_i_fail(f->ctx, SHEAF_EIO, "cannot read %s: %s", f->path, strerror(errno));
    if (!S_ISREG(s.st_mode)) return sheaf_i_fail(f->ctx, SHEAF_EIO, "cannot read %s: it is not a file", f->path);
    f->left = (int64_t)s.st_size;
    return SHEAF_OK;
}

static sheaf_status read_bytes(npy_file *f, void *to, int64_t n)
{
    char *at = to;
    if (n > f->left) return bad(f, "it ends within its head");
    for (int64_t done = 0; done < n;) {
        ssize_t got = read(f->fd, at + done, (size_t)(n - done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return sheaf_i_fail(f->ctx, SHEAF_EIO, "cannot read %s: %s", f->path, strerror(errno));
        if (got == 0) return bad(f, "it became shorter while it was read");
        done += got;
    }
    f->left -= n;
    return SHEAF_OK;
}

static sheaf_status read_head(npy_file *f)
{
    sheaf_status st = SHEAF_OK;
    uint8_t prefix[SHEAF_I_NPY_PREFIX], longer[SHEAF_I_NPY_LONGER];
    char text[SHEAF_I_NPY_MAX_HEAD + 1];
    size_t length = 0;
    if (f->left < SHEAF_I_NPY_PREFIX) return bad(f, "it is not a .npy array");
    SHEAF_TRY(read_bytes(f, prefix, sizeof prefix));
    const int version = sheaf_i_npy_version(prefix, &length);
    if (!version) return bad(f, "it is not a .npy array");
    if (version > 1) {
        SHEAF_TRY(read_bytes(f, longer, sizeof longer));
        length |= (size_t)longer[0] << 16 | (size_t)longer[1] << 24;
    }
    if (length > SHEAF_I_NPY_MAX_HEAD) return bad(f, "its head is too long");
    SHEAF_TRY(read_bytes(f, text, (int64_t)length));
    text[length] = 0;
    if (!sheaf_i_npy_parse(&f->head, text) && f->head.type) return bad(f, "its head has no shape");
done:
    return st;
}

static sheaf_status check_head(const npy_file *f)
{
    const sheaf_i_npy_head *h = &f->head;
    int64_t bytes;
    if (h->type != 'f' || (h->width != 4 && h->width != 8)) {
        bad(f, "its elements are neither float32 nor float64");
        sheaf_i_hint(f->ctx, "numpy.save(path, vectors.astype('float32'))");
        return SHEAF_EFORMAT;
    }
    if (h->big_endian) return bad(f, "big-endian arrays are not read");
    if (h->dims != 2)
        return sheaf_i_fail(f->ctx, SHEAF_EFORMAT, "%s: an array of %d dimension%s; a row a document takes 2", f->path,
                            h->dims, h->dims == 1 ? "" : "s");
    if (h->fortran) {
        bad(f, "it is in Fortran order, columns one after the other");
        sheaf_i_hint(f->ctx, "numpy.save(path, numpy.ascontiguousarray(vectors))");
        return SHEAF_EFORMAT;
    }
    if (h->shape[1] < 1 || h->shape[1] > INT32_MAX)
        return sheaf_i_fail(f->ctx, SHEAF_EFORMAT, "%s: rows of %lld numbers", f->path, (long long)h->shape[1]);
    if (__builtin_mul_overflow(h->shape[0], h->shape[1], &bytes) || __builtin_mul_overflow(bytes, h->width, &bytes) ||
        bytes != f->left)
        return sheaf_i_fail(f->ctx, SHEAF_EFORMAT, "%s: its head says %lld x %lld, but it has %lld bytes of numbers",
                            f->path, (long long)h->shape[0], (long long)h->shape[1], (long long)f->left);
    return SHEAF_OK;
}

static sheaf_status check_numbers(const npy_file *f, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return sheaf_i_fail(f->ctx, SHEAF_EFORMAT, "%s: row %lld (from 0) holds %s", f->path,
                                (long long)(i / f->head.shape[1]),
                                isnan(x[i]) ? "NaN" : "infinity, or a number too large for 32 bits");
    return SHEAF_OK;
}

static sheaf_status read_doubles(npy_file *f, float *x, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    double *block = NULL;
    SHEAF_NEW(block, f->ctx, BLOCK);
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t m = n - at < BLOCK ? n - at : BLOCK;
        SHEAF_TRY(read_bytes(f, block, m * (int64_t)sizeof *block));
        for (int64_t i = 0; i < m; i++)
            x[at + i] = fabs(block[i]) <= 3.4028234e38 || isnan(block[i]) ? (float)block[i] : INFINITY;
    }
done:
    sheaf_i_free(f->ctx, block);
    return st;
}

sheaf_status sheaf_i_npy_read(sheaf_ctx *ctx, float **out, int64_t *rows, int32_t *cols, const char *path)
{
    sheaf_status st = SHEAF_OK;
    npy_file f = {.ctx = ctx, .path = path, .fd = -1};
    float *x = NULL;
    *out = NULL;
    SHEAF_TRY(open_file(&f));
    SHEAF_TRY(read_head(&f));
    SHEAF_TRY(check_head(&f));
    const int64_t n = f.head.shape[0] * f.head.shape[1];
    SHEAF_NEW_ALIGNED(x, ctx, n);
    if (f.head.width == 4) SHEAF_TRY(read_bytes(&f, x, n * (int64_t)sizeof *x));
    else SHEAF_TRY(read_doubles(&f, x, n));
    SHEAF_TRY(check_numbers(&f, x, n));
    *rows = f.head.shape[0];
    *cols = (int32_t)f.head.shape[1];
    *out = x;
    x = NULL;
done:
    if (f.fd >= 0) close(f.fd);
    sheaf_i_aligned_free(ctx, x);
    return st;
}
