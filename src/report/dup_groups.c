/* Groups of near-duplicates: a row a group for people and in JSON, a row a member in TSV and CSV. */
#include "base/context.h"
#include "base/mem.h"
#include "near/pair_words.h"
#include "near/runs.h"
#include "read/corpus.h"
#include "report/dups.h"

#define EXAMPLE_BYTES 120

static const sheaf_i_column GROUPS[] = {
    {.name = {"group", 5}, .right = true},
    {.name = {"docs", 4}, .right = true},
    {.name = {"lowest", 6}},
    {.name = {"kind", 4}},
    {.name = {"keep", 4}},
    {.name = {"earliest", 8}, .hidden = true},
    {.name = {"example", 7}},
    {.name = {"members", 7}, .hidden = true},
};
#define N_GROUPS ((int32_t)(sizeof GROUPS / sizeof *GROUPS))

static const sheaf_i_column MEMBERS[] = {
    {.name = {"group", 5}, .right = true}, {.name = {"id", 2}},      {.name = {"role", 4}},
    {.name = {"kind", 4}},                 {.name = {"jaccard", 7}}, {.name = {"partner", 7}},
    {.name = {"docs", 4}, .right = true},  {.name = {"lowest", 6}},  {.name = {"date", 4}},
};
#define N_MEMBERS ((int32_t)(sizeof MEMBERS / sizeof *MEMBERS))

static double similarity(const sheaf_dup_doc *d)
{
    return sheaf_i_shown(sheaf_i_jaccard(d->shared, d->size, d->partner_size), SHEAF_I_SHARE_DIGITS);
}

/* "(612 of 648 words of c-21005 are in it)": of the contained document with the most words. */
static sheaf_status contained_example(sheaf_i_dups *v, const sheaf_i_members *m, int32_t group, sheaf_i_text *out)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_pair_words w = {.ctx = v->ctx};
    sheaf_i_runs runs;
    sheaf_i_overlap overlap;
    int64_t longest = -1, size = -1;
    sheaf_i_runs_init(&runs, v->ctx);
    for (int64_t i = m->start[group - 1]; i < m->start[group]; i++) {
        const sheaf_dup_doc *d = &v->docs[m->member[i]];
        if (!d->dropped || d->kind != SHEAF_DUP_CONTAINED || d->size <= size) continue;
        longest = m->member[i];
        size = d->size;
    }
    if (longest < 0) goto done;
    const int64_t kept = v->docs[longest].partner;
    const bool old = kept >= v->n_new;
    SHEAF_TRY(sheaf_i_pair_words_new(&w, v->ctx, v->s.words, longest, old ? v->s.old_words : v->s.words,
                                     old ? kept - v->n_new : kept));
    SHEAF_TRY(sheaf_i_runs_overlap(&runs, &overlap, w.a, w.na, w.b, w.nb, v->s.run));
    const sheaf_str name = sheaf_i_dups_name(v, longest, 1);
    sheaf_i_text_puts(out, "(");
    sheaf_i_text_int(out, overlap.words_a);
    sheaf_i_text_puts(out, " of ");
    sheaf_i_text_int(out, w.na);
    sheaf_i_text_puts(out, " words of ");
    sheaf_i_text_add(out, name.p, name.n);
    sheaf_i_text_puts(out, " are in it)");
done:
    sheaf_i_runs_end(&runs);
    sheaf_i_pair_words_end(&w);
    return st;
}

/* How the kept text begins, in one line; where no text was kept, its title. */
static void text_example(const sheaf_i_dups *v, int64_t doc, sheaf_i_text *out)
{
    const sheaf_corpus *c = sheaf_i_dups_corpus(v, &doc);
    sheaf_str s = sheaf_corpus_text(c, doc);
    if (!s.n) s = sheaf_corpus_title(c, doc);
    if (!s.n) return;
    bool space = false;
    sheaf_i_text_puts(out, "\"");
    for (size_t i = 0, used; i < s.n && out->n < EXAMPLE_BYTES; i += used) {
        uint32_t code;
        used = sheaf_i_utf8(s.p + i, s.n - i, &code);
        if (!used) used = 1;
        const bool white = used == 1 && (s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r'));
        if (!white && space && out->n > 1) sheaf_i_text_puts(out, " ");
        if (!white) sheaf_i_text_add(out, s.p + i, used);
        space = white;
    }
    sheaf_i_text_puts(out, out->n < EXAMPLE_BYTES ? "\"" : " ...\"");
}

/* The similarity for people: down to two digits, and a star where it is below the threshold. */
static void lowest_cell(sheaf_i_rows *r, const sheaf_dup_group *g)
{
    sheaf_i_text t;
    if (r->o.format != SHEAF_FORMAT_TABLE) {
        sheaf_i_cell_real(r, sheaf_i_shown(g->lowest, SHEAF_I_SHARE_DIGITS), SHEAF_I_SHARE_DIGITS);
        return;
    }
    sheaf_i_text_init(&t, r->ctx);
    sheaf_i_text_real(&t, sheaf_i_shown(g->lowest, 2), 2);
    if (g->kind == SHEAF_DUP_CONTAINED) sheaf_i_text_puts(&t, "*");
    sheaf_i_cell_text(r, (sheaf_str){t.p ? t.p : "", (size_t)t.n});
    if (t.status != SHEAF_OK) r->status = t.status;
    sheaf_i_text_end(&t);
}

static void member_list(sheaf_i_rows *r, sheaf_i_dups *v, const sheaf_i_members *m, int32_t group)
{
    sheaf_i_list_begin(r);
    for (int64_t i = m->start[group - 1]; i < m->start[group]; i++) {
        const sheaf_dup_doc *d = &v->docs[m->member[i]];
        const sheaf_str date = sheaf_i_dups_date(v, m->member[i]);
        sheaf_i_list_item(r, "id", sheaf_i_dups_name(v, m->member[i], 0), "; ");
        sheaf_i_list_text(r, "role", sheaf_i_str(d->dropped ? "dropped" : "kept"));
        if (d->dropped) {
            sheaf_i_list_text(r, "kind", sheaf_i_str(sheaf_i_dup_kind_name(d->kind)));
            sheaf_i_list_real(r, "jaccard", similarity(d), SHEAF_I_SHARE_DIGITS);
            sheaf_i_list_text(r, "partner", sheaf_i_dups_name(v, d->partner, 1));
        }
        if (date.n) sheaf_i_list_text(r, "date", date);
        sheaf_i_list_item_end(r);
    }
    sheaf_i_list_end(r);
}

static sheaf_status group_row(sheaf_i_rows *r, sheaf_i_dups *v, const sheaf_i_members *m, int32_t group,
                              sheaf_i_text *example)
{
    const sheaf_dup_group *g = &v->groups[group - 1];
    int64_t us, earliest = sheaf_i_earliest(v, m, group, &us);
    example->n = 0;
    if (g->kind == SHEAF_DUP_CONTAINED) {
        sheaf_status st = contained_example(v, m, group, example);
        if (st != SHEAF_OK) return st;
    }
    if (!example->n) text_example(v, g->kept, example);
    sheaf_i_cell_int(r, group);
    sheaf_i_cell_int(r, g->docs);
    lowest_cell(r, g);
    sheaf_i_cell_text(r, sheaf_i_str(sheaf_i_dup_kind_name(g->kind)));
    sheaf_i_cell_text(r, sheaf_i_dups_name(v, g->kept, 0));
    if (earliest >= 0) sheaf_i_cell_text(r, sheaf_i_dups_name(v, earliest, 0));
    else sheaf_i_cell_none(r);
    if (example->n) sheaf_i_cell_text(r, (sheaf_str){example->p, (size_t)example->n});
    else sheaf_i_cell_none(r);
    member_list(r, v, m, group);
    sheaf_i_row_end(r);
    return example->status;
}

static void member_row(sheaf_i_rows *r, sheaf_i_dups *v, int64_t doc, bool dates)
{
    const sheaf_dup_doc *d = &v->docs[doc];
    const sheaf_dup_group *g = &v->groups[d->group - 1];
    sheaf_i_cell_int(r, d->group);
    sheaf_i_cell_text(r, sheaf_i_dups_name(v, doc, 0));
    sheaf_i_cell_text(r, sheaf_i_str(d->dropped ? "dropped" : "kept"));
    if (d->dropped) {
        sheaf_i_cell_text(r, sheaf_i_str(sheaf_i_dup_kind_name(d->kind)));
        sheaf_i_cell_real(r, similarity(d), SHEAF_I_SHARE_DIGITS);
        sheaf_i_cell_text(r, sheaf_i_dups_name(v, d->partner, 1));
    } else {
        for (int i = 0; i < 3; i++) sheaf_i_cell_none(r);
    }
    sheaf_i_cell_int(r, g->docs);
    sheaf_i_cell_real(r, sheaf_i_shown(g->lowest, SHEAF_I_SHARE_DIGITS), SHEAF_I_SHARE_DIGITS);
    if (dates) sheaf_i_cell_text(r, sheaf_i_dups_date(v, doc));
    sheaf_i_row_end(r);
}

static sheaf_status write_groups(sheaf_i_rows *r, sheaf_i_dups *v, const sheaf_i_members *m)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_text example;
    sheaf_i_text_init(&example, v->ctx);
    for (int32_t g = 1; g <= v->n_groups && st == SHEAF_OK && !sheaf_i_rows_full(r); g++)
        st = group_row(r, v, m, g, &example);
    sheaf_i_text_end(&example);
    return st;
}

sheaf_status sheaf_write_dup_groups(sheaf_out *o, const sheaf_dups *d, const sheaf_dups_source *s,
                                    const sheaf_write_opts *opts)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_dups v;
    sheaf_i_members m = {NULL, NULL};
    sheaf_i_rows r;
    sheaf_write_opts own;
    sheaf_i_dups_init(&v, d, s);
    sheaf_i_write_opts(&own, opts);
    const bool members = own.format == SHEAF_FORMAT_TSV || own.format == SHEAF_FORMAT_CSV;
    const bool dates = sheaf_corpus_has_date(v.s.corpus) || (v.s.old_corpus && sheaf_corpus_has_date(v.s.old_corpus));
    SHEAF_TRY(sheaf_i_members_new(&m, &v));
    SHEAF_TRY(sheaf_i_dups_rows_open(&r, &v, o, &own, members ? "dup-members" : "dup-groups",
                                     members ? MEMBERS : GROUPS, members ? N_MEMBERS - !dates : N_GROUPS));
    if (!members) st = write_groups(&r, &v, &m);
    else for (int64_t i = 0; i < m.start[v.n_groups] && !sheaf_i_rows_full(&r); i++)
        member_row(&r, &v, m.member[i], dates);
    for (int i = 0; i < 2 && st == SHEAF_OK; i++) st = v.name[i].status;
    sheaf_status end = sheaf_i_rows_close(&r);
    if (st == SHEAF_OK) st = end;
done:
    sheaf_i_members_end(&m, v.ctx);
    sheaf_i_dups_end(&v);
    return st;
}
