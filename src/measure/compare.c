/* Two runs held against each other. The interval of a change comes from those of both medians, median +- 1.57 quartile
 * distances over the root of the number of runs (McGill, Tukey and Larsen 1978): a rough 95 %. Slower or faster is what
 * changed by more than was asked for, in an interval that leaves out no change at all.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "measure/measure.h"

#define NOTCH 1.57
#define WORSE 1.01 /* of a quality that verification does not hold to a limit */

struct sheaf_bench_comparison {
    sheaf_ctx *ctx;
    sheaf_bench_change *change;
    int64_t n;
};

void sheaf_bench_compare_opts_init(sheaf_bench_compare_opts *o, size_t size)
{
    sheaf_bench_compare_opts d = {.size = size, .fail_above = .1};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

/* ---- the machines */

/* The value of a key in "key: value" lines; n = 0: not there. */
static sheaf_str value_of(const char *lines, const char *key)
{
    const size_t n = strlen(key);
    for (const char *p = lines; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strncmp(p, key, n) == 0 && p[n] == ':' && p[n + 1] == ' ')
            return (sheaf_str){p + n + 2, strcspn(p + n + 2, "\n")};
    return (sheaf_str){"", 0};
}

/* Lists in `out` what differs; a different compiler or BLAS is often what is to be compared, so it is not in the
   way. */
static bool machines_differ(const char *old, const char *now, char *out, size_t size)
{
    static const char *const keys[] = {"processor", "instructions", "threads", "build", "sanitizers", "kernels"};
    size_t used = 0;
    *out = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        sheaf_str a = value_of(old, keys[i]), b = value_of(now, keys[i]);
        if (a.n == b.n && memcmp(a.p, b.p, a.n) == 0) continue;
        int n = snprintf(out + used, size - used, "%s%s %.*s then, %.*s now", used ? "; " : "", keys[i],
                         a.n ? (int)a.n : 4, a.n ? a.p : "none", b.n ? (int)b.n : 4, b.n ? b.p : "none");
        used = n > 0 && (size_t)n < size - used ? used + (size_t)n : size - 1;
    }
    return used > 0;
}

/* ---- rows */

static const sheaf_bench_row *counterpart(const sheaf_bench *old, const sheaf_bench_row *row)
{
    for (int64_t i = 0; i < old->n; i++) {
        const sheaf_bench_row *o = &old->rows[i];
        if (o->kind == row->kind && strcmp(o->name, row->name) == 0 && strcmp(o->kernels, row->kernels) == 0 &&
            strcmp(o->size, row->size) == 0)
            return o;
    }
    return NULL;
}

/* Half the width of the interval of a median. */
static double notch(const sheaf_bench_row *row)
{
    return row->runs > 0 ? NOTCH * row->spread * row->median / sqrt(row->runs) : 0;
}

static bool is_worse(const sheaf_bench_row *old, const sheaf_bench_row *row)
{
    if (!*row->quality || strcmp(old->quality, row->quality) != 0 || row->allowed > 0) return false;
    if (strcmp(row->quality, "AMI") == 0) return row->value * WORSE < old->value; /* the more the better */
    return row->value > old->value * WORSE;
}

static sheaf_bench_change change_of(const sheaf_bench_row *old, const sheaf_bench_row *row, double fail_above)
{
    sheaf_bench_change c = {.name = row->name,
                            .kernels = row->kernels,
                            .size = row->size,
                            .quality = row->quality,
                            .new_seconds = row->median,
                            .new_value = row->value,
                            .verdict = SHEAF_BENCH_UNMATCHED};
    if (!old || old->median <= 0) return c;
    const double before = notch(old), now = notch(row), least = old->median - before;
    c.old_seconds = old->median;
    c.old_value = old->value;
    c.change = row->median / old->median - 1;
    c.low = (row->median - now) / (old->median + before) - 1;
    c.high = least > 0 ? (row->median + now) / least - 1 : HUGE_VAL;
    c.verdict = is_worse(old, row)                                  ? SHEAF_BENCH_WORSE
                : c.change > fail_above && c.low > 0                ? SHEAF_BENCH_SLOWER
                : 1 / (1 + c.change) - 1 > fail_above && c.high < 0 ? SHEAF_BENCH_FASTER
                                                                    : SHEAF_BENCH_SAME;
    return c;
}

/* Limits are the machine's. */
static bool is_compared(const sheaf_bench_row *row) { return row->kind != SHEAF_BENCH_LIMIT && row->runs > 0; }

/* What the changes do not show: rows that only the old run has, and qualities that are others now. */
static void tell(sheaf_ctx *ctx, const sheaf_bench *old, const sheaf_bench *b)
{
    const sheaf_bench_row *gone = NULL, *other = NULL, *now = NULL;
    int64_t n_gone = 0, n_other = 0;
    for (int64_t i = 0; i < old->n; i++) {
        const sheaf_bench_row *o = &old->rows[i], *row = is_compared(o) ? counterpart(b, o) : NULL;
        if (!is_compared(o)) continue;
        if (!row && n_gone++ == 0) gone = o;
        if (row && strcmp(o->quality, row->quality) != 0 && n_other++ == 0) {
            other = o;
            now = row;
        }
    }
    if (gone)
        sheaf_i_note(ctx, "of the earlier run %lld row%s not measured now: %s%s%s (%s)%s", (long long)n_gone,
                     n_gone > 1 ? "s were" : " was", gone->name, *gone->kernels ? " " : "", gone->kernels, gone->size,
                     n_gone > 1 ? " ..." : "");
    if (other)
        sheaf_i_note(ctx, "the quality of %lld row%s not compared: of %s%s%s (%s) it was '%s', and is '%s' now",
                     (long long)n_other, n_other > 1 ? "s is" : " is", other->name, *other->kernels ? " " : "",
                     other->kernels, other->size, other->quality, now->quality);
}

static sheaf_status fill(sheaf_bench_comparison *c, const sheaf_bench *old, const sheaf_bench *b, double fail_above)
{
    sheaf_status st = SHEAF_OK;
    int64_t matched = 0;
    SHEAF_NEW(c->change, c->ctx, b->n);
    for (int64_t i = 0; i < b->n; i++) {
        const sheaf_bench_row *row = &b->rows[i];
        if (!is_compared(row)) continue;
        c->change[c->n] = change_of(counterpart(old, row), row, fail_above);
        matched += c->change[c->n++].verdict != SHEAF_BENCH_UNMATCHED;
    }
    if (matched) {
        tell(c->ctx, old, b);
        return SHEAF_OK;
    }
    st = sheaf_i_fail(c->ctx, SHEAF_EINVAL,
                      "nothing to compare: the two runs have no kernel or stage of the same size in common");
    sheaf_i_hint(c->ctx, "the same names, --quick, --dims, -k and --input in both");
done:
    return st;
}

/* quietly: no note where runs are compared although they differ. */
static sheaf_status check(sheaf_ctx *ctx, const char *old, const char *now, const sheaf_bench_compare_opts *o,
                          bool quietly)
{
    char differences[400];
    if (!(o->fail_above >= 0))
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "fail_above = %g: must not be negative", o->fail_above);
    if (!machines_differ(old, now, differences, sizeof differences)) return SHEAF_OK;
    if (!o->anyway) {
        sheaf_status st = sheaf_i_fail(ctx, SHEAF_EINVAL, "the runs cannot be compared: %s", differences);
        sheaf_i_hint(ctx, "--anyway compares all the same");
        return st;
    }
    if (!quietly) sheaf_i_note(ctx, "compared all the same: %s", differences);
    return SHEAF_OK;
}

static void take_opts(sheaf_bench_compare_opts *to, const sheaf_bench_compare_opts *o)
{
    sheaf_bench_compare_opts_init(to, sizeof *to);
    if (o) sheaf_i_opts_copy(to, sizeof *to, o, o->size);
}

sheaf_status sheaf_bench_comparable(sheaf_ctx *ctx, const sheaf_bench *old, const sheaf_bench_compare_opts *o)
{
    sheaf_status st = SHEAF_OK;
    char *now = NULL;
    sheaf_bench_compare_opts asked;
    take_opts(&asked, o);
    SHEAF_TRY(sheaf_i_bench_machine(ctx, ctx, 0, &now));
    st = check(ctx, old->machine, now, &asked, true);
done:
    sheaf_i_free(ctx, now);
    return st;
}

sheaf_status sheaf_bench_compare(sheaf_ctx *ctx, sheaf_bench_comparison **out, const sheaf_bench *old,
                                 const sheaf_bench *b, const sheaf_bench_compare_opts *o)
{
    sheaf_status st = SHEAF_OK;
    sheaf_bench_compare_opts asked;
    sheaf_bench_comparison *c = NULL;
    *out = NULL;
    take_opts(&asked, o);
    SHEAF_TRY(check(ctx, old->machine, b->machine, &asked, false));
    if (!(c = sheaf_i_zeros(ctx, 1, sizeof *c))) return SHEAF_ENOMEM;
    c->ctx = ctx;
    SHEAF_TRY(fill(c, old, b, asked.fail_above));
    *out = c;
    c = NULL;
done:
    sheaf_bench_comparison_free(c);
    return st;
}

void sheaf_bench_comparison_free(sheaf_bench_comparison *c)
{
    if (!c) return;
    sheaf_i_free(c->ctx, c->change);
    sheaf_i_free(c->ctx, c);
}

const sheaf_bench_change *sheaf_bench_changes(const sheaf_bench_comparison *c, int64_t *n)
{
    *n = c->n;
    return c->change;
}
