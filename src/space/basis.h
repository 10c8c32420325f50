/* An orthonormal basis of many columns in panels of b columns, each n x b row-major, and the passes over it.
 *
 * A pass goes once over the rows in blocks that depend on n alone; sums over rows are taken per block in double and
 * added in block order. A column may be dead: all zero, where no further direction was left.
 */
#ifndef SHEAF_SPACE_BASIS_H
#define SHEAF_SPACE_BASIS_H

#include "base/rng.h"
#include "kernel/kernel.h"

#define SHEAF_I_MAX_B 64

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    int64_t n;
    int32_t b, panels, room;   /* panels in use, places in `panel` */
    float **panel;             /* room pointers, `reserved` of them with memory */
    float **slab;              /* what they point into: memory for slab_panels of them each */
    int32_t reserved, slab_panels;
    int64_t rows, n_blocks;    /* rows a block, blocks */
    double *part;              /* n_blocks partial sums of up to room + 1 squares b x b */
    float *minus;              /* coefficients of a pass in float */
} sheaf_i_basis;

/* A pass over the n x b block w, in this order, each step only where asked for:
   w <- w m;  w <- w - (panels sub_lo .. sub_hi - 1) sub;  h <- (panels dot_lo .. dot_hi - 1)^T w;  g <- w^T w. */
typedef struct {
    const float *m;            /* b x b, or NULL */
    int32_t sub_lo, sub_hi;
    const double *sub;         /* one b x b square a panel, from panel sub_lo on */
    int32_t dot_lo, dot_hi;
    double *h;                 /* the same, from panel dot_lo on */
    double *g;                 /* b x b, summed in double throughout, or NULL */
} sheaf_i_pass;

sheaf_status sheaf_i_basis_init(sheaf_i_basis *v, sheaf_ctx *ctx, int64_t n, int32_t b, int32_t room);
void sheaf_i_basis_end(sheaf_i_basis *v);
/* Memory for `count` panels after the last one, not yet counted in `panels`. */
sheaf_status sheaf_i_basis_reserve(sheaf_i_basis *v, int32_t count);

sheaf_status sheaf_i_basis_pass(sheaf_i_basis *v, float *w, const sheaf_i_pass *pass);
/* Fills the columns of w that are flagged with random numbers of variance 1 / n. */
sheaf_status sheaf_i_basis_random(const sheaf_i_basis *v, float *w, const bool *columns, uint64_t key);
/* x (n x k, ld = k) <- the first `panels` panels times s (panels * b x k, row-major). */
sheaf_status sheaf_i_basis_combine(const sheaf_i_basis *v, int32_t panels, const float *s, int32_t k, float *x);
/* The first keep / b panels <- the first `panels` panels times s (panels * b x keep); keep is a multiple of b. */
sheaf_status sheaf_i_basis_rotate(sheaf_i_basis *v, int32_t panels, const float *s, int32_t keep);

/* g (m x m) <- w^T w in double for w n x m with ld = m. */
sheaf_status sheaf_i_self_gram(sheaf_ctx *ctx, const sheaf_i_kernels *kernels, int64_t n, const float *w, int32_t m,
                               double *g);

#endif
