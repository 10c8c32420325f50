/* Every passage of N words or more that two documents share.
 *
 * Seeds (seeds.h) with the same N words, verified on the words, belong to a class. Two members of a class, of different
 * documents, begin a passage where the words before them differ; those with the same word before them are inside one
 * that another class begins. So a class is put in order of the word before, and only members with different words are
 * paired, and stretches of the same document are jumped over: the work is that of the passages found, and a text that
 * repeats itself costs no more than it yields (Gusfield 1997, 7.12: maximal pairs).
 *
 * Classes of more than `most` places, or of more than 3 in one document, are floods: their places are marked and they
 * pair nobody. What is between floods begins a passage where the run before is a flood; the passage found is still the
 * longest one around it, and is that of its first class that is no flood. Without the second rule tables and binaries
 * posted as text, two documents of which repeat themselves thousands of times, would share millions of passages.
 */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "near/passages.h"
#include "near/seeds.h"

#define DOCS_PER_BLOCK 256
#define REFRAINS 3    /* places of a run in one document that are not yet a flood */
#define LEAST_WORDS 2 /* runs of one word are no passages */

enum { BEFORE_NOTHING, BEFORE_FLOOD, BEFORE_WORDS }; /* + the word */

typedef struct {
    uint32_t a, b, word_a, word_b, words;
} found;

typedef struct {
    found *list;
    int64_t n, room, floods;
} findings;

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_tokens *t;
    int64_t least, most;
    bool only_old;         /* new documents are held against old ones alone */
    sheaf_i_seeds seeds;
    int64_t *used;         /* of each bucket: seeds that are left, behind its beginning */
    findings *bucket;
    int64_t *first_word;   /* of each document, among all words; NULL: no floods */
    uint64_t *flood;       /* places of floods, a bit each */
    int64_t *first;        /* of each document: its first passage as a */
    found *sorted;
} repeats;

static uint32_t word_at(const repeats *r, uint32_t doc, int64_t place)
{
    int64_t n;
    const uint32_t *folded, *type = sheaf_i_tokens_types(r->t, doc, &folded, &n);
    return folded[type[place]];
}

static bool same_words(const repeats *r, const sheaf_i_seed *x, const sheaf_i_seed *y)
{
    int64_t n;
    const uint32_t *fx, *fy;
    const uint32_t *tx = sheaf_i_tokens_types(r->t, x->doc, &fx, &n) + x->place;
    const uint32_t *ty = sheaf_i_tokens_types(r->t, y->doc, &fy, &n) + y->place;
    for (int64_t i = 0; i < r->least; i++)
        if (fx[tx[i]] != fy[ty[i]]) return false;
    return true;
}

/* ---- classes ----------------------------------------------------------------------------------- */

static int by_hash(const void *x, const void *y)
{
    const sheaf_i_seed *a = x, *b = y;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    if (a->doc != b->doc) return a->doc < b->doc ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Of the seeds s[0 .. n), which have the same hash, those with the words of the first one go to the front, in order;
   returns how many. The others follow in order. `spare` holds n. */
static int64_t split_off(const repeats *r, sheaf_i_seed *s, int64_t n, sheaf_i_seed *spare)
{
    int64_t same = 1, others = 0;
    for (int64_t i = 1; i < n; i++) {
        if (same_words(r, &s[0], &s[i])) s[same++] = s[i];
        else spare[others++] = s[i];
    }
    if (others) memcpy(s + same, spare, (size_t)others * sizeof *s);
    return same;
}

static bool can_pair(const repeats *r, const sheaf_i_seed *s, int64_t n)
{
    if (s[0].doc == s[n - 1].doc) return false;
    return !r->only_old || (s[0].doc < r->t->n_new && s[n - 1].doc >= r->t->n_new);
}

static bool floods(const repeats *r, const sheaf_i_seed *s, int64_t n)
{
    if (n > r->most) return true;
    for (int64_t i = REFRAINS; i < n; i++)
        if (s[i].doc == s[i - REFRAINS].doc) return true;
    return false;
}

static void mark_flood(repeats *r, const sheaf_i_seed *s, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = r->first_word[s[i].doc] + s[i].place;
        __atomic_fetch_or(&r->flood[at >> 6], (uint64_t)1 << (at & 63), __ATOMIC_RELAXED);
    }
}

static bool is_flood(const repeats *r, uint32_t doc, int64_t place)
{
    if (!r->flood) return false;
    const int64_t at = r->first_word[doc] + place;
    return r->flood[at >> 6] >> (at & 63) & 1;
}

/* Leaves in a bucket the classes that may have passages, one behind the other; hash becomes the number of the class. */
static sheaf_status classify(void *arg, int64_t bucket, int32_t worker)
{
    (void)worker;
    repeats *r = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_i_seed *s = r->seeds.seed + r->seeds.bucket[bucket], *spare = NULL;
    const int64_t n = r->seeds.bucket[bucket + 1] - r->seeds.bucket[bucket];
    int64_t kept = 0;
    uint64_t class = 0;
    SHEAF_NEW(spare, r->ctx, n);
    qsort(s, (size_t)n, sizeof *s, by_hash);
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && s[end].hash == s[i].hash;) end++;
        for (int64_t at = i, same; at < end; at += same) {
            same = split_off(r, s + at, end - at, spare);
            if (!can_pair(r, s + at, same)) continue;
            if (r->most && floods(r, s + at, same)) {
                mark_flood(r, s + at, same);
                r->bucket[bucket].floods++;
                continue;
            }
            class++;
            for (int64_t j = at; j < at + same; j++) s[kept++] = (sheaf_i_seed){class, s[j].doc, s[j].place};
        }
    }
    r->used[bucket] = kept;
done:
    sheaf_i_free(r->ctx, spare);
    return st;
}

/* ---- passages ---------------------------------------------------------------------------------- */

/* Where the passage around two equal places begins, as so many words before them; -1 where it is that of a class
   before. */
static int64_t words_before(const repeats *r, const sheaf_i_seed *x, const sheaf_i_seed *y)
{
    int64_t n = 0;
    while (n < x->place && n < y->place &&
           word_at(r, x->doc, x->place - n - 1) == word_at(r, y->doc, y->place - n - 1)) {
        n++;
        if (!is_flood(r, x->doc, x->place - n)) return -1;
    }
    return n;
}

static int64_t words_from(const repeats *r, const sheaf_i_seed *x, const sheaf_i_seed *y)
{
    int64_t nx, ny, n = r->least;
    const uint32_t *fx, *fy;
    const uint32_t *tx = sheaf_i_tokens_types(r->t, x->doc, &fx, &nx) + x->place;
    const uint32_t *ty = sheaf_i_tokens_types(r->t, y->doc, &fy, &ny) + y->place;
    nx -= x->place;
    ny -= y->place;
    while (n < nx && n < ny && fx[tx[n]] == fy[ty[n]]) n++;
    return n;
}

static sheaf_status add_passage(const repeats *r, findings *out, const sheaf_i_seed *x, const sheaf_i_seed *y)
{
    sheaf_status st = SHEAF_OK;
    if (x->doc > y->doc) return add_passage(r, out, y, x);
    const int64_t before = words_before(r, x, y);
    if (before < 0) return SHEAF_OK;
    SHEAF_GROW(out->list, r->ctx, out->n, out->room);
    out->list[out->n++] = (found){x->doc, y->doc, (uint32_t)(x->place - before), (uint32_t)(y->place - before),
                                  (uint32_t)(before + words_from(r, x, y))};
done:
    return st;
}

/* What stands before a seed; hash holds it from here on. */
static uint64_t what_is_before(const repeats *r, const sheaf_i_seed *s)
{
    if (!s->place) return BEFORE_NOTHING;
    if (is_flood(r, s->doc, s->place - 1)) return BEFORE_FLOOD;
    return BEFORE_WORDS + (uint64_t)word_at(r, s->doc, s->place - 1);
}

/* Those of one side share no passages: a document, or all old and all new ones. */
static uint32_t side_of(const repeats *r, const sheaf_i_seed *s)
{
    return r->only_old ? s->doc >= r->t->n_new : s->doc;
}

/* `other` holds n: behind each member, the next one of another side. */
static sheaf_status pair_class(const repeats *r, findings *out, sheaf_i_seed *s, int64_t n, int64_t *other)
{
    sheaf_status st = SHEAF_OK;
    for (int64_t i = 0; i < n; i++) s[i].hash = what_is_before(r, &s[i]);
    qsort(s, (size_t)n, sizeof *s, by_hash);
    for (int64_t i = n - 1; i >= 0; i--)
        other[i] = i + 1 < n && side_of(r, &s[i]) == side_of(r, &s[i + 1]) ? other[i + 1] : i + 1;
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && s[end].hash == s[i].hash;) end++;
        for (int64_t x = i; x < end; x++)
            for (int64_t y = s[i].hash < BEFORE_WORDS ? x + 1 : end; y < n;) {
                if (side_of(r, &s[x]) == side_of(r, &s[y])) y = other[y];
                else SHEAF_TRY(add_passage(r, out, &s[x], &s[y++]));
            }
    }
done:
    return st;
}

static sheaf_status pair_bucket(void *arg, int64_t bucket, int32_t worker)
{
    (void)worker;
    const repeats *r = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_i_seed *s = r->seeds.seed + r->seeds.bucket[bucket];
    int64_t *other = NULL;
    SHEAF_NEW(other, r->ctx, r->used[bucket]);
    for (int64_t i = 0, end; i < r->used[bucket]; i = end) {
        const uint64_t class = s[i].hash;
        for (end = i + 1; end < r->used[bucket] && s[end].hash == class;) end++;
        SHEAF_TRY(pair_class(r, &r->bucket[bucket], s + i, end - i, other));
    }
done:
    sheaf_i_free(r->ctx, other);
    return st;
}

/* ---- in order ---------------------------------------------------------------------------------- */

static int by_places(const void *x, const void *y)
{
    const found *p = x, *q = y;
    if (p->b != q->b) return p->b < q->b ? -1 : 1;
    if (p->word_a != q->word_a) return p->word_a < q->word_a ? -1 : 1;
    return (p->word_b > q->word_b) - (p->word_b < q->word_b);
}

static sheaf_status sort_documents(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    const repeats *r = arg;
    int64_t lo, hi;
    sheaf_i_range(r->t->n_docs, DOCS_PER_BLOCK, block, &lo, &hi);
    for (int64_t d = lo; d < hi; d++)
        if (r->first[d + 1] > r->first[d] + 1)
            qsort(r->sorted + r->first[d], (size_t)(r->first[d + 1] - r->first[d]), sizeof *r->sorted, by_places);
    return SHEAF_OK;
}

/* All findings by a, then by the rest. */
static sheaf_status sort_findings(repeats *r, int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    const int64_t docs = r->t->n_docs;
    SHEAF_NEW0(r->first, r->ctx, docs + 2);
    for (int64_t b = 0; b < r->seeds.n_buckets; b++)
        for (int64_t i = 0; i < r->bucket[b].n; i++) r->first[r->bucket[b].list[i].a + 2]++;
    for (int64_t d = 2; d < docs + 2; d++) r->first[d] += r->first[d - 1];
    *n = r->first[docs + 1];
    SHEAF_NEW(r->sorted, r->ctx, *n);
    for (int64_t b = 0; b < r->seeds.n_buckets; b++) {
        for (int64_t i = 0; i < r->bucket[b].n; i++)
            r->sorted[r->first[r->bucket[b].list[i].a + 1]++] = r->bucket[b].list[i];
        sheaf_i_free(r->ctx, r->bucket[b].list);
        r->bucket[b].list = NULL;
    }
    SHEAF_TRY(sheaf_i_par_for(r->ctx, NULL, sheaf_i_blocks(docs, DOCS_PER_BLOCK), sort_documents, r));
done:
    return st;
}

static sheaf_status make_list(repeats *r, sheaf_passages *p)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sort_findings(r, &p->n));
    SHEAF_NEW(p->list, r->ctx, p->n);
    for (int64_t i = 0; i < p->n; i++) {
        const found *f = &r->sorted[i];
        p->list[i] = (sheaf_passage){f->a, f->b, f->word_a, f->word_b, f->words, {0, 0}, {0, 0}};
    }
    for (int64_t b = 0; b < r->seeds.n_buckets; b++) p->left_out += r->bucket[b].floods;
done:
    return st;
}

static sheaf_status make_room(repeats *r)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW0(r->bucket, r->ctx, r->seeds.n_buckets);
    SHEAF_NEW0(r->used, r->ctx, r->seeds.n_buckets);
    if (!r->most) goto done;
    SHEAF_NEW(r->first_word, r->ctx, r->t->n_docs);
    SHEAF_NEW0(r->flood, r->ctx, r->t->n_tokens / 64 + 1);
    for (int64_t d = 0, at = 0; d < r->t->n_docs; at += sheaf_i_tokens_count(r->t, d), d++) r->first_word[d] = at;
done:
    return st;
}

static void repeats_end(repeats *r)
{
    for (int64_t b = 0; r->bucket && b < r->seeds.n_buckets; b++) sheaf_i_free(r->ctx, r->bucket[b].list);
    sheaf_i_free(r->ctx, r->bucket);
    sheaf_i_free(r->ctx, r->used);
    sheaf_i_free(r->ctx, r->first_word);
    sheaf_i_free(r->ctx, r->flood);
    sheaf_i_free(r->ctx, r->first);
    sheaf_i_free(r->ctx, r->sorted);
    sheaf_i_seeds_end(&r->seeds);
}

sheaf_status sheaf_passages_find(sheaf_ctx *ctx, sheaf_passages **out, const sheaf_corpus *c, const sheaf_words *w,
                                 const sheaf_corpus *old_corpus, const sheaf_words *old_words, int64_t least,
                                 int64_t most)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_tokens tokens = {0};
    const sheaf_i_sides sides = {c, old_corpus, w, old_words};
    repeats r = {.ctx = ctx, .t = &tokens, .least = least, .most = most, .only_old = old_words != NULL,
                 .seeds = {.ctx = ctx}};
    sheaf_passages *p = NULL;
    *out = NULL;
    if (least < LEAST_WORDS)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "passages of %lld words: they must have %d or more", (long long)least,
                               LEAST_WORDS));
    if (most < 0) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "a limit of %lld documents", (long long)most));
    SHEAF_TRY(sheaf_i_tokens_new(&tokens, ctx, w, old_words));
    SHEAF_TRY(sheaf_i_seeds_find(&r.seeds, ctx, &tokens, least));
    SHEAF_TRY(make_room(&r));
    SHEAF_TRY(sheaf_i_par_for(ctx, "passages: comparing", r.seeds.n_buckets, classify, &r));
    SHEAF_TRY(sheaf_i_par_for(ctx, "passages: pairing", r.seeds.n_buckets, pair_bucket, &r));
    SHEAF_NEW0(p, ctx, 1);
    p->ctx = ctx;
    SHEAF_TRY(make_list(&r, p));
    SHEAF_TRY(sheaf_i_passages_spans(ctx, p->list, p->n, &sides));
    *out = p;
    p = NULL;
done:
    repeats_end(&r);
    sheaf_i_tokens_end(&tokens);
    sheaf_passages_free(p);
    return st;
}
