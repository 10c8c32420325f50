/* Phrases in the place of words.
 *
 * A phrase is put in for a word that occurs in it more often than not (by damped counts within the cluster):
 * "United Nations" for "nations", "New York" for "York". "space station" says no more than "space" where most of space
 * is no station; it stands for "station" only. Phrases that are put in for no word are dropped, words that a phrase
 * stands for are not told again. Among several phrases of a word, the one that carries most of it is taken.
 */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "topic/topic.h"

#define CARRIED .5

typedef struct {
    const sheaf_i_columns *columns;
    sheaf_i_telling *telling;
} putting;

/* The words of a phrase, from its text. */
static void split(sheaf_str phrase, sheaf_str part[2])
{
    const char *space = memchr(phrase.p, ' ', phrase.n);
    size_t n = space ? (size_t)(space - phrase.p) : phrase.n;
    part[0] = (sheaf_str){phrase.p, n};
    part[1] = (sheaf_str){phrase.p + n + (space != NULL), phrase.n - n - (space != NULL)};
}

static bool same(sheaf_str a, sheaf_str b) { return a.n == b.n && memcmp(a.p, b.p, a.n) == 0; }

bool sheaf_i_overlap(sheaf_str a, sheaf_str b)
{
    size_t n = 1;
    while (n < a.n && ((unsigned char)a.p[a.n - n] & 0xc0) == 0x80) n++;
    return n > 1 && n <= a.n && n <= b.n && memcmp(a.p + a.n - n, b.p, n) == 0;
}

/* The phrase among the telling ones that carries most of a word and enough of it; -1: none. */
static int32_t carrier(const putting *g, const sheaf_i_telling *e, const sheaf_i_speaker *word)
{
    sheaf_str term = sheaf_i_columns_term(g->columns, word->column);
    int32_t best = -1;
    for (int32_t i = e->n_words; i < e->n; i++) {
        if ((double)e->term[i].mass < CARRIED * (double)word->mass) continue;
        if (best >= 0 && e->term[i].mass <= e->term[best].mass) continue;
        sheaf_str part[2];
        split(sheaf_i_columns_term(g->columns, e->term[i].column), part);
        if (same(part[0], part[1]) || sheaf_i_overlap(part[0], part[1])) continue;
        if (same(term, part[0]) || same(term, part[1])) best = i;
    }
    return best;
}

static int best_first(const void *a, const void *b)
{
    const sheaf_i_speaker *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->docs != y->docs) return x->docs > y->docs ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static sheaf_status put_in(void *arg, int64_t c, int32_t worker)
{
    const putting *g = arg;
    sheaf_i_telling *e = &g->telling[c];
    (void)worker;
    int32_t kept = 0;
    for (int32_t i = 0; i < e->n_words; i++) {
        int32_t by = carrier(g, e, &e->term[i]);
        if (by < 0) {
            e->term[kept++] = e->term[i];
            continue;
        }
        int32_t *word = e->term[by].goes_in_for;
        word[word[0] >= 0] = e->term[i].column;
        e->term[by].of_signature |= e->term[i].of_signature;
    }
    for (int32_t i = e->n_words; i < e->n; i++)
        if (e->term[i].goes_in_for[0] >= 0) e->term[kept++] = e->term[i];
    e->n = e->n_words = kept;
    qsort(e->term, (size_t)kept, sizeof *e->term, best_first);
    return SHEAF_OK;
}

sheaf_status sheaf_i_phrases_put_in(sheaf_ctx *ctx, sheaf_i_telling *telling, int32_t k,
                                    const sheaf_i_columns *columns)
{
    putting g = {columns, telling};
    return columns->phrases ? sheaf_i_par_for(ctx, "naming", k, put_in, &g) : SHEAF_OK;
}
