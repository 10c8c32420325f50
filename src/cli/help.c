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
    "           columns of the input; clusters: cluster docs fit tightness stability coverage\n"
    "           exclusivity coherence distinctness name terms typical borderline. A table shows\n"
    "           clusters, all other formats documents. stability: how far the cluster comes again when\n"
    "           random halves of the documents are clustered anew (Jaccard, 1: just so): solid from\n"
    "           .75, shaky below .5, else fair; --resamples; of few documents none.\n"
    "           coverage: share of the cluster's documents that hold\n"
    "           something of its name; exclusivity: of all that do, the share in the cluster;\n"
    "           coherence: how far its ten best words come together (NPMI: 0 as by chance, 1 only\n"
    "           together); distinctness: share of them that no other cluster has among its ten.\n"
    "           Cluster 0 holds the documents without a known word. --min-fit puts those of a weak fit\n"
    "           there too, with a column reason: weak fit or no known word; second is then the cluster\n"
    "           that it would be in. Other clusters keep numbers and centres, sizes are without them.\n"
    "           --columns takes cluster_name and reason as well. --cut 5,10 adds cluster_5 and cluster_10,\n"
    "           the groups when the clusters are joined to 5 and 10, numbered by falling size.\n"
    "           tree: how they are joined, the cheapest pair first: step k left right loss docs left_names\n"
    "           right_names; step s makes node s above the last cluster and leaves k groups.\n"
    "           k: k evidence silhouette what, of every k looked at (sheaf help k)\n"
    "  topics   topics: topic sigma share terms documents; documents: id t1 t2 ...\n"
    "  similar  rank score id terms, title: the nearest first, with the words that carry it: shared\n"
    "           ones, and in the latent space also words of either text that are related to the\n"
    "           other; their products (JSON) add up to the score. --all: id partner score rank, with\n"
    "           --edges id partner score\n"
    "  eval     scores; confusion: label cluster docs of_label of_cluster\n"
    "  align    clusters, a row a cluster of OLD, then those that are new: old new number what shared\n"
    "           jaccard docs_old docs_new name_old name_new to from. what: kept, died or born, then split\n"
    "           and merged. Two clusters match if they share --min-share of the documents of each; of all\n"
    "           ways to match one to one, the one that keeps most documents together. to, from: parts\n"
    "           in the other run, where at least --min-share of the smaller cluster is shared, with their\n"
    "           share; split: more than one part in NEW, merged: from more than one in OLD. Only documents\n"
    "           of both runs count. number: that of OLD, of new clusters one above all of OLD. documents:\n"
    "           NEW with these numbers, in second too, and with cluster_name, OLD's where it has one\n"
    "           (sheaf cluster --columns id,cluster,cluster_name writes names); all else as it was\n"
    "  dups     groups: group docs lowest kind keep earliest example members; in TSV and CSV a row\n"
    "           a member: group id role kind jaccard partner docs lowest. pairs: id partner group\n"
    "           kind jaccard id_in_partner partner_in_id shared_words longest_run role (of id; in JSON\n"
    "           or by --columns partner_role): identical documents each with the first of them, which\n"
    "           stands for all; or, where those are no pairs (--against, --not-same), each with the\n"
    "           first of every lot of identical ones that it is like. kept and\n"
    "           dropped: documents with their own columns, and in JSON and CSV their text; a dropped\n"
    "           one with its kept partner and why. passages: id partner words and places. flow\n"
    "           (--flow-by): from to documents median_delay. kind: identical (the same words),\n"
    "           near (--threshold), contained (--containment), linked (--linkage connected: neither,\n"
    "           but others connect the two). An old document (--against) whose id a new one has too is\n"
    "           called old:ID.\n"
    "  diff     differences or passages: kind, words and bytes in both texts; as text\n"
    "           [-only in the first-]{+only in the second+}\n"
    "  bench    limits of the machine, kernels alone, stages: median seconds, spread (distance of\n"
    "           the quartiles), rate, bound (what the limits ask for at least) and share of it that\n"
    "           is reached, quality, verified; --compare: old and new seconds, change, its interval\n";

static const char ABOUT_K[] =
    "the number of clusters\n\n"
    "  Without -k the words choose it, and a note says how. A sample of up to 50,000 documents is cut into\n"
    "  more clusters than can be wanted, and these are joined again pair by pair; every k on the way has an\n"
    "  evidence: how likely the words are, given so many clusters (log marginal likelihood). It rises\n"
    "  steeply, is nearly flat for a while, and falls. Chosen is the smallest k that lacks at most a fiftieth\n"
    "  of the rise from one cluster to the highest; the runner-up is the k of the highest evidence, or if\n"
    "  that is the choice, of the second highest. -k 8..40 bounds choice and runner-up. Where the evidence\n"
    "  hardly rises from one cluster on (less than .1 a document), the k of the highest mean cosine\n"
    "  silhouette is chosen instead, and the note says so.\n\n"
    "  sheaf cluster INPUT --emit k     the curve, with the silhouette beside it; choice and runner-up are\n"
    "                                   marked\n"
    "  sheaf cluster INPUT --emit tree  which clusters are joined first when there are to be fewer\n"
    "  sheaf cluster INPUT --cut 5,10   every document also with its group at 5 and at 10, in the same run\n\n"
    "  With --refine none, --metric euclidean or --vectors the words have no say, and there are no bounds:\n"
    "  of some k, tried by k-means on a smaller sample, the smallest is taken whose silhouette has four\n"
    "  fifths of the highest, or where that is above .5 the highest.\n\n"
    "  There is no true number: fewer clusters are broader themes, more are finer ones. Try -k 10 and -k 20\n"
    "  and read the words; a theme that is the same in both is one to trust. -k above the number of\n"
    "  different documents is lowered.\n";

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
