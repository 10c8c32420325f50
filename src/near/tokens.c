/* Folded words of one or two collections; see tokens.h. */
#include "near/tokens.h"

#include "base/context.h"
#include "base/par.h"
#include "text/fold.h"
#include "text/group.h"

#define TYPES_PER_BLOCK 4096

typedef struct {
    const sheaf_i_tokens *t;
    sheaf_str *form;       /* of each type, old ones behind the new */
    sheaf_i_buffer *block; /* where the forms of a block stand */
    int64_t n;
} folding;

static int64_t types_of(const sheaf_words *w) { return w ? w->n_types : 0; }

static sheaf_str spelling(const sheaf_i_tokens *t, int64_t i)
{
    const int64_t n = types_of(t->part[0]);
    return i < n ? t->part[0]->type[i] : t->part[1]->type[i - n];
}

static sheaf_status fold_block(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    folding *f = arg;
    sheaf_status st = SHEAF_OK;
    sheaf_i_buffer *out = &f->block[block];
    int64_t lo, hi;
    sheaf_i_range(f->n, TYPES_PER_BLOCK, block, &lo, &hi);
    out->ctx = f->t->ctx;
    for (int64_t i = lo; i < hi; i++) {
        const size_t before = out->n;
        SHEAF_TRY(sheaf_i_fold(out, f->t->part[0]->analyzer, spelling(f->t, i)));
        f->form[i].n = out->n - before;
    }
    const char *p = out->p ? out->p : ""; /* the buffer moves no more */
    for (int64_t i = lo; i < hi; i++) {
        f->form[i].p = p;
        p += f->form[i].n;
    }
done:
    return st;
}

static sheaf_status number_types(sheaf_i_tokens *t, sheaf_ctx *ctx)
{
    sheaf_status st = SHEAF_OK;
    folding f = {.t = t, .n = types_of(t->part[0]) + types_of(t->part[1])};
    sheaf_i_groups groups = {0};
    const int64_t n_blocks = sheaf_i_blocks(f.n, TYPES_PER_BLOCK);
    SHEAF_NEW(f.form, ctx, f.n);
    SHEAF_NEW0(f.block, ctx, n_blocks);
    SHEAF_TRY(sheaf_i_par_for(ctx, NULL, n_blocks, fold_block, &f));
    SHEAF_TRY(sheaf_i_groups_make(&groups, ctx, f.form, f.n));
    t->n_folded = (uint32_t)groups.n_groups;
    t->folded[0] = groups.id;
    t->folded[1] = groups.id + types_of(t->part[0]);
    groups.id = NULL;
done:
    sheaf_i_groups_end(&groups);
    for (int64_t b = 0; f.block && b < n_blocks; b++) sheaf_i_free(ctx, f.block[b].p);
    sheaf_i_free(ctx, f.block);
    sheaf_i_free(ctx, f.form);
    return st;
}

sheaf_status sheaf_i_tokens_new(sheaf_i_tokens *t, sheaf_ctx *ctx, const sheaf_words *w, const sheaf_words *old)
{
    *t = (sheaf_i_tokens){.ctx = ctx, .n_docs = w->n_docs, .n_new = w->n_docs, .part = {w, old}};
    if (old && old->analyzer != w->analyzer)
        return sheaf_i_fail(ctx, SHEAF_EINVAL, "the words of the two collections were cut by different analyzers");
    if (old) t->n_docs += old->n_docs;
    for (int64_t d = 0; d < t->n_docs; d++) {
        const int64_t n = sheaf_i_tokens_count(t, d);
        t->n_tokens += n;
        if (n > t->longest) t->longest = n;
    }
    return number_types(t, ctx);
}

void sheaf_i_tokens_end(sheaf_i_tokens *t)
{
    if (t->ctx) sheaf_i_free(t->ctx, t->folded[0]);
    *t = (sheaf_i_tokens){0};
}

void sheaf_i_tokens_of(const sheaf_i_tokens *t, int64_t doc, uint32_t *out)
{
    int64_t n;
    const uint32_t *folded, *type = sheaf_i_tokens_types(t, doc, &folded, &n);
    for (int64_t i = 0; i < n; i++) out[i] = folded[type[i]];
}
