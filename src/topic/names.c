/* Names of clusters: up to four words, each the commonest spelling of a term that speaks for the cluster.
 *
 * A word may stand in the name of one cluster only, the one for which it speaks loudest, so that clusters with much in
 * common are told apart; only a cluster that would have fewer than two words borrows. No two words of a name come
 * from the same root, and no word is a single letter, a number or the name of a host.
 */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "topic/topic.h"

#define WORDS 4
#define ENOUGH 2        /* words: with fewer, a name borrows those of others */
#define FAIR_SHARE .15  /* of the documents that hold the commonest of the leading terms */
#define ROOT 5          /* characters that two words of a root have in common ... */
#define ROOT_SHARE .7   /* ... and this share of the shorter, if it is not all of it */

typedef struct {
    const sheaf_terms *t;
    int32_t *owner;     /* a term: its cluster + 1, 0: none */
    float *best;        /* its score there */
} naming;

static bool continues(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

static size_t characters(sheaf_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += !continues(s.p[i]);
    return n;
}

/* Whole characters that both begin with. */
static size_t common_prefix(sheaf_str a, sheaf_str b)
{
    size_t i = 0, n = 0;
    while (i < a.n && i < b.n && a.p[i] == b.p[i]) i++;
    bool inside = (i < a.n && continues(a.p[i])) || (i < b.n && continues(b.p[i]));
    for (size_t j = 0; j < i; j++) n += !continues(a.p[j]);
    return inside ? n - 1 : n;
}

static bool same_root(sheaf_str a, sheaf_str b)
{
    size_t na = characters(a), nb = characters(b), least = na < nb ? na : nb, n = common_prefix(a, b);
    if (n == na && n == nb) return true;
    return n >= 3 && (n == least || (n >= ROOT && (double)n >= ROOT_SHARE * (double)least));
}

/* Scripts without spaces are cut into overlapping pairs: two pairs with a character in common are one word. */
static bool is_pair(sheaf_str s) { return s.n && (s.p[0] & 0x80) && characters(s) <= 2; }

static bool share_character(sheaf_str a, sheaf_str b)
{
    for (size_t i = 0, n; i < a.n; i += n) {
        for (n = 1; i + n < a.n && continues(a.p[i + n]);) n++;
        for (size_t j = 0; j + n <= b.n; j++)
            if (memcmp(a.p + i, b.p + j, n) == 0) return true;
    }
    return false;
}

static sheaf_str next_part(sheaf_str *rest) /* of a term of several words */
{
    const char *space = memchr(rest->p, ' ', rest->n);
    sheaf_str part = {rest->p, space ? (size_t)(space - rest->p) : rest->n};
    size_t used = part.n + (space != NULL);
    *rest = (sheaf_str){rest->p + used, rest->n - used};
    return part;
}

static bool too_like(sheaf_str a, sheaf_str b)
{
    if (is_pair(a) && is_pair(b)) return share_character(a, b);
    while (a.n) {
        sheaf_str part = next_part(&a), others = b;
        while (others.n)
            if (same_root(part, next_part(&others))) return true;
    }
    return false;
}

/* Parts between dots are longer in the names of hosts and files than in "U.S". */
bool sheaf_i_dotted_name(sheaf_str s)
{
    size_t longest = 0, begin = 0;
    bool dotted = false;
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] != '.') continue;
        dotted |= i < s.n;
        longest = i - begin > longest ? i - begin : longest;
        begin = i + 1;
    }
    return dotted && longest > 2;
}

static bool readable(sheaf_str s)
{
    return characters(s) >= 2 && !(s.p[0] >= '0' && s.p[0] <= '9') && !sheaf_i_dotted_name(s);
}

/* "writer's" speaks of a writer: without the possessive, whichever apostrophe it has. */
static sheaf_str base_form(sheaf_str s)
{
    static const char *const possessive[] = {"'s", "\xe2\x80\x99s"};
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(possessive[i]);
        if (s.n > n && memcmp(s.p + s.n - n, possessive[i], n) == 0) return (sheaf_str){s.p, s.n - n};
    }
    return s;
}

/* Adds telling terms to the `n` words of a name; returns the new number. */
static int32_t add_words(const naming *g, const sheaf_i_telling *e, int32_t cluster, bool borrow, int32_t words,
                         int32_t *word, int32_t n)
{
    int64_t floor = sheaf_i_telling_floor(e, FAIR_SHARE), most = sheaf_i_telling_floor(e, 1);
    if (floor < 2 && most >= 2) floor = 2;
    for (int32_t i = 0; i < e->n && n < words; i++) {
        int32_t term = e->term[i].term;
        bool own = g->owner[term] == cluster + 1 || g->owner[term] == 0;
        if (e->term[i].docs < floor || !(own || borrow) || !readable(base_form(g->t->surface[term]))) continue;
        bool like = false;
        for (int32_t j = 0; j < n && !like; j++) like = too_like(g->t->term[term], g->t->term[word[j]]);
        if (!like) word[n++] = term;
    }
    return n;
}

static sheaf_status spell(sheaf_ctx *ctx, const char **name, const sheaf_terms *t, int32_t cluster,
                          const int32_t *word, int32_t n)
{
    char number[32];
    if (n == 0) {
        int length = snprintf(number, sizeof number, "cluster %d", cluster + 1);
        *name = sheaf_i_copy(ctx, number, (size_t)length);
        return *name ? SHEAF_OK : SHEAF_ENOMEM;
    }
    size_t bytes = 1;
    for (int32_t i = 0; i < n; i++) bytes += t->surface[word[i]].n + 2;
    char *p = sheaf_i_array(ctx, (int64_t)bytes, 1);
    *name = p;
    if (!p) return SHEAF_ENOMEM;
    for (int32_t i = 0; i < n; i++) {
        sheaf_str s = base_form(t->surface[word[i]]);
        memcpy(p, s.p, s.n);
        memcpy(p + s.n, ", ", 2);
        p += s.n + 2;
    }
    p[-2] = 0;
    return SHEAF_OK;
}

static void find_owners(naming *g, const sheaf_i_telling *telling, int32_t k)
{
    for (int32_t c = 0; c < k; c++)
        for (int32_t i = 0; i < telling[c].n; i++) {
            const sheaf_topic_term *x = &telling[c].term[i];
            if (x->score <= g->best[x->term]) continue;
            g->best[x->term] = x->score;
            g->owner[x->term] = c + 1;
        }
}

sheaf_status sheaf_i_names_choose(sheaf_ctx *ctx, sheaf_i_topic *topic, int32_t k, const sheaf_i_telling *telling,
                                  const sheaf_terms *t)
{
    sheaf_status st = SHEAF_OK;
    naming g = {.t = t};
    SHEAF_NEW0(g.owner, ctx, t->n_terms);
    SHEAF_NEW0(g.best, ctx, t->n_terms);
    find_owners(&g, telling, k);
    for (int32_t c = 0; c < k; c++) {
        int32_t word[WORDS], n = add_words(&g, &telling[c], c, false, WORDS, word, 0);
        n = add_words(&g, &telling[c], c, true, n < ENOUGH ? ENOUGH : n, word, n);
        SHEAF_TRY(spell(ctx, &topic[c].name, t, c, word, n));
    }
done:
    sheaf_i_free(ctx, g.owner);
    sheaf_i_free(ctx, g.best);
    return st;
}
