/* What the command line asks for, and what the commands share. */
#ifndef SHEAF_CLI_SETTINGS_H
#define SHEAF_CLI_SETTINGS_H

#include "sheaf/sheaf.h"

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_INPUT = 3, EXIT_SYSTEM = 4, EXIT_BUG = 70 };

typedef enum { EMIT_AUTO = 0, EMIT_DOCUMENTS, EMIT_CLUSTERS, EMIT_TOPICS, EMIT_SCORES, EMIT_CONFUSION,
               EMIT_TREE, EMIT_K,
               EMIT_GROUPS, EMIT_PAIRS, EMIT_PASSAGES, EMIT_KEPT, EMIT_DROPPED, EMIT_FLOW, EMIT_DIFFERENCES } emit;
typedef enum { WHEN_AUTO = 0, WHEN_ALWAYS, WHEN_NEVER } when;
typedef enum { WHAT_WEIGHTS = 0, WHAT_COUNTS } export_what;

typedef struct { /* a growing list of strings; the list is the program's, the strings may be anyone's */
    const char **items;
    int n;
} strings;

typedef struct { /* sheaf dups and sheaf diff */
    sheaf_dups_opts o;
    strings against;
    int64_t passages, flood;        /* -1: not given */
    const char *flow_by;
    const char *not_of_passages;    /* an option given that has no part in passages */
    bool check, keep_given;
    sheaf_diff_view view;
} dups_settings;

typedef struct {
    sheaf_similar_opts o;
    const char *like, *text, *file;
    bool all, edges;
} similar_settings;

typedef struct {
    const char *verb;
    unsigned verb_bit;
    sheaf_fit_opts fit;
    strings inputs, text_fields, columns, minimum, stop_words;
    int32_t cuts[SHEAF_CUTS_MOST], n_cuts;
    bool help;
    similar_settings similar;
    dups_settings dups;
    sheaf_align_opts align;
    const char *old_names, *new_names;
    /* bench */
    sheaf_bench_opts bench;
    sheaf_bench_compare_opts compare;
    const char *compare_with, *measured; /* results of earlier runs */
    /* output */
    const char *output;             /* NULL: standard output */
    bool format_given, resamples_given;
    sheaf_format format;
    emit emit;
    bool header, provenance, color;
    when color_when;
    int64_t rows;
    int32_t width;
    sheaf_matrix_format to;
    export_what what;
    const char *skipped, *cluster_field;
    char *command;                  /* as typed, quoted for a shell */
    char date[32];
    /* run */
    int32_t threads;
    bool progress, quiet, verbose;
    sheaf_ctx *ctx;
    const char *last_note;
    strings owned;                  /* everything to free at the end */
} settings;

/* ---- messages.c: everything on standard error */
int fail(int code, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));
void note(const settings *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints the context's message and hint; returns the exit code. writing: the failure is one of output. */
int fail_status(const settings *s, sheaf_status st, bool writing);
int whole_characters(const char *p, size_t n, size_t most); /* how many of n bytes, at most `most`, end none in two */
void summary(const settings *s, const sheaf_model *m);
void corpus_summary(const sheaf_corpus *c); /* the beginning of a line: documents, what was skipped and replaced */
void next_steps(const settings *s, const sheaf_model *m); /* only for a person at a terminal */
bool color_wanted(when w, int fd);
const char *grouped(int64_t n, char room[32]); /* 2419 as "2,419" */

/* ---- progress.c */
void progress_begin(const settings *s);
int progress_step(void *user, const char *phase, int64_t done, int64_t total);
void progress_clear(void);
void progress_end(const settings *s);  /* clears the line; with -v or at a terminal says time and memory */
void guard_file(const char *path);     /* the unfinished file of `path` goes when we are killed; NULL: no longer */
bool interrupted(void);
int exit_interrupted(void);            /* dies of the signal that came */

/* What the process holds when it ends, the system takes back faster than we could free it piece by piece. Builds with a
   sanitizer free it all the same, so that whatever else is not freed is found; -DFREE_AT_END=1 does so in any build. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
#ifndef FREE_AT_END
#define FREE_AT_END SANITIZED
#endif

/* ---- run.c */
int open_context(settings *s);
void model_end(sheaf_model *m);        /* the last thing that is done with it */
/* Fits up to `stage`, with summary and --skipped. On failure *m is NULL and the exit code is returned. */
int fit_model(settings *s, sheaf_fit_stage stage, sheaf_model **m);
int list_skipped(settings *s, const sheaf_corpus *c); /* --skipped */

/* ---- output.c */
int resolve_output(settings *s);       /* format, colours, width; refuses what cannot be written */
bool at_terminal(const settings *s);   /* the result goes to a person's screen */
void write_options(const settings *s, sheaf_write_opts *o);
typedef sheaf_status (*writer)(sheaf_out *out, void *what, const sheaf_write_opts *o);
int write_result(settings *s, const char *path, writer fn, void *what);
int finish_stdout(int code);           /* a full disk behind standard output is an error */

/* ---- parse.c, values.c, config.c */
int parse_arguments(settings *s, int argc, char **argv);
void dups_init(dups_settings *d);
void similar_init(settings *s);
int set_similar(settings *s, int option, const char *value); /* similar.c */
int set_dups(settings *s, int option, const char *value); /* dups_options.c */
void settings_end(settings *s);
void strings_add(strings *l, const char *s);
char *own_text(settings *s, const char *p, size_t n); /* a copy that lives as long as the settings */
int read_config(settings *s, int argc, char **argv, strings *out);
char *read_whole(settings *s, const char *path, size_t *n, int *code);

int choose(const char *option, const char *value, const char *const *names, int n, int *index);
int number(const char *option, const char *value, int64_t low, int64_t high, int64_t *out);
int real_number(const char *option, const char *value, double low, double high, double *out);
int seed_number(const char *option, const char *value, uint64_t *out);
int ratio(const char *option, const char *value, sheaf_ratio *out); /* dups_options.c */
int count_or_share(const char *option, const char *value, int64_t *count, double *share);
int range(const char *option, const char *value, int32_t *low, int32_t *high);
void split_list(settings *s, const char *value, strings *out);

/* ---- one file each */
int run_cluster(settings *s);
int run_topics(settings *s);
int run_similar(settings *s);
int run_eval(settings *s);
int run_align(settings *s);
int run_info(settings *s);
int run_export(settings *s);
int run_doctor(settings *s);
int run_bench(settings *s);
int run_dups(settings *s);
int run_diff(settings *s);
int run_help(int argc, char **argv);   /* sheaf help [TOPIC] */
int print_overview(void);
int print_verb_help(const char *name);

#endif
