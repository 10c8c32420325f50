/* Similarities of the few documents that are too few to cluster. */
#ifndef SHEAF_MODEL_PAIRS_H
#define SHEAF_MODEL_PAIRS_H

#include "model/model.h"

/* Adds a pair in order of falling similarity. */
void sheaf_i_add_pair(sheaf_model *m, int64_t a, int64_t b, double similarity);
/* Fills m->pairs from m->matrix, which has at most SHEAF_I_FEW rows. */
void sheaf_i_model_pairs(sheaf_model *m);

#endif
