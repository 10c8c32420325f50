/* sheaf bench: measure, show, hold against an earlier run. */
#include <stdio.h>
#include <string.h>

#include "settings.h"

typedef struct {
    const sheaf_bench *bench;
    const sheaf_bench_comparison *comparison;
} result;

static sheaf_status write_bench(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_bench(out, ((const result *)what)->bench, o);
}

static sheaf_status write_changes(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const result *r = what;
    return sheaf_write_bench_changes(out, r->comparison, r->bench, o);
}

/* What makes the answer "no", on standard error: the table may have gone to a file. */
static int tell_failures(const settings *s, const sheaf_bench_comparison *c)
{
    int64_t n;
    int code = EXIT_DONE;
    const sheaf_bench_change *change = sheaf_bench_changes(c, &n);
    for (int64_t i = 0; i < n; i++) {
        const sheaf_bench_change *h = &change[i];
        if (h->verdict != SHEAF_BENCH_SLOWER && h->verdict != SHEAF_BENCH_WORSE) continue;
        code = EXIT_NO;
        if (s->quiet) continue;
        fprintf(stderr, "sheaf: %s%s%s (%s): ", h->name, *h->kernels ? " " : "", h->kernels, h->size);
        if (h->verdict == SHEAF_BENCH_SLOWER)
            fprintf(stderr, "%.1f %% slower, more than %.1f %%\n", 100 * h->change, 100 * s->compare.fail_above);
        else fprintf(stderr, "%s %.6g was %.6g\n", h->quality, h->new_value, h->old_value);
    }
    return code;
}

static int compare(settings *s, const sheaf_bench *bench)
{
    sheaf_bench *old = NULL;
    sheaf_bench_comparison *c = NULL;
    sheaf_status st = sheaf_bench_read(s->ctx, &old, s->compare_with);
    if (st == SHEAF_OK) st = sheaf_bench_compare(s->ctx, &c, old, bench, &s->compare);
    int code = EXIT_DONE;
    if (st == SHEAF_OK) {
        result r = {bench, c};
        code = write_result(s, s->output, write_changes, &r);
        int answer = tell_failures(s, c);
        if (!code) code = answer;
    } else {
        code = fail_status(s, st, false);
    }
    sheaf_bench_comparison_free(c);
    sheaf_bench_free(old);
    return code;
}

/* Before the work and not after it: whether there is something to compare with, and whether this machine is like that
   one. */
static int check_earlier(settings *s)
{
    sheaf_bench *old = NULL;
    if (!s->compare_with) return EXIT_DONE;
    sheaf_status st = sheaf_bench_read(s->ctx, &old, s->compare_with);
    if (st == SHEAF_OK && !s->measured) st = sheaf_bench_comparable(s->ctx, old, &s->compare);
    sheaf_bench_free(old);
    return st == SHEAF_OK ? EXIT_DONE : fail_status(s, st, false);
}

int run_bench(settings *s)
{
    sheaf_bench *bench = NULL;
    int code = check_earlier(s);
    if (code) return code;
    if (s->measured && s->inputs.n)
        return fail(EXIT_USAGE, NULL, "--measured %s takes no names: nothing is measured", s->measured);
    if (s->fit.cluster.k_most)
        return fail(EXIT_USAGE, NULL, "-k %d..%d: the bench needs one number", s->fit.cluster.k_least,
                    s->fit.cluster.k_most);
    s->bench.names = s->inputs.items;
    s->bench.n_names = s->inputs.n;
    if (s->fit.space.dims) s->bench.dims = s->fit.space.dims;
    if (s->fit.cluster.k) s->bench.k = s->fit.cluster.k;
    s->bench.seed = s->fit.cluster.seed;
    sheaf_status st =
        s->measured ? sheaf_bench_read(s->ctx, &bench, s->measured) : sheaf_bench_run(s->ctx, &bench, &s->bench);
    if (st != SHEAF_OK) return fail_status(s, st, !s->measured && !s->bench.input); /* else it is ours that failed */
    result r = {bench, NULL};
    code = s->compare_with ? compare(s, bench) : write_result(s, s->output, write_bench, &r);
    sheaf_bench_free(bench);
    return code;
}
