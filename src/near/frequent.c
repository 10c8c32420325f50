/* Shingles that count for nothing; see frequent.h.
 *
 * First each shingle counts in one of far fewer counters, which over-count: only shingles whose counter exceeds the
 * limit can be common. Those are then counted exactly.
 */
#include "near/frequent.h"

#include "base/context.h"
#include "base/par.h"
#include "near/tally.h"

#define LEAST_COUNTERS 16384
#define NOISE 16 /* the counters' mean is this part of the limit, where there are as many */

typedef struct {
    sheaf_i_job *j;
    _Atomic uint32_t *counter;
    uint64_t n;
    int64_t limit;         /* common: in more documents */
} counting;

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    counting *c = arg;
    sheaf_i_bag *bag = &c->j->bags[worker];
    sheaf_status st = SHEAF_OK;
    for (int64_t i = c->j->all.start[block]; i < c->j->all.start[block + 1]; i++) {
        int64_t n;
        SHEAF_TRY(sheaf_i_bag_set(bag, &c->j->shingles, c->j->all.doc[i], &n));
        for (int64_t k = 0; k < n; k++)
            atomic_fetch_add_explicit(&c->counter[sheaf_i_high_product(bag->value[k], c->n)], 1, memory_order_relaxed);
    }
done:
    return st;
}

static sheaf_status take_frequent(const void *arg, sheaf_i_bag *bag, uint32_t doc, int64_t *n)
{
    const counting *c = arg;
    int64_t kept = 0;
    sheaf_status st = sheaf_i_bag_set(bag, &c->j->shingles, doc, n);
    if (st != SHEAF_OK) return st;
    for (int64_t k = 0; k < *n; k++) {
        const uint64_t v = bag->value[k];
        if (c->counter[sheaf_i_high_product(v, c->n)] > c->limit) bag->value[kept++] = v;
    }
    *n = kept;
    return SHEAF_OK;
}

/* Shingles of documents, no more than these, are counted exactly. */
static int64_t bound_of(const counting *c)
{
    int64_t bound = 0;
    for (uint64_t i = 0; i < c->n; i++)
        if (c->counter[i] > c->limit) bound += c->counter[i];
    return bound;
}

sheaf_status sheaf_i_common_find(sheaf_i_common *common, sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    counting c = {.j = j, .limit = j->o.ignore_common.p * j->t.n_docs / j->o.ignore_common.q};
    if (c.limit < 1) c.limit = 1;
    c.n = (uint64_t)(j->positions / c.limit * NOISE);
    if (c.n > (uint64_t)j->positions) c.n = (uint64_t)j->positions;
    if (c.n < LEAST_COUNTERS) c.n = LEAST_COUNTERS;
    SHEAF_NEW0(c.counter, j->ctx, (int64_t)c.n);
    SHEAF_TRY(sheaf_i_par_for(j->ctx, "shingles", j->all.n_blocks, count_block, &c));
    SHEAF_TRY(sheaf_i_tally(&common->values, j, "shingles", &j->all, take_frequent, &c, bound_of(&c), c.limit + 1));
    j->report.ignored = common->values.n;
done:
    sheaf_i_free(j->ctx, (void *)c.counter);
    return st;
}
