/* Clusters of two runs matched: the table of shared documents, the heaviest one-to-one assignment among the pairs that
 * may match, and what became of the others.
 *
 * A pair may match where it shares at least min_share of the larger of the two, so of both; it is a part where it
 * shares that much of the smaller, so of one. Every match is therefore a part, a cluster has few that it may match, and
 * the assignment is found in a moment however many clusters there are.
 *
 * A cluster is in parts (split, or seen from the new run merged) where those beside the largest hold a tenth of it or
 * more between them. MONIC (Spiliopoulou, Ntoutsi, Theodoridis, Schult 2006) asks each part for a share of the whole
 * instead; then a cluster in a dozen equal parts was never split, and without any such bound a sliver splits it.
 * Everything is counted in integers.
 */
#include "model/align.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/assignment.h"

#define MOST_PARTS 1000000 /* of a ratio */
#define IN_PARTS 10        /* one in so many documents lies outside the largest part */

typedef struct {
    int32_t old_one, new_one; /* indices */
    int64_t docs;
} shared_cell;

typedef struct {
    sheaf_align *a;
    sheaf_ratio share;
    uint64_t *key;            /* of every document that is in a cluster of both runs */
    int64_t n_keys;
    shared_cell *cell;        /* by old, then by new one */
    int64_t n_cells;
} building;

void sheaf_align_opts_init(sheaf_align_opts *o, size_t size)
{
    sheaf_align_opts d = {.size = size, .min_share = {3, 10}};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static bool enough(const building *b, int64_t docs, int64_t of)
{
    return (__int128)docs * b->share.q >= (__int128)b->share.p * of;
}

static int by_number(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int32_t sheaf_i_run_find(const sheaf_i_run_clusters *r, int32_t label)
{
    const int32_t *found = r->n ? bsearch(&label, r->label, (size_t)r->n, sizeof label, by_number) : NULL;
    return found ? (int32_t)(found - r->label) : -1;
}

/* The different numbers above 0, and room for what is known of each. */
static sheaf_status list_clusters(sheaf_ctx *ctx, sheaf_i_run_clusters *r, const int32_t *label, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    int64_t placed = 0;
    SHEAF_NEW(r->label, ctx, n);
    for (int64_t i = 0; i < n; i++)
        if (label[i] > 0) r->label[placed++] = label[i];
    if (placed) qsort(r->label, (size_t)placed, sizeof *r->label, by_number);
    for (int64_t i = 0; i < placed; i++)
        if (i == 0 || r->label[i] != r->label[r->n - 1]) r->label[r->n++] = r->label[i];
    SHEAF_NEW0(r->docs, ctx, r->n);
    SHEAF_NEW0(r->common, ctx, r->n);
    SHEAF_NEW(r->match, ctx, r->n);
    SHEAF_NEW0(r->name, ctx, r->n);
    SHEAF_NEW0(r->first, ctx, (int64_t)r->n + 1);
    for (int32_t i = 0; i < r->n; i++) r->match[i] = -1;
done:
    return st;
}

static void count_document(sheaf_align *a, int32_t old_one, int32_t new_one, bool in_both)
{
    if (old_one >= 0) a->old_run.docs[old_one]++;
    if (new_one >= 0) a->new_run.docs[new_one]++;
    if (!in_both) return;
    if (old_one >= 0) a->old_run.common[old_one]++;
    if (new_one >= 0) a->new_run.common[new_one]++;
}

static sheaf_status count_documents(building *b, const int32_t *x, const int32_t *y, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_align *a = b->a;
    sheaf_align_counts *c = &a->counts;
    SHEAF_NEW(b->key, a->ctx, n);
    for (int64_t i = 0; i < n; i++) {
        const int32_t old_one = sheaf_i_run_find(&a->old_run, x[i]), new_one = sheaf_i_run_find(&a->new_run, y[i]);
        if (x[i] < -1 || y[i] < -1)
            return sheaf_i_fail(a->ctx, SHEAF_EINVAL, "cluster %d of document %lld: below -1",
                                x[i] < -1 ? x[i] : y[i], (long long)i);
        c->both += x[i] >= 0 && y[i] >= 0;
        c->only_old += x[i] >= 0 && y[i] < 0;
        c->only_new += x[i] < 0 && y[i] >= 0;
        c->old_unplaced += x[i] == 0;
        c->new_unplaced += y[i] == 0;
        count_document(a, old_one, new_one, x[i] >= 0 && y[i] >= 0);
        if (old_one >= 0 && new_one >= 0) b->key[b->n_keys++] = (uint64_t)old_one << 32 | (uint64_t)new_one;
    }
done:
    return st;
}

static int by_pair(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static sheaf_status count_pairs(building *b)
{
    sheaf_status st = SHEAF_OK;
    int64_t different = 0;
    if (b->n_keys) qsort(b->key, (size_t)b->n_keys, sizeof *b->key, by_pair);
    for (int64_t i = 0; i < b->n_keys; i++) different += i == 0 || b->key[i] != b->key[i - 1];
    SHEAF_NEW(b->cell, b->a->ctx, different);
    for (int64_t i = 0; i < b->n_keys; i++) {
        if (i == 0 || b->key[i] != b->key[i - 1])
            b->cell[b->n_cells++] = (shared_cell){(int32_t)(b->key[i] >> 32), (int32_t)(b->key[i] & UINT32_MAX), 0};
        b->cell[b->n_cells - 1].docs++;
    }
done:
    return st;
}

static bool may_match(const building *b, const shared_cell *c)
{
    const int64_t x = b->a->old_run.common[c->old_one], y = b->a->new_run.common[c->new_one];
    return enough(b, c->docs, x > y ? x : y);
}

static bool is_part(const building *b, const shared_cell *c)
{
    const int64_t x = b->a->old_run.common[c->old_one], y = b->a->new_run.common[c->new_one];
    return enough(b, c->docs, x < y ? x : y);
}

static sheaf_status match(building *b)
{
    sheaf_status st = SHEAF_OK;
    sheaf_align *a = b->a;
    int64_t *first = NULL, *weight = NULL, n = 0;
    int32_t *column = NULL;
    SHEAF_NEW0(first, a->ctx, (int64_t)a->old_run.n + 1);
    SHEAF_NEW(column, a->ctx, b->n_cells);
    SHEAF_NEW(weight, a->ctx, b->n_cells);
    for (int64_t i = 0; i < b->n_cells; i++) {
        if (!may_match(b, &b->cell[i])) continue;
        column[n] = b->cell[i].new_one;
        weight[n] = b->cell[i].docs;
        first[b->cell[i].old_one + 1] = ++n;
    }
    for (int32_t i = 0; i < a->old_run.n; i++)
        if (first[i + 1] < first[i]) first[i + 1] = first[i];
    const sheaf_i_weights_table t = {a->old_run.n, a->new_run.n, first, column, weight};
    SHEAF_TRY(sheaf_i_assign_heaviest(a->ctx, a->old_run.match, &t));
    for (int32_t i = 0; i < a->old_run.n; i++)
        if (a->old_run.match[i] >= 0) a->new_run.match[a->old_run.match[i]] = i;
done:
    sheaf_i_free(a->ctx, first);
    sheaf_i_free(a->ctx, column);
    sheaf_i_free(a->ctx, weight);
    return st;
}

static int by_docs(const void *a, const void *b)
{
    const sheaf_align_part *x = a, *y = b;
    if (x->docs != y->docs) return x->docs < y->docs ? 1 : -1;
    return (x->cluster > y->cluster) - (x->cluster < y->cluster);
}

/* The parts of one side's clusters, `other` being that on which they lie. */
static sheaf_status list_parts(building *b, bool of_new)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_run_clusters *r = of_new ? &b->a->new_run : &b->a->old_run;
    const sheaf_i_run_clusters *other = of_new ? &b->a->old_run : &b->a->new_run;
    int64_t *next = NULL;
    SHEAF_NEW(next, b->a->ctx, r->n);
    for (int64_t i = 0; i < b->n_cells; i++)
        if (is_part(b, &b->cell[i])) r->first[(of_new ? b->cell[i].new_one : b->cell[i].old_one) + 1]++;
    for (int32_t i = 0; i < r->n; i++) {
        next[i] = r->first[i];
        r->first[i + 1] += r->first[i];
    }
    SHEAF_NEW(r->part, b->a->ctx, r->first[r->n]);
    for (int64_t i = 0; i < b->n_cells; i++) {
        const shared_cell *c = &b->cell[i];
        const int32_t own = of_new ? c->new_one : c->old_one, far = of_new ? c->old_one : c->new_one;
        if (is_part(b, c))
            r->part[next[own]++] = (sheaf_align_part){other->label[far], c->docs,
                                                      (double)c->docs / (double)r->common[own]};
    }
    for (int32_t i = 0; i < r->n; i++) {
        const int64_t n = r->first[i + 1] - r->first[i];
        if (n > 1) qsort(r->part + r->first[i], (size_t)n, sizeof *r->part, by_docs);
    }
done:
    sheaf_i_free(b->a->ctx, next);
    return st;
}

static sheaf_status number_clusters(sheaf_align *a, int32_t highest)
{
    sheaf_status st = SHEAF_OK;
    const int32_t last = a->old_run.n ? a->old_run.label[a->old_run.n - 1] : 0;
    if (highest < last) highest = last;
    SHEAF_NEW(a->number, a->ctx, a->new_run.n);
    for (int32_t j = 0; j < a->new_run.n; j++) {
        const int32_t old_one = a->new_run.match[j];
        if (old_one < 0 && highest == INT32_MAX)
            return sheaf_i_fail(a->ctx, SHEAF_EFORMAT, "no number is left above cluster %d", INT32_MAX);
        a->number[j] = old_one >= 0 ? a->old_run.label[old_one] : ++highest;
    }
    a->counts.highest = highest;
done:
    return st;
}

static bool in_parts(const sheaf_i_run_clusters *r, int32_t i)
{
    int64_t others = 0;
    for (int64_t p = r->first[i] + 1; p < r->first[i + 1]; p++) others += r->part[p].docs;
    return others > 0 && IN_PARTS * others >= r->common[i];
}

/* Whether one of the clusters on the other side that i is a part of is in parts itself. */
static bool is_part_of_parts(const sheaf_i_run_clusters *r, int32_t i, const sheaf_i_run_clusters *other)
{
    for (int64_t p = r->first[i]; p < r->first[i + 1]; p++)
        if (in_parts(other, sheaf_i_run_find(other, r->part[p].cluster))) return true;
    return false;
}

static int64_t shared_by(const building *b, int32_t old_one, int32_t new_one)
{
    const sheaf_i_run_clusters *r = &b->a->old_run;
    for (int64_t p = r->first[old_one]; p < r->first[old_one + 1]; p++)
        if (r->part[p].cluster == b->a->new_run.label[new_one]) return r->part[p].docs;
    return 0;
}

static sheaf_align_row old_row(const building *b, int32_t i)
{
    const sheaf_i_run_clusters *x = &b->a->old_run, *y = &b->a->new_run;
    const int32_t j = x->match[i];
    sheaf_align_row r = {.old_cluster = x->label[i], .old_docs = x->docs[i], .old_common = x->common[i],
                         .split = in_parts(x, i), .merged = j >= 0 ? in_parts(y, j) : is_part_of_parts(x, i, y)};
    if (j < 0) return r;
    r.new_cluster = y->label[j];
    r.number = r.old_cluster;
    r.new_docs = y->docs[j];
    r.new_common = y->common[j];
    r.shared = shared_by(b, i, j);
    r.jaccard = (double)r.shared / (double)(r.old_common + r.new_common - r.shared);
    return r;
}

static sheaf_align_row new_row(const building *b, int32_t j)
{
    const sheaf_i_run_clusters *x = &b->a->old_run, *y = &b->a->new_run;
    return (sheaf_align_row){.new_cluster = y->label[j], .number = b->a->number[j], .new_docs = y->docs[j],
                             .new_common = y->common[j], .split = is_part_of_parts(y, j, x), .merged = in_parts(y, j)};
}

static sheaf_status list_rows(building *b)
{
    sheaf_status st = SHEAF_OK;
    sheaf_align *a = b->a;
    sheaf_align_counts *c = &a->counts;
    SHEAF_NEW(a->row, a->ctx, (int64_t)a->old_run.n + a->new_run.n);
    for (int32_t i = 0; i < a->old_run.n; i++) {
        const sheaf_align_row r = a->row[a->n_rows++] = old_row(b, i);
        c->kept += r.new_cluster > 0;
        c->died += r.new_cluster == 0;
        c->split += r.split;
        c->kept_docs += r.shared;
    }
    for (int32_t j = 0; j < a->new_run.n; j++) {
        c->merged += in_parts(&a->new_run, j);
        if (a->new_run.match[j] >= 0) continue;
        a->row[a->n_rows++] = new_row(b, j);
        c->born++;
    }
done:
    return st;
}

static sheaf_status check(sheaf_ctx *ctx, const sheaf_align_opts *o, int64_t n)
{
    const sheaf_ratio s = o->min_share;
    if (o->highest < 0) return sheaf_i_fail(ctx, SHEAF_EINVAL, "highest = %d: below 0", o->highest);
    if (s.p <= 0 || s.p > s.q || s.q > MOST_PARTS)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "min_share = %lld/%lld: must be above 0 and at most 1", (long long)s.p,
                            (long long)s.q);
    return n < 0 ? sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld documents", (long long)n) : SHEAF_OK;
}

sheaf_status sheaf_align_labels(sheaf_ctx *ctx, sheaf_align **out, const int32_t *x, const int32_t *y, int64_t n,
                                const sheaf_align_opts *given)
{
    sheaf_status st = SHEAF_OK;
    sheaf_align_opts o;
    building b = {0};
    *out = NULL;
    sheaf_align_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    SHEAF_TRY(check(ctx, &o, n));
    b.share = o.min_share;
    SHEAF_NEW0(b.a, ctx, 1);
    b.a->ctx = ctx;
    SHEAF_TRY(list_clusters(ctx, &b.a->old_run, x, n));
    SHEAF_TRY(list_clusters(ctx, &b.a->new_run, y, n));
    SHEAF_TRY(count_documents(&b, x, y, n));
    SHEAF_TRY(count_pairs(&b));
    SHEAF_TRY(match(&b));
    SHEAF_TRY(list_parts(&b, false));
    SHEAF_TRY(list_parts(&b, true));
    SHEAF_TRY(number_clusters(b.a, o.highest));
    SHEAF_TRY(list_rows(&b));
    *out = b.a;
    b.a = NULL;
done:
    sheaf_i_free(ctx, b.key);
    sheaf_i_free(ctx, b.cell);
    sheaf_align_free(b.a);
    return st;
}

static void run_end(sheaf_ctx *ctx, sheaf_i_run_clusters *r)
{
    sheaf_i_free(ctx, r->label);
    sheaf_i_free(ctx, r->docs);
    sheaf_i_free(ctx, r->common);
    sheaf_i_free(ctx, r->match);
    sheaf_i_free(ctx, r->name);
    sheaf_i_free(ctx, r->first);
    sheaf_i_free(ctx, r->part);
}

void sheaf_align_free(sheaf_align *a)
{
    if (!a) return;
    for (int32_t i = 0; i < a->n_cuts; i++) sheaf_align_free(a->cut[i].a);
    sheaf_i_free(a->ctx, a->cut);
    run_end(a->ctx, &a->old_run);
    run_end(a->ctx, &a->new_run);
    sheaf_i_free(a->ctx, a->number);
    sheaf_i_free(a->ctx, a->row);
    sheaf_i_free(a->ctx, a->names);
    sheaf_i_free(a->ctx, a->highest_name);
    sheaf_i_free(a->ctx, a);
}

const sheaf_align_row *sheaf_align_rows(const sheaf_align *a, int64_t *n)
{
    *n = a->n_rows;
    return a->row;
}

sheaf_align_counts sheaf_align_quality(const sheaf_align *a) { return a->counts; }

const sheaf_align_part *sheaf_align_parts(const sheaf_align *a, bool of_new, int32_t cluster, int32_t *n)
{
    const sheaf_i_run_clusters *r = of_new ? &a->new_run : &a->old_run;
    const int32_t i = sheaf_i_run_find(r, cluster);
    *n = i < 0 ? 0 : (int32_t)(r->first[i + 1] - r->first[i]);
    return i < 0 ? NULL : r->part + r->first[i];
}

sheaf_str sheaf_align_name(const sheaf_align *a, bool of_new, int32_t cluster)
{
    const sheaf_i_run_clusters *r = of_new ? &a->new_run : &a->old_run;
    const int32_t i = sheaf_i_run_find(r, cluster);
    return i < 0 || !r->name[i].n ? (sheaf_str){"", 0} : r->name[i];
}

int32_t sheaf_align_number(const sheaf_align *a, int32_t new_cluster)
{
    const int32_t j = sheaf_i_run_find(&a->new_run, new_cluster);
    return j < 0 ? 0 : a->number[j];
}
