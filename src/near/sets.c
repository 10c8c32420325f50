/* The first pass: every document's set, of which only size and hash stay, and the filter of what is shared. */
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "near/frequent.h"
#include "near/job.h"

#define BLOCK_WORDS 32768
#define AHEAD 24 /* shingles: the filter is not in cache */

sheaf_status sheaf_i_docs_plan(sheaf_i_docs *docs, const sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    int64_t words = 0, blocks = 0;
    docs->ctx = j->ctx;
    for (int64_t i = 0; i < docs->n; i++) words += sheaf_i_tokens_count(&j->t, docs->doc[i]) + 16;
    SHEAF_NEW(docs->start, j->ctx, words / BLOCK_WORDS + 2);
    docs->start[0] = words = 0;
    for (int64_t i = 0; i < docs->n; i++) {
        words += sheaf_i_tokens_count(&j->t, docs->doc[i]) + 16;
        if (words < BLOCK_WORDS && i + 1 < docs->n) continue;
        docs->start[++blocks] = i + 1;
        words = 0;
    }
    docs->n_blocks = blocks;
done:
    return st;
}

void sheaf_i_docs_end(sheaf_i_docs *docs)
{
    if (!docs->ctx) return;
    sheaf_i_free(docs->ctx, docs->doc);
    sheaf_i_free(docs->ctx, docs->start);
    *docs = (sheaf_i_docs){0};
}

static void count_values(sheaf_i_job *j, const uint64_t *value, int64_t n, int64_t doc)
{
    const int side = sheaf_i_side(j, doc);
    uint64_t sum = 0;
    for (int64_t i = 0; i < n && i < AHEAD; i++) sheaf_i_filter_prefetch(&j->filter, value[i]);
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n) sheaf_i_filter_prefetch(&j->filter, value[i + AHEAD]);
        sum += value[i];
        if (j->t.part[1]) sheaf_i_filter_mark(&j->filter, value[i], side);
        else sheaf_i_filter_count(&j->filter, value[i]);
    }
    j->hash[doc] = sum;
}

static sheaf_status block_sets(void *arg, int64_t block, int32_t worker)
{
    sheaf_i_job *j = arg;
    sheaf_i_bag *bag = &j->bags[worker];
    sheaf_status st = SHEAF_OK;
    for (int64_t i = j->all.start[block]; i < j->all.start[block + 1]; i++) {
        const uint32_t doc = j->all.doc[i];
        int64_t n = 0;
        if (sheaf_i_tokens_count(&j->t, doc) >= j->o.min_words)
            SHEAF_TRY(sheaf_i_bag_set(bag, &j->shingles, doc, &n));
        j->size[doc] = (uint32_t)n;
        count_values(j, bag->value, n, doc);
    }
done:
    return st;
}

static void sum_up(sheaf_i_job *j)
{
    for (int64_t d = 0; d < j->t.n_docs; d++) {
        j->report.shingles += j->size[d];
        j->report.without_words += sheaf_i_tokens_count(&j->t, d) == 0;
    }
    j->report.docs = j->t.n_docs;
}

sheaf_status sheaf_i_sets(sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_filter *f = &j->filter;
    SHEAF_NEW(j->size, j->ctx, j->t.n_docs);
    SHEAF_NEW(j->hash, j->ctx, j->t.n_docs);
    f->ctx = j->ctx;
    f->n_words = (uint64_t)j->positions / (SHEAF_I_FILTER_SLOTS / 8) + 64;
    SHEAF_NEW_ALIGNED(f->word, j->ctx, (int64_t)f->n_words);
    memset((void *)f->word, 0, f->n_words * sizeof *f->word);
    SHEAF_TRY(sheaf_i_par_for(j->ctx, "shingles", j->all.n_blocks, block_sets, j));
    sum_up(j);
done:
    return st;
}
