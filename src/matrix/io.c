/* Matrices to and from files: the format by name, the file as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "matrix/io.h"

static bool ends_in(const char *path, const char *tail)
{
    size_t n = strlen(path), m = strlen(tail);
    return n >= m && strcasecmp(path + n - m, tail) == 0;
}

static sheaf_status settle_format(sheaf_ctx *ctx, const char *path, sheaf_matrix_format *format)
{
    static const struct {
        const char *extension;
        sheaf_matrix_format format;
    } known[] = {{".npz", SHEAF_MATRIX_NPZ}, {".mtx", SHEAF_MATRIX_MTX}, {".svm", SHEAF_MATRIX_SVM},
                 {".svmlight", SHEAF_MATRIX_SVM}, {".libsvm", SHEAF_MATRIX_SVM}};
    if ((int)*format < SHEAF_MATRIX_AUTO || *format > SHEAF_MATRIX_SVM)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "unknown matrix format %d", (int)*format);
    for (size_t i = 0; *format == SHEAF_MATRIX_AUTO && i < sizeof known / sizeof *known; i++)
        if (ends_in(path, known[i].extension)) *format = known[i].format;
    if (*format != SHEAF_MATRIX_AUTO) return SHEAF_OK;
    sheaf_status st = sheaf_i_fail(ctx, SHEAF_EINVAL, "no matrix format goes by the name %s", path);
    sheaf_i_hint(ctx, "name the file .npz, .mtx or .svm");
    return st;
}

sheaf_status sheaf_matrix_save(sheaf_ctx *ctx, const sheaf_matrix *m, const char *path, sheaf_matrix_format format,
                               const int32_t *labels)
{
    sheaf_status st = SHEAF_OK;
    sheaf_out *o = NULL;
    SHEAF_TRY(settle_format(ctx, path, &format));
    SHEAF_TRY(sheaf_out_open(ctx, &o, path));
    switch (format) {
    case SHEAF_MATRIX_NPZ: st = sheaf_i_npz_write(ctx, o, m); break;
    case SHEAF_MATRIX_MTX: st = sheaf_i_mtx_write(o, m); break;
    default: st = sheaf_i_svm_write(o, m, labels);
    }
    /* A failed write has its text from sheaf_out_close; other failures keep theirs. */
    if (st == SHEAF_OK || st == SHEAF_EIO) {
        st = sheaf_out_close(o);
        o = NULL;
    }
done:
    sheaf_out_discard(o);
    return st;
}

/* Pipes included: the size is not trusted, only where to begin. */
static sheaf_status read_all(sheaf_ctx *ctx, const char *path, char **bytes, int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    struct stat s;
    char *p = NULL;
    int64_t used = 0, room = 1 << 16;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) || S_ISDIR(s.st_mode)) {
        int error = fd >= 0 && S_ISDIR(s.st_mode) ? EISDIR : errno;
        st = sheaf_i_fail(ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(error));
        goto done;
    }
    if (s.st_size > 0) room = (int64_t)s.st_size + 1;
    SHEAF_NEW(p, ctx, room);
    for (ssize_t got = 1; got;) {
        SHEAF_GROW(p, ctx, used, room);
        got = read(fd, p + used, (size_t)(room - used));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            st = sheaf_i_fail(ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(errno));
            goto done;
        }
        used += got;
    }
    *bytes = p;
    *n = used;
    p = NULL;
done:
    sheaf_i_free(ctx, p);
    if (fd >= 0) close(fd);
    return st;
}

sheaf_status sheaf_matrix_load(sheaf_ctx *ctx, sheaf_matrix **out, int32_t **labels, const char *path,
                               sheaf_matrix_format format)
{
    sheaf_status st = SHEAF_OK;
    char *bytes = NULL;
    int64_t n = 0;
    *out = NULL;
    if (labels) *labels = NULL;
    SHEAF_TRY(settle_format(ctx, path, &format));
    SHEAF_TRY(read_all(ctx, path, &bytes, &n));
    switch (format) {
    case SHEAF_MATRIX_NPZ: st = sheaf_i_npz_read(ctx, out, path, bytes, (size_t)n); break;
    case SHEAF_MATRIX_MTX: st = sheaf_i_mtx_read(ctx, out, path, bytes, (size_t)n); break;
    default: st = sheaf_i_svm_read(ctx, out, labels, path, bytes, (size_t)n);
    }
done:
    sheaf_i_free(ctx, bytes);
    return st;
}

void sheaf_labels_free(sheaf_ctx *ctx, int32_t *labels) { sheaf_i_free(ctx, labels); }
