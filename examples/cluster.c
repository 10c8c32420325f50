/* The whole job through sheaf.h: reads folders or files, groups the documents by theme, prints each theme with its
   words and most typical document, and writes every document with its theme to themes.csv.

   cc cluster.c -lsheaf && ./a.out articles/ */
#include <stdio.h>

#include <sheaf/sheaf.h>

static void print_note(void *user, const char *text) { fprintf(user, "note: %s\n", text); }

static void print_themes(const sheaf_model *m)
{
    const sheaf_topics *topics = sheaf_model_topics(m);
    const sheaf_clustering *clusters = sheaf_model_clustering(m);
    for (int32_t c = 1; c <= sheaf_clustering_k(clusters); c++) {
        int32_t n;
        const int64_t *typical = sheaf_topics_typical(topics, c, &n);
        sheaf_str id = n ? sheaf_corpus_id(sheaf_model_corpus(m), typical[0]) : (sheaf_str){"-", 1};
        printf("%d: %s (%lld documents, for example %.*s)\n", c, sheaf_topics_name(topics, c),
               (long long)sheaf_clustering_count(clusters, c), (int)id.n, id.p);
    }
}

static sheaf_status write_themes(sheaf_ctx *ctx, const sheaf_model *m, const char *path)
{
    sheaf_write_opts how;
    sheaf_write_opts_init(&how, sizeof how);
    how.format = SHEAF_FORMAT_CSV;
    sheaf_out *out;
    sheaf_status st = sheaf_out_open(ctx, &out, path);
    if (st != SHEAF_OK) return st;
    st = sheaf_write_documents(out, m, &how);
    if (st == SHEAF_OK) return sheaf_out_close(out);
    sheaf_out_discard(out);
    return st;
}

int main(int argc, char **argv)
{
    sheaf_ctx_opts context;
    sheaf_ctx_opts_init(&context, sizeof context);
    context.note = print_note;
    context.note_user = stderr;
    sheaf_ctx *ctx;
    if (sheaf_ctx_new(&ctx, &context) != SHEAF_OK) return 1;

    sheaf_fit_opts how;
    sheaf_fit_opts_init(&how, sizeof how);
    sheaf_model *m;
    sheaf_status st = sheaf_model_fit(ctx, &m, (const char *const *)argv + 1, argc - 1, &how);
    if (st == SHEAF_OK && sheaf_model_clustering(m)) { /* NULL: too few documents, as the note has said */
        print_themes(m);
        st = write_themes(ctx, m, "themes.csv");
    }
    if (st != SHEAF_OK) fprintf(stderr, "%s: %s\n", sheaf_status_name(st), sheaf_ctx_message(ctx));
    sheaf_model_free(m);
    sheaf_ctx_free(ctx);
    return st != SHEAF_OK;
}
