/* Documents as sets of shingles; see shingles.h.
 *
 * Each pass over the documents makes the shingles anew from the word ids: that is a few instructions a word, cheaper
 * than eight bytes a word in memory. Repeated ones are dropped by a table that lies in the first-level cache.
 */
#include "near/shingles.h"

#include <string.h>

#include "base/context.h"
#include "near/frequent.h"

#define FACTOR 0x9e3779b97f4a7c15u /* odd */
#define LEAST_SLOT_BITS 6
#define LEAST_SLOTS (1 << LEAST_SLOT_BITS)

static int32_t bits_of(uint64_t n)
{
    int32_t bits = 1;
    while (bits < 64 && n >> bits) bits++;
    return bits;
}

void sheaf_i_shingles_init(sheaf_i_shingles *s, const sheaf_i_tokens *t, const sheaf_i_characters *chars, int32_t w)
{
    const int32_t bits = bits_of(chars ? chars->n_points : t->n_folded);
    *s = (sheaf_i_shingles){.t = t, .chars = chars, .w = w, .bits = w * bits <= 64 ? bits : 0, .out = 1};
    for (int32_t i = 0; i < w; i++) s->out *= FACTOR;
}

/* Makes room for n elements in one of the arrays of a bag. */
static void *reserve(sheaf_i_bag *bag, void *array, int64_t *room, int64_t n, size_t size)
{
    if (array && n <= *room) return array;
    int64_t wanted = n + n / 2 + 256;
    void *p = sheaf_i_resize(bag->ctx, array, wanted, size);
    if (p) *room = wanted;
    return p;
}

#define RESERVE(bag, array, n)                                                                                         \
    do {                                                                                                               \
        void *p_ = reserve((bag), (bag)->array, &(bag)->array##_room, (n), sizeof *(bag)->array);                      \
        if (!p_) return SHEAF_ENOMEM;                                                                                  \
        (bag)->array = p_;                                                                                             \
    } while (0)

static sheaf_status take_words(sheaf_i_bag *bag, const sheaf_i_shingles *s, int64_t doc, int64_t *n)
{
    const uint32_t *folded, *type = sheaf_i_tokens_types(s->t, doc, &folded, n);
    RESERVE(bag, unit, *n);
    for (int64_t i = 0; i < *n; i++) bag->unit[i] = folded[type[i]] + 1;
    return SHEAF_OK;
}

static sheaf_status take_characters(sheaf_i_bag *bag, const sheaf_i_shingles *s, int64_t doc, int64_t *n)
{
    const int64_t *start = s->chars->start;
    int64_t words, used = 0;
    const uint32_t *folded, *type = sheaf_i_tokens_types(s->t, doc, &folded, &words);
    *n = words ? words - 1 : 0;
    for (int64_t i = 0; i < words; i++) *n += start[folded[type[i]] + 1] - start[folded[type[i]]];
    RESERVE(bag, unit, *n + 1);
    for (int64_t i = 0; i < words; i++) {
        const int64_t from = start[folded[type[i]]], length = start[folded[type[i]] + 1] - from;
        if (i) bag->unit[used++] = 1;
        memcpy(bag->unit + used, s->chars->point + from, (size_t)length * sizeof *bag->unit);
        used += length;
    }
    return SHEAF_OK;
}

static void pack(const sheaf_i_shingles *s, const uint32_t *unit, int64_t n, uint64_t *out)
{
    const int32_t w = s->w, bits = s->bits;
    const uint64_t mask = w * bits == 64 ? UINT64_MAX : ((uint64_t)1 << w * bits) - 1;
    const int64_t first = n < w ? n - 1 : w - 1;
    uint64_t v = 0;
    for (int64_t i = 0; i < first; i++) v = v << bits | unit[i];
    for (int64_t i = first; i < n; i++) {
        v = (v << bits | unit[i]) & mask;
        *out++ = sheaf_i_mix(v);
    }
}

/* The same straight from the words of a document: most time goes here. */
static void pack_words(const sheaf_i_shingles *s, const uint32_t *folded, const uint32_t *type, int64_t n,
                       uint64_t *out)
{
    const int32_t w = s->w, bits = s->bits;
    const uint64_t mask = w * bits == 64 ? UINT64_MAX : ((uint64_t)1 << w * bits) - 1;
    uint64_t v = 0;
    for (int64_t i = 0; i < w - 1; i++) v = v << bits | (folded[type[i]] + 1);
    for (int64_t i = w - 1; i < n; i++) {
        v = (v << bits | (folded[type[i]] + 1)) & mask;
        *out++ = sheaf_i_mix(v);
    }
}

static inline uint64_t not_zero(uint64_t v) { return v ? v : 1; }

static void hash(const sheaf_i_shingles *s, const uint32_t *unit, int64_t n, uint64_t *out)
{
    uint64_t h = 0;
    if (n < s->w) {
        for (int64_t i = 0; i < n; i++) h = h * FACTOR + sheaf_i_mix(unit[i]);
        *out = not_zero(sheaf_i_mix(h ^ sheaf_i_mix((uint64_t)n << 32)));
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        h = h * FACTOR + sheaf_i_mix(unit[i]);
        if (i >= s->w) h -= s->out * sheaf_i_mix(unit[i - s->w]);
        if (i >= s->w - 1) *out++ = not_zero(sheaf_i_mix(h));
    }
}

sheaf_status sheaf_i_bag_all(sheaf_i_bag *bag, const sheaf_i_shingles *s, int64_t doc, int64_t *n)
{
    if (s->bits && !s->chars && sheaf_i_tokens_count(s->t, doc) >= s->w) {
        const uint32_t *folded, *type = sheaf_i_tokens_types(s->t, doc, &folded, n);
        RESERVE(bag, value, *n);
        pack_words(s, folded, type, *n, bag->value);
        *n -= s->w - 1;
        return SHEAF_OK;
    }
    sheaf_status st = s->chars ? take_characters(bag, s, doc, n) : take_words(bag, s, doc, n);
    const int64_t units = *n;
    if (st != SHEAF_OK) return st;
    *n = units < s->w ? units > 0 : units - s->w + 1;
    RESERVE(bag, value, *n);
    if (!units) return SHEAF_OK;
    if (s->bits) pack(s, bag->unit, units, bag->value);
    else hash(s, bag->unit, units, bag->value);
    return SHEAF_OK;
}

sheaf_status sheaf_i_bag_distinct(sheaf_i_bag *bag, int64_t *n)
{
    uint64_t *value = bag->value;
    int64_t slots = LEAST_SLOTS, kept = 0;
    int shift = 64 - LEAST_SLOT_BITS;
    for (; slots < 2 * *n; slots *= 2) shift--;
    RESERVE(bag, slot, slots);
    uint64_t *slot = bag->slot;
    memset(slot, 0, (size_t)slots * sizeof *slot);
    for (int64_t i = 0; i < *n; i++) {
        const uint64_t v = value[i];
        int64_t k = (int64_t)(v >> shift);
        while (slot[k] && slot[k] != v) k = (k + 1) & (slots - 1);
        if (slot[k]) continue;
        slot[k] = v;
        value[kept++] = v;
    }
    bag->slots = slots;
    bag->shift = shift;
    *n = kept;
    return SHEAF_OK;
}

bool sheaf_i_bag_has(const sheaf_i_bag *bag, uint64_t value)
{
    int64_t k = (int64_t)(value >> bag->shift);
    while (bag->slot[k] && bag->slot[k] != value) k = (k + 1) & (bag->slots - 1);
    return bag->slot[k] == value;
}

uint64_t sheaf_i_words_hash(const sheaf_i_tokens *t, int64_t doc)
{
    int64_t n;
    const uint32_t *folded, *type = sheaf_i_tokens_types(t, doc, &folded, &n);
    uint64_t h = 0;
    for (int64_t i = 0; i < n; i++) h = h * FACTOR + sheaf_i_mix(folded[type[i]] + 1);
    return not_zero(sheaf_i_mix(h ^ sheaf_i_mix((uint64_t)n << 32)));
}

sheaf_status sheaf_i_bag_set(sheaf_i_bag *bag, const sheaf_i_shingles *s, int64_t doc, int64_t *n)
{
    sheaf_status st = sheaf_i_bag_all(bag, s, doc, n);
    if (st == SHEAF_OK) st = sheaf_i_bag_distinct(bag, n);
    if (st != SHEAF_OK || !s->common) return st;
    int64_t kept = 0;
    for (int64_t i = 0; i < *n; i++)
        if (!sheaf_i_common_has(s->common, bag->value[i])) bag->value[kept++] = bag->value[i];
    if (kept || !*n) {
        *n = kept;
        return SHEAF_OK;
    }
    bag->value[0] = sheaf_i_words_hash(s->t, doc);
    *n = 1;
    return sheaf_i_bag_distinct(bag, n);
}

void sheaf_i_bag_end(sheaf_i_bag *bag)
{
    if (!bag->ctx) return;
    sheaf_i_free(bag->ctx, bag->unit);
    sheaf_i_free(bag->ctx, bag->value);
    sheaf_i_free(bag->ctx, bag->slot);
    *bag = (sheaf_i_bag){.ctx = bag->ctx};
}

sheaf_i_bag *sheaf_i_bags_new(sheaf_ctx *ctx)
{
    sheaf_i_bag *bags = sheaf_i_zeros(ctx, sheaf_ctx_threads(ctx), sizeof *bags);
    for (int32_t i = 0; bags && i < sheaf_ctx_threads(ctx); i++) bags[i].ctx = ctx;
    return bags;
}

void sheaf_i_bags_free(sheaf_ctx *ctx, sheaf_i_bag *bags)
{
    for (int32_t i = 0; bags && i < sheaf_ctx_threads(ctx); i++) sheaf_i_bag_end(&bags[i]);
    sheaf_i_free(ctx, bags);
}
