/* Difference of two documents by words.
 *
 * Myers, "An O(ND) difference algorithm and its variations" (1986), in linear space: from both ends of a box of the
 * edit grid the furthest points that d edits reach are followed along diagonals x - y; where the two fronts meet, a
 * shortest script passes, and the box falls in two. Work grows with the square of the number of edits, so a box is
 * given up after `limit` steps from either end: scripts of up to 2 * limit edits are shortest ones. In a box that was
 * given up, words that both sides have exactly once there are looked up, and the longest chain of them in the same
 * order stays (patience diff, B. Cohen); between them, and where there are none, the search goes on with a small limit,
 * cutting the box at the furthest point that either front has reached. What is left of a box is looked through for such
 * words again only once it has halved. The script is right in every case, and time is bounded by (na + nb) * limit, and
 * of what was given up by (na + nb) * SMALL_LIMIT, at most MAX_DEPTH + 1 times: each diagonal of a front costs at most
 * its way, and the point where a box is cut is as far as the longest of them.
 */
#include "near/diff.h"

#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "near/anchors.h"
#include "near/pair_words.h"

#define SMALL_LIMIT 256
#define MAX_DEPTH 6 /* of anchors between anchors */

typedef struct {
    int64_t a0, a1, b0, b1; /* words a0 .. a1 - 1 of a and b0 .. b1 - 1 of b */
} box;

typedef struct {
    sheaf_ctx *ctx;
    const uint32_t *a, *b;
    int32_t *forward, *backward; /* by diagonal x - y, from -nb - 1 to na + 1: the furthest x reached */
    uint8_t *same_a, *same_b;
} differ;

typedef enum { MET, AHEAD, BACK } outcome; /* where a box is cut: the fronts met, or the furthest point of one */

static void keep(differ *d, int64_t x, int64_t y, int64_t n)
{
    memset(d->same_a + x, 1, (size_t)n);
    memset(d->same_b + y, 1, (size_t)n);
}

/* A front has every second diagonal from low to high. */
typedef struct {
    int64_t low, high;
} front;

/* Widens a front by one diagonal on each side, or narrows it at a border; behind its ends stands what loses against
   every neighbour. */
static void widen(front *f, int32_t *reach, int64_t least, int64_t most, int32_t loses)
{
    if (f->low > least) reach[--f->low - 1] = loses;
    else f->low++;
    if (f->high < most) reach[++f->high + 1] = loses;
    else f->high--;
}

/* One step of the front from (a0, b0); true where it meets the other one, in *x, *y. */
static bool advance(const differ *d, const box *r, front *own, const front *other, bool meets, int64_t *x, int64_t *y)
{
    int32_t *reach = d->forward;
    widen(own, reach, r->a0 - r->b1, r->a1 - r->b0, -1);
    for (int64_t k = own->high; k >= own->low; k -= 2) {
        int64_t i = reach[k - 1] < reach[k + 1] ? reach[k + 1] : reach[k - 1] + 1, j = i - k;
        while (i < r->a1 && j < r->b1 && d->a[i] == d->b[j]) i++, j++;
        reach[k] = (int32_t)i;
        if (!meets || k < other->low || k > other->high || d->backward[k] > i) continue;
        *x = i;
        *y = j;
        return true;
    }
    return false;
}

/* The same from (a1, b1). */
static bool retreat(const differ *d, const box *r, front *own, const front *other, bool meets, int64_t *x, int64_t *y)
{
    int32_t *reach = d->backward;
    widen(own, reach, r->a0 - r->b1, r->a1 - r->b0, INT32_MAX);
    for (int64_t k = own->high; k >= own->low; k -= 2) {
        int64_t i = reach[k - 1] < reach[k + 1] ? reach[k - 1] : (int64_t)reach[k + 1] - 1, j = i - k;
        while (i > r->a0 && j > r->b0 && d->a[i - 1] == d->b[j - 1]) i--, j--;
        reach[k] = (int32_t)i;
        if (!meets || k < other->low || k > other->high || d->forward[k] < i) continue;
        *x = i;
        *y = j;
        return true;
    }
    return false;
}

/* The point with the greatest x + y that the forward front has reached; it may look over the border by one. Returns its
   way from the beginning. */
static int64_t furthest_ahead(const differ *d, const box *r, const front *ahead, int64_t *x, int64_t *y)
{
    int64_t best = -1;
    for (int64_t k = ahead->low; k <= ahead->high; k += 2) {
        int64_t i = d->forward[k] < r->a1 ? d->forward[k] : r->a1;
        if (i - k > r->b1) i = r->b1 + k;
        if (2 * i - k <= best) continue;
        best = 2 * i - k;
        *x = i;
        *y = i - k;
    }
    return best - r->a0 - r->b0;
}

/* The same with the least x + y of the backward front. */
static int64_t furthest_back(const differ *d, const box *r, const front *back, int64_t *x, int64_t *y)
{
    int64_t best = INT64_MAX;
    for (int64_t k = back->low; k <= back->high; k += 2) {
        int64_t i = d->backward[k] > r->a0 ? d->backward[k] : r->a0;
        if (i - k < r->b0) i = r->b0 + k;
        if (2 * i - k >= best) continue;
        best = 2 * i - k;
        *x = i;
        *y = i - k;
    }
    return r->a1 + r->b1 - best;
}

/* Where a shortest script of the box passes, in *x, *y; after `limit` steps the furthest point reached. */
static outcome split(const differ *d, const box *r, int64_t limit, int64_t *x, int64_t *y)
{
    const int64_t begin = r->a0 - r->b0, end = r->a1 - r->b1;
    const bool odd = (begin - end) & 1; /* the edits are: the fronts meet while the forward one moves */
    front ahead = {begin, begin}, back = {end, end};
    int64_t back_x = r->a1, back_y = r->b1;
    d->forward[begin] = (int32_t)r->a0;
    d->backward[end] = (int32_t)r->a1;
    for (int64_t step = 0; step < limit; step++) {
        if (advance(d, r, &ahead, &back, odd, x, y)) return MET;
        if (retreat(d, r, &back, &ahead, !odd, x, y)) return MET;
    }
    if (furthest_ahead(d, r, &ahead, x, y) >= furthest_back(d, r, &back, &back_x, &back_y)) return AHEAD;
    *x = back_x;
    *y = back_y;
    return BACK;
}

/* Takes off what is the same at both ends; true if something is left on both sides. */
static bool trim(differ *d, box *r)
{
    int64_t n = 0;
    while (r->a0 + n < r->a1 && r->b0 + n < r->b1 && d->a[r->a0 + n] == d->b[r->b0 + n]) n++;
    keep(d, r->a0, r->b0, n);
    r->a0 += n;
    r->b0 += n;
    for (n = 0; r->a1 - n > r->a0 && r->b1 - n > r->b0 && d->a[r->a1 - n - 1] == d->b[r->b1 - n - 1];) n++;
    r->a1 -= n;
    r->b1 -= n;
    keep(d, r->a1, r->b1, n);
    return r->a0 < r->a1 && r->b0 < r->b1;
}

static sheaf_status solve(differ *d, box r, int64_t limit, int depth);

/* The box between anchors; *found is false where there are none. */
static sheaf_status solve_between(differ *d, const box *r, int depth, bool *found)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_anchor *anchor = NULL;
    int64_t n = 0;
    box gap = *r;
    SHEAF_TRY(sheaf_i_anchors(d->ctx, &anchor, &n, d->a + r->a0, r->a1 - r->a0, d->b + r->b0, r->b1 - r->b0));
    *found = n > 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t x = r->a0 + anchor[i].a, y = r->b0 + anchor[i].b;
        gap.a1 = x;
        gap.b1 = y;
        SHEAF_TRY(solve(d, gap, SMALL_LIMIT, depth + 1));
        keep(d, x, y, 1);
        gap = (box){x + 1, r->a1, y + 1, r->b1};
    }
    if (n) SHEAF_TRY(solve(d, gap, SMALL_LIMIT, depth + 1));
done:
    sheaf_i_free(d->ctx, anchor);
    return st;
}

static sheaf_status solve(differ *d, box r, int64_t limit, int depth)
{
    sheaf_status st = SHEAF_OK;
    int64_t tried = INT64_MAX; /* words of the box when it was last looked through for anchors */
    while (trim(d, &r)) {
        int64_t x = r.a0, y = r.b0;
        const outcome cut = split(d, &r, limit, &x, &y);
        if (cut != MET) {
            const int64_t words = r.a1 - r.a0 + r.b1 - r.b0;
            bool found = false;
            if (depth < MAX_DEPTH && words <= tried / 2) {
                SHEAF_TRY(solve_between(d, &r, depth, &found));
                tried = words;
            }
            if (found) break;
            if (limit > SMALL_LIMIT) limit = SMALL_LIMIT;
        }
        const box before = {r.a0, x, r.b0, y}, behind = {x, r.a1, y, r.b1};
        SHEAF_TRY(solve(d, cut == BACK ? behind : before, limit, depth));
        r = cut == BACK ? before : behind;
    }
done:
    return st;
}

sheaf_status sheaf_i_diff(sheaf_ctx *ctx, const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb, int64_t limit,
                          uint8_t *same_a, uint8_t *same_b)
{
    sheaf_status st = SHEAF_OK;
    differ d = {.ctx = ctx, .a = a, .b = b, .same_a = same_a, .same_b = same_b};
    int32_t *reach = NULL;
    if (na + nb > INT32_MAX - 8)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "documents of %lld and %lld words are too long to be compared",
                               (long long)na, (long long)nb));
    memset(same_a, 0, (size_t)na);
    memset(same_b, 0, (size_t)nb);
    SHEAF_NEW(reach, ctx, 2 * (na + nb + 3));
    d.forward = reach + nb + 1;
    d.backward = d.forward + na + nb + 3;
    SHEAF_TRY(solve(&d, (box){0, na, 0, nb}, limit, 0));
done:
    sheaf_i_free(ctx, reach);
    return st;
}

/* ---- the public result ------------------------------------------------------------------------- */

struct sheaf_diff {
    sheaf_ctx *ctx;
    sheaf_diff_run *runs;
    int64_t n;
};

/* How far marks go on from i. */
static int64_t stretch(const uint8_t *same, int64_t i, int64_t n, uint8_t value)
{
    int64_t from = i;
    while (i < n && same[i] == value) i++;
    return i - from;
}

/* Of each change the deletion first; runs of words that stay end where either side goes on with a change. */
static int64_t make_runs(sheaf_diff_run *out, const uint8_t *same_a, int64_t na, const uint8_t *same_b, int64_t nb)
{
    int64_t i = 0, j = 0, n = 0;
    while (i < na || j < nb) {
        const int64_t gone = stretch(same_a, i, na, 0), added = stretch(same_b, j, nb, 0);
        if (gone) out[n++] = (sheaf_diff_run){SHEAF_DIFF_DELETED, i, j, gone};
        i += gone;
        if (added) out[n++] = (sheaf_diff_run){SHEAF_DIFF_INSERTED, i, j, added};
        j += added;
        int64_t same = stretch(same_a, i, na, 1), other = stretch(same_b, j, nb, 1);
        if (other < same) same = other;
        if (same) out[n++] = (sheaf_diff_run){SHEAF_DIFF_SAME, i, j, same};
        i += same;
        j += same;
    }
    return n;
}

sheaf_status sheaf_diff_docs(sheaf_ctx *ctx, sheaf_diff **out, const sheaf_words *w, int64_t a, int64_t b)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_pair_words p = {.ctx = ctx};
    sheaf_diff *d = NULL;
    uint8_t *same = NULL;
    *out = NULL;
    SHEAF_TRY(sheaf_i_pair_words_new(&p, ctx, w, a, w, b));
    SHEAF_NEW0(d, ctx, 1);
    d->ctx = ctx;
    SHEAF_NEW(same, ctx, p.na + p.nb);
    SHEAF_TRY(sheaf_i_diff(ctx, p.a, p.na, p.b, p.nb, SHEAF_I_DIFF_LIMIT, same, same + p.na));
    SHEAF_NEW(d->runs, ctx, p.na + p.nb);
    d->n = make_runs(d->runs, same, p.na, same + p.na, p.nb);
    *out = d;
    d = NULL;
done:
    sheaf_diff_free(d);
    sheaf_i_pair_words_end(&p);
    sheaf_i_free(ctx, same);
    return st;
}

sheaf_status sheaf_same_words(sheaf_ctx *ctx, bool *same, const sheaf_words *w, int64_t a, int64_t b)
{
    sheaf_i_pair_words p = {.ctx = ctx};
    sheaf_status st = sheaf_i_pair_words_new(&p, ctx, w, a, w, b);
    *same = st == SHEAF_OK && p.na == p.nb && (!p.na || memcmp(p.a, p.b, (size_t)p.na * sizeof *p.a) == 0);
    sheaf_i_pair_words_end(&p);
    return st;
}

void sheaf_diff_free(sheaf_diff *d)
{
    if (!d) return;
    sheaf_i_free(d->ctx, d->runs);
    sheaf_i_free(d->ctx, d);
}

const sheaf_diff_run *sheaf_diff_runs(const sheaf_diff *d, int64_t *n)
{
    *n = d->n;
    return d->runs;
}
