/* HTML pages, and whatever else a document may be. */
#include "fuzz_read.h"
#include "read/document.h"

FUZZ_TARGET(html)
{
    sheaf_ctx *ctx = fuzz_context();
    sheaf_read_opts o;
    sheaf_i_chunk *c;
    sheaf_i_split split;
    sheaf_read_opts_init(&o, sizeof o);
    fuzz_check(sheaf_i_chunk_new(ctx, &c, &o, 0) == SHEAF_OK);
    fuzz_check(sheaf_i_split_init(ctx, &split, "auto") == SHEAF_OK);
    sheaf_str bytes = {n ? (const char *)data : "", n};
    sheaf_i_file f = {.name = {"name", 4}, .id = {"id", 2}};
    fuzz_check(sheaf_i_document(c, &split, SHEAF_FROM_HTML, bytes, &f) == SHEAF_OK);
    sheaf_i_split_end(&split);
    fuzz_finish(ctx, c, &o);
    return 0;
}
