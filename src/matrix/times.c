/* Sparse times dense. The cut into blocks depends on the matrix only and a row is summed by one thread, so the result
   is the same at any thread count.

   Coded matrices (coded.h) are multiplied a strip of columns at a time: the strip of x, scaled, is copied into rows of
   one or two cache lines. */
#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/coded.h"

#define WORK (1 << 19)   /* products of two numbers a block: some 25 microseconds */
#define ROWS 2048        /* a block of copying */

typedef struct {
    const sheaf_matrix *a;
    const int64_t *indptr;   /* of the matrix or a tile */
    const float *x;
    float *y;
    int64_t ldx, ldy, n_blocks;
    int32_t b;
    sheaf_i_coded_rows tile;
} product;

static void cut(product *t, const int64_t *indptr)
{
    t->indptr = indptr;
    t->n_blocks = sheaf_i_row_blocks(indptr, t->a->rows, WORK / (t->b > 8 ? t->b : 8));
}

static sheaf_status times_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const product *t = arg;
    int64_t lo = sheaf_i_row_cut(t->indptr, t->a->rows, block, t->n_blocks);
    int64_t hi = sheaf_i_row_cut(t->indptr, t->a->rows, block + 1, t->n_blocks);
    sheaf_i_kernels_get()->spmm(lo, hi, t->indptr, t->a->indices, t->a->values, t->x, t->ldx, t->b, t->y, t->ldy);
    return SHEAF_OK;
}

static sheaf_status coded_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const product *t = arg;
    int64_t lo = sheaf_i_row_cut(t->indptr, t->a->rows, block, t->n_blocks);
    int64_t hi = sheaf_i_row_cut(t->indptr, t->a->rows, block + 1, t->n_blocks);
    sheaf_i_kernels_get()->spmm_coded(lo, hi, &t->tile, t->x, t->b, t->y, t->ldy);
    return SHEAF_OK;
}

typedef struct {
    int64_t n, ldx;
    int32_t b;
    const float *x, *scale;
    float *to;
} packing;

static sheaf_status pack_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const packing *k = arg;
    const int32_t width = sheaf_i_strip(k->b), b = k->b;
    int64_t lo, hi;
    sheaf_i_range(k->n, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const float *restrict x = k->x + i * k->ldx, scale = k->scale[i];
        float *restrict to = k->to + i * width;
        for (int32_t c = 0; c < b; c++) to[c] = scale * x[c];
        for (int32_t c = b; c < width; c++) to[c] = 0;
    }
    return SHEAF_OK;
}

static sheaf_status pack(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int64_t ldx, int32_t b, float *to)
{
    packing k = {.n = a->cols, .ldx = ldx, .b = b, .x = x, .scale = a->coded->col, .to = to};
    return sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(k.n, ROWS), pack_block, &k);
}

/* y = diag(scale) F x for x from pack: a tile after the other. */
static sheaf_status coded_strip(sheaf_ctx *ctx, const sheaf_matrix *a, const float *scale, const float *x, int32_t b,
                                float *y, int64_t ldy)
{
    const sheaf_i_coded *c = a->coded;
    sheaf_status st = SHEAF_OK;
    for (int64_t t = 0; st == SHEAF_OK && t < c->tiles; t++) {
        const int64_t *places = sheaf_i_coded_places(a, t);
        product p = {.a = a, .x = x + t * SHEAF_I_TILE * sheaf_i_strip(b), .b = b, .y = y, .ldy = ldy};
        p.tile = (sheaf_i_coded_rows){.indptr = places, .columns = c->columns + c->begin[t],
                                      .codes = c->codes + c->begin[t], .table = c->table, .scale = scale,
                                      .add = t > 0, .scattered = c->scattered};
        cut(&p, places);
        st = sheaf_i_par_for(ctx, NULL, p.n_blocks, coded_block, &p);
    }
    return st;
}

void sheaf_i_scratch_end(sheaf_ctx *ctx, sheaf_i_scratch *s)
{
    sheaf_i_aligned_free(ctx, s->strip);
    *s = (sheaf_i_scratch){0};
}

static sheaf_status need(sheaf_ctx *ctx, sheaf_i_scratch *s, int64_t room)
{
    if (s->room >= room && s->strip) return SHEAF_OK;
    sheaf_i_scratch_end(ctx, s);
    s->strip = sheaf_i_aligned(ctx, room, sizeof *s->strip);
    if (!s->strip) return SHEAF_ENOMEM;
    s->room = room;
    return SHEAF_OK;
}

static sheaf_status coded_times(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int64_t ldx, int32_t b,
                                float *y, int64_t ldy, sheaf_i_scratch *scratch)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(need(ctx, scratch, a->cols * (int64_t)sheaf_i_strip(b)));
    for (int32_t c = 0; c < b; c += SHEAF_I_STRIP) {
        int32_t width = b - c < SHEAF_I_STRIP ? b - c : SHEAF_I_STRIP;
        SHEAF_TRY(pack(ctx, a, x + c, ldx, width, scratch->strip));
        SHEAF_TRY(coded_strip(ctx, a, a->coded->row, scratch->strip, width, y + c, ldy));
    }
done:
    return st;
}

sheaf_status sheaf_i_matrix_times(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int64_t ldx, int32_t b,
                                  float *y, int64_t ldy, sheaf_i_scratch *keep)
{
    if (a->coded) {
        sheaf_i_scratch own = {0};
        sheaf_status st = coded_times(ctx, a, x, ldx, b, y, ldy, keep ? keep : &own);
        sheaf_i_scratch_end(ctx, &own);
        return st;
    }
    product t = {.a = a, .x = x, .ldx = ldx, .b = b, .y = y, .ldy = ldy};
    cut(&t, a->indptr);
    return sheaf_i_par_for(ctx, NULL, t.n_blocks, times_block, &t);
}

/* A^T A x = diag(col) F^T diag(row)^2 F diag(col) x: what is in the middle need not be packed again. */
static sheaf_status coded_gram(sheaf_ctx *ctx, const sheaf_matrix *tall, const sheaf_matrix *wide, const float *x,
                               int64_t ldx, int32_t b, float *y, float *w, int64_t ldw, sheaf_i_scratch *scratch)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(need(ctx, scratch, tall->cols * (int64_t)b));
    SHEAF_TRY(pack(ctx, tall, x, ldx, b, scratch->strip));
    SHEAF_TRY(coded_strip(ctx, tall, tall->coded->row2, scratch->strip, b, y, b));
    SHEAF_TRY(coded_strip(ctx, wide, wide->coded->row, y, b, w, ldw));
done:
    return st;
}

sheaf_status sheaf_i_matrix_gram(sheaf_ctx *ctx, const sheaf_matrix *tall, const sheaf_matrix *wide, const float *x,
                                 int64_t ldx, int32_t b, float *y, float *w, int64_t ldw, sheaf_i_scratch *keep)
{
    sheaf_i_scratch own = {0};
    sheaf_i_scratch *scratch = keep ? keep : &own;
    sheaf_status st = SHEAF_OK;
    if (tall->coded && wide->coded && b == sheaf_i_strip(b)) {
        st = coded_gram(ctx, tall, wide, x, ldx, b, y, w, ldw, scratch);
    } else {
        st = sheaf_i_matrix_times(ctx, tall, x, ldx, b, y, b, scratch);
        if (st == SHEAF_OK) st = sheaf_i_matrix_times(ctx, wide, y, b, b, w, ldw, scratch);
    }
    sheaf_i_scratch_end(ctx, &own);
    return st;
}
