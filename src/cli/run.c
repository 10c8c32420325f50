/* The context and the fit, as every reading command needs them. */
#include <stdio.h>
#include <string.h>

#include "settings.h"

/* Two inputs of one kind say the same; once is enough. */
static void take_note(void *user, const char *text)
{
    settings *s = user;
    if (s->last_note && strcmp(s->last_note, text) == 0) return;
    s->last_note = own_text(s, text, strlen(text));
    note(s, "%s", text);
}

int open_context(settings *s)
{
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = s->threads;
    o.progress = progress_step;
    o.progress_user = s;
    o.note = take_note;
    o.note_user = s;
    sheaf_status st = sheaf_ctx_new(&s->ctx, &o);
    if (st != SHEAF_OK) return fail(EXIT_SYSTEM, NULL, "%s", sheaf_status_name(st));
    progress_begin(s);
    return EXIT_DONE;
}

void model_end(sheaf_model *m)
{
    if (FREE_AT_END) sheaf_model_free(m);
}

/* Fields of ours are no columns of the input. */
static bool is_ours(const settings *s, const char *name)
{
    static const char *const ours[] = {"id",     "cluster",      "fit",   "margin", "second", "unknown",
                                       "reason", "cluster_name", "label", "title",  "date"};
    char cut[24];
    for (int i = 0; i < s->n_cuts; i++)
        if (snprintf(cut, sizeof cut, "cluster_%d", s->cuts[i]) > 0 && strcmp(cut, name) == 0) return true;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], name) == 0) return true;
    return false;
}

/* Only document rows carry own columns, and then only those that are written. */
static void choose_input_columns(settings *s, strings *own)
{
    sheaf_read_opts *r = &s->fit.read;
    if (s->emit == EMIT_CLUSTERS || s->emit == EMIT_TREE || s->emit == EMIT_K || strcmp(s->verb, "cluster") != 0) {
        r->n_columns = strcmp(s->verb, "info") == 0 ? -1 : 0;
    } else if (s->columns.n) {
        for (int i = 0; i < s->columns.n; i++) {
            if (strncmp(s->columns.items[i], "input_", 6) == 0) return; /* may be any of the input's */
            if (!is_ours(s, s->columns.items[i])) strings_add(own, s->columns.items[i]);
        }
        r->columns = own->items;
        r->n_columns = own->n;
    }
}

static sheaf_status write_skipped(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    sheaf_write_opts plain = *o;
    plain.columns = NULL;
    plain.n_columns = 0;
    plain.max_rows = 0;
    return sheaf_write_skipped(out, what, &plain);
}

int list_skipped(settings *s, const sheaf_corpus *c)
{
    sheaf_format format = s->format;
    s->format = SHEAF_FORMAT_TSV;
    int code = write_result(s, s->skipped, write_skipped, (void *)(uintptr_t)c);
    s->format = format;
    return code;
}

/* Options that cannot do anything, as a configuration file may bring them. */
static void note_idle_options(const settings *s)
{
    const sheaf_text_opts *t = &s->fit.text;
    if (s->fit.vectors && s->fit.space.dims) note(s, "--dims does nothing with --vectors");
    if (s->fit.vectors && s->fit.cluster.drop_first >= 0) note(s, "--drop-first does nothing with --vectors");
    if (t->analyzer != SHEAF_ANALYZER_SKLEARN) return;
    if (t->lang && strcmp(t->lang, "auto") != 0) note(s, "--lang does nothing with --analyzer sklearn");
    if (t->stem >= 0) note(s, "--%sstem does nothing with --analyzer sklearn", t->stem ? "" : "no-");
}

int fit_model(settings *s, sheaf_fit_stage stage, sheaf_model **m)
{
    *m = NULL;
    if (!s->inputs.n)
        return fail(EXIT_USAGE, "a folder, files, or - for standard input", "no input: sheaf %s INPUT...", s->verb);
    strings own = {NULL, 0};
    choose_input_columns(s, &own);
    s->fit.stage = stage;
    note_idle_options(s);
    sheaf_corpus *remains = NULL;
    if (s->skipped) s->fit.read.remains = &remains;
    sheaf_status st = sheaf_model_fit(s->ctx, m, s->inputs.items, s->inputs.n, &s->fit);
    if (own.items) strings_add(&s->owned, (const char *)own.items);
    if (st != SHEAF_OK) {
        int failed = fail_status(s, st, false);
        if (remains) list_skipped(s, remains);
        sheaf_corpus_free(remains);
        return failed;
    }
    summary(s, *m);
    int code = s->skipped ? list_skipped(s, sheaf_model_corpus(*m)) : EXIT_DONE;
    if (code) {
        sheaf_model_free(*m);
        *m = NULL;
    }
    return code;
}
