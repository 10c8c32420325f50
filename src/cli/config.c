/* A file of flags, one a line: `--name value`, `--name=value` or `--name`; # begins a comment line. Flags of other
   verbs are passed over, so that one file serves them all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

char *read_whole(settings *s, const char *path, size_t *n, int *code)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t used = 0, room = 0;
    while (f && !ferror(f) && !feof(f)) {
        if (used + 1 >= room) {
            room = room ? room * 2 : 4096;
            char *more = realloc(text, room);
            if (!more) {
                free(text);
                fclose(f);
                *code = fail(EXIT_SYSTEM, NULL, "out of memory: %s", path);
                return NULL;
            }
            text = more;
        }
        used += fread(text + used, 1, room - used - 1, f);
    }
    if (!f || ferror(f)) {
        *code = fail(EXIT_INPUT, NULL, "cannot read %s: %s", path, strerror(errno));
        if (f) fclose(f);
        free(text);
        return NULL;
    }
    fclose(f);
    text[used] = 0;
    strings_add(&s->owned, text);
    *n = used;
    return text;
}

/* One line as one argument, "--name=value". */
static int config_line(settings *s, const char *path, int line, char *p, strings *out)
{
    while (*p == ' ' || *p == '\t') p++;
    size_t n = strlen(p);
    while (n && strchr(" \t\r", p[n - 1])) p[--n] = 0;
    if (!*p || *p == '#') return 0;
    char *name = p + strspn(p, "-");
    size_t length = strcspn(name, " \t=");
    char *value = name + length;
    bool more = *value != 0;
    if (more) *value++ = 0;
    while (more && (*value == ' ' || *value == '\t')) value++;
    const option_row *o = length == 1 ? find_option_id(*name) : find_option(name);
    if (p == name || !o) {
        const char *near = nearest_option(name, 0);
        char hint[64];
        snprintf(hint, sizeof hint, "--%s", near ? near : "");
        return fail(EXIT_USAGE, near ? hint : NULL, "%s:%d: no option '%s'", path, line, p);
    }
    if (!(o->verbs & s->verb_bit)) return 0;
    size_t room = strlen(o->name) + strlen(value) + 4;
    char *argument = malloc(room);
    if (!argument) return fail(EXIT_SYSTEM, NULL, "out of memory: %s", path);
    snprintf(argument, room, more ? "--%s=%s" : "--%s", o->name, value);
    strings_add(&s->owned, argument);
    strings_add(out, argument);
    return 0;
}

/* The last --config or --no-config before `--` counts; flags on the command line come later and so win. */
int read_config(settings *s, int argc, char **argv, strings *out)
{
    const char *path = getenv("SHEAF_CONFIG");
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--no-config") == 0) path = NULL;
        else if (strncmp(argv[i], "--config=", 9) == 0) path = argv[i] + 9;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) path = argv[i + 1];
    }
    if (!path || !*path) return 0;
    size_t n;
    int code = 0, line = 0;
    char *text = read_whole(s, path, &n, &code);
    if (!text) return code;
    for (char *p = text; p < text + n && !code; line++) {
        size_t length = strcspn(p, "\n");
        char *next = p + length + 1;
        p[length] = 0;
        code = config_line(s, path, line + 1, p, out);
        p = next;
    }
    return code;
}
