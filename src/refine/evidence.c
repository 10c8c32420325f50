/* Evidence of a partition; see evidence.h. */
#include "refine/evidence.h"

#include <math.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"

#define TERMS 256 /* of a block */
#define STEPS 7
#define STIRLING 8 /* from here on its series is exact to 1e-10 */

/* ln Gamma; lgamma() would write the global signgam from several threads. */
static double log_gamma(double x)
{
    double product = 1;
    for (; x < STIRLING; x++) product *= x;
    const double r = 1 / x, q = r * r;
    return (x - .5) * log(x) - x + .91893853320467274 + r * (1 / 12. - q * (1 / 360. - q * (1 / 1260.))) - log(product);
}

typedef struct {
    const sheaf_i_partition *p;
    double alpha, at_alpha, *part;
} weighing;

static sheaf_status weigh_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const weighing *w = arg;
    const sheaf_i_partition *p = w->p;
    int64_t lo, hi;
    double sum = 0;
    sheaf_i_range(p->r->m, TERMS, block, &lo, &hi);
    for (int64_t j = lo; j < hi; j++)
        for (int32_t t = 0; t < p->k; t++) {
            const int32_t c = p->sum[j * p->ld + t];
            if (c) sum += log_gamma((double)c / p->r->unit + w->alpha) - w->at_alpha;
        }
    w->part[block] = sum;
    return SHEAF_OK;
}

static sheaf_status evidence_at(const sheaf_i_partition *p, int32_t step, double *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = p->r->ctx;
    const int64_t blocks = sheaf_i_blocks(p->r->m, TERMS);
    const double alpha = ldexp(.01, step), all = alpha * (double)p->r->m;
    weighing w = {.p = p, .alpha = alpha, .at_alpha = log_gamma(alpha)};
    double sum = 0, docs = 0;
    SHEAF_NEW(w.part, ctx, blocks);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, weigh_block, &w));
    for (int64_t b = 0; b < blocks; b++) sum += w.part[b];
    for (int32_t t = 0; t < p->k; t++) {
        sum += log_gamma(all) - log_gamma((double)p->mass[t] / p->r->unit + all) + log_gamma((double)p->count[t] + 1);
        docs += (double)p->count[t];
    }
    *out = sum + log_gamma(p->k) - log_gamma(docs + p->k);
done:
    sheaf_i_free(ctx, w.part);
    return st;
}

sheaf_status sheaf_i_partition_evidence(const sheaf_i_partition *p, int32_t *step, double *out)
{
    sheaf_status st = SHEAF_OK;
    double other;
    SHEAF_TRY(evidence_at(p, *step, out));
    for (int32_t way = -1; way <= 1; way += 2) {
        bool higher = false;
        while (*step + way >= 0 && *step + way < STEPS) {
            SHEAF_TRY(evidence_at(p, *step + way, &other));
            if (other <= *out) break;
            *out = other;
            *step += way;
            higher = true;
        }
        if (higher) break; /* it has one hill */
    }
done:
    return st;
}
