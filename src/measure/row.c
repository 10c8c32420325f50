/* From what was measured to a row: the bound is the greatest of what the machine needs for each of the resources, as
 * if they overlapped perfectly. Gathers from different levels of the memory add up, and so do streams of arrays that a
 * cache holds in part: of a stream as much as fits each cache counts as if it were always there, of gathered rows those
 * that are asked for most, in the cache of every core. So nothing that goes through its rows in their order is charged
 * with a level that it need not go to, and the bound may be too low, not too high; a loop that changes the order of its
 * gathers to find them nearer would show a share above 1. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "measure/measure.h"

const char *sheaf_i_count(double n, char room[16])
{
    static const char letters[] = {0, 'k', 'M', 'G', 'T'};
    int i = 0;
    while (i < 4 && n >= 999.5) {
        n /= 1000;
        i++;
    }
    snprintf(room, 16, n < 9.95 && i ? "%.1f%c" : "%.0f%c", n, letters[i]);
    return room;
}

static int falling(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

void sheaf_i_add_gathers(const sheaf_i_run *r, sheaf_i_work *w, int64_t *count, int64_t n, double row_bytes)
{
    double lines = (row_bytes + SHEAF_I_LINE - 1) / SHEAF_I_LINE;
    lines = (double)(int64_t)lines;
    qsort(count, (size_t)n, sizeof *count, falling);
    for (int64_t j = 0; j < n; j++) {
        double end = (double)(j + 1) * row_bytes;
        sheaf_i_level level = end <= (double)r->l1   ? SHEAF_I_L1
                              : end <= (double)r->l2 ? SHEAF_I_L2
                              : end <= (double)r->l3 ? SHEAF_I_L3
                                                     : SHEAF_I_MEMORY;
        w->lines[level] += (double)count[j] * lines;
    }
    w->row_lines = (int32_t)lines;
}

/* The resource that asks for most, and its seconds. */
typedef struct {
    const char *name;
    double seconds;
} need;

static void consider(need *n, const char *name, double amount, double rate)
{
    double seconds = amount > 0 && rate > 0 ? amount / rate : 0;
    if (seconds > n->seconds) *n = (need){name, seconds};
}

/* The farthest level that streaming goes to. */
static void consider_streams(need *n, const sheaf_i_run *r, const sheaf_i_work *w)
{
    static const char *const names[] = {"L1", "L2", "L3", "memory"};
    const sheaf_i_limits *l = &r->limits;
    const double threads = sheaf_ctx_threads(r->ctx), size = w->footprint > 0 ? w->footprint : w->bytes;
    const double room[] = {(double)r->l1 * threads, (double)r->l2 * threads, (double)r->l3, INFINITY};
    double seconds = 0, inside = 0; /* bytes of the arrays that nearer levels hold */
    int level = 0;
    for (; w->bytes > 0 && inside < size && level < SHEAF_I_LEVELS; level++) {
        const bool faster = level == SHEAF_I_MEMORY && l->triad > l->read[level];
        const double here = fmin(room[level], size) - inside, rate = faster ? l->triad : l->read[level];
        if (here <= 0) continue;
        if (rate > 0) seconds += w->bytes * here / size / rate;
        inside += here;
    }
    if (level > 0) consider(n, names[level - 1], seconds, 1);
}

static need bound_of(const sheaf_i_run *r, const sheaf_i_work *w)
{
    const sheaf_i_limits *l = &r->limits;
    need n = {"", 0};
    double gather = 0;
    consider_streams(&n, r, w);
    for (int i = 0; i < SHEAF_I_LEVELS; i++) {
        double rate = l->gather[i][w->row_lines > 1];
        if (w->lines[i] > 0 && rate > 0) gather += w->lines[i] / rate;
    }
    consider(&n, "gather", gather, 1);
    consider(&n, "flops", w->flops * (w->in_double ? 2 : 1), l->fma > l->sgemm ? l->fma : l->sgemm);
    consider(&n, "file", w->file, l->file);
    consider(&n, "memchr", w->text, l->scan);
    return n;
}

sheaf_status sheaf_i_verify(sheaf_i_run *r, sheaf_i_measured *m)
{
    m->verified = true;
    if (m->quality.allowed <= 0 || m->quality.value <= m->quality.allowed) return SHEAF_OK; /* false for NaN */
    return sheaf_i_fail(r->ctx, SHEAF_EBUG, "%s%s%s (%s): %s is %.3g, but must not exceed %.3g; nothing was timed",
                        m->name, *m->kernels ? " " : "", m->kernels, m->size, m->quality.name, m->quality.value,
                        m->quality.allowed);
}

sheaf_status sheaf_i_report(sheaf_i_run *r, const sheaf_i_measured *m)
{
    sheaf_status st = SHEAF_OK;
    sheaf_bench *b = r->out;
    const sheaf_i_work *w = &m->work;
    double seconds = m->kind == SHEAF_BENCH_LIMIT ? m->times.least : m->times.median;
    SHEAF_GROW(b->rows, b->ctx, b->n, b->room);
    need n = m->kind == SHEAF_BENCH_LIMIT ? (need){"", 0} : bound_of(r, w);
    sheaf_bench_row *row = &b->rows[b->n];
    *row = (sheaf_bench_row){.kind = m->kind,
                             .name = m->name,
                             .kernels = m->kernels,
                             .runs = m->times.runs,
                             .median = m->times.median,
                             .min = m->times.least,
                             .max = m->times.most,
                             .spread = m->times.spread,
                             .unit = m->unit,
                             .bytes = w->bytes,
                             .flops = w->flops,
                             .lines_l1 = w->lines[SHEAF_I_L1],
                             .lines_l2 = w->lines[SHEAF_I_L2],
                             .lines_l3 = w->lines[SHEAF_I_L3],
                             .lines_memory = w->lines[SHEAF_I_MEMORY],
                             .bound = n.seconds,
                             .limit = n.name,
                             .quality = m->quality.name,
                             .value = m->quality.value,
                             .allowed = m->quality.allowed,
                             .verified = m->verified};
    if (seconds > 0) {
        row->rate = m->amount / seconds;
        row->share = n.seconds / seconds;
        if (r->limits.sgemm > 0) row->of_sgemm = w->flops / seconds / r->limits.sgemm;
    }
    if (!(row->size = sheaf_i_arena_copy(&b->texts, m->size, strlen(m->size)))) SHEAF_TRY(SHEAF_ENOMEM);
    b->n++;
done:
    return st;
}
