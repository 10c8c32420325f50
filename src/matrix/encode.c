/* Counts to a coded matrix (coded.h): one pass looks which counts there are, one gives every nonzero its code and adds
 * up the rows, from which their factors follow. The factors are those of weigh.c and bipartite.c, rounded to float.
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/bipartite.h"
#include "matrix/coded.h"
#include "matrix/weigh.h"
#include "text/words.h"

#define WORK (1 << 16)         /* nonzeros and rows a block */
#define COUNTS (1 << 16)       /* a count that reaches this has no code */
/* Norms of the longest row with which products of three numbers of the matrix neither overflow nor vanish in float. */
#define LEAST 0x1p-14
#define MOST 0x1p20

typedef struct {
    const sheaf_terms *t;
    sheaf_weight_opts o;
    int64_t n_blocks;
    uint32_t bits;             /* of all counts */
    uint8_t *code;             /* COUNTS: 1 for counts that are there; then their codes */
    uint32_t count[SHEAF_I_CODES];
    double local[SHEAF_I_CODES], *global;
    double *sum, *squares;     /* of a row, its columns scaled */
    sheaf_matrix *m;
} coding;

static void rows_of(const coding *k, int64_t block, int64_t *lo, int64_t *hi)
{
    *lo = sheaf_i_row_cut(k->t->indptr, k->t->n_docs, block, k->n_blocks);
    *hi = sheaf_i_row_cut(k->t->indptr, k->t->n_docs, block + 1, k->n_blocks);
}

static sheaf_status bits_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    coding *k = arg;
    int64_t lo, hi;
    uint32_t bits = 0;
    rows_of(k, block, &lo, &hi);
    for (int64_t p = k->t->indptr[lo]; p < k->t->indptr[hi]; p++) bits |= k->t->counts[p];
    __atomic_fetch_or(&k->bits, bits, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

static sheaf_status mark_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    coding *k = arg;
    int64_t lo, hi;
    rows_of(k, block, &lo, &hi);
    for (int64_t p = k->t->indptr[lo]; p < k->t->indptr[hi]; p++)
        __atomic_store_n(&k->code[k->t->counts[p]], 1, __ATOMIC_RELAXED);
    return SHEAF_OK;
}

/* Counts below 256 are their own codes unless there are larger ones; then those that occur are numbered.
   *few: there are no more than codes. */
static sheaf_status give_codes(sheaf_ctx *ctx, coding *k, bool *few)
{
    sheaf_status st = SHEAF_OK;
    int64_t n = 0;
    *few = false;
    SHEAF_NEW0(k->code, ctx, COUNTS);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, k->n_blocks, bits_block, k));
    if (k->bits >= COUNTS) goto done;
    if (k->bits < SHEAF_I_CODES) memset(k->code, 1, SHEAF_I_CODES);
    else SHEAF_TRY(sheaf_i_par_for(ctx, NULL, k->n_blocks, mark_block, k));
    for (uint32_t tf = 0; tf < COUNTS; tf++) {
        if (!k->code[tf]) continue;
        if (n == SHEAF_I_CODES) goto done;
        k->count[n] = tf;
        k->local[n] = sheaf_i_weight_local(k->o.scheme, tf);
        k->code[tf] = (uint8_t)n++;
    }
    *few = true;
done:
    return st;
}

/* Sizes of a row's tiles; their columns rise, so each tile is a run. */
static sheaf_status size_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const coding *k = arg;
    sheaf_i_coded *c = k->m->coded;
    int64_t lo, hi;
    rows_of(k, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        int64_t p = k->t->indptr[i], end = k->t->indptr[i + 1];
        for (int64_t t = 0; t < c->tiles; t++) {
            int64_t first = p;
            while (p < end && k->t->indices[p] < (t + 1) * SHEAF_I_TILE) p++;
            c->places[t * (k->m->rows + 1) + i + 1] = p - first;
        }
    }
    return SHEAF_OK;
}

static sheaf_status place_tiles(sheaf_ctx *ctx, coding *k)
{
    sheaf_i_coded *c = k->m->coded;
    const int64_t n = k->m->rows;
    if (c->tiles == 1) {
        memcpy(c->places, k->t->indptr, (size_t)(n + 1) * sizeof *c->places);
        c->begin[1] = c->places[n];
        return SHEAF_OK;
    }
    sheaf_status st = sheaf_i_par_for(ctx, NULL, k->n_blocks, size_block, k);
    for (int64_t t = 0; st == SHEAF_OK && t < c->tiles; t++) {
        int64_t *places = c->places + t * (n + 1);
        places[0] = 0;
        for (int64_t i = 0; i < n; i++) places[i + 1] += places[i];
        c->begin[t + 1] = c->begin[t] + places[n];
    }
    return st;
}

static void encode_row(const coding *k, int64_t i)
{
    const sheaf_i_coded *c = k->m->coded;
    const int32_t *index = k->t->indices + k->t->indptr[i];
    const uint32_t *count = k->t->counts + k->t->indptr[i];
    const double *global = k->global;
    const uint8_t *code_of = k->code;
    double sum = 0, squares = 0;
    for (int64_t t = 0; t < c->tiles; t++) {
        const int64_t *places = sheaf_i_coded_places(k->m, t) + i, n = places[1] - places[0];
        uint16_t *restrict columns = c->columns + c->begin[t] + places[0];
        uint8_t *restrict codes = c->codes + c->begin[t] + places[0];
        for (int64_t p = 0; p < n; p++) {
            const uint8_t code = code_of[count[p]];
            const double v = k->local[code] * global[index[p]];
            sum += v;
            squares += v * v;
            columns[p] = (uint16_t)index[p]; /* within the tile: a tile has as many columns as it can tell apart */
            codes[p] = code;
        }
        index += n;
        count += n;
    }
    k->sum[i] = sum;
    k->squares[i] = squares;
}

static sheaf_status encode_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const coding *k = arg;
    int64_t lo, hi;
    rows_of(k, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) encode_row(k, i);
    return SHEAF_OK;
}

/* Factors to float; the norm of the matrix. Returns that of the longest row. */
static double scale_rows(const coding *k)
{
    sheaf_i_coded *c = k->m->coded;
    double mean = 0, longest = 0;
    for (int64_t i = 0; i < k->m->rows; i++) mean += k->sum[i];
    mean /= (double)k->m->rows;
    for (int64_t i = 0; i < k->m->rows; i++) {
        double f = 1;
        if (k->o.scheme == SHEAF_WEIGHT_BIPARTITE) f = sheaf_i_bipartite_row(k->sum[i], mean, k->o.row_damping);
        else if (k->o.l2 && k->squares[i] > 0) f = 1 / sqrt(k->squares[i]);
        c->row[i] = (float)f;
        c->row2[i] = c->row[i] * c->row[i];
        c->norm2 += f * f * k->squares[i];
        longest = fmax(longest, f * f * k->squares[i]);
    }
    for (int32_t j = 0; j < k->m->cols; j++) c->col[j] = (float)k->global[j];
    for (int i = 0; i < SHEAF_I_CODES; i++) c->table[i] = (float)k->local[i];
    memcpy(c->count, k->count, sizeof c->count);
    return sqrt(longest);
}

/* *out stays NULL if the counts do not fit the form. */
static sheaf_status encode(sheaf_ctx *ctx, sheaf_matrix **out, coding *k)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_terms *t = k->t;
    bool few;
    SHEAF_TRY(give_codes(ctx, k, &few));
    if (!few) goto done;
    SHEAF_NEW(k->global, ctx, t->n_terms);
    SHEAF_NEW(k->sum, ctx, t->n_docs);
    SHEAF_NEW(k->squares, ctx, t->n_docs);
    if (k->o.scheme == SHEAF_WEIGHT_BIPARTITE) SHEAF_TRY(sheaf_i_bipartite_columns(ctx, t, k->global));
    else SHEAF_TRY(sheaf_i_weight_global(ctx, t, &k->o, k->global));
    SHEAF_TRY(sheaf_i_coded_new(ctx, &k->m, t->n_docs, t->n_terms, t->indptr[t->n_docs]));
    k->m->owns_structure = false;
    k->m->indptr = t->indptr;
    SHEAF_TRY(place_tiles(ctx, k));
    SHEAF_TRY(sheaf_i_par_for(ctx, "weighing", k->n_blocks, encode_block, k));
    double longest = scale_rows(k);
    if (longest < LEAST || longest > MOST) goto done;
    *out = k->m;
    k->m = NULL;
done:
    sheaf_matrix_free(k->m);
    sheaf_i_free(ctx, k->code);
    sheaf_i_free(ctx, k->global);
    sheaf_i_free(ctx, k->sum);
    sheaf_i_free(ctx, k->squares);
    return st;
}

sheaf_status sheaf_i_matrix_weigh_coded(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_terms *t,
                                        const sheaf_weight_opts *o)
{
    sheaf_status st = SHEAF_OK;
    coding k = {.t = t, .n_blocks = sheaf_i_row_blocks(t->indptr, t->n_docs, WORK)};
    *out = NULL;
    SHEAF_TRY(sheaf_i_weight_opts(ctx, &k.o, o));
    if (k.o.scheme != SHEAF_WEIGHT_BM25 && t->indptr[t->n_docs] > 0) SHEAF_TRY(encode(ctx, out, &k));
    if (!*out) st = sheaf_matrix_weigh(ctx, out, t, &k.o);
done:
    return st;
}

/* ---- and back ---- */

typedef struct {
    const sheaf_matrix *a;
    int64_t n_blocks;
    int64_t *indptr;           /* what is wanted: NULL is not */
    int32_t *indices;
    uint32_t *counts;
    float *values;
} decoding;

/* Row i, written from place p on. */
static void decode_row(const decoding *d, int64_t i, int64_t p)
{
    const sheaf_i_coded *c = d->a->coded;
    for (int64_t t = 0; t < c->tiles; t++) {
        const int64_t *places = sheaf_i_coded_places(d->a, t) + i;
        for (int64_t at = c->begin[t] + places[0]; at < c->begin[t] + places[1]; at++, p++) {
            const int32_t j = (int32_t)(t * SHEAF_I_TILE) + c->columns[at];
            const uint8_t code = c->codes[at];
            d->indices[p] = j;
            if (d->counts) d->counts[p] = c->count[code];
            if (d->values) d->values[p] = (float)((double)c->row[i] * (double)c->col[j] * (double)c->table[code]);
        }
    }
}

static sheaf_status decode_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const decoding *d = arg;
    int64_t lo = sheaf_i_row_cut(d->a->indptr, d->a->rows, block, d->n_blocks);
    int64_t hi = sheaf_i_row_cut(d->a->indptr, d->a->rows, block + 1, d->n_blocks);
    for (int64_t i = lo; i < hi; i++) {
        if (d->indptr) d->indptr[i + 1] = d->a->indptr[i + 1];
        decode_row(d, i, d->a->indptr[i]);
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_matrix_decode(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_matrix *a)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    sheaf_i_csr part;
    *out = NULL;
    SHEAF_TRY(sheaf_i_matrix_new(ctx, &m, &part, a->rows, a->cols, a->indptr[a->rows], true));
    part.indptr[0] = 0;
    decoding d = {a, sheaf_i_row_blocks(a->indptr, a->rows, WORK), part.indptr, part.indices, NULL, part.values};
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, d.n_blocks, decode_block, &d));
    *out = m;
    m = NULL;
done:
    sheaf_matrix_free(m);
    return st;
}

void sheaf_i_matrix_put_away(const sheaf_matrix *m, sheaf_terms *t)
{
    if (!m->coded) return;
    sheaf_i_aligned_free(t->ctx, t->indices);
    sheaf_i_aligned_free(t->ctx, t->counts);
    t->indices = NULL;
    t->counts = NULL;
    t->away = m;
}

sheaf_status sheaf_i_matrix_bring_back(sheaf_ctx *ctx, const sheaf_matrix *m, sheaf_terms *t)
{
    sheaf_status st = SHEAF_OK;
    if (!t->away) return SHEAF_OK;
    SHEAF_NEW_ALIGNED(t->indices, t->ctx, t->indptr[t->n_docs]);
    SHEAF_NEW_ALIGNED(t->counts, t->ctx, t->indptr[t->n_docs]);
    decoding d = {m, sheaf_i_row_blocks(m->indptr, m->rows, WORK), NULL, t->indices, t->counts, NULL};
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, d.n_blocks, decode_block, &d));
    t->away = NULL;
done:
    if (st != SHEAF_OK) sheaf_i_matrix_put_away(t->away, t);
    return st;
}

void sheaf_i_terms_row(const sheaf_terms *t, int64_t i, int32_t *indices, uint32_t *counts)
{
    const decoding d = {.a = t->away, .indices = indices, .counts = counts};
    decode_row(&d, i, 0);
}
