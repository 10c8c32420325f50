/* sheaf doctor: what to put into a report of trouble. Exit 70 if the self-check fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

typedef struct {
    sheaf_ctx *ctx;
    const char *lines;
} job;

static sheaf_status write_lines(sheaf_out *out, void *what, const sheaf_write_opts *o)
{
    const job *j = what;
    return sheaf_write_properties(j->ctx, out, "sheaf.doctor/1", j->lines, o);
}

int run_doctor(settings *s)
{
    const char *description;
    char lines[8192];
    if (s->inputs.n) return fail(EXIT_USAGE, NULL, "sheaf doctor reads no input: %s", s->inputs.items[0]);
    sheaf_status st = sheaf_describe(s->ctx, &description);
    if (st != SHEAF_OK) return fail_status(s, st, false);
    snprintf(lines, sizeof lines - 700, "%s", description);
    sheaf_status check = sheaf_self_check(s->ctx);
    if (check == SHEAF_ECANCELED) return exit_interrupted();
    size_t n = strlen(lines);
    snprintf(lines + n, sizeof lines - n, "self-check: %s\n", check == SHEAF_OK ? "passed" : sheaf_ctx_message(s->ctx));
    job j = {s->ctx, lines};
    int code = write_result(s, s->output, write_lines, &j);
    return code ? code : check == SHEAF_OK ? EXIT_DONE : EXIT_BUG;
}
