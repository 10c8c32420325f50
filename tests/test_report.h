/* What the tests of report/ and model/ share. */
#ifndef SHEAF_TESTS_TEST_REPORT_H
#define SHEAF_TESTS_TEST_REPORT_H

#include "support.h"

typedef struct { /* what was written, NUL-terminated */
    char *text;
    size_t n;
} test_sink;

sheaf_out *test_sink_open(sheaf_ctx *ctx, test_sink *sink);

int test_report_text(void);
int test_report_model(void);

#endif
