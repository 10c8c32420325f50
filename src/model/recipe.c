/* The recipe: what is decided by looking at the collection when nothing was asked for. The weighting is one for all;
   how many leading dimensions to leave out is settled by sheaf_cluster_fit_terms, which tries both. */
#include "model/model.h"

/* A small collection has few directions that are more than one document's own words, and k-means takes the rest for
   subjects: with 60 articles 100 dimensions cost a third of the agreement with human labels
   (results/small-collections.md). From 800 documents on, 100 serve all collections measured. */
#define MOST_DIMS 100
#define FEWEST_DIMS 10
#define DOCS_A_DIM 8

int32_t sheaf_i_recipe_dims(int64_t docs)
{
    int64_t dims = docs / DOCS_A_DIM;
    return (int32_t)(dims > MOST_DIMS ? MOST_DIMS : dims < FEWEST_DIMS ? FEWEST_DIMS : dims);
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
