/* Similarities of the few documents that are too few to cluster. */
#ifndef SHEAF_MODEL_PAIRS_H
#define SHEAF_MODEL_PAIRS_H

#include "model/model.h"

/* Fills m->pairs from m->matrix, which has at most SHEAF_I_FEW rows. */
void sheaf_i_model_pairs(sheaf_model *m);

#endif
