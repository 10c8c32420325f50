/* The n best partners of many rows; see best.h. The cut is Hoare's selection on distinct keys. */
#include "near/best.h"

#include <stdlib.h>

#include "base/context.h"

#define SPARE 22 /* places beyond n, at least: a cut is paid for by as many insertions */
#define SHORT 32 /* keys up to which inserting sorts fastest */

sheaf_status sheaf_i_best_new(sheaf_i_best *b, sheaf_ctx *ctx, int64_t rows, int32_t n)
{
    sheaf_status st = SHEAF_OK;
    *b = (sheaf_i_best){.rows = rows, .n = n, .room = n + (n > SPARE ? n : SPARE)};
    SHEAF_NEW0(b->least, ctx, rows);
    SHEAF_NEW0(b->used, ctx, rows);
    if (rows && b->room > INT64_MAX / 8 / rows) return sheaf_i_fail(ctx, SHEAF_ENOMEM, "out of memory");
    SHEAF_NEW_ALIGNED(b->key, ctx, rows * b->room);
done:
    return st;
}

void sheaf_i_best_end(sheaf_i_best *b, sheaf_ctx *ctx)
{
    sheaf_i_free(ctx, b->least);
    sheaf_i_free(ctx, b->used);
    sheaf_i_aligned_free(ctx, b->key);
    *b = (sheaf_i_best){0};
}

static inline void swap(uint64_t *a, uint64_t *b)
{
    uint64_t t = *a;
    *a = *b;
    *b = t;
}

void sheaf_i_best_select(uint64_t *key, int32_t used, int32_t n)
{
    int32_t lo = 0, hi = used - 1, want = n - 1;
    while (lo < hi) {
        const int32_t middle = lo + (hi - lo) / 2;
        if (key[middle] > key[lo]) swap(&key[middle], &key[lo]);
        if (key[hi] > key[lo]) swap(&key[hi], &key[lo]);
        if (key[hi] > key[middle]) swap(&key[hi], &key[middle]);
        const uint64_t pivot = key[middle];
        int32_t i = lo, j = hi;
        while (i <= j) {
            while (key[i] > pivot) i++;
            while (key[j] < pivot) j--;
            if (i <= j) swap(&key[i++], &key[j--]);
        }
        if (want <= j) hi = j;
        else if (want >= i) lo = i;
        else return;
    }
}

void sheaf_i_best_cut(sheaf_i_best *b, int64_t row)
{
    uint64_t *key = b->key + row * b->room;
    if (b->used[row] < b->n) return;
    sheaf_i_best_select(key, b->used[row], b->n);
    b->used[row] = b->n;
    b->least[row] = key[b->n - 1];
}

static int falling(const void *pa, const void *pb)
{
    const uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return (a < b) - (a > b);
}

static void sort(uint64_t *key, int32_t n)
{
    if (n > SHORT) {
        qsort(key, (size_t)n, sizeof *key, falling);
        return;
    }
    for (int32_t i = 1; i < n; i++) {
        const uint64_t one = key[i];
        int32_t j = i;
        for (; j > 0 && key[j - 1] < one; j--) key[j] = key[j - 1];
        key[j] = one;
    }
}

void sheaf_i_best_hits(sheaf_i_best *b, int64_t row, sheaf_hit *hits)
{
    sheaf_i_best_cut(b, row);
    const int32_t used = b->used[row];
    uint64_t *key = b->key + row * b->room;
    sort(key, used);
    for (int32_t i = 0; i < b->n; i++)
        hits[i] = i < used ? (sheaf_hit){(uint32_t)~(uint32_t)key[i], sheaf_i_best_score((uint32_t)(key[i] >> 32))}
                           : (sheaf_hit){-1, 0};
}

void sheaf_i_best_fill(sheaf_hit *hits, int64_t rows, int32_t have, int32_t wanted)
{
    for (int64_t row = rows - 1; row >= 0 && have < wanted; row--)
        for (int32_t i = wanted - 1; i >= 0; i--)
            hits[row * wanted + i] = i < have ? hits[row * have + i] : (sheaf_hit){-1, 0};
}
