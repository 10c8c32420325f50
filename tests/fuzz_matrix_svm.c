/* Any bytes as a .svm file. */
#include "fuzz_matrix.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sheaf_ctx *ctx = fuzz_context();
    sheaf_matrix *m;
    int32_t *labels;
    sheaf_status st = sheaf_i_svm_read(ctx, &m, &labels, "fuzz.svm", bytes, n);
    if ((st == SHEAF_OK) != (labels != NULL)) abort();
    sheaf_labels_free(ctx, labels);
    return fuzz_verdict(ctx, st, m);
}
