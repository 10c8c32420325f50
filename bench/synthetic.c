/* Synthetic documents (see synthetic.h).
 *
 * Words: the most frequent ranks are English function words, so that stop words and languages are found as in real
 * text; the others are built of syllables, some with an English ending (for stemmers) or an accent (for what is not
 * ASCII). Frequencies follow Zipf-Mandelbrot, p(r) ~ (r + 2.7)^-1.07.
 * Documents: log-normal lengths; each word is drawn from the whole vocabulary, from that of the document's topic or of
 * its narrower subject, repeats an earlier one (words come in bursts), or is a number. Some topic words come from a
 * second topic. The words of rank F + jG .. F + jG + G - 1 are dealt out to G topics, one each, so every topic has the
 * same frequency curve, and the mixture of all topics keeps the curve of the whole vocabulary.
 * Derived documents: number i is made from i - 38 (even i) or i - 1000 (odd i), which is never derived itself and
 * serves no other, so that derived documents come in pairs whose overlap is known.
 * Boilerplate: one of 16 paragraphs at the end of documents of 60 words and more; two documents that share only that
 * have a Jaccard below .2. Templates: forms with blanks. A document's words are cut in 4 pieces, each followed by the
 * next piece of one of 8 long texts; two documents of one template have a Jaccard of up to x / (2 - x), x its share.
 * Every choice is a hash of (seed, stream, number), so any document can be made alone.
 */
#include "synthetic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUBJECTS = 8,
    PARAGRAPHS = 16,
    PARAGRAPH_WORDS = 30,
    TEMPLATES = 8,
    BLANKS = 4,
    LONG = 60,
    SHORT = 5,
    LONGEST = 1 << 15,
    TRIGRAM_BITS = 21,
    MIN_DUPLICATED = 20
};

/* Of 65536 words: numbers, then a repeat, a word of the subject, of the topic; the others from the whole vocabulary. */
enum { TO_NUMBER = 400, TO_REPEAT = TO_NUMBER + 4000, TO_SUBJECT = TO_REPEAT + 4000, TO_TOPIC = TO_SUBJECT + 10000 };

enum {
    STREAM_WORDS = 1,
    STREAM_LENGTH,
    STREAM_TOPIC,
    STREAM_KIND,
    STREAM_PUNCTUATION,
    STREAM_PARAGRAPH,
    STREAM_BOILERPLATE,
    STREAM_DEAL_TOPIC,
    STREAM_DEAL_SUBJECT,
    STREAM_TEMPLATE
};

static const char *const function_words[] = {
    "the",  "of",   "and",     "to",    "in",    "a",    "is",    "that",  "for",   "it",      "on",    "with",
    "as",   "was",  "by",      "this",  "at",    "from", "which", "or",    "an",    "but",     "not",   "they",
    "his",  "her",  "its",     "their", "has",   "had",  "been",  "will",  "would", "than",    "who",   "what",
    "when", "were", "there",   "if",    "all",   "can",  "into",  "about", "after", "between", "our",   "only",
    "also", "most", "through", "such",  "other", "each", "how",   "over",  "both",  "those",   "while", "where"};
enum { FUNCTION_WORDS = sizeof function_words / sizeof *function_words };

typedef struct { /* a slot of an alias table: itself with probability keep / 65536, else `other` */
    uint32_t other;
    uint32_t keep;
} slot;

typedef struct {
    slot *slots;
    uint32_t n;
} alias_table;

struct syn_model {
    syn_opts o;
    uint64_t key;
    alias_table all, topic, subject; /* topic, subject: over the blocks of ranks, the same for every topic */
    uint64_t *topic_until;           /* cumulated sizes of the topics, of 2^53 */
    char (*spelling)[SYN_SPELLING];
    uint32_t paragraph[PARAGRAPHS][PARAGRAPH_WORDS];
};

static const char *const consonants = "bcdfghklmnprstvwzj", *const vowels = "aeiou";
enum { CONSONANTS = 18, SYLLABLES = CONSONANTS * 5, ENDINGS = 8 };

/* Spellings are unique: syllables are consonant and vowel, and no ending can be read as the start of a syllable. Ranks
   go to two syllables first, then to three, in an order scrambled by a multiplier without common factor. */
static void spell(char *out, uint32_t rank)
{
    static const char *const endings[ENDINGS] = {"", "n", "r", "s", "t", "ting", "ted", "tion"};
    const uint64_t two = (uint64_t)SYLLABLES * SYLLABLES * ENDINGS, three = two * SYLLABLES;
    uint64_t size = two, at = rank;
    int syllables = 2;
    if (rank >= two / 4) size = three, at = rank - two / 4, syllables = 3;
    at = (at * 1000003u + 7919u) % size;
    const char *ending = endings[at % ENDINGS];
    at /= ENDINGS;
    bool accent = rank % 32 == 5;
    size_t n = 0;
    for (; syllables > 0; syllables--, at /= SYLLABLES) {
        out[n++] = consonants[at % SYLLABLES / 5];
        char vowel = vowels[at % 5];
        if (accent && vowel == 'e') {
            out[n++] = (char)0xc3;
            out[n++] = (char)0xa9;
            accent = false;
        } else {
            out[n++] = vowel;
        }
    }
    memcpy(out + n, ending, strlen(ending));
    out[SYN_SPELLING - 1] = (char)(n + strlen(ending));
}

static void spell_number(char *out, uint32_t value)
{
    char digits[5];
    int n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    for (int i = 0; i < n; i++) out[i] = digits[n - 1 - i];
    out[SYN_SPELLING - 1] = (char)n;
}

static void spell_all(syn_model *m)
{
    uint32_t v = (uint32_t)m->o.vocabulary;
    memset(m->spelling, 0, (v + SYN_NUMBERS) * sizeof *m->spelling);
    for (uint32_t i = 0; i < v; i++) {
        if (i >= FUNCTION_WORDS) {
            spell(m->spelling[i], i - FUNCTION_WORDS);
            continue;
        }
        memcpy(m->spelling[i], function_words[i], strlen(function_words[i]));
        m->spelling[i][SYN_SPELLING - 1] = (char)strlen(function_words[i]);
    }
    for (uint32_t i = 0; i < SYN_NUMBERS; i++) spell_number(m->spelling[v + i], i);
}

/* Walker's alias method as Vose builds it. p is used up. */
static bool alias_build(alias_table *t, double *p, uint32_t n)
{
    t->n = n;
    t->slots = malloc(n * sizeof *t->slots);
    uint32_t *stack = malloc(n * sizeof *stack);
    if (!t->slots || !stack) return free(stack), false;
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += p[i];
    uint32_t small = 0, large = n;
    for (uint32_t i = 0; i < n; i++) {
        p[i] *= n / sum;
        if (p[i] < 1) stack[small++] = i;
        else stack[--large] = i;
    }
    while (small > 0 && large < n) {
        uint32_t s = stack[--small], l = stack[large];
        t->slots[s] = (slot){.other = l, .keep = (uint32_t)(p[s] * 65536)};
        p[l] -= 1 - p[s];
        if (p[l] < 1) large++, stack[small++] = l;
    }
    while (small > 0) t->slots[stack[--small]].keep = 65536;
    for (; large < n; large++) t->slots[stack[large]].keep = 65536;
    free(stack);
    return true;
}

/* Blocks of `width` ranks from `from` on; width 1 and from 0 is the whole vocabulary. */
static bool zipf_table(alias_table *t, int32_t vocabulary, int32_t from, int32_t width)
{
    uint32_t n = (uint32_t)((vocabulary - from) / width);
    double *p = calloc(n, sizeof *p);
    if (!p) return false;
    for (uint32_t i = 0; i < n * (uint32_t)width; i++) p[i / (uint32_t)width] += pow(from + i + 1 + 2.7, -1.07);
    bool ok = alias_build(t, p, n);
    free(p);
    return ok;
}

static inline uint32_t alias_pick(const alias_table *t, uint64_t x)
{
    uint32_t i = (uint32_t)(((x >> 32) * t->n) >> 32);
    slot s = t->slots[i];
    return ((x >> 16) & 0xffff) < s.keep ? i : s.other;
}

static uint64_t stream(const syn_model *m, uint64_t what, int64_t number)
{
    return syn_mix(syn_mix(m->key + what * 0xd1342543de82ef95u) + (uint64_t)number * 0x9e3779b97f4a7c15u);
}

/* Sizes fall slowly: the first of 20 topics is about twice the last. */
static void size_topics(syn_model *m)
{
    double sum = 0, until = 0;
    for (int32_t t = 0; t < m->o.topics; t++) sum += 1 / sqrt(t + 5.0);
    for (int32_t t = 0; t < m->o.topics; t++) {
        until += 1 / sqrt(t + 5.0) / sum;
        m->topic_until[t] = t + 1 == m->o.topics ? UINT64_MAX : (uint64_t)(until * 0x1p53);
    }
}

syn_model *syn_new(const syn_opts *o)
{
    syn_model *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->o = *o;
    m->key = syn_mix(o->seed + 0x5eaf);
    m->spelling = malloc(((size_t)o->vocabulary + SYN_NUMBERS) * sizeof *m->spelling);
    m->topic_until = malloc((size_t)o->topics * sizeof *m->topic_until);
    if (!m->spelling || !m->topic_until || !zipf_table(&m->all, o->vocabulary, 0, 1) ||
        !zipf_table(&m->topic, o->vocabulary, FUNCTION_WORDS, o->topics) ||
        !zipf_table(&m->subject, o->vocabulary, FUNCTION_WORDS, o->topics * SUBJECTS)) {
        syn_free(m);
        return NULL;
    }
    spell_all(m);
    size_topics(m);
    for (int i = 0; i < PARAGRAPHS; i++) {
        uint64_t state = stream(m, STREAM_PARAGRAPH, i);
        for (int j = 0; j < PARAGRAPH_WORDS; j++) m->paragraph[i][j] = alias_pick(&m->all, syn_next(&state));
    }
    return m;
}

void syn_free(syn_model *m)
{
    if (!m) return;
    free(m->all.slots);
    free(m->topic.slots);
    free(m->subject.slots);
    free(m->topic_until);
    free(m->spelling);
    free(m);
}

const char *syn_spelling(const syn_model *m, uint32_t word) { return m->spelling[word]; }

const char *syn_kind_name(syn_kind kind)
{
    static const char *const name[] = {"own",     "same",      "recased", "replaced", "inserted",
                                       "deleted", "reordered", "piece",   "quote"};
    return name[kind];
}

static int32_t length_of(const syn_model *m, int64_t number)
{
    uint64_t state = stream(m, STREAM_LENGTH, number);
    double normal = -6, sigma = 0.6;
    for (int i = 0; i < 12; i++) normal += syn_real(&state);
    double words = m->o.words * exp(sigma * normal - sigma * sigma / 2);
    return words < SHORT ? SHORT : words > LONGEST ? LONGEST : (int32_t)words;
}

static int32_t topic_of(const syn_model *m, uint64_t x)
{
    int32_t t = 0;
    while ((x >> 11) >= m->topic_until[t]) t++;
    return t;
}

/* The word that group g of `groups` got from a block of ranks. */
static inline uint32_t dealt(const syn_model *m, uint64_t deal, uint32_t block, uint32_t g, uint32_t groups)
{
    uint64_t h = syn_mix(m->key + deal * 0x9e3779b97f4a7c15u + block);
    uint32_t at = g + (uint32_t)(((h >> 32) * groups) >> 32);
    return FUNCTION_WORDS + block * groups + (at >= groups ? at - groups : at);
}

static void own_words(const syn_model *m, int64_t number, syn_document *d, uint32_t *word, int32_t n)
{
    uint64_t choice = stream(m, STREAM_TOPIC, number), state = stream(m, STREAM_WORDS, number);
    uint32_t topics = (uint32_t)m->o.topics;
    uint32_t topic = (uint32_t)topic_of(m, syn_next(&choice)), second = (uint32_t)topic_of(m, syn_next(&choice));
    uint32_t subject = topic * SUBJECTS + syn_below(&choice, SUBJECTS);
    d->topic = (int32_t)topic;
    for (int32_t i = 0; i < n; i++) {
        uint64_t x = syn_next(&state);
        uint32_t from = x & 0xffff;
        if (from >= TO_TOPIC) {
            word[i] = alias_pick(&m->all, x);
        } else if (from >= TO_SUBJECT) {
            uint32_t of = from % 4 == 0 ? second : topic;
            word[i] = dealt(m, STREAM_DEAL_TOPIC, alias_pick(&m->topic, x), of, topics);
        } else if (from >= TO_REPEAT) {
            word[i] = dealt(m, STREAM_DEAL_SUBJECT, alias_pick(&m->subject, x), subject, topics * SUBJECTS);
        } else if (from >= TO_NUMBER) {
            uint32_t earlier = i ? word[(x >> 32) % (uint32_t)i] : 0;
            word[i] = earlier >= FUNCTION_WORDS ? earlier : alias_pick(&m->all, x);
        } else {
            uint32_t digits = (uint32_t)(x >> 62), below = digits == 0 ? 100 : digits == 1 ? 1000 : SYN_NUMBERS;
            word[i] = (uint32_t)m->o.vocabulary + (uint32_t)((x >> 32) % below);
        }
    }
}

/* Spreads the first `own` words over a template of which the document has d->n - own words. */
static void fill_in(const syn_model *m, int64_t number, syn_document *d, int32_t own)
{
    uint64_t choice = stream(m, STREAM_TEMPLATE, number);
    uint64_t text = stream(m, STREAM_TEMPLATE, -1 - (int64_t)syn_below(&choice, TEMPLATES));
    uint32_t *copy = d->word + SYN_MAX_WORDS / 2;
    memcpy(copy, d->word, (size_t)own * sizeof *copy);
    int32_t given = d->n - own, n = 0, at = 0;
    for (int32_t i = 0; i < BLANKS; i++) {
        int32_t from = (int32_t)((int64_t)i * own / BLANKS), to = (int32_t)((int64_t)(i + 1) * own / BLANKS);
        memcpy(d->word + n, copy + from, (size_t)(to - from) * sizeof *copy);
        n += to - from;
        for (int32_t end = (int32_t)((int64_t)(i + 1) * given / BLANKS); at < end; at++)
            d->word[n++] = alias_pick(&m->all, syn_next(&text));
    }
}

static void make_own(const syn_model *m, int64_t number, syn_document *d)
{
    d->n = length_of(m, number);
    int32_t own = d->n - (int32_t)(m->o.templates * d->n);
    own_words(m, number, d, d->word, own);
    if (own < d->n) fill_in(m, number, d, own);
    d->punctuation = stream(m, STREAM_PUNCTUATION, number);
    d->boilerplate = 0;
    uint64_t state = stream(m, STREAM_BOILERPLATE, number);
    if (d->n >= LONG && syn_real(&state) < m->o.boilerplate) {
        memcpy(d->word + d->n, m->paragraph[syn_below(&state, PARAGRAPHS)], sizeof m->paragraph[0]);
        d->n += d->boilerplate = PARAGRAPH_WORDS;
    }
}

/* The kind of document that the options ask for at this number, and the random stream that settles the rest. */
static syn_kind wanted(const syn_model *m, int64_t number, uint64_t *state)
{
    *state = stream(m, STREAM_KIND, number);
    double u = syn_real(state);
    if (u < m->o.duplicates) return (syn_kind)(SYN_SAME + syn_below(state, 6));
    if (u < m->o.duplicates + m->o.contained) return (syn_kind)(SYN_PIECE + syn_below(state, 2));
    return SYN_OWN;
}

static syn_kind kind_of(const syn_model *m, int64_t number, int64_t *source, uint64_t *state)
{
    syn_kind kind = wanted(m, number, state), unused_kind;
    int64_t from = number - (number % 2 ? 1000 : 38), unused;
    uint64_t unused_state;
    *source = -1;
    if (kind == SYN_OWN || from < 0 || length_of(m, from) < (kind >= SYN_PIECE ? LONG : MIN_DUPLICATED)) return SYN_OWN;
    unused_kind = kind_of(m, from, &unused, &unused_state);
    if (unused_kind != SYN_OWN) return SYN_OWN;
    *source = from;
    return kind;
}

/* `edits` places, spread evenly with some play, from left to right: the words between them stay. */
static int32_t edit_words(const syn_model *m, syn_document *d, int32_t edits, uint64_t *state)
{
    uint32_t *copy = d->word + SYN_MAX_WORDS / 2;
    memcpy(copy, d->word, (size_t)d->n * sizeof *copy);
    int32_t n = 0, next = 0, done = 0;
    for (int32_t i = 0; i < d->n; i++) {
        if (done < edits && i == next) {
            int32_t step = (int32_t)((int64_t)(done + 1) * d->n / edits) - (int32_t)((int64_t)done * d->n / edits);
            int32_t start = (int32_t)((int64_t)++done * d->n / edits);
            next = start + (step > 6 ? (int32_t)syn_below(state, (uint32_t)step - 5) : 0);
            if (d->kind != SYN_DELETED) d->word[n++] = alias_pick(&m->all, syn_next(state));
            if (d->kind != SYN_INSERTED) continue;
        }
        d->word[n++] = copy[i];
    }
    return n;
}

static void reorder_pieces(syn_document *d, int32_t borders, uint64_t *state)
{
    uint32_t *copy = d->word + SYN_MAX_WORDS / 2, *order = copy + SYN_MAX_WORDS / 4;
    int32_t pieces = borders + 1, n = 0;
    memcpy(copy, d->word, (size_t)d->n * sizeof *copy);
    for (int32_t i = 0; i < pieces; i++) order[i] = (uint32_t)i;
    for (int32_t i = pieces - 1; i > 0; i--) {
        uint32_t j = syn_below(state, (uint32_t)i + 1), t = order[i];
        order[i] = order[j], order[j] = t;
    }
    for (int32_t i = 0; i < pieces; i++) {
        int64_t piece = order[i];
        int32_t from = (int32_t)(piece * d->n / pieces), to = (int32_t)((piece + 1) * d->n / pieces);
        memcpy(d->word + n, copy + from, (size_t)(to - from) * sizeof *copy);
        n += to - from;
    }
}

/* How many edits bring the Jaccard of the trigrams near j: a replaced word takes 3 trigrams and gives 3, an inserted
   one takes 2 and gives 3, a deleted one takes 3 and gives 2, a border between moved pieces takes 2 and gives 2. */
static int32_t edits_for(syn_kind kind, int32_t trigrams, double j)
{
    double takes = kind == SYN_INSERTED || kind == SYN_REORDERED ? 2 : 3;
    double gives = kind == SYN_DELETED || kind == SYN_REORDERED ? 2 : 3;
    int32_t edits = (int32_t)(trigrams * (1 - j) / (takes + gives * j) + 0.5);
    return edits < 1 ? 1 : edits;
}

static void make_piece(const syn_model *m, int64_t number, syn_document *d, uint64_t *state)
{
    int32_t length = 20 + (int32_t)syn_below(state, (uint32_t)(d->n / 3)), own = length_of(m, number);
    int32_t from = (int32_t)syn_below(state, (uint32_t)(d->n - length) + 1);
    uint32_t *copy = d->word + SYN_MAX_WORDS / 2;
    memcpy(copy, d->word + from, (size_t)length * sizeof *copy);
    int32_t before = d->kind == SYN_QUOTE ? own / 2 : 0, after = d->kind == SYN_QUOTE ? own - own / 2 : 0;
    if (d->kind == SYN_QUOTE) {
        own_words(m, number, d, d->word + length, own);
        memmove(d->word, d->word + length, (size_t)before * sizeof *copy);
    }
    memcpy(d->word + before, copy, (size_t)length * sizeof *copy);
    d->n = before + length + after;
}

void syn_make(const syn_model *m, int64_t number, syn_document *d)
{
    static const double target[] = {.5, .6, .7, .8, .9, .95};
    uint64_t state;
    syn_kind kind = kind_of(m, number, &d->source, &state);
    make_own(m, d->source < 0 ? number : d->source, d);
    d->number = number;
    d->kind = kind;
    if (kind == SYN_OWN || kind == SYN_SAME) return;
    d->boilerplate = 0;
    d->punctuation = stream(m, STREAM_PUNCTUATION, number);
    int32_t edits = edits_for(kind, d->n - 2, target[syn_below(&state, 6)]);
    if (kind == SYN_REORDERED) reorder_pieces(d, edits, &state);
    else if (kind >= SYN_PIECE) make_piece(m, number, d, &state);
    else if (kind != SYN_RECASED) d->n = edit_words(m, d, edits, &state);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int32_t trigrams(const syn_document *d, uint64_t *out)
{
    int32_t n = d->n - 2, distinct = 0;
    for (int32_t i = 0; i < n; i++)
        out[i] = ((uint64_t)d->word[i] << TRIGRAM_BITS | d->word[i + 1]) << TRIGRAM_BITS | d->word[i + 2];
    qsort(out, n > 0 ? (size_t)n : 0, sizeof *out, by_value);
    for (int32_t i = 0; i < n; i++)
        if (i == 0 || out[i] != out[distinct - 1]) out[distinct++] = out[i];
    return distinct;
}

syn_overlap syn_compare(const syn_document *a, const syn_document *b, uint64_t *scratch)
{
    uint64_t *x = scratch, *y = scratch + a->n;
    int32_t nx = trigrams(a, x), ny = trigrams(b, y), both = 0;
    for (int32_t i = 0, j = 0; i < nx && j < ny;) {
        both += x[i] == y[j];
        if (x[i] <= y[j] && x[i] != y[j]) i++;
        else if (y[j] < x[i]) j++;
        else i++, j++;
    }
    int32_t all = nx + ny - both, small = nx < ny ? nx : ny;
    return (syn_overlap){all ? (double)both / all : 0, small ? (double)both / small : 0};
}
