/* sheaf dups */
#include <stdio.h>
#include <string.h>

#include "settings.h"

#define TABLE_GROUPS 40 /* a screenful or two; -n shows more */
#define PASSAGE_WORDS 20
#define PAIR_PASSAGE_WORDS 8

typedef struct {
    sheaf_dups_source source;
    sheaf_corpus *corpus, *old_corpus;
    sheaf_words *words, *old_words;
    sheaf_dups *dups;
    sheaf_passages *passages;
    settings *s;
} job;

static bool is_json(const settings *s) { return s->format == SHEAF_FORMAT_JSON || s->format == SHEAF_FORMAT_JSONL; }

static bool column_asked(const settings *s, const char *name)
{
    for (int i = 0; i < s->columns.n; i++)
        if (strcmp(s->columns.items[i], name) == 0) return true;
    return false;
}

/* Texts stay in memory only where the output shows them or their bytes. */
static bool needs_text(const settings *s)
{
    switch (s->emit) {
    case EMIT_GROUPS: return s->format == SHEAF_FORMAT_TABLE;
    case EMIT_PAIRS: return is_json(s);
    case EMIT_PASSAGES: return true;
    case EMIT_KEPT:
    case EMIT_DROPPED: return is_json(s) || s->format == SHEAF_FORMAT_CSV || column_asked(s, "text");
    default: return false;
    }
}

static void add_field(strings *fields, const char *name)
{
    if (!name || strcmp(name, "label") == 0 || strcmp(name, "title") == 0) return;
    for (int i = 0; i < fields->n; i++)
        if (strcmp(fields->items[i], name) == 0) return;
    strings_add(fields, name);
}

/* Own columns are read where they are written or looked at. */
static void choose_fields(settings *s)
{
    sheaf_read_opts *r = &s->fit.read;
    strings fields = {NULL, 0};
    r->keep_text = needs_text(s);
    if (s->emit == EMIT_KEPT || s->emit == EMIT_DROPPED) return;
    add_field(&fields, s->dups.o.keep_field);
    add_field(&fields, s->dups.o.not_same_field);
    add_field(&fields, s->emit == EMIT_FLOW ? s->dups.flow_by : NULL);
    r->columns = fields.items;
    r->n_columns = fields.n;
    if (fields.items) strings_add(&s->owned, (const char *)fields.items);
}

static int settle(settings *s)
{
    dups_settings *d = &s->dups;
    if (!s->inputs.n)
        return fail(EXIT_USAGE, "a folder, files, or - for standard input", "no input: sheaf dups INPUT...");
    if (s->emit == EMIT_AUTO) s->emit = d->flow_by ? EMIT_FLOW : d->passages > 0 ? EMIT_PASSAGES : EMIT_GROUPS;
    if (s->emit == EMIT_PASSAGES && d->not_of_passages)
        return fail(EXIT_USAGE, "--emit pairs -f jsonl tells the passages of near-duplicates",
                    "--%s has no part in passages, which are looked for in all documents", d->not_of_passages);
    if (s->emit == EMIT_FLOW && !d->flow_by)
        return fail(EXIT_USAGE, "for example --flow-by source", "--emit flow needs the field that names the sources");
    if (s->emit == EMIT_FLOW && !d->keep_given) d->o.keep = SHEAF_KEEP_EARLIEST;
    if (s->emit == EMIT_GROUPS && s->format == SHEAF_FORMAT_TABLE && at_terminal(s) && !s->rows) s->rows = TABLE_GROUPS;
    d->o.pairs = s->emit == EMIT_PAIRS;
    d->o.seed = s->fit.cluster.seed;
    choose_fields(s);
    return EXIT_DONE;
}

static int read_side(settings *s, const strings *inputs, sheaf_corpus **corpus, sheaf_words **words)
{
    sheaf_corpus *remains = NULL;
    sheaf_read_opts o = s->fit.read;
    if (s->skipped) o.remains = &remains;
    sheaf_status st = sheaf_words_read(s->ctx, corpus, words, inputs->items, inputs->n, &o, &s->fit.text);
    if (st == SHEAF_OK) return EXIT_DONE;
    int code = fail_status(s, st, false);
    if (remains) list_skipped(s, remains);
    sheaf_corpus_free(remains);
    return code;
}

/* ---- what is said on standard error */

static void count_documents(const sheaf_dups *d, int64_t kinds[4], int64_t *grouped_docs)
{
    int64_t n;
    const sheaf_dup_doc *doc = sheaf_dups_docs(d, &n);
    for (int64_t i = 0; i < n; i++) {
        if (doc[i].dropped) kinds[doc[i].kind]++;
        *grouped_docs += doc[i].group > 0;
    }
}

static const char *keep_name(const dups_settings *d)
{
    static const char *const names[] = {"first by id", "longest", "earliest", "latest", "central"};
    return d->o.keep == SHEAF_KEEP_FIELD ? d->o.keep_field : names[d->o.keep];
}

static void say_groups(const job *j)
{
    int64_t n, pairs = 0, kinds[4] = {0}, docs = 0;
    char room[8][32];
    (void)sheaf_dups_groups(j->dups, &n);
    if (j->s->emit == EMIT_PAIRS) (void)sheaf_dups_pairs(j->dups, &pairs);
    if (pairs) fprintf(stderr, "; %s pair%s", grouped(pairs, room[6]), pairs == 1 ? "" : "s");
    count_documents(j->dups, kinds, &docs);
    if (!n) {
        fprintf(stderr, pairs ? "; no groups\n" : "; no duplicates\n");
        return;
    }
    fprintf(stderr, "; %s group%s of %s documents; %s could be dropped: ", grouped(n, room[0]), n == 1 ? "" : "s",
            grouped(docs, room[1]), grouped(kinds[0] + kinds[1] + kinds[2] + kinds[3], room[2]));
    fprintf(stderr, "%s identical, %s near, %s contained", grouped(kinds[0], room[3]), grouped(kinds[1], room[4]),
            grouped(kinds[2], room[5]));
    if (kinds[SHEAF_DUP_LINKED]) fprintf(stderr, ", %s linked", grouped(kinds[SHEAF_DUP_LINKED], room[7]));
    fprintf(stderr, " (keep: %s)\n", keep_name(&j->s->dups));
    const sheaf_ratio c = j->s->dups.o.containment;
    if (kinds[SHEAF_DUP_CONTAINED] && j->s->format == SHEAF_FORMAT_TABLE && j->s->emit == EMIT_GROUPS)
        fprintf(stderr, "sheaf: * below the threshold, but %lld/%lld or more of one is in the other (--containment)\n",
                (long long)c.p, (long long)c.q);
}

static void say_passages(const job *j)
{
    int64_t n, pairs = 0;
    char room[2][32];
    const sheaf_passage *p = sheaf_passages_list(j->passages, &n);
    for (int64_t i = 0; i < n; i++) pairs += !i || p[i].a != p[i - 1].a || p[i].b != p[i - 1].b;
    fprintf(stderr, "; %s passage%s in %s pair%s of documents\n", grouped(n, room[0]), n == 1 ? "" : "s",
            grouped(pairs, room[1]), pairs == 1 ? "" : "s");
}

static void say_what_was_found(const job *j, int64_t flood)
{
    char room[32];
    if (j->s->quiet) return;
    corpus_summary(j->corpus);
    if (j->old_corpus) fprintf(stderr, " against %s", grouped(sheaf_corpus_size(j->old_corpus), room));
    if (j->passages) say_passages(j);
    else say_groups(j);
    if (j->passages && sheaf_passages_left_out(j->passages))
        note(j->s, "%s runs of %lld words at more than %lld places, or 3 of one document, were left out; see --flood",
             grouped(sheaf_passages_left_out(j->passages), room), (long long)j->s->dups.passages, (long long)flood);
    const double asked = j->s->dups.o.recall;
    if (j->dups && asked < 1) {
        sheaf_dups_report q = sheaf_dups_quality(j->dups);
        if (q.recall_low >= 1) note(j->s, "the exact search was expected to be faster: every pair was found");
        else if (!q.recall_sample) note(j->s, "pairs were looked for with recall %g; a sample has none", asked);
        else note(j->s, "of a sample of %lld pairs %.1f %% were found, of all surely %.1f %%",
                  (long long)q.recall_sample, 100 * q.recall, 100 * q.recall_low);
    }
}

/* ---- the work */

static sheaf_status write_rows(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const job *j = what;
    switch (j->s->emit) {
    case EMIT_PAIRS: return sheaf_write_dup_pairs(out, j->dups, &j->source, o);
    case EMIT_PASSAGES: return sheaf_write_passages(out, j->passages, &j->source, o);
    case EMIT_KEPT: return sheaf_write_dup_documents(out, j->dups, &j->source, true, o);
    case EMIT_DROPPED: return sheaf_write_dup_documents(out, j->dups, &j->source, false, o);
    case EMIT_FLOW: return sheaf_write_dup_flow(out, j->dups, &j->source, j->s->dups.flow_by, o);
    default: return sheaf_write_dup_groups(out, j->dups, &j->source, o);
    }
}

/* Boilerplate is what a tenth of a small collection has, or a hundred documents of a large one. */
static int64_t usual_flood(const job *j)
{
    int64_t docs = sheaf_corpus_size(j->corpus) + (j->old_corpus ? sheaf_corpus_size(j->old_corpus) : 0);
    return docs / 10 < 5 ? 5 : docs / 10 > 100 ? 100 : docs / 10;
}

static int find(job *j)
{
    dups_settings *d = &j->s->dups;
    sheaf_status st;
    int64_t flood = d->flood >= 0 ? d->flood : usual_flood(j);
    if (j->s->emit == EMIT_PASSAGES) {
        if (d->passages < 0) d->passages = PASSAGE_WORDS;
        st = sheaf_passages_find(j->s->ctx, &j->passages, j->corpus, j->words, j->old_corpus, j->old_words, d->passages,
                                 flood);
    } else {
        st = sheaf_dups_find(j->s->ctx, &j->dups, j->corpus, j->words, j->old_corpus, j->old_words, &d->o);
    }
    if (st != SHEAF_OK) return fail_status(j->s, st, false);
    say_what_was_found(j, flood);
    return EXIT_DONE;
}

static bool any_found(const job *j)
{
    int64_t n;
    if (j->passages) (void)sheaf_passages_list(j->passages, &n);
    else if (j->s->emit == EMIT_PAIRS) (void)sheaf_dups_pairs(j->dups, &n);
    else (void)sheaf_dups_groups(j->dups, &n);
    return n > 0;
}

static int work(job *j)
{
    settings *s = j->s;
    int code = read_side(s, &s->inputs, &j->corpus, &j->words);
    if (!code && s->dups.against.n) code = read_side(s, &s->dups.against, &j->old_corpus, &j->old_words);
    if (!code) code = find(j);
    if (!code && s->skipped) code = list_skipped(s, j->corpus);
    if (code) return code;
    j->source.corpus = j->corpus;
    j->source.words = j->words;
    j->source.old_corpus = j->old_corpus;
    j->source.old_words = j->old_words;
    j->source.opts = &s->dups.o;
    j->source.passage = s->dups.passages > 0 ? s->dups.passages : PAIR_PASSAGE_WORDS;
    if (s->dups.o.unit == SHEAF_SHINGLE_WORDS) j->source.run = s->dups.o.shingle;
    code = write_result(s, s->output, write_rows, j);
    if (!code) progress_end(s);
    return !code && s->dups.check && any_found(j) ? EXIT_NO : code;
}

int run_dups(settings *s)
{
    job j = {.s = s};
    sheaf_dups_source_init(&j.source, sizeof j.source);
    int code = settle(s);
    if (!code) code = work(&j);
    if (!FREE_AT_END) return code;
    sheaf_passages_free(j.passages);
    sheaf_dups_free(j.dups);
    sheaf_words_free(j.words);
    sheaf_words_free(j.old_words);
    sheaf_corpus_free(j.corpus);
    sheaf_corpus_free(j.old_corpus);
    return code;
}
