/* The threads of a context. Made when a loop first needs them, asleep between loops, ended with the context. */
#ifndef SHEAF_BASE_POOL_H
#define SHEAF_BASE_POOL_H

#include "sheaf/sheaf.h"

typedef struct sheaf_i_pool sheaf_i_pool;

/* worker: 0 is the thread that asked. The work must be such that any number of calls, one at a time or at once, gets
   it done: a call that finds nothing left to do returns. */
typedef void (*sheaf_i_pool_fn)(void *arg, int32_t worker);

/* threads: with that of the caller. NULL: no memory. */
sheaf_i_pool *sheaf_i_pool_new(const sheaf_ctx_opts *o, int32_t threads);
void sheaf_i_pool_free(sheaf_i_pool *p, const sheaf_ctx_opts *o);

/* fn(arg, 0) here and fn(arg, worker) on at most `helpers` threads of the pool; returns when all calls have. One loop
   at a time. */
void sheaf_i_pool_run(sheaf_i_pool *p, int32_t helpers, sheaf_i_pool_fn fn, void *arg);

#endif
