/* Checked memory and arenas; see mem.h. */
#include <stdint.h>
#include <stdlib.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <string.h>
#include <sys/mman.h>

#include "base/context.h"
#include "base/mem.h"

#define ALIGN 64
#define HUGE_PAGE ((size_t)2 << 20)
#define ARENA_BLOCK ((size_t)64 << 10)
#define MANY_BYTES ((int64_t)16 << 20) /* worth a walk over the heap */

static void *no_memory(sheaf_ctx *ctx, int64_t n, size_t size)
{
    sheaf_i_fail(ctx, SHEAF_ENOMEM, "out of memory: %lld elements of %zu bytes", (long long)n, size);
    return NULL;
}

static bool byte_count(int64_t n, size_t size, size_t *bytes)
{
    if (n < 0 || __builtin_mul_overflow((size_t)n, size, bytes) || *bytes > PTRDIFF_MAX - 2 * HUGE_PAGE) return false;
    if (*bytes == 0) *bytes = 1;
    return true;
}

void *sheaf_i_resize(sheaf_ctx *ctx, void *ptr, int64_t n, size_t size)
{
    size_t bytes;
    void *p = byte_count(n, size, &bytes) ? ctx->o.resize(ctx->o.resize_user, ptr, bytes) : NULL;
    return p ? p : no_memory(ctx, n, size);
}

void *sheaf_i_array(sheaf_ctx *ctx, int64_t n, size_t size)
{
    return sheaf_i_resize(ctx, NULL, n, size);
}

/* Written, although new memory is zero: a page that is read before it is written to is mapped twice, and the second
   time every other thread is stopped for it. */
void *sheaf_i_zeros(sheaf_ctx *ctx, int64_t n, size_t size)
{
    void *p = sheaf_i_array(ctx, n, size);
    if (p) memset(p, 0, (size_t)n * size);
    return p;
}

void sheaf_i_free(sheaf_ctx *ctx, void *ptr)
{
    if (ptr) ctx->o.resize(ctx->o.resize_user, ptr, 0);
}

/* The pointer that the hook gave stands just before the aligned one. */
void *sheaf_i_aligned(sheaf_ctx *ctx, int64_t n, size_t size)
{
    size_t bytes;
    if (!byte_count(n, size, &bytes)) return no_memory(ctx, n, size);
    size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGN;
    char *raw = ctx->o.resize(ctx->o.resize_user, NULL, bytes + align + sizeof(void *));
    if (!raw) return no_memory(ctx, n, size);
    uintptr_t at = ((uintptr_t)raw + sizeof(void *) + align - 1) & ~(uintptr_t)(align - 1);
    ((void **)at)[-1] = raw;
#ifdef MADV_HUGEPAGE
    if (align == HUGE_PAGE) (void)madvise((void *)at, bytes & ~(HUGE_PAGE - 1), MADV_HUGEPAGE); /* a wish only */
#endif
    return (void *)at;
}

void sheaf_i_aligned_free(sheaf_ctx *ctx, void *ptr)
{
    if (ptr) sheaf_i_free(ctx, ((void **)ptr)[-1]);
}

void sheaf_i_give_back(const sheaf_ctx *ctx, int64_t freed)
{
#ifdef __GLIBC__
    if (freed > MANY_BYTES && ctx->o.resize == sheaf_i_heap_resize) (void)malloc_trim(0);
#else
    (void)ctx;
    (void)freed;
#endif
}

char *sheaf_i_copy(sheaf_ctx *ctx, const char *p, size_t n)
{
    char *s = n < PTRDIFF_MAX ? sheaf_i_array(ctx, (int64_t)n + 1, 1) : NULL;
    if (!s) return NULL;
    if (n) memcpy(s, p, n);
    s[n] = 0;
    return s;
}

struct sheaf_i_arena_block {
    sheaf_i_arena_block *next;
    _Alignas(16) char bytes[];
};

void sheaf_i_arena_init(sheaf_i_arena *a, sheaf_ctx *ctx)
{
    *a = (sheaf_i_arena){.ctx = ctx};
}

/* A large piece gets a block of its own, linked behind the head so that the head's room is not lost. */
static void *take_large(sheaf_i_arena *a, size_t bytes)
{
    sheaf_i_arena_block *b = sheaf_i_array(a->ctx, (int64_t)(sizeof *b + bytes), 1);
    if (!b) return NULL;
    if (a->head) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        b->next = NULL;
        a->head = b;
        a->used = a->room = bytes;
    }
    a->total += bytes;
    return b->bytes;
}

void *sheaf_i_arena_take(sheaf_i_arena *a, size_t bytes, size_t align)
{
    size_t at = (a->used + align - 1) & ~(align - 1);
    if (!a->head || at > a->room || bytes > a->room - at) {
        if (bytes > PTRDIFF_MAX / 2) return no_memory(a->ctx, 1, bytes);
        if (bytes > ARENA_BLOCK / 4) return take_large(a, bytes);
        sheaf_i_arena_block *b = sheaf_i_array(a->ctx, (int64_t)(sizeof *b + ARENA_BLOCK), 1);
        if (!b) return NULL;
        b->next = a->head;
        a->head = b;
        a->room = ARENA_BLOCK;
        at = 0;
    }
    a->used = at + bytes;
    a->total += bytes;
    return a->head->bytes + at;
}

char *sheaf_i_arena_copy(sheaf_i_arena *a, const char *p, size_t n)
{
    char *s = sheaf_i_arena_take(a, n + 1, 1);
    if (!s) return NULL;
    if (n) memcpy(s, p, n);
    s[n] = 0;
    return s;
}

void sheaf_i_arena_end(sheaf_i_arena *a)
{
    for (sheaf_i_arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        sheaf_i_free(a->ctx, b);
    }
    sheaf_i_arena_init(a, a->ctx);
}

void sheaf_i_arena_join(sheaf_i_arena *to, sheaf_i_arena *from)
{
    if (!from->head) return;
    if (!to->head) {
        *to = *from;
    } else {
        sheaf_i_arena_block *last = from->head;
        while (last->next) last = last->next;
        last->next = to->head->next;
        to->head->next = from->head;
        to->total += from->total;
    }
    sheaf_i_arena_init(from, from->ctx);
}
