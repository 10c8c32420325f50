/* Contingency table of two labellings in O(n log n), whatever the number of labels: a counting sort by class, then
   one row at a time. Both sides' labels come out in rising order, so the table does not depend on the documents'. */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/confusion.h"

static int compare(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int32_t place_of(const int32_t *sorted, int32_t n, int32_t label)
{
    int32_t lo = 0;
    while (n > 1) {
        int32_t half = n / 2;
        if (sorted[lo + half] <= label) lo += half;
        n -= half;
    }
    return lo;
}

/* The distinct labels, rising, and for every document the place of its own among them. */
static sheaf_status number(sheaf_ctx *ctx, const int32_t *label, int64_t n, int32_t **distinct, int32_t *n_distinct,
                           int32_t **place)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(*distinct, ctx, n);
    SHEAF_NEW(*place, ctx, n);
    memcpy(*distinct, label, (size_t)n * sizeof *label);
    qsort(*distinct, (size_t)n, sizeof **distinct, compare);
    int32_t m = 1;
    for (int64_t i = 1; i < n; i++)
        if ((*distinct)[i] != (*distinct)[m - 1]) (*distinct)[m++] = (*distinct)[i];
    *n_distinct = m;
    for (int64_t i = 0; i < n; i++) (*place)[i] = place_of(*distinct, m, label[i]);
done:
    return st;
}

/* Fills class_size, cluster_size and `by_class`, the clusters of the documents sorted by class. */
static void sort_by_class(sheaf_confusion *t, const int32_t *row, const int32_t *column, int64_t *at, int32_t *by_class)
{
    for (int64_t i = 0; i < t->n; i++) {
        t->class_size[row[i]]++;
        t->cluster_size[column[i]]++;
    }
    int64_t sum = 0;
    for (int32_t r = 0; r < t->classes; r++) {
        at[r] = sum;
        sum += t->class_size[r];
    }
    for (int64_t i = 0; i < t->n; i++) by_class[at[row[i]]++] = column[i];
}

/* Rows of the table from the sorted documents. */
static void count_rows(sheaf_confusion *t, int32_t *by_class)
{
    int64_t cells = 0, from = 0;
    for (int32_t r = 0; r < t->classes; r++) {
        int64_t size = t->class_size[r];
        t->start[r] = cells;
        qsort(by_class + from, (size_t)size, sizeof *by_class, compare);
        for (int64_t i = 0; i < size; i++) {
            if (i && by_class[from + i] == by_class[from + i - 1]) {
                t->count[cells - 1]++;
            } else {
                t->column[cells] = by_class[from + i];
                t->count[cells++] = 1;
            }
        }
        from += size;
    }
    t->start[t->classes] = cells;
}

sheaf_status sheaf_confusion_build(sheaf_ctx *ctx, sheaf_confusion **out, const int32_t *a, const int32_t *b, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_confusion *t = NULL;
    int32_t *row = NULL, *column = NULL, *by_class = NULL;
    int64_t *at = NULL;
    *out = NULL;
    if (n < 1) return sheaf_i_fail(ctx, SHEAF_EINVAL, "no labels to compare (n = %lld)", (long long)n);
    if (n > INT32_MAX) return sheaf_i_fail(ctx, SHEAF_EINVAL, "n = %lld labels are more than 2147483647", (long long)n);
    SHEAF_NEW0(t, ctx, 1);
    t->ctx = ctx;
    t->n = n;
    SHEAF_TRY(number(ctx, a, n, &t->class_label, &t->classes, &row));
    SHEAF_TRY(number(ctx, b, n, &t->cluster_label, &t->clusters, &column));
    SHEAF_NEW0(t->class_size, ctx, t->classes);
    SHEAF_NEW0(t->cluster_size, ctx, t->clusters);
    SHEAF_NEW(t->start, ctx, (int64_t)t->classes + 1);
    SHEAF_NEW(t->column, ctx, n);
    SHEAF_NEW(t->count, ctx, n);
    SHEAF_NEW(at, ctx, t->classes);
    SHEAF_NEW(by_class, ctx, n);
    sort_by_class(t, row, column, at, by_class);
    count_rows(t, by_class);
    *out = t;
    t = NULL;
done:
    sheaf_i_free(ctx, row);
    sheaf_i_free(ctx, column);
    sheaf_i_free(ctx, at);
    sheaf_i_free(ctx, by_class);
    sheaf_confusion_free(t);
    return st;
}

void sheaf_confusion_free(sheaf_confusion *t)
{
    if (!t) return;
    sheaf_ctx *ctx = t->ctx;
    sheaf_i_free(ctx, t->class_label);
    sheaf_i_free(ctx, t->cluster_label);
    sheaf_i_free(ctx, t->class_size);
    sheaf_i_free(ctx, t->cluster_size);
    sheaf_i_free(ctx, t->start);
    sheaf_i_free(ctx, t->column);
    sheaf_i_free(ctx, t->count);
    sheaf_i_free(ctx, t);
}

const int32_t *sheaf_confusion_classes(const sheaf_confusion *t, int32_t *n)
{
    *n = t->classes;
    return t->class_label;
}

const int32_t *sheaf_confusion_clusters(const sheaf_confusion *t, int32_t *n)
{
    *n = t->clusters;
    return t->cluster_label;
}

int64_t sheaf_confusion_class_size(const sheaf_confusion *t, int32_t row) { return t->class_size[row]; }
int64_t sheaf_confusion_cluster_size(const sheaf_confusion *t, int32_t column) { return t->cluster_size[column]; }

int64_t sheaf_confusion_count(const sheaf_confusion *t, int32_t row, int32_t column)
{
    int64_t lo = t->start[row], hi = t->start[row + 1];
    if (lo == hi) return 0;
    int64_t at = lo + place_of(t->column + lo, (int32_t)(hi - lo), column);
    return t->column[at] == column ? t->count[at] : 0;
}
