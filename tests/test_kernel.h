/* What the files of the kernels' tests share. */
#ifndef SHEAF_TESTS_TEST_KERNEL_H
#define SHEAF_TESTS_TEST_KERNEL_H

#include "support.h"

extern const struct CMUnitTest test_kernel_coarse[];
extern const size_t n_test_kernel_coarse;
extern const struct CMUnitTest test_kernel_gains[];
extern const size_t n_test_kernel_gains;
extern const struct CMUnitTest test_kernel_nearest[];
extern const size_t n_test_kernel_nearest;
extern const struct CMUnitTest test_kernel_rivals[];
extern const size_t n_test_kernel_rivals;
extern const struct CMUnitTest test_kernel_scan[];
extern const size_t n_test_kernel_scan;
extern const struct CMUnitTest test_kernel_sparse[];
extern const size_t n_test_kernel_sparse;
extern const struct CMUnitTest test_kernel_tall[];
extern const size_t n_test_kernel_tall;

#endif
