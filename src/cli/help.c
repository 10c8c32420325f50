/* Help texts, made from the tables. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

static const char *const GROUPS[N_GROUPS] = {"input", "terms", "model", "similar", "duplicates", "bench",
                                              "output", "run"};

int print_overview(void)
{
    printf("sheaf: what is in a pile of documents, and what belongs together\n\n"
           "  sheaf cluster articles/                   themes of a folder, at a glance\n"
           "  sheaf cluster articles/ -o themes.csv     every document with its theme\n"
           "  sheaf topics articles/ -n 10              main directions: words and documents\n"
           "  sheaf similar articles/ --text \"dam failure\"   documents like a text\n"
           "  sheaf dups articles/                      copies, updates and quoted pieces\n"
           "  sheaf eval themes.csv gold.tsv            hold the result against true labels\n\n");
    for (int i = 0; i < N_VERBS; i++) printf("  %-9s %s\n", VERBS[i].name, VERBS[i].purpose);
    printf("  %-9s %s\n\n", "help", "sheaf help VERB, sheaf help formats, exit-codes or k");
    printf("INPUT: folders, files (.txt .html .jsonl .json .csv .tsv, also compressed or\n"
           "in an archive), or - for standard input.\n");
    return isatty(STDOUT_FILENO) ? EXIT_DONE : EXIT_USAGE;
}

static void print_option(const option_row *o)
{
    char left[64], name[40];
    snprintf(name, sizeof name, o->name[1] ? "--%s" : "-%s", o->name);
    if (o->letter && o->name[1]) snprintf(left, sizeof left, "-%c, %s", o->letter, name);
    else snprintf(left, sizeof left, "%s%s", o->name[1] ? "    " : "", name);
    size_t n = strlen(left);
    if (o->argument) snprintf(left + n, sizeof left - n, " %s", o->argument);
    printf("  %-27s %s", left, o->help);
    if (o->preset) printf(" [%s]", o->preset);
    putchar('\n');
}

static void print_bench_names(void)
{
    const char *name, *purpose;
    printf("\nnames\n");
    for (int32_t i = 0; (name = sheaf_bench_name(i, &purpose)); i++) printf("  %-27s %s\n", name, purpose);
}

int print_verb_help(const char *name)
{
    const verb *v = find_verb(name);
    printf("sheaf %s: %s\n\nusage: sheaf %s %s\n\n%s", v->name, v->purpose, v->name, v->usage, v->examples);
    if (v->bit == BENCH) print_bench_names();
    for (int g = 0; g < N_GROUPS; g++) {
        bool first = true;
        for (int i = 0; i < N_OPTIONS; i++) {
            if ((int)OPTIONS[i].group != g || !(OPTIONS[i].verbs & v->bit)) continue;
            if (first) printf("\n%s\n", GROUPS[g]);
            first = false;
            print_option(&OPTIONS[i]);
        }
    }
    return EXIT_DONE;
}

static const char EXIT_CODES[] =
    "exit codes\n\n"
    "    0  done\n"
    "    1  the answer is no: eval --min, a score is below; bench --compare, slower;\n"
    "       dups --check, there are some; diff, they differ; similar, nothing is\n"
    "    2  wrong use: options, arguments, fields that do not exist\n"
    "    3  input unreadable or malformed: all of it, or any with --strict\n"
    "    4  out of memory, a full disk or another failure of the system\n"
    "   70  a bug in sheaf, or a failed self-check: sheaf doctor\n"
    "  130  interrupted (128 + the number of the signal); no unfinished file is left\n";

static const char FORMATS[] =
    "input\n\n"
    "  folder           every file a document; its id is the path below the folder\n"
    "  .txt .md         the whole file a document (--from lines: every line)\n"
    "  .html            text and title\n"
    "  .jsonl .json     objects a line, or one array; --text-field takes dotted paths\n"
    "  .csv .tsv        a line of names first; the delimiter , ; tab or | is found by looking\n"
    "  .gz .zst .bz2 .xz .zip .tar   any of these, packed\n"
    "  -                standard input: JSONL, JSON or HTML if it looks so, else a document a line\n"
    "  --split auto     cuts an archive page into its posts at the line that recurs\n\n"
    "output (-f, or the extension of -o)\n\n"
    "  table            aligned columns, for people; the default at a terminal\n"
    "  tsv              the default elsewhere; tab, newline, CR and backslash as \\t \\n \\r \\\\\n"
    "  csv              RFC 4180\n"
    "  jsonl            one object a row\n"
    "  json             one object: \"schema\", \"provenance\" (--no-provenance), \"rows\"\n\n"
    "rows (--emit)\n\n"
    "  cluster  documents: id cluster fit margin second, then label, title, date and the\n"
    "           columns of the input; clusters: cluster docs fit tightness name terms\n"
    "           typical borderline. A table shows clusters, all other formats documents.\n"
    "           Cluster 0 holds the documents without a known word.\n"
    "  topics   topics: topic sigma share terms documents; documents: id t1 t2 ...\n"
    "  similar  rank score id terms, title: the nearest first, with the words that carry it; --all:\n"
    "           id partner score rank, with --edges id partner score\n"
    "  eval     scores; confusion: label cluster docs of_label of_cluster\n"
    "  dups     groups: group docs lowest kind keep earliest example members; in TSV and CSV a row\n"
    "           a member: group id role kind jaccard partner docs lowest. pairs: id partner group\n"
    "           kind jaccard id_in_partner partner_in_id shared_words longest_run role. kept and\n"
    "           dropped: documents with their own columns, and in JSON and CSV their text; a dropped\n"
    "           one with its kept partner and why. passages: id partner words and places. flow\n"
    "           (--flow-by): from to documents median_delay. kind: identical (the same words),\n"
    "           near (--threshold), contained (--containment). An old document (--against) whose\n"
    "           id a new one has too is called old:ID.\n"
    "  diff     differences or passages: kind, words and bytes in both texts; as text\n"
    "           [-only in the first-]{+only in the second+}\n"
    "  bench    limits of the machine, kernels alone, stages: median seconds, spread (distance of\n"
    "           the quartiles), rate, bound (what the limits ask for at least) and share of it that\n"
    "           is reached, quality, verified; --compare: old and new seconds, change, its interval\n";

static const char ABOUT_K[] =
    "the number of clusters\n\n"
    "  Without -k it is chosen from the size of the collection and its vectors, and a note\n"
    "  says what was chosen. There is no true number: fewer clusters are broader themes,\n"
    "  more are finer ones. Try -k 10 and -k 20 and read the words; a theme that is the same\n"
    "  in both is one to trust. -k above the number of different documents is lowered.\n";

int run_help(int argc, char **argv)
{
    static const char *const topics[] = {"exit-codes", "formats", "k"};
    static const char *const texts[] = {EXIT_CODES, FORMATS, ABOUT_K};
    if (argc < 1) {
        (void)print_overview();
        return EXIT_DONE;
    }
    if (find_verb(argv[0])) return print_verb_help(argv[0]);
    for (int i = 0; i < 3; i++)
        if (strcmp(argv[0], topics[i]) == 0) {
            fputs(texts[i], stdout);
            return EXIT_DONE;
        }
    char hint[64];
    const char *near = nearest_verb(argv[0]);
    if (!near) near = nearest_name(argv[0], topics, 3);
    snprintf(hint, sizeof hint, "sheaf help %s", near ? near : "");
    return fail(EXIT_USAGE, near ? hint : "sheaf help", "no help on '%s'", argv[0]);
}
