/* From documents, in any order and on any worker, to a sheaf_words. */
#ifndef SHEAF_TEXT_BUILDER_H
#define SHEAF_TEXT_BUILDER_H

#include "read/corpus.h"
#include "text/intern.h"
#include "text/words.h"

/* Ids of words, a document's in one run. */
typedef struct {
    uint32_t *id;
    int64_t n, room;
} sheaf_i_slab;

/* The words of one chunk of documents, by the ids of the worker that cut it. */
typedef struct {
    int64_t number;      /* of the chunk */
    int32_t worker;
    int64_t n_docs;
    struct {
        const uint32_t *id;
        int64_t n;
    } *doc;
} sheaf_i_word_chunk;

typedef struct {
    sheaf_i_table table;
    uint32_t *count;     /* merge: occurrences by id of the table, whose slots have them before */
    sheaf_i_word_chunk *chunk;
    int64_t n_chunks, chunk_room;
    sheaf_i_slab *slab;  /* the last one is being filled */
    int64_t n_slabs, slab_room, n_ids;
    uint8_t *scratch;
    int64_t scratch_room;
    uint32_t *global;    /* then: the worker's ids to ids of types */
    int64_t *shard_at;   /* merge: how many of its words each shard has, then where they go */
} sheaf_i_word_worker;

typedef struct {
    sheaf_ctx *ctx;
    sheaf_analyzer analyzer;
    sheaf_i_word_worker *worker;
    int32_t n_workers;
} sheaf_i_word_builder;

sheaf_status sheaf_i_builder_begin(sheaf_i_word_builder *b, sheaf_ctx *ctx, sheaf_analyzer analyzer);
void sheaf_i_builder_end(sheaf_i_word_builder *b);
/* A sheaf_i_visitor's visit, arg a sheaf_i_word_builder. */
sheaf_status sheaf_i_builder_visit(void *arg, int32_t worker, int64_t chunk, const sheaf_i_doc *docs, int64_t n);
/* Orders the types, renumbers the sequences and takes both over; docs say where each document was cut. */
sheaf_status sheaf_i_builder_finish(sheaf_i_word_builder *b, sheaf_words **out, const sheaf_i_doc *docs, int64_t n);

/* merge.c: fills types and the workers' `global`. */
sheaf_status sheaf_i_merge_types(sheaf_i_word_builder *b, sheaf_words *w);

#endif
