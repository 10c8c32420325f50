/* Two documents: a line of figures, then what differs, inline or in columns, or what they share; rows for programs. */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "near/pair_words.h"
#include "near/runs.h"
#include "read/corpus.h"
#include "report/diff.h"
#include "report/rows.h"

#define RUN 3 /* words count as shared in runs of so many */

static const sheaf_i_column COLUMNS[] = {
    {.name = {"kind", 4}},
    {.name = {"a_word", 6}, .right = true},
    {.name = {"a_words", 7}, .right = true},
    {.name = {"b_word", 6}, .right = true},
    {.name = {"b_words", 7}, .right = true},
    {.name = {"a_start", 7}, .right = true},
    {.name = {"a_bytes", 7}, .right = true},
    {.name = {"b_start", 7}, .right = true},
    {.name = {"b_bytes", 7}, .right = true},
    {.name = {"text", 4}},
};
#define N_COLUMNS ((int32_t)(sizeof COLUMNS / sizeof *COLUMNS))

void sheaf_diff_view_init(sheaf_diff_view *v, size_t size)
{
    sheaf_diff_view d = {.size = size, .least = 8, .context = 20};
    memcpy(v, &d, size < sizeof d ? size : sizeof d);
}

/* ---- for people -------------------------------------------------------------------------------- */

/* Lines stay lines; all else that a terminal would obey does not reach it. */
static void put_plain(sheaf_i_text *t, sheaf_str s)
{
    for (size_t i = 0; i < s.n;) {
        const char *end = memchr(s.p + i, '\n', s.n - i);
        const size_t n = end ? (size_t)(end - s.p) - i : s.n - i;
        (void)sheaf_i_text_plain(t, (sheaf_str){s.p + i, n});
        if (end) sheaf_i_text_puts(t, "\n");
        i += n + (end != NULL);
    }
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static size_t word_end(const sheaf_i_diff_side *s, int64_t i) { return s->word[i].start + (size_t)s->word[i].length; }

size_t sheaf_i_shown_end(const sheaf_i_diff_side *s, int64_t i)
{
    const size_t from = word_end(s, i), to = i + 1 < s->n ? s->word[i + 1].start : s->text.n;
    size_t end = from;
    while (end < to && !is_space(s->text.p[end])) end++;
    return end;
}

size_t sheaf_i_shown_begin(const sheaf_i_diff_side *s, int64_t i)
{
    const size_t from = i ? sheaf_i_shown_end(s, i - 1) : 0;
    size_t begin = s->word[i].start;
    if (begin <= from) return from;
    while (begin > from && !is_space(s->text.p[begin - 1])) begin--;
    return begin;
}

static void put_changed(sheaf_i_diff_job *j, sheaf_str s, sheaf_diff_kind kind)
{
    const bool gone = kind == SHEAF_DIFF_DELETED;
    if (j->o.color) sheaf_i_text_puts(&j->t, gone ? SHEAF_I_DELETED_COLOR : SHEAF_I_INSERTED_COLOR);
    sheaf_i_text_puts(&j->t, gone ? "[-" : "{+");
    put_plain(&j->t, s);
    sheaf_i_text_puts(&j->t, gone ? "-]" : "+}");
    if (j->o.color) sheaf_i_text_puts(&j->t, SHEAF_I_NO_COLOR);
}

/* Of a long stretch only what is near a change. */
static void put_same(sheaf_i_diff_job *j, const sheaf_diff_run *r, bool first, bool last)
{
    const int64_t context = j->view.context, before = first ? 0 : context, after = last ? 0 : context;
    const bool whole = !context || r->words <= before + after + context;
    if (whole || before) put_plain(&j->t, sheaf_i_shown_gap(&j->a, r->word_a));
    if (whole) put_plain(&j->t, sheaf_i_shown_words(&j->a, r->word_a, r->words));
    if (whole && last) put_plain(&j->t, sheaf_i_shown_gap(&j->a, j->a.n));
    if (whole) return;
    if (before) {
        put_plain(&j->t, sheaf_i_shown_words(&j->a, r->word_a, before));
        sheaf_i_text_puts(&j->t, "\n");
    }
    sheaf_i_text_puts(&j->t, "[... ");
    sheaf_i_text_int(&j->t, r->words - before - after);
    sheaf_i_text_puts(&j->t, " words the same ...]\n");
    if (after) put_plain(&j->t, sheaf_i_shown_words(&j->a, r->word_a + r->words - after, after));
}

/* Bytes of punctuation that both texts end with, behind their last word. */
static size_t common_end(const sheaf_i_diff_side *a, int64_t last_a, const sheaf_i_diff_side *b, int64_t last_b)
{
    const size_t end_a = sheaf_i_shown_end(a, last_a), end_b = sheaf_i_shown_end(b, last_b);
    const size_t n = end_a - word_end(a, last_a);
    return n == end_b - word_end(b, last_b) && memcmp(a->text.p + end_a - n, b->text.p + end_b - n, n) == 0 ? n : 0;
}

/* What is deleted and what stands there instead; the punctuation that stays is behind both. */
static void put_replaced(sheaf_i_diff_job *j, const sheaf_diff_run *gone, const sheaf_diff_run *added)
{
    sheaf_str old = sheaf_i_shown_words(&j->a, gone->word_a, gone->words);
    sheaf_str new = sheaf_i_shown_words(&j->b, added->word_b, added->words);
    const size_t n = common_end(&j->a, gone->word_a + gone->words - 1, &j->b, added->word_b + added->words - 1);
    old.n -= n;
    new.n -= n;
    put_plain(&j->t, sheaf_i_shown_gap(&j->a, gone->word_a));
    put_changed(j, old, SHEAF_DIFF_DELETED);
    put_changed(j, new, SHEAF_DIFF_INSERTED);
    put_plain(&j->t, (sheaf_str){new.p + new.n, n});
}

static void inline_view(sheaf_i_diff_job *j)
{
    for (int64_t i = 0; i < j->n; i++) {
        const sheaf_diff_run *r = &j->run[i];
        if (r->kind == SHEAF_DIFF_SAME) {
            put_same(j, r, i == 0, i + 1 == j->n);
        } else if (r->kind == SHEAF_DIFF_DELETED && i + 1 < j->n && r[1].kind == SHEAF_DIFF_INSERTED) {
            put_replaced(j, r, r + 1);
            i++;
        } else if (r->kind == SHEAF_DIFF_DELETED) {
            put_plain(&j->t, sheaf_i_shown_gap(&j->a, r->word_a));
            put_changed(j, sheaf_i_shown_words(&j->a, r->word_a, r->words), r->kind);
        } else {
            put_plain(&j->t, sheaf_i_shown_gap(&j->b, r->word_b));
            put_changed(j, sheaf_i_shown_words(&j->b, r->word_b, r->words), r->kind);
        }
    }
    if (!j->n || j->run[j->n - 1].kind != SHEAF_DIFF_SAME) put_plain(&j->t, sheaf_i_shown_gap(&j->a, j->a.n));
    if (j->t.n && j->t.p[j->t.n - 1] != '\n') sheaf_i_text_puts(&j->t, "\n");
}

static void place_of(sheaf_i_text *t, int64_t word, int64_t n, const char *where)
{
    sheaf_i_text_int(t, word + 1);
    sheaf_i_text_puts(t, "-");
    sheaf_i_text_int(t, word + n);
    sheaf_i_text_puts(t, where);
}

static void passages_view(sheaf_i_diff_job *j)
{
    if (!j->n) {
        sheaf_i_text_puts(&j->t, "no shared passage of ");
        sheaf_i_text_int(&j->t, j->view.least);
        sheaf_i_text_puts(&j->t, " words or more\n");
    }
    for (int64_t i = 0; i < j->n; i++) {
        const sheaf_passage *p = &j->passage[i];
        sheaf_i_text_puts(&j->t, i ? "\n" : "");
        sheaf_i_text_int(&j->t, i + 1);
        sheaf_i_text_puts(&j->t, ": ");
        sheaf_i_text_int(&j->t, p->words);
        sheaf_i_text_puts(&j->t, p->words == 1 ? " word, " : " words, ");
        place_of(&j->t, p->word_a, p->words, " of the left, ");
        place_of(&j->t, p->word_b, p->words, " of the right\n");
        put_plain(&j->t, sheaf_i_words_text(&j->a, p->word_a, p->words));
        sheaf_i_text_puts(&j->t, "\n");
    }
}

static void line_of_figures(sheaf_i_diff_job *j, const sheaf_i_overlap *f)
{
    sheaf_i_out_text(j->out, j->o.color ? "\033[1m" : "");
    if (!j->a.n && !j->b.n) sheaf_i_out_text(j->out, "no words to compare");
    else if (!j->a.n || !j->b.n) sheaf_i_out_text(j->out, j->a.n ? "no words in the right" : "no words in the left");
    else
        sheaf_i_out_printf(j->out, "%lld %% of the left is in the right, %lld %% of the right is in the left; longest "
                                   "shared passage %lld word%s", (long long)(100 * f->words_a / j->a.n),
                           (long long)(100 * f->words_b / j->b.n), (long long)f->longest, f->longest == 1 ? "" : "s");
    sheaf_i_out_text(j->out, j->o.color ? SHEAF_I_NO_COLOR "\n" : "\n");
}

static void people_view(sheaf_i_diff_job *j, const sheaf_i_overlap *f)
{
    line_of_figures(j, f);
    if (!j->run) passages_view(j);
    else if (j->view.side_by_side) sheaf_i_diff_columns(j);
    else inline_view(j);
    sheaf_i_out_write(j->out, j->t.p ? j->t.p : "", (size_t)j->t.n);
}

/* ---- for programs ------------------------------------------------------------------------------ */

static void side_cells(sheaf_i_rows *r, int64_t word, int64_t n)
{
    sheaf_i_cell_int(r, word);
    sheaf_i_cell_int(r, n);
}

/* Of no words: where they would stand. */
static void bytes_cells(sheaf_i_rows *r, const sheaf_i_diff_side *s, int64_t word, int64_t n)
{
    sheaf_i_cell_int(r, word < s->n ? (int64_t)s->word[word].start : (int64_t)s->text.n);
    sheaf_i_cell_int(r, n ? (int64_t)sheaf_i_words_text(s, word, n).n : 0);
}

static void row(sheaf_i_rows *r, const sheaf_i_diff_job *j, const char *kind, int64_t a, int64_t na, int64_t b,
                int64_t nb)
{
    sheaf_i_cell_text(r, sheaf_i_str(kind));
    side_cells(r, a, na);
    side_cells(r, b, nb);
    bytes_cells(r, &j->a, a, na);
    bytes_cells(r, &j->b, b, nb);
    sheaf_i_cell_text(r, na ? sheaf_i_words_text(&j->a, a, na) : sheaf_i_words_text(&j->b, b, nb));
    sheaf_i_row_end(r);
}

static void share(sheaf_i_text *t, const char *name, int64_t part, int64_t whole)
{
    sheaf_i_text_puts(t, name);
    if (whole) sheaf_i_text_real(t, (double)part / (double)whole, 4);
    else sheaf_i_text_puts(t, "null");
}

static sheaf_status rows_view(sheaf_i_diff_job *j, const sheaf_i_overlap *f)
{
    sheaf_i_rows r;
    sheaf_i_text *t = &j->t;
    share(t, ",\n\"a_in_b\":", f->words_a, j->a.n);
    share(t, ",\n\"b_in_a\":", f->words_b, j->b.n);
    sheaf_i_text_puts(t, ",\n\"longest_run\":");
    sheaf_i_text_int(t, f->longest);
    sheaf_i_text_add(t, "", 1); /* ends the string */
    if (t->status != SHEAF_OK) return t->status;
    sheaf_status st = sheaf_i_rows_open_with(&r, j->ctx, j->out, &j->o, "diff", NULL, t->p, COLUMNS, N_COLUMNS);
    if (st != SHEAF_OK) return st;
    for (int64_t i = 0; i < j->n && !sheaf_i_rows_full(&r); i++) {
        if (!j->run) {
            const sheaf_passage *p = &j->passage[i];
            row(&r, j, "passage", p->word_a, p->words, p->word_b, p->words);
        } else {
            static const char *const kinds[] = {"same", "deleted", "inserted"};
            const sheaf_diff_run *x = &j->run[i];
            row(&r, j, kinds[x->kind], x->word_a, x->kind == SHEAF_DIFF_INSERTED ? 0 : x->words, x->word_b,
                x->kind == SHEAF_DIFF_DELETED ? 0 : x->words);
        }
    }
    return sheaf_i_rows_close(&r);
}

static sheaf_status find_figures(sheaf_i_overlap *f, sheaf_ctx *ctx, const sheaf_words *w, int64_t a, int64_t b)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_pair_words p = {.ctx = ctx};
    sheaf_i_runs runs;
    sheaf_i_runs_init(&runs, ctx);
    SHEAF_TRY(sheaf_i_pair_words_new(&p, ctx, w, a, w, b));
    const int64_t shorter = p.na < p.nb ? p.na : p.nb;
    SHEAF_TRY(sheaf_i_runs_overlap(&runs, f, p.a, p.na, p.b, p.nb, shorter < 1 ? 1 : shorter < RUN ? shorter : RUN));
done:
    sheaf_i_runs_end(&runs);
    sheaf_i_pair_words_end(&p);
    return st;
}

sheaf_status sheaf_write_diff(sheaf_out *o, const sheaf_corpus *c, const sheaf_words *w, int64_t a, int64_t b,
                              const sheaf_diff_view *view, const sheaf_write_opts *opts)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_diff_job j = {.ctx = c->ctx, .out = o};
    sheaf_i_overlap figures;
    sheaf_diff *d = NULL;
    sheaf_passages *p = NULL;
    sheaf_i_write_opts(&j.o, opts);
    sheaf_diff_view_init(&j.view, sizeof j.view);
    if (view) sheaf_i_opts_copy(&j.view, sizeof j.view, view, view->size);
    sheaf_i_text_init(&j.t, j.ctx);
    SHEAF_TRY(find_figures(&figures, j.ctx, w, a, b));
    j.a.text = sheaf_corpus_text(c, a);
    j.b.text = sheaf_corpus_text(c, b);
    SHEAF_TRY(sheaf_words_spans(j.ctx, &j.a.word, &j.a.n, w, c, a));
    SHEAF_TRY(sheaf_words_spans(j.ctx, &j.b.word, &j.b.n, w, c, b));
    if (j.view.passages) {
        SHEAF_TRY(sheaf_passages_of_pair(j.ctx, &p, c, w, NULL, NULL, a, b, j.view.least));
        j.passage = sheaf_passages_list(p, &j.n);
    } else {
        SHEAF_TRY(sheaf_diff_docs(j.ctx, &d, w, a, b));
        j.run = sheaf_diff_runs(d, &j.n);
    }
    if (j.o.format == SHEAF_FORMAT_TABLE) people_view(&j, &figures);
    else SHEAF_TRY(rows_view(&j, &figures));
    st = j.t.status != SHEAF_OK ? j.t.status : sheaf_i_out_status(o);
done:
    sheaf_spans_free(j.ctx, j.a.word);
    sheaf_spans_free(j.ctx, j.b.word);
    sheaf_diff_free(d);
    sheaf_passages_free(p);
    sheaf_i_text_end(&j.t);
    return st;
}
