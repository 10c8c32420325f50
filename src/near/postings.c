/* Postings in tiles: a counting sort by columns of each tile's rows; see postings.h. */
#include "near/postings.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_postings *p;
    uint32_t *df;          /* of each column */
    double *longest;       /* of each tile: square of its longest row */
    bool *negative;
} making;

static void tile_range(const sheaf_i_postings *p, int64_t tile, int64_t *lo, int64_t *hi)
{
    sheaf_i_range(p->rows, p->tile_rows, tile, lo, hi);
}

static sheaf_status fill_tile(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    making *k = arg;
    const sheaf_matrix *m = k->p->m;
    sheaf_i_tile *t = &k->p->tile[block];
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    tile_range(k->p, block, &lo, &hi);
    const int64_t n = m->indptr[hi] - m->indptr[lo];
    if (n > UINT32_MAX)
        SHEAF_TRY(sheaf_i_fail(k->ctx, SHEAF_EINVAL, "%lld nonzeros in %lld rows are too many", (long long)n,
                               (long long)(hi - lo)));
    SHEAF_NEW0(t->start, k->ctx, (int64_t)m->cols + 2);
    SHEAF_NEW_ALIGNED(t->row, k->ctx, n);
    SHEAF_NEW_ALIGNED(t->value, k->ctx, n);
    uint32_t *at = t->start + 1; /* where the next one of a column goes; in the end its end */
    for (int64_t p = m->indptr[lo]; p < m->indptr[hi]; p++) {
        if (m->values[p] < 0) k->negative[block] = true;
        at[m->indices[p] + 1]++;
    }
    for (int32_t j = 0; j < m->cols; j++) {
        if (at[j + 1]) __atomic_fetch_add(&k->df[j], at[j + 1], __ATOMIC_RELAXED);
        at[j + 1] += at[j];
    }
    for (int64_t i = lo; i < hi; i++)
        for (int64_t p = m->indptr[i]; p < m->indptr[i + 1]; p++) {
            const uint32_t place = at[m->indices[p]]++;
            t->row[place] = (uint16_t)(i - lo);
            t->value[place] = m->values[p];
        }
done:
    return st;
}

static void class_columns(making *k)
{
    const double rows = (double)k->p->rows;
    for (int32_t j = 0; j < k->p->m->cols; j++) {
        const double class = k->df[j] ? 2 * log2(rows / (double)k->df[j]) : SHEAF_I_CLASSES;
        k->p->class[j] = (uint8_t)(class < SHEAF_I_CLASSES - 1 ? class : SHEAF_I_CLASSES - 1);
    }
}

/* The longest row, which gives the unit of rests. */
static sheaf_status measure_tile(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    making *k = arg;
    const sheaf_matrix *m = k->p->m;
    int64_t lo, hi;
    tile_range(k->p, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double square = 0;
        for (int64_t p = m->indptr[i]; p < m->indptr[i + 1]; p++)
            square += (double)m->values[p] * (double)m->values[p];
        if (square > k->longest[block]) k->longest[block] = square;
    }
    return SHEAF_OK;
}

static sheaf_status rest_tile(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    making *k = arg;
    const sheaf_matrix *m = k->p->m;
    const double unit = (double)k->p->unit;
    sheaf_i_tile *t = &k->p->tile[block];
    sheaf_status st = SHEAF_OK;
    double sum[SHEAF_I_CLASSES] = {0};
    int64_t lo, hi;
    tile_range(k->p, block, &lo, &hi);
    SHEAF_NEW_ALIGNED(t->rest, k->ctx, SHEAF_I_CLASSES * (hi - lo));
    for (int64_t i = lo; i < hi; i++) {
        double square[SHEAF_I_CLASSES] = {0}, below = 0;
        for (int64_t p = m->indptr[i]; p < m->indptr[i + 1]; p++)
            square[k->p->class[m->indices[p]]] += (double)m->values[p] * (double)m->values[p];
        for (int32_t c = 0; c < SHEAF_I_CLASSES; c++) {
            const double units = ceil(sqrt(below) * 1.000001 / unit);
            t->rest[c * (hi - lo) + i - lo] = (uint8_t)(units < 255 ? units : 255);
            sum[c] += sqrt(below);
            below += square[c];
        }
    }
    for (int32_t c = 0; c < SHEAF_I_CLASSES; c++) t->mean_rest[c] = (float)(sum[c] / (double)(hi - lo));
done:
    return st;
}

static void choose_tiles(sheaf_i_postings *p)
{
    const int64_t nonzeros = p->m->indptr[p->rows];
    int64_t size = SHEAF_I_TILE_LEAST;
    while (size < SHEAF_I_TILE_MOST && sheaf_i_blocks(p->rows, size) * (p->m->cols + 2) > nonzeros / 2) size *= 2;
    p->tiles = (int32_t)sheaf_i_blocks(p->rows, size);
    p->tile_rows = p->tiles ? sheaf_i_blocks(p->rows, p->tiles) : 1;
}

sheaf_status sheaf_i_postings_make(sheaf_i_postings *p, sheaf_ctx *ctx, const sheaf_matrix *m)
{
    sheaf_status st = SHEAF_OK;
    making k = {.ctx = ctx, .p = p};
    *p = (sheaf_i_postings){.m = m, .rows = m->rows};
    choose_tiles(p);
    SHEAF_NEW0(p->tile, ctx, p->tiles);
    SHEAF_NEW(p->class, ctx, m->cols);
    SHEAF_NEW0(k.df, ctx, m->cols);
    SHEAF_NEW0(k.longest, ctx, p->tiles);
    SHEAF_NEW0(k.negative, ctx, p->tiles);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, p->tiles, fill_tile, &k));
    class_columns(&k);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, p->tiles, measure_tile, &k));
    for (int32_t t = 0; t < p->tiles; t++) {
        p->negative |= k.negative[t];
        if (sqrt(k.longest[t]) > p->longest) p->longest = sqrt(k.longest[t]);
    }
    p->unit = p->longest > 0 ? (float)(p->longest * 1.00001 / 255) : 1; /* 255 of them are longer than any row */
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, p->tiles, rest_tile, &k));
done:
    sheaf_i_free(ctx, k.df);
    sheaf_i_free(ctx, k.longest);
    sheaf_i_free(ctx, k.negative);
    return st;
}

void sheaf_i_postings_end(sheaf_i_postings *p, sheaf_ctx *ctx)
{
    for (int32_t t = 0; p->tile && t < p->tiles; t++) {
        sheaf_i_free(ctx, p->tile[t].start);
        sheaf_i_aligned_free(ctx, p->tile[t].row);
        sheaf_i_aligned_free(ctx, p->tile[t].value);
        sheaf_i_aligned_free(ctx, p->tile[t].rest);
    }
    sheaf_i_free(ctx, p->tile);
    sheaf_i_free(ctx, p->class);
    *p = (sheaf_i_postings){0};
}
