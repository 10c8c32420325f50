/* The progress line, interrupts, time and memory.
 *
 * The line stands only on a terminal, from half a second on, at most ten times a second. The first interrupt asks the
 * library to stop, which removes what is unfinished; a second one, or no answer for some seconds (it may wait for
 * standard input), removes the unfinished file and ends at once.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "settings.h"

#define FIRST_SHOWN 0.5
#define REDRAW 0.1
#define PATIENCE 3 /* seconds */

static volatile sig_atomic_t caught; /* number of the signal */
static char unfinished[4096 + 8];    /* removed by the handler; "" for none */

static struct {
    bool line, verbose, shown;
    double start, drawn, phase_start;
    char phase[64];
} state;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long peak_megabytes(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? u.ru_maxrss / 1024 : 0;
}

static void on_signal(int number)
{
    if (caught) {
        if (*unfinished) unlink(unfinished);
        signal(caught, SIG_DFL);
        raise(caught);
        _exit(128 + caught);
    }
    caught = number;
    alarm(PATIENCE);
}

void progress_begin(const settings *s)
{
    /* SA_NODEFER: the handler may end us by the very signal that it handles. */
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction old;
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(ends[i], &act, NULL);
    }
    sigaction(SIGALRM, &act, NULL);
    const char *term = getenv("TERM"), *ci = getenv("CI");
    bool dumb = (term && strcmp(term, "dumb") == 0) || (ci && *ci);
    state.line = isatty(STDERR_FILENO) && !dumb && !s->quiet && s->progress;
    state.verbose = s->verbose && !s->quiet;
    state.start = state.phase_start = now();
}

void progress_clear(void)
{
    if (!state.shown) return;
    fputs("\r\033[K", stderr);
    state.shown = false;
}

static void finish_phase(const char *next)
{
    double t = now();
    if (*state.phase && state.verbose) {
        progress_clear();
        fprintf(stderr, "sheaf: %s: %.2f s\n", state.phase, t - state.phase_start);
    }
    snprintf(state.phase, sizeof state.phase, "%s", next);
    state.phase_start = t;
}

static void draw(int64_t done, int64_t total)
{
    char room[32];
    fprintf(stderr, "\r%s", state.phase);
    if (total > 0) fprintf(stderr, " %d %%", (int)(100.0 * (double)done / (double)total));
    else if (done > 0) fprintf(stderr, " %s", grouped(done, room));
    fprintf(stderr, "   %.0f s   %ld MB\033[K", now() - state.start, peak_megabytes());
    fflush(stderr);
    state.shown = true;
}

int progress_step(void *user, const char *phase, int64_t done, int64_t total)
{
    (void)user;
    if (strncmp(phase, state.phase, sizeof state.phase - 1) != 0) finish_phase(phase);
    if (state.line) {
        double t = now();
        if (t - state.start > FIRST_SHOWN && t - state.drawn > REDRAW) {
            state.drawn = t;
            draw(done, total);
        }
    }
    return caught;
}

void progress_end(const settings *s)
{
    finish_phase("");
    progress_clear();
    if (s->quiet || !(s->verbose || isatty(STDERR_FILENO))) return;
    int threads = (int)sheaf_ctx_threads(s->ctx);
    fprintf(stderr, "sheaf: %.2f s, %d thread%s, peak %ld MB\n", now() - state.start, threads, threads == 1 ? "" : "s",
            peak_megabytes());
}

void guard_file(const char *path)
{
    unfinished[0] = 0;
    if (path && strlen(path) < sizeof unfinished - 8) sprintf(unfinished, "%s.tmp~", path);
}

bool interrupted(void) { return caught; }

int exit_interrupted(void)
{
    progress_clear();
    int number = caught ? caught : SIGINT;
    fprintf(stderr, "sheaf: stopped\n");
    fflush(NULL);
    signal(number, SIG_DFL);
    raise(number);
    return 128 + number;
}
