/* sheaf export: the matrix, and the names of its rows and columns beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

static sheaf_status write_rows(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    (void)o;
    return sheaf_write_names(out, what, false);
}

static sheaf_status write_columns(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    (void)o;
    return sheaf_write_names(out, what, true);
}

static int check_options(settings *s)
{
    if (!s->output) return fail(EXIT_USAGE, "-o matrix.npz", "sheaf export writes to a file");
    const char *dot = strrchr(s->output, '.');
    static const char *const names[] = {"npz", "mtx", "svm"};
    for (int i = 0; i < 3 && s->to == SHEAF_MATRIX_AUTO && dot; i++)
        if (strcmp(dot + 1, names[i]) == 0) s->to = (sheaf_matrix_format)(SHEAF_MATRIX_NPZ + i);
    if (s->to == SHEAF_MATRIX_AUTO) return fail(EXIT_USAGE, "--to npz", "%s: which format?", s->output);
    if (s->what == WHAT_COUNTS) {
        sheaf_weight_opts preset;
        sheaf_weight_opts_init(&preset, sizeof preset);
        if (s->fit.weight.scheme != preset.scheme) note(s, "--weight does nothing with --what counts");
        if (s->fit.weight.row_damping != preset.row_damping) note(s, "--row-damping does nothing with --what counts");
        s->fit.weight.scheme = SHEAF_WEIGHT_COUNT;
        s->fit.weight.l2 = false;
    }
    return EXIT_DONE;
}

typedef struct {
    sheaf_str label;
    int64_t doc;
} labelled;

static int by_label(const void *a, const void *b)
{
    const labelled *x = a, *y = b;
    size_t n = x->label.n < y->label.n ? x->label.n : y->label.n;
    int c = n ? memcmp(x->label.p, y->label.p, n) : 0;
    if (c) return c;
    return x->label.n != y->label.n ? (x->label.n > y->label.n) - (x->label.n < y->label.n)
                                    : (x->doc > y->doc) - (x->doc < y->doc);
}

static bool same_label(sheaf_str a, sheaf_str b) { return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0); }

/* Labels as 0, 1, 2 ... in order of their bytes; NULL without labels or memory. */
static int32_t *number_labels(const sheaf_corpus *c)
{
    int64_t n = sheaf_corpus_size(c);
    if (!sheaf_corpus_has_label(c)) return NULL;
    labelled *l = malloc((size_t)n * sizeof *l);
    int32_t *numbers = malloc((size_t)n * sizeof *numbers);
    if (!l || !numbers) {
        free(l);
        free(numbers);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) l[i] = (labelled){sheaf_corpus_label(c, i), i};
    qsort(l, (size_t)n, sizeof *l, by_label);
    int32_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        at += i && !same_label(l[i - 1].label, l[i].label);
        numbers[l[i].doc] = at;
    }
    free(l);
    return numbers;
}

static int save(settings *s, const sheaf_model *m)
{
    int32_t *labels = s->to == SHEAF_MATRIX_SVM ? number_labels(sheaf_model_corpus(m)) : NULL;
    guard_file(s->output);
    sheaf_status st = sheaf_matrix_save(s->ctx, sheaf_model_matrix(m), s->output, s->to, labels);
    guard_file(NULL);
    free(labels);
    return st == SHEAF_OK ? EXIT_DONE : fail_status(s, st, true);
}

static int save_names(settings *s, sheaf_model *m, const char *ending, writer fn)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s%s", s->output, ending) >= (int)sizeof path)
        return fail(EXIT_USAGE, NULL, "%s: the name is too long", s->output);
    return write_result(s, path, fn, m);
}

int run_export(settings *s)
{
    sheaf_model *m;
    int code = check_options(s);
    if (!code) code = fit_model(s, SHEAF_FIT_MATRIX, &m);
    if (code) return code;
    code = save(s, m);
    if (!code) code = save_names(s, m, ".rows.txt", write_rows);
    if (!code) code = save_names(s, m, ".cols.txt", write_columns);
    if (!code) progress_end(s);
    model_end(m);
    return code;
}
