/* Counts to weights: TF-IDF as scikit-learn defines it, log-entropy (Dumais 1991), BM25 (Robertson and Zaragoza 2009).
 *
 * Every scheme here is value = L(tf, row) * G(term). G is a table in double; L depends on tf alone (a table for
 * small counts) except for BM25. The values are computed and normalised in double and stored as float.
 *
 * Entropy of term j: sum_i p ln p = (sum_i tf ln tf) / gf - ln gf with gf = sum_i tf. Counts of 1 add nothing to
 * sum tf ln tf, and gf = df + sum (tf - 1), so only the few counts above 1 are added up. The sums are integers
 * (fixed point), hence the same in any order of documents and threads.
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "matrix/bipartite.h"
#include "matrix/csr.h"
#include "matrix/weigh.h"
#include "text/words.h"

#define WORK (1 << 16)     /* nonzeros and rows a block */
#define SMALL 256          /* counts below have their local weight in a table */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_terms *t;
    sheaf_weight_opts o;
    int64_t n_blocks;
    double *global;                  /* n_terms */
    double local[SMALL];
    uint64_t *block_total;           /* BM25, log-entropy: sum of counts a block */
    double mean_length;
    uint64_t *extra, *xlogx;         /* log-entropy, a term: sum of (tf - 1), and of tf ln tf in units of 1 / scale */
    double scale;
    uint64_t small_xlogx[SMALL];     /* of small counts */
    float *values;
} weighing;

static void rows_of(const weighing *w, int64_t block, int64_t *lo, int64_t *hi)
{
    *lo = sheaf_i_row_cut(w->t->indptr, w->t->n_docs, block, w->n_blocks);
    *hi = sheaf_i_row_cut(w->t->indptr, w->t->n_docs, block + 1, w->n_blocks);
}

static sheaf_status total_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    weighing *w = arg;
    int64_t lo, hi;
    rows_of(w, block, &lo, &hi);
    uint64_t s = 0;
    for (int64_t p = w->t->indptr[lo]; p < w->t->indptr[hi]; p++) s += w->t->counts[p];
    w->block_total[block] = s;
    return SHEAF_OK;
}

static sheaf_status total_counts(weighing *w, double *total)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(w->block_total, w->ctx, w->n_blocks);
    SHEAF_TRY(sheaf_i_par_for(w->ctx, NULL, w->n_blocks, total_block, w));
    uint64_t s = 0;
    for (int64_t b = 0; b < w->n_blocks; b++) s += w->block_total[b];
    *total = (double)s;
done:
    return st;
}

static uint64_t xlogx_units(const weighing *w, uint32_t tf) { return (uint64_t)llround(tf * log(tf) * w->scale); }

static sheaf_status entropy_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    weighing *w = arg;
    int64_t lo, hi;
    rows_of(w, block, &lo, &hi);
    for (int64_t p = w->t->indptr[lo]; p < w->t->indptr[hi]; p++) {
        uint32_t tf = w->t->counts[p];
        if (tf < 2) continue;
        int32_t j = w->t->indices[p];
        uint64_t units = tf < SMALL ? w->small_xlogx[tf] : xlogx_units(w, tf);
        __atomic_fetch_add(&w->extra[j], tf - 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&w->xlogx[j], units, __ATOMIC_RELAXED);
    }
    return SHEAF_OK;
}

/* The unit is the smallest for which no sum can pass 2^63: sum tf ln tf <= total ln total. Rounding then changes
   an entropy by less than 2^-2 / scale, 1e-9 for a billion words. */
static sheaf_status entropy_global(weighing *w)
{
    sheaf_status st = SHEAF_OK;
    double total, n = (double)w->t->n_docs;
    SHEAF_TRY(total_counts(w, &total));
    w->scale = ldexp(1, 62 - ilogb(total * log(total + 2) + 2));
    for (uint32_t tf = 2; tf < SMALL; tf++) w->small_xlogx[tf] = xlogx_units(w, tf);
    SHEAF_NEW0(w->extra, w->ctx, w->t->n_terms);
    SHEAF_NEW0(w->xlogx, w->ctx, w->t->n_terms);
    SHEAF_TRY(sheaf_i_par_for(w->ctx, NULL, w->n_blocks, entropy_block, w));
    for (int32_t j = 0; j < w->t->n_terms; j++) {
        double gf = (double)w->t->df[j] + (double)w->extra[j];
        double entropy = gf > 0 ? log(gf) - (double)w->xlogx[j] / w->scale / gf : 0;
        double g = n > 1 ? 1 - entropy / log(n) : 1;
        w->global[j] = g > 0 ? g : 0; /* evenly spread terms: 0 up to rounding */
    }
done:
    return st;
}

static void idf_global(weighing *w)
{
    double n = (double)w->t->n_docs;
    for (int32_t j = 0; j < w->t->n_terms; j++) {
        double df = (double)w->t->df[j];
        switch (w->o.scheme) {
        case SHEAF_WEIGHT_TFIDF:
        case SHEAF_WEIGHT_SUBLINEAR: w->global[j] = log((1 + n) / (1 + df)) + 1; break;
        case SHEAF_WEIGHT_BM25: w->global[j] = log(1 + (n - df + .5) / (df + .5)); break;
        default: w->global[j] = 1;
        }
    }
}

double sheaf_i_weight_local(sheaf_weight scheme, uint32_t tf)
{
    switch (scheme) {
    case SHEAF_WEIGHT_BINARY: return tf > 0;
    case SHEAF_WEIGHT_SUBLINEAR: return tf ? 1 + log(tf) : 0;
    case SHEAF_WEIGHT_BIPARTITE:
    case SHEAF_WEIGHT_LOGENTROPY: return log2(1 + (double)tf);
    default: return tf;
    }
}

/* The value of a row's entry; k is BM25's k1 (1 - b + b len / mean), the same for the whole row. */
static inline double weight_of(const weighing *w, int64_t p, double k)
{
    uint32_t tf = w->t->counts[p];
    double g = w->global[w->t->indices[p]];
    if (w->o.scheme == SHEAF_WEIGHT_BM25) return tf ? g * tf * (w->o.k1 + 1) / (tf + k) : 0;
    return g * (tf < SMALL ? w->local[tf] : sheaf_i_weight_local(w->o.scheme, tf));
}

static double bm25_k(const weighing *w, int64_t row)
{
    uint64_t length = 0;
    for (int64_t p = w->t->indptr[row]; p < w->t->indptr[row + 1]; p++) length += w->t->counts[p];
    return w->o.k1 * (1 - w->o.b + w->o.b * (double)length / w->mean_length);
}

static sheaf_status weigh_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    weighing *w = arg;
    int64_t first, end;
    rows_of(w, block, &first, &end);
    for (int64_t i = first; i < end; i++) {
        int64_t lo = w->t->indptr[i], hi = w->t->indptr[i + 1];
        if (lo == hi) continue;
        double k = w->o.scheme == SHEAF_WEIGHT_BM25 ? bm25_k(w, i) : 0, sum = 0;
        for (int64_t p = lo; p < hi; p++) {
            double v = weight_of(w, p, k);
            sum += v * v;
            w->values[p] = (float)v;
        }
        if (!w->o.l2 || sum <= 0) continue;
        double scale = 1 / sqrt(sum);
        for (int64_t p = lo; p < hi; p++) w->values[p] = (float)(w->values[p] * scale);
    }
    return SHEAF_OK;
}

static sheaf_status check_opts(sheaf_ctx *ctx, const sheaf_weight_opts *o)
{
    if ((int)o->scheme < SHEAF_WEIGHT_COUNT || o->scheme > SHEAF_WEIGHT_BIPARTITE)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "unknown weighting scheme %d", (int)o->scheme);
    if (!(o->k1 >= 0 && o->k1 <= 1e6))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "BM25: k1 = %g is not between 0 and 1e6", o->k1);
    if (!(o->row_damping >= 0 && o->row_damping <= 1e12))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "row_damping = %g is not between 0 and 1e12", o->row_damping);
    if (!(o->b >= 0 && o->b <= 1)) return sheaf_i_fail(ctx, SHEAF_EINVAL, "BM25: b = %g is not between 0 and 1", o->b);
    return SHEAF_OK;
}

void sheaf_weight_opts_init(sheaf_weight_opts *o, size_t size)
{
    sheaf_weight_opts d = {.size = size, .scheme = SHEAF_WEIGHT_BIPARTITE, .l2 = true, .k1 = 1.2, .b = .75,
                           .row_damping = 15};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

sheaf_status sheaf_i_weight_opts(sheaf_ctx *ctx, sheaf_weight_opts *full, const sheaf_weight_opts *o)
{
    sheaf_weight_opts_init(full, sizeof *full);
    if (o) sheaf_i_opts_copy(full, sizeof *full, o, o->size);
    return check_opts(ctx, full);
}

static sheaf_status prepare(weighing *w)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(w->global, w->ctx, w->t->n_terms);
    for (uint32_t tf = 0; tf < SMALL; tf++) w->local[tf] = sheaf_i_weight_local(w->o.scheme, tf);
    if (w->o.scheme == SHEAF_WEIGHT_LOGENTROPY) {
        SHEAF_TRY(entropy_global(w));
    } else {
        idf_global(w);
    }
    if (w->o.scheme == SHEAF_WEIGHT_BM25) {
        double total;
        SHEAF_TRY(total_counts(w, &total));
        w->mean_length = total > 0 ? total / (double)w->t->n_docs : 1;
    }
done:
    return st;
}

static void end(weighing *w)
{
    sheaf_i_free(w->ctx, w->global);
    sheaf_i_free(w->ctx, w->block_total);
    sheaf_i_free(w->ctx, w->extra);
    sheaf_i_free(w->ctx, w->xlogx);
}

sheaf_status sheaf_i_weight_global(sheaf_ctx *ctx, const sheaf_terms *t, const sheaf_weight_opts *o, double *global)
{
    weighing w = {.ctx = ctx, .t = t, .o = *o, .n_blocks = sheaf_i_row_blocks(t->indptr, t->n_docs, WORK)};
    sheaf_status st = prepare(&w);
    for (int32_t j = 0; st == SHEAF_OK && j < t->n_terms; j++) global[j] = w.global[j];
    end(&w);
    return st;
}

sheaf_status sheaf_matrix_weigh(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_terms *t, const sheaf_weight_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    sheaf_i_csr part;
    weighing w = {.ctx = ctx, .t = t};
    *out = NULL;
    SHEAF_TRY(sheaf_i_weight_opts(ctx, &w.o, o));
    w.n_blocks = sheaf_i_row_blocks(t->indptr, t->n_docs, WORK);
    SHEAF_TRY(prepare(&w));

    SHEAF_TRY(sheaf_i_matrix_new(ctx, &m, &part, t->n_docs, t->n_terms, t->indptr[t->n_docs], false));
    m->indptr = t->indptr;
    m->indices = t->indices;
    w.values = part.values;
    if (w.o.scheme == SHEAF_WEIGHT_BIPARTITE) SHEAF_TRY(sheaf_i_bipartite_weigh(ctx, t, w.o.row_damping, w.values));
    else SHEAF_TRY(sheaf_i_par_for(ctx, "weighing", w.n_blocks, weigh_block, &w));
    *out = m;
    m = NULL;
done:
    end(&w);
    sheaf_matrix_free(m);
    return st;
}
