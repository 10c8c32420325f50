/* The made-up corpus; see synthetic.h. Ranks come from the inverse of the continuous Zipf-Mandelbrot distribution; a
 * word is its number in syllables. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "measure/synthetic.h"

#define VOCABULARY 30000
#define EXPONENT 1.07
#define SHIFT 8.0     /* flattens the head: no word in nearly all documents */
#define OWN_SHARE .16 /* of a document's words that come from its topic */
#define OWN_WORDS 400 /* of a topic */
#define MEAN_LENGTH 90
#define MOST_WORDS 400
#define WORD_ROOM 8 /* bytes of a word and what follows it */
#define SENTENCE 12
#define BLOCK 256 /* documents */

static double rank_below(double u, double n)
{
    const double power = 1 - EXPONENT, low = pow(SHIFT, power), high = pow(n + SHIFT, power);
    double rank = pow(low + u * (high - low), 1 / power) - SHIFT;
    return rank < 0 ? 0 : rank >= n ? n - 1 : floor(rank);
}

/* Two or three syllables, different for every number. */
static size_t spell(int32_t number, char *out)
{
    static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";
    size_t n = 0;
    for (int32_t rest = number + 70; rest > 0; rest /= 70) {
        out[n++] = consonants[rest % 70 / 5];
        out[n++] = vowels[rest % 5];
    }
    return n;
}

static int32_t length_of(uint64_t key)
{
    double words = MEAN_LENGTH * exp(.5 * sheaf_i_rng_normal(key, 1 << 20) - .125);
    return words < 8 ? 8 : words > MOST_WORDS ? MOST_WORDS : (int32_t)words;
}

/* Returns the length; out has room for MOST_WORDS * WORD_ROOM. */
static int64_t write_text(uint64_t key, int32_t topic, int32_t words, char *out)
{
    char *p = out;
    for (int32_t i = 0; i < words; i++) {
        double u = sheaf_i_rng_unit(key, 2 * (uint64_t)i), v = sheaf_i_rng_unit(key, 2 * (uint64_t)i + 1);
        int32_t word = u < OWN_SHARE ? 200 + topic * OWN_WORDS + (int32_t)rank_below(v, OWN_WORDS)
                                     : (int32_t)rank_below(v, VOCABULARY);
        size_t n = spell(word, p);
        if (i % SENTENCE == 0) *p = (char)(*p - 'a' + 'A');
        p += n;
        if (i + 1 == words || i % SENTENCE == SENTENCE - 1) *p++ = '.';
        if (i + 1 < words) *p++ = ' ';
    }
    return p - out;
}

typedef struct {
    sheaf_i_synthetic *s;
    uint64_t seed;
    int64_t *length; /* bytes of every text, then tokens of every block */
    int64_t *tokens;
    bool write;
} making;

/* Twice: once for the lengths, once into place. */
static sheaf_status make_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    making *m = arg;
    sheaf_i_synthetic *s = m->s;
    char room[MOST_WORDS * WORD_ROOM];
    int64_t lo, hi;
    sheaf_i_range(s->n, BLOCK, block, &lo, &hi);
    m->tokens[block] = 0;
    for (int64_t i = lo; i < hi; i++) {
        uint64_t key = sheaf_i_rng_key(m->seed, SHEAF_I_RNG_BENCH, 1 + (uint64_t)i);
        int32_t words = length_of(key);
        s->topic[i] = (int32_t)(sheaf_i_rng_u64(key, 2 << 20) % (uint64_t)s->topics);
        m->tokens[block] += words;
        int64_t n = write_text(key, s->topic[i], words, room);
        if (m->write) memcpy(s->text + s->start[i], room, (size_t)n);
        else m->length[i] = n;
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_synthetic_make(sheaf_ctx *ctx, sheaf_i_synthetic *s, int64_t n, int32_t topics, uint64_t seed)
{
    sheaf_status st = SHEAF_OK;
    const int64_t blocks = sheaf_i_blocks(n, BLOCK);
    *s = (sheaf_i_synthetic){.ctx = ctx, .n = n, .topics = topics};
    making m = {.s = s, .seed = seed};
    SHEAF_NEW(s->start, ctx, n + 1);
    SHEAF_NEW(s->topic, ctx, n);
    SHEAF_NEW(m.length, ctx, n);
    SHEAF_NEW(m.tokens, ctx, blocks);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, blocks, make_block, &m));
    for (int64_t i = 0; i < n; i++) {
        s->start[i] = s->bytes;
        s->bytes += m.length[i];
    }
    s->start[n] = s->bytes;
    for (int64_t block = 0; block < blocks; block++) s->tokens += m.tokens[block];
    SHEAF_NEW(s->text, ctx, s->bytes);
    m.write = true;
    st = sheaf_i_par_for(ctx, NULL, blocks, make_block, &m);
done:
    sheaf_i_free(ctx, m.length);
    sheaf_i_free(ctx, m.tokens);
    return st;
}

void sheaf_i_synthetic_end(sheaf_i_synthetic *s)
{
    if (!s->ctx) return;
    sheaf_i_free(s->ctx, s->text);
    sheaf_i_free(s->ctx, s->start);
    sheaf_i_free(s->ctx, s->topic);
    *s = (sheaf_i_synthetic){0};
}

sheaf_status sheaf_i_synthetic_write(const sheaf_i_synthetic *s, int fd, int64_t *bytes)
{
    sheaf_status st = SHEAF_OK;
    const int64_t frame = 96;
    char *all = NULL, *p;
    SHEAF_NEW(all, s->ctx, s->bytes + s->n * frame);
    p = all;
    for (int64_t i = 0; i < s->n; i++) {
        p += sprintf(p, "{\"id\":\"%lld\",\"label\":\"topic %d\",\"text\":\"", (long long)i + 1, (int)s->topic[i]);
        size_t n = (size_t)(s->start[i + 1] - s->start[i]);
        memcpy(p, s->text + s->start[i], n);
        p += n;
        memcpy(p, "\"}\n", 3);
        p += 3;
    }
    *bytes = p - all;
    st = sheaf_i_write_all(s->ctx, fd, all, (size_t)*bytes);
done:
    sheaf_i_free(s->ctx, all);
    return st;
}

sheaf_status sheaf_i_temporary(sheaf_ctx *ctx, int *fd)
{
    char path[4096];
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder) folder = "/tmp";
    int n = snprintf(path, sizeof path, "%s/sheaf-bench-XXXXXX", folder);
    *fd = n > 0 && (size_t)n < sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
    if (*fd < 0) {
        sheaf_status st = sheaf_i_fail(ctx, SHEAF_EIO, "cannot make a file in %s: %s", folder, strerror(errno));
        sheaf_i_hint(ctx, "TMPDIR=FOLDER in the environment names another place");
        return st;
    }
    unlink(path);
    return SHEAF_OK;
}

sheaf_status sheaf_i_write_all(sheaf_ctx *ctx, int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return sheaf_i_fail(ctx, SHEAF_EIO, "cannot write a temporary file: %s", strerror(errno));
        p += done;
        n -= (size_t)done;
    }
    return SHEAF_OK;
}
