/* Anchors of a difference: the longest rising subsequence of the words that both sides have once, by patience sort. */
#include "near/anchors.h"

#include "base/context.h"
#include "base/mem.h"

typedef struct {
    uint32_t word;       /* + 1; 0: empty */
    uint32_t in_a, in_b; /* how often; 2 stands for more */
    int64_t a, b;
} slot;

typedef struct {
    slot *slots;
    uint64_t mask;
} word_table;

static slot *look_up(const word_table *t, uint32_t word)
{
    uint64_t i = (word * 0x9e3779b97f4a7c15u) >> 20 & t->mask;
    while (t->slots[i].word && t->slots[i].word != word + 1) i = (i + 1) & t->mask;
    return &t->slots[i];
}

static sheaf_status count_words(word_table *t, sheaf_ctx *ctx, const uint32_t *a, int64_t na, const uint32_t *b,
                                int64_t nb)
{
    sheaf_status st = SHEAF_OK;
    int64_t n = 16;
    while (n < 2 * na) n *= 2;
    t->mask = (uint64_t)n - 1;
    SHEAF_NEW0(t->slots, ctx, n);
    for (int64_t i = 0; i < na; i++) {
        slot *s = look_up(t, a[i]);
        s->word = a[i] + 1;
        s->a = i;
        if (s->in_a < 2) s->in_a++;
    }
    for (int64_t j = 0; j < nb; j++) {
        slot *s = look_up(t, b[j]);
        s->b = j;
        if (s->in_b < 2) s->in_b++;
    }
done:
    return st;
}

/* list[from[i]] stands before list[i] in the longest chain that ends there; returns the last of the longest one.
   tail[l]: of the chains of l + 1, the end with the least place in b. */
static int64_t chain(const sheaf_i_anchor *list, int64_t n, int64_t *from, int64_t *tail, int64_t *length)
{
    *length = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t low = 0, high = *length;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (list[tail[middle]].b < list[i].b) low = middle + 1;
            else high = middle;
        }
        from[i] = low ? tail[low - 1] : -1;
        tail[low] = i;
        if (low == *length) ++*length;
    }
    return *length ? tail[*length - 1] : -1;
}

sheaf_status sheaf_i_anchors(sheaf_ctx *ctx, sheaf_i_anchor **list, int64_t *n, const uint32_t *a, int64_t na,
                             const uint32_t *b, int64_t nb)
{
    sheaf_status st = SHEAF_OK;
    word_table t = {NULL, 0};
    sheaf_i_anchor *all = NULL;
    int64_t *from = NULL, *tail = NULL, found = 0;
    *list = NULL;
    *n = 0;
    SHEAF_TRY(count_words(&t, ctx, a, na, b, nb));
    SHEAF_NEW(all, ctx, na);
    SHEAF_NEW(from, ctx, na);
    SHEAF_NEW(tail, ctx, na);
    for (int64_t i = 0; i < na; i++) {
        const slot *s = look_up(&t, a[i]);
        if (s->in_a == 1 && s->in_b == 1) all[found++] = (sheaf_i_anchor){i, s->b};
    }
    int64_t last = chain(all, found, from, tail, n);
    SHEAF_NEW(*list, ctx, *n);
    for (int64_t i = *n; i > 0; last = from[last]) (*list)[--i] = all[last];
done:
    if (st != SHEAF_OK) *n = 0;
    sheaf_i_free(ctx, t.slots);
    sheaf_i_free(ctx, all);
    sheaf_i_free(ctx, from);
    sheaf_i_free(ctx, tail);
    return st;
}
