/* How strongly a term speaks for a cluster.
 *
 *   score = z * ln(lift)      where both are positive
 *
 * z is the log-odds of the term inside against outside the cluster, with an informative Dirichlet prior, in units of
 * its standard deviation (Monroe, Colaresi, Quinn 2008): how sure we are. Lift is the share of the cluster's documents
 * that hold the term over its share of all documents: how much it matters. z alone prefers common words that
 * are a little more common here ("use", "best", "mr"), lift alone rare ones. Counts are log2(1 + tf), so that one
 * long or repetitive document does not name a cluster. The prior is 5 % of the corpus: at 1 % words that other
 * clusters never use are held back ("game" before "hockey"), at 20 % names of people come first; both seen by reading
 * the names of the classes of BBC News, 20 Newsgroups, Reuters and arXiv.
 *
 * The cluster's contribution to the information, count * ln(P(term | cluster) / P(term)), was tried instead: it
 * prefers what is common ("use", "people", "Mr", "win"), as z alone does.
 *
 * Phrases are scored as words are, against the masses of words: a column is a word or, from n_terms on, a phrase.
 *
 * The counts are read once, cluster by cluster, and added up. Sums are integers (fixed point), so they are the same in
 * any order of documents and threads.
 */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "topic/topic.h"

#define PRIOR .05
#define UNIT 1048576.0       /* of the damped counts */
#define SMALL 64             /* counts below have their logarithm in a table */
#define LEADERS 10

typedef struct {
    uint64_t mass;           /* sum of damped counts, in 1 / UNIT */
    int64_t docs;
} tally;

typedef struct {
    tally in;
    int32_t column;
} use;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_columns *columns;
    int32_t n_columns;
    const sheaf_i_members *members;
    sheaf_i_telling *telling;
    int32_t room;
    uint64_t damped[SMALL];
    tally *total;            /* n_columns: over the placed documents */
    uint64_t all_mass;       /* of words */
    use **used;              /* k: the columns of each cluster, rising */
    int32_t *n_used;         /* k */
    tally **worker;          /* scratch, n_columns each; all zero between uses */
    sheaf_i_ranked **top;    /* scratch, room each */
} finding;

static uint64_t damp(const finding *f, uint32_t tf)
{
    return tf < SMALL ? f->damped[tf] : (uint64_t)llround(log2(1 + (double)tf) * UNIT);
}

/* Documents of a cluster lie anywhere in the counts, too far apart for the processor to guess. Inline, because GCC
   takes a function that does nothing but prefetch for one that does nothing. */
static inline __attribute__((always_inline)) void fetch(const sheaf_terms *t, int64_t doc)
{
    for (int64_t p = t->indptr[doc]; p < t->indptr[doc + 1]; p += 16) {
        __builtin_prefetch(&t->indices[p]);
        __builtin_prefetch(&t->counts[p]);
    }
}

static void count_docs(const finding *f, tally *to, const sheaf_terms *t, const int64_t *doc, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (i + 2 < n) fetch(t, doc[i + 2]);
        for (int64_t p = t->indptr[doc[i]]; p < t->indptr[doc[i] + 1]; p++) {
            tally *at = &to[t->indices[p]];
            at->mass += damp(f, t->counts[p]);
            at->docs++;
        }
    }
}

static sheaf_status count_cluster(void *arg, int64_t c, int32_t worker)
{
    sheaf_status st = SHEAF_OK;
    finding *f = arg;
    const int64_t *doc = f->members->doc + f->members->first[c];
    int64_t n = f->members->first[c + 1] - f->members->first[c];
    const sheaf_i_columns *columns = f->columns;
    tally *in = f->worker[worker];
    int32_t used = 0;
    count_docs(f, in, columns->words, doc, n);
    if (columns->phrases) count_docs(f, in + columns->words->n_terms, columns->phrases, doc, n);
    for (int32_t j = 0; j < f->n_columns; j++) used += in[j].docs > 0;
    SHEAF_NEW(f->used[c], f->ctx, used);
    for (int32_t j = 0; j < f->n_columns; j++)
        if (in[j].docs) f->used[c][f->n_used[c]++] = (use){in[j], j};
done:
    memset(in, 0, (size_t)f->n_columns * sizeof *in);
    return st;
}

static void add_up(finding *f)
{
    for (int32_t c = 0; c < f->members->k; c++)
        for (int32_t i = 0; i < f->n_used[c]; i++) {
            const use *u = &f->used[c][i];
            f->total[u->column].mass += u->in.mass;
            f->total[u->column].docs += u->in.docs;
            if (u->column < f->columns->words->n_terms) f->all_mass += u->in.mass;
        }
}

/* in: the term inside the cluster, of `mass` and `docs` in all. */
static double score(const finding *f, const tally *in, const tally *total, double mass, double docs)
{
    double lift = (double)in->docs / docs * (double)f->members->n / (double)total->docs;
    if (lift <= 1) return 0;
    double all = (double)f->all_mass / UNIT, prior = PRIOR * (double)total->mass / UNIT;
    double here = (double)in->mass / UNIT + prior, there = (double)(total->mass - in->mass) / UNIT + prior;
    double rest_here = mass + PRIOR * all - here, rest_there = all - mass + PRIOR * all - there;
    if (rest_here <= 0 || rest_there <= 0) return log(lift); /* the only word there is */
    double delta = log(here / rest_here) - log(there / rest_there);
    return delta > 0 ? delta / sqrt(1 / here + 1 / there) * log(lift) : 0;
}

/* The best columns lo .. hi - 1 of cluster c into e, the first n_e of which are there already. Where nothing tells the
   cluster from the rest (there is no rest), its commonest terms stand for it, with score 0. */
static void take_best(const finding *f, int64_t c, sheaf_i_ranked *top, int32_t lo, int32_t hi, bool common)
{
    sheaf_i_telling *e = &f->telling[c];
    int32_t n = 0;
    uint64_t mass = 0;
    double docs = (double)(f->members->first[c + 1] - f->members->first[c]);
    for (int32_t i = 0; i < f->n_used[c] && f->used[c][i].column < f->columns->words->n_terms; i++)
        mass += f->used[c][i].in.mass;
    for (int32_t i = 0; i < f->n_used[c]; i++) {
        const use *u = &f->used[c][i];
        if (u->column < lo || u->column >= hi) continue;
        double s = common ? (double)u->in.docs
                          : score(f, &u->in, &f->total[u->column], (double)mass / UNIT, docs);
        if (s > 0) sheaf_i_top_offer(top, &n, f->room, s, i);
    }
    sheaf_i_top_sort(top, n);
    for (int32_t i = 0; i < n; i++) {
        const use *u = &f->used[c][top[i].id];
        e->term[e->n++] = (sheaf_i_speaker){
            .column = u->column, .score = common ? 0 : (float)top[i].key, .docs = u->in.docs, .mass = u->in.mass,
                                               .goes_in_for = {-1, -1}};
    }
}

static void find_leaders(sheaf_i_telling *e, const sheaf_terms *words)
{
    e->most = 0;
    for (int32_t i = 0; i < e->n && i < LEADERS; i++)
        if (e->term[i].docs > e->most) e->most = e->term[i].docs;
    int64_t floor = sheaf_i_telling_floor(e, SHEAF_I_LISTED_SHARE);
    e->n_top = 0;
    for (int32_t i = 0; i < e->n && e->n_top < SHEAF_I_TOP_WORDS; i++)
        if (e->term[i].docs >= floor && !sheaf_i_dotted_name(words->surface[e->term[i].column]))
            e->top[e->n_top++] = e->term[i].column;
}

static sheaf_status find_cluster(void *arg, int64_t c, int32_t worker)
{
    finding *f = arg;
    sheaf_i_telling *e = &f->telling[c];
    int32_t words = f->columns->words->n_terms;
    e->n = 0;
    take_best(f, c, f->top[worker], 0, words, false);
    bool common = e->n == 0;
    if (common) take_best(f, c, f->top[worker], 0, words, true);
    e->n_words = e->n;
    find_leaders(e, f->columns->words);
    if (f->columns->phrases) take_best(f, c, f->top[worker], words, f->n_columns, common);
    return SHEAF_OK;
}

int64_t sheaf_i_telling_floor(const sheaf_i_telling *e, double share) { return (int64_t)ceil(share * (double)e->most); }

sheaf_status sheaf_i_telling_find(sheaf_ctx *ctx, sheaf_i_telling *telling, int32_t room,
                                  const sheaf_i_columns *columns, const sheaf_i_members *members)
{
    sheaf_status st = SHEAF_OK;
    int32_t threads = sheaf_ctx_threads(ctx);
    finding f = {.ctx = ctx, .columns = columns, .members = members, .telling = telling, .room = room};
    f.n_columns = sheaf_i_columns_count(columns);
    for (uint32_t tf = 0; tf < SMALL; tf++) f.damped[tf] = (uint64_t)llround(log2(1 + (double)tf) * UNIT);
    SHEAF_NEW0(f.total, ctx, f.n_columns);
    SHEAF_NEW0(f.used, ctx, members->k);
    SHEAF_NEW0(f.n_used, ctx, members->k);
    SHEAF_NEW0(f.worker, ctx, threads);
    SHEAF_NEW0(f.top, ctx, threads);
    for (int32_t w = 0; w < threads; w++) {
        SHEAF_NEW0(f.worker[w], ctx, f.n_columns);
        SHEAF_NEW(f.top[w], ctx, room);
    }
    SHEAF_TRY(sheaf_i_par_for(ctx, "naming", members->k, count_cluster, &f));
    add_up(&f);
    SHEAF_TRY(sheaf_i_par_for(ctx, "naming", members->k, find_cluster, &f));
done:
    for (int32_t w = 0; w < threads; w++) {
        if (f.worker) sheaf_i_free(ctx, f.worker[w]);
        if (f.top) sheaf_i_free(ctx, f.top[w]);
    }
    for (int32_t c = 0; f.used && c < members->k; c++) sheaf_i_free(ctx, f.used[c]);
    sheaf_i_free(ctx, f.used);
    sheaf_i_free(ctx, f.n_used);
    sheaf_i_free(ctx, f.worker);
    sheaf_i_free(ctx, f.top);
    sheaf_i_free(ctx, f.total);
    return st;
}
