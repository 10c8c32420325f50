/* Agreement with true labels: the scores as one record, the confusion as rows. */
#include "base/context.h"
#include "model/eval.h"
#include "report/record.h"
#include "report/rows.h"

sheaf_status sheaf_write_scores(sheaf_out *o, const sheaf_eval *e, const sheaf_write_opts *opts)
{
    sheaf_i_record r;
    sheaf_scores s = sheaf_eval_scores(e);
    sheaf_eval_counts n = sheaf_eval_documents(e);
    sheaf_status st = sheaf_i_record_open(&r, e->ctx, o, opts, "eval", NULL);
    if (st != SHEAF_OK) return st;
    int digits = r.o.format == SHEAF_FORMAT_TABLE ? 4 : 12; /* machines compare to 1e-9 */
    sheaf_i_record_int(&r, "documents", n.scored);
    sheaf_i_record_int(&r, "only_result", n.only_result);
    sheaf_i_record_int(&r, "only_gold", n.only_gold);
    sheaf_i_record_int(&r, "unlabelled", n.unlabelled);
    sheaf_i_record_int(&r, "classes", s.classes);
    sheaf_i_record_int(&r, "clusters", s.clusters);
    sheaf_i_record_real(&r, "ari", s.ari, digits);
    sheaf_i_record_real(&r, "ami", s.ami, digits);
    sheaf_i_record_real(&r, "nmi", s.nmi, digits);
    sheaf_i_record_real(&r, "homogeneity", s.homogeneity, digits);
    sheaf_i_record_real(&r, "completeness", s.completeness, digits);
    sheaf_i_record_real(&r, "v", s.v, digits);
    sheaf_i_record_real(&r, "purity", s.purity, digits);
    return sheaf_i_record_close(&r);
}

sheaf_status sheaf_write_confusion(sheaf_out *o, const sheaf_eval *e, const sheaf_write_opts *opts)
{
    static const sheaf_i_column columns[] = {{.name = {"label", 5}},
                                             {.name = {"cluster", 7}},
                                             {.name = {"docs", 4}, .right = true},
                                             {.name = {"of_label", 8}, .right = true},
                                             {.name = {"of_cluster", 10}, .right = true}};
    sheaf_i_rows r;
    sheaf_status st = sheaf_i_rows_open(&r, e->ctx, o, opts, "confusion", NULL, columns, 5);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < e->n_cells && !sheaf_i_rows_full(&r); i++) {
        const sheaf_i_confusion *c = &e->cells[i];
        sheaf_i_cell_text(&r, e->labels.name[c->label]);
        sheaf_i_cell_text(&r, e->clusters.name[c->cluster]);
        sheaf_i_cell_int(&r, c->docs);
        sheaf_i_cell_real(&r, (double)c->docs / (double)e->labels.docs[c->label], 4);
        sheaf_i_cell_real(&r, (double)c->docs / (double)e->clusters.docs[c->cluster], 4);
        sheaf_i_row_end(&r);
    }
    return sheaf_i_rows_close(&r);
}
