/* See work.h. */
#include "cluster/work.h"

#define SMALL 100000 /* numbers touched: it takes longer to wake a thread */

typedef struct {
    int64_t n_blocks;
    sheaf_i_block_fn fn;
    void *arg;
} blocks;

static sheaf_status run_all(void *arg, int64_t block, int32_t worker)
{
    (void)block;
    const blocks *b = arg;
    sheaf_status st = SHEAF_OK;
    for (int64_t i = 0; st == SHEAF_OK && i < b->n_blocks; i++) st = b->fn(b->arg, i, worker);
    return st;
}

sheaf_status sheaf_i_par_work(sheaf_ctx *ctx, int64_t n_blocks, int64_t work, sheaf_i_block_fn fn, void *arg)
{
    blocks b = {n_blocks, fn, arg};
    return work < SMALL ? sheaf_i_par_for(ctx, NULL, 1, run_all, &b) : sheaf_i_par_for(ctx, NULL, n_blocks, fn, arg);
}
