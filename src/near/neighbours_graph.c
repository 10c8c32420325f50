/* The graph of exact nearest rows: every row against every other, each product computed once.
 *
 * Rows are cut into blocks; a pair of blocks (I, J) offers each product to the lists of both its rows. Pairs are played
 * like a tournament, where everybody meets everybody in rounds of disjoint pairs: the pairs of a round run in parallel
 * and touch no list together, without a lock. Rounds are taken in strides of the golden section, so that rows that grow
 * from the first to the last, or lie by kind, do not make every block a record; keys are totally ordered, so no order
 * changes the answer.
 * Needs a copy of x in panels.
 */
#include <math.h>

#include "base/context.h"
#include "base/par.h"
#include "near/neighbours.h"

#define GROUP SHEAF_I_RIVAL_COLUMNS

typedef struct {
    const sheaf_i_kernels *kernels;
    const float *x;
    float *packed;
    int64_t rows, ld, block, blocks; /* blocks: even, the last one may be empty */
    int64_t round;                   /* -1: each block with itself */
    int32_t d;
    sheaf_i_best best;
    sheaf_i_rival *rival;            /* one a worker: SHEAF_I_RIVALS of them */
    float *bar;                      /* one a worker: a block */
    sheaf_hit *hits;
} graph;

static void offer(graph *g, int64_t row, int64_t column, float score)
{
    sheaf_i_best_offer(&g->best, row, sheaf_i_best_key(score, column));
    sheaf_i_best_offer(&g->best, column, sheaf_i_best_key(score, row));
}

/* Rows lo .. hi - 1 against k columns from `first` on. Rows of the same block meet only columns behind them. */
static void meet_group(graph *g, int64_t lo, int64_t hi, int64_t first, int32_t k, int32_t worker)
{
    sheaf_i_rival *rival = g->rival + (int64_t)worker * SHEAF_I_RIVALS;
    float *row_bar = g->bar + worker * g->block, column_bar[GROUP];
    for (int64_t i = lo; i < hi;) {
        for (int64_t r = i; r < hi; r++) row_bar[r - i] = sheaf_i_best_bar(&g->best, r, first);
        for (int32_t t = 0; t < GROUP; t++)
            column_bar[t] = t < k ? sheaf_i_best_bar(&g->best, first + t, i) : INFINITY;
        int32_t found;
        const int64_t at = i;
        i += g->kernels->rivals(hi - i, g->x + i * g->ld, g->ld, g->d, g->packed + first * g->d, k, row_bar, column_bar,
                                rival, SHEAF_I_RIVALS, &found);
        for (int32_t f = 0; f < found; f++) {
            const int64_t row = at + rival[f].row, column = first + rival[f].column;
            if (row < column) offer(g, row, column, rival[f].score);
        }
    }
}

/* Block I against block J > I, or with itself. */
static void meet(graph *g, int64_t i, int64_t j, int32_t worker)
{
    int64_t lo, hi, first, end;
    sheaf_i_range(g->rows, g->block, i, &lo, &hi);
    sheaf_i_range(g->rows, g->block, j, &first, &end);
    for (int64_t t = first; t < end; t += GROUP) {
        const int32_t k = (int32_t)(end - t < GROUP ? end - t : GROUP);
        meet_group(g, lo, i == j && t + k < hi ? t + k : hi, t, k, worker);
    }
}

/* Of `blocks` players the last one sits still, and the others go round: in round r those meet whose numbers add up to
   r, modulo their number, and the one that would meet itself meets the last. Round -1: each block meets itself. */
static sheaf_status play(void *arg, int64_t pair, int32_t worker)
{
    graph *g = arg;
    const int64_t turning = g->blocks - 1; /* odd */
    const int64_t half = (g->round % 2 ? g->round + turning : g->round) / 2;
    int64_t i = (half + pair) % turning, j = pair ? (half - pair + turning) % turning : turning;
    if (g->round < 0) i = j = pair;
    if (i * g->block < g->rows && j * g->block < g->rows) meet(g, i < j ? i : j, i < j ? j : i, worker);
    return SHEAF_OK;
}

static sheaf_status pack_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    graph *g = arg;
    int64_t lo, hi;
    sheaf_i_range(g->rows, g->block, block, &lo, &hi);
    sheaf_i_nearest_pack(g->x + lo * g->ld, hi - lo, g->d, g->ld, g->packed + lo * g->d);
    return SHEAF_OK;
}

static sheaf_status finish_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    graph *g = arg;
    int64_t lo, hi;
    sheaf_i_range(g->rows, g->block, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) sheaf_i_best_hits(&g->best, i, g->hits + i * g->best.n);
    return SHEAF_OK;
}

static int64_t common_divisor(int64_t a, int64_t b) { return b ? common_divisor(b, a % b) : a; }

static sheaf_status play_rounds(sheaf_ctx *ctx, graph *g)
{
    sheaf_status st = SHEAF_OK;
    const int64_t rounds = g->blocks - 1;
    int64_t stride = (int64_t)((double)rounds * .6180339887) + 1;
    while (common_divisor(stride, rounds) != 1) stride++;
    g->round = -1;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(g->rows, g->block), play, g));
    for (int64_t r = 0; r < rounds; r++) {
        SHEAF_TRY(sheaf_i_progress(ctx, "neighbours", r, rounds));
        g->round = r * stride % rounds;
        SHEAF_TRY(sheaf_i_par_for(ctx, NULL, g->blocks / 2, play, g));
    }
done:
    return st;
}

sheaf_status sheaf_nearest_graph(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n, const float *x, int64_t rows, int32_t d,
                                 int64_t ld)
{
    sheaf_status st = SHEAF_OK;
    const int32_t workers = sheaf_ctx_threads(ctx);
    graph g = {.kernels = sheaf_i_kernels_get(), .x = x, .rows = rows, .ld = ld, .d = d, .hits = hits,
               .block = sheaf_i_nearest_block(d)};
    const int64_t used = sheaf_i_blocks(rows, g.block);
    g.blocks = used + used % 2;
    SHEAF_TRY(sheaf_i_nearest_check(ctx, n, x, rows, d, ld, NULL, 0, 0));
    const int32_t kept = n < rows - 1 ? n : rows > 1 ? (int32_t)rows - 1 : 1; /* more there are not */
    SHEAF_TRY(sheaf_i_best_new(&g.best, ctx, rows, kept));
    SHEAF_NEW(g.rival, ctx, (int64_t)workers * SHEAF_I_RIVALS);
    SHEAF_NEW(g.bar, ctx, workers * g.block);
    SHEAF_NEW_ALIGNED(g.packed, ctx, sheaf_i_blocks(rows, SHEAF_I_PANEL) * SHEAF_I_PANEL * d);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, used, pack_block, &g));
    if (g.blocks) SHEAF_TRY(play_rounds(ctx, &g));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, used, finish_block, &g));
    sheaf_i_best_fill(hits, rows, kept, n);
done:
    sheaf_i_aligned_free(ctx, g.packed);
    sheaf_i_free(ctx, g.rival);
    sheaf_i_free(ctx, g.bar);
    sheaf_i_best_end(&g.best, ctx);
    return st;
}
