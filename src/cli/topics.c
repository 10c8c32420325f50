/* sheaf topics */
#include "settings.h"

#define TABLE_TOPICS 20 /* a screenful; -n shows more */

typedef struct {
    const sheaf_model *m;
    int32_t n_terms, n_docs;
    bool loadings;
} job;

static sheaf_status write_topics(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const job *j = what;
    if (j->loadings) return sheaf_write_loadings(out, j->m, o);
    return sheaf_write_latent_topics(out, j->m, j->n_terms, j->n_docs, o);
}

int run_topics(settings *s)
{
    if (!s->rows && s->format == SHEAF_FORMAT_TABLE && s->emit != EMIT_DOCUMENTS) s->rows = TABLE_TOPICS;
    sheaf_model *m;
    int code = fit_model(s, SHEAF_FIT_SPACE, &m);
    if (code) return code;
    job j = {m, s->fit.topic.n_terms, s->fit.topic.n_docs, s->emit == EMIT_DOCUMENTS};
    code = write_result(s, s->output, write_topics, &j);
    if (!code) progress_end(s);
    model_end(m);
    return code;
}
