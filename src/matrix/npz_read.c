/* Reads what scipy.sparse.save_npz wrote: CSR or CSC, compressed or not, indices of 32 or 64 bits, values in float32,
 * float64 or integers. Arrays are converted on the way from the zip file to their place; nothing is held twice.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "matrix/io.h"
#include "matrix/npy.h"
#include "matrix/zip.h"

#define CHUNK 4096           /* elements converted at a time */

typedef struct {
    sheaf_i_member m;
    char type;               /* i, u, f, S, U, b */
    int32_t width;           /* bytes an element */
    int64_t n;               /* elements */
} array;

static sheaf_status bad_head(const array *a, const char *what)
{
    return sheaf_i_fail(a->m.ctx, SHEAF_EFORMAT, "%s: %s: %s", a->m.file, a->m.name, what);
}

static sheaf_status parse_head(array *a, const char *text)
{
    sheaf_i_npy_head h;
    const bool sound = sheaf_i_npy_parse(&h, text);
    if (h.big_endian) return bad_head(a, "big-endian arrays are not read");
    if (!h.type) return bad_head(a, "its type is none that a sparse matrix has");
    if (!sound || h.dims > 1) return bad_head(a, "it is not an array of one dimension");
    a->type = h.type;
    a->width = h.width;
    a->n = h.dims ? h.shape[0] : 1;
    if ((uint64_t)a->n > a->m.left / (uint64_t)a->width || (uint64_t)a->n * (uint64_t)a->width != a->m.left)
        return bad_head(a, "its size is not what its head says");
    return SHEAF_OK;
}

static sheaf_status array_open(array *a, sheaf_ctx *ctx, const char *file, const void *zip, size_t n, const char *name)
{
    sheaf_status st = SHEAF_OK;
    uint8_t fixed[SHEAF_I_NPY_PREFIX + SHEAF_I_NPY_LONGER];
    char head[SHEAF_I_NPY_MAX_HEAD + 1];
    size_t length = 0;
    *a = (array){0};
    SHEAF_TRY(sheaf_i_member_open(&a->m, ctx, file, zip, n, name));
    SHEAF_TRY(sheaf_i_member_read(&a->m, fixed, SHEAF_I_NPY_PREFIX));
    const int version = sheaf_i_npy_version(fixed, &length);
    if (!version) return bad_head(a, "it is not a .npy array");
    if (version > 1) {
        SHEAF_TRY(sheaf_i_member_read(&a->m, fixed + SHEAF_I_NPY_PREFIX, SHEAF_I_NPY_LONGER));
        length |= (size_t)fixed[10] << 16 | (size_t)fixed[11] << 24;
    }
    if (length > SHEAF_I_NPY_MAX_HEAD) return bad_head(a, "its head is too long");
    SHEAF_TRY(sheaf_i_member_read(&a->m, head, length));
    head[length] = 0;
    st = parse_head(a, head);
done:
    return st;
}

/* One element as a 64-bit integer; false: it does not fit. */
static bool element_int(const array *a, const uint8_t *p, int64_t *v)
{
    uint64_t u = 0;
    memcpy(&u, p, (size_t)a->width);
    int shift = 64 - 8 * a->width;
    *v = a->type == 'i' ? (int64_t)(u << shift) >> shift : (int64_t)u;
    return a->type == 'i' || *v >= 0;
}

static float element_float(const array *a, const uint8_t *p)
{
    if (a->type == 'f' && a->width == 4) {
        float v;
        memcpy(&v, p, 4);
        return v;
    }
    if (a->type == 'f') {
        double v;
        memcpy(&v, p, 8);
        return fabs(v) <= 3.4028235e38 || v != v ? (float)v : INFINITY;
    }
    if (a->type == 'b') return *p != 0;
    int64_t v;
    return element_int(a, p, &v) ? (float)v : (float)(uint64_t)v;
}

static bool is_int(const array *a)
{
    return (a->type == 'i' || a->type == 'u') && (a->width == 1 || a->width == 2 || a->width == 4 || a->width == 8);
}

/* Exactly one of the three targets is given. int32 targets keep what does not fit as -1, which the check of the
   columns then refuses. */
static sheaf_status array_read(array *a, int64_t *to64, int32_t *to32, float *to_float)
{
    sheaf_status st = SHEAF_OK;
    uint8_t *chunk = NULL;
    bool real = a->type == 'f' && (a->width == 4 || a->width == 8);
    if (!is_int(a) && (!to_float || (!real && a->type != 'b')))
        return bad_head(a, to_float ? "its type is not float32, float64, an integer or bool" : "it has no integers");
    if (a->n == 0) return SHEAF_OK;
    if (to32 && a->type == 'i' && a->width == 4) return sheaf_i_member_read(&a->m, to32, (size_t)a->n * 4);
    if (to_float && a->type == 'f' && a->width == 4) return sheaf_i_member_read(&a->m, to_float, (size_t)a->n * 4);
    SHEAF_NEW(chunk, a->m.ctx, CHUNK * 8);
    for (int64_t at = 0; at < a->n; at += CHUNK) {
        int64_t n = a->n - at < CHUNK ? a->n - at : CHUNK, v = -1;
        SHEAF_TRY(sheaf_i_member_read(&a->m, chunk, (size_t)(n * a->width)));
        for (int64_t i = 0; i < n; i++) {
            const uint8_t *p = chunk + i * a->width;
            if (to_float) {
                to_float[at + i] = element_float(a, p);
                continue;
            }
            if (!element_int(a, p, &v)) v = -1;
            if (to64) to64[at + i] = v;
            else to32[at + i] = v >= 0 && v <= INT32_MAX ? (int32_t)v : -1;
        }
    }
done:
    sheaf_i_free(a->m.ctx, chunk);
    return st;
}

typedef struct {
    sheaf_ctx *ctx;
    const char *name;
    const void *zip;
    size_t n;
    int64_t rows, cols;      /* of the CSR form that is stored: swapped for CSC */
    bool csc;
} source;

static sheaf_status open_part(const source *s, array *a, const char *member)
{
    return array_open(a, s->ctx, s->name, s->zip, s->n, member);
}

static sheaf_status read_format(source *s)
{
    sheaf_status st = SHEAF_OK;
    array a;
    char text[8] = "";
    uint8_t raw[36];
    SHEAF_TRY(open_part(s, &a, SHEAF_I_NPZ_FORMAT));
    if (a.n != 1 || (a.type != 'S' && a.type != 'U') || a.width > 28) {
        st = bad_head(&a, "it is not a word");
        goto done;
    }
    SHEAF_TRY(sheaf_i_member_read(&a.m, raw, (size_t)a.width));
    int32_t step = a.type == 'U' ? 4 : 1;
    for (int32_t i = 0; i * step < a.width && i < 7; i++) text[i] = (char)(raw[i * step] & 0x7f);
    s->csc = strcmp(text, "csc") == 0;
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c == 0x7f) *c = '?';
    if (!s->csc && strcmp(text, "csr") != 0) {
        st = sheaf_i_fail(s->ctx, SHEAF_EFORMAT, "%s: a sparse matrix in format '%s'; csr and csc are read", s->name,
                          text);
        sheaf_i_hint(s->ctx, "save it with scipy.sparse.save_npz(path, matrix.tocsr())");
    }
done:
    sheaf_i_member_end(&a.m);
    return st;
}

static sheaf_status read_shape(source *s)
{
    sheaf_status st = SHEAF_OK;
    array a;
    int64_t shape[2];
    SHEAF_TRY(open_part(s, &a, SHEAF_I_NPZ_SHAPE));
    if (a.n != 2) {
        st = bad_head(&a, "a matrix has two dimensions");
        goto done;
    }
    SHEAF_TRY(array_read(&a, shape, NULL, NULL));
    s->rows = shape[s->csc];
    s->cols = shape[!s->csc];
done:
    sheaf_i_member_end(&a.m);
    return st;
}

static sheaf_status read_indptr(const source *s, array *a, int64_t *indptr, int64_t nnz)
{
    sheaf_status st = array_read(a, indptr, NULL, NULL);
    if (st != SHEAF_OK) return st;
    bool rising = indptr[0] == 0 && indptr[s->rows] == nnz;
    for (int64_t i = 0; rising && i < s->rows; i++) rising = indptr[i] <= indptr[i + 1];
    return rising ? SHEAF_OK : bad_head(a, "it does not rise from 0 to the number of values");
}

static sheaf_status read_csr(const source *s, sheaf_matrix **out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    sheaf_i_csr part;
    array indptr = {0}, indices = {0}, data = {0};
    SHEAF_TRY(open_part(s, &indptr, SHEAF_I_NPZ_INDPTR));
    SHEAF_TRY(open_part(s, &indices, SHEAF_I_NPZ_INDICES));
    SHEAF_TRY(open_part(s, &data, SHEAF_I_NPZ_DATA));
    if (s->rows < 0 || s->cols < 0 || indptr.n - 1 != s->rows || indices.n != data.n) {
        st = sheaf_i_fail(s->ctx, SHEAF_EFORMAT,
                          "%s: shape %lld x %lld, but %lld row pointers, %lld indices, %lld values", s->name,
                          (long long)s->rows, (long long)s->cols, (long long)indptr.n, (long long)indices.n,
                          (long long)data.n);
        goto done;
    }
    SHEAF_TRY(sheaf_i_check_shape(s->ctx, s->name, s->csc ? s->cols : 0, s->csc ? s->rows : s->cols, data.n));
    if (s->cols > INT32_MAX) {
        st = sheaf_i_fail(s->ctx, SHEAF_EFORMAT, "%s: %lld rows in csc form are more than 2147483647", s->name,
                          (long long)s->cols);
        goto done;
    }
    SHEAF_TRY(sheaf_i_matrix_new(s->ctx, &m, &part, s->rows, (int32_t)s->cols, data.n, true));
    SHEAF_TRY(read_indptr(s, &indptr, part.indptr, data.n));
    SHEAF_TRY(array_read(&indices, NULL, part.indices, NULL));
    SHEAF_TRY(array_read(&data, NULL, NULL, part.values));
    SHEAF_TRY(sheaf_i_matrix_tidy(s->ctx, m, &part, s->name));
    *out = m;
    m = NULL;
done:
    sheaf_i_member_end(&indptr.m);
    sheaf_i_member_end(&indices.m);
    sheaf_i_member_end(&data.m);
    sheaf_matrix_free(m);
    return st;
}

sheaf_status sheaf_i_npz_read(sheaf_ctx *ctx, sheaf_matrix **out, const char *name, const void *bytes, size_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    source s = {.ctx = ctx, .name = name, .zip = bytes, .n = n};
    *out = NULL;
    SHEAF_TRY(read_format(&s));
    SHEAF_TRY(read_shape(&s));
    SHEAF_TRY(read_csr(&s, &m));
    if (s.csc) {
        SHEAF_TRY(sheaf_i_matrix_transpose(ctx, out, m));
    } else {
        *out = m;
        m = NULL;
    }
done:
    sheaf_matrix_free(m);
    return st;
}
