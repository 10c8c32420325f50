/* The context; see context.h and section 1 of sheaf.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/pool.h"
#include "base/worker.h"

void *sheaf_i_heap_resize(void *user, void *ptr, size_t bytes)
{
    (void)user;
    if (bytes) return realloc(ptr, bytes);
    free(ptr);
    return NULL;
}

void sheaf_i_opts_copy(void *o, size_t o_size, const void *given, size_t given_size)
{
    if (!given) return;
    memcpy(o, given, given_size && given_size < o_size ? given_size : o_size);
    memcpy(o, &o_size, sizeof o_size);
}

void sheaf_ctx_opts_init(sheaf_ctx_opts *o, size_t size)
{
    sheaf_ctx_opts d = {.size = size};
    memcpy(o, &d, size < sizeof d ? size : sizeof d);
}

sheaf_status sheaf_ctx_new(sheaf_ctx **out, const sheaf_ctx_opts *given)
{
    *out = NULL;
    sheaf_ctx_opts o;
    sheaf_ctx_opts_init(&o, sizeof o);
    if (given) sheaf_i_opts_copy(&o, sizeof o, given, given->size);
    if (!o.resize) o.resize = sheaf_i_heap_resize;
    if (o.threads < 0) return SHEAF_EINVAL;
    int32_t threads = o.threads ? o.threads : sheaf_i_cores();
    if (threads > SHEAF_I_MAX_WORKERS) threads = SHEAF_I_MAX_WORKERS;

    sheaf_ctx *ctx = o.resize(o.resize_user, NULL, sizeof *ctx);
    if (!ctx) return SHEAF_ENOMEM;
    *ctx = (sheaf_ctx){.o = o, .threads = threads};
    ctx->worker_error = o.resize(o.resize_user, NULL, (size_t)threads * sizeof *ctx->worker_error);
    ctx->pool = sheaf_i_pool_new(&o, threads);
    if (!ctx->worker_error || !ctx->pool) {
        sheaf_ctx_free(ctx);
        return SHEAF_ENOMEM;
    }
    *out = ctx;
    return SHEAF_OK;
}

void sheaf_ctx_free(sheaf_ctx *ctx)
{
    if (!ctx) return;
    sheaf_i_pool_free(ctx->pool, &ctx->o);
    sheaf_i_free(ctx, ctx->worker_error);
    sheaf_i_free(ctx, ctx->describe);
    ctx->o.resize(ctx->o.resize_user, ctx, 0);
}

const char *sheaf_ctx_message(const sheaf_ctx *ctx) { return ctx->error.message; }
const char *sheaf_ctx_hint(const sheaf_ctx *ctx) { return ctx->error.hint; }
int32_t sheaf_ctx_threads(const sheaf_ctx *ctx) { return ctx->threads; }
const char *sheaf_version(void) { return SHEAF_VERSION; }

const char *sheaf_status_name(sheaf_status st)
{
    switch (st) {
    case SHEAF_OK: return "ok";
    case SHEAF_ENOMEM: return "out of memory";
    case SHEAF_EINVAL: return "invalid argument";
    case SHEAF_EIO: return "input or output failed";
    case SHEAF_ENUMERIC: return "numeric failure";
    case SHEAF_ECANCELED: return "canceled";
    case SHEAF_EFORMAT: return "unusable input";
    case SHEAF_EBUG: return "bug in sheaf";
    }
    return "unknown status";
}

static sheaf_i_error *current_error(sheaf_ctx *ctx)
{
    int32_t w = sheaf_i_worker();
    return w < 0 ? &ctx->error : &ctx->worker_error[w];
}

/* Names in a text come from outside: control characters, which a terminal would obey, become '?', and a character
   that the end of the buffer cut goes. A line feed before an indented line is ours where the format has one ("no field
   'x'\n  fields: a, b"). */
static void make_printable(char *text, const char *format)
{
    const bool lines = strchr(format, '\n') != NULL;
    unsigned char *p = (unsigned char *)text;
    size_t n = strlen(text), last = n;
    for (size_t i = 0; i < n; i++) {
        bool ours = lines && p[i] == '\n' && p[i + 1] == ' ' && p[i + 2] == ' ';
        if ((p[i] < 0x20 && !ours) || p[i] == 0x7F) p[i] = '?';
        if (p[i] == 0xC2 && p[i + 1] >= 0x80 && p[i + 1] < 0xA0) p[i] = p[i + 1] = '?'; /* U+0080 to U+009F */
    }
    while (last && n - last < 3 && (p[last - 1] & 0xC0) == 0x80) last--;
    if (!last || p[last - 1] < 0xC0) return;
    size_t whole = p[last - 1] >= 0xF0 ? 4 : p[last - 1] >= 0xE0 ? 3 : 2;
    if (n - last + 1 < whole) p[last - 1] = 0;
}

sheaf_status sheaf_i_fail(sheaf_ctx *ctx, sheaf_status st, const char *format, ...)
{
    sheaf_i_error *e = current_error(ctx);
    va_list args;
    va_start(args, format);
    vsnprintf(e->message, sizeof e->message, format, args);
    va_end(args);
    make_printable(e->message, format);
    e->hint[0] = 0;
    return st;
}

void sheaf_i_hint(sheaf_ctx *ctx, const char *format, ...)
{
    sheaf_i_error *e = current_error(ctx);
    va_list args;
    va_start(args, format);
    vsnprintf(e->hint, sizeof e->hint, format, args);
    va_end(args);
    make_printable(e->hint, format);
}

void sheaf_i_forgive(sheaf_ctx *ctx) { *current_error(ctx) = (sheaf_i_error){{0}, {0}}; }

void sheaf_i_note(sheaf_ctx *ctx, const char *format, ...)
{
    if (!ctx->o.note) return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    make_printable(text, format);
    ctx->o.note(ctx->o.note_user, text);
}

sheaf_status sheaf_i_progress(sheaf_ctx *ctx, const char *phase, int64_t done, int64_t total)
{
    if (!ctx->o.progress || !ctx->o.progress(ctx->o.progress_user, phase, done, total)) return SHEAF_OK;
    return sheaf_i_fail(ctx, SHEAF_ECANCELED, "stopped while %s", phase);
}
