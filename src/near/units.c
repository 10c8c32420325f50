/* Units of documents; see units.h. Equal hashes only bring documents together: sets and words are compared. Where equal
   hashes deceive, documents stay apart that might be one unit: the search finds them to be partners. */
#include "near/units.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "near/radix.h"

typedef struct {
    sheaf_i_job *j;
    sheaf_i_units *u;
    sheaf_i_keyed *e;     /* documents with a set, by hash */
    int64_t *run;         /* where runs of more than one begin and end */
    int64_t n_runs;
    sheaf_i_bag *other;   /* one a worker */
    uint32_t *head;       /* the first document, by id, of each one's unit */
} grouping;

bool sheaf_i_same_words(const sheaf_i_job *j, int64_t a, int64_t b)
{
    int64_t n, m;
    const uint32_t *fold_a, *fold_b;
    const uint32_t *x = sheaf_i_tokens_types(&j->t, a, &fold_a, &n), *y = sheaf_i_tokens_types(&j->t, b, &fold_b, &m);
    if (n != m) return false;
    if (fold_a == fold_b && !memcmp(x, y, (size_t)n * sizeof *x)) return true;
    for (int64_t i = 0; i < n; i++)
        if (fold_a[x[i]] != fold_b[y[i]]) return false;
    return true;
}

/* What tells two documents with the same set apart. */
static bool same_side(const sheaf_i_job *j, int64_t a, int64_t b)
{
    return sheaf_i_side(j, a) == sheaf_i_side(j, b) && (!j->field || j->field[a] == j->field[b]) &&
           (!(j->o.window > 0) || j->date[a] == j->date[b]);
}

static uint64_t key_of(const sheaf_i_job *j, int64_t doc)
{
    uint64_t h = sheaf_i_mix(j->hash[doc] ^ (uint64_t)sheaf_i_side(j, doc) << 63);
    if (j->field) h = sheaf_i_mix(h ^ j->field[doc]);
    if (j->o.window > 0) h = sheaf_i_mix(h ^ (uint64_t)j->date[doc]);
    return h;
}

/* Is the set in `bag` that of the document? Both have n shingles. */
static sheaf_status same_set(const sheaf_i_job *j, const sheaf_i_bag *bag, int64_t n, sheaf_i_bag *other, int64_t doc,
                             bool *same)
{
    int64_t m;
    sheaf_status st = sheaf_i_bag_set(other, &j->shingles, doc, &m);
    *same = st == SHEAF_OK && n == m;
    for (int64_t i = 0; *same && i < m; i++) *same = sheaf_i_bag_has(bag, other->value[i]);
    return st;
}

/* Finds the cliques of a run: sorted by words, those that are equal stand together. */
static sheaf_status find_cliques(grouping *g, int64_t from, int64_t to)
{
    sheaf_status st = SHEAF_OK;
    const int64_t n = to - from;
    sheaf_i_keyed *words = NULL;
    uint32_t *clique = g->u->clique;
    SHEAF_NEW(words, g->j->ctx, n);
    for (int64_t i = 0; i < n; i++)
        words[i] = (sheaf_i_keyed){sheaf_i_words_hash(&g->j->t, g->e[from + i].of), g->e[from + i].of};
    SHEAF_TRY(sheaf_i_sort_keyed(g->j->ctx, words, n));
    for (int64_t i = 1, first = 0; i < n; i++) {
        const int64_t a = words[first].of, b = words[i].of;
        if (words[i].key != words[first].key) first = i;
        else if (same_side(g->j, a, b) && sheaf_i_same_words(g->j, a, b)) clique[b] = (uint32_t)a;
    }
done:
    sheaf_i_free(g->j->ctx, words);
    return st;
}

static sheaf_status join_run(void *arg, int64_t run, int32_t worker)
{
    grouping *g = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_i_bag *bag = &g->j->bags[worker];
    const int64_t from = g->run[2 * run], to = g->run[2 * run + 1], first = g->e[from].of;
    int64_t n = -1;
    SHEAF_TRY(find_cliques(g, from, to));
    for (int64_t i = from + 1; i < to; i++) {
        const int64_t doc = g->e[i].of;
        bool same = false;
        if (g->u->clique[doc] != doc || !same_side(g->j, first, doc)) continue;
        if (n < 0) SHEAF_TRY(sheaf_i_bag_set(bag, &g->j->shingles, first, &n));
        SHEAF_TRY(same_set(g->j, bag, n, &g->other[worker], doc, &same));
        if (same) g->head[doc] = (uint32_t)first;
    }
    for (int64_t i = from + 1; i < to; i++) g->head[g->e[i].of] = g->head[g->u->clique[g->e[i].of]];
done:
    return st;
}

static sheaf_status find_runs(grouping *g)
{
    sheaf_status st = SHEAF_OK;
    const sheaf_i_job *j = g->j;
    int64_t n = 0, room = 0;
    SHEAF_NEW(g->e, j->ctx, j->t.n_docs);
    for (int64_t d = 0; d < j->t.n_docs; d++)
        if (j->size[d]) g->e[n++] = (sheaf_i_keyed){key_of(j, d), d};
    SHEAF_TRY(sheaf_i_sort_keyed(j->ctx, g->e, n));
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && g->e[end].key == g->e[i].key;) end++;
        if (end == i + 1) continue;
        SHEAF_GROW(g->run, j->ctx, 2 * g->n_runs + 1, room);
        g->run[2 * g->n_runs] = i;
        g->run[2 * g->n_runs++ + 1] = end;
    }
done:
    return st;
}

/* Members of units side by side, units by their first members in the order of keeping. */
static sheaf_status list_units(grouping *g)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_units *u = g->u;
    const sheaf_i_job *j = g->j;
    const int64_t n_docs = j->t.n_docs;
    uint32_t *number = NULL; /* of the unit with this head */
    SHEAF_NEW(number, j->ctx, n_docs);
    SHEAF_NEW0(u->start, j->ctx, n_docs + 2);
    SHEAF_NEW(u->doc, j->ctx, n_docs);
    memset(number, 0xFF, (size_t)n_docs * sizeof *number);
    for (int64_t i = 0; i < n_docs; i++) {
        const uint32_t d = j->order[i], head = g->head[d];
        if (!j->size[d]) continue;
        if (number[head] == SHEAF_I_NONE) number[head] = (uint32_t)u->n++;
        u->of[d] = number[head];
        u->start[u->of[d] + 2]++;
    }
    for (int64_t i = 1; i <= u->n; i++) u->start[i + 1] += u->start[i];
    for (int64_t i = 0; i < n_docs; i++) {
        const uint32_t d = j->order[i];
        if (j->size[d]) u->doc[u->start[u->of[d] + 1]++] = d;
    }
done:
    sheaf_i_free(j->ctx, number);
    return st;
}

sheaf_status sheaf_i_units_make(sheaf_i_units *u, sheaf_i_job *j)
{
    sheaf_status st = SHEAF_OK;
    grouping g = {.j = j, .u = u};
    *u = (sheaf_i_units){.ctx = j->ctx};
    SHEAF_NEW(g.head, j->ctx, j->t.n_docs);
    SHEAF_NEW(u->of, j->ctx, j->t.n_docs);
    SHEAF_NEW(u->clique, j->ctx, j->t.n_docs);
    for (int64_t d = 0; d < j->t.n_docs; d++) {
        g.head[d] = u->clique[d] = (uint32_t)d;
        u->of[d] = SHEAF_I_NONE;
    }
    if (!(g.other = sheaf_i_bags_new(j->ctx))) SHEAF_TRY(SHEAF_ENOMEM);
    SHEAF_TRY(find_runs(&g));
    SHEAF_TRY(sheaf_i_par_for(j->ctx, "shingles", g.n_runs, join_run, &g));
    SHEAF_TRY(list_units(&g));
    for (int64_t d = 0; d < j->t.n_docs; d++) j->report.identical += u->clique[d] != d;
done:
    sheaf_i_bags_free(j->ctx, g.other);
    sheaf_i_free(j->ctx, g.e);
    sheaf_i_free(j->ctx, g.run);
    sheaf_i_free(j->ctx, g.head);
    return st;
}

void sheaf_i_units_end(sheaf_i_units *u)
{
    if (!u->ctx) return;
    sheaf_i_free(u->ctx, u->doc);
    sheaf_i_free(u->ctx, u->start);
    sheaf_i_free(u->ctx, u->of);
    sheaf_i_free(u->ctx, u->clique);
    *u = (sheaf_i_units){0};
}
