/* Two documents side by side: words fill a column each, and what both have stands on the same line. Words of a change
 * fill up both columns before the next common word begins, so that the columns never run apart by more than a line.
 */
#include "base/file.h"
#include "report/diff.h"

#define LEAST_WIDTH 10

typedef struct {
    sheaf_i_text line;
    int32_t used;          /* of its width */
    sheaf_diff_kind kind;  /* of the last word on the line */
    bool marked;           /* the line has a change */
} column;

typedef struct {
    sheaf_i_diff_job *j;
    column side[2];
    int32_t width;
    sheaf_i_text word;
} page;

static const char *opening(const page *p, sheaf_diff_kind kind)
{
    if (kind == SHEAF_DIFF_SAME) return "";
    if (p->j->o.color) return kind == SHEAF_DIFF_DELETED ? SHEAF_I_DELETED_COLOR : SHEAF_I_INSERTED_COLOR;
    return kind == SHEAF_DIFF_DELETED ? "[-" : "{+";
}

static const char *closing(const page *p, sheaf_diff_kind kind)
{
    if (kind == SHEAF_DIFF_SAME) return "";
    if (p->j->o.color) return SHEAF_I_NO_COLOR;
    return kind == SHEAF_DIFF_DELETED ? "-]" : "+}";
}

static int32_t mark_width(const page *p, sheaf_diff_kind kind)
{
    return kind == SHEAF_DIFF_SAME || p->j->o.color ? 0 : 2;
}

static void close_mark(page *p, column *c)
{
    sheaf_i_text_puts(&c->line, closing(p, c->kind));
    c->used += mark_width(p, c->kind);
    c->kind = SHEAF_DIFF_SAME;
}

/* The line of both columns, with a sign between them that tells where something differs. */
static void flush(page *p)
{
    column *left = &p->side[0], *right = &p->side[1];
    if (!left->used && !right->used) return;
    for (int i = 0; i < 2; i++) close_mark(p, &p->side[i]);
    sheaf_out *out = p->j->out;
    sheaf_i_out_write(out, left->line.p ? left->line.p : "", (size_t)left->line.n);
    for (int32_t i = left->used; i < p->width; i++) sheaf_i_out_write(out, " ", 1);
    sheaf_i_out_text(out, left->marked && right->marked ? " | " : left->marked ? " < " : right->marked ? " > " : "   ");
    sheaf_i_out_write(out, right->line.p ? right->line.p : "", (size_t)right->line.n);
    sheaf_i_out_text(out, "\n");
    for (int i = 0; i < 2; i++) {
        p->side[i].line.n = 0;
        p->side[i].used = 0;
        p->side[i].marked = false;
    }
}

/* Word i of a side with the punctuation that clings to it, in p->word; its width. */
static int32_t spell(page *p, const sheaf_i_diff_side *s, int64_t i)
{
    p->word.n = 0;
    return sheaf_i_text_plain(&p->word, sheaf_i_shown_words(s, i, 1));
}

/* Word i onto the line of its side. False where there is no room left; a word wider than a column has a line of its
   own. */
static bool place(page *p, int side, sheaf_diff_kind kind, int64_t i)
{
    const sheaf_i_diff_side *text = side ? &p->j->b : &p->j->a;
    column *c = &p->side[side];
    const int32_t width = spell(p, text, i), mark = mark_width(p, kind);
    const bool goes_on = c->used && c->kind == kind, space = c->used && sheaf_i_shown_gap(text, i).n;
    const int32_t marks = goes_on ? mark : mark_width(p, c->kind) + 2 * mark;
    if (c->used && c->used + space + marks + width > p->width) return false;
    if (!goes_on && c->used) close_mark(p, c);
    if (space) sheaf_i_text_puts(&c->line, " ");
    if (!goes_on) sheaf_i_text_puts(&c->line, opening(p, kind));
    sheaf_i_text_add(&c->line, p->word.p ? p->word.p : "", (size_t)p->word.n);
    c->used += space + width + (goes_on ? 0 : mark);
    c->kind = kind;
    c->marked |= kind != SHEAF_DIFF_SAME;
    return true;
}

/* A change: words left0 .. left1 - 1 of the one, right0 .. right1 - 1 of the other. */
static void change(page *p, int64_t left0, int64_t left1, int64_t right0, int64_t right1)
{
    while (left0 < left1 || right0 < right1) {
        while (left0 < left1 && place(p, 0, SHEAF_DIFF_DELETED, left0)) left0++;
        while (right0 < right1 && place(p, 1, SHEAF_DIFF_INSERTED, right0)) right0++;
        if (left0 < left1 || right0 < right1) flush(p);
    }
}

static bool new_paragraph(sheaf_str gap)
{
    int lines = 0;
    for (size_t i = 0; i < gap.n; i++) lines += gap.p[i] == '\n';
    return lines > 1;
}

static void unchanged(page *p, const sheaf_diff_run *run)
{
    for (int64_t i = 0; i < run->words; i++) {
        if (new_paragraph(sheaf_i_shown_gap(&p->j->a, run->word_a + i))) {
            flush(p);
            sheaf_i_out_text(p->j->out, "\n");
        }
        if (!place(p, 0, SHEAF_DIFF_SAME, run->word_a + i)) {
            flush(p);
            (void)place(p, 0, SHEAF_DIFF_SAME, run->word_a + i);
        }
        if (place(p, 1, SHEAF_DIFF_SAME, run->word_b + i)) continue;
        flush(p); /* the right side had less room: its word stands a line below */
        (void)place(p, 1, SHEAF_DIFF_SAME, run->word_b + i);
    }
}

void sheaf_i_diff_columns(sheaf_i_diff_job *j)
{
    page p = {.j = j, .width = (j->o.width > 0 ? j->o.width - 3 : 77) / 2};
    if (p.width < LEAST_WIDTH) p.width = LEAST_WIDTH;
    sheaf_i_text_init(&p.word, j->ctx);
    for (int i = 0; i < 2; i++) sheaf_i_text_init(&p.side[i].line, j->ctx);
    for (int64_t i = 0; i < j->n; i++) {
        const sheaf_diff_run *r = &j->run[i], *next = i + 1 < j->n ? r + 1 : NULL;
        if (r->kind == SHEAF_DIFF_SAME) {
            unchanged(&p, r);
        } else if (r->kind == SHEAF_DIFF_INSERTED) {
            change(&p, 0, 0, r->word_b, r->word_b + r->words);
        } else {
            const bool both = next && next->kind == SHEAF_DIFF_INSERTED;
            const int64_t to = r->word_a + r->words;
            change(&p, r->word_a, to, both ? next->word_b : 0, both ? next->word_b + next->words : 0);
            i += both;
        }
    }
    flush(&p);
    sheaf_status st = p.word.status;
    for (int i = 0; i < 2; i++) {
        if (st == SHEAF_OK) st = p.side[i].line.status;
        sheaf_i_text_end(&p.side[i].line);
    }
    sheaf_i_text_end(&p.word);
    if (j->t.status == SHEAF_OK) j->t.status = st;
}
