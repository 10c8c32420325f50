/* Hot loops on plain arrays: no context, no memory, no threads, no errors.
 *
 * One table of functions per instruction set; plain.c holds the contracts in portable C and is the oracle of the
 * others. Matrices are row-major with explicit leading dimensions (in elements). No pointer needs alignment; no
 * output overlaps an input. Results depend on the data and the instruction set, never on how a caller splits rows
 * for spmm, update, assign and dots; gram and gram64 add in an order that is part of their contract.
 */
#ifndef SHEAF_KERNEL_KERNEL_H
#define SHEAF_KERNEL_KERNEL_H

#include <stdint.h>

/* Rows that gram sums in float before the sum goes to double. */
#define SHEAF_I_GRAM_CHUNK 128
/* Columns of a panel of packed centres. */
#define SHEAF_I_PANEL 16

/* Rows row_lo .. row_hi - 1 of y = A x: y[i][c] = sum over p in indptr[i] .. indptr[i + 1] of
   values[p] * x[indices[p]][c], c < b, overwriting y. Row i goes to y + i * ldy. Float sums, in an order that
   depends on the row alone. Fast for b = 8, 16, 32, 64; any b >= 0 works. */
typedef void sheaf_i_spmm_fn(int64_t row_lo, int64_t row_hi, const int64_t *indptr, const int32_t *indices,
                             const float *values, const float *x, int64_t ldx, int32_t b, float *y, int64_t ldy);

/* h += V^T W: V is n x m, W n x b, h m x b in double. Float sums over SHEAF_I_GRAM_CHUNK rows, counted from the
   first, are added to h in order. */
typedef void sheaf_i_gram_fn(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
                             double *h, int64_t ldh);

/* The same with every product and sum in double. */
typedef void sheaf_i_gram64_fn(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw,
                               int32_t b, double *h, int64_t ldh);

/* W += V H: W is n x b, V n x m, H m x b; float, each element summed over rising rows of H, W first. */
typedef void sheaf_i_update_fn(int64_t n, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh,
                               int32_t b, float *w, int64_t ldw);

/* Of k centres, the one with the highest score bias[t] + x.c_t for each of m rows of d numbers: its score and its
   index. Ties go to the lowest index; a score of -inf is never chosen, and where there is nothing else the answer
   is -1 at -inf. Float sums over rising dimensions, bias first. No number may be NaN.
   packed: centres in panels of SHEAF_I_PANEL, the last one filled up with anything that is not NaN: dimension j of
   centre t is packed[(t / PANEL * d + j) * PANEL + t % PANEL]. bias: filled up with -inf to a whole panel.
   second, second_score: the same for the best of the others; NULL together: not wanted. */
typedef void sheaf_i_assign_fn(int64_t m, const float *x, int64_t ldx, int32_t d, const float *packed,
                               const float *bias, int32_t k, int32_t *label, float *score, int32_t *second,
                               float *second_score);

/* y[i][t] = a_i.c_t for m rows of d numbers (few: they are walked over together) and the k vectors c of `packed`,
   laid out as above: all of whole panels, the filling too, m rows of ceil(k / PANEL) * PANEL results. Float sums
   over rising dimensions. */
typedef void sheaf_i_dots_fn(int32_t m, const float *a, int64_t lda, int32_t d, const float *packed, int64_t k,
                             float *y, int64_t ldy);

typedef struct {
    const char *name; /* "plain", "avx2", "avx512" */
    sheaf_i_spmm_fn *spmm;
    sheaf_i_gram_fn *gram;
    sheaf_i_gram64_fn *gram64;
    sheaf_i_update_fn *update;
    sheaf_i_assign_fn *assign;
    sheaf_i_dots_fn *dots;
} sheaf_i_kernels;

/* The fastest table that this processor runs; SHEAF_KERNELS=plain|avx2|avx512 in the environment asks for another
   (ignored where the processor lacks it). Chosen once, the same for the life of the process. */
const sheaf_i_kernels *sheaf_i_kernels_get(void);

/* The table of that name, or NULL if it is unknown, not built or not supported by this processor. */
const sheaf_i_kernels *sheaf_i_kernels_named(const char *name);

#endif
