/* The stage of refinement: rows of words and phrases, then labels from k-means on the latent vectors to labels that the
 * words speak for. What the refinement says it has reached is computed here once more, from the labels alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "measure/check.h"
#include "measure/stages.h"
#include "refine/refine.h"

#define TERMS 65535 /* that rows can tell apart */

typedef struct {
    sheaf_i_run *r;
    sheaf_phrase_opts phrase;
    sheaf_refine_opts o;
    sheaf_terms *phrases;
    sheaf_clustering *start;
    int64_t n;
    sheaf_i_refined l;
    sheaf_i_refine_report report;
} job;

static sheaf_status run_refine(void *arg)
{
    job *j = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_i_rows rows = {0};
    int64_t n;
    const int32_t *label = sheaf_clustering_labels(j->start, &n);
    for (int64_t i = 0; i < n; i++) j->l.label[i] = label[i] - 1;
    SHEAF_TRY(sheaf_i_rows_build(&rows, j->r->stages->terms, j->phrases, &j->o, TERMS));
    st = sheaf_i_refine_labels(&rows, &j->l, &j->o, &j->report);
done:
    if (rows.ctx) sheaf_i_rows_end(&rows);
    return st;
}

static sheaf_status begin(sheaf_i_run *r, job *j)
{
    sheaf_status st = SHEAF_OK;
    sheaf_cluster_opts o;
    *j = (job){.r = r};
    sheaf_phrase_opts_init(&j->phrase, sizeof j->phrase);
    sheaf_refine_opts_init(&j->o, sizeof j->o);
    sheaf_cluster_opts_init(&o, sizeof o);
    o.k = r->o.k;
    o.seed = r->o.seed;
    o.starts = 1;
    SHEAF_TRY(sheaf_i_need_space(r));
    SHEAF_TRY(sheaf_phrases_build(r->ctx, &j->phrases, r->stages->words, r->stages->terms, &j->phrase));
    SHEAF_TRY(sheaf_cluster_fit(r->ctx, &j->start, r->stages->space, &o));
    sheaf_clustering_labels(j->start, &j->n);
    j->l.k = sheaf_clustering_k(j->start);
    SHEAF_NEW(j->l.label, r->ctx, j->n);
    SHEAF_NEW(j->l.second, r->ctx, j->n);
    SHEAF_NEW(j->l.margin, r->ctx, j->n);
done:
    return st;
}

static void end(job *j)
{
    sheaf_i_free(j->r->ctx, j->l.label);
    sheaf_i_free(j->r->ctx, j->l.second);
    sheaf_i_free(j->r->ctx, j->l.margin);
    sheaf_clustering_free(j->start);
    sheaf_terms_free(j->phrases);
}

static double f(double z) { return z > 0 ? z * log(z) : 0; }

/* sum_t [sum_j f(c_tj) - f(N_t)] + size_weight sum_t f(n_t), by the labels, one cluster after the other; and what its
   terms amount to. */
static sheaf_status objective(const job *j, const sheaf_i_rows *r, double *out, double *size)
{
    sheaf_status st = SHEAF_OK;
    double *sum = NULL;
    *out = *size = 0;
    SHEAF_NEW(sum, r->ctx, r->m);
    for (int32_t t = 0; t < j->l.k; t++) {
        double all = 0, docs = 0;
        for (int32_t w = 0; w < r->m; w++) sum[w] = (double)r->prior[w];
        for (int64_t i = 0; i < r->n; i++) {
            if (j->l.label[i] != t) continue;
            for (int64_t p = r->indptr[i]; p < r->indptr[i + 1]; p++) sum[r->column[p]] += r->value[p];
            docs++;
        }
        double terms = 0;
        for (int32_t w = 0; w < r->m; w++) {
            terms += f(sum[w]);
            all += sum[w];
        }
        *out += terms - f(all) + j->o.size_weight * r->unit * f(docs);
        *size += fabs(terms) + f(all);
    }
    *out /= r->unit;
    *size /= r->unit;
done:
    sheaf_i_free(r->ctx, sum);
    return st;
}

/* Each term that is added up may cost a rounding of the whole. */
static sheaf_status check(const job *j)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_rows rows = {0};
    double found, size, bound;
    SHEAF_TRY(sheaf_i_rows_build(&rows, j->r->stages->terms, j->phrases, &j->o, TERMS));
    SHEAF_TRY(objective(j, &rows, &found, &size));
    bound = SHEAF_I_DOUBLE_EPS * rows.m * size;
    if (!(fabs(found - j->report.after) <= bound) || !(j->report.after >= j->report.before - bound))
        st = sheaf_i_fail(j->r->ctx, SHEAF_EBUG,
                          "refine: from %.9g an objective of %.9g was reported, but it is %.9g; nothing was timed",
                          j->report.before, j->report.after, found);
done:
    if (rows.ctx) sheaf_i_rows_end(&rows);
    return st;
}

/* Agreement with the topics that the documents were made from. */
static sheaf_status agreement(const job *j, sheaf_i_quality *q)
{
    const sheaf_i_stages *s = j->r->stages;
    sheaf_scores scores;
    if (!s->made) return SHEAF_OK;
    sheaf_status st = sheaf_scores_compute(j->r->ctx, &scores, s->truth.topic, j->l.label, s->truth.n);
    *q = (sheaf_i_quality){"AMI", scores.ami, 0};
    return st;
}

sheaf_status sheaf_i_case_refine(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    job j;
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_STAGE, .name = "refine", .kernels = "", .unit = "kdocuments/s",
                          .quality = {"", 0, 0}, .verified = true};
    char n[16];
    SHEAF_TRY(begin(r, &j));
    if (j.l.k < 2) goto done; /* nothing to refine */
    SHEAF_TRY(run_refine(&j));
    SHEAF_TRY(check(&j));
    SHEAF_TRY(agreement(&j, &m.quality));
    snprintf(m.size, sizeof m.size, "%s documents, %d clusters", sheaf_i_count((double)j.n, n), (int)j.l.k);
    m.amount = (double)j.n / 1e3;
    sheaf_i_timed t = {run_refine, NULL, &j};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    end(&j);
    return st;
}
