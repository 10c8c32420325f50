/* Refinement: batches, passes, split and merge, regrouping, passes. */
#include "refine/refine.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "refine/regroup.h"
#include "refine/sample.h"

#define BATCHES 10
#define SAMPLE 30000 /* documents that split and merge looks at, at least; of twice as many a sample is taken */
#define SMALL 200000 /* documents times clusters: up to so many there is time to regroup twice */
#define REGROUPED 50 /* clusters: with more, changes one by one find nearly as much sooner (r52: .566 for .567 AMI) */
#define BATCH_SHARE .01 /* of the documents: when fewer go, one by one is better */

/* Before split and merge; what is far from moving is for the last passes. */
static const sheaf_i_pass_rule FIRST = {.most = 30, .share = .001, .reach = .15, .first = true};
static const sheaf_i_pass_rule PASSES = {.most = 30, .share = .0005, .reach = .15, .first = true, .last = true};

/* Measured on seven corpora (AMI / ARI). phrase_weight .2, not .4: r8 .623/.479 to .625/.593, but bbc .905 to .901
   and arxiv20 (one start) .773 to .765. 50,000 words, not 20,000: 20ng (two starts) .736/.598 to .752/.620, zh_news4
   .446 to .454; small corpora have fewer. size_weight 1 is the mixture's likelihood: 0 costs r8 .13 and r52 .08 of
   ARI. prior .3 gains .03 of ARI on r52 and costs 20ng .02. */
void sheaf_refine_opts_init(sheaf_refine_opts *o, size_t size)
{
    sheaf_refine_opts d = {.size = size, .method = SHEAF_REFINE_IB, .prior = .2, .phrase_weight = .2, .size_weight = 1,
                           .max_terms = 50000};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static void take_labels(const sheaf_i_passes *s, sheaf_i_refined *l)
{
    const sheaf_i_rows *r = s->p->r;
    for (int64_t i = 0; i < r->n; i++) {
        l->label[i] = s->p->label[i];
        l->second[i] = s->second[i];
        l->margin[i] = r->mass[i] > 0 && s->second[i] >= 0 ? fmaxf(s->margin[i], 0) / (float)r->mass[i] : 0;
    }
}

/* Batches, then one by one. */
static sheaf_status settle(sheaf_i_passes *s, double *objective, int32_t *batches)
{
    sheaf_status st = SHEAF_OK;
    double gained;
    for (*batches = 0; *batches < BATCHES; ++*batches) {
        int64_t moved;
        SHEAF_TRY(sheaf_i_passes_batch(s, objective, &moved));
        if ((double)moved < BATCH_SHARE * (double)s->p->r->n) break;
    }
    SHEAF_TRY(sheaf_i_passes_run(s, &FIRST, &gained));
done:
    return st;
}

/* Regroups, and settles; taken back if the objective does not rise. */
static sheaf_status regroup(sheaf_i_passes *s, double *objective, sheaf_i_refine_report *report)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition *p = s->p, before = {0};
    double now, gained;
    SHEAF_TRY(sheaf_i_partition_new(&before, p->r, p->k, NULL, p->size_weight));
    SHEAF_TRY(sheaf_i_passes_keep(s, &before));
    SHEAF_TRY(sheaf_i_regroup(&before, p->label));
    SHEAF_TRY(sheaf_i_partition_sum(p));
    SHEAF_TRY(sheaf_i_passes_run(s, &FIRST, &gained));
    SHEAF_TRY(sheaf_i_partition_objective(p, &now));
    if (now > *objective) {
        *objective = now;
        report->regrouped++;
    } else {
        st = sheaf_i_passes_return(s, &before);
    }
done:
    sheaf_i_partition_end(&before);
    return st;
}

/* From what k-means found to as good a partition as there is time for. */
static sheaf_status search(sheaf_i_passes *s, double *objective, sheaf_i_refine_report *report)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_partition *p = s->p;
    const bool regroups = p->k > 1 && p->k <= REGROUPED, small = p->r->n * p->k <= SMALL;
    SHEAF_TRY(settle(s, objective, &report->batches));
    SHEAF_TRY(sheaf_i_partition_objective(p, objective));
    if (regroups && small) SHEAF_TRY(regroup(s, objective, report));
    SHEAF_TRY(sheaf_i_balance(s, &report->balance));
    SHEAF_TRY(sheaf_i_partition_objective(p, objective));
    const bool in_vain = small && !report->regrouped && !report->balance.kept;
    if (regroups && !in_vain) st = regroup(s, objective, report);
done:
    return st;
}

sheaf_status sheaf_i_refine_fully(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight,
                                  sheaf_i_refine_report *report)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition p = {0};
    sheaf_i_passes s = {0};
    double objective, gained;
    *report = (sheaf_i_refine_report){0};
    SHEAF_TRY(sheaf_i_partition_new(&p, r, k, label, size_weight));
    SHEAF_TRY(sheaf_i_passes_new(&s, &p));
    SHEAF_TRY(sheaf_i_partition_objective(&p, &objective));
    SHEAF_TRY(search(&s, &objective, report));
    SHEAF_TRY(sheaf_i_passes_run(&s, &PASSES, &gained));
    memcpy(label, p.label, (size_t)r->n * sizeof *label);
done:
    sheaf_i_passes_end(&s);
    sheaf_i_partition_end(&p);
    return st;
}

static void swap(int32_t *a, int32_t *b)
{
    const int32_t t = *a;
    *a = *b;
    *b = t;
}

/* Many documents: split and merge on a sample, whose sums then place the rest. */
static sheaf_status take_from_sample(sheaf_i_partition *p, double size_weight, double *objective,
                                     sheaf_i_refine_report *report)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_rows *r = p->r;
    int32_t *label = NULL;
    double now;
    SHEAF_NEW(label, r->ctx, r->n);
    memcpy(label, p->label, (size_t)r->n * sizeof *label);
    SHEAF_TRY(sheaf_i_sample_refine(r, p->k, label, size_weight, r->n / SAMPLE, report));
    for (int64_t i = 0; i < r->n; i++) swap(&p->label[i], &label[i]);
    SHEAF_TRY(sheaf_i_partition_sum(p));
    SHEAF_TRY(sheaf_i_partition_objective(p, &now));
    if (now > *objective) {
        *objective = now;
        goto done;
    }
    for (int64_t i = 0; i < r->n; i++) swap(&p->label[i], &label[i]); /* the sample tells nothing of the rest */
    SHEAF_TRY(sheaf_i_partition_sum(p));
done:
    sheaf_i_free(r->ctx, label);
    return st;
}

sheaf_status sheaf_i_refine_labels(const sheaf_i_rows *r, sheaf_i_refined *l, const sheaf_refine_opts *o,
                                   sheaf_i_refine_report *report)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition p = {0};
    sheaf_i_passes s = {0};
    double objective, gained;
    const double size_weight = o->size_weight * r->unit;
    *report = (sheaf_i_refine_report){0};
    SHEAF_TRY(sheaf_i_partition_new(&p, r, l->k, l->label, size_weight));
    SHEAF_TRY(sheaf_i_partition_objective(&p, &objective));
    report->before = objective / r->unit;
    const bool many = r->n >= 2 * SAMPLE;
    if (many) SHEAF_TRY(take_from_sample(&p, size_weight, &objective, report));
    SHEAF_TRY(sheaf_i_passes_new(&s, &p));
    if (!many) SHEAF_TRY(search(&s, &objective, report));
    SHEAF_TRY(sheaf_i_passes_run(&s, &PASSES, &gained));
    SHEAF_TRY(sheaf_i_partition_objective(&p, &objective));
    report->after = objective / r->unit;
    if (!s.still) SHEAF_TRY(sheaf_i_passes_look(&s));
    take_labels(&s, l);
done:
    sheaf_i_passes_end(&s);
    sheaf_i_partition_end(&p);
    return st;
}
