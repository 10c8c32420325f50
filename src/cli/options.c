/* The tables of verbs and options, and the search for what was meant. */
#include <stdlib.h>
#include <string.h>

#include "options.h"

const verb VERBS[] = {
    {"cluster", CLUSTER, run_cluster, "INPUT... [options]", "group documents by theme and name the themes",
     "  sheaf cluster articles/                      a folder: themes, sizes, typical documents\n"
     "  sheaf cluster news.csv --text-field body -o themes.csv    own columns kept, six added\n"
     "  zcat news.jsonl.gz | sheaf cluster - -k 20 -f jsonl\n"},
    {"topics", TOPICS, run_topics, "INPUT... [options]", "the main directions of a collection: terms and documents",
     "  sheaf topics articles/ -n 10\n"
     "  sheaf topics articles/ --emit documents -o loadings.tsv\n"},
    {"eval", EVAL, run_eval, "RESULT [GOLD] [options]", "hold clusters against true labels",
     "  sheaf eval themes.tsv gold.tsv\n"
     "  sheaf eval themes.tsv --min ari=0.3,nmi=0.5  exit 1 if below; labels in the column 'label'\n"},
    {"align", ALIGN, run_align, "OLD NEW [options]", "clusters of two runs: kept, born, died, split, merged",
     "  sheaf align monday.tsv friday.tsv            results of sheaf cluster over much the same documents\n"
     "  sheaf align monday.tsv friday.tsv --emit documents -o stable.tsv    friday.tsv in monday's numbers\n"},
    {"info", INFO, run_info, "INPUT... [options]", "what is in a collection, without clustering it",
     "  sheaf info articles/\n"},
    {"export", EXPORT, run_export, "INPUT... --to FORMAT -o FILE [options]",
     "the document-term matrix for other programs",
     "  sheaf export articles/ --to npz -o m.npz     also m.npz.rows.txt and m.npz.cols.txt\n"},
    {"similar", SIMILAR, run_similar, "INPUT... --like ID|--text TEXT|--file FILE|--all [options]",
     "the documents most like a document, a text, or each other",
     "  sheaf similar articles/ --like 2024/dam-crack.txt\n"
     "  sheaf similar articles/ --text \"dam failure upstream\" -n 3\n"
     "  sheaf similar articles/ --all --edges -o graph.tsv    the graph of nearest neighbours\n"},
    {"dups", DUPS, run_dups, "INPUT... [options]", "documents that are the same text again: copies, updates, pieces",
     "  sheaf dups articles/                         groups, and which document of each to keep\n"
     "  sheaf dups news.jsonl --emit pairs -o pairs.csv\n"
     "  sheaf dups new.jsonl --against old.jsonl --emit kept -o fresh.jsonl\n"
     "  sheaf dups docs/ --check && echo \"no duplicates\"\n"
     "  sheaf dups essays/ --passages 20             passages shared by documents that are otherwise different\n"},
    {"diff", DIFF, run_diff, "A B [options]", "two documents word by word: what differs, or what they share",
     "  sheaf diff draft.txt final.txt\n"
     "  sheaf diff news.jsonl#c-10442 news.jsonl#c-10977 --side-by-side\n"
     "  sheaf diff a.txt b.txt --emit passages\n"
     "  sheaf diff a.txt b.txt -o diff.txt           exit 1 if words differ; of case, punctuation and spaces alone\n"
     "                                               a note tells, exit 0\n"},
    {"bench", BENCH, run_bench, "[NAME...] [options]", "measure kernels and stages, held against this machine's limits",
     "  sheaf bench                                  everything, in about a minute\n"
     "  sheaf bench spmm assign --all-kernels        some kernels in every version of theirs\n"
     "  sheaf bench --json -o base.json; sheaf bench --compare base.json --fail-above 10%\n"
     "  sheaf bench words job --input news.jsonl     stages on documents of your own\n"},
    {"doctor", DOCTOR, run_doctor, "[--json]", "describe this build and machine, and check them", "  sheaf doctor\n"},
};
const int N_VERBS = (int)(sizeof VERBS / sizeof *VERBS);

const option_row OPTIONS[] = {
    {OPT_FROM, GROUP_INPUT, 0, "from", "KIND", SOURCES, "auto", "auto dir lines jsonl json csv tsv html text"},
    {OPT_SPLIT, GROUP_INPUT, 0, "split", "HOW", SOURCES, "none",
     "cut pages into posts: auto, none or a regular expression"},
    {OPT_TEXT_FIELD, GROUP_INPUT, 0, "text-field", "NAME", SOURCES, "guessed", "field with the text; may be repeated"},
    {OPT_ID_FIELD, GROUP_INPUT, 0, "id-field", "NAME", SOURCES | EVAL | ALIGN, "guessed",
     "field with the document's name"},
    {OPT_TITLE_FIELD, GROUP_INPUT, 0, "title-field", "NAME", SOURCES, "guessed", "field with the title"},
    {OPT_DATE_FIELD, GROUP_INPUT, 0, "date-field", "NAME", SOURCES, "guessed", "field with the date"},
    {OPT_LABEL_FIELD, GROUP_INPUT, 0, "label-field", "NAME", READERS | DUPS | EVAL, "label",
     "field with the true label, carried along"},
    {OPT_CLUSTER_FIELD, GROUP_INPUT, 0, "cluster-field", "NAME", EVAL | ALIGN, "cluster",
     "field of the result with the cluster"},
    {OPT_OLD_NAMES, GROUP_INPUT, 0, "old-names", "FILE", ALIGN, "column cluster_name of OLD",
     "names of the clusters: fields cluster and name"},
    {OPT_NEW_NAMES, GROUP_INPUT, 0, "new-names", "FILE", ALIGN, "column cluster_name of NEW", "the same of NEW"},
    {OPT_VECTORS, GROUP_INPUT, 0, "vectors", "FILE", CLUSTER, NULL,
     ".npy, a row a document in the order of the input: cluster these, not refined"},
    {OPT_VECTOR_IDS, GROUP_INPUT, 0, "vector-ids", "FILE", CLUSTER, NULL,
     "ids of its rows, one a line, instead of the order"},
    {OPT_LABEL_FROM_FOLDER, GROUP_INPUT, 0, "label-from-folder", NULL, READERS | DUPS, NULL,
     "the first folder is the label"},
    {OPT_MAX_DOCS, GROUP_INPUT, 0, "max-docs", "N", READERS | DUPS, "all", "read only the first N documents by id"},
    {OPT_SKIPPED, GROUP_INPUT, 0, "skipped", "FILE", READERS | DUPS, NULL, "write what was left out, and why"},
    {OPT_STRICT, GROUP_INPUT, 0, "strict", NULL, SOURCES, NULL, "the first file or line left out is an error (exit 3)"},

    {OPT_LANG, GROUP_TERMS, 0, "lang", "CODE", READERS, "auto", "auto (by document), none, en, de, fr ..."},
    {OPT_ANALYZER, GROUP_TERMS, 0, "analyzer", "NAME", SOURCES, "unicode", "unicode, or sklearn for its tokens"},
    {OPT_STEM, GROUP_TERMS, 0, "stem", NULL, READERS, "where the language has a stemmer",
     "join word forms by their stem"},
    {OPT_NO_STEM, GROUP_TERMS, 0, "no-stem", NULL, READERS, NULL, "keep word forms apart"},
    {OPT_STOP_WORDS, GROUP_TERMS, 0, "stop-words", "LIST", READERS, "the language's",
     "+FILE adds, =FILE replaces, none"},
    {OPT_NGRAMS, GROUP_TERMS, 0, "ngrams", "A..B", READERS, "1..1", "terms of A to B words"},
    {OPT_MIN_DF, GROUP_TERMS, 0, "min-df", "N|P%", READERS, "2", "leave out terms in fewer documents"},
    {OPT_MAX_DF, GROUP_TERMS, 0, "max-df", "N|P%", READERS, "50%", "leave out terms in more documents"},
    {OPT_MAX_TERMS, GROUP_TERMS, 0, "max-terms", "N", READERS, "all", "keep the N most widespread terms"},
    {OPT_NUMBERS, GROUP_TERMS, 0, "numbers", NULL, READERS, NULL, "keep terms that begin with no letter"},
    {OPT_NO_NUMBERS, GROUP_TERMS, 0, "no-numbers", NULL, READERS, NULL, "leave them out"},

    {OPT_K, GROUP_MODEL, 'k', "k", "N", CLUSTER | BENCH, "auto",
     "number of clusters; sheaf cluster: or A..B to choose from (sheaf help k)"},
    {OPT_DIMS, GROUP_MODEL, 0, "dims", "N", SPACERS | BENCH, "auto",
     "dimensions of the latent space; auto: by documents, up to 100"},
    {OPT_WEIGHT, GROUP_MODEL, 0, "weight", "NAME", WEIGHERS, "bipartite",
     "bipartite tfidf sublinear logentropy bm25 binary count"},
    {OPT_ROW_DAMPING, GROUP_MODEL, 0, "row-damping", "X", WEIGHERS, "15",
     "bipartite: how little long documents are damped"},
    {OPT_DROP_FIRST, GROUP_MODEL, 0, "drop-first", "N", CLUSTER, "auto", "leave out the first N dimensions"},
    {OPT_STARTS, GROUP_MODEL, 0, "starts", "N", CLUSTER, "8",
     "runs of k-means with and without dimension 1; the best is kept"},
    {OPT_REFINE, GROUP_MODEL, 0, "refine", "NAME", CLUSTER, "ib",
     "on the words: ib, weighted; sib, counts by document; sib-words, by word; none"},
    {OPT_NO_PHRASES, GROUP_MODEL, 0, "no-phrases", NULL, CLUSTER, NULL, "refine and name without phrases of two words"},
    {OPT_RESAMPLES, GROUP_MODEL, 0, "resamples", "N", CLUSTER, "8 where clusters are shown, else 0",
     "random halves clustered anew, for stability"},
    {OPT_METRIC, GROUP_MODEL, 0, "metric", "NAME", CLUSTER, "spherical", "spherical or euclidean"},
    {OPT_SEED, GROUP_MODEL, 0, "seed", "N", SPACERS | BENCH | DUPS, "1", "same seed, same result"},
    {OPT_TERMS, GROUP_MODEL, 0, "terms", "N", SPACERS, "10", "terms named of each cluster or topic"},
    {OPT_TYPICAL, GROUP_MODEL, 0, "typical", "N", CLUSTER | TOPICS, "5", "documents named of each cluster or topic"},
    {OPT_MIN, GROUP_MODEL, 0, "min", "S=X,...", EVAL, NULL, "exit 1 if a score is below: ari ami nmi v purity ..."},
    {OPT_MIN_FIT, GROUP_MODEL, 0, "min-fit", "X", CLUSTER, NULL,
     "documents of a fit below X are left unassigned: cluster 0, reason weak fit"},
    {OPT_MIN_SHARE, GROUP_MODEL, 0, "min-share", "R", ALIGN, "0.3",
     "clusters match if they share so much of both, and are parts if of one"},

    {OPT_LIKE, GROUP_SIMILAR, 0, "like", "ID", SIMILAR, NULL, "documents like this one"},
    {OPT_TEXT, GROUP_SIMILAR, 0, "text", "TEXT", SIMILAR, NULL, "documents like this text"},
    {OPT_FILE, GROUP_SIMILAR, 0, "file", "FILE", SIMILAR, NULL,
     "documents like the one of FILE, read like an input (- is standard input, plain)"},
    {OPT_ALL, GROUP_SIMILAR, 0, "all", NULL, SIMILAR, NULL, "of every document: the graph of nearest neighbours"},
    {OPT_EDGES, GROUP_SIMILAR, 0, "edges", NULL, SIMILAR, NULL, "of that graph every pair once"},
    {OPT_SPACE, GROUP_SIMILAR, 0, "space", "NAME", SIMILAR, "words", "words (TF-IDF) or latent: cosines of what"},

    {OPT_AGAINST, GROUP_DUPS, 0, "against", "OLD", DUPS, NULL,
     "what is there already: INPUT is held against that alone; may be repeated"},
    {OPT_THRESHOLD, GROUP_DUPS, 0, "threshold", "R", DUPS, "0.8", "copies share so much: 0.8, 4/5 or 80%, exactly"},
    {OPT_CONTAINMENT, GROUP_DUPS, 0, "containment", "R", DUPS, "0.8", "also where so much of one is in the other; off"},
    {OPT_SHINGLE, GROUP_DUPS, 0, "shingle", "N", DUPS, "3", "what is compared: runs of N words"},
    {OPT_SHINGLE_UNIT, GROUP_DUPS, 0, "shingle-unit", "NAME", DUPS, "words", "words or characters"},
    {OPT_PASSAGES, GROUP_DUPS, 0, "passages", "N", DUPS | DIFF, "20; pairs and diff 8",
     "shared passages of N words or more"},
    {OPT_FLOOD, GROUP_DUPS, 0, "flood", "N", DUPS, "documents / 10, 5 to 100",
     "not passages at over N places, 3 a document; 0: all"},
    {OPT_IGNORE_COMMON, GROUP_DUPS, 0, "ignore-common", "SHARE", DUPS, NULL,
     "what more than SHARE of the documents have counts for nothing"},
    {OPT_MIN_WORDS, GROUP_DUPS, 0, "min-words", "N", DUPS, "0", "shorter documents are compared with none"},
    {OPT_LINKAGE, GROUP_DUPS, 0, "linkage", "NAME", DUPS, "star",
     "star: all like the kept one; connected: chains too, linked"},
    {OPT_KEEP, GROUP_DUPS, 0, "keep", "RULE", DUPS, "first",
     "first (by id) longest earliest latest central, or a field: the least"},
    {OPT_WINDOW, GROUP_DUPS, 0, "window", "TIME", DUPS, NULL, "only documents so near in date: 72h 3d 30m 90s 1w"},
    {OPT_NOT_SAME, GROUP_DUPS, 0, "not-same", "FIELD", DUPS, NULL, "only documents that differ there, in source say"},
    {OPT_FLOW_BY, GROUP_DUPS, 0, "flow-by", "FIELD", DUPS, NULL, "--emit flow: who had it first, by this field"},
    {OPT_RECALL, GROUP_DUPS, 0, "recall", "R", DUPS, "1, exact", "below 1: find each pair with this probability"},
    {OPT_CHECK, GROUP_DUPS, 0, "check", NULL, DUPS, NULL, "exit 1 if there are any"},
    {OPT_SIDE_BY_SIDE, GROUP_DUPS, 0, "side-by-side", NULL, DIFF, NULL, "two columns"},
    {OPT_CONTEXT, GROUP_DUPS, 0, "context", "N", DIFF, "20", "words shown around a change; all"},

    {OPT_QUICK, GROUP_BENCH, 0, "quick", NULL, BENCH, NULL, "small sizes, some seconds: does it work, not how fast"},
    {OPT_REPEATS, GROUP_BENCH, 0, "repeats", "N", BENCH, "7", "times everything is timed, at least 7"},
    {OPT_ALL_KERNELS, GROUP_BENCH, 0, "all-kernels", NULL, BENCH, NULL, "kernels for every instruction set there is"},
    {OPT_INPUT, GROUP_BENCH, 0, "input", "FILE", BENCH, "made up", "documents for the stages"},
    {OPT_COMPARE, GROUP_BENCH, 0, "compare", "FILE", BENCH, NULL, "hold against an earlier --json; exit 1 if slower"},
    {OPT_FAIL_ABOVE, GROUP_BENCH, 0, "fail-above", "P%", BENCH, "10%",
     "by how much slower that is; the interval must lie above 0 too"},
    {OPT_MEASURED, GROUP_BENCH, 0, "measured", "FILE", BENCH, NULL, "measure nothing: take what --json wrote to FILE"},
    {OPT_ANYWAY, GROUP_BENCH, 0, "anyway", NULL, BENCH, NULL,
     "compare though machine, build, kernels or threads differ"},

    {OPT_OUTPUT, GROUP_OUTPUT, 'o', "output", "FILE", EVERY, "standard output", "the extension decides the format"},
    {OPT_FORMAT, GROUP_OUTPUT, 'f', "format", "NAME", TABLES, "table at a terminal, else tsv",
     "table tsv csv jsonl json"},
    {OPT_EMIT, GROUP_OUTPUT, 0, "emit", "ROWS", CLUSTER | TOPICS | EVAL | ALIGN | DUPS | DIFF, NULL,
     "what the rows are: sheaf help formats"},
    {OPT_ROWS, GROUP_OUTPUT, 'n', "rows", "N", CLUSTER | TOPICS | SIMILAR | EVAL | ALIGN | DUPS,
     "all; a table of topics 20, of groups 40", "at most N rows"},
    {OPT_COLUMNS, GROUP_OUTPUT, 0, "columns", "A,B,...", CLUSTER | TOPICS | SIMILAR | EVAL | ALIGN | DUPS, "all",
     "fields to write, in this order"},
    {OPT_CUT, GROUP_OUTPUT, 0, "cut", "K,...", CLUSTER, NULL,
     "documents: columns cluster_K, their group when the clusters are joined to K"},
    {OPT_NO_HEADER, GROUP_OUTPUT, 0, "no-header", NULL, TABLES, NULL, "no line of names"},
    {OPT_JSON, GROUP_OUTPUT, 0, "json", NULL, TABLES, NULL, "the same as -f json"},
    {OPT_NO_PROVENANCE, GROUP_OUTPUT, 0, "no-provenance", NULL, TABLES, NULL,
     "JSON without command, date and settings"},
    {OPT_TO, GROUP_OUTPUT, 0, "to", "FORMAT", EXPORT, "by the extension of -o", "npz mtx svm"},
    {OPT_WHAT, GROUP_OUTPUT, 0, "what", "NAME", EXPORT, "weights", "weights or counts"},

    {OPT_THREADS, GROUP_RUN, 't', "threads", "N", EVERY, "all cores", "the result is the same at any number"},
    {OPT_COLOR, GROUP_RUN, 0, "color", "WHEN", EVERY, "auto", "auto, always, never"},
    {OPT_NO_PROGRESS, GROUP_RUN, 0, "no-progress", NULL, EVERY, NULL, "no progress line"},
    {OPT_QUIET, GROUP_RUN, 'q', "quiet", NULL, EVERY, NULL, "only errors on standard error"},
    {OPT_VERBOSE, GROUP_RUN, 'v', "verbose", NULL, EVERY, NULL, "a line a finished phase, time and memory"},
    {OPT_CONFIG, GROUP_RUN, 0, "config", "FILE", EVERY, "$SHEAF_CONFIG", "flags, one a line"},
    {OPT_NO_CONFIG, GROUP_RUN, 0, "no-config", NULL, EVERY, NULL, "read no such file"},
    {OPT_HELP, GROUP_RUN, 'h', "help", NULL, EVERY, NULL, "this text"},
};
const int N_OPTIONS = (int)(sizeof OPTIONS / sizeof *OPTIONS);

const verb *find_verb(const char *name)
{
    for (int i = 0; i < N_VERBS; i++)
        if (strcmp(VERBS[i].name, name) == 0) return &VERBS[i];
    return NULL;
}

const option_row *find_option(const char *name)
{
    for (int i = 0; i < N_OPTIONS; i++)
        if (strcmp(OPTIONS[i].name, name) == 0) return &OPTIONS[i];
    return NULL;
}

const option_row *find_option_id(int id)
{
    for (int i = 0; i < N_OPTIONS; i++)
        if ((int)OPTIONS[i].id == id || (OPTIONS[i].letter && OPTIONS[i].letter == id)) return &OPTIONS[i];
    return NULL;
}

#define LONGEST 32

/* Edit distance with transposed neighbours counted once (optimal string alignment); names are short. */
static int distance(const char *a, const char *b)
{
    int n = (int)strlen(a), m = (int)strlen(b), d[LONGEST + 1][LONGEST + 1];
    if (n > LONGEST || m > LONGEST) return LONGEST;
    for (int i = 0; i <= n; i++) d[i][0] = i;
    for (int j = 0; j <= m; j++) d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < best) best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[n][m];
}

/* Near enough to be a slip: at most a third of the letters, and at most three. */
static bool better(const char *name, const char *candidate, int *best)
{
    int d = distance(name, candidate), most = (int)strlen(name) / 3 + 1;
    if (d > most || d > 3 || d >= *best) return false;
    *best = d;
    return true;
}

const char *nearest_verb(const char *name)
{
    const char *found = NULL;
    int best = LONGEST;
    for (int i = 0; i < N_VERBS; i++)
        if (better(name, VERBS[i].name, &best)) found = VERBS[i].name;
    if (better(name, "help", &best)) found = "help";
    return found;
}

const char *nearest_option(const char *name, unsigned bit)
{
    const char *found = NULL;
    int best = LONGEST;
    for (int i = 0; i < N_OPTIONS; i++)
        if ((!bit || (OPTIONS[i].verbs & bit)) && better(name, OPTIONS[i].name, &best)) found = OPTIONS[i].name;
    return found;
}

const char *nearest_name(const char *name, const char *const *names, int n)
{
    const char *found = NULL;
    int best = LONGEST;
    for (int i = 0; i < n; i++)
        if (better(name, names[i], &best)) found = names[i];
    return found;
}
