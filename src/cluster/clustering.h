/* The result of clustering. */
#ifndef SHEAF_CLUSTER_CLUSTERING_H
#define SHEAF_CLUSTER_CLUSTERING_H

#include "sheaf/sheaf.h"

struct sheaf_clustering {
    sheaf_ctx *ctx;
    int64_t n;
    int32_t k, d;
    int32_t *label, *second;   /* n; 1..k by falling size, 0: not placed / no second */
    float *fit, *margin;       /* n */
    int64_t *count;            /* k + 1; [0]: not placed */
    double *centre;            /* k x d, row-major; unit length for the spherical metric */
    sheaf_cluster_report report;
    char k_reason[160];
};

/* Chooses among the starts by something else than inertia: fills score[s] from label[i * count + s], of document doc[i]
   in labeling s (numbers as above, but not yet by size); documents that a sample leaves out are not among the n. The
   highest is kept, ties go to the lower inertia. Called outside of parallel loops. */
typedef struct {
    sheaf_status (*score)(void *arg, const int64_t *doc, int64_t n, const int32_t *label, int32_t count, int32_t k,
                          double *score);
    void *arg;
} sheaf_i_judge;

/* sheaf_cluster_fit with a judge (NULL: inertia decides). Says nothing of a lowered k. */
sheaf_status sheaf_i_cluster_fit(sheaf_ctx *ctx, sheaf_clustering **out, const sheaf_space *space,
                                 const sheaf_cluster_opts *o, const sheaf_i_judge *judge);
/* Tells the user where k was lowered. */
void sheaf_i_clustering_note(const sheaf_clustering *c);

#endif
