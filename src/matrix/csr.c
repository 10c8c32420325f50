/* Matrices in compressed rows: making, checking, looking inside.
 *
 * Invariants (sheaf_i_matrix_validate): indptr rises from 0; the columns of a row rise strictly and lie in
 * [0, cols); every value is finite.
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/coded.h"

#define CHECK_WORK (1 << 18)
#define NORM_BLOCKS 64

int64_t sheaf_i_row_cut(const int64_t *indptr, int64_t rows, int64_t block, int64_t n_blocks)
{
    if (block >= n_blocks) return rows;
    double share = (double)(indptr[rows] + rows) / (double)n_blocks;
    int64_t target = (int64_t)(share * (double)block), lo = 0, hi = rows;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (indptr[mid] + mid < target) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

sheaf_status sheaf_i_matrix_new(sheaf_ctx *ctx, sheaf_matrix **out, sheaf_i_csr *part, int64_t rows, int32_t cols,
                                int64_t nnz, bool structure)
{
    sheaf_status st = SHEAF_OK;
    *out = NULL;
    *part = (sheaf_i_csr){0};
    sheaf_matrix *m = sheaf_i_array(ctx, 1, sizeof *m);
    if (!m) return SHEAF_ENOMEM;
    *m = (sheaf_matrix){.ctx = ctx, .rows = rows, .cols = cols, .owns_structure = structure};
    if (structure) {
        SHEAF_NEW_ALIGNED(part->indptr, ctx, rows + 1);
        m->indptr = part->indptr;
        SHEAF_NEW_ALIGNED(part->indices, ctx, nnz);
        m->indices = part->indices;
    }
    SHEAF_NEW_ALIGNED(part->values, ctx, nnz);
    m->values = part->values;
    *out = m;
    m = NULL;
done:
    sheaf_matrix_free(m);
    return st;
}

void sheaf_matrix_free(sheaf_matrix *m)
{
    if (!m) return;
    if (m->owns_structure) {
        sheaf_i_aligned_free(m->ctx, (void *)m->indptr);
        sheaf_i_aligned_free(m->ctx, (void *)m->indices);
    }
    sheaf_i_aligned_free(m->ctx, m->values);
    sheaf_i_coded_free(m->ctx, m->coded);
    sheaf_i_free(m->ctx, m);
}

int64_t sheaf_matrix_rows(const sheaf_matrix *m) { return m->rows; }
int32_t sheaf_matrix_cols(const sheaf_matrix *m) { return m->cols; }

void sheaf_matrix_csr(const sheaf_matrix *m, const int64_t **indptr, const int32_t **indices, const float **values)
{
    if (indptr) *indptr = m->indptr;
    if (indices) *indices = m->indices;
    if (values) *values = m->values;
}

typedef struct {
    const float *values;
    int64_t nnz;
    double sum[NORM_BLOCKS];
} norm_job;

static sheaf_status norm_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    norm_job *job = arg;
    int64_t lo, hi;
    sheaf_i_range(job->nnz, sheaf_i_blocks(job->nnz, NORM_BLOCKS), block, &lo, &hi);
    double s = 0;
    for (int64_t i = lo; i < hi; i++) s += (double)job->values[i] * job->values[i];
    job->sum[block] = s;
    return SHEAF_OK;
}

double sheaf_i_matrix_norm2(const sheaf_matrix *a)
{
    if (a->coded) return a->coded->norm2;
    norm_job job = {.values = a->values, .nnz = a->indptr[a->rows]};
    if (sheaf_i_par_for(a->ctx, NULL, NORM_BLOCKS, norm_block, &job) != SHEAF_OK) return NAN; /* no block fails */
    double s = 0;
    for (int i = 0; i < NORM_BLOCKS; i++) s += job.sum[i];
    return s;
}

const char *sheaf_i_matrix_validate(const sheaf_matrix *a)
{
    if (a->rows < 0 || a->cols < 0) return "negative size";
    if (!a->indptr || (!a->coded && (!a->indices || !a->values))) return "an array is missing";
    if (a->indptr[0] != 0) return "indptr does not begin with 0";
    for (int64_t i = 0; i < a->rows; i++) {
        if (a->indptr[i + 1] < a->indptr[i]) return "indptr falls";
        int32_t before = -1;
        for (int64_t p = a->indptr[i]; p < a->indptr[i + 1]; p++) {
            if (!a->indices) break;
            if (a->indices[p] <= before) return "columns of a row do not rise";
            if (a->indices[p] >= a->cols) return "a column is out of range";
            if (a->values && !isfinite(a->values[p])) return "a value is not finite";
            before = a->indices[p];
        }
    }
    return a->coded ? sheaf_i_coded_validate(a) : NULL;
}

typedef struct {
    sheaf_ctx *ctx;
    int64_t rows, n_blocks;
    int32_t cols;
    const int64_t *indptr;
    const int32_t *indices;
    const float *values;
    sheaf_i_csr to;
} copy_job;

static sheaf_status check_row(const copy_job *job, int64_t row)
{
    long long r = (long long)row;
    int32_t before = -1;
    for (int64_t p = job->indptr[row]; p < job->indptr[row + 1]; p++) {
        int32_t j = job->indices[p];
        if (j < 0 || j >= job->cols)
            return sheaf_i_fail(job->ctx, SHEAF_EINVAL, "matrix row %lld: column %d is not in 0 to %d", r, j,
                                job->cols - 1);
        if (j <= before)
            return sheaf_i_fail(job->ctx, SHEAF_EINVAL, "matrix row %lld: column %d follows %d, columns must rise", r,
                                j, before);
        if (!isfinite(job->values[p]))
            return sheaf_i_fail(job->ctx, SHEAF_EINVAL, "matrix row %lld, column %d: the value is not finite", r, j);
        before = j;
    }
    return SHEAF_OK;
}

static sheaf_status copy_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    copy_job *job = arg;
    int64_t lo = sheaf_i_row_cut(job->indptr, job->rows, block, job->n_blocks);
    int64_t hi = sheaf_i_row_cut(job->indptr, job->rows, block + 1, job->n_blocks);
    for (int64_t i = lo; i < hi; i++) {
        sheaf_status st = check_row(job, i);
        if (st != SHEAF_OK) return st;
        job->to.indptr[i + 1] = job->indptr[i + 1];
    }
    int64_t p = job->indptr[lo], n = job->indptr[hi] - p;
    if (n) {
        memcpy(job->to.indices + p, job->indices + p, (size_t)n * sizeof *job->indices);
        memcpy(job->to.values + p, job->values + p, (size_t)n * sizeof *job->values);
    }
    return SHEAF_OK;
}

/* The cut into blocks needs a rising indptr, so it is looked at first. */
static sheaf_status check_indptr(sheaf_ctx *ctx, int64_t rows, const int64_t *indptr)
{
    if (indptr[0] != 0)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "matrix: indptr begins with %lld, not 0", (long long)indptr[0]);
    for (int64_t i = 0; i < rows; i++)
        if (indptr[i + 1] < indptr[i])
            return sheaf_i_fail(ctx, SHEAF_EINVAL, "matrix row %lld: indptr falls from %lld to %lld", (long long)i,
                                (long long)indptr[i], (long long)indptr[i + 1]);
    return SHEAF_OK;
}

sheaf_status sheaf_matrix_from_csr(sheaf_ctx *ctx, sheaf_matrix **out, int64_t rows, int32_t cols,
                                   const int64_t *indptr, const int32_t *indices, const float *values)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    *out = NULL;
    if (rows < 0 || rows == INT64_MAX || cols < 0)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "matrix of %lld x %d", (long long)rows, cols);
    if (!indptr) return sheaf_i_fail(ctx, SHEAF_EINVAL, "matrix: indptr is missing");
    SHEAF_TRY(check_indptr(ctx, rows, indptr));
    if (indptr[rows] && (!indices || !values))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "matrix: %s missing", indices ? "values are" : "indices are");

    copy_job job = {.ctx = ctx, .rows = rows, .cols = cols, .indptr = indptr, .indices = indices, .values = values,
                    .n_blocks = sheaf_i_row_blocks(indptr, rows, CHECK_WORK)};
    SHEAF_TRY(sheaf_i_matrix_new(ctx, &m, &job.to, rows, cols, indptr[rows], true));
    job.to.indptr[0] = 0;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, job.n_blocks, copy_block, &job));
    *out = m;
    m = NULL;
done:
    sheaf_matrix_free(m);
    return st;
}
