/* Aligned columns for people. Widths are display widths; when the lines are longer than the terminal, spare
   columns are left out and the widest text columns give way first; a text that was cut ends with an ellipsis. */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "report/rows.h"

#define GAP 2
#define NARROWEST 8 /* a text column is not cut below this */
#define LEGIBLE 20  /* nor below this while there are spare columns */
#define ELLIPSIS "\xe2\x80\xa6"

static sheaf_str heading(const sheaf_i_column *c) { return c->title ? sheaf_i_str(c->title) : c->name; }

static int32_t text_width(sheaf_str s)
{
    int32_t width = 0;
    for (size_t i = 0, used; i < s.n; i += used ? used : 1) {
        uint32_t c;
        used = sheaf_i_utf8(s.p + i, s.n - i, &c);
        width += sheaf_i_char_width(c);
    }
    return width;
}

static void spaces(sheaf_out *out, int32_t n)
{
    for (; n > 0; n--) sheaf_i_out_write(out, " ", 1);
}

/* Writes as many characters as fit. */
static void put_cut(sheaf_out *out, sheaf_str s, int32_t width)
{
    int32_t used_width = 0;
    size_t i = 0;
    while (i < s.n) {
        uint32_t c;
        size_t used = sheaf_i_utf8(s.p + i, s.n - i, &c);
        int32_t w = sheaf_i_char_width(c);
        if (used_width + w > width - 1) break;
        used_width += w;
        i += used ? used : 1;
    }
    sheaf_i_out_write(out, s.p, i);
    sheaf_i_out_text(out, ELLIPSIS);
    spaces(out, width - 1 - used_width);
}

/* last: nothing follows on the line, so no padding. */
static void put(sheaf_i_rows *r, int32_t j, sheaf_str s, int32_t width, const int32_t *widths)
{
    bool last = j == r->n_order - 1;
    int32_t pad = widths[j] - width;
    if (pad < 0) {
        put_cut(r->out, s, widths[j]);
        pad = 0;
    } else if (r->columns[r->order[j]].right) {
        spaces(r->out, pad);
        sheaf_i_out_write(r->out, s.p, s.n);
        pad = 0;
    } else {
        sheaf_i_out_write(r->out, s.p, s.n);
    }
    if (!last) spaces(r->out, pad + GAP);
}

static void natural_widths(const sheaf_i_rows *r, int32_t *widths)
{
    for (int32_t j = 0; j < r->n_order; j++) {
        widths[j] = r->o.header ? text_width(heading(&r->columns[r->order[j]])) : 0;
        for (int64_t row = 0; row < r->rows; row++) {
            int32_t w = r->cells[row * r->n_columns + r->order[j]].width;
            if (w > widths[j]) widths[j] = w;
        }
    }
}

/* Whether text columns would have to be cut to less than one can read. */
static bool cramped(const sheaf_i_rows *r, const int32_t *widths)
{
    int64_t total = (int64_t)GAP * (r->n_order - 1);
    for (int32_t j = 0; j < r->n_order; j++)
        total += r->columns[r->order[j]].right || widths[j] < LEGIBLE ? widths[j] : LEGIBLE;
    return total > r->o.width;
}

static void leave_out(sheaf_i_rows *r, int32_t *widths)
{
    for (int32_t j = r->n_order - 1; j >= 0 && cramped(r, widths); j--) {
        if (!r->columns[r->order[j]].spare) continue;
        r->n_order--;
        memmove(r->order + j, r->order + j + 1, (size_t)(r->n_order - j) * sizeof *r->order);
        memmove(widths + j, widths + j + 1, (size_t)(r->n_order - j) * sizeof *widths);
    }
}

/* Takes columns from the widest text column until the line fits or none can give way. */
static void fit_widths(const sheaf_i_rows *r, int32_t *widths)
{
    int64_t total = (int64_t)GAP * (r->n_order - 1);
    for (int32_t j = 0; j < r->n_order; j++) total += widths[j];
    while (total > r->o.width) {
        int32_t widest = -1, next = NARROWEST;
        for (int32_t j = 0; j < r->n_order; j++) {
            if (r->columns[r->order[j]].right || widths[j] <= NARROWEST) continue;
            if (widest < 0 || widths[j] > widths[widest]) {
                if (widest >= 0 && widths[widest] > next) next = widths[widest];
                widest = j;
            } else if (widths[j] > next) {
                next = widths[j];
            }
        }
        if (widest < 0) return;
        int64_t cut = total - r->o.width, most = widths[widest] - next;
        if (most < 1) most = 1; /* two equally wide: in turn */
        if (cut > most) cut = most;
        widths[widest] -= (int32_t)cut;
        total -= cut;
    }
}

void sheaf_i_table_write(sheaf_i_rows *r)
{
    int32_t *widths = sheaf_i_array(r->ctx, r->n_order, sizeof *widths);
    if (!widths) {
        r->status = SHEAF_ENOMEM;
        return;
    }
    natural_widths(r, widths);
    if (r->o.width > 0) {
        if (!r->o.columns) leave_out(r, widths);
        fit_widths(r, widths);
    }
    if (r->o.header) {
        if (r->o.color) sheaf_i_out_text(r->out, "\033[1m");
        for (int32_t j = 0; j < r->n_order; j++) {
            sheaf_str s = heading(&r->columns[r->order[j]]);
            put(r, j, s, text_width(s), widths);
        }
        sheaf_i_out_text(r->out, r->o.color ? "\033[0m\n" : "\n");
    }
    for (int64_t row = 0; row < r->rows; row++) {
        for (int32_t j = 0; j < r->n_order; j++) {
            const sheaf_i_cell *c = &r->cells[row * r->n_columns + r->order[j]];
            put(r, j, (sheaf_str){r->text.p ? r->text.p + c->start : "", (size_t)c->n}, c->width, widths);
        }
        sheaf_i_out_text(r->out, "\n");
    }
    sheaf_i_free(r->ctx, widths);
}
