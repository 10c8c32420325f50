/* The head of a JSON output: schema, version, command, settings as resolved, seed, counts. */
#include <math.h>

#include "model/model.h"
#include "report/provenance.h"

static void key(sheaf_i_text *t, const char *name)
{
    if (t->n && t->p[t->n - 1] != '{') sheaf_i_text_puts(t, ",");
    sheaf_i_text_json(t, sheaf_i_str(name));
    sheaf_i_text_puts(t, ":");
}

static void text(sheaf_i_text *t, const char *name, const char *value)
{
    if (!value) return;
    key(t, name);
    sheaf_i_text_json(t, sheaf_i_str(value));
}

static void integer(sheaf_i_text *t, const char *name, int64_t value)
{
    key(t, name);
    sheaf_i_text_int(t, value);
}

static void real(sheaf_i_text *t, const char *name, double value)
{
    key(t, name);
    sheaf_i_text_real(t, value, 6);
}

/* Seeds are unsigned. */
static void seed(sheaf_i_text *t, uint64_t value)
{
    key(t, "seed");
    if (value / 10) sheaf_i_text_int(t, (int64_t)(value / 10));
    sheaf_i_text_int(t, (int64_t)(value % 10));
}

static void word_settings(sheaf_i_text *t, const sheaf_text_opts *o)
{
    text(t, "analyzer", o->analyzer == SHEAF_ANALYZER_SKLEARN ? "sklearn" : "unicode");
    text(t, "lang", o->lang);
    text(t, "stem", o->stem < 0 ? "auto" : o->stem ? "yes" : "no");
    static const char *const stop[] = {"lang", "none", "only", "add"};
    text(t, "stop_words", stop[o->stop]);
    integer(t, "ngram_min", o->ngram_min);
    integer(t, "ngram_max", o->ngram_max);
    integer(t, "numbers", o->keep_numbers);
    integer(t, "min_df", o->min_df_count);
    real(t, "min_df_share", o->min_df_share);
    integer(t, "max_df", o->max_df_count);
    real(t, "max_df_share", o->max_df_share);
    integer(t, "max_terms", o->max_terms);
}

static void settings(sheaf_i_text *t, const sheaf_model *m)
{
    key(t, "settings");
    sheaf_i_text_puts(t, "{");
    word_settings(t, &m->o.text);
    if (m->o.stage != SHEAF_FIT_TERMS && !m->of_vectors) text(t, "weight", sheaf_i_weight_name(m->o.weight.scheme));
    if (m->o.stage != SHEAF_FIT_TERMS && !m->of_vectors && m->o.weight.scheme == SHEAF_WEIGHT_BIPARTITE)
        real(t, "row_damping", m->o.weight.row_damping);
    if (m->space) {
        integer(t, "dims", sheaf_space_dims(m->space));
        real(t, "tol", m->o.space.tol);
    }
    if (m->clustering) {
        integer(t, "k", sheaf_clustering_k(m->clustering));
        integer(t, "starts", m->o.cluster.starts);
        integer(t, "drop_first", sheaf_clustering_quality(m->clustering).drop_first);
        if (!m->of_vectors) integer(t, "resamples", m->o.stability.resamples);
        text(t, "metric", m->o.cluster.metric == SHEAF_METRIC_EUCLIDEAN ? "euclidean" : "spherical");
        static const char *const refiners[] = {"none", "ib", "sib", "sib-words"};
        text(t, "refine", refiners[m->o.refine.method]);
    }
    if (m->of_vectors) text(t, "vectors", "own");
    if (m->o.min_fit > 0) real(t, "min_fit", m->o.min_fit);
    if (m->space) seed(t, m->o.space.seed);
    else if (m->of_vectors) seed(t, m->o.cluster.seed);
    sheaf_i_text_puts(t, "}");
}

static void counts(sheaf_i_text *t, const sheaf_model *m)
{
    sheaf_read_counts c = sheaf_corpus_counts(m->corpus);
    key(t, "counts");
    sheaf_i_text_puts(t, "{");
    integer(t, "documents", sheaf_corpus_size(m->corpus));
    integer(t, "bytes", c.bytes);
    integer(t, "skipped", c.skipped);
    integer(t, "replaced", c.replaced);
    integer(t, "words", m->n_tokens);
    integer(t, "terms", sheaf_terms_size(m->terms));
    if (m->clustering) integer(t, "unplaced", sheaf_clustering_quality(m->clustering).unplaced);
    sheaf_i_text_puts(t, "}");
    if (!m->space) return;
    sheaf_space_report q = sheaf_space_quality(m->space);
    key(t, "quality");
    sheaf_i_text_puts(t, "{");
    real(t, "residual", q.residual);
    real(t, "energy", q.energy);
    if (m->clustering) {
        real(t, "inertia", sheaf_clustering_quality(m->clustering).inertia);
        real(t, "evidence", sheaf_clustering_quality(m->clustering).evidence);
        if (isfinite(sheaf_clustering_agreement(m->clustering)))
            real(t, "agreement", sheaf_clustering_agreement(m->clustering));
    }
    sheaf_i_text_puts(t, "}");
}

void sheaf_i_json_head(sheaf_i_text *t, const char *schema, const sheaf_model *model, const sheaf_write_opts *o)
{
    sheaf_i_text_puts(t, "{\"schema\":\"sheaf.");
    sheaf_i_text_puts(t, schema);
    sheaf_i_text_puts(t, "/1\"");
    if (!o->provenance) return;
    sheaf_i_text_puts(t, ",\n\"provenance\":{");
    text(t, "sheaf", SHEAF_VERSION);
    text(t, "command", o->command);
    text(t, "date", o->date);
    if (model) {
        settings(t, model);
        counts(t, model);
    }
    sheaf_i_text_puts(t, "}");
}
