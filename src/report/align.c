/* Clusters of two runs: what became of each, and the new run's table with the numbers and names that stay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/align.h"
#include "report/rows.h"

#define DIGITS 4
#define MOST_DIGITS 16 /* behind the point there are fewer */
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

/* "7 (62%); 12 (38%)" */
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
            snprintf(text, sizeof text, "%d (%.0f%%)", p[i].cluster, 100 * p[i].share);
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

typedef struct {
    const sheaf_align *a;
    const sheaf_table *t;
    sheaf_i_column *columns;
    int32_t n;               /* columns that are written: one more than the table's if names are added */
    int32_t cluster, second, fit, margin, name; /* columns, -1: there is none of ours */
    bool named;
    int32_t *loose, n_loose; /* clusters that only `second` knows, rising: numbered above all others */
} aligned;

static bool is_number(const char *p, size_t n, int32_t *out)
{
    int64_t value = 0;
    size_t i = 0;
    for (; i < n && p[i] >= '0' && p[i] <= '9' && value <= INT32_MAX; i++) value = 10 * value + (p[i] - '0');
    *out = (int32_t)value;
    return n > 0 && i == n && value <= INT32_MAX;
}

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
    for (int64_t i = 0; i < n; i++) {
        const sheaf_str s = sheaf_table_cell(d->t, i, d->second);
        if (is_number(s.p, s.n, &value) && value && !sheaf_align_number(d->a, value)) d->loose[found++] = value;
    }
    if (found) qsort(d->loose, (size_t)found, sizeof *d->loose, by_number);
    for (int64_t i = 0; i < found; i++)
        if (i == 0 || d->loose[i] != d->loose[d->n_loose - 1]) d->loose[d->n_loose++] = d->loose[i];
done:
    return st;
}

static int64_t number_of(const aligned *d, int32_t cluster)
{
    const int32_t number = sheaf_align_number(d->a, cluster);
    const sheaf_i_run_clusters *old_run = &d->a->old_run;
    if (number || !cluster) return number;
    const int32_t *at = bsearch(&cluster, d->loose, (size_t)d->n_loose, sizeof cluster, by_number);
    if (!at) return cluster;
    return (old_run->n ? old_run->label[old_run->n - 1] : 0) + (int64_t)d->a->counts.born + 1 + (at - d->loose);
}

static sheaf_str name_of(const aligned *d, int32_t cluster)
{
    const int32_t j = sheaf_i_run_find(&d->a->new_run, cluster);
    const int32_t i = j < 0 ? -1 : d->a->new_run.match[j];
    const sheaf_str kept = i < 0 ? (sheaf_str){"", 0} : d->a->old_run.name[i];
    return kept.n ? kept : sheaf_align_name(d->a, true, cluster);
}

static sheaf_status find_columns(aligned *d, const sheaf_align_opts *o)
{
    sheaf_status st = SHEAF_OK;
    const int32_t n = sheaf_table_columns(d->t);
    d->n = n;
    d->cluster = sheaf_table_find(d->t, o && o->cluster ? o->cluster : "cluster");
    if (d->cluster < 0) return sheaf_i_fail(d->a->ctx, SHEAF_EINVAL, "the new run has no column of clusters");
    d->fit = sheaf_table_find(d->t, "fit");
    d->margin = sheaf_table_find(d->t, "margin");
    d->second = d->fit >= 0 && d->margin >= 0 ? sheaf_table_find(d->t, "second") : -1;
    d->name = sheaf_table_find(d->t, NAMES);
    d->named = d->name >= 0 || has_names(&d->a->old_run) || has_names(&d->a->new_run);
    SHEAF_NEW0(d->columns, d->a->ctx, n + 1);
    for (int32_t i = 0; i < n; i++)
        d->columns[i] = (sheaf_i_column){.name = sheaf_table_name(d->t, i),
                                         .right = i == d->cluster || i == d->second || i == d->fit || i == d->margin};
    if (d->named && d->name < 0) {
        d->name = d->n++;
        d->columns[d->name] = (sheaf_i_column){.name = sheaf_i_str(NAMES)};
    }
done:
    return st;
}

/* A number as it was written, in digits of its own. */
static void figure(sheaf_i_rows *r, sheaf_str s)
{
    char text[64], *end = text;
    double value = 0;
    if (s.n && s.n < sizeof text) {
        memcpy(text, s.p, s.n);
        text[s.n] = 0;
        value = strtod(text, &end);
    }
    const char *point = s.n ? memchr(s.p, '.', s.n) : NULL;
    if (!s.n) sheaf_i_cell_none(r);
    else if (end == text + s.n && sheaf_i_rows_json(r))
        sheaf_i_cell_real(r, value, point ? (int)(s.p + s.n - point - 1) % MOST_DIGITS : 0);
    else sheaf_i_cell_text(r, s);
}

static void aligned_row(sheaf_i_rows *r, const aligned *d, int64_t row)
{
    int32_t cluster = 0, second;
    const sheaf_str own = sheaf_table_cell(d->t, row, d->cluster);
    const bool known = is_number(own.p, own.n, &cluster);
    for (int32_t i = 0; i < d->n; i++) {
        const sheaf_str s = i < sheaf_table_columns(d->t) ? sheaf_table_cell(d->t, row, i) : (sheaf_str){"", 0};
        if (i == d->cluster && known) sheaf_i_cell_int(r, number_of(d, cluster));
        else if (i == d->second && is_number(s.p, s.n, &second)) sheaf_i_cell_int(r, number_of(d, second));
        else if (i == d->second || i == d->fit || i == d->margin) figure(r, s);
        else sheaf_i_cell_text(r, i == d->name ? name_of(d, cluster) : s);
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
    SHEAF_TRY(sheaf_i_rows_open(&r, a->ctx, o, opts, "cluster", NULL, d.columns, d.n));
    for (int64_t i = 0; i < sheaf_table_rows(new_run) && !sheaf_i_rows_full(&r); i++) aligned_row(&r, &d, i);
    st = sheaf_i_rows_close(&r);
done:
    sheaf_i_free(a->ctx, d.columns);
    sheaf_i_free(a->ctx, d.loose);
    return st;
}
