/* From the text of an option's argument to its value. Each returns 0, or the exit code after the message. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static const char *dashes(const char *option) { return option[1] ? "--" : "-"; }

int choose(const char *option, const char *value, const char *const *names, int n, int *index)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], value) == 0) {
            *index = i;
            return 0;
        }
    char list[256], hint[300];
    size_t used = 0;
    list[0] = 0;
    for (int i = 0; i < n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    const char *near = nearest_name(value, names, n);
    if (near) snprintf(hint, sizeof hint, "%s%s %s", dashes(option), option, near);
    else snprintf(hint, sizeof hint, "one of: %s", list);
    return fail(EXIT_USAGE, hint, "%s%s: '%s' is not known", dashes(option), option, value);
}

static bool whole_number(const char *value, int64_t *out)
{
    char *end;
    errno = 0;
    if (!*value || strchr(" \t\n+", *value)) return false;
    long long v = strtoll(value, &end, 10);
    *out = v;
    return !*end && errno == 0;
}

int number(const char *option, const char *value, int64_t low, int64_t high, int64_t *out)
{
    if (whole_number(value, out) && *out >= low && *out <= high) return 0;
    return fail(EXIT_USAGE, NULL, "%s%s: '%s' is not a whole number from %lld to %lld", dashes(option), option, value,
                (long long)low, (long long)high);
}

int real_number(const char *option, const char *value, double low, double high, double *out)
{
    char *end;
    errno = 0;
    if ((*value >= '0' && *value <= '9') || *value == '.') {
        *out = strtod(value, &end);
        if (!*end && errno == 0 && *out >= low && *out <= high) return 0;
    }
    return fail(EXIT_USAGE, NULL, "%s%s: '%s' is not a number from %g to %g", dashes(option), option, value, low, high);
}

int seed_number(const char *option, const char *value, uint64_t *out)
{
    char *end;
    errno = 0;
    if (*value >= '0' && *value <= '9') {
        *out = strtoull(value, &end, 10);
        if (!*end && errno == 0) return 0;
    }
    return fail(EXIT_USAGE, NULL, "%s%s: '%s' is not a whole number from 0 to %llu", dashes(option), option, value,
                (unsigned long long)UINT64_MAX);
}

/* "5" is a count; "0.5" and "50%" are shares. The program never leaves the C locale, so strtod reads a point. */
int count_or_share(const char *option, const char *value, int64_t *count, double *share)
{
    char *end;
    *count = 0;
    *share = 0;
    if (whole_number(value, count) && *count >= 0) return 0;
    *count = 0;
    if ((*value >= '0' && *value <= '9') || *value == '.') {
        *share = strtod(value, &end);
        if (*end == '%') {
            *share /= 100;
            end++;
        }
        if (!*end && *share >= 0 && *share <= 1) return 0;
    }
    return fail(EXIT_USAGE, "a count (5), a share (0.5) or a percentage (50%)", "%s%s: '%s' is neither count nor share",
                dashes(option), option, value);
}

int range(const char *option, const char *value, int32_t *low, int32_t *high)
{
    char left[16];
    const char *dots = strstr(value, "..");
    size_t n = dots ? (size_t)(dots - value) : strlen(value);
    int64_t a, b;
    if (n < sizeof left) {
        memcpy(left, value, n);
        left[n] = 0;
        if (whole_number(left, &a) && whole_number(dots ? dots + 2 : left, &b) && a >= 1 && a <= b && b <= 8) {
            *low = (int32_t)a;
            *high = (int32_t)b;
            return 0;
        }
    }
    return fail(EXIT_USAGE, "for example --ngrams 1..2", "--%s: '%s' is not a range within 1..8", option, value);
}

void split_list(settings *s, const char *value, strings *out)
{
    for (const char *p = value;;) {
        size_t n = strcspn(p, ",");
        if (n) strings_add(out, own_text(s, p, n));
        if (!p[n]) break;
        p += n + 1;
    }
}
