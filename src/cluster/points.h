/* The vectors to be clustered, as k-means wants them. */
#ifndef SHEAF_CLUSTER_POINTS_H
#define SHEAF_CLUSTER_POINTS_H

#include "sheaf/sheaf.h"

/* Invariants: x is finite; spherical: every row has length 1; Euclidean: the mean of all rows is not far from 0 beside
   their spread and the largest entry is of the size of 1 (so that float products neither overflow nor cancel against a
   far-off origin). Rows that are so as they are given are not copied: `given` must then outlive the points. */
typedef struct {
    sheaf_ctx *ctx;
    int64_t n;        /* rows to be placed: those that are not zero */
    int32_t d;
    bool spherical;
    const float *x;   /* n x d, row-major */
    float *own;       /* the same, or NULL where x is the caller's */
    float *square;    /* n: ||x||^2; NULL for the spherical metric: all 1 */
    int64_t *doc;     /* n: the document of a row, rising */
    double *mean;     /* d; Euclidean: x = (given - mean) * scale; zeros where x is the caller's or spherical */
    double scale;
    double squares;   /* the sum of all ||x||^2 */
} sheaf_i_points;

/* Rows of `given` (n x d, leading dimension ld), columns times factor[] where that is not NULL. A row is zero, and
   left out, when its length is at most noise times that of the longest. NaN and infinity are SHEAF_EINVAL. */
sheaf_status sheaf_i_points_make(sheaf_ctx *ctx, sheaf_i_points *p, const float *given, int64_t n, int32_t d,
                                 int64_t ld, const double *factor, double noise, sheaf_metric metric);
/* m rows of p, one from each of m equal stretches; without the mean. */
sheaf_status sheaf_i_points_sample(sheaf_i_points *out, const sheaf_i_points *p, int64_t m, uint64_t seed);
void sheaf_i_points_end(sheaf_i_points *p);

/* The number of different rows, counted no further than `most`. */
sheaf_status sheaf_i_points_distinct(const sheaf_i_points *p, int64_t most, int64_t *out);

static inline float sheaf_i_points_square(const sheaf_i_points *p, int64_t i) { return p->square ? p->square[i] : 1; }

#endif
