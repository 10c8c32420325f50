/* A team of threads that is cheap to call and idle when idle; see pool.h.
 *
 * Between loops the threads sleep: threads that spin take the cores from whatever else runs on the machine. To wake one
 * takes longer than many a loop, therefore nobody waits for it: a helper joins a loop under the lock while it is open,
 * the caller works meanwhile, closes the loop when nothing is left, and waits for those who joined. Before going to
 * sleep both sides look around for a moment, since loops follow each other closely; not where there are more threads
 * than cores.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/par.h"
#include "base/pool.h"

#define LOOK_AROUND 50000 /* ns: somewhat more than it takes to wake a thread */

typedef struct {
    struct sheaf_i_pool *pool;
    pthread_t thread;
    int32_t worker;
} helper;

struct sheaf_i_pool {
    pthread_mutex_t lock;
    pthread_cond_t loop, left; /* a loop has begun; the last helper has left one */
    pid_t process;             /* that has the threads: a child of fork has none of them */
    int32_t threads, started;  /* helpers that run: started, at most threads - 1 */
    bool patient, startable;   /* look around before sleeping; threads can still be made */
    /* under the lock, written; read without it while looking around */
    atomic_uint loops;         /* begun so far; UINT_MAX / 2 and more: the end */
    atomic_int inside;         /* helpers in the loop */
    int32_t asleep, open;      /* helpers that wait for `loop`; that may still join */
    sheaf_i_pool_fn fn;
    void *arg;
    helper helpers[];
};

#define THE_END (UINT32_MAX / 2)

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Until *what is other than `is`, or the moment is over. */
static void wait_for_change(atomic_uint *what, unsigned is)
{
    int64_t end = nanoseconds() + LOOK_AROUND;
    while (atomic_load_explicit(what, memory_order_relaxed) == is) {
        for (int i = 0; i < 16; i++) relax();
        if (nanoseconds() > end) break;
    }
}

static void wait_until_empty(atomic_int *inside)
{
    int64_t end = nanoseconds() + LOOK_AROUND;
    while (atomic_load_explicit(inside, memory_order_relaxed) != 0) {
        for (int i = 0; i < 4; i++) relax();
        if (nanoseconds() > end) break;
    }
}

static void *help(void *arg)
{
    helper *h = arg;
    sheaf_i_pool *p = h->pool;
    unsigned seen = 0;
    for (;;) {
        if (p->patient) wait_for_change(&p->loops, seen);
        pthread_mutex_lock(&p->lock);
        p->asleep++;
        while (p->loops == seen) pthread_cond_wait(&p->loop, &p->lock);
        p->asleep--;
        seen = p->loops;
        bool join = seen < THE_END && p->open > 0;
        if (join) {
            p->open--;
            p->inside++;
        }
        sheaf_i_pool_fn fn = p->fn;
        void *work = p->arg;
        pthread_mutex_unlock(&p->lock);
        if (seen >= THE_END) return NULL;
        if (!join) continue;
        fn(work, h->worker);
        pthread_mutex_lock(&p->lock);
        if (--p->inside == 0) pthread_cond_signal(&p->left);
        pthread_mutex_unlock(&p->lock);
    }
}

/* As many as are wanted, if the system has them. Signals are for the threads of the program. */
static void start(sheaf_i_pool *p, int32_t helpers)
{
    sigset_t all, old;
    if (p->started >= helpers || !p->startable) return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (p->started < helpers && p->startable) {
        helper *h = &p->helpers[p->started];
        *h = (helper){.pool = p, .worker = p->started + 1};
        p->startable = pthread_create(&h->thread, NULL, help, h) == 0;
        p->started += p->startable;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

sheaf_i_pool *sheaf_i_pool_new(const sheaf_ctx_opts *o, int32_t threads)
{
    size_t bytes = sizeof(sheaf_i_pool) + (size_t)threads * sizeof(helper);
    sheaf_i_pool *p = o->resize(o->resize_user, NULL, bytes);
    if (!p) return NULL;
    *p = (sheaf_i_pool){.process = getpid(), .threads = threads, .startable = true,
                        .patient = threads <= sheaf_i_cores()};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->loop, NULL);
    pthread_cond_init(&p->left, NULL);
    return p;
}

void sheaf_i_pool_free(sheaf_i_pool *p, const sheaf_ctx_opts *o)
{
    if (!p) return;
    if (p->process != getpid()) { /* nobody to wait for, and waiting for them would never end */
        o->resize(o->resize_user, p, 0);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->loops = THE_END;
    pthread_cond_broadcast(&p->loop);
    pthread_mutex_unlock(&p->lock);
    for (int32_t i = 0; i < p->started; i++) pthread_join(p->helpers[i].thread, NULL);
    pthread_cond_destroy(&p->left);
    pthread_cond_destroy(&p->loop);
    pthread_mutex_destroy(&p->lock);
    o->resize(o->resize_user, p, 0);
}

void sheaf_i_pool_run(sheaf_i_pool *p, int32_t helpers, sheaf_i_pool_fn fn, void *arg)
{
    if (helpers >= p->threads) helpers = p->threads - 1;
    start(p, helpers);
    if (helpers > p->started) helpers = p->started;
    pthread_mutex_lock(&p->lock);
    p->fn = fn;
    p->arg = arg;
    p->open = helpers;
    p->loops = (p->loops + 1) % THE_END;
    int32_t wake = helpers - (p->started - p->asleep); /* the others look around and will see it */
    for (int32_t i = 0; i < wake; i++) pthread_cond_signal(&p->loop);
    pthread_mutex_unlock(&p->lock);
    fn(arg, 0);
    pthread_mutex_lock(&p->lock);
    p->open = 0;
    if (p->inside && p->patient) {
        pthread_mutex_unlock(&p->lock);
        wait_until_empty(&p->inside);
        pthread_mutex_lock(&p->lock);
    }
    while (p->inside) pthread_cond_wait(&p->left, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
