/* Tables joined by id; see join.h. */
#include "model/join.h"

#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"

int sheaf_i_str_compare(sheaf_str a, sheaf_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int sheaf_i_by_key(const void *a, const void *b)
{
    const sheaf_i_keyed *x = a, *y = b;
    int c = sheaf_i_str_compare(x->s, y->s);
    return c ? c : (x->row > y->row) - (x->row < y->row);
}

static sheaf_status no_column(sheaf_ctx *ctx, const sheaf_table *t, const char *what, const char *name)
{
    char names[400];
    size_t used = 0;
    for (int32_t i = 0; i < sheaf_table_columns(t); i++) {
        sheaf_str s = sheaf_table_name(t, i);
        if (used + s.n + 3 > sizeof names) break;
        if (used) names[used++] = ',', names[used++] = ' ';
        if (s.n) memcpy(names + used, s.p, s.n);
        used += s.n;
    }
    names[used] = 0;
    sheaf_i_fail(ctx, SHEAF_EINVAL, "%s: no column '%s'", what, name);
    sheaf_i_hint(ctx, "columns: %s", names);
    return SHEAF_EINVAL;
}

sheaf_status sheaf_i_table_column(sheaf_ctx *ctx, const sheaf_table *t, const char *what, const char *name,
                                  const char *usual, int32_t otherwise, int32_t *column)
{
    *column = sheaf_table_find(t, name ? name : usual);
    if (*column < 0 && !name) *column = otherwise;
    return *column < 0 ? no_column(ctx, t, what, name ? name : usual) : SHEAF_OK;
}

sheaf_status sheaf_i_table_ids(sheaf_ctx *ctx, const sheaf_table *t, int32_t column, const char *what,
                               sheaf_i_keyed **out)
{
    int64_t n = sheaf_table_rows(t);
    sheaf_i_keyed *k = *out = sheaf_i_array(ctx, n, sizeof *k);
    if (!k) return SHEAF_ENOMEM;
    for (int64_t i = 0; i < n; i++) k[i] = (sheaf_i_keyed){sheaf_table_cell(t, i, column), i};
    qsort(k, (size_t)n, sizeof *k, sheaf_i_by_key);
    for (int64_t i = 1; i < n; i++)
        if (sheaf_i_str_compare(k[i - 1].s, k[i].s) == 0)
            return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: id '%.*s' stands twice (rows %lld and %lld)", what,
                                (int)(k[i].s.n < 200 ? k[i].s.n : 200), k[i].s.p, (long long)k[i - 1].row + 1,
                                (long long)k[i].row + 1);
    return SHEAF_OK;
}

sheaf_status sheaf_i_names_keep(sheaf_ctx *ctx, char **out, sheaf_str *const name[2], const int32_t n[2])
{
    size_t bytes = 0;
    for (int i = 0; i < 2; i++)
        for (int32_t j = 0; j < n[i]; j++) bytes += name[i][j].n;
    char *at = *out = sheaf_i_array(ctx, (int64_t)bytes, 1);
    if (!at) return SHEAF_ENOMEM;
    for (int i = 0; i < 2; i++)
        for (int32_t j = 0; j < n[i]; j++) {
            sheaf_str *s = &name[i][j];
            if (s->n) memcpy(at, s->p, s->n);
            s->p = at;
            at += s->n;
        }
    return SHEAF_OK;
}
