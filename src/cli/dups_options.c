/* Options of sheaf dups and sheaf diff. */
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define COUNT(names) ((int)(sizeof(names) / sizeof *(names)))
#define MOST_PARTS 1000000 /* of a fraction */

void dups_init(dups_settings *d)
{
    *d = (dups_settings){.passages = -1, .flood = -1};
    sheaf_dups_opts_init(&d->o, sizeof d->o);
    sheaf_diff_view_init(&d->view, sizeof d->view);
    d->o.containment = (sheaf_ratio){4, 5};
}

/* Digits at *p, at most nine; their number. */
static int digits(const char **p, int64_t *value)
{
    int n = 0;
    for (; **p >= '0' && **p <= '9' && n < 9; ++*p, n++) *value = 10 * *value + (**p - '0');
    return n;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* "0.8", ".8", "80%", "4/5", exactly. */
static bool read_ratio(const char *p, sheaf_ratio *out)
{
    sheaf_ratio r = {0, 1};
    int n = digits(&p, &r.p), behind = 0;
    if (n && *p == '/') {
        p++;
        r.q = 0;
        if (!digits(&p, &r.q) || !r.q) return false;
    } else {
        if (*p == '.') {
            p++;
            behind = digits(&p, &r.p);
        }
        if (n + behind == 0 || n + behind > 12) return false;
        while (behind--) r.q *= 10;
        if (*p == '%') {
            p++;
            r.q *= 100;
        }
    }
    const int64_t divisor = common_divisor(r.p, r.q);
    *out = (sheaf_ratio){r.p / divisor, r.q / divisor};
    return !*p && out->q <= MOST_PARTS;
}

int ratio(const char *option, const char *value, sheaf_ratio *out)
{
    if (read_ratio(value, out) && out->p > 0 && out->p <= out->q) return 0;
    return fail(EXIT_USAGE, "0.8, 4/5 or 80%, up to six digits", "--%s: '%s' is no share above 0 and at most 1", option,
                value);
}

static int duration(const char *option, const char *value, double *seconds)
{
    static const struct { char unit; double seconds; } units[] = {
        {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    char *end = NULL;
    double x = *value >= '0' && *value <= '9' ? strtod(value, &end) : -1;
    for (int i = 0; end && x > 0 && x < 1e9 && i < COUNT(units); i++)
        if (*end == units[i].unit && !end[1]) {
            *seconds = x * units[i].seconds;
            return 0;
        }
    return fail(EXIT_USAGE, "72h, 3d, 30m, 90s or 1w", "--%s: '%s' is no time", option, value);
}

static int keep_rule(dups_settings *d, const char *value)
{
    static const char *const names[] = {"first", "longest", "earliest", "latest", "central"};
    d->keep_given = true;
    for (int i = 0; i < COUNT(names); i++)
        if (strcmp(value, names[i]) == 0) {
            d->o.keep = (sheaf_keep)i;
            return 0;
        }
    const char *near = nearest_name(value, names, COUNT(names));
    if (near) return fail(EXIT_USAGE, near, "--keep: '%s' is not known", value);
    d->o.keep = SHEAF_KEEP_FIELD;
    d->o.keep_field = value;
    return *value ? 0 : fail(EXIT_USAGE, NULL, "--keep: a rule or a field");
}

static int shingles(dups_settings *d, int option, const char *value)
{
    static const char *const units[] = {"words", "characters"}, *const linkages[] = {"star", "connected"};
    int index = 0, code;
    int64_t n = 0;
    switch (option) {
    case OPT_SHINGLE:
        code = number("shingle", value, 1, 64, &n);
        d->o.shingle = (int32_t)n;
        return code;
    case OPT_SHINGLE_UNIT:
        code = choose("shingle-unit", value, units, COUNT(units), &index);
        d->o.unit = (sheaf_shingle_unit)index;
        return code;
    case OPT_LINKAGE:
        code = choose("linkage", value, linkages, COUNT(linkages), &index);
        d->o.linkage = (sheaf_linkage)index;
        return code;
    default: return -1;
    }
}

static int set_diff(dups_settings *d, int option, const char *value)
{
    if (option == OPT_SIDE_BY_SIDE) {
        d->view.side_by_side = true;
        return 0;
    }
    if (option != OPT_CONTEXT) return -1;
    if (strcmp(value, "all") == 0) {
        d->view.context = 0;
        return 0;
    }
    return number("context", value, 1, 1000000, &d->view.context);
}

/* Options that say what near-duplicates are: passages of any documents know nothing of them. */
static const char *name_of_duplicates_option(int option)
{
    switch (option) {
    case OPT_THRESHOLD: return "threshold";
    case OPT_CONTAINMENT: return "containment";
    case OPT_IGNORE_COMMON: return "ignore-common";
    case OPT_MIN_WORDS: return "min-words";
    case OPT_KEEP: return "keep";
    case OPT_WINDOW: return "window";
    case OPT_NOT_SAME: return "not-same";
    case OPT_FLOW_BY: return "flow-by";
    case OPT_RECALL: return "recall";
    case OPT_SHINGLE: return "shingle";
    case OPT_SHINGLE_UNIT: return "shingle-unit";
    case OPT_LINKAGE: return "linkage";
    default: return NULL;
    }
}

int set_dups(settings *s, int option, const char *value)
{
    dups_settings *d = &s->dups;
    if (!d->not_of_passages) d->not_of_passages = name_of_duplicates_option(option);
    switch (option) {
    case OPT_AGAINST: strings_add(&d->against, value); return 0;
    case OPT_THRESHOLD: return ratio("threshold", value, &d->o.threshold);
    case OPT_CONTAINMENT:
        d->o.containment = (sheaf_ratio){0, 1};
        return strcmp(value, "off") == 0 ? 0 : ratio("containment", value, &d->o.containment);
    case OPT_PASSAGES: return number("passages", value, 2, 1000000, &d->passages);
    case OPT_FLOOD: return number("flood", value, 0, INT64_MAX, &d->flood);
    case OPT_IGNORE_COMMON: return ratio("ignore-common", value, &d->o.ignore_common);
    case OPT_MIN_WORDS: return number("min-words", value, 0, INT64_MAX, &d->o.min_words);
    case OPT_KEEP: return keep_rule(d, value);
    case OPT_WINDOW: return duration("window", value, &d->o.window);
    case OPT_NOT_SAME: d->o.not_same_field = value; return 0;
    case OPT_FLOW_BY: d->flow_by = value; return 0;
    case OPT_RECALL: return real_number("recall", value, 0, 1, &d->o.recall);
    case OPT_CHECK: d->check = true; return 0;
    case OPT_SHINGLE:
    case OPT_SHINGLE_UNIT:
    case OPT_LINKAGE: return shingles(d, option, value);
    default: return set_diff(d, option, value);
    }
}
