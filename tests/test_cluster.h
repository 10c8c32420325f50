/* Shared by the tests of cluster/. */
#ifndef SHEAF_TESTS_TEST_CLUSTER_H
#define SHEAF_TESTS_TEST_CLUSTER_H

#include "support.h"

#include "base/rng.h"

int test_cluster_judged(void);
int test_cluster_kmeans(void);
int test_cluster_pruning(void);
int test_cluster_scores(void);

/* n rows around k directions e_t (d >= k): row i belongs to group i % k; noise is its standard deviation. */
static inline float *test_blobs(int64_t n, int32_t d, int32_t k, double noise, uint64_t seed)
{
    float *x = malloc((size_t)n * (size_t)d * sizeof *x + 1);
    assert_non_null(x);
    uint64_t key = sheaf_i_rng_key(seed, SHEAF_I_RNG_TEST, 0);
    for (int64_t i = 0; i < n; i++)
        for (int32_t j = 0; j < d; j++)
            x[i * d + j] = (float)((i % k == j) + noise * sheaf_i_rng_normal(key, (uint64_t)(i * d + j)));
    return x;
}

#endif
