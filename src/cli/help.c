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
    "  cluster  documents: id cluster fit margin second unknown, then label, title, date and the\n"
    "           columns of the input; clusters: cluster docs fit tightness stability coverage\n"
    "           exclusivity coherence distinctness unknown name terms typical borderline. A table shows\n"
    "           clusters, all other formats documents.\n"
    "           fit: cosine of the document to the centre of its cluster (--metric euclidean: distance\n"
    "           below 0); of a cluster the mean: tight from .65, loose below .5, else mixed. margin: how\n"
    "           far its cluster is ahead of the second, in nats per weight of its words, or, not refined,\n"
    "           in fit: near 0 it may as well be there. unknown: share of its words that are unused,\n"
    "           because too few documents have them (--min-df, --max-terms); stop words, numbers and\n"
    "           words of too many documents (--max-df) do not count; of a cluster the mean. Where it is\n"
    "           high, much of what a document says had no part in its place.\n"
    "           stability: how far the cluster comes again when\n"
    "           random halves of the documents are clustered anew (Jaccard, 1: just so): solid from\n"
    "           .75, shaky below .5, else fair; --resamples; of few documents none.\n"
    "           coverage: share of the cluster's documents that hold something of its name;\n"
    "           exclusivity: of all in clusters that do, the share in this one (a table says covers, own);\n"
    "           coherence: how far its ten best words come together (NPMI: 0 as by chance, 1 only\n"
    "           together); distinctness: share of them that no other cluster has among its ten.\n"
    "           Cluster 0 holds the documents without a known word. --min-fit puts those of a weak fit\n"
    "           there too, with a column reason: weak fit or no known word; second is then the cluster\n"
    "           that it would be in. Other clusters keep numbers and centres; sizes, names and what is\n"
    "           said of words are without them, stability and the tree were found with them.\n"
    "           --vectors: clusters of those, as they are, not refined on the words, so that vectors can\n"
    "           be compared; names, unknown and coherence are of the texts.\n"
    "           --columns takes cluster_name and reason as well. --cut 5,10 adds cluster_5 and cluster_10,\n"
    "           the groups when the clusters are joined to 5 and 10, numbered by falling size.\n"
    "           tree: how they are joined, the cheapest pair first: step k left right loss docs left_names\n"
    "           right_names; step s makes node s above the last cluster and leaves k groups. loss: of what\n"
    "           refinement gained; of clusters that were not refined, of the sum of fits, by their centres.\n"
    "           docs: in both, without cluster 0. Up to 2,048 clusters.\n"
    "           k: k evidence silhouette agreement what, of every k looked at (sheaf help k)\n"
    "  topics   topics: topic sigma share terms documents; documents: id t1 t2 ...\n"
    "  similar  rank score id terms, title: the nearest first, with the words that carry it: shared\n"
    "           ones, and in the latent space also words of either text that are related to the\n"
    "           other; their products (JSON) add up to the score. --all: id partner score rank, with\n"
    "           --edges id partner score\n"
    "  eval     scores; confusion: label cluster docs of_label of_cluster\n"
    "  align    clusters, a row a cluster of OLD, then those that are new: old new number what shared\n"
    "           jaccard docs_old docs_new name_old name_new to from. what: kept, died or born, then split\n"
    "           and merged. Two clusters match if they share --min-share of the documents of each; of all\n"
    "           ways to match one to one, the one that keeps most documents together. to, from: its parts\n"
    "           in the other run, clusters that share --min-share of the smaller of the two, with the share\n"
    "           of the row's own. split: a tenth or more of it is in other parts than the largest; merged:\n"
    "           a tenth or more came from others than the largest; said of the parts too. Only documents of\n"
    "           both runs count; -1 or nothing as cluster is none, like 0. number: that of OLD, of new\n"
    "           clusters one that was never given. documents: NEW with these numbers, also in second and in\n"
    "           cluster_5 (--cut) where OLD has it too, and with cluster_name, OLD's where it has one (sheaf\n"
    "           cluster --columns id,cluster,cluster_name writes names). Where the highest number ever given\n"
    "           has no documents left, a column cluster_highest hands it on: align the next run with this\n"
    "           file. All else as it was\n"
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
    "  more clusters than can be wanted, and these are joined again pair by pair; twice, from different\n"
    "  starts. Every k on the way has an evidence: how likely the words are, given so many clusters (log\n"
    "  marginal likelihood, the higher of the two). It rises steeply, is nearly flat for a while, and falls.\n"
    "  Chosen is the smallest k that lacks at most half a hundredth of the rise from one cluster to the\n"
    "  highest: two ways to the same k differ by about as much. The runner-up is a coarser answer, the\n"
    "  highest evidence of the k that are at least a sixth smaller, or if there are none, of all others.\n"
    "  -k 8..40 bounds both; with --cut 10 k is 10 at least. Where the evidence hardly rises from one\n"
    "  cluster on (less than .1 a document), the k of the highest mean cosine silhouette is chosen instead,\n"
    "  and the note says so.\n\n"
    "  sheaf cluster INPUT --emit k     the curve, with the silhouette and how far the two ways agree at k\n"
    "                                   (adjusted Rand index) beside it; choice and runner-up are marked\n"
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
