/* Matrix Market coordinate format (Boisvert, Pozo, Remington 1996): a header line, comments, the sizes, then one entry
 * "row column value" a line, counted from 1. Read in two passes over the bytes, so that the only memory is the matrix:
 * the first counts the entries of every row, the second puts them there.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/context.h"
#include "base/file.h"
#include "matrix/io.h"
#include "matrix/number.h"

typedef struct {
    sheaf_ctx *ctx;
    const char *name;
    sheaf_i_scan at;
    bool pattern, symmetric;
    int64_t rows, cols, entries;
} reading;

static sheaf_status malformed(const reading *r, const char *what)
{
    return sheaf_i_fail(r->ctx, SHEAF_EFORMAT, "%s:%lld: %s", r->name, (long long)r->at.line, what);
}

static bool same(const char *word, size_t n, const char *want)
{
    return n == strlen(want) && strncasecmp(word, want, n) == 0;
}

static sheaf_status read_header(reading *r)
{
    const char *w[5];
    size_t n[5];
    for (int i = 0; i < 5; i++)
        if (!sheaf_i_scan_word(&r->at, &w[i], &n[i]) || (i == 0 && !same(w[0], n[0], "%%MatrixMarket")))
            return malformed(r, "not a Matrix Market file: no line '%%MatrixMarket matrix coordinate real general'");
    if (!same(w[1], n[1], "matrix") || !same(w[2], n[2], "coordinate"))
        return malformed(r, "only 'matrix coordinate' (sparse) files are read");
    r->pattern = same(w[3], n[3], "pattern");
    if (!r->pattern && !same(w[3], n[3], "real") && !same(w[3], n[3], "integer") && !same(w[3], n[3], "double"))
        return malformed(r, "the values must be real, integer or pattern");
    r->symmetric = same(w[4], n[4], "symmetric");
    if (!r->symmetric && !same(w[4], n[4], "general")) return malformed(r, "the matrix must be general or symmetric");
    sheaf_i_scan_line(&r->at);
    return SHEAF_OK;
}

/* Words may be spread over lines at will; a word that begins with % begins a comment. */
static bool next_word(reading *r, const char **word, size_t *n)
{
    for (;;) {
        if (sheaf_i_scan_word(&r->at, word, n) && **word != '%') return true;
        if (!sheaf_i_scan_line(&r->at)) return false;
    }
}

static bool next_int(reading *r, int64_t *v)
{
    const char *word;
    size_t n;
    return next_word(r, &word, &n) && sheaf_i_parse_int(word, n, v);
}

static sheaf_status read_sizes(reading *r)
{
    if (!next_int(r, &r->rows) || !next_int(r, &r->cols) || !next_int(r, &r->entries))
        return malformed(r, "no line with the numbers of rows, columns and entries");
    if (r->symmetric && r->rows != r->cols) return malformed(r, "a symmetric matrix must be square");
    if (r->entries > (r->at.end - r->at.p) / 3) return malformed(r, "the file is too short for so many entries");
    return sheaf_i_check_shape(r->ctx, r->name, r->rows, r->cols, r->entries);
}

static sheaf_status read_entry(reading *r, int64_t *row, int64_t *col, float *value)
{
    const char *word;
    size_t n;
    if (!next_int(r, row) || !next_int(r, col)) return malformed(r, "an entry must begin with its row and column");
    if (*row < 1 || *row > r->rows || *col < 1 || *col > r->cols)
        return malformed(r, "an entry lies outside of the matrix");
    --*row;
    --*col;
    *value = 1;
    if (r->pattern || (next_word(r, &word, &n) && sheaf_i_parse_float(word, n, value))) return SHEAF_OK;
    return malformed(r, "an entry's value is not a finite number");
}

static sheaf_status count_rows(reading r, int64_t *count)
{
    int64_t row, col;
    float value;
    for (int64_t i = 0; i < r.entries; i++) {
        sheaf_status st = read_entry(&r, &row, &col, &value);
        if (st != SHEAF_OK) return st;
        count[row]++;
        if (r.symmetric && row != col) count[col]++;
    }
    const char *word;
    size_t n;
    return next_word(&r, &word, &n) ? malformed(&r, "more entries than the sizes say") : SHEAF_OK;
}

/* From count[i] = entries of row i to place[i + 1] = begin of row i. */
static void counts_to_places(int64_t *p, int64_t rows)
{
    int64_t begin = 0, before = 0;
    for (int64_t i = 0; i <= rows; i++) {
        int64_t count = p[i];
        p[i] = begin;
        begin += before;
        before = count;
    }
}

/* indptr[i + 1] is where the next entry of row i goes, and in the end where row i + 1 begins. */
static sheaf_status fill_rows(reading r, const sheaf_i_csr *to)
{
    int64_t row, col;
    float value;
    for (int64_t i = 0; i < r.entries; i++) {
        sheaf_status st = read_entry(&r, &row, &col, &value);
        if (st != SHEAF_OK) return st;
        int64_t p = to->indptr[row + 1]++;
        to->indices[p] = (int32_t)col;
        to->values[p] = value;
        if (!r.symmetric || row == col) continue;
        p = to->indptr[col + 1]++;
        to->indices[p] = (int32_t)row;
        to->values[p] = value;
    }
    return SHEAF_OK;
}

sheaf_status sheaf_i_mtx_read(sheaf_ctx *ctx, sheaf_matrix **out, const char *name, const void *bytes, size_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    sheaf_i_csr part;
    const char *text = bytes;
    reading r = {.ctx = ctx, .name = name, .at = {.p = text, .end = text + n, .line = 1}};
    *out = NULL;
    SHEAF_TRY(read_header(&r));
    SHEAF_TRY(read_sizes(&r));
    int64_t room = r.symmetric ? 2 * r.entries : r.entries;
    SHEAF_TRY(sheaf_i_matrix_new(ctx, &m, &part, r.rows, (int32_t)r.cols, room, true));
    memset(part.indptr, 0, (size_t)(r.rows + 1) * sizeof *part.indptr);
    SHEAF_TRY(count_rows(r, part.indptr));
    counts_to_places(part.indptr, r.rows);
    SHEAF_TRY(fill_rows(r, &part));
    SHEAF_TRY(sheaf_i_matrix_tidy(ctx, m, &part, name));
    *out = m;
    m = NULL;
done:
    sheaf_matrix_free(m);
    return st;
}

sheaf_status sheaf_i_mtx_write(sheaf_out *o, const sheaf_matrix *m)
{
    char line[64 + SHEAF_I_FLOAT_TEXT];
    sheaf_i_out_printf(o, "%%%%MatrixMarket matrix coordinate real general\n%lld %d %lld\n", (long long)m->rows,
                       m->cols, (long long)m->indptr[m->rows]);
    for (int64_t i = 0; i < m->rows; i++) {
        size_t row = sheaf_i_int_text(line, i + 1);
        line[row++] = ' ';
        for (int64_t p = m->indptr[i]; p < m->indptr[i + 1]; p++) {
            size_t n = row + sheaf_i_int_text(line + row, (int64_t)m->indices[p] + 1);
            line[n++] = ' ';
            n += sheaf_i_float_text(line + n, m->values[p]);
            line[n++] = '\n';
            sheaf_i_out_write(o, line, n);
        }
    }
    return sheaf_i_out_status(o);
}
