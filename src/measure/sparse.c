/* Sparse times dense alone: a matrix of the shape of 100,000 abstracts (columns by falling frequency, as the terms are
 * numbered), from both sides, in blocks of about equal work. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "measure/check.h"
#include "measure/sparse.h"

#define ROWS_A_BLOCK 512
#define LEAST_WORDS 24 /* drawn for a row: 24 .. 24 + 63, repeated ones once */
#define MORE_WORDS 64
#define MOST_WORDS (LEAST_WORDS + MORE_WORDS)
#define WORK (1 << 15) /* nonzeros and rows a block of the product */

typedef struct {
    int64_t rows;
    int32_t cols;
    uint64_t key;
    const double *reach; /* cols: the distribution function of a draw */
    int64_t *indptr;
    int32_t *indices; /* NULL: only count */
    float *values;
} drawing;

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int32_t draw(const drawing *d, double u)
{
    int32_t lo = 0, hi = d->cols - 1;
    while (lo < hi) {
        int32_t middle = lo + (hi - lo) / 2;
        if (d->reach[middle] > u) hi = middle;
        else lo = middle + 1;
    }
    return lo;
}

static sheaf_status draw_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const drawing *d = arg;
    int32_t column[MOST_WORDS];
    int64_t lo, hi;
    sheaf_i_range(d->rows, ROWS_A_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        uint64_t row = (uint64_t)i * (MOST_WORDS + 1);
        int32_t words = LEAST_WORDS + (int32_t)(sheaf_i_rng_u64(d->key, row) % MORE_WORDS), used = 0;
        for (int32_t w = 0; w < words; w++) column[w] = draw(d, sheaf_i_rng_unit(d->key, row + 1 + (uint64_t)w));
        qsort(column, (size_t)words, sizeof *column, by_number);
        for (int32_t w = 0; w < words; w++)
            if (w == 0 || column[w] != column[w - 1]) column[used++] = column[w];
        for (int32_t w = 0; d->indices && w < used; w++) {
            d->indices[d->indptr[i] + w] = column[w];
            d->values[d->indptr[i] + w] = (float)(.1 + sheaf_i_rng_unit(d->key + 1, row + (uint64_t)w));
        }
        if (!d->indices) d->indptr[i + 1] = used;
    }
    return SHEAF_OK;
}

/* Zipf and Mandelbrot: chance 1 / (j + 20) ^ 1.07. */
sheaf_status sheaf_i_sparse_make(const sheaf_i_run *r, sheaf_matrix **out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = r->ctx;
    drawing d = {.rows = r->o.quick ? 10000 : 100000,
                 .cols = r->o.quick ? 12000 : 36000,
                 .key = sheaf_i_rng_key(r->o.seed, SHEAF_I_RNG_BENCH, UINT64_MAX)};
    const int64_t blocks = sheaf_i_blocks(d.rows, ROWS_A_BLOCK);
    double *reach = NULL, sum = 0;
    *out = NULL;
    SHEAF_NEW(reach, ctx, d.cols);
    SHEAF_NEW0(d.indptr, ctx, d.rows + 1);
    for (int32_t j = 0; j < d.cols; j++) reach[j] = sum += pow(j + 20.0, -1.07);
    for (int32_t j = 0; j < d.cols; j++) reach[j] /= sum;
    d.reach = reach;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, draw_block, &d));
    for (int64_t i = 0; i < d.rows; i++) d.indptr[i + 1] += d.indptr[i];
    SHEAF_NEW(d.indices, ctx, d.indptr[d.rows]);
    SHEAF_NEW(d.values, ctx, d.indptr[d.rows]);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, draw_block, &d));
    st = sheaf_matrix_from_csr(ctx, out, d.rows, d.cols, d.indptr, d.indices, d.values);
done:
    sheaf_i_free(ctx, reach);
    sheaf_i_free(ctx, d.indptr);
    sheaf_i_free(ctx, d.indices);
    sheaf_i_free(ctx, d.values);
    return st;
}

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    const sheaf_matrix *a;
    int64_t n_blocks;
    int32_t b;
    float *x, *y;
} product;

static sheaf_status product_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const product *p = arg;
    const sheaf_matrix *a = p->a;
    int64_t lo = sheaf_i_row_cut(a->indptr, a->rows, block, p->n_blocks);
    int64_t hi = sheaf_i_row_cut(a->indptr, a->rows, block + 1, p->n_blocks);
    p->kernels->spmm(lo, hi, a->indptr, a->indices, a->values, p->x, p->b, p->b, p->y, p->b);
    return SHEAF_OK;
}

static sheaf_status run_product(void *arg)
{
    product *p = arg;
    return sheaf_i_par_for(p->ctx, NULL, p->n_blocks, product_block, p);
}

/* Reads the matrix, gathers a row of x for every nonzero, writes y. */
sheaf_status sheaf_i_sparse_work(const sheaf_i_run *r, const sheaf_matrix *a, const int32_t *columns, int32_t b,
                                 double each_nonzero, sheaf_i_work *w)
{
    const int64_t nnz = a->indptr[a->rows];
    int64_t *count = sheaf_i_zeros(r->ctx, a->cols, sizeof *count);
    if (!count) return SHEAF_ENOMEM;
    for (int64_t i = 0; i < nnz; i++) count[columns[i]]++;
    w->bytes += each_nonzero * (double)nnz + 8. * (double)a->rows + 4. * (double)a->rows * b;
    w->footprint += each_nonzero * (double)nnz + 8. * (double)a->rows + 4. * (double)(a->rows + a->cols) * b;
    w->flops += 2. * (double)nnz * b;
    sheaf_i_add_gathers(r, w, count, a->cols, 4. * b);
    sheaf_i_free(r->ctx, count);
    return SHEAF_OK;
}

static sheaf_status one_product(sheaf_i_run *r, const sheaf_i_kernels *kernels, const sheaf_matrix *a, int32_t b)
{
    sheaf_status st = SHEAF_OK;
    product p = {
        .ctx = r->ctx, .kernels = kernels, .a = a, .b = b, .n_blocks = sheaf_i_row_blocks(a->indptr, a->rows, WORK)};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "spmm",
                          .kernels = kernels->name,
                          .unit = "GFLOP/s",
                          .quality = {"error/bound", 0, 1}};
    char nonzeros[16], rows[16];
    snprintf(m.size, sizeof m.size, "%s nonzeros x %d, %s rows gathered",
             sheaf_i_count((double)a->indptr[a->rows], nonzeros), (int)b, sheaf_i_count((double)a->cols, rows));
    SHEAF_NEW_ALIGNED(p.x, r->ctx, (int64_t)a->cols * b);
    SHEAF_NEW_ALIGNED(p.y, r->ctx, a->rows * b);
    SHEAF_TRY(sheaf_i_fill_random(r->ctx, p.x, (int64_t)a->cols * b, (uint64_t)b));
    SHEAF_TRY(run_product(&p));
    SHEAF_TRY(sheaf_i_check_product(r->ctx, a, p.x, b, p.y, 0, &m.quality.value));
    SHEAF_TRY(sheaf_i_verify(r, &m));
    SHEAF_TRY(sheaf_i_sparse_work(r, a, a->indices, b, 8, &m.work));
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed t = {run_product, NULL, &p};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    sheaf_i_aligned_free(r->ctx, p.x);
    sheaf_i_aligned_free(r->ctx, p.y);
    return st;
}

sheaf_status sheaf_i_case_spmm(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *a = NULL, *t = NULL;
    SHEAF_TRY(sheaf_i_sparse_make(r, &a));
    SHEAF_TRY(sheaf_i_matrix_transpose(r->ctx, &t, a));
    for (int32_t b = 16; b <= 32; b *= 2) {
        SHEAF_TRY(one_product(r, kernels, a, b));
        SHEAF_TRY(one_product(r, kernels, t, b));
    }
done:
    sheaf_matrix_free(a);
    sheaf_matrix_free(t);
    return st;
}
