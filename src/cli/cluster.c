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

static sheaf_status write_tree(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_tree(out, what, o);
}

static sheaf_status write_k(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    return sheaf_write_k(out, what, o);
}

static sheaf_status write_pairs(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    sheaf_write_opts all = *o; /* --columns names fields of documents */
    all.columns = NULL;
    all.n_columns = 0;
    return sheaf_write_pairs(out, what, &all);
}

/* Where k is chosen by the words, it is chosen so that groups can be cut. */
static int make_room(settings *s)
{
    sheaf_cluster_opts *c = &s->fit.cluster;
    const bool words = s->fit.refine.method != SHEAF_REFINE_NONE && c->metric == SHEAF_METRIC_SPHERICAL;
    for (int i = 0; i < s->n_cuts && !c->k && words && !s->fit.vectors; i++) {
        if (s->cuts[i] > SHEAF_K_MOST)
            return fail(EXIT_USAGE, NULL, "--cut %d: without -k there are at most %d clusters", s->cuts[i],
                        SHEAF_K_MOST);
        if (c->k_most && s->cuts[i] > c->k_most)
            return fail(EXIT_USAGE, NULL, "--cut %d: -k %d..%d clusters can only become fewer", s->cuts[i], c->k_least,
                        c->k_most);
        if (s->cuts[i] > c->k_least) c->k_least = s->cuts[i];
    }
    return 0;
}

/* What cannot come of the other options is not worth a run. */
static int check(const settings *s)
{
    const sheaf_fit_opts *f = &s->fit;
    const bool words = f->refine.method != SHEAF_REFINE_NONE && f->cluster.metric == SHEAF_METRIC_SPHERICAL;
    if (s->emit == EMIT_K && f->cluster.k)
        return fail(EXIT_USAGE, "-k A..B bounds it", "--emit k shows the search for k, and -k %d leaves none",
                    f->cluster.k);
    if ((s->emit == EMIT_K || f->cluster.k_most) && (!words || f->vectors))
        return fail(EXIT_USAGE, "sheaf help k", "%s is for how the words choose k: not with %s",
                    s->emit == EMIT_K ? "--emit k" : "-k A..B",
                    f->vectors ? "--vectors" : f->refine.method == SHEAF_REFINE_NONE ? "--refine none"
                                                                                     : "--metric euclidean");
    if ((s->n_cuts || s->emit == EMIT_TREE) && f->cluster.k > SHEAF_MERGES_MOST)
        return fail(EXIT_USAGE, NULL, "%s: more than %d clusters are not joined", s->n_cuts ? "--cut" : "--emit tree",
                    SHEAF_MERGES_MOST);
    if (s->n_cuts && s->emit != EMIT_AUTO && s->emit != EMIT_DOCUMENTS)
        return fail(EXIT_USAGE, "--emit documents", "--cut is for rows of documents");
    for (int i = 0; i < s->n_cuts; i++)
        if (f->cluster.k && s->cuts[i] > f->cluster.k)
            return fail(EXIT_USAGE, NULL, "--cut %d: -k %d clusters can only become fewer", s->cuts[i], f->cluster.k);
    return 0;
}

static writer writer_of(emit what)
{
    switch (what) {
    case EMIT_CLUSTERS: return write_clusters;
    case EMIT_TREE: return write_tree;
    case EMIT_K: return write_k;
    default: return write_documents;
    }
}

/* Too few documents have neither clusters nor what is made of them. */
static int check_result(const settings *s, const sheaf_model *m)
{
    const sheaf_clustering *c = sheaf_model_clustering(m);
    const bool joined = s->n_cuts || s->emit == EMIT_TREE;
    if (!c && (joined || s->emit == EMIT_K))
        return fail(EXIT_INPUT, NULL, "%s: there are no clusters of %lld documents",
                    s->n_cuts ? "--cut" : joined ? "--emit tree" : "--emit k",
                    (long long)sheaf_corpus_size(sheaf_model_corpus(m)));
    if (s->emit == EMIT_TREE && sheaf_clustering_k(c) < 2)
        note(s, "there are no clusters to join: the tree is empty");
    return 0;
}

int run_cluster(settings *s)
{
    int code = check(s);
    if (!code) code = make_room(s);
    if (code) return code;
    if (s->emit == EMIT_AUTO && s->n_cuts) s->emit = EMIT_DOCUMENTS;
    if (s->emit == EMIT_AUTO) s->emit = s->format == SHEAF_FORMAT_TABLE ? EMIT_CLUSTERS : EMIT_DOCUMENTS;
    if (s->emit != EMIT_CLUSTERS && !s->resamples_given) s->fit.stability.resamples = 0;
    sheaf_model *m;
    code = fit_model(s, SHEAF_FIT_ALL, &m);
    if (code) return code;
    const sheaf_clustering *c = sheaf_model_clustering(m);
    if (c && *sheaf_clustering_k_reason(c))
        note(s, "%s%s", sheaf_clustering_k_reason(c), sheaf_clustering_k(c) > 1 ? "; -k N sets another number" : "");
    code = check_result(s, m);
    if (!code) code = write_result(s, s->output, c ? writer_of(s->emit) : write_pairs, m);
    if (!code) {
        progress_end(s);
        if (c)
            next_steps(s, m);
    }
    model_end(m);
    return code;
}
