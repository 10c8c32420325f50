/* The result of clustering. */
#ifndef SHEAF_CLUSTER_CLUSTERING_H
#define SHEAF_CLUSTER_CLUSTERING_H

#include "cluster/points.h"

struct sheaf_clustering {
    sheaf_ctx *ctx;
    int64_t n;
    int32_t k, d;
    int32_t *label, *second;   /* n; 1..k by falling size, 0: not placed / no second */
    float *fit, *margin;       /* n */
    int64_t *count;            /* k + 1; [0]: not placed */
    double *centre;            /* k x d, row-major; unit length for the spherical metric */
    sheaf_cluster_report report;
    sheaf_refine_report refined;
    double *solidity;          /* k, or NULL: not measured; sheaf_clustering_stability */
    double agreement;
    sheaf_merge *merge;        /* k - 1, or NULL: tree.h */
    bool merged_by_centres;    /* not by the words */
    bool of_vectors;           /* the caller's: without a place are those of zeros */
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
/* The vectors of documents that a space gives: rows of U without the first o->drop_first, times sigma^power. */
sheaf_status sheaf_i_space_points(sheaf_ctx *ctx, sheaf_i_points *p, const sheaf_space *space,
                                  const sheaf_cluster_opts *o);

/* Labels from elsewhere, of all documents: 0 .. k - 1, second best (-1: none) and how far ahead of it; documents that
   had no place (-1) keep none, and no other does. */
typedef struct {
    int32_t k;
    const int32_t *label, *second;
    const float *margin;
} sheaf_i_labels;
/* The clustering takes them, numbered by falling size; centres, fits and inertia are measured in `space` anew. */
sheaf_status sheaf_i_clustering_relabel(sheaf_clustering *c, const sheaf_space *space, const sheaf_cluster_opts *o,
                                        const sheaf_i_labels *l);
/* Documents whose fit is below `least`, by more than rounding, go to cluster 0, and a note says how many; their fit
   stays, and as second the cluster that they were in. Numbers and centres do not change. */
void sheaf_i_clustering_unassign(sheaf_clustering *c, double least);
/* Other labels: what was measured of the old ones is not true any more. */
void sheaf_i_clustering_forget_stability(sheaf_clustering *c);
void sheaf_i_clustering_forget_merges(sheaf_clustering *c);
/* Tells the user where k was lowered. */
void sheaf_i_clustering_note(const sheaf_clustering *c);

#endif
