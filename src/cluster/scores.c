/* Agreement of two labellings: definitions and limit cases as in scikit-learn (metrics/cluster), natural logarithms.
   Adjusted Rand index: Hubert and Arabie 1985; adjusted mutual information: Vinh, Epps, Bailey 2010, arithmetic mean;
   homogeneity, completeness, V: Rosenberg and Hirschberg 2007. */
#include <float.h>
#include <math.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/confusion.h"

static double entropy(const int64_t *size, int32_t k, double n)
{
    double h = 0;
    for (int32_t t = 0; t < k; t++) h -= (double)size[t] / n * (log((double)size[t]) - log(n));
    return k == 1 ? 0 : h;
}

static double mutual_information(const sheaf_confusion *t)
{
    if (t->classes == 1 || t->clusters == 1) return 0;
    double n = (double)t->n, sum = 0;
    for (int32_t r = 0; r < t->classes; r++)
        for (int64_t i = t->start[r]; i < t->start[r + 1]; i++) {
            double m = (double)t->count[i], a = (double)t->class_size[r], b = (double)t->cluster_size[t->column[i]];
            double part = m / n * (log(m) - log(n)) + m / n * (2 * log(n) - log(a * b));
            if (fabs(part) >= DBL_EPSILON) sum += part;
        }
    return sum > 0 ? sum : 0;
}

/* The number of pairs of documents is below 2^62: the counts are exact, their products are rounded once. */
static double adjusted_rand(const sheaf_confusion *t)
{
    int64_t squares = 0, rows = 0, columns = 0, n = t->n;
    for (int64_t i = 0; i < t->start[t->classes]; i++) squares += t->count[i] * t->count[i];
    for (int32_t r = 0; r < t->classes; r++) rows += t->class_size[r] * t->class_size[r];
    for (int32_t c = 0; c < t->clusters; c++) columns += t->cluster_size[c] * t->cluster_size[c];
    double tp = (double)(squares - n), fp = (double)(columns - squares), fn = (double)(rows - squares);
    double tn = (double)(n * n - rows - columns + squares);
    if (fp == 0 && fn == 0) return 1;
    return 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn));
}

/* Away from zero by at least the rounding unit, so that a limit of 0/0 comes out as 1. */
static double apart(double x) { return x < 0 ? fmin(x, -DBL_EPSILON) : fmax(x, DBL_EPSILON); }

static double purity(const sheaf_confusion *t, int64_t *most)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < t->start[t->classes]; i++)
        if (t->count[i] > most[t->column[i]]) most[t->column[i]] = t->count[i];
    for (int32_t c = 0; c < t->clusters; c++) sum += most[c];
    return (double)sum / (double)t->n;
}

static void information_scores(sheaf_scores *s, const sheaf_confusion *t, double expected)
{
    bool one_class = t->classes == 1, one_cluster = t->clusters == 1;
    double n = (double)t->n, mi = mutual_information(t);
    double h_class = entropy(t->class_size, t->classes, n), h_cluster = entropy(t->cluster_size, t->clusters, n);
    double mean = (h_class + h_cluster) / 2;
    bool same = t->start[t->classes] == t->classes && t->classes == t->clusters; /* one cell a row and a column */
    if (same) s->ami = 1;
    else if (one_class || one_cluster) s->ami = 0;
    else s->ami = apart(mi - expected) / apart(mean - expected);
    s->nmi = one_class && one_cluster ? 1 : mi == 0 ? 0 : mi / mean;
    s->homogeneity = h_class > 0 ? mi / h_class : 1;
    s->completeness = h_cluster > 0 ? mi / h_cluster : 1;
    double both = s->homogeneity + s->completeness;
    s->v = both > 0 ? 2 * s->homogeneity * s->completeness / both : 0;
}

sheaf_status sheaf_confusion_scores(const sheaf_confusion *t, sheaf_scores *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = t->ctx;
    int64_t *most = NULL;
    double expected = 0;
    *out = (sheaf_scores){.n = t->n, .classes = t->classes, .clusters = t->clusters};
    SHEAF_NEW0(most, ctx, t->clusters);
    SHEAF_TRY(sheaf_i_expected_information(ctx, &expected, t));
    out->purity = purity(t, most);
    out->ari = adjusted_rand(t);
    information_scores(out, t, expected);
done:
    sheaf_i_free(ctx, most);
    return st;
}

sheaf_status sheaf_scores_compute(sheaf_ctx *ctx, sheaf_scores *out, const int32_t *a, const int32_t *b, int64_t n)
{
    sheaf_confusion *t = NULL;
    *out = (sheaf_scores){0};
    sheaf_status st = sheaf_confusion_build(ctx, &t, a, b, n);
    if (st == SHEAF_OK) st = sheaf_confusion_scores(t, out);
    sheaf_confusion_free(t);
    return st;
}
