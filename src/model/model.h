/* The main job's result: what was asked, as resolved, and the parts. */
#ifndef SHEAF_MODEL_MODEL_H
#define SHEAF_MODEL_MODEL_H

#include "sheaf/sheaf.h"

#define SHEAF_I_FEW 3 /* documents up to which no clusters are made, only similarities */

struct sheaf_model {
    sheaf_ctx *ctx;
    sheaf_fit_opts o;         /* as resolved; of its pointers only text.lang is set, to the copy below */
    char *lang;
    sheaf_corpus *corpus;
    sheaf_terms *terms, *phrases; /* phrases: only where there are clusters */
    float *vectors;           /* the user's own, a row a document, until they have been clustered; else NULL */
    int32_t vector_dims;
    bool of_vectors;          /* they were clustered, and not the latent space */
    sheaf_matrix *matrix;     /* freed after the space unless it is the last stage */
    sheaf_space *space;
    sheaf_k_choice *choice;   /* NULL: k was given, or the words had no say */
    sheaf_clustering *clustering;
    sheaf_topics *topics;
    int64_t n_tokens, n_types, nonzeros;
    sheaf_pair pairs[SHEAF_I_FEW * (SHEAF_I_FEW - 1) / 2];
    int32_t n_pairs;
};

const char *sheaf_i_weight_name(sheaf_weight w);

#endif
