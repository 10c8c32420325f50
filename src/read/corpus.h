/* The corpus: what reading yields, and how a reader hands documents on while it reads. */
#ifndef SHEAF_READ_CORPUS_H
#define SHEAF_READ_CORPUS_H

#include "base/mem.h"
#include "sheaf/sheaf.h"

typedef struct {
    int32_t column;   /* index into the corpus's columns */
    sheaf_str value;
} sheaf_i_field;

typedef struct {
    sheaf_str id, title, date, label, text; /* text is empty once dropped */
    const sheaf_i_field *fields;            /* own columns; missing ones are absent */
    int32_t n_fields;
    int32_t slot;                           /* index within its chunk ... */
    int64_t chunk;                          /* ... which was the so-manieth to be visited */
} sheaf_i_doc;

struct sheaf_corpus {
    sheaf_ctx *ctx;
    sheaf_i_doc *docs;       /* n, sorted by id: runs of digits as numbers, then bytes */
    int64_t n;
    int64_t n_chunks;
    sheaf_str *columns;
    int32_t n_columns;
    sheaf_read_counts counts;
    sheaf_str *skipped_place, *skipped_reason; /* counts.skipped of them, sorted by place */
    bool has_label, has_title, has_date, has_text;
    sheaf_i_arena arena;     /* holds every string above */
};

/* Called in parallel, once a chunk (a run of whole documents of about 1 MiB, cut by the data alone), with docs whose
   texts are valid UTF-8 and live only for the call unless kept. docs[i].chunk and .slot say where they are. Chunk
   numbers are dense from 0, but which documents share a chunk may depend on the order of the input: nothing that
   is handed on may. */
typedef struct {
    sheaf_status (*visit)(void *arg, int32_t worker, int64_t chunk, const sheaf_i_doc *docs, int64_t n);
    void *arg;
} sheaf_i_visitor;

/* visitor NULL: none. Ends as sheaf_corpus_read does. */
sheaf_status sheaf_i_read(sheaf_ctx *ctx, sheaf_corpus **out, const char *const *inputs, int64_t n_inputs,
                          const sheaf_read_opts *o, const sheaf_i_visitor *visitor);

/* Order of ids: runs of ASCII digits compare as numbers ("a2" < "a10"), ties by bytes. A total order. */
int sheaf_i_id_compare(sheaf_str a, sheaf_str b);

/* NULL if every invariant above holds, else what is wrong. For tests and fuzzers. */
const char *sheaf_i_corpus_validate(const sheaf_corpus *c);

#endif
