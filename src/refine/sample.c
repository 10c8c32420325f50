/* Refinement from a sample; see sample.h. Split and merge decide about clusters, not about documents: a share of
   these is enough, and each of its many passes costs so much less. */
#include "refine/sample.h"

#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "refine/subset.h"

#define BLOCK 64 /* documents */

typedef struct {
    const sheaf_i_partition *p;
    sheaf_i_scoring *scratch; /* of each worker */
    int32_t *label;           /* -1 before, of those to be placed */
    const uint8_t *wanted;
} placing;

static sheaf_status place_block(void *arg, int64_t block, int32_t worker)
{
    const placing *g = arg;
    sheaf_i_scoring *s = &g->scratch[worker];
    int64_t lo, hi;
    sheaf_i_range(g->p->r->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        if (!g->wanted[i]) continue;
        int32_t best = 0;
        sheaf_i_partition_score(g->p, i, s);
        for (int32_t t = 1; t < g->p->k; t++)
            if (s->score[t] > s->score[best]) best = t;
        g->label[i] = best;
    }
    return SHEAF_OK;
}

/* Documents that are `wanted` go to the best cluster by the sums of the others. */
static sheaf_status place(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight, const uint8_t *wanted)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_partition p = {0};
    const int32_t workers = sheaf_ctx_threads(r->ctx);
    placing g = {.p = &p, .label = label, .wanted = wanted};
    SHEAF_TRY(sheaf_i_partition_new(&p, r, k, label, size_weight));
    SHEAF_NEW0(g.scratch, r->ctx, workers);
    for (int32_t w = 0; w < workers; w++) SHEAF_TRY(sheaf_i_scoring_new(&g.scratch[w], &p));
    st = sheaf_i_par_for(r->ctx, NULL, sheaf_i_blocks(r->n, BLOCK), place_block, &g);
done:
    for (int32_t w = 0; g.scratch && w < workers; w++) sheaf_i_scoring_end(&g.scratch[w], r->ctx);
    sheaf_i_free(r->ctx, g.scratch);
    sheaf_i_partition_end(&p);
    return st;
}

/* Every of-th document that takes part, and the rest of them in `wanted`. A document alone in its cluster is always in:
   no cluster of the sample is empty. */
static int64_t draw(const sheaf_i_rows *r, int32_t k, const int32_t *label, int64_t of, int64_t *doc, uint8_t *wanted,
                    int64_t *seen)
{
    int64_t n = 0, part = 0;
    memset(seen, 0, (size_t)k * sizeof *seen);
    for (int64_t i = 0; i < r->n; i++) {
        wanted[i] = 0;
        if (label[i] < 0) continue;
        const bool in = part++ % of == 0 || !seen[label[i]];
        seen[label[i]]++;
        if (in) doc[n++] = i;
        else wanted[i] = r->mass[i] > 0;
    }
    return n;
}

sheaf_status sheaf_i_sample_refine(const sheaf_i_rows *r, int32_t k, int32_t *label, double size_weight, int64_t of,
                                   sheaf_i_refine_report *report)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_rows some = {0};
    int64_t *doc = NULL, *seen = NULL;
    uint8_t *wanted = NULL;
    int32_t *found = NULL;
    SHEAF_NEW(doc, r->ctx, r->n);
    SHEAF_NEW(wanted, r->ctx, r->n);
    SHEAF_NEW(seen, r->ctx, k);
    const int64_t n = draw(r, k, label, of, doc, wanted, seen);
    SHEAF_NEW(found, r->ctx, n);
    for (int64_t i = 0; i < n; i++) found[i] = label[doc[i]];
    SHEAF_TRY(sheaf_i_rows_subset(&some, r, doc, n));
    SHEAF_TRY(sheaf_i_refine_fully(&some, k, found, size_weight, report));
    for (int64_t i = 0; i < n; i++) label[doc[i]] = found[i];
    for (int64_t i = 0; i < r->n; i++)
        if (wanted[i]) label[i] = -1;
    st = place(r, k, label, size_weight, wanted);
done:
    if (some.ctx) sheaf_i_rows_end(&some);
    sheaf_i_free(r->ctx, doc);
    sheaf_i_free(r->ctx, wanted);
    sheaf_i_free(r->ctx, seen);
    sheaf_i_free(r->ctx, found);
    return st;
}
