/* Vectors of the user's own for the documents of a model. */
#ifndef SHEAF_MODEL_VECTORS_H
#define SHEAF_MODEL_VECTORS_H

#include "model/model.h"

/* Reads asked->vectors into m->vectors, a row a document of m->corpus, in its order. */
sheaf_status sheaf_i_model_vectors(sheaf_model *m, const sheaf_fit_opts *asked);
/* Fills m->pairs with the cosines of the few documents' vectors. */
void sheaf_i_vector_pairs(sheaf_model *m);

#endif
