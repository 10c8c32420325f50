/* How far the words of a cluster can be relied on.
 *
 *   coherence      mean over the pairs of its top words of ln(p_ij / (p_i p_j)) / -ln p_ij, where p are shares of the
 *                  documents (normalised pointwise mutual information, Bouma 2009, over whole documents);
 *                  -1 where no document holds both, 0 where all do
 *   distinctness   share of its top words that are among those of no other cluster
 *   coverage       share of its documents that hold a word or phrase of its name
 *   exclusivity    of the documents of clusters that hold one, the share that is in this one
 *
 * One pass over the counts: of a document, the words that it has of each cluster make a bitmap, whose bits are counted
 * alone and in pairs. Only integers are added up, so the sums are the same in any order of documents and threads.
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "topic/topic.h"

#define BLOCK 1024
#define TOP SHEAF_I_TOP_WORDS
#define TOP_BITS ((1u << TOP) - 1)

typedef struct {
    int32_t cluster, next; /* from 0; the column's next mark + 1, 0: none */
    uint32_t bits;
} mark;

typedef struct {
    int64_t together[TOP][TOP]; /* i <= j: documents with both; on the diagonal with the one */
    int64_t named, named_inside;
} tally;

typedef struct {
    tally *tally;          /* k */
    uint32_t *bitmap;      /* k; of the document at hand, all zero between documents */
    int32_t *touched;      /* k; clusters with a bit set */
    int32_t n_touched;
} scratch;

typedef struct {
    const sheaf_i_columns *columns;
    const sheaf_clustering *c;
    const sheaf_i_members *members;
    int32_t *first;        /* a column: its first mark + 1, 0: none */
    mark *mark;
    int32_t n_marks;
    scratch *worker;
} counting;

static void add_mark(counting *g, int32_t column, int32_t cluster, uint32_t bit)
{
    g->mark[g->n_marks] = (mark){cluster, g->first[column], bit};
    g->first[column] = ++g->n_marks;
}

static void set_bits(const counting *g, scratch *s, const sheaf_terms *t, int32_t from, int64_t doc)
{
    const int32_t *first = g->first + from;
    for (int64_t p = t->indptr[doc]; p < t->indptr[doc + 1]; p++)
        for (int32_t m = first[t->indices[p]]; m; m = g->mark[m - 1].next) {
            const mark *at = &g->mark[m - 1];
            if (!s->bitmap[at->cluster]) s->touched[s->n_touched++] = at->cluster;
            s->bitmap[at->cluster] |= at->bits;
        }
}

/* of: where the document is; of none, it does not count for or against a name. */
static void count_bits(tally *t, uint32_t bits, int32_t of, int32_t cluster)
{
    t->named += of && bits > TOP_BITS;
    t->named_inside += of == cluster + 1 && bits > TOP_BITS;
    for (uint32_t rest = bits & TOP_BITS; rest; rest &= rest - 1) {
        int64_t *with = t->together[__builtin_ctz(rest)];
        for (uint32_t other = rest; other; other &= other - 1) with[__builtin_ctz(other)]++;
    }
}

static sheaf_status count_block(void *arg, int64_t block, int32_t worker)
{
    const counting *g = arg;
    scratch *s = &g->worker[worker];
    int64_t lo, hi;
    sheaf_i_range(g->c->n, BLOCK, block, &lo, &hi);
    for (int64_t doc = lo; doc < hi; doc++) {
        set_bits(g, s, g->columns->words, 0, doc);
        if (g->columns->phrases) set_bits(g, s, g->columns->phrases, g->columns->words->n_terms, doc);
        for (int32_t i = 0; i < s->n_touched; i++) {
            int32_t cluster = s->touched[i];
            count_bits(&s->tally[cluster], s->bitmap[cluster], g->c->label[doc], cluster);
            s->bitmap[cluster] = 0;
        }
        s->n_touched = 0;
    }
    return SHEAF_OK;
}

static void add_up(scratch *worker, int32_t threads, int32_t k)
{
    for (int32_t w = 1; w < threads; w++)
        for (int32_t c = 0; c < k; c++) {
            tally *to = &worker[0].tally[c], *from = &worker[w].tally[c];
            for (int i = 0; i < TOP; i++)
                for (int j = i; j < TOP; j++) to->together[i][j] += from->together[i][j];
            to->named += from->named;
            to->named_inside += from->named_inside;
        }
}

static double npmi(int64_t a, int64_t b, int64_t both, int64_t docs)
{
    if (both == 0) return -1;
    if (both == docs) return 0;
    double n = (double)docs, p = (double)both / n;
    return log(p / ((double)a / n * ((double)b / n))) / -log(p);
}

static double coherence(const tally *t, int32_t n, int64_t docs)
{
    double sum = 0;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = i + 1; j < n; j++)
            sum += npmi(t->together[i][i], t->together[j][j], t->together[i][j], docs);
    return n > 1 ? sum / (.5 * n * (n - 1)) : NAN;
}

/* Clusters that have the column among their top words. */
static int32_t clusters_with(const counting *g, int32_t column)
{
    int32_t n = 0;
    for (int32_t m = g->first[column]; m; m = g->mark[m - 1].next) n += g->mark[m - 1].bits <= TOP_BITS;
    return n;
}

static void conclude(const counting *g, sheaf_topics *topics, const sheaf_i_telling *telling)
{
    double distinct = 0;
    int64_t all = 0;
    for (int32_t c = 0; c < topics->k; c++) {
        sheaf_i_topic *topic = &topics->topic[c];
        const tally *t = &g->worker[0].tally[c];
        int32_t own = 0, n = telling[c].n_top;
        for (int32_t i = 0; i < n; i++) {
            int32_t with = clusters_with(g, telling[c].top[i]);
            own += with == 1;
            distinct += 1. / with;
        }
        all += n;
        int64_t docs = g->members->first[c + 1] - g->members->first[c];
        topic->distinctness = n ? (double)own / n : NAN;
        topic->coherence = coherence(t, n, g->c->n);
        topic->coverage = docs ? (double)t->named_inside / (double)docs : NAN;
        topic->exclusivity = t->named ? (double)t->named_inside / (double)t->named : NAN;
    }
    topics->diversity = all ? distinct / (double)all : NAN;
}

static sheaf_status make_room(sheaf_ctx *ctx, scratch *s, int32_t k)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW0(s->tally, ctx, k);
    SHEAF_NEW0(s->bitmap, ctx, k);
    SHEAF_NEW(s->touched, ctx, k);
done:
    return st;
}

sheaf_status sheaf_i_measure_words(sheaf_ctx *ctx, sheaf_topics *topics, const sheaf_i_telling *telling,
                                   const sheaf_i_columns *columns, const sheaf_clustering *c,
                                   const sheaf_i_members *members)
{
    sheaf_status st = SHEAF_OK;
    int32_t threads = sheaf_ctx_threads(ctx), k = topics->k;
    counting g = {.columns = columns, .c = c, .members = members};
    SHEAF_NEW0(g.first, ctx, sheaf_i_columns_count(columns));
    SHEAF_NEW(g.mark, ctx, (int64_t)k * (TOP + SHEAF_I_NAME_WORDS));
    SHEAF_NEW0(g.worker, ctx, threads);
    for (int32_t w = 0; w < threads; w++) SHEAF_TRY(make_room(ctx, &g.worker[w], k));
    for (int32_t t = 0; t < k; t++) {
        for (int32_t i = 0; i < telling[t].n_top; i++) add_mark(&g, telling[t].top[i], t, 1u << i);
        for (int32_t i = 0; i < topics->topic[t].n_named; i++)
            add_mark(&g, topics->topic[t].named[i], t, 1u << (TOP + i));
    }
    SHEAF_TRY(sheaf_i_par_for(ctx, "naming", sheaf_i_blocks(c->n, BLOCK), count_block, &g));
    add_up(g.worker, threads, k);
    conclude(&g, topics, telling);
done:
    for (int32_t w = 0; g.worker && w < threads; w++) {
        sheaf_i_free(ctx, g.worker[w].tally);
        sheaf_i_free(ctx, g.worker[w].bitmap);
        sheaf_i_free(ctx, g.worker[w].touched);
    }
    sheaf_i_free(ctx, g.worker);
    sheaf_i_free(ctx, g.mark);
    sheaf_i_free(ctx, g.first);
    return st;
}
