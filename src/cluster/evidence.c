/* Dirichlet-multinomial evidence of a clustering; see evidence.h. One block of work is one cluster: its documents'
   weights are gathered in a dense row, in order of the documents, so that every sum has one order. */
#include <math.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "cluster/evidence.h"
#include "text/words.h"

#define LOG_TABLE 64 /* almost every count of a term in a document is below this */
#define GAIN_TABLE 64 /* most terms of a cluster are in few documents, once each: their sum is a small whole number */

typedef struct {
    const sheaf_terms *terms;
    double alpha, gamma_of_alpha;
    int64_t *member, *first; /* documents by cluster; cluster t: member[first[t] .. first[t + 1]) */
    double **sum;            /* one row of weights a worker, all zero between blocks */
    double *part;            /* one a cluster */
    double log2_of[LOG_TABLE];
    double gain_of[GAIN_TABLE];
} evidence;

/* lgamma() would write the global signgam from several threads. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

static double weight_of(const evidence *e, uint32_t count)
{
    return count < LOG_TABLE ? e->log2_of[count] : log2(1.0 + count);
}

static double gain(const evidence *e, double sum)
{
    if (sum < GAIN_TABLE && sum == (double)(int)sum) return e->gain_of[(int)sum];
    return log_gamma(sum + e->alpha) - e->gamma_of_alpha;
}

static sheaf_status one_cluster(void *arg, int64_t t, int32_t worker)
{
    evidence *e = arg;
    const sheaf_terms *terms = e->terms;
    double m = terms->n_terms, a = e->alpha, total = 0, all = 0;
    if (!e->sum[worker]) {
        e->sum[worker] = sheaf_i_zeros(terms->ctx, terms->n_terms, sizeof **e->sum);
        if (!e->sum[worker]) return SHEAF_ENOMEM;
    }
    double *sum = e->sum[worker];
    for (int64_t i = e->first[t]; i < e->first[t + 1]; i++) {
        int64_t doc = e->member[i];
        for (int64_t p = terms->indptr[doc]; p < terms->indptr[doc + 1]; p++)
            sum[terms->indices[p]] += weight_of(e, terms->counts[p]);
    }
    for (int32_t j = 0; j < terms->n_terms; j++) {
        if (sum[j] == 0) continue;
        all += sum[j];
        total += gain(e, sum[j]);
        sum[j] = 0;
    }
    double docs = (double)(e->first[t + 1] - e->first[t]);
    e->part[t] = total + log_gamma(m * a) - log_gamma(all + m * a) + log_gamma(docs + 1);
    return SHEAF_OK;
}

/* Counting sort of the documents by cluster. */
static void list_members(evidence *e, const int32_t *label, int32_t k)
{
    int64_t n = e->terms->n_docs;
    for (int64_t i = 0; i < n; i++)
        if (label[i] > 0) e->first[label[i]]++;
    for (int32_t t = 0; t < k; t++) e->first[t + 1] += e->first[t];
    for (int64_t i = n - 1; i >= 0; i--)
        if (label[i] > 0) e->member[--e->first[label[i]]] = i;
    /* now first[t] is where label t begins, first[0] is 0: shift so that cluster t is label t + 1 */
    for (int32_t t = 0; t < k; t++) e->first[t] = e->first[t + 1];
}

sheaf_status sheaf_i_evidence(const sheaf_terms *t, const int32_t *label, int32_t k, double alpha, double *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = t->ctx;
    evidence e = {.terms = t, .alpha = alpha, .gamma_of_alpha = log_gamma(alpha)};
    int64_t placed = 0;
    for (int32_t i = 1; i < LOG_TABLE; i++) e.log2_of[i] = log2(1.0 + i);
    for (int32_t i = 0; i < GAIN_TABLE; i++) e.gain_of[i] = log_gamma(i + alpha) - e.gamma_of_alpha;
    for (int64_t i = 0; i < t->n_docs; i++) placed += label[i] > 0;
    SHEAF_NEW(e.member, ctx, t->n_docs);
    SHEAF_NEW0(e.first, ctx, (int64_t)k + 1);
    SHEAF_NEW0(e.sum, ctx, sheaf_ctx_threads(ctx));
    SHEAF_NEW0(e.part, ctx, k);
    list_members(&e, label, k);
    e.first[k] = placed;
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, k, one_cluster, &e));
    *out = 0;
    for (int32_t i = 0; i < k; i++) *out += e.part[i];
done:
    for (int32_t w = 0; e.sum && w < sheaf_ctx_threads(ctx); w++) sheaf_i_free(ctx, e.sum[w]);
    sheaf_i_free(ctx, e.sum);
    sheaf_i_free(ctx, e.part);
    sheaf_i_free(ctx, e.first);
    sheaf_i_free(ctx, e.member);
    return st;
}
