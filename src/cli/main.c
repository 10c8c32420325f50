/* sheaf: the command line over libsheaf. */
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

/* Threads that wait for the next loop should sleep: spinning, libgomp's default, takes the cores from whatever else
   runs on the machine, and on a busy one made small corpora ten times slower. OpenBLAS is called on one thread at a
   time and need not start threads that spin as well. Both libraries read their variable before main and never again,
   so the program sets them and starts itself once more (5 ms). Settings of the user's stay; a failure changes only the
   speed. */
static void restart_with_sleeping_threads(char **argv)
{
    if (getenv("OMP_WAIT_POLICY")) return;
    if (setenv("OMP_WAIT_POLICY", "passive", 1) || setenv("OPENBLAS_NUM_THREADS", "1", 0)) return;
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return;
    path[n] = 0;
    execv(path, argv);
}

/* Large arrays come and go with the stages: as mappings of their own they leave no holes in the heap, and their
   memory goes back at once (without this, 60 MB more at the peak on 100,000 abstracts). */
static void return_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
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
    settings_end(&s);
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
    restart_with_sleeping_threads(argv);
    return_memory();
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
