/* Parallel loops, over the threads of pool.h.
 *
 * Work is cut into blocks that do not depend on the number of threads; a block's result goes to a place of its
 * own and sums over blocks are taken in block order, so every result is the same at any thread count.
 */
#ifndef SHEAF_BASE_PAR_H
#define SHEAF_BASE_PAR_H

#include "sheaf/sheaf.h"

/* worker: 0 .. threads - 1, for scratch memory only. A non-OK return stops the loop. */
typedef sheaf_status (*sheaf_i_block_fn)(void *arg, int64_t block, int32_t worker);

/* Runs fn for every block; blocks are taken dynamically, in rising order. After a failure no new block starts and
   the error of the lowest failed block is returned. `phase` NULL: no progress calls. Inside a parallel loop it
   runs serially. */
sheaf_status sheaf_i_par_for(sheaf_ctx *ctx, const char *phase, int64_t n_blocks, sheaf_i_block_fn fn, void *arg);

/* A loop over items that are found one after the other (a stream being decompressed, a folder being walked).
   next: called under a lock, one at a time, index 0, 1, 2 ...; sets *item, or NULL at the end.
   body: called in parallel; owns the item. drop: frees an item that no body took, after a failure. Not from inside a
   parallel loop. */
typedef struct {
    sheaf_status (*next)(void *arg, int64_t index, void **item);
    sheaf_status (*body)(void *arg, int64_t index, void *item, int32_t worker);
    void (*drop)(void *arg, void *item);
} sheaf_i_stream;
sheaf_status sheaf_i_par_stream(sheaf_ctx *ctx, const char *phase, const sheaf_i_stream *s, void *arg);

int32_t sheaf_i_cores(void);   /* cores this process may use (affinity, cgroup quota, OMP_NUM_THREADS) */

/* Number of blocks of `size` that cover n, and the range of one of them. */
static inline int64_t sheaf_i_blocks(int64_t n, int64_t size) { return (n + size - 1) / size; }
static inline void sheaf_i_range(int64_t n, int64_t size, int64_t block, int64_t *lo, int64_t *hi)
{
    *lo = block * size;
    *hi = *lo + size < n ? *lo + size : n;
}

#endif
