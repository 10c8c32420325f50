/* Searches for many items at once; see batch.h. */
#include "near/batch.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"

#define LEAST 4
#define MOST 8192
#define PER_BLOCK 16
#define MANY_HITS (1 << 18) /* a batch that finds so many was too large */

sheaf_status sheaf_i_batch_init(sheaf_i_batch *b, const sheaf_i_index *x, sheaf_i_sought sought)
{
    sheaf_status st = SHEAF_OK;
    *b = (sheaf_i_batch){.ctx = x->ctx, .x = x, .sought = sought, .size = LEAST};
    SHEAF_NEW(b->item, b->ctx, MOST);
    SHEAF_NEW0(b->found, b->ctx, MOST);
done:
    return st;
}

static sheaf_status search_one(const sheaf_i_batch *b, int64_t i, sheaf_i_search *s)
{
    sheaf_status st = b->sought == SHEAF_I_HOLDERS
                          ? sheaf_i_find_holders(b->x, s, b->item[i])
                          : sheaf_i_find_near(b->x, s, b->item[i], b->sought == SHEAF_I_NEAR_BEFORE);
    sheaf_i_found *f = &b->found[i];
    if (st != SHEAF_OK || !s->n_hits) return st;
    SHEAF_NEW(f->hit, b->ctx, s->n_hits);
    memcpy(f->hit, s->hit, (size_t)s->n_hits * sizeof *f->hit);
    f->n = s->n_hits;
done:
    return st;
}

static sheaf_status search_block(void *arg, int64_t block, int32_t worker)
{
    const sheaf_i_batch *b = arg;
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi;
    const int64_t size = b->n < 4 * PER_BLOCK ? 1 : PER_BLOCK;
    sheaf_i_range(b->n, size, block, &lo, &hi);
    for (int64_t i = lo; i < hi && st == SHEAF_OK; i++) st = search_one(b, i, &b->x->search[worker]);
    return st;
}

sheaf_status sheaf_i_batch_search(sheaf_i_batch *b)
{
    return sheaf_i_par_for(b->ctx, "groups", b->n < 4 * PER_BLOCK ? b->n : sheaf_i_blocks(b->n, PER_BLOCK),
                           search_block, b);
}

void sheaf_i_batch_clear(sheaf_i_batch *b)
{
    int64_t hits = 0;
    for (int64_t i = 0; i < b->n; i++) {
        hits += b->found[i].n;
        sheaf_i_free(b->ctx, b->found[i].hit);
        b->found[i] = (sheaf_i_found){0};
    }
    if (hits > MANY_HITS) b->size = b->size / 8 > LEAST ? b->size / 8 : LEAST;
    else if (hits < MANY_HITS / 8 && b->size < MOST) b->size *= 2;
    b->n = 0;
}

void sheaf_i_batch_end(sheaf_i_batch *b)
{
    if (!b->ctx) return;
    if (b->found) sheaf_i_batch_clear(b);
    sheaf_i_free(b->ctx, b->item);
    sheaf_i_free(b->ctx, b->found);
    *b = (sheaf_i_batch){0};
}
