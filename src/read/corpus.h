/* The corpus: what reading yields, and how a reader hands documents on while it reads. */
#ifndef SHEAF_READ_CORPUS_H
#define SHEAF_READ_CORPUS_H

#include "base/mem.h"
#include "sheaf/sheaf.h"

typedef struct {
    sheaf_str text;    /* empty once dropped */
    size_t record;     /* where its strings begin in those of its chunk: see record.h */
    int32_t chunk;     /* the so-manieth to be visited ... */
    int32_t slot;      /* ... and its index there */
} sheaf_i_doc;

/* What the documents of one chunk keep: there are many documents, and few care for what they carry along. */
typedef struct {
    unsigned char *records;
    int32_t *column;   /* the corpus's number of each column that the records name; -1: of no document that is left */
    int32_t n_columns;
} sheaf_i_kept;

struct sheaf_corpus {
    sheaf_ctx *ctx;
    sheaf_i_doc *docs;       /* n, sorted by id: runs of digits as numbers, then bytes */
    int64_t n;
    sheaf_i_kept *kept;      /* n_chunks */
    int64_t n_chunks;
    sheaf_str *columns;
    int32_t n_columns;
    sheaf_read_counts counts;
    sheaf_str *skipped_place, *skipped_reason; /* counts.skipped of them, sorted by place */
    int64_t *place;          /* n, where the options ask for it, else NULL: see sheaf_corpus_place */
    int64_t n_places;        /* documents and what was skipped, before a limit */
    bool has_label, has_title, has_date, has_text;
    sheaf_i_arena arena;     /* holds texts, names, places and reasons */
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
