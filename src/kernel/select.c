/* Which table of kernels this process uses. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/tables.h"

const sheaf_i_kernels *sheaf_i_kernels_named(const char *name)
{
    if (strcmp(name, "plain") == 0) return &sheaf_i_kernels_plain;
#ifdef SHEAF_I_X86
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (avx2 && strcmp(name, "avx2") == 0) return &sheaf_i_kernels_avx2;
    if (avx512 && strcmp(name, "avx512") == 0) return &sheaf_i_kernels_avx512;
#endif
    return NULL;
}

sheaf_i_coarse_fn *sheaf_i_kernels_coarse(const sheaf_i_kernels *kernels)
{
#ifdef SHEAF_I_VNNI
    if (kernels == &sheaf_i_kernels_avx512 && __builtin_cpu_supports("avx512vnni")) return sheaf_i_coarse_vnni;
#endif
    (void)kernels;
    return NULL; /* AVX2 multiplies bytes hardly faster than floats, and plain code slower */
}

static const sheaf_i_kernels *chosen; /* written once, under pthread_once */

static void choose(void)
{
    const char *wish = getenv("SHEAF_KERNELS");
    if (wish) chosen = sheaf_i_kernels_named(wish);
    if (!chosen) chosen = sheaf_i_kernels_named("avx512");
    if (!chosen) chosen = sheaf_i_kernels_named("avx2");
    if (!chosen) chosen = &sheaf_i_kernels_plain;
}

const sheaf_i_kernels *sheaf_i_kernels_get(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose);
    return chosen;
}
