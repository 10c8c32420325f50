/* Parallel loops over OpenMP; see par.h. Every region names its number of threads itself: a BLAS built on OpenMP
   may set OpenMP's own maximum to 1 when it is told to run single-threaded. */
#define _GNU_SOURCE
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/context.h"
#include "base/par.h"
#include "base/worker.h"

static _Thread_local int32_t worker = -1;

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

/* The failure with the lowest block wins, so that the error is the same at any thread count. */
typedef struct {
    sheaf_ctx *ctx;
    const char *phase;
    int64_t next, total, failed_block;
    sheaf_status status;
    bool stop;
    omp_lock_t next_item; /* streams: one a loop, so that a context that waits for its input holds up no other */
} loop;

static void record(loop *l, int64_t block, sheaf_status st)
{
#pragma omp critical(sheaf_record)
    {
        if (l->status == SHEAF_OK || block < l->failed_block) {
            l->status = st;
            l->failed_block = block;
            l->ctx->error = l->ctx->worker_error[worker];
        }
#pragma omp atomic write
        l->stop = true;
    }
}

static bool stopped(loop *l)
{
    bool stop;
#pragma omp atomic read
    stop = l->stop;
    return stop;
}

/* Only the calling thread talks to the user. */
static void tell(loop *l, int64_t done, int64_t total)
{
    if (worker != 0 || !l->phase) return;
    sheaf_status st = sheaf_i_progress(l->ctx, l->phase, done, total);
    if (st != SHEAF_OK) record(l, INT64_MAX, st);
}

static void run_blocks(loop *l, sheaf_i_block_fn fn, void *arg)
{
    while (!stopped(l)) {
        int64_t block;
#pragma omp atomic capture
        block = l->next++;
        if (block >= l->total) break;
        sheaf_status st = fn(arg, block, worker);
        if (st != SHEAF_OK) record(l, block, st);
        tell(l, block + 1, l->total);
    }
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
    if (worker >= 0) return run_serial(n_blocks, fn, arg);
    loop l = {.ctx = ctx, .phase = phase, .total = n_blocks};
    int threads = ctx->threads < n_blocks ? ctx->threads : (int)(n_blocks < 1 ? 1 : n_blocks);
#pragma omp parallel num_threads(threads)
    {
        worker = omp_get_thread_num();
        ctx->worker_error[worker] = (sheaf_i_error){{0}, {0}};
        run_blocks(&l, fn, arg);
        worker = -1;
    }
    if (l.status == SHEAF_OK && phase) return sheaf_i_progress(ctx, phase, n_blocks, n_blocks);
    return l.status;
}

static void run_stream(loop *l, const sheaf_i_stream *s, void *arg)
{
    for (;;) {
        void *item = NULL;
        int64_t index = 0;
        sheaf_status st = SHEAF_OK;
        omp_set_lock(&l->next_item);
        if (!stopped(l) && l->total == 0) {
            index = l->next;
            st = s->next(arg, index, &item);
            if (st != SHEAF_OK) record(l, index, st);
            else if (item) l->next++;
            else l->total = -1; /* the end */
        }
        omp_unset_lock(&l->next_item);
        if (!item) break;
        if (st != SHEAF_OK || stopped(l)) {
            s->drop(arg, item);
            break;
        }
        st = s->body(arg, index, item, worker);
        if (st != SHEAF_OK) record(l, index, st);
        tell(l, index + 1, 0);
    }
}

sheaf_status sheaf_i_par_stream(sheaf_ctx *ctx, const char *phase, const sheaf_i_stream *s, void *arg)
{
    loop l = {.ctx = ctx, .phase = phase};
    omp_init_lock(&l.next_item);
#pragma omp parallel num_threads(ctx->threads)
    {
        worker = omp_get_thread_num();
        ctx->worker_error[worker] = (sheaf_i_error){{0}, {0}};
        run_stream(&l, s, arg);
        worker = -1;
    }
    omp_destroy_lock(&l.next_item);
    return l.status;
}
