/* What carries a latent cosine, against sums over weights and V. */
#include "test_similar.h"

#include <math.h>

/* Row `doc` of weights at length 1, one number a term. */
static double *dense_row(const sheaf_matrix *m, int64_t doc)
{
    const int64_t *indptr;
    const int32_t *indices;
    const float *values;
    double *row = calloc((size_t)sheaf_matrix_cols(m), sizeof *row), square = 0;
    sheaf_matrix_csr(m, &indptr, &indices, &values);
    for (int64_t p = indptr[doc]; p < indptr[doc + 1]; p++) square += pow((double)values[p], 2);
    for (int64_t p = indptr[doc]; p < indptr[doc + 1]; p++) row[indices[p]] = (double)values[p] / sqrt(square);
    return row;
}

/* Rows times V, at length 1. */
static double *latent_row(const sheaf_space *space, const double *row, int32_t terms, double *length)
{
    const int32_t d = sheaf_space_dims(space);
    const float *v = sheaf_space_terms(space);
    double *x = calloc((size_t)d, sizeof *x), square = 0;
    for (int32_t t = 0; t < terms; t++)
        for (int32_t j = 0; j < d; j++) x[j] += row[t] * (double)v[t * d + j];
    for (int32_t j = 0; j < d; j++) square += x[j] * x[j];
    *length = sqrt(square);
    for (int32_t j = 0; j < d; j++) x[j] /= *length;
    return x;
}

/* What every term brings to the latent cosine of documents a and b; returns the sum. */
static double latent_parts(const sheaf_space *space, const sheaf_matrix *m, int64_t a, int64_t b, double *part)
{
    const int32_t d = sheaf_space_dims(space), terms = sheaf_matrix_cols(m);
    const float *v = sheaf_space_terms(space);
    double *row[2] = {dense_row(m, a), dense_row(m, b)}, *x[2], length[2], sum = 0;
    for (int i = 0; i < 2; i++) x[i] = latent_row(space, row[i], terms, &length[i]);
    for (int32_t t = 0; t < terms; t++) {
        part[t] = 0;
        for (int i = 0; i < 2; i++)
            for (int32_t j = 0; j < d; j++) part[t] += row[i][t] / length[i] * (double)v[t * d + j] * x[1 - i][j] / 2;
        sum += part[t];
    }
    for (int i = 0; i < 2; i++) {
        free(row[i]);
        free(x[i]);
    }
    return sum;
}

/* The parts of the latent cosine add up to it, for terms of one of the two documents too; those above 0 are listed. */
static void latent_terms_carry_the_score(void **state)
{
    (void)state;
    static const sheaf_weight schemes[] = {SHEAF_WEIGHT_SUBLINEAR, SHEAF_WEIGHT_BM25, SHEAF_WEIGHT_BIPARTITE};
    for (size_t w = 0; w < sizeof schemes / sizeof *schemes; w++) {
        sheaf_ctx *ctx = test_context(2);
        sheaf_fit_opts o = similar_options(SHEAF_FIT_SPACE), weights = similar_options(SHEAF_FIT_MATRIX);
        o.weight.scheme = weights.weight.scheme = schemes[w];
        o.space.tol = 1e-6;
        sheaf_model *m = similar_fit(ctx, &o), *mw = similar_fit(ctx, &weights);
        const sheaf_matrix *matrix = sheaf_model_matrix(mw);
        double *part = malloc((size_t)sheaf_matrix_cols(matrix) * sizeof *part);
        sheaf_similar_opts so = similar_asking(SHEAF_SIMILAR_LATENT, 12);
        so.n_terms = 100;
        sheaf_similar *s;
        int32_t n, listed, unshared = 0;
        assert_ok(ctx, sheaf_similar_doc(ctx, &s, m, 3, &so));
        const sheaf_hit *hits = sheaf_similar_hits(s, 0, &n);
        assert_true(n > 3);
        for (int32_t i = 0; i < n; i++) {
            const sheaf_shared_term *t = sheaf_similar_shared(s, i, &listed);
            const double sum = latent_parts(sheaf_model_space(m), matrix, 3, hits[i].doc, part);
            double *of[2] = {dense_row(matrix, 3), dense_row(matrix, hits[i].doc)};
            int32_t above = 0;
            assert_true(fabs(sum - (double)hits[i].score) <= 1e-4); /* what the space was asked for */
            for (int32_t j = 0; j < sheaf_matrix_cols(matrix); j++) above += part[j] > 1e-7;
            assert_true(listed >= above);
            for (int32_t j = 0; j < listed; j++) {
                assert_true(t[j].product > 0 && fabs((double)t[j].product - part[t[j].term]) <= 1e-6);
                if (j) assert_true(t[j].product <= t[j - 1].product);
                unshared += !(of[0][t[j].term] > 0 && of[1][t[j].term] > 0);
            }
            free(of[0]);
            free(of[1]);
        }
        assert_true(unshared > 0);
        free(part);
        sheaf_similar_free(s);
        sheaf_model_free(m);
        sheaf_model_free(mw);
        sheaf_ctx_free(ctx);
    }
}

int test_similar_latent(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latent_terms_carry_the_score),
    };
    return cmocka_run_group_tests_name("latent", tests, NULL, NULL);
}
