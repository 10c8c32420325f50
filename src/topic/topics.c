/* Topics: what a reader needs of each cluster. Terms and name from telling.c and names.c; typical documents are those
 * nearest to the centre, borderline ones those that the second cluster almost has; tightness is the mean fit.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "topic/topic.h"

#define CANDIDATES 100       /* terms of a cluster that are looked at for its name, at least */
#define MAX_LISTED 10000
/* Mean cosine to the centre of 100 latent dimensions: the labelled classes of BBC News, 20 Newsgroups and arXiv lie
   between .46 and .66, their k-means clusters between .31 and .73 with medians of .5 to .63, and clusters of half
   that size about .05 higher. */
#define TIGHT .65
#define LOOSE .50
/* Distances have no scale of their own: the mean distance of all documents is the yardstick. */
#define TIGHT_RATIO .75
#define LOOSE_RATIO 1.25

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_clustering *c;
    const float *unknown;    /* of each document, or NULL */
    sheaf_i_members members;
    sheaf_i_topic *topic;
    int32_t n_docs;
    sheaf_i_ranked **top;    /* scratch a worker */
} building;

void sheaf_topic_opts_init(sheaf_topic_opts *o, size_t size)
{
    sheaf_topic_opts d = {.size = size, .n_terms = 10, .n_docs = 5};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static sheaf_status check(sheaf_ctx *ctx, const sheaf_clustering *c, const sheaf_i_columns *columns,
                          const sheaf_topic_opts *o)
{
    if (o->n_terms < 0 || o->n_terms > MAX_LISTED)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%d terms a topic: not between 0 and %d", o->n_terms, MAX_LISTED);
    if (o->n_docs < 0 || o->n_docs > MAX_LISTED)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%d documents a topic: not between 0 and %d", o->n_docs, MAX_LISTED);
    if (c->n != columns->words->n_docs)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld documents were clustered, but the terms are of %lld",
                            (long long)c->n, (long long)columns->words->n_docs);
    if (columns->phrases && c->n != columns->phrases->n_docs)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld documents were clustered, but the phrases are of %lld",
                            (long long)c->n, (long long)columns->phrases->n_docs);
    return SHEAF_OK;
}

/* Counting sort of the documents by cluster, those of cluster 0 left out. */
static sheaf_status find_members(sheaf_ctx *ctx, sheaf_i_members *m, const sheaf_clustering *c)
{
    sheaf_status st = SHEAF_OK;
    int64_t *next = NULL;
    m->k = c->k;
    SHEAF_NEW0(m->first, ctx, (int64_t)c->k + 1);
    for (int64_t i = 0; i < c->n; i++) {
        assert(c->label[i] >= 0 && c->label[i] <= c->k);
        if (c->label[i]) m->first[c->label[i]]++;
    }
    for (int32_t k = 0; k < c->k; k++) m->first[k + 1] += m->first[k];
    m->n = m->first[c->k];
    SHEAF_NEW(m->doc, ctx, m->n);
    SHEAF_NEW(next, ctx, c->k);
    if (c->k) memcpy(next, m->first, (size_t)c->k * sizeof *next);
    for (int64_t i = 0; i < c->n; i++)
        if (c->label[i]) m->doc[next[c->label[i] - 1]++] = i;
done:
    sheaf_i_free(ctx, next);
    return st;
}

static sheaf_status list_documents(sheaf_ctx *ctx, int64_t **list, int32_t *n_list, sheaf_i_ranked *top, int32_t n)
{
    *list = sheaf_i_array(ctx, n, sizeof **list);
    if (!*list) return SHEAF_ENOMEM;
    sheaf_i_top_sort(top, n);
    for (int32_t i = 0; i < n; i++) (*list)[i] = top[i].id;
    *n_list = n;
    return SHEAF_OK;
}

static double mean_unknown(const building *b, const int64_t *doc, int64_t n)
{
    double sum = 0;
    int64_t known = 0;
    for (int64_t i = 0; b->unknown && i < n; i++) {
        if (isnan(b->unknown[doc[i]])) continue;
        sum += (double)b->unknown[doc[i]];
        known++;
    }
    return known ? sum / (double)known : NAN;
}

static sheaf_status describe_documents(void *arg, int64_t block, int32_t worker)
{
    building *b = arg;
    sheaf_i_topic *topic = &b->topic[block];
    sheaf_i_ranked *top = b->top[worker];
    const int64_t *doc = b->members.doc + b->members.first[block];
    int64_t n = b->members.first[block + 1] - b->members.first[block];
    int32_t n_top = 0;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += b->c->fit[doc[i]];
        sheaf_i_top_offer(top, &n_top, b->n_docs, b->c->fit[doc[i]], doc[i]);
    }
    topic->tightness = n ? sum / (double)n : NAN;
    topic->unknown = mean_unknown(b, doc, n);
    sheaf_status st = list_documents(b->ctx, &topic->typical, &topic->n_typical, top, n_top);
    if (st != SHEAF_OK) return st;

    n_top = 0;
    for (int64_t i = 0; i < n; i++)
        if (b->c->second[doc[i]]) sheaf_i_top_offer(top, &n_top, b->n_docs, -(double)b->c->margin[doc[i]], doc[i]);
    return list_documents(b->ctx, &topic->borderline, &topic->n_borderline, top, n_top);
}

static void word_tightness(const building *b)
{
    double sum = 0;
    int64_t n = b->members.n;
    bool distances = true;
    for (int64_t i = 0; i < n; i++) {
        double fit = b->c->fit[b->members.doc[i]];
        sum += fit;
        if (fit > 0) distances = false;
    }
    double mean = n ? sum / (double)n : 0;
    for (int32_t c = 0; c < b->members.k; c++) {
        double t = b->topic[c].tightness;
        bool tight = t >= (distances ? TIGHT_RATIO * mean : TIGHT);
        bool loose = t < (distances ? LOOSE_RATIO * mean : LOOSE);
        b->topic[c].tightness_word = tight ? "tight" : loose ? "loose" : isnan(t) ? "" : "mixed";
    }
}

/* Names of hosts and files are listed only where there is nothing else. */
static sheaf_status list_terms(sheaf_ctx *ctx, sheaf_i_topic *topic, const sheaf_i_telling *e,
                               const sheaf_i_columns *columns, int32_t n_terms)
{
    int64_t floor = sheaf_i_telling_floor(e, SHEAF_I_LISTED_SHARE);
    topic->terms = sheaf_i_array(ctx, e->n < n_terms ? e->n : n_terms, sizeof *topic->terms);
    if (!topic->terms) return SHEAF_ENOMEM;
    for (int dotted = 0; dotted < 2 && topic->n_terms == 0; dotted++)
        for (int32_t i = 0; i < e->n && topic->n_terms < n_terms; i++) {
            const sheaf_i_speaker *x = &e->term[i];
            sheaf_str text = sheaf_i_columns_surface(columns, x->column);
            if (x->docs < floor || (!dotted && sheaf_i_dotted_name(text))) continue;
            topic->terms[topic->n_terms++] =
                (sheaf_topic_term){.term = x->column, .score = x->score, .docs = x->docs, .text = text};
        }
    return SHEAF_OK;
}

static sheaf_status describe_words(building *b, sheaf_topics *topics, const sheaf_i_columns *columns, int32_t n_terms)
{
    sheaf_status st = SHEAF_OK;
    int32_t room = n_terms < CANDIDATES / 2 ? CANDIDATES : 2 * n_terms, k = b->members.k;
    sheaf_i_telling *telling = NULL;
    sheaf_i_speaker *pool = NULL;
    if (room > sheaf_i_columns_count(columns)) room = sheaf_i_columns_count(columns);
    SHEAF_NEW0(telling, b->ctx, k);
    SHEAF_NEW(pool, b->ctx, 2 * (int64_t)k * room);
    for (int32_t c = 0; c < k; c++) telling[c].term = pool + 2 * (int64_t)c * room;
    SHEAF_TRY(sheaf_i_telling_find(b->ctx, telling, room, columns, &b->members));
    SHEAF_TRY(sheaf_i_signatures_find(b->ctx, telling, columns->words, &b->members));
    SHEAF_TRY(sheaf_i_phrases_put_in(b->ctx, telling, k, columns));
    SHEAF_TRY(sheaf_i_names_choose(b->ctx, b->topic, k, telling, columns));
    SHEAF_TRY(sheaf_i_measure_words(b->ctx, topics, telling, columns, b->c, &b->members));
    for (int32_t c = 0; c < k; c++) SHEAF_TRY(list_terms(b->ctx, &b->topic[c], &telling[c], columns, n_terms));
done:
    sheaf_i_free(b->ctx, telling);
    sheaf_i_free(b->ctx, pool);
    return st;
}

static sheaf_status describe_all_documents(building *b)
{
    sheaf_status st = SHEAF_OK;
    int32_t threads = sheaf_ctx_threads(b->ctx);
    SHEAF_NEW0(b->top, b->ctx, threads);
    for (int32_t w = 0; w < threads; w++) SHEAF_NEW(b->top[w], b->ctx, b->n_docs);
    SHEAF_TRY(sheaf_i_par_for(b->ctx, NULL, b->members.k, describe_documents, b));
    word_tightness(b);
done:
    for (int32_t w = 0; b->top && w < threads; w++) sheaf_i_free(b->ctx, b->top[w]);
    sheaf_i_free(b->ctx, b->top);
    return st;
}

sheaf_status sheaf_topics_build(sheaf_ctx *ctx, sheaf_topics **out, const sheaf_clustering *c, const sheaf_terms *t,
                                const sheaf_terms *phrases, const sheaf_topic_opts *given)
{
    sheaf_status st = SHEAF_OK;
    sheaf_topics *topics = NULL;
    sheaf_topic_opts o;
    building b = {.ctx = ctx, .c = c, .unknown = t->unknown};
    const sheaf_i_columns columns = {t, phrases};
    *out = NULL;
    sheaf_topic_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    SHEAF_TRY(check(ctx, c, &columns, &o));
    SHEAF_NEW0(topics, ctx, 1);
    topics->ctx = ctx;
    SHEAF_NEW0(topics->topic, ctx, c->k);
    topics->k = c->k;
    b.topic = topics->topic;
    b.n_docs = o.n_docs;
    SHEAF_TRY(find_members(ctx, &b.members, c));
    SHEAF_TRY(describe_words(&b, topics, &columns, o.n_terms));
    SHEAF_TRY(describe_all_documents(&b));
    *out = topics;
    topics = NULL;
done:
    sheaf_i_free(ctx, b.members.first);
    sheaf_i_free(ctx, b.members.doc);
    sheaf_topics_free(topics);
    return st;
}

void sheaf_topics_free(sheaf_topics *t)
{
    if (!t) return;
    for (int32_t c = 0; c < t->k; c++) {
        sheaf_i_free(t->ctx, (void *)t->topic[c].name);
        sheaf_i_free(t->ctx, t->topic[c].terms);
        sheaf_i_free(t->ctx, t->topic[c].typical);
        sheaf_i_free(t->ctx, t->topic[c].borderline);
    }
    sheaf_i_free(t->ctx, t->topic);
    sheaf_i_free(t->ctx, t);
}

/* A number that is no cluster has nothing. */
static sheaf_i_topic topic_of(const sheaf_topics *t, int32_t cluster)
{
    return cluster >= 1 && cluster <= t->k ? t->topic[cluster - 1]
                                           : (sheaf_i_topic){.name = "", .tightness_word = "", .tightness = NAN,
                                                             .coherence = NAN, .distinctness = NAN, .unknown = NAN,
                                                             .coverage = NAN, .exclusivity = NAN};
}

int32_t sheaf_topics_k(const sheaf_topics *t) { return t->k; }
const char *sheaf_topics_name(const sheaf_topics *t, int32_t cluster) { return topic_of(t, cluster).name; }
double sheaf_topics_tightness(const sheaf_topics *t, int32_t cluster) { return topic_of(t, cluster).tightness; }
double sheaf_topics_coverage(const sheaf_topics *t, int32_t cluster) { return topic_of(t, cluster).coverage; }
double sheaf_topics_exclusivity(const sheaf_topics *t, int32_t cluster) { return topic_of(t, cluster).exclusivity; }
double sheaf_topics_coherence(const sheaf_topics *t, int32_t cluster) { return topic_of(t, cluster).coherence; }
double sheaf_topics_distinctness(const sheaf_topics *t, int32_t cluster) { return topic_of(t, cluster).distinctness; }
double sheaf_topics_unknown(const sheaf_topics *t, int32_t cluster) { return topic_of(t, cluster).unknown; }
double sheaf_topics_diversity(const sheaf_topics *t) { return t->diversity; }

const char *sheaf_topics_tightness_word(const sheaf_topics *t, int32_t cluster)
{
    return topic_of(t, cluster).tightness_word;
}

const sheaf_topic_term *sheaf_topics_terms(const sheaf_topics *t, int32_t cluster, int32_t *n)
{
    *n = topic_of(t, cluster).n_terms;
    return topic_of(t, cluster).terms;
}

const int64_t *sheaf_topics_typical(const sheaf_topics *t, int32_t cluster, int32_t *n)
{
    *n = topic_of(t, cluster).n_typical;
    return topic_of(t, cluster).typical;
}

const int64_t *sheaf_topics_borderline(const sheaf_topics *t, int32_t cluster, int32_t *n)
{
    *n = topic_of(t, cluster).n_borderline;
    return topic_of(t, cluster).borderline;
}
