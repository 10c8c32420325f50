/* Which shingles a number of documents have; see tally.h.
 *
 * All workers count in one table of open addressing, keys claimed by compare-and-swap. A value's place goes by its
 * first bits, so the table's order is nearly that of the values: what is taken out is sorted by insertion in about one
 * step each, and does not depend on who came first. A table of all values might outgrow the documents themselves; it is
 * made for a share of the range of values at a time then, and the documents are gone over again for the next: `rounds`.
 * Values that are not spread evenly, as words can be chosen to make them, are sorted and counted instead.
 */
#include "near/tally.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "near/radix.h"

#define LEAST_BYTES ((int64_t)96 << 20) /* a table of this size is never cut */
#define MOST_ROUNDS 64
#define MOST_STEPS 16384 /* from a value's place: more than chance brings about */
#define AHEAD 16
#define SEGMENT 65536 /* slots */

typedef struct {
    _Atomic uint64_t key; /* 0: empty */
    _Atomic uint32_t df;
} slot;

typedef struct {
    sheaf_i_job *j;
    const char *phase;
    const sheaf_i_docs *docs;
    sheaf_i_take_fn take;
    const void *arg;
    slot *table;
    uint64_t slots, rounds, round;
    int64_t least;
    int64_t *found;       /* in each segment of the table: of `least` documents */
    sheaf_i_values *out;
    atomic_bool full;
} tally;

static inline uint64_t home(const tally *t, uint64_t value)
{
    return sheaf_i_high_product(value * t->rounds, t->slots);
}

static bool count(tally *t, uint64_t value)
{
    uint64_t at = home(t, value);
    const uint64_t most = t->slots < MOST_STEPS ? t->slots : MOST_STEPS;
    for (uint64_t steps = 0; steps < most; steps++, at = at + 1 < t->slots ? at + 1 : 0) {
        uint64_t key = atomic_load_explicit(&t->table[at].key, memory_order_relaxed);
        if (!key && atomic_compare_exchange_strong_explicit(&t->table[at].key, &key, value, memory_order_relaxed,
                                                            memory_order_relaxed))
            key = value;
        if (key != value) continue;
        atomic_fetch_add_explicit(&t->table[at].df, 1, memory_order_relaxed);
        return true;
    }
    return false;
}

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    tally *t = arg;
    sheaf_i_bag *bag = &t->j->bags[worker];
    sheaf_status st = SHEAF_OK;
    for (int64_t i = t->docs->start[block]; i < t->docs->start[block + 1]; i++) {
        int64_t n, mine = 0;
        SHEAF_TRY(t->take(t->arg, bag, t->docs->doc[i], &n));
        uint64_t *value = bag->value;
        for (int64_t k = 0; k < n; k++)
            if (t->rounds == 1 || sheaf_i_high_product(value[k], t->rounds) == t->round) value[mine++] = value[k];
        for (int64_t k = 0; k < mine; k++) {
            if (k + AHEAD < mine) __builtin_prefetch((void *)&t->table[home(t, value[k + AHEAD])], 1);
            if (count(t, value[k])) continue;
            t->full = true;
            return SHEAF_OK;
        }
    }
done:
    return st;
}

static bool counts(const tally *t, const slot *s) { return s->key && s->df >= t->least; }

static sheaf_status count_segment(void *arg, int64_t segment, int32_t worker)
{
    (void)worker;
    tally *t = arg;
    int64_t lo, hi, n = 0;
    sheaf_i_range((int64_t)t->slots, SEGMENT, segment, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) n += counts(t, &t->table[i]);
    t->found[segment] = n;
    return SHEAF_OK;
}

static sheaf_status take_segment(void *arg, int64_t segment, int32_t worker)
{
    (void)worker;
    tally *t = arg;
    int64_t lo, hi, to = t->found[segment];
    sheaf_i_range((int64_t)t->slots, SEGMENT, segment, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        if (!counts(t, &t->table[i])) continue;
        t->out->value[to] = t->table[i].key;
        t->out->df[to++] = t->table[i].df;
    }
    return SHEAF_OK;
}

/* Entries stand a few places from where they belong. */
static void sort_nearly(sheaf_i_values *v, int64_t from)
{
    for (int64_t i = from + 1; i < v->n; i++) {
        const uint64_t value = v->value[i];
        const uint32_t df = v->df[i];
        int64_t k = i;
        for (; k > from && v->value[k - 1] > value; k--) {
            v->value[k] = v->value[k - 1];
            v->df[k] = v->df[k - 1];
        }
        v->value[k] = value;
        v->df[k] = df;
    }
}

static sheaf_status make_room(sheaf_i_values *v, int64_t more)
{
    sheaf_status st = SHEAF_OK;
    const int64_t n = v->n + more;
    uint64_t *value = sheaf_i_resize(v->ctx, v->value, n, sizeof *v->value);
    if (!value) return SHEAF_ENOMEM;
    v->value = value;
    uint32_t *df = sheaf_i_resize(v->ctx, v->df, n, sizeof *v->df);
    if (!df) return SHEAF_ENOMEM;
    v->df = df;
    return st;
}

/* Appends what the table holds to the values. */
static sheaf_status empty_table(tally *t)
{
    sheaf_status st = SHEAF_OK;
    const int64_t segments = sheaf_i_blocks((int64_t)t->slots, SEGMENT), before = t->out->n;
    int64_t to = before;
    SHEAF_TRY(sheaf_i_par_for(t->j->ctx, NULL, segments, count_segment, t));
    for (int64_t s = 0; s < segments; s++) {
        const int64_t n = t->found[s];
        t->found[s] = to;
        to += n;
    }
    SHEAF_TRY(make_room(t->out, to - before));
    SHEAF_TRY(sheaf_i_par_for(t->j->ctx, NULL, segments, take_segment, t));
    t->out->n = to;
    sort_nearly(t->out, before);
done:
    return st;
}

static sheaf_status clear_segment(void *arg, int64_t segment, int32_t worker)
{
    (void)worker;
    tally *t = arg;
    int64_t lo, hi;
    sheaf_i_range((int64_t)t->slots, SEGMENT, segment, &lo, &hi);
    memset((void *)(t->table + lo), 0, (size_t)(hi - lo) * sizeof *t->table);
    return SHEAF_OK;
}

static sheaf_status count_rounds(tally *t, int64_t bound)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = t->j->ctx;
    t->slots = (uint64_t)bound / t->rounds / 2 * 3 + 1024;
    const int64_t segments = sheaf_i_blocks((int64_t)t->slots, SEGMENT);
    SHEAF_NEW_ALIGNED(t->table, ctx, (int64_t)t->slots);
    SHEAF_NEW(t->found, ctx, segments);
    for (t->round = 0; t->round < t->rounds && !t->full; t->round++) {
        SHEAF_TRY(sheaf_i_par_for(ctx, NULL, segments, clear_segment, t));
        SHEAF_TRY(sheaf_i_par_for(ctx, t->phase, t->docs->n_blocks, count_block, t));
        if (!t->full) SHEAF_TRY(empty_table(t));
    }
done:
    sheaf_i_aligned_free(ctx, t->table);
    sheaf_i_free(ctx, t->found);
    t->table = NULL;
    t->found = NULL;
    return st;
}

/* All values in memory at once: slower, and needs nothing of them. */
static sheaf_status count_sorted(tally *t)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_keyed *e = NULL;
    int64_t n = 0, room = 0, kept = 0, taken;
    for (int64_t i = 0; i < t->docs->n; i++) {
        SHEAF_TRY(t->take(t->arg, &t->j->bags[0], t->docs->doc[i], &taken));
        for (int64_t k = 0; k < taken; k++) {
            SHEAF_GROW(e, t->j->ctx, n, room);
            e[n++] = (sheaf_i_keyed){t->j->bags[0].value[k], 1};
        }
    }
    SHEAF_TRY(sheaf_i_sort_keyed(t->j->ctx, e, n));
    for (int64_t i = 0; i < n; i++) {
        if (kept && e[kept - 1].key == e[i].key) e[kept - 1].of++;
        else e[kept++] = (sheaf_i_keyed){e[i].key, 1};
    }
    SHEAF_TRY(make_room(t->out, kept));
    for (int64_t i = 0; i < kept; i++) {
        if (e[i].of < t->least) continue;
        t->out->value[t->out->n] = e[i].key;
        t->out->df[t->out->n++] = (uint32_t)e[i].of;
    }
done:
    sheaf_i_free(t->j->ctx, e);
    return st;
}

sheaf_status sheaf_i_tally(sheaf_i_values *out, sheaf_i_job *j, const char *phase, const sheaf_i_docs *docs,
                           sheaf_i_take_fn take, const void *arg, int64_t bound, int64_t least)
{
    sheaf_status st = SHEAF_OK;
    tally t = {.j = j, .phase = phase, .docs = docs, .take = take, .arg = arg, .least = least, .out = out};
    const int64_t bytes = bound / 2 * 3 * (int64_t)sizeof(slot), words = 2 * j->t.n_tokens;
    const int64_t room = words > LEAST_BYTES ? words : LEAST_BYTES;
    *out = (sheaf_i_values){.ctx = j->ctx};
    t.rounds = (uint64_t)(bytes / room + 1);
    for (t.full = true; t.full; t.rounds *= 2) { /* again: values that are not spread evenly */
        t.full = false;
        out->n = 0;
        if (t.rounds > MOST_ROUNDS) {
            SHEAF_TRY(count_sorted(&t));
            break;
        }
        SHEAF_TRY(count_rounds(&t, bound));
    }
    SHEAF_TRY(sheaf_i_values_index(out));
done:
    return st;
}
