/* Cutting a cluster in two; see halves.h.
 *
 * The first cut is by the sign of the leading component of a correspondence analysis of the cluster's documents
 * (rows scaled to sum 1, columns by their mean), by power iteration; passes like those of k-means under the
 * objective's likelihood follow, all documents at once.
 */
#include "refine/halves.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"

#define POWER_STEPS 8
#define SAMPLE 20000 /* documents, about, that the direction is found from */
#define PASSES 12
#define STILL .002  /* share of the documents */
#define RARE 1e-4   /* added to the mean share of a term */

typedef struct {
    const sheaf_i_rows *r;
    sheaf_i_halves *h;
    int32_t m;               /* terms that its documents have, in order of appearance */
    int32_t *term;           /* m: what they are in r */
    int64_t *from;           /* n + 1: the documents' rows, of ... */
    uint16_t *column, *value;
    float *direction, *mean; /* m */
    double *score;           /* n */
    int32_t *sum[2];         /* m: of those that stay and leave */
    int64_t mass[2], count[2];
    int64_t step; /* every so many documents are in the sample */
} cutting;

static double f(double z) { return z > 0 ? z * log(z) : 0; }

/* From scores of the sample to a direction over terms; what it gives to a document without words is in *offset. */
static void find_direction(cutting *g, double *offset)
{
    const sheaf_i_rows *r = g->r;
    double total = 0;
    memset(g->direction, 0, (size_t)g->m * sizeof *g->direction);
    for (int64_t d = 0; d < g->h->n; d += g->step) {
        const int64_t i = g->h->doc[d];
        const float s = (float)(g->score[d] / (double)(r->mass[i] + 1));
        total += g->score[d];
        for (int64_t q = g->from[d]; q < g->from[d + 1]; q++) g->direction[g->column[q]] += s * (float)g->value[q];
    }
    *offset = 0;
    for (int32_t j = 0; j < g->m; j++) {
        if (g->mean[j] <= 0) continue;
        g->direction[j] = (g->direction[j] - (float)total * g->mean[j]) / (g->mean[j] + (float)RARE);
        *offset += (double)g->direction[j] * (double)g->mean[j];
    }
}

/* And back, to every `step`th document; the scores get length 1. */
static void score_documents(cutting *g, int64_t step, double offset)
{
    const sheaf_i_rows *r = g->r;
    double square = 0;
    for (int64_t d = 0; d < g->h->n; d += step) {
        const int64_t i = g->h->doc[d];
        float s = 0;
        for (int64_t q = g->from[d]; q < g->from[d + 1]; q++) s += g->direction[g->column[q]] * (float)g->value[q];
        g->score[d] = (double)s / (double)(r->mass[i] + 1) - offset;
        square += g->score[d] * g->score[d];
    }
    for (int64_t d = 0; d < g->h->n && square > 0; d += step) g->score[d] /= sqrt(square);
}

static void first_cut(cutting *g)
{
    const sheaf_i_rows *r = g->r;
    g->step = (g->h->n + SAMPLE - 1) / SAMPLE;
    memset(g->mean, 0, (size_t)g->m * sizeof *g->mean);
    const double sampled = (double)((g->h->n + g->step - 1) / g->step);
    for (int64_t d = 0; d < g->h->n; d += g->step) {
        const int64_t i = g->h->doc[d];
        const float s = (float)(1 / (sampled * (double)(r->mass[i] + 1)));
        for (int64_t q = g->from[d]; q < g->from[d + 1]; q++) g->mean[g->column[q]] += s * (float)g->value[q];
        uint64_t x = (uint64_t)(d + 1) * 0x9E3779B97F4A7C15u; /* anything that is not along the mean */
        g->score[d] = (double)(x >> 40) / 16777216. - .5;
    }
    for (int step = 0; step < POWER_STEPS; step++) {
        double offset;
        find_direction(g, &offset);
        score_documents(g, step + 1 < POWER_STEPS ? g->step : 1, offset);
    }
    for (int64_t d = 0; d < g->h->n; d++) g->h->leaves[d] = g->score[d] > 0;
}

static void add_up(cutting *g)
{
    const sheaf_i_rows *r = g->r;
    for (int s = 0; s < 2; s++) {
        memset(g->sum[s], 0, (size_t)g->m * sizeof *g->sum[s]);
        g->mass[s] = g->count[s] = 0;
    }
    for (int64_t d = 0; d < g->h->n; d++) {
        const int64_t i = g->h->doc[d];
        const int s = g->h->leaves[d];
        g->mass[s] += r->mass[i];
        g->count[s]++;
        for (int64_t q = g->from[d]; q < g->from[d + 1]; q++) g->sum[s][g->column[q]] += g->value[q];
    }
}

static void change_sides(cutting *g, int64_t d)
{
    const sheaf_i_rows *r = g->r;
    const int64_t i = g->h->doc[d];
    const int from = g->h->leaves[d], to = !from;
    g->h->leaves[d] = (uint8_t)to;
    g->mass[from] -= r->mass[i];
    g->mass[to] += r->mass[i];
    g->count[from]--;
    g->count[to]++;
    for (int64_t q = g->from[d]; q < g->from[d + 1]; q++) {
        g->sum[from][g->column[q]] -= g->value[q];
        g->sum[to][g->column[q]] += g->value[q];
    }
}

/* Every document to the half that makes its words likelier; how many changed. */
static int64_t pass(cutting *g, const sheaf_i_partition *p)
{
    const sheaf_i_rows *r = g->r;
    int64_t moved = 0;
    const double sizes = p->size_weight * log((double)g->count[1] / (double)g->count[0]);
    const double masses = log(((double)g->mass[1] + r->prior_mass) / ((double)g->mass[0] + r->prior_mass));
    for (int32_t j = 0; j < g->m; j++) {
        const float a = (float)g->sum[0][j] + r->prior[g->term[j]], b = (float)g->sum[1][j] + r->prior[g->term[j]];
        g->direction[j] = a == b ? 0 : logf(b / a);
    }
    for (int64_t d = 0; d < g->h->n; d++) {
        const int64_t i = g->h->doc[d];
        float s = 0;
        for (int64_t q = g->from[d]; q < g->from[d + 1]; q++) s += g->direction[g->column[q]] * (float)g->value[q];
        const uint8_t leaves = (double)s + sizes - masses * (double)r->mass[i] > 0;
        if (leaves == g->h->leaves[d]) continue;
        change_sides(g, d);
        moved++;
    }
    return moved;
}

static double cut_gain(const cutting *g, const sheaf_i_partition *p)
{
    const sheaf_i_rows *r = g->r;
    double gain = 0;
    for (int32_t j = 0; j < g->m; j++) {
        const double a = g->sum[0][j], b = g->sum[1][j], prior = (double)r->prior[g->term[j]];
        if (a > 0 && b > 0) gain += f(a + prior) + f(b + prior) - f(a + b + prior) - f(prior);
    }
    const double a = (double)g->mass[0], b = (double)g->mass[1];
    gain += f(a + b + r->prior_mass) - f(a + r->prior_mass) - f(b + r->prior_mass) + f(r->prior_mass);
    const double na = (double)g->count[0], nb = (double)g->count[1];
    return gain + p->size_weight * (f(na) + f(nb) - f(na + nb));
}

static sheaf_status list_documents(sheaf_i_halves *h, const sheaf_i_partition *p, int32_t t)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_halves_end(h, p->r->ctx);
    SHEAF_NEW(h->doc, p->r->ctx, p->count[t]);
    SHEAF_NEW(h->leaves, p->r->ctx, p->count[t]);
    for (int64_t i = 0; i < p->r->n; i++)
        if (p->label[i] == t) h->doc[h->n++] = i;
done:
    return st;
}

/* The documents' rows with terms numbered anew: a small cluster has few of all terms. */
static sheaf_status take_rows(cutting *g)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_rows *r = g->r;
    int32_t *place = NULL;
    SHEAF_NEW(place, r->ctx, r->m);
    SHEAF_NEW(g->from, r->ctx, g->h->n + 1);
    g->from[0] = 0;
    for (int64_t d = 0; d < g->h->n; d++) g->from[d + 1] = g->from[d] + sheaf_i_row_size(r, g->h->doc[d]);
    SHEAF_NEW(g->column, r->ctx, g->from[g->h->n]);
    SHEAF_NEW(g->value, r->ctx, g->from[g->h->n]);
    SHEAF_NEW(g->term, r->ctx, r->m);
    memset(place, 0xff, (size_t)r->m * sizeof *place);
    for (int64_t d = 0, at = 0; d < g->h->n; d++)
        for (int64_t q = r->indptr[g->h->doc[d]]; q < r->indptr[g->h->doc[d] + 1]; q++, at++) {
            const int32_t j = r->column[q];
            if (place[j] < 0) {
                g->term[g->m] = j;
                place[j] = g->m++;
            }
            g->column[at] = (uint16_t)place[j];
            g->value[at] = r->value[q];
        }
done:
    sheaf_i_free(r->ctx, place);
    return st;
}

sheaf_status sheaf_i_halves_find(sheaf_i_halves *h, const sheaf_i_partition *p, int32_t t)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->r->ctx;
    cutting g = {.r = p->r, .h = h};
    SHEAF_TRY(list_documents(h, p, t));
    h->gain = -INFINITY;
    if (h->n < 2) return st;
    SHEAF_TRY(take_rows(&g));
    SHEAF_NEW(g.direction, ctx, g.m);
    SHEAF_NEW(g.mean, ctx, g.m);
    SHEAF_NEW(g.score, ctx, h->n);
    for (int s = 0; s < 2; s++) SHEAF_NEW(g.sum[s], ctx, g.m);
    first_cut(&g);
    add_up(&g);
    for (int step = 0; step < PASSES && g.count[0] && g.count[1]; step++)
        if ((double)pass(&g, p) <= STILL * (double)h->n) break;
    if (g.count[0] && g.count[1]) h->gain = cut_gain(&g, p);
done:
    sheaf_i_free(ctx, g.term);
    sheaf_i_free(ctx, g.from);
    sheaf_i_free(ctx, g.column);
    sheaf_i_free(ctx, g.value);
    sheaf_i_free(ctx, g.direction);
    sheaf_i_free(ctx, g.mean);
    sheaf_i_free(ctx, g.score);
    for (int s = 0; s < 2; s++) sheaf_i_free(ctx, g.sum[s]);
    return st;
}

void sheaf_i_halves_end(sheaf_i_halves *h, sheaf_ctx *ctx)
{
    sheaf_i_free(ctx, h->doc);
    sheaf_i_free(ctx, h->leaves);
    *h = (sheaf_i_halves){.gain = -INFINITY};
}
