/* Clusters of two runs: what became of each, and the new run's table with the numbers and names that stay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/align.h"
#include "report/rows.h"

#define DIGITS 4
#define NAMES "cluster_name"

static const sheaf_i_column COLUMNS[] = {
    {.name = {"old", 3}, .right = true},
    {.name = {"new", 3}, .right = true},
    {.name = {"number", 6}, .right = true},
    {.name = {"what", 4}},
    {.name = {"shared", 6}, .right = true},
    {.name = {"jaccard", 7}, .right = true},
    {.name = {"docs_old", 8}, .right = true},
    {.name = {"docs_new", 8}, .right = true},
    {.name = {"name_old", 8}},
    {.name = {"name_new", 8}},
    {.name = {"to", 2}, .title = "parts in new"},
    {.name = {"from", 4}, .title = "parts from old"},
};
#define N_COLUMNS ((int32_t)(sizeof COLUMNS / sizeof *COLUMNS))
enum { NAME_OLD = 8, NAME_NEW }; /* not in a table where none is known */

static bool has_names(const sheaf_i_run_clusters *r)
{
    for (int32_t i = 0; i < r->n; i++)
        if (r->name[i].n) return true;
    return false;
}

static void number_or_none(sheaf_i_rows *r, int32_t number, int64_t value)
{
    if (number) sheaf_i_cell_int(r, value);
    else sheaf_i_cell_none(r);
}

/* "7 (62%)"; of almost nothing and almost all that it is not quite. */
static void spell_part(char *to, size_t room, const sheaf_align_part *p)
{
    const double percent = 100 * p->share;
    if (percent < 1) snprintf(to, room, "%d (<1%%)", p->cluster);
    else if (percent > 99 && percent < 100) snprintf(to, room, "%d (>99%%)", p->cluster);
    else snprintf(to, room, "%d (%.0f%%)", p->cluster, percent);
}

static void parts(sheaf_i_rows *r, const sheaf_align *a, bool of_new, int32_t cluster)
{
    int32_t n;
    const sheaf_align_part *p = sheaf_align_parts(a, of_new, cluster, &n);
    sheaf_i_list_begin(r);
    for (int32_t i = 0; i < n; i++) {
        char text[32];
        if (sheaf_i_rows_json(r)) {
            sheaf_i_list_item_begin(r);
            sheaf_i_list_int(r, "cluster", p[i].cluster);
            sheaf_i_list_int(r, "docs", p[i].docs);
            sheaf_i_list_real(r, "share", p[i].share, DIGITS);
        } else {
            spell_part(text, sizeof text, &p[i]);
            sheaf_i_list_item(r, "cluster", sheaf_i_str(text), "; ");
        }
        sheaf_i_list_item_end(r);
    }
    sheaf_i_list_end(r);
}

static void align_row(sheaf_i_rows *r, const sheaf_align *a, const sheaf_align_row *x)
{
    char what[32];
    snprintf(what, sizeof what, "%s%s%s", !x->new_cluster ? "died" : !x->old_cluster ? "born" : "kept",
             x->split ? ", split" : "", x->merged ? ", merged" : "");
    number_or_none(r, x->old_cluster, x->old_cluster);
    number_or_none(r, x->new_cluster, x->new_cluster);
    number_or_none(r, x->number, x->number);
    sheaf_i_cell_text(r, sheaf_i_str(what));
    sheaf_i_cell_int(r, x->shared);
    sheaf_i_cell_real(r, x->jaccard, DIGITS);
    number_or_none(r, x->old_cluster, x->old_docs);
    number_or_none(r, x->new_cluster, x->new_docs);
    sheaf_i_cell_text(r, sheaf_align_name(a, false, x->old_cluster));
    sheaf_i_cell_text(r, sheaf_align_name(a, true, x->new_cluster));
    parts(r, a, false, x->old_cluster);
    parts(r, a, true, x->new_cluster);
    sheaf_i_row_end(r);
}

static void count(sheaf_i_text *t, const char *name, int64_t value)
{
    sheaf_i_text_puts(t, ",\n");
    sheaf_i_text_json(t, sheaf_i_str(name));
    sheaf_i_text_puts(t, ":");
    sheaf_i_text_int(t, value);
}

static void counts(sheaf_i_text *t, const sheaf_align_counts *c)
{
    count(t, "both", c->both);
    count(t, "only_old", c->only_old);
    count(t, "only_new", c->only_new);
    count(t, "kept_docs", c->kept_docs);
    count(t, "old_unplaced", c->old_unplaced);
    count(t, "new_unplaced", c->new_unplaced);
    count(t, "kept", c->kept);
    count(t, "died", c->died);
    count(t, "born", c->born);
    count(t, "split", c->split);
    count(t, "merged", c->merged);
    count(t, "highest", c->highest);
    sheaf_i_text_add(t, "", 1); /* the end */
}

sheaf_status sheaf_write_align(sheaf_out *o, const sheaf_align *a, const sheaf_write_opts *opts)
{
    sheaf_i_rows r;
    sheaf_i_text members;
    sheaf_i_column columns[N_COLUMNS];
    memcpy(columns, COLUMNS, sizeof columns);
    columns[NAME_OLD].hidden = columns[NAME_NEW].hidden = !has_names(&a->old_run) && !has_names(&a->new_run);
    sheaf_i_text_init(&members, a->ctx);
    counts(&members, &a->counts);
    sheaf_status st = members.status;
    if (st == SHEAF_OK)
        st = sheaf_i_rows_open_with(&r, a->ctx, o, opts, "align", NULL, members.p, columns, N_COLUMNS);
    sheaf_i_text_end(&members);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < a->n_rows && !sheaf_i_rows_full(&r); i++) align_row(&r, a, &a->row[i]);
    return sheaf_i_rows_close(&r);
}

/* ---- the new run's table ---- */

typedef enum { TEXT, FIGURE, CLUSTER, SECOND, NAME, HIGHEST } kind;

typedef struct {
    kind kind;
    const sheaf_align *a;    /* whose numbers it takes */
} role;

typedef struct {
    const sheaf_align *a;
    const sheaf_table *t;
    sheaf_i_column *columns;
    role *role;              /* of each */
    int32_t n;               /* columns that are written: the table's, then those that are added */
    int32_t cluster, second; /* columns, -1: there is none of ours */
    int32_t *loose, n_loose; /* clusters that only `second` knows, rising: numbered above all others */
} aligned;

static int by_number(const void *x, const void *y)
{
    const int32_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

/* A cluster can be second to documents without having one itself. */
static sheaf_status find_loose(aligned *d)
{
    sheaf_status st = SHEAF_OK;
    int64_t n = d->second >= 0 ? sheaf_table_rows(d->t) : 0, found = 0;
    int32_t value;
    SHEAF_NEW(d->loose, d->a->ctx, n);
    for (int64_t i = 0; i < n; i++)
        if (sheaf_i_run_number(sheaf_table_cell(d->t, i, d->second), &value) && value &&
            !sheaf_align_number(d->a, value)) d->loose[found++] = value;
    if (found) qsort(d->loose, (size_t)found, sizeof *d->loose, by_number);
    for (int64_t i = 0; i < found; i++)
        if (i == 0 || d->loose[i] != d->loose[d->n_loose - 1]) d->loose[d->n_loose++] = d->loose[i];
    if (d->n_loose > INT32_MAX - d->a->counts.highest)
        return sheaf_i_fail(d->a->ctx, SHEAF_EFORMAT, "no number is left above cluster %d", INT32_MAX);
done:
    return st;
}

static int32_t number_of(const aligned *d, const sheaf_align *a, int32_t cluster)
{
    const int32_t number = sheaf_align_number(a, cluster);
    if (number || !cluster) return number;
    const int32_t *at = bsearch(&cluster, d->loose, (size_t)d->n_loose, sizeof cluster, by_number);
    return at ? a->counts.highest + 1 + (int32_t)(at - d->loose) : cluster;
}

static int32_t highest_of(const aligned *d, const sheaf_align *a)
{
    return a->counts.highest + (a == d->a ? d->n_loose : 0);
}

/* Whether the highest number given is not among those of the documents, so that the next run would not know it. */
static bool is_lost(const aligned *d, const sheaf_align *a)
{
    int32_t present = 0;
    for (int32_t j = 0; j < a->new_run.n; j++)
        if (a->number[j] > present) present = a->number[j];
    return highest_of(d, a) > present;
}

/* The old run's name of a cluster that was kept, else the new one's; of none what the table says. */
static sheaf_str name_of(const aligned *d, int32_t cluster, sheaf_str own)
{
    const int32_t j = sheaf_i_run_find(&d->a->new_run, cluster);
    const int32_t i = j < 0 ? -1 : d->a->new_run.match[j];
    const sheaf_str kept = i < 0 ? (sheaf_str){"", 0} : d->a->old_run.name[i];
    return j < 0 ? own : kept.n ? kept : d->a->new_run.name[j];
}

static void set_role(aligned *d, int32_t column, kind k, const sheaf_align *a)
{
    if (column < 0) return;
    d->role[column] = (role){k, a};
    d->columns[column].right = k != NAME;
}

static int32_t find_or_add(aligned *d, const char *name, bool add)
{
    const int32_t i = sheaf_table_find(d->t, name);
    if (i >= 0 || !add) return i;
    d->columns[d->n] = (sheaf_i_column){.name = sheaf_i_str(name)};
    return d->n++;
}

static bool asks_for(const sheaf_write_opts *o, const char *name)
{
    for (int32_t i = 0; o && o->columns && i < o->n_columns; i++)
        if (strcmp(o->columns[i], name) == 0) return true;
    return false;
}

static void set_highest(aligned *d, const sheaf_align *a, const sheaf_write_opts *o)
{
    if (!a->highest_name) return;
    set_role(d, find_or_add(d, a->highest_name, is_lost(d, a) || asks_for(o, a->highest_name)), HIGHEST, a);
}

static sheaf_status find_columns(aligned *d, const sheaf_align_opts *o)
{
    sheaf_status st = SHEAF_OK;
    const int32_t n = d->n = sheaf_table_columns(d->t);
    d->cluster = sheaf_table_find(d->t, o && o->cluster ? o->cluster : "cluster");
    if (d->cluster < 0) return sheaf_i_fail(d->a->ctx, SHEAF_EINVAL, "the new run has no column of clusters");
    d->second = sheaf_i_run_second(d->t, d->cluster);
    SHEAF_NEW0(d->columns, d->a->ctx, (int64_t)n + d->a->n_cuts + 2);
    SHEAF_NEW0(d->role, d->a->ctx, (int64_t)n + d->a->n_cuts + 2);
    for (int32_t i = 0; i < n; i++) d->columns[i].name = sheaf_table_name(d->t, i);
done:
    return st;
}

static void set_roles(aligned *d, const sheaf_write_opts *o)
{
    static const char *const figures[] = {"fit", "margin", "unknown"};
    const sheaf_align *a = d->a;
    set_role(d, find_or_add(d, NAMES, has_names(&a->old_run) || has_names(&a->new_run)), NAME, a);
    set_highest(d, a, o);
    for (int32_t i = 0; i < sheaf_table_columns(d->t); i++)
        if (sheaf_i_run_is_cut(d->columns[i].name)) set_role(d, i, FIGURE, a);
    for (int32_t i = 0; i < a->n_cuts; i++) {
        set_role(d, a->cut[i].column, CLUSTER, a->cut[i].a);
        set_highest(d, a->cut[i].a, o);
    }
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        set_role(d, sheaf_table_find(d->t, figures[i]), FIGURE, a);
    set_role(d, d->second, SECOND, a);
    set_role(d, d->cluster, CLUSTER, a);
}

static void aligned_row(sheaf_i_rows *r, const aligned *d, int64_t row)
{
    int32_t cluster, value;
    if (!sheaf_i_run_number(sheaf_table_cell(d->t, row, d->cluster), &cluster)) cluster = 0;
    for (int32_t i = 0; i < d->n; i++) {
        const sheaf_str s = i < sheaf_table_columns(d->t) ? sheaf_table_cell(d->t, row, i) : (sheaf_str){"", 0};
        const role *x = &d->role[i];
        if (x->kind == HIGHEST) sheaf_i_cell_int(r, highest_of(d, x->a));
        else if (x->kind == NAME) sheaf_i_cell_text(r, name_of(d, cluster, s));
        else if (x->kind == TEXT) sheaf_i_cell_text(r, s);
        else if (x->kind == FIGURE || !sheaf_i_run_number(s, &value)) sheaf_i_cell_figure(r, s);
        else sheaf_i_cell_int(r, number_of(d, x->a, value));
    }
    sheaf_i_row_end(r);
}

sheaf_status sheaf_write_aligned(sheaf_out *o, const sheaf_align *a, const sheaf_table *new_run,
                                 const sheaf_align_opts *ao, const sheaf_write_opts *opts)
{
    sheaf_status st = SHEAF_OK;
    aligned d = {.a = a, .t = new_run};
    sheaf_i_rows r;
    SHEAF_TRY(find_columns(&d, ao));
    SHEAF_TRY(find_loose(&d));
    set_roles(&d, opts);
    SHEAF_TRY(sheaf_i_rows_open(&r, a->ctx, o, opts, "cluster", NULL, d.columns, d.n));
    for (int64_t i = 0; i < sheaf_table_rows(new_run) && !sheaf_i_rows_full(&r); i++) aligned_row(&r, &d, i);
    st = sheaf_i_rows_close(&r);
done:
    sheaf_i_free(a->ctx, d.columns);
    sheaf_i_free(a->ctx, d.role);
    sheaf_i_free(a->ctx, d.loose);
    return st;
}
