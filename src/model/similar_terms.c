/* Weights of a row that is not in the matrix, and the terms that carry a hit. A weight is what the model's weighting
 * makes of a count and a term; rows have length 1 here, whatever factor the weighting gives a row, so that products are
 * parts of a cosine.
 *
 * By words the parts are the products of the terms that two rows share. The latent cosine of rows q and d is a sum over
 * pairs of terms, q_t (V V')_tu d_u over both lengths, and each pair's part is halved between its two terms: of a term,
 * its weight in q times the product of its row of V with the latent vector of d, and the other way round. All parts add
 * up to the cosine, they are the same for (q, d) as for (d, q), and with V = I they are those by words.
 */
#include <math.h>
#include <stdlib.h>

#include "base/context.h"
#include "base/mem.h"
#include "matrix/bipartite.h"
#include "matrix/weigh.h"
#include "model/similar.h"

sheaf_status sheaf_i_similar_factors(sheaf_similar *s)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_terms *t = s->m->terms;
    const int64_t docs = sheaf_terms_docs(t), *indptr;
    const uint32_t *counts;
    double total = 0;
    SHEAF_NEW(s->factor, s->ctx, sheaf_terms_size(t));
    if (s->m->o.weight.scheme == SHEAF_WEIGHT_BIPARTITE)
        SHEAF_TRY(sheaf_i_bipartite_columns(s->ctx, t, s->factor));
    else
        SHEAF_TRY(sheaf_i_weight_global(s->ctx, t, &s->m->o.weight, s->factor));
    if (s->m->o.weight.scheme != SHEAF_WEIGHT_BM25) goto done;
    sheaf_terms_counts(t, &indptr, NULL, &counts);
    for (int64_t p = 0; p < indptr[docs]; p++) total += counts[p];
    s->mean_length = total > 0 ? total / (double)docs : 1;
done:
    return st;
}

static double bm25_k(const sheaf_similar *s, const uint32_t *count, int64_t n)
{
    const sheaf_weight_opts *o = &s->m->o.weight;
    double length = 0;
    for (int64_t i = 0; i < n; i++) length += count[i];
    return o->k1 * (1 - o->b + o->b * length / s->mean_length);
}

static double weight_of(const sheaf_similar *s, int32_t term, uint32_t tf, double k)
{
    const sheaf_weight_opts *o = &s->m->o.weight;
    if (o->scheme == SHEAF_WEIGHT_BM25) return tf ? s->factor[term] * tf * (o->k1 + 1) / (tf + k) : 0;
    return s->factor[term] * sheaf_i_weight_local(o->scheme, tf);
}

sheaf_status sheaf_i_similar_weigh(const sheaf_similar *s, sheaf_i_weights *w, const int32_t *term,
                                   const uint32_t *count, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    const double k = s->m->o.weight.scheme == SHEAF_WEIGHT_BM25 ? bm25_k(s, count, n) : 0;
    double square = 0;
    SHEAF_NEW(w->term, s->ctx, n);
    SHEAF_NEW(w->weight, s->ctx, n);
    for (int64_t i = 0; i < n; i++) square += pow(weight_of(s, term[i], count[i], k), 2);
    for (int64_t i = 0; i < n; i++) {
        w->term[i] = term[i];
        w->weight[i] = square > 0 ? (float)(weight_of(s, term[i], count[i], k) / sqrt(square)) : 0;
    }
    w->n = n;
done:
    return st;
}

double sheaf_i_similar_fold(const sheaf_similar *s, const sheaf_i_weights *w, double *vector)
{
    const int32_t d = sheaf_space_dims(s->m->space);
    const float *v = sheaf_space_terms(s->m->space);
    double square = 0;
    for (int32_t j = 0; j < d; j++) vector[j] = 0;
    for (int64_t i = 0; i < w->n; i++)
        for (int32_t j = 0; j < d; j++) vector[j] += (double)w->weight[i] * (double)v[(int64_t)w->term[i] * d + j];
    for (int32_t j = 0; j < d; j++) square += vector[j] * vector[j];
    const double length = sqrt(square);
    for (int32_t j = 0; j < d && length > 0; j++) vector[j] /= length;
    return length > 0 ? 1 / length : 0;
}

static int by_product(const void *pa, const void *pb)
{
    const sheaf_shared_term *a = pa, *b = pb;
    if (a->product > b->product || a->product < b->product) return a->product > b->product ? -1 : 1;
    return (a->term > b->term) - (a->term < b->term);
}

/* By words. `out` has room for all. */
static int64_t share(const sheaf_similar *s, int64_t doc, sheaf_shared_term *out)
{
    const int64_t *indptr;
    const int32_t *indices;
    const uint32_t *counts;
    sheaf_terms_counts(s->m->terms, &indptr, &indices, &counts);
    const int64_t lo = indptr[doc], hi = indptr[doc + 1];
    const double k = s->m->o.weight.scheme == SHEAF_WEIGHT_BM25 ? bm25_k(s, counts + lo, hi - lo) : 0;
    double square = 0;
    int64_t n = 0;
    int64_t at = 0;
    for (int64_t p = lo; p < hi; p++) {
        const double weight = weight_of(s, indices[p], counts[p], k);
        square += weight * weight;
        while (at < s->from.n && s->from.term[at] < indices[p]) at++;
        if (at == s->from.n || s->from.term[at] != indices[p]) continue;
        out[n++] = (sheaf_shared_term){indices[p], (float)(weight * (double)s->from.weight[at])};
    }
    for (int64_t i = 0; i < n && square > 0; i++) out[i].product = (float)((double)out[i].product / sqrt(square));
    return n;
}

static double dot(const float *v, const double *x, int32_t d)
{
    double sum = 0;
    for (int32_t j = 0; j < d; j++) sum += (double)v[j] * x[j];
    return sum;
}

/* In the latent space: of both rows of terms, from what was asked for with its vector, and that of a hit. */
static int64_t carry(const sheaf_similar *s, const double *asked, double scale, const sheaf_i_weights *hit,
                     double *vector, sheaf_shared_term *out)
{
    const int32_t d = sheaf_space_dims(s->m->space);
    const float *v = sheaf_space_terms(s->m->space);
    const sheaf_i_weights *from = &s->from;
    const double hit_scale = sheaf_i_similar_fold(s, hit, vector);
    int64_t n = 0, i = 0, j = 0;
    while (i < from->n || j < hit->n) {
        const int32_t a = i < from->n ? from->term[i] : INT32_MAX, b = j < hit->n ? hit->term[j] : INT32_MAX;
        const int32_t term = a < b ? a : b;
        double both = 0;
        if (a == term) both += (double)from->weight[i++] * scale * dot(v + (int64_t)term * d, vector, d);
        if (b == term) both += (double)hit->weight[j++] * hit_scale * dot(v + (int64_t)term * d, asked, d);
        out[n++] = (sheaf_shared_term){term, (float)(both / 2)};
    }
    return n;
}

typedef struct {
    double *asked, *vector, scale;   /* latent: of what was asked for, and of a hit */
} latent;

/* All terms that have a part in the hit, into *out, which is the caller's. */
static sheaf_status list_parts(const sheaf_similar *s, const latent *l, int64_t doc, sheaf_shared_term **out,
                               int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_weights hit = {.n = 0};
    const int64_t *indptr;
    const int32_t *indices;
    const uint32_t *counts;
    sheaf_terms_counts(s->m->terms, &indptr, &indices, &counts);
    const int64_t lo = indptr[doc], terms = indptr[doc + 1] - lo;
    SHEAF_NEW(*out, s->ctx, s->from.n + terms);
    if (l->asked) {
        SHEAF_TRY(sheaf_i_similar_weigh(s, &hit, indices + lo, counts + lo, terms));
        *n = carry(s, l->asked, l->scale, &hit, l->vector, *out);
    } else {
        *n = share(s, doc, *out);
    }
done:
    sheaf_i_free(s->ctx, hit.term);
    sheaf_i_free(s->ctx, hit.weight);
    return st;
}

static sheaf_status explain_hit(sheaf_similar *s, const latent *l, int32_t i)
{
    sheaf_status st = SHEAF_OK;
    sheaf_shared_term *part = NULL;
    int64_t n = 0;
    SHEAF_TRY(list_parts(s, l, s->hits[i].doc, &part, &n));
    qsort(part, (size_t)n, sizeof *part, by_product);
    for (int64_t j = 0; j < n && j < s->o.n_terms && part[j].product > 0; j++)
        s->shared[(int64_t)i * s->o.n_terms + s->n_shared[i]++] = part[j];
done:
    sheaf_i_free(s->ctx, part);
    return st;
}

sheaf_status sheaf_i_similar_explain(sheaf_similar *s, int32_t hits)
{
    sheaf_status st = SHEAF_OK;
    latent l = {.asked = NULL};
    SHEAF_NEW(s->shared, s->ctx, (int64_t)hits * s->o.n_terms);
    SHEAF_NEW0(s->n_shared, s->ctx, hits);
    if (s->o.space == SHEAF_SIMILAR_LATENT) {
        SHEAF_NEW(l.asked, s->ctx, sheaf_space_dims(s->m->space));
        SHEAF_NEW(l.vector, s->ctx, sheaf_space_dims(s->m->space));
        l.scale = sheaf_i_similar_fold(s, &s->from, l.asked);
    }
    for (int32_t i = 0; i < hits; i++) SHEAF_TRY(explain_hit(s, &l, i));
done:
    sheaf_i_free(s->ctx, l.asked);
    sheaf_i_free(s->ctx, l.vector);
    return st;
}
