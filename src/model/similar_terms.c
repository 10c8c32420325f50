/* Weights of a row that is not in the matrix, and the terms that two rows share. A weight is what the model's weighting
 * makes of a count and a term; rows have length 1 here, whatever factor the weighting gives a row, so that products are
 * parts of a cosine. */
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

sheaf_status sheaf_i_similar_from(sheaf_similar *s, const int32_t *term, const uint32_t *count, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_weights *w = &s->from;
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

static int by_product(const void *pa, const void *pb)
{
    const sheaf_shared_term *a = pa, *b = pb;
    if (a->product > b->product || a->product < b->product) return a->product > b->product ? -1 : 1;
    return (a->term > b->term) - (a->term < b->term);
}

/* The terms that the document shares with what was asked for, into `out`, which has room for all. */
static int32_t share(const sheaf_similar *s, int64_t doc, sheaf_shared_term *out)
{
    const int64_t *indptr;
    const int32_t *indices;
    const uint32_t *counts;
    sheaf_terms_counts(s->m->terms, &indptr, &indices, &counts);
    const int64_t lo = indptr[doc], hi = indptr[doc + 1];
    const double k = s->m->o.weight.scheme == SHEAF_WEIGHT_BM25 ? bm25_k(s, counts + lo, hi - lo) : 0;
    double square = 0;
    int32_t n = 0;
    int64_t at = 0;
    for (int64_t p = lo; p < hi; p++) {
        const double weight = weight_of(s, indices[p], counts[p], k);
        square += weight * weight;
        while (at < s->from.n && s->from.term[at] < indices[p]) at++;
        if (at == s->from.n || s->from.term[at] != indices[p]) continue;
        out[n++] = (sheaf_shared_term){indices[p], (float)(weight * (double)s->from.weight[at])};
    }
    for (int32_t i = 0; i < n && square > 0; i++) out[i].product = (float)((double)out[i].product / sqrt(square));
    qsort(out, (size_t)n, sizeof *out, by_product);
    while (n > 0 && !(out[n - 1].product > 0)) n--;
    return n;
}

sheaf_status sheaf_i_similar_explain(sheaf_similar *s, int32_t hits)
{
    sheaf_status st = SHEAF_OK;
    sheaf_shared_term *room = NULL;
    SHEAF_NEW(room, s->ctx, s->from.n);
    SHEAF_NEW(s->shared, s->ctx, (int64_t)hits * s->o.n_terms);
    SHEAF_NEW0(s->n_shared, s->ctx, hits);
    for (int32_t i = 0; i < hits; i++) {
        const int32_t n = share(s, s->hits[i].doc, room);
        s->n_shared[i] = n < s->o.n_terms ? n : s->o.n_terms;
        for (int32_t j = 0; j < s->n_shared[i]; j++) s->shared[(int64_t)i * s->o.n_terms + j] = room[j];
    }
done:
    sheaf_i_free(s->ctx, room);
    return st;
}
