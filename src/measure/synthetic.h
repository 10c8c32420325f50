/* Documents made up from a seed, and temporary files. */
#ifndef SHEAF_MEASURE_SYNTHETIC_H
#define SHEAF_MEASURE_SYNTHETIC_H

#include "sheaf/sheaf.h"

/* Texts of invented words: their frequencies fall as Zipf and Mandelbrot found, each topic has words of its own. The
   i-th document depends on seed and i alone. */
typedef struct {
    sheaf_ctx *ctx;
    int64_t n, bytes; /* documents; bytes of text */
    int64_t tokens;   /* words, as anyone would cut them */
    int32_t topics;
    char *text;
    int64_t *start; /* n + 1 */
    int32_t *topic; /* n: 0 .. topics - 1 */
} sheaf_i_synthetic;

sheaf_status sheaf_i_synthetic_make(sheaf_ctx *ctx, sheaf_i_synthetic *s, int64_t n, int32_t topics, uint64_t seed);
void sheaf_i_synthetic_end(sheaf_i_synthetic *s);
/* As JSONL: {"id":"1","label":"topic 3","text":"..."} */
sheaf_status sheaf_i_synthetic_write(const sheaf_i_synthetic *s, int fd, int64_t *bytes);

/* A file that has no name any more and goes with its descriptor; /dev/fd/N reads it. */
sheaf_status sheaf_i_temporary(sheaf_ctx *ctx, int *fd);
sheaf_status sheaf_i_write_all(sheaf_ctx *ctx, int fd, const char *p, size_t n);

#endif
