/* The best few of many: a heap with the worst of them at its root. */
#include "topic/top.h"

static bool better(sheaf_i_ranked a, sheaf_i_ranked b) { return a.key != b.key ? a.key > b.key : a.id < b.id; }

/* Puts x at the root of a heap of n and lets it sink below all that are worse. */
static void sink(sheaf_i_ranked *top, int32_t n, sheaf_i_ranked x)
{
    int32_t at = 0;
    for (int32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && better(top[child], top[child + 1])) child++;
        if (better(top[child], x)) break;
        top[at] = top[child];
    }
    top[at] = x;
}

void sheaf_i_top_offer(sheaf_i_ranked *top, int32_t *n, int32_t room, double key, int64_t id)
{
    sheaf_i_ranked x = {key, id};
    if (*n == room) {
        if (room > 0 && better(x, top[0])) sink(top, *n, x);
        return;
    }
    int32_t at = (*n)++;
    while (at > 0 && better(top[(at - 1) / 2], x)) {
        top[at] = top[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    top[at] = x;
}

void sheaf_i_top_sort(sheaf_i_ranked *top, int32_t n)
{
    while (n > 1) {
        sheaf_i_ranked worst = top[0];
        n--;
        sink(top, n, top[n]);
        top[n] = worst;
    }
}
