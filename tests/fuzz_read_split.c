/* Pages into posts: the posts are parts of the page, in order, without overlap. */
#include "fuzz_read.h"
#include "read/document.h"
#include "read/utf8.h"

FUZZ_TARGET(split)
{
    sheaf_ctx *ctx = fuzz_context();
    const char *const modes[] = {"auto", "^[A-Z]+ [0-9]*$"};
    sheaf_i_arena a;
    sheaf_i_arena_init(&a, ctx);
    sheaf_str page = {n ? (const char *)data : "", n};
    int64_t replaced = 0;
    fuzz_check(sheaf_i_utf8_clean(&a, &page, &replaced) == SHEAF_OK);
    for (int i = 0; i < 2; i++) {
        sheaf_i_split split;
        sheaf_i_post *posts;
        int64_t n_posts;
        fuzz_check(sheaf_i_split_init(ctx, &split, modes[i]) == SHEAF_OK);
        fuzz_check(sheaf_i_split_page(&split, &a, page, &posts, &n_posts) == SHEAF_OK);
        fuzz_check(n_posts >= 1);
        for (int64_t k = 0; k < n_posts; k++) {
            fuzz_check(posts[k].text.p >= page.p && posts[k].text.p + posts[k].text.n <= page.p + page.n);
            fuzz_check(!k || posts[k].text.p >= posts[k - 1].text.p + posts[k - 1].text.n);
        }
        sheaf_i_split_end(&split);
    }
    sheaf_i_arena_end(&a);
    sheaf_ctx_free(ctx);
    return 0;
}
