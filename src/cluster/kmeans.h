/* k-means on points: assignment, update, iteration, seeding. */
#ifndef SHEAF_CLUSTER_KMEANS_H
#define SHEAF_CLUSTER_KMEANS_H

#include "cluster/points.h"

/* The centre with the highest score x.c - ||c||^2 / 2 is the nearest one; the squared distance is ||x||^2 less twice
   the score. Ties go to the lowest index. */
typedef struct {
    int32_t k;
    const float *centre;  /* k x d */
    const float *bias;    /* k: -||c||^2 / 2 */
    const int32_t *before;/* n: labels to compare with; NULL: all count as changed */
    int32_t *label;       /* n: 0..k-1 */
    float *score;         /* n */
    int32_t *second;      /* n: the second best, -1 where k = 1; NULL: not wanted */
    float *second_score;  /* n; NULL: not wanted */
    double inertia;       /* out: sum of squared distances, from the float scores */
    int64_t changed;      /* out */
} sheaf_i_assignment;

sheaf_status sheaf_i_assign(const sheaf_i_points *p, sheaf_i_assignment *a);

/* Sums and sizes of the clusters, kept up to date from one labelling to the next. */
typedef struct {
    const sheaf_i_points *p;
    int32_t k;
    double *sum;      /* k x d */
    int64_t *count;   /* k */
    int64_t *entry;   /* scratch: row * 2 + (1: leaves, 0: joins), sorted by cluster */
    int64_t *first;   /* scratch: k + 1 */
    double *partial;  /* scratch: units x d */
    int64_t units;
    bool started;
} sheaf_i_sums;

sheaf_status sheaf_i_sums_new(sheaf_i_sums *s, const sheaf_i_points *p, int32_t k);
void sheaf_i_sums_end(sheaf_i_sums *s);
/* From labels `before` (ignored the first time) to `label`. */
sheaf_status sheaf_i_sums_update(sheaf_i_sums *s, const int32_t *before, const int32_t *label);

/* One run. The caller fills centre and bias (sheaf_i_kmeans_centres does so from rows). */
typedef struct {
    const sheaf_i_points *p;
    int32_t k;
    const char *phase; /* told to the user at every iteration; NULL, as inside parallel loops: silence */
    float *centre, *bias;
    int32_t *label, *before;
    float *score;
    sheaf_i_sums sums;
    double inertia;
    int32_t iterations;
    int64_t repaired;
} sheaf_i_kmeans;

sheaf_status sheaf_i_kmeans_new(sheaf_i_kmeans *m, const sheaf_i_points *p, int32_t k);
void sheaf_i_kmeans_end(sheaf_i_kmeans *m);
void sheaf_i_kmeans_set_bias(sheaf_i_kmeans *m);
/* Iterates until no label changes, or an iteration gains less than `tol` of the inertia, or max_iter. Afterwards
   label, score and inertia belong to centre. Clusters that cannot be refilled are left empty. */
sheaf_status sheaf_i_kmeans_run(sheaf_i_kmeans *m, int32_t max_iter, double tol);

/* k rows chosen by greedy k-means++ (Arthur and Vassilvitskii 2007; Grunau, Oezuedogru, Rozhon, Tetek 2023) into
   row[]. The order of choice is kept: the first t of them are a seeding for t clusters. */
sheaf_status sheaf_i_seed_rows(const sheaf_i_points *p, int32_t k, uint64_t key, int64_t *row);

/* Mean silhouette (Rousseeuw 1987) of a finished run for squared Euclidean distance; for vectors of unit length that is
   the cosine silhouette. Exact, and linear in n. Destroys centre, bias and score of the run. */
sheaf_status sheaf_i_silhouette(sheaf_i_kmeans *m, double *out);

/* k between 2 and some dozens that suits the points, and one line that says why. */
sheaf_status sheaf_i_choose_k(const sheaf_i_points *p, uint64_t seed, int32_t *k, char *reason, size_t size);

#endif
