/* Bands of min-hashes; see bands.h. */
#include "near/bands.h"

#include <math.h>

#include "base/context.h"
#include "base/par.h"
#include "base/rng.h"
#include "near/radix.h"

#define MOST_ROWS 8
#define MOST_BANDS 512
#define ITEMS_PER_BLOCK 256
/* Costs in nanoseconds, and how like strangers are taken to be: only speed depends on these. */
#define HASH_COST 1.5
#define BAND_COST 60.
#define MEETING_COST 150.
#define STRANGERS .03

int32_t sheaf_i_bands_needed(double t, double recall, int32_t rows)
{
    const double missed = 1 - pow(t, rows);
    if (missed <= 0) return 1;
    const double bands = ceil(log1p(-recall) / log(missed) - 1e-9);
    return bands < MOST_BANDS ? (int32_t)bands < 1 ? 1 : (int32_t)bands : MOST_BANDS + 1;
}

static void choose(sheaf_i_bands *b, const sheaf_i_job *j, double shingles, double least)
{
    const double t = (double)j->o.threshold.p / (double)j->o.threshold.q, n = (double)b->n;
    for (int32_t r = 1; r <= MOST_ROWS; r++) {
        const int32_t bands = sheaf_i_bands_needed(t, j->o.recall, r);
        const double cost = bands * (n * (r * shingles * HASH_COST + BAND_COST) +
                                     n * n / 2 * pow(STRANGERS, r) * MEETING_COST);
        if (bands > MOST_BANDS || !(cost < least)) continue;
        least = cost;
        b->bands = bands;
        b->rows = r;
    }
}

typedef struct {
    sheaf_i_bands *b;
    const sheaf_i_lists *l;
    uint64_t seed;
    sheaf_i_keyed *e;  /* of one band */
    int32_t band;
} banding;

static sheaf_status hash_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    banding *g = arg;
    int64_t lo, hi;
    sheaf_i_range(g->l->n, ITEMS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const sheaf_i_item *a = &g->l->item[i];
        uint64_t all = 0;
        for (int32_t r = 0; r < g->b->rows; r++) {
            const uint64_t sub = 1 + (uint64_t)g->band * MOST_ROWS + (uint64_t)r;
            const uint64_t key = sheaf_i_rng_key(g->seed, SHEAF_I_RNG_SAMPLE, sub);
            uint64_t least = UINT64_MAX;
            for (uint32_t k = 0; k < a->k; k++) {
                const uint64_t h = sheaf_i_rng_u64(key, a->rank[k]);
                least = h < least ? h : least;
            }
            all = sheaf_i_mix(all ^ least);
        }
        g->e[i] = (sheaf_i_keyed){all, i};
    }
    return SHEAF_OK;
}

static sheaf_status make_band(banding *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_bands *b = g->b;
    uint32_t *member = b->member + g->band * b->n, *first = b->first + g->band * b->n;
    int64_t n = 0, begin = 0;
    SHEAF_TRY(sheaf_i_par_for(b->ctx, "join", sheaf_i_blocks(b->n, ITEMS_PER_BLOCK), hash_block, g));
    for (int64_t i = 0; i < b->n; i++)
        if (g->l->item[i].near) g->e[n++] = g->e[i];
    SHEAF_TRY(sheaf_i_sort_keyed(b->ctx, g->e, n));
    for (int64_t i = 0; i < n; i++) {
        if (i && g->e[i].key != g->e[i - 1].key) begin = i;
        member[i] = (uint32_t)g->e[i].of;
        first[g->e[i].of] = (uint32_t)begin;
    }
    b->n_members = n;
done:
    return st;
}

sheaf_status sheaf_i_bands_make(sheaf_i_bands *b, const sheaf_i_job *j, const sheaf_i_lists *l, double exact)
{
    sheaf_status st = SHEAF_OK;
    banding g = {.b = b, .l = l, .seed = j->o.seed};
    double shingles = 0;
    *b = (sheaf_i_bands){.ctx = j->ctx, .n = l->n};
    for (int64_t i = 0; i < l->n; i++) shingles += l->item[i].k;
    choose(b, j, l->n ? shingles / (double)l->n : 0, exact);
    if (!b->bands) goto done;
    SHEAF_NEW(b->member, j->ctx, b->bands * l->n);
    SHEAF_NEW(b->first, j->ctx, b->bands * l->n);
    SHEAF_NEW(g.e, j->ctx, l->n);
    for (g.band = 0; g.band < b->bands; g.band++) SHEAF_TRY(make_band(&g));
done:
    sheaf_i_free(j->ctx, g.e);
    return st;
}

void sheaf_i_bands_compact(sheaf_i_bands *b, const uint8_t *gone)
{
    int64_t left = 0;
    for (int32_t band = 0; band < b->bands; band++) {
        uint32_t *member = b->member + band * b->n, *first = b->first + band * b->n;
        int64_t to = 0, begin = 0, old = -1;
        for (int64_t i = 0; i < b->n_members; i++) {
            const uint32_t item = member[i];
            if (gone[item]) continue;
            if (first[item] != old) begin = to;
            old = first[item];
            first[item] = (uint32_t)begin;
            member[to++] = item;
        }
        left = to;
    }
    b->n_members = left;
}

void sheaf_i_bands_end(sheaf_i_bands *b)
{
    if (!b->ctx) return;
    sheaf_i_free(b->ctx, b->member);
    sheaf_i_free(b->ctx, b->first);
    *b = (sheaf_i_bands){0};
}

/* log of the chance of at least `found` of n where each is found with chance p. */
static double log_tail(int64_t found, int64_t n, double p)
{
    double term = 0, sum = 1; /* from k = n down, relative to p^n */
    for (int64_t k = n; k > found; k--) {
        term += log((double)k) - log((double)(n - k + 1)) + log1p(-p) - log(p);
        sum += exp(term);
    }
    return (double)n * log(p) + log(sum);
}

double sheaf_i_share_low(int64_t found, int64_t n)
{
    double low = 0, high = 1;
    if (!n || !found) return 0;
    for (int step = 0; step < 50; step++) {
        const double mid = (low + high) / 2;
        if (log_tail(found, n, mid) < log(.05)) low = mid;
        else high = mid;
    }
    return low;
}
