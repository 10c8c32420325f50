/* What the tests of runs side by side and of own vectors share. */
#ifndef SHEAF_TESTS_TEST_ALIGN_H
#define SHEAF_TESTS_TEST_ALIGN_H

int test_align_vectors(void);

#endif
