/* Compressed files and archives. */
#include "fuzz_read.h"
#include "read/source.h"

FUZZ_TARGET(archive)
{
    sheaf_ctx *ctx = fuzz_context();
    sheaf_i_source *s;
    const char *name;
    fuzz_check(sheaf_i_source_memory(ctx, &s, (sheaf_str){n ? (const char *)data : "", n}) == SHEAF_OK);
    sheaf_i_step step = s->packed ? sheaf_i_source_entry(s, &name) : SHEAF_I_END;
    for (int i = 0; step == SHEAF_I_MORE && i < 1000; i++) {
        char *all = NULL;
        size_t size = 0;
        fuzz_check(strlen(name) < (size_t)1 << 20);
        step = sheaf_i_source_all(s, (size_t)1 << 20, &all, &size);
        fuzz_check(step != SHEAF_I_BAD || s->why[0]);
        if (step == SHEAF_I_MORE) sheaf_i_free(ctx, all);
        if (step == SHEAF_I_MORE) step = sheaf_i_source_entry(s, &name);
    }
    sheaf_i_source_drop(s);
    sheaf_ctx_free(ctx);
    return 0;
}
