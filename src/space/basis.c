/* Passes over a basis of panels; see basis.h. Each pass reads a panel once: a strip of rows of w stays in the
   first-level cache while the panels stream by. */
#include <assert.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "space/basis.h"

#define STRIP_FLOATS 8192 /* of w: a strip and the panel rows that meet it stay in the inner caches */
#define PRODUCT_ROWS 128  /* of a product with the whole basis */
#define MAX_BLOCKS 64   /* enough for the threads of a large machine; each has partial sums of its own */
#define MIN_ROWS 512
#define SLAB_BYTES ((int64_t)32 << 20) /* of panels at once: large enough for huge pages, little enough to waste */
#define SMALL 2000000     /* multiply-adds that one thread does sooner than others wake up */

static int64_t block_rows(int64_t n)
{
    int64_t rows = (n + MAX_BLOCKS - 1) / MAX_BLOCKS;
    if (rows < MIN_ROWS) rows = MIN_ROWS;
    return (rows + MIN_ROWS - 1) / MIN_ROWS * MIN_ROWS;
}

/* A parallel loop, or a plain one where there is little to do. */
static sheaf_status run(const sheaf_i_basis *v, int64_t work, int64_t n_blocks, sheaf_i_block_fn fn, void *arg)
{
    if (work > SMALL) return sheaf_i_par_for(v->ctx, NULL, n_blocks, fn, arg);
    sheaf_status st = SHEAF_OK;
    for (int64_t block = 0; st == SHEAF_OK && block < n_blocks; block++) st = fn(arg, block, 0);
    return st;
}

sheaf_status sheaf_i_basis_init(sheaf_i_basis *v, sheaf_ctx *ctx, int64_t n, int32_t b, int32_t room)
{
    sheaf_status st = SHEAF_OK;
    *v = (sheaf_i_basis){.ctx = ctx, .kernels = sheaf_i_kernels_get(), .n = n, .b = b, .room = room,
                         .rows = block_rows(n)};
    v->n_blocks = sheaf_i_blocks(n, v->rows);
    int64_t square = (int64_t)b * b;
    int64_t fit = SLAB_BYTES / ((int64_t)sizeof(float) * n * b);
    v->slab_panels = (int32_t)(fit < 1 ? 1 : fit < room ? fit : room);
    SHEAF_NEW0(v->panel, ctx, room);
    SHEAF_NEW0(v->slab, ctx, room / v->slab_panels + 1);
    SHEAF_NEW_ALIGNED(v->part, ctx, v->n_blocks * (room + 1) * square);
    SHEAF_NEW_ALIGNED(v->minus, ctx, room * square);
done:
    return st;
}

void sheaf_i_basis_end(sheaf_i_basis *v)
{
    for (int32_t i = 0; v->slab && i <= v->room / v->slab_panels; i++) sheaf_i_aligned_free(v->ctx, v->slab[i]);
    sheaf_i_free(v->ctx, v->slab);
    sheaf_i_free(v->ctx, v->panel);
    sheaf_i_aligned_free(v->ctx, v->part);
    sheaf_i_aligned_free(v->ctx, v->minus);
    *v = (sheaf_i_basis){0};
}

sheaf_status sheaf_i_basis_reserve(sheaf_i_basis *v, int32_t count)
{
    assert(v->panels + count <= v->room);
    while (v->panels + count > v->reserved) {
        const int32_t first = v->reserved, more = v->room - first < v->slab_panels ? v->room - first : v->slab_panels;
        float *slab = v->slab[first / v->slab_panels] = sheaf_i_aligned(v->ctx, v->n * v->b * more, sizeof(float));
        if (!slab) return SHEAF_ENOMEM;
        for (int32_t p = 0; p < more; p++) v->panel[first + p] = slab + p * v->n * v->b;
        v->reserved += more;
    }
    return SHEAF_OK;
}

/* ---- the pass ---- */

typedef struct {
    sheaf_i_basis *v;
    float *w;
    const sheaf_i_pass *pass;
} pass_arg;

static void transform_strip(const sheaf_i_basis *v, float *w, int64_t rows, const float *m)
{
    float copy[STRIP_FLOATS];
    memcpy(copy, w, (size_t)(rows * v->b) * sizeof *w);
    memset(w, 0, (size_t)(rows * v->b) * sizeof *w);
    v->kernels->update(rows, copy, v->b, v->b, m, v->b, v->b, w, v->b, NULL);
}

/* What a pass reads after panel p at row r: the same rows of the panel that follows in [lo, hi), or `then`. */
static const float *after(const sheaf_i_basis *v, int32_t p, int32_t hi, int64_t r, const float *then)
{
    return p + 1 < hi ? v->panel[p + 1] + r * v->b : then;
}

/* The first panel that the next strip of rows meets. */
static const float *next_strip(const sheaf_i_basis *v, const sheaf_i_pass *pass, int64_t r)
{
    if (r >= v->n) return NULL;
    if (pass->sub_lo < pass->sub_hi) return v->panel[pass->sub_lo] + r * v->b;
    return pass->dot_lo < pass->dot_hi ? v->panel[pass->dot_lo] + r * v->b : NULL;
}

static sheaf_status pass_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const pass_arg *a = arg;
    const sheaf_i_pass *pass = a->pass;
    const sheaf_i_basis *v = a->v;
    const int32_t b = v->b, dots = pass->dot_hi - pass->dot_lo;
    const int64_t square = (int64_t)b * b;
    double *part = v->part + block * (dots + 1) * square;
    int64_t lo, hi;
    sheaf_i_range(v->n, v->rows, block, &lo, &hi);
    memset(part, 0, (size_t)((dots + 1) * square) * sizeof *part);
    const int64_t strip = STRIP_FLOATS / b;
    for (int64_t r = lo; r < hi; r += strip) {
        int64_t rows = hi - r < strip ? hi - r : strip;
        float *w = a->w + r * b;
        if (pass->m) transform_strip(v, w, rows, pass->m);
        const float *then = next_strip(v, pass, r + rows), *dot = dots > 0 ? v->panel[pass->dot_lo] + r * b : then;
        for (int32_t p = pass->sub_lo; p < pass->sub_hi; p++)
            v->kernels->update(rows, v->panel[p] + r * b, b, b, v->minus + (p - pass->sub_lo) * square, b, b, w, b,
                               after(v, p, pass->sub_hi, r, dot));
        for (int32_t p = pass->dot_lo; p < pass->dot_hi; p++)
            v->kernels->gram(rows, v->panel[p] + r * b, b, b, w, b, b, part + (p - pass->dot_lo) * square, b,
                             after(v, p, pass->dot_hi, r, then));
        if (pass->g) v->kernels->gram64(rows, w, b, b, w, b, b, part + dots * square, b);
    }
    return SHEAF_OK;
}

/* The sums of one square over all blocks, in block order. */
static sheaf_status add_block(void *arg, int64_t square_no, int32_t worker)
{
    (void)worker;
    const pass_arg *a = arg;
    const int32_t dots = a->pass->dot_hi - a->pass->dot_lo;
    const int64_t square = (int64_t)a->v->b * a->v->b;
    double *to = square_no < dots ? a->pass->h + square_no * square : a->pass->g;
    if (!to) return SHEAF_OK;
    memset(to, 0, (size_t)square * sizeof *to);
    for (int64_t block = 0; block < a->v->n_blocks; block++) {
        const double *part = a->v->part + (block * (dots + 1) + square_no) * square;
        for (int64_t i = 0; i < square; i++) to[i] += part[i];
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_basis_pass(sheaf_i_basis *v, float *w, const sheaf_i_pass *pass)
{
    pass_arg a = {.v = v, .w = w, .pass = pass};
    int64_t n_minus = (int64_t)(pass->sub_hi - pass->sub_lo) * v->b * v->b;
    for (int64_t i = 0; i < n_minus; i++) v->minus[i] = (float)-pass->sub[i];
    const int32_t dots = pass->dot_hi - pass->dot_lo, subs = pass->sub_hi - pass->sub_lo;
    const int64_t square = (int64_t)v->b * v->b, squares = dots + subs + (pass->m ? 1 : 0) + (pass->g ? 2 : 0);
    sheaf_status st = run(v, v->n * square * squares, v->n_blocks, pass_block, &a);
    if (st != SHEAF_OK) return st;
    return run(v, v->n_blocks * (dots + 1) * square, dots + 1, add_block, &a);
}

/* ---- random columns ---- */

typedef struct {
    const sheaf_i_basis *v;
    float *w;
    const bool *columns;
    uint64_t key;
} random_arg;

static sheaf_status random_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const random_arg *a = arg;
    const int32_t b = a->v->b;
    const double scale = 0x1p-63 * sqrt(3.0 / (double)a->v->n); /* uniform on +-1 has variance 1/3 */
    int64_t lo, hi;
    sheaf_i_range(a->v->n, a->v->rows, block, &lo, &hi);
    for (int64_t r = lo; r < hi; r++)
        for (int32_t c = 0; c < b; c++)
            if (a->columns[c])
                a->w[r * b + c] = (float)((double)(int64_t)sheaf_i_rng_u64(a->key, (uint64_t)(r * b + c)) * scale);
    return SHEAF_OK;
}

sheaf_status sheaf_i_basis_random(const sheaf_i_basis *v, float *w, const bool *columns, uint64_t key)
{
    random_arg a = {.v = v, .w = w, .columns = columns, .key = key};
    return run(v, v->n * v->b * 4, v->n_blocks, random_block, &a);
}

/* ---- products with the whole basis ---- */

typedef struct {
    const sheaf_i_basis *v;
    int32_t panels, k;
    const float *s;
    float *x;                  /* combine */
    float *strips;             /* rotate: one strip x k a worker */
} combine_arg;

static void combine_strip(const combine_arg *a, int64_t r, int64_t rows, float *x)
{
    const int32_t b = a->v->b;
    memset(x, 0, (size_t)(rows * a->k) * sizeof *x);
    for (int32_t p = 0; p < a->panels; p++)
        a->v->kernels->update(rows, a->v->panel[p] + r * b, b, b, a->s + (int64_t)p * b * a->k, a->k, a->k, x, a->k,
                              after(a->v, p, a->panels, r, NULL));
}

static sheaf_status combine_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const combine_arg *a = arg;
    int64_t lo, hi;
    sheaf_i_range(a->v->n, a->v->rows, block, &lo, &hi);
    for (int64_t r = lo; r < hi; r += PRODUCT_ROWS) {
        int64_t rows = hi - r < PRODUCT_ROWS ? hi - r : PRODUCT_ROWS;
        combine_strip(a, r, rows, a->x + r * a->k);
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_basis_combine(const sheaf_i_basis *v, int32_t panels, const float *s, int32_t k, float *x)
{
    combine_arg a = {.v = v, .panels = panels, .k = k, .s = s, .x = x};
    return sheaf_i_par_for(v->ctx, NULL, v->n_blocks, combine_block, &a);
}

static sheaf_status rotate_block(void *arg, int64_t block, int32_t worker)
{
    const combine_arg *a = arg;
    const int32_t b = a->v->b;
    float *strip = a->strips + (int64_t)worker * PRODUCT_ROWS * a->k;
    int64_t lo, hi;
    sheaf_i_range(a->v->n, a->v->rows, block, &lo, &hi);
    for (int64_t r = lo; r < hi; r += PRODUCT_ROWS) {
        int64_t rows = hi - r < PRODUCT_ROWS ? hi - r : PRODUCT_ROWS;
        combine_strip(a, r, rows, strip);
        for (int32_t p = 0; p < a->k / b; p++)
            for (int64_t i = 0; i < rows; i++)
                memcpy(a->v->panel[p] + (r + i) * b, strip + i * a->k + p * b, (size_t)b * sizeof(float));
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_basis_rotate(sheaf_i_basis *v, int32_t panels, const float *s, int32_t keep)
{
    combine_arg a = {.v = v, .panels = panels, .k = keep, .s = s};
    a.strips = sheaf_i_aligned(v->ctx, (int64_t)sheaf_ctx_threads(v->ctx) * PRODUCT_ROWS * keep, sizeof(float));
    if (!a.strips) return SHEAF_ENOMEM;
    sheaf_status st = sheaf_i_par_for(v->ctx, NULL, v->n_blocks, rotate_block, &a);
    sheaf_i_aligned_free(v->ctx, a.strips);
    return st;
}

/* ---- Gram matrix of one block ---- */

typedef struct {
    const sheaf_i_kernels *kernels;
    int64_t n, rows;
    const float *w;
    int32_t m;
    double *part;
} gram_arg;

static sheaf_status gram_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const gram_arg *a = arg;
    const int64_t square = (int64_t)a->m * a->m;
    double *part = a->part + block * square;
    int64_t lo, hi;
    sheaf_i_range(a->n, a->rows, block, &lo, &hi);
    memset(part, 0, (size_t)square * sizeof *part);
    const float *w = a->w + lo * a->m;
    a->kernels->gram64(hi - lo, w, a->m, a->m, w, a->m, a->m, part, a->m);
    return SHEAF_OK;
}

sheaf_status sheaf_i_self_gram(sheaf_ctx *ctx, const sheaf_i_kernels *kernels, int64_t n, const float *w, int32_t m,
                               double *g)
{
    gram_arg a = {.kernels = kernels, .n = n, .rows = block_rows(n), .w = w, .m = m};
    const int64_t n_blocks = sheaf_i_blocks(n, a.rows), square = (int64_t)m * m;
    a.part = sheaf_i_aligned(ctx, n_blocks * square, sizeof(double));
    if (!a.part) return SHEAF_ENOMEM;
    sheaf_status st = sheaf_i_par_for(ctx, NULL, n_blocks, gram_block, &a);
    memset(g, 0, (size_t)square * sizeof *g);
    for (int64_t block = 0; st == SHEAF_OK && block < n_blocks; block++)
        for (int64_t i = 0; i < square; i++) g[i] += a.part[block * square + i];
    sheaf_i_aligned_free(ctx, a.part);
    return st;
}
