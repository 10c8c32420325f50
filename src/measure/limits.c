/* What the machine can do at best, measured right before what is held against it: reading and triad (McCalpin 1995) of
 * arrays that fit each level of the memory, gathers of rows of 64 and 128 bytes at random places, multiply-adds,
 * OpenBLAS, reads of a cached file, memchr. On one thread and on all; the fastest run counts, since a limit that is too
 * low would flatter what is held against it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "kernel/blas.h"
#include "measure/loops.h"
#include "measure/measure.h"
#include "measure/synthetic.h"

#define PIECE ((int64_t)256 << 10)     /* bytes of a block of a large array, and of one read of a file */
#define PICKS ((int64_t)1 << 15)       /* gathers of a block */
#define ROUNDS ((int64_t)1 << 16)      /* of multiply-adds a block */
#define TURNS 8                        /* blocks a thread where each has data of its own */
#define OWN_BYTES ((int64_t)2 << 20)   /* that such a block reads, but at least all it has */
#define DEFAULT_L1 ((int64_t)32 << 10) /* where the system does not say */
#define DEFAULT_L2 ((int64_t)1 << 20)
#define DEFAULT_L3 ((int64_t)32 << 20)

typedef struct {
    sheaf_i_run *r;
    const sheaf_i_loops *loops;
    float *a, *b, *c; /* `large` bytes each */
    int64_t large;
    int32_t *index; /* random numbers below 2^31 */
    int32_t *place; /* rows to gather, made from index */
    int64_t picks;
    float *own; /* scratch of every worker: own_floats */
    int64_t own_floats;
    float *squares; /* of every worker: three of side * side, for sgemm */
    int64_t side;
    int fd;
    int64_t file; /* its bytes */
    /* the loop under way */
    sheaf_ctx *ctx;
    int64_t n_blocks, turns, bytes; /* bytes: of the array that is used */
    sheaf_i_block_fn block;
    int32_t width, ahead;
} bench;

#define SINK(b, worker) ((b)->own[((worker) + 1) * (b)->own_floats - 16]) /* at the end of the worker's scratch */

static sheaf_status triad_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    bench *b = arg;
    int64_t n = PIECE / 4, at = block * n;
    b->loops->triad(n, b->a + at, b->b + at, b->c + at, .5f);
    return SHEAF_OK;
}

static sheaf_status read_block(void *arg, int64_t block, int32_t worker)
{
    bench *b = arg;
    SINK(b, worker) += b->loops->read(PIECE / 4, b->b + block * (PIECE / 4));
    return SHEAF_OK;
}

/* Of a worker's own array. */
static int64_t rounds_of(const bench *b) { return b->bytes < OWN_BYTES ? OWN_BYTES / b->bytes : 1; }

static sheaf_status read_own(void *arg, int64_t block, int32_t worker)
{
    (void)block;
    bench *b = arg;
    float *own = b->own + worker * b->own_floats;
    for (int64_t i = 0; i < rounds_of(b); i++) SINK(b, worker) += b->loops->read(b->bytes / 4, own);
    return SHEAF_OK;
}

static sheaf_status gather_block(void *arg, int64_t block, int32_t worker)
{
    bench *b = arg;
    const int32_t *place = b->place + block * PICKS % b->picks;
    SINK(b, worker) += b->loops->gather(PICKS, place, b->b, b->width, b->ahead);
    return SHEAF_OK;
}

static sheaf_status fma_block(void *arg, int64_t block, int32_t worker)
{
    (void)block;
    bench *b = arg;
    SINK(b, worker) += b->loops->fma(ROUNDS, .999f);
    return SHEAF_OK;
}

static sheaf_status sgemm_block(void *arg, int64_t block, int32_t worker)
{
    (void)block;
    bench *b = arg;
    const int64_t n = b->side, square = n * n;
    float *own = b->squares + worker * 3 * square;
    sheaf_i_sgemm(n, n, n, own, n, own + square, n, own + 2 * square, n);
    return SHEAF_OK;
}

static sheaf_status file_block(void *arg, int64_t block, int32_t worker)
{
    bench *b = arg;
    ssize_t got = pread(b->fd, b->own + worker * b->own_floats, (size_t)PIECE, block * PIECE);
    return got == PIECE ? SHEAF_OK : sheaf_i_fail(b->ctx, SHEAF_EIO, "cannot read a temporary file");
}

static sheaf_status scan_block(void *arg, int64_t block, int32_t worker)
{
    bench *b = arg;
    const char *from = (const char *)b->b + block * PIECE;
    SINK(b, worker) += memchr(from, 0xff, (size_t)PIECE) != NULL;
    return SHEAF_OK;
}

static sheaf_status run_loop(void *arg)
{
    bench *b = arg;
    return sheaf_i_par_for(b->ctx, NULL, b->n_blocks, b->block, b);
}

/* On one thread, then on all. blocks: of the whole loop, or 0: b->turns a thread; each: what a block does. *best: a
   second, on all threads. ways 2: with and without prefetching, of which the faster counts. */
static sheaf_status measure(bench *b, const char *name, const char *what, int64_t blocks, double each, const char *unit,
                            int ways, double *best)
{
    sheaf_i_run *r = b->r;
    sheaf_status st = SHEAF_OK;
    for (int all = 0; all < 2; all++) {
        b->ctx = all ? r->ctx : r->single;
        b->n_blocks = blocks ? blocks : b->turns * sheaf_ctx_threads(b->ctx);
        sheaf_i_measured m = {
            .kind = SHEAF_BENCH_LIMIT, .name = name, .kernels = "", .unit = unit, .quality = {"", 0, 0}};
        snprintf(m.size, sizeof m.size, "%s, %s", what, all ? "all threads" : "1 thread");
        sheaf_i_timed t = {run_loop, NULL, b};
        for (b->ahead = 0; b->ahead < ways; b->ahead++) {
            sheaf_i_times times;
            SHEAF_TRY(sheaf_i_time(r, &t, &times));
            if (b->ahead == 0 || times.least < m.times.least) m.times = times;
        }
        m.amount = each * (double)b->n_blocks / 1e9;
        SHEAF_TRY(sheaf_i_report(r, &m));
        *best = each * (double)b->n_blocks / m.times.least;
    }
done:
    return st;
}

static int64_t a_16th_of_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (int64_t)pages / 16 * page : INT64_MAX;
}

static sheaf_status streams(bench *b)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_run *r = b->r;
    sheaf_i_limits *l = &b->r->limits;
    char what[48], room[16];
    snprintf(what, sizeof what, "3 arrays of %sB", sheaf_i_count((double)b->large, room));
    b->block = triad_block;
    SHEAF_TRY(measure(b, "triad", what, b->large / PIECE, 3. * PIECE, "GB/s", 1, &l->triad));
    b->block = read_block;
    snprintf(what, sizeof what, "memory, %sB", sheaf_i_count((double)b->large, room));
    SHEAF_TRY(measure(b, "stream", what, b->large / PIECE, PIECE, "GB/s", 1, &l->read[SHEAF_I_MEMORY]));
    snprintf(what, sizeof what, "L3, %sB", sheaf_i_count((double)(r->l3 / 2), room));
    SHEAF_TRY(measure(b, "stream", what, r->l3 / 2 / PIECE, PIECE, "GB/s", 1, &l->read[SHEAF_I_L3]));
    b->block = read_own;
    for (int level = SHEAF_I_L2; level >= SHEAF_I_L1; level--) {
        b->bytes = (level == SHEAF_I_L2 ? r->l2 : r->l1) / 2;
        const double read = (double)(rounds_of(b) * b->bytes);
        snprintf(what, sizeof what, "L%d, %sB a thread", level + 1, sheaf_i_count((double)b->bytes, room));
        SHEAF_TRY(measure(b, "stream", what, 0, read, "GB/s", 1, &l->read[level]));
    }
done:
    return st;
}

static sheaf_status gathers(bench *b)
{
    static const char *const names[] = {"L1", "L2", "L3", "memory"};
    const sheaf_i_run *r = b->r;
    const int64_t sizes[] = {r->l1 / 2, r->l2 / 2, r->l3 / 2, b->large};
    sheaf_status st = SHEAF_OK;
    b->block = gather_block;
    for (int level = 0; level < SHEAF_I_LEVELS; level++)
        for (int wide = 0; wide < 2; wide++) {
            b->width = wide ? 32 : 16;
            int64_t rows = sizes[level] / (4 * b->width);
            for (int64_t i = 0; i < b->picks; i++) b->place[i] = (int32_t)(b->index[i] % rows);
            char what[48], room[16];
            snprintf(what, sizeof what, "%d B, %s, %sB", (int)(4 * b->width), names[level],
                     sheaf_i_count((double)sizes[level], room));
            int64_t blocks = level <= SHEAF_I_L2 ? 0 : b->picks / PICKS;
            SHEAF_TRY(measure(b, "gather", what, blocks, (double)b->width / 16 * PICKS, "Glines/s", 2,
                              &b->r->limits.gather[level][wide]));
        }
done:
    return st;
}

/* Large products are faster, up to a point that differs between machines; small ones that stay in a cache can be, too:
   the best of several counts. Those that would take much memory are left out. */
static sheaf_status products(bench *b)
{
    static const int32_t sides[] = {384, 1024, 2048}, turns[] = {TURNS, 2, 1};
    sheaf_status st = SHEAF_OK;
    const sheaf_i_run *r = b->r;
    char what[48];
    b->block = sgemm_block;
    for (int i = 0; i < (r->o.quick ? 1 : 3); i++) {
        const int64_t n = sides[i], floats = sheaf_ctx_threads(r->ctx) * 3 * n * n;
        double rate;
        if (i > 0 && floats * 4 > a_16th_of_memory()) break;
        sheaf_i_aligned_free(r->ctx, b->squares);
        SHEAF_NEW_ALIGNED(b->squares, r->ctx, floats);
        for (int64_t j = 0; j < floats; j++) b->squares[j] = 1e-3f;
        b->side = n;
        b->turns = turns[i];
        snprintf(what, sizeof what, "OpenBLAS, %d x %d x %d a thread", (int)n, (int)n, (int)n);
        SHEAF_TRY(measure(b, "sgemm", what, 0, 2. * (double)(n * n * n), "GFLOP/s", 1, &rate));
        if (rate > b->r->limits.sgemm) b->r->limits.sgemm = rate;
    }
done:
    b->turns = TURNS;
    return st;
}

static sheaf_status arithmetic(bench *b)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_limits *l = &b->r->limits;
    char what[48];
    double round = 2. * SHEAF_I_FMA_CHAINS * b->loops->lanes;
    b->block = fma_block;
    snprintf(what, sizeof what, "float, %s", b->loops->name);
    SHEAF_TRY(measure(b, "multiply-add", what, 0, round * ROUNDS, "GFLOP/s", 1, &l->fma));
    SHEAF_TRY(sheaf_i_blas_single(b->r->ctx));
    st = products(b);
done:
    return st;
}

static sheaf_status bytes(bench *b)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_limits *l = &b->r->limits;
    char what[48], room[16];
    SHEAF_TRY(sheaf_i_temporary(b->r->ctx, &b->fd));
    SHEAF_TRY(sheaf_i_write_all(b->r->ctx, b->fd, (const char *)b->b, (size_t)b->file));
    b->block = file_block;
    snprintf(what, sizeof what, "%sB in the page cache", sheaf_i_count((double)b->file, room));
    SHEAF_TRY(measure(b, "file", what, b->file / PIECE, PIECE, "GB/s", 1, &l->file));
    b->block = scan_block;
    snprintf(what, sizeof what, "%sB in memory", sheaf_i_count((double)b->large, room));
    SHEAF_TRY(measure(b, "memchr", what, b->large / PIECE, PIECE, "GB/s", 1, &l->scan));
done:
    return st;
}

static sheaf_status fill_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    bench *b = arg;
    for (int64_t i = block * (PIECE / 4); i < (block + 1) * (PIECE / 4); i++) {
        b->a[i] = 0;
        b->b[i] = 1;
        b->c[i] = 2;
    }
    return SHEAF_OK;
}

/* As the kernel knows it, 0 if it does not: sysconf was seen to report twelve times the third-level cache in a virtual
   machine. */
static int64_t cache_size(int level)
{
    static const char *const names[] = {"level", "size", "type"};
    char path[80], line[32];
    for (int index = 0; index < 8; index++) {
        int64_t size = 0;
        int found = 0;
        bool data = true;
        for (int which = 0; which < 3; which++) {
            snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, names[which]);
            FILE *f = fopen(path, "re");
            if (!f) return 0;
            if (fgets(line, sizeof line, f)) {
                if (which == 0) found = atoi(line);
                if (which == 1) size = strtoll(line, NULL, 10) << (strchr(line, 'M') ? 20 : 10);
                if (which == 2) data = *line != 'I'; /* nstruction */
            }
            fclose(f);
        }
        if (found == level && data) return size;
    }
    return 0;
}

static void cache_sizes(sheaf_i_run *r)
{
    int64_t l1 = cache_size(1), l2 = cache_size(2), l3 = cache_size(3);
    r->l1 = l1 > 0 && l1 <= PIECE ? l1 : DEFAULT_L1;
    r->l1 &= -512; /* halves are whole steps of the loops */
    r->l2 = l2 > 0 ? l2 : DEFAULT_L2;
    r->l3 = l3 > 0 ? l3 : DEFAULT_L3;
    if (r->l3 < 4 * PIECE) r->l3 = 4 * PIECE;
    if (r->l2 < PIECE) r->l2 = PIECE;
}

/* Several times the third-level cache, but no more than a 16th of the memory. */
static int64_t large_bytes(const sheaf_i_run *r)
{
    int64_t bytes = (r->o.quick ? 2 : 4) * r->l3, most = a_16th_of_memory();
    if (bytes > most) bytes = most;
    if (bytes < r->l3) bytes = r->l3;
    return bytes / PIECE * PIECE;
}

sheaf_status sheaf_i_limits_measure(sheaf_i_run *r)
{
    sheaf_status st = SHEAF_OK;
    cache_sizes(r);
    bench b = {.r = r,
               .loops = sheaf_i_loops_get(),
               .fd = -1,
               .large = large_bytes(r),
               .picks = 16 * PICKS,
               .turns = TURNS,
               .file = (int64_t)(r->o.quick ? 8 : 32) << 20};
    const int32_t threads = sheaf_ctx_threads(r->ctx);
    b.own_floats = (r->l2 > PIECE ? r->l2 : PIECE) / 4;
    b.own_floats += 32;
    if (b.file > b.large) b.file = b.large;
    SHEAF_NEW_ALIGNED(b.a, r->ctx, b.large / 4);
    SHEAF_NEW_ALIGNED(b.b, r->ctx, b.large / 4);
    SHEAF_NEW_ALIGNED(b.c, r->ctx, b.large / 4);
    SHEAF_NEW_ALIGNED(b.own, r->ctx, threads * b.own_floats);
    SHEAF_NEW(b.index, r->ctx, b.picks);
    SHEAF_NEW(b.place, r->ctx, b.picks);
    SHEAF_TRY(sheaf_i_par_for(r->ctx, NULL, b.large / PIECE, fill_block, &b));
    for (int64_t i = 0; i < threads * b.own_floats; i++) b.own[i] = 1e-3f;
    const uint64_t key = sheaf_i_rng_key(r->o.seed, SHEAF_I_RNG_BENCH, 0);
    for (int64_t i = 0; i < b.picks; i++) b.index[i] = (int32_t)(sheaf_i_rng_u64(key, (uint64_t)i) >> 33);
    SHEAF_TRY(streams(&b));
    SHEAF_TRY(gathers(&b));
    SHEAF_TRY(arithmetic(&b));
    st = bytes(&b);
done:
    if (b.fd >= 0) close(b.fd);
    sheaf_i_aligned_free(r->ctx, b.a);
    sheaf_i_aligned_free(r->ctx, b.b);
    sheaf_i_aligned_free(r->ctx, b.c);
    sheaf_i_aligned_free(r->ctx, b.own);
    sheaf_i_aligned_free(r->ctx, b.squares);
    sheaf_i_free(r->ctx, b.index);
    sheaf_i_free(r->ctx, b.place);
    return st;
}
