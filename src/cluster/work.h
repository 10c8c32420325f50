/* Parallel loops that small work does not pay for. */
#ifndef SHEAF_CLUSTER_WORK_H
#define SHEAF_CLUSTER_WORK_H

#include "base/par.h"

/* sheaf_i_par_for without progress calls; on one thread where the whole of the work is below some 50 microseconds.
   work: in numbers touched. */
sheaf_status sheaf_i_par_work(sheaf_ctx *ctx, int64_t n_blocks, int64_t work, sheaf_i_block_fn fn, void *arg);

#endif
