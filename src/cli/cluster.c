/* sheaf cluster */
#include "settings.h"

static sheaf_status write_clusters(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_clusters(out, what, o);
}

static sheaf_status write_documents(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_documents(out, what, o);
}

static sheaf_status write_pairs(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    sheaf_write_opts all = *o; /* --columns names fields of documents */
    all.columns = NULL;
    all.n_columns = 0;
    return sheaf_write_pairs(out, what, &all);
}

int run_cluster(settings *s)
{
    if (s->emit == EMIT_AUTO) s->emit = s->format == SHEAF_FORMAT_TABLE && !s->output ? EMIT_CLUSTERS : EMIT_DOCUMENTS;
    sheaf_model *m;
    int code = fit_model(s, SHEAF_FIT_ALL, &m);
    if (code) return code;
    const sheaf_clustering *c = sheaf_model_clustering(m);
    if (c && *sheaf_clustering_k_reason(c)) note(s, "%s; -k N sets another number", sheaf_clustering_k_reason(c));
    writer fn = !c ? write_pairs : s->emit == EMIT_CLUSTERS ? write_clusters : write_documents;
    code = write_result(s, s->output, fn, m);
    if (!code) {
        progress_end(s);
        if (c)
            next_steps(s, m);
    }
    model_end(m);
    return code;
}
