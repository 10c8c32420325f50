/* From entries in the right rows to a proper matrix: rows sorted, repeated columns added up, everything checked. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "matrix/io.h"

#define WORK (1 << 17)       /* nonzeros and rows a block */
#define SPARE_ROWS (1 << 20) /* a shape may have so many empty rows whatever the entries ... */
#define ROWS_AN_ENTRY 64     /* ... and so many more for every entry */

typedef struct {
    sheaf_ctx *ctx;
    sheaf_matrix *m;
    const sheaf_i_csr *part;
    const char *name;
    int64_t n_blocks;
    int32_t repeated;        /* some row has a column twice */
} tidying;

static void swap(int32_t *col, float *val, int64_t a, int64_t b)
{
    int32_t c = col[a];
    float v = val[a];
    col[a] = col[b];
    val[a] = val[b];
    col[b] = c;
    val[b] = v;
}

static void sift(int32_t *col, float *val, int64_t root, int64_t n)
{
    for (int64_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && col[child + 1] > col[child]) child++;
        if (col[root] >= col[child]) return;
        swap(col, val, root, child);
    }
}

/* Heap sort: in place over both arrays, and no input makes it slow. */
static void sort_row(int32_t *col, float *val, int64_t n)
{
    for (int64_t i = n / 2; i-- > 0;) sift(col, val, i, n);
    for (int64_t i = n - 1; i > 0; i--) {
        swap(col, val, 0, i);
        sift(col, val, 0, i);
    }
}

static sheaf_status tidy_row(tidying *t, int64_t row)
{
    int64_t lo = t->part->indptr[row], n = t->part->indptr[row + 1] - lo;
    int32_t *col = t->part->indices + lo;
    float *val = t->part->values + lo;
    bool sorted = true;
    for (int64_t i = 0; i < n; i++) {
        if (col[i] < 0 || col[i] >= t->m->cols)
            return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s: row %lld has column %lld, but there are %d columns",
                                t->name, (long long)row + 1, (long long)col[i] + 1, t->m->cols);
        if (!isfinite(val[i]))
            return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s: row %lld, column %lld: the value is not finite", t->name,
                                (long long)row + 1, (long long)col[i] + 1);
        if (i && col[i] <= col[i - 1]) sorted = false;
    }
    if (sorted) return SHEAF_OK;
    sort_row(col, val, n);
    for (int64_t i = 1; i < n; i++)
        if (col[i] == col[i - 1]) __atomic_store_n(&t->repeated, 1, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

static sheaf_status tidy_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    tidying *t = arg;
    int64_t lo = sheaf_i_row_cut(t->m->indptr, t->m->rows, block, t->n_blocks);
    int64_t hi = sheaf_i_row_cut(t->m->indptr, t->m->rows, block + 1, t->n_blocks);
    for (int64_t i = lo; i < hi; i++) {
        sheaf_status st = tidy_row(t, i);
        if (st != SHEAF_OK) return st;
    }
    return SHEAF_OK;
}

static sheaf_status add_repeated(tidying *t)
{
    const sheaf_i_csr *a = t->part;
    int64_t to = 0, lo = 0;
    for (int64_t i = 0; i < t->m->rows; i++) {
        int64_t hi = a->indptr[i + 1], begin = to;
        for (int64_t p = lo; p < hi; p++) {
            if (to > begin && a->indices[to - 1] == a->indices[p]) {
                a->values[to - 1] += a->values[p];
                if (!isfinite(a->values[to - 1]))
                    return sheaf_i_fail(t->ctx, SHEAF_EFORMAT, "%s: row %lld, column %lld: the sum is not finite",
                                        t->name, (long long)i + 1, (long long)a->indices[p] + 1);
            } else {
                a->indices[to] = a->indices[p];
                a->values[to++] = a->values[p];
            }
        }
        lo = hi;
        a->indptr[i + 1] = to;
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_matrix_tidy(sheaf_ctx *ctx, sheaf_matrix *m, const sheaf_i_csr *part, const char *name)
{
    tidying t = {.ctx = ctx, .m = m, .part = part, .name = name,
                 .n_blocks = sheaf_i_row_blocks(m->indptr, m->rows, WORK)};
    sheaf_status st = sheaf_i_par_for(ctx, NULL, t.n_blocks, tidy_block, &t);
    return st == SHEAF_OK && t.repeated ? add_repeated(&t) : st;
}

sheaf_status sheaf_i_check_shape(sheaf_ctx *ctx, const char *name, int64_t rows, int64_t cols, int64_t entries)
{
    if (rows < 0 || cols < 0 || entries < 0)
        return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: a matrix of %lld x %lld with %lld entries", name, (long long)rows,
                            (long long)cols, (long long)entries);
    if (cols > INT32_MAX)
        return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: %lld columns are more than 2147483647", name, (long long)cols);
    if ((rows - SPARE_ROWS) / ROWS_AN_ENTRY > entries)
        return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: %lld rows for only %lld entries", name, (long long)rows,
                            (long long)entries);
    return SHEAF_OK;
}
