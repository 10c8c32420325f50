/* The heaviest one-to-one assignment over a sparse table: shortest augmenting paths with prices (Kuhn 1955, Munkres
 * 1957; paths as in Jonker and Volgenant 1987), in integers, so exactly.
 *
 * Prices u of rows and v of columns are at least 0, u + v is at least the weight of every cell and equal to that of
 * every cell in use, and whatever is free has price 0: this proves that nothing weighs more. A new row begins with the
 * price that its best cell asks for, and Dijkstra's search over what the cells are short of, u + v - weight, finds the
 * cheapest end: a free column, or a row of the tree (the new one too) that does without. Prices along the tree then
 * change by what they are nearer than the end. A column, once taken, stays taken.
 */
#include "cluster/assignment.h"

#include "base/context.h"
#include "base/mem.h"

#define FAR INT64_MAX

typedef struct {
    int64_t distance;
    int32_t column;
} reach;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_weights_table *t;
    int32_t *match, *owner;  /* of rows: their column; of columns: their row; -1: none */
    int64_t *u, *v;
    int64_t *distance;       /* of columns from the new row; FAR between searches */
    int32_t *from;           /* of columns: the row before them */
    int32_t *seen, n_seen;   /* columns whose distance is not FAR */
    int32_t *tree, n_tree;   /* columns whose distance is settled */
    reach *heap;
    int64_t n_heap, room;
    int64_t best;            /* distance of the nearest end so far ... */
    int32_t end_row;         /* ... a row that does without, or -1 ... */
    int32_t end_column;      /* ... and a free column */
} solving;

static bool nearer(reach a, reach b)
{
    return a.distance != b.distance ? a.distance < b.distance : a.column < b.column;
}

static sheaf_status push(solving *s, reach r)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_GROW(s->heap, s->ctx, s->n_heap, s->room);
    int64_t i = s->n_heap++;
    for (; i && nearer(r, s->heap[(i - 1) / 2]); i = (i - 1) / 2) s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = r;
done:
    return st;
}

static reach pop(solving *s)
{
    reach top = s->heap[0], last = s->heap[--s->n_heap];
    int64_t i = 0;
    for (int64_t child; (child = 2 * i + 1) < s->n_heap; i = child) {
        if (child + 1 < s->n_heap && nearer(s->heap[child + 1], s->heap[child])) child++;
        if (!nearer(s->heap[child], last)) break;
        s->heap[i] = s->heap[child];
    }
    s->heap[i] = last;
    return top;
}

/* The columns that a row at this distance reaches more cheaply than before. */
static sheaf_status look_from(solving *s, int32_t row, int64_t distance)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_weights_table *t = s->t;
    for (int64_t p = t->first[row]; p < t->first[row + 1]; p++) {
        const int32_t j = t->column[p];
        const int64_t d = distance + s->u[row] + s->v[j] - t->weight[p];
        if (d >= s->distance[j] || d >= s->best) continue;
        if (s->distance[j] == FAR) s->seen[s->n_seen++] = j;
        s->distance[j] = d;
        s->from[j] = row;
        SHEAF_TRY(push(s, (reach){d, j}));
    }
done:
    return st;
}

static sheaf_status search(solving *s, int32_t root)
{
    sheaf_status st = SHEAF_OK;
    s->best = s->u[root];
    s->end_row = root;
    s->end_column = -1;
    s->n_heap = s->n_tree = 0;
    SHEAF_TRY(look_from(s, root, 0));
    while (s->n_heap) {
        const reach r = pop(s);
        const int32_t row = s->owner[r.column];
        if (r.distance >= s->best) break;
        if (r.distance > s->distance[r.column]) continue; /* reached more cheaply since */
        if (row < 0) {
            s->best = r.distance;
            s->end_row = -1;
            s->end_column = r.column;
            break;
        }
        s->tree[s->n_tree++] = r.column;
        if (r.distance + s->u[row] < s->best) {
            s->best = r.distance + s->u[row];
            s->end_row = row;
        }
        SHEAF_TRY(look_from(s, row, r.distance));
    }
done:
    return st;
}

static void change_prices(solving *s, int32_t root)
{
    s->u[root] -= s->best;
    for (int32_t i = 0; i < s->n_tree; i++) {
        const int32_t j = s->tree[i];
        const int64_t by = s->best - s->distance[j];
        if (by <= 0) continue; /* an end was found that is no farther */
        s->v[j] += by;
        s->u[s->owner[j]] -= by;
    }
    for (int32_t i = 0; i < s->n_seen; i++) s->distance[s->seen[i]] = FAR;
    s->n_seen = 0;
}

/* Every row on the way to the end takes the column behind it. */
static void augment(solving *s, int32_t root)
{
    int32_t column = s->end_column;
    if (s->end_row == root) return;
    if (s->end_row >= 0) {
        column = s->match[s->end_row];
        s->match[s->end_row] = -1;
    }
    for (int32_t row = -1; row != root;) {
        row = s->from[column];
        const int32_t before = s->match[row];
        s->match[row] = column;
        s->owner[column] = row;
        column = before;
    }
}

static int64_t first_price(const solving *s, int32_t row)
{
    const sheaf_i_weights_table *t = s->t;
    int64_t most = 0;
    for (int64_t p = t->first[row]; p < t->first[row + 1]; p++) {
        const int64_t short_of = t->weight[p] - s->v[t->column[p]];
        if (short_of > most) most = short_of;
    }
    return most;
}

sheaf_status sheaf_i_assign_heaviest(sheaf_ctx *ctx, int32_t *match, const sheaf_i_weights_table *t)
{
    sheaf_status st = SHEAF_OK;
    solving s = {.ctx = ctx, .t = t, .match = match};
    SHEAF_NEW(s.owner, ctx, t->columns);
    SHEAF_NEW0(s.u, ctx, t->rows);
    SHEAF_NEW0(s.v, ctx, t->columns);
    SHEAF_NEW(s.distance, ctx, t->columns);
    SHEAF_NEW(s.from, ctx, t->columns);
    SHEAF_NEW(s.seen, ctx, t->columns);
    SHEAF_NEW(s.tree, ctx, t->columns);
    for (int32_t i = 0; i < t->rows; i++) match[i] = -1;
    for (int32_t j = 0; j < t->columns; j++) {
        s.owner[j] = -1;
        s.distance[j] = FAR;
    }
    for (int32_t i = 0; i < t->rows; i++) {
        s.u[i] = first_price(&s, i);
        SHEAF_TRY(search(&s, i));
        change_prices(&s, i);
        augment(&s, i);
    }
done:
    sheaf_i_free(ctx, s.owner);
    sheaf_i_free(ctx, s.u);
    sheaf_i_free(ctx, s.v);
    sheaf_i_free(ctx, s.distance);
    sheaf_i_free(ctx, s.from);
    sheaf_i_free(ctx, s.seen);
    sheaf_i_free(ctx, s.tree);
    sheaf_i_free(ctx, s.heap);
    return st;
}
