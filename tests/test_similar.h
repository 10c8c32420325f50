/* What the files of these tests share. */
#ifndef SHEAF_TESTS_TEST_SIMILAR_H
#define SHEAF_TESTS_TEST_SIMILAR_H

#include "support.h"

int test_similar_sparse(void);
int test_similar_model(void);

#endif
