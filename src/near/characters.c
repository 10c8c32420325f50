/* Folded words as their characters; see characters.h. */
#include "near/characters.h"

#include <string.h>

#include "base/context.h"
#include "text/characters.h"
#include "text/fold.h"

#define CODE_POINTS 0x110000

/* Folds a word of each number again: the types come first by which it was numbered. */
static sheaf_status fold_all(const sheaf_i_tokens *t, sheaf_i_buffer *text, int64_t *end)
{
    sheaf_status st = SHEAF_OK;
    uint32_t known = 0;
    for (int part = 0; part < 2 && t->part[part]; part++)
        for (uint32_t type = 0; type < t->part[part]->n_types; type++) {
            if (t->folded[part][type] != known) continue; /* numbered by first appearance: seen before */
            SHEAF_TRY(sheaf_i_fold(text, t->part[0]->analyzer, t->part[part]->type[type]));
            end[known++] = (int64_t)text->n;
        }
done:
    return st;
}

static void number_points(sheaf_i_characters *c, uint32_t *number, const sheaf_i_buffer *text, const int64_t *end,
                          uint32_t n_folded)
{
    int64_t used = 0;
    size_t at = 0, length;
    c->n_points = 1;
    for (uint32_t f = 0; f < n_folded; f++) {
        c->start[f] = used;
        for (; (int64_t)at < end[f]; at += length) {
            const uint32_t p = sheaf_i_decode((const uint8_t *)text->p + at, (size_t)end[f] - at, &length);
            if (p >= CODE_POINTS) continue;
            if (!number[p]) number[p] = ++c->n_points;
            c->point[used++] = number[p];
        }
    }
    c->start[n_folded] = used;
}

sheaf_status sheaf_i_characters_new(sheaf_i_characters *c, sheaf_ctx *ctx, const sheaf_i_tokens *t)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_buffer text = {.ctx = ctx};
    int64_t *end = NULL;
    uint32_t *number = NULL;
    *c = (sheaf_i_characters){.ctx = ctx};
    SHEAF_NEW(end, ctx, t->n_folded);
    SHEAF_TRY(fold_all(t, &text, end));
    SHEAF_NEW0(number, ctx, CODE_POINTS);
    SHEAF_NEW(c->start, ctx, (int64_t)t->n_folded + 1);
    SHEAF_NEW(c->point, ctx, (int64_t)text.n);
    number_points(c, number, &text, end, t->n_folded);
done:
    sheaf_i_buffer_end(&text);
    sheaf_i_free(ctx, end);
    sheaf_i_free(ctx, number);
    return st;
}

void sheaf_i_characters_end(sheaf_i_characters *c)
{
    if (!c->ctx) return;
    sheaf_i_free(c->ctx, c->start);
    sheaf_i_free(c->ctx, c->point);
    *c = (sheaf_i_characters){0};
}
