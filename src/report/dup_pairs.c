/* Rows a pair of near-duplicates. What hangs on the words, not on the sets, is computed in parallel before: a wave of
   pairs at a time. */
#include "base/context.h"
#include "base/mem.h"
#include "base/par.h"
#include "near/runs.h"
#include "near/tokens.h"
#include "read/corpus.h"
#include "report/dups.h"

#define WAVE 65536
#define BLOCK 64

static const sheaf_i_column COLUMNS[] = {
    {.name = {"id", 2}},
    {.name = {"partner", 7}},
    {.name = {"group", 5}, .right = true},
    {.name = {"kind", 4}},
    {.name = {"jaccard", 7}, .right = true},
    {.name = {"id_in_partner", 13}, .right = true},
    {.name = {"partner_in_id", 13}, .right = true},
    {.name = {"shared_words", 12}, .right = true},
    {.name = {"longest_run", 11}, .right = true},
    {.name = {"role", 4}},
    {.name = {"partner_role", 12}, .hidden = true}, /* JSON, or by name */
    {.name = {"passages", 8}, .hidden = true}, /* JSON only */
};
#define N_COLUMNS ((int32_t)(sizeof COLUMNS / sizeof *COLUMNS))

typedef struct {
    sheaf_i_dups v;
    const sheaf_dup_pair *pair;
    int64_t n;               /* pairs of the wave */
    sheaf_i_tokens tokens;
    sheaf_i_overlap *overlap;
    struct { sheaf_i_runs runs; uint32_t *a, *b; } *scratch; /* of a worker */
    bool partner_role, passages;
} job;

static sheaf_status overlap_block(void *arg, int64_t block, int32_t worker)
{
    job *j = arg;
    sheaf_status st = SHEAF_OK;
    uint32_t *a = j->scratch[worker].a, *b = j->scratch[worker].b;
    int64_t lo, hi, last = -1;
    sheaf_i_range(j->n, BLOCK, block, &lo, &hi);
    for (int64_t i = lo; i < hi; i++) {
        const sheaf_dup_pair *p = &j->pair[i];
        if (p->a != last) sheaf_i_tokens_of(&j->tokens, p->a, a);
        last = p->a;
        sheaf_i_tokens_of(&j->tokens, p->b, b);
        SHEAF_TRY(sheaf_i_runs_overlap(&j->scratch[worker].runs, &j->overlap[i], a,
                                       sheaf_i_tokens_count(&j->tokens, p->a), b,
                                       sheaf_i_tokens_count(&j->tokens, p->b), j->v.s.run));
    }
done:
    return st;
}

static void passage_list(sheaf_i_rows *r, const sheaf_passage *list, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        sheaf_i_list_item_begin(r);
        sheaf_i_list_int(r, "words", list[i].words);
        sheaf_i_list_int(r, "id_word", list[i].word_a);
        sheaf_i_list_int(r, "partner_word", list[i].word_b);
        if (list[i].span_a.length) {
            sheaf_i_list_int(r, "id_start", list[i].span_a.start);
            sheaf_i_list_int(r, "id_bytes", list[i].span_a.length);
        }
        if (list[i].span_b.length) {
            sheaf_i_list_int(r, "partner_start", list[i].span_b.start);
            sheaf_i_list_int(r, "partner_bytes", list[i].span_b.length);
        }
        sheaf_i_list_item_end(r);
    }
}

static sheaf_status passages_cell(sheaf_i_rows *r, const job *j, const sheaf_dup_pair *p)
{
    sheaf_status st = SHEAF_OK;
    sheaf_passages *found = NULL;
    const sheaf_dups_source *s = &j->v.s;
    int64_t n;
    sheaf_i_list_begin(r);
    SHEAF_TRY(sheaf_passages_of_pair(r->ctx, &found, s->corpus, s->words, s->old_corpus, s->old_words, p->a, p->b,
                                     s->passage));
    const sheaf_passage *list = sheaf_passages_list(found, &n);
    passage_list(r, list, n);
    sheaf_i_list_end(r);
done:
    sheaf_passages_free(found);
    return st;
}

static sheaf_status pair_row(sheaf_i_rows *r, job *j, int64_t i)
{
    const sheaf_dup_pair *p = &j->pair[i];
    const bool table = r->o.format == SHEAF_FORMAT_TABLE;
    const int digits = table ? 2 : SHEAF_I_SHARE_DIGITS;
    sheaf_status st = SHEAF_OK;
    sheaf_i_cell_text(r, sheaf_i_dups_name(&j->v, p->a, 0));
    sheaf_i_cell_text(r, sheaf_i_dups_name(&j->v, p->b, 1));
    sheaf_i_cell_int(r, p->group);
    sheaf_i_cell_text(r, sheaf_i_str(sheaf_i_dup_kind_name(p->kind)));
    sheaf_i_cell_real(r, sheaf_i_shown(sheaf_i_jaccard(p->shared, p->size_a, p->size_b), digits), digits);
    sheaf_i_cell_real(r, sheaf_i_shown(sheaf_i_inside(p->shared, p->size_a), digits), digits);
    sheaf_i_cell_real(r, sheaf_i_shown(sheaf_i_inside(p->shared, p->size_b), digits), digits);
    sheaf_i_cell_int(r, j->overlap[i].words_a);
    sheaf_i_cell_int(r, j->overlap[i].longest);
    sheaf_i_cell_text(r, sheaf_i_str(j->v.docs[p->a].dropped ? "dropped" : "kept"));
    if (j->partner_role) sheaf_i_cell_text(r, sheaf_i_str(j->v.docs[p->b].dropped ? "dropped" : "kept"));
    if (j->passages) st = passages_cell(r, j, p);
    sheaf_i_row_end(r);
    return st;
}

static sheaf_status scratch_new(job *j)
{
    sheaf_status st = SHEAF_OK;
    sheaf_ctx *ctx = j->v.ctx;
    const int32_t workers = sheaf_ctx_threads(ctx);
    SHEAF_TRY(sheaf_i_tokens_new(&j->tokens, ctx, j->v.s.words, j->v.s.old_words));
    SHEAF_NEW(j->overlap, ctx, WAVE);
    SHEAF_NEW0(j->scratch, ctx, workers);
    for (int32_t i = 0; i < workers; i++) {
        sheaf_i_runs_init(&j->scratch[i].runs, ctx);
        SHEAF_NEW(j->scratch[i].a, ctx, j->tokens.longest);
        SHEAF_NEW(j->scratch[i].b, ctx, j->tokens.longest);
    }
done:
    return st;
}

static void job_end(job *j)
{
    sheaf_ctx *ctx = j->v.ctx;
    for (int32_t i = 0; j->scratch && i < sheaf_ctx_threads(ctx); i++) {
        if (j->scratch[i].runs.ctx) sheaf_i_runs_end(&j->scratch[i].runs);
        sheaf_i_free(ctx, j->scratch[i].a);
        sheaf_i_free(ctx, j->scratch[i].b);
    }
    sheaf_i_free(ctx, j->scratch);
    sheaf_i_free(ctx, j->overlap);
    sheaf_i_tokens_end(&j->tokens);
    sheaf_i_dups_end(&j->v);
}

static sheaf_status write_pairs(sheaf_i_rows *r, job *j, int64_t n)
{
    sheaf_status st = SHEAF_OK;
    if (r->o.max_rows > 0 && r->o.max_rows < n) n = r->o.max_rows;
    for (int64_t done_ = 0; done_ < n; done_ += j->n, j->pair += j->n) {
        j->n = n - done_ < WAVE ? n - done_ : WAVE;
        SHEAF_TRY(sheaf_i_par_for(j->v.ctx, NULL, sheaf_i_blocks(j->n, BLOCK), overlap_block, j));
        for (int64_t i = 0; i < j->n && !sheaf_i_rows_full(r); i++) SHEAF_TRY(pair_row(r, j, i));
    }
    for (int i = 0; i < 2; i++) SHEAF_TRY(j->v.name[i].status);
done:
    return st;
}

sheaf_status sheaf_write_dup_pairs(sheaf_out *o, const sheaf_dups *d, const sheaf_dups_source *s,
                                   const sheaf_write_opts *opts)
{
    sheaf_status st = SHEAF_OK;
    job j = {.n = 0};
    sheaf_i_rows r;
    sheaf_write_opts own;
    int64_t n;
    sheaf_i_dups_init(&j.v, d, s);
    sheaf_i_write_opts(&own, opts);
    j.pair = sheaf_dups_pairs(d, &n);
    const bool json = own.format == SHEAF_FORMAT_JSON || own.format == SHEAF_FORMAT_JSONL;
    j.partner_role = json || own.n_columns > 0;
    j.passages = j.v.s.passage > 0 && json &&
                 (j.v.s.corpus->has_text || (j.v.s.old_corpus && j.v.s.old_corpus->has_text));
    SHEAF_TRY(scratch_new(&j));
    SHEAF_TRY(sheaf_i_dups_rows_open(&r, &j.v, o, &own, "dup-pairs", COLUMNS,
                                     N_COLUMNS - !j.passages - !j.partner_role));
    st = write_pairs(&r, &j, n);
    sheaf_status end = sheaf_i_rows_close(&r);
    if (st == SHEAF_OK) st = end;
done:
    job_end(&j);
    return st;
}
