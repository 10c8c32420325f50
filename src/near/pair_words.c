/* Folded words of two documents; see pair_words.h. */
#include "near/pair_words.h"

#include "base/context.h"
#include "base/mem.h"
#include "text/fold.h"
#include "text/intern.h"
#include "text/words.h"

/* Word types that have been folded. */
typedef struct {
    uint32_t *type, *folded; /* slots; type + 1, 0: empty */
    uint32_t mask;
} memo;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_table forms;
    sheaf_i_buffer form;
} folding;

static sheaf_status memo_new(memo *m, sheaf_ctx *ctx, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    int64_t slots = 16;
    while (slots < 2 * n) slots *= 2;
    m->mask = (uint32_t)(slots - 1);
    SHEAF_NEW0(m->type, ctx, slots);
    SHEAF_NEW(m->folded, ctx, slots);
done:
    return st;
}

static uint32_t memo_slot(const memo *m, uint32_t type)
{
    uint32_t i = (type * 0x9e3779b1u) & m->mask;
    while (m->type[i] && m->type[i] != type + 1) i = (i + 1) & m->mask;
    return i;
}

static sheaf_status fold_type(folding *f, sheaf_analyzer analyzer, sheaf_str type, uint32_t *id)
{
    f->form.n = 0;
    if (sheaf_i_fold(&f->form, analyzer, type) != SHEAF_OK) return SHEAF_ENOMEM;
    const char *p = f->form.p ? f->form.p : "";
    sheaf_i_key key = sheaf_i_key_of(p, (uint32_t)f->form.n, f->form.n);
    return sheaf_i_table_intern(&f->forms, &key, id);
}

static sheaf_status fold_document(folding *f, const sheaf_words *w, int64_t doc, uint32_t **out, int64_t *n)
{
    sheaf_status st = SHEAF_OK;
    memo m = {NULL, NULL, 0};
    const uint32_t *type = sheaf_words_of(w, doc, n);
    if (*n > INT32_MAX)
        SHEAF_TRY(sheaf_i_fail(f->ctx, SHEAF_EINVAL, "a document of %lld words is too long to be compared",
                               (long long)*n));
    SHEAF_NEW(*out, f->ctx, *n);
    SHEAF_TRY(memo_new(&m, f->ctx, *n));
    for (int64_t i = 0; i < *n; i++) {
        uint32_t slot = memo_slot(&m, type[i]);
        if (!m.type[slot]) {
            SHEAF_TRY(fold_type(f, w->analyzer, sheaf_words_type(w, type[i]), &m.folded[slot]));
            m.type[slot] = type[i] + 1;
        }
        (*out)[i] = m.folded[slot];
    }
done:
    sheaf_i_free(f->ctx, m.type);
    sheaf_i_free(f->ctx, m.folded);
    return st;
}

sheaf_status sheaf_i_pair_words_new(sheaf_i_pair_words *p, sheaf_ctx *ctx, const sheaf_words *v, int64_t a,
                                    const sheaf_words *w, int64_t b)
{
    sheaf_status st = SHEAF_OK;
    folding f = {.ctx = ctx, .form = {.ctx = ctx}};
    *p = (sheaf_i_pair_words){.ctx = ctx};
    if (a < 0 || a >= v->n_docs)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "document %lld of %lld", (long long)a, (long long)v->n_docs));
    if (b < 0 || b >= w->n_docs)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "document %lld of %lld", (long long)b, (long long)w->n_docs));
    SHEAF_TRY(sheaf_i_table_init(&f.forms, ctx));
    SHEAF_TRY(fold_document(&f, v, a, &p->a, &p->na));
    SHEAF_TRY(fold_document(&f, w, b, &p->b, &p->nb));
done:
    sheaf_i_table_end(&f.forms);
    sheaf_i_buffer_end(&f.form);
    if (st != SHEAF_OK) sheaf_i_pair_words_end(p);
    return st;
}

void sheaf_i_pair_words_end(sheaf_i_pair_words *p)
{
    sheaf_i_free(p->ctx, p->a);
    sheaf_i_free(p->ctx, p->b);
    *p = (sheaf_i_pair_words){.ctx = p->ctx};
}
