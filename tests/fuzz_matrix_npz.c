/* Any bytes as a .npz file. */
#include "fuzz_matrix.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sheaf_ctx *ctx = fuzz_context();
    sheaf_matrix *m;
    sheaf_status st = sheaf_i_npz_read(ctx, &m, "fuzz.npz", bytes, n);
    return fuzz_verdict(ctx, st, m);
}
