/* base/: memory, loops, streams, files. */

#include "support.h"

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"


static sheaf_status fail_from_40(void *arg, int64_t block, int32_t worker)
{
    (void)worker;
    sheaf_ctx *ctx = arg;
    if (block < 40) return SHEAF_OK;
    return sheaf_i_fail(ctx, SHEAF_EINVAL, "block %lld", (long long)block);
}

static void lowest_failure_wins(void **state)
{
    (void)state;
    for (int32_t t = 1; t <= 7; t += 3) {
        sheaf_ctx *ctx = test_context(t);
        assert_int_equal(sheaf_i_par_for(ctx, NULL, 1000, fail_from_40, ctx), SHEAF_EINVAL);
        assert_string_equal(sheaf_ctx_message(ctx), "block 40");
        sheaf_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lowest_failure_wins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
