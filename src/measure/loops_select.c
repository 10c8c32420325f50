/* The widest loops, whatever kernels were asked for: the limit is the machine's. */
#include "kernel/kernel.h"
#include "measure/loops_isa.h"

const sheaf_i_loops *sheaf_i_loops_get(void)
{
#ifdef SHEAF_I_X86
    if (sheaf_i_kernels_named("avx512")) return &sheaf_i_loops_avx512;
    if (sheaf_i_kernels_named("avx2")) return &sheaf_i_loops_avx2;
#endif
    return &sheaf_i_loops_plain;
}
