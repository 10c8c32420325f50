/* Parallel loops; see par.h. The threads are those of the context's pool: a BLAS that has threads of its own, or sets
   OpenMP's number of them, is not in the way. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/context.h"
#include "base/par.h"
#include "base/pool.h"
#include "base/worker.h"

static _Thread_local int32_t worker = -1;
static _Thread_local sheaf_ctx *within; /* whose loop that is */

int32_t sheaf_i_worker(void) { return worker; }

/* cgroup v2 quota, "max 100000" or "200000 100000"; 0 if there is none. */
static int32_t cgroup_cores(void)
{
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!f) return 0;
    long long quota = 0, period = 0;
    int got = fscanf(f, "%lld %lld", &quota, &period);
    fclose(f);
    if (got != 2 || quota <= 0 || period <= 0) return 0;
    return (int32_t)((quota + period - 1) / period);
}

int32_t sheaf_i_cores(void)
{
    cpu_set_t set;
    int32_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int32_t quota = cgroup_cores();
    if (quota > 0 && quota < n) n = quota;
    const char *wish = getenv("OMP_NUM_THREADS");
    int32_t asked = wish ? atoi(wish) : 0;
    if (asked > 0 && asked < n) n = asked;
    return n < 1 ? 1 : n;
}

typedef struct {
    sheaf_ctx *ctx;
    const char *phase;
    sheaf_i_block_fn fn;     /* a loop over blocks ... */
    const sheaf_i_stream *s; /* ... or over a stream */
    void *arg;
    atomic_llong next;
    int64_t total;
    atomic_bool stop;
    pthread_mutex_t lock;    /* for the two below, and a stream's next item */
    int64_t failed_block;
    sheaf_status status;
} loop;

/* The failure with the lowest block wins, so that the error is the same at any thread count. */
static void record_locked(loop *l, int64_t block, sheaf_status st)
{
    if (l->status == SHEAF_OK || block < l->failed_block) {
        l->status = st;
        l->failed_block = block;
        l->ctx->error = l->ctx->worker_error[worker];
    }
    l->stop = true;
}

static void record(loop *l, int64_t block, sheaf_status st)
{
    pthread_mutex_lock(&l->lock);
    record_locked(l, block, st);
    pthread_mutex_unlock(&l->lock);
}

static bool stopped(loop *l) { return atomic_load_explicit(&l->stop, memory_order_relaxed); }

/* Only the calling thread talks to the user. */
static void tell(loop *l, int64_t done, int64_t total)
{
    if (worker != 0 || !l->phase) return;
    sheaf_status st = sheaf_i_progress(l->ctx, l->phase, done, total);
    if (st != SHEAF_OK) record(l, INT64_MAX, st);
}

static void run_blocks(loop *l)
{
    while (!stopped(l)) {
        int64_t block = atomic_fetch_add_explicit(&l->next, 1, memory_order_relaxed);
        if (block >= l->total) break;
        sheaf_status st = l->fn(l->arg, block, worker);
        if (st != SHEAF_OK) record(l, block, st);
        tell(l, block + 1, l->total);
    }
}

static void run_stream(loop *l)
{
    const sheaf_i_stream *s = l->s;
    for (;;) {
        void *item = NULL;
        int64_t index = 0;
        sheaf_status st = SHEAF_OK;
        pthread_mutex_lock(&l->lock);
        if (!stopped(l) && l->total == 0) {
            index = l->next;
            st = s->next(l->arg, index, &item);
            if (st != SHEAF_OK) record_locked(l, index, st);
            else if (item) l->next++;
            else l->total = -1; /* the end */
        }
        pthread_mutex_unlock(&l->lock);
        if (!item) break;
        if (st != SHEAF_OK) {
            s->drop(l->arg, item);
            break;
        }
        /* Even if a later item has failed meanwhile: this one may fail too, and the lowest failure is told. */
        st = s->body(l->arg, index, item, worker);
        if (st != SHEAF_OK) record(l, index, st);
        tell(l, index + 1, 0);
    }
}

static void take_part(void *arg, int32_t number)
{
    loop *l = arg;
    const int32_t outer = worker; /* of a loop whose progress callback uses another context */
    sheaf_ctx *const outer_ctx = within;
    worker = number;
    within = l->ctx;
    l->ctx->worker_error[worker] = (sheaf_i_error){{0}, {0}};
    if (l->s) run_stream(l);
    else run_blocks(l);
    worker = outer;
    within = outer_ctx;
}

static void run(loop *l, int64_t threads)
{
    pthread_mutex_init(&l->lock, NULL);
    if (threads > 1) sheaf_i_pool_run(l->ctx->pool, (int32_t)threads - 1, take_part, l);
    else take_part(l, 0);
    pthread_mutex_destroy(&l->lock);
}

static sheaf_status run_serial(int64_t n, sheaf_i_block_fn fn, void *arg)
{
    for (int64_t i = 0; i < n; i++) {
        sheaf_status st = fn(arg, i, worker);
        if (st != SHEAF_OK) return st;
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_par_for(sheaf_ctx *ctx, const char *phase, int64_t n_blocks, sheaf_i_block_fn fn, void *arg)
{
    if (worker >= 0 && within == ctx) return run_serial(n_blocks, fn, arg);
    loop l = {.ctx = ctx, .phase = phase, .fn = fn, .arg = arg, .total = n_blocks};
    run(&l, ctx->threads < n_blocks ? ctx->threads : n_blocks);
    if (l.status == SHEAF_OK && phase) return sheaf_i_progress(ctx, phase, n_blocks, n_blocks);
    return l.status;
}

sheaf_status sheaf_i_par_stream(sheaf_ctx *ctx, const char *phase, const sheaf_i_stream *s, void *arg)
{
    loop l = {.ctx = ctx, .phase = phase, .s = s, .arg = arg};
    run(&l, ctx->threads);
    return l.status;
}
