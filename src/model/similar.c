/* Documents like a document, like a text, or like each other, over the nearest rows of near/.
 *
 * By words: cosines of the rows of the weighted matrix. In the latent space: cosines of the rows of U sigma. A
 * document's row of weights a has the latent vector a V = u sigma, so a text is folded in as its weights times V, and
 * the cosine of a text that is a document with that document is 1 up to what the decomposition rounds.
 */
#include "model/similar.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/csr.h"

#define ROWS 512 /* of a block */

void sheaf_similar_opts_init(sheaf_similar_opts *o, size_t size)
{
    sheaf_similar_opts d = {.size = size, .n = 10, .n_terms = 8};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static sheaf_status check(sheaf_ctx *ctx, const sheaf_model *m, const sheaf_similar_opts *o)
{
    if (o->space != SHEAF_SIMILAR_WORDS && o->space != SHEAF_SIMILAR_LATENT)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "space = %d is not known", (int)o->space);
    if (o->n < 1)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "n = %d: the number of similar documents must be 1 or more", (int)o->n);
    if (o->n_terms < 0 || o->n_terms > 1000)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "n_terms = %d: must be 0 to 1000", (int)o->n_terms);
    if (o->space == SHEAF_SIMILAR_WORDS && (!m->matrix || m->matrix->coded))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the model keeps no matrix: it has to be fitted to SHEAF_FIT_MATRIX");
    if (o->space == SHEAF_SIMILAR_LATENT && !m->space)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the model has no latent space");
    return SHEAF_OK;
}

static sheaf_status new_similar(sheaf_ctx *ctx, sheaf_similar **out, const sheaf_model *m, const sheaf_similar_opts *o)
{
    sheaf_similar *s = sheaf_i_zeros(ctx, 1, sizeof *s);
    *out = s;
    if (!s) return SHEAF_ENOMEM;
    *s = (sheaf_similar){.ctx = ctx, .m = m, .asked = -1};
    sheaf_similar_opts_init(&s->o, sizeof s->o);
    if (o) sheaf_i_opts_copy(&s->o, sizeof s->o, o, o->size);
    const int64_t docs = sheaf_terms_docs(m->terms);
    if (s->o.n > docs) s->o.n = docs ? (int32_t)docs : 1; /* more there are not */
    return check(ctx, m, &s->o);
}

void sheaf_similar_free(sheaf_similar *s)
{
    if (!s) return;
    sheaf_query_free(s->query);
    sheaf_i_free(s->ctx, s->hits);
    sheaf_i_free(s->ctx, s->factor);
    sheaf_i_free(s->ctx, s->from.term);
    sheaf_i_free(s->ctx, s->from.weight);
    sheaf_i_free(s->ctx, s->shared);
    sheaf_i_free(s->ctx, s->n_shared);
    sheaf_i_free(s->ctx, s);
}

/* ---- the latent space */

typedef struct {
    const sheaf_space *space;
    int64_t rows;
    float *x; /* rows x dims: rows of U sigma, of length 1; of zeros where there is no known word */
} vectors;

static sheaf_status scale_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const vectors *v = arg;
    const int32_t d = sheaf_space_dims(v->space);
    const double *sigma = sheaf_space_sigma(v->space);
    const float *u = sheaf_space_docs(v->space);
    int64_t lo, hi;
    sheaf_i_range(v->rows, ROWS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double square = 0;
        for (int32_t j = 0; j < d; j++) square += pow((double)u[i * d + j] * sigma[j], 2);
        const double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (int32_t j = 0; j < d; j++) v->x[i * d + j] = (float)((double)u[i * d + j] * sigma[j] * scale);
    }
    return SHEAF_OK;
}

static sheaf_status fold_in(const sheaf_similar *s, float *out)
{
    sheaf_status st = SHEAF_OK;
    const int32_t d = sheaf_space_dims(s->m->space);
    double *vector = NULL;
    SHEAF_NEW(vector, s->ctx, d);
    (void)sheaf_i_similar_fold(s, &s->from, vector);
    for (int32_t j = 0; j < d; j++) out[j] = (float)vector[j];
done:
    sheaf_i_free(s->ctx, vector);
    return st;
}

static sheaf_status search_latent(sheaf_similar *s)
{
    sheaf_status st = SHEAF_OK;
    const int32_t d = sheaf_space_dims(s->m->space);
    vectors v = {.space = s->m->space, .rows = sheaf_terms_docs(s->m->terms)};
    float *query = NULL;
    SHEAF_NEW_ALIGNED(v.x, s->ctx, v.rows * d);
    SHEAF_TRY(sheaf_i_par_for(s->ctx, NULL, sheaf_i_blocks(v.rows, ROWS), scale_block, &v));
    if (s->all) {
        SHEAF_TRY(sheaf_nearest_graph(s->ctx, s->hits, s->o.n, v.x, v.rows, d, d));
        goto done;
    }
    SHEAF_NEW(query, s->ctx, d);
    if (s->asked >= 0) memcpy(query, v.x + s->asked * d, (size_t)d * sizeof *query);
    else SHEAF_TRY(fold_in(s, query));
    SHEAF_TRY(sheaf_nearest_rows(s->ctx, s->hits, s->o.n, v.x, v.rows, d, d, query, 1, d,
                                 s->asked >= 0 ? &s->asked : NULL));
done:
    sheaf_i_free(s->ctx, query);
    sheaf_i_aligned_free(s->ctx, v.x);
    return st;
}

/* ---- words */

/* The matrix, or one with rows of length 1 where the weighting leaves them their lengths; *own is to be freed. */
static sheaf_status unit_rows(const sheaf_similar *s, sheaf_matrix *unit, float **own)
{
    sheaf_status st = SHEAF_OK;
    *unit = *s->m->matrix;
    if (s->m->o.weight.scheme != SHEAF_WEIGHT_BIPARTITE && s->m->o.weight.l2) return SHEAF_OK;
    SHEAF_NEW_ALIGNED(*own, s->ctx, unit->indptr[unit->rows]);
    for (int64_t i = 0; i < unit->rows; i++) {
        double square = 0;
        for (int64_t p = unit->indptr[i]; p < unit->indptr[i + 1]; p++) square += pow((double)unit->values[p], 2);
        const double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (int64_t p = unit->indptr[i]; p < unit->indptr[i + 1]; p++)
            (*own)[p] = (float)((double)unit->values[p] * scale);
    }
    unit->values = *own;
done:
    return st;
}

static sheaf_status search_rows(sheaf_similar *s, const sheaf_matrix *m)
{
    if (s->all) return sheaf_nearest_sparse(s->ctx, s->hits, s->o.n, m, NULL, NULL);
    const int64_t indptr[2] = {0, s->from.n};
    sheaf_matrix query = {.ctx = s->ctx, .rows = 1, .cols = m->cols, .indptr = indptr, .indices = s->from.term,
                          .values = s->from.weight};
    if (s->asked >= 0) { /* the very row, so that scores are those of the graph */
        query.indptr = m->indptr + s->asked;
        query.indices = m->indices;
        query.values = m->values;
    }
    return sheaf_nearest_sparse(s->ctx, s->hits, s->o.n, m, &query, s->asked >= 0 ? &s->asked : NULL);
}

static sheaf_status search_words(sheaf_similar *s)
{
    sheaf_matrix m;
    float *own = NULL;
    sheaf_status st = unit_rows(s, &m, &own);
    if (st == SHEAF_OK) st = search_rows(s, &m);
    sheaf_i_aligned_free(s->ctx, own);
    return st;
}

/* ---- both */

static sheaf_status search(sheaf_similar *s)
{
    sheaf_status st = SHEAF_OK;
    const int64_t rows = s->all ? sheaf_terms_docs(s->m->terms) : 1;
    SHEAF_NEW(s->hits, s->ctx, rows * s->o.n);
    SHEAF_TRY(s->o.space == SHEAF_SIMILAR_LATENT ? search_latent(s) : search_words(s));
    while (!s->all && s->n < s->o.n && s->hits[s->n].doc >= 0 && s->hits[s->n].score > 0) s->n++;
    if (!s->all) SHEAF_TRY(sheaf_i_similar_explain(s, s->n));
done:
    return st;
}

sheaf_status sheaf_similar_doc(sheaf_ctx *ctx, sheaf_similar **out, const sheaf_model *m, int64_t doc,
                               const sheaf_similar_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_similar *s = NULL;
    const int64_t *indptr;
    const int32_t *indices;
    const uint32_t *counts;
    *out = NULL;
    SHEAF_TRY(new_similar(ctx, &s, m, o));
    if (doc < 0 || doc >= sheaf_terms_docs(m->terms))
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "document %lld of %lld", (long long)doc,
                               (long long)sheaf_terms_docs(m->terms)));
    s->asked = doc;
    sheaf_terms_counts(m->terms, &indptr, &indices, &counts);
    SHEAF_TRY(sheaf_i_similar_factors(s));
    SHEAF_TRY(sheaf_i_similar_weigh(s, &s->from, indices + indptr[doc], counts + indptr[doc],
                                    indptr[doc + 1] - indptr[doc]));
    SHEAF_TRY(search(s));
    *out = s;
    s = NULL;
done:
    sheaf_similar_free(s);
    return st;
}

sheaf_status sheaf_similar_text(sheaf_ctx *ctx, sheaf_similar **out, const sheaf_model *m, sheaf_str text,
                                const sheaf_text_opts *to, const sheaf_similar_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_similar *s = NULL;
    const uint32_t *counts;
    int64_t n;
    *out = NULL;
    SHEAF_TRY(new_similar(ctx, &s, m, o));
    SHEAF_TRY(sheaf_query_make(ctx, &s->query, m->terms, to, text));
    const int32_t *terms = sheaf_query_terms(s->query, &counts, &n);
    SHEAF_TRY(sheaf_i_similar_factors(s));
    SHEAF_TRY(sheaf_i_similar_weigh(s, &s->from, terms, counts, n));
    SHEAF_TRY(search(s));
    *out = s;
    s = NULL;
done:
    sheaf_similar_free(s);
    return st;
}

sheaf_status sheaf_similar_all(sheaf_ctx *ctx, sheaf_similar **out, const sheaf_model *m, const sheaf_similar_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_similar *s = NULL;
    *out = NULL;
    SHEAF_TRY(new_similar(ctx, &s, m, o));
    s->all = true;
    SHEAF_TRY(search(s));
    *out = s;
    s = NULL;
done:
    sheaf_similar_free(s);
    return st;
}

const sheaf_hit *sheaf_similar_hits(const sheaf_similar *s, int64_t doc, int32_t *n)
{
    if (!s->all) {
        *n = s->n;
        return s->hits;
    }
    const sheaf_hit *hits = s->hits + doc * s->o.n;
    for (*n = 0; *n < s->o.n && hits[*n].doc >= 0 && hits[*n].score > 0;) ++*n;
    return hits;
}

const sheaf_shared_term *sheaf_similar_shared(const sheaf_similar *s, int32_t i, int32_t *n)
{
    *n = s->all || i < 0 || i >= s->n ? 0 : s->n_shared[i];
    return *n ? s->shared + (int64_t)i * s->o.n_terms : NULL;
}

const sheaf_query *sheaf_similar_query(const sheaf_similar *s) { return s->query; }
