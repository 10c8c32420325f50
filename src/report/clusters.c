/* Rows a cluster: what a reader needs of each. */
#include <math.h>
#include <stdio.h>

#include "base/context.h"
#include "model/model.h"
#include "report/rows.h"

#define DIGITS 4

static const sheaf_i_column COLUMNS[] = {
    {.name = {"cluster", 7}, .title = "#", .right = true},
    {.name = {"docs", 4}, .right = true},
    {.name = {"fit", 3}, .right = true},
    {.name = {"tightness", 9}},
    {.name = {"stability", 9}},
    {.name = {"coverage", 8}, .title = "covers", .right = true, .spare = true},
    {.name = {"exclusivity", 11}, .title = "own", .right = true, .spare = true},
    {.name = {"coherence", 9}, .title = "coheres", .right = true, .spare = true},
    {.name = {"distinctness", 12}, .right = true, .hidden = true},
    {.name = {"unknown", 7}, .right = true, .spare = true},
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
        sheaf_i_list_item(r, "term", terms[i].text, ", ");
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

/* A word and the number for people, the number for programs. */
static void stability_cell(sheaf_i_rows *r, const sheaf_clustering *c, int32_t cluster)
{
    char text[40] = "";
    const double solidity = sheaf_clustering_solidity(c, cluster);
    if (isnan(solidity) || !sheaf_clustering_count(c, cluster)) {
        sheaf_i_cell_none(r);
    } else if (r->o.format == SHEAF_FORMAT_TABLE) {
        snprintf(text, sizeof text, "%s %.2f", sheaf_clustering_solidity_word(c, cluster), solidity);
        sheaf_i_cell_text(r, sheaf_i_str(text));
    } else {
        sheaf_i_cell_real(r, solidity, DIGITS);
    }
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
    stability_cell(r, m->clustering, cluster);
    const double words[] = {sheaf_topics_coverage(t, cluster), sheaf_topics_exclusivity(t, cluster),
                            sheaf_topics_coherence(t, cluster), sheaf_topics_distinctness(t, cluster),
                            sheaf_topics_unknown(t, cluster)};
    for (int i = 0; i < 5; i++) sheaf_i_cell_real(r, words[i], table ? 2 : DIGITS);
    sheaf_i_cell_text(r, sheaf_i_str(sheaf_topics_name(t, cluster)));
    term_list(r, m, cluster, table ? 6 : INT32_MAX);
    const int64_t *docs = sheaf_topics_typical(t, cluster, &n);
    document_list(r, m, docs, table && n > 1 ? 1 : n);
    docs = sheaf_topics_borderline(t, cluster, &n);
    document_list(r, m, docs, n);
    sheaf_i_row_end(r);
}

/* Why the documents of cluster 0 are in none; counted where there is more than one reason. */
static void unplaced_text(char *to, size_t room, const sheaf_model *m)
{
    const sheaf_cluster_report q = sheaf_clustering_quality(m->clustering);
    const char *other = m->of_vectors ? "zero vector" : "no known word";
    if (!q.weak) snprintf(to, room, "(%s)", other);
    else if (q.weak == q.unplaced) snprintf(to, room, "(unassigned: weak fit)");
    else snprintf(to, room, "(unassigned: weak fit %lld, %s %lld)", (long long)q.weak, other,
                  (long long)(q.unplaced - q.weak));
}

static void unplaced_row(sheaf_i_rows *r, const sheaf_model *m)
{
    char text[100];
    unplaced_text(text, sizeof text, m);
    sheaf_i_cell_int(r, 0);
    sheaf_i_cell_int(r, sheaf_clustering_count(m->clustering, 0));
    sheaf_i_cell_none(r);
    sheaf_i_cell_text(r, sheaf_i_str(""));
    for (int i = 0; i < 6; i++) sheaf_i_cell_none(r);
    sheaf_i_cell_text(r, sheaf_i_str(text));
    if (r->o.format == SHEAF_FORMAT_TABLE) {
        sheaf_i_cell_text(r, sheaf_i_str(text));
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

static void member(sheaf_i_text *t, const char *name, int32_t value)
{
    sheaf_i_text_puts(t, name);
    if (value) sheaf_i_text_int(t, value);
    else sheaf_i_text_puts(t, "null");
}

static void choice_members(sheaf_i_text *t, const sheaf_k_choice *c)
{
    if (!c || !c->curve[c->k].k) return;
    member(t, ",\n\"k_choice\":{\"k\":", c->k);
    member(t, ",\"runner_up\":", c->runner_up);
    member(t, ",\"least\":", c->least);
    member(t, ",\"most\":", c->most);
    sheaf_i_text_puts(t, ",\"rule\":\"");
    if (c->by_silhouette) sheaf_i_text_puts(t, "highest silhouette, the evidence hardly rises from one cluster on; ");
    else
        sheaf_i_text_puts(t, "smallest k whose evidence lacks at most half a hundredth of the rise from one cluster to "
                             "the highest; ");
    sheaf_i_text_puts(t, "runner-up: the highest evidence of those at least a sixth smaller, or if there is none, of "
                         "all others\"}");
}

sheaf_status sheaf_write_clusters(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts)
{
    if (!m->topics) return sheaf_i_fail(m->ctx, SHEAF_EINVAL, "the model has no clusters");
    sheaf_i_rows r;
    sheaf_i_text members;
    sheaf_i_text_init(&members, m->ctx);
    sheaf_i_text_puts(&members, ",\n\"diversity\":");
    double diversity = sheaf_topics_diversity(m->topics);
    if (isfinite(diversity)) sheaf_i_text_real(&members, diversity, DIGITS);
    else sheaf_i_text_puts(&members, "null");
    choice_members(&members, m->choice);
    sheaf_i_text_add(&members, "", 1);
    sheaf_status st = members.status;
    if (st == SHEAF_OK)
        st = sheaf_i_rows_open_with(&r, m->ctx, o, opts, "clusters", m, members.p, COLUMNS, N_COLUMNS);
    sheaf_i_text_end(&members);
    if (st != SHEAF_OK) return st;
    int32_t k = sheaf_clustering_k(m->clustering);
    for (int32_t c = 1; c <= k && !sheaf_i_rows_full(&r); c++) cluster_row(&r, m, c);
    if (sheaf_clustering_count(m->clustering, 0) && !sheaf_i_rows_full(&r)) unplaced_row(&r, m);
    return sheaf_i_rows_close(&r);
}
