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
    int32_t *label;       /* n: 0..k-1 */
    float *score;         /* n */
    int32_t *second;      /* n: the second best, -1 where k = 1; NULL: not wanted */
    float *second_score;  /* n; NULL: not wanted */
} sheaf_i_assignment;

sheaf_status sheaf_i_assign(const sheaf_i_points *p, sheaf_i_assignment *a);

/* Centres in the panels that the kernels take. */
typedef struct {
    int32_t panels;
    float *packed, *bias; /* filled up to whole panels */
} sheaf_i_panels;

sheaf_status sheaf_i_panels_new(sheaf_i_panels *s, sheaf_ctx *ctx, int32_t k, int32_t d);
void sheaf_i_panels_end(sheaf_i_panels *s, sheaf_ctx *ctx);
void sheaf_i_panels_fill(sheaf_i_panels *s, int32_t panel, const float *centre, const float *bias, int32_t k,
                         int32_t d);

/* Sums and sizes of the clusters, kept in step with the labels. */
typedef struct {
    int32_t row, from; /* the cluster it leaves, -1 the first time */
} sheaf_i_move;

typedef struct {
    const sheaf_i_points *p;
    int32_t k;
    double *sum;      /* k x d */
    int64_t *count;   /* k */
    int64_t stripe, stripes; /* rows of a stripe, and their number; each has one writer at a time */
    int64_t expected; /* changes */
    sheaf_i_move *move; /* n: a stripe's are at its first row */
    int64_t *moved;   /* stripes */
    double *gain;     /* stripes x k x d, with gained, stripes x k: sums at once; NULL where k x d is large */
    int64_t *gained;
    uint32_t *entry;  /* scratch: row * 2 + (1: leaves, 0: joins), sorted by cluster */
    int64_t *first, *first_unit; /* scratch: k + 1 */
    double *partial;  /* scratch: units x d */
    int64_t units;
} sheaf_i_sums;

sheaf_status sheaf_i_sums_new(sheaf_i_sums *s, const sheaf_i_points *p, int32_t k);
void sheaf_i_sums_end(sheaf_i_sums *s);
/* A change of labels: begin every stripe, note who moves (rows of a stripe rising; from -1: not counted so far), settle
   with the new labels. Stripes may be worked on in parallel. */
void sheaf_i_sums_begin(sheaf_i_sums *s, int64_t stripe);
void sheaf_i_sums_note(sheaf_i_sums *s, int64_t stripe, int64_t row, int32_t from, int32_t to);
sheaf_status sheaf_i_sums_settle(sheaf_i_sums *s, const int32_t *label, int64_t *changed);
/* One row more, outside of that. */
void sheaf_i_sums_move(sheaf_i_sums *s, int64_t row, int32_t from, int32_t to);

typedef struct sheaf_i_bounds sheaf_i_bounds;
typedef struct sheaf_i_bytes sheaf_i_bytes;

/* One run. The caller fills centre, then calls sheaf_i_kmeans_set_bias. */
typedef struct {
    const sheaf_i_points *p;
    int32_t k;
    const char *phase; /* told to the user at every iteration; NULL, as inside parallel loops: silence */
    bool unpruned;     /* every row is compared with every centre: for tests */
    float *centre, *bias;
    int32_t *label;
    float *score;      /* room for one number a row */
    bool wants_second; /* second is made where the last pass compares every row with every centre anyway */
    int32_t *second;   /* n: the second best centre, -1 where k = 1; or NULL */
    sheaf_i_panels panels;
    sheaf_i_sums sums; /* of the labels */
    sheaf_i_bounds *bounds; /* while it runs */
    sheaf_i_bytes *bytes;   /* likewise */
    double inertia;
    int32_t iterations;
    int64_t repaired;
} sheaf_i_kmeans;

sheaf_status sheaf_i_kmeans_new(sheaf_i_kmeans *m, const sheaf_i_points *p, int32_t k);
void sheaf_i_kmeans_end(sheaf_i_kmeans *m);
void sheaf_i_kmeans_set_bias(sheaf_i_kmeans *m);
/* Iterates until no label changes, or an iteration gains less than `tol` of the inertia (0: no such limit), or
   max_iter. Afterwards label, sums and inertia belong to centre. Clusters that cannot be refilled are left empty. */
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
