/* Log counts scaled as the adjacency matrix of a bipartite graph of documents and terms (Dhillon 2001, "Co-clustering
 * documents and words using bipartite spectral graph partitioning"), both sides regularised (Qin and Rohe 2013,
 * "Regularized spectral clustering under the degree-corrected stochastic blockmodel"):
 *
 *     x_ij = log2(1 + tf_ij);  x_ij /= sqrt(c_j + mean c);  x_ij /= sqrt(r_i + 15 mean r)
 *
 * with c_j the sum of column j and r_i the sum of row i after the first scaling. A rare term is damped less than a
 * common one, but not without limit as by 1 / sqrt(c_j); rows are left nearly as long as they are, so that the SVD
 * listens to documents that say more, and only documents far longer than the mean are held back. The factor 15
 * is a compromise (results/recipe.md has the scores from 1 to none): less suits long mails, more suits short news.
 *
 * Column sums are added up as integers (fixed point), hence the same in any order of documents and threads.
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/bipartite.h"
#include "matrix/csr.h"
#include "text/words.h"

#define WORK (1 << 16) /* nonzeros and rows a block */
#define SMALL 256      /* counts below have their logarithm in a table */

typedef struct {
    const sheaf_terms *t;
    int64_t n_blocks;
    double local[SMALL], unit; /* log2(1 + tf); one unit of the fixed-point sums */
    uint64_t units[SMALL];     /* log2(1 + tf) - 1 in these */
    int64_t parts;             /* of the rows: each has sums of its own */
    uint64_t *above;           /* parts x terms: sum of log2(1 + tf) - 1 over the counts above 1, in units */
    double *column;            /* a term: the factor of its column */
    double *row_sum;           /* a document */
    double mean_row, damping;
    float *values;
} scaling;

static double local_weight(const scaling *s, uint32_t tf) { return tf < SMALL ? s->local[tf] : log2(1.0 + tf); }

static void rows_of(const scaling *s, int64_t block, int64_t *lo, int64_t *hi)
{
    *lo = sheaf_i_row_cut(s->t->indptr, s->t->n_docs, block, s->n_blocks);
    *hi = sheaf_i_row_cut(s->t->indptr, s->t->n_docs, block + 1, s->n_blocks);
}

static uint64_t in_units(const scaling *s, uint32_t tf)
{
    return tf < 2 ? 0 : (uint64_t)llround((local_weight(s, tf) - 1) / s->unit);
}

/* Counts of 1 weigh 1 each: their sum is the document frequency, only the others add something. */
static sheaf_status add_columns(void *arg, int64_t part, int32_t worker)
{
    (void)worker;
    const scaling *s = arg;
    uint64_t *above = s->above + part * s->t->n_terms;
    int64_t lo = sheaf_i_row_cut(s->t->indptr, s->t->n_docs, part, s->parts);
    int64_t hi = sheaf_i_row_cut(s->t->indptr, s->t->n_docs, part + 1, s->parts);
    memset(above, 0, (size_t)s->t->n_terms * sizeof *above);
    for (int64_t p = s->t->indptr[lo]; p < s->t->indptr[hi]; p++) {
        uint32_t tf = s->t->counts[p];
        above[s->t->indices[p]] += tf < SMALL ? s->units[tf] : in_units(s, tf);
    }
    return SHEAF_OK;
}

static void column_factors(scaling *s)
{
    double sum = 0;
    for (int32_t j = 0; j < s->t->n_terms; j++) {
        uint64_t above = 0;
        for (int64_t part = 0; part < s->parts; part++) above += s->above[part * s->t->n_terms + j];
        s->column[j] = (double)s->t->df[j] + (double)above * s->unit;
        sum += s->column[j];
    }
    double mean = sum / s->t->n_terms;
    for (int32_t j = 0; j < s->t->n_terms; j++) s->column[j] = 1 / sqrt(s->column[j] + mean);
}

static sheaf_status scale_columns(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    scaling *s = arg;
    int64_t lo, hi;
    rows_of(s, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double sum = 0;
        for (int64_t p = s->t->indptr[i]; p < s->t->indptr[i + 1]; p++) {
            double v = local_weight(s, s->t->counts[p]) * s->column[s->t->indices[p]];
            sum += v;
            s->values[p] = (float)v;
        }
        s->row_sum[i] = sum;
    }
    return SHEAF_OK;
}

static sheaf_status scale_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    scaling *s = arg;
    int64_t lo, hi;
    rows_of(s, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        double factor = sheaf_i_bipartite_row(s->row_sum[i], s->mean_row, s->damping);
        for (int64_t p = s->t->indptr[i]; p < s->t->indptr[i + 1]; p++)
            s->values[p] = (float)(s->values[p] * factor);
    }
    return SHEAF_OK;
}

static void start(scaling *s, const sheaf_terms *t)
{
    *s = (scaling){.t = t, .n_blocks = sheaf_i_row_blocks(t->indptr, t->n_docs, WORK)};
    for (uint32_t tf = 0; tf < SMALL; tf++) s->local[tf] = log2(1.0 + tf);
}

sheaf_status sheaf_i_bipartite_columns(sheaf_ctx *ctx, const sheaf_terms *t, double *column)
{
    sheaf_status st = SHEAF_OK;
    scaling s;
    if (t->indptr[t->n_docs] == 0) return SHEAF_OK;
    start(&s, t);
    s.column = column;
    /* A column's sum is below 32 a document: the unit is the smallest for which it stays below 2^63. */
    s.unit = ldexp(1, ilogb((double)t->n_docs) + 6 - 62);
    for (uint32_t tf = 0; tf < SMALL; tf++) s.units[tf] = in_units(&s, tf);
    /* Integers: the same for any number of parts. Their sums take no more memory than 2 bytes a nonzero. */
    s.parts = t->indptr[t->n_docs] / 4 / t->n_terms;
    if (s.parts > 2 * sheaf_ctx_threads(ctx)) s.parts = 2 * sheaf_ctx_threads(ctx);
    if (s.parts < 1) s.parts = 1;
    SHEAF_NEW(s.above, ctx, s.parts * t->n_terms);
    SHEAF_TRY(sheaf_i_par_for(ctx, "weighing", s.parts, add_columns, &s));
    column_factors(&s);
done:
    sheaf_i_free(ctx, s.above);
    return st;
}

sheaf_status sheaf_i_bipartite_weigh(sheaf_ctx *ctx, const sheaf_terms *t, double damping, float *values)
{
    sheaf_status st = SHEAF_OK;
    scaling s;
    if (t->indptr[t->n_docs] == 0) return SHEAF_OK;
    start(&s, t);
    s.values = values;
    s.damping = damping;
    SHEAF_NEW(s.column, ctx, t->n_terms);
    SHEAF_NEW(s.row_sum, ctx, t->n_docs);
    SHEAF_TRY(sheaf_i_bipartite_columns(ctx, t, s.column));
    SHEAF_TRY(sheaf_i_par_for(ctx, "weighing", s.n_blocks, scale_columns, &s));
    double sum = 0;
    for (int64_t i = 0; i < t->n_docs; i++) sum += s.row_sum[i];
    s.mean_row = sum / (double)t->n_docs;
    SHEAF_TRY(sheaf_i_par_for(ctx, "weighing", s.n_blocks, scale_rows, &s));
done:
    sheaf_i_free(ctx, s.column);
    sheaf_i_free(ctx, s.row_sum);
    return st;
}
