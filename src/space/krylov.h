/* The state of the block Lanczos process; see lanczos.c. */
#ifndef SHEAF_SPACE_KRYLOV_H
#define SHEAF_SPACE_KRYLOV_H

#include "space/basis.h"
#include "space/solve.h"

/* Float products leave errors near unit roundoff times the largest eigenvalue; a direction shorter than this share of
   it is noise. */
#define SHEAF_I_NOISE 2e-7
/* Singular values below this share of the largest are lost in the Gram operator: about the root of the noise. */
#define SHEAF_I_LANCZOS_FLOOR 1e-3

/* The operator is B = tall^T tall. Panels 0 .. expanded - 1 have been multiplied by B, the others wait their turn.
   B V = V T + V' T', where V holds the expanded panels, V' those that wait, and T, T' are the rows of t. */
typedef struct {
    const sheaf_i_svd_problem *p;
    sheaf_i_basis v;
    int32_t b, expanded, max_panels;
    int32_t arrow;             /* panels below this one couple to all kept Ritz vectors */
    int64_t live;              /* columns that are not dead */
    bool *dead;                /* room * b */
    double *t;                 /* symmetric, ldt = room * b */
    int32_t ldt;
    double scale;              /* lower bound of the largest eigenvalue of B, growing */
    uint64_t fills;            /* random blocks drawn so far */
    float *y;                  /* n_long x b */
    double *h, *h2;            /* coefficients: a b x b square a panel */
    double *theta, *z;         /* eigenvalues of T, rising; eigenvectors, one a row (ld = ritz_m), */
    int32_t ritz_m, kept;      /* but only the last `kept` of ritz_m */
    double *couple;            /* T' times those: kept columns */
    double dead_theta;         /* what theta holds for dead columns: far below zero */
    int64_t products;
    int32_t restarts;
    double probe;              /* largest eigenvalue of B that the last probe saw beyond the basis */
} sheaf_i_krylov;

/* Makes w (the reserved panel) orthonormal and orthogonal to all panels, and appends it unless nothing is left of it.
   Directions that vanish are replaced by random ones while there are any. On return w_in = V h + w_out r, where h has
   a square for each of the panels there were; local_lo: first panel with a large share in w_in. */
sheaf_status sheaf_i_krylov_append(sheaf_i_krylov *s, int32_t local_lo, double *h, double *r, bool *appended);
/* The first block: random directions. */
sheaf_status sheaf_i_krylov_start(sheaf_i_krylov *s, bool *appended);
/* Multiplies the next waiting panel by B and appends what is new in the result. */
sheaf_status sheaf_i_krylov_expand(sheaf_i_krylov *s);

/* Eigenpairs of T and the residuals of the leading k. *ratio: the largest residual over what is allowed for it. */
sheaf_status sheaf_i_krylov_ritz(sheaf_i_krylov *s, double *ratio);
/* Of the i-th largest Ritz value, ||B x - theta x||. */
double sheaf_i_krylov_residual(const sheaf_i_krylov *s, int32_t i);
/* The leading `count` eigenvectors of T as columns, ritz_m x count in float (sheaf_i_aligned). NULL: no memory. */
float *sheaf_i_krylov_leading(const sheaf_i_krylov *s, int32_t count);
/* Replaces the expanded panels by the leading Ritz vectors. */
sheaf_status sheaf_i_krylov_restart(sheaf_i_krylov *s);
/* Looks with a random block for eigenvalues that the basis has missed. *found: there are some above the k-th; the
   block then waits as a panel. */
sheaf_status sheaf_i_krylov_probe(sheaf_i_krylov *s, bool *found);

#endif
