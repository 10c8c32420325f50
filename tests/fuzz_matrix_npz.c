/* Any bytes as an .npz file; or, since a check sum guards every member, any bytes as the arrays of a proper one: the
   first byte is 0, then a byte each for csr or csc and the types of indptr, indices and data, the shape (2 x 16 bits),
   the lengths of indptr and indices, and their bytes one after the other. */
#include <stdio.h>
#include <string.h>

#include "fuzz_matrix.h"
#include "matrix/npy.h"
#include "matrix/zip.h"

#define PREFIX 11

typedef struct {
    uint8_t *p;
    size_t n;
} bytes;

static int collect(void *user, const void *p, size_t n)
{
    bytes *b = user;
    b->p = realloc(b->p, b->n + n);
    if (!b->p) abort();
    memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

static void add(sheaf_i_zip *z, const char *name, const char *type, const char *shape, const void *p, size_t n)
{
    char head[128] = SHEAF_I_NPY_MAGIC "\x01";
    int length = snprintf(head + SHEAF_I_NPY_PREFIX, sizeof head - SHEAF_I_NPY_PREFIX,
                          "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", type, shape);
    head[8] = (char)length;
    if (sheaf_i_zip_add(z, name, head, SHEAF_I_NPY_PREFIX + (size_t)length, p, n) != SHEAF_OK) abort();
}

static size_t add_array(sheaf_i_zip *z, const char *name, uint8_t choice, const uint8_t *p, size_t n)
{
    static const struct {
        const char *type;
        size_t width;
    } known[] = {{"<i4", 4}, {"<i8", 8}, {"<f4", 4}, {"<f8", 8}, {"|i1", 1}, {"|u1", 1}, {"<u8", 8}, {"|b1", 1}};
    char shape[32];
    size_t width = known[choice % 8].width;
    snprintf(shape, sizeof shape, "(%zu,)", n / width);
    add(z, name, known[choice % 8].type, shape, p, n / width * width);
    return n;
}

static bytes wrap(sheaf_ctx *ctx, const uint8_t *p, size_t n)
{
    bytes b = {0};
    sheaf_out *o;
    sheaf_i_zip z;
    int64_t shape[2] = {p[5] | p[6] << 8, p[7] | p[8] << 8};
    size_t n_indptr = p[9], n_indices = p[10];
    const uint8_t *at = p + PREFIX;
    n -= PREFIX;
    n_indptr = n_indptr < n ? n_indptr : n;
    n_indices = n_indices < n - n_indptr ? n_indices : n - n_indptr;
    if (sheaf_out_callback(ctx, &o, collect, &b) != SHEAF_OK) abort();
    sheaf_i_zip_begin(&z, ctx, o);
    add(&z, SHEAF_I_NPZ_FORMAT, "|S3", "()", p[1] & 1 ? "csc" : "csr", 3);
    add(&z, SHEAF_I_NPZ_SHAPE, "<i8", "(2,)", shape, sizeof shape);
    at += add_array(&z, SHEAF_I_NPZ_INDPTR, p[2], at, n_indptr);
    at += add_array(&z, SHEAF_I_NPZ_INDICES, p[3], at, n_indices);
    add_array(&z, SHEAF_I_NPZ_DATA, p[4], at, n - n_indptr - n_indices);
    sheaf_i_zip_end(&z);
    if (sheaf_out_close(o) != SHEAF_OK) abort();
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    sheaf_ctx *ctx = fuzz_context();
    sheaf_matrix *m;
    bytes b = {0};
    if (n > PREFIX && p[0] == 0) b = wrap(ctx, p, n);
    sheaf_status st = sheaf_i_npz_read(ctx, &m, "fuzz.npz", b.p ? b.p : p, b.p ? b.n : n);
    free(b.p);
    return fuzz_verdict(ctx, st, m);
}
