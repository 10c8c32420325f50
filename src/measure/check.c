/* The oracles of check.h: loops that follow the definitions, in blocks of rows whose results are taken in order. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "measure/check.h"

#define ROWS 512
#define FILL (1 << 16)

typedef struct {
    float *x;
    int64_t n;
    uint64_t key;
} filling;

#define SAME 1e-4 /* of an inertia: scores in float */

static sheaf_status fill_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const filling *f = arg;
    int64_t lo, hi;
    sheaf_i_range(f->n, FILL, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++)
        f->x[i] = (float)((double)(int64_t)sheaf_i_rng_u64(f->key, (uint64_t)i) * 0x1p-63);
    return SHEAF_OK;
}

sheaf_status sheaf_i_fill_random(sheaf_ctx *ctx, float *x, int64_t n, uint64_t key)
{
    filling f = {x, n, key};
    return sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(n, FILL), fill_block, &f);
}

/* ---- A x, and what is left of it after y times a factor a column is taken off */

typedef struct {
    const sheaf_matrix *a;
    const float *x, *y;
    const double *factor; /* b; NULL: all 1 */
    int32_t b, more;
    double *sum, *size; /* b a worker */
    double *worst;      /* a block: the largest error over its bound */
    double *square;     /* b a block: squares of what is left; NULL: not wanted */
} product;

static void row_sums(const product *p, int64_t i, double *sum, double *size)
{
    memset(sum, 0, (size_t)p->b * sizeof *sum);
    memset(size, 0, (size_t)p->b * sizeof *size);
    for (int64_t at = p->a->indptr[i]; at < p->a->indptr[i + 1]; at++) {
        const float *x = p->x + (int64_t)p->a->indices[at] * p->b;
        const double value = (double)p->a->values[at];
        for (int32_t c = 0; c < p->b; c++) {
            double term = value * (double)x[c];
            sum[c] += term;
            size[c] += fabs(term);
        }
    }
}

static sheaf_status product_block(void *arg, int64_t block, int32_t worker)
{
    const product *p = arg;
    double *sum = p->sum + (int64_t)worker * p->b, *size = p->size + (int64_t)worker * p->b, worst = 0;
    double *square = p->square ? p->square + block * p->b : NULL;
    int64_t lo, hi;
    sheaf_i_range(p->a->rows, ROWS, block, &lo, &hi);
    if (square) memset(square, 0, (size_t)p->b * sizeof *square);
    for (int64_t i = lo; i < hi; i++) {
        row_sums(p, i, sum, size);
        const double roundoffs = SHEAF_I_FLOAT_EPS * (double)(p->a->indptr[i + 1] - p->a->indptr[i] + 2 + p->more);
        for (int32_t c = 0; c < p->b; c++) {
            double left = sum[c] - (double)p->y[i * p->b + c] * (p->factor ? p->factor[c] : 1);
            if (square) square[c] += left * left;
            double over = left == 0 ? 0 : fabs(left) / (roundoffs * size[c]);
            if (!(over <= worst)) worst = over; /* NaN stays */
        }
    }
    p->worst[block] = worst;
    return SHEAF_OK;
}

/* worst, or with a factor norms[b]: which of them is not wanted is NULL. */
static sheaf_status compare(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int32_t b, const float *y,
                            const double *factor, int32_t more, double *worst, double *norms)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(a->rows, ROWS), workers = sheaf_ctx_threads(ctx);
    product p = {.a = a, .x = x, .y = y, .factor = factor, .b = b, .more = more};
    SHEAF_NEW(p.sum, ctx, workers * b);
    SHEAF_NEW(p.size, ctx, workers * b);
    SHEAF_NEW(p.worst, ctx, blocks);
    if (norms) SHEAF_NEW(p.square, ctx, blocks * b);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, product_block, &p));
    for (int32_t c = 0; norms && c < b; c++) {
        double sum = 0;
        for (int64_t block = 0; block < blocks; block++) sum += p.square[block * b + c];
        norms[c] = sqrt(sum);
    }
    if (worst) *worst = 0;
    for (int64_t block = 0; worst && block < blocks; block++)
        if (!(p.worst[block] <= *worst)) *worst = p.worst[block];
done:
    sheaf_i_free(ctx, p.sum);
    sheaf_i_free(ctx, p.size);
    sheaf_i_free(ctx, p.worst);
    sheaf_i_free(ctx, p.square);
    return st;
}

sheaf_status sheaf_i_check_product(sheaf_ctx *ctx, const sheaf_matrix *a, const float *x, int32_t b, const float *y,
                                   int32_t more, double *worst)
{
    return compare(ctx, a, x, b, y, NULL, more, worst, NULL);
}

sheaf_status sheaf_i_check_svd(sheaf_ctx *ctx, const sheaf_matrix *a, const sheaf_matrix *t, const sheaf_space *s,
                               double *residual)
{
    sheaf_status st = SHEAF_OK;
    const int32_t k = sheaf_space_dims(s);
    const double *sigma = sheaf_space_sigma(s);
    double *norms = NULL;
    *residual = 0;
    SHEAF_NEW(norms, ctx, 2 * (int64_t)k);
    SHEAF_TRY(compare(ctx, a, sheaf_space_terms(s), k, sheaf_space_docs(s), sigma, 0, NULL, norms));
    SHEAF_TRY(compare(ctx, t, sheaf_space_docs(s), k, sheaf_space_terms(s), sigma, 0, NULL, norms + k));
    for (int32_t c = 0; c < 2 * k; c++)
        if (!(norms[c] / sigma[0] <= *residual)) *residual = norms[c] / sigma[0];
done:
    sheaf_i_free(ctx, norms);
    return st;
}

static double inertia_about(const float *x, int64_t n, int32_t d, const int32_t *label, const double *centre)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int32_t j = 0; j < d && label[i]; j++) {
            double gap = (double)x[i * d + j] - centre[(int64_t)(label[i] - 1) * d + j];
            sum += gap * gap;
        }
    return sum;
}

sheaf_status sheaf_i_check_inertia(sheaf_ctx *ctx, const float *x, int64_t n, int32_t d, const int32_t *label,
                                   int32_t k, const double *centre, double *inertia, double *least)
{
    sheaf_status st = SHEAF_OK;
    double *mean = NULL;
    int64_t *count = NULL;
    SHEAF_NEW0(mean, ctx, (int64_t)(k + 1) * d);
    SHEAF_NEW0(count, ctx, k + 1);
    for (int64_t i = 0; i < n; i++) {
        count[label[i]]++;
        for (int32_t j = 0; j < d; j++) mean[(int64_t)label[i] * d + j] += (double)x[i * d + j];
    }
    for (int64_t t = 1; t <= k; t++)
        for (int32_t j = 0; j < d && count[t]; j++) mean[t * d + j] /= (double)count[t];
    *inertia = inertia_about(x, n, d, label, centre);
    *least = inertia_about(x, n, d, label, mean + d);
done:
    sheaf_i_free(ctx, mean);
    sheaf_i_free(ctx, count);
    return st;
}

bool sheaf_i_same_inertia(double reported, double inertia) { return fabs(reported - inertia) <= SAME * inertia; }
