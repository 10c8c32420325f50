/* Checked memory. Every size is a product that may overflow and every allocation may fail: these return NULL
   and leave the reason in the context. All memory of the library passes through the context's resize hook. */
#ifndef SHEAF_BASE_MEM_H
#define SHEAF_BASE_MEM_H

#include "sheaf/sheaf.h"

void *sheaf_i_array(sheaf_ctx *ctx, int64_t n, size_t size);                  /* uninitialised; never NULL for n = 0 */
void *sheaf_i_zeros(sheaf_ctx *ctx, int64_t n, size_t size);
void *sheaf_i_resize(sheaf_ctx *ctx, void *ptr, int64_t n, size_t size);      /* ptr stays valid on failure */
void sheaf_i_free(sheaf_ctx *ctx, void *ptr);                                 /* NULL is fine */
/* 64-byte aligned, for numeric arrays; huge pages asked for where large. Not for sheaf_i_resize. */
void *sheaf_i_aligned(sheaf_ctx *ctx, int64_t n, size_t size);
void sheaf_i_aligned_free(sheaf_ctx *ctx, void *ptr);
char *sheaf_i_copy(sheaf_ctx *ctx, const char *p, size_t n);                  /* NUL-terminated copy */

/* Some bytes were freed that lay between what stays: if they are many, their memory goes back to the system, where it
   is the C library's heap. */
void sheaf_i_give_back(const sheaf_ctx *ctx, int64_t freed);

/* For use in functions with `sheaf_status st` and a label `done`. */
#define SHEAF_NEW(p, ctx, n)                                                                                           \
    do {                                                                                                               \
        if (!((p) = sheaf_i_array((ctx), (n), sizeof *(p)))) { st = SHEAF_ENOMEM; goto done; }                         \
    } while (0)
#define SHEAF_NEW0(p, ctx, n)                                                                                          \
    do {                                                                                                               \
        if (!((p) = sheaf_i_zeros((ctx), (n), sizeof *(p)))) { st = SHEAF_ENOMEM; goto done; }                         \
    } while (0)
#define SHEAF_NEW_ALIGNED(p, ctx, n)                                                                                   \
    do {                                                                                                               \
        if (!((p) = sheaf_i_aligned((ctx), (n), sizeof *(p)))) { st = SHEAF_ENOMEM; goto done; }                       \
    } while (0)

/* Makes room for one more element in a growing array (doubling). */
#define SHEAF_GROW(p, ctx, used, room)                                                                                 \
    do {                                                                                                               \
        if ((used) >= (room)) {                                                                                        \
            int64_t room_ = (room) < 16 ? 16 : (int64_t)(room) * 2;                                                    \
            void *new_ = sheaf_i_resize((ctx), (p), room_, sizeof *(p));                                               \
            if (!new_) { st = SHEAF_ENOMEM; goto done; }                                                               \
            (p) = new_;                                                                                                \
            (room) = room_;                                                                                            \
        }                                                                                                              \
    } while (0)

/* Arena: many small pieces with one end. Pieces never move. Not shared between threads. */
typedef struct sheaf_i_arena_block sheaf_i_arena_block;
typedef struct {
    sheaf_ctx *ctx;
    sheaf_i_arena_block *head;
    size_t used, room; /* of the head block */
    size_t total;      /* bytes handed out */
} sheaf_i_arena;

void sheaf_i_arena_init(sheaf_i_arena *a, sheaf_ctx *ctx);
void *sheaf_i_arena_take(sheaf_i_arena *a, size_t bytes, size_t align);       /* NULL: no memory */
char *sheaf_i_arena_copy(sheaf_i_arena *a, const char *p, size_t n);          /* NUL-terminated */
void sheaf_i_arena_end(sheaf_i_arena *a);
/* Moves all of `from` into `to`; `from` is empty afterwards. */
void sheaf_i_arena_join(sheaf_i_arena *to, sheaf_i_arena *from);

#endif
