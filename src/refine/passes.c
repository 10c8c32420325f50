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
#define FAR 1        /* with a margin of that share of its mass a document is not drawn near by one pass */
#define CHANGED 3    /* clusters of a change */
/* Times what the last pass has gained: more will not come. 8 and 15 find no more and take longer. */
#define HOPE 3
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
    SHEAF_NEW0(s->own, ctx, p->r->n);
    SHEAF_NEW0(s->margin, ctx, p->r->n);
    SHEAF_NEW(s->active, ctx, p->r->n);
    SHEAF_NEW(s->left, ctx, p->k);
    SHEAF_NEW(s->kept_second, ctx, p->r->n);
    SHEAF_NEW(s->kept_own, ctx, p->r->n);
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
    sheaf_i_free(ctx, s->own);
    sheaf_i_free(ctx, s->margin);
    sheaf_i_free(ctx, s->active);
    sheaf_i_free(ctx, s->left);
    sheaf_i_free(ctx, s->kept_second);
    sheaf_i_free(ctx, s->kept_own);
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
    if (s->changed) s->changed->fresh[i] = 1;
    s->second[i] = best;
    s->own[i] = scratch->score[own];
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
        s->own[i] -= s->margin[i];
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

sheaf_status sheaf_i_changed_new(sheaf_i_changed *c, const sheaf_i_partition *p)
{
    sheaf_status st = SHEAF_OK;
    *c = (sheaf_i_changed){0};
    SHEAF_TRY(sheaf_i_few_new(&c->few, p));
    SHEAF_NEW(c->score, p->r->ctx, p->r->n * SHEAF_I_GAINS_FEW);
    SHEAF_NEW(c->fresh, p->r->ctx, p->r->n);
done:
    if (st != SHEAF_OK) sheaf_i_changed_end(c);
    return st;
}

void sheaf_i_changed_end(sheaf_i_changed *c)
{
    if (!c->few.p) return;
    sheaf_i_free(c->few.p->r->ctx, c->score);
    sheaf_i_free(c->few.p->r->ctx, c->fresh);
    sheaf_i_few_end(&c->few);
}

/* The margin can only become less by the scores of clusters that changed. */
static void compare(sheaf_i_passes *s, int64_t i, const float *score)
{
    const int32_t *cluster = s->changed->few.cluster;
    for (int32_t t = 0; t < SHEAF_I_GAINS_FEW; t++) {
        if (cluster[t] == s->p->label[i] || !(s->own[i] - score[t] < s->margin[i])) continue;
        s->margin[i] = s->own[i] - score[t];
        s->second[i] = cluster[t];
    }
}

/* Right after the change. */
static void meet(sheaf_i_passes *s, int64_t i, const float *score)
{
    const int32_t *cluster = s->changed->few.cluster, own = s->p->label[i];
    for (int32_t t = 0; t < SHEAF_I_GAINS_FEW; t++)
        if (cluster[t] == own) s->margin[i] = 0;
    compare(s, i, score);
}

/* After a pass: what has come to the scores since comes to the margin of a document that was not looked at. */
static void drift(sheaf_i_passes *s, int64_t i, const float *score)
{
    const int32_t *cluster = s->changed->few.cluster;
    const float *was = s->changed->score + i * SHEAF_I_GAINS_FEW;
    for (int32_t t = 0; t < CHANGED; t++) {
        const float more = score[t] - was[t];
        if (cluster[t] == s->p->label[i]) s->own[i] += more;
        if (cluster[t] == s->p->label[i]) s->margin[i] += more;
        if (cluster[t] == s->second[i]) s->margin[i] -= more;
    }
    compare(s, i, score);
}

typedef struct {
    sheaf_i_passes *s;
    bool again;
} renewing;

static sheaf_status renew_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const renewing *g = arg;
    sheaf_i_changed *c = g->s->changed;
    const sheaf_i_partition *p = g->s->p;
    int64_t doc[SHEAF_I_GAINS_DOCS] = {0}, lo, hi;
    float score[SHEAF_I_GAINS_DOCS * SHEAF_I_GAINS_FEW];
    int32_t n = 0;
    sheaf_i_range(p->r->n, SHEAF_I_GAINS_DOCS, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const bool far = g->again && (double)g->s->margin[i] > FAR * (double)p->r->mass[i];
        if (p->label[i] >= 0 && p->r->mass[i] > 0 && !far) doc[n++] = i;
    }
    sheaf_i_few_score(&c->few, doc, n, score);
    for (int32_t d = 0; d < n; d++) {
        const int64_t i = doc[d];
        const float *now = score + d * SHEAF_I_GAINS_FEW;
        if (!g->again) meet(g->s, i, now);
        else if (!c->fresh[i]) drift(g->s, i, now);
        memcpy(c->score + i * SHEAF_I_GAINS_FEW, now, SHEAF_I_GAINS_FEW * sizeof *now);
        c->fresh[i] = 0;
    }
    return SHEAF_OK;
}

static sheaf_status renew(sheaf_i_passes *s, bool again)
{
    sheaf_status st = SHEAF_OK;
    renewing g = {s, again};
    SHEAF_TRY(sheaf_i_few_take(&s->changed->few));
    st = sheaf_i_par_for(s->p->r->ctx, NULL, sheaf_i_blocks(s->p->r->n, SHEAF_I_GAINS_DOCS), renew_block, &g);
done:
    return st;
}

sheaf_status sheaf_i_passes_follow(sheaf_i_passes *s, int32_t a, int32_t b, int32_t c)
{
    memcpy(s->changed->few.cluster, (const int32_t[SHEAF_I_GAINS_FEW]){a, b, c, c}, sizeof s->changed->few.cluster);
    return renew(s, false);
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
        if (s->changed && pass) SHEAF_TRY(renew(s, true));
        SHEAF_TRY(one_pass(s, all ? INFINITY : rule->reach, &gain, &moved));
        *gained += gain;
        if (rule->need - *gained > HOPE * gain) break;
        s->still = all && !moved;
        const bool calm = (double)moved <= rule->share * (double)r->n;
        if (calm && (all || !rule->last)) break;
        all = rule->last && (calm || pass + 2 == rule->most);
    }
done:
    return st;
}

sheaf_status sheaf_i_passes_keep(sheaf_i_passes *s, sheaf_i_partition *before)
{
    const size_t n = (size_t)s->p->r->n;
    memcpy(s->kept_second, s->second, n * sizeof *s->second);
    memcpy(s->kept_own, s->own, n * sizeof *s->own);
    memcpy(s->kept_margin, s->margin, n * sizeof *s->margin);
    return sheaf_i_partition_copy(before, s->p);
}

sheaf_status sheaf_i_passes_return(sheaf_i_passes *s, const sheaf_i_partition *before)
{
    const size_t n = (size_t)s->p->r->n;
    memcpy(s->second, s->kept_second, n * sizeof *s->second);
    memcpy(s->own, s->kept_own, n * sizeof *s->own);
    memcpy(s->margin, s->kept_margin, n * sizeof *s->margin);
    return sheaf_i_partition_copy(s->p, before);
}

/* Of the documents that went, which are then the list, `proposal` is where they were. The last document of a cluster
   stays, as one by one. */
static sheaf_status go_at_once(sheaf_i_passes *s)
{
    sheaf_i_partition *p = s->p;
    int64_t *left = s->left, went = 0;
    memcpy(left, p->count, (size_t)p->k * sizeof *left);
    for (int64_t a = 0; a < s->n_active; a++) {
        const int64_t i = s->active[a];
        const int32_t to = s->proposal[i], from = p->label[i];
        if (to == from || left[from] == 1) continue;
        left[from]--;
        left[to]++;
        p->label[i] = to;
        s->proposal[i] = from;
        s->active[went++] = i;
    }
    s->n_active = went;
    return sheaf_i_partition_shift(p, s->active, went, s->proposal);
}

static sheaf_status go_back(sheaf_i_passes *s)
{
    for (int64_t a = 0; a < s->n_active; a++) {
        int32_t *label = &s->p->label[s->active[a]], *was = &s->proposal[s->active[a]];
        const int32_t t = *label;
        *label = *was;
        *was = t;
    }
    return sheaf_i_partition_shift(s->p, s->active, s->n_active, s->proposal);
}

sheaf_status sheaf_i_passes_batch(sheaf_i_passes *s, double *objective, int64_t *moved)
{
    sheaf_status st = SHEAF_OK;
    double now;
    *moved = 0;
    list_active(s, WIDE);
    SHEAF_TRY(score_stretch(s, 0, s->n_active));
    SHEAF_TRY(go_at_once(s));
    if (!s->n_active) goto done;
    SHEAF_TRY(sheaf_i_partition_objective(s->p, &now));
    if (now > *objective) {
        *objective = now;
        *moved = s->n_active;
        goto done;
    }
    st = go_back(s);
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
