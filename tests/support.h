/* What the tests share. Include it first. */
#ifndef SHEAF_TESTS_SUPPORT_H
#define SHEAF_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sheaf/sheaf.h"

static inline sheaf_ctx *test_context(int32_t threads)
{
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = threads;
    sheaf_ctx *ctx;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    return ctx;
}

/* Fails with the context's message. */
#define assert_ok(ctx, e)                                                                                              \
    do {                                                                                                               \
        sheaf_status st_ = (e);                                                                                        \
        if (st_ != SHEAF_OK) fail_msg("%s: %s: %s", #e, sheaf_status_name(st_), sheaf_ctx_message(ctx));               \
    } while (0)

static inline sheaf_str test_str(const char *s) { return (sheaf_str){s, strlen(s)}; }
#define assert_str(s, want)                                                                                            \
    do {                                                                                                               \
        sheaf_str s_ = (s);                                                                                            \
        assert_int_equal(s_.n, strlen(want));                                                                          \
        assert_memory_equal(s_.p, want, s_.n);                                                                         \
    } while (0)

/* A context whose allocations fail from the `fail_at`-th on (1 = the first; 0 = never), counting live blocks.
   Use: for (n = 1;; n++) { limit.fail_at = n; ...call...; if ok break; assert SHEAF_ENOMEM and live == before } */
typedef struct {
    int64_t calls, fail_at, live;
} test_limit;

static inline void *test_limited_resize(void *user, void *ptr, size_t bytes)
{
    test_limit *l = user;
    if (!bytes) {
        if (ptr) __atomic_sub_fetch(&l->live, 1, __ATOMIC_RELAXED);
        free(ptr);
        return NULL;
    }
    int64_t call = __atomic_add_fetch(&l->calls, 1, __ATOMIC_RELAXED);
    if (l->fail_at && call >= l->fail_at) return NULL;
    void *p = realloc(ptr, bytes);
    if (p && !ptr) __atomic_add_fetch(&l->live, 1, __ATOMIC_RELAXED);
    return p;
}

static inline sheaf_ctx *test_limited_context(test_limit *l, int32_t threads)
{
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = threads;
    o.resize = test_limited_resize;
    o.resize_user = l;
    sheaf_ctx *ctx;
    l->fail_at = 0;
    assert_int_equal(sheaf_ctx_new(&ctx, &o), SHEAF_OK);
    return ctx;
}

/* Folder of the labelled corpora, or NULL: the test then calls skip() after saying so. */
static inline const char *test_corpora(void) { return getenv("SHEAF_CORPORA"); }

#endif
