/* The inputs of the stages; see stages.h. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/context.h"
#include "base/par.h"
#include "matrix/csr.h"
#include "measure/stages.h"

#define TOPICS 20

void sheaf_i_bench_read_opts(const sheaf_i_run *r, sheaf_read_opts *o)
{
    sheaf_read_opts_init(o, sizeof *o);
    if (r->stages->made) o->from = SHEAF_FROM_JSONL;
    o->n_columns = 0;
}

void sheaf_i_bench_space_opts(const sheaf_i_run *r, sheaf_space_opts *o)
{
    sheaf_space_opts_init(o, sizeof *o);
    o->dims = r->o.dims;
    o->seed = r->o.seed;
}

static sheaf_status make_input(sheaf_i_run *r, sheaf_i_stages *s)
{
    sheaf_status st = SHEAF_OK;
    s->made = true;
    SHEAF_TRY(sheaf_i_synthetic_make(r->ctx, &s->truth, r->o.quick ? 2000 : 20000, TOPICS, r->o.seed));
    SHEAF_TRY(sheaf_i_temporary(r->ctx, &s->fd));
    SHEAF_TRY(sheaf_i_synthetic_write(&s->truth, s->fd, &s->file));
    snprintf(s->own, sizeof s->own, "/dev/fd/%d", s->fd);
    s->input = s->own;
done:
    return st;
}

sheaf_status sheaf_i_need_input(sheaf_i_run *r)
{
    sheaf_i_stages *s = r->stages;
    struct stat file;
    if (s) return SHEAF_OK;
    s = r->stages = sheaf_i_zeros(r->ctx, 1, sizeof *s);
    if (!s) return SHEAF_ENOMEM;
    s->ctx = r->ctx;
    s->fd = -1;
    if (!r->o.input) return make_input(r, s);
    s->input = r->o.input;
    s->file = stat(s->input, &file) == 0 && S_ISREG(file.st_mode) ? (int64_t)file.st_size : 0;
    return SHEAF_OK;
}

sheaf_status sheaf_i_need_corpus(sheaf_i_run *r)
{
    sheaf_status st = SHEAF_OK;
    sheaf_read_opts o;
    SHEAF_TRY(sheaf_i_need_input(r));
    if (r->stages->corpus) return SHEAF_OK;
    sheaf_i_bench_read_opts(r, &o);
    SHEAF_TRY(sheaf_corpus_read(r->ctx, &r->stages->corpus, &r->stages->input, 1, &o));
    r->stages->text = sheaf_corpus_counts(r->stages->corpus).bytes;
done:
    return st;
}

sheaf_status sheaf_i_need_words(sheaf_i_run *r)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_need_corpus(r));
    if (!r->stages->words) st = sheaf_words_from_corpus(r->ctx, &r->stages->words, r->stages->corpus, NULL);
done:
    return st;
}

sheaf_status sheaf_i_need_terms(sheaf_i_run *r)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_need_words(r));
    if (!r->stages->terms) st = sheaf_terms_build(r->ctx, &r->stages->terms, r->stages->words, NULL);
done:
    return st;
}

sheaf_status sheaf_i_need_matrix(sheaf_i_run *r)
{
    sheaf_status st = SHEAF_OK;
    SHEAF_TRY(sheaf_i_need_terms(r));
    if (!r->stages->matrix) SHEAF_TRY(sheaf_matrix_weigh(r->ctx, &r->stages->matrix, r->stages->terms, NULL));
    if (!r->stages->coded) st = sheaf_i_matrix_weigh_coded(r->ctx, &r->stages->coded, r->stages->terms, NULL);
done:
    return st;
}

sheaf_status sheaf_i_need_space(sheaf_i_run *r)
{
    sheaf_i_stages *s;
    sheaf_status st = SHEAF_OK;
    sheaf_space_opts o;
    SHEAF_TRY(sheaf_i_need_matrix(r));
    s = r->stages;
    if (s->space) return SHEAF_OK;
    sheaf_i_bench_space_opts(r, &o);
    SHEAF_TRY(sheaf_space_fit(r->ctx, &s->space, s->coded, &o));
    const int64_t n = sheaf_matrix_rows(s->matrix);
    s->dims = sheaf_space_dims(s->space);
    if (s->dims == 0) return sheaf_i_fail(r->ctx, SHEAF_EFORMAT, "%s: no two documents share a term", s->input);
    SHEAF_NEW_ALIGNED(s->vectors, r->ctx, n * s->dims);
    const float *u = sheaf_space_docs(s->space);
    const double *sigma = sheaf_space_sigma(s->space);
    for (int64_t i = 0; i < n * s->dims; i++) s->vectors[i] = (float)((double)u[i] * sigma[i % s->dims]);
done:
    return st;
}

void sheaf_i_stages_end(sheaf_i_run *r)
{
    sheaf_i_stages *s = r->stages;
    if (!s) return;
    sheaf_i_aligned_free(s->ctx, s->vectors);
    sheaf_space_free(s->space);
    sheaf_matrix_free(s->matrix);
    sheaf_matrix_free(s->coded);
    sheaf_terms_free(s->terms);
    sheaf_words_free(s->words);
    sheaf_corpus_free(s->corpus);
    sheaf_i_synthetic_end(&s->truth);
    if (s->fd >= 0) close(s->fd);
    sheaf_i_free(s->ctx, s);
    r->stages = NULL;
}
