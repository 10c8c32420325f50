/* Rows a cluster: what a reader needs of each. */
#include "base/context.h"
#include "model/model.h"
#include "report/rows.h"

#define DIGITS 4
#define UNPLACED "(no known word)"

static const sheaf_i_column COLUMNS[] = {
    {.name = {"cluster", 7}, .title = "#", .right = true},
    {.name = {"docs", 4}, .right = true},
    {.name = {"fit", 3}, .right = true},
    {.name = {"tightness", 9}},
    {.name = {"name", 4}, .hidden = true},
    {.name = {"terms", 5}, .title = "words that set it apart"},
    {.name = {"typical", 7}, .title = "most typical document"},
    {.name = {"borderline", 10}, .hidden = true},
};
#define N_COLUMNS ((int32_t)(sizeof COLUMNS / sizeof *COLUMNS))

static void term_list(sheaf_i_rows *r, const sheaf_model *m, int32_t cluster, int32_t most)
{
    int32_t n;
    const sheaf_topic_term *terms = sheaf_topics_terms(m->topics, cluster, &n);
    sheaf_i_list_begin(r);
    for (int32_t i = 0; i < n && i < most; i++) {
        sheaf_i_list_item(r, "term", sheaf_terms_surface(m->terms, terms[i].term), ", ");
        sheaf_i_list_real(r, "score", terms[i].score, 6);
        sheaf_i_list_int(r, "docs", terms[i].docs);
        sheaf_i_list_item_end(r);
    }
    sheaf_i_list_end(r);
}

static void document_list(sheaf_i_rows *r, const sheaf_model *m, const int64_t *docs, int32_t n)
{
    sheaf_i_list_begin(r);
    for (int32_t i = 0; i < n; i++) {
        sheaf_i_list_item(r, "id", sheaf_corpus_id(m->corpus, docs[i]), "; ");
        sheaf_i_list_real(r, "fit", sheaf_clustering_fit(m->clustering)[docs[i]], DIGITS);
        sheaf_i_list_item_end(r);
    }
    sheaf_i_list_end(r);
}

/* In a table only the first of the typical documents, and as many words as stand on a line. */
static void cluster_row(sheaf_i_rows *r, const sheaf_model *m, int32_t cluster)
{
    bool table = r->o.format == SHEAF_FORMAT_TABLE;
    const sheaf_topics *t = m->topics;
    int32_t n;
    sheaf_i_cell_int(r, cluster);
    sheaf_i_cell_int(r, sheaf_clustering_count(m->clustering, cluster));
    sheaf_i_cell_real(r, sheaf_topics_tightness(t, cluster), table ? 2 : DIGITS);
    sheaf_i_cell_text(r, sheaf_i_str(sheaf_topics_tightness_word(t, cluster)));
    sheaf_i_cell_text(r, sheaf_i_str(sheaf_topics_name(t, cluster)));
    term_list(r, m, cluster, table ? 6 : INT32_MAX);
    const int64_t *docs = sheaf_topics_typical(t, cluster, &n);
    document_list(r, m, docs, table && n > 1 ? 1 : n);
    docs = sheaf_topics_borderline(t, cluster, &n);
    document_list(r, m, docs, n);
    sheaf_i_row_end(r);
}

static void unplaced_row(sheaf_i_rows *r, const sheaf_model *m)
{
    sheaf_i_cell_int(r, 0);
    sheaf_i_cell_int(r, sheaf_clustering_count(m->clustering, 0));
    sheaf_i_cell_none(r);
    sheaf_i_cell_text(r, sheaf_i_str(""));
    sheaf_i_cell_text(r, sheaf_i_str(UNPLACED));
    if (r->o.format == SHEAF_FORMAT_TABLE) {
        sheaf_i_cell_text(r, sheaf_i_str(UNPLACED));
    } else {
        sheaf_i_list_begin(r);
        sheaf_i_list_end(r);
    }
    for (int i = 0; i < 2; i++) {
        sheaf_i_list_begin(r);
        sheaf_i_list_end(r);
    }
    sheaf_i_row_end(r);
}

sheaf_status sheaf_write_clusters(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    if (!m->topics) return sheaf_i_fail(m->ctx, SHEAF_EINVAL, "the model has no clusters");
    sheaf_i_rows r;
    sheaf_status st = sheaf_i_rows_open(&r, m->ctx, o, opts, "clusters", m, COLUMNS, N_COLUMNS);
    if (st != SHEAF_OK) return st;
    int32_t k = sheaf_clustering_k(m->clustering);
    for (int32_t c = 1; c <= k && !sheaf_i_rows_full(&r); c++) cluster_row(&r, m, c);
    if (sheaf_clustering_count(m->clustering, 0) && !sheaf_i_rows_full(&r)) unplaced_row(&r, m);
    return sheaf_i_rows_close(&r);
}
