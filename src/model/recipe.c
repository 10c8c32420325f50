/* The recipe: what is decided by looking at the corpus when nothing was asked for. How many leading dimensions to leave
   out is settled later, by sheaf_cluster_fit_terms, which tries both. */
#include "model/model.h"

void sheaf_i_recipe_choose(const sheaf_terms *t, sheaf_fit_opts *o)
{
    (void)t; /* one weighting serves all collections measured so far */
    if (o->weight_auto) o->weight.scheme = SHEAF_WEIGHT_BIPARTITE;
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
    case SHEAF_WEIGHT_BIPARTITE: return "bipartite";
    }
    return "unknown";
}
