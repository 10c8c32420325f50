/* What a reader needs of each cluster. */
#ifndef SHEAF_TOPIC_TOPIC_H
#define SHEAF_TOPIC_TOPIC_H

#include "base/mem.h"
#include "cluster/clustering.h"
#include "text/words.h"
#include "topic/top.h"

typedef struct {
    const char *name;                   /* its own */
    sheaf_topic_term *terms;            /* best first */
    int64_t *typical, *borderline;      /* documents */
    int32_t n_terms, n_typical, n_borderline;
    double tightness;
    const char *tightness_word;
} sheaf_i_topic;

struct sheaf_topics {
    sheaf_ctx *ctx;
    int32_t k;
    sheaf_i_topic *topic;               /* k */
};

/* The placed documents by cluster: those of cluster c (1..k) are doc[first[c - 1]] .. doc[first[c] - 1], rising. */
typedef struct {
    int64_t *first, *doc;
    int64_t n;
    int32_t k;
} sheaf_i_members;

/* Terms that speak for one cluster, best first. */
typedef struct {
    sheaf_topic_term *term;
    int32_t n;
} sheaf_i_telling;

/* The `room` best terms of every cluster: telling[c - 1], each with room for so many. */
sheaf_status sheaf_i_telling_find(sheaf_ctx *ctx, sheaf_i_telling *telling, int32_t room, const sheaf_terms *t,
                                   const sheaf_i_members *members);

/* Sets *name of every cluster. */
sheaf_status sheaf_i_names_choose(sheaf_ctx *ctx, sheaf_i_topic *topic, int32_t k, const sheaf_i_telling *telling,
                                  const sheaf_terms *t);

/* "east.sun.com", "config.sys": no word of a language. */
bool sheaf_i_dotted_name(sheaf_str s);

/* The documents that a term must be in to reach `share` of the commonest among the leading terms. */
int64_t sheaf_i_telling_floor(const sheaf_i_telling *e, double share);

#endif
