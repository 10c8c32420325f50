/* JSON lines, and the same bytes as an array. */
#include "fuzz_read.h"

FUZZ_TARGET(jsonl)
{
    fuzz_records(SHEAF_FROM_JSONL, data, n);
    fuzz_records(SHEAF_FROM_JSON, data, n);
    return 0;
}
