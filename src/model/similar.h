/* Similar documents: what the search and the explanation share. */
#ifndef SHEAF_MODEL_SIMILAR_H
#define SHEAF_MODEL_SIMILAR_H

#include "model/model.h"

/* A row of weights by terms, of length 1 unless it is empty. */
typedef struct {
    int32_t *term;
    float *weight;
    int64_t n;
} sheaf_i_weights;

struct sheaf_similar {
    sheaf_ctx *ctx;
    const sheaf_model *m;
    sheaf_similar_opts o;
    int64_t asked;              /* the document, or -1 */
    bool all;
    sheaf_query *query;         /* of a text */
    sheaf_hit *hits;            /* n of each document, or n */
    int32_t n;
    double *factor;             /* of each term, by the model's weighting */
    double mean_length;         /* BM25: of the documents, in words */
    sheaf_i_weights from;       /* of what was asked for */
    sheaf_shared_term *shared;  /* o.n_terms of each hit */
    int32_t *n_shared;
};

/* similar_terms.c: fills `factor` and mean_length. */
sheaf_status sheaf_i_similar_factors(sheaf_similar *s);
/* Makes *w of terms, ascending, with counts. */
sheaf_status sheaf_i_similar_weigh(const sheaf_similar *s, sheaf_i_weights *w, const int32_t *term,
                                   const uint32_t *count, int64_t n);
/* The latent vector, w times V, at length 1, and the factor that made it so; of zeros, and 0, if there is none. */
double sheaf_i_similar_fold(const sheaf_similar *s, const sheaf_i_weights *w, double *vector);
/* Fills `shared` for the first `hits` hits. */
sheaf_status sheaf_i_similar_explain(sheaf_similar *s, int32_t hits);

#endif
