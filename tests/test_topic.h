/* Terms and clusterings made by hand. Include after support.h. */
#ifndef SHEAF_TEST_TOPIC_H
#define SHEAF_TEST_TOPIC_H

#include "base/mem.h"
#include "base/rng.h"
#include "cluster/clustering.h"
#include "text/words.h"

/* test_topic_names.c, test_topic_words.c; number of failures */
int test_topic_names(void);
int test_topic_words(void);

/* docs x words counts, row-major; surfaces (NULL: the words) beside. */
static inline sheaf_terms *test_terms(sheaf_ctx *ctx, const uint32_t *count, int64_t docs, int32_t words,
                                      const char *const *word, const char *const *surface)
{
    sheaf_terms *t = calloc(1, sizeof *t);
    *t = (sheaf_terms){.ctx = ctx, .n_docs = docs, .n_terms = words};
    t->indptr = calloc((size_t)docs + 1, sizeof *t->indptr);
    t->indices = calloc((size_t)(docs * words) + 1, sizeof *t->indices);
    t->counts = calloc((size_t)(docs * words) + 1, sizeof *t->counts);
    t->df = calloc((size_t)words + 1, sizeof *t->df);
    t->term = calloc((size_t)words + 1, sizeof *t->term);
    t->surface = calloc((size_t)words + 1, sizeof *t->surface);
    int64_t n = 0;
    for (int64_t i = 0; i < docs; i++) {
        for (int32_t j = 0; j < words; j++) {
            if (!count[i * words + j]) continue;
            t->indices[n] = j;
            t->counts[n++] = count[i * words + j];
            t->df[j]++;
        }
        t->indptr[i + 1] = n;
    }
    for (int32_t j = 0; j < words; j++) {
        t->term[j] = word ? test_str(word[j]) : (sheaf_str){"", 0};
        t->surface[j] = surface ? test_str(surface[j]) : t->term[j];
    }
    return t;
}

static inline void test_terms_free(sheaf_terms *t)
{
    free(t->indptr);
    free(t->indices);
    free(t->counts);
    free(t->df);
    free(t->term);
    free(t->surface);
    free(t);
}

/* Labels 0..k; fit, margin and second are made up from the document's number unless changed afterwards. */
static inline sheaf_clustering *test_clustering(sheaf_ctx *ctx, const int32_t *label, int64_t n, int32_t k)
{
    sheaf_clustering *c = calloc(1, sizeof *c);
    *c = (sheaf_clustering){.ctx = ctx, .n = n, .k = k};
    c->label = calloc((size_t)n + 1, sizeof *c->label);
    c->second = calloc((size_t)n + 1, sizeof *c->second);
    c->fit = calloc((size_t)n + 1, sizeof *c->fit);
    c->margin = calloc((size_t)n + 1, sizeof *c->margin);
    c->count = calloc((size_t)k + 1, sizeof *c->count);
    for (int64_t i = 0; i < n; i++) {
        c->count[c->label[i] = label[i]]++;
        c->second[i] = k > 1 && label[i] ? label[i] % k + 1 : 0;
        c->fit[i] = (float)(i * 37 % 101) / 101;
        c->margin[i] = (float)(i * 53 % 97) / 97;
    }
    return c;
}

static inline void test_clustering_free(sheaf_clustering *c)
{
    free(c->label);
    free(c->second);
    free(c->fit);
    free(c->margin);
    free(c->count);
    free(c);
}

#endif
