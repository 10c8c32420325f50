/* CSV with its delimiter guessed, and TSV. */
#include "fuzz_read.h"

FUZZ_TARGET(csv)
{
    fuzz_records(SHEAF_FROM_CSV, data, n);
    fuzz_records(SHEAF_FROM_TSV, data, n);
    fuzz_records(SHEAF_FROM_LINES, data, n);
    return 0;
}
