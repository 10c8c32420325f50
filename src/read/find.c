/* A document by its id, and the id that may have been meant. */
#include <string.h>

#include "base/context.h"
#include "read/corpus.h"

#define LONGEST 96 /* bytes of ids that are compared letter by letter */

/* Edit distance (Levenshtein 1966) of short strings, or a large number once it is sure to pass `most`. */
static int distance(sheaf_str a, sheaf_str b, int most)
{
    int row[LONGEST + 1];
    const int n = (int)a.n, m = (int)b.n;
    if (n - m > most || m - n > most) return LONGEST;
    for (int j = 0; j <= m; j++) row[j] = j;
    for (int i = 1; i <= n; i++) {
        int before = row[0], least = row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = before + (a.p[i - 1] != b.p[j - 1]);
            before = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            if (best < least) least = best;
        }
        if (least > most) return LONGEST;
    }
    return row[m];
}

static bool holds(sheaf_str s, sheaf_str part)
{
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (memcmp(s.p + i, part.p, part.n) == 0) return true;
    return false;
}

/* Of the least edit distance, at most a third of the letters; else one that holds the id: a file without its folder. */
static int64_t nearest_id(const sheaf_corpus *c, sheaf_str id)
{
    int64_t found = -1, holder = -1;
    if (!id.n || id.n > LONGEST) return -1;
    int most = (int)id.n / 3 + 1;
    for (int64_t i = 0; i < c->n && most > 0; i++) {
        const sheaf_str other = sheaf_corpus_id(c, i);
        if (holder < 0 && holds(other, id)) holder = i;
        if (other.n > LONGEST) continue;
        const int d = distance(id, other, most - 1);
        if (d >= most) continue;
        most = d;
        found = i;
    }
    return found >= 0 ? found : holder;
}

int64_t sheaf_corpus_find(const sheaf_corpus *c, sheaf_str id, int64_t *nearest)
{
    int64_t lo = 0, hi = c->n;
    if (nearest) *nearest = -1;
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        const int order = sheaf_i_id_compare(sheaf_corpus_id(c, middle), id);
        if (order == 0) return middle;
        if (order < 0) lo = middle + 1;
        else hi = middle;
    }
    if (nearest) *nearest = nearest_id(c, id);
    return -1;
}
