/* What the files of these tests share. */
#ifndef SHEAF_TESTS_TEST_SIMILAR_H
#define SHEAF_TESTS_TEST_SIMILAR_H

#include "support.h"

int test_similar_sparse(void);
int test_similar_model(void);
int test_similar_latent(void);

/* A collection of 30 documents, options that fit it and questions to it: test_similar_model.c. */
sheaf_model *similar_fit(sheaf_ctx *ctx, const sheaf_fit_opts *o);
sheaf_fit_opts similar_options(sheaf_fit_stage stage);
sheaf_similar_opts similar_asking(sheaf_similar_space space, int32_t n);

#endif
