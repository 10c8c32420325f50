/* What the parts of the bench share: a run under way, how something is timed, and how it becomes a row.
 *
 * A case verifies what it is about to time against a plain twin or an oracle (a failure ends the run as SHEAF_EBUG), is
 * called once to warm up, then timed at least SHEAF_I_RUNS times on the monotonic clock. Where it is held against a
 * limit it says what it moves and computes; the limits were measured before, in the same run.
 */
#ifndef SHEAF_MEASURE_MEASURE_H
#define SHEAF_MEASURE_MEASURE_H

#include "base/mem.h"
#include "kernel/kernel.h"

#define SHEAF_I_RUNS 7
#define SHEAF_I_LINE 64  /* bytes of a cache line */
#define SHEAF_I_SHORT 64 /* room for a size */

typedef enum { SHEAF_I_L1, SHEAF_I_L2, SHEAF_I_L3, SHEAF_I_MEMORY, SHEAF_I_LEVELS } sheaf_i_level;

/* Of the machine, on all threads, per second. */
typedef struct {
    double triad, read[SHEAF_I_LEVELS]; /* bytes */
    double gather[SHEAF_I_LEVELS][2];   /* lines, of 64-byte rows and of 128-byte rows */
    double sgemm, fma;                  /* flops */
    double file, scan;                  /* bytes: of the page cache, of memchr */
} sheaf_i_limits;

/* What one execution does, for its bound. Zeros: nothing of the kind. */
typedef struct {
    double bytes, footprint;      /* streamed; size of the arrays, which says from where they come */
    double lines[SHEAF_I_LEVELS]; /* gathered, by where they lie */
    int32_t row_lines;            /* lines of a gathered row: 1, 2 or more */
    double flops;
    bool in_double;    /* half as many a second */
    double file, text; /* bytes read from a file; bytes of text looked at */
} sheaf_i_work;

typedef struct {
    int32_t runs;
    double median, least, most, spread; /* seconds; spread: distance of the quartiles over the median */
} sheaf_i_times;

typedef struct {
    const char *name;      /* "" : none */
    double value, allowed; /* allowed: what verification asked for; 0: nothing */
} sheaf_i_quality;

typedef struct {
    sheaf_bench_kind kind;
    const char *name, *kernels;
    char size[SHEAF_I_SHORT];
    sheaf_i_times times;
    sheaf_i_work work;
    double amount; /* in units of `unit` times a second */
    const char *unit;
    sheaf_i_quality quality;
    bool verified;
} sheaf_i_measured;

struct sheaf_bench {
    sheaf_ctx *ctx;
    sheaf_bench_row *rows;
    int64_t n, room;
    char *machine;       /* "key: value" lines */
    sheaf_i_arena texts; /* what the rows point to */
};

/* Inputs that several cases share (stages.h); made when first asked for. */
typedef struct sheaf_i_stages sheaf_i_stages;

typedef struct {
    sheaf_ctx *user;         /* the caller's: progress, messages */
    sheaf_ctx *ctx, *single; /* without progress and notes; with one thread */
    sheaf_bench *out;
    sheaf_bench_opts o;
    int32_t runs;
    double sample;      /* least seconds of a sample */
    int64_t l1, l2, l3; /* bytes of the caches: of a core, of a core, of all */
    sheaf_i_limits limits;
    sheaf_i_stages *stages;
} sheaf_i_run;

/* ---- timing.c */
typedef struct {
    sheaf_status (*run)(void *arg); /* timed */
    void (*reset)(void *arg);       /* after each execution, not timed; NULL: nothing */
    void *arg;
} sheaf_i_timed;
double sheaf_i_now(void);
sheaf_status sheaf_i_time(const sheaf_i_run *r, const sheaf_i_timed *t, sheaf_i_times *out);
/* Sorts `seconds`. */
void sheaf_i_statistics(double *seconds, int32_t n, sheaf_i_times *out);

/* ---- row.c */
/* Fails with SHEAF_EBUG unless the quality keeps to what is allowed. */
sheaf_status sheaf_i_verify(sheaf_i_run *r, sheaf_i_measured *m);
/* Bound and share from the work and the limits, then the row. */
sheaf_status sheaf_i_report(sheaf_i_run *r, const sheaf_i_measured *m);
/* A number for people: 980, 36k, 5.4M. */
const char *sheaf_i_count(double n, char room[16]);
/* Adds the lines that gathering rows of `row_bytes` touches, the j-th of them count[j] times: those asked for most lie
   nearest to the core, as far as they fit. Destroys count. */
void sheaf_i_add_gathers(const sheaf_i_run *r, sheaf_i_work *w, int64_t *count, int64_t n, double row_bytes);

/* ---- bench.c */
sheaf_status sheaf_i_bench_new(sheaf_ctx *ctx, sheaf_bench **out);
/* What sheaf_describe tells of ctx, processor and third-level cache: lines that `owner` frees. */
sheaf_status sheaf_i_bench_machine(sheaf_ctx *ctx, sheaf_ctx *owner, int64_t l3, char **out);

/* ---- limits.c */
sheaf_status sheaf_i_limits_measure(sheaf_i_run *r);

/* ---- cases: one execution each of what `sheaf bench NAME` names; kernels NULL for stages */
typedef sheaf_status sheaf_i_case_fn(sheaf_i_run *r, const sheaf_i_kernels *kernels);
sheaf_i_case_fn sheaf_i_case_spmm, sheaf_i_case_spmm_coded;                                   /* sparse.c, coded.c */
sheaf_i_case_fn sheaf_i_case_gram, sheaf_i_case_gram64, sheaf_i_case_update;                  /* tall.c */
sheaf_i_case_fn sheaf_i_case_assign, sheaf_i_case_dots;                                       /* nearest.c */
sheaf_i_case_fn sheaf_i_case_coarse;                                                          /* bytes.c */
sheaf_i_case_fn sheaf_i_case_sift, sheaf_i_case_panel_best;                                   /* pruning.c */
sheaf_i_case_fn sheaf_i_case_rivals, sheaf_i_case_above;                                      /* rivals.c */
sheaf_i_case_fn sheaf_i_case_scan;                                                            /* scan.c */
sheaf_i_case_fn sheaf_i_case_gains, sheaf_i_case_gain_each;                                   /* gains.c */
sheaf_i_case_fn sheaf_i_case_gain_sum, sheaf_i_case_gain_pairs;                               /* gains.c */
sheaf_i_case_fn sheaf_i_case_read, sheaf_i_case_utf8, sheaf_i_case_words, sheaf_i_case_terms; /* text.c */
sheaf_i_case_fn sheaf_i_case_weigh;                                                           /* text.c */
sheaf_i_case_fn sheaf_i_case_transpose, sheaf_i_case_product, sheaf_i_case_svd;               /* space.c */
sheaf_i_case_fn sheaf_i_case_seeding, sheaf_i_case_iterations, sheaf_i_case_kmeans, sheaf_i_case_naming; /* cluster.c */
sheaf_i_case_fn sheaf_i_case_refine;                                                                     /* refine.c */
sheaf_i_case_fn sheaf_i_case_job;                                                                        /* job.c */

#endif
