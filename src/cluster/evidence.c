/* Dirichlet-multinomial evidence of clusterings; see evidence.h.
 *
 * The counts are turned over once, to documents by term: then a term's weights in all clusters of all labelings are a
 * few numbers in the nearest cache, and the labelings share the reading. Turned over is a slab of the terms at a time,
 * so that the memory has a bound. Weights are whole numbers, so their sums have no order; the sums of logarithms go by
 * blocks of terms.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/evidence.h"
#include "matrix/csr.h"
#include "text/words.h"

#define UNIT 256           /* of the weights */
#define WEIGHTS 64         /* almost every count of a term in a document is below this */
#define GAINS (64 * UNIT)  /* sums of weights below have their gain in a table */
#define SLAB (4 << 20)     /* nonzeros turned over at once, unless a single term has more */
#define BLOCK (32 << 10)   /* nonzeros of a block of terms, at least */
#define STRETCHES 8        /* of the documents, turned over side by side */

struct sheaf_i_witness {
    const sheaf_terms *t;
    double alpha, gamma_of_alpha;
    int64_t n, *doc;
    int64_t *cursor;        /* n: where the slab begins in the row of a document */
    int64_t longest;        /* row of a document, if the counts of the terms are put away: a stretch then reads ... */
    int32_t *indices;       /* ... rows into its own part of these */
    uint32_t *counts;
    int32_t *times;         /* n_terms: documents with the term */
    int32_t *place;         /* STRETCHES x n_terms: where the next nonzero of a stretch goes */
    int32_t from, to;       /* terms of the slab; 0, 0: none yet */
    int64_t *first;         /* to - from + 1: nonzeros of its terms */
    int32_t *row;           /* of them: the document's place among the n ... */
    uint16_t *weight;       /* ... and its weight */
    int64_t room;
    int32_t *block;         /* terms where blocks begin, and the end */
    int32_t n_blocks;
    uint16_t weight_of[WEIGHTS];
    double gain[GAINS];
};

/* lgamma() would write the global signgam from several threads. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

static uint16_t weight_of(const sheaf_i_witness *w, uint32_t count)
{
    return count < WEIGHTS ? w->weight_of[count] : (uint16_t)lround(log2(1.0 + count) * UNIT);
}

/* Stirling's series: beyond the table its next term is below 1e-12. */
static double gain(const sheaf_i_witness *w, uint64_t sum)
{
    if (sum < GAINS) return w->gain[sum];
    double x = (double)sum / UNIT + w->alpha, r = 1 / x;
    return (x - .5) * log(x) - x + .91893853320467274 + r * (1 / 12. - r * r / 360) - w->gamma_of_alpha;
}

static void stretch(const sheaf_i_witness *w, int64_t s, int64_t *lo, int64_t *hi)
{
    *lo = w->n * s / STRETCHES;
    *hi = w->n * (s + 1) / STRETCHES;
}

/* Row of the i-th document, from its beginning. */
static int64_t read_row(const sheaf_i_witness *w, int64_t s, int64_t i, const int32_t **indices,
                        const uint32_t **counts)
{
    const sheaf_terms *t = w->t;
    const int64_t begin = t->indptr[w->doc[i]];
    if (t->away) sheaf_i_terms_row(t, w->doc[i], w->indices + s * w->longest, w->counts + s * w->longest);
    *indices = t->away ? w->indices + s * w->longest : t->indices + begin;
    *counts = t->away ? w->counts + s * w->longest : t->counts + begin;
    return t->indptr[w->doc[i] + 1] - begin;
}

static sheaf_status count_stretch(void *arg, int64_t s, int32_t worker)
{
    (void)worker;
    sheaf_i_witness *w = arg;
    const sheaf_terms *t = w->t;
    int64_t lo, hi;
    int32_t *times = w->place + s * t->n_terms;
    stretch(w, s, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const int32_t *indices;
        const uint32_t *counts;
        const int64_t size = read_row(w, s, i, &indices, &counts);
        for (int64_t p = 0; p < size; p++) times[indices[p]]++;
    }
    return SHEAF_OK;
}

static sheaf_status fill_stretch(void *arg, int64_t s, int32_t worker)
{
    (void)worker;
    sheaf_i_witness *w = arg;
    const sheaf_terms *t = w->t;
    int64_t lo, hi;
    int32_t *place = w->place + s * t->n_terms;
    stretch(w, s, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const int32_t *indices;
        const uint32_t *counts;
        const int64_t size = read_row(w, s, i, &indices, &counts);
        int64_t p = w->cursor[i];
        for (; p < size && indices[p] < w->to; p++) {
            int32_t at = place[indices[p]]++;
            w->row[at] = (int32_t)i;
            w->weight[at] = weight_of(w, counts[p]);
        }
        w->cursor[i] = p;
    }
    return SHEAF_OK;
}

/* Terms of the next slab and the places of their nonzeros. */
static sheaf_status plan_slab(sheaf_i_witness *w)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = w->t->ctx;
    int64_t sum = 0, in_block = 0;
    w->n_blocks = 0;
    for (w->to = w->from; w->to < w->t->n_terms && (w->to == w->from || sum + w->times[w->to] <= SLAB); w->to++) {
        if (in_block >= BLOCK || w->to == w->from) {
            w->block[w->n_blocks++] = w->to;
            in_block = 0;
        }
        w->first[w->to - w->from] = sum;
        sum += w->times[w->to];
        in_block += w->times[w->to];
    }
    w->first[w->to - w->from] = sum;
    w->block[w->n_blocks] = w->to;
    if (sum > w->room) {
        sheaf_i_free(ctx, w->row);
        sheaf_i_free(ctx, w->weight);
        w->weight = NULL;
        SHEAF_NEW(w->row, ctx, sum);
        SHEAF_NEW(w->weight, ctx, sum);
        w->room = sum;
    }
done:
    if (st != SHEAF_OK) w->room = 0;
    return st;
}

/* w->place of terms from `from` on: first the number in each stretch, afterwards where they go. */
static sheaf_status next_slab(sheaf_i_witness *w)
{
    w->from = w->to;
    sheaf_status st = plan_slab(w);
    if (st != SHEAF_OK) return st;
    for (int32_t j = w->from; j < w->to; j++) {
        int32_t at = (int32_t)w->first[j - w->from]; /* a slab, or one term of n documents at most */
        for (int64_t s = 0; s < STRETCHES; s++) {
            int32_t *place = &w->place[s * w->t->n_terms + j], count = *place;
            *place = at;
            at += count;
        }
    }
    return sheaf_i_par_for(w->t->ctx, NULL, STRETCHES, fill_stretch, w);
}

/* To before the first slab; what was counted is counted again, for the places are used up. */
static sheaf_status rewind_slabs(sheaf_i_witness *w)
{
    int64_t m = w->t->n_terms;
    memset(w->place, 0, (size_t)(STRETCHES * m) * sizeof *w->place);
    memset(w->times, 0, (size_t)m * sizeof *w->times);
    memset(w->cursor, 0, (size_t)w->n * sizeof *w->cursor);
    w->from = w->to = 0;
    sheaf_status st = sheaf_i_par_for(w->t->ctx, NULL, STRETCHES, count_stretch, w);
    for (int64_t s = 0; s < STRETCHES; s++)
        for (int64_t j = 0; j < m; j++) w->times[j] += w->place[s * m + j];
    return st;
}

sheaf_status sheaf_i_witness_new(sheaf_i_witness **out, const sheaf_terms *t, const int64_t *doc, int64_t n,
                                 double alpha)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_witness *w = NULL;
    *out = NULL;
    if (n > INT32_MAX) return sheaf_i_fail(t->ctx, SHEAF_EINVAL, "%lld documents are too many", (long long)n);
    SHEAF_NEW(w, t->ctx, 1);
    memset(w, 0, offsetof(sheaf_i_witness, weight_of));
    w->t = t;
    w->n = n;
    w->alpha = alpha;
    w->gamma_of_alpha = log_gamma(alpha);
    for (int i = 0; i < WEIGHTS; i++) w->weight_of[i] = (uint16_t)lround(log2(1.0 + i) * UNIT);
    for (int i = 0; i < GAINS; i++) w->gain[i] = log_gamma((double)i / UNIT + alpha) - w->gamma_of_alpha;
    SHEAF_NEW(w->doc, t->ctx, n);
    if (n) memcpy(w->doc, doc, (size_t)n * sizeof *doc);
    SHEAF_NEW(w->cursor, t->ctx, n);
    for (int64_t i = 0; i < n; i++) {
        int64_t size = t->indptr[doc[i] + 1] - t->indptr[doc[i]];
        if (size > w->longest) w->longest = size;
    }
    if (t->away) {
        SHEAF_NEW(w->indices, t->ctx, STRETCHES * w->longest);
        SHEAF_NEW(w->counts, t->ctx, STRETCHES * w->longest);
    }
    SHEAF_NEW(w->times, t->ctx, t->n_terms);
    SHEAF_NEW(w->place, t->ctx, (int64_t)STRETCHES * t->n_terms);
    SHEAF_NEW(w->first, t->ctx, (int64_t)t->n_terms + 1);
    SHEAF_NEW(w->block, t->ctx, (int64_t)t->n_terms + 1);
    *out = w;
    w = NULL;
done:
    sheaf_i_witness_free(w);
    return st;
}

void sheaf_i_witness_free(sheaf_i_witness *w)
{
    if (!w) return;
    sheaf_ctx *ctx = w->t->ctx;
    sheaf_i_free(ctx, w->doc);
    sheaf_i_free(ctx, w->cursor);
    sheaf_i_free(ctx, w->indices);
    sheaf_i_free(ctx, w->counts);
    sheaf_i_free(ctx, w->times);
    sheaf_i_free(ctx, w->place);
    sheaf_i_free(ctx, w->first);
    sheaf_i_free(ctx, w->row);
    sheaf_i_free(ctx, w->weight);
    sheaf_i_free(ctx, w->block);
    sheaf_i_free(ctx, w);
}

bool sheaf_i_witness_saw(const sheaf_i_witness *w, const int64_t *doc, int64_t n)
{
    return w && w->n == n && (!n || memcmp(w->doc, doc, (size_t)n * sizeof *doc) == 0);
}

const int64_t *sheaf_i_witness_docs(const sheaf_i_witness *w, int64_t *n)
{
    *n = w->n;
    return w->doc;
}

/* Labelings s have cells s * (k + 1) .. s * (k + 1) + k; cell 0 of each takes what is left out. */
typedef struct {
    const sheaf_i_witness *w;
    int32_t count, k;
    int32_t *cell;      /* n x count: of a document in each labeling */
    uint64_t *sum;      /* a worker: cells; all zero between terms */
    uint64_t *all;      /* a worker: cells, over the terms so far */
    double *part;       /* a block: count */
} scoring;

/* What the sum in one cell adds; the cell is empty afterwards. */
static inline void take(const scoring *g, uint64_t *sum, uint64_t *all, int32_t cell, double *total)
{
    if (!sum[cell]) return;
    all[cell] += sum[cell];
    *total += gain(g->w, sum[cell]);
    sum[cell] = 0;
}

static void score_term(const scoring *g, int64_t from, int64_t to, uint64_t *sum, uint64_t *all, double *total)
{
    const sheaf_i_witness *w = g->w;
    int32_t count = g->count, stride = g->k + 1;
    for (int64_t p = from; p < to; p++) {
        const int32_t *cell = g->cell + (int64_t)w->row[p] * count;
        for (int32_t s = 0; s < count; s++) sum[cell[s]] += w->weight[p];
    }
    for (int32_t s = 0; s < count; s++) sum[s * stride] = 0;
    if (to - from >= g->k) {
        for (int32_t s = 0; s < count; s++)
            for (int32_t t = 1; t <= g->k; t++) take(g, sum, all, s * stride + t, &total[s]);
        return;
    }
    for (int64_t p = from; p < to; p++) {
        const int32_t *cell = g->cell + (int64_t)w->row[p] * count;
        for (int32_t s = 0; s < count; s++) take(g, sum, all, cell[s], &total[s]);
    }
}

static sheaf_status score_block(void *arg, int64_t block, int32_t worker)
{
    const scoring *g = arg;
    const sheaf_i_witness *w = g->w;
    int64_t cells = (int64_t)g->count * (g->k + 1);
    double *total = g->part + block * g->count;
    for (int32_t s = 0; s < g->count; s++) total[s] = 0;
    for (int32_t j = w->block[block] - w->from; j < w->block[block + 1] - w->from; j++)
        score_term(g, w->first[j], w->first[j + 1], g->sum + worker * cells, g->all + worker * cells, total);
    return SHEAF_OK;
}

static sheaf_status score_slab(scoring *g, double *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = g->w->t->ctx;
    SHEAF_NEW(g->part, ctx, (int64_t)g->w->n_blocks * g->count);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, g->w->n_blocks, score_block, g));
    for (int32_t b = 0; b < g->w->n_blocks; b++)
        for (int32_t s = 0; s < g->count; s++) out[s] += g->part[(int64_t)b * g->count + s];
done:
    sheaf_i_free(ctx, g->part);
    g->part = NULL;
    return st;
}

/* What belongs to clusters and not to terms. docs: of every cell. */
static void add_clusters(const scoring *g, const int64_t *docs, double *out)
{
    double prior = (double)g->w->t->n_terms * g->w->alpha;
    int64_t stride = g->k + 1, cells = g->count * stride;
    for (int32_t s = 0; s < g->count; s++)
        for (int64_t c = s * stride + 1; c < (s + 1) * stride; c++) {
            uint64_t all = 0;
            for (int32_t i = 0; i < sheaf_ctx_threads(g->w->t->ctx); i++) all += g->all[i * cells + c];
            out[s] += log_gamma(prior) - log_gamma((double)all / UNIT + prior) + log_gamma((double)docs[c] + 1);
        }
}

sheaf_status sheaf_i_witness_score(sheaf_i_witness *w, const int32_t *label, int32_t count, int32_t k, double *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = w->t->ctx;
    scoring g = {.w = w, .count = count, .k = k};
    int64_t cells = (int64_t)count * (k + 1), *docs = NULL;
    if (cells > INT32_MAX) return sheaf_i_fail(ctx, SHEAF_EINVAL, "%d labelings of %d clusters are too many", count, k);
    SHEAF_NEW(g.cell, ctx, w->n * count);
    SHEAF_NEW0(g.sum, ctx, cells * sheaf_ctx_threads(ctx));
    SHEAF_NEW0(g.all, ctx, cells * sheaf_ctx_threads(ctx));
    SHEAF_NEW0(docs, ctx, cells);
    for (int64_t i = 0; i < w->n; i++)
        for (int32_t s = 0; s < count; s++) {
            int32_t cell = s * (k + 1) + label[i * count + s];
            g.cell[i * count + s] = cell;
            docs[cell]++;
        }
    for (int32_t s = 0; s < count; s++) out[s] = 0;
    bool there = w->from == 0 && w->to == w->t->n_terms && w->to > 0; /* all in one slab, turned over before */
    if (!there) SHEAF_TRY(rewind_slabs(w));
    while (there || w->to < w->t->n_terms) {
        if (!there) SHEAF_TRY(next_slab(w));
        SHEAF_TRY(score_slab(&g, out));
        if (there) break;
    }
    add_clusters(&g, docs, out);
done:
    if (st != SHEAF_OK) w->from = w->to = 0;
    sheaf_i_free(ctx, g.cell);
    sheaf_i_free(ctx, g.sum);
    sheaf_i_free(ctx, g.all);
    sheaf_i_free(ctx, docs);
    return st;
}

sheaf_status sheaf_i_evidence(const sheaf_terms *t, const int32_t *label, int32_t k, double alpha, double *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_witness *w = NULL;
    int64_t n = 0, *doc = NULL;
    int32_t *placed = NULL;
    SHEAF_NEW(doc, t->ctx, t->n_docs);
    SHEAF_NEW(placed, t->ctx, t->n_docs);
    for (int64_t i = 0; i < t->n_docs; i++) {
        if (label[i] <= 0) continue;
        doc[n] = i;
        placed[n++] = label[i];
    }
    SHEAF_TRY(sheaf_i_witness_new(&w, t, doc, n, alpha));
    st = sheaf_i_witness_score(w, placed, 1, k, out);
done:
    sheaf_i_witness_free(w);
    sheaf_i_free(t->ctx, doc);
    sheaf_i_free(t->ctx, placed);
    return st;
}
