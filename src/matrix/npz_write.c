/* scipy.sparse.save_npz's format: a zip file of .npy arrays that hold the parts of the CSR matrix. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "matrix/io.h"
#include "matrix/npy.h"
#include "matrix/zip.h"

#define HEAD 128
#define ALIGN 64    /* the data begin at a multiple of it */

/* shape: "(3,)" or "()". Returns the head's length. */
static size_t npy_head(char head[HEAD], const char *type, const char *shape)
{
    char text[HEAD];
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    size_t used = SHEAF_I_NPY_PREFIX + (size_t)n, total = (used + 1 + ALIGN - 1) / ALIGN * ALIGN;
    memcpy(head, SHEAF_I_NPY_MAGIC "\x01\x00", 8);
    head[8] = (char)((total - SHEAF_I_NPY_PREFIX) & 0xff);
    head[9] = (char)((total - SHEAF_I_NPY_PREFIX) >> 8);
    memcpy(head + SHEAF_I_NPY_PREFIX, text, (size_t)n);
    memset(head + used, ' ', total - 1 - used);
    head[total - 1] = '\n';
    return total;
}

static sheaf_status add(sheaf_i_zip *z, const char *name, const char *type, int64_t n, const void *p, size_t bytes)
{
    char head[HEAD], shape[32] = "()";
    if (n >= 0) snprintf(shape, sizeof shape, "(%lld,)", (long long)n);
    return sheaf_i_zip_add(z, name, head, npy_head(head, type, shape), p, bytes);
}

/* scipy wants both index arrays in one type: int32 as long as the number of nonzeros allows. */
static sheaf_status add_structure(sheaf_i_zip *z, const sheaf_matrix *m)
{
    sheaf_status st = SHEAF_OK;
    int64_t nnz = m->indptr[m->rows];
    int32_t *narrow = NULL;
    int64_t *wide = NULL;
    if (nnz <= INT32_MAX) {
        SHEAF_NEW(narrow, z->ctx, m->rows + 1);
        for (int64_t i = 0; i <= m->rows; i++) narrow[i] = (int32_t)m->indptr[i];
        SHEAF_TRY(add(z, SHEAF_I_NPZ_INDICES, "<i4", nnz, m->indices, (size_t)nnz * 4));
        SHEAF_TRY(add(z, SHEAF_I_NPZ_INDPTR, "<i4", m->rows + 1, narrow, (size_t)(m->rows + 1) * 4));
    } else {
        SHEAF_NEW(wide, z->ctx, nnz);
        for (int64_t p = 0; p < nnz; p++) wide[p] = m->indices[p];
        SHEAF_TRY(add(z, SHEAF_I_NPZ_INDICES, "<i8", nnz, wide, (size_t)nnz * 8));
        SHEAF_TRY(add(z, SHEAF_I_NPZ_INDPTR, "<i8", m->rows + 1, m->indptr, (size_t)(m->rows + 1) * 8));
    }
done:
    sheaf_i_free(z->ctx, narrow);
    sheaf_i_free(z->ctx, wide);
    return st;
}

sheaf_status sheaf_i_npz_write(sheaf_ctx *ctx, sheaf_out *o, const sheaf_matrix *m)
{
    sheaf_status st = SHEAF_OK;
    const int64_t shape[2] = {m->rows, m->cols}, nnz = m->indptr[m->rows];
    sheaf_i_zip z;
    sheaf_i_zip_begin(&z, ctx, o);
    SHEAF_TRY(add_structure(&z, m));
    SHEAF_TRY(add(&z, SHEAF_I_NPZ_FORMAT, "|S3", -1, "csr", 3));
    SHEAF_TRY(add(&z, SHEAF_I_NPZ_SHAPE, "<i8", 2, shape, sizeof shape));
    SHEAF_TRY(add(&z, SHEAF_I_NPZ_DATA, "<f4", nnz, m->values, (size_t)nnz * 4));
    sheaf_i_zip_end(&z);
done:
    return st;
}
