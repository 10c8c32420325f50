/* Strings in order of their bytes: a radix sort from the first byte on over prefixes of eight, which stand beside each
 * other, so that the strings themselves are looked at only where prefixes are equal. The first two bytes split
 * the work into parts for the threads.
 */
#include "text/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"

#define STRINGS_PER_BLOCK 8192
#define AHEAD 16 /* strings may lie all over the place */
#define BUCKETS 65536
#define BUCKETS_PER_BLOCK 256
#define FEW 8192  /* as many are one part */
#define SMALL 24  /* as many are sorted by insertion */

typedef struct {
    sheaf_i_ordered *s, *other;
    int64_t n;
    uint32_t *at; /* where each bucket begins, and the end */
} sorting;

static int compare(const void *pa, const void *pb)
{
    const sheaf_i_ordered *a = pa, *b = pb;
    if (a->prefix != b->prefix) return a->prefix < b->prefix ? -1 : 1;
    int order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

static void insert(sheaf_i_ordered *s, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        sheaf_i_ordered x = s[i];
        int64_t j = i;
        for (; j > 0 && compare(&x, &s[j - 1]) < 0; j--) s[j] = s[j - 1];
        s[j] = x;
    }
}

/* s[0 .. n), whose prefixes agree in the bytes before `byte`, with as much room in `other`. */
static void sort_from(sheaf_i_ordered *s, sheaf_i_ordered *other, int64_t n, int byte)
{
    if (n <= SMALL) {
        insert(s, n);
        return;
    }
    if (byte == 8) {
        qsort(s, (size_t)n, sizeof *s, compare);
        return;
    }
    int shift = 56 - 8 * byte;
    uint32_t at[257] = {0};
    for (int64_t i = 0; i < n; i++) at[(s[i].prefix >> shift & 255) + 1]++;
    for (int b = 0; b < 256; b++) at[b + 1] += at[b];
    uint32_t next[256];
    memcpy(next, at, sizeof next);
    for (int64_t i = 0; i < n; i++) other[next[s[i].prefix >> shift & 255]++] = s[i];
    memcpy(s, other, (size_t)n * sizeof *s);
    for (int b = 0; b < 256; b++)
        if (at[b + 1] - at[b] > 1) sort_from(s + at[b], other + at[b], at[b + 1] - at[b], byte + 1);
}

static sheaf_status set_prefixes(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sorting *q = arg;
    int64_t lo, hi;
    sheaf_i_range(q->n, STRINGS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        if (i + AHEAD < hi) __builtin_prefetch(q->s[i + AHEAD].p);
        uint64_t prefix = 0;
        uint32_t n = q->s[i].n < 8 ? q->s[i].n : 8;
        for (uint32_t j = 0; j < n; j++) prefix |= (uint64_t)(uint8_t)q->s[i].p[j] << (56 - 8 * j);
        q->s[i].prefix = prefix;
    }
    return SHEAF_OK;
}

static sheaf_status sort_buckets(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sorting *q = arg;
    for (int64_t b = block * BUCKETS_PER_BLOCK; b < (block + 1) * BUCKETS_PER_BLOCK; b++) {
        uint32_t first = q->at[b], n = q->at[b + 1] - first;
        memcpy(q->s + first, q->other + first, n * sizeof *q->s);
        sort_from(q->s + first, q->other + first, n, 2);
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_order_bytes(sheaf_ctx *ctx, sheaf_i_ordered *s, sheaf_i_ordered *room, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sorting q = {.s = s, .other = room, .n = n};
    uint32_t *next = NULL;
    if (n >= UINT32_MAX) return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld strings are too many", (long long)n);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, sheaf_i_blocks(n, STRINGS_PER_BLOCK), set_prefixes, &q));
    if (n <= FEW) {
        sort_from(s, q.other, n, 0);
        goto done;
    }
    SHEAF_NEW0(q.at, ctx, BUCKETS + 1);
    SHEAF_NEW(next, ctx, BUCKETS);
    for (int64_t i = 0; i < n; i++) q.at[(s[i].prefix >> 48) + 1]++;
    for (int32_t b = 0; b < BUCKETS; b++) {
        next[b] = q.at[b];
        q.at[b + 1] += q.at[b];
    }
    for (int64_t i = 0; i < n; i++) q.other[next[s[i].prefix >> 48]++] = s[i];
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, BUCKETS / BUCKETS_PER_BLOCK, sort_buckets, &q));
done:
    sheaf_i_free(ctx, q.at);
    sheaf_i_free(ctx, next);
    return st;
}
