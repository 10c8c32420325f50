/* Names of clusters: up to four words or phrases, each the commonest spelling of a term that speaks for the cluster.
 *
 * A word may stand in the name of one cluster only, the one for which it speaks loudest, so that clusters with much in
 * common are told apart; a cluster with less than two of its own takes words that no name has used, and only one that
 * would have none borrows. No two words of a name come from the same root, and no word is a single letter, a number or
 * the name of a host. Where two names would be the same for all that, they are numbered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "topic/topic.h"

#define ENOUGH 2        /* words; with fewer, a name takes such as belong to other clusters */
#define FAIR_SHARE .15  /* of the documents that hold the commonest of the leading terms */
#define ROOT 5          /* characters that two words of a root have in common ... */
#define ROOT_SHARE .7   /* ... and this share of the shorter, if it is not all of it */

typedef struct {
    const sheaf_i_columns *columns;
    int32_t *owner;     /* a column: its cluster + 1, 0: none */
    float *best;        /* its score there */
    bool *used;         /* it, or a phrase in its place, stands in a name */
} naming;

typedef enum { OWN, UNUSED, OWN_SIGNATURE, ANY } choice; /* signatures (signatures.c) only by the last two */

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

static bool is_small(char c) { return c >= 'a' && c <= 'z'; }

/* "vs", "al": in Latin letters a word of two says little, unless it is an acronym. */
static bool readable(sheaf_str s)
{
    if (characters(s) < 2 || (s.n == 2 && is_small(s.p[0]) && is_small(s.p[1]))) return false;
    while (s.n) {
        sheaf_str part = next_part(&s);
        if ((part.n && part.p[0] >= '0' && part.p[0] <= '9') || sheaf_i_dotted_name(part)) return false;
    }
    return true;
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

static bool may_take(const naming *g, int32_t cluster, const sheaf_i_speaker *x, choice among)
{
    bool own = g->owner[x->column] == cluster + 1, unused = !g->used[x->column];
    for (int i = 0; i < 2 && x->goes_in_for[i] >= 0; i++) {
        own &= g->owner[x->goes_in_for[i]] == cluster + 1;
        unused &= !g->used[x->goes_in_for[i]];
    }
    switch (among) {
    case OWN: return own && unused && !x->of_signature;
    case UNUSED: return unused && !x->of_signature;
    case OWN_SIGNATURE: return own && unused;
    case ANY: break;
    }
    return true;
}

static void take(naming *g, sheaf_i_topic *topic, const sheaf_i_speaker *x)
{
    topic->named[topic->n_named++] = x->column;
    g->used[x->column] = true;
    for (int i = 0; i < 2 && x->goes_in_for[i] >= 0; i++) g->used[x->goes_in_for[i]] = true;
}

/* Adds what speaks for the cluster to its name until there are `words`. */
static void add_words(naming *g, const sheaf_i_telling *e, int32_t cluster, choice among, int32_t words,
                      sheaf_i_topic *topic)
{
    int64_t floor = sheaf_i_telling_floor(e, FAIR_SHARE);
    if (floor < 2 && e->most >= 2) floor = 2;
    for (int32_t i = 0; i < e->n && topic->n_named < words; i++) {
        const sheaf_i_speaker *x = &e->term[i];
        if (x->docs < floor || !may_take(g, cluster, x, among)) continue;
        if (!readable(base_form(sheaf_i_columns_surface(g->columns, x->column)))) continue;
        sheaf_str term = sheaf_i_columns_term(g->columns, x->column);
        bool like = false;
        for (int32_t j = 0; j < topic->n_named && !like; j++)
            like = too_like(term, sheaf_i_columns_term(g->columns, topic->named[j]));
        if (!like) take(g, topic, x);
    }
}

/* `number`: 0, or the cluster's, to tell names apart. */
static sheaf_status spell(sheaf_ctx *ctx, sheaf_i_topic *topic, const sheaf_i_columns *columns, int32_t number)
{
    char suffix[32] = "";
    size_t bytes = sizeof suffix + 1, used = 0;
    if (number) snprintf(suffix, sizeof suffix, topic->n_named ? " (%d)" : "cluster %d", number);
    for (int32_t i = 0; i < topic->n_named; i++) bytes += sheaf_i_columns_surface(columns, topic->named[i]).n + 2;
    char *p = sheaf_i_array(ctx, (int64_t)bytes, 1);
    if (!p) return SHEAF_ENOMEM;
    for (int32_t i = 0; i < topic->n_named; i++) {
        sheaf_str s = base_form(sheaf_i_columns_surface(columns, topic->named[i]));
        memcpy(p + used, s.p, s.n);
        used += s.n;
        if (i + 1 < topic->n_named) memcpy(p + used, ", ", 2), used += 2;
    }
    memcpy(p + used, suffix, strlen(suffix) + 1);
    sheaf_i_free(ctx, (void *)topic->name);
    topic->name = p;
    return SHEAF_OK;
}

static void claim(naming *g, int32_t column, float score, int32_t cluster)
{
    if (g->owner[column] && score <= g->best[column]) return;
    g->best[column] = score;
    g->owner[column] = cluster + 1;
}

static void find_owners(naming *g, const sheaf_i_telling *telling, int32_t k)
{
    for (int32_t c = 0; c < k; c++)
        for (int32_t i = 0; i < telling[c].n; i++) {
            const sheaf_i_speaker *x = &telling[c].term[i];
            claim(g, x->column, x->score, c);
            for (int j = 0; j < 2 && x->goes_in_for[j] >= 0; j++) claim(g, x->goes_in_for[j], x->score, c);
        }
}

static int by_name(const void *a, const void *b)
{
    const sheaf_i_topic *x = *(sheaf_i_topic *const *)a, *y = *(sheaf_i_topic *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x > y) - (x < y);
}

/* Of equal names all but that of the first cluster are numbered. */
static sheaf_status tell_apart(sheaf_ctx *ctx, sheaf_i_topic *topic, int32_t k, const sheaf_i_columns *columns)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_topic **sorted = NULL;
    SHEAF_NEW(sorted, ctx, k);
    for (int32_t c = 0; c < k; c++) sorted[c] = &topic[c];
    qsort(sorted, (size_t)k, sizeof *sorted, by_name);
    for (int32_t i = 0, first = 0; i < k; i++) {
        if (i == first || strcmp(sorted[i]->name, sorted[first]->name) != 0) first = i;
        else SHEAF_TRY(spell(ctx, sorted[i], columns, (int32_t)(sorted[i] - topic) + 1));
    }
done:
    sheaf_i_free(ctx, sorted);
    return st;
}

sheaf_status sheaf_i_names_choose(sheaf_ctx *ctx, sheaf_i_topic *topic, int32_t k, const sheaf_i_telling *telling,
                                  const sheaf_i_columns *columns)
{
    sheaf_status st = SHEAF_OK;
    naming g = {.columns = columns};
    SHEAF_NEW0(g.owner, ctx, sheaf_i_columns_count(columns));
    SHEAF_NEW0(g.best, ctx, sheaf_i_columns_count(columns));
    SHEAF_NEW0(g.used, ctx, sheaf_i_columns_count(columns));
    find_owners(&g, telling, k);
    for (int32_t c = 0; c < k; c++) add_words(&g, &telling[c], c, OWN, SHEAF_I_NAME_WORDS, &topic[c]);
    for (int32_t c = 0; c < k; c++) add_words(&g, &telling[c], c, UNUSED, ENOUGH, &topic[c]);
    for (int32_t c = 0; c < k; c++) {
        if (!topic[c].n_named) add_words(&g, &telling[c], c, OWN_SIGNATURE, ENOUGH, &topic[c]);
        if (!topic[c].n_named) add_words(&g, &telling[c], c, ANY, ENOUGH, &topic[c]);
        SHEAF_TRY(spell(ctx, &topic[c], columns, topic[c].n_named ? 0 : c + 1));
    }
    SHEAF_TRY(tell_apart(ctx, topic, k, columns));
done:
    sheaf_i_free(ctx, g.owner);
    sheaf_i_free(ctx, g.best);
    sheaf_i_free(ctx, g.used);
    return st;
}
