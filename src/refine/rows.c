/* Weights of documents for refinement; see rows.h. */
#include "refine/rows.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "text/words.h"

#define UNIT 4096.0
#define LEVELS 64  /* almost every count is below */
#define BLOCK 1024 /* documents */
/* Of a plain count of 1. By entropy a word weighs .3 to .5 in the mean (on six corpora of seven): so the thresholds of
   passes and of split and merge, told in weight, mean the same of counts. */
#define WORD (1 / 3.)

typedef struct {
    sheaf_i_rows *r;
    const sheaf_terms *source[2];
    bool plain;          /* counts as they are */
    int32_t size[2];     /* of each, the terms that are used */
    float *weight[2];    /* of one, times the unit and factor */
    float *scale;        /* n: of a document, where all weigh the same, or NULL */
    float level[LEVELS]; /* log2(1 + tf), of plain counts tf */
} building;

static float level_of(bool plain, uint32_t tf) { return plain ? (float)tf : log2f(1 + (float)tf); }

static uint16_t value_of(const building *b, int s, int32_t term, uint32_t tf, float scale)
{
    float v = rintf(b->weight[s][term] * scale * (tf < LEVELS ? b->level[tf] : level_of(b->plain, tf)));
    return v < 1 ? 1 : v > 65535 ? 65535 : (uint16_t)v;
}

/* g_j of the first `size` terms. */
static sheaf_status entropies(sheaf_ctx *ctx, const sheaf_terms *t, int32_t size, float *g)
{
    sheaf_status st = SHEAF_OK;
    double *all = NULL, *sum = NULL;
    const int64_t nnz = t->indptr[t->n_docs];
    SHEAF_NEW0(all, ctx, size);
    SHEAF_NEW0(sum, ctx, size);
    for (int64_t p = 0; p < nnz; p++)
        if (t->indices[p] < size) all[t->indices[p]] += t->counts[p];
    double table[LEVELS] = {0};
    for (int c = 2; c < LEVELS; c++) table[c] = c * log(c);
    for (int64_t p = 0; p < nnz; p++) {
        const uint32_t c = t->counts[p];
        if (t->indices[p] < size && c > 1) sum[t->indices[p]] += c < LEVELS ? table[c] : c * log(c);
    }
    const double scale = 1 / log(t->n_docs > 2 ? (double)t->n_docs : 2);
    for (int32_t j = 0; j < size; j++) {
        const double h = all[j] > 0 ? log(all[j]) - sum[j] / all[j] : 0;
        g[j] = (float)fmax(1 - h * scale, 0);
    }
done:
    sheaf_i_free(ctx, all);
    sheaf_i_free(ctx, sum);
    return st;
}

/* No sum over all documents may leave an int32. */
static double choose_unit(const building *b, double factor)
{
    double unit = UNIT;
    for (int s = 0; s < 2; s++) {
        const sheaf_terms *t = b->source[s];
        for (int32_t j = 0; t && j < b->size[s]; j++) {
            const double most = (double)t->df[j] * 16 * b->weight[s][j] * (s ? factor : 1);
            if (most * unit > INT32_MAX / 2.) unit = INT32_MAX / 2. / most;
        }
    }
    return unit;
}

/* scale: the words of a document in the mean, by its own. *most: what each then weighs. */
static sheaf_status level_documents(building *b, double *most)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_terms *t = b->source[0];
    double all = 0, docs = 0;
    SHEAF_NEW(b->scale, b->r->ctx, b->r->n);
    for (int64_t i = 0; i < b->r->n; i++) {
        double words = 0;
        for (int64_t p = t->indptr[i]; p < t->indptr[i + 1] && t->indices[p] < b->size[0]; p++) words += t->counts[p];
        b->scale[i] = words > 0 ? (float)(1 / words) : 0;
        all += words;
        docs += words > 0;
    }
    const double mean = docs > 0 ? all / docs : 1;
    for (int64_t i = 0; i < b->r->n; i++) b->scale[i] *= (float)mean;
    *most = mean * WORD;
done:
    return st;
}

/* Weights of plain counts, and their unit: values are the counts, or, where documents weigh the same, what they are of
   65,535; less if a sum over all documents would leave an int32. */
static sheaf_status weigh_plainly(building *b, bool same, double *unit)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_terms *t = b->source[0];
    double *sum = NULL, most;
    *unit = 1 / WORD;
    if (same) {
        SHEAF_TRY(level_documents(b, &most));
        *unit = UINT16_MAX / most;
    }
    SHEAF_NEW0(sum, b->r->ctx, b->size[0]);
    for (int64_t i = 0; i < b->r->n; i++)
        for (int64_t p = t->indptr[i]; p < t->indptr[i + 1] && t->indices[p] < b->size[0]; p++)
            sum[t->indices[p]] += WORD * t->counts[p] * (b->scale ? (double)b->scale[i] : 1);
    for (int32_t j = 0; j < b->size[0]; j++) {
        b->weight[0][j] = (float)WORD;
        *unit = fmin(*unit, INT32_MAX / 2. / sum[j]);
    }
done:
    sheaf_i_free(b->r->ctx, sum);
    return st;
}

static sheaf_status count_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    building *b = arg;
    int64_t lo, hi;
    sheaf_i_range(b->r->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        int64_t count = 0;
        for (int s = 0; s < 2; s++) {
            const sheaf_terms *t = b->source[s];
            if (!t) continue;
            int64_t end = t->indptr[i + 1];
            while (end > t->indptr[i] && t->indices[end - 1] >= b->size[s]) end--; /* ascending */
            count += end - t->indptr[i];
        }
        b->r->indptr[i + 1] = count;
    }
    return SHEAF_OK;
}

static sheaf_status fill_rows(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    building *b = arg;
    sheaf_i_rows *r = b->r;
    int64_t lo, hi;
    sheaf_i_range(r->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        int64_t at = r->indptr[i], mass = 0;
        for (int s = 0; s < 2; s++) {
            const sheaf_terms *t = b->source[s];
            for (int64_t p = t ? t->indptr[i] : 0; t && p < t->indptr[i + 1] && t->indices[p] < b->size[s]; p++) {
                r->column[at] = (uint16_t)(t->indices[p] + (s ? b->size[0] : 0));
                mass += r->value[at++] = value_of(b, s, t->indices[p], t->counts[p], b->scale ? b->scale[i] : 1);
            }
        }
        r->mass[i] = mass;
    }
    return SHEAF_OK;
}

static double f(double z) { return z > 0 ? z * log(z) : 0; }

static void set_priors(building *b, const sheaf_refine_opts *o)
{
    sheaf_i_rows *r = b->r;
    for (int s = 0; s < 2; s++)
        for (int32_t j = 0; j < b->size[s]; j++) {
            const int32_t at = j + (s ? b->size[0] : 0);
            r->first[at] = value_of(b, s, j, 1, 1);
            r->prior[at] = (float)(o->prior * r->unit * (s ? o->phrase_weight : 1));
            r->prior_mass += (double)r->prior[at];
            r->nothing += f((double)r->prior[at]);
        }
    r->nothing -= f(r->prior_mass);
}

static sheaf_status build(building *b, const sheaf_refine_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_rows *r = b->r;
    sheaf_ctx *ctx = r->ctx;
    const int64_t blocks = sheaf_i_blocks(r->n, BLOCK);
    for (uint32_t c = 0; c < LEVELS; c++) b->level[c] = level_of(b->plain, c);
    for (int s = 0; s < 2; s++) {
        SHEAF_NEW(b->weight[s], ctx, b->size[s]);
        if (b->source[s] && !b->plain) SHEAF_TRY(entropies(ctx, b->source[s], b->size[s], b->weight[s]));
    }
    if (b->plain) SHEAF_TRY(weigh_plainly(b, o->method == SHEAF_REFINE_SIB, &r->unit));
    else r->unit = choose_unit(b, o->phrase_weight);
    for (int s = 0; s < 2; s++)
        for (int32_t j = 0; j < b->size[s]; j++) b->weight[s][j] *= (float)(r->unit * (s ? o->phrase_weight : 1));
    SHEAF_NEW(r->first, ctx, r->m);
    SHEAF_NEW(r->prior, ctx, r->m);
    set_priors(b, o);
    SHEAF_NEW(r->indptr, ctx, r->n + 1);
    SHEAF_NEW(r->mass, ctx, r->n);
    r->indptr[0] = 0;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, count_rows, b));
    for (int64_t i = 0; i < r->n; i++) r->indptr[i + 1] += r->indptr[i];
    SHEAF_NEW(r->column, ctx, r->indptr[r->n]);
    SHEAF_NEW(r->value, ctx, r->indptr[r->n]);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, fill_rows, b));
done:
    for (int s = 0; s < 2; s++) sheaf_i_free(ctx, b->weight[s]);
    sheaf_i_free(ctx, b->scale);
    return st;
}

sheaf_status sheaf_i_rows_build(sheaf_i_rows *r, const sheaf_terms *terms, const sheaf_terms *phrases,
                                const sheaf_refine_opts *o, int32_t most)
{
    *r = (sheaf_i_rows){.ctx = terms->ctx, .n = terms->n_docs};
    const bool plain = o->method >= SHEAF_REFINE_SIB;
    building b = {.r = r, .source = {terms, o->phrase_weight > 0 && !plain ? phrases : NULL}, .plain = plain};
    b.size[0] = terms->n_terms < o->max_terms ? terms->n_terms : o->max_terms;
    if (b.size[0] > most) b.size[0] = most;
    if (b.source[1]) b.size[1] = phrases->n_terms < most - b.size[0] ? phrases->n_terms : most - b.size[0];
    r->m = b.size[0] + b.size[1];
    sheaf_status st = build(&b, o);
    if (st != SHEAF_OK) sheaf_i_rows_end(r);
    return st;
}

void sheaf_i_rows_end(sheaf_i_rows *r)
{
    sheaf_i_free(r->ctx, r->indptr);
    sheaf_i_free(r->ctx, r->column);
    sheaf_i_free(r->ctx, r->value);
    sheaf_i_free(r->ctx, r->first);
    sheaf_i_free(r->ctx, r->prior);
    sheaf_i_free(r->ctx, r->mass);
    memset(r, 0, sizeof *r);
}
