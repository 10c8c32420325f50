/* Similar documents: a row a hit with the terms that carry it; of all documents, a row an edge of the graph. */
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/mem.h"
#include "model/similar.h"
#include "report/rows.h"

#define DIGITS 6

static const sheaf_i_column HITS[] = {
    {.name = {"rank", 4}, .title = "#", .right = true}, {.name = {"score", 5}, .right = true},
    {.name = {"id", 2}},                                {.name = {"terms", 5}, .title = "shared words"},
    {.name = {"title", 5}},
};
#define TERMS 3 /* the column of that name */

/* What was asked, in front of the rows: the document, or what is known of the text. */
static void describe_query(sheaf_i_text *t, const sheaf_similar *s)
{
    sheaf_i_text_puts(t, ",\n\"space\":");
    sheaf_i_text_json(t, sheaf_i_str(s->o.space == SHEAF_SIMILAR_LATENT ? "latent" : "words"));
    if (s->asked >= 0) {
        sheaf_i_text_puts(t, ",\n\"like\":");
        sheaf_i_text_json(t, sheaf_corpus_id(s->m->corpus, s->asked));
    }
    if (!s->query) return;
    sheaf_str word;
    sheaf_i_text_puts(t, ",\n\"query\":{\"words\":");
    sheaf_i_text_int(t, sheaf_query_words(s->query));
    sheaf_i_text_puts(t, ",\"unknown\":");
    sheaf_i_text_int(t, sheaf_query_unknown(s->query));
    sheaf_i_text_puts(t, ",\"unknown_words\":[");
    for (int64_t i = 0; sheaf_query_unknown_word(s->query, i, &word); i++) {
        if (i) sheaf_i_text_puts(t, ",");
        sheaf_i_text_json(t, word);
    }
    sheaf_i_text_puts(t, "]}");
}

static void hit_row(sheaf_i_rows *r, const sheaf_similar *s, int32_t i, bool titles)
{
    const bool table = r->o.format == SHEAF_FORMAT_TABLE;
    int32_t n;
    const sheaf_shared_term *shared = sheaf_similar_shared(s, i, &n);
    sheaf_i_cell_int(r, i + 1);
    sheaf_i_cell_real(r, (double)s->hits[i].score, table ? 3 : DIGITS);
    sheaf_i_cell_text(r, sheaf_corpus_id(s->m->corpus, s->hits[i].doc));
    sheaf_i_list_begin(r);
    for (int32_t j = 0; j < n; j++) {
        sheaf_i_list_item(r, "term", sheaf_terms_surface(s->m->terms, shared[j].term), ", ");
        sheaf_i_list_real(r, "product", (double)shared[j].product, DIGITS);
        sheaf_i_list_item_end(r);
    }
    sheaf_i_list_end(r);
    if (titles) sheaf_i_cell_text(r, sheaf_corpus_title(s->m->corpus, s->hits[i].doc));
    sheaf_i_row_end(r);
}

static sheaf_status write_hits(sheaf_out *o, const sheaf_similar *s, const sheaf_write_opts *opts)
{
    const bool titles = sheaf_corpus_has_title(s->m->corpus);
    sheaf_i_column columns[sizeof HITS / sizeof *HITS];
    sheaf_i_text head;
    sheaf_i_rows r;
    memcpy(columns, HITS, sizeof HITS);
    if (s->o.space == SHEAF_SIMILAR_LATENT) columns[TERMS].title = "words that carry it";
    sheaf_i_text_init(&head, s->ctx);
    describe_query(&head, s);
    sheaf_i_text_add(&head, "", 1);
    sheaf_status st = head.status;
    if (st == SHEAF_OK)
        st = sheaf_i_rows_open_with(&r, s->ctx, o, opts, "similar", s->m, head.p, columns, titles ? 5 : 4);
    if (st == SHEAF_OK) {
        for (int32_t i = 0; i < s->n && !sheaf_i_rows_full(&r); i++) hit_row(&r, s, i, titles);
        st = sheaf_i_rows_close(&r);
    }
    sheaf_i_text_end(&head);
    return st;
}

/* ---- the graph */

static sheaf_status write_graph(sheaf_out *o, const sheaf_similar *s, const sheaf_write_opts *opts)
{
    static const sheaf_i_column columns[] = {{.name = {"id", 2}}, {.name = {"partner", 7}},
                                             {.name = {"score", 5}, .right = true},
                                             {.name = {"rank", 4}, .right = true}};
    const sheaf_corpus *c = s->m->corpus;
    sheaf_i_rows r;
    sheaf_status st = sheaf_i_rows_open(&r, s->ctx, o, opts, "graph", s->m, columns, 4);
    if (st != SHEAF_OK) return st;
    for (int64_t doc = 0; doc < sheaf_corpus_size(c) && !sheaf_i_rows_full(&r); doc++) {
        int32_t n;
        const sheaf_hit *hits = sheaf_similar_hits(s, doc, &n);
        for (int32_t i = 0; i < n && !sheaf_i_rows_full(&r); i++) {
            sheaf_i_cell_text(&r, sheaf_corpus_id(c, doc));
            sheaf_i_cell_text(&r, sheaf_corpus_id(c, hits[i].doc));
            sheaf_i_cell_real(&r, (double)hits[i].score, DIGITS);
            sheaf_i_cell_int(&r, i + 1);
            sheaf_i_row_end(&r);
        }
    }
    return sheaf_i_rows_close(&r);
}

typedef struct {
    int64_t a, b;
    float score;
} edge;

static int by_ends(const void *pa, const void *pb)
{
    const edge *x = pa, *y = pb;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

/* Every pair of which one is among the nearest of the other, once; rising. */
static sheaf_status list_edges(const sheaf_similar *s, edge **out, int64_t *count)
{
    sheaf_status st = SHEAF_OK;
    edge *e = NULL;
    int64_t n = 0, kept = 0, docs = sheaf_corpus_size(s->m->corpus);
    SHEAF_NEW(e, s->ctx, docs * s->o.n);
    for (int64_t doc = 0; doc < docs; doc++) {
        int32_t hits;
        const sheaf_hit *h = sheaf_similar_hits(s, doc, &hits);
        for (int32_t i = 0; i < hits; i++)
            e[n++] = (edge){doc < h[i].doc ? doc : h[i].doc, doc < h[i].doc ? h[i].doc : doc, h[i].score};
    }
    if (n) qsort(e, (size_t)n, sizeof *e, by_ends);
    for (int64_t i = 0; i < n; i++)
        if (!i || by_ends(&e[i - 1], &e[i]) != 0) e[kept++] = e[i];
done:
    *out = e;
    *count = kept;
    return st;
}

static sheaf_status write_edges(sheaf_out *o, const sheaf_similar *s, const sheaf_write_opts *opts)
{
    static const sheaf_i_column columns[] = {{.name = {"id", 2}}, {.name = {"partner", 7}},
                                             {.name = {"score", 5}, .right = true}};
    const sheaf_corpus *c = s->m->corpus;
    edge *e = NULL;
    int64_t n = 0;
    sheaf_i_rows r;
    sheaf_status st = list_edges(s, &e, &n);
    if (st == SHEAF_OK) st = sheaf_i_rows_open(&r, s->ctx, o, opts, "edges", s->m, columns, 3);
    if (st == SHEAF_OK) {
        for (int64_t i = 0; i < n && !sheaf_i_rows_full(&r); i++) {
            sheaf_i_cell_text(&r, sheaf_corpus_id(c, e[i].a));
            sheaf_i_cell_text(&r, sheaf_corpus_id(c, e[i].b));
            sheaf_i_cell_real(&r, (double)e[i].score, DIGITS);
            sheaf_i_row_end(&r);
        }
        st = sheaf_i_rows_close(&r);
    }
    sheaf_i_free(s->ctx, e);
    return st;
}

sheaf_status sheaf_write_similar(sheaf_out *o, const sheaf_similar *s, bool edges, const sheaf_write_opts *opts)
{
    if (!s->all) return write_hits(o, s, opts);
    return edges ? write_edges(o, s, opts) : write_graph(o, s, opts);
}
