/* Exact nearest rows of a sparse matrix by dot product, most of the sums left out.
 *
 * A query adds up its products with the postings of its columns, the rarest class of columns first; the sums of a tile
 * of rows stay in the second-level cache. What the classes to come can still add to a row is at most the length of the
 * rest of the query times that of the rest of the row (prefix filtering with remaining lengths, as in Bayardo, Ma and
 * Srikant 2007). As soon as there are n scores, rows that cannot reach the n-th are out; and once few are left, their
 * scores are computed one by one and the postings of the frequent columns, which are most of all, are not read.
 *
 * The sums only choose: a score that counts is added up anew over rising columns, the same for (a, b) as for (b, a).
 * Bounds are widened by what rounding may have taken from a sum of so many products, so nothing is missed.
 */
#include <math.h>

#include "base/context.h"
#include "base/par.h"
#include "near/neighbours.h"
#include "near/postings.h"

#define QUERIES 128    /* of a block of work: they go through a tile together, while its postings are in cache */
#define VERIFY 250     /* postings that could be added up while one score is computed anew */
#define CANDIDATES 8192
#define FEW 1024       /* candidates of which the greatest are worth looking for, for a higher bar */
#define SCAN 12        /* rows that are looked through in the time of one posting */
#define FEW_QUERIES 8  /* for which the matrix is not sorted by columns */
#define GREATEST 1e18f /* value: products and their sums stay within a float */
#define FETCHED 8      /* candidates ahead ... */
#define LONG_ROW 256   /* ... and so much of their rows */
#define EPS 5.9604645e-8 /* half the distance from 1 to the next float */

struct asking;
typedef struct { /* one a worker */
    float *sum;        /* of the rows of a tile */
    float *query;      /* by columns */
    int32_t *column;   /* of the queries of a block, each by falling class ... */
    float *value;      /* ... with their values */
    struct asking *asked; /* QUERIES */
    uint16_t *found;   /* rows of a tile */
    uint64_t *top;     /* CANDIDATES: sum and place, for choosing the greatest */
} scratch;

typedef struct {
    const sheaf_i_kernels *kernels;
    const sheaf_matrix *m, *queries;
    const int64_t *exclude;
    bool graph;
    sheaf_i_postings p;
    sheaf_i_best best; /* QUERIES rows a worker */
    scratch *worker;
    int64_t longest;   /* entries of a block of queries, at most */
    sheaf_hit *hits;
} search;

/* A query under way. */
typedef struct asking {
    const search *s;
    sheaf_i_best *best;
    scratch *w;
    int64_t own;                  /* a row that is no answer, or -1 */
    int64_t entries, end[SHEAF_I_CLASSES + 1]; /* those of class c are end[c + 1] .. end[c] - 1 */
    int64_t list;                 /* of best */
    const int32_t *column;
    const float *value;
    float rest[SHEAF_I_CLASSES];  /* length of the query in the classes below */
    double margin;                /* for rounding */
    /* of a tile */
    const sheaf_i_tile *tile;
    int64_t first, rows;
} asking;

static void verify(asking *q, int64_t in_tile)
{
    const int64_t row = q->first + in_tile;
    q->w->sum[in_tile] = -INFINITY; /* never again */
    if (row == q->own) return;
    const float score = sheaf_i_nearest_score(q->s->m, row, q->w->query);
    if (score > 0) sheaf_i_best_offer(q->best, q->list, sheaf_i_best_key(score, row));
}

/* What a sum and its rest have to reach; -inf before there are n scores. */
static float bar_of(const asking *q)
{
    return (float)((double)sheaf_i_best_bar(q->best, q->list, q->first) - q->margin);
}

static void fetch_row(const asking *q, int64_t in_tile)
{
    const sheaf_matrix *m = q->s->m;
    const int64_t p = m->indptr[q->first + in_tile], n = m->indptr[q->first + in_tile + 1] - p;
    for (int64_t b = 0; b < n && b < LONG_ROW; b += 16) {
        __builtin_prefetch(m->indices + p + b);
        __builtin_prefetch(m->values + p + b);
    }
}

static void add_class(const asking *q, int32_t class)
{
    const sheaf_i_tile *t = q->tile;
    float *restrict sum = q->w->sum;
    for (int64_t e = q->end[class + 1]; e < q->end[class]; e++) {
        const int32_t column = q->column[e];
        const float value = q->value[e];
        const uint32_t end = t->start[column + 1];
        for (uint32_t i = t->start[column]; i < end; i++) sum[t->row[i]] += value * t->value[i];
    }
}

/* Computes the scores of the 2 n candidates with the greatest sums, for a bar to begin with or a higher one. */
static void try_greatest(asking *q, int32_t found)
{
    uint64_t *top = q->w->top;
    const int32_t n = q->best->n;
    int32_t wanted = n < CANDIDATES / 8 ? 2 * n : CANDIDATES / 4;
    for (int32_t i = 0; i < found; i++) top[i] = sheaf_i_best_key(q->w->sum[q->w->found[i]], i);
    if (wanted > found) wanted = found;
    if (wanted < found) sheaf_i_best_select(top, found, wanted);
    for (int32_t i = 0; i < wanted; i++) verify(q, q->w->found[(uint32_t)~(uint32_t)top[i]]);
    sheaf_i_best_cut(q->best, q->list);
}

/* Computes the scores of all that may still reach the bar. */
static void try_all(asking *q, int32_t class, int32_t found)
{
    const uint8_t *rest = q->tile->rest + class * q->rows;
    const float scale = q->rest[class] * q->s->p.unit;
    for (int32_t i = 0; i < FETCHED && i < found; i++) fetch_row(q, q->w->found[i]);
    for (int32_t i = 0; i < found; i++) {
        const int64_t row = q->w->found[i];
        if (i + FETCHED < found) fetch_row(q, q->w->found[i + FETCHED]);
        if (q->w->sum[row] + scale * (float)rest[row] >= bar_of(q)) verify(q, row);
    }
    sheaf_i_best_cut(q->best, q->list);
}

/* All classes have been added up: there may be more candidates than fit, and before there are n scores every row with a
   positive one is wanted. */
static void settle(asking *q)
{
    for (int64_t at = 0; at < q->rows;) {
        const float bar = bar_of(q);
        const bool all = isinf(bar) && q->s->p.negative;
        int32_t found = 0;
        for (; at < q->rows && found < CANDIDATES; at++)
            if (q->w->sum[at] > -INFINITY && (all || (isinf(bar) ? q->w->sum[at] > 0 : q->w->sum[at] >= bar)))
                q->w->found[found++] = (uint16_t)at;
        for (int32_t i = 0; i < found; i++) {
            const int64_t row = q->w->found[i];
            if (q->w->sum[row] >= bar_of(q)) verify(q, row);
        }
    }
    sheaf_i_best_cut(q->best, q->list);
}

/* After `class` has been added up: whether the tile is done. It is when it takes less to compute the scores of all that
   may still reach the bar than to add up one class more, of `next` postings. */
static bool look(asking *q, int32_t class, int64_t next)
{
    const search *s = q->s;
    const uint8_t *rest = q->tile->rest + class * q->rows;
    const bool open = q->best->least[q->list] == 0;
    if (open && (s->p.negative || q->best->n > CANDIDATES / 8)) return false;
    const float bar = open ? 1e-37f : bar_of(q), scale = open ? 0 : q->rest[class] * s->p.unit;
    if (!open && 2 * q->rest[class] * q->tile->mean_rest[class] >= bar) return false; /* many rows would pass */
    const int32_t found = s->kernels->above((int32_t)q->rows, q->w->sum, rest, scale, bar, q->w->found, CANDIDATES);
    if (!open && found <= CANDIDATES && found * (int64_t)VERIFY <= next + q->rows / SCAN) {
        try_all(q, class, found);
        return true;
    }
    if (found > 0 && found <= (open ? CANDIDATES : FEW)) try_greatest(q, found);
    return false;
}

static void ask_tile(asking *q, int32_t tile)
{
    const search *s = q->s;
    const sheaf_i_postings *p = &s->p;
    q->tile = &p->tile[tile];
    q->first = tile * p->tile_rows;
    q->rows = p->rows - q->first < p->tile_rows ? p->rows - q->first : p->tile_rows;
    int64_t count[SHEAF_I_CLASSES] = {0};
    int32_t c = SHEAF_I_CLASSES - 1, next, any = 0;
    for (int32_t i = 0; i < SHEAF_I_CLASSES; i++)
        for (int64_t e = q->end[i + 1]; e < q->end[i]; e++)
            count[i] += q->tile->start[q->column[e] + 1] - q->tile->start[q->column[e]];
    for (int32_t i = 0; i < SHEAF_I_CLASSES; i++) any |= count[i] > 0;
    if (!any) return;
    memset(q->w->sum, 0, (size_t)q->rows * sizeof *q->w->sum);
    for (; c >= 0; c = next) {
        add_class(q, c);
        for (next = c - 1; next >= 0 && !count[next];) next--;
        if (next >= 0 && count[next] > q->rows / SCAN && look(q, c, count[next])) return;
    }
    settle(q);
}

/* Entries by falling class, and what is left of the query below each; `at`: where they go in the block's arrays. */
static void order_entries(asking *q, int64_t query, int64_t at)
{
    const sheaf_matrix *m = q->s->queries;
    const uint8_t *class = q->s->p.class;
    const int64_t lo = m->indptr[query], hi = m->indptr[query + 1];
    double square[SHEAF_I_CLASSES] = {0}, below = 0;
    int64_t place[SHEAF_I_CLASSES] = {0}, sum = 0;
    for (int64_t p = lo; p < hi; p++) {
        place[class[m->indices[p]]]++;
        square[class[m->indices[p]]] += (double)m->values[p] * (double)m->values[p];
    }
    for (int32_t c = SHEAF_I_CLASSES - 1; c >= 0; c--) {
        const int64_t n = place[c];
        place[c] = at + sum;
        q->end[c] = sum += n;
    }
    for (int64_t p = lo; p < hi; p++) {
        const int64_t to = place[class[m->indices[p]]]++;
        q->w->column[to] = m->indices[p];
        q->w->value[to] = m->values[p];
    }
    for (int32_t c = 0; c < SHEAF_I_CLASSES; c++) {
        q->rest[c] = sheaf_i_round_up(sqrt(below));
        below += square[c];
    }
    q->column = q->w->column + at;
    q->value = q->w->value + at;
    q->entries = hi - lo;
    /* Both sums have at most so many products, whose magnitudes add up to the product of the lengths at most. */
    q->margin = 2 * EPS * (double)(hi - lo + 8) * sqrt(below) * q->s->p.longest;
}

static void begin(search *s, int64_t query, int64_t at, int32_t worker, int64_t list)
{
    scratch *w = &s->worker[worker];
    asking *q = &w->asked[list];
    *q = (asking){.s = s, .best = &s->best, .w = w, .list = (int64_t)worker * QUERIES + list};
    q->own = s->exclude ? s->exclude[query] : s->graph ? query : -1;
    order_entries(q, query, at);
    s->best.used[q->list] = 0;
    s->best.least[q->list] = 0;
}

static sheaf_status ask_block(void *arg, int64_t block, int32_t worker)
{
    search *s = arg;
    const int64_t *indptr = s->queries->indptr;
    scratch *w = &s->worker[worker];
    int64_t lo, hi;
    sheaf_i_range(s->queries->rows, QUERIES, block, &lo, &hi);
    for (int64_t i = 0; i < hi - lo; i++) begin(s, lo + i, indptr[lo + i] - indptr[lo], worker, i);
    for (int32_t t = 0; t < s->p.tiles; t++)
        for (int64_t i = 0; i < hi - lo; i++) {
            asking *q = &w->asked[i];
            for (int64_t e = 0; e < q->entries; e++) w->query[q->column[e]] = q->value[e];
            ask_tile(q, t);
            for (int64_t e = 0; e < q->entries; e++) w->query[q->column[e]] = 0;
        }
    for (int64_t i = 0; i < hi - lo; i++)
        sheaf_i_best_hits(&s->best, w->asked[i].list, s->hits + (lo + i) * s->best.n);
    return SHEAF_OK;
}

static sheaf_status check(sheaf_ctx *ctx, int32_t n, const sheaf_matrix *m, const sheaf_matrix *queries)
{
    if (n < 1 || n > 1 << 29)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "n = %d: the number of nearest rows must be from 1 to 2^29", (int)n);
    if (m->rows > INT32_MAX)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld rows are more than 2147483647", (long long)m->rows);
    if (queries->cols != m->cols)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "queries of %d columns, rows of %d", (int)queries->cols, (int)m->cols);
    if (m->coded || queries->coded) return sheaf_i_fail(ctx, SHEAF_EINVAL, "the matrix has no values");
    const sheaf_matrix *both[] = {m, queries};
    for (int i = 0; i < (queries == m ? 1 : 2); i++)
        for (int64_t p = both[i]->indptr[0]; p < both[i]->indptr[both[i]->rows]; p++)
            if (!(fabsf(both[i]->values[p]) < GREATEST))
                return sheaf_i_fail(ctx, SHEAF_EINVAL, "a value of the %s, %g, is too great or no number",
                                    i ? "queries" : "matrix", (double)both[i]->values[p]);
    return SHEAF_OK;
}

static sheaf_status open_scratch(search *s, sheaf_ctx *ctx)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_matrix *q = s->queries;
    for (int64_t i = 0; i < q->rows; i += QUERIES) {
        const int64_t n = q->indptr[i + QUERIES < q->rows ? i + QUERIES : q->rows] - q->indptr[i];
        if (n > s->longest) s->longest = n;
    }
    SHEAF_NEW0(s->worker, ctx, sheaf_ctx_threads(ctx));
    for (int32_t w = 0; w < sheaf_ctx_threads(ctx); w++) {
        SHEAF_NEW_ALIGNED(s->worker[w].sum, ctx, s->p.tile_rows);
        SHEAF_NEW0(s->worker[w].query, ctx, s->m->cols);
        SHEAF_NEW(s->worker[w].column, ctx, s->longest);
        SHEAF_NEW(s->worker[w].value, ctx, s->longest);
        SHEAF_NEW(s->worker[w].asked, ctx, QUERIES);
        SHEAF_NEW(s->worker[w].found, ctx, CANDIDATES);
        SHEAF_NEW(s->worker[w].top, ctx, CANDIDATES);
    }
done:
    return st;
}

static void close_scratch(search *s, sheaf_ctx *ctx)
{
    for (int32_t w = 0; s->worker && w < sheaf_ctx_threads(ctx); w++) {
        sheaf_i_aligned_free(ctx, s->worker[w].sum);
        sheaf_i_free(ctx, s->worker[w].query);
        sheaf_i_free(ctx, s->worker[w].column);
        sheaf_i_free(ctx, s->worker[w].value);
        sheaf_i_free(ctx, s->worker[w].asked);
        sheaf_i_free(ctx, s->worker[w].found);
        sheaf_i_free(ctx, s->worker[w].top);
    }
    sheaf_i_free(ctx, s->worker);
}

sheaf_status sheaf_nearest_sparse(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n, const sheaf_matrix *m,
                                  const sheaf_matrix *queries, const int64_t *exclude)
{
    sheaf_status st = SHEAF_OK;
    search s = {.kernels = sheaf_i_kernels_get(), .m = m, .queries = queries ? queries : m, .exclude = exclude,
                .graph = !queries, .hits = hits};
    SHEAF_TRY(check(ctx, n, m, s.queries));
    const int32_t kept = n < m->rows ? n : m->rows > 0 ? (int32_t)m->rows : 1; /* more there are not */
    if (s.queries->rows <= FEW_QUERIES) {
        SHEAF_TRY(sheaf_i_nearest_scan(ctx, hits, kept, m, s.queries, exclude, s.graph));
        sheaf_i_best_fill(hits, s.queries->rows, kept, n);
        goto done;
    }
    SHEAF_TRY(sheaf_i_postings_make(&s.p, ctx, m));
    SHEAF_TRY(sheaf_i_best_new(&s.best, ctx, (int64_t)sheaf_ctx_threads(ctx) * QUERIES, kept));
    SHEAF_TRY(open_scratch(&s, ctx));
    SHEAF_TRY(sheaf_i_par_for(ctx, "neighbours", sheaf_i_blocks(s.queries->rows, QUERIES), ask_block, &s));
    sheaf_i_best_fill(hits, s.queries->rows, kept, n);
done:
    close_scratch(&s, ctx);
    sheaf_i_best_end(&s.best, ctx);
    sheaf_i_postings_end(&s.p, ctx);
    return st;
}
