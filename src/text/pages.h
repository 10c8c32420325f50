/* Memory in whole huge pages: the last part of an array costs as many page faults as hundreds of them. */
#ifndef SHEAF_TEXT_PAGES_H
#define SHEAF_TEXT_PAGES_H

#include "base/mem.h"

#define SHEAF_I_PAGE ((int64_t)2 << 20)

/* As sheaf_i_aligned, with the end of what is large rounded up. */
static inline void *sheaf_i_pages(sheaf_ctx *ctx, int64_t n, size_t size)
{
    int64_t bytes;
    if (__builtin_mul_overflow(n, (int64_t)size, &bytes) || bytes < 2 * SHEAF_I_PAGE || bytes > INT64_MAX / 2)
        return sheaf_i_aligned(ctx, n, size);
    return sheaf_i_aligned(ctx, (bytes + SHEAF_I_PAGE - 1) / SHEAF_I_PAGE * SHEAF_I_PAGE, 1);
}

#endif
