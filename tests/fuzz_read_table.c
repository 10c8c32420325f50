/* Tables in each of their formats. */
#include "fuzz_read.h"
#include "read/table.h"
#include "read/utf8.h"

FUZZ_TARGET(table)
{
    const char *const names[] = {"t.tsv", "t.csv", "t.jsonl", "t", "t.json"};
    sheaf_ctx *ctx = fuzz_context();
    for (int i = 0; i < 5; i++) {
        sheaf_table *t;
        sheaf_status st = sheaf_i_table_parse(ctx, &t, (sheaf_str){n ? (const char *)data : "", n}, names[i]);
        fuzz_check(st == SHEAF_OK ? t && sheaf_table_columns(t) > 0 : st == SHEAF_EFORMAT && !t);
        for (int64_t r = 0; t && r < sheaf_table_rows(t); r++)
            for (int32_t k = 0; k < sheaf_table_columns(t); k++) {
                sheaf_str s = sheaf_table_cell(t, r, k);
                fuzz_check(sheaf_i_utf8_valid(s.p, s.n) == s.n);
            }
        sheaf_table_free(t);
    }
    sheaf_ctx_free(ctx);
    return 0;
}
