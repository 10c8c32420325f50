/* Sparse products for another program: sheaf's kernels under somebody else's solver (bench/peers/primme_svds.py).
 *
 *     products in=M.npz shared=FILE columns=B threads=T
 *
 * FILE is mapped: two areas of max(rows, columns of M) x B float32 each, operand and result, row-major. A line
 * "n b" on standard input asks for result = M operand of b <= B columns, "t b" for M^T; a line "ok" answers. Ends with
 * its input. Looks into the library, as products are no part of its interface.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "matrix/csr.h"

typedef struct {
    const char *in, *shared;
    int32_t columns, threads;
} options;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_matrix *a, *transposed;
    float *operand, *result;
    size_t bytes; /* of both */
} products;

static bool set(options *o, const char *arg)
{
    const char *value = strchr(arg, '=');
    if (!value) return false;
    size_t n = (size_t)(value++ - arg);
    if (n == 2 && !memcmp(arg, "in", n)) return o->in = value, true;
    if (n == 6 && !memcmp(arg, "shared", n)) return o->shared = value, true;
    char *end;
    long number = strtol(value, &end, 10);
    if (end == value || *end || number < 0 || number > 4096) return false;
    if (n == 7 && !memcmp(arg, "columns", n)) return o->columns = (int32_t)number, number > 0;
    if (n == 7 && !memcmp(arg, "threads", n)) return o->threads = (int32_t)number, true;
    return false;
}

/* The file gets its size here: whoever started this maps it once the first "ok" has come. */
static bool map_shared(const options *o, products *p)
{
    const int64_t rows = sheaf_matrix_rows(p->a), cols = sheaf_matrix_cols(p->a);
    const size_t area = (size_t)(rows > cols ? rows : cols) * (size_t)o->columns;
    p->bytes = 2 * area * sizeof *p->operand;
    int file = open(o->shared, O_RDWR | O_CREAT, 0600);
    if (file < 0) return false;
    if (ftruncate(file, (off_t)p->bytes) == 0)
        p->operand = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (!p->operand || p->operand == MAP_FAILED) return false;
    p->result = p->operand + area;
    return true;
}

static sheaf_status serve(const options *o, products *p)
{
    sheaf_i_scratch keep = {0};
    sheaf_status st = SHEAF_OK;
    char side;
    int b;
    puts("ok");
    fflush(stdout);
    while (st == SHEAF_OK && scanf(" %c %d", &side, &b) == 2) {
        if (b < 1 || b > o->columns || (side != 'n' && side != 't')) {
            st = SHEAF_EINVAL;
            break;
        }
        st = sheaf_i_matrix_times(p->ctx, side == 'n' ? p->a : p->transposed, p->operand, b, b, p->result, b, &keep);
        if (st != SHEAF_OK) break;
        puts("ok");
        fflush(stdout);
    }
    sheaf_i_scratch_end(p->ctx, &keep);
    return st;
}

int main(int argc, char **argv)
{
    options o = {.columns = 1};
    products p = {0};
    bool good = true;
    for (int i = 1; i < argc; i++) good &= set(&o, argv[i]);
    if (!good || !o.in || !o.shared) {
        fputs("usage: products in=M.npz shared=FILE columns=B threads=T\n", stderr);
        return 2;
    }
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    co.threads = o.threads;
    if (sheaf_ctx_new(&p.ctx, &co) != SHEAF_OK) return 4;
    sheaf_status st = sheaf_matrix_load(p.ctx, &p.a, NULL, o.in, SHEAF_MATRIX_NPZ);
    if (st == SHEAF_OK) st = sheaf_i_matrix_transpose(p.ctx, &p.transposed, p.a);
    if (st == SHEAF_OK && !map_shared(&o, &p)) st = SHEAF_EIO;
    if (st == SHEAF_OK) st = serve(&o, &p);
    if (st != SHEAF_OK)
        fprintf(stderr, "products: %s: %s: %s\n", o.in, sheaf_status_name(st), sheaf_ctx_message(p.ctx));
    if (p.operand && p.operand != MAP_FAILED) munmap(p.operand, p.bytes);
    sheaf_matrix_free(p.transposed);
    sheaf_matrix_free(p.a);
    sheaf_ctx_free(p.ctx);
    return st == SHEAF_OK ? 0 : 1;
}
