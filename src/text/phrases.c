/* sheaf_phrases: phrases of two words as terms; see phrases.h for the steps. */
#include "text/phrases.h"

#include <string.h>

#include "base/context.h"

void sheaf_phrase_opts_init(sheaf_phrase_opts *o, size_t size)
{
    sheaf_phrase_opts d = {.size = size, .min_df = 5, .max_phrases = 30000};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static sheaf_status check(sheaf_ctx *ctx, const sheaf_words *w, const sheaf_terms *t, const sheaf_phrase_opts *o)
{
    if (o->min_df < 1) return sheaf_i_fail(ctx, SHEAF_EINVAL, "phrases in %lld documents", (long long)o->min_df);
    if (o->max_phrases < 0 || o->max_phrases > INT32_MAX)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld phrases", (long long)o->max_phrases);
    if (!t->term_of_type && t->n_docs)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the terms have forgotten their words: phrases come right after them");
    if (t->n_docs != w->n_docs || (t->n_docs && t->n_types != w->n_types))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "terms of %lld documents and words of %lld: not built from them",
                            (long long)t->n_docs, (long long)w->n_docs);
    return SHEAF_OK;
}

/* A pair is in no more documents than its rarer word. Terms that come by falling frequency are told by their ids. */
static uint32_t count_frequent(const sheaf_terms *t, int64_t min_df)
{
    int32_t n = t->n_terms;
    for (int32_t i = 1; i < n; i++)
        if (t->df[i] > t->df[i - 1]) return (uint32_t)n;
    while (n > 0 && t->df[n - 1] < min_df) n--;
    return (uint32_t)n;
}

static sheaf_status copy_documents(sheaf_terms *p, const sheaf_terms *t)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(p->doc_words, p->ctx, t->n_docs);
    SHEAF_NEW(p->language, p->ctx, t->n_languages);
    if (t->n_docs) memcpy(p->doc_words, t->doc_words, (size_t)t->n_docs * sizeof *p->doc_words);
    if (t->n_languages) memcpy(p->language, t->language, (size_t)t->n_languages * sizeof *p->language);
    p->n_languages = t->n_languages;
done:
    return st;
}

/* Ids, frequencies and stems. */
static sheaf_status describe(sheaf_terms *p, const sheaf_i_phrase_job *job)
{
    sheaf_status st = SHEAF_OK;
    p->n_terms = (int32_t)job->n;
    p->term = sheaf_i_aligned(p->ctx, job->n, 2 * sizeof *p->term + sizeof *p->df);
    if (!p->term) return SHEAF_ENOMEM;
    p->surface = p->term + job->n;
    p->df = (int64_t *)(void *)(p->surface + job->n);
    SHEAF_NEW(p->parts, p->ctx, job->n);
    for (int64_t i = 0; i < job->n; i++) {
        int32_t *part = p->parts[i];
        part[0] = (int32_t)(job->phrase[i].key >> 32);
        part[1] = (int32_t)(uint32_t)job->phrase[i].key;
        sheaf_str a = job->t->term[part[0]], b = job->t->term[part[1]];
        char *s = sheaf_i_arena_take(&p->arena, a.n + 1 + b.n, 1);
        if (!s) return SHEAF_ENOMEM;
        memcpy(s, a.p, a.n);
        s[a.n] = ' ';
        memcpy(s + a.n + 1, b.p, b.n);
        p->term[i] = (sheaf_str){s, a.n + 1 + b.n};
        p->df[i] = job->phrase[i].df;
    }
done:
    return st;
}

sheaf_status sheaf_phrases_build(sheaf_ctx *ctx, sheaf_terms **out, const sheaf_words *w, const sheaf_terms *t,
                                 const sheaf_phrase_opts *given)
{
    sheaf_status st = SHEAF_OK;
    sheaf_phrase_opts o;
    sheaf_terms *p = NULL;
    sheaf_i_phrase_job job = {.ctx = ctx, .w = w, .t = t};
    *out = NULL;
    sheaf_phrase_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    SHEAF_TRY(check(ctx, w, t, &o));
    job.min_df = o.min_df;
    job.max_phrases = o.max_phrases;
    job.n_frequent = count_frequent(t, o.min_df);
    SHEAF_NEW0(p, ctx, 1);
    p->ctx = ctx;
    p->n_docs = t->n_docs;
    sheaf_i_arena_init(&p->arena, ctx);
    SHEAF_TRY(sheaf_i_phrases_choose(&job));
    if (job.n > INT32_MAX) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "%lld phrases are too many", (long long)job.n));
    SHEAF_TRY(copy_documents(p, t));
    SHEAF_TRY(describe(p, &job));
    SHEAF_TRY(sheaf_i_phrases_rows(&job, p));
    *out = p;
    p = NULL;
done:
    sheaf_i_free(ctx, job.phrase);
    sheaf_terms_free(p);
    return st;
}

const int32_t (*sheaf_i_phrases_parts(const sheaf_terms *p))[2] { return (const int32_t (*)[2])p->parts; }
