/* The text format of SVMlight and libsvm: a document a line, "label column:value ...", columns from 1 and rising. The
 * number of columns is not in the file: it is the largest column.
 */
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"
#include "matrix/io.h"
#include "matrix/number.h"

typedef struct {
    sheaf_ctx *ctx;
    const char *name;
    sheaf_i_scan at;
    int64_t rows, entries, cols; /* so far */
    sheaf_i_csr to;              /* NULL while counting */
    int32_t *labels;
} reading;

static sheaf_status malformed(const reading *r, const char *what, const char *word, size_t n)
{
    return sheaf_i_fail(r->ctx, SHEAF_EFORMAT, "%s:%lld: %s: '%.*s'", r->name, (long long)r->at.line, what,
                        (int)(n < 40 ? n : 40), word);
}

static sheaf_status read_label(reading *r, const char *word, size_t n)
{
    float as_float;
    int64_t v;
    if (!sheaf_i_parse_int(word, n, &v)) {
        if (!sheaf_i_parse_float(word, n, &as_float) || !(as_float >= -16777216 && as_float <= 16777216) ||
            as_float != (float)(int64_t)as_float)
            return malformed(r, "the label is not a whole number", word, n);
        v = (int64_t)as_float;
    }
    if (v < INT32_MIN || v > INT32_MAX) return malformed(r, "the label is out of range", word, n);
    if (r->labels) r->labels[r->rows] = (int32_t)v;
    return SHEAF_OK;
}

static sheaf_status read_feature(reading *r, const char *word, size_t n, int64_t *before)
{
    const char *colon = memchr(word, ':', n);
    int64_t col;
    float value;
    if (!colon || !sheaf_i_parse_int(word, (size_t)(colon - word), &col))
        return malformed(r, "expected column:value", word, n);
    if (col == 0 && *before == 0) {
        sheaf_status st = malformed(r, "columns count from 1", word, n);
        sheaf_i_hint(r->ctx, "with scikit-learn, write it by dump_svmlight_file(..., zero_based=False)");
        return st;
    }
    if (col <= *before || col > INT32_MAX) return malformed(r, "columns must rise, up to 2147483647", word, n);
    if (!sheaf_i_parse_float(colon + 1, n - (size_t)(colon + 1 - word), &value))
        return malformed(r, "the value is not a finite number", word, n);
    *before = col;
    if (col > r->cols) r->cols = col;
    if (r->to.indices) {
        r->to.indices[r->entries] = (int32_t)(col - 1);
        r->to.values[r->entries] = value;
    }
    r->entries++;
    return SHEAF_OK;
}

/* Lines without a word, or with a comment only, are no documents. */
static sheaf_status read_lines(reading *r)
{
    sheaf_status st = SHEAF_OK;
    const char *word;
    size_t n;
    if (r->at.p == r->at.end) return SHEAF_OK;
    do {
        if (!sheaf_i_scan_word(&r->at, &word, &n) || *word == '#') continue;
        SHEAF_TRY(read_label(r, word, n));
        int64_t before = 0;
        while (sheaf_i_scan_word(&r->at, &word, &n) && *word != '#') SHEAF_TRY(read_feature(r, word, n, &before));
        r->rows++;
        if (r->to.indptr) r->to.indptr[r->rows] = r->entries;
    } while (sheaf_i_scan_line(&r->at));
done:
    return st;
}

sheaf_status sheaf_i_svm_read(sheaf_ctx *ctx, sheaf_matrix **out, int32_t **labels, const char *name,
                              const void *bytes, size_t n)
{
    sheaf_status st = SHEAF_OK;
    sheaf_matrix *m = NULL;
    const char *text = bytes;
    reading count = {.ctx = ctx, .name = name, .at = {.p = text, .end = text + n, .line = 1}}, fill = count;
    *out = NULL;
    if (labels) *labels = NULL;
    SHEAF_TRY(read_lines(&count));
    SHEAF_TRY(sheaf_i_matrix_new(ctx, &m, &fill.to, count.rows, (int32_t)count.cols, count.entries, true));
    if (labels) SHEAF_NEW(fill.labels, ctx, count.rows);
    fill.to.indptr[0] = 0;
    SHEAF_TRY(read_lines(&fill));
    *out = m;
    if (labels) *labels = fill.labels;
    fill.labels = NULL;
    m = NULL;
done:
    sheaf_i_free(ctx, fill.labels);
    sheaf_matrix_free(m);
    return st;
}

sheaf_status sheaf_i_svm_write(sheaf_out *o, const sheaf_matrix *m, const int32_t *labels)
{
    char text[32 + SHEAF_I_FLOAT_TEXT];
    for (int64_t i = 0; i < m->rows; i++) {
        sheaf_i_out_write(o, text, sheaf_i_int_text(text, labels ? labels[i] : 0));
        text[0] = ' ';
        for (int64_t p = m->indptr[i]; p < m->indptr[i + 1]; p++) {
            size_t n = 1 + sheaf_i_int_text(text + 1, (int64_t)m->indices[p] + 1);
            text[n++] = ':';
            n += sheaf_i_float_text(text + n, m->values[p]);
            sheaf_i_out_write(o, text, n);
        }
        sheaf_i_out_write(o, "\n", 1);
    }
    return sheaf_i_out_status(o);
}
