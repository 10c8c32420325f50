/* Synthetic corpora of any size, as JSONL, with the near-duplicates that are in them.
 *
 *     generate [OPTION=VALUE]...
 *
 * A document is a pure function of the options and its number (bench/synthetic.c): n documents are the first n of 2n,
 * and docs=N first=I makes any range alone. The truth has a row for every document made from an earlier one, with
 * the Jaccard of their word trigrams (words folded) as it is, not as it was aimed at, and the share of the smaller set
 * that the other holds. Documents that share only a paragraph of boilerplate (a Jaccard below .2) or a template (up to
 * x / (2 - x), x its share) are not in it.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synthetic.h"

static const char usage[] =
    "usage: generate [OPTION=VALUE]...\n"
    "  docs=N          documents (1000)\n"
    "  first=I         number of the first one (0)\n"
    "  seed=S          (1)\n"
    "  topics=T        (20)\n"
    "  vocabulary=V    words to draw from (100000)\n"
    "  words=W         mean length of a document (100)\n"
    "  duplicates=X    share of documents that are an edited copy of another (.02)\n"
    "  contained=X     share that are a piece of another, or quote one (.01)\n"
    "  boilerplate=X   share that end in one of 16 paragraphs (.05)\n"
    "  templates=X     share of each document's words that one of 8 templates gives (0)\n"
    "  out=FILE        (standard output)\n"
    "  truth=FILE      rows id_a, id_b, jaccard, kind, containment of the documents made from another\n";

typedef struct {
    syn_opts syn;
    int64_t docs, first;
    const char *out, *truth;
} options;

enum { BUFFER = 1 << 20, MARGIN = 4096 };

typedef struct {
    FILE *f;
    char *base, *at;
} output;

static bool flush(output *o)
{
    size_t n = (size_t)(o->at - o->base);
    o->at = o->base;
    return fwrite(o->base, 1, n, o->f) == n;
}

static char *put(char *p, const char *text)
{
    size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

static char *put_capital(char *p)
{
    if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
    return p;
}

/* Copies a whole slot and moves on by the length of the word. */
static inline char *put_word(char *p, const char *spelling)
{
    memcpy(p, spelling, SYN_SPELLING);
    return p + (unsigned char)spelling[SYN_SPELLING - 1];
}

static char *put_sentence(char *p, const syn_model *m, const uint32_t *word, int32_t n, int32_t comma, bool upper)
{
    char *start = p;
    for (int32_t i = 0; i < n; i++) {
        p = put_word(p, syn_spelling(m, word[i]));
        if (i == comma && i + 1 < n) *p++ = ',';
        *p++ = ' ';
    }
    p[-1] = '.';
    if (upper)
        for (char *c = start; c < p; c++) put_capital(c);
    put_capital(start);
    return p;
}

/* Sentences of 5 to 20 words, paragraphs of about six sentences; the boilerplate is a paragraph of its own. */
static bool put_text(output *o, const syn_model *m, const syn_document *d)
{
    uint64_t state = d->punctuation;
    for (int32_t i = 0; i < d->n;) {
        int32_t end = i < d->n - d->boilerplate ? d->n - d->boilerplate : d->n;
        uint64_t x = syn_next(&state);
        int32_t n = 5 + (int32_t)(x & 15), comma = 2 + (int32_t)(x >> 4 & 15);
        if (n > end - i) n = end - i;
        if (i > 0) o->at = put(o->at, end - i == d->boilerplate || (x >> 32) % 6 == 0 ? "\\n\\n" : " ");
        o->at = put_sentence(o->at, m, d->word + i, n, comma, d->kind == SYN_RECASED);
        i += n;
        if (o->at - o->base > BUFFER - MARGIN && !flush(o)) return false;
    }
    return true;
}

static bool put_document(output *o, const syn_model *m, const syn_document *d)
{
    o->at +=
        sprintf(o->at, "{\"id\": \"d%lld\", \"label\": \"t%d\", \"text\": \"", (long long)d->number, (int)d->topic);
    if (!put_text(o, m, d)) return false;
    o->at = put(o->at, "\"}\n");
    return o->at - o->base <= BUFFER - MARGIN || flush(o);
}

static bool put_truth(FILE *f, const syn_model *m, const syn_document *d, syn_document *source, uint64_t *scratch)
{
    syn_make(m, d->source, source);
    syn_overlap found = syn_compare(source, d, scratch);
    return fprintf(f, "d%lld\td%lld\t%.6f\t%s\t%.6f\n", (long long)d->source, (long long)d->number, found.jaccard,
                   syn_kind_name(d->kind), found.containment) > 0;
}

static bool run(const options *o, output *out, FILE *truth, const syn_model *m)
{
    syn_document d = {.word = malloc(SYN_MAX_WORDS * sizeof *d.word)};
    syn_document source = {.word = malloc(SYN_MAX_WORDS * sizeof *d.word)};
    uint64_t *scratch = malloc(2 * SYN_MAX_WORDS * sizeof *scratch);
    bool ok = d.word && source.word && scratch;
    if (ok && truth) ok = fputs("id_a\tid_b\tjaccard\tkind\tcontainment\n", truth) >= 0;
    for (int64_t i = o->first; ok && i < o->first + o->docs; i++) {
        syn_make(m, i, &d);
        ok = put_document(out, m, &d);
        if (ok && truth && d.source >= 0) ok = put_truth(truth, m, &d, &source, scratch);
    }
    free(d.word);
    free(source.word);
    free(scratch);
    return ok && flush(out);
}

static bool number(const char *text, double low, double high, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && *out >= low && *out <= high;
}

/* The name before `=` is known and the value is in range. */
static bool set(options *o, const char *arg)
{
    double v = 0;
    const char *value = strchr(arg, '=');
    if (!value) return false;
    size_t n = (size_t)(value++ - arg);
#define NAMED(text) (n == sizeof text - 1 && !memcmp(arg, text, n))
    if (NAMED("out")) return o->out = value, true;
    if (NAMED("truth")) return o->truth = value, true;
    if (NAMED("docs")) return number(value, 0, 1e12, &v) && (o->docs = (int64_t)v, true);
    if (NAMED("first")) return number(value, 0, 1e12, &v) && (o->first = (int64_t)v, true);
    if (NAMED("seed")) return number(value, 0, 0x1p53, &v) && (o->syn.seed = (uint64_t)v, true);
    if (NAMED("topics")) return number(value, 1, 1000, &v) && (o->syn.topics = (int32_t)v, true);
    if (NAMED("vocabulary"))
        return number(value, 1000, SYN_MAX_VOCABULARY, &v) && (o->syn.vocabulary = (int32_t)v, true);
    if (NAMED("words")) return number(value, 5, 10000, &o->syn.words);
    if (NAMED("duplicates")) return number(value, 0, 1, &o->syn.duplicates);
    if (NAMED("contained")) return number(value, 0, 1, &o->syn.contained);
    if (NAMED("boilerplate")) return number(value, 0, 1, &o->syn.boilerplate);
    if (NAMED("templates")) return number(value, 0, .9, &o->syn.templates);
#undef NAMED
    return false;
}

static int fail(const char *what, const char *name)
{
    fprintf(stderr, "generate: %s%s%s\n", name ? name : "", name ? ": " : "", what);
    return 4;
}

/* Opens, makes the documents, closes: 0, or the exit code of what failed. */
static int produce(const options *o)
{
    output out = {.f = o->out ? fopen(o->out, "wb") : stdout};
    if (!out.f) return fail(strerror(errno), o->out);
    FILE *truth = o->truth ? fopen(o->truth, "wb") : NULL;
    if (o->truth && !truth) {
        if (out.f != stdout) fclose(out.f);
        return fail(strerror(errno), o->truth);
    }
    syn_model *m = syn_new(&o->syn);
    out.at = out.base = malloc(BUFFER);
    bool ready = m && out.base, ok = ready && run(o, &out, truth, m);
    ok &= fclose(out.f) == 0;
    if (truth) ok &= fclose(truth) == 0;
    syn_free(m);
    free(out.base);
    if (ok) return 0;
    return ready ? fail("writing failed", o->out ? o->out : "standard output") : fail("out of memory", NULL);
}

int main(int argc, char **argv)
{
    options o = {.docs = 1000,
                 .syn = {.seed = 1,
                         .topics = 20,
                         .vocabulary = 100000,
                         .words = 100,
                         .duplicates = .02,
                         .contained = .01,
                         .boilerplate = .05}};
    for (int i = 1; i < argc; i++)
        if (!set(&o, argv[i])) {
            fprintf(stderr, "generate: cannot use '%s'\n%s", argv[i], usage);
            return 2;
        }
    if (o.syn.vocabulary < 60 + 16 * 8 * o.syn.topics) return fail("too few words for so many topics", "vocabulary");
    return produce(&o);
}
