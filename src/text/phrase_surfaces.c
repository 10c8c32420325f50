/* How phrases are spelled; see phrases.h. Every worker tallies the runs of word types that it meets in a table of its
 * own; a spelling counts what all of them have of it.
 */
#include "text/phrases.h"

#include <string.h>

#include "base/context.h"
#include "base/par.h"

#define FIRST_BITS 12
#define MAX_BITS 36
#define AT_ONCE 64
#define SLOTS_PER_BLOCK ((int64_t)1 << 14)
#define PIECES (2 * (2 + SHEAF_I_PHRASE_GAP) - 1) /* words and the spaces between them */

static inline bool same_spelling(const sheaf_i_spelling *a, const sheaf_i_spelling *b)
{
    uint32_t differs = a->phrase ^ b->phrase;
    for (int32_t i = 0; i < 2 + SHEAF_I_PHRASE_GAP; i++) differs |= a->type[i] ^ b->type[i];
    return !differs;
}

static inline uint64_t spelling_hash(const sheaf_i_spelling *x)
{
    uint64_t hash = sheaf_i_pair_hash((uint64_t)x->type[0] << 32 | x->type[1]);
    hash = sheaf_i_pair_hash(hash ^ ((uint64_t)x->type[2] << 32 | x->type[3]));
    return sheaf_i_pair_hash(hash ^ x->phrase);
}

/* The slot of a spelling, or the empty one where it would be. */
static inline sheaf_i_spelling *find_spelling(const sheaf_i_spellings *s, const sheaf_i_spelling *one, uint64_t hash)
{
    uint64_t mask = ((uint64_t)1 << s->bits) - 1, at = hash >> (64 - s->bits);
    while (s->slot[at].count && !same_spelling(&s->slot[at], one)) at = (at + 1) & mask;
    return &s->slot[at];
}

static sheaf_status grow(sheaf_i_spellings *s, sheaf_ctx *ctx)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_spellings old = *s, new = {.n = old.n, .bits = old.slot ? old.bits + 1 : FIRST_BITS};
    if (new.bits > MAX_BITS) return sheaf_i_fail(ctx, SHEAF_ENOMEM, "too many spellings of phrases");
    SHEAF_NEW0(new.slot, ctx, (int64_t)1 << new.bits);
    for (int64_t i = 0; old.slot && i < (int64_t)1 << old.bits; i++)
        if (old.slot[i].count) *find_spelling(&new, &old.slot[i], spelling_hash(&old.slot[i])) = old.slot[i];
    sheaf_i_free(ctx, old.slot);
    *s = new;
done:
    return st;
}

sheaf_status sheaf_i_spellings_add(sheaf_i_spellings *s, sheaf_ctx *ctx, const sheaf_i_spelling *met, int32_t n)
{
    sheaf_status st = SHEAF_OK;
    uint64_t hash[AT_ONCE];
    for (int32_t m; n > 0; met += m, n -= m) {
        m = n < AT_ONCE ? n : AT_ONCE;
        if (!s->slot || (s->n + m) * 2 > (int64_t)1 << s->bits) SHEAF_TRY(grow(s, ctx));
        for (int32_t i = 0; i < m; i++) {
            hash[i] = spelling_hash(&met[i]);
            __builtin_prefetch(&s->slot[hash[i] >> (64 - s->bits)], 1);
        }
        for (int32_t i = 0; i < m; i++) {
            sheaf_i_spelling *at = find_spelling(s, &met[i], hash[i]);
            uint32_t count = at->count;
            if (!count) {
                *at = met[i];
                s->n++;
            }
            at->count = count + (count != UINT32_MAX);
        }
    }
done:
    return st;
}

/* The parts of a spelling in order of the text; returns their number. */
static int32_t pieces(const sheaf_words *w, const sheaf_i_spelling *s, sheaf_str *out)
{
    int32_t n = 0;
    out[n++] = w->type[s->type[0]];
    for (int32_t i = 2; i < 2 + SHEAF_I_PHRASE_GAP && s->type[i] != UINT32_MAX; i++) {
        out[n++] = (sheaf_str){" ", 1};
        out[n++] = w->type[s->type[i]];
    }
    out[n++] = (sheaf_str){" ", 1};
    out[n++] = w->type[s->type[1]];
    return n;
}

/* Order of the bytes of two spellings. */
static int compare_bytes(const sheaf_words *w, const sheaf_i_spelling *x, const sheaf_i_spelling *y)
{
    sheaf_str a[PIECES], b[PIECES];
    int32_t n_a = pieces(w, x, a), n_b = pieces(w, y, b), i = 0, j = 0;
    while (i < n_a && j < n_b) {
        size_t n = a[i].n < b[j].n ? a[i].n : b[j].n;
        int order = memcmp(a[i].p, b[j].p, n);
        if (order) return order;
        a[i] = (sheaf_str){a[i].p + n, a[i].n - n};
        b[j] = (sheaf_str){b[j].p + n, b[j].n - n};
        i += !a[i].n;
        j += !b[j].n;
    }
    return (i < n_a) - (j < n_b);
}

typedef struct {
    int64_t count;
    const sheaf_i_spelling *spelling; /* NULL: none yet */
} choice;

static void choose(choice *best, choice one, const sheaf_words *w)
{
    if (best->spelling && one.count < best->count) return;
    if (best->spelling && one.count == best->count && compare_bytes(w, one.spelling, best->spelling) >= 0) return;
    *best = one;
}

typedef struct {
    const sheaf_i_phrase_job *job;
    const sheaf_i_spellings *table; /* one a worker */
    int32_t n_workers;
    choice **best;                  /* one array a worker, a choice a phrase */
} choosing;

/* Part of one worker's table. A spelling that others have too is the first one's to judge. */
static void choose_among(const choosing *c, int32_t owner, int64_t lo, int64_t hi, choice *best)
{
    for (int64_t i = lo; i < hi; i++) {
        const sheaf_i_spelling *s = &c->table[owner].slot[i];
        int64_t count = s->count;
        uint64_t hash = count ? spelling_hash(s) : 0;
        for (int32_t other = 0; other < c->n_workers && count; other++) {
            if (other == owner || !c->table[other].slot) continue;
            uint32_t more = find_spelling(&c->table[other], s, hash)->count;
            count = more && other < owner ? 0 : count + more;
        }
        if (count) choose(&best[s->phrase], (choice){count, s}, c->job->w);
    }
}

static sheaf_status choose_block(void *arg, int64_t block, int32_t worker)
{
    choosing *c = arg;
    sheaf_status st = SHEAF_OK;
    if (!c->best[worker]) SHEAF_NEW0(c->best[worker], c->job->ctx, c->job->n);
    for (int32_t owner = 0; owner < c->n_workers; owner++) {
        int64_t lo, hi, n = c->table[owner].slot ? (int64_t)1 << c->table[owner].bits : 0;
        int64_t blocks = sheaf_i_blocks(n, SLOTS_PER_BLOCK);
        if (block >= blocks) {
            block -= blocks;
            continue;
        }
        sheaf_i_range(n, SLOTS_PER_BLOCK, block, &lo, &hi);
        choose_among(c, owner, lo, hi, c->best[worker]);
        break;
    }
done:
    return st;
}

static sheaf_status write_surface(sheaf_terms *p, const sheaf_words *w, int64_t phrase, const sheaf_i_spelling *s)
{
    sheaf_str part[PIECES];
    int32_t n_parts = pieces(w, s, part);
    size_t n = 0;
    for (int32_t i = 0; i < n_parts; i++) n += part[i].n;
    char *out = sheaf_i_arena_take(&p->arena, n, 1);
    if (!out) return SHEAF_ENOMEM;
    p->surface[phrase] = (sheaf_str){out, n};
    for (int32_t i = 0; i < n_parts; out += part[i++].n) memcpy(out, part[i].p, part[i].n);
    return SHEAF_OK;
}

sheaf_status sheaf_i_phrases_surfaces(const sheaf_i_phrase_job *job, sheaf_terms *p, const sheaf_i_spellings *worker,
                                      int32_t n_workers)
{
    sheaf_status st = SHEAF_OK;
    choosing c = {.job = job, .table = worker, .n_workers = n_workers};
    int64_t blocks = 0;
    SHEAF_NEW0(c.best, job->ctx, n_workers);
    for (int32_t i = 0; i < n_workers; i++)
        if (worker[i].slot) blocks += sheaf_i_blocks((int64_t)1 << worker[i].bits, SLOTS_PER_BLOCK);
    SHEAF_TRY(sheaf_i_par_for(job->ctx, NULL, blocks, choose_block, &c));
    for (int64_t phrase = 0; phrase < job->n; phrase++) {
        choice best = {.count = 0};
        for (int32_t i = 0; i < n_workers; i++)
            if (c.best[i] && c.best[i][phrase].spelling) choose(&best, c.best[i][phrase], job->w);
        SHEAF_TRY(write_surface(p, job->w, phrase, best.spelling));
    }
done:
    for (int32_t i = 0; c.best && i < n_workers; i++) sheaf_i_free(job->ctx, c.best[i]);
    sheaf_i_free(job->ctx, c.best);
    return st;
}
