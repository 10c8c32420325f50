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

/* ---- ids and names in a message come from outside */

#define LONGEST 2048 /* bytes of a message */

int whole_characters(const char *p, size_t n, size_t most)
{
    size_t cut = n < most ? n : most;
    while (cut && cut < n && ((unsigned char)p[cut] & 0xC0) == 0x80) cut--;
    return (int)cut;
}

/* The bytes of one character, 0: it is malformed. */
static size_t character(const unsigned char *p, uint32_t *c)
{
    const size_t n = *p < 0x80 ? 1 : *p < 0xC2 ? 0 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : *p < 0xF5 ? 4 : 0;
    *c = n > 1 ? *p & 0x7Fu >> n : *p;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
        *c = *c << 6 | (p[i] & 0x3F);
    }
    return n;
}

/* Would a terminal obey it: control characters, ends of lines, and what turns the direction of writing around? */
static bool is_obeyed(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* In place, '?' for what is not printed. lines: of the library's texts, a line feed before an indented line stays. */
static char *clean(char *text, bool lines)
{
    const unsigned char *p = (unsigned char *)text;
    char *out = text;
    while (*p) {
        uint32_t c;
        const size_t n = character(p, &c);
        const bool ours = lines && c == '\n' && p[1] == ' ' && p[2] == ' ';
        if (n && (ours || !is_obeyed(c))) {
            memmove(out, p, n);
            out += n;
        } else {
            *out++ = '?';
        }
        p += n ? n : 1;
    }
    *out = 0;
    return text;
}

static char *clean_copy(char *room, size_t size, const char *p, size_t n, bool lines)
{
    const int kept = whole_characters(p, n, size - 4);
    snprintf(room, size, "%.*s%s", kept, p, (size_t)kept < n ? "..." : "");
    return clean(room, lines);
}

static void print_message(const char *format, va_list args)
{
    char text[LONGEST];
    const int n = vsnprintf(text, sizeof text, format, args);
    if (n >= LONGEST) strcpy(text + whole_characters(text, LONGEST - 1, LONGEST - 4), "...");
    fprintf(stderr, "%s\n", n < 0 ? format : clean(text, false));
}

static void hint_line(const char *hint)
{
    char text[LONGEST];
    if (hint && *hint) fprintf(stderr, "  hint: %s\n", clean_copy(text, sizeof text, hint, strlen(hint), false));
}

int fail(int code, const char *hint, const char *format, ...)
{
    va_list args;
    tag("error", "\033[1;31m");
    va_start(args, format);
    print_message(format, args);
    va_end(args);
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
    print_message(format, args);
    va_end(args);
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
    char text[LONGEST];
    tag("error", "\033[1;31m");
    fprintf(stderr, "%s\n", clean_copy(text, sizeof text, message, strlen(message), true));
    hint_line(sheaf_ctx_hint(s->ctx));
    return code;
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
    char room[32], text[256];
    for (int j = 0; j < n; j++)
        fprintf(stderr, "%s%s %s", j ? ", " : " (", grouped(count[j], room),
                clean_copy(text, sizeof text, reason[j].p, reason[j].n, false));
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
    char text[LONGEST];
    const char *first = s->inputs.items[0], *more = s->inputs.n > 1 ? " ..." : "";
    const char *input = clean_copy(text, sizeof text, first, strlen(first), false);
    int32_t k = sheaf_clustering_k(sheaf_model_clustering(m));
    fprintf(stderr, "\nNext: sheaf cluster %s%s -o themes.csv   every document with its cluster\n", input, more);
    fprintf(stderr, "      sheaf cluster %s%s -k %d   finer clusters (sheaf help k)\n", input, more, 2 * k);
    fprintf(stderr, "      sheaf topics %s%s -n 10   the main directions of the collection\n", input, more);
    fprintf(stderr, "      sheaf help formats   what each column means\n");
}
