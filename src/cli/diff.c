/* sheaf diff */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "settings.h"

typedef struct {
    settings *s;
    sheaf_corpus *corpus[2], *pair;
    sheaf_words *words;
    sheaf_str text[2];
} job;

static bool exists(const char *path)
{
    struct stat st;
    return strcmp(path, "-") == 0 || stat(path, &st) == 0;
}

static int64_t find_id(const sheaf_corpus *c, const char *id)
{
    const size_t n = strlen(id);
    for (int64_t i = 0; i < sheaf_corpus_size(c); i++) {
        const sheaf_str s = sheaf_corpus_id(c, i);
        if (s.n == n && memcmp(s.p, id, n) == 0) return i;
    }
    return -1;
}

static int choose_document(const char *path, const char *id, const sheaf_corpus *c, int64_t *doc)
{
    char hint[400];
    const sheaf_str first = sheaf_corpus_id(c, 0);
    const int shown = first.n < 200 ? (int)first.n : 200;
    *doc = id ? find_id(c, id) : 0;
    if (*doc >= 0 && (id || sheaf_corpus_size(c) == 1)) return EXIT_DONE;
    snprintf(hint, sizeof hint, "FILE#ID, for example '%.120s#%.*s'", path, shown, first.p);
    if (id) return fail(EXIT_USAGE, hint, "%s: no document '%s'", path, id);
    return fail(EXIT_USAGE, hint, "%s has %lld documents: say which", path, (long long)sheaf_corpus_size(c));
}

/* "FILE", or "FILE#ID" where there is no file of that name. *id is NULL for the first. */
static const char *split_name(settings *s, const char *given, const char **id)
{
    const char *hash = strrchr(given, '#');
    const bool split = hash && hash > given && !exists(given);
    *id = split ? hash + 1 : NULL;
    return split ? own_text(s, given, (size_t)(hash - given)) : given;
}

static int read_documents(job *j)
{
    settings *s = j->s;
    const char *path[2], *id[2];
    sheaf_read_opts o = s->fit.read;
    o.keep_text = true;
    o.n_columns = 0;
    for (int side = 0; side < 2; side++) {
        int64_t doc;
        sheaf_read_opts own = o;
        path[side] = split_name(s, s->inputs.items[side], &id[side]);
        if (strcmp(path[side], "-") == 0 && !id[side] && o.from == SHEAF_FROM_AUTO) own.from = SHEAF_FROM_TEXT;
        const bool again = side && strcmp(path[0], path[1]) == 0;
        sheaf_status st = again ? SHEAF_OK : sheaf_corpus_read(s->ctx, &j->corpus[side], &path[side], 1, &own);
        if (st != SHEAF_OK) return fail_status(s, st, false);
        const sheaf_corpus *c = j->corpus[again ? 0 : side];
        int code = choose_document(path[side], id[side], c, &doc);
        if (code) return code;
        j->text[side] = sheaf_corpus_text(c, doc);
    }
    return EXIT_DONE;
}

static sheaf_status write_diff(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const job *j = what;
    return sheaf_write_diff(out, j->pair, j->words, 0, 1, &j->s->dups.view, o);
}

static sheaf_status differ(const job *j, bool *differs)
{
    sheaf_diff *d;
    int64_t n;
    sheaf_status st = sheaf_diff_docs(j->s->ctx, &d, j->words, 0, 1);
    if (st != SHEAF_OK) return st;
    const sheaf_diff_run *run = sheaf_diff_runs(d, &n);
    *differs = n > 1 || (n == 1 && run[0].kind != SHEAF_DIFF_SAME);
    sheaf_diff_free(d);
    return SHEAF_OK;
}

static int compare(job *j)
{
    settings *s = j->s;
    bool differs = false;
    sheaf_status st = sheaf_corpus_from_memory(s->ctx, &j->pair, j->text, NULL, NULL, 2);
    if (st == SHEAF_OK) st = sheaf_words_from_corpus(s->ctx, &j->words, j->pair, &s->fit.text);
    if (st == SHEAF_OK) st = differ(j, &differs);
    if (st != SHEAF_OK) return fail_status(s, st, false);
    int code = write_result(s, s->output, write_diff, j);
    return code ? code : differs ? EXIT_NO : EXIT_DONE;
}

/* The text for people is the default in a pipe too. */
static void settle_format(settings *s)
{
    const char *dot = s->output ? strrchr(s->output, '.') : NULL;
    if (s->format_given || s->format != SHEAF_FORMAT_TSV || (dot && strcmp(dot, ".tsv") == 0)) return;
    s->format = SHEAF_FORMAT_TABLE;
}

int run_diff(settings *s)
{
    job j = {.s = s};
    if (s->inputs.n != 2)
        return fail(EXIT_USAGE, "sheaf diff A B", "two documents are compared, %d given", s->inputs.n);
    if (strcmp(s->inputs.items[0], "-") == 0 && strcmp(s->inputs.items[1], "-") == 0)
        return fail(EXIT_USAGE, NULL, "standard input can be one of the documents, not both");
    settle_format(s);
    s->dups.view.passages = s->emit == EMIT_PASSAGES || (s->emit == EMIT_AUTO && s->dups.passages > 0);
    if (s->dups.passages > 0) s->dups.view.least = s->dups.passages;
    int code = read_documents(&j);
    if (!code) code = compare(&j);
    if (!FREE_AT_END) return code;
    sheaf_words_free(j.words);
    sheaf_corpus_free(j.pair);
    sheaf_corpus_free(j.corpus[0]);
    sheaf_corpus_free(j.corpus[1]);
    return code;
}
