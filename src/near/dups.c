/* Near-duplicates: options and the way through the steps; see job.h. */
#include "near/dups.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "near/frequent.h"
#include "near/keep.h"
#include "near/pairs.h"

#define MOST_Q 1000000
#define MOST_SHINGLE 64

void sheaf_dups_opts_init(sheaf_dups_opts *o, size_t size)
{
    sheaf_dups_opts d = {.size = size, .threshold = {4, 5}, .containment = {0, 1}, .shingle = 3,
                         .ignore_common = {1, 1}, .recall = 1, .seed = 1};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

static bool in_range(sheaf_ratio r) { return r.p > 0 && r.p <= r.q && r.q <= MOST_Q; }

static sheaf_status check_ratio(sheaf_ctx *ctx, const char *name, sheaf_ratio r, const char *hint)
{
    if (in_range(r)) return SHEAF_OK;
    sheaf_status st =
        sheaf_i_fail(ctx, SHEAF_EINVAL, "%s = %lld/%lld: need more than 0 and at most 1, in parts of at most %d", name,
                     (long long)r.p, (long long)r.q, MOST_Q);
    sheaf_i_hint(ctx, "%s", hint);
    return st;
}

static sheaf_status check_numbers(sheaf_ctx *ctx, const sheaf_dups_opts *o)
{
    sheaf_status st = SHEAF_OK;
    if (o->shingle < 1 || o->shingle > MOST_SHINGLE) {
        st = sheaf_i_fail(ctx, SHEAF_EINVAL, "shingle = %d: need 1 to %d", o->shingle, MOST_SHINGLE);
        sheaf_i_hint(ctx, "3 words, or 5 to 9 characters, suit most texts");
    } else if (o->min_words < 0) {
        st = sheaf_i_fail(ctx, SHEAF_EINVAL, "min_words = %lld is negative", (long long)o->min_words);
    } else if (!(o->recall > 0 && o->recall <= 1)) {
        st = sheaf_i_fail(ctx, SHEAF_EINVAL, "recall = %g: need more than 0 and at most 1", o->recall);
        sheaf_i_hint(ctx, "1 finds every pair; 0.999 may save time at low thresholds");
    } else if (!(o->window >= 0 && isfinite(o->window))) {
        st = sheaf_i_fail(ctx, SHEAF_EINVAL, "window = %g seconds", o->window);
    }
    return st;
}

static sheaf_status check_options(sheaf_ctx *ctx, const sheaf_dups_opts *o)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(check_ratio(ctx, "threshold", o->threshold, "0.8 finds edited copies; with 1 only equal sets are found"));
    if (o->containment.p != 0)
        SHEAF_TRY(check_ratio(ctx, "containment", o->containment, "0.8 finds short texts in longer ones"));
    SHEAF_TRY(check_ratio(ctx, "ignore_common", o->ignore_common, "0.1 leaves out what more than a tenth of all has"));
    SHEAF_TRY(check_numbers(ctx, o));
    if ((int)o->unit < 0 || o->unit > SHEAF_SHINGLE_CHARACTERS)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "unit = %d is not known", (int)o->unit));
    if ((int)o->linkage < 0 || o->linkage > SHEAF_LINKAGE_CONNECTED)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "linkage = %d is not known", (int)o->linkage));
    if ((int)o->keep < 0 || o->keep > SHEAF_KEEP_FIELD)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "keep = %d is not known", (int)o->keep));
done:
    return st;
}

static sheaf_status check_documents(sheaf_ctx *ctx, const sheaf_corpus *c, const sheaf_words *w,
                                    const sheaf_corpus *old_c, const sheaf_words *old_w)
{
    if (!old_c != !old_w) return sheaf_i_fail(ctx, SHEAF_EINVAL, "old documents need both corpus and words");
    if (sheaf_corpus_size(c) != w->n_docs || (old_c && sheaf_corpus_size(old_c) != old_w->n_docs))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "corpus and words are not of the same documents");
    if (w->n_docs + (old_w ? old_w->n_docs : 0) > INT32_MAX)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "more than %d documents", INT32_MAX);
    return SHEAF_OK;
}

static int64_t letters_of(const sheaf_words *w)
{
    int64_t n = 0;
    for (uint32_t t = 0; t < w->n_types; t++) n += w->type_count[t] * ((int64_t)w->type[t].n + 1);
    return n;
}

/* Folded words, shingles, what is common. */
static sheaf_status prepare(sheaf_i_job *j, sheaf_i_common *common, const sheaf_words *w, const sheaf_words *old)
{
    sheaf_status st = SHEAF_OK;
    const bool letters = j->o.unit == SHEAF_SHINGLE_CHARACTERS;
    SHEAF_TRY(sheaf_i_tokens_new(&j->t, j->ctx, w, old));
    if (letters) SHEAF_TRY(sheaf_i_characters_new(&j->chars, j->ctx, &j->t));
    sheaf_i_shingles_init(&j->shingles, &j->t, letters ? &j->chars : NULL, j->o.shingle);
    j->positions = letters ? letters_of(w) + (old ? letters_of(old) : 0) : j->t.n_tokens;
    if (!(j->bags = sheaf_i_bags_new(j->ctx))) SHEAF_TRY(SHEAF_ENOMEM);
    j->all.n = j->t.n_docs;
    SHEAF_NEW(j->all.doc, j->ctx, j->t.n_docs);
    for (int64_t i = 0; i < j->t.n_docs; i++) j->all.doc[i] = (uint32_t)i;
    SHEAF_TRY(sheaf_i_docs_plan(&j->all, j));
    SHEAF_TRY(sheaf_i_keep_order(j));
    if (j->o.ignore_common.p < j->o.ignore_common.q) {
        SHEAF_TRY(sheaf_i_common_find(common, j));
        j->shingles.common = j->common = common;
    }
done:
    return st;
}

static void job_end(sheaf_i_job *j, sheaf_i_common *common)
{
    sheaf_i_tokens_end(&j->t);
    sheaf_i_characters_end(&j->chars);
    sheaf_i_values_end(&common->values);
    sheaf_i_bags_free(j->ctx, j->bags);
    sheaf_i_docs_end(&j->all);
    sheaf_i_free(j->ctx, j->size);
    sheaf_i_free(j->ctx, j->hash);
    sheaf_i_aligned_free(j->ctx, (void *)j->filter.word);
    sheaf_i_free(j->ctx, j->date);
    sheaf_i_free(j->ctx, j->field);
    sheaf_i_free(j->ctx, j->order);
}

static sheaf_status group(sheaf_dups *d, sheaf_i_job *j, sheaf_i_grouping *g)
{
    sheaf_status st = SHEAF_OK;
    if (j->t.part[1]) SHEAF_TRY(sheaf_i_group_against(g));
    else if (j->o.linkage == SHEAF_LINKAGE_CONNECTED) SHEAF_TRY(sheaf_i_group_connected(g));
    else {
        SHEAF_TRY(sheaf_i_group_stars(g));
        if (j->o.containment.p > 0) SHEAF_TRY(sheaf_i_group_contained(g));
    }
    SHEAF_TRY(sheaf_i_dups_fill(d, g));
    SHEAF_TRY(sheaf_i_dups_lowest(d, j, g));
done:
    return st;
}

static void report(sheaf_dups *d, const sheaf_i_job *j, const sheaf_i_grouping *g)
{
    d->report = j->report;
    for (int32_t i = 0; i < sheaf_ctx_threads(d->ctx); i++) {
        d->report.candidates += g->x->search[i].candidates;
        d->report.verified += g->x->search[i].verified;
    }
    d->report.pairs = j->o.pairs ? d->n_pairs : g->pairs;
}

static sheaf_status join(sheaf_dups *d, sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_units u = {0};
    sheaf_i_lists l = {0};
    sheaf_i_index x = {0};
    sheaf_i_grouping g = {0};
    SHEAF_TRY(sheaf_i_sets(j));
    SHEAF_TRY(sheaf_i_units_make(&u, j));
    sheaf_i_free(j->ctx, j->hash);
    j->hash = NULL;
    SHEAF_TRY(sheaf_i_lists_make(&l, j, &u));
    sheaf_i_aligned_free(j->ctx, (void *)j->filter.word);
    j->filter.word = NULL;
    SHEAF_TRY(sheaf_i_index_make(&x, j, &u, &l));
    SHEAF_TRY(sheaf_i_measure_recall(&x, &j->report));
    if (j->o.pairs) SHEAF_TRY(sheaf_i_pairs(&d->pair, &d->n_pairs, &x));
    SHEAF_TRY(sheaf_i_grouping_make(&g, j, &u, &l, &x));
    SHEAF_TRY(group(d, j, &g));
    report(d, j, &g);
done:
    sheaf_i_grouping_end(&g);
    sheaf_i_index_end(&x);
    sheaf_i_lists_end(&l);
    sheaf_i_units_end(&u);
    return st;
}

sheaf_status sheaf_dups_find(sheaf_ctx *ctx, sheaf_dups **out, const sheaf_corpus *c, const sheaf_words *w,
                             const sheaf_corpus *old_corpus, const sheaf_words *old_words, const sheaf_dups_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_job j = {.ctx = ctx, .corpus = {c, old_corpus}};
    sheaf_i_common common = {0};
    sheaf_dups *d = NULL;
    *out = NULL;
    sheaf_dups_opts_init(&j.o, sizeof j.o);
    if (o) sheaf_i_opts_copy(&j.o, sizeof j.o, o, o->size);
    SHEAF_TRY(check_options(ctx, &j.o));
    SHEAF_TRY(check_documents(ctx, c, w, old_corpus, old_words));
    SHEAF_TRY(prepare(&j, &common, w, old_words));
    SHEAF_NEW0(d, ctx, 1);
    *d = (sheaf_dups){.ctx = ctx, .corpus = {c, old_corpus}, .n_new = j.t.n_new, .n_docs = j.t.n_docs};
    SHEAF_TRY(join(d, &j));
    *out = d;
    d = NULL;
done:
    sheaf_dups_free(d);
    job_end(&j, &common);
    return st;
}
