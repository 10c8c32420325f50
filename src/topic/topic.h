/* What a reader needs of each cluster. */
#ifndef SHEAF_TOPIC_TOPIC_H
#define SHEAF_TOPIC_TOPIC_H

#include "base/mem.h"
#include "cluster/clustering.h"
#include "text/words.h"
#include "topic/top.h"

#define SHEAF_I_NAME_WORDS 4
#define SHEAF_I_LISTED_SHARE .1 /* a listed term is in so many documents for one with the commonest leading term */

typedef struct {
    const char *name;                   /* its own */
    int32_t named[SHEAF_I_NAME_WORDS], n_named; /* columns of what it is made of */
    sheaf_topic_term *terms;            /* best first */
    int64_t *typical, *borderline;      /* documents */
    int32_t n_terms, n_typical, n_borderline;
    double tightness, coverage, exclusivity, coherence, distinctness, unknown; /* NaN: of nothing */
    const char *tightness_word;
} sheaf_i_topic;

struct sheaf_topics {
    sheaf_ctx *ctx;
    int32_t k;
    sheaf_i_topic *topic;               /* k */
    double diversity;
};

/* The placed documents by cluster: those of cluster c (1..k) are doc[first[c - 1]] .. doc[first[c] - 1], rising. */
typedef struct {
    int64_t *first, *doc;
    int64_t n;
    int32_t k;
} sheaf_i_members;

/* What can speak for a cluster: words, and, from n_terms of the words on, phrases of two words (NULL: none). */
typedef struct {
    const sheaf_terms *words, *phrases;
} sheaf_i_columns;

static inline int32_t sheaf_i_columns_count(const sheaf_i_columns *c)
{
    return c->words->n_terms + (c->phrases ? c->phrases->n_terms : 0);
}

static inline sheaf_str sheaf_i_columns_term(const sheaf_i_columns *c, int32_t column)
{
    int32_t words = c->words->n_terms;
    return column < words ? c->words->term[column] : c->phrases->term[column - words];
}

static inline sheaf_str sheaf_i_columns_surface(const sheaf_i_columns *c, int32_t column)
{
    int32_t words = c->words->n_terms;
    return column < words ? c->words->surface[column] : c->phrases->surface[column - words];
}

#define SHEAF_I_TOP_WORDS 10 /* of a cluster, for its coherence and distinctness */

typedef struct {
    int32_t column;
    float score;
    int64_t docs;            /* of the cluster that hold it */
    uint64_t mass;           /* its damped counts in the cluster, in fixed point */
    int32_t goes_in_for[2];  /* of a phrase: the words that it replaces, or -1 */
    bool of_signature;       /* it says who writes rather than of what */
} sheaf_i_speaker;

/* What speaks for one cluster, best first. */
typedef struct {
    sheaf_i_speaker *term;
    int32_t n;
    int32_t n_words;         /* until phrases are put in: so many words, then the phrases, each best first */
    int64_t most;            /* documents that hold the commonest of the leading words */
    int32_t top[SHEAF_I_TOP_WORDS], n_top; /* words, hosts left out */
} sheaf_i_telling;

/* The `room` best words and the `room` best phrases of every cluster: telling[c - 1], each with room for all. */
sheaf_status sheaf_i_telling_find(sheaf_ctx *ctx, sheaf_i_telling *telling, int32_t room,
                                  const sheaf_i_columns *columns, const sheaf_i_members *members);

/* Sets of_signature of the loudest words; before phrases are put in. */
sheaf_status sheaf_i_signatures_find(sheaf_ctx *ctx, sheaf_i_telling *telling, const sheaf_terms *words,
                                     const sheaf_i_members *members);

/* Phrases take the place of words that hardly occur outside of them; the other phrases go. */
sheaf_status sheaf_i_phrases_put_in(sheaf_ctx *ctx, sheaf_i_telling *telling, int32_t k,
                                    const sheaf_i_columns *columns);

/* Sets *name and what it is made of, of every cluster. */
sheaf_status sheaf_i_names_choose(sheaf_ctx *ctx, sheaf_i_topic *topic, int32_t k, const sheaf_i_telling *telling,
                                  const sheaf_i_columns *columns);

/* Sets coverage, exclusivity, coherence and distinctness of every cluster, from its name and telling[c - 1].top. */
sheaf_status sheaf_i_measure_words(sheaf_ctx *ctx, sheaf_topics *topics, const sheaf_i_telling *telling,
                                   const sheaf_i_columns *columns, const sheaf_clustering *c,
                                   const sheaf_i_members *members);

/* Scripts without spaces are cut into overlapping pairs of characters: does a end as b begins? Then they are no
   phrase. */
bool sheaf_i_overlap(sheaf_str a, sheaf_str b);

/* "east.sun.com", "config.sys": no word of a language. */
bool sheaf_i_dotted_name(sheaf_str s);

/* The documents that a term must be in to reach `share` of the commonest among the leading words. */
int64_t sheaf_i_telling_floor(const sheaf_i_telling *e, double share);

#endif
