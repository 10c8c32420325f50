/* sheaf_terms: the vocabulary and the counts of every document.
 *
 * Two passes over the sequences: document frequencies, then, after pruning, the rows. A row is tallied in an array over
 * the vocabulary with a bit for each term touched; reading the bits back yields the columns in order, without a sort.
 * The first pass told how long each row is at most, and mostly how long it is: blocks of documents write their rows
 * where they belong, and only where more was pruned than could be foreseen do blocks move up in the end.
 */
#include "text/words.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/par.h"
#include "text/analysis.h"
#include "text/features.h"
#include "text/options.h"
#include "text/pages.h"

#define DOCS_PER_BLOCK 512

#define AT_ONCE 8 /* words of bits that are listed without a jump, which would be hard to predict */
#define WRAP 256 /* tallies count modulo this: in bytes, they stay in the second-level cache */

/* Scratch of one worker. bits: a bit a term; summary: a bit a word of bits. */
typedef struct {
    uint8_t *count;
    uint64_t *bits, *summary;
    int32_t *touched; /* terms of the document by first appearance, and once more for every WRAP occurrences more */
    int32_t *word;    /* its words of bits */
    int32_t *ids;     /* n-grams: the terms of a document */
    int64_t ids_room;
} tally;

typedef struct {
    sheaf_i_analysis *a;
    sheaf_i_features *f;
    sheaf_terms *t;
    tally *worker;
    int64_t *start; /* where each block writes its first row */
    int64_t n_blocks, n_words, n_summary;
    int64_t longest; /* words and n-grams of a document, at most */
} filling;

static sheaf_status open_tally(filling *f, tally *y)
{
    sheaf_status st = SHEAF_OK;
    if (y->touched) return SHEAF_OK;
    SHEAF_NEW0(y->count, f->t->ctx, (int64_t)f->t->n_terms + SHEAF_I_DROPPED);
    SHEAF_NEW0(y->bits, f->t->ctx, f->n_words);
    SHEAF_NEW0(y->summary, f->t->ctx, f->n_summary);
    SHEAF_NEW(y->word, f->t->ctx, f->n_words + AT_ONCE);
    SHEAF_NEW(y->touched, f->t->ctx, (int64_t)f->t->n_terms + SHEAF_I_DROPPED + f->longest / WRAP + 1);
done:
    return st;
}

static inline void touch(uint8_t *restrict count, int32_t *restrict touched, int32_t term, int64_t *n)
{
    touched[*n] = term; /* stays if it is new: as good as a coin that a jump would have to guess */
    *n += count[term] == 0;
    count[term]++;
}

/* n words that could be terms, so many of them in none: NaN of no words. */
static float share_unknown(int64_t unknown, int64_t n) { return n ? (float)((double)unknown / (double)n) : NAN; }

static sheaf_status tally_ngrams(filling *f, tally *y, int64_t doc, int64_t *n_touched)
{
    const sheaf_i_analysis *a = f->a;
    sheaf_status st = SHEAF_OK;
    if (y->ids_room < a->w->doc_len[doc]) {
        void *p = sheaf_i_resize(a->ctx, y->ids, a->w->doc_len[doc], sizeof *y->ids);
        if (!p) return SHEAF_ENOMEM;
        y->ids = p;
        y->ids_room = a->w->doc_len[doc];
    }
    int64_t n = sheaf_i_doc_terms(a, doc, y->ids), idle = 0, unknown = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t unigram = f->f->of_term[y->ids[i]];
        idle += unigram == -1;
        unknown += unigram < -1;
        if (unigram >= 0) touch(y->count, y->touched, unigram, n_touched);
        for (int32_t len = f->f->ngram_min < 2 ? 2 : f->f->ngram_min; len <= f->f->ngram_max && i + len <= n; len++) {
            sheaf_i_key key = sheaf_i_ngram_key(y->ids + i, len);
            int64_t id = sheaf_i_table_find(&f->f->ngrams.table, &key);
            if (id >= 0 && f->f->ngrams.feature[id] >= 0)
                touch(y->count, y->touched, f->f->ngrams.feature[id], n_touched);
        }
    }
    if (f->t->unknown) f->t->unknown[doc] = share_unknown(unknown, n - idle);
    return st;
}

/* What is tallied behind the terms: it began at 1, and is touched each time that it passes 0. */
static float tallied_unknown(const filling *f, const tally *y, int64_t n_words, int64_t n_touched)
{
    const int32_t first = f->t->n_terms, second = first + SHEAF_I_IDLE;
    int64_t idle = 0, unknown = 0;
    for (int32_t i = first; i < second; i++) idle += (uint8_t)(y->count[i] - 1);
    for (int32_t i = 0; i < SHEAF_I_UNKNOWN; i++) unknown += (uint8_t)(y->count[second + i] - 1);
    for (int64_t i = 0; n_words >= WRAP && i < n_touched; i++) {
        idle += y->touched[i] >= first && y->touched[i] < second ? WRAP : 0;
        unknown += y->touched[i] >= second ? WRAP : 0;
    }
    return share_unknown(unknown, n_words - idle);
}

static int64_t tally_terms(filling *f, tally *y, int64_t doc)
{
    const sheaf_words *w = f->a->w;
    const int32_t *restrict term = f->a->term_of_type[f->a->doc_language[doc]];
    const uint32_t *restrict type = w->doc[doc];
    uint8_t *restrict count = y->count;
    int32_t *restrict touched = y->touched;
    int64_t n_touched = 0;
    for (int32_t i = 0; i < SHEAF_I_DROPPED; i++) count[f->t->n_terms + i] = 1; /* pass for terms met before */
    for (int64_t i = 0, n = w->doc_len[doc]; i < n; i++) touch(count, touched, term[type[i]], &n_touched);
    f->t->unknown[doc] = tallied_unknown(f, y, w->doc_len[doc], n_touched);
    return n_touched;
}

/* Without a call, which the instruction set that everything is compiled for would need. */
static inline int32_t count_bits(uint64_t x)
{
    const uint64_t ones = UINT64_MAX / 255;
    x -= x >> 1 & UINT64_MAX / 3;
    x = (x & UINT64_MAX / 5) + (x >> 2 & UINT64_MAX / 5);
    return (int32_t)(((x + (x >> 4)) & UINT64_MAX / 17) * ones >> 56);
}

/* Sets the bits of the terms touched, and lists the words that have some. */
static int32_t mark_terms(const filling *f, tally *y, int64_t n_touched)
{
    uint64_t *restrict bits = y->bits, *restrict summary = y->summary;
    int32_t n_words = 0, *restrict word = y->word;
    for (int64_t i = 0; i < n_touched; i++) {
        uint32_t term = (uint32_t)y->touched[i];
        bits[term >> 6] |= (uint64_t)1 << (term & 63);
        summary[term >> 12] |= (uint64_t)1 << (term >> 6 & 63);
    }
    for (int32_t i = f->t->n_terms; i < f->t->n_terms + SHEAF_I_DROPPED; i++) /* met often enough, they are touched */
        bits[i >> 6] &= ~((uint64_t)1 << (i & 63));
    for (int64_t s = 0; s < f->n_summary; s++) {
        uint64_t some = summary[s];
        int32_t n = count_bits(some);
        for (int32_t i = n_words; i < n_words + n; i += AT_ONCE)
            for (int32_t j = 0; j < AT_ONCE; j++, some &= some - 1)
                word[i + j] = (int32_t)(s * 64) + __builtin_ctzll(some | (uint64_t)1 << 63);
        n_words += n;
        summary[s] = 0;
    }
    return n_words;
}

static int64_t place_in_row(const int32_t *indices, int64_t n, int32_t term)
{
    int64_t lo = 0, hi = n - 1;
    while (lo < hi) {
        int64_t middle = (lo + hi) / 2;
        if (indices[middle] < term) lo = middle + 1;
        else hi = middle;
    }
    return lo;
}

/* How many of what was touched are terms: words left out are so too when met often enough. */
static int64_t count_touched(const filling *f, const tally *y, int64_t n_touched)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_touched; i++) n += y->touched[i] < f->t->n_terms;
    return n;
}

/* Adds WRAP for every time but the first that one of the terms of a row was touched. The tally is empty, and serves to
   tell what is met again. */
static void add_wraps(const filling *f, tally *y, int64_t n_touched, const int32_t *indices, uint32_t *counts,
                      int64_t n)
{
    for (int64_t i = 0; i < n_touched; i++) {
        int32_t term = y->touched[i];
        if (term >= f->t->n_terms) continue;
        if (y->count[term]) counts[place_in_row(indices, n, term)] += WRAP;
        y->count[term] = 1;
    }
    for (int64_t i = 0; i < n; i++) y->count[indices[i]] = 0;
}

/* Writes the row of the terms touched, columns rising, and leaves the tally empty. Returns how many they are: row_bound
   of the document at most, since each is one of its words or n-grams and, where there is a count of its distinct words
   that may become terms, among these. */
static int64_t flush(const filling *f, tally *y, int64_t n_touched, int32_t *restrict indices,
                     uint32_t *restrict counts)
{
    int32_t n_words = mark_terms(f, y, n_touched);
    const int32_t *restrict word = y->word;
    uint64_t *restrict bits = y->bits;
    uint8_t *restrict count = y->count;
    int64_t n = 0;
    for (int32_t i = 0; i < n_words; i++) {
        uint64_t some = bits[word[i]];
        bits[word[i]] = 0;
        for (; some; some &= some - 1) {
            int32_t term = word[i] * 64 + __builtin_ctzll(some);
            indices[n] = term;
            counts[n++] = (uint32_t)(uint8_t)(count[term] - 1) + 1; /* 0: WRAP */
            count[term] = 0;
        }
    }
    if (n != n_touched && n != count_touched(f, y, n_touched)) add_wraps(f, y, n_touched, indices, counts, n);
    return n;
}

static sheaf_status fill_block(void *arg, int64_t block, int32_t worker)
{
    filling *f = arg;
    tally *y = &f->worker[worker];
    sheaf_status st = SHEAF_OK;
    int64_t lo, hi, at = f->start[block];
    sheaf_i_range(f->a->w->n_docs, DOCS_PER_BLOCK, block, &lo, &hi);
    SHEAF_TRY(open_tally(f, y));
    for (int64_t d = lo; d < hi; d++) {
        int64_t n = 0;
        sheaf_i_words_fetch(f->a->w, d, hi);
        if (f->f->ngram_max > 1) SHEAF_TRY(tally_ngrams(f, y, d, &n));
        else n = tally_terms(f, y, d);
        n = flush(f, y, n, f->t->indices + at, f->t->counts + at);
        assert(n <= f->start[block + 1] - at);
        f->t->indptr[d + 1] = n;
        at += n;
    }
done:
    return st;
}

static int64_t words_of(const filling *f, int64_t doc)
{
    return f->a->w->doc_len[doc] * (f->f->ngram_max - f->f->ngram_min + 1);
}

/* Columns in the row of a document, at most. */
static int64_t row_bound(const filling *f, int64_t doc)
{
    if (f->f->ngram_max == 1) return f->f->bound[doc];
    int64_t n = words_of(f, doc);
    return n < f->t->n_terms ? n : f->t->n_terms;
}

static sheaf_status reserve_rows(filling *f)
{
    sheaf_status st = SHEAF_OK;
    sheaf_terms *t = f->t;
    SHEAF_NEW(f->start, t->ctx, f->n_blocks + 1);
    SHEAF_NEW(t->indptr, t->ctx, t->n_docs + 1);
    if (f->f->ngram_min == 1) SHEAF_NEW(t->unknown, t->ctx, t->n_docs);
    int64_t total = 0;
    for (int64_t d = 0; d < t->n_docs; d++) {
        if (d % DOCS_PER_BLOCK == 0) f->start[d / DOCS_PER_BLOCK] = total;
        total += row_bound(f, d);
        if (words_of(f, d) > f->longest) f->longest = words_of(f, d);
    }
    f->start[f->n_blocks] = total;
    t->indices = sheaf_i_pages(t->ctx, total, sizeof *t->indices);
    t->counts = sheaf_i_pages(t->ctx, total, sizeof *t->counts);
    if (!t->indices || !t->counts) return SHEAF_ENOMEM;
done:
    return st;
}

/* The n first of the 4-byte elements in memory of just their size; where that cannot be had they stay as they are. */
static void *shrink(sheaf_ctx *ctx, void *array, int64_t n)
{
    void *p = sheaf_i_aligned(ctx, n, 4);
    if (!p) {
        sheaf_i_forgive(ctx);
        return array;
    }
    if (n) memcpy(p, array, (size_t)n * 4);
    sheaf_i_aligned_free(ctx, array);
    return p;
}

/* Row pointers from lengths; what is not where it belongs moves up, and if much is left over, it is
   given back. */
static void close_gaps(filling *f)
{
    sheaf_terms *t = f->t;
    t->indptr[0] = 0;
    for (int64_t d = 0; d < t->n_docs; d++) t->indptr[d + 1] += t->indptr[d];
    for (int64_t b = 0; b < f->n_blocks; b++) {
        int64_t lo, hi;
        sheaf_i_range(t->n_docs, DOCS_PER_BLOCK, b, &lo, &hi);
        int64_t to = t->indptr[lo], n = t->indptr[hi] - to;
        if (to == f->start[b]) continue;
        memmove(t->indices + to, t->indices + f->start[b], (size_t)n * sizeof *t->indices);
        memmove(t->counts + to, t->counts + f->start[b], (size_t)n * sizeof *t->counts);
    }
    int64_t n = t->indptr[t->n_docs];
    if (f->start[f->n_blocks] - n <= n / 8) return;
    t->indices = shrink(t->ctx, t->indices, n);
    t->counts = shrink(t->ctx, t->counts, n);
}

static sheaf_status fill_counts(sheaf_terms *t, sheaf_i_analysis *a, sheaf_i_features *features)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = t->ctx;
    int64_t n = (int64_t)t->n_terms + SHEAF_I_DROPPED;
    filling f = {.a = a, .f = features, .t = t, .n_words = (n + 63) / 64, .n_summary = (n + 4095) / 4096,
                 .n_blocks = sheaf_i_blocks(t->n_docs, DOCS_PER_BLOCK)};
    SHEAF_NEW0(f.worker, ctx, sheaf_ctx_threads(ctx));
    SHEAF_TRY(reserve_rows(&f));
    SHEAF_TRY(sheaf_i_par_for(ctx, "counting terms", f.n_blocks, fill_block, &f));
    close_gaps(&f);
done:
    for (int32_t i = 0; f.worker && i < sheaf_ctx_threads(ctx); i++) {
        sheaf_i_free(ctx, f.worker[i].count);
        sheaf_i_free(ctx, f.worker[i].bits);
        sheaf_i_free(ctx, f.worker[i].summary);
        sheaf_i_free(ctx, f.worker[i].touched);
        sheaf_i_free(ctx, f.worker[i].word);
        sheaf_i_free(ctx, f.worker[i].ids);
    }
    sheaf_i_free(ctx, f.worker);
    sheaf_i_free(ctx, f.start);
    return st;
}

typedef struct {
    int64_t docs;
    int32_t slot;
} language_rank;

static int compare_languages(const void *pa, const void *pb)
{
    const language_rank *a = pa, *b = pb;
    if (a->docs != b->docs) return a->docs > b->docs ? -1 : 1;
    return (a->slot > b->slot) - (a->slot < b->slot);
}

static sheaf_status describe_documents(sheaf_terms *t, const sheaf_i_analysis *a)
{
    sheaf_status st = SHEAF_OK;
    language_rank rank[SHEAF_I_MAX_LANGUAGES + 1];
    for (int32_t i = 0; i < a->n_languages; i++) rank[i] = (language_rank){a->language_docs[i], i};
    qsort(rank, (size_t)a->n_languages, sizeof *rank, compare_languages);
    SHEAF_NEW0(t->language, t->ctx, a->n_languages);
    for (int32_t i = 0; i < a->n_languages && rank[i].docs; i++) {
        int32_t l = a->language[rank[i].slot];
        strncpy(t->language[i].code, l >= 0 ? sheaf_i_languages[l].code : "none", sizeof t->language[i].code - 1);
        t->language[i].docs = rank[i].docs;
        t->n_languages++;
    }
    SHEAF_NEW(t->doc_words, t->ctx, t->n_docs);
    for (int64_t d = 0; d < t->n_docs; d++) t->doc_words[d] = a->w->doc_len[d];
done:
    return st;
}

/* The terms keep the maps of the analysis, which has no more use for them. With n-grams they do not
   lead to columns yet. */
static void keep_types(sheaf_terms *t, sheaf_i_analysis *a, const sheaf_i_features *f)
{
    for (int32_t l = 0; f->ngram_max > 1 && l < a->n_languages; l++) {
        int32_t *term = a->term_of_type[l];
        for (uint32_t i = 0; i < a->w->n_types; i++)
            if (term[i] >= 0) term[i] = f->of_term[term[i]];
    }
    t->term_of_type = a->term_of_type;
    t->n_maps = a->n_languages;
    t->n_types = a->w->n_types;
    t->doc_language = a->doc_language;
    a->term_of_type = NULL;
    a->doc_language = NULL;
}

void sheaf_i_terms_forget_types(sheaf_terms *t)
{
    for (int32_t i = 0; t->term_of_type && i < t->n_maps; i++) sheaf_i_free(t->ctx, t->term_of_type[i]);
    sheaf_i_free(t->ctx, t->term_of_type);
    sheaf_i_free(t->ctx, t->doc_language);
    t->term_of_type = NULL;
    t->doc_language = NULL;
}

sheaf_status sheaf_terms_build(sheaf_ctx *ctx, sheaf_terms **out, const sheaf_words *w, const sheaf_text_opts *given)
{
    sheaf_status st = SHEAF_OK;
    sheaf_text_opts o;
    sheaf_i_analysis a = {.ctx = ctx, .w = w, .o = &o};
    sheaf_i_features features = {.n = 0};
    sheaf_terms *t = NULL;
    *out = NULL;
    SHEAF_TRY(sheaf_i_text_opts(ctx, &o, given));
    if (o.analyzer != w->analyzer)
        SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EINVAL, "the words were cut by the other analyser"));
    SHEAF_NEW0(t, ctx, 1);
    t->ctx = ctx;
    t->n_docs = w->n_docs;
    sheaf_i_arena_init(&t->arena, ctx);
    SHEAF_TRY(sheaf_i_forms(&a));
    SHEAF_TRY(sheaf_i_detect(&a));
    SHEAF_TRY(sheaf_i_stems(&a));
    SHEAF_TRY(sheaf_i_features_choose(&features, t, &a));
    SHEAF_TRY(fill_counts(t, &a, &features));
    SHEAF_TRY(describe_documents(t, &a));
    keep_types(t, &a, &features);
    *out = t;
    t = NULL;
done:
    sheaf_i_features_end(&features, ctx);
    sheaf_i_analysis_end(&a);
    sheaf_terms_free(t);
    return st;
}

void sheaf_terms_free(sheaf_terms *t)
{
    if (!t) return;
    sheaf_i_aligned_free(t->ctx, t->term);
    sheaf_i_free(t->ctx, t->indptr);
    sheaf_i_aligned_free(t->ctx, t->indices);
    sheaf_i_aligned_free(t->ctx, t->counts);
    sheaf_i_free(t->ctx, t->doc_words);
    sheaf_i_free(t->ctx, t->unknown);
    sheaf_i_free(t->ctx, t->language);
    sheaf_i_free(t->ctx, t->pruned);
    sheaf_i_free(t->ctx, t->parts);
    sheaf_i_terms_forget_types(t);
    sheaf_i_arena_end(&t->arena);
    sheaf_i_free(t->ctx, t);
}

int64_t sheaf_terms_docs(const sheaf_terms *t) { return t->n_docs; }
int32_t sheaf_terms_size(const sheaf_terms *t) { return t->n_terms; }
sheaf_str sheaf_terms_term(const sheaf_terms *t, int32_t term) { return t->term[term]; }
sheaf_str sheaf_terms_surface(const sheaf_terms *t, int32_t term) { return t->surface[term]; }
int64_t sheaf_terms_df(const sheaf_terms *t, int32_t term) { return t->df[term]; }

void sheaf_terms_counts(const sheaf_terms *t, const int64_t **indptr, const int32_t **indices, const uint32_t **counts)
{
    if (indptr) *indptr = t->indptr;
    if (indices) *indices = t->indices;
    if (counts) *counts = t->counts;
}

const float *sheaf_terms_unknown(const sheaf_terms *t) { return t->unknown; }

bool sheaf_terms_language(const sheaf_terms *t, int32_t i, const char **code, int64_t *docs)
{
    if (i < 0 || i >= t->n_languages) return false;
    *code = t->language[i].code;
    *docs = t->language[i].docs;
    return true;
}

static const char *validate_rows(const sheaf_terms *t, int64_t *df)
{
    if (t->indptr[0] != 0) return "rows do not begin at 0";
    for (int64_t d = 0; d < t->n_docs; d++) {
        if (t->indptr[d + 1] < t->indptr[d]) return "row pointers fall";
        for (int64_t i = t->indptr[d]; i < t->indptr[d + 1]; i++) {
            if (t->indices[i] < 0 || t->indices[i] >= t->n_terms) return "column out of range";
            if (i > t->indptr[d] && t->indices[i] <= t->indices[i - 1]) return "columns of a row do not rise";
            if (!t->counts[i]) return "count of zero";
            df[t->indices[i]]++;
        }
    }
    return NULL;
}

const char *sheaf_i_terms_validate(const sheaf_terms *t)
{
    int64_t *df = sheaf_i_zeros(t->ctx, t->n_terms, sizeof *df);
    if (!df) return "no memory to validate";
    const char *why = validate_rows(t, df);
    for (int32_t i = 0; !why && i < t->n_terms; i++) {
        if (df[i] != t->df[i]) why = "document frequency differs from the rows";
        if (!t->term[i].n || !t->surface[i].n) why = "empty term";
    }
    sheaf_i_free(t->ctx, df);
    return why;
}
