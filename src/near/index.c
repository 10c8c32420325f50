/* Postings of shared shingles; see index.h. */
#include "near/index.h"

#include <string.h>

#include "base/context.h"
#include "near/keep.h"

#define POSTING_COST 5. /* nanoseconds, with the candidates that come of it */
#define IDLE_COST 8     /* postings taken out in the time of meeting what is gone: it is met again in other lists */

/* Which places of an item's list go into a table of postings: [from, to). */
typedef void (*range_fn)(const sheaf_i_index *x, const sheaf_i_item *a, int64_t *from, int64_t *to);

static int64_t short_prefix(const sheaf_i_index *x, const sheaf_i_item *a)
{
    const int64_t n = (int64_t)a->k - sheaf_i_need(x->j->o.threshold, a->n, a->n) + 1;
    return a->near && n > 0 ? n : 0;
}

static int64_t long_prefix(const sheaf_i_index *x, const sheaf_i_item *a)
{
    const int64_t n = (int64_t)a->k - sheaf_i_least(x->j->o.threshold, a->n) + 1;
    return a->near && n > 0 ? n : 0;
}

static void smaller_range(const sheaf_i_index *x, const sheaf_i_item *a, int64_t *from, int64_t *to)
{
    *from = 0;
    *to = short_prefix(x, a);
}

static void larger_range(const sheaf_i_index *x, const sheaf_i_item *a, int64_t *from, int64_t *to)
{
    *from = short_prefix(x, a);
    *to = long_prefix(x, a);
}

static void holder_range(const sheaf_i_index *x, const sheaf_i_item *a, int64_t *from, int64_t *to)
{
    (void)x;
    *from = 0;
    *to = a->k;
}

static void find_only(const sheaf_i_index *x, sheaf_i_rank_postings *p)
{
    for (int64_t r = 0; p->only && r < x->l->n_ranks; r++) {
        const sheaf_i_posting *at = p->p + p->start[r], *end = p->p + p->start[r + 1];
        p->only[r] = at < end ? x->label[at->item] : SHEAF_I_NONE;
        for (; at < end; at++)
            if (x->label[at->item] != p->only[r]) p->only[r] = SHEAF_I_NONE;
    }
}

/* met: only these ranks (NULL: all). side: only of items there (-1: all). */
static sheaf_status fill(sheaf_i_index *x, sheaf_i_rank_postings *p, range_fn range, const uint8_t *met, int side)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_lists *l = x->l;
    int64_t from, to, total = 0;
    SHEAF_NEW0(p->start, x->ctx, (int64_t)l->n_ranks + 2);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < l->n; i++) {
            const sheaf_i_item *a = &l->item[i];
            if (x->gone[i] || (side >= 0 && a->side != side)) continue;
            range(x, a, &from, &to);
            for (int64_t k = from; k < to; k++) {
                const uint32_t r = a->rank[k];
                if (met && !met[r]) continue;
                if (pass) p->p[p->start[r + 1]++] = (sheaf_i_posting){(uint32_t)i, (uint32_t)k};
                else p->start[r + 2]++;
            }
        }
        if (pass) break;
        for (int64_t r = 1; r <= l->n_ranks; r++) p->start[r + 1] += p->start[r];
        total = p->start[l->n_ranks + 1];
        SHEAF_NEW(p->p, x->ctx, total);
    }
    if (x->label) SHEAF_NEW(p->only, x->ctx, l->n_ranks);
    find_only(x, p);
done:
    return st;
}

static void end_postings(sheaf_i_index *x, sheaf_i_rank_postings *p)
{
    sheaf_i_free(x->ctx, p->start);
    sheaf_i_free(x->ctx, p->p);
    sheaf_i_free(x->ctx, p->only);
    *p = (sheaf_i_rank_postings){0};
}

/* Nanoseconds for going through the postings of all items' prefixes. */
static double exact_cost(const sheaf_i_index *x)
{
    double postings = 0;
    for (int64_t i = 0; i < x->l->n; i++) {
        const sheaf_i_item *a = &x->l->item[i];
        const int64_t few = short_prefix(x, a), many = long_prefix(x, a);
        for (int64_t k = 0; k < many; k++) {
            const uint32_t r = a->rank[k];
            postings += (double)(x->smaller.start[r + 1] - x->smaller.start[r]);
            if (k < few) postings += (double)(x->larger.start[r + 1] - x->larger.start[r]);
        }
    }
    return postings * POSTING_COST;
}

sheaf_status sheaf_i_index_make(sheaf_i_index *x, const sheaf_i_job *j, const sheaf_i_units *u, const sheaf_i_lists *l)
{
    sheaf_status st = SHEAF_OK;
    const int side = j->t.part[1] ? 1 : -1;
    *x = (sheaf_i_index){.ctx = j->ctx, .j = j, .u = u, .l = l};
    SHEAF_NEW0(x->gone, x->ctx, l->n);
    SHEAF_NEW0(x->search, x->ctx, sheaf_ctx_threads(x->ctx));
    for (int32_t i = 0; i < sheaf_ctx_threads(x->ctx); i++) SHEAF_NEW0(x->search[i].seen, x->ctx, l->n);
    if (j->field) {
        SHEAF_NEW(x->label, x->ctx, l->n);
        for (int64_t i = 0; i < l->n; i++) x->label[i] = j->field[sheaf_i_unit_first(u, l->item[i].unit)];
    }
    SHEAF_TRY(fill(x, &x->smaller, smaller_range, NULL, side));
    SHEAF_TRY(fill(x, &x->larger, larger_range, NULL, side));
    if (j->o.recall < 1) SHEAF_TRY(sheaf_i_bands_make(&x->bands, j, l, exact_cost(x)));
    x->banded = x->bands.bands > 0;
done:
    return st;
}

sheaf_status sheaf_i_index_holders(sheaf_i_index *x, int side)
{
    end_postings(x, &x->holders);
    return fill(x, &x->holders, holder_range, x->l->met, side);
}

void sheaf_i_index_end(sheaf_i_index *x)
{
    if (!x->ctx) return;
    end_postings(x, &x->smaller);
    end_postings(x, &x->larger);
    end_postings(x, &x->holders);
    sheaf_i_bands_end(&x->bands);
    for (int32_t i = 0; x->search && i < sheaf_ctx_threads(x->ctx); i++) {
        sheaf_i_free(x->ctx, x->search[i].seen);
        sheaf_i_free(x->ctx, x->search[i].hit);
    }
    sheaf_i_free(x->ctx, x->search);
    sheaf_i_free(x->ctx, x->gone);
    sheaf_i_free(x->ctx, x->label);
    *x = (sheaf_i_index){0};
}

/* ---- what is gone ---- */

void sheaf_i_index_remove(sheaf_i_index *x, uint32_t item)
{
    x->n_gone += !x->gone[item];
    x->gone[item] = 1;
}

void sheaf_i_index_restore(sheaf_i_index *x)
{
    memset(x->gone, 0, (size_t)x->l->n);
    x->n_gone = x->n_compacted = 0;
    end_postings(x, &x->smaller);
    end_postings(x, &x->larger);
}

static void compact(const sheaf_i_index *x, sheaf_i_rank_postings *p)
{
    int64_t to = 0;
    for (int64_t r = 0; p->start && r < x->l->n_ranks; r++) {
        const int64_t from = p->start[r], end = p->start[r + 1];
        p->start[r] = to;
        for (int64_t i = from; i < end; i++)
            if (!x->gone[p->p[i].item]) p->p[to++] = p->p[i];
    }
    if (p->start) p->start[x->l->n_ranks] = to;
    find_only(x, p);
}

void sheaf_i_index_compact(sheaf_i_index *x)
{
    int64_t idle = 0, postings = x->bands.bands * x->bands.n_members;
    const sheaf_i_rank_postings *const all[] = {&x->smaller, &x->larger, &x->holders};
    for (int i = 0; i < 3; i++) postings += all[i]->start ? all[i]->start[x->l->n_ranks] : 0;
    for (int32_t i = 0; i < sheaf_ctx_threads(x->ctx); i++) idle += x->search[i].idle;
    if (x->n_gone == x->n_compacted || idle * IDLE_COST <= postings) return;
    x->n_compacted = x->n_gone;
    for (int32_t i = 0; i < sheaf_ctx_threads(x->ctx); i++) x->search[i].idle = 0;
    compact(x, &x->smaller);
    compact(x, &x->larger);
    compact(x, &x->holders);
    if (x->banded) sheaf_i_bands_compact(&x->bands, x->gone);
}

/* ---- search ---- */

typedef struct {
    const sheaf_i_index *x;
    sheaf_i_search *s;
    const sheaf_i_item *a;
    uint32_t item;
    int64_t i;          /* the place in its list that is being met; -1: met in a band, nothing is known of lists */
    bool inside;        /* looks for containers */
    bool before;        /* only for items before it */
    bool tell_apart;    /* side, date or field may forbid a pair */
} looking;

/* First item at or behind `from` whose size is at least n. Only where items go by size. */
static int64_t first_of_size(const sheaf_i_lists *l, int64_t n)
{
    int64_t lo = 0, hi = l->n;
    while (lo < hi) {
        const int64_t mid = (lo + hi) / 2;
        if (l->item[mid].n < n) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* First item whose date is at least (or with `behind` above) the given one. Only where items go by date. */
static int64_t first_of_date(const sheaf_i_index *x, double date, bool behind)
{
    int64_t lo = 0, hi = x->l->n;
    while (lo < hi) {
        const int64_t mid = (lo + hi) / 2;
        const double d = (double)x->j->date[sheaf_i_unit_first(x->u, x->l->item[mid].unit)];
        if (d < date || (behind && d == date)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* Is b before a by size, ties by falling unit? */
static bool goes_before(const sheaf_i_item *b, const sheaf_i_item *a)
{
    return b->n != a->n ? b->n < a->n : b->unit > a->unit;
}

static sheaf_status verify(looking *k, uint32_t item, uint32_t at, int64_t need)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_search *s = k->s;
    const sheaf_i_item *b = &k->x->l->item[item];
    s->verified++;
    const uint32_t *x = k->a->rank, *const x_end = x + k->a->k, *y = b->rank, *const y_end = y + b->k;
    const int64_t shared = k->i < 0 ? sheaf_i_merge(x, x_end, y, y_end, need)
                                    : 1 + sheaf_i_merge(x + k->i + 1, x_end, y + at + 1, y_end, need - 1);
    if (shared < need) return SHEAF_OK;
    if (s->most && s->n_hits >= s->most) {
        s->cut = true;
        return SHEAF_OK;
    }
    SHEAF_GROW(s->hit, k->x->ctx, s->n_hits, s->room);
    s->hit[s->n_hits++] = (sheaf_i_hit){item, (uint32_t)shared};
done:
    return st;
}

static sheaf_status look_at(looking *k, const sheaf_i_posting *p)
{
    const sheaf_i_index *x = k->x;
    const sheaf_i_item *a = k->a, *b = &x->l->item[p->item];
    const sheaf_dups_opts *o = &x->j->o;
    if (x->gone[p->item] || (x->label && x->label[p->item] == x->label[k->item])) {
        k->s->idle++;
        return SHEAF_OK;
    }
    if (p->item == k->item) return SHEAF_OK;
    k->s->candidates++;
    const int64_t left_a = (int64_t)a->k - (k->i < 0 ? 0 : k->i), left_b = (int64_t)b->k - p->at;
    const int64_t most = left_a < left_b ? left_a : left_b;
    if (k->inside ? !sheaf_i_reaches(most, a->n, o->containment) : !sheaf_i_is_near(most, a->n, b->n, o->threshold))
        return SHEAF_OK;
    if (k->before && !goes_before(b, a)) return SHEAF_OK;
    if (k->inside && !x->j->t.part[1] && !goes_before(a, b)) return SHEAF_OK;
    if (k->tell_apart &&
        !sheaf_i_comparable(x->j, sheaf_i_unit_first(x->u, a->unit), sheaf_i_unit_first(x->u, b->unit)))
        return SHEAF_OK;
    return verify(k, p->item, p->at,
                  k->inside ? sheaf_i_least(o->containment, a->n) : sheaf_i_need(o->threshold, a->n, b->n));
}

/* Goes through the postings of the rank being met, of items in [from, to). */
static sheaf_status scan(looking *k, const sheaf_i_rank_postings *p, int64_t from, int64_t to)
{
    sheaf_i_search *s = k->s;
    const uint32_t r = k->a->rank[k->i];
    int64_t lo = p->start[r], hi = p->start[r + 1];
    const int64_t end = hi;
    if (p->only && p->only[r] == k->x->label[k->item]) return SHEAF_OK;
    while (hi - lo > 8) {
        const int64_t mid = (lo + hi) / 2;
        if (p->p[mid].item < from) lo = mid + 1;
        else hi = mid;
    }
    while (lo < end && p->p[lo].item < from) lo++;
    for (int64_t i = lo; i < end && p->p[i].item < to && !s->cut; i++) {
        if (s->seen[p->p[i].item] == s->now) continue;
        s->seen[p->p[i].item] = s->now;
        sheaf_status st = look_at(k, &p->p[i]);
        if (st != SHEAF_OK) return st;
    }
    return SHEAF_OK;
}

static looking begin(const sheaf_i_index *x, sheaf_i_search *s, uint32_t item)
{
    s->n_hits = 0;
    s->cut = false;
    if (++s->now == 0) { /* once in 2^32 searches */
        memset(s->seen, 0, (size_t)x->l->n * sizeof *s->seen);
        s->now = 1;
    }
    const sheaf_i_job *j = x->j;
    return (looking){.x = x, .s = s, .a = &x->l->item[item], .item = item,
                     .tell_apart = j->t.part[1] || j->field || j->o.window > 0};
}

/* Items within the window of time: [*lo, *hi), and a millisecond more for rounding: pairs are checked. */
static void dates_around(const sheaf_i_index *x, const sheaf_i_item *a, int64_t *lo, int64_t *hi)
{
    const double date = (double)x->j->date[sheaf_i_unit_first(x->u, a->unit)], apart = x->j->o.window * 1e6;
    *lo = first_of_date(x, date - apart - 1e3, false);
    *hi = first_of_date(x, date + apart + 1e3, true);
}

static sheaf_status find_in_bands(looking *k)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_bands *b = &k->x->bands;
    sheaf_i_search *s = k->s;
    k->i = -1;
    for (int32_t band = 0; band < b->bands && !s->cut; band++) {
        const uint32_t *member = b->member + band * b->n, *first = b->first + band * b->n, mine = first[k->item];
        for (int64_t i = mine; i < b->n_members && first[member[i]] == mine && !s->cut; i++) {
            if (s->seen[member[i]] == s->now) continue;
            s->seen[member[i]] = s->now;
            SHEAF_TRY(look_at(k, &(sheaf_i_posting){member[i], 0}));
        }
    }
done:
    return st;
}

sheaf_status sheaf_i_find_near(const sheaf_i_index *x, sheaf_i_search *s, uint32_t item, bool before)
{
    sheaf_status st = SHEAF_OK;
    looking k = begin(x, s, item);
    const sheaf_i_item *a = k.a;
    const sheaf_ratio t = x->j->o.threshold;
    const int64_t few = short_prefix(x, a), many = long_prefix(x, a);
    int64_t lo, hi, mid = item, above = (int64_t)item + 1; /* smaller ones are in [lo, mid), larger in [above, hi) */
    k.before = before;
    if (!a->near) return SHEAF_OK;
    if (x->banded) return find_in_bands(&k);
    if (x->j->o.window > 0) {
        dates_around(x, a, &lo, &hi);
        mid = hi;
        above = lo;
    } else {
        lo = first_of_size(x->l, sheaf_i_least(t, a->n));
        hi = first_of_size(x->l, (t.p + t.q) * a->k / t.p - a->n + 1);
        if (hi < above) hi = above;
    }
    for (k.i = 0; k.i < many && !s->cut; k.i++) {
        const bool both = k.i < few && !before;
        SHEAF_TRY(scan(&k, &x->smaller, lo, both ? hi : mid));
        if (both) SHEAF_TRY(scan(&k, &x->larger, above, hi));
    }
done:
    return st;
}

sheaf_status sheaf_i_find_holders(const sheaf_i_index *x, sheaf_i_search *s, uint32_t item)
{
    sheaf_status st = SHEAF_OK;
    looking k = begin(x, s, item);
    const int64_t least = sheaf_i_least(x->j->o.containment, k.a->n), met = (int64_t)k.a->k - least + 1;
    int64_t lo = (int64_t)item + 1, hi = x->l->n;
    k.inside = true;
    if (!k.a->inside) return SHEAF_OK;
    if (x->j->o.window > 0) dates_around(x, k.a, &lo, &hi);
    else if (x->j->t.part[1]) lo = first_of_size(x->l, least);
    for (k.i = 0; k.i < met && !s->cut; k.i++) SHEAF_TRY(scan(&k, &x->holders, lo, hi));
done:
    return st;
}
