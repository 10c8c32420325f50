/* Vectors of the user's own: rows of a .npy file brought into the order of the documents, which are sorted by id, from
 * the order in which the inputs hold them or from that of a list of ids. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "matrix/npy.h"
#include "model/pairs.h"
#include "model/vectors.h"
#include "read/corpus.h"
#include "read/order.h"
#include "read/source.h"

#define IDS_LIMIT ((size_t)4 << 30)

typedef struct {
    sheaf_i_source *source;
    char *owned;
    sheaf_str *id;
    int64_t *order;         /* of the ids, as documents are sorted */
    int64_t n;
} id_list;

static sheaf_status read_lines(sheaf_ctx *ctx, id_list *l, const char *path, sheaf_str *bytes)
{
    sheaf_status st = SHEAF_OK;
    size_t n = 0;
    int error;
    SHEAF_TRY(sheaf_i_source_open(ctx, &l->source, path, &error));
    if (!l->source) return sheaf_i_fail(ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(error));
    *bytes = l->source->bytes;
    if (l->source->packed) return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: packed; a plain list of ids is wanted", path);
    if (l->source->whole) return SHEAF_OK;
    const sheaf_i_step step = sheaf_i_source_all(l->source, IDS_LIMIT, &l->owned, &n);
    if (step == SHEAF_I_NO_MEMORY) st = SHEAF_ENOMEM;
    else if (step == SHEAF_I_BAD) st = sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: %s", path, l->source->why);
    *bytes = (sheaf_str){l->owned ? l->owned : "", n};
done:
    return st;
}

/* A line an id, the last one with or without its end. */
static sheaf_status read_ids(sheaf_ctx *ctx, id_list *l, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_str rest = {"", 0};
    int64_t room = 0;
    SHEAF_TRY(read_lines(ctx, l, path, &rest));
    if (rest.n >= 3 && !memcmp(rest.p, "\xEF\xBB\xBF", 3)) rest = (sheaf_str){rest.p + 3, rest.n - 3};
    while (rest.n) {
        const char *feed = memchr(rest.p, '\n', rest.n);
        const size_t n = feed ? (size_t)(feed - rest.p) : rest.n;
        SHEAF_GROW(l->id, ctx, l->n, room);
        l->id[l->n++] = (sheaf_str){rest.p, n - (n && rest.p[n - 1] == '\r')};
        rest = feed ? (sheaf_str){feed + 1, rest.n - n - 1} : (sheaf_str){"", 0};
    }
    SHEAF_TRY(sheaf_i_order(ctx, &l->order, l->id, l->n));
done:
    return st;
}

static int shown(sheaf_str s) { return (int)(s.n < 200 ? s.n : 200); }

static sheaf_status check_ids(sheaf_ctx *ctx, const id_list *l, const char *path, int64_t rows, const char *vectors)
{
    if (l->n != rows)
        return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s has %lld ids, %s has %lld rows", path, (long long)l->n, vectors,
                            (long long)rows);
    for (int64_t i = 1; i < l->n; i++) {
        const sheaf_str id = l->id[l->order[i]];
        if (sheaf_i_id_compare(l->id[l->order[i - 1]], id) == 0)
            return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: id '%.*s' stands twice (lines %lld and %lld)", path, shown(id),
                                id.p, (long long)l->order[i - 1] + 1, (long long)l->order[i] + 1);
    }
    return SHEAF_OK;
}

/* row[doc] of every document: both lists are in order of id. */
static sheaf_status rows_by_id(sheaf_model *m, int64_t *row, int64_t rows, const sheaf_fit_opts *asked)
{
    sheaf_status st = SHEAF_OK;
    id_list l = {0};
    const int64_t n = sheaf_corpus_size(m->corpus);
    SHEAF_TRY(read_ids(m->ctx, &l, asked->vector_ids));
    SHEAF_TRY(check_ids(m->ctx, &l, asked->vector_ids, rows, asked->vectors));
    for (int64_t doc = 0, i = 0; doc < n; doc++) {
        const sheaf_str id = sheaf_corpus_id(m->corpus, doc);
        while (i < l.n && sheaf_i_id_compare(l.id[l.order[i]], id) < 0) i++;
        if (i == l.n || sheaf_i_id_compare(l.id[l.order[i]], id) != 0) {
            st = sheaf_i_fail(m->ctx, SHEAF_EFORMAT, "%s: no row for document '%.*s'", asked->vector_ids, shown(id),
                              id.p);
            goto done;
        }
        row[doc] = l.order[i];
    }
    if (rows > n)
        sheaf_i_note(m->ctx, "%lld rows of %s are of documents that were not read", (long long)(rows - n),
                     asked->vectors);
done:
    sheaf_i_source_drop(l.source);
    sheaf_i_free(m->ctx, l.owned);
    sheaf_i_free(m->ctx, l.id);
    sheaf_i_free(m->ctx, l.order);
    return st;
}

static sheaf_status rows_by_place(sheaf_model *m, int64_t *row, int64_t rows, const sheaf_fit_opts *asked)
{
    const int64_t places = sheaf_corpus_n_places(m->corpus);
    const int64_t skipped = sheaf_corpus_counts(m->corpus).skipped;
    if (rows != places) {
        sheaf_i_fail(m->ctx, SHEAF_EFORMAT, "%s has %lld rows, but there are %lld documents%s", asked->vectors,
                     (long long)rows, (long long)places, skipped ? ", those skipped counted too" : "");
        sheaf_i_hint(m->ctx, "a row a document in the order of the input, or --vector-ids FILE with their ids");
        return SHEAF_EFORMAT;
    }
    for (int64_t doc = 0; doc < sheaf_corpus_size(m->corpus); doc++) row[doc] = sheaf_corpus_place(m->corpus, doc);
    return SHEAF_OK;
}

static bool in_order(const int64_t *row, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (row[i] != i) return false;
    return true;
}

sheaf_status sheaf_i_model_vectors(sheaf_model *m, const sheaf_fit_opts *asked)
{
    sheaf_status st = SHEAF_OK;
    float *x = NULL;
    int64_t *row = NULL, rows;
    const int64_t n = sheaf_corpus_size(m->corpus);
    int32_t d;
    SHEAF_TRY(sheaf_i_progress(m->ctx, "reading vectors", 0, 0));
    SHEAF_TRY(sheaf_i_npy_read(m->ctx, &x, &rows, &d, asked->vectors));
    SHEAF_NEW(row, m->ctx, n);
    SHEAF_TRY((asked->vector_ids ? rows_by_id : rows_by_place)(m, row, rows, asked));
    m->vector_dims = d;
    if (in_order(row, n)) {
        m->vectors = x;
        x = NULL;
        goto done;
    }
    SHEAF_NEW_ALIGNED(m->vectors, m->ctx, n * d);
    for (int64_t i = 0; i < n; i++) memcpy(m->vectors + i * d, x + row[i] * d, (size_t)d * sizeof *x);
done:
    sheaf_i_aligned_free(m->ctx, x);
    sheaf_i_free(m->ctx, row);
    return st;
}

static double dot(const float *x, const float *y, int32_t d)
{
    double sum = 0;
    for (int32_t j = 0; j < d; j++) sum += (double)x[j] * (double)y[j];
    return sum;
}

void sheaf_i_vector_pairs(sheaf_model *m)
{
    const int64_t n = sheaf_corpus_size(m->corpus);
    const int32_t d = m->vector_dims;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 1; b < n; b++) {
            const float *x = m->vectors + a * d, *y = m->vectors + b * d;
            const double lengths = sqrt(dot(x, x, d)) * sqrt(dot(y, y, d));
            sheaf_i_add_pair(m, a, b, lengths > 0 ? dot(x, y, d) / lengths : 0);
        }
}
