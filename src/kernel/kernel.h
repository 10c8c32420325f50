/* Hot loops on plain arrays: no context, no memory, no threads, no errors.
 *
 * One table of functions per instruction set; plain.c holds the contracts in portable C and is the oracle of the
 * others. Matrices are row-major with explicit leading dimensions (in elements). No pointer needs alignment; no
 * output overlaps an input. Results depend on the data and the instruction set, never on how a caller splits rows
 * for spmm, update, assign and dots; gram and gram64 add in an order that is part of their contract.
 */
#ifndef SHEAF_KERNEL_KERNEL_H
#define SHEAF_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows that gram sums in float before the sum goes to double. */
#define SHEAF_I_GRAM_CHUNK 512
/* Columns of a panel of packed centres. */
#define SHEAF_I_PANEL 16

/* Rows row_lo .. row_hi - 1 of y = A x: y[i][c] = sum over p in indptr[i] .. indptr[i + 1] of
   values[p] * x[indices[p]][c], c < b, overwriting y. Row i goes to y + i * ldy. Float sums, in an order that
   depends on the row and b alone. Fast for b = 8, 16, 32, 64; any b >= 0 works. */
typedef void sheaf_i_spmm_fn(int64_t row_lo, int64_t row_hi, const int64_t *indptr, const int32_t *indices,
                             const float *values, const float *x, int64_t ldx, int32_t b, float *y, int64_t ldy);

/* Rows of a matrix whose values are factors of rows times entries of a short table: A[i][columns[p]] is
   scale[i] * table[codes[p]]. */
typedef struct {
    const int64_t *indptr;
    const uint16_t *columns; /* SHEAF_I_AHEAD more may be read, but are not used */
    const uint8_t *codes;
    const float *table;      /* 256 */
    const float *scale;      /* one a row */
    bool add;                /* to y, where rows without entries are not touched; false: y is overwritten */
    bool scattered;          /* a hint: the columns are hit evenly, so rows of x are fetched ahead */
} sheaf_i_coded_rows;
/* Nonzeros between a prefetch and its use: the latency of the outer caches. */
#define SHEAF_I_AHEAD 24
/* Columns that spmm_coded takes at most, and below which rows of x are half as long. */
#define SHEAF_I_STRIP 32
static inline int32_t sheaf_i_strip(int32_t b) { return b <= SHEAF_I_STRIP / 2 ? SHEAF_I_STRIP / 2 : SHEAF_I_STRIP; }

/* Rows row_lo .. row_hi - 1 of y = A x, or y += A x, for 0 < b <= SHEAF_I_STRIP columns. The rows of x follow each
   other at a distance of sheaf_i_strip(b) numbers, all of which may be read; rows of 64 aligned bytes are fast. Float
   sums, in an order that depends on the row and b alone. */
typedef void sheaf_i_spmm_coded_fn(int64_t row_lo, int64_t row_hi, const sheaf_i_coded_rows *a, const float *x,
                                   int32_t b, float *y, int64_t ldy);

/* h += V^T W: V is n x m, W n x b, h m x b in double. Float sums over SHEAF_I_GRAM_CHUNK rows, counted from the
   first, are added to h in order. next: n x m numbers (ldv) that the caller reads soon and wants in the cache, or
   NULL. */
typedef void sheaf_i_gram_fn(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
                             double *h, int64_t ldh, const float *next);

/* The same with every product and sum in double. */
typedef void sheaf_i_gram64_fn(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw,
                               int32_t b, double *h, int64_t ldh);

/* W += V H: W is n x b, V n x m, H m x b; float, each element summed over rising rows of H, W first.
   next: as for gram. */
typedef void sheaf_i_update_fn(int64_t n, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh,
                               int32_t b, float *w, int64_t ldw, const float *next);

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

/* What sift needs to know. A group is `wide` centres, whole panels, that share one lower bound a row. */
typedef struct {
    int32_t d, groups, wide;
    int64_t room;                 /* places in a group's list */
    const float *centre, *bias;   /* k x d; k */
    const float *drift;           /* k: no centre has moved farther since the last time */
    const float *reach;           /* groups, filled up with -inf to a whole panel of them */
    float margin;                 /* added to squared distances: bounds their rounding, and that of scores */
} sheaf_i_sieve;
#define SHEAF_I_ROUND_UP 1.000001f /* a factor that outweighs some roundings to float */

/* Which of m rows may have got a new nearest centre, and in which groups it may be. upper[i], the distance to the own
   centre at most, grows by the drift of that centre. A row whose lower[i][g] is greater than upper[i] + reach[g] for
   every g is done. For others upper[i] is computed anew, from the own centre and square[i] (NULL: 1), and those still
   not done are survivors: their numbers go to survivor[], rising, and to the list of each group that failed and of the
   own group (list + g * room, of count[g], which grows). With one group, upper[i] is not computed anew. Returns the
   number of survivors. ldl >= groups; up to SHEAF_I_PANEL - 1 numbers behind a row of lower may be read, and like those
   of the row must be above -inf. */
typedef int32_t sheaf_i_sift_fn(const sheaf_i_sieve *s, int32_t m, const float *x, int64_t ldx, const float *square,
                                const int32_t *label, float *upper, const float *lower, int64_t ldl, int32_t *survivor,
                                int32_t *list, int32_t *count);

/* The best of one panel of centres for the rows row[0 .. m) of x (NULL: 0 .. m - 1): its place in the panel, its score
   (the very number that assign has) and that of the best of the others. Ties go to the lowest place. At least one bias
   is above -inf; no number may be NaN. */
typedef void sheaf_i_panel_best_fn(int64_t m, const int32_t *row, const float *x, int64_t ldx, int32_t d,
                                   const float *panel, const float *bias, int32_t *lane, float *score, float *next);

/* Rows and centres in bytes. A row x is within `error` of scale * (q - 128), whose length is at most `norm`; a centre c
   is its bytes times its scale, and a residual. */
typedef struct {
    float scale, error, norm;
} sheaf_i_coarse_row;
typedef struct {
    int32_t bytes;              /* of a row: its dimensions, filled up to a multiple of 4; below 2^14 */
    int32_t panels;
    const int8_t *packed;       /* number 4 j + b of lane t of panel p is at ((p * bytes / 4 + j) * PANEL + t) * 4 + b;
                                   0 where a row or a panel is filled up */
    const int32_t *start;       /* for each lane of each panel: -128 times the sum of its numbers */
    const float *scale, *bias;  /* the same; 0 and -inf where a panel is filled up */
    const float *spread, *blur; /* the same: the longest difference of this centre from another, of its residual */
    float margin;
    int64_t room;               /* places in a panel's list */
} sheaf_i_coarse;
#define SHEAF_I_COARSE_ROWS 6

/* The nearest centres of m rows as far as bytes tell. The score of a centre is (products of bytes) * its scale * the
   row's scale + bias; centres more than error * spread[t] + norm * blur[t] + margin behind the best, t (of equal ones
   the first), are ruled out. label[i]: the only one left, or -1: then i is in the list of each panel that holds one of
   those left (list + p * room, of count[p], which grows). The products are exact, the other steps rounded to float.
   scores: scratch of SHEAF_I_COARSE_ROWS * panels * PANEL. At least one bias is above -inf. */
typedef void sheaf_i_coarse_fn(const sheaf_i_coarse *c, int32_t m, const uint8_t *x, const sheaf_i_coarse_row *row,
                               float *scores, int32_t *label, int32_t *list, int32_t *count);

/* A product of row and column that rivals has found. */
typedef struct {
    int32_t row, column;
    float score;
} sheaf_i_rival;
#define SHEAF_I_RIVAL_ROWS 6     /* rows that are walked over together */
#define SHEAF_I_RIVAL_COLUMNS 64 /* columns of a call, at most */

/* Of the products a_i.c_t of m rows of d numbers with the k <= SHEAF_I_RIVAL_COLUMNS vectors of `packed`, laid out as
   above and filled up with anything that is not NaN: those not below row_bar[i] (NULL: no row asks) or not below
   column_bar[t] (filled up to a whole panel). Float sums over rising dimensions, hence the same number whichever of
   the two is the row. *n of them, in no particular order, go to `out`. The call ends early, after any row, when there
   may be no room for as many rows as are walked over together; room is at least that. Returns the number of rows done.
   Numbers behind the last row are fetched, but not used. */
typedef int64_t sheaf_i_rivals_fn(int64_t m, const float *a, int64_t lda, int32_t d, const float *packed, int32_t k,
                                  const float *row_bar, const float *column_bar, sheaf_i_rival *out, int32_t room,
                                  int32_t *n);

/* The places i < n <= 65536, rising, where sum[i] + scale * rest[i] is not below bar: the first `room` of them. Returns
   how many there are, or any number above room. No number is NaN; a sum may be -inf. The product may be fused. */
typedef int32_t sheaf_i_above_fn(int32_t n, const float *sum, const uint8_t *rest, float scale, float bar,
                                 uint16_t *place, int32_t room);

/* Bytes that one call of scan looks at, at most, and places that start and end need. */
#define SHEAF_I_SCAN_BYTES 1024
#define SHEAF_I_SCAN_WORDS (SHEAF_I_SCAN_BYTES / 2 + 32)

/* The words of p[at .. n), at < n < 2^32, as far as they are plain ASCII: start[i] .. end[i] of *n_words of them,
   rising (behind them anything). Letters, digits and underscores make up words. joins: so does one of : . ' between two
   letters and one of , ; . ' between two digits, and words of nothing but underscores are left out; otherwise words of
   one byte are. No word goes on from before `at`.
   The scan stops at the first byte beyond ASCII or after SHEAF_I_SCAN_BYTES. A word that ends there may go on, and
   so may one that ends a byte before where that byte is a joining one: it is not reported. Returns where to go on: n,
   the start of that word, or where the scan stopped. *hard: a byte beyond ASCII stopped it, or no way was made because
   one word fills it all: the place returned needs all of the rules. */
typedef size_t sheaf_i_scan_fn(const uint8_t *p, size_t n, size_t at, bool joins, uint32_t *start, uint32_t *end,
                               int32_t *n_words, bool *hard);

/* Gains of f(z) = z ln z: f(c + v) - f(c), for c > 0 and v >= 0; the error is below 2e-6 of v (1 + |ln(c + v)|).
   gain_each: of n pairs. gain_sum: their sum, in an order that depends on n alone. */
typedef void sheaf_i_gain_each_fn(int32_t n, const float *c, const float *v, float *out);
typedef float sheaf_i_gain_sum_fn(int32_t n, const float *c, const float *v);

/* Sums of k clusters by term, rows of ld >= k numbers, all of which may be read: a multiple of SHEAF_I_PANEL, or for
   gains also SHEAF_I_GAINS_FEW. */
#define SHEAF_I_GAINS_FEW 4
typedef struct {
    int32_t ld;
    const int32_t *sum;
    const float *prior;    /* of a term: above 0; it is added to the sums */
    const uint16_t *first; /* of a term: the value whose gains stand in ... */
    const float *gain;     /* ... this table, of the shape of `sum` */
} sheaf_i_gain_rows;
#define SHEAF_I_GAINS_AHEAD 8

/* out[t], t < ld: the gains of n values in the terms column[], by sums sum[column][t] + prior[column], added up in
   an order that depends on them alone; for t == own (-1: none) by the sums without these values, which are in them. To
   choose by: a gain that is not in the table is right to 1e-3 of its value (prior above 1/100 of it; below that it is
   up to 1.2e-2 too high). */
typedef void sheaf_i_gains_fn(const sheaf_i_gain_rows *g, int64_t n, const uint16_t *column, const uint16_t *value,
                              int32_t own, float *out);

/* out[t], t < ld: the gains of all that cluster a has of m terms, on top of the sums of cluster t; g->gain is not used.
   Some terms in float, then in double. */
typedef void sheaf_i_gain_pairs_fn(const sheaf_i_gain_rows *g, int32_t m, int32_t a, double *out);

typedef struct {
    const char *name; /* "plain", "avx2", "avx512" */
    sheaf_i_spmm_fn *spmm;
    sheaf_i_spmm_coded_fn *spmm_coded;
    sheaf_i_gram_fn *gram;
    sheaf_i_gram64_fn *gram64;
    sheaf_i_update_fn *update;
    sheaf_i_assign_fn *assign;
    sheaf_i_dots_fn *dots;
    sheaf_i_sift_fn *sift;
    sheaf_i_panel_best_fn *panel_best;
    sheaf_i_rivals_fn *rivals;
    sheaf_i_above_fn *above;
    sheaf_i_scan_fn *scan;
    sheaf_i_gain_each_fn *gain_each;
    sheaf_i_gain_sum_fn *gain_sum;
    sheaf_i_gains_fn *gains;
    sheaf_i_gain_pairs_fn *gain_pairs;
} sheaf_i_kernels;

/* The fastest table that this processor runs; SHEAF_KERNELS=plain|avx2|avx512 in the environment asks for another
   (ignored where the processor lacks it). Chosen once, the same for the life of the process. */
const sheaf_i_kernels *sheaf_i_kernels_get(void);

/* What belongs to a table but not to every processor that runs it; NULL where floats are as fast or faster. */
sheaf_i_coarse_fn *sheaf_i_kernels_coarse(const sheaf_i_kernels *kernels);

/* The table of that name, or NULL if it is unknown, not built or not supported by this processor. */
const sheaf_i_kernels *sheaf_i_kernels_named(const char *name);

#endif
