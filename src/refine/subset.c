/* Rows of some documents; see subset.h. What follows takes time by the terms and documents of these alone. */
#include "refine/subset.h"

#include <math.h>

#include "base/context.h"
#include "base/mem.h"

#define LEAST 2 /* documents of a term: with one it tells nothing of clusters */

/* place[j]: new number of term j, or -1; the kept ones of row i are counted in s->indptr[i + 1]. */
static void choose_terms(sheaf_i_rows *s, const sheaf_i_rows *r, const int64_t *doc, int32_t *place)
{
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t q = r->indptr[doc[i]]; q < r->indptr[doc[i] + 1]; q++) place[r->column[q]]++;
    for (int32_t j = 0; j < r->m; j++) place[j] = place[j] >= LEAST ? s->m++ : -1;
    s->indptr[0] = 0;
    for (int64_t i = 0; i < s->n; i++) {
        int64_t count = 0;
        for (int64_t q = r->indptr[doc[i]]; q < r->indptr[doc[i] + 1]; q++) count += place[r->column[q]] >= 0;
        s->indptr[i + 1] = s->indptr[i] + count;
    }
}

static void copy_rows(sheaf_i_rows *s, const sheaf_i_rows *r, const int64_t *doc, const int32_t *place)
{
    int64_t at = 0;
    for (int64_t i = 0; i < s->n; i++) {
        s->mass[i] = 0;
        for (int64_t q = r->indptr[doc[i]]; q < r->indptr[doc[i] + 1]; q++) {
            if (place[r->column[q]] < 0) continue;
            s->column[at] = (uint16_t)place[r->column[q]];
            s->mass[i] += s->value[at++] = r->value[q];
        }
    }
}

static void copy_terms(sheaf_i_rows *s, const sheaf_i_rows *r, const int32_t *place)
{
    for (int32_t j = 0; j < r->m; j++) {
        if (place[j] < 0) continue;
        const double prior = (double)r->prior[j];
        s->first[place[j]] = r->first[j];
        s->prior[place[j]] = r->prior[j];
        s->prior_mass += prior;
        s->nothing += prior > 0 ? prior * log(prior) : 0;
    }
    s->nothing -= s->prior_mass > 0 ? s->prior_mass * log(s->prior_mass) : 0;
}

sheaf_status sheaf_i_rows_subset(sheaf_i_rows *s, const sheaf_i_rows *r, const int64_t *doc, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = r->ctx;
    int32_t *place = NULL;
    *s = (sheaf_i_rows){.ctx = ctx, .n = n, .unit = r->unit};
    SHEAF_NEW0(place, ctx, r->m);
    SHEAF_NEW(s->indptr, ctx, n + 1);
    SHEAF_NEW(s->mass, ctx, n);
    choose_terms(s, r, doc, place);
    SHEAF_NEW(s->column, ctx, s->indptr[n]);
    SHEAF_NEW(s->value, ctx, s->indptr[n]);
    SHEAF_NEW(s->first, ctx, s->m);
    SHEAF_NEW(s->prior, ctx, s->m);
    copy_rows(s, r, doc, place);
    copy_terms(s, r, place);
done:
    sheaf_i_free(ctx, place);
    if (st != SHEAF_OK) sheaf_i_rows_end(s);
    return st;
}
