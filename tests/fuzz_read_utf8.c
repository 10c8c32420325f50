/* Repairing UTF-8 yields UTF-8, changes nothing that is well-formed, and is done when it is done. */
#include "fuzz_read.h"
#include "read/utf8.h"

FUZZ_TARGET(utf8)
{
    sheaf_ctx *ctx = fuzz_context();
    sheaf_i_arena a;
    sheaf_i_arena_init(&a, ctx);
    for (int kind = 0; kind < 3; kind++) {
        sheaf_str in = {n ? (const char *)data : "", n}, s = in;
        int64_t replaced = 0;
        size_t good = sheaf_i_utf8_valid(in.p, in.n);
        if (kind) fuzz_check(sheaf_i_utf8_from_utf16(&a, in, kind == 1, &s, &replaced) == SHEAF_OK);
        else fuzz_check(sheaf_i_utf8_clean(&a, &s, &replaced) == SHEAF_OK);
        fuzz_check(sheaf_i_utf8_valid(s.p, s.n) == s.n);
        if (!kind) fuzz_check((replaced == 0) == (good == n) && s.n >= good && !memcmp(s.p, in.p, good));
        int64_t again = 0;
        fuzz_check(sheaf_i_utf8_clean(&a, &s, &again) == SHEAF_OK && again == 0);
    }
    sheaf_i_arena_end(&a);
    sheaf_ctx_free(ctx);
    return 0;
}
