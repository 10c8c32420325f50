/* sheaf similar */
#include <stdio.h>
#include <string.h>

#include "options.h"

#define NAMED 8 /* unknown words that a note names */

void similar_init(settings *s)
{
    sheaf_similar_opts_init(&s->similar.o, sizeof s->similar.o);
    /* Not given: what suits the space is chosen when both are known. */
    s->fit.text.min_df_count = -1;
    s->fit.text.max_df_share = -1;
    s->fit.weight.scheme = (sheaf_weight)-1;
}

int set_similar(settings *s, int option, const char *value)
{
    static const char *const spaces[] = {"words", "latent"};
    int index = 0, code = 0;
    switch (option) {
    case OPT_LIKE: s->similar.like = value; break;
    case OPT_TEXT: s->similar.text = value; break;
    case OPT_FILE: s->similar.file = value; break;
    case OPT_ALL: s->similar.all = true; break;
    case OPT_EDGES: s->similar.edges = true; break;
    case OPT_SPACE:
        code = choose("space", value, spaces, 2, &index);
        s->similar.o.space = (sheaf_similar_space)index;
        break;
    default: return -1;
    }
    return code;
}

/* ---- what is asked */

static int check_question(settings *s)
{
    const similar_settings *q = &s->similar;
    const char *asked[] = {q->like ? "--like" : NULL, q->text ? "--text" : NULL, q->file ? "--file" : NULL,
                           q->all ? "--all" : NULL};
    const char *first = NULL, *second = NULL;
    for (int i = 0; i < 4; i++) {
        if (first && !second) second = asked[i];
        if (!first) first = asked[i];
    }
    if (!first)
        return fail(EXIT_USAGE, "--like ID, --text \"...\", --file FILE or --all", "similar to what?");
    if (second) return fail(EXIT_USAGE, "one question at a time", "both %s and %s", first, second);
    if (q->edges && !q->all) return fail(EXIT_USAGE, "--all --edges", "--edges is of --all");
    if (q->file && strcmp(q->file, "-") == 0)
        for (int i = 0; i < s->inputs.n; i++)
            if (strcmp(s->inputs.items[i], "-") == 0)
                return fail(EXIT_USAGE, NULL, "--file - and the input cannot both be standard input");
    return EXIT_DONE;
}

static bool is_blank(sheaf_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!strchr(" \t\r\n\v\f", text.p[i])) return false;
    return true;
}

/* FILE is an input of its own, of one document: unpacked, decoded, its format told by its name or its beginning. */
static int read_file(settings *s, sheaf_corpus **c, sheaf_str *text)
{
    const char *file = s->similar.file;
    sheaf_read_opts o;
    sheaf_read_opts_init(&o, sizeof o);
    o.n_columns = 0;
    if (strcmp(file, "-") == 0) o.from = SHEAF_FROM_TEXT;
    sheaf_status st = sheaf_corpus_read(s->ctx, c, &file, 1, &o);
    if (st != SHEAF_OK) return fail_status(s, st, false);
    if (sheaf_corpus_size(*c) != 1)
        return fail(EXIT_USAGE, "a file with one document, or --text", "--file %s: %lld documents", file,
                    (long long)sheaf_corpus_size(*c));
    *text = sheaf_corpus_text(*c, 0);
    return EXIT_DONE;
}

/* The text is borrowed from *c, the corpus of FILE, or from the command line. */
static int get_text(settings *s, sheaf_corpus **c, sheaf_str *text)
{
    const similar_settings *q = &s->similar;
    if (q->file) return read_file(s, c, text);
    *text = (sheaf_str){q->text, strlen(q->text)};
    return is_blank(*text) ? fail(EXIT_USAGE, NULL, "--text: no text") : EXIT_DONE;
}

/* A term of a single document decides nothing between documents, but it may be what a text asks for; and the weights
   see to it that common terms count little. The latent space is that of the main job. */
static void choose_options(settings *s)
{
    sheaf_text_opts *t = &s->fit.text;
    const bool words = s->similar.o.space == SHEAF_SIMILAR_WORDS;
    if (t->min_df_count < 0) t->min_df_count = words ? 1 : 2;
    if (t->max_df_share < 0) t->max_df_share = words ? 1 : .5;
    if ((int)s->fit.weight.scheme < 0) s->fit.weight.scheme = words ? SHEAF_WEIGHT_SUBLINEAR : SHEAF_WEIGHT_BIPARTITE;
    t->keep_pruned = s->similar.text || s->similar.file;
    s->fit.wanted = s->similar.like;
    s->similar.o.n_terms = s->fit.topic.n_terms;
    if (s->rows) s->similar.o.n = s->rows < INT32_MAX ? (int32_t)s->rows : INT32_MAX;
    s->rows = 0;
}

/* ---- what came out */

static void list_unknown(const sheaf_query *q, char *out, size_t size)
{
    sheaf_str word;
    size_t n = 0;
    int64_t i = 0;
    *out = 0;
    for (; i < NAMED && n + 1 < size && sheaf_query_unknown_word(q, i, &word); i++)
        n += (size_t)snprintf(out + n, size - n, "%s%.*s", i ? ", " : "", whole_characters(word.p, word.n, 64), word.p);
    if (sheaf_query_unknown_word(q, i, &word) && n + 1 < size) snprintf(out + n, size - n, ", ...");
}

static void tell_unknown(const settings *s, const sheaf_query *q)
{
    char words[1024];
    if (!q || !sheaf_query_unknown(q)) return;
    list_unknown(q, words, sizeof words);
    note(s, "%lld of %lld words of the text are not in the collection (%.0f %%)%s%s",
         (long long)sheaf_query_unknown(q), (long long)sheaf_query_words(q),
         100 * (double)sheaf_query_unknown(q) / (double)sheaf_query_words(q), *words ? ": " : "", words);
}

/* Nothing is an answer too: who reads rows gets none of them, and a note. */
static int tell(const settings *s, const char *hint, const char *text)
{
    if (s->format == SHEAF_FORMAT_TABLE) return fail(EXIT_NO, hint, "%s", text);
    note(s, "%s", text);
    return EXIT_NO;
}

static int nothing_found(const settings *s, const sheaf_query *q)
{
    char text[1100], words[1024];
    int64_t n;
    if (!q) {
        snprintf(text, sizeof text, "no document is similar to %.1000s%s", s->similar.like,
                 s->similar.o.space == SHEAF_SIMILAR_WORDS ? ": none shares a word with it" : "");
        return tell(s, NULL, text);
    }
    if (sheaf_query_words(q) == 0)
        return tell(s, "--stop-words none keeps function words, --numbers keeps numbers",
                    "the text has no words to look for: stop words and numbers alone");
    (void)sheaf_query_terms(q, NULL, &n);
    if (n) return tell(s, NULL, "no document is similar to the text");
    if (sheaf_query_unknown(q) < sheaf_query_words(q))
        return tell(s, "--min-df 1 keeps rare words, --max-df 1.0 common ones",
                    "the words of the text that are in the collection are too rare or too common there");
    list_unknown(q, words, sizeof words);
    snprintf(text, sizeof text, "no word of the text is in the collection%s%s%s", *words ? " (" : "", words,
             *words ? ")" : "");
    return tell(s, "other words or their stems; --lang if the text is in another language than was guessed", text);
}

typedef struct {
    const sheaf_similar *found;
    bool edges;
} job;

static sheaf_status write_similar(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const job *j = what;
    return sheaf_write_similar(out, j->found, j->edges, o);
}

/* ---- the question put */

static int ask(settings *s, const sheaf_model *m, sheaf_str text, sheaf_similar **out)
{
    sheaf_status st;
    if (s->similar.all) {
        st = sheaf_similar_all(s->ctx, out, m, &s->similar.o);
    } else if (s->similar.like) {
        const sheaf_str id = {s->similar.like, strlen(s->similar.like)}; /* is there: it was wanted of the fit */
        st = sheaf_similar_doc(s->ctx, out, m, sheaf_corpus_find(sheaf_model_corpus(m), id, NULL), &s->similar.o);
    } else {
        st = sheaf_similar_text(s->ctx, out, m, text, &s->fit.text, &s->similar.o);
    }
    return st == SHEAF_OK ? EXIT_DONE : fail_status(s, st, false);
}

static int answer(settings *s, sheaf_str text)
{
    sheaf_model *m = NULL;
    sheaf_similar *found = NULL;
    int32_t n = 0;
    int code = fit_model(s, s->similar.o.space == SHEAF_SIMILAR_LATENT ? SHEAF_FIT_SPACE : SHEAF_FIT_MATRIX, &m);
    if (code) return code;
    code = ask(s, m, text, &found);
    if (!code && !s->similar.all) (void)sheaf_similar_hits(found, 0, &n);
    if (!code && (n || s->similar.all || s->format != SHEAF_FORMAT_TABLE)) {
        job j = {found, s->similar.edges};
        code = write_result(s, s->output, write_similar, &j);
    }
    if (!code && !n && !s->similar.all) code = nothing_found(s, sheaf_similar_query(found));
    else if (!code && !s->similar.all) tell_unknown(s, sheaf_similar_query(found));
    if (!code) progress_end(s);
    sheaf_similar_free(found);
    model_end(m);
    return code;
}

int run_similar(settings *s)
{
    sheaf_str text = {NULL, 0};
    sheaf_corpus *file = NULL;
    int code = check_question(s);
    if (!code && (s->similar.text || s->similar.file)) code = get_text(s, &file, &text);
    if (!code) {
        choose_options(s);
        code = answer(s, text);
    }
    sheaf_corpus_free(file);
    return code;
}
