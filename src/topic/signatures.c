/* Words that come as a set: those of a signature, of a mail header, of a notice under every text of one source.
 *
 * Names of people and hosts speak loudly for a cluster in which their owner writes a lot, and say nothing of its theme.
 * What gives them away is that they stand in the same documents: a word is of a signature if MATES others of the
 * loudest words of the cluster share with it more than half of the documents that hold either. Words of a theme do that
 * only where they are in much of the cluster ("shr", "net" and "revs" in reports of earnings), so those in more
 * than a fifth of its documents are never taken for it.
 */
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "topic/topic.h"

#define LOUDEST 64  /* words of a cluster that are looked at, a bit each */
#define MATES 2
#define RARE 5      /* in at most one of so many documents of the cluster */

typedef struct {
    uint8_t *place;                   /* a word: its place among the loudest + 1, or 0 */
    int64_t both[LOUDEST][LOUDEST];   /* i <= j: documents with both */
} scratch;

typedef struct {
    const sheaf_terms *words;
    const sheaf_i_members *members;
    sheaf_i_telling *telling;
    scratch *worker;
} finding;

static void count_doc(scratch *s, const sheaf_terms *t, int64_t doc)
{
    uint64_t bits = 0;
    for (int64_t p = t->indptr[doc]; p < t->indptr[doc + 1]; p++) {
        uint8_t place = s->place[t->indices[p]];
        if (place) bits |= (uint64_t)1 << (place - 1);
    }
    for (; bits; bits &= bits - 1) {
        int64_t *with = s->both[__builtin_ctzll(bits)];
        for (uint64_t other = bits; other; other &= other - 1) with[__builtin_ctzll(other)]++;
    }
}

static int32_t mates_of(const finding *f, const scratch *s, const sheaf_i_telling *e, int32_t i, int32_t n)
{
    int32_t mates = 0;
    sheaf_str word = f->words->term[e->term[i].column];
    for (int32_t j = 0; j < n; j++) {
        int64_t both = i < j ? s->both[i][j] : s->both[j][i];
        if (j == i || 2 * both <= s->both[i][i] + s->both[j][j] - both) continue;
        sheaf_str other = f->words->term[e->term[j].column];
        mates += !sheaf_i_overlap(word, other) && !sheaf_i_overlap(other, word);
    }
    return mates;
}

static sheaf_status find_in_cluster(void *arg, int64_t c, int32_t worker)
{
    const finding *f = arg;
    scratch *s = &f->worker[worker];
    sheaf_i_telling *e = &f->telling[c];
    int32_t n = e->n_words < LOUDEST ? e->n_words : LOUDEST;
    int64_t docs = f->members->first[c + 1] - f->members->first[c];
    memset(s->both, 0, sizeof s->both);
    for (int32_t i = 0; i < n; i++) s->place[e->term[i].column] = (uint8_t)(i + 1);
    for (int64_t i = f->members->first[c]; i < f->members->first[c + 1]; i++)
        count_doc(s, f->words, f->members->doc[i]);
    for (int32_t i = 0; i < n; i++) {
        s->place[e->term[i].column] = 0;
        e->term[i].of_signature = RARE * s->both[i][i] <= docs && mates_of(f, s, e, i, n) >= MATES;
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_signatures_find(sheaf_ctx *ctx, sheaf_i_telling *telling, const sheaf_terms *words,
                                     const sheaf_i_members *members)
{
    sheaf_status st = SHEAF_OK;
    int32_t threads = sheaf_ctx_threads(ctx);
    finding f = {.words = words, .members = members, .telling = telling};
    SHEAF_NEW0(f.worker, ctx, threads);
    for (int32_t w = 0; w < threads; w++) SHEAF_NEW0(f.worker[w].place, ctx, words->n_terms);
    SHEAF_TRY(sheaf_i_par_for(ctx, "naming", members->k, find_in_cluster, &f));
done:
    for (int32_t w = 0; f.worker && w < threads; w++) sheaf_i_free(ctx, f.worker[w].place);
    sheaf_i_free(ctx, f.worker);
    return st;
}
