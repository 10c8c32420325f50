/* What the fuzz targets of reading share. Built with SHEAF_FUZZER each is a libFuzzer program; else a function that
 * the tests call. A target fails by abort: an invariant is broken, or two ways to the same result differ. */
#ifndef SHEAF_TESTS_FUZZ_READ_H
#define SHEAF_TESTS_FUZZ_READ_H

#include <stdlib.h>
#include <string.h>

#include "read/record.h"
#include "read/records.h"

#ifdef SHEAF_FUZZER
#define FUZZ_TARGET(name)                                                                                              \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);                                                         \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
#else
#define FUZZ_TARGET(name)                                                                                              \
    int fuzz_read_##name(const uint8_t *data, size_t n);                                                               \
    int fuzz_read_##name(const uint8_t *data, size_t n)
#endif

static inline void fuzz_check(bool ok)
{
    if (!ok) abort();
}

static inline sheaf_ctx *fuzz_context(void)
{
    sheaf_ctx_opts o;
    sheaf_ctx *ctx;
    sheaf_ctx_opts_init(&o, sizeof o);
    o.threads = 1;
    fuzz_check(sheaf_ctx_new(&ctx, &o) == SHEAF_OK);
    return ctx;
}

/* Puts the chunk together and checks the corpus; malformed input is a status, never anything else. */
static inline void fuzz_finish(sheaf_ctx *ctx, sheaf_i_chunk *c, const sheaf_read_opts *o)
{
    sheaf_corpus *corpus;
    sheaf_status st = sheaf_i_assemble(ctx, &corpus, &c, 1, o, "input");
    fuzz_check(st == SHEAF_OK || st == SHEAF_EFORMAT || st == SHEAF_EINVAL);
    fuzz_check(st != SHEAF_OK || !sheaf_i_corpus_validate(corpus));
    sheaf_corpus_free(corpus);
    sheaf_i_chunk_free(c);
    sheaf_ctx_free(ctx);
}

/* Parses the run in pieces, cut where cutting says; returns the documents and skips it comes to. */
static inline int64_t fuzz_pieces(sheaf_i_chunk *c, sheaf_i_run run, size_t step)
{
    for (size_t want = step;;) {
        sheaf_str rest = run.bytes, s = {rest.p, rest.n < want ? rest.n : want};
        int64_t count;
        size_t n = s.n ? sheaf_i_records_cut(run.format, run.header, s, s.n == rest.n, &count) : 0;
        fuzz_check(n <= s.n);
        if (!n && s.n == rest.n) break;
        want = n ? step : want * 2;
        if (!n) continue;
        run.bytes.n = n;
        fuzz_check(sheaf_i_records_parse(c, &run) == SHEAF_OK);
        run.bytes = (sheaf_str){rest.p + n, rest.n - n};
        run.first += count;
    }
    return c->n_docs + c->n_skips;
}

/* Records parsed whole and in pieces must agree. */
static inline void fuzz_records(sheaf_from format, const uint8_t *data, size_t n)
{
    sheaf_ctx *ctx = fuzz_context();
    sheaf_read_opts o;
    sheaf_i_chunk *whole = NULL, *cut = NULL;
    sheaf_i_header h;
    sheaf_read_opts_init(&o, sizeof o);
    sheaf_i_run run = {.format = format, .name = {"input", 5}, .bytes = {n ? (const char *)data : "", n}, .first = 1};
    fuzz_check(sheaf_i_chunk_new(ctx, &whole, &o, 0) == SHEAF_OK && sheaf_i_chunk_new(ctx, &cut, &o, 0) == SHEAF_OK);
    fuzz_check(sheaf_i_records_whole(whole, run) == SHEAF_OK);
    size_t skip = sheaf_i_records_preamble(format, run.bytes);
    run.bytes = (sheaf_str){run.bytes.p + skip, run.bytes.n - skip};
    if (format == SHEAF_FROM_CSV || format == SHEAF_FROM_TSV) {
        fuzz_check(sheaf_i_csv_header(&cut->temp, format == SHEAF_FROM_TSV ? '\t' : 0, run.bytes, &h) == SHEAF_OK);
        run.bytes = (sheaf_str){run.bytes.p + h.length, run.bytes.n - h.length};
        run.first += h.lines;
        run.header = &h;
    }
    fuzz_check(fuzz_pieces(cut, run, 16) == whole->n_docs + whole->n_skips);
    for (int64_t i = 0; i < whole->n_docs; i++) {
        const unsigned char *p = whole->packed + whole->docs[i].record, *q = cut->packed + cut->docs[i].record;
        sheaf_str id = sheaf_i_record_string(&p, SHEAF_I_OF_ID), other = sheaf_i_record_string(&q, SHEAF_I_OF_ID);
        fuzz_check(whole->docs[i].text.n == cut->docs[i].text.n && id.n == other.n);
        fuzz_check(!memcmp(whole->docs[i].text.p, cut->docs[i].text.p, whole->docs[i].text.n));
        fuzz_check(!memcmp(id.p, other.p, id.n));
    }
    sheaf_i_chunk_free(cut);
    fuzz_finish(ctx, whole, &o);
}

#endif
