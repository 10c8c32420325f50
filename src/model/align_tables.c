/* Results in tables to be aligned: joined by id, with the names of their clusters. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/align.h"
#include "model/join.h"

#define NAMES "cluster_name"

typedef struct {
    const sheaf_table *t;
    const char *what;        /* for messages */
    int32_t id, cluster, name; /* columns; name -1: there is none */
    sheaf_i_keyed *key;      /* rows by id */
    int64_t n;
} run_table;

typedef struct {
    int32_t *x, *y;          /* clusters of every id; -1: the run does not have it */
    int64_t n;
    bool both;               /* some id is in both */
} joined;

/* A whole number from 0 on. */
static sheaf_status read_cluster(sheaf_ctx *ctx, const sheaf_table *t, const char *what, int64_t row, int32_t column,
                                 int32_t *out)
{
    const sheaf_str s = sheaf_table_cell(t, row, column);
    int64_t value = 0;
    size_t i = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && value <= INT32_MAX; i++) value = 10 * value + (s.p[i] - '0');
    *out = (int32_t)value;
    if (s.n && i == s.n && value <= INT32_MAX) return SHEAF_OK;
    return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: row %lld: cluster '%.*s' is not a whole number from 0 to %d", what,
                        (long long)row + 1, (int)(s.n < 100 ? s.n : 100), s.p, INT32_MAX);
}

static sheaf_status open_run(sheaf_ctx *ctx, run_table *r, const sheaf_table *t, const char *what,
                             const sheaf_align_opts *o)
{
    sheaf_status st = SHEAF_OK;
    *r = (run_table){.t = t, .what = what, .n = sheaf_table_rows(t), .name = sheaf_table_find(t, NAMES)};
    SHEAF_TRY(sheaf_i_table_column(ctx, t, what, o->id, "id", 0, &r->id));
    SHEAF_TRY(sheaf_i_table_column(ctx, t, what, o->cluster, "cluster", -1, &r->cluster));
    SHEAF_TRY(sheaf_i_table_ids(ctx, t, r->id, what, &r->key));
done:
    return st;
}

static sheaf_status take(sheaf_ctx *ctx, const run_table *r, int64_t at, int32_t *to)
{
    return read_cluster(ctx, r->t, r->what, r->key[at].row, r->cluster, to);
}

static sheaf_status join(sheaf_ctx *ctx, joined *j, const run_table *a, const run_table *b)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(j->x, ctx, a->n + b->n);
    SHEAF_NEW(j->y, ctx, a->n + b->n);
    for (int64_t i = 0, k = 0; i < a->n || k < b->n; j->n++) {
        const int c = k == b->n ? -1 : i == a->n ? 1 : sheaf_i_str_compare(a->key[i].s, b->key[k].s);
        j->x[j->n] = j->y[j->n] = -1;
        if (c == 0) j->both = true;
        if (c <= 0) SHEAF_TRY(take(ctx, a, i++, &j->x[j->n]));
        if (c >= 0) SHEAF_TRY(take(ctx, b, k++, &j->y[j->n]));
    }
    if (j->both) return SHEAF_OK;
    st = sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s and %s have no document in common", a->what, b->what);
    sheaf_i_hint(ctx, "they are joined by the column '%.*s'", (int)sheaf_table_name(a->t, a->id).n,
                 sheaf_table_name(a->t, a->id).p);
done:
    return st;
}

/* Of the documents of a cluster that have a name for it, that of the first by id counts. */
static sheaf_status names_of_run(sheaf_ctx *ctx, sheaf_i_run_clusters *c, const run_table *r)
{
    sheaf_status st = SHEAF_OK;
    for (int64_t i = 0; i < r->n && r->name >= 0; i++) {
        int32_t label;
        SHEAF_TRY(take(ctx, r, i, &label));
        const int32_t at = sheaf_i_run_find(c, label);
        if (at >= 0 && !c->name[at].n) c->name[at] = sheaf_table_cell(r->t, r->key[i].row, r->name);
    }
done:
    return st;
}

static sheaf_status names_of_table(sheaf_ctx *ctx, sheaf_i_run_clusters *c, const sheaf_table *t, const char *run)
{
    sheaf_status st = SHEAF_OK;
    char what[300];
    int32_t cluster, name, label;
    snprintf(what, sizeof what, "names of %.200s", run);
    SHEAF_TRY(sheaf_i_table_column(ctx, t, what, NULL, "cluster", -1, &cluster));
    SHEAF_TRY(sheaf_i_table_column(ctx, t, what, NULL, "name", -1, &name));
    for (int64_t i = 0; i < sheaf_table_rows(t); i++) {
        SHEAF_TRY(read_cluster(ctx, t, what, i, cluster, &label));
        const int32_t at = sheaf_i_run_find(c, label);
        if (at >= 0 && !c->name[at].n) c->name[at] = sheaf_table_cell(t, i, name);
    }
done:
    return st;
}

sheaf_status sheaf_align_tables(sheaf_ctx *ctx, sheaf_align **out, const sheaf_table *old_run,
                                const sheaf_table *new_run, const sheaf_align_opts *given)
{
    sheaf_status st = SHEAF_OK;
    sheaf_align_opts o;
    sheaf_align *a = NULL;
    run_table x = {0}, y = {0};
    joined j = {0};
    *out = NULL;
    sheaf_align_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    SHEAF_TRY(open_run(ctx, &x, old_run, o.old_name ? o.old_name : "old", &o));
    SHEAF_TRY(open_run(ctx, &y, new_run, o.new_name ? o.new_name : "new", &o));
    SHEAF_TRY(join(ctx, &j, &x, &y));
    SHEAF_TRY(sheaf_align_labels(ctx, &a, j.x, j.y, j.n, &o));
    if (o.old_names) SHEAF_TRY(names_of_table(ctx, &a->old_run, o.old_names, x.what));
    else SHEAF_TRY(names_of_run(ctx, &a->old_run, &x));
    if (o.new_names) SHEAF_TRY(names_of_table(ctx, &a->new_run, o.new_names, y.what));
    else SHEAF_TRY(names_of_run(ctx, &a->new_run, &y));
    SHEAF_TRY(sheaf_i_names_keep(ctx, &a->names, (sheaf_str *const[]){a->old_run.name, a->new_run.name},
                                 (const int32_t[]){a->old_run.n, a->new_run.n}));
    *out = a;
    a = NULL;
done:
    sheaf_i_free(ctx, x.key);
    sheaf_i_free(ctx, y.key);
    sheaf_i_free(ctx, j.x);
    sheaf_i_free(ctx, j.y);
    sheaf_align_free(a);
    return st;
}
