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

static int choose_document(const char *path, const char *id, const sheaf_corpus *c, int64_t *doc)
{
    char hint[400];
    int64_t nearest = -1;
    *doc = id ? sheaf_corpus_find(c, (sheaf_str){id, strlen(id)}, &nearest) : 0;
    if (*doc >= 0 && (id || sheaf_corpus_size(c) == 1)) return EXIT_DONE;
    const sheaf_str shown = sheaf_corpus_id(c, nearest >= 0 ? nearest : 0);
    snprintf(hint, sizeof hint, nearest >= 0 ? "%.150s#%.*s" : "FILE#ID, for example '%.150s#%.*s'", path,
             (int)(shown.n < 200 ? shown.n : 200), shown.p);
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

/* Words decide; texts without any differ where their bytes do. */
static bool tell_whether_same(const job *j, bool same)
{
    int64_t words;
    const sheaf_str *a = &j->text[0], *b = &j->text[1];
    if (!same || (a->n == b->n && (!a->n || memcmp(a->p, b->p, a->n) == 0))) return same;
    (void)sheaf_words_of(j->words, 0, &words);
    note(j->s, words ? "the words are the same; the texts differ in case, punctuation or spaces"
                     : "neither text has a word; the texts differ");
    return words > 0;
}

static int compare(job *j)
{
    settings *s = j->s;
    bool same = false;
    sheaf_status st = sheaf_corpus_from_memory(s->ctx, &j->pair, j->text, NULL, NULL, 2);
    if (st == SHEAF_OK) st = sheaf_words_from_corpus(s->ctx, &j->words, j->pair, &s->fit.text);
    if (st == SHEAF_OK) st = sheaf_same_words(s->ctx, &same, j->words, 0, 1);
    if (st != SHEAF_OK) return fail_status(s, st, false);
    int code = write_result(s, s->output, write_diff, j);
    return code ? code : tell_whether_same(j, same) ? EXIT_DONE : EXIT_NO;
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
