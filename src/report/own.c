/* What documents carry along; see own.h. */
#include "report/own.h"

#include <string.h>

#include "base/context.h"

static const sheaf_i_column OURS[SHEAF_I_OURS] = {
    {.name = {"label", 5}}, {.name = {"title", 5}}, {.name = {"date", 4}},
};

static bool among(const sheaf_i_column *columns, int32_t n, sheaf_str name)
{
    for (int32_t i = 0; i < n; i++)
        if (columns[i].name.n == name.n && memcmp(columns[i].name.p, name.p, name.n) == 0) return true;
    return false;
}

/* An own column must not hide one of ours, nor a former one. */
static sheaf_status unique_name(sheaf_i_own *own, sheaf_str *name)
{
    static const char prefix[] = "input_";
    while (among(OURS, SHEAF_I_OURS, *name) || among(own->columns, own->n, *name)) {
        size_t p = sizeof prefix - 1;
        char *s = sheaf_i_arena_take(&own->arena, p + name->n + 1, 1);
        if (!s) return SHEAF_ENOMEM;
        memcpy(s, prefix, p);
        if (name->n) memcpy(s + p, name->p, name->n);
        *name = (sheaf_str){s, p + name->n};
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_own_more(sheaf_i_own *own, const char *name)
{
    sheaf_str s = sheaf_i_str(name);
    if (unique_name(own, &s) != SHEAF_OK) return SHEAF_ENOMEM;
    own->columns[own->n++] = (sheaf_i_column){.name = s};
    return SHEAF_OK;
}

sheaf_status sheaf_i_own_init(sheaf_i_own *own, sheaf_ctx *ctx, const sheaf_corpus *c, const sheaf_i_column *base,
                              int32_t n_base)
{
    sheaf_status st = SHEAF_OK;
    const int32_t given = sheaf_corpus_n_columns(c);
    *own = (sheaf_i_own){.c = c,
                         .has = {sheaf_corpus_has_label(c), sheaf_corpus_has_title(c), sheaf_corpus_has_date(c)}};
    sheaf_i_arena_init(&own->arena, ctx);
    SHEAF_NEW(own->columns, ctx, n_base + SHEAF_I_OURS + (int64_t)given + 1);
    memcpy(own->columns, base, (size_t)n_base * sizeof *base);
    own->n = n_base;
    for (int32_t i = 0; i < SHEAF_I_OURS; i++)
        if (own->has[i]) own->columns[own->n++] = OURS[i];
    for (int32_t i = 0; i < given; i++) {
        sheaf_str name = sheaf_corpus_column_name(c, i);
        SHEAF_TRY(unique_name(own, &name));
        own->columns[own->n++] = (sheaf_i_column){.name = name};
    }
done:
    return st;
}

void sheaf_i_own_end(sheaf_i_own *own)
{
    sheaf_i_free(own->arena.ctx, own->columns);
    sheaf_i_arena_end(&own->arena);
}

void sheaf_i_own_cells(sheaf_i_rows *r, const sheaf_i_own *own, int64_t doc)
{
    if (own->has[0]) sheaf_i_cell_text(r, sheaf_corpus_label(own->c, doc));
    if (own->has[1]) sheaf_i_cell_text(r, sheaf_corpus_title(own->c, doc));
    if (own->has[2]) sheaf_i_cell_text(r, sheaf_corpus_date(own->c, doc));
    for (int32_t i = 0; i < sheaf_corpus_n_columns(own->c); i++)
        sheaf_i_cell_text(r, sheaf_corpus_column(own->c, doc, i));
}
