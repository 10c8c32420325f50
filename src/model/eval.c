/* Joins a result with true labels by id (sort and merge) and scores the agreement. */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/eval.h"
#include "model/join.h"

static int by_docs(const void *a, const void *b)
{
    const sheaf_i_confusion *x = a, *y = b;
    if (x->docs != y->docs) return x->docs < y->docs ? 1 : -1;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    return (x->cluster > y->cluster) - (x->cluster < y->cluster);
}

typedef struct {
    sheaf_str *label, *cluster; /* of the scored documents, n of them; borrowed from the tables */
    int64_t n;
} joined;

static void take(joined *j, sheaf_eval_counts *c, sheaf_str label, sheaf_str cluster)
{
    if (!label.n) {
        c->unlabelled++;
        return;
    }
    j->label[j->n] = label;
    j->cluster[j->n++] = cluster;
    c->scored++;
}

static sheaf_status join(sheaf_ctx *ctx, sheaf_eval *e, joined *j, const sheaf_table *result, const sheaf_table *gold,
                         const sheaf_eval_fields *f)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_keyed *a = NULL, *b = NULL;
    int32_t id, cluster, label, gold_id = 0;
    const sheaf_table *labelled = gold ? gold : result;
    const char *of_result = f->result_name ? f->result_name : "result", *of_gold = f->gold_name ? f->gold_name : "gold";
    int64_t n = sheaf_table_rows(result), m = gold ? sheaf_table_rows(gold) : 0;
    SHEAF_TRY(sheaf_i_table_column(ctx, result, of_result, f->id, "id", 0, &id));
    SHEAF_TRY(sheaf_i_table_column(ctx, result, of_result, f->cluster, "cluster", -1, &cluster));
    if (gold) SHEAF_TRY(sheaf_i_table_column(ctx, gold, of_gold, f->id, "id", 0, &gold_id));
    int32_t other = gold && sheaf_table_columns(gold) == 2 ? 1 - gold_id : -1;
    SHEAF_TRY(sheaf_i_table_column(ctx, labelled, gold ? of_gold : of_result, f->label, "label", other, &label));
    SHEAF_TRY(sheaf_i_table_ids(ctx, result, id, of_result, &a));
    if (gold) SHEAF_TRY(sheaf_i_table_ids(ctx, gold, gold_id, of_gold, &b));
    SHEAF_NEW(j->label, ctx, n);
    SHEAF_NEW(j->cluster, ctx, n);
    for (int64_t i = 0, k = 0; i < n || k < m;) {
        int c = !gold || k == m ? -1 : i == n ? 1 : sheaf_i_str_compare(a[i].s, b[k].s);
        if (!gold) c = 0;
        if (c < 0) e->counts.only_result++, i++;
        else if (c > 0) e->counts.only_gold++, k++;
        else {
            sheaf_str found = sheaf_table_cell(result, a[i].row, cluster);
            take(j, &e->counts, sheaf_table_cell(labelled, gold ? b[k].row : a[i].row, label), found);
            i++;
            if (gold) k++;
        }
    }
    if (!j->n) st = sheaf_i_fail(ctx, SHEAF_EFORMAT, "no document has both a cluster and a label");
done:
    sheaf_i_free(ctx, a);
    sheaf_i_free(ctx, b);
    return st;
}

/* Numbers the different values in order of their bytes; code[i] is the number of s[i]. */
static sheaf_status classify(sheaf_ctx *ctx, const sheaf_str *s, int64_t n, sheaf_i_classes *classes, int32_t *code)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_keyed *k = NULL;
    SHEAF_NEW(k, ctx, n);
    for (int64_t i = 0; i < n; i++) k[i] = (sheaf_i_keyed){s[i], i};
    qsort(k, (size_t)n, sizeof *k, sheaf_i_by_key);
    int64_t different = 0;
    for (int64_t i = 0; i < n; i++) different += i == 0 || sheaf_i_str_compare(k[i - 1].s, k[i].s) != 0;
    if (different > INT32_MAX) {
        st = sheaf_i_fail(ctx, SHEAF_EFORMAT, "%lld different values are too many", (long long)different);
        goto done;
    }
    SHEAF_NEW(classes->name, ctx, different);
    SHEAF_NEW0(classes->docs, ctx, different);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || sheaf_i_str_compare(k[i - 1].s, k[i].s) != 0) classes->name[classes->n++] = k[i].s;
        code[k[i].row] = classes->n - 1;
        classes->docs[classes->n - 1]++;
    }
done:
    sheaf_i_free(ctx, k);
    return st;
}

static int by_cell(const void *a, const void *b)
{
    const sheaf_i_confusion *x = a, *y = b;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    return (x->cluster > y->cluster) - (x->cluster < y->cluster);
}

static sheaf_status confusion(sheaf_eval *e, const int32_t *label, const int32_t *cluster, int64_t n)
{
    sheaf_i_confusion *c = e->cells = sheaf_i_array(e->ctx, n, sizeof *c);
    if (!c) return SHEAF_ENOMEM;
    for (int64_t i = 0; i < n; i++) c[i] = (sheaf_i_confusion){label[i], cluster[i], 1};
    qsort(c, (size_t)n, sizeof *c, by_cell);
    int64_t used = 0;
    for (int64_t i = 0; i < n; i++) {
        if (used && by_cell(&c[used - 1], &c[i]) == 0) c[used - 1].docs++;
        else c[used++] = c[i];
    }
    e->n_cells = used;
    qsort(c, (size_t)used, sizeof *c, by_docs);
    return SHEAF_OK;
}

sheaf_status sheaf_eval_tables(sheaf_ctx *ctx, sheaf_eval **out, const sheaf_table *result, const sheaf_table *gold,
                               const sheaf_eval_fields *fields)
{
    *out = NULL;
    sheaf_eval_fields none = {0};
    sheaf_status st = SHEAF_OK;
    joined j = {NULL, NULL, 0};
    int32_t *label = NULL, *cluster = NULL;
    sheaf_eval *e = sheaf_i_zeros(ctx, 1, sizeof *e);
    if (!e) return SHEAF_ENOMEM;
    e->ctx = ctx;
    SHEAF_TRY(join(ctx, e, &j, result, gold, fields ? fields : &none));
    SHEAF_NEW(label, ctx, j.n);
    SHEAF_NEW(cluster, ctx, j.n);
    SHEAF_TRY(classify(ctx, j.label, j.n, &e->labels, label));
    SHEAF_TRY(classify(ctx, j.cluster, j.n, &e->clusters, cluster));
    SHEAF_TRY(sheaf_i_names_keep(ctx, &e->names, (sheaf_str *const[]){e->labels.name, e->clusters.name},
                                 (const int32_t[]){e->labels.n, e->clusters.n}));
    SHEAF_TRY(confusion(e, label, cluster, j.n));
    SHEAF_TRY(sheaf_scores_compute(ctx, &e->scores, label, cluster, j.n));
    *out = e;
    e = NULL;
done:
    sheaf_i_free(ctx, j.label);
    sheaf_i_free(ctx, j.cluster);
    sheaf_i_free(ctx, label);
    sheaf_i_free(ctx, cluster);
    sheaf_eval_free(e);
    return st;
}

void sheaf_eval_free(sheaf_eval *e)
{
    if (!e) return;
    sheaf_i_free(e->ctx, e->labels.name);
    sheaf_i_free(e->ctx, e->labels.docs);
    sheaf_i_free(e->ctx, e->clusters.name);
    sheaf_i_free(e->ctx, e->clusters.docs);
    sheaf_i_free(e->ctx, e->names);
    sheaf_i_free(e->ctx, e->cells);
    sheaf_i_free(e->ctx, e);
}

sheaf_scores sheaf_eval_scores(const sheaf_eval *e) { return e->scores; }
sheaf_eval_counts sheaf_eval_documents(const sheaf_eval *e) { return e->counts; }

bool sheaf_eval_confusion(const sheaf_eval *e, int64_t i, sheaf_str *label, sheaf_str *cluster, int64_t *docs)
{
    if (i < 0 || i >= e->n_cells) return false;
    *label = e->labels.name[e->cells[i].label];
    *cluster = e->clusters.name[e->cells[i].cluster];
    *docs = e->cells[i].docs;
    return true;
}
