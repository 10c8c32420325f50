/* read/: archive pages into posts, and what must stay whole. The prose is made by rule: sentences of a few words. */
#define _GNU_SOURCE
#include "test_read.h"

#include <stdio.h>

#include "base/rng.h"
#include "read/document.h"

static const char *const words[] = {"harbour", "council", "bridge", "winter", "school", "garden",  "letter",
                                    "engine",  "river",   "market", "doctor", "window", "village", "paper",
                                    "summer",  "answer",  "the",    "a",      "of",     "and",     "to",
                                    "in",      "was",     "with",   "for",    "has",    "over",    "near"};

/* n words of prose in paragraphs of about 60. */
static void prose(FILE *f, int n, uint64_t key)
{
    int in_sentence = 0;
    for (int i = 0; i < n; i++) {
        const char *w = words[sheaf_i_rng_u64(key, (uint64_t)i) % (sizeof words / sizeof *words)];
        if (!in_sentence) fputc(w[0] - 32, f), fputs(w + 1, f);
        else fputs(w, f);
        bool end = ++in_sentence > 8 + (int)(sheaf_i_rng_u64(key + 1, (uint64_t)i) % 9) || i == n - 1;
        if (end) in_sentence = 0;
        fputs(end ? i % 60 > 45 ? ".\n\n" : ". " : " ", f);
    }
    fputs("\n\n", f);
}

static int64_t posts_of(const char *page, size_t n, const char *mode, sheaf_i_post *out, int64_t room)
{
    sheaf_ctx *ctx = test_context(1);
    sheaf_i_split s;
    sheaf_i_arena a;
    sheaf_i_post *posts;
    int64_t count;
    sheaf_i_arena_init(&a, ctx);
    assert_ok(ctx, sheaf_i_split_init(ctx, &s, mode));
    assert_ok(ctx, sheaf_i_split_page(&s, &a, (sheaf_str){page, n}, &posts, &count));
    for (int64_t i = 0; i < count && i < room; i++) out[i] = posts[i];
    sheaf_i_split_end(&s);
    sheaf_i_arena_end(&a);
    sheaf_ctx_free(ctx);
    return count;
}

/* Pages of `n` posts of 60 to 700 words under the given footers or headers, in turn. */
static int64_t web_log(const char *const *lines, int n, bool header, sheaf_i_post *out, char **page)
{
    size_t size;
    int k = 0;
    FILE *f = open_memstream(page, &size);
    fputs("Archive of the Harbour Notes\n\n", f);
    for (int i = 0; i < n; i++) {
        if (!lines[k]) k = 0;
        if (header) fprintf(f, "Title number %c\n%s\n\n", 'A' + i, lines[k++]);
        prose(f, 60 + (int)(sheaf_i_rng_u64(77, (uint64_t)i) % 640), (uint64_t)i * 10);
        if (!header) fprintf(f, "%s\n\n", lines[k++]);
    }
    if (!header) fputs("Blog at a free host\n", f);
    fclose(f);
    return posts_of(*page, size, "auto", out, 32);
}

static void web_logs_are_cut(void **state)
{
    (void)state;
    static const char *const pages[][6] = {
        {"Leave a comment"},
        {"3 Comments", "1 Comment", "Leave a comment", "12 Comments", "Tagged harbour | 2 Comments",
         "Tagged | Leave a comment"},
        {"Filed under Letters | Permalink", "Filed under News | Permalink"},
        {"Posted on 3 May 2016 by anna | 4 replies", "Posted on 19 June 2016 by ben | No replies"},
        {"Kommentar schreiben", "2 Kommentare", "Schlagwörter: Hafen | Kommentar schreiben"},
        {"Back to the top"},
        {"Share this with a friend", "Share this with a friend"},
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        for (int n = 4; n <= 10; n += 3) {
            const char *lines[7] = {NULL};
            for (int k = 0; k < 6; k++) lines[k] = pages[i][k];
            sheaf_i_post out[32];
            char *page;
            int64_t got = web_log(lines, n, false, out, &page);
            if (got != n) fail_msg("page %zu of %d posts: %lld", i, n, (long long)got);
            for (int64_t k = 0; k < n; k++)
                for (int x = 0; lines[x]; x++)
                    assert_null(memmem(out[k].text.p, out[k].text.n, lines[x], strlen(lines[x])));
            free(page);
        }
}

static void headers_stay_with_their_posts(void **state)
{
    (void)state;
    static const char *const lines[] = {"12 May 2016", "3 June 2016", "Monday, July 4, 2016", NULL};
    sheaf_i_post out[32];
    char *page;
    assert_int_equal(web_log(lines, 6, true, out, &page), 6);
    assert_non_null(memmem(out[1].text.p, out[1].text.n, "3 June 2016", 11));
    free(page);
}

typedef void (*writer)(FILE *f, uint64_t key);

static void article(FILE *f, uint64_t key)
{
    static const char *const heads[] = {"What the council said", "A winter to forget", "The answer", "Near the river"};
    for (int i = 0; i < 4; i++) {
        fprintf(f, "%s\n\n", heads[i]);
        prose(f, 250, key + (uint64_t)i);
    }
}

static void article_with_adverts(FILE *f, uint64_t key)
{
    for (int i = 0; i < 6; i++) {
        prose(f, 180, key + (uint64_t)i);
        fputs(i % 2 ? "Advertisement\n\n" : "Image source, Harbour Photos\n\n", f);
    }
}

static void book(FILE *f, uint64_t key)
{
    for (int i = 1; i < 9; i++) {
        fprintf(f, "Book the %d\n\n", i);
        prose(f, 300, key + (uint64_t)i);
    }
}

static void pages_of_a_print(FILE *f, uint64_t key)
{
    for (int i = 1; i < 9; i++) {
        prose(f, 300, key + (uint64_t)i);
        fprintf(f, "Harbour Annual Report %d of 8\n\n", i);
    }
}

static void poem(FILE *f, uint64_t key)
{
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 6; k++) prose(f, 6, key + (uint64_t)(i * 6 + k));
        fputs("And the river ran to the sea\n\n", f);
    }
}

static void minutes(FILE *f, uint64_t key)
{
    for (int i = 0; i < 9; i++) {
        fprintf(f, "Item %d\n", i * 3 % 7);
        prose(f, 70, key + (uint64_t)i);
        fputs("Action: the clerk\nThe meeting agreed\n\n", f);
    }
}

static void mail_thread(FILE *f, uint64_t key)
{
    for (int i = 0; i < 6; i++) {
        fprintf(f, "From: anna@example.org\nSubject: Re: harbour\nDate: Mon, %d May 2016 10:00:00\n\n", i + 3);
        fputs("On Mon, 3 May 2016, Ben wrote:\n> Please comment\n> Leave a comment\n", f);
        prose(f, 90, key + (uint64_t)i);
        fputs("Best wishes,\nAnna\n-- \nHarbour Society\n\n", f);
    }
}

static void interview(FILE *f, uint64_t key)
{
    for (int i = 0; i < 8; i++) {
        fputs(i % 2 ? "Anna:\n" : "Ben:\n", f);
        prose(f, 200, key + (uint64_t)i);
    }
}

static void sections(FILE *f, uint64_t key)
{
    for (int i = 0; i < 8; i++) {
        prose(f, 400, key + (uint64_t)i);
        fputs("* * *\n\n", f);
    }
}

static void two_comments(FILE *f, uint64_t key) /* twice is no pattern */
{
    prose(f, 300, key);
    fputs("Leave a comment\n\n", f);
    prose(f, 300, key + 1);
    fputs("3 Comments\n", f);
}

static void comments_below(FILE *f, uint64_t key) /* one article and the talk under it */
{
    prose(f, 600, key);
    for (int i = 0; i < 9; i++) {
        prose(f, 12, key + 1 + (uint64_t)i);
        fputs("Reply\n\n", f);
    }
}

static void others_stay_whole(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        writer write;
    } kinds[] = {{"article", article}, {"adverts", article_with_adverts}, {"book", book}, {"print", pages_of_a_print},
                 {"poem", poem}, {"minutes", minutes}, {"mail", mail_thread}, {"interview", interview},
                 {"sections", sections}, {"two comments", two_comments}, {"comments below", comments_below}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (uint64_t key = 0; key < 3; key++) {
            char *page;
            size_t n;
            FILE *f = open_memstream(&page, &n);
            kinds[i].write(f, key * 1000);
            fclose(f);
            sheaf_i_post post;
            int64_t got = posts_of(page, n, "auto", &post, 1);
            if (got != 1) fail_msg("%s: %lld posts", kinds[i].name, (long long)got);
            assert_ptr_equal(post.text.p, page);
            assert_int_equal(post.text.n, n);
            free(page);
        }
}

static void by_expression(void **state)
{
    (void)state;
    sheaf_i_post out[8];
    static const char footers[] = "one\n--8<--\ntwo\r\n--8<--\r\nthree\n--8<--\n";
    assert_int_equal(posts_of(footers, sizeof footers - 1, "^--8<--$", out, 8), 3);
    assert_str(out[1].text, "two");
    static const char headers[] = "\n## First\nbody\n## Second one\nmore\n";
    assert_int_equal(posts_of(headers, sizeof headers - 1, "^## ", out, 8), 2);
    assert_str(out[1].text, "## Second one\nmore");
    assert_str(out[1].title, "## Second one");
    static const char none[] = "no border\n";
    assert_int_equal(posts_of(none, sizeof none - 1, "^## ", out, 8), 1);
    assert_str(out[0].text, "no border\n");
}

static void posts_as_documents(void **state)
{
    (void)state;
    sheaf_ctx *ctx = test_context(1);
    sheaf_read_opts o = test_options();
    o.split = "^END$";
    sheaf_corpus *c = test_read(ctx, test_text("page.txt", "First title\nbody \xff\nEND\nsecond\nEND\n"), &o);
    assert_int_equal(c->n, 2);
    char id[4500];
    snprintf(id, sizeof id, "%s/page.txt#1", test_folder());
    int64_t d = test_doc(c, id);
    assert_str(sheaf_corpus_title(c, d), "First title");
    assert_int_equal(c->counts.replaced, 1);
    sheaf_corpus_free(c);
    test_clear();
    sheaf_ctx_free(ctx);
}

const struct CMUnitTest test_read_split[] = {
    cmocka_unit_test(web_logs_are_cut),  cmocka_unit_test(headers_stay_with_their_posts),
    cmocka_unit_test(others_stay_whole), cmocka_unit_test(by_expression),
    cmocka_unit_test(posts_as_documents),
};
const size_t test_read_split_n = sizeof test_read_split / sizeof *test_read_split;
