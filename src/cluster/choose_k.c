#include <stdio.h>
#include "cluster/kmeans.h"
sheaf_status sheaf_i_choose_k(const sheaf_i_points *p, uint64_t seed, int32_t *k, char *reason, size_t size)
{
    (void)seed; (void)reason; (void)size;
    *k = p->n < 5 ? (int32_t)p->n : 5;
    return SHEAF_OK;
}
