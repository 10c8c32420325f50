/* The one table of verbs and the one table of options: parsing, help and completion are made from them. */
#ifndef SHEAF_CLI_OPTIONS_H
#define SHEAF_CLI_OPTIONS_H

#include "settings.h"

enum { CLUSTER = 1, TOPICS = 2, EVAL = 4, INFO = 8, EXPORT = 16, DOCTOR = 32, BENCH = 64, SIMILAR = 128,
       DUPS = 256, DIFF = 512, ALIGN = 1024 };
enum { READERS = CLUSTER | TOPICS | INFO | EXPORT | SIMILAR, WEIGHERS = CLUSTER | TOPICS | EXPORT | SIMILAR,
       SPACERS = CLUSTER | TOPICS | SIMILAR, SOURCES = READERS | DUPS | DIFF,
       TABLES = CLUSTER | TOPICS | SIMILAR | EVAL | ALIGN | INFO | DOCTOR | BENCH | DUPS | DIFF,
       EVERY = TABLES | EXPORT };

typedef struct {
    const char *name;
    unsigned bit;
    int (*run)(settings *s);      /* the exit code */
    const char *usage;            /* what follows the name */
    const char *purpose;          /* one line */
    const char *examples;         /* lines, each indented by two */
} verb;

typedef enum { GROUP_INPUT, GROUP_TERMS, GROUP_MODEL, GROUP_SIMILAR, GROUP_DUPS, GROUP_BENCH,
               GROUP_OUTPUT, GROUP_RUN, N_GROUPS } option_group;

typedef enum {
    OPT_FROM = 256, OPT_SPLIT, OPT_TEXT_FIELD, OPT_ID_FIELD, OPT_TITLE_FIELD, OPT_DATE_FIELD, OPT_LABEL_FIELD,
    OPT_CLUSTER_FIELD, OPT_OLD_NAMES, OPT_NEW_NAMES, OPT_VECTORS, OPT_VECTOR_IDS,
    OPT_LABEL_FROM_FOLDER, OPT_MAX_DOCS, OPT_SKIPPED, OPT_STRICT,
    OPT_LANG, OPT_ANALYZER, OPT_STEM, OPT_NO_STEM, OPT_STOP_WORDS, OPT_NGRAMS, OPT_MIN_DF, OPT_MAX_DF, OPT_MAX_TERMS,
    OPT_NUMBERS, OPT_NO_NUMBERS,
    OPT_K, OPT_DIMS, OPT_WEIGHT, OPT_ROW_DAMPING, OPT_DROP_FIRST, OPT_STARTS, OPT_REFINE, OPT_NO_PHRASES,
    OPT_RESAMPLES, OPT_METRIC, OPT_SEED, OPT_TERMS,
    OPT_TYPICAL, OPT_MIN, OPT_MIN_FIT, OPT_MIN_SHARE,
    OPT_LIKE, OPT_TEXT, OPT_FILE, OPT_ALL, OPT_SPACE, OPT_EDGES,
    OPT_AGAINST, OPT_THRESHOLD, OPT_CONTAINMENT, OPT_SHINGLE, OPT_SHINGLE_UNIT, OPT_PASSAGES, OPT_FLOOD,
    OPT_IGNORE_COMMON, OPT_MIN_WORDS, OPT_LINKAGE, OPT_KEEP, OPT_WINDOW, OPT_NOT_SAME, OPT_FLOW_BY, OPT_RECALL,
    OPT_CHECK, OPT_SIDE_BY_SIDE, OPT_CONTEXT,
    OPT_QUICK, OPT_REPEATS, OPT_ALL_KERNELS, OPT_INPUT, OPT_COMPARE, OPT_FAIL_ABOVE, OPT_MEASURED, OPT_ANYWAY,
    OPT_OUTPUT, OPT_FORMAT, OPT_EMIT, OPT_ROWS, OPT_COLUMNS, OPT_CUT, OPT_NO_HEADER, OPT_JSON,
    OPT_NO_PROVENANCE, OPT_TO, OPT_WHAT,
    OPT_THREADS, OPT_COLOR, OPT_NO_PROGRESS, OPT_QUIET, OPT_VERBOSE, OPT_CONFIG, OPT_NO_CONFIG, OPT_HELP
} option_id;

typedef struct {
    option_id id;
    option_group group;
    char letter;                  /* 0: none */
    const char *name, *argument;  /* argument NULL: a flag */
    unsigned verbs;
    const char *preset;           /* the default, as text; NULL: nothing to say */
    const char *help;
} option_row;

extern const verb VERBS[];
extern const int N_VERBS;
extern const option_row OPTIONS[];
extern const int N_OPTIONS;

const verb *find_verb(const char *name);
const option_row *find_option(const char *name); /* by long name */
const option_row *find_option_id(int id);

/* The known name nearest to a mistyped one (edit distance), or NULL if none is near. bit 0: of any verb. */
const char *nearest_verb(const char *name);
const char *nearest_option(const char *name, unsigned bit);
const char *nearest_name(const char *name, const char *const *names, int n);

#endif
