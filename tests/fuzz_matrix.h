/* What the fuzz targets of the matrix readers share: whatever the bytes, a reader fails with a text or yields a proper
   matrix. */
#ifndef SHEAF_FUZZ_MATRIX_H
#define SHEAF_FUZZ_MATRIX_H

#include <stdlib.h>

#include "matrix/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static inline sheaf_ctx *fuzz_context(void)
{
    sheaf_ctx_opts o;
    sheaf_ctx *ctx;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 1;
    if (sheaf_ctx_new(&ctx, &o) != SHEAF_OK) abort();
    return ctx;
}

static inline int fuzz_verdict(sheaf_ctx *ctx, sheaf_status st, sheaf_matrix *m)
{
    if (st == SHEAF_OK ? !m || sheaf_i_matrix_validate(m) : m || !*sheaf_ctx_message(ctx)) abort();
    sheaf_matrix_free(m);
    sheaf_ctx_free(ctx);
    return 0;
}

#endif
