/* A build is checked on the machine it runs on: a product, an SVD and a clustering whose answers are known. */
#include <math.h>

#include "base/context.h"
#include "base/mem.h"
#include "kernel/blas.h"
#include "model/model.h"

#define GROUPS 3
#define GROUP_DOCS 8
#define GROUP_TERMS 5
#define DOCS (GROUPS * GROUP_DOCS)

static sheaf_status wrong(sheaf_ctx *ctx, const char *what, double got, double want)
{
    return sheaf_i_fail(ctx, SHEAF_EBUG, "self-check: %s is %.9g, not %.9g", what, got, want);
}

/* Integers small enough to be exact, in sizes that are not multiples of a vector's length. */
static sheaf_status check_product(sheaf_ctx *ctx)
{
    enum { M = 37, N = 29, K = 53 };
    sheaf_status st = SHEAF_OK;
    double *a = NULL, *b = NULL, *c = NULL;
    SHEAF_NEW_ALIGNED(a, ctx, M * K);
    SHEAF_NEW_ALIGNED(b, ctx, K * N);
    SHEAF_NEW_ALIGNED(c, ctx, M * N);
    for (int i = 0; i < M * K; i++) a[i] = i * 7 % 11 - 5;
    for (int i = 0; i < K * N; i++) b[i] = i * 5 % 13 - 6;
    SHEAF_TRY(sheaf_i_blas_single(ctx));
    sheaf_i_dgemm(false, false, M, N, K, 1, a, K, b, N, 0, c, N);
    for (int i = 0; i < M && st == SHEAF_OK; i++)
        for (int j = 0; j < N && st == SHEAF_OK; j++) {
            double sum = 0;
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
            if (c[i * N + j] != sum) st = wrong(ctx, "an entry of a matrix product", c[i * N + j], sum);
        }
done:
    sheaf_i_aligned_free(ctx, a);
    sheaf_i_aligned_free(ctx, b);
    sheaf_i_aligned_free(ctx, c);
    return st;
}

/* Group g has value g + 1 in its own block of documents and terms: singular values (g + 1) sqrt(docs x terms). */
static sheaf_status block_matrix(sheaf_ctx *ctx, sheaf_matrix **out)
{
    int64_t indptr[DOCS + 1] = {0};
    int32_t indices[DOCS * GROUP_TERMS];
    float values[DOCS * GROUP_TERMS];
    for (int i = 0, at = 0; i < DOCS; i++) {
        int g = i % GROUPS;
        for (int j = 0; j < GROUP_TERMS; j++, at++) {
            indices[at] = g * GROUP_TERMS + j;
            values[at] = (float)(g + 1);
        }
        indptr[i + 1] = at;
    }
    return sheaf_matrix_from_csr(ctx, out, DOCS, GROUPS * GROUP_TERMS, indptr, indices, values);
}

static sheaf_status check_space(sheaf_ctx *ctx, const sheaf_matrix *m, sheaf_space **out)
{
    sheaf_space_opts o;
    sheaf_space_opts_init(&o, sizeof o);
    o.dims = GROUPS;
    sheaf_status st = sheaf_space_fit(ctx, out, m, &o);
    if (st != SHEAF_OK) return st;
    int32_t rank = sheaf_space_dims(*out);
    if (rank != GROUPS) return wrong(ctx, "the rank of a block matrix", rank, GROUPS);
    for (int i = 0; i < GROUPS; i++) {
        double want = (GROUPS - i) * sqrt(GROUP_DOCS * GROUP_TERMS), got = sheaf_space_sigma(*out)[i];
        if (!(fabs(got - want) < 1e-4 * want)) return wrong(ctx, "a singular value", got, want); /* float products */
    }
    return SHEAF_OK;
}

static sheaf_status check_clusters(sheaf_ctx *ctx, const sheaf_space *s)
{
    sheaf_cluster_opts o;
    sheaf_cluster_opts_init(&o, sizeof o);
    o.k = GROUPS;
    sheaf_clustering *c = NULL;
    sheaf_scores scores;
    int32_t group[DOCS];
    int64_t n;
    sheaf_status st = SHEAF_OK;
    for (int i = 0; i < DOCS; i++) group[i] = i % GROUPS;
    SHEAF_TRY(sheaf_cluster_fit(ctx, &c, s, &o));
    const int32_t *found = sheaf_clustering_labels(c, &n);
    SHEAF_TRY(sheaf_scores_compute(ctx, &scores, group, found, DOCS));
    if (!(fabs(scores.ari - 1) < 1e-12)) st = wrong(ctx, "the agreement with three clear groups", scores.ari, 1);
done:
    sheaf_clustering_free(c);
    return st;
}

sheaf_status sheaf_self_check(sheaf_ctx *ctx)
{
    sheaf_matrix *m = NULL;
    sheaf_space *s = NULL;
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(check_product(ctx));
    SHEAF_TRY(block_matrix(ctx, &m));
    SHEAF_TRY(check_space(ctx, m, &s));
    SHEAF_TRY(check_clusters(ctx, s));
done:
    sheaf_space_free(s);
    sheaf_matrix_free(m);
    return st;
}
