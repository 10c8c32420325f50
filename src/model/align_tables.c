/* Results in tables to be aligned: joined by id, with the names of their clusters.
 *
 * A number that was given once must not come again for another cluster, but a table holds only those that have
 * documents. The aligned table therefore hands on the highest ever given in a column of its own, "cluster_highest", and
 * here it is read from the old one.
 */
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

bool sheaf_i_run_number(sheaf_str s, int32_t *out)
{
    int64_t value = 0;
    size_t i = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && value <= INT32_MAX; i++) value = 10 * value + (s.p[i] - '0');
    *out = (int32_t)value;
    return s.n > 0 && i == s.n && value <= INT32_MAX;
}

int32_t sheaf_i_run_second(const sheaf_table *t, int32_t cluster)
{
    const bool ours = sheaf_table_find(t, "fit") >= 0 && sheaf_table_find(t, "margin") >= 0;
    return ours && sheaf_table_find(t, "cluster") == cluster ? sheaf_table_find(t, "second") : -1;
}

/* A whole number from 0 on. Other programs write -1 or nothing for documents in no cluster. */
static sheaf_status read_cluster(sheaf_ctx *ctx, const sheaf_table *t, const char *what, int64_t row, int32_t column,
                                 int32_t *out)
{
    const sheaf_str s = sheaf_table_cell(t, row, column);
    if (sheaf_i_run_number(s, out)) return SHEAF_OK;
    *out = 0;
    if (!s.n || (s.n == 2 && !memcmp(s.p, "-1", 2))) return SHEAF_OK;
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
    if (r->id == r->cluster) return sheaf_i_fail(ctx, SHEAF_EINVAL, "%s: no column of ids beside the clusters", what);
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

/* "cluster_highest" */
static sheaf_status name_highest(sheaf_ctx *ctx, char **out, sheaf_str column)
{
    static const char ending[] = "_highest";
    char *name = *out = sheaf_i_array(ctx, (int64_t)(column.n + sizeof ending), 1);
    if (!name) return SHEAF_ENOMEM;
    if (column.n) memcpy(name, column.p, column.n);
    memcpy(name + column.n, ending, sizeof ending);
    return SHEAF_OK;
}

/* The highest number that the old run knows of beside those of its documents. */
static void find_highest(const run_table *r, const char *name, int32_t *highest)
{
    const int32_t columns[] = {sheaf_table_find(r->t, name), sheaf_i_run_second(r->t, r->cluster)};
    int32_t value;
    for (int c = 0; c < 2; c++)
        for (int64_t i = 0; i < r->n && columns[c] >= 0; i++)
            if (sheaf_i_run_number(sheaf_table_cell(r->t, i, columns[c]), &value) && value > *highest) *highest = value;
}

static sheaf_status align_columns(sheaf_ctx *ctx, sheaf_align **out, const run_table *x, const run_table *y,
                                  const sheaf_align_opts *given)
{
    sheaf_status st = SHEAF_OK;
    sheaf_align_opts o = *given;
    joined j = {0};
    char *name = NULL;
    SHEAF_TRY(name_highest(ctx, &name, sheaf_table_name(y->t, y->cluster)));
    find_highest(x, name, &o.highest);
    SHEAF_TRY(join(ctx, &j, x, y));
    SHEAF_TRY(sheaf_align_labels(ctx, out, j.x, j.y, j.n, &o));
    (*out)->highest_name = name;
    name = NULL;
done:
    sheaf_i_free(ctx, name);
    sheaf_i_free(ctx, j.x);
    sheaf_i_free(ctx, j.y);
    return st;
}

bool sheaf_i_run_is_cut(sheaf_str name)
{
    static const char prefix[] = "cluster_";
    const size_t n = sizeof prefix - 1;
    int32_t groups;
    return name.n > n && !memcmp(name.p, prefix, n) && sheaf_i_run_number((sheaf_str){name.p + n, name.n - n}, &groups);
}

static int32_t same_column(const sheaf_table *t, sheaf_str name)
{
    int32_t i = sheaf_table_columns(t) - 1;
    while (i >= 0 && sheaf_i_str_compare(sheaf_table_name(t, i), name)) i--;
    return i;
}

static sheaf_status align_cuts(sheaf_align *a, run_table x, run_table y, const sheaf_align_opts *given)
{
    sheaf_status st = SHEAF_OK;
    const int32_t n = sheaf_table_columns(y.t), clusters = y.cluster;
    sheaf_align_opts o = *given;
    o.highest = 0;
    SHEAF_NEW0(a->cut, a->ctx, n);
    for (y.cluster = 0; y.cluster < n; y.cluster++) {
        const sheaf_str name = sheaf_table_name(y.t, y.cluster);
        x.cluster = sheaf_i_run_is_cut(name) ? same_column(x.t, name) : -1;
        if (x.cluster < 0 || y.cluster == clusters) continue;
        a->cut[a->n_cuts].column = y.cluster;
        SHEAF_TRY(align_columns(a->ctx, &a->cut[a->n_cuts++].a, &x, &y, &o));
    }
done:
    return st;
}

static sheaf_status find_names(sheaf_align *a, const run_table *x, const run_table *y, const sheaf_align_opts *o)
{
    sheaf_status st = SHEAF_OK;
    if (o->old_names) SHEAF_TRY(names_of_table(a->ctx, &a->old_run, o->old_names, x->what));
    else SHEAF_TRY(names_of_run(a->ctx, &a->old_run, x));
    if (o->new_names) SHEAF_TRY(names_of_table(a->ctx, &a->new_run, o->new_names, y->what));
    else SHEAF_TRY(names_of_run(a->ctx, &a->new_run, y));
    st = sheaf_i_names_keep(a->ctx, &a->names, (sheaf_str *const[]){a->old_run.name, a->new_run.name},
                            (const int32_t[]){a->old_run.n, a->new_run.n});
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
    *out = NULL;
    sheaf_align_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    SHEAF_TRY(open_run(ctx, &x, old_run, o.old_name ? o.old_name : "old", &o));
    SHEAF_TRY(open_run(ctx, &y, new_run, o.new_name ? o.new_name : "new", &o));
    SHEAF_TRY(align_columns(ctx, &a, &x, &y, &o));
    SHEAF_TRY(find_names(a, &x, &y, &o));
    SHEAF_TRY(align_cuts(a, x, y, &o));
    *out = a;
    a = NULL;
done:
    sheaf_i_free(ctx, x.key);
    sheaf_i_free(ctx, y.key);
    sheaf_align_free(a);
    return st;
}
