/* Expected mutual information of two random labellings with given sizes (Vinh, Epps, Bailey 2010, formula 24a):
 *   sum over i, j, m of P(m) (m / n) ln(n m / (a_i b_j)),  P hypergeometric with parameters n, a_i, b_j.
 * The weights P are walked from their mode by the ratio of neighbours,
 *   P(m + 1) / P(m) = (a - m)(b - m) / ((m + 1)(n - a - b + m + 1)),
 * and divided by their sum, so that no log-gamma is needed and only the terms that matter are visited. Equal sizes
 * are taken together: at most sqrt(2 n) different ones exist, which bounds the work also for n clusters of one.
 */
#include <math.h>
#include <stdlib.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/confusion.h"

/* A weight this far below the mode's ends the walk: what follows sums to less than n times as much. */
#define NEGLIGIBLE 1e-24

typedef struct {
    int64_t size, times;
} repeated;

static int compare(const void *a, const void *b)
{
    int64_t x = ((const repeated *)a)->size, y = ((const repeated *)b)->size;
    return (x > y) - (x < y);
}

static sheaf_status gather(sheaf_ctx *ctx, repeated **out, int32_t *n_out, const int64_t *size, int32_t n)
{
    sheaf_status st = SHEAF_OK;
    repeated *r = NULL;
    SHEAF_NEW(r, ctx, n);
    for (int32_t i = 0; i < n; i++) r[i] = (repeated){size[i], 1};
    qsort(r, (size_t)n, sizeof *r, compare);
    int32_t m = 0;
    for (int32_t i = 1; i < n; i++) {
        if (r[i].size == r[m].size) r[m].times++;
        else r[++m] = r[i];
    }
    *n_out = m + 1;
    *out = r;
done:
    return st;
}

/* The inner sum for one pair of sizes. */
static double expected_of_pair(double n, double a, double b)
{
    double least = a + b - n > 0 ? a + b - n : 0, most = a < b ? a : b;
    double mode = floor((a + 1) * (b + 1) / (n + 2));
    if (mode < least) mode = least;
    if (mode > most) mode = most;
    double log_scale = log(n) - log(a) - log(b), weights = 0, sum = 0, w = 1;
    for (double m = mode; m <= most && w > NEGLIGIBLE; m++) {
        weights += w;
        if (m > 0) sum += w * (m / n) * (log(m) + log_scale);
        w *= (a - m) * (b - m) / ((m + 1) * (n - a - b + m + 1));
    }
    w = 1;
    for (double m = mode; m > least && w > NEGLIGIBLE;) {
        w *= m * (n - a - b + m) / ((a - m + 1) * (b - m + 1));
        m--;
        weights += w;
        if (m > 0) sum += w * (m / n) * (log(m) + log_scale);
    }
    return sum / weights;
}

sheaf_status sheaf_i_expected_information(sheaf_ctx *ctx, double *out, const sheaf_confusion *t)
{
    sheaf_status st = SHEAF_OK;
    repeated *a = NULL, *b = NULL;
    int32_t n_a, n_b;
    double sum = 0;
    SHEAF_TRY(gather(ctx, &a, &n_a, t->class_size, t->classes));
    SHEAF_TRY(gather(ctx, &b, &n_b, t->cluster_size, t->clusters));
    for (int32_t i = 0; i < n_a; i++)
        for (int32_t j = 0; j < n_b; j++)
            sum += (double)a[i].times * (double)b[j].times *
                   expected_of_pair((double)t->n, (double)a[i].size, (double)b[j].size);
    *out = sum;
done:
    sheaf_i_free(ctx, a);
    sheaf_i_free(ctx, b);
    return st;
}
