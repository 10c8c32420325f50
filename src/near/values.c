/* A fixed set of 64-bit numbers; see values.h. */
#include "near/values.h"

#include "base/context.h"

sheaf_status sheaf_i_values_index(sheaf_i_values *v)
{
    sheaf_status st = SHEAF_OK;
    if (v->n >= UINT32_MAX)
        SHEAF_TRY(sheaf_i_fail(v->ctx, SHEAF_EINVAL, "%lld shared shingles are too many", (long long)v->n));
    v->n_buckets = (uint64_t)v->n + 1;
    SHEAF_NEW(v->bucket, v->ctx, v->n + 2);
    uint64_t next = 0;
    for (int64_t i = 0; i < v->n; i++) {
        const uint64_t b = sheaf_i_values_bucket(v, v->value[i]);
        while (next <= b) v->bucket[next++] = (uint32_t)i;
    }
    while (next <= v->n_buckets) v->bucket[next++] = (uint32_t)v->n;
done:
    return st;
}

void sheaf_i_values_end(sheaf_i_values *v)
{
    if (!v->ctx) return;
    sheaf_i_free(v->ctx, v->value);
    sheaf_i_free(v->ctx, v->df);
    sheaf_i_free(v->ctx, v->bucket);
    *v = (sheaf_i_values){0};
}
