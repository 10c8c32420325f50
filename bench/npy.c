/* Reading and writing .npy (see npy.h). The format: "\x93NUMPY", version, length of the header, a Python literal padded
 * with blanks to a multiple of 64 bytes, the values. */
#include "npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool npy_save(const char *prefix, const char *name, npy_type type, const void *data, int64_t rows, int64_t cols)
{
    static const char *const descr[] = {"<f4", "<f8", "<i4"};
    static const size_t width[] = {4, 8, 4};
    char path[4096], head[128], text[96], second[24] = "";
    if (snprintf(path, sizeof path, "%s.%s.npy", prefix, name) >= (int)sizeof path) return false;
    if (cols > 0) snprintf(second, sizeof second, " %lld", (long long)cols);
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%lld,%s), }", descr[type],
             (long long)rows, second);
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10); /* 118 bytes follow */
    memcpy(head + 10, text, strlen(text));
    head[sizeof head - 1] = '\n';
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    size_t n = (size_t)rows * (size_t)(cols > 0 ? cols : 1);
    bool ok = fwrite(head, 1, sizeof head, f) == sizeof head && fwrite(data, width[type], n, f) == n;
    return (fclose(f) == 0) & ok;
}

static bool shape(FILE *f, int64_t *rows, int64_t *cols)
{
    unsigned char lead[10];
    char head[1024];
    if (fread(lead, 1, sizeof lead, f) != sizeof lead || memcmp(lead, "\x93NUMPY\x01", 7)) return false;
    size_t n = lead[8] | (size_t)lead[9] << 8;
    if (n >= sizeof head || fread(head, 1, n, f) != n) return false;
    head[n] = 0;
    long long r = 0, c = 0;
    const char *at = strstr(head, "'shape': (");
    if (!at || !strstr(head, "'<f4'") || !strstr(head, "'fortran_order': False")) return false;
    if (sscanf(at, "'shape': (%lld, %lld)", &r, &c) != 2 || r < 0 || c < 1 || r > INT64_MAX / 4 / c) return false;
    *rows = r;
    *cols = c;
    return true;
}

float *npy_load(const char *path, int64_t *rows, int64_t *cols)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    float *data = NULL;
    if (shape(f, rows, cols)) {
        size_t n = (size_t)*rows * (size_t)*cols;
        data = malloc(n ? n * sizeof *data : 1);
        if (data && fread(data, sizeof *data, n, f) != n) free(data), data = NULL;
    }
    fclose(f);
    return data;
}
