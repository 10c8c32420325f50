/* Passes of refinement; see passes.h.
 *
 * Documents are scored in parallel, a stretch at a time, against sums that stand still; then those that would move are
 * looked at one after the other, in order, against the sums as they are by then, and moved if the objective still
 * gains. So nothing depends on the number of threads, and the objective never falls.
 */
#include "refine/passes.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"

#define STRETCH 2048 /* documents between two times at which sums change */
#define BLOCK 32     /* documents of a parallel block */
#define WIDE .3      /* batches change clusters much: a margin of this share of its mass keeps a document */
#define NEAR .5      /* a margin of this share of its mass keeps a document from a cluster that changed */
/* A gain has to be more than its rounding: of so much weight, and of this share of the document's. */
#define LEAST 1e-2
#define LEAST_SHARE 1e-5

sheaf_status sheaf_i_passes_new(sheaf_i_passes *s, sheaf_i_partition *p)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->r->ctx;
    *s = (sheaf_i_passes){.p = p, .workers = sheaf_ctx_threads(ctx)};
    SHEAF_NEW0(s->scratch, ctx, s->workers);
    for (int32_t w = 0; w < s->workers; w++) SHEAF_TRY(sheaf_i_scoring_new(&s->scratch[w], p));
    SHEAF_NEW(s->proposal, ctx, p->r->n);
    SHEAF_NEW(s->second, ctx, p->r->n);
    SHEAF_NEW0(s->margin, ctx, p->r->n);
    SHEAF_NEW(s->active, ctx, p->r->n);
    SHEAF_NEW(s->kept_second, ctx, p->r->n);
    SHEAF_NEW(s->kept_margin, ctx, p->r->n);
    for (int64_t i = 0; i < p->r->n; i++) s->second[i] = -1;
done:
    if (st != SHEAF_OK) sheaf_i_passes_end(s);
    return st;
}

void sheaf_i_passes_end(sheaf_i_passes *s)
{
    if (!s->p) return;
    sheaf_ctx *ctx = s->p->r->ctx;
    for (int32_t w = 0; s->scratch && w < s->workers; w++) sheaf_i_scoring_end(&s->scratch[w], ctx);
    sheaf_i_free(ctx, s->scratch);
    sheaf_i_free(ctx, s->proposal);
    sheaf_i_free(ctx, s->second);
    sheaf_i_free(ctx, s->margin);
    sheaf_i_free(ctx, s->active);
    sheaf_i_free(ctx, s->kept_second);
    sheaf_i_free(ctx, s->kept_margin);
    memset(s, 0, sizeof *s);
}

static void score_document(sheaf_i_passes *s, int64_t i, sheaf_i_scoring *scratch)
{
    const sheaf_i_partition *p = s->p;
    const int32_t own = p->label[i];
    int32_t best = -1;
    sheaf_i_partition_score(p, i, scratch);
    for (int32_t t = 0; t < p->k; t++)
        if (t != own && (best < 0 || scratch->score[t] > scratch->score[best])) best = t;
    s->second[i] = best;
    s->margin[i] = best < 0 ? INFINITY : scratch->score[own] - scratch->score[best];
    s->proposal[i] = s->margin[i] < 0 ? best : own;
}

typedef struct {
    sheaf_i_passes *s;
    int64_t from, to; /* places in the list of active documents */
} stretch;

static sheaf_status score_block(void *arg, int64_t block, int32_t worker)
{
    const stretch *g = arg;
    int64_t lo, hi;
    sheaf_i_range(g->to - g->from, BLOCK, block, &lo, &hi);
    for (int64_t a = g->from + lo; a < g->from + hi; a++) score_document(g->s, g->s->active[a], &g->s->scratch[worker]);
    return SHEAF_OK;
}

static sheaf_status score_stretch(sheaf_i_passes *s, int64_t from, int64_t to)
{
    stretch g = {s, from, to};
    return sheaf_i_par_for(s->p->r->ctx, NULL, sheaf_i_blocks(to - from, BLOCK), score_block, &g);
}

/* Documents whose margin was no more than `reach` of their mass; with words. */
static void list_active(sheaf_i_passes *s, double reach)
{
    const sheaf_i_partition *p = s->p;
    s->n_active = 0;
    for (int64_t i = 0; i < p->r->n; i++)
        if (p->label[i] >= 0 && p->r->mass[i] > 0 && (double)s->margin[i] <= reach * (double)p->r->mass[i])
            s->active[s->n_active++] = i;
}

static double least_gain(const sheaf_i_rows *r, int64_t i)
{
    return fmax(LEAST * r->unit, LEAST_SHARE * (double)r->mass[i]);
}

/* Moves what still gains; adds to *gained and *moved. */
static void apply_stretch(sheaf_i_passes *s, int64_t from, int64_t to, double *gained, int64_t *moved)
{
    sheaf_i_partition *p = s->p;
    for (int64_t a = from; a < to; a++) {
        const int64_t i = s->active[a];
        if (s->proposal[i] == p->label[i] || p->count[p->label[i]] == 1) continue;
        const double gain = sheaf_i_partition_gain(p, i, s->proposal[i], s->scratch);
        if (gain < least_gain(p->r, i)) continue;
        s->second[i] = p->label[i];
        sheaf_i_partition_move(p, i, s->proposal[i], s->scratch);
        s->margin[i] = -s->margin[i];
        *gained += gain;
        ++*moved;
    }
}

static sheaf_status one_pass(sheaf_i_passes *s, double reach, double *gained, int64_t *moved)
{
    sheaf_status st = SHEAF_OK;
    *moved = 0;
    *gained = 0;
    list_active(s, reach);
    for (int64_t a = 0; a < s->n_active; a += STRETCH) {
        const int64_t end = a + STRETCH < s->n_active ? a + STRETCH : s->n_active;
        SHEAF_TRY(score_stretch(s, a, end));
        apply_stretch(s, a, end, gained, moved);
    }
done:
    return st;
}

sheaf_status sheaf_i_passes_run(sheaf_i_passes *s, const sheaf_i_pass_rule *rule, double *gained)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_rows *r = s->p->r;
    bool all = rule->first;
    *gained = 0;
    for (int32_t pass = 0; pass < rule->most; pass++) {
        int64_t moved;
        double gain;
        SHEAF_TRY(sheaf_i_progress(r->ctx, "refining", pass, rule->most));
        SHEAF_TRY(one_pass(s, all ? INFINITY : rule->reach, &gain, &moved));
        *gained += gain;
        const bool calm = (double)moved <= rule->share * (double)r->n;
        if (calm && (all || !rule->last)) break;
        all = rule->last && (calm || pass + 2 == rule->most);
    }
done:
    return st;
}

void sheaf_i_passes_keep(sheaf_i_passes *s, sheaf_i_partition *before)
{
    sheaf_i_partition_copy(before, s->p);
    memcpy(s->kept_second, s->second, (size_t)s->p->r->n * sizeof *s->second);
    memcpy(s->kept_margin, s->margin, (size_t)s->p->r->n * sizeof *s->margin);
}

void sheaf_i_passes_return(sheaf_i_passes *s, const sheaf_i_partition *before)
{
    sheaf_i_partition_copy(s->p, before);
    memcpy(s->second, s->kept_second, (size_t)s->p->r->n * sizeof *s->second);
    memcpy(s->margin, s->kept_margin, (size_t)s->p->r->n * sizeof *s->margin);
}

sheaf_status sheaf_i_passes_touch(sheaf_i_passes *s, const sheaf_i_partition *before)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_partition *p = s->p;
    uint8_t *touched = NULL;
    SHEAF_NEW0(touched, p->r->ctx, p->k);
    for (int64_t i = 0; i < p->r->n; i++)
        if (p->label[i] >= 0 && p->label[i] != before->label[i]) touched[p->label[i]] = touched[before->label[i]] = 1;
    for (int64_t i = 0; i < p->r->n; i++) {
        const bool beside = s->second[i] >= 0 && touched[s->second[i]];
        if (p->label[i] < 0 || (!beside && !touched[p->label[i]])) continue;
        if (touched[p->label[i]] || (double)s->margin[i] < NEAR * (double)p->r->mass[i]) s->margin[i] = 0;
    }
done:
    sheaf_i_free(p->r->ctx, touched);
    return st;
}

/* The last document of a cluster stays, as one by one. */
static int64_t go_at_once(sheaf_i_passes *s)
{
    sheaf_i_partition *p = s->p;
    int64_t moved = 0;
    for (int64_t a = 0; a < s->n_active; a++) {
        const int64_t i = s->active[a];
        const int32_t to = s->proposal[i];
        s->proposal[i] = p->label[i]; /* where to go back to */
        if (to == p->label[i] || p->count[p->label[i]] == 1) continue;
        p->count[p->label[i]]--;
        p->count[to]++;
        p->label[i] = to;
        moved++;
    }
    return moved;
}

sheaf_status sheaf_i_passes_batch(sheaf_i_passes *s, double *objective, int64_t *moved)
{
    sheaf_status st = SHEAF_OK;
    double now;
    *moved = 0;
    list_active(s, WIDE);
    SHEAF_TRY(score_stretch(s, 0, s->n_active));
    int64_t went = go_at_once(s);
    if (!went) goto done;
    SHEAF_TRY(sheaf_i_partition_sum(s->p));
    SHEAF_TRY(sheaf_i_partition_objective(s->p, &now));
    if (now > *objective) {
        *objective = now;
        *moved = went;
        goto done;
    }
    for (int64_t a = 0; a < s->n_active; a++) s->p->label[s->active[a]] = s->proposal[s->active[a]];
    SHEAF_TRY(sheaf_i_partition_sum(s->p));
done:
    return st;
}

sheaf_status sheaf_i_passes_look(sheaf_i_passes *s)
{
    for (int64_t i = 0; i < s->p->r->n; i++) {
        s->second[i] = -1;
        s->margin[i] = 0;
    }
    list_active(s, INFINITY);
    return score_stretch(s, 0, s->n_active);
}
