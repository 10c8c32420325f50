/* sheaf: the command line over libsheaf. */
#define _GNU_SOURCE /* sched_getcpu */
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

/* OpenBLAS is called on one thread at a time, yet starts a thread a core when it is loaded, and these spin for a while.
   Its variable would have to be set before the program starts; but it counts the cores that it may use, so it is given
   one until main begins. Runs before any library is initialised. A failure changes only the speed. */
static cpu_set_t cores;
static bool narrowed;

#if !SANITIZED /* whose code cannot run before the sanitizer's own start */
static void narrow_cores(void)
{
    cpu_set_t one;
    int here = sched_getcpu();
    CPU_ZERO(&one);
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof cores, &cores)) return;
    CPU_SET(here, &one);
    narrowed = sched_setaffinity(0, sizeof one, &one) == 0;
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(void) = narrow_cores;
#endif

static void widen_cores(void)
{
    if (narrowed) sched_setaffinity(0, sizeof cores, &cores);
}

/* Large arrays come and go with the stages: as mappings of their own they leave no holes in the heap, and their memory
   goes back at once. Smaller ones are used again: a page that goes back must be cleared before it returns, which took a
   tenth of the time on collections of some thousand documents. */
static void keep_small_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

static int run_verb(int argc, char **argv)
{
    settings s;
    int code = parse_arguments(&s, argc, argv);
    if (!code && s.help) {
        code = print_verb_help(s.verb);
    } else if (!code) {
        code = resolve_output(&s);
        if (!code) code = open_context(&s);
        if (!code) code = find_verb(s.verb)->run(&s);
    }
    if (FREE_AT_END) settings_end(&s);
    return code;
}

static int no_verb(int argc, char **argv)
{
    char hint[512];
    const char *near = nearest_verb(argv[1]);
    if (*argv[1] == '-')
        return fail(EXIT_USAGE, "sheaf VERB INPUT... [options]", "the verb comes first, not '%s'", argv[1]);
    snprintf(hint, sizeof hint, "sheaf %s%s%s", near ? near : "help", near && argc > 2 ? " " : "",
             near && argc > 2 ? argv[2] : "");
    return fail(EXIT_USAGE, hint, "no verb '%s'", argv[1]);
}

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

int main(int argc, char **argv)
{
    widen_cores();
    keep_small_memory();
    signal(SIGPIPE, SIG_DFL); /* `sheaf ... | head` ends quietly even if the parent ignored it */
    if (argc < 2) return finish_stdout(print_overview());
    const char *verb_name = argv[1];
    int code;
    if (is(verb_name, "--version") || is(verb_name, "-V") || is(verb_name, "version")) {
        printf("sheaf %s\n", sheaf_version());
        code = EXIT_DONE;
    } else if (is(verb_name, "--help") || is(verb_name, "-h")) {
        code = run_help(0, NULL);
    } else if (is(verb_name, "help")) {
        code = run_help(argc - 2, argv + 2);
    } else {
        code = find_verb(verb_name) ? run_verb(argc, argv) : no_verb(argc, argv);
    }
    return finish_stdout(code);
}
