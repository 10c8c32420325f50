/* Documents that fit no cluster well enough; see clustering.h and sheaf_clustering_reason. */
#include "base/context.h"
#include "cluster/clustering.h"

#define ROUNDING 1e-6 /* copies of one document have a fit of 1 but for the rounding of floats */

void sheaf_i_clustering_unassign(sheaf_clustering *c, double least)
{
    int64_t weak = 0;
    for (int64_t i = 0; i < c->n; i++) {
        if (!c->label[i] || (double)c->fit[i] >= least - ROUNDING) continue;
        c->count[c->label[i]]--;
        c->second[i] = c->label[i];
        c->label[i] = 0;
        c->margin[i] = 0;
        weak++;
    }
    c->count[0] += weak;
    c->report.weak += weak;
    c->report.unplaced += weak;
    if (!weak) return;
    sheaf_i_note(c->ctx, "%lld of %lld documents fit their cluster below %g and are left unassigned", (long long)weak,
                 (long long)c->n, least);
}

const char *sheaf_clustering_reason(const sheaf_clustering *c, int64_t doc)
{
    if (c->label[doc]) return "";
    return c->second[doc] ? "weak fit" : c->of_vectors ? "zero vector" : "no known word";
}
