/* What the tests of measure/ share. */
#ifndef SHEAF_TESTS_TEST_MEASURE_H
#define SHEAF_TESTS_TEST_MEASURE_H

#include "support.h"

sheaf_bench *test_bench(sheaf_ctx *ctx, const char *const *names, int32_t n); /* quick */

int test_measure_compare(void);

#endif
