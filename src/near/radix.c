/* Stable sort by a 64-bit key; see radix.h. */
#include "near/radix.h"

#include <string.h>

#include "base/mem.h"

#define SMALL 48 /* entries: below, inserting is as fast and needs no room */

static void insert_all(sheaf_i_keyed *e, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const sheaf_i_keyed x = e[i];
        int64_t j = i;
        for (; j > 0 && e[j - 1].key > x.key; j--) e[j] = e[j - 1];
        e[j] = x;
    }
}

static void pass(const sheaf_i_keyed *from, sheaf_i_keyed *to, int64_t n, int shift)
{
    int64_t at[256] = {0}, sum = 0;
    for (int64_t i = 0; i < n; i++) at[from[i].key >> shift & 0xFF]++;
    for (int v = 0; v < 256; v++) {
        const int64_t count = at[v];
        at[v] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) to[at[from[i].key >> shift & 0xFF]++] = from[i];
}

sheaf_status sheaf_i_sort_keyed(sheaf_ctx *ctx, sheaf_i_keyed *e, int64_t n)
{
    uint64_t differs = 0;
    if (n < SMALL) {
        insert_all(e, n);
        return SHEAF_OK;
    }
    for (int64_t i = 1; i < n; i++) differs |= e[i].key ^ e[0].key;
    if (!differs) return SHEAF_OK;
    sheaf_i_keyed *room = sheaf_i_array(ctx, n, sizeof *room), *from = e, *to = room;
    if (!room) return SHEAF_ENOMEM;
    for (int shift = 0; shift < 64; shift += 8) {
        if (!(differs >> shift & 0xFF)) continue;
        pass(from, to, n, shift);
        sheaf_i_keyed *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != e) memcpy(e, from, (size_t)n * sizeof *e);
    sheaf_i_free(ctx, room);
    return SHEAF_OK;
}
