/* The language of every document, from its stop words.
 *
 * A word that is a stop word in m languages counts 1/m for each of them: "de" says little, "und" much. A document is
 * likely to be in its best language when that covers enough of its words by stop words and is ahead of the second; it
 * is clear when there are enough of them. Where most documents of a script agree, their language is the corpus's: a
 * short or unclear document is taken for it, and so is one in a language that hardly any other document is in, unless
 * its evidence is overwhelming. Where they do not agree, a document without evidence is in no known language. Short
 * documents, of which each says little, are judged together as if they were one, and vote as that says.
 * Scripts that are used by one language here (Han, kana, Hangul, Thai) decide by themselves.
 *
 * Words are counted by class (set of stop lists, script): there are few, so the pass over the words is one look-up and
 * one increment each, and the arithmetic happens once a document. Everything depends on the documents alone, never on
 * threads or order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/analysis.h"

#define DOCS_PER_BLOCK 256
#define MAX_CLASSES 8192       /* further combinations of stop lists count as none */
#define CLASS_WORDS (MAX_CLASSES / 64)
#define PLAIN_CLASSES 8        /* words of no stop list, most of all, are counted in so many places by turns, script by
                                  script: adding to the place that was just added to is slow */
#define ENOUGH_WORDS 4000      /* of a document; more tell nothing new */

#define LIKELY_WORDS 3         /* stop words of the language, so many at least ... */
#define LIKELY_COVER 0.15      /* ... in this share of the words: running text has about .3 to .5 ... */
#define LIKELY_LEAD 1.3        /* ... and so much evidence against the second language */
#define CLEAR_WORDS 20         /* as many stop words as chance does not bring together */
#define DOMINANT_SHARE 0.6     /* of the likely documents of a script: the language of the corpus */
#define LONG_WORDS 50          /* so long and yet not likely in any language: votes against */
#define SHORT_WORDS 10         /* a shorter text is never taken for another language than the corpus's */
#define STRONG_COVER 0.25      /* against the corpus: nearly what running text has ... */
#define STRONG_LEAD 2.0        /* ... and twice the evidence for any other language */
#define RARE_SHARE 0.01        /* languages of fewer of the documents, or fewer than ... */
#define RARE_DOCS 3            /* ... so many, need strong evidence */

typedef struct {
    uint64_t stop;
    uint8_t script;
} word_class;

typedef struct {
    int8_t best, script_language; /* -1: none */
    uint8_t script;               /* of most of its words */
    float cover, lead;            /* share of stop words of `best`; evidence over that of the second */
    int32_t hits, words;
} verdict;

typedef struct {
    sheaf_i_analysis *a;
    uint16_t *class_of_type;
    word_class *class;
    int32_t n_classes;
    verdict *verdict;
    struct counting **worker;            /* scratch */
    int64_t *short_hist;                 /* words of all short documents by class */
    int64_t clear_docs[SHEAF_I_MAX_LANGUAGES];
    int32_t dominant[SHEAF_I_N_SCRIPTS]; /* the corpus's language by script, -1: none */
} detection;

static uint16_t find_class(detection *d, uint64_t stop, uint8_t script, uint16_t *slot)
{
    if (!stop) return (uint16_t)(script * PLAIN_CLASSES);
    uint64_t h = (stop ^ (uint64_t)script << 58) * 0x9e3779b97f4a7c15u;
    for (uint32_t i = (uint32_t)(h >> 50);; i = (i + 1) & (2 * MAX_CLASSES - 1)) {
        if (slot[i]) {
            if (d->class[slot[i] - 1].stop == stop && d->class[slot[i] - 1].script == script) return slot[i] - 1;
            continue;
        }
        if (d->n_classes == MAX_CLASSES) return (uint16_t)(script * PLAIN_CLASSES);
        d->class[d->n_classes] = (word_class){stop, script};
        slot[i] = (uint16_t)++d->n_classes;
        return slot[i] - 1;
    }
}

static sheaf_status classify_types(detection *d)
{
    sheaf_i_analysis *a = d->a;
    sheaf_status st = SHEAF_OK;
    uint16_t *slot = NULL, *class_of_form = NULL;
    SHEAF_NEW0(slot, a->ctx, 2 * MAX_CLASSES);
    SHEAF_NEW(d->class, a->ctx, MAX_CLASSES);
    SHEAF_NEW(class_of_form, a->ctx, a->forms.n_groups);
    SHEAF_NEW(d->class_of_type, a->ctx, a->w->n_types);
    for (; d->n_classes < SHEAF_I_N_SCRIPTS * PLAIN_CLASSES; d->n_classes++)
        d->class[d->n_classes] = (word_class){0, (uint8_t)(d->n_classes / PLAIN_CLASSES)};
    for (int64_t i = 0; i < a->forms.n_groups; i++)
        class_of_form[i] = find_class(d, a->form[i].stop, a->form[i].script, slot);
    for (int64_t i = 0; i < a->w->n_types; i++) {
        uint16_t c = class_of_form[a->forms.id[i]];
        d->class_of_type[i] = (uint16_t)(d->class[c].stop ? c : c + i % PLAIN_CLASSES);
    }
done:
    sheaf_i_free(a->ctx, slot);
    sheaf_i_free(a->ctx, class_of_form);
    return st;
}

/* Languages that a script settles without stop words. */
static int32_t language_of_script(const int32_t *words, sheaf_i_script most)
{
    switch (most) {
    case SHEAF_I_HAN:
        return sheaf_i_language_find(words[SHEAF_I_KANA] * 20 > words[SHEAF_I_HAN] ? "ja" : "zh");
    case SHEAF_I_KANA:
        return sheaf_i_language_find("ja");
    case SHEAF_I_HANGUL:
        return sheaf_i_language_find("ko");
    case SHEAF_I_THAI:
        return sheaf_i_language_find("th");
    default:
        return -1;
    }
}

/* The first class from c on with its bit set, or n or above. */
static int32_t next_class(const uint64_t *found, int32_t c, int32_t n)
{
    if (c >= n) return n;
    uint64_t some = found[c / 64] >> c % 64;
    if (some) return c + __builtin_ctzll(some);
    for (int32_t b = c / 64 + 1; b * 64 < n; b++)
        if (found[b]) return b * 64 + __builtin_ctzll(found[b]);
    return n;
}

/* hist: words of the document by class; found: a bit for each class to look at, all those of the document. */
static verdict judge(const detection *d, const int32_t *hist, const uint64_t *found, int32_t n_words)
{
    verdict v = {.best = -1, .script_language = -1, .words = n_words};
    double score[SHEAF_I_MAX_LANGUAGES] = {0}, second = 0;
    int32_t hits[SHEAF_I_MAX_LANGUAGES] = {0}, by_script[SHEAF_I_N_SCRIPTS] = {0}, letters = 0;
    int32_t n = d->n_classes;
    for (int32_t c = next_class(found, 0, n); c < n; c = next_class(found, c + 1, n)) {
        by_script[d->class[c].script] += hist[c];
        if (d->class[c].script != SHEAF_I_OTHER_SCRIPT) letters += hist[c];
        double share = (double)hist[c] / (d->class[c].stop ? __builtin_popcountll(d->class[c].stop) : 1);
        for (uint64_t bits = d->class[c].stop; bits; bits &= bits - 1) {
            int l = __builtin_ctzll(bits);
            score[l] += share;
            hits[l] += hist[c];
        }
    }
    for (uint8_t s = 1; s < SHEAF_I_N_SCRIPTS; s++)
        if (by_script[s] > (v.script == SHEAF_I_OTHER_SCRIPT ? 0 : by_script[v.script])) v.script = s;
    v.script_language = (int8_t)language_of_script(by_script, (sheaf_i_script)v.script);
    for (int32_t l = 0; l < sheaf_i_n_languages; l++)
        if (score[l] > 0 && (v.best < 0 || score[l] > score[v.best])) v.best = (int8_t)l;
    if (v.best < 0) return v;
    for (int32_t l = 0; l < sheaf_i_n_languages; l++)
        if (l != v.best && score[l] > second) second = score[l];
    v.hits = hits[v.best];
    v.cover = (float)hits[v.best] / (float)(letters ? letters : 1);
    v.lead = second > 0 ? (float)(score[v.best] / second) : 1e9f;
    return v;
}

/* Scratch of one worker. */
typedef struct counting {
    int32_t hist[MAX_CLASSES];
    int64_t short_hist[MAX_CLASSES]; /* words of its short documents */
    uint16_t touched[ENOUGH_WORDS + 1];
} counting;

static void count_classes(const detection *d, counting *y, const uint32_t *type, int32_t n, verdict *v)
{
    uint64_t found[CLASS_WORDS] = {0};
    int32_t n_touched = 0;
    for (int32_t j = 0; j < n; j++) {
        uint16_t c = d->class_of_type[type[j]];
        y->touched[n_touched] = c; /* stays if it is new */
        n_touched += y->hist[c]++ == 0;
    }
    for (int32_t j = 0; j < n_touched; j++) found[y->touched[j] / 64] |= (uint64_t)1 << y->touched[j] % 64;
    *v = judge(d, y->hist, found, n);
    for (int32_t j = 0; j < n_touched; j++) {
        if (n < LONG_WORDS) y->short_hist[y->touched[j]] += y->hist[y->touched[j]];
        y->hist[y->touched[j]] = 0;
    }
}

static sheaf_status judge_block(void *arg, int64_t block, int32_t worker)
{
    detection *d = arg;
    const sheaf_words *w = d->a->w;
    int64_t lo, hi;
    sheaf_status st = SHEAF_OK;
    if (!d->worker[worker]) SHEAF_NEW0(d->worker[worker], d->a->ctx, 1);
    sheaf_i_range(w->n_docs, DOCS_PER_BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        sheaf_i_words_fetch(w, i, hi);
        int32_t n = (int32_t)(w->doc_len[i] < ENOUGH_WORDS ? w->doc_len[i] : ENOUGH_WORDS);
        count_classes(d, d->worker[worker], w->doc[i], n, &d->verdict[i]);
    }
done:
    return st;
}

static bool is_likely(const verdict *v)
{
    return v->best >= 0 && v->hits >= LIKELY_WORDS && v->cover >= LIKELY_COVER && v->lead >= LIKELY_LEAD;
}

static bool is_clear(const verdict *v) { return is_likely(v) && v->hits >= CLEAR_WORDS; }

/* Short documents that are not likely in any language vote together, script by script. */
static sheaf_status let_short_vote(const detection *d, int64_t *votes, int64_t *all)
{
    sheaf_status st = SHEAF_OK;
    int64_t docs[SHEAF_I_N_SCRIPTS] = {0};
    int32_t *hist = NULL;
    uint64_t all_classes[CLASS_WORDS] = {0};
    for (int32_t c = 0; c < d->n_classes; c++) all_classes[c / 64] |= (uint64_t)1 << c % 64;
    SHEAF_NEW(hist, d->a->ctx, d->n_classes);
    for (int64_t i = 0; i < d->a->w->n_docs; i++)
        docs[d->verdict[i].script] += d->verdict[i].words < LONG_WORDS && !is_likely(&d->verdict[i]);
    for (int32_t s = 1; s < SHEAF_I_N_SCRIPTS; s++) {
        for (int32_t c = 0; c < d->n_classes; c++) {
            int64_t n = d->class[c].script == s ? d->short_hist[c] : 0;
            int32_t most = d->class[c].stop ? INT32_MAX / 2 : INT32_MAX / 2 / PLAIN_CLASSES;
            hist[c] = n < most ? (int32_t)n : most;
        }
        verdict v = judge(d, hist, all_classes, LONG_WORDS);
        if (!docs[s] || !is_clear(&v)) continue;
        votes[v.best] += docs[s];
        all[sheaf_i_languages[v.best].script] += docs[s];
    }
done:
    sheaf_i_free(d->a->ctx, hist);
    return st;
}

/* What the corpus is in, script by script. */
static sheaf_status find_dominant(detection *d)
{
    int64_t votes[SHEAF_I_MAX_LANGUAGES] = {0}, all[SHEAF_I_N_SCRIPTS] = {0};
    sheaf_status st = let_short_vote(d, votes, all);
    for (int64_t i = 0; i < d->a->w->n_docs; i++) {
        const verdict *v = &d->verdict[i];
        if (!is_likely(v)) {
            all[v->script] += v->words >= LONG_WORDS;
            continue;
        }
        votes[v->best]++;
        all[sheaf_i_languages[v->best].script]++;
        d->clear_docs[v->best] += is_clear(v);
    }
    for (int32_t s = 0; s < SHEAF_I_N_SCRIPTS; s++) d->dominant[s] = -1;
    for (int32_t l = 0; l < sheaf_i_n_languages; l++) {
        sheaf_i_script s = sheaf_i_languages[l].script;
        if (votes[l] && (double)votes[l] >= DOMINANT_SHARE * (double)all[s]) d->dominant[s] = l;
    }
    return st;
}

static int32_t decide(const detection *d, const verdict *v)
{
    if (v->script_language >= 0) return v->script_language;
    int32_t dominant = d->dominant[v->script];
    if (dominant < 0) return is_likely(v) ? v->best : SHEAF_I_NO_LANGUAGE;
    if (v->best == dominant || v->words < SHORT_WORDS || !is_clear(v)) return dominant;
    int64_t docs = d->clear_docs[v->best];
    bool rare = docs < RARE_DOCS || (double)docs < RARE_SHARE * (double)d->a->w->n_docs;
    bool strong = v->cover >= STRONG_COVER && v->lead >= STRONG_LEAD;
    return !rare || strong ? v->best : dominant;
}

/* Numbers the languages in use, in order of the table, none first. */
static sheaf_status assign(sheaf_i_analysis *a, const int8_t *language)
{
    sheaf_status st = SHEAF_OK;
    int64_t docs[SHEAF_I_MAX_LANGUAGES + 1] = {0};
    uint8_t slot[SHEAF_I_MAX_LANGUAGES + 1] = {0};
    for (int64_t i = 0; i < a->w->n_docs; i++) docs[language[i] + 1]++;
    SHEAF_NEW(a->language, a->ctx, sheaf_i_n_languages + 1);
    SHEAF_NEW(a->language_docs, a->ctx, sheaf_i_n_languages + 1);
    for (int32_t l = 0; l <= sheaf_i_n_languages; l++) {
        if (!docs[l]) continue;
        slot[l] = (uint8_t)a->n_languages;
        a->language[a->n_languages] = l - 1;
        a->language_docs[a->n_languages++] = docs[l];
    }
    for (int64_t i = 0; i < a->w->n_docs; i++) a->doc_language[i] = slot[language[i] + 1];
done:
    return st;
}

static sheaf_status detect_by_document(sheaf_i_analysis *a, int8_t *language)
{
    sheaf_status st = SHEAF_OK;
    detection d = {.a = a};
    int64_t n = a->w->n_docs;
    int32_t n_workers = sheaf_ctx_threads(a->ctx);
    SHEAF_NEW(d.verdict, a->ctx, n);
    SHEAF_TRY(classify_types(&d));
    SHEAF_NEW0(d.short_hist, a->ctx, d.n_classes);
    SHEAF_NEW0(d.worker, a->ctx, n_workers);
    SHEAF_TRY(sheaf_i_par_for(a->ctx, NULL, sheaf_i_blocks(n, DOCS_PER_BLOCK), judge_block, &d));
    for (int32_t i = 0; i < n_workers; i++)
        for (int32_t c = 0; d.worker[i] && c < d.n_classes; c++) d.short_hist[c] += d.worker[i]->short_hist[c];
    SHEAF_TRY(find_dominant(&d));
    for (int64_t i = 0; i < n; i++) language[i] = (int8_t)decide(&d, &d.verdict[i]);
done:
    for (int32_t i = 0; d.worker && i < n_workers; i++) sheaf_i_free(a->ctx, d.worker[i]);
    sheaf_i_free(a->ctx, d.worker);
    sheaf_i_free(a->ctx, d.verdict);
    sheaf_i_free(a->ctx, d.class);
    sheaf_i_free(a->ctx, d.short_hist);
    sheaf_i_free(a->ctx, d.class_of_type);
    return st;
}

sheaf_status sheaf_i_detect(sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    int8_t *language = NULL;
    int64_t n = a->w->n_docs;
    SHEAF_NEW(language, a->ctx, n);
    SHEAF_NEW(a->doc_language, a->ctx, n);
    bool none = a->w->analyzer == SHEAF_ANALYZER_SKLEARN || !strcmp(a->o->lang, "none");
    if (none || strcmp(a->o->lang, "auto") != 0) {
        int32_t l = none ? SHEAF_I_NO_LANGUAGE : sheaf_i_language_find(a->o->lang);
        memset(language, l, (size_t)n);
    } else {
        SHEAF_TRY(detect_by_document(a, language));
    }
    SHEAF_TRY(assign(a, language));
done:
    sheaf_i_free(a->ctx, language);
    return st;
}
