/* Exact nearest rows of a sparse matrix for a few queries: every row is looked at, which for few is less than to sort
 * the matrix by columns. Blocks of rows keep best lists of their own, which are put together in order. */
#include <math.h>

#include "base/context.h"
#include "base/par.h"
#include "near/neighbours.h"

#define ROWS 4096 /* of a block */

typedef struct {
    const sheaf_matrix *m;
    const float *query; /* by columns */
    int64_t own;        /* no answer */
    sheaf_i_best best;  /* a row a block */
} scan;

static sheaf_status scan_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    scan *s = arg;
    const sheaf_matrix *m = s->m;
    int64_t lo, hi;
    sheaf_i_range(m->rows, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const float score = sheaf_i_nearest_score(m, i, s->query);
        if (score > 0 && i != s->own) sheaf_i_best_offer(&s->best, block, sheaf_i_best_key(score, i));
    }
    return SHEAF_OK;
}

static sheaf_status scan_rows(sheaf_ctx *ctx, scan *s, int32_t n, sheaf_hit *hits)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(s->m->rows, ROWS);
    SHEAF_TRY(sheaf_i_best_new(&s->best, ctx, blocks + 1, n));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, scan_block, s));
    for (int64_t b = 0; b < blocks; b++)
        for (int32_t i = 0; i < s->best.used[b]; i++)
            sheaf_i_best_offer(&s->best, blocks, s->best.key[b * s->best.room + i]);
    sheaf_i_best_hits(&s->best, blocks, hits);
done:
    sheaf_i_best_end(&s->best, ctx);
    return st;
}

sheaf_status sheaf_i_nearest_scan(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n, const sheaf_matrix *m,
                                  const sheaf_matrix *queries, const int64_t *exclude, bool graph)
{
    sheaf_status st = SHEAF_OK;
    float *query = NULL;
    SHEAF_NEW0(query, ctx, m->cols);
    for (int64_t q = 0; q < queries->rows; q++) {
        scan s = {.m = m, .query = query, .own = exclude ? exclude[q] : graph ? q : -1};
        const int64_t lo = queries->indptr[q], hi = queries->indptr[q + 1];
        for (int64_t p = lo; p < hi; p++) query[queries->indices[p]] = queries->values[p];
        SHEAF_TRY(scan_rows(ctx, &s, n, hits + q * n));
        for (int64_t p = lo; p < hi; p++) query[queries->indices[p]] = 0;
    }
done:
    sheaf_i_free(ctx, query);
    return st;
}
