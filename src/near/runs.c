/* Common runs of two sequences.
 *
 * The places of b are chained by the hash of the k words that begin there; each place of a walks its chain, and hits
 * are verified on the words. A hit whose words before it are also the same belongs to a run that was found already, so
 * only leftmost hits are followed to their end: every maximal run is walked once, and time is the number of hits and
 * the length of the runs. Where a text repeats itself, both could be as many as the product of the lengths; chains are
 * then walked, and runs followed, only so far. What must be exact all the same, the longest run, is then found by
 * bisection over its length: a common run of n words holds one of every smaller length.
 *
 * Tiles: greedy string tiling (Wise 1993). Each common run of what is not yet taken lies inside a maximal one on its
 * diagonal, so a heap of the maximal runs, of which those that were cut by a taken one go back in pieces, yields the
 * tiles from long to short. Once too many words have been compared each place of a is followed to one place of b only,
 * and places inside that run to none.
 */
#include "near/runs.h"

#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "near/rolling.h"

#define CHAIN_OVERLAP 32           /* places of a chain looked at before bisection takes over */
#define CHAIN_TILES 64
#define TILES_WORK ((int64_t)1 << 24) /* what may be looked at in any case: of short texts all */
#define WORK_PER_WORD 64           /* words compared while runs are followed, for each word of both */

void sheaf_i_runs_init(sheaf_i_runs *r, sheaf_ctx *ctx) { *r = (sheaf_i_runs){.ctx = ctx}; }

void sheaf_i_runs_end(sheaf_i_runs *r)
{
    sheaf_i_free(r->ctx, r->head);
    sheaf_i_free(r->ctx, r->next);
    sheaf_i_free(r->ctx, r->hash);
    *r = (sheaf_i_runs){.ctx = r->ctx};
}

static sheaf_status make_room(sheaf_i_runs *r, int64_t places)
{
    sheaf_status st = SHEAF_OK;
    int64_t heads = 64;
    for (r->shift = 58; heads < 2 * places; heads *= 2) r->shift--;
    if (heads > r->head_room) {
        sheaf_i_free(r->ctx, r->head);
        r->head_room = 0;
        SHEAF_NEW(r->head, r->ctx, heads);
        r->head_room = heads;
    }
    if (places > r->place_room) {
        sheaf_i_free(r->ctx, r->next);
        sheaf_i_free(r->ctx, r->hash);
        r->hash = NULL;
        r->place_room = 0;
        SHEAF_NEW(r->next, r->ctx, places);
        SHEAF_NEW(r->hash, r->ctx, places);
        r->place_room = places;
    }
    memset(r->head, 0xff, (size_t)heads * sizeof *r->head);
done:
    return st;
}

/* Chains the places of b; from the last to the first, so that chains rise. */
static sheaf_status index_places(sheaf_i_runs *r, const uint32_t *b, int64_t nb, int64_t k)
{
    sheaf_status st = SHEAF_OK;
    r->places = nb >= k ? nb - k + 1 : 0;
    SHEAF_TRY(make_room(r, r->places));
    if (!r->places) goto done;
    sheaf_i_rolling h = sheaf_i_rolling_begin(b, k);
    for (int64_t j = 0;; j++) {
        r->hash[j] = sheaf_i_rolling_hash(&h);
        if (j + 1 == r->places) break;
        sheaf_i_rolling_step(&h, b[j], b[j + k]);
    }
    for (int64_t j = r->places - 1; j >= 0; j--) {
        int32_t *head = &r->head[r->hash[j] >> r->shift];
        r->next[j] = *head;
        *head = (int32_t)j;
    }
done:
    return st;
}

/* The next place from `j` on in its chain with these k words, or -1. */
static int32_t matching(const sheaf_i_runs *r, int32_t j, uint64_t hash, const uint32_t *words, const uint32_t *b,
                        int64_t k)
{
    while (j >= 0 && (r->hash[j] != hash || memcmp(words, b + j, (size_t)k * sizeof *b) != 0)) j = r->next[j];
    return j;
}

static int64_t run_length(const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb)
{
    int64_t n = 0, end = na < nb ? na : nb;
    while (n < end && a[n] == b[n]) n++;
    return n;
}

static sheaf_status check_lengths(const sheaf_i_runs *r, int64_t na, int64_t nb)
{
    if (na <= INT32_MAX && nb <= INT32_MAX) return SHEAF_OK;
    return sheaf_i_fail(r->ctx, SHEAF_EINVAL, "documents of %lld and %lld words are too long to be compared",
                        (long long)na, (long long)nb);
}

static bool same_words(const uint32_t *a, int64_t na, const uint32_t *b, int64_t nb)
{
    return na == nb && (!na || memcmp(a, b, (size_t)na * sizeof *a) == 0);
}

/* ---- overlap ----------------------------------------------------------------------------------- */

typedef struct {
    const uint32_t *a, *b;
    int64_t na, nb, k;
} two_texts;

/* Words of one that lie in runs of k which begin at the places that are set. */
typedef struct {
    int64_t words, end; /* end: behind the last word counted */
} coverage;

static void cover(coverage *c, int64_t place, int64_t k)
{
    c->words += place + k - (c->end > place ? c->end : place);
    c->end = place + k;
}

/* True if some run of k words is in both; needs b to be indexed for k. */
static bool any_common(const sheaf_i_runs *r, const two_texts *t)
{
    if (t->na < t->k || !r->places) return false;
    sheaf_i_rolling h = sheaf_i_rolling_begin(t->a, t->k);
    for (int64_t i = 0;; i++) {
        uint64_t hash = sheaf_i_rolling_hash(&h);
        if (matching(r, r->head[hash >> r->shift], hash, t->a + i, t->b, t->k) >= 0) return true;
        if (i + t->k == t->na) return false;
        sheaf_i_rolling_step(&h, t->a[i], t->a[i + t->k]);
    }
}

/* The longest common run by bisection; one of `known` words exists (0: nothing is known). */
static sheaf_status bisect_longest(sheaf_i_runs *r, two_texts t, int64_t known, int64_t *longest)
{
    sheaf_status st = SHEAF_OK;
    int64_t low = known, high = (t.na < t.nb ? t.na : t.nb) + 1; /* low words are common, high are not */
    for (int64_t step = 1; low + 1 < high;) {
        t.k = low + step < high ? low + step : low + (high - low) / 2;
        SHEAF_TRY(index_places(r, t.b, t.nb, t.k));
        if (any_common(r, &t)) {
            low = t.k;
            step *= 2;
        } else {
            high = t.k;
            step = (high - low) / 2 ? (high - low) / 2 : 1;
        }
    }
    *longest = low;
done:
    return st;
}

/* Coverage of a, and the longest run; returns true where not every hit was looked at. */
static bool walk_places(const sheaf_i_runs *r, const two_texts *t, int64_t *words, int64_t *longest)
{
    coverage c = {0, 0};
    int64_t work = WORK_PER_WORD * (t->na + t->nb);
    bool cut = false;
    if (t->na < t->k || !r->places) return false;
    sheaf_i_rolling h = sheaf_i_rolling_begin(t->a, t->k);
    for (int64_t i = 0;; i++) {
        uint64_t hash = sheaf_i_rolling_hash(&h);
        int32_t j = matching(r, r->head[hash >> r->shift], hash, t->a + i, t->b, t->k);
        if (j >= 0) cover(&c, i, t->k);
        for (int seen = 0; j >= 0; j = matching(r, r->next[j], hash, t->a + i, t->b, t->k)) {
            if (++seen > CHAIN_OVERLAP || work < 0) {
                cut = true;
                break;
            }
            if (i && j && t->a[i - 1] == t->b[j - 1]) continue;
            int64_t n = run_length(t->a + i, t->na - i, t->b + j, t->nb - j);
            if (n > *longest) *longest = n;
            work -= n;
        }
        if (i + t->k == t->na) break;
        sheaf_i_rolling_step(&h, t->a[i], t->a[i + t->k]);
    }
    *words = c.words;
    return cut;
}

/* Words of a in runs of k that b has too; b must be indexed. */
static int64_t covered(const sheaf_i_runs *r, const two_texts *t)
{
    coverage c = {0, 0};
    if (t->na < t->k || !r->places) return 0;
    sheaf_i_rolling h = sheaf_i_rolling_begin(t->a, t->k);
    for (int64_t i = 0;; i++) {
        uint64_t hash = sheaf_i_rolling_hash(&h);
        if (matching(r, r->head[hash >> r->shift], hash, t->a + i, t->b, t->k) >= 0) cover(&c, i, t->k);
        if (i + t->k == t->na) return c.words;
        sheaf_i_rolling_step(&h, t->a[i], t->a[i + t->k]);
    }
}

sheaf_status sheaf_i_runs_overlap(sheaf_i_runs *r, sheaf_i_overlap *out, const uint32_t *a, int64_t na,
                                  const uint32_t *b, int64_t nb, int64_t k)
{
    sheaf_status st = SHEAF_OK;
    two_texts t = {a, b, na, nb, k}, swapped = {b, a, nb, na, k};
    *out = (sheaf_i_overlap){0, 0, 0};
    SHEAF_TRY(check_lengths(r, na, nb));
    if (same_words(a, na, b, nb)) {
        *out = (sheaf_i_overlap){na, na, na};
        goto done;
    }
    SHEAF_TRY(index_places(r, a, na, k));
    out->words_b = covered(r, &swapped);
    SHEAF_TRY(index_places(r, b, nb, k));
    bool cut = walk_places(r, &t, &out->words_a, &out->longest);
    if (cut || !out->longest) SHEAF_TRY(bisect_longest(r, t, out->longest, &out->longest));
done:
    return st;
}

/* ---- tiles ------------------------------------------------------------------------------------- */

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_run *heap;
    int64_t n, room;
} run_heap;

/* Whether x is taken before y. */
static bool before(const sheaf_i_run *x, const sheaf_i_run *y)
{
    if (x->n != y->n) return x->n > y->n;
    return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static sheaf_status push(run_heap *h, sheaf_i_run run)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_GROW(h->heap, h->ctx, h->n, h->room);
    int64_t i = h->n++;
    for (; i && before(&run, &h->heap[(i - 1) / 2]); i = (i - 1) / 2) h->heap[i] = h->heap[(i - 1) / 2];
    h->heap[i] = run;
done:
    return st;
}

static sheaf_i_run pop(run_heap *h)
{
    sheaf_i_run top = h->heap[0], last = h->heap[--h->n];
    int64_t i = 0;
    for (int64_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && before(&h->heap[child + 1], &h->heap[child])) child++;
        if (!before(&h->heap[child], &last)) break;
        h->heap[i] = h->heap[child];
    }
    if (h->n) h->heap[i] = last;
    return top;
}

/* All maximal runs of k words or more. */
static sheaf_status collect(sheaf_i_runs *r, run_heap *heap, const two_texts *t)
{
    sheaf_status st = SHEAF_OK;
    if (t->na < t->k || t->nb < t->k) return SHEAF_OK;
    const int64_t most = TILES_WORK / t->na > CHAIN_TILES ? TILES_WORK / t->na : CHAIN_TILES;
    int64_t work = WORK_PER_WORD * (t->na + t->nb), passed = 0;
    if (work < TILES_WORK) work = TILES_WORK;
    SHEAF_TRY(index_places(r, t->b, t->nb, t->k));
    sheaf_i_rolling h = sheaf_i_rolling_begin(t->a, t->k);
    for (int64_t i = 0;; i++) {
        uint64_t hash = sheaf_i_rolling_hash(&h);
        int32_t j = work < 0 && i < passed ? -1 : matching(r, r->head[hash >> r->shift], hash, t->a + i, t->b, t->k);
        for (int64_t seen = 0; j >= 0 && seen < most; seen++) {
            if (work < 0 || !i || !j || t->a[i - 1] != t->b[j - 1]) {
                const int64_t n = run_length(t->a + i, t->na - i, t->b + j, t->nb - j);
                SHEAF_TRY(push(heap, (sheaf_i_run){i, j, n}));
                work -= n;
                if (i + n > passed) passed = i + n;
                if (work < 0) break;
            }
            j = matching(r, r->next[j], hash, t->a + i, t->b, t->k);
        }
        if (i + t->k == t->na) break;
        sheaf_i_rolling_step(&h, t->a[i], t->a[i + t->k]);
    }
done:
    return st;
}

typedef struct {
    uint8_t *a, *b; /* 1: in a tile */
} taken;

/* How many of n marks stand before the first of that value. */
static int64_t until(const uint8_t *mark, int64_t n, int value)
{
    const uint8_t *stop = n ? memchr(mark, value, (size_t)n) : NULL;
    return stop ? stop - mark : n;
}

static int64_t free_words(const taken *m, sheaf_i_run run)
{
    return until(m->b + run.b, until(m->a + run.a, run.n, 1), 1);
}

/* Words of a run before the first that is free in both. */
static int64_t taken_words(const taken *m, sheaf_i_run run)
{
    int64_t n = 0;
    while (n < run.n && (m->a[run.a + n] || m->b[run.b + n])) {
        n += until(m->a + run.a + n, run.n - n, 0);
        n += until(m->b + run.b + n, run.n - n, 0);
    }
    return n;
}

/* Puts back the parts of a run that are still free in both and long enough. */
static sheaf_status put_back(run_heap *heap, const taken *m, sheaf_i_run run, int64_t least)
{
    sheaf_status st = SHEAF_OK;
    while (run.n >= least) {
        int64_t n = free_words(m, run);
        if (n >= least) SHEAF_TRY(push(heap, (sheaf_i_run){run.a, run.b, n}));
        run = (sheaf_i_run){run.a + n, run.b + n, run.n - n};
        n = taken_words(m, run);
        run = (sheaf_i_run){run.a + n, run.b + n, run.n - n};
    }
done:
    return st;
}

/* In the heap's own memory: heap sort, by place in a. */
static void sort_by_place(sheaf_i_run *list, int64_t n)
{
    for (int64_t root = n / 2, end = n; end > 1;) {
        sheaf_i_run x;
        if (root) {
            x = list[--root];
        } else {
            x = list[--end];
            list[end] = list[0];
        }
        int64_t i = root;
        for (int64_t child; (child = 2 * i + 1) < end; i = child) {
            if (child + 1 < end && list[child + 1].a > list[child].a) child++;
            if (list[child].a <= x.a) break;
            list[i] = list[child];
        }
        list[i] = x;
    }
}

sheaf_status sheaf_i_runs_tiles(sheaf_i_runs *r, sheaf_i_run **list, int64_t *n, const uint32_t *a, int64_t na,
                                const uint32_t *b, int64_t nb, int64_t least)
{
    sheaf_status st = SHEAF_OK;
    two_texts t = {a, b, na, nb, least};
    run_heap heap = {.ctx = r->ctx};
    taken m = {NULL, NULL};
    sheaf_i_run *tiles = NULL;
    int64_t room = 0;
    *list = NULL;
    *n = 0;
    SHEAF_TRY(check_lengths(r, na, nb));
    SHEAF_NEW0(m.a, r->ctx, na);
    SHEAF_NEW0(m.b, r->ctx, nb);
    if (na >= least && same_words(a, na, b, nb)) SHEAF_TRY(push(&heap, (sheaf_i_run){0, 0, na}));
    else SHEAF_TRY(collect(r, &heap, &t));
    while (heap.n) {
        sheaf_i_run run = pop(&heap);
        if (free_words(&m, run) < run.n) {
            SHEAF_TRY(put_back(&heap, &m, run, least));
            continue;
        }
        SHEAF_GROW(tiles, r->ctx, *n, room);
        tiles[(*n)++] = run;
        memset(m.a + run.a, 1, (size_t)run.n);
        memset(m.b + run.b, 1, (size_t)run.n);
    }
    sort_by_place(tiles, *n);
    *list = tiles;
    tiles = NULL;
done:
    if (st != SHEAF_OK) *n = 0;
    sheaf_i_free(r->ctx, tiles);
    sheaf_i_free(r->ctx, heap.heap);
    sheaf_i_free(r->ctx, m.a);
    sheaf_i_free(r->ctx, m.b);
    return st;
}
