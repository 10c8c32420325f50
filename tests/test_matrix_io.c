/* matrix/: files in and out: round trips bit by bit, what scipy wrote, damaged and hostile files. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "data/matrices.h"
#include "matrix/io.h"
#include "matrix/number.h"
#include "matrix/zip.h"
#include "test_matrix.h"

typedef struct {
    uint8_t *p;
    size_t n;
} bytes;

static int collect(void *user, const void *p, size_t n)
{
    bytes *b = user;
    b->p = realloc(b->p, b->n + n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

static bytes written(sheaf_ctx *ctx, const sheaf_matrix *m, sheaf_matrix_format format, const int32_t *labels)
{
    bytes b = {0};
    sheaf_out *o;
    assert_ok(ctx, sheaf_out_callback(ctx, &o, collect, &b));
    if (format == SHEAF_MATRIX_NPZ) assert_ok(ctx, sheaf_i_npz_write(ctx, o, m));
    if (format == SHEAF_MATRIX_MTX) assert_ok(ctx, sheaf_i_mtx_write(o, m));
    if (format == SHEAF_MATRIX_SVM) assert_ok(ctx, sheaf_i_svm_write(o, m, labels));
    assert_ok(ctx, sheaf_out_close(o));
    return b;
}

static sheaf_status read_as(sheaf_ctx *ctx, sheaf_matrix **m, sheaf_matrix_format format, const void *p, size_t n)
{
    if (format == SHEAF_MATRIX_NPZ) return sheaf_i_npz_read(ctx, m, "x.npz", p, n);
    if (format == SHEAF_MATRIX_MTX) return sheaf_i_mtx_read(ctx, m, "x.mtx", p, n);
    return sheaf_i_svm_read(ctx, m, NULL, "x.svm", p, n);
}

static const float odd_values[] = {0.0f, -0.0f, 1e-45f, 1.17549435e-38f, 3.40282347e38f, -3.40282347e38f, 0.1f,
                                   0.333333343f, 16777216.0f, 16777217e3f, 1e-5f, 9.99999975e-6f, 999999999.f,
                                   1234567.875f, -2.5e-7f, 1e10f};

static sheaf_matrix *odd_matrix(sheaf_ctx *ctx)
{
    enum { N = sizeof odd_values / sizeof *odd_values };
    int64_t indptr[N + 3];
    int32_t indices[N];
    for (int64_t i = 0; i < N; i++) {
        indptr[i + 1] = i;
        indices[i] = (int32_t)(i * 7 % N);
    }
    indices[N - 1] = N - 1; /* the last column is there: .svm knows no other sizes */
    indptr[0] = 0;
    indptr[N + 1] = indptr[N + 2] = N;
    sheaf_matrix *m;
    assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, N + 2, N, indptr, indices, odd_values));
    return m;
}

static void formats_give_back_what_they_took(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    for (int32_t f = SHEAF_MATRIX_NPZ; f <= SHEAF_MATRIX_SVM; f++)
        for (int i = 0; i < 4; i++) {
            const int64_t rows[] = {0, 1, 311, 0};
            sheaf_matrix *m = i < 3 ? test_random_matrix(ctx, rows[i], i ? 57 : 0, i == 1 ? 1 : .5, 5)
                                    : odd_matrix(ctx);
            bytes b = written(ctx, m, (sheaf_matrix_format)f, NULL);
            sheaf_matrix *back;
            assert_ok(ctx, read_as(ctx, &back, (sheaf_matrix_format)f, b.p, b.n));
            test_assert_same_matrix(m, back);
            assert_null(sheaf_i_matrix_validate(back));
            free(b.p);
            sheaf_matrix_free(m);
            sheaf_matrix_free(back);
        }
    sheaf_ctx_free(ctx);
}

static void labels_go_along(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const int32_t labels[] = {3, 0, -7, 2147483647};
    sheaf_matrix *m = test_random_matrix(ctx, 4, 5, .9, 1), *back;
    bytes b = written(ctx, m, SHEAF_MATRIX_SVM, labels);
    int32_t *got;
    assert_ok(ctx, sheaf_i_svm_read(ctx, &back, &got, "x.svm", b.p, b.n));
    assert_memory_equal(got, labels, sizeof labels);
    sheaf_labels_free(ctx, got);
    sheaf_matrix_free(back);
    sheaf_matrix_free(m);
    free(b.p);
    sheaf_ctx_free(ctx);
}

/* Long enough for several blocks and more than one wave of them; the values repeat so that deflate is quick. */
static void npz_is_the_same_at_any_thread_count(void **state)
{
    (void)state;
    enum { ROWS = 24000, COLS = 100 };
    bytes first = {0};
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        sheaf_ctx *ctx = test_context(threads);
        int64_t *indptr = malloc((ROWS + 1) * sizeof *indptr);
        int32_t *indices = malloc(ROWS * COLS * sizeof *indices);
        float *values = malloc(ROWS * COLS * sizeof *values);
        for (int64_t i = 0; i <= ROWS; i++) indptr[i] = i * COLS;
        for (int64_t p = 0; p < ROWS * COLS; p++) {
            indices[p] = (int32_t)(p % COLS);
            values[p] = (float)(p * p % 13);
        }
        sheaf_matrix *m, *back;
        assert_ok(ctx, sheaf_matrix_from_csr(ctx, &m, ROWS, COLS, indptr, indices, values));
        bytes b = written(ctx, m, SHEAF_MATRIX_NPZ, NULL);
        if (first.p) {
            assert_int_equal(b.n, first.n);
            assert_memory_equal(b.p, first.p, b.n);
            free(b.p);
        } else {
            first = b;
            assert_ok(ctx, read_as(ctx, &back, SHEAF_MATRIX_NPZ, b.p, b.n));
            test_assert_same_matrix(m, back);
            sheaf_matrix_free(back);
        }
        sheaf_matrix_free(m);
        free(indptr);
        free(indices);
        free(values);
        sheaf_ctx_free(ctx);
    }
    free(first.p);
}

static void zip64_members_are_found(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const uint64_t limits[] = {0, 3000, 0xffffffff};
    for (size_t i = 0; i < 3; i++) {
        char body[5000];
        for (size_t j = 0; j < sizeof body; j++) body[j] = (char)(j * j % 251);
        bytes b = {0};
        sheaf_out *o;
        sheaf_i_zip z;
        assert_ok(ctx, sheaf_out_callback(ctx, &o, collect, &b));
        sheaf_i_zip_begin(&z, ctx, o);
        z.limit = limits[i];
        assert_ok(ctx, sheaf_i_zip_add(&z, "first", "head", 4, body, sizeof body));
        assert_ok(ctx, sheaf_i_zip_add(&z, "second", "HEAD", 4, body, 7));
        sheaf_i_zip_end(&z);
        assert_ok(ctx, sheaf_out_close(o));
        sheaf_i_member m;
        char got[5004];
        assert_ok(ctx, sheaf_i_member_open(&m, ctx, "x.zip", b.p, b.n, "first"));
        assert_int_equal(m.size, 5004);
        assert_ok(ctx, sheaf_i_member_read(&m, got, 5004));
        assert_memory_equal(got, "head", 4);
        assert_memory_equal(got + 4, body, 5000);
        sheaf_i_member_end(&m);
        assert_ok(ctx, sheaf_i_member_open(&m, ctx, "x.zip", b.p, b.n, "second"));
        assert_int_equal(m.size, 11);
        assert_ok(ctx, sheaf_i_member_read(&m, got, 11));
        assert_memory_equal(got, "HEAD", 4);
        assert_int_equal(sheaf_i_member_read(&m, got, 1), SHEAF_EFORMAT);
        sheaf_i_member_end(&m);
        assert_int_equal(sheaf_i_member_open(&m, ctx, "x.zip", b.p, b.n, "third"), SHEAF_EFORMAT);
        free(b.p);
    }
    sheaf_ctx_free(ctx);
}

static void scipy_files_are_read(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const struct {
        const unsigned char *p;
        size_t n;
    } file[] = {{scipy_csr, sizeof scipy_csr},
                {scipy_csr_float32_stored, sizeof scipy_csr_float32_stored},
                {scipy_csr_wide, sizeof scipy_csr_wide},
                {scipy_csc, sizeof scipy_csc}};
    for (size_t f = 0; f < sizeof file / sizeof *file; f++) {
        sheaf_matrix *m;
        assert_ok(ctx, read_as(ctx, &m, SHEAF_MATRIX_NPZ, file[f].p, file[f].n));
        assert_null(sheaf_i_matrix_validate(m));
        assert_int_equal(m->rows, SCIPY_ROWS);
        assert_int_equal(m->cols, SCIPY_COLS);
        assert_int_equal(m->indptr[m->rows], 4);
        for (int64_t i = 0; i < SCIPY_ROWS; i++)
            for (int32_t j = 0; j < SCIPY_COLS; j++) assert_true(test_matrix_at(m, i, j) == scipy_dense[i][j]);
        sheaf_matrix_free(m);
    }
    sheaf_matrix *m;
    assert_int_equal(read_as(ctx, &m, SHEAF_MATRIX_NPZ, scipy_coo, sizeof scipy_coo), SHEAF_EFORMAT);
    assert_string_equal(sheaf_ctx_message(ctx), "x.npz: a sparse matrix in format 'coo'; csr and csc are read");
    assert_null(m);
    sheaf_ctx_free(ctx);
}

/* Every cut and every flipped byte: an error with a text, or a matrix that is in order. */
static void damaged_npz_is_survived(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_matrix *m;
    for (size_t n = 0; n < sizeof scipy_csc; n++) {
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, scipy_csc, n);
        assert_int_equal(read_as(ctx, &m, SHEAF_MATRIX_NPZ, cut, n), SHEAF_EFORMAT);
        assert_null(m);
        free(cut);
    }
    for (size_t i = 0; i < sizeof scipy_csc; i++)
        for (int bit = 1; bit < 256; bit <<= 3) {
            uint8_t flipped[sizeof scipy_csc];
            memcpy(flipped, scipy_csc, sizeof flipped);
            flipped[i] ^= (uint8_t)bit;
            if (read_as(ctx, &m, SHEAF_MATRIX_NPZ, flipped, sizeof flipped) == SHEAF_OK) {
                assert_null(sheaf_i_matrix_validate(m));
                sheaf_matrix_free(m);
            } else {
                assert_true(*sheaf_ctx_message(ctx) != 0);
            }
        }
    sheaf_ctx_free(ctx);
}

static void check_text(sheaf_ctx *ctx, sheaf_matrix_format format, const char *text, const char *want_message)
{
    sheaf_matrix *m;
    sheaf_status st = read_as(ctx, &m, format, text, strlen(text));
    if (want_message) {
        assert_int_equal(st, SHEAF_EFORMAT);
        if (!strstr(sheaf_ctx_message(ctx), want_message)) fail_msg("'%s' gave: %s", text, sheaf_ctx_message(ctx));
        return;
    }
    assert_ok(ctx, st);
    assert_null(sheaf_i_matrix_validate(m));
    sheaf_matrix_free(m);
}

#define MTX "%%MatrixMarket matrix coordinate real general\n"

static void mtx_variants(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_matrix *m;
    const char *odd = "%%matrixmarket MATRIX Coordinate Integer Symmetric\r\n% a comment\n\n  3\t3   4 % sizes\n"
                      "2 1 5\n3 3\n7\n%x\n1 1 -2 2 1 10\n\n";
    assert_ok(ctx, read_as(ctx, &m, SHEAF_MATRIX_MTX, odd, strlen(odd)));
    assert_null(sheaf_i_matrix_validate(m));
    assert_int_equal(m->indptr[3], 4); /* (2, 1) came twice and is added up */
    assert_true(test_matrix_at(m, 1, 0) == 15 && test_matrix_at(m, 0, 1) == 15);
    assert_true(test_matrix_at(m, 0, 0) == -2 && test_matrix_at(m, 2, 2) == 7);
    sheaf_matrix_free(m);

    const char *pattern = "%%MatrixMarket matrix coordinate pattern general\n2 9 3\n2 9\n2 1\n1 4";
    assert_ok(ctx, read_as(ctx, &m, SHEAF_MATRIX_MTX, pattern, strlen(pattern)));
    assert_true(test_matrix_at(m, 1, 8) == 1 && test_matrix_at(m, 1, 0) == 1 && test_matrix_at(m, 0, 3) == 1);
    assert_int_equal(m->indices[1], 0); /* sorted */
    sheaf_matrix_free(m);

    check_text(ctx, SHEAF_MATRIX_MTX, MTX "0 0 0\n", NULL);
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "1 1 1\n1 1 1.5D+01\n", NULL);
    check_text(ctx, SHEAF_MATRIX_MTX, "", "x.mtx:1: not a Matrix Market file");
    check_text(ctx, SHEAF_MATRIX_MTX, "%%MatrixMarket matrix array real general\n1 1\n1\n", "sparse");
    check_text(ctx, SHEAF_MATRIX_MTX, "%%MatrixMarket matrix coordinate complex general\n1 1 0\n", "real, integer");
    check_text(ctx, SHEAF_MATRIX_MTX, "%%MatrixMarket matrix coordinate real hermitian\n1 1 0\n", "symmetric");
    check_text(ctx, SHEAF_MATRIX_MTX, "%%MatrixMarket matrix coordinate real symmetric\n2 1 0\n", "square");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2\n", "numbers of rows");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 1\n3 1 1\n", "x.mtx:3: an entry lies outside");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 1\n0 1 1\n", "outside");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 2\n1 1 1\n", "x.mtx:4: an entry must begin");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 1\n1 1 1\n2 2 2\n", "more entries");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 1\n1 1 nan\n", "not a finite number");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 1\n1 1 1e39\n", "not a finite number");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 2\n1 1 3e38 1 1 3e38\n", "sum is not finite");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2 999999999999\n1 1 1\n", "too short");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "999999999999 2 1\n1 1 1\n", "rows for only 1 entries");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "2 2147483648 1\n1 1 1\n", "columns are more than");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "-2 2 1\n1 1 1\n", "-2 x 2");
    check_text(ctx, SHEAF_MATRIX_MTX, MTX "99999999999999999999 2 1\n", "numbers of rows");
    sheaf_ctx_free(ctx);
}

static void svm_variants(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_matrix *m;
    const char *odd = "# dumped\n+1 1:0.5 3:2e-1 # doc 1\n\n-1.0\t2:7\r\n0";
    int32_t *labels;
    assert_ok(ctx, sheaf_i_svm_read(ctx, &m, &labels, "x.svm", odd, strlen(odd)));
    assert_int_equal(m->rows, 3);
    assert_int_equal(m->cols, 3);
    assert_true(labels[0] == 1 && labels[1] == -1 && labels[2] == 0);
    assert_true(test_matrix_at(m, 0, 0) == .5f && test_matrix_at(m, 0, 2) == .2f && test_matrix_at(m, 1, 1) == 7);
    sheaf_labels_free(ctx, labels);
    sheaf_matrix_free(m);
    check_text(ctx, SHEAF_MATRIX_SVM, "", NULL);
    check_text(ctx, SHEAF_MATRIX_SVM, "1 2:1 1:1\n", "columns must rise, up to 2147483647: '1:1'");
    check_text(ctx, SHEAF_MATRIX_SVM, "1 1:1\n1 2:1 2:1\n", "x.svm:2: columns must rise");
    check_text(ctx, SHEAF_MATRIX_SVM, "1 0:1\n", "columns count from 1");
    assert_non_null(strstr(sheaf_ctx_hint(ctx), "zero_based=False"));
    check_text(ctx, SHEAF_MATRIX_SVM, "1 2147483648:1\n", "columns must rise");
    check_text(ctx, SHEAF_MATRIX_SVM, "1.5 1:1\n", "the label is not a whole number: '1.5'");
    check_text(ctx, SHEAF_MATRIX_SVM, "2147483648 1:1\n", "out of range");
    check_text(ctx, SHEAF_MATRIX_SVM, "1 1:inf\n", "not a finite number");
    check_text(ctx, SHEAF_MATRIX_SVM, "1 1\n", "expected column:value: '1'");
    check_text(ctx, SHEAF_MATRIX_SVM, "1 qid:3 1:1\n", "expected column:value: 'qid:3'");
    sheaf_ctx_free(ctx);
}

static void every_float_survives_its_text(void **state)
{
    (void)state;
    uint64_t key = sheaf_i_rng_key(1, SHEAF_I_RNG_TEST, 3);
    for (uint64_t i = 0; i < 300000; i++) {
        uint32_t bits = (uint32_t)sheaf_i_rng_u64(key, i), back;
        if (i % 3 == 0) bits = (bits & 0x87ffffffu) | 0x38000000u; /* the weights are of this size */
        float v, got;
        memcpy(&v, &bits, 4);
        if (!isfinite(v)) continue;
        char text[SHEAF_I_FLOAT_TEXT + 1];
        size_t n = sheaf_i_float_text(text, v);
        assert_true(n <= SHEAF_I_FLOAT_TEXT);
        text[n] = 0;
        assert_true(sheaf_i_parse_float(text, n, &got));
        memcpy(&back, &got, 4);
        if (back != bits || strtof(text, NULL) != v) fail_msg("%.9g became %s and then %.9g", v, text, got);
    }
}

static void numbers_are_read_strictly(void **state)
{
    (void)state;
    const char *bad[] = {"", "-", "+", ".", "e5", "1e", "1e+", "1x", "0x10", "1,5", "--1", "1.2.3", "inf", "nan", "1 "};
    const struct {
        const char *text;
        float v;
    } good[] = {{"1", 1}, {"+1.", 1}, {".5", .5f}, {"-0.25", -.25f}, {"1e3", 1000}, {"1D-2", .01f},
                {"123456789012345678901234567890", 1.2345679e29f}, {"0.00000000000000000000000000001", 1e-29f},
                {"1e-400", 0}, {"0e99999999999", 0}, {"1000e-3", 1}};
    float v;
    int64_t i;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        if (sheaf_i_parse_float(bad[k], strlen(bad[k]), &v)) fail_msg("'%s' was read as %g", bad[k], v);
        assert_false(sheaf_i_parse_int(bad[k], strlen(bad[k]), &i));
    }
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        assert_true(sheaf_i_parse_float(good[k].text, strlen(good[k].text), &v));
        if (v != good[k].v) fail_msg("'%s' was read as %.9g", good[k].text, v);
    }
    assert_true(sheaf_i_parse_int("-9223372036854775807", 20, &i) && i == -INT64_MAX);
    assert_false(sheaf_i_parse_int("9223372036854775808", 19, &i));
}

static void temporary(char path[64], const char *extension)
{
    snprintf(path, 64, "/tmp/sheaf-test-%ld%s", (long)getpid(), extension);
}

static void files_by_name(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    const char *extension[] = {".npz", ".mtx", ".SVM"};
    sheaf_matrix *m = odd_matrix(ctx), *back;
    char path[64];
    for (int i = 0; i < 3; i++) {
        temporary(path, extension[i]);
        assert_ok(ctx, sheaf_matrix_save(ctx, m, path, SHEAF_MATRIX_AUTO, NULL));
        int32_t *labels;
        assert_ok(ctx, sheaf_matrix_load(ctx, &back, &labels, path, SHEAF_MATRIX_AUTO));
        assert_int_equal(labels != NULL, i == 2);
        test_assert_same_matrix(m, back);
        sheaf_labels_free(ctx, labels);
        sheaf_matrix_free(back);
        unlink(path);
        assert_int_equal(sheaf_matrix_load(ctx, &back, NULL, path, SHEAF_MATRIX_AUTO), SHEAF_EIO);
        assert_non_null(strstr(sheaf_ctx_message(ctx), path));
        assert_int_equal(sheaf_matrix_save(ctx, m, "/dev/full", (sheaf_matrix_format)(SHEAF_MATRIX_NPZ + i), NULL),
                         SHEAF_EIO);
        assert_non_null(strstr(sheaf_ctx_message(ctx), "No space left"));
    }
    assert_int_equal(sheaf_matrix_save(ctx, m, "m.xyz", SHEAF_MATRIX_AUTO, NULL), SHEAF_EINVAL);
    assert_non_null(strstr(sheaf_ctx_hint(ctx), ".mtx"));
    assert_int_equal(sheaf_matrix_load(ctx, &back, NULL, "/tmp", SHEAF_MATRIX_NPZ), SHEAF_EIO);
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

static void failing_allocations_leave_no_file(void **state)
{
    (void)state;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 2);
    const char *extension[] = {".npz", ".mtx", ".svm"};
    char path[64];
    sheaf_matrix *m = odd_matrix(ctx), *back;
    for (int i = 0; i < 3; i++) {
        temporary(path, extension[i]);
        int64_t before = limit.live, n = 1;
        for (sheaf_status st = SHEAF_ENOMEM; st != SHEAF_OK; n++) {
            limit.calls = 0;
            limit.fail_at = n;
            st = sheaf_matrix_save(ctx, m, path, SHEAF_MATRIX_AUTO, NULL);
            assert_int_equal(limit.live, before);
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_int_equal(access(path, F_OK), -1);
        }
        assert_true(n > 3);
        for (n = 1;; n++) {
            limit.calls = 0;
            limit.fail_at = n;
            sheaf_status st = sheaf_matrix_load(ctx, &back, NULL, path, SHEAF_MATRIX_AUTO);
            if (st == SHEAF_OK) break;
            assert_int_equal(st, SHEAF_ENOMEM);
            assert_int_equal(limit.live, before);
        }
        limit.fail_at = 0;
        sheaf_matrix_free(back);
        unlink(path);
    }
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

/* Runs only where python3 has scipy; the bytes above cover the other direction everywhere. */
static void scipy_reads_ours(void **state)
{
    (void)state;
    if (system("python3 -c 'import scipy' >/dev/null 2>&1") != 0) {
        print_message("no python3 with scipy: skipped\n");
        skip();
    }
    sheaf_ctx *ctx = test_context(2);
    sheaf_matrix *m = odd_matrix(ctx);
    char npz[64], mtx[64], command[1024];
    temporary(npz, ".npz");
    temporary(mtx, ".mtx");
    assert_ok(ctx, sheaf_matrix_save(ctx, m, npz, SHEAF_MATRIX_AUTO, NULL));
    assert_ok(ctx, sheaf_matrix_save(ctx, m, mtx, SHEAF_MATRIX_AUTO, NULL));
    snprintf(command, sizeof command,
             "python3 -c \"import sys, numpy as n, scipy.sparse as s, scipy.io as i\n"
             "a, b = s.load_npz('%s'), i.mmread('%s').tocsr()\n"
             "a.check_format(True)\n"
             "sys.exit(not (a.shape == b.shape == (%lld, %d) and a.nnz == %lld and a.dtype == n.float32\n"
             "  and (a.toarray() == b.toarray().astype(n.float32)).all()))\"",
             npz, mtx, (long long)m->rows, m->cols, (long long)m->indptr[m->rows]);
    assert_int_equal(system(command), 0);
    unlink(npz);
    unlink(mtx);
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
}

int test_matrix_files(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_give_back_what_they_took),
        cmocka_unit_test(labels_go_along),
        cmocka_unit_test(npz_is_the_same_at_any_thread_count),
        cmocka_unit_test(zip64_members_are_found),
        cmocka_unit_test(scipy_files_are_read),
        cmocka_unit_test(damaged_npz_is_survived),
        cmocka_unit_test(mtx_variants),
        cmocka_unit_test(svm_variants),
        cmocka_unit_test(every_float_survives_its_text),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(files_by_name),
        cmocka_unit_test(failing_allocations_leave_no_file),
        cmocka_unit_test(scipy_reads_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
