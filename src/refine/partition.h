/* Clusters as sums of the rows in them, and what the sums are worth. */
#ifndef SHEAF_REFINE_PARTITION_H
#define SHEAF_REFINE_PARTITION_H

#include "refine/rows.h"

/* The objective, in units of the rows (divide by `unit`), f(z) = z ln z:

       sum_t [ sum_j f(c_tj) - f(N_t) ] + size_weight sum_t f(n_t)

   c_tj = prior_j + what cluster t has of term j, N_t its sum over j, n_t the documents of t. Without the last term
   it is the smoothed mutual information of terms and clusters (sequential information bottleneck; Slonim, Friedman,
   Tishby 2002), up to a constant; with it the log-likelihood of a mixture of multinomials in which each document
   has one part. */
typedef struct {
    const sheaf_i_rows *r;
    int32_t k, ld;         /* clusters; ld a multiple of the kernels' panel */
    int32_t *label;        /* n: 0 .. k - 1, -1: takes no part */
    int32_t *sum;          /* m x ld, without priors */
    float *gain;           /* m x ld: f(c + first_j) - f(c) */
    int64_t *mass, *count; /* k: sums over j, documents */
    float *entry;          /* k: what the term of the sizes gains by one more document */
    double size_weight;    /* in units */
} sheaf_i_partition;

/* label: n numbers, copied; sums are made from them. */
sheaf_status sheaf_i_partition_new(sheaf_i_partition *p, const sheaf_i_rows *r, int32_t k, const int32_t *label,
                                   double size_weight);
void sheaf_i_partition_end(sheaf_i_partition *p);
/* All sums and gains anew from the labels. */
sheaf_status sheaf_i_partition_sum(sheaf_i_partition *p);
/* Sums and gains when n documents doc[], rising, have gone from was[doc] to their labels. */
sheaf_status sheaf_i_partition_shift(sheaf_i_partition *p, const int64_t *doc, int64_t n, const int32_t *was);
/* entry[t] by the documents of t. */
void sheaf_i_partition_enter(sheaf_i_partition *p, int32_t t);
/* to = from; same rows and k. */
sheaf_status sheaf_i_partition_copy(sheaf_i_partition *to, const sheaf_i_partition *from);

/* Room for a document's terms, and for one score a cluster. */
typedef struct {
    float *c, *v, *out; /* twice the terms of the longest row */
    float *score;       /* ld */
} sheaf_i_scoring;
sheaf_status sheaf_i_scoring_new(sheaf_i_scoring *s, const sheaf_i_partition *p);
void sheaf_i_scoring_end(sheaf_i_scoring *s, sheaf_ctx *ctx);

/* What the objective gains if document i, which is in none, goes to each cluster: score[t], t < k. For the own cluster,
   what it would lose without it. */
void sheaf_i_partition_score(const sheaf_i_partition *p, int64_t i, sheaf_i_scoring *s);
/* What it gains if document i goes from its cluster to another, by the present sums. */
double sheaf_i_partition_gain(const sheaf_i_partition *p, int64_t i, int32_t to, sheaf_i_scoring *s);
void sheaf_i_partition_move(sheaf_i_partition *p, int64_t i, int32_t to, sheaf_i_scoring *s);
/* Cluster b joins a, and the last one takes its number; a < b. */
void sheaf_i_partition_join(sheaf_i_partition *p, int32_t a, int32_t b);
sheaf_status sheaf_i_partition_objective(const sheaf_i_partition *p, double *out);

static inline int64_t sheaf_i_row_size(const sheaf_i_rows *r, int64_t i) { return r->indptr[i + 1] - r->indptr[i]; }
static inline int32_t sheaf_i_ld(int32_t k) { return (k + 15) / 16 * 16; }

#endif
