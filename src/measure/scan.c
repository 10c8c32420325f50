/* The word scanner alone, on made-up text whose number of words is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "measure/measure.h"
#include "measure/synthetic.h"

#define DOCS 128 /* a block */

typedef struct {
    sheaf_ctx *ctx;
    const sheaf_i_kernels *kernels;
    sheaf_i_synthetic s;
    int64_t *words, *bytes; /* a block: found, and how many bytes they have */
} scanning;

/* Words of one text, their bytes added up; false if the scanner makes no way. */
static bool scan_text(const scanning *c, const uint8_t *p, size_t n, int64_t *words, int64_t *bytes)
{
    uint32_t start[SHEAF_I_SCAN_WORDS], end[SHEAF_I_SCAN_WORDS];
    for (size_t at = 0, next; at < n; at = next) {
        int32_t found;
        bool hard;
        next = c->kernels->scan(p, n, at, true, start, end, &found, &hard);
        if (hard || next <= at) return false; /* plain text of short words is never hard */
        for (int32_t i = 0; i < found; i++) *bytes += end[i] - start[i];
        *words += found;
    }
    return true;
}

static sheaf_status scan_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    scanning *c = arg;
    int64_t lo, hi;
    sheaf_i_range(c->s.n, DOCS, block, &lo, &hi);
    c->words[block] = c->bytes[block] = 0;
    for (int64_t i = lo; i < hi; i++) {
        const uint8_t *p = (const uint8_t *)c->s.text + c->s.start[i];
        if (!scan_text(c, p, (size_t)(c->s.start[i + 1] - c->s.start[i]), &c->words[block], &c->bytes[block]))
            return sheaf_i_fail(c->ctx, SHEAF_EBUG, "scan %s: plain text is found hard", c->kernels->name);
    }
    return SHEAF_OK;
}

static sheaf_status run_scan(void *arg)
{
    scanning *c = arg;
    return sheaf_i_par_for(c->ctx, NULL, sheaf_i_blocks(c->s.n, DOCS), scan_block, c);
}

static int64_t letters(const sheaf_i_synthetic *s)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->bytes; i++) n += s->text[i] != ' ' && s->text[i] != '.';
    return n;
}

sheaf_status sheaf_i_case_scan(sheaf_i_run *r, const sheaf_i_kernels *kernels)
{
    sheaf_status st = SHEAF_OK;
    scanning c = {.ctx = r->ctx, .kernels = kernels};
    sheaf_i_measured m = {.kind = SHEAF_BENCH_KERNEL,
                          .name = "scan",
                          .kernels = kernels->name,
                          .unit = "GB/s",
                          .quality = {"", 0, 0},
                          .verified = true};
    char bytes[16];
    SHEAF_TRY(sheaf_i_synthetic_make(r->ctx, &c.s, r->o.quick ? 2000 : 20000, 20, r->o.seed));
    const int64_t blocks = sheaf_i_blocks(c.s.n, DOCS);
    SHEAF_NEW(c.words, r->ctx, blocks);
    SHEAF_NEW(c.bytes, r->ctx, blocks);
    SHEAF_TRY(run_scan(&c));
    int64_t words = 0, in_words = 0;
    for (int64_t block = 0; block < blocks; block++) {
        words += c.words[block];
        in_words += c.bytes[block];
    }
    if (words != c.s.tokens || in_words != letters(&c.s))
        SHEAF_TRY(sheaf_i_fail(r->ctx, SHEAF_EBUG,
                               "scan %s: %lld words of %lld bytes instead of %lld of %lld; nothing was "
                               "timed",
                               kernels->name, (long long)words, (long long)in_words, (long long)c.s.tokens,
                               (long long)letters(&c.s)));
    snprintf(m.size, sizeof m.size, "%sB of text", sheaf_i_count((double)c.s.bytes, bytes));
    m.work.text = (double)c.s.bytes;
    m.amount = m.work.text / 1e9;
    sheaf_i_timed t = {run_scan, NULL, &c};
    SHEAF_TRY(sheaf_i_time(r, &t, &m.times));
    st = sheaf_i_report(r, &m);
done:
    sheaf_i_free(r->ctx, c.words);
    sheaf_i_free(r->ctx, c.bytes);
    sheaf_i_synthetic_end(&c.s);
    return st;
}
