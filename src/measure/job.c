/* The main job from bytes on disk, as far as each stage: what a stage costs in the end is what it adds here. */
#include <stdio.h>

#include "base/context.h"
#include "measure/stages.h"

typedef struct {
    sheaf_i_run *r;
    sheaf_fit_opts o;
    sheaf_model *model;
} job;

static sheaf_status run_job(void *arg)
{
    job *j = arg;
    return sheaf_model_fit(j->r->ctx, &j->model, &j->r->stages->input, 1, &j->o);
}

static void drop_model(void *arg)
{
    job *j = arg;
    sheaf_model_free(j->model);
    j->model = NULL;
}

/* Agreement with the topics that the documents were made from. */
static sheaf_status agreement(const job *j, sheaf_i_quality *q)
{
    const sheaf_clustering *c = sheaf_model_clustering(j->model);
    const sheaf_i_stages *s = j->r->stages;
    if (!c || !s->made) return SHEAF_OK;
    int64_t n;
    sheaf_scores scores;
    sheaf_status st =
        sheaf_scores_compute(j->r->ctx, &scores, s->truth.topic, sheaf_clustering_labels(c, &n), s->truth.n);
    *q = (sheaf_i_quality){"AMI", scores.ami, 0};
    return st;
}

static sheaf_status one_job(sheaf_i_run *r, sheaf_fit_stage stage, const char *what)
{
    job j = {.r = r};
    sheaf_status st = SHEAF_OK;
    sheaf_i_measured m = {.kind = SHEAF_BENCH_STAGE,
                          .name = "job",
                          .kernels = "",
                          .unit = "kdocuments/s",
                          .quality = {"", 0, 0},
                          .verified = true};
    char n[16];
    sheaf_fit_opts_init(&j.o, sizeof j.o);
    sheaf_i_bench_read_opts(r, &j.o.read);
    sheaf_i_bench_space_opts(r, &j.o.space);
    j.o.read.keep_text = false;
    j.o.cluster.seed = r->o.seed;
    j.o.cluster.k = r->o.k;
    j.o.stage = stage;
    SHEAF_TRY(run_job(&j));
    const int64_t docs = sheaf_corpus_size(sheaf_model_corpus(j.model));
    if (docs != sheaf_corpus_size(r->stages->corpus))
        SHEAF_TRY(sheaf_i_fail(r->ctx, SHEAF_EBUG, "job: %lld documents instead of %lld; nothing was timed",
                               (long long)docs, (long long)sheaf_corpus_size(r->stages->corpus)));
    SHEAF_TRY(agreement(&j, &m.quality));
    drop_model(&j);
    snprintf(m.size, sizeof m.size, "%s documents from disk to %s", sheaf_i_count((double)docs, n), what);
    m.amount = (double)docs / 1e3;
    sheaf_i_timed t = {run_job, drop_model, &j};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    drop_model(&j);
    return st;
}

sheaf_status sheaf_i_case_job(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    (void)kernels;
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_need_corpus(r));
    SHEAF_TRY(one_job(r, SHEAF_FIT_TERMS, "terms"));
    SHEAF_TRY(one_job(r, SHEAF_FIT_MATRIX, "matrix"));
    SHEAF_TRY(one_job(r, SHEAF_FIT_SPACE, "space"));
    st = one_job(r, SHEAF_FIT_ALL, "named clusters");
done:
    return st;
}
