/* Everything that goes to standard error: errors with what to do, notes, the summary. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"

bool color_wanted(when w, int fd)
{
    if (w != WHEN_AUTO) return w == WHEN_ALWAYS;
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");
    if (no && *no) return false;
    if (force && *force && strcmp(force, "0") != 0) return true;
    return isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

static when error_color; /* set once the command line has been read */

static void tag(const char *name, const char *code)
{
    bool color = color_wanted(error_color, STDERR_FILENO);
    progress_clear();
    fprintf(stderr, "sheaf: %s%s:%s ", color ? code : "", name, color ? "\033[0m" : "");
}

static void hint_line(const char *hint)
{
    if (hint && *hint) fprintf(stderr, "  hint: %s\n", hint);
}

int fail(int code, const char *hint, const char *format, ...)
{
    va_list args;
    tag("error", "\033[1;31m");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    hint_line(hint);
    return code;
}

void note(const settings *s, const char *format, ...)
{
    if (s->quiet) return;
    va_list args;
    error_color = s->color_when;
    tag("note", "\033[36m");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

int fail_status(const settings *s, sheaf_status st, bool writing)
{
    error_color = s->color_when;
    if (st == SHEAF_ECANCELED) return exit_interrupted();
    const char *message = sheaf_ctx_message(s->ctx);
    if (!*message) message = sheaf_status_name(st);
    int code = EXIT_BUG;
    switch (st) {
    case SHEAF_EINVAL: code = EXIT_USAGE; break;
    case SHEAF_EFORMAT: code = EXIT_INPUT; break;
    case SHEAF_EIO: code = writing ? EXIT_SYSTEM : EXIT_INPUT; break;
    case SHEAF_ENOMEM: code = EXIT_SYSTEM; break;
    default: break;
    }
    return fail(code, sheaf_ctx_hint(s->ctx), "%s", message);
}

const char *grouped(int64_t n, char room[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n), at = 0;
    for (int i = 0; i < length && at < 30; i++) {
        if (i && (length - i) % 3 == 0 && digits[i - 1] != '-') room[at++] = ',';
        room[at++] = digits[i];
    }
    room[at] = 0;
    return room;
}

/* Reasons up to their colon ("not JSON: ..."), counted; further ones together. */
#define REASONS 6

static void skipped_reasons(const sheaf_corpus *c, int64_t skipped)
{
    sheaf_str reason[REASONS];
    int64_t count[REASONS] = {0}, other = 0;
    int n = 0;
    for (int64_t i = 0; i < skipped; i++) {
        sheaf_str place, r;
        sheaf_corpus_skipped(c, i, &place, &r);
        const char *colon = r.n ? memchr(r.p, ':', r.n) : NULL;
        if (colon) r.n = (size_t)(colon - r.p);
        int j = 0;
        while (j < n && (reason[j].n != r.n || memcmp(reason[j].p, r.p, r.n) != 0)) j++;
        if (j == n && n == REASONS) {
            other++;
            continue;
        }
        if (j == n) reason[n++] = r;
        count[j]++;
    }
    char room[32];
    for (int j = 0; j < n; j++)
        fprintf(stderr, "%s%s %.*s", j ? ", " : " (", grouped(count[j], room), (int)reason[j].n, reason[j].p);
    if (other) fprintf(stderr, ", %s other", grouped(other, room));
    if (n) fputc(')', stderr);
}

static void languages(const sheaf_terms *t)
{
    const char *code;
    int64_t docs;
    char room[32];
    int32_t i = 0;
    for (; i < 6 && sheaf_terms_language(t, i, &code, &docs); i++) {
        if (strcmp(code, "none") == 0) code = "unknown";
        fprintf(stderr, "%s%s %s", i ? ", " : "; languages: ", code, grouped(docs, room));
    }
    if (sheaf_terms_language(t, i, &code, &docs)) fputs(", ...", stderr);
}

void corpus_summary(const sheaf_corpus *c)
{
    sheaf_read_counts n = sheaf_corpus_counts(c);
    int64_t docs = sheaf_corpus_size(c);
    char a[32], b[32];
    progress_clear();
    fprintf(stderr, "sheaf: %s document%s", grouped(docs, a), docs == 1 ? "" : "s");
    if (n.skipped) {
        fprintf(stderr, ", %s skipped", grouped(n.skipped, a));
        skipped_reasons(c, n.skipped);
    }
    if (n.replaced)
        fprintf(stderr, "; %s malformed character%s replaced in %s", grouped(n.replaced, a), n.replaced == 1 ? "" : "s",
                grouped(n.replaced_docs, b));
}

void summary(const settings *s, const sheaf_model *m)
{
    if (s->quiet) return;
    corpus_summary(sheaf_model_corpus(m));
    languages(sheaf_model_terms(m));
    fputc('\n', stderr);
}

void next_steps(const settings *s, const sheaf_model *m)
{
    if (s->quiet || !isatty(STDERR_FILENO) || !at_terminal(s)) return;
    const char *input = s->inputs.items[0], *more = s->inputs.n > 1 ? " ..." : "";
    int32_t k = sheaf_clustering_k(sheaf_model_clustering(m));
    fprintf(stderr, "\nNext: sheaf cluster %s%s -o themes.csv   every document with its cluster\n", input, more);
    fprintf(stderr, "      sheaf cluster %s%s -k %d   finer clusters (sheaf help k)\n", input, more, 2 * k);
    fprintf(stderr, "      sheaf topics %s%s -n 10   the main directions of the collection\n", input, more);
}
