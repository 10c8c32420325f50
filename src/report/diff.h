/* Two documents held against each other, as the views of them need it. */
#ifndef SHEAF_REPORT_DIFF_H
#define SHEAF_REPORT_DIFF_H

#include "report/text.h"

typedef struct {
    sheaf_str text;
    sheaf_span *word;
    int64_t n;
} sheaf_i_diff_side;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_out *out;
    sheaf_write_opts o;
    sheaf_diff_view view;
    sheaf_i_diff_side a, b;
    const sheaf_diff_run *run;      /* NULL: passages are shown */
    const sheaf_passage *passage;
    int64_t n;                      /* runs or passages */
    sheaf_i_text t;
} sheaf_i_diff_job;

/* Words first .. first + n - 1 with what stands between them. */
static inline sheaf_str sheaf_i_words_text(const sheaf_i_diff_side *s, int64_t first, int64_t n)
{
    const size_t start = s->word[first].start;
    const sheaf_span last = s->word[first + n - 1];
    return (sheaf_str){s->text.p + start, last.start + last.length - start};
}

/* For showing, every word has the punctuation that clings to it, and nothing is shown twice: words may overlap, as
   pairs of characters do in scripts without spaces. Where word i begins and ends so; begin(i) >= end(i - 1), and what
   is between starts and ends with white space, or there is nothing. */
size_t sheaf_i_shown_begin(const sheaf_i_diff_side *s, int64_t i);
size_t sheaf_i_shown_end(const sheaf_i_diff_side *s, int64_t i);

static inline sheaf_str sheaf_i_shown_words(const sheaf_i_diff_side *s, int64_t first, int64_t n)
{
    const size_t start = sheaf_i_shown_begin(s, first);
    return (sheaf_str){s->text.p + start, sheaf_i_shown_end(s, first + n - 1) - start};
}

/* White space before word i, or, of the number of words, what stands behind the last one. */
static inline sheaf_str sheaf_i_shown_gap(const sheaf_i_diff_side *s, int64_t i)
{
    const size_t from = i ? sheaf_i_shown_end(s, i - 1) : 0, to = i < s->n ? sheaf_i_shown_begin(s, i) : s->text.n;
    return (sheaf_str){s->text.p ? s->text.p + from : "", to - from};
}

#define SHEAF_I_DELETED_COLOR "\033[9;31m"  /* struck through, so that colour is not all that tells */
#define SHEAF_I_INSERTED_COLOR "\033[4;32m" /* underlined */
#define SHEAF_I_NO_COLOR "\033[0m"

/* Two columns of o.width. */
void sheaf_i_diff_columns(sheaf_i_diff_job *j);

#endif
