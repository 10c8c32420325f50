/* Output that appears whole or not at all; see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/context.h"
#include "base/file.h"
#include "base/mem.h"

#define BUFFER (64 << 10)

struct sheaf_out {
    sheaf_ctx *ctx;
    sheaf_write_fn fn;
    void *user;
    int fd;               /* -1: fn is a callback of the user's */
    char *path, *tmp;     /* NULL for standard output and callbacks */
    sheaf_status status;
    int error;            /* errno of the first failure */
    size_t used;
    char buffer[BUFFER];
};

static int write_fd(void *user, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        ssize_t got = write(*(int *)user, p, n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

static sheaf_out *out_new(sheaf_ctx *ctx)
{
    sheaf_out *o = sheaf_i_array(ctx, 1, sizeof *o);
    if (!o) return NULL;
    o->ctx = ctx;
    o->fn = NULL;
    o->user = NULL;
    o->fd = -1;
    o->path = o->tmp = NULL;
    o->status = SHEAF_OK;
    o->error = 0;
    o->used = 0;
    return o;
}

sheaf_status sheaf_out_callback(sheaf_ctx *ctx, sheaf_out **out, sheaf_write_fn fn, void *user)
{
    *out = out_new(ctx);
    if (!*out) return SHEAF_ENOMEM;
    (*out)->fn = fn;
    (*out)->user = user;
    return SHEAF_OK;
}

/* A device or pipe (/dev/stdout, /dev/full) cannot be replaced by renaming: it is written directly. */
static bool is_special(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISREG(s.st_mode);
}

static sheaf_status open_file(sheaf_out *o, const char *path)
{
    sheaf_ctx *ctx = o->ctx;
    size_t n = strlen(path);
    if (is_special(path)) {
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        o->path = sheaf_i_copy(ctx, path, n);
        o->tmp = sheaf_i_array(ctx, (int64_t)n + 6, 1);
        if (!o->path || !o->tmp) return SHEAF_ENOMEM;
        memcpy(o->tmp, path, n);
        memcpy(o->tmp + n, ".tmp~", 6);
        o->fd = open(o->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    }
    return o->fd < 0 ? sheaf_i_fail(ctx, SHEAF_EIO, "cannot write %s: %s", path, strerror(errno)) : SHEAF_OK;
}

static void out_free(sheaf_out *o)
{
    sheaf_ctx *ctx = o->ctx;
    sheaf_i_free(ctx, o->path);
    sheaf_i_free(ctx, o->tmp);
    sheaf_i_free(ctx, o);
}

sheaf_status sheaf_out_open(sheaf_ctx *ctx, sheaf_out **out, const char *path)
{
    *out = NULL;
    sheaf_out *o = out_new(ctx);
    if (!o) return SHEAF_ENOMEM;
    sheaf_status st = SHEAF_OK;
    if (strcmp(path, "-") == 0) o->fd = STDOUT_FILENO;
    else st = open_file(o, path);
    if (st != SHEAF_OK) {
        out_free(o);
        return st;
    }
    o->fn = write_fd;
    o->user = &o->fd;
    *out = o;
    return SHEAF_OK;
}

static void flush(sheaf_out *o)
{
    errno = 0; /* a callback need not set it */
    if (o->status == SHEAF_OK && o->used && o->fn(o->user, o->buffer, o->used)) {
        o->status = SHEAF_EIO;
        o->error = errno;
    }
    o->used = 0;
}

void sheaf_i_out_write(sheaf_out *o, const void *p, size_t n)
{
    const char *from = p;
    while (n && o->status == SHEAF_OK) {
        size_t part = BUFFER - o->used < n ? BUFFER - o->used : n;
        memcpy(o->buffer + o->used, from, part);
        o->used += part;
        from += part;
        n -= part;
        if (o->used == BUFFER) flush(o);
    }
}

void sheaf_i_out_text(sheaf_out *o, const char *s) { sheaf_i_out_write(o, s, strlen(s)); }

void sheaf_i_out_printf(sheaf_out *o, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0) sheaf_i_out_write(o, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

sheaf_status sheaf_i_out_status(const sheaf_out *o) { return o->status; }

static sheaf_status finish(sheaf_out *o)
{
    const char *name = o->path ? o->path : "the output";
    flush(o);
    if (o->fd >= 0 && o->fd != STDOUT_FILENO && close(o->fd) && o->status == SHEAF_OK) {
        o->status = SHEAF_EIO;
        o->error = errno;
    }
    if (o->status == SHEAF_OK && o->tmp && rename(o->tmp, o->path)) {
        o->status = SHEAF_EIO;
        o->error = errno;
    }
    if (o->status == SHEAF_OK) return SHEAF_OK;
    if (o->tmp) unlink(o->tmp);
    return sheaf_i_fail(o->ctx, o->status, "cannot write %s: %s", name, o->error ? strerror(o->error) : "refused");
}

sheaf_status sheaf_out_close(sheaf_out *o)
{
    sheaf_status st = finish(o);
    out_free(o);
    return st;
}

void sheaf_out_discard(sheaf_out *o)
{
    if (!o) return;
    if (o->fd >= 0 && o->fd != STDOUT_FILENO) close(o->fd);
    if (o->tmp) unlink(o->tmp);
    out_free(o);
}
