/* From which source to which a text went: of each group the earliest document, and how much later the others came. */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "near/dates.h"
#include "read/corpus.h"
#include "report/dups.h"

static const sheaf_i_column COLUMNS[] = {
    {.name = {"from", 4}},
    {.name = {"to", 2}},
    {.name = {"documents", 9}, .right = true},
    {.name = {"median_delay", 12}, .right = true},
};
#define N_COLUMNS ((int32_t)(sizeof COLUMNS / sizeof *COLUMNS))

typedef struct {
    sheaf_str from, to;
    int64_t delay;         /* microseconds */
} step;

typedef struct {
    int64_t first, n;      /* steps */
    int64_t median;
} way;

typedef struct {
    sheaf_i_dups v;
    const char *field;
    int32_t column[2];     /* of the field, in the new and the old corpus; -1: none */
    step *steps;
    way *ways;
    int64_t n_steps, room, n_ways;
} flow;

static int compare(sheaf_str a, sheaf_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_way(const void *x, const void *y)
{
    const step *a = x, *b = y;
    int order = compare(a->from, b->from);
    if (!order) order = compare(a->to, b->to);
    return order ? order : (a->delay > b->delay) - (a->delay < b->delay);
}

static int by_size(const void *x, const void *y)
{
    const way *a = x, *b = y;
    if (a->n != b->n) return a->n > b->n ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

static int32_t find_column(const sheaf_corpus *c, const char *field)
{
    const sheaf_str name = sheaf_i_str(field);
    for (int32_t i = 0; c && i < sheaf_corpus_n_columns(c); i++)
        if (compare(sheaf_corpus_column_name(c, i), name) == 0) return i;
    return -1;
}

static sheaf_str value_of(const flow *f, int64_t doc)
{
    const int32_t column = f->column[doc >= f->v.n_new];
    const sheaf_corpus *c = sheaf_i_dups_corpus(&f->v, &doc);
    if (strcmp(f->field, "label") == 0) return sheaf_corpus_label(c, doc);
    if (strcmp(f->field, "title") == 0) return sheaf_corpus_title(c, doc);
    return column < 0 ? (sheaf_str){"", 0} : sheaf_corpus_column(c, doc, column);
}

static sheaf_status take_steps(flow *f, const sheaf_i_members *m)
{
    sheaf_status st = SHEAF_OK;
    for (int32_t g = 1; g <= f->v.n_groups; g++) {
        int64_t begin = 0, when;
        const int64_t first = sheaf_i_earliest(&f->v, m, g, &begin);
        if (first < 0) continue;
        for (int64_t i = m->start[g - 1]; i < m->start[g]; i++) {
            const int64_t doc = m->member[i];
            if (doc == first || !sheaf_i_parse_date(sheaf_i_dups_date(&f->v, doc), &when)) continue;
            SHEAF_GROW(f->steps, f->v.ctx, f->n_steps, f->room);
            f->steps[f->n_steps++] = (step){value_of(f, first), value_of(f, doc), when - begin};
        }
    }
done:
    return st;
}

static sheaf_status find_ways(flow *f)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_NEW(f->ways, f->v.ctx, f->n_steps);
    if (f->n_steps) qsort(f->steps, (size_t)f->n_steps, sizeof *f->steps, by_way);
    for (int64_t i = 0, end; i < f->n_steps; i = end) {
        const step *s = &f->steps[i];
        for (end = i + 1; end < f->n_steps && !compare(f->steps[end].from, s->from) &&
                          !compare(f->steps[end].to, s->to);)
            end++;
        const int64_t low = f->steps[i + (end - i - 1) / 2].delay, high = f->steps[i + (end - i) / 2].delay;
        f->ways[f->n_ways++] = (way){i, end - i, low + (high - low) / 2};
    }
    if (f->n_ways) qsort(f->ways, (size_t)f->n_ways, sizeof *f->ways, by_size);
done:
    return st;
}

/* "90 min", "3.5 h", "2.1 d" for people, seconds for programs. */
static void delay_cell(sheaf_i_rows *r, int64_t us)
{
    const double seconds = (double)us / 1e6;
    if (r->o.format != SHEAF_FORMAT_TABLE) {
        sheaf_i_cell_real(r, seconds, 0);
        return;
    }
    sheaf_i_text t;
    sheaf_i_text_init(&t, r->ctx);
    const bool days = seconds >= 48 * 3600, hours = seconds >= 2 * 3600;
    sheaf_i_text_real(&t, days ? seconds / 86400 : hours ? seconds / 3600 : seconds / 60, days || hours ? 1 : 0);
    sheaf_i_text_puts(&t, days ? " d" : hours ? " h" : " min");
    sheaf_i_cell_text(r, (sheaf_str){t.p ? t.p : "", (size_t)t.n});
    if (t.status != SHEAF_OK) r->status = t.status;
    sheaf_i_text_end(&t);
}

static sheaf_status check_field(const flow *f)
{
    const bool label = strcmp(f->field, "label") == 0 && sheaf_corpus_has_label(f->v.s.corpus);
    const bool title = strcmp(f->field, "title") == 0 && sheaf_corpus_has_title(f->v.s.corpus);
    if (label || title || f->column[0] >= 0) return SHEAF_OK;
    sheaf_i_fail(f->v.ctx, SHEAF_EINVAL, "no column '%s' that documents carry along", f->field);
    return SHEAF_EINVAL;
}

sheaf_status sheaf_write_dup_flow(sheaf_out *o, const sheaf_dups *d, const sheaf_dups_source *s, const char *field,
                                  const sheaf_write_opts *opts)
{
    sheaf_status st = SHEAF_OK;
    flow f = {.field = field};
    sheaf_i_members m = {NULL, NULL};
    sheaf_i_rows r;
    sheaf_write_opts own;
    sheaf_i_write_opts(&own, opts);
    sheaf_i_dups_init(&f.v, d, s);
    f.column[0] = find_column(f.v.s.corpus, field);
    f.column[1] = find_column(f.v.s.old_corpus, field);
    SHEAF_TRY(check_field(&f));
    SHEAF_TRY(sheaf_i_members_new(&m, &f.v));
    SHEAF_TRY(take_steps(&f, &m));
    SHEAF_TRY(find_ways(&f));
    SHEAF_TRY(sheaf_i_dups_rows_open(&r, &f.v, o, &own, "flow", COLUMNS, N_COLUMNS));
    for (int64_t i = 0; i < f.n_ways && !sheaf_i_rows_full(&r); i++) {
        const step *first = &f.steps[f.ways[i].first];
        sheaf_i_cell_text(&r, first->from);
        sheaf_i_cell_text(&r, first->to);
        sheaf_i_cell_int(&r, f.ways[i].n);
        delay_cell(&r, f.ways[i].median);
        sheaf_i_row_end(&r);
    }
    st = sheaf_i_rows_close(&r);
done:
    sheaf_i_free(f.v.ctx, f.steps);
    sheaf_i_free(f.v.ctx, f.ways);
    sheaf_i_members_end(&m, f.v.ctx);
    sheaf_i_dups_end(&f.v);
    return st;
}
