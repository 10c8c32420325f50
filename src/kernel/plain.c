/* The kernels in portable C: the fallback, and the oracle that the fast ones are tested against. */
#include <math.h>
#include <string.h>

#include "kernel/tables.h"

static void spmm(int64_t row_lo, int64_t row_hi, const int64_t *indptr, const int32_t *indices, const float *values,
                 const float *restrict x, int64_t ldx, int32_t b, float *restrict y, int64_t ldy)
{
    for (int64_t i = row_lo; i < row_hi; i++) {
        float *yi = y + i * ldy;
        for (int32_t c = 0; c < b; c++) yi[c] = 0;
        for (int64_t p = indptr[i]; p < indptr[i + 1]; p++) {
            const float *xi = x + indices[p] * ldx, value = values[p];
            for (int32_t c = 0; c < b; c++) yi[c] += value * xi[c];
        }
    }
}

static void spmm_coded(int64_t row_lo, int64_t row_hi, const sheaf_i_coded_rows *a, const float *restrict x, int32_t b,
                       float *restrict y, int64_t ldy)
{
    for (int64_t i = row_lo; i < row_hi; i++) {
        float sum[SHEAF_I_STRIP] = {0};
        for (int64_t p = a->indptr[i]; p < a->indptr[i + 1]; p++) {
            const float *xi = x + (int64_t)a->columns[p] * sheaf_i_strip(b), value = a->table[a->codes[p]];
            for (int32_t c = 0; c < b; c++) sum[c] += value * xi[c];
        }
        if (a->add && a->indptr[i] == a->indptr[i + 1]) continue;
        for (int32_t c = 0; c < b; c++) y[i * ldy + c] = (a->add ? y[i * ldy + c] : 0) + a->scale[i] * sum[c];
    }
}

#define TILE 64 /* columns of one side whose float sums stay in the first-level cache */

static void gram_chunk(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
                       double *h, int64_t ldh)
{
    for (int32_t i = 0; i < m; i++)
        for (int32_t j0 = 0; j0 < b; j0 += TILE) {
            int32_t width = b - j0 < TILE ? b - j0 : TILE;
            float sum[TILE] = {0};
            for (int64_t r = 0; r < n; r++)
                for (int32_t j = 0; j < width; j++) sum[j] += v[r * ldv + i] * w[r * ldw + j0 + j];
            for (int32_t j = 0; j < width; j++) h[i * ldh + j0 + j] += (double)sum[j];
        }
}

static void gram(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b, double *h,
                 int64_t ldh, const float *next)
{
    (void)next;
    for (int64_t r = 0; r < n; r += SHEAF_I_GRAM_CHUNK) {
        int64_t rows = n - r < SHEAF_I_GRAM_CHUNK ? n - r : SHEAF_I_GRAM_CHUNK;
        gram_chunk(rows, v + r * ldv, ldv, m, w + r * ldw, ldw, b, h, ldh);
    }
}

static void gram64(int64_t n, const float *v, int64_t ldv, int32_t m, const float *w, int64_t ldw, int32_t b,
                   double *restrict h, int64_t ldh)
{
    for (int64_t r = 0; r < n; r++)
        for (int32_t i = 0; i < m; i++) {
            double vi = (double)v[r * ldv + i];
            for (int32_t j = 0; j < b; j++) h[i * ldh + j] += vi * (double)w[r * ldw + j];
        }
}

static void update(int64_t n, const float *v, int64_t ldv, int32_t m, const float *h, int64_t ldh, int32_t b,
                   float *restrict w, int64_t ldw, const float *next)
{
    (void)next;
    for (int64_t r = 0; r < n; r++)
        for (int32_t i = 0; i < m; i++) {
            float vi = v[r * ldv + i];
            for (int32_t j = 0; j < b; j++) w[r * ldw + j] += vi * h[i * ldh + j];
        }
}

typedef struct {
    int32_t label, second;
    float score, second_score;
} lead;

static void assign_panel(const float *restrict x, int32_t d, const float *restrict panel, const float *restrict bias,
                         int32_t t0, lead *best)
{
    float sum[SHEAF_I_PANEL];
    memcpy(sum, bias, sizeof sum);
    for (int32_t j = 0; j < d; j++)
        for (int32_t t = 0; t < SHEAF_I_PANEL; t++) sum[t] += x[j] * panel[j * SHEAF_I_PANEL + t];
    for (int32_t t = 0; t < SHEAF_I_PANEL; t++)
        if (sum[t] > best->score) {
            *best = (lead){t0 + t, best->label, sum[t], best->score};
        } else if (sum[t] > best->second_score) {
            best->second = t0 + t;
            best->second_score = sum[t];
        }
}

static void assign(int64_t m, const float *x, int64_t ldx, int32_t d, const float *packed, const float *bias, int32_t k,
                   int32_t *label, float *score, int32_t *second, float *second_score)
{
    for (int64_t i = 0; i < m; i++) {
        lead best = {-1, -1, -INFINITY, -INFINITY};
        for (int32_t t = 0; t < k; t += SHEAF_I_PANEL)
            assign_panel(x + i * ldx, d, packed + (int64_t)t * d, bias + t, t, &best);
        label[i] = best.label;
        score[i] = best.score;
        if (!second) continue;
        second[i] = best.second;
        second_score[i] = best.second_score;
    }
}

static void dots(int32_t m, const float *a, int64_t lda, int32_t d, const float *packed, int64_t k, float *y,
                 int64_t ldy)
{
    for (int64_t t = 0; t < k; t += SHEAF_I_PANEL)
        for (int32_t i = 0; i < m; i++) {
            float sum[SHEAF_I_PANEL] = {0};
            for (int32_t j = 0; j < d; j++)
                for (int32_t l = 0; l < SHEAF_I_PANEL; l++)
                    sum[l] += a[i * lda + j] * packed[t * d + j * SHEAF_I_PANEL + l];
            memcpy(y + i * ldy + t, sum, sizeof sum);
        }
}

/* What scan knows of a byte. */
enum { IN_WORD = 1, LETTER = 2, DIGIT = 4, JOINS_LETTERS = 8, JOINS_DIGITS = 16 };
static const uint8_t byte_class[256] = {
    ['0' ... '9'] = IN_WORD | DIGIT, ['A' ... 'Z'] = IN_WORD | LETTER, ['a' ... 'z'] = IN_WORD | LETTER,
    ['_'] = IN_WORD, [':'] = JOINS_LETTERS, [','] = JOINS_DIGITS, [';'] = JOINS_DIGITS,
    ['.'] = JOINS_LETTERS | JOINS_DIGITS, ['\''] = JOINS_LETTERS | JOINS_DIGITS};

static bool joined(const uint8_t *p)
{
    unsigned here = byte_class[p[0]], both = byte_class[p[-1]] & byte_class[p[1]];
    return ((here & JOINS_LETTERS) && (both & LETTER)) || ((here & JOINS_DIGITS) && (both & DIGIT));
}

/* Is the word one that the rules report? */
static bool counts(const uint8_t *p, uint32_t length, bool joins)
{
    if (!joins) return length > 1;
    for (uint32_t i = 0; i < length; i++)
        if (p[i] != '_') return true;
    return false;
}

static size_t scan(const uint8_t *p, size_t n, size_t at, bool joins, uint32_t *start, uint32_t *end, int32_t *n_words,
                   bool *hard)
{
    size_t window = n - at > SHEAF_I_SCAN_BYTES ? at + SHEAF_I_SCAN_BYTES : n, stop = at, next;
    while (stop < window && p[stop] < 0x80) stop++;
    next = stop;
    *hard = false;
    *n_words = 0;
    for (size_t i = at, first; i < stop;) {
        if (!(byte_class[p[i]] & IN_WORD)) {
            i++;
            continue;
        }
        for (first = i; i < stop; i++)
            if (!(byte_class[p[i]] & IN_WORD) && !(joins && i + 1 < stop && joined(p + i))) break;
        if (stop < n && (i == stop || (joins && i + 1 == stop && byte_class[p[i]]))) {
            next = first;
            break;
        }
        start[*n_words] = (uint32_t)first;
        end[*n_words] = (uint32_t)i;
        *n_words += counts(p + first, (uint32_t)(i - first), joins);
    }
    if (stop < n) *hard = stop < window || next == at;
    return next;
}

const sheaf_i_kernels sheaf_i_kernels_plain = {
    .name = "plain", .spmm = spmm, .spmm_coded = spmm_coded, .gram = gram, .gram64 = gram64, .update = update,
    .assign = assign, .dots = dots, .sift = sheaf_i_sift_plain, .panel_best = sheaf_i_panel_best_plain,
    .rivals = sheaf_i_rivals_plain, .above = sheaf_i_above_plain, .scan = scan,
    .gain_each = sheaf_i_gain_each_plain, .gain_sum = sheaf_i_gain_sum_plain, .gains = sheaf_i_gains_plain,
    .gain_pairs = sheaf_i_gain_pairs_plain};
