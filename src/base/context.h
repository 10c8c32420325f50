/* The context: errors with their text, notes, threads, allocator. */
#ifndef SHEAF_BASE_CONTEXT_H
#define SHEAF_BASE_CONTEXT_H

#include "sheaf/sheaf.h"

#define SHEAF_TRY(e)                                                                                                   \
    do {                                                                                                               \
        st = (e);                                                                                                      \
        if (st != SHEAF_OK) goto done;                                                                                 \
    } while (0)

/* Records the text of a failure and returns `st`. Safe inside parallel blocks: the failure of the lowest block
   is the one that the caller sees. Also clears the hint. Control characters in names are made harmless. */
sheaf_status sheaf_i_fail(sheaf_ctx *ctx, sheaf_status st, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds "what to do" to the failure just recorded. */
void sheaf_i_hint(sheaf_ctx *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes back the failure just recorded: the caller can do without what failed, and goes on. */
void sheaf_i_forgive(sheaf_ctx *ctx);
/* Something worth telling; not from inside parallel blocks. */
void sheaf_i_note(sheaf_ctx *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* SHEAF_ECANCELED if the user asked to stop. Not from inside parallel blocks. */
sheaf_status sheaf_i_progress(sheaf_ctx *ctx, const char *phase, int64_t done, int64_t total);

/* The resize hook of a context that was given none: the C library's heap. */
void *sheaf_i_heap_resize(void *user, void *ptr, size_t bytes);

/* Copies the fields that the caller's version of an option struct has over the defaults in `o`. */
void sheaf_i_opts_copy(void *o, size_t o_size, const void *given, size_t given_size);

struct sheaf_ctx; /* fields below: only base/ looks inside */

#define SHEAF_I_MAX_WORKERS 256

typedef struct {
    char message[512];
    char hint[512];
} sheaf_i_error;

struct sheaf_ctx {
    sheaf_ctx_opts o;
    int32_t threads;
    sheaf_i_error error;                        /* what sheaf_ctx_message shows */
    sheaf_i_error *worker_error;                /* one a worker, while a parallel region runs */
    struct sheaf_i_pool *pool;
    char *describe;
};

#endif
