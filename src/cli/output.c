/* Where the result goes and in which format; files appear whole or not at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings.h"

bool at_terminal(const settings *s) { return !s->output && isatty(STDOUT_FILENO); }

static const char *extension(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    return dot ? dot + 1 : "";
}

static int format_of_extension(settings *s)
{
    static const char *const names[] = {"txt", "tsv", "csv", "jsonl", "json"};
    static const char *const packed[] = {"gz", "zst", "bz2", "xz", "zip"};
    const char *e = extension(s->output);
    for (int i = 0; i < 5; i++)
        if (strcmp(e, names[i]) == 0) s->format = (sheaf_format)i;
    if (strcmp(e, "ndjson") == 0) s->format = SHEAF_FORMAT_JSONL;
    for (int i = 0; i < 5; i++)
        if (strcmp(e, packed[i]) == 0)
            return fail(EXIT_USAGE, "sheaf ... | gzip > FILE", "%s: sheaf does not write compressed files", s->output);
    return EXIT_DONE;
}

/* Said before the work and not after it. */
static int check_target(const char *path)
{
    char folder[4096];
    struct stat st;
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return fail(EXIT_USAGE, "name a file", "cannot write %s: it is a folder", path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) return EXIT_DONE; /* a device or pipe */
    if (access(folder, W_OK) != 0) return fail(EXIT_SYSTEM, NULL, "cannot write %s: %s", path, strerror(errno));
    return EXIT_DONE;
}

static int check_not_input(const settings *s, const char *path)
{
    struct stat out, in;
    if (stat(path, &out) != 0 || !S_ISREG(out.st_mode)) return EXIT_DONE;
    for (int i = 0; i < s->inputs.n; i++)
        if (stat(s->inputs.items[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return fail(EXIT_USAGE, "-o another file", "%s is also the input", path);
    return EXIT_DONE;
}

static int32_t terminal_width(void)
{
    struct winsize w;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20) return w.ws_col;
    const char *columns = getenv("COLUMNS");
    int n = columns ? atoi(columns) : 0;
    return n >= 20 && n < 10000 ? n : 80;
}

int resolve_output(settings *s)
{
    bool terminal = at_terminal(s);
    if (!s->format_given) {
        s->format = terminal ? SHEAF_FORMAT_TABLE : SHEAF_FORMAT_TSV;
        int code = s->output ? format_of_extension(s) : EXIT_DONE;
        if (code) return code;
    }
    s->color = !s->output && color_wanted(s->color_when, STDOUT_FILENO);
    s->width = terminal ? terminal_width() : 0;
    const char *targets[] = {s->output, s->skipped};
    for (int i = 0; i < 2; i++) {
        int code = targets[i] ? check_target(targets[i]) : EXIT_DONE;
        if (!code && targets[i]) code = check_not_input(s, targets[i]);
        if (code) return code;
    }
    return EXIT_DONE;
}

void write_options(const settings *s, sheaf_write_opts *o)
{
    sheaf_write_opts_init(o, sizeof *o);
    o->format = s->format;
    o->header = s->header;
    o->width = s->width;
    o->color = s->color;
    o->max_rows = s->rows;
    o->columns = s->columns.n ? s->columns.items : NULL;
    o->n_columns = s->columns.n;
    o->cuts = s->cuts;
    o->n_cuts = s->n_cuts;
    o->provenance = s->provenance;
    o->command = s->command;
    o->date = s->date;
}

int write_result(settings *s, const char *path, writer fn, void *what)
{
    sheaf_write_opts o;
    sheaf_out *out = NULL;
    write_options(s, &o);
    progress_clear();
    guard_file(path);
    sheaf_status st = sheaf_out_open(s->ctx, &out, path ? path : "-");
    if (st == SHEAF_OK) {
        st = fn(out, what, &o);
        if (st == SHEAF_OK && interrupted()) st = SHEAF_ECANCELED;
        /* A write that failed is told by closing, which knows the reason. */
        if (st == SHEAF_OK || st == SHEAF_EIO) st = sheaf_out_close(out);
        else sheaf_out_discard(out);
    }
    guard_file(NULL);
    return st == SHEAF_OK ? EXIT_DONE : fail_status(s, st, true);
}

int finish_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    return fail(EXIT_SYSTEM, NULL, "cannot write the output: %s", strerror(errno));
}
