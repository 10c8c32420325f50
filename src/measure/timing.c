/* Seconds: one execution to warm up, then samples on the monotonic clock. A sample repeats what is too short to be
 * timed well; the figure is the median, the spread the distance of the quartiles, so that one disturbed sample moves
 * neither. */
#include <stdlib.h>
#include <time.h>

#include "base/context.h"
#include "measure/measure.h"

#define MOST_INNER 1000

double sheaf_i_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, int32_t n, double q)
{
    double at = q * (n - 1);
    int32_t i = (int32_t)at;
    return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

void sheaf_i_statistics(double *seconds, int32_t n, sheaf_i_times *out)
{
    qsort(seconds, (size_t)n, sizeof *seconds, rising);
    *out = (sheaf_i_times){.runs = n, .median = quantile(seconds, n, .5), .least = seconds[0], .most = seconds[n - 1]};
    if (out->median > 0) out->spread = (quantile(seconds, n, .75) - quantile(seconds, n, .25)) / out->median;
}

static sheaf_status once(const sheaf_i_timed *t, double *seconds)
{
    double start = sheaf_i_now();
    sheaf_status st = t->run(t->arg);
    *seconds = sheaf_i_now() - start;
    if (t->reset) t->reset(t->arg);
    return st;
}

sheaf_status sheaf_i_time(const sheaf_i_run *r, const sheaf_i_timed *t, sheaf_i_times *out)
{
    sheaf_status st = SHEAF_OK;
    double *seconds = NULL, warm;
    SHEAF_NEW(seconds, r->ctx, r->runs);
    SHEAF_TRY(once(t, &warm));
    int32_t inner = warm * MOST_INNER > r->sample ? (int32_t)(r->sample / warm) + 1 : MOST_INNER;
    for (int32_t i = 0; i < r->runs; i++) {
        double sum = 0, one = 0;
        for (int32_t j = 0; j < inner; j++) {
            SHEAF_TRY(once(t, &one));
            sum += one;
        }
        seconds[i] = sum / inner;
    }
    sheaf_i_statistics(seconds, r->runs, out);
done:
    sheaf_i_free(r->ctx, seconds);
    return st;
}
