/* Exact nearest rows by dot product: few against many.
 *
 * Queries are packed in groups that stay in the first-level cache; blocks of rows, which stay in the second, stream
 * past them, and the kernel lets through only products that reach a query's n-th best so far. Work is cut into groups
 * of queries times slices of rows; every piece has best lists of its own, which are put together in the end. Keys are
 * totally ordered, so no cut and no order of work changes the answer.
 */
#include "near/neighbours.h"

#include <float.h>
#include <math.h>

#include "base/context.h"
#include "base/par.h"

#define PANEL SHEAF_I_PANEL
#define GROUP SHEAF_I_RIVAL_COLUMNS
#define CHUNK (4 * GROUP)   /* queries of a piece of work */
#define PIECES 32           /* of work, at least, if rows are many */
#define SLICE 4096          /* rows of a slice, at least */
#define CHECKED 4096        /* rows of a block of the check */
#define CACHED 300000       /* bytes of rows that stay in the second-level cache beside the packed ones */

/* ---- what is asked for */

typedef struct {
    const float *x;
    int64_t rows, ld;
    int32_t d;
    float *most; /* of each block; NaN or infinity where there is one */
} extent;

static sheaf_status extent_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const extent *e = arg;
    int64_t lo, hi;
    sheaf_i_range(e->rows, CHECKED, block, &lo, &hi);
    uint32_t most = 0; /* magnitudes are ordered like their bits */
    for (int64_t i = lo; i < hi; i++)
        for (int32_t j = 0; j < e->d; j++) {
            uint32_t bits;
            memcpy(&bits, &e->x[i * e->ld + j], sizeof bits);
            bits &= 0x7fffffffu;
            most = bits > most ? bits : most;
        }
    memcpy(&e->most[block], &most, sizeof most);
    return SHEAF_OK;
}

/* The greatest magnitude. */
static sheaf_status find_extent(sheaf_ctx *ctx, const char *what, const float *x, int64_t rows, int32_t d, int64_t ld,
                                double *most)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(rows, CHECKED);
    extent e = {.x = x, .rows = rows, .ld = ld, .d = d};
    *most = 0;
    SHEAF_NEW(e.most, ctx, blocks);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, extent_block, &e));
    for (int64_t b = 0; b < blocks; b++) {
        if (!isfinite(e.most[b]))
            SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "a number of %s %lld to %lld is not finite", what,
                                   (long long)b * CHECKED, (long long)b * CHECKED + CHECKED - 1));
        if ((double)e.most[b] > *most) *most = (double)e.most[b];
    }
done:
    sheaf_i_free(ctx, e.most);
    return st;
}

static sheaf_status check_shape(sheaf_ctx *ctx, const char *what, int64_t rows, int32_t d, int64_t ld)
{
    if (rows < 0 || rows > INT32_MAX)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%s: %lld, need 0 to 2147483647", what, (long long)rows);
    if (d < 0 || ld < d || (rows > 0 && ld > INT64_MAX / 8 / rows))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%s of %d numbers at a distance of %lld", what, (int)d, (long long)ld);
    return SHEAF_OK;
}

sheaf_status sheaf_i_nearest_check(sheaf_ctx *ctx, int32_t n, const float *x, int64_t rows, int32_t d, int64_t ld,
                                   const float *q, int64_t m, int64_t ldq)
{
    sheaf_status st = SHEAF_OK;
    double most, most_q;
    if (n < 1 || n > 1 << 29)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "n = %d: the number of nearest rows must be from 1 to 2^29", (int)n);
    SHEAF_TRY(check_shape(ctx, "rows", rows, d, ld));
    if (q) SHEAF_TRY(check_shape(ctx, "queries", m, d, ldq));
    SHEAF_TRY(find_extent(ctx, "rows", x, rows, d, ld, &most));
    most_q = most;
    if (q) SHEAF_TRY(find_extent(ctx, "queries", q, m, d, ldq, &most_q));
    if (most * most_q * d >= (double)FLT_MAX / 2)
        st = sheaf_i_fail(ctx, SHEAF_EINVAL, "numbers as great as %g and %g: their products are too great for a float",
                          most, most_q);
done:
    return st;
}

int64_t sheaf_i_nearest_block(int32_t d)
{
    const int64_t unit = 3 * GROUP, fit = CACHED / 4 / (d + 1) / unit; /* a multiple of 6 and of 64 */
    return unit * (fit < 1 ? 1 : fit > 3 ? 3 : fit);
}

void sheaf_i_nearest_pack(const float *x, int64_t n, int32_t d, int64_t ld, float *packed)
{
    for (int64_t t = 0; t < n; t += PANEL, packed += (int64_t)d * PANEL) {
        const int64_t filled = n - t < PANEL ? n - t : PANEL;
        for (int64_t l = 0; l < filled; l++)
            for (int32_t j = 0; j < d; j++) packed[j * PANEL + l] = x[(t + l) * ld + j];
        for (int64_t l = filled; l < PANEL; l++)
            for (int32_t j = 0; j < d; j++) packed[j * PANEL + l] = 0;
    }
}

/* ---- queries against rows */

typedef struct {
    const sheaf_i_kernels *kernels;
    const float *x, *queries;
    int64_t rows, ld, m, ldq, block, slice, slices;
    int32_t d;
    const int64_t *exclude;
    sheaf_i_best best;      /* of each query as many rows as there are slices */
    float **packed;         /* one a worker: CHUNK queries */
    sheaf_i_rival *rival;   /* one a worker: SHEAF_I_RIVALS of them */
    sheaf_hit *hits;
} search;

/* Rows lo .. hi - 1 against the queries of one group, from `first` on. */
static void search_group(search *s, const float *packed, int64_t first, int32_t k, int64_t lo, int64_t hi,
                         int64_t slice, sheaf_i_rival *rival)
{
    float bar[GROUP];
    for (int64_t i = lo; i < hi;) {
        for (int32_t t = 0; t < GROUP; t++)
            bar[t] = t < k ? sheaf_i_best_bar(&s->best, (first + t) * s->slices + slice, i) : INFINITY;
        int32_t found;
        const int64_t at = i;
        i += s->kernels->rivals(hi - i, s->x + i * s->ld, s->ld, s->d, packed, k, NULL, bar, rival, SHEAF_I_RIVALS,
                                &found);
        for (int32_t f = 0; f < found; f++) {
            const int64_t query = first + rival[f].column, row = at + rival[f].row;
            if (s->exclude && s->exclude[query] == row) continue;
            sheaf_i_best_offer(&s->best, query * s->slices + slice, sheaf_i_best_key(rival[f].score, row));
        }
    }
}

static sheaf_status search_piece(void *arg, int64_t piece, int32_t worker)
{
    search *s = arg;
    const int64_t slice = piece % s->slices, from = slice * s->slice,
                  to = from + s->slice < s->rows ? from + s->slice : s->rows;
    int64_t lo, hi;
    sheaf_i_range(s->m, CHUNK, piece / s->slices, &lo, &hi);
    float *packed = s->packed[worker];
    sheaf_i_nearest_pack(s->queries + lo * s->ldq, hi - lo, s->d, s->ldq, packed);
    for (int64_t i = from; i < to; i += s->block)
        for (int64_t g = lo; g < hi; g += GROUP)
            search_group(s, packed + (g - lo) * s->d, g, (int32_t)(hi - g < GROUP ? hi - g : GROUP), i,
                         i + s->block < to ? i + s->block : to, slice, s->rival + (int64_t)worker * SHEAF_I_RIVALS);
    return SHEAF_OK;
}

static sheaf_status finish_chunk(void *arg, int64_t chunk, int32_t worker)
{
    (void)worker;
    search *s = arg;
    sheaf_i_best *b = &s->best;
    int64_t lo, hi;
    sheaf_i_range(s->m, CHUNK, chunk, &lo, &hi);
    for (int64_t q = lo; q < hi; q++) {
        const int64_t first = q * s->slices;
        for (int64_t r = first + 1; r < first + s->slices; r++)
            for (int32_t i = 0; i < b->used[r]; i++) sheaf_i_best_offer(b, first, b->key[r * b->room + i]);
        sheaf_i_best_hits(b, first, s->hits + q * b->n);
    }
    return SHEAF_OK;
}

sheaf_status sheaf_nearest_rows(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n, const float *x, int64_t rows, int32_t d,
                                int64_t ld, const float *queries, int64_t m, int64_t ldq, const int64_t *exclude)
{
    sheaf_status st = SHEAF_OK;
    const int32_t workers = sheaf_ctx_threads(ctx);
    search s = {.kernels = sheaf_i_kernels_get(), .x = x, .queries = queries, .rows = rows, .ld = ld, .m = m,
                .ldq = ldq, .d = d, .exclude = exclude, .hits = hits, .block = sheaf_i_nearest_block(d)};
    SHEAF_TRY(sheaf_i_nearest_check(ctx, n, x, rows, d, ld, queries, m, ldq));
    const int32_t kept = n < rows ? n : rows > 0 ? (int32_t)rows : 1; /* more there are not */
    const int64_t chunks = sheaf_i_blocks(m, CHUNK);
    s.slices = chunks ? (PIECES + chunks - 1) / chunks : 1;
    if (s.slices > rows / SLICE) s.slices = rows / SLICE > 0 ? rows / SLICE : 1;
    s.slice = sheaf_i_blocks(rows, s.slices);
    SHEAF_TRY(sheaf_i_best_new(&s.best, ctx, m * s.slices, kept));
    SHEAF_NEW(s.rival, ctx, (int64_t)workers * SHEAF_I_RIVALS);
    SHEAF_NEW0(s.packed, ctx, workers);
    for (int32_t w = 0; w < workers; w++) SHEAF_NEW_ALIGNED(s.packed[w], ctx, (int64_t)CHUNK * d);
    SHEAF_TRY(sheaf_i_par_for(ctx, "neighbours", chunks * s.slices, search_piece, &s));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, chunks, finish_chunk, &s));
    sheaf_i_best_fill(hits, m, kept, n);
done:
    for (int32_t w = 0; s.packed && w < workers; w++) sheaf_i_aligned_free(ctx, s.packed[w]);
    sheaf_i_free(ctx, s.packed);
    sheaf_i_free(ctx, s.rival);
    sheaf_i_best_end(&s.best, ctx);
    return st;
}
