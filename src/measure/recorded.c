/* An earlier run, read back from its JSON. Unknown fields are passed over; what is needed must be there. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "measure/measure.h"
#include "read/json.h"

#define MOST_BYTES ((int64_t)64 << 20)
#define SCHEMA "sheaf.bench/1"

static bool is(sheaf_str s, const char *name) { return strlen(name) == s.n && memcmp(s.p, name, s.n) == 0; }

static sheaf_status malformed(sheaf_ctx *ctx, const char *path, const char *what)
{
    return sheaf_i_fail(ctx, SHEAF_EFORMAT, "%s: %s", path, what);
}

static sheaf_status read_file(sheaf_ctx *ctx, const char *path, char **out, size_t *n)
{
    sheaf_status st = SHEAF_OK;
    char *text = NULL;
    int64_t used = 0, room = 1 << 16;
    *out = NULL;
    FILE *f = fopen(path, "re");
    if (!f) return sheaf_i_fail(ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(errno));
    SHEAF_NEW(text, ctx, room);
    for (;;) {
        if (used == room) {
            char *more = room < MOST_BYTES ? sheaf_i_resize(ctx, text, room * 2, 1) : NULL;
            if (room >= MOST_BYTES) SHEAF_TRY(malformed(ctx, path, "too large for the result of a bench"));
            if (!more) SHEAF_TRY(SHEAF_ENOMEM);
            text = more;
            room *= 2;
        }
        size_t got = fread(text + used, 1, (size_t)(room - used), f);
        if (got == 0) break;
        used += (int64_t)got;
    }
    if (ferror(f)) SHEAF_TRY(sheaf_i_fail(ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(errno)));
    *out = text;
    *n = (size_t)used;
    text = NULL;
done:
    fclose(f);
    sheaf_i_free(ctx, text);
    return st;
}

/* A string value in the bench's arena; NULL: no memory. Of other kinds their text. */
static const char *text_of(sheaf_bench *b, const sheaf_i_json *v)
{
    char *p = sheaf_i_arena_take(&b->texts, v->raw.n + 1, 1);
    if (!p) return NULL;
    int64_t replaced = 0;
    size_t n = v->raw.n;
    if (v->kind == SHEAF_I_JSON_STRING && v->escaped) n = sheaf_i_json_unescape(v->raw, p, &replaced);
    else memcpy(p, v->raw.p, n);
    p[n] = 0;
    return p;
}

/* A number, finite; 0 for everything else. */
static double number_of(const sheaf_i_json *v)
{
    char digits[64];
    if (v->kind != SHEAF_I_JSON_NUMBER || v->raw.n >= sizeof digits) return 0;
    memcpy(digits, v->raw.p, v->raw.n);
    digits[v->raw.n] = 0;
    double x = strtod(digits, NULL);
    return isfinite(x) ? x : 0;
}

static sheaf_status read_row(sheaf_bench *b, sheaf_str raw, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_bench_row row = {
        .kind = SHEAF_BENCH_LIMIT, .name = "", .kernels = "", .size = "", .unit = "", .limit = "", .quality = ""};
    sheaf_i_json key, v;
    sheaf_i_json_scan scan = sheaf_i_json_begin(raw);
    if (!sheaf_i_json_enter(&scan)) return malformed(b->ctx, path, "a row is no object");
    while (sheaf_i_json_member(&scan, &key, &v)) {
        const struct {
            const char *name;
            const char **to;
        } texts[] = {{"name", &row.name}, {"kernels", &row.kernels}, {"size", &row.size},
                     {"unit", &row.unit}, {"limit", &row.limit},     {"quality", &row.quality}};
        const struct {
            const char *name;
            double *to;
        } numbers[] = {{"median", &row.median},     {"min", &row.min},           {"max", &row.max},
                       {"spread", &row.spread},     {"rate", &row.rate},         {"bytes", &row.bytes},
                       {"flops", &row.flops},       {"lines_l1", &row.lines_l1}, {"lines_l2", &row.lines_l2},
                       {"lines_l3", &row.lines_l3}, {"bound", &row.bound},       {"lines_memory", &row.lines_memory},
                       {"share", &row.share},       {"of_sgemm", &row.of_sgemm}, {"value", &row.value},
                       {"allowed", &row.allowed}};
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            if (is(key.raw, texts[i].name) && v.kind == SHEAF_I_JSON_STRING && !(*texts[i].to = text_of(b, &v)))
                return SHEAF_ENOMEM;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (is(key.raw, numbers[i].name)) *numbers[i].to = number_of(&v);
        if (is(key.raw, "kind"))
            row.kind = is(v.raw, "kernel") ? SHEAF_BENCH_KERNEL : is(v.raw, "stage") ? SHEAF_BENCH_STAGE : row.kind;
        if (is(key.raw, "runs")) row.runs = (int32_t)fmin(fmax(number_of(&v), 0), INT32_MAX);
        if (is(key.raw, "verified")) row.verified = number_of(&v) == 1;
    }
    if (!*row.name || row.median < 0) return malformed(b->ctx, path, "a row has no name or a negative time");
    SHEAF_GROW(b->rows, b->ctx, b->n, b->room);
    b->rows[b->n++] = row;
done:
    return st;
}

static sheaf_status read_rows(sheaf_bench *b, sheaf_str raw, const char *path)
{
    sheaf_i_json v;
    sheaf_i_json_scan scan = sheaf_i_json_begin((sheaf_str){raw.p + 1, raw.n - 2}); /* between the brackets */
    if (sheaf_i_json_end(&scan)) return SHEAF_OK;                                   /* none */
    scan.error = NULL;
    while (scan.at < scan.end) {
        if (!sheaf_i_json_value(&scan, &v)) return malformed(b->ctx, path, scan.error);
        sheaf_status st = read_row(b, v.raw, path);
        if (st != SHEAF_OK) return st;
        if (scan.at < scan.end) scan.at++; /* the comma */
    }
    return SHEAF_OK;
}

static sheaf_status read_machine(sheaf_bench *b, sheaf_str raw, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_json key, v;
    sheaf_i_json_scan scan = sheaf_i_json_begin(raw);
    size_t used = 0;
    if (!sheaf_i_json_enter(&scan)) return malformed(b->ctx, path, "\"machine\" is no object");
    SHEAF_NEW(b->machine, b->ctx, (int64_t)raw.n + 16);
    while (sheaf_i_json_member(&scan, &key, &v)) { /* "key":"value", becomes key: value and a newline: no longer */
        const char *name = text_of(b, &key), *value = text_of(b, &v);
        if (!name || !value) SHEAF_TRY(SHEAF_ENOMEM);
        used += (size_t)sprintf(b->machine + used, "%s: %s\n", name, value);
    }
    b->machine[used] = 0;
done:
    return st;
}

static sheaf_status read_all(sheaf_bench *b, sheaf_str text, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_json whole, key, v;
    sheaf_i_json_scan scan = sheaf_i_json_begin(text);
    bool known = false;
    if (!sheaf_i_json_value(&scan, &whole) || !sheaf_i_json_end(&scan)) return malformed(b->ctx, path, scan.error);
    scan = sheaf_i_json_begin(whole.raw);
    if (whole.kind != SHEAF_I_JSON_OBJECT || !sheaf_i_json_enter(&scan))
        return malformed(b->ctx, path, "not an object");
    while (sheaf_i_json_member(&scan, &key, &v)) {
        if (is(key.raw, "schema")) known = is(v.raw, SCHEMA);
        if (is(key.raw, "machine") && !b->machine) SHEAF_TRY(read_machine(b, v.raw, path));
        if (is(key.raw, "rows") && v.kind == SHEAF_I_JSON_ARRAY) SHEAF_TRY(read_rows(b, v.raw, path));
    }
    if (!known || !b->machine || b->n == 0) {
        st = malformed(b->ctx, path, "not the result of a bench (\"" SCHEMA "\" with machine and rows)");
        sheaf_i_hint(b->ctx, "sheaf bench --json -o %s", path);
    }
done:
    return st;
}

sheaf_status sheaf_bench_read(sheaf_ctx *ctx, sheaf_bench **out, const char *path)
{
    sheaf_status st = SHEAF_OK;
    sheaf_bench *b = NULL;
    char *text = NULL;
    size_t n = 0;
    *out = NULL;
    SHEAF_TRY(read_file(ctx, path, &text, &n));
    SHEAF_TRY(sheaf_i_bench_new(ctx, &b));
    SHEAF_TRY(read_all(b, (sheaf_str){text, n}, path));
    *out = b;
    b = NULL;
done:
    sheaf_i_free(ctx, text);
    sheaf_bench_free(b);
    return st;
}
