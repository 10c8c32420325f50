/* Sparse times dense alone, for values that are codes: the matrix of sparse.c with values from a short table, cut into
 * tiles of 65536 columns, each a pass that adds to the one before. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "measure/check.h"
#include "measure/sparse.h"

#define TILE ((int64_t)1 << 16)
#define WORK (1 << 15) /* nonzeros and rows a block */
#define DIFFERENT 8    /* values */
#define ROUNDINGS 4    /* beyond those of a sum: of the value, of the row's factor, of adding tiles */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    sheaf_matrix *a; /* the same values in the general form, for the oracle */
    int64_t tiles, n_blocks, tile;
    int64_t *places; /* tiles x (rows + 1) */
    int64_t *begin;  /* tiles */
    uint16_t *columns;
    uint8_t *codes;
    float table[256], *scale;
    int32_t b;
    bool scattered;
    float *x, *y;
} product;

/* Walks over the rows once for every tile. */
static void encode(product *p)
{
    const sheaf_matrix *a = p->a;
    int64_t used = 0;
    for (int64_t t = 0; t < p->tiles; t++) {
        int64_t *places = p->places + t * (a->rows + 1);
        p->begin[t] = used;
        places[0] = 0;
        for (int64_t i = 0; i < a->rows; i++) {
            for (int64_t at = a->indptr[i]; at < a->indptr[i + 1]; at++) {
                if (a->indices[at] / TILE != t) continue;
                p->columns[used] = (uint16_t)(a->indices[at] % TILE);
                p->codes[used++] = (uint8_t)(at % DIFFERENT);
            }
            places[i + 1] = used - p->begin[t];
        }
    }
    memset(p->columns + used, 0, SHEAF_I_AHEAD * sizeof *p->columns);
    for (int i = 0; i < 256; i++) p->table[i] = .5f + (float)(i % DIFFERENT);
    for (int64_t i = 0; i < a->rows; i++) {
        p->scale[i] = 1 / (float)(1 + i % 7);
        for (int64_t at = a->indptr[i]; at < a->indptr[i + 1]; at++)
            a->values[at] = p->table[at % DIFFERENT] * p->scale[i];
    }
}

static sheaf_status make(sheaf_i_run *r, const sheaf_i_kernels *kernels, sheaf_matrix *a, bool scattered, product *p)
{
    sheaf_status st = SHEAF_OK;
    const int64_t nnz = a->indptr[a->rows];
    *p = (product){.ctx = r->ctx,
                   .kernels = kernels,
                   .a = a,
                   .tiles = sheaf_i_blocks(a->cols, TILE),
                   .scattered = scattered,
                   .n_blocks = sheaf_i_row_blocks(a->indptr, a->rows, WORK)};
    SHEAF_NEW_ALIGNED(p->places, r->ctx, p->tiles * (a->rows + 1));
    SHEAF_NEW(p->begin, r->ctx, p->tiles);
    SHEAF_NEW_ALIGNED(p->columns, r->ctx, nnz + SHEAF_I_AHEAD);
    SHEAF_NEW_ALIGNED(p->codes, r->ctx, nnz);
    SHEAF_NEW_ALIGNED(p->scale, r->ctx, a->rows);
    SHEAF_NEW_ALIGNED(p->x, r->ctx, (int64_t)a->cols * SHEAF_I_STRIP);
    SHEAF_NEW_ALIGNED(p->y, r->ctx, a->rows * SHEAF_I_STRIP);
    encode(p);
    st = sheaf_i_fill_random(r->ctx, p->x, (int64_t)a->cols * SHEAF_I_STRIP, 11);
done:
    return st;
}

static void end(product *p)
{
    sheaf_i_aligned_free(p->ctx, p->places);
    sheaf_i_free(p->ctx, p->begin);
    sheaf_i_aligned_free(p->ctx, p->columns);
    sheaf_i_aligned_free(p->ctx, p->codes);
    sheaf_i_aligned_free(p->ctx, p->scale);
    sheaf_i_aligned_free(p->ctx, p->x);
    sheaf_i_aligned_free(p->ctx, p->y);
}

static sheaf_status product_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const product *p = arg;
    const int64_t *places = p->places + p->tile * (p->a->rows + 1);
    const sheaf_i_coded_rows rows = {.indptr = places,
                                     .columns = p->columns + p->begin[p->tile],
                                     .codes = p->codes + p->begin[p->tile],
                                     .table = p->table,
                                     .scale = p->scale,
                                     .add = p->tile > 0,
                                     .scattered = p->scattered};
    int64_t lo = sheaf_i_row_cut(places, p->a->rows, block, p->n_blocks);
    int64_t hi = sheaf_i_row_cut(places, p->a->rows, block + 1, p->n_blocks);
    p->kernels->spmm_coded(lo, hi, &rows, p->x + p->tile * TILE * sheaf_i_strip(p->b), p->b, p->y, p->b);
    return SHEAF_OK;
}

static sheaf_status run_product(void *arg)
{
    product *p = arg;
    sheaf_status st = SHEAF_OK;
    for (p->tile = 0; st == SHEAF_OK && p->tile < p->tiles; p->tile++)
        st = sheaf_i_par_for(p->ctx, NULL, p->n_blocks, product_block, p);
    return st;
}

static sheaf_status one_product(sheaf_i_run *r, product *p, int32_t b)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_matrix *a = p->a;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "spmm_coded",
                          .kernels = p->kernels->name,
                          .unit = "GFLOP/s",
                          .quality = {"error/bound", 0, 1}};
    char nonzeros[16], rows[16];
    snprintf(m.size, sizeof m.size, "%s nonzeros x %d, %s rows gathered",
             sheaf_i_count((double)a->indptr[a->rows], nonzeros), (int)b, sheaf_i_count((double)a->cols, rows));
    p->b = b;
    SHEAF_TRY(run_product(p));
    SHEAF_TRY(sheaf_i_check_product(r->ctx, a, p->x, b, p->y, ROUNDINGS, &m.quality.value));
    SHEAF_TRY(sheaf_i_verify(r, &m));
    SHEAF_TRY(sheaf_i_sparse_work(r, a, a->indices, b, 3, &m.work));
    m.amount = m.work.flops / 1e9;
    sheaf_i_timed t = {run_product, NULL, p};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    return st;
}

sheaf_status sheaf_i_case_spmm_coded(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *side[2] = {NULL, NULL};
    product p = {.ctx = r->ctx};
    SHEAF_TRY(sheaf_i_sparse_make(r, &side[0]));
    SHEAF_TRY(sheaf_i_matrix_transpose(r->ctx, &side[1], side[0]));
    for (int s = 0; s < 2; s++) {
        SHEAF_TRY(make(r, kernels, side[s], s == 1, &p));
        for (int32_t b = SHEAF_I_STRIP / 2; b <= SHEAF_I_STRIP; b *= 2) SHEAF_TRY(one_product(r, &p, b));
        end(&p);
        p = (product){.ctx = r->ctx};
    }
done:
    end(&p);
    sheaf_matrix_free(side[0]);
    sheaf_matrix_free(side[1]);
    return st;
}
