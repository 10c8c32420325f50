/* The build and the machine, for reports of trouble: one "key: value" line each. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <archive.h>
#include <libxml/xmlversion.h>
#include <utf8proc.h>
#include <xxhash.h>
#include <zlib.h>

#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "kernel/blas.h"
#include "kernel/kernel.h"
#include "model/model.h"

#define ROOM 4096

typedef struct {
    char *p;
    size_t n;
} lines;

static void line(lines *l, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void line(lines *l, const char *key, const char *format, ...)
{
    char value[512];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    int n = snprintf(l->p + l->n, ROOM - l->n, "%s: %s\n", key, value);
    if (n > 0 && (size_t)n < ROOM - l->n) l->n += (size_t)n;
}

static const char *instructions(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) return "AVX-512";
    if (__builtin_cpu_supports("avx2")) return "AVX2";
    return "SSE2";
#elif defined(__aarch64__)
    return "NEON";
#else
    return "unknown";
#endif
}

static void machine(lines *l, sheaf_ctx *ctx)
{
    struct utsname u;
    if (uname(&u) == 0) line(l, "system", "%s %s %s", u.sysname, u.release, u.machine);
    line(l, "instructions", "%s", instructions());
    line(l, "cores", "%d", sheaf_i_cores());
    line(l, "threads", "%d", (int)sheaf_ctx_threads(ctx));
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE), cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (pages > 0 && page > 0) line(l, "memory", "%lld MB", (long long)pages * page / (1 << 20));
    if (cache > 0) line(l, "L2 cache", "%ld kB", cache / 1024);
}

static void libraries(lines *l)
{
    char blas[128];
    sheaf_i_blas_describe(blas, sizeof blas);
    line(l, "BLAS", "%s", blas);
    line(l, "kernels", "%s", sheaf_i_kernels_get()->name);
    line(l, "libarchive", "%s", archive_version_string());
    line(l, "libxml2", "%s", LIBXML_DOTTED_VERSION);
    line(l, "zlib", "%s", zlibVersion());
    line(l, "utf8proc", "%s", utf8proc_version());
    line(l, "Unicode of utf8proc", "%s", utf8proc_unicode_version());
    unsigned v = XXH_versionNumber();
    line(l, "xxHash", "%u.%u.%u", v / 10000, v / 100 % 100, v % 100);
}

sheaf_status sheaf_describe(sheaf_ctx *ctx, const char **text)
{
    *text = "";
    lines l = {sheaf_i_array(ctx, ROOM, 1), 0};
    if (!l.p) return SHEAF_ENOMEM;
    sheaf_i_free(ctx, ctx->describe);
    ctx->describe = l.p;
    line(&l, "sheaf", "%s", SHEAF_VERSION);
#if defined(__clang__)
    line(&l, "compiler", "%s", __VERSION__);
#else
    line(&l, "compiler", "gcc %s", __VERSION__);
#endif
    line(&l, "build", "%s", SHEAF_BUILD_TYPE);
    if (*SHEAF_SANITIZERS) line(&l, "sanitizers", "%s", SHEAF_SANITIZERS);
    machine(&l, ctx);
    libraries(&l);
    *text = ctx->describe;
    return SHEAF_OK;
}
