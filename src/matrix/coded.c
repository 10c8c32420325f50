/* Making, checking and turning coded matrices; see coded.h. The turning is that of transpose.c, tile by tile. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/coded.h"

#define COLUMNS 4096 /* a block of the pass over the columns */

sheaf_status sheaf_i_coded_new(sheaf_ctx *ctx, sheaf_matrix **out, int64_t rows, int32_t cols, int64_t nnz)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_coded *c = NULL;
    *out = NULL;
    sheaf_matrix *m = sheaf_i_array(ctx, 1, sizeof *m);
    if (!m) return SHEAF_ENOMEM;
    *m = (sheaf_matrix){.ctx = ctx, .rows = rows, .cols = cols, .owns_structure = true};
    SHEAF_NEW0(c, ctx, 1);
    m->coded = c;
    c->tiles = cols > 0 ? sheaf_i_blocks(cols, SHEAF_I_TILE) : 1;
    SHEAF_NEW0(c->begin, ctx, c->tiles + 1);
    SHEAF_NEW_ALIGNED(c->places, ctx, c->tiles * (rows + 1));
    SHEAF_NEW_ALIGNED(c->columns, ctx, nnz + SHEAF_I_AHEAD);
    memset(c->columns + nnz, 0, SHEAF_I_AHEAD * sizeof *c->columns);
    SHEAF_NEW_ALIGNED(c->codes, ctx, nnz);
    SHEAF_NEW_ALIGNED(c->row, ctx, rows);
    SHEAF_NEW_ALIGNED(c->row2, ctx, rows);
    SHEAF_NEW_ALIGNED(c->col, ctx, cols);
    *out = m;
    m = NULL;
done:
    sheaf_matrix_free(m);
    return st;
}

void sheaf_i_coded_free(sheaf_ctx *ctx, sheaf_i_coded *c)
{
    if (!c) return;
    sheaf_i_free(ctx, c->begin);
    sheaf_i_aligned_free(ctx, c->places);
    sheaf_i_aligned_free(ctx, c->columns);
    sheaf_i_aligned_free(ctx, c->codes);
    sheaf_i_aligned_free(ctx, c->row);
    sheaf_i_aligned_free(ctx, c->row2);
    sheaf_i_aligned_free(ctx, c->col);
    sheaf_i_free(ctx, c);
}

static const char *validate_tile(const sheaf_matrix *a, int64_t tile)
{
    const sheaf_i_coded *c = a->coded;
    const int64_t *places = sheaf_i_coded_places(a, tile);
    const int64_t first = tile * SHEAF_I_TILE, width = a->cols - first < SHEAF_I_TILE ? a->cols - first : SHEAF_I_TILE;
    if (places[0] != 0 || places[a->rows] != c->begin[tile + 1] - c->begin[tile]) return "a tile has gaps";
    for (int64_t i = 0; i < a->rows; i++) {
        int64_t before = -1;
        if (places[i + 1] < places[i]) return "rows of a tile fall";
        for (int64_t p = places[i]; p < places[i + 1]; p++) {
            int64_t j = c->columns[c->begin[tile] + p];
            if (j <= before) return "columns of a row do not rise";
            if (j >= width) return "a column is out of range";
            before = j;
        }
    }
    return NULL;
}

const char *sheaf_i_coded_validate(const sheaf_matrix *a)
{
    const sheaf_i_coded *c = a->coded;
    if (c->tiles < 1 || c->tiles * SHEAF_I_TILE < a->cols) return "too few tiles";
    if (c->begin[0] != 0 || c->begin[c->tiles] != a->indptr[a->rows]) return "tiles do not hold all";
    for (int64_t t = 0; t < c->tiles; t++) {
        const char *wrong = validate_tile(a, t);
        if (wrong) return wrong;
    }
    for (int64_t i = 0; i < a->rows; i++) {
        int64_t n = 0;
        for (int64_t t = 0; t < c->tiles; t++) n += sheaf_i_coded_places(a, t)[i + 1] - sheaf_i_coded_places(a, t)[i];
        if (n != a->indptr[i + 1] - a->indptr[i]) return "a row's tiles do not add up";
        if (!isfinite(c->row[i])) return "a row's factor is not finite";
    }
    for (int32_t j = 0; j < a->cols; j++)
        if (!isfinite(c->col[j])) return "a column's factor is not finite";
    for (int i = 0; i < SHEAF_I_CODES; i++)
        if (!isfinite(c->table[i])) return "an entry of the table is not finite";
    return NULL;
}

/* ---- transpose ---- */

typedef struct {
    const sheaf_matrix *a;
    sheaf_matrix *to;
    int64_t tile, row_lo, row_hi, parts;
    int64_t *place;            /* parts x cols: counts, then places in the tile */
} turning;

static int64_t *part_of(const turning *t, int64_t part, int64_t *lo, int64_t *hi)
{
    int64_t n = t->row_hi - t->row_lo;
    *lo = t->row_lo + n * part / t->parts;
    *hi = t->row_lo + n * (part + 1) / t->parts;
    return t->place + part * t->a->cols;
}

static sheaf_status count_part(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    const turning *t = arg;
    const sheaf_i_coded *c = t->a->coded;
    int64_t lo, hi, *count = part_of(t, part, &lo, &hi);
    memset(count, 0, (size_t)t->a->cols * sizeof *count);
    for (int64_t s = 0; s < c->tiles; s++) {
        const int64_t *places = sheaf_i_coded_places(t->a, s);
        const uint16_t *columns = c->columns + c->begin[s];
        for (int64_t p = places[lo]; p < places[hi]; p++) count[s * SHEAF_I_TILE + columns[p]]++;
    }
    return SHEAF_OK;
}

/* Counts of the parts become places within the column. */
static sheaf_status place_columns(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const turning *t = arg;
    int64_t lo, hi, *sizes = t->to->coded->places + t->tile * (t->to->rows + 1) + 1;
    sheaf_i_range(t->a->cols, COLUMNS, block, &lo, &hi);
    for (int64_t j = lo; j < hi; j++) {
        int64_t at = 0;
        for (int64_t part = 0; part < t->parts; part++) {
            int64_t *c = &t->place[part * t->a->cols + j], n = *c;
            *c = at;
            at += n;
        }
        sizes[j] = at;
    }
    return SHEAF_OK;
}

static sheaf_status fill_part(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    const turning *t = arg;
    const sheaf_i_coded *c = t->a->coded, *to = t->to->coded;
    int64_t lo, hi, *restrict place = part_of(t, part, &lo, &hi);
    const int64_t *begin = sheaf_i_coded_places(t->to, t->tile);
    uint16_t *restrict to_columns = to->columns + to->begin[t->tile];
    uint8_t *restrict to_codes = to->codes + to->begin[t->tile];
    for (int64_t j = 0; j < t->a->cols; j++) place[j] += begin[j];
    for (int64_t s = 0; s < c->tiles; s++, place += SHEAF_I_TILE) {
        const int64_t *places = sheaf_i_coded_places(t->a, s);
        const uint16_t *columns = c->columns + c->begin[s];
        const uint8_t *codes = c->codes + c->begin[s];
        for (int64_t i = lo; i < hi; i++)
            for (int64_t p = places[i], end = places[i + 1]; p < end; p++) {
                int64_t at = place[columns[p]]++;
                to_columns[at] = (uint16_t)(i - t->row_lo);
                to_codes[at] = codes[p];
            }
    }
    return SHEAF_OK;
}

/* One tile of the transpose: some rows of `a`. */
static sheaf_status turn_tile(turning *t)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = t->a->ctx;
    sheaf_i_coded *to = t->to->coded;
    int64_t *places = to->places + t->tile * (t->to->rows + 1);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, t->parts, count_part, t));
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(t->a->cols, COLUMNS), place_columns, t));
    places[0] = 0;
    for (int64_t j = 0; j < t->to->rows; j++) places[j + 1] += places[j];
    to->begin[t->tile + 1] = to->begin[t->tile] + places[t->to->rows];
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, t->parts, fill_part, t));
done:
    return st;
}

static void copy_factors(const sheaf_matrix *a, sheaf_matrix *to)
{
    const sheaf_i_coded *from = a->coded;
    sheaf_i_coded *c = to->coded;
    memcpy(c->count, from->count, sizeof c->count);
    memcpy(c->table, from->table, sizeof c->table);
    memcpy(c->row, from->col, (size_t)a->cols * sizeof *c->row);
    memcpy(c->col, from->row, (size_t)a->rows * sizeof *c->col);
    for (int32_t j = 0; j < a->cols; j++) c->row2[j] = c->row[j] * c->row[j];
    c->norm2 = from->norm2;
    c->scattered = !from->scattered;
}

sheaf_status sheaf_i_coded_transpose(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_matrix *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    int64_t *indptr = NULL;
    turning t = {.a = a};
    *out = NULL;
    SHEAF_TRY(sheaf_i_coded_new(ctx, &m, a->cols, (int32_t)a->rows, a->indptr[a->rows]));
    SHEAF_NEW_ALIGNED(indptr, ctx, a->cols + (int64_t)1);
    m->indptr = indptr;
    t.to = m;
    /* The result is the same for any number of parts; their counts take no more memory than half of the matrix. */
    t.parts = a->indptr[a->rows] / m->coded->tiles / 6 / (a->cols + 1);
    if (t.parts > 2 * sheaf_ctx_threads(ctx)) t.parts = 2 * sheaf_ctx_threads(ctx);
    if (t.parts < 1) t.parts = 1;
    SHEAF_NEW_ALIGNED(t.place, ctx, t.parts * a->cols);
    for (t.tile = 0; t.tile < m->coded->tiles; t.tile++) {
        t.row_lo = t.tile * SHEAF_I_TILE;
        t.row_hi = a->rows - t.row_lo < SHEAF_I_TILE ? a->rows : t.row_lo + SHEAF_I_TILE;
        SHEAF_TRY(turn_tile(&t));
    }
    memset(indptr, 0, (size_t)(a->cols + (int64_t)1) * sizeof *indptr);
    for (t.tile = 0; t.tile < m->coded->tiles; t.tile++)
        for (int64_t j = 0; j <= a->cols; j++) indptr[j] += sheaf_i_coded_places(m, t.tile)[j];
    copy_factors(a, m);
    *out = m;
    m = NULL;
done:
    sheaf_i_aligned_free(ctx, t.place);
    sheaf_matrix_free(m);
    return st;
}
