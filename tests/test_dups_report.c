/* Writers of near-duplicates, passages and differences: names of old documents, formats, failing allocations. What they
   write of whole commands is in cli/dups.cases. */
#include "support.h"

#include <stdio.h>

typedef struct {
    char p[16384];
    size_t n;
} sink;

static int take(void *user, const void *bytes, size_t n)
{
    sink *s = user;
    if (s->n + n > sizeof s->p) return 1;
    memcpy(s->p + s->n, bytes, n);
    s->n += n;
    return 0;
}

#define SAME "the river rose before dawn and fell again by noon, they said, without a word of warning"
#define MOST "the river rose before dawn and fell again by noon, they said, without a word of WARNING to anybody"
#define PART "rose before dawn and fell again by noon, they said"

typedef struct {
    sheaf_ctx *ctx;
    sheaf_dups_source s;
    sheaf_corpus *corpus, *old_corpus;
    sheaf_words *words, *old_words;
    sheaf_dups *d;
    sheaf_passages *p;
    sheaf_dups_opts o;
} everything;

static void make(everything *e, sheaf_ctx *ctx)
{
    const sheaf_str text[] = {test_str(SAME), test_str(MOST), test_str(PART), test_str("nothing of that kind here")};
    const sheaf_str old[] = {test_str(SAME), test_str("another text that nobody has")};
    *e = (everything){.ctx = ctx};
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &e->corpus, text, NULL, NULL, 4));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &e->words, e->corpus, NULL));
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &e->old_corpus, old, NULL, NULL, 2));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &e->old_words, e->old_corpus, NULL));
    sheaf_dups_opts_init(&e->o, sizeof e->o);
    e->o.containment = (sheaf_ratio){4, 5};
    e->o.pairs = true;
    assert_ok(ctx, sheaf_dups_find(ctx, &e->d, e->corpus, e->words, e->old_corpus, e->old_words, &e->o));
    assert_ok(ctx, sheaf_passages_find(ctx, &e->p, e->corpus, e->words, e->old_corpus, e->old_words, 5, 0));
    sheaf_dups_source_init(&e->s, sizeof e->s);
    e->s.corpus = e->corpus;
    e->s.words = e->words;
    e->s.old_corpus = e->old_corpus;
    e->s.old_words = e->old_words;
    e->s.opts = &e->o;
}

static void end(everything *e)
{
    sheaf_passages_free(e->p);
    sheaf_dups_free(e->d);
    sheaf_words_free(e->words);
    sheaf_words_free(e->old_words);
    sheaf_corpus_free(e->corpus);
    sheaf_corpus_free(e->old_corpus);
}

typedef enum { GROUPS, PAIRS, KEPT, DROPPED, FLOW, PASSAGES, DIFF, DIFF_PASSAGES, COLUMNS, N_WRITERS } writer;

static sheaf_status write_it(const everything *e, writer w, sheaf_format format, sink *to)
{
    sheaf_out *out;
    sheaf_write_opts o;
    sheaf_diff_view view;
    to->n = 0;
    sheaf_status st = sheaf_out_callback(e->ctx, &out, take, to);
    if (st != SHEAF_OK) return st;
    sheaf_write_opts_init(&o, sizeof o);
    o.format = format;
    o.width = 60;
    sheaf_diff_view_init(&view, sizeof view);
    view.passages = w == DIFF_PASSAGES;
    view.side_by_side = w == COLUMNS;
    view.least = 3;
    switch (w) {
    case GROUPS: st = sheaf_write_dup_groups(out, e->d, &e->s, &o); break;
    case PAIRS: st = sheaf_write_dup_pairs(out, e->d, &e->s, &o); break;
    case KEPT: st = sheaf_write_dup_documents(out, e->d, &e->s, true, &o); break;
    case DROPPED: st = sheaf_write_dup_documents(out, e->d, &e->s, false, &o); break;
    case FLOW: st = sheaf_write_dup_flow(out, e->d, &e->s, "title", &o); break;
    case PASSAGES: st = sheaf_write_passages(out, e->p, &e->s, &o); break;
    default: st = sheaf_write_diff(out, e->corpus, e->words, 0, 1, &view, &o); break;
    }
    if (st == SHEAF_OK) return sheaf_out_close(out);
    sheaf_out_discard(out);
    return st;
}

static void expect(const everything *e, writer w, sheaf_format format, const char *text)
{
    static sink s;
    assert_ok(e->ctx, write_it(e, w, format, &s));
    s.p[s.n] = 0;
    assert_string_equal(s.p, text);
}

static void test_old_names(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(2);
    everything e;
    make(&e, ctx);
    expect(&e, GROUPS, SHEAF_FORMAT_TSV,
           "group\tid\trole\tkind\tjaccard\tpartner\tdocs\tlowest\n"
           "1\told:1\tkept\t\t\t\t4\t0.4705\n1\t1\tdropped\tidentical\t1.0000\told:1\t4\t0.4705\n"
           "1\t2\tdropped\tnear\t0.8823\told:1\t4\t0.4705\n1\t3\tdropped\tcontained\t0.5333\told:1\t4\t0.4705\n");
    expect(&e, PAIRS, SHEAF_FORMAT_CSV,
           "id,partner,group,kind,jaccard,id_in_partner,partner_in_id,shared_words,longest_run,role\r\n"
           "1,old:1,1,identical,1.0000,1.0000,1.0000,17,17,dropped\r\n"
           "2,old:1,1,near,0.8823,0.8823,1.0000,17,17,dropped\r\n"
           "3,old:1,1,contained,0.5333,1.0000,0.5333,10,10,dropped\r\n");
    expect(&e, KEPT, SHEAF_FORMAT_JSONL, "{\"id\":\"4\",\"text\":\"nothing of that kind here\"}\n");
    expect(&e, DROPPED, SHEAF_FORMAT_TSV,
           "id\tpartner\tgroup\tkind\tjaccard\tid_in_partner\tpartner_in_id\n"
           "1\told:1\t1\tidentical\t1.0000\t1.0000\t1.0000\n2\told:1\t1\tnear\t0.8823\t0.8823\t1.0000\n"
           "3\told:1\t1\tcontained\t0.5333\t1.0000\t0.5333\n");
    static sink s;
    assert_int_equal(write_it(&e, FLOW, SHEAF_FORMAT_TSV, &s), SHEAF_EINVAL); /* no titles */
    end(&e);
    sheaf_ctx_free(ctx);
}

static void test_differences(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    everything e;
    make(&e, ctx);
    expect(&e, DIFF, SHEAF_FORMAT_TABLE,
           "100 % of the left is in the right, 89 % of the right is in the left; longest shared passage 17 words\n"
           SAME " {+to anybody+}\n");
    expect(&e, COLUMNS, SHEAF_FORMAT_TABLE,
           "100 % of the left is in the right, 89 % of the right is in the left; longest shared passage 17 words\n"
           "the river rose before dawn     the river rose before dawn\n"
           "and fell again by noon, they   and fell again by noon, they\n"
           "said, without a word of        said, without a word of\n"
           "warning                      > WARNING {+to anybody+}\n");
    expect(&e, DIFF_PASSAGES, SHEAF_FORMAT_TSV,
           "kind\ta_word\ta_words\tb_word\tb_words\ta_start\ta_bytes\tb_start\tb_bytes\ttext\n"
           "passage\t0\t17\t0\t17\t0\t87\t0\t87\t" SAME "\n");
    end(&e);
    sheaf_ctx_free(ctx);
}

/* Words that overlap, as in scripts without spaces, are shown once. */
static void test_pairs_of_characters(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    const sheaf_str text[] = {test_str("\346\262\263\346\260\264\346\270\205\346\276\210\343\200\202"),
                              test_str("\346\262\263\346\260\264\346\267\261\346\276\210\343\200\202")};
    everything e = {.ctx = ctx};
    assert_ok(ctx, sheaf_corpus_from_memory(ctx, &e.corpus, text, NULL, NULL, 2));
    assert_ok(ctx, sheaf_words_from_corpus(ctx, &e.words, e.corpus, NULL));
    expect(&e, DIFF, SHEAF_FORMAT_TABLE,
           "0 % of the left is in the right, 0 % of the right is in the left; longest shared passage 1 word\n"
           "\346\262\263\346\260\264[-\346\270\205\346\276\210-]{+\346\267\261\346\276\210+}\343\200\202\n");
    end(&e);
    sheaf_ctx_free(ctx);
}

static void test_without_memory(void **state)
{
    (void)state;
    static sink s;
    test_limit limit = {0};
    sheaf_ctx *ctx = test_limited_context(&limit, 1);
    everything e;
    make(&e, ctx);
    const int64_t live = limit.live;
    for (int w = 0; w < N_WRITERS; w += w + 1 == FLOW ? 2 : 1)
        for (int format = SHEAF_FORMAT_TABLE; format <= SHEAF_FORMAT_JSON; format++)
            for (int64_t n = 1;; n++) {
                limit.calls = 0;
                limit.fail_at = n;
                sheaf_status st = write_it(&e, (writer)w, (sheaf_format)format, &s);
                limit.fail_at = 0;
                assert_int_equal(limit.live, live);
                if (st == SHEAF_OK) break;
                assert_int_equal(st, SHEAF_ENOMEM);
            }
    end(&e);
    sheaf_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_old_names), cmocka_unit_test(test_differences),
                                       cmocka_unit_test(test_pairs_of_characters),
                                       cmocka_unit_test(test_without_memory)};
    return cmocka_run_group_tests_name("report of near-duplicates", tests, NULL, NULL);
}
