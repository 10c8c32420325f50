/* Transpose: a counting sort by columns.
 *
 * The rows are cut into parts; every part counts its entries a column, a pass over the columns turns the counts into
 * places, and every part puts its entries there. The result is the same for any number of parts (rows rise within a
 * column whoever writes them), so their number may follow the threads; it is bounded so that the counts never take
 * more memory than a quarter of the matrix.
 */
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/coded.h"

#define COLUMNS 4096     /* a block of the pass over the columns */

typedef struct {
    const sheaf_matrix *a;
    sheaf_i_csr to;
    int64_t parts;
    int64_t *place;      /* parts x cols: counts, then places relative to the column's begin, then absolute */
} transposing;

static int64_t *rows_of(const transposing *t, int64_t part, int64_t *lo, int64_t *hi)
{
    *lo = sheaf_i_row_cut(t->a->indptr, t->a->rows, part, t->parts);
    *hi = sheaf_i_row_cut(t->a->indptr, t->a->rows, part + 1, t->parts);
    return t->place + part * t->a->cols;
}

static sheaf_status count_part(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    transposing *t = arg;
    int64_t lo, hi;
    int64_t *count = rows_of(t, part, &lo, &hi);
    memset(count, 0, (size_t)t->a->cols * sizeof *count);
    for (int64_t p = t->a->indptr[lo]; p < t->a->indptr[hi]; p++) count[t->a->indices[p]]++;
    return SHEAF_OK;
}

static sheaf_status place_columns(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    transposing *t = arg;
    int64_t lo, hi;
    sheaf_i_range(t->a->cols, COLUMNS, block, &lo, &hi);
    for (int64_t j = lo; j < hi; j++) {
        int64_t at = 0;
        for (int64_t part = 0; part < t->parts; part++) {
            int64_t *c = &t->place[part * t->a->cols + j], n = *c;
            *c = at;
            at += n;
        }
        t->to.indptr[j + 1] = at;
    }
    return SHEAF_OK;
}

static sheaf_status fill_part(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    transposing *t = arg;
    int64_t lo, hi;
    int64_t *restrict place = rows_of(t, part, &lo, &hi);
    const int64_t *indptr = t->a->indptr;
    const int32_t *restrict from = t->a->indices;
    const float *restrict values = t->a->values;
    int32_t *restrict to = t->to.indices;
    float *restrict to_values = t->to.values;
    for (int32_t j = 0; j < t->a->cols; j++) place[j] += t->to.indptr[j];
    for (int64_t i = lo; i < hi; i++)
        for (int64_t p = indptr[i], end = indptr[i + 1]; p < end; p++) {
            const int64_t at = place[from[p]]++;
            to[at] = (int32_t)i;
            to_values[at] = values[p];
        }
    return SHEAF_OK;
}

sheaf_status sheaf_i_matrix_transpose(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_matrix *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    transposing t = {.a = a};
    int64_t nnz = a->indptr[a->rows];
    *out = NULL;
    if (a->rows > INT32_MAX)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld documents are more than 2147483647", (long long)a->rows);
    if (a->coded) return sheaf_i_coded_transpose(ctx, out, a);
    t.parts = nnz / 4 / (a->cols + 1);
    if (t.parts > 2 * sheaf_ctx_threads(ctx)) t.parts = 2 * sheaf_ctx_threads(ctx);
    if (t.parts < 1) t.parts = 1;

    SHEAF_TRY(sheaf_i_matrix_new(ctx, &m, &t.to, a->cols, (int32_t)a->rows, nnz, true));
    SHEAF_NEW_ALIGNED(t.place, ctx, t.parts * a->cols);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, t.parts, count_part, &t));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(a->cols, COLUMNS), place_columns, &t));
    t.to.indptr[0] = 0;
    for (int32_t j = 0; j < a->cols; j++) t.to.indptr[j + 1] += t.to.indptr[j];
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, t.parts, fill_part, &t));
    *out = m;
    m = NULL;
done:
    sheaf_i_aligned_free(ctx, t.place);
    sheaf_matrix_free(m);
    return st;
}
