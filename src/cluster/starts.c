/* Every start is seeded and iterated on a sample of the rows (all of them where they are few), the starts side by side
   on the threads. The best few by inertia, or the one that a judge chooses by the labels of a larger sample, then go on
   with all rows, one after the other, their blocks on the threads. A start depends on (seed, start) only. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "cluster/starts.h"

/* Without a judge. Set by final inertia against time on 18,846 and 100,000 latent vectors, k = 20: a larger sample,
   more finalists or a finer tolerance gain less than .1 % of the inertia. */
#define SAMPLE_ROWS 8192
#define SAMPLE_ROWS_A_CLUSTER 256
/* Beyond so many rows fewer a cluster do: with k = 1000 of 100,000 the inertia is that of seeding on all rows. */
#define MANY_SAMPLE_ROWS 32768
#define MANY_ROWS_A_CLUSTER 64
#define FINALISTS 3
#define TOLERANCE 1e-5 /* least gain of an iteration, of the inertia */
/* With a judge, who prefers other starts than inertia does. Set by the mean AMI over five or ten seeds on 8,000 to
   100,000 documents, k = 5 to 52: samples four times as large and a tenth of the tolerance give the same within .005.
   Half the rows a cluster cost .005 where k = 52. */
#define ROUGH_ROWS 2048
#define ROUGH_ROWS_A_CLUSTER 64
#define ROUGH_TOLERANCE 1e-4
/* Rows that a judge sees, of the 100,000 in 20 clusters: with 20,480 the mean AMI is that of all rows, with 8,192 it
   falls by .006, with 5,120 by .009. */
#define JUDGED_ROWS 20480
#define JUDGED_ROWS_A_CLUSTER 1024
#define SAMPLE_TOLERANCE 1e-3
#define AT_ONCE 8 /* starts that the judge sees at once */

typedef struct {
    int32_t start;
    double inertia;
    int32_t iterations;
    int64_t repaired;
    float *centre;
} trial;

typedef struct {
    const sheaf_i_points *p;
    int32_t k, max_iter;
    uint64_t seed;
    double tolerance; /* of the runs on all rows */
    trial *trials;
} starts;

static int64_t at_least(int64_t rows, int32_t k, int64_t a_cluster)
{
    return k * a_cluster > rows ? k * a_cluster : rows;
}

static int64_t sample_rows(int32_t k)
{
    int64_t rows = at_least(SAMPLE_ROWS, k, SAMPLE_ROWS_A_CLUSTER);
    int64_t fewer = at_least(MANY_SAMPLE_ROWS, k, MANY_ROWS_A_CLUSTER);
    return rows < fewer ? rows : fewer;
}

static void set_centres_from_rows(sheaf_i_kmeans *m, const int64_t *row)
{
    int32_t d = m->p->d;
    for (int32_t t = 0; t < m->k; t++)
        memcpy(m->centre + (int64_t)t * d, m->p->x + row[t] * d, (size_t)d * sizeof *m->centre);
    sheaf_i_kmeans_set_bias(m);
}

static sheaf_status run_trial(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    starts *s = arg;
    sheaf_status st = SHEAF_OK;
    trial *t = &s->trials[block];
    sheaf_ctx *ctx = s->p->ctx;
    int64_t *row = NULL;
    sheaf_i_kmeans m = {0};
    SHEAF_NEW(row, ctx, s->k);
    SHEAF_TRY(sheaf_i_seed_rows(s->p, s->k, sheaf_i_rng_key(s->seed, SHEAF_I_RNG_SEEDING, (uint64_t)block), row));
    SHEAF_TRY(sheaf_i_kmeans_new(&m, s->p, s->k));
    set_centres_from_rows(&m, row);
    SHEAF_TRY(sheaf_i_kmeans_run(&m, s->max_iter, SAMPLE_TOLERANCE));
    t->start = (int32_t)block;
    t->inertia = m.inertia;
    t->iterations = m.iterations;
    t->repaired = m.repaired;
    t->centre = m.centre;
    m.centre = NULL;
done:
    sheaf_i_kmeans_end(&m);
    sheaf_i_free(ctx, row);
    return st;
}

static int by_inertia(const void *a, const void *b)
{
    const trial *x = a, *y = b;
    if (x->inertia != y->inertia) return x->inertia < y->inertia ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

/* A run on p from a trial's centres, at most max_iter iterations. The caller ends *m in every case. */
static sheaf_status run_on(const trial *t, const sheaf_i_points *p, int32_t k, int32_t max_iter, double tolerance,
                           sheaf_i_kmeans *m)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_kmeans_new(m, p, k));
    m->phase = "clustering";
    memcpy(m->centre, t->centre, (size_t)k * (size_t)p->d * sizeof *m->centre);
    sheaf_i_kmeans_set_bias(m);
    SHEAF_TRY(sheaf_i_kmeans_run(m, max_iter, tolerance));
done:
    return st;
}

/* Labels of one trial: label[i * count], 1 .. k. */
static sheaf_status label_rows(const trial *t, const sheaf_i_points *p, int32_t k, int32_t *label, int32_t count)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_kmeans m = {0};
    SHEAF_TRY(run_on(t, p, k, 0, 0, &m));
    for (int64_t i = 0; i < p->n; i++) label[i * count] = m.label[i] + 1;
done:
    sheaf_i_kmeans_end(&m);
    return st;
}

/* The trial whose centres give a sample of all rows the labels that the judge likes best; ties go to the lower
   inertia. */
static sheaf_status judge_trials(const starts *s, int32_t n_trials, const sheaf_i_points *all,
                                 const sheaf_i_judge *judge, int32_t *chosen)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_points sample = {0};
    const sheaf_i_points *p = all;
    int32_t *label = NULL;
    double score[AT_ONCE], best = -INFINITY;
    int64_t rows = at_least(JUDGED_ROWS, s->k, JUDGED_ROWS_A_CLUSTER);
    if (all->n > rows + rows / 2) {
        SHEAF_TRY(sheaf_i_points_sample(&sample, all, rows, s->seed));
        p = &sample;
    }
    SHEAF_NEW(label, all->ctx, p->n * (n_trials < AT_ONCE ? n_trials : AT_ONCE));
    for (int32_t from = 0, count; from < n_trials; from += count) {
        count = n_trials - from < AT_ONCE ? n_trials - from : AT_ONCE;
        for (int32_t i = 0; i < count; i++)
            SHEAF_TRY(label_rows(&s->trials[from + i], p, s->k, label + i, count));
        SHEAF_TRY(judge->score(judge->arg, p->doc, p->n, label, count, s->k, score));
        for (int32_t i = 0; i < count; i++) {
            if (!(score[i] > best)) continue;
            best = score[i];
            *chosen = from + i;
        }
        SHEAF_TRY(sheaf_i_progress(all->ctx, "choosing a start", from + count, n_trials));
    }
done:
    sheaf_i_free(all->ctx, label);
    sheaf_i_points_end(&sample);
    return st;
}

/* Trials from .. from + count go on with all rows; the one of least inertia ends up in `best`. */
static sheaf_status finish(const starts *s, int32_t from, int32_t count, const sheaf_i_points *p, sheaf_i_kmeans *best)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_kmeans m = {0};
    for (int32_t i = from; i < from + count; i++) {
        int32_t done_already = s->p == p ? s->trials[i].iterations : 0;
        SHEAF_TRY(run_on(&s->trials[i], p, s->k, s->max_iter - done_already, s->tolerance, &m));
        m.iterations += done_already;
        if (!best->p || m.inertia < best->inertia) {
            sheaf_i_kmeans old = *best;
            *best = m;
            m = old;
        }
        sheaf_i_kmeans_end(&m);
    }
done:
    sheaf_i_kmeans_end(&m);
    return st;
}

sheaf_status sheaf_i_starts_run(const sheaf_i_points *p, int32_t k, const sheaf_cluster_opts *o,
                                const sheaf_i_judge *judge, sheaf_i_kmeans *best, int64_t *repaired)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->ctx;
    sheaf_i_points sample = {0};
    int64_t rows = judge ? at_least(ROUGH_ROWS, k, ROUGH_ROWS_A_CLUSTER) : sample_rows(k);
    starts s = {.p = p, .k = k, .max_iter = o->max_iter, .seed = o->seed,
                .tolerance = o->tol >= 0 ? o->tol : judge ? ROUGH_TOLERANCE : TOLERANCE};
    int32_t chosen = 0, finalists = judge ? 1 : o->starts < FINALISTS ? o->starts : FINALISTS;
    SHEAF_NEW0(s.trials, ctx, o->starts);
    if (p->n > rows + rows / 2) {
        SHEAF_TRY(sheaf_i_points_sample(&sample, p, rows, o->seed));
        s.p = &sample;
    }
    SHEAF_TRY(sheaf_i_par_for(ctx, "clustering", o->starts, run_trial, &s));
    for (int32_t i = 0; i < o->starts; i++) *repaired += s.trials[i].repaired;
    qsort(s.trials, (size_t)o->starts, sizeof *s.trials, by_inertia);
    if (judge) SHEAF_TRY(judge_trials(&s, o->starts, p, judge, &chosen));
    SHEAF_TRY(finish(&s, chosen, finalists, p, best));
    *repaired += best->repaired;
done:
    for (int32_t i = 0; s.trials && i < o->starts; i++) sheaf_i_aligned_free(ctx, s.trials[i].centre);
    sheaf_i_free(ctx, s.trials);
    sheaf_i_points_end(&sample);
    return st;
}
