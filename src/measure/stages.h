/* What the stages work on, each made from the one before when it is first asked for, untimed. */
#ifndef SHEAF_MEASURE_STAGES_H
#define SHEAF_MEASURE_STAGES_H

#include "measure/measure.h"
#include "measure/synthetic.h"

struct sheaf_i_stages {
    sheaf_ctx *ctx;
    const char *input; /* what is read: a file of ours, or the caller's */
    char own[32];
    int fd;
    bool made; /* ours: then the next two hold what is in it */
    sheaf_i_synthetic truth;
    int64_t file;         /* bytes read from disk */
    sheaf_corpus *corpus; /* with its texts */
    int64_t text;         /* bytes of text */
    sheaf_words *words;
    sheaf_terms *terms;
    sheaf_matrix *matrix; /* with values; the same as codes, as the main job has it */
    sheaf_matrix *coded;
    sheaf_space *space;
    float *vectors; /* documents x dims: U sigma */
    int32_t dims;
};

sheaf_status sheaf_i_need_input(sheaf_i_run *r);
sheaf_status sheaf_i_need_corpus(sheaf_i_run *r);
sheaf_status sheaf_i_need_words(sheaf_i_run *r);
sheaf_status sheaf_i_need_terms(sheaf_i_run *r);
sheaf_status sheaf_i_need_matrix(sheaf_i_run *r);
sheaf_status sheaf_i_need_space(sheaf_i_run *r);
void sheaf_i_stages_end(sheaf_i_run *r);

void sheaf_i_bench_read_opts(const sheaf_i_run *r, sheaf_read_opts *o);
void sheaf_i_bench_space_opts(const sheaf_i_run *r, sheaf_space_opts *o);

#endif
