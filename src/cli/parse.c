/* From argv to settings, over getopt_long and the option table. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "options.h"

#define COUNT(names) ((int)(sizeof(names) / sizeof *(names)))

/* Running out of memory while reading the command line leaves nothing to do but say so. */
static void *kept(void *p)
{
    if (p) return p;
    exit(fail(EXIT_SYSTEM, NULL, "out of memory"));
}

void strings_add(strings *l, const char *s)
{
    if ((l->n & (l->n - 1)) == 0) l->items = kept(realloc(l->items, (size_t)(l->n ? l->n * 2 : 1) * sizeof *l->items));
    l->items[l->n++] = s;
}

char *own_text(settings *s, const char *p, size_t n)
{
    char *copy = kept(malloc(n + 1));
    memcpy(copy, p, n);
    copy[n] = 0;
    strings_add(&s->owned, copy);
    return copy;
}

void settings_end(settings *s)
{
    sheaf_ctx_free(s->ctx);
    for (int i = 0; i < s->owned.n; i++) free((void *)(uintptr_t)s->owned.items[i]);
    strings *lists[] = {&s->owned, &s->inputs, &s->text_fields, &s->columns, &s->minimum, &s->stop_words,
                        &s->dups.against};
    for (int i = 0; i < COUNT(lists); i++) free(lists[i]->items);
}

/* ---- groups of options; each returns -1 for an option of another group, else 0 or the exit code */

static int set_input(settings *s, option_id id, const char *value)
{
    static const char *const kinds[] = {"auto", "dir", "lines", "jsonl", "json", "csv", "tsv", "html", "text"};
    sheaf_read_opts *r = &s->fit.read;
    int index = 0, code = 0;
    switch (id) {
    case OPT_FROM:
        code = choose("from", value, kinds, COUNT(kinds), &index);
        r->from = (sheaf_from)index;
        break;
    case OPT_SPLIT: r->split = value; break;
    case OPT_TEXT_FIELD: strings_add(&s->text_fields, value); break;
    case OPT_ID_FIELD: r->id_field = value; break;
    case OPT_TITLE_FIELD: r->title_field = value; break;
    case OPT_DATE_FIELD: r->date_field = value; break;
    case OPT_LABEL_FIELD: r->label_field = value; break;
    case OPT_CLUSTER_FIELD: s->cluster_field = value; break;
    case OPT_OLD_NAMES: s->old_names = value; break;
    case OPT_NEW_NAMES: s->new_names = value; break;
    case OPT_VECTORS: s->fit.vectors = value; break;
    case OPT_VECTOR_IDS: s->fit.vector_ids = value; break;
    case OPT_LABEL_FROM_FOLDER: r->label_from_folder = true; break;
    case OPT_MAX_DOCS: code = number("max-docs", value, 1, INT64_MAX, &r->max_docs); break;
    case OPT_SKIPPED: s->skipped = value; break;
    case OPT_STRICT: r->strict = true; break;
    default: return -1;
    }
    return code;
}

static int set_stop_words(settings *s, const char *value)
{
    sheaf_text_opts *t = &s->fit.text;
    if (strcmp(value, "none") == 0) {
        t->stop = SHEAF_STOP_NONE;
        return 0;
    }
    if (*value != '+' && *value != '=')
        return fail(EXIT_USAGE, "+FILE adds to the language's words, =FILE replaces them, none keeps all words",
                    "--stop-words: '%s' begins with neither + nor =", value);
    t->stop = *value == '+' ? SHEAF_STOP_ADD : SHEAF_STOP_ONLY;
    size_t n;
    int code = 0;
    char *text = read_whole(s, value + 1, &n, &code);
    if (!text) return code;
    s->stop_words.n = 0;
    for (char *p = text; *p;) {
        p += strspn(p, " \t\r\n");
        size_t length = strcspn(p, " \t\r\n");
        if (!length) break;
        strings_add(&s->stop_words, p);
        if (!p[length]) break;
        p[length] = 0;
        p += length + 1;
    }
    return 0;
}

static int set_terms(settings *s, option_id id, const char *value)
{
    static const char *const analyzers[] = {"unicode", "sklearn"};
    sheaf_text_opts *t = &s->fit.text;
    int index = 0, code = 0;
    switch (id) {
    case OPT_LANG: t->lang = value; break;
    case OPT_ANALYZER:
        code = choose("analyzer", value, analyzers, COUNT(analyzers), &index);
        t->analyzer = (sheaf_analyzer)index;
        break;
    case OPT_STEM: t->stem = 1; break;
    case OPT_NO_STEM: t->stem = 0; break;
    case OPT_STOP_WORDS: code = set_stop_words(s, value); break;
    case OPT_NGRAMS: code = range("ngrams", value, &t->ngram_min, &t->ngram_max); break;
    case OPT_MIN_DF: code = count_or_share("min-df", value, &t->min_df_count, &t->min_df_share); break;
    case OPT_MAX_DF:
        code = count_or_share("max-df", value, &t->max_df_count, &t->max_df_share);
        if (t->max_df_count) t->max_df_share = 1;
        break;
    case OPT_MAX_TERMS: code = number("max-terms", value, 1, INT32_MAX, &t->max_terms); break;
    case OPT_NUMBERS: t->keep_numbers = true; break;
    case OPT_NO_NUMBERS: t->keep_numbers = false; break;
    default: return -1;
    }
    return code;
}

static int small(const char *option, const char *value, int64_t low, int64_t high, int32_t *out)
{
    int64_t v = 0;
    int code = number(option, value, low, high, &v);
    if (!code) *out = (int32_t)v;
    return code;
}

static int set_weight(settings *s, const char *value)
{
    static const char *const names[] = {"count", "binary", "tfidf", "sublinear", "logentropy", "bm25", "bipartite"};
    int index = 0, code = choose("weight", value, names, COUNT(names), &index);
    if (!code) s->fit.weight.scheme = (sheaf_weight)index;
    return code;
}

/* N, auto, or bounds A..B for auto */
static int set_k(sheaf_cluster_opts *c, const char *value)
{
    long long least = 0, most = 0;
    char *end = NULL;
    c->k_least = c->k_most = 0;
    if (strcmp(value, "auto") == 0) {
        c->k = 0;
        return 0;
    }
    if (!strstr(value, "..")) return small("k", value, 1, INT32_MAX, &c->k);
    const char *second = strstr(value, "..") + 2;
    bool right = isdigit((unsigned char)*value) && isdigit((unsigned char)*second);
    if (right) least = strtoll(value, &end, 10);
    right = right && end == second - 2;
    if (right) most = strtoll(second, &end, 10);
    if (!right || *end || least < 2 || most < least || most > SHEAF_K_MOST)
        return fail(EXIT_USAGE, "-k 8..40", "-k %s: bounds must be A..B, between 2 and %d", value, SHEAF_K_MOST);
    c->k = least == most ? (int32_t)least : 0;
    if (c->k) return 0;
    c->k_least = (int32_t)least;
    c->k_most = (int32_t)most;
    return 0;
}

static int set_model(settings *s, option_id id, const char *value)
{
    static const char *const metrics[] = {"spherical", "euclidean"};
    static const char *const refiners[] = {"none", "ib", "sib", "sib-words"};
    sheaf_cluster_opts *c = &s->fit.cluster;
    int index = 0, code = 0;
    switch (id) {
    case OPT_K:
        code = set_k(c, value);
        break;
    case OPT_DIMS:
        if (strcmp(value, "auto") == 0) s->fit.space.dims = 0;
        else code = small("dims", value, 1, 10000, &s->fit.space.dims);
        break;
    case OPT_ROW_DAMPING: code = real_number("row-damping", value, 0, 1e12, &s->fit.weight.row_damping); break;
    case OPT_WEIGHT: code = set_weight(s, value); break;
    case OPT_DROP_FIRST:
        if (strcmp(value, "auto") == 0) c->drop_first = -1;
        else code = small("drop-first", value, 0, 10000, &c->drop_first);
        break;
    case OPT_REFINE:
        code = choose("refine", value, refiners, COUNT(refiners), &index);
        s->fit.refine.method = (sheaf_refine_method)index;
        break;
    case OPT_NO_PHRASES: s->fit.phrases = false; break;
    case OPT_RESAMPLES:
        code = small("resamples", value, 0, 10000, &s->fit.stability.resamples);
        s->resamples_given = true;
        break;
    case OPT_STARTS: code = small("starts", value, 1, 10000, &c->starts); break;
    case OPT_METRIC:
        code = choose("metric", value, metrics, COUNT(metrics), &index);
        c->metric = (sheaf_metric)index;
        break;
    case OPT_SEED:
        code = seed_number("seed", value, &c->seed);
        s->fit.space.seed = s->fit.stability.seed = c->seed;
        break;
    case OPT_TERMS: code = small("terms", value, 1, 1000, &s->fit.topic.n_terms); break;
    case OPT_TYPICAL: code = small("typical", value, 1, 1000, &s->fit.topic.n_docs); break;
    case OPT_MIN_FIT: code = real_number("min-fit", value, 0, 1, &s->fit.min_fit); break;
    case OPT_MIN_SHARE: code = ratio("min-share", value, &s->align.min_share); break;
    case OPT_MIN: split_list(s, value, &s->minimum); break;
    default: return -1;
    }
    return code;
}

static int set_bench(settings *s, option_id id, const char *value)
{
    int64_t count = 0;
    int code = 0;
    switch (id) {
    case OPT_QUICK: s->bench.quick = true; break;
    case OPT_REPEATS: code = small("repeats", value, 7, 100000, &s->bench.repeats); break;
    case OPT_ALL_KERNELS: s->bench.all_kernels = true; break;
    case OPT_INPUT: s->bench.input = value; break;
    case OPT_COMPARE: s->compare_with = value; break;
    case OPT_FAIL_ABOVE:
        code = count_or_share("fail-above", value, &count, &s->compare.fail_above);
        if (!code && count)
            code = fail(EXIT_USAGE, "for example --fail-above 10%", "--fail-above: '%s' is not a percentage", value);
        break;
    case OPT_MEASURED: s->measured = value; break;
    case OPT_ANYWAY: s->compare.anyway = true; break;
    default: return -1;
    }
    return code;
}

static int set_emit(settings *s, const char *value)
{
    static const struct { unsigned verb; const char *name; emit what; } rows[] = {
        {CLUSTER, "documents", EMIT_DOCUMENTS}, {CLUSTER, "clusters", EMIT_CLUSTERS}, {CLUSTER, "tree", EMIT_TREE},
        {CLUSTER, "k", EMIT_K}, {TOPICS, "topics", EMIT_TOPICS},
        {TOPICS, "documents", EMIT_DOCUMENTS}, {ALIGN, "clusters", EMIT_CLUSTERS}, {ALIGN, "documents", EMIT_DOCUMENTS},
        {EVAL, "scores", EMIT_SCORES}, {EVAL, "confusion", EMIT_CONFUSION},
        {DUPS, "groups", EMIT_GROUPS}, {DUPS, "pairs", EMIT_PAIRS}, {DUPS, "passages", EMIT_PASSAGES},
        {DUPS, "kept", EMIT_KEPT}, {DUPS, "dropped", EMIT_DROPPED}, {DUPS, "flow", EMIT_FLOW},
        {DIFF, "differences", EMIT_DIFFERENCES}, {DIFF, "passages", EMIT_PASSAGES}};
    const char *names[COUNT(rows)];
    emit whats[COUNT(rows)];
    int n = 0, index = 0;
    for (int i = 0; i < COUNT(rows); i++) {
        if (rows[i].verb != s->verb_bit) continue;
        names[n] = rows[i].name;
        whats[n++] = rows[i].what;
    }
    int code = choose("emit", value, names, n, &index);
    if (!code) s->emit = whats[index];
    return code;
}

static int set_cuts(settings *s, const char *value)
{
    strings list = {NULL, 0};
    int code = 0;
    split_list(s, value, &list);
    s->n_cuts = 0;
    if (!list.n) code = fail(EXIT_USAGE, "--cut 5,10", "--cut: '%s' is no number of groups", value);
    if (list.n > SHEAF_CUTS_MOST)
        code = fail(EXIT_USAGE, NULL, "--cut: %d numbers, at most %d", list.n, SHEAF_CUTS_MOST);
    for (int i = 0; !code && i < list.n; i++) code = small("cut", list.items[i], 1, INT32_MAX, &s->cuts[s->n_cuts++]);
    free(list.items);
    return code;
}

static int set_output(settings *s, option_id id, const char *value)
{
    static const char *const formats[] = {"table", "tsv", "csv", "jsonl", "json"};
    static const char *const matrices[] = {"npz", "mtx", "svm"}, *const whats[] = {"weights", "counts"};
    int index = 0, code = 0;
    switch (id) {
    case OPT_OUTPUT: s->output = strcmp(value, "-") ? value : NULL; break;
    case OPT_FORMAT:
        code = choose("format", value, formats, COUNT(formats), &index);
        s->format = (sheaf_format)index;
        s->format_given = true;
        break;
    case OPT_EMIT: code = set_emit(s, value); break;
    case OPT_ROWS: code = number("rows", value, 1, INT64_MAX, &s->rows); break;
    case OPT_COLUMNS:
        s->columns.n = 0;
        split_list(s, value, &s->columns);
        if (!s->columns.n) code = fail(EXIT_USAGE, NULL, "--columns: '%s' names no column", value);
        break;
    case OPT_CUT: code = set_cuts(s, value); break;
    case OPT_NO_HEADER: s->header = false; break;
    case OPT_JSON:
        s->format = SHEAF_FORMAT_JSON;
        s->format_given = true;
        break;
    case OPT_NO_PROVENANCE: s->provenance = false; break;
    case OPT_TO:
        code = choose("to", value, matrices, COUNT(matrices), &index);
        s->to = (sheaf_matrix_format)(SHEAF_MATRIX_NPZ + index);
        break;
    case OPT_WHAT:
        code = choose("what", value, whats, COUNT(whats), &index);
        s->what = (export_what)index;
        break;
    default: return -1;
    }
    return code;
}

static int set_run(settings *s, option_id id, const char *value)
{
    static const char *const whens[] = {"auto", "always", "never"};
    int index = 0, code = 0;
    switch (id) {
    case OPT_THREADS: code = small("threads", value, 1, 256, &s->threads); break;
    case OPT_COLOR:
        code = choose("color", value, whens, COUNT(whens), &index);
        s->color_when = (when)index;
        break;
    case OPT_NO_PROGRESS: s->progress = false; break;
    case OPT_QUIET: s->quiet = true; break;
    case OPT_VERBOSE: s->verbose = true; break;
    case OPT_CONFIG:
    case OPT_NO_CONFIG: break; /* read before */
    case OPT_HELP: s->help = true; break;
    default: return -1;
    }
    return code;
}

static int near_option(settings *s, option_id id, const char *value) { return set_dups(s, (int)id, value); }
static int similar_option(settings *s, option_id id, const char *value) { return set_similar(s, (int)id, value); }

static int set_option(settings *s, const option_row *o, const char *value)
{
    static int (*const setters[N_GROUPS])(settings *, option_id, const char *) = {set_input, set_terms, set_model,
                                                                                 similar_option, near_option, set_bench,
                                                                                 set_output, set_run};
    if (!(o->verbs & s->verb_bit)) {
        char hint[64];
        snprintf(hint, sizeof hint, "sheaf help %s", s->verb);
        return fail(EXIT_USAGE, hint, "%s%s is no option of sheaf %s", o->name[1] ? "--" : "-", o->name, s->verb);
    }
    int code = setters[o->group](s, o->id, value);
    return code < 0 ? fail(EXIT_BUG, NULL, "--%s is in the wrong group", o->name) : code;
}

/* ---- getopt */

static int unknown_option(settings *s, const char *argument)
{
    char name[64], hint[96];
    const char *p = argument + strspn(argument, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(p, "="), p);
    const char *near = strlen(name) > 1 ? nearest_option(name, s->verb_bit) : NULL;
    if (near) snprintf(hint, sizeof hint, "--%s", near);
    else snprintf(hint, sizeof hint, "sheaf help %s", s->verb);
    return fail(EXIT_USAGE, hint, "no option '%.*s'", (int)strcspn(argument, "="), argument);
}

static int walk(settings *s, int argc, char **argv, const char *letters, const struct option *longs)
{
    opterr = 0;
    optind = 0; /* GNU: start anew */
    for (;;) {
        int at = optind ? optind : 1;
        int c = getopt_long(argc, argv, letters, longs, NULL);
        if (c == -1) break;
        if (c == '?' || c == ':') {
            const option_row *o = optopt ? find_option_id(optopt) : NULL;
            const char *given = argv[optind > at ? optind - 1 : at < argc ? at : argc - 1];
            if (c == ':' && o)
                return fail(EXIT_USAGE, NULL, "%s%s needs a value: %s", o->name[1] ? "--" : "-", o->name, o->argument);
            if (o && !o->argument) return fail(EXIT_USAGE, NULL, "--%s takes no value", o->name);
            char letter[3] = {'-', (char)optopt, 0};
            return unknown_option(s, optopt > 0 && optopt < 256 ? letter : given);
        }
        int code = set_option(s, find_option_id(c), optarg);
        if (code) return code;
    }
    for (int i = optind; i < argc; i++) strings_add(&s->inputs, argv[i]);
    return 0;
}

static int walk_arguments(settings *s, int argc, char **argv)
{
    char letters[2 * 32 + 2] = ":";
    size_t n = 1;
    struct option *longs = kept(calloc((size_t)N_OPTIONS + 1, sizeof *longs));
    for (int i = 0; i < N_OPTIONS; i++) {
        const option_row *o = &OPTIONS[i];
        longs[i] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL, (int)o->id};
        if (!o->letter) continue;
        letters[n++] = o->letter;
        if (o->argument) letters[n++] = ':';
    }
    letters[n] = 0;
    int code = walk(s, argc, argv, letters, longs);
    free(longs);
    return code;
}

/* The command as it could be typed again. */
static void remember_command(settings *s, int argc, char **argv)
{
    size_t room = 8;
    for (int i = 1; i < argc; i++) room += 4 * strlen(argv[i]) + 4;
    char *p = s->command = kept(malloc(room));
    strings_add(&s->owned, p);
    p += sprintf(p, "sheaf");
    for (int i = 1; i < argc; i++) {
        bool plain = *argv[i] && strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                                 "_-./,=:+%@") == strlen(argv[i]);
        *p++ = ' ';
        if (!plain) *p++ = '\'';
        for (const char *a = argv[i]; *a; a++) {
            if (*a == '\'') p += sprintf(p, "'\\''");
            else *p++ = *a;
        }
        if (!plain) *p++ = '\'';
    }
    *p = 0;
}

static void remember_date(settings *s)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm t;
    if (gmtime_r(&now, &t)) strftime(s->date, sizeof s->date, "%Y-%m-%dT%H:%M:%SZ", &t);
}

static void hand_over_lists(settings *s)
{
    sheaf_fit_opts *f = &s->fit;
    f->read.text_fields = s->text_fields.n ? s->text_fields.items : NULL;
    f->read.n_text_fields = s->text_fields.n;
    f->text.stop_words = s->stop_words.n ? s->stop_words.items : NULL;
    f->text.n_stop_words = s->stop_words.n;
}

int parse_arguments(settings *s, int argc, char **argv)
{
    const verb *v = find_verb(argv[1]);
    *s = (settings){.verb = v->name, .verb_bit = v->bit, .header = true, .provenance = true, .progress = true};
    sheaf_fit_opts_init(&s->fit, sizeof s->fit);
    dups_init(&s->dups);
    if (v->bit == SIMILAR) similar_init(s);
    sheaf_align_opts_init(&s->align, sizeof s->align);
    sheaf_bench_opts_init(&s->bench, sizeof s->bench);
    sheaf_bench_compare_opts_init(&s->compare, sizeof s->compare);
    remember_command(s, argc, argv);
    remember_date(s);
    strings all = {NULL, 0};
    strings_add(&all, argv[0]);
    int code = read_config(s, argc - 2, argv + 2, &all);
    for (int i = 2; i < argc; i++) strings_add(&all, argv[i]);
    int n = all.n;
    strings_add(&all, NULL);
    if (!code) code = walk_arguments(s, n, (char **)(uintptr_t)all.items);
    free(all.items);
    hand_over_lists(s);
    return code;
}
