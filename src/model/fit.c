/* The main job, step by step: words, terms, weights, latent space, clusters, topics. Every large part is freed as soon
   as the next one stands. */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "cluster/clustering.h"
#include "cluster/tree.h"
#include "matrix/csr.h"
#include "model/model.h"
#include "model/pairs.h"
#include "space/space.h"
#include "model/vectors.h"
#include "text/words.h"

#define TOO_FEW "%lld documents are too few to cluster; showing their similarity instead"

void sheaf_fit_opts_init(sheaf_fit_opts *o, size_t size)
{
    sheaf_fit_opts d = {.size = size, .stage = SHEAF_FIT_ALL, .phrases = true};
    sheaf_read_opts_init(&d.read, sizeof d.read);
    sheaf_text_opts_init(&d.text, sizeof d.text);
    sheaf_weight_opts_init(&d.weight, sizeof d.weight);
    sheaf_space_opts_init(&d.space, sizeof d.space);
    sheaf_cluster_opts_init(&d.cluster, sizeof d.cluster);
    sheaf_refine_opts_init(&d.refine, sizeof d.refine);
    sheaf_stability_opts_init(&d.stability, sizeof d.stability);
    sheaf_topic_opts_init(&d.topic, sizeof d.topic);
    d.read.keep_text = false;
    d.space.seed = d.cluster.seed = 1;
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static sheaf_status no_words(sheaf_model *m)
{
    long long n = (long long)sheaf_corpus_size(m->corpus);
    if (m->n_tokens == 0) return sheaf_i_fail(m->ctx, SHEAF_EFORMAT, "no words in %lld documents", n);
    sheaf_i_fail(m->ctx, SHEAF_EFORMAT,
                 "no terms left of the %lld words of %lld documents: all are stop words, numbers, too rare or too "
                 "common",
                 (long long)m->n_tokens, n);
    sheaf_i_hint(m->ctx, "--stop-words none keeps function words, --min-df 1 rare and --max-df 1.0 common ones");
    return SHEAF_EFORMAT;
}

/* Few documents share few words, and identical ones share all: the limits on document frequency then give way,
   because a plain answer is better than "nothing left". */
static sheaf_status build_terms(sheaf_model *m, const sheaf_words *words, const sheaf_text_opts *asked)
{
    sheaf_ctx *ctx = m->ctx;
    sheaf_text_opts t = *asked;
    int64_t n = sheaf_corpus_size(m->corpus);
    if (n <= SHEAF_I_FEW && m->o.stage != SHEAF_FIT_TERMS && m->o.stage != SHEAF_FIT_MATRIX) t.min_df_count = 1;
    sheaf_status st = sheaf_terms_build(ctx, &m->terms, words, &t);
    if (st != SHEAF_OK) return st;
    if (sheaf_terms_size(m->terms) == 0 && (t.max_df_share < 1 || t.max_df_count > 0)) {
        t.max_df_share = 1;
        t.max_df_count = 0;
        sheaf_terms_free(m->terms);
        m->terms = NULL;
        st = sheaf_terms_build(ctx, &m->terms, words, &t);
        if (st == SHEAF_OK && sheaf_terms_size(m->terms) > 0)
            sheaf_i_note(ctx, "every word is in most of the documents: the limit on common words was left out");
    }
    m->o.text.min_df_count = t.min_df_count;
    m->o.text.max_df_share = t.max_df_share;
    m->o.text.max_df_count = t.max_df_count;
    if (st != SHEAF_OK) return st;
    return sheaf_terms_size(m->terms) == 0 && m->o.stage != SHEAF_FIT_TERMS ? no_words(m) : SHEAF_OK;
}

/* The document that the caller is going to ask for. */
static sheaf_status check_wanted(sheaf_model *m, const char *id)
{
    int64_t nearest;
    if (!id || sheaf_corpus_find(m->corpus, (sheaf_str){id, strlen(id)}, &nearest) >= 0) return SHEAF_OK;
    sheaf_i_fail(m->ctx, SHEAF_EINVAL, "no document has the id '%s'", id);
    const sheaf_str other = nearest >= 0 ? sheaf_corpus_id(m->corpus, nearest) : (sheaf_str){"", 0};
    if (nearest >= 0) sheaf_i_hint(m->ctx, "--like %.*s", (int)(other.n < 400 ? other.n : 400), other.p);
    return SHEAF_EINVAL;
}

/* For names and refinement, while the words are there. */
static sheaf_status build_phrases(sheaf_model *m, const sheaf_words *words)
{
    bool wanted = m->o.phrases && m->o.stage == SHEAF_FIT_ALL && sheaf_corpus_size(m->corpus) > SHEAF_I_FEW;
    sheaf_status st = wanted ? sheaf_phrases_build(m->ctx, &m->phrases, words, m->terms, NULL) : SHEAF_OK;
    sheaf_i_terms_forget_types(m->terms);
    return st;
}

static sheaf_status read_terms(sheaf_model *m, const char *const *inputs, int64_t n_inputs, const sheaf_fit_opts *asked)
{
    sheaf_words *words = NULL;
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_words_read(m->ctx, &m->corpus, &words, inputs, n_inputs, &asked->read, &asked->text));
    SHEAF_TRY(check_wanted(m, asked->wanted));
    if (asked->vectors) SHEAF_TRY(sheaf_i_model_vectors(m, asked));
    m->n_tokens = sheaf_words_tokens(words);
    m->n_types = sheaf_words_types(words);
    SHEAF_TRY(build_terms(m, words, &asked->text));
    SHEAF_TRY(build_phrases(m, words));
    const int64_t *indptr;
    const int32_t *indices;
    const uint32_t *counts;
    sheaf_terms_counts(m->terms, &indptr, &indices, &counts);
    m->nonzeros = indptr[sheaf_terms_docs(m->terms)];
done:
    sheaf_words_free(words);
    if (st == SHEAF_OK) sheaf_i_give_back(m->ctx, m->n_tokens * (int64_t)sizeof(uint32_t));
    return st;
}

static sheaf_status leave_matrix(sheaf_model *m)
{
    if (!m->matrix) return SHEAF_OK;
    sheaf_status st = sheaf_i_matrix_bring_back(m->ctx, m->matrix, m->terms);
    if (st != SHEAF_OK) return st;
    sheaf_matrix_free(m->matrix);
    m->matrix = NULL;
    return st;
}

/* Those that fit no cluster well enough are left out before the rest is named. */
static sheaf_status name_clusters(sheaf_model *m)
{
    sheaf_status st = SHEAF_OK;
    if (m->o.min_fit > 0) sheaf_i_clustering_unassign(m->clustering, m->o.min_fit);
    SHEAF_TRY(sheaf_i_progress(m->ctx, "naming", 0, 0));
    SHEAF_TRY(sheaf_topics_build(m->ctx, &m->topics, m->clustering, m->terms, m->phrases, &m->o.topic));
done:
    return st;
}

/* k by the evidence of the words, where they may speak; else k-means looks for it. */
static sheaf_status choose_k(sheaf_model *m)
{
    sheaf_status st = SHEAF_OK;
    sheaf_cluster_opts *o = &m->o.cluster;
    if (o->k || m->o.refine.method == SHEAF_REFINE_NONE || o->metric != SHEAF_METRIC_SPHERICAL) return st;
    if (m->space->dims < 1) return st;
    SHEAF_TRY(leave_matrix(m)); /* the counts are wanted */
    SHEAF_NEW0(m->choice, m->ctx, 1);
    SHEAF_TRY(sheaf_choose_k(m->ctx, m->choice, m->space, m->terms, o, &m->o.refine));
    o->k = m->choice->k;
done:
    return st;
}

static void tell_choice(sheaf_model *m)
{
    const sheaf_k_choice *c = m->choice;
    if (!c || !c->k) return;
    m->clustering->report.k_asked = 0;
    char other[48] = "";
    if (c->runner_up) snprintf(other, sizeof other, "; next %d", c->runner_up);
    snprintf(m->clustering->k_reason, sizeof m->clustering->k_reason, "k = %d of %d..%d by the %s%s",
             m->clustering->k, c->least, c->most, c->by_silhouette ? "silhouette" : "evidence of the words", other);
}

static sheaf_status cluster(sheaf_model *m)
{
    sheaf_status st = SHEAF_OK;
    int64_t n = sheaf_corpus_size(m->corpus);
    if (n == 1) sheaf_i_note(m->ctx, "1 document makes one cluster");
    SHEAF_TRY(choose_k(m));
    SHEAF_TRY(sheaf_cluster_fit_terms(m->ctx, &m->clustering, m->space, m->terms, &m->o.cluster));
    tell_choice(m);
    SHEAF_TRY(leave_matrix(m));
    SHEAF_TRY(sheaf_clustering_refine(m->ctx, m->clustering, m->space, m->terms, m->phrases, &m->o.cluster,
                                      &m->o.refine));
    if (!m->clustering->merge) SHEAF_TRY(sheaf_i_clustering_join_centres(m->clustering, m->o.cluster.metric));
    SHEAF_TRY(sheaf_clustering_stability(m->ctx, m->clustering, m->space, m->terms, m->phrases, &m->o.cluster,
                                         &m->o.refine, &m->o.stability));
    st = name_clusters(m);
done:
    return st;
}

/* By the user's own vectors: no matrix, no latent space, and no refinement, so that they can be compared. */
static sheaf_status cluster_own(sheaf_model *m)
{
    sheaf_status st = SHEAF_OK;
    const int64_t n = sheaf_corpus_size(m->corpus);
    m->of_vectors = true;
    if (m->o.refine.method != SHEAF_REFINE_NONE)
        sheaf_i_note(m->ctx, "vectors are clustered as they are: no refinement on the words");
    m->o.refine.method = SHEAF_REFINE_NONE;
    if (n > 1 && n <= SHEAF_I_FEW) {
        sheaf_i_note(m->ctx, TOO_FEW, (long long)n);
        sheaf_i_vector_pairs(m);
        goto done;
    }
    SHEAF_TRY(sheaf_cluster_vectors(m->ctx, &m->clustering, m->vectors, n, m->vector_dims, m->vector_dims,
                                    &m->o.cluster));
    if (!m->clustering->k) {
        m->clustering->k_reason[0] = 0;
        sheaf_i_note(m->ctx, "all vectors are zero: no document has a place");
    }
    SHEAF_TRY(sheaf_i_clustering_join_centres(m->clustering, m->o.cluster.metric));
    SHEAF_TRY(sheaf_clustering_stability_vectors(m->ctx, m->clustering, m->vectors, n, m->vector_dims,
                                                 m->vector_dims, &m->o.cluster, &m->o.stability));
    st = name_clusters(m);
done:
    sheaf_i_aligned_free(m->ctx, m->vectors);
    m->vectors = NULL;
    return st;
}

/* From terms to as far as was asked. */
static sheaf_status fit_stages(sheaf_model *m)
{
    sheaf_ctx *ctx = m->ctx;
    sheaf_status st = SHEAF_OK;
    int64_t n = sheaf_corpus_size(m->corpus);
    if (m->o.stage == SHEAF_FIT_TERMS) goto done;
    if (m->vectors) return cluster_own(m);
    SHEAF_TRY(sheaf_i_progress(ctx, "weighing", 0, 0));
    bool values = m->o.stage == SHEAF_FIT_MATRIX || (m->o.stage == SHEAF_FIT_ALL && n <= SHEAF_I_FEW);
    SHEAF_TRY((values ? sheaf_matrix_weigh : sheaf_i_matrix_weigh_coded)(ctx, &m->matrix, m->terms, &m->o.weight));
    if (m->o.stage == SHEAF_FIT_MATRIX) goto done;
    if (m->o.stage == SHEAF_FIT_ALL && n > 1 && n <= SHEAF_I_FEW) {
        sheaf_i_note(ctx, TOO_FEW, (long long)n);
        sheaf_i_model_pairs(m);
    } else {
        sheaf_i_matrix_put_away(m->matrix, m->terms); /* the matrix knows the counts; back after clustering */
        SHEAF_TRY(sheaf_space_fit(ctx, &m->space, m->matrix, &m->o.space));
    }
    if (m->space && m->o.stage == SHEAF_FIT_ALL) SHEAF_TRY(cluster(m));
    else SHEAF_TRY(leave_matrix(m));
done:
    return st;
}

static sheaf_status check_own(sheaf_ctx *ctx, const sheaf_fit_opts *o)
{
    if (o->vector_ids && !o->vectors) return sheaf_i_fail(ctx, SHEAF_EINVAL, "ids of vectors without vectors");
    if (o->vectors && o->stage != SHEAF_FIT_ALL)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "vectors are for clustering, which is not asked for");
    if (!(o->min_fit >= 0 && o->min_fit <= 1))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "min_fit = %g: not between 0 and 1", o->min_fit);
    if (o->min_fit > 0 && o->cluster.metric != SHEAF_METRIC_SPHERICAL)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "min_fit is a cosine: it needs the spherical metric");
    return SHEAF_OK;
}

/* The model outlives what the caller's options point to. */
static void forget_pointers(sheaf_model *m)
{
    sheaf_read_opts *r = &m->o.read;
    sheaf_text_opts *t = &m->o.text;
    r->split = r->id_field = r->title_field = r->date_field = r->label_field = NULL;
    r->text_fields = r->columns = NULL;
    r->remains = NULL;
    t->stop_words = NULL;
    t->lang = m->lang;
    m->o.wanted = m->o.vectors = m->o.vector_ids = NULL;
    m->o.cluster.start = NULL;
}

sheaf_status sheaf_model_fit(sheaf_ctx *ctx, sheaf_model **out, const char *const *inputs, int64_t n_inputs,
                             const sheaf_fit_opts *o)
{
    *out = NULL;
    sheaf_fit_opts asked;
    sheaf_fit_opts_init(&asked, sizeof asked);
    if (o) sheaf_i_opts_copy(&asked, sizeof asked, o, o->size);
    sheaf_model *m = sheaf_i_zeros(ctx, 1, sizeof *m);
    if (!m) return SHEAF_ENOMEM;
    m->ctx = ctx;
    m->o = asked;
    if (asked.read.remains) *asked.read.remains = NULL;
    asked.read.keep_order |= asked.vectors && !asked.vector_ids;
    sheaf_status st = check_own(ctx, &asked);
    const char *lang = asked.text.lang ? asked.text.lang : "auto";
    if (st == SHEAF_OK && !(m->lang = sheaf_i_copy(ctx, lang, strlen(lang)))) st = SHEAF_ENOMEM;
    forget_pointers(m);
    if (st == SHEAF_OK) st = read_terms(m, inputs, n_inputs, &asked);
    if (st == SHEAF_OK) st = fit_stages(m);
    if (st == SHEAF_OK) {
        *out = m;
        return st;
    }
    if (asked.read.remains && m->corpus && sheaf_corpus_counts(m->corpus).skipped) {
        *asked.read.remains = m->corpus;
        m->corpus = NULL;
    }
    sheaf_model_free(m);
    return st;
}

void sheaf_model_free(sheaf_model *m)
{
    if (!m) return;
    sheaf_topics_free(m->topics);
    sheaf_clustering_free(m->clustering);
    sheaf_i_free(m->ctx, m->choice);
    sheaf_space_free(m->space);
    sheaf_i_aligned_free(m->ctx, m->vectors);
    sheaf_matrix_free(m->matrix); /* before the terms, whose arrays it may borrow */
    sheaf_terms_free(m->phrases);
    sheaf_terms_free(m->terms);
    sheaf_corpus_free(m->corpus);
    sheaf_i_free(m->ctx, m->lang);
    sheaf_i_free(m->ctx, m);
}

const sheaf_corpus *sheaf_model_corpus(const sheaf_model *m) { return m->corpus; }
const sheaf_terms *sheaf_model_terms(const sheaf_model *m) { return m->terms; }
const sheaf_terms *sheaf_model_phrases(const sheaf_model *m) { return m->phrases; }
const sheaf_matrix *sheaf_model_matrix(const sheaf_model *m) { return m->matrix; }
const sheaf_space *sheaf_model_space(const sheaf_model *m) { return m->space; }
const sheaf_clustering *sheaf_model_clustering(const sheaf_model *m) { return m->clustering; }
const sheaf_k_choice *sheaf_model_k_choice(const sheaf_model *m) { return m->choice; }
const sheaf_topics *sheaf_model_topics(const sheaf_model *m) { return m->topics; }
sheaf_weight sheaf_model_weight(const sheaf_model *m) { return m->o.weight.scheme; }

const sheaf_pair *sheaf_model_pairs(const sheaf_model *m, int32_t *n)
{
    *n = m->n_pairs;
    return m->pairs;
}

const char *sheaf_i_weight_name(sheaf_weight w)
{
    switch (w) {
    case SHEAF_WEIGHT_COUNT: return "count";
    case SHEAF_WEIGHT_BINARY: return "binary";
    case SHEAF_WEIGHT_TFIDF: return "tfidf";
    case SHEAF_WEIGHT_SUBLINEAR: return "sublinear";
    case SHEAF_WEIGHT_LOGENTROPY: return "logentropy";
    case SHEAF_WEIGHT_BM25: return "bm25";
    case SHEAF_WEIGHT_BIPARTITE: return "bipartite";
    }
    return "unknown";
}
