/* The merge tree over clusters, a row a step, and the curve of the search for k, a row a k. */
#include <math.h>
#include <stdio.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/model.h"
#include "report/rows.h"

#define DIGITS 4

static const sheaf_i_column TREE[] = {
    {.name = {"step", 4}, .right = true},
    {.name = {"k", 1}, .title = "groups", .right = true},
    {.name = {"left", 4}, .right = true},
    {.name = {"right", 5}, .right = true},
    {.name = {"loss", 4}, .right = true},
    {.name = {"docs", 4}, .right = true},
    {.name = {"left_names", 10}, .title = "left"},
    {.name = {"right_names", 11}, .title = "right"},
};
#define N_TREE ((int32_t)(sizeof TREE / sizeof *TREE))

/* Clusters of a node, lowest first; in a table the name of the first, and how many more. */
static void names(sheaf_i_rows *r, const sheaf_model *m, const int32_t *node, int32_t which)
{
    const int32_t k = sheaf_clustering_k(m->clustering);
    const bool table = r->o.format == SHEAF_FORMAT_TABLE;
    char more[24] = "";
    int32_t n = 0, first = 0;
    sheaf_i_list_begin(r);
    for (int32_t t = k; t >= 1; t--)
        if (node[t] == which) n++, first = t;
    for (int32_t t = first; t <= (table ? first : k); t++) {
        if (node[t] != which) continue;
        sheaf_i_list_item(r, "name", sheaf_i_str(sheaf_topics_name(m->topics, t)), "; ");
        sheaf_i_list_int(r, "cluster", t);
        sheaf_i_list_item_end(r);
    }
    snprintf(more, sizeof more, "%d more", n - 1);
    if (table && n > 1) {
        sheaf_i_list_item(r, "name", sheaf_i_str(more), "; ");
        sheaf_i_list_item_end(r);
    }
    sheaf_i_list_end(r);
}

/* node[t]: the node that cluster t is in before step s. */
static void tree_row(sheaf_i_rows *r, const sheaf_model *m, int32_t *node, int32_t s, const sheaf_merge *x)
{
    const int32_t k = sheaf_clustering_k(m->clustering);
    int64_t docs = 0;
    for (int32_t t = 1; t <= k; t++)
        if (node[t] == x->a || node[t] == x->b) docs += sheaf_clustering_count(m->clustering, t);
    sheaf_i_cell_int(r, s);
    sheaf_i_cell_int(r, k - s);
    sheaf_i_cell_int(r, x->a);
    sheaf_i_cell_int(r, x->b);
    sheaf_i_cell_real(r, x->loss, r->o.format == SHEAF_FORMAT_TABLE ? 1 : 2);
    sheaf_i_cell_int(r, docs);
    names(r, m, node, x->a);
    names(r, m, node, x->b);
    sheaf_i_row_end(r);
    for (int32_t t = 1; t <= k; t++)
        if (node[t] == x->a || node[t] == x->b) node[t] = k + s;
}

sheaf_status sheaf_write_tree(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_rows r;
    int32_t n, *node = NULL;
    char members[40];
    if (!m->topics) return sheaf_i_fail(m->ctx, SHEAF_EINVAL, "the model has no clusters");
    const sheaf_merge *merge = sheaf_clustering_merges(m->clustering, &n);
    const int32_t k = sheaf_clustering_k(m->clustering);
    SHEAF_NEW(node, m->ctx, (int64_t)k + 1);
    for (int32_t t = 0; t <= k; t++) node[t] = t;
    const char *by = !merge ? "null" : sheaf_clustering_merged_by_words(m->clustering) ? "\"words\"" : "\"centres\"";
    snprintf(members, sizeof members, ",\n\"joined_by\":%s", by);
    SHEAF_TRY(sheaf_i_rows_open_with(&r, m->ctx, o, opts, "tree", m, members, TREE, N_TREE));
    for (int32_t s = 1; s <= n && !sheaf_i_rows_full(&r); s++) tree_row(&r, m, node, s, &merge[s - 1]);
    st = sheaf_i_rows_close(&r);
done:
    sheaf_i_free(m->ctx, node);
    return st;
}

static const sheaf_i_column CURVE[] = {
    {.name = {"k", 1}, .right = true},
    {.name = {"evidence", 8}, .right = true},
    {.name = {"silhouette", 10}, .right = true},
    {.name = {"agreement", 9}, .right = true},
    {.name = {"what", 4}},
};

sheaf_status sheaf_write_k(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    sheaf_i_rows r;
    const sheaf_k_choice *c = m->choice;
    if (!m->clustering) return sheaf_i_fail(m->ctx, SHEAF_EINVAL, "the model has no clusters");
    sheaf_status st = sheaf_i_rows_open(&r, m->ctx, o, opts, "k", m, CURVE, (int32_t)(sizeof CURVE / sizeof *CURVE));
    if (st != SHEAF_OK) return st;
    for (int32_t k = 1; c && k <= SHEAF_K_MOST && !sheaf_i_rows_full(&r); k++) {
        const sheaf_k_point *x = &c->curve[k];
        if (x->k != k) continue;
        sheaf_i_cell_int(&r, k);
        sheaf_i_cell_real(&r, x->evidence, 1);
        if (k > 1) sheaf_i_cell_real(&r, x->silhouette, DIGITS);
        else sheaf_i_cell_none(&r);
        if (k > 1 && isfinite(x->agreement)) sheaf_i_cell_real(&r, x->agreement, DIGITS);
        else sheaf_i_cell_none(&r);
        sheaf_i_cell_text(&r, sheaf_i_str(k == c->k ? "choice" : k == c->runner_up ? "runner-up" : ""));
        sheaf_i_row_end(&r);
    }
    return sheaf_i_rows_close(&r);
}
