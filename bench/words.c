/* The words of a corpus as `sheaf dups` compares them: what a judge makes its own shingles from.
 *
 *     words in=FILE out=PREFIX
 *
 * PREFIX.words.npy holds the word types of all documents one after the other, PREFIX.lengths.npy how many each document
 * has, PREFIX.types.txt the folded form of each type, PREFIX.ids.txt the documents' ids. Types that fold alike are left
 * apart: to bring them together is the judge's business. Looks into the library for the folding alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npy.h"
#include "text/fold.h"

typedef struct {
    sheaf_ctx *ctx;
    sheaf_corpus *corpus;
    sheaf_words *words;
    sheaf_i_buffer folded;
} cut;

static FILE *lines(const char *prefix, const char *name)
{
    char path[4096];
    return snprintf(path, sizeof path, "%s.%s.txt", prefix, name) < (int)sizeof path ? fopen(path, "wb") : NULL;
}

static bool put_line(FILE *f, const char *p, size_t n) { return fwrite(p, 1, n, f) == n && fputc('\n', f) != EOF; }

static sheaf_status save_types(cut *c, const char *prefix)
{
    FILE *f = lines(prefix, "types");
    if (!f) return SHEAF_EIO;
    sheaf_status st = SHEAF_OK;
    const int64_t n = sheaf_words_types(c->words);
    for (int64_t i = 0; i < n && st == SHEAF_OK; i++) {
        c->folded.n = 0;
        st = sheaf_i_fold(&c->folded, SHEAF_ANALYZER_UNICODE, sheaf_words_type(c->words, (uint32_t)i));
        if (st == SHEAF_OK && !put_line(f, c->folded.p, c->folded.n)) st = SHEAF_EIO;
    }
    return fclose(f) == 0 ? st : SHEAF_EIO;
}

static sheaf_status save_ids(const cut *c, const char *prefix)
{
    FILE *f = lines(prefix, "ids");
    if (!f) return SHEAF_EIO;
    bool ok = true;
    for (int64_t i = 0; i < sheaf_corpus_size(c->corpus); i++) {
        sheaf_str id = sheaf_corpus_id(c->corpus, i);
        ok &= put_line(f, id.p, id.n);
    }
    return (fclose(f) == 0) & ok ? SHEAF_OK : SHEAF_EIO;
}

static sheaf_status save_words(const cut *c, const char *prefix)
{
    const int64_t docs = sheaf_words_docs(c->words), tokens = sheaf_words_tokens(c->words);
    uint32_t *all = malloc((size_t)(tokens + 1) * sizeof *all);
    int32_t *lengths = malloc((size_t)(docs + 1) * sizeof *lengths);
    bool ok = all && lengths;
    for (int64_t d = 0, at = 0, n; ok && d < docs; d++, at += n) {
        const uint32_t *of = sheaf_words_of(c->words, d, &n);
        memcpy(all + at, of, (size_t)n * sizeof *all);
        lengths[d] = (int32_t)n;
    }
    ok = ok && npy_save(prefix, "words", NPY_I32, all, tokens, 0);
    ok = ok && npy_save(prefix, "lengths", NPY_I32, lengths, docs, 0);
    free(all);
    free(lengths);
    return ok ? SHEAF_OK : SHEAF_EIO;
}

static sheaf_status run(cut *c, const char *in, const char *prefix)
{
    sheaf_read_opts ro;
    sheaf_text_opts to;
    sheaf_read_opts_init(&ro, sizeof ro);
    sheaf_text_opts_init(&to, sizeof to);
    ro.keep_text = false;
    sheaf_status st = sheaf_words_read(c->ctx, &c->corpus, &c->words, &in, 1, &ro, &to);
    if (st == SHEAF_OK) st = save_types(c, prefix);
    if (st == SHEAF_OK) st = save_ids(c, prefix);
    if (st == SHEAF_OK) st = save_words(c, prefix);
    return st;
}

int main(int argc, char **argv)
{
    const char *in = NULL, *out = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "in=", 3)) in = argv[i] + 3;
        else if (!strncmp(argv[i], "out=", 4)) out = argv[i] + 4;
    }
    if (!in || !out || argc != 3) {
        fputs("usage: words in=FILE out=PREFIX\n", stderr);
        return 2;
    }
    cut c = {0};
    sheaf_ctx_opts co;
    sheaf_ctx_opts_init(&co, sizeof co);
    if (sheaf_ctx_new(&c.ctx, &co) != SHEAF_OK) return 4;
    c.folded.ctx = c.ctx;
    sheaf_status st = run(&c, in, out);
    if (st != SHEAF_OK) fprintf(stderr, "words: %s: %s: %s\n", in, sheaf_status_name(st), sheaf_ctx_message(c.ctx));
    sheaf_i_buffer_end(&c.folded);
    sheaf_words_free(c.words);
    sheaf_corpus_free(c.corpus);
    sheaf_ctx_free(c.ctx);
    return st == SHEAF_OK ? 0 : 1;
}
