/* What a caller may ask of a clustering. */
#include "base/mem.h"
#include "cluster/clustering.h"

void sheaf_clustering_free(sheaf_clustering *c)
{
    if (!c) return;
    sheaf_ctx *ctx = c->ctx;
    sheaf_i_free(ctx, c->label);
    sheaf_i_free(ctx, c->second);
    sheaf_i_free(ctx, c->fit);
    sheaf_i_free(ctx, c->margin);
    sheaf_i_free(ctx, c->count);
    sheaf_i_free(ctx, c->centre);
    sheaf_i_free(ctx, c->solidity);
    sheaf_i_free(ctx, c->merge);
    sheaf_i_free(ctx, c);
}

void sheaf_i_clustering_forget_stability(sheaf_clustering *c)
{
    sheaf_i_free(c->ctx, c->solidity);
    c->solidity = NULL;
}

void sheaf_i_clustering_forget_merges(sheaf_clustering *c)
{
    sheaf_i_free(c->ctx, c->merge);
    c->merge = NULL;
    c->merged_by_centres = false;
}

const int32_t *sheaf_clustering_labels(const sheaf_clustering *c, int64_t *n)
{
    if (n) *n = c->n;
    return c->label;
}

int32_t sheaf_clustering_k(const sheaf_clustering *c) { return c->k; }
const float *sheaf_clustering_fit(const sheaf_clustering *c) { return c->fit; }
const float *sheaf_clustering_margin(const sheaf_clustering *c) { return c->margin; }
const int32_t *sheaf_clustering_second(const sheaf_clustering *c) { return c->second; }
sheaf_cluster_report sheaf_clustering_quality(const sheaf_clustering *c) { return c->report; }
const char *sheaf_clustering_k_reason(const sheaf_clustering *c) { return c->k_reason; }

int64_t sheaf_clustering_count(const sheaf_clustering *c, int32_t cluster)
{
    return cluster < 0 || cluster > c->k ? 0 : c->count[cluster];
}
