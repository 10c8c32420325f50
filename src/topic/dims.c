/* Latent dimensions as topics: the terms and documents that lie farthest out on each, on either side. The matrices are
 * row-major, so a block of dimensions that fills a cache line is searched in one pass over the rows.
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "space/space.h"
#include "topic/top.h"

#define TOGETHER 16
#define MAX_LISTED 10000

struct sheaf_dims {
    sheaf_ctx *ctx;
    int32_t dims, n_terms, n_docs; /* lists a dimension, each of the same length */
    sheaf_dim_term *terms;         /* dims x n_terms, by falling magnitude */
    sheaf_dim_doc *docs;           /* dims x n_docs */
};

typedef struct {
    const sheaf_space *s;
    sheaf_dims *to;
    sheaf_i_ranked **top;          /* scratch a worker: TOGETHER x the longer list */
    int32_t room;
} searching;

/* The `room` rows of x (rows x dims) that are farthest out on the dimensions lo .. lo + n - 1. */
static void search(sheaf_i_ranked *top, const float *x, int64_t rows, int32_t dims, int32_t lo, int32_t n, int32_t room)
{
    int32_t used[TOGETHER] = {0};
    for (int64_t i = 0; i < rows; i++)
        for (int32_t d = 0; d < n; d++)
            sheaf_i_top_offer(top + (int64_t)d * room, &used[d], room, fabsf(x[i * dims + lo + d]), i);
    for (int32_t d = 0; d < n; d++) sheaf_i_top_sort(top + (int64_t)d * room, used[d]);
}

static sheaf_status search_block(void *arg, int64_t block, int32_t worker)
{
    const searching *g = arg;
    const sheaf_space *s = g->s;
    sheaf_i_ranked *top = g->top[worker];
    int64_t lo, hi;
    sheaf_i_range(s->dims, TOGETHER, block, &lo, &hi);
    int32_t n_terms = g->to->n_terms, n_docs = g->to->n_docs;
    search(top, s->v, s->cols, s->dims, (int32_t)lo, (int32_t)(hi - lo), n_terms);
    for (int64_t d = lo; d < hi; d++)
        for (int32_t i = 0; i < n_terms; i++) {
            int64_t term = top[(d - lo) * n_terms + i].id;
            g->to->terms[d * n_terms + i] = (sheaf_dim_term){.term = (int32_t)term, .weight = s->v[term * s->dims + d]};
        }
    search(top, s->u, s->rows, s->dims, (int32_t)lo, (int32_t)(hi - lo), n_docs);
    for (int64_t d = lo; d < hi; d++)
        for (int32_t i = 0; i < n_docs; i++) {
            int64_t doc = top[(d - lo) * n_docs + i].id;
            double loading = s->u[doc * s->dims + d] * s->sigma[d];
            g->to->docs[d * n_docs + i] = (sheaf_dim_doc){.doc = doc, .loading = (float)loading};
        }
    return SHEAF_OK;
}

static sheaf_status search_all(sheaf_ctx *ctx, searching *g)
{
    sheaf_status st = SHEAF_OK;
    int32_t threads = sheaf_ctx_threads(ctx);
    SHEAF_NEW0(g->top, ctx, threads);
    for (int32_t w = 0; w < threads; w++) SHEAF_NEW(g->top[w], ctx, (int64_t)TOGETHER * g->room);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(g->s->dims, TOGETHER), search_block, g));
done:
    for (int32_t w = 0; g->top && w < threads; w++) sheaf_i_free(ctx, g->top[w]);
    sheaf_i_free(ctx, g->top);
    return st;
}

sheaf_status sheaf_dims_build(sheaf_ctx *ctx, sheaf_dims **out, const sheaf_space *s, int32_t n_terms, int32_t n_docs)
{
    sheaf_status st = SHEAF_OK;
    sheaf_dims *d = NULL;
    searching g = {.s = s};
    *out = NULL;
    if (n_terms < 0 || n_terms > MAX_LISTED || n_docs < 0 || n_docs > MAX_LISTED)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%d terms and %d documents a topic: not between 0 and %d", n_terms,
                            n_docs, MAX_LISTED);
    SHEAF_NEW0(d, ctx, 1);
    d->ctx = ctx;
    d->dims = s->dims;
    d->n_terms = n_terms < s->cols ? n_terms : s->cols;
    d->n_docs = n_docs < s->rows ? n_docs : (int32_t)s->rows;
    SHEAF_NEW(d->terms, ctx, (int64_t)d->dims * d->n_terms);
    SHEAF_NEW(d->docs, ctx, (int64_t)d->dims * d->n_docs);
    g.to = d;
    g.room = d->n_terms > d->n_docs ? d->n_terms : d->n_docs;
    SHEAF_TRY(search_all(ctx, &g));
    *out = d;
    d = NULL;
done:
    sheaf_dims_free(d);
    return st;
}

void sheaf_dims_free(sheaf_dims *d)
{
    if (!d) return;
    sheaf_i_free(d->ctx, d->terms);
    sheaf_i_free(d->ctx, d->docs);
    sheaf_i_free(d->ctx, d);
}

int32_t sheaf_dims_count(const sheaf_dims *d) { return d->dims; }

const sheaf_dim_term *sheaf_dims_terms(const sheaf_dims *d, int32_t dim, int32_t *n)
{
    *n = dim >= 0 && dim < d->dims ? d->n_terms : 0;
    return *n ? d->terms + (int64_t)dim * d->n_terms : NULL;
}

const sheaf_dim_doc *sheaf_dims_docs(const sheaf_dims *d, int32_t dim, int32_t *n)
{
    *n = dim >= 0 && dim < d->dims ? d->n_docs : 0;
    return *n ? d->docs + (int64_t)dim * d->n_docs : NULL;
}
