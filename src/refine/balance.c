/* Split and merge; see balance.h. Frees a cluster where two are worth hardly more than one, and gives it to where one
   hides two: passes alone cannot cross what lies between. */
#include "refine/balance.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"

#define FAILURES 5     /* in a row, then nothing else is tried */
/* Since the last success, a cluster is cut so often in vain: what passes gain after a change differs more between cuts
   than promises do, so that another cut is worth more than the same one with another merger (one start of arxiv20 went
   from .745 to .760 AMI by its fourth try). A bound on mergers costs quality: one is often right for several cuts. */
#define CUTS 1
#define TRIES 100
#define WORK 6000      /* tries times clusters: a try costs as many scores a document */
#define SLACK .5       /* a change may promise a loss of so much weight a document: passes gain more than promised */
#define FEW 3          /* with so many clusters there is nothing to choose */
/* Passes look at what is near only, as the margins are that follow the three clusters: less time than looking at all
   documents, and as good. Reach .15 costs r8 .02 of ARI; margins that are not kept up to date .10. */
static const sheaf_i_pass_rule AFTER = {.most = 10, .share = .001, .reach = .5};

typedef struct {
    int32_t cut, into, from; /* cluster to cut; `from` joins `into`, and its number goes to the new half */
    double promise;
} change;

/* The merger that loses least, of the clusters other than `without`. */
static change best_merger(const sheaf_i_changes *c, int32_t without)
{
    const sheaf_i_partition *p = c->p;
    change best = {-1, -1, -1, -INFINITY};
    for (int32_t a = 0; a < p->k; a++)
        for (int32_t b = a + 1; b < p->k; b++) {
            const double promise = c->merge[(int64_t)a * p->ld + b];
            if (a != without && b != without && promise > best.promise) best = (change){without, a, b, promise};
        }
    return best;
}

/* cuts: k, how often each cluster was cut in vain since the last success. */
static change best_change(const sheaf_i_changes *c, const uint8_t *cuts)
{
    const change any = best_merger(c, -1);
    change best = {-1, -1, -1, -INFINITY};
    for (int32_t cut = 0; cut < c->p->k; cut++) {
        if (cuts[cut] >= CUTS || !(c->half[cut].gain > -INFINITY)) continue;
        change h = cut == any.into || cut == any.from ? best_merger(c, cut) : any;
        h.cut = cut;
        h.promise += c->half[cut].gain;
        if (h.into >= 0 && h.promise > best.promise) best = h;
    }
    return best;
}

/* Makes the change, and lets documents follow it; *gained by both. */
static sheaf_status try_change(sheaf_i_passes *s, const sheaf_i_changes *c, const change *h, double *gained)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition *p = s->p;
    const sheaf_i_halves *half = &c->half[h->cut];
    sheaf_i_exchange x = {h->cut, h->into, h->from, NULL, 0};
    int64_t *doc = NULL;
    double more;
    *gained = 0;
    SHEAF_NEW(doc, p->r->ctx, half->n);
    for (int64_t d = 0; d < half->n; d++)
        if (half->leaves[d] && p->label[half->doc[d]] == h->cut) doc[x.n++] = half->doc[d];
    if (x.n == 0 || x.n == p->count[h->cut]) goto done; /* one of the halves has gone since */
    x.doc = doc;
    SHEAF_TRY(sheaf_i_partition_exchange(p, &x, gained));
    SHEAF_TRY(sheaf_i_passes_follow(s, x.cut, x.into, x.from));
    sheaf_i_pass_rule rule = AFTER;
    rule.need = -*gained;
    SHEAF_TRY(sheaf_i_passes_run(s, &rule, &more));
    *gained += more;
done:
    sheaf_i_free(p->r->ctx, doc);
    return st;
}

sheaf_status sheaf_i_balance(sheaf_i_passes *s, sheaf_i_balance_report *report)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition *p = s->p, before = {0};
    sheaf_i_changes c = {0};
    sheaf_i_changed changed = {0};
    uint8_t *cuts = NULL;
    int32_t failures = 0;
    *report = (sheaf_i_balance_report){0};
    if (p->k < FEW) return st;
    const sheaf_i_rows *r = p->r;
    SHEAF_NEW0(cuts, r->ctx, p->k);
    SHEAF_TRY(sheaf_i_partition_new(&before, r, p->k, NULL, p->size_weight));
    SHEAF_TRY(sheaf_i_changes_new(&c, p));
    SHEAF_TRY(sheaf_i_changed_new(&changed, p));
    s->changed = &changed;
    SHEAF_TRY(sheaf_i_passes_keep(s, &before));
    while (failures < FAILURES && report->tries < TRIES && report->tries * p->k < WORK) {
        double gained;
        SHEAF_TRY(sheaf_i_changes_update(&c));
        const change h = best_change(&c, cuts);
        if (h.cut < 0 || h.promise < -SLACK * r->unit * (double)r->n) break;
        SHEAF_TRY(try_change(s, &c, &h, &gained));
        report->tries++;
        if (gained > r->unit) {
            report->gained += gained;
            report->kept++;
            failures = 0;
            memset(cuts, 0, (size_t)p->k);
            sheaf_i_changes_forget(&c, (const int32_t[]){h.cut, h.into, h.from}, 3);
            SHEAF_TRY(sheaf_i_passes_keep(s, &before));
        } else {
            failures++;
            SHEAF_TRY(sheaf_i_passes_return(s, &before));
            cuts[h.cut]++;
        }
    }
done:
    s->changed = NULL;
    sheaf_i_changed_end(&changed);
    sheaf_i_changes_end(&c);
    sheaf_i_partition_end(&before);
    sheaf_i_free(r->ctx, cuts);
    return st;
}
