/* Searches for many items at once; see batch.h. */
#include "near/batch.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"

#define LEAST 4
#define MOST 8192
#define PER_BLOCK 16
#define MANY_HITS (1 << 18)   /* a batch that finds so many was too large */
#define ENOUGH_HITS (1 << 20) /* shared out evenly: no batch of more than LEAST keeps more */

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
    s->most = b->most;
    sheaf_status st = b->sought == SHEAF_I_HOLDERS
                          ? sheaf_i_find_holders(b->x, s, b->item[i])
                          : sheaf_i_find_near(b->x, s, b->item[i], b->sought == SHEAF_I_NEAR_BEFORE);
    sheaf_i_found *f = &b->found[i];
    s->most = 0;
    f->cut = s->cut;
    if (st != SHEAF_OK || s->cut || !s->n_hits) return st;
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

/* Searches for the first n; b->n becomes the number of those before one that was cut. */
static sheaf_status search_first(sheaf_i_batch *b, int64_t n)
{
    const int64_t all = b->n + b->left;
    b->n = n;
    b->most = n > LEAST ? ENOUGH_HITS / n : 0;
    sheaf_status st = sheaf_i_par_for(b->ctx, "groups", n < 4 * PER_BLOCK ? n : sheaf_i_blocks(n, PER_BLOCK),
                                      search_block, b);
    for (b->n = 0; b->n < n && !b->found[b->n].cut;) b->n++;
    b->left = all - b->n;
    for (int64_t i = b->n; i < n; i++) {
        sheaf_i_free(b->ctx, b->found[i].hit);
        b->found[i] = (sheaf_i_found){0};
    }
    return st;
}

sheaf_status sheaf_i_batch_search(sheaf_i_batch *b)
{
    const int64_t n = b->n;
    sheaf_status st = search_first(b, n < b->size ? n : b->size);
    if (st == SHEAF_OK && !b->n && n) st = search_first(b, n < LEAST ? n : LEAST);
    return st;
}

void sheaf_i_batch_clear(sheaf_i_batch *b)
{
    int64_t hits = 0;
    for (int64_t i = 0; i < b->n; i++) {
        hits += b->found[i].n;
        sheaf_i_free(b->ctx, b->found[i].hit);
        b->found[i] = (sheaf_i_found){0};
    }
    if (hits > MANY_HITS || b->left) b->size = b->size / 8 > LEAST ? b->size / 8 : LEAST;
    else if (hits < MANY_HITS / 8 && b->size < MOST) b->size *= 2;
    memmove(b->item, b->item + b->n, (size_t)b->left * sizeof *b->item);
    b->n = b->left;
    b->left = 0;
}

void sheaf_i_batch_end(sheaf_i_batch *b)
{
    if (!b->ctx) return;
    if (b->found) sheaf_i_batch_clear(b);
    sheaf_i_free(b->ctx, b->item);
    sheaf_i_free(b->ctx, b->found);
    *b = (sheaf_i_batch){0};
}
