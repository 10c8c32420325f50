/* Reading and cutting in one pass: the words are cut from every chunk of documents while it is in the cache. */
#include "base/context.h"
#include "read/corpus.h"
#include "text/builder.h"
#include "text/options.h"

sheaf_status sheaf_words_read(sheaf_ctx *ctx, sheaf_corpus **corpus, sheaf_words **words, const char *const *inputs,
                              int64_t n_inputs, const sheaf_read_opts *ro, const sheaf_text_opts *to)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_word_builder builder = {.ctx = ctx};
    sheaf_corpus *c = NULL;
    sheaf_text_opts o;
    *corpus = NULL;
    *words = NULL;
    SHEAF_TRY(sheaf_i_text_opts(ctx, &o, to));
    SHEAF_TRY(sheaf_i_builder_begin(&builder, ctx, o.analyzer));
    sheaf_i_visitor visitor = {sheaf_i_builder_visit, &builder};
    SHEAF_TRY(sheaf_i_read(ctx, &c, inputs, n_inputs, ro, &visitor));
    SHEAF_TRY(sheaf_i_builder_finish(&builder, words, c->docs, c->n));
    *corpus = c;
    c = NULL;
done:
    sheaf_corpus_free(c);
    sheaf_i_builder_end(&builder);
    return st;
}
