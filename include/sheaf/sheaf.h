/* sheaf: what is in a pile of documents, what belongs together, what is the same text again.
 *
 * The only public header. Sections follow the pipeline:
 *   1 context   2 reading   3 words and terms   4 matrix   5 latent space
 *   6 clusters  7 scores    8 topics            9 fit      10 near-duplicates
 *   11 similar documents    12 bench            13 output
 *
 * Rules that hold everywhere:
 * - Every call that can fail returns a sheaf_status; the text is sheaf_ctx_message().
 * - An object handed out through `out` is the caller's, to be freed by its _free (NULL is fine).
 *   A returned pointer is borrowed from its parent and lives as long as that. There is no third case.
 * - An object must be freed before the context that made it. One context serves one thread at a time;
 *   separate contexts are independent.
 * - Option structs: call the _init function, then set fields. `size` tells which version was compiled.
 * - The same seed, build and machine give the same bytes at any number of threads and any order of inputs.
 * - The library prints nothing, exits never and keeps no global state of its own. OpenBLAS has one: its number of
 *   threads is set to 1 for the process. A context has threads of its own, which fall asleep soon after a call (50
 *   microseconds) and end with it; they take no signals. After fork() the child must not use the context, only free it.
 */
#ifndef SHEAF_H
#define SHEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SHEAF_API __attribute__((visibility("default")))
#define SHEAF_MUST_USE __attribute__((warn_unused_result))
#else
#define SHEAF_API
#define SHEAF_MUST_USE
#endif

#define SHEAF_VERSION "0.1.0"

/* ---- 1 context --------------------------------------------------------------------------------- */

typedef enum {
    SHEAF_OK = 0,
    SHEAF_ENOMEM = -1,   /* an allocation failed */
    SHEAF_EINVAL = -2,   /* an option or argument is out of range */
    SHEAF_EIO = -3,      /* a file cannot be opened, read or written (disk full included) */
    SHEAF_ENUMERIC = -4, /* a numeric routine did not converge or met NaN */
    SHEAF_ECANCELED = -5,/* the progress callback asked to stop */
    SHEAF_EFORMAT = -6,  /* input is malformed, or none of it could be used */
    SHEAF_EBUG = -7      /* an invariant of sheaf itself is broken */
} sheaf_status;

typedef struct sheaf_ctx sheaf_ctx;

/* Called on the thread that called the library, between blocks of work. `total` is 0 when unknown.
   A nonzero return cancels: the running call ends with SHEAF_ECANCELED and leaves nothing half done. */
typedef int (*sheaf_progress_fn)(void *user, const char *phase, int64_t done, int64_t total);

/* Things worth telling the user that are not errors ("k lowered from 9 to 4: ..."); one line, no newline. */
typedef void (*sheaf_note_fn)(void *user, const char *text);

/* realloc-style: ptr NULL allocates, bytes 0 frees (returns NULL). Must be thread-safe. */
typedef void *(*sheaf_resize_fn)(void *user, void *ptr, size_t bytes);

typedef struct {
    size_t size;
    int32_t threads;            /* 0: all cores this process may use */
    sheaf_resize_fn resize;     /* NULL: realloc and free */
    void *resize_user;
    sheaf_progress_fn progress; /* NULL: none */
    void *progress_user;
    sheaf_note_fn note;         /* NULL: none */
    void *note_user;
} sheaf_ctx_opts;

SHEAF_API void sheaf_ctx_opts_init(sheaf_ctx_opts *o, size_t size);
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_ctx_new(sheaf_ctx **out, const sheaf_ctx_opts *o);
SHEAF_API void sheaf_ctx_free(sheaf_ctx *ctx);

SHEAF_API const char *sheaf_ctx_message(const sheaf_ctx *ctx); /* text of the last failure, "" if none */
SHEAF_API const char *sheaf_ctx_hint(const sheaf_ctx *ctx);    /* what to do about it, "" if none */
SHEAF_API int32_t sheaf_ctx_threads(const sheaf_ctx *ctx);
SHEAF_API const char *sheaf_status_name(sheaf_status st);      /* "out of memory", "invalid argument" ... */
SHEAF_API const char *sheaf_version(void);

/* Describes the build and machine: one "key: value" line each (compiler, BLAS, core type, kernels, threads,
   library versions). *text is borrowed from ctx until the next call. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_describe(sheaf_ctx *ctx, const char **text);

/* Runs small products, an SVD and a clustering against known answers, well under two seconds. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_self_check(sheaf_ctx *ctx);

/* ---- 2 reading --------------------------------------------------------------------------------- */

typedef struct sheaf_corpus sheaf_corpus;

typedef struct { /* text with its length; not NUL-terminated */
    const char *p;
    size_t n;
} sheaf_str;

typedef enum {
    SHEAF_FROM_AUTO = 0,
    SHEAF_FROM_DIR,   /* every file one document; id = path below the folder */
    SHEAF_FROM_LINES, /* every line one document; id = line number */
    SHEAF_FROM_JSONL,
    SHEAF_FROM_JSON,  /* one array of objects */
    SHEAF_FROM_CSV,   /* delimiter , ; tab or | found by looking */
    SHEAF_FROM_TSV,
    SHEAF_FROM_HTML,
    SHEAF_FROM_TEXT   /* the whole file one document */
} sheaf_from;

typedef struct {
    size_t size;
    sheaf_from from;
    const char *split;              /* "auto", "none" (default) or a POSIX extended expression that matches a border
                                       line: at the top of the page it opens a post, else it ends one and is dropped */
    const char *const *text_fields; /* dotted paths; several are joined by a blank line. NULL: guessed */
    int32_t n_text_fields;
    const char *id_field, *title_field, *date_field, *label_field; /* NULL: guessed; label only if named "label" */
    const char *const *columns;     /* own columns to carry along; NULL with n_columns < 0: all of them */
    int32_t n_columns;              /* default -1 */
    bool label_from_folder;         /* label = first folder below the input; else, of several inputs, the input's own
                                       name, of a file given by name, the folder it is in */
    bool strict;                    /* the first skipped file or line is an error */
    bool keep_text;                 /* default true; false saves the memory of the texts */
    int64_t max_docs;               /* 0: no limit; the first ones in order of id are kept */
    sheaf_corpus **remains;         /* not NULL: where a failure leaves a corpus that is good for sheaf_corpus_counts
                                       and sheaf_corpus_skipped, and is the caller's; NULL if nothing was skipped */
    bool keep_order;                /* remembers the order of the inputs, for sheaf_corpus_place */
} sheaf_read_opts;

SHEAF_API void sheaf_read_opts_init(sheaf_read_opts *o, size_t size);

/* Reads files, folders, archives; "-" is standard input. Documents come out sorted by id (runs of digits
   compare as numbers). Bad UTF-8 and U+0000 become U+FFFD and are counted; what cannot be used is skipped and
   listed. Fails on duplicate ids (names them), on a field that does not exist (lists those that do), on no
   documents (SHEAF_EFORMAT).
   Ids: a record's own, else its line (in a JSON array its index): "17" when the input is one file, else "PATH#17".
   A file is its path below the folder or archive that is the only input; with several inputs, and for files given
   by name, the path as given without "./". Posts cut by `split` are PATH#1, PATH#2 ...
   AUTO looks at the name, then at the first bytes; compressed files and archives always by their first bytes. In a
   folder .jsonl .json .csv .tsv and archives are read as such, every other file is one document; names that begin
   with a dot and links out of the folder are passed over. Standard input is JSONL, JSON or HTML if it looks so,
   else lines. A row of CSV with too few cells is filled up with empty ones, one with too many is skipped.
   A document or record of more than 256 MiB is skipped; an input that expands more than 200 times beyond 64 MiB is
   refused there, what came before stays. `split` concerns whole files, not records. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_corpus_read(sheaf_ctx *ctx, sheaf_corpus **out,
                                                        const char *const *inputs, int64_t n_inputs,
                                                        const sheaf_read_opts *o);

/* Documents from memory (copied). ids, titles and labels may be NULL; ids are then 1, 2, 3 ... */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_corpus_from_memory(sheaf_ctx *ctx, sheaf_corpus **out,
                                                               const sheaf_str *texts, const sheaf_str *ids,
                                                               const sheaf_str *labels, int64_t n);
SHEAF_API void sheaf_corpus_free(sheaf_corpus *c);

SHEAF_API int64_t sheaf_corpus_size(const sheaf_corpus *c);
SHEAF_API sheaf_str sheaf_corpus_id(const sheaf_corpus *c, int64_t doc);
SHEAF_API sheaf_str sheaf_corpus_title(const sheaf_corpus *c, int64_t doc); /* may be empty */
SHEAF_API sheaf_str sheaf_corpus_date(const sheaf_corpus *c, int64_t doc);  /* may be empty */
SHEAF_API sheaf_str sheaf_corpus_label(const sheaf_corpus *c, int64_t doc); /* may be empty */
SHEAF_API sheaf_str sheaf_corpus_text(const sheaf_corpus *c, int64_t doc);  /* empty unless kept */
SHEAF_API bool sheaf_corpus_has_label(const sheaf_corpus *c);               /* some document has one */
SHEAF_API bool sheaf_corpus_has_title(const sheaf_corpus *c);
SHEAF_API bool sheaf_corpus_has_date(const sheaf_corpus *c);

/* With keep_order: the place of a document in the order of the inputs, from 0; files, lines and records that were
   skipped have places too. n_places: all of them, also of documents beyond max_docs. Without: -1 and 0. */
SHEAF_API int64_t sheaf_corpus_place(const sheaf_corpus *c, int64_t doc);
SHEAF_API int64_t sheaf_corpus_n_places(const sheaf_corpus *c);

/* The user's own columns, in their order of appearance. */
SHEAF_API int32_t sheaf_corpus_n_columns(const sheaf_corpus *c);
SHEAF_API sheaf_str sheaf_corpus_column_name(const sheaf_corpus *c, int32_t column);
SHEAF_API sheaf_str sheaf_corpus_column(const sheaf_corpus *c, int64_t doc, int32_t column); /* may be empty */

typedef struct {
    int64_t files, bytes;      /* opened; bytes of text in documents */
    int64_t skipped;           /* files or lines left out: the list is below */
    int64_t replaced;          /* malformed UTF-8 sequences replaced by U+FFFD ... */
    int64_t replaced_docs;     /* ... in so many documents */
} sheaf_read_counts;

SHEAF_API sheaf_read_counts sheaf_corpus_counts(const sheaf_corpus *c);
/* i-th skipped input, sorted by place: where ("news.jsonl:17") and why ("empty", "binary", "not JSON: ..."). */
SHEAF_API void sheaf_corpus_skipped(const sheaf_corpus *c, int64_t i, sheaf_str *place, sheaf_str *reason);

/* A table with a header line (TSV, CSV) or of flat objects (JSONL, an array, or "rows" of an object, as results are
   written), read whole: results and gold labels; by extension, else by looking. In TSV \t \n \r \\ are decoded, in
   CSV quotes. Faults are SHEAF_EFORMAT with file:line. */
typedef struct sheaf_table sheaf_table;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_table_read(sheaf_ctx *ctx, sheaf_table **out, const char *path);
SHEAF_API void sheaf_table_free(sheaf_table *t);
SHEAF_API int64_t sheaf_table_rows(const sheaf_table *t);
SHEAF_API int32_t sheaf_table_columns(const sheaf_table *t);
SHEAF_API sheaf_str sheaf_table_name(const sheaf_table *t, int32_t column);
SHEAF_API int32_t sheaf_table_find(const sheaf_table *t, const char *name); /* -1: no such column */
SHEAF_API sheaf_str sheaf_table_cell(const sheaf_table *t, int64_t row, int32_t column);

/* ---- 3 words and terms ------------------------------------------------------------------------- */

typedef enum {
    /* The words of UAX #29 that hold a letter or a digit; runs of Han and Hiragana, Thai, Lao, Khmer, Myanmar as
       overlapping pairs of characters, Katakana and Hangul as words; words of more than 256 bytes left out. NFKC case
       folding, elided articles (l'eau) cut off, Snowball stems; terms of one letter dropped. */
    SHEAF_ANALYZER_UNICODE = 0,
    SHEAF_ANALYZER_SKLEARN      /* the tokens of scikit-learn's default pattern, lower-cased, nothing else */
} sheaf_analyzer;

typedef enum { SHEAF_STOP_LANG = 0, SHEAF_STOP_NONE, SHEAF_STOP_ONLY, SHEAF_STOP_ADD } sheaf_stop_mode;

typedef struct {
    size_t size;
    sheaf_analyzer analyzer;
    const char *lang;               /* "auto" (by document), "none", or a code: en de fr ... */
    int32_t stem;                   /* 1, 0, or -1: yes where the language has a stemmer */
    sheaf_stop_mode stop;           /* the list of the language; none; only `stop_words`; both */
    const char *const *stop_words;  /* analysed like the text */
    int64_t n_stop_words;
    int32_t ngram_min, ngram_max;   /* word n-grams, 1..8; default 1, 1 */
    bool keep_numbers;              /* keep terms that begin with no letter (1990s, 3d, 2.5); default false */
    int64_t min_df_count;           /* a term must be in so many documents; default 2 */
    double min_df_share;            /* ... and in this share of them; default 0 */
    int64_t max_df_count;           /* 0: no limit */
    double max_df_share;            /* default 0.5; ignored below 10 documents */
    int64_t max_terms;              /* 0: no limit; the most frequent by documents, ties by bytes */
    bool lexical_order;             /* term ids by bytes instead of by falling document frequency */
    bool keep_pruned;               /* remembers the words that the limits above left out, for sheaf_query_unknown */
} sheaf_text_opts;

SHEAF_API void sheaf_text_opts_init(sheaf_text_opts *o, size_t size);

/* The words of every document, in order, as ids of word types (the spelling found in the text). */
typedef struct sheaf_words sheaf_words;

/* Reads and cuts into words in one pass; texts are dropped on the way unless ro->keep_text. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_words_read(sheaf_ctx *ctx, sheaf_corpus **corpus, sheaf_words **words,
                                                       const char *const *inputs, int64_t n_inputs,
                                                       const sheaf_read_opts *ro, const sheaf_text_opts *to);
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_words_from_corpus(sheaf_ctx *ctx, sheaf_words **out,
                                                              const sheaf_corpus *c, const sheaf_text_opts *o);
SHEAF_API void sheaf_words_free(sheaf_words *w);
SHEAF_API int64_t sheaf_words_docs(const sheaf_words *w);
SHEAF_API int64_t sheaf_words_types(const sheaf_words *w);
SHEAF_API int64_t sheaf_words_tokens(const sheaf_words *w);
SHEAF_API sheaf_str sheaf_words_type(const sheaf_words *w, uint32_t type);
/* Type ids of one document in order of the text; *n of them. */
SHEAF_API const uint32_t *sheaf_words_of(const sheaf_words *w, int64_t doc, int64_t *n);

typedef struct {
    uint32_t start, length; /* bytes in the document's text */
} sheaf_span;

/* The byte ranges of one document's words, cut again from its text; same order and count as sheaf_words_of.
   *spans is the caller's, freed by sheaf_spans_free. Fails when the corpus kept no text. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_words_spans(sheaf_ctx *ctx, sheaf_span **spans, int64_t *n,
                                                        const sheaf_words *w, const sheaf_corpus *c, int64_t doc);
SHEAF_API void sheaf_spans_free(sheaf_ctx *ctx, sheaf_span *spans);

/* Vocabulary after folding, stop words, stems and pruning, with the counts of every document (CSR). */
typedef struct sheaf_terms sheaf_terms;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_terms_build(sheaf_ctx *ctx, sheaf_terms **out, const sheaf_words *w,
                                                        const sheaf_text_opts *o);
SHEAF_API void sheaf_terms_free(sheaf_terms *t);
SHEAF_API int64_t sheaf_terms_docs(const sheaf_terms *t);
SHEAF_API int32_t sheaf_terms_size(const sheaf_terms *t);
SHEAF_API sheaf_str sheaf_terms_term(const sheaf_terms *t, int32_t term);    /* folded and stemmed */
SHEAF_API sheaf_str sheaf_terms_surface(const sheaf_terms *t, int32_t term); /* its commonest spelling */
SHEAF_API int64_t sheaf_terms_df(const sheaf_terms *t, int32_t term);        /* documents that hold it */
/* Row i of the counts is indices[indptr[i] .. indptr[i+1]), ascending, with counts beside. */
SHEAF_API void sheaf_terms_counts(const sheaf_terms *t, const int64_t **indptr, const int32_t **indices,
                                  const uint32_t **counts);
/* Of each document the share of its words that are unknown: in no term, because too few documents have them or
   max_terms left them out. Words that can be no terms (stop words, numbers) and those of too many documents do not
   count; NaN where none is left. NULL where words are no terms (ngram_min above 1). */
SHEAF_API const float *sheaf_terms_unknown(const sheaf_terms *t);
/* Languages used, most documents first: i-th code and its number of documents; returns false past the end. */
SHEAF_API bool sheaf_terms_language(const sheaf_terms *t, int32_t i, const char **code, int64_t *docs);

typedef struct {
    size_t size;
    int64_t min_df;                 /* a phrase must be in so many documents; default 5 */
    int64_t max_phrases;            /* the most frequent by documents; default 30000; 0: no limit */
} sheaf_phrase_opts;

SHEAF_API void sheaf_phrase_opts_init(sheaf_phrase_opts *o, size_t size);
/* Phrases of two words as terms of the same documents. A phrase is two one-word terms of `t` that follow each other
   with at most two words between them that are no terms (stop words, pruned ones). `w` are the words that `t` was
   built from. Ids by falling document frequency, ties by the ids of the two words in `t`. sheaf_terms_term is "a
   b", and sheaf_terms_surface the commonest run of words as found, with those between: "Bank of England"; ties by
   bytes. Free with sheaf_terms_free. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_phrases_build(sheaf_ctx *ctx, sheaf_terms **out, const sheaf_words *w,
                                                          const sheaf_terms *t, const sheaf_phrase_opts *o);

/* The words of a foreign text in a vocabulary: cut, folded and stemmed like the documents, `o` being the options that
   the terms were built with; of their languages in the one that knows most of its words, ties: of most documents.
   Words that can be no terms (stop words, numbers unless they are kept) do not count. */
typedef struct sheaf_query sheaf_query;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_query_make(sheaf_ctx *ctx, sheaf_query **out, const sheaf_terms *t,
                                                       const sheaf_text_opts *o, sheaf_str text);
SHEAF_API void sheaf_query_free(sheaf_query *q);
/* Its terms, ascending, with counts beside; *n of them. */
SHEAF_API const int32_t *sheaf_query_terms(const sheaf_query *q, const uint32_t **counts, int64_t *n);
SHEAF_API int64_t sheaf_query_words(const sheaf_query *q);   /* that count; with n-grams runs of ngram_min words */
/* Of these in no document; those that the limits left out of the vocabulary are told apart with `keep_pruned` and
   ngram_min 1 only, else they count too. */
SHEAF_API int64_t sheaf_query_unknown(const sheaf_query *q);
/* i-th of the unknown words, by first appearance, each once; returns false past the end. */
SHEAF_API bool sheaf_query_unknown_word(const sheaf_query *q, int64_t i, sheaf_str *word);

/* ---- 4 matrix ---------------------------------------------------------------------------------- */

typedef enum {
    SHEAF_WEIGHT_COUNT = 0,
    SHEAF_WEIGHT_BINARY,
    SHEAF_WEIGHT_TFIDF,      /* tf * (ln((1 + n) / (1 + df)) + 1), as scikit-learn defines it */
    SHEAF_WEIGHT_SUBLINEAR,  /* (1 + ln tf) * the same idf */
    SHEAF_WEIGHT_LOGENTROPY, /* log2(1 + tf) * (1 + sum_i p_ij ln p_ij / ln n), p_ij = tf_ij / sum_i tf_ij */
    SHEAF_WEIGHT_BM25,       /* tf (k1 + 1) / (tf + k1 (1 - b + b len / mean len)) * ln(1 + (n - df + .5)/(df + .5)) */
    SHEAF_WEIGHT_BIPARTITE   /* log2(1 + tf) / sqrt(c_j + mean c), then / sqrt(r_i + 15 mean r); c_j, r_i: column sums,
                                then row sums of what precedes. Rows keep their lengths: l2 is ignored. The default */
} sheaf_weight;

typedef struct {
    size_t size;
    sheaf_weight scheme;
    bool l2;         /* rows to length 1; default true */
    double k1, b;    /* BM25; defaults 1.2 and .75 */
    double row_damping; /* BIPARTITE: the 15 above, 0 to 1e12; 0 damps all rows, a large number none */
} sheaf_weight_opts;

SHEAF_API void sheaf_weight_opts_init(sheaf_weight_opts *o, size_t size);

typedef struct sheaf_matrix sheaf_matrix; /* CSR: int64 row pointers, int32 ascending columns, float values */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_matrix_weigh(sheaf_ctx *ctx, sheaf_matrix **out, const sheaf_terms *t,
                                                         const sheaf_weight_opts *o);
/* Copies and checks (columns sorted and in range, finite values). */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_matrix_from_csr(sheaf_ctx *ctx, sheaf_matrix **out, int64_t rows,
                                                            int32_t cols, const int64_t *indptr,
                                                            const int32_t *indices, const float *values);
SHEAF_API void sheaf_matrix_free(sheaf_matrix *m);
SHEAF_API int64_t sheaf_matrix_rows(const sheaf_matrix *m);
SHEAF_API int32_t sheaf_matrix_cols(const sheaf_matrix *m);
SHEAF_API void sheaf_matrix_csr(const sheaf_matrix *m, const int64_t **indptr, const int32_t **indices,
                                const float **values);

typedef enum { SHEAF_MATRIX_AUTO = 0, SHEAF_MATRIX_NPZ, SHEAF_MATRIX_MTX, SHEAF_MATRIX_SVM } sheaf_matrix_format;
/* AUTO goes by the extension. svm: `labels` (0-based, may be NULL) go first on the line. Written whole or not at all,
   and read back bit by bit (svm does not tell the number of columns: it becomes the largest one used). */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_matrix_save(sheaf_ctx *ctx, const sheaf_matrix *m, const char *path,
                                                        sheaf_matrix_format format, const int32_t *labels);
/* npz: scipy's csr and csc, any index width, float32, float64, integers; mtx: coordinate, real, integer or pattern,
   general or symmetric; repeated entries are added up. A malformed file is SHEAF_EFORMAT.
   labels (may be NULL): svm's first column, *labels allocated, freed by sheaf_labels_free; NULL for other formats. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_matrix_load(sheaf_ctx *ctx, sheaf_matrix **out, int32_t **labels,
                                                        const char *path, sheaf_matrix_format format);
SHEAF_API void sheaf_labels_free(sheaf_ctx *ctx, int32_t *labels);

/* ---- 5 latent space ---------------------------------------------------------------------------- */

typedef enum { SHEAF_SOLVER_AUTO = 0, SHEAF_SOLVER_LANCZOS, SHEAF_SOLVER_DENSE } sheaf_solver;

typedef struct {
    size_t size;
    int32_t dims;    /* default 0: min(100, max(10, rows / 8)). Fewer come out where the matrix has fewer; a note says
                        so if they were asked for */
    double tol;      /* largest ||A^T u - sigma v|| over sigma_1; default 5e-3, useful down to about 1e-5 */
    uint64_t seed;   /* default 1 */
    sheaf_solver solver; /* default AUTO: by the shape; DENSE takes a smaller side of up to 8192 */
} sheaf_space_opts;

SHEAF_API void sheaf_space_opts_init(sheaf_space_opts *o, size_t size);

/* A ~ U diag(sigma) V^T, truncated SVD: the columns of U and V are orthonormal, A v = sigma u, and each v is signed so
   that the sum of its cubes is positive. Values that are zero to rounding (below 1e-3 of the largest for Lanczos, 1e-5
   for the dense solver) are left out; a matrix of zeros has 0 dimensions. Notes tell both. */
typedef struct sheaf_space sheaf_space;
/* The result does not need `m`. A tolerance that was not reached is a note, not a failure: see the report. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_space_fit(sheaf_ctx *ctx, sheaf_space **out, const sheaf_matrix *m,
                                                      const sheaf_space_opts *o);
SHEAF_API void sheaf_space_free(sheaf_space *s);
SHEAF_API int32_t sheaf_space_dims(const sheaf_space *s);
SHEAF_API const double *sheaf_space_sigma(const sheaf_space *s);          /* falling; dims of them */
SHEAF_API const float *sheaf_space_docs(const sheaf_space *s);            /* U: rows x dims, row-major */
SHEAF_API const float *sheaf_space_terms(const sheaf_space *s);           /* V: cols x dims, row-major */

typedef struct {
    double residual;      /* largest residual of both sides over sigma_1, formed column by column; where the Lanczos
                             recurrence has it above 1e-3 and 16 random sums of all columns show its errors to be below
                             a hundredth of that, its value plus three times those errors (a bound but for a chance
                             below 1 in 10,000) */
    double energy;        /* sum sigma^2 over ||A||_F^2: share of the matrix kept */
    double probe;         /* largest value a random probe found beyond the last one, over sigma_1 */
    int64_t products;     /* columns multiplied by A plus by A^T */
    int32_t restarts;
    sheaf_solver solver;  /* the path taken */
    double seconds_products, seconds_basis, seconds_small; /* of Lanczos: in products with A and A^T, in passes over
                             the basis, in small dense problems; measured, so never the same twice */
} sheaf_space_report;

SHEAF_API sheaf_space_report sheaf_space_quality(const sheaf_space *s);

/* ---- 6 clusters -------------------------------------------------------------------------------- */

typedef enum { SHEAF_METRIC_SPHERICAL = 0, SHEAF_METRIC_EUCLIDEAN } sheaf_metric;

typedef struct {
    size_t size;
    int32_t k;            /* 0: chosen from the size of the corpus and the vectors (see sheaf_clustering_k_reason) */
    int32_t k_least, k_most; /* bounds where k is chosen; 0: 2, and as many as the documents allow */
    int32_t starts;       /* the one of least inertia is kept; default 8. sheaf_cluster_fit_terms: for each view */
    int32_t max_iter;     /* default 100 */
    uint64_t seed;
    sheaf_metric metric;
    int32_t drop_first;   /* latent dimensions left out at the front; default -1: sheaf_cluster_fit_terms tries 0
                             and 1 and keeps the better, sheaf_cluster_fit takes 0 */
    double sigma_power;   /* a document's vector is its row of U * sigma^power; default 1 */
    const float *start;   /* sheaf_cluster_vectors: k x dims first centres in the coordinates of the vectors, instead
                             of seeded starts; iterations are then counted from them. Default NULL */
    double tol;           /* an iteration that gains less than this share of the inertia is the last; 0: none does,
                             labels must stop changing; default -1: 1e-5, of sheaf_cluster_fit_terms 1e-4 */
} sheaf_cluster_opts;

SHEAF_API void sheaf_cluster_opts_init(sheaf_cluster_opts *o, size_t size);

typedef struct sheaf_clustering sheaf_clustering;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_cluster_fit(sheaf_ctx *ctx, sheaf_clustering **out,
                                                        const sheaf_space *space, const sheaf_cluster_opts *o);
/* As sheaf_cluster_fit, but of all starts the one is kept whose labels explain the term counts best (Dirichlet-
   multinomial evidence; among many documents, that of a sample); clusters of one or two documents count against it
   where k leaves room for nine. `terms` are those that the space was made from. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_cluster_fit_terms(sheaf_ctx *ctx, sheaf_clustering **out,
                                                              const sheaf_space *space, const sheaf_terms *terms,
                                                              const sheaf_cluster_opts *o);
/* Any dense vectors, n x d row-major with leading dimension ld; n < 2^31. Rows of zeros go to cluster 0. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_cluster_vectors(sheaf_ctx *ctx, sheaf_clustering **out,
                                                            const float *x, int64_t n, int32_t d, int64_t ld,
                                                            const sheaf_cluster_opts *o);
SHEAF_API void sheaf_clustering_free(sheaf_clustering *c);
SHEAF_API int32_t sheaf_clustering_k(const sheaf_clustering *c);
/* 1..k by falling size (ties: smallest document first); 0: no known word. */
SHEAF_API const int32_t *sheaf_clustering_labels(const sheaf_clustering *c, int64_t *n);
SHEAF_API const float *sheaf_clustering_fit(const sheaf_clustering *c);    /* cosine to the own centre, or -distance */
SHEAF_API const float *sheaf_clustering_margin(const sheaf_clustering *c); /* fit less that of the second cluster */
SHEAF_API const int32_t *sheaf_clustering_second(const sheaf_clustering *c); /* 0 where there is none */
SHEAF_API int64_t sheaf_clustering_count(const sheaf_clustering *c, int32_t cluster); /* 0..k */

typedef struct {
    double inertia;        /* sum of squared distances to the own centre, in double */
    int32_t iterations;    /* of the kept start */
    int32_t starts;        /* of all views */
    int64_t empty_repaired;/* empty clusters refilled, over all starts */
    int64_t unplaced;      /* documents in cluster 0 */
    int32_t k_asked;
    double evidence;       /* of the labels, by sheaf_cluster_fit_terms; else 0 */
    int32_t drop_first;    /* latent dimensions left out at the front */
    int64_t weak;          /* of the unplaced: those of too weak a fit */
} sheaf_cluster_report;

SHEAF_API sheaf_cluster_report sheaf_clustering_quality(const sheaf_clustering *c);
/* Why a document is in cluster 0: "no known word", "weak fit" (min_fit of sheaf_fit_opts: its fit stays known, and its
   second cluster is the one that it would be in), "zero vector" of sheaf_cluster_vectors; "" where it is in another. */
SHEAF_API const char *sheaf_clustering_reason(const sheaf_clustering *c, int64_t doc);
/* How k was found, one line without newline: "k = 12 of 2..40: highest silhouette (0.61)"; "" where it was given. */
SHEAF_API const char *sheaf_clustering_k_reason(const sheaf_clustering *c);

typedef enum { SHEAF_REFINE_NONE = 0, SHEAF_REFINE_IB, SHEAF_REFINE_SIB, SHEAF_REFINE_SIB_WORDS } sheaf_refine_method;

/* Refinement of clusters on the words themselves, by passes, split and merge, regrouping. IB: sequential information
   bottleneck with smoothed, entropy-weighted counts of words and phrases. SIB: as it was published (Slonim, Friedman,
   Tishby 2002): what clusters tell of plain counts of words, every document weighing the same; SIB_WORDS: every word.
   For these two prior, phrase_weight and size_weight have no say; and k is chosen as for IB. */
typedef struct {
    size_t size;
    sheaf_refine_method method; /* default IB */
    double prior;          /* weight of every term in every cluster before it has a document; default .2. By IB, more
                              than 25 clusters have 25 / k of it each */
    double phrase_weight;  /* of a phrase against a word; 0: without phrases; default .2 */
    double size_weight;    /* of the clusters' sizes; 1 (default): as in a mixture of multinomials; 0: none */
    int32_t max_terms;     /* the most frequent words that are used; default 50000 */
} sheaf_refine_opts;

SHEAF_API void sheaf_refine_opts_init(sheaf_refine_opts *o, size_t size);

/* Refines the labels of a clustering of `space` on the words, and on phrases of the same documents where they are
   given (sheaf_phrases_build); k stays. Fits are measured in the space as before; a document's margin becomes how
   much likelier its words are in its cluster than in the second, in nats per weight of its words. The objective
   never falls. co: those the clustering was made with. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_clustering_refine(sheaf_ctx *ctx, sheaf_clustering *c,
                                                              const sheaf_space *space, const sheaf_terms *terms,
                                                              const sheaf_terms *phrases,
                                                              const sheaf_cluster_opts *co,
                                                              const sheaf_refine_opts *o);

typedef struct {
    sheaf_refine_method method; /* NONE: not refined */
    double before, after;       /* objective, in weight of words times nats */
    int64_t moved;              /* documents that changed their cluster */
    int32_t tries, kept;        /* changes by split and merge */
} sheaf_refine_report;
SHEAF_API sheaf_refine_report sheaf_clustering_refined(const sheaf_clustering *c);

/* The merge tree over the clusters: k - 1 steps, each the pair of groups that loses least by becoming one. Clusters are
   nodes 1..k, step s = 1, 2, ... makes node k + s; a has the lower of their lowest clusters. loss: of the refinement's
   objective, as in its report (below 0: a merger gains; of many clusters the rarer terms count as one, see
   src/refine/tree.h). sheaf_model_fit joins clusters that were not refined by their centres: loss is then what the
   sum of the fits falls by, or, Euclidean, what the inertia rises by. */
typedef struct {
    int32_t a, b;
    double loss;
} sheaf_merge;
#define SHEAF_MERGES_MOST 2048
/* NULL and 0: one cluster, more than SHEAF_MERGES_MOST, or neither sheaf_clustering_refine nor sheaf_model_fit has
   built it. */
SHEAF_API const sheaf_merge *sheaf_clustering_merges(const sheaf_clustering *c, int32_t *n);
/* False where they were joined by their centres, or not at all. */
SHEAF_API bool sheaf_clustering_merged_by_words(const sheaf_clustering *c);
/* of_cluster[t], t = 0..number of clusters: the group that cluster t is in when there are k groups, numbered by falling
   size (ties: lowest cluster first); [0] is 0. As many groups as clusters: the clusters themselves. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_clustering_cut(const sheaf_clustering *c, int32_t k, int32_t *of_cluster);

typedef struct {
    size_t size;
    int32_t resamples;   /* 0: none, nothing is measured; default 8 */
    int64_t most_docs;   /* of a resample, which is half of the documents if that is less; of many clusters 30 each if
                            that is more; default 2500 */
    uint64_t seed;       /* default 1 */
} sheaf_stability_opts;

SHEAF_API void sheaf_stability_opts_init(sheaf_stability_opts *o, size_t size);

/* How far each cluster comes again when random halves of the documents are clustered from scratch, into as many
   clusters and refined if this clustering was: the mean over the halves of the largest Jaccard index with a cluster
   there (Hennig 2007). Where a half has fewer than 10 documents, or 2 a cluster, or there is one cluster, nothing is
   measured.
   `co` and `ro` are those of the clustering and its refinement. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_clustering_stability(sheaf_ctx *ctx, sheaf_clustering *c,
                                                                 const sheaf_space *space, const sheaf_terms *terms,
                                                                 const sheaf_terms *phrases,
                                                                 const sheaf_cluster_opts *co,
                                                                 const sheaf_refine_opts *ro,
                                                                 const sheaf_stability_opts *o);
/* The same of a clustering by sheaf_cluster_vectors: halves of the same vectors by k-means. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_clustering_stability_vectors(sheaf_ctx *ctx, sheaf_clustering *c,
                                                                         const float *x, int64_t n, int32_t d,
                                                                         int64_t ld, const sheaf_cluster_opts *co,
                                                                         const sheaf_stability_opts *o);
/* 0 to 1, NaN where it was not measured. */
SHEAF_API double sheaf_clustering_solidity(const sheaf_clustering *c, int32_t cluster);
/* "solid" from .75, "shaky" below .5, "fair" between; "" where it was not measured. */
SHEAF_API const char *sheaf_clustering_solidity_word(const sheaf_clustering *c, int32_t cluster);
/* Of the whole clustering: mean adjusted Rand index with those of the halves; NaN where it was not measured. */
SHEAF_API double sheaf_clustering_agreement(const sheaf_clustering *c);

/* How many clusters the words speak for. */
#define SHEAF_K_MOST 256
typedef struct {
    int32_t k;         /* 0: not looked at */
    double evidence;   /* log marginal likelihood of the words */
    double silhouette; /* mean cosine silhouette in the latent space */
    double agreement;  /* of the labels of two walks: adjusted Rand index; NaN where only one came by */
} sheaf_k_point;
typedef struct {
    int32_t k;            /* the smallest whose evidence lacks at most half a hundredth of the rise from one cluster to
                             the highest */
    int32_t runner_up;    /* a coarser answer: of the k that are at least a sixth smaller, that of the highest evidence;
                             where there is none, the highest of all others; 0: there is none */
    bool by_silhouette;   /* the evidence hardly rises from one cluster on (less than .1 a document): k is that of the
                             highest silhouette instead */
    int32_t least, most;  /* bounds of the search. All is 0 where there are not 3 different documents to choose for */
    sheaf_k_point curve[SHEAF_K_MOST + 1]; /* by k */
} sheaf_k_choice;

/* Chooses k on a sample of at most 50,000 documents: too many clusters by k-means, merged pair by pair and refined
   on the words, twice, and of the two the better at each k. Evidence: Dirichlet-multinomial, of weighted terms and
   cluster sizes (src/refine/evidence.h). */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_choose_k(sheaf_ctx *ctx, sheaf_k_choice *out, const sheaf_space *space,
                                                     const sheaf_terms *terms, const sheaf_cluster_opts *co,
                                                     const sheaf_refine_opts *ro);

/* ---- 7 scores ---------------------------------------------------------------------------------- */

typedef struct {
    int64_t n;
    int32_t classes, clusters;
    double ari, ami, nmi;   /* AMI, NMI with the arithmetic mean, as scikit-learn's defaults */
    double homogeneity, completeness, v, purity;
} sheaf_scores;

/* a: true labels, b: found; any integers. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_scores_compute(sheaf_ctx *ctx, sheaf_scores *out, const int32_t *a,
                                                           const int32_t *b, int64_t n);

/* The contingency table: rows are the distinct values of a, columns those of b, both rising. */
typedef struct sheaf_confusion sheaf_confusion;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_confusion_build(sheaf_ctx *ctx, sheaf_confusion **out, const int32_t *a,
                                                            const int32_t *b, int64_t n);
SHEAF_API void sheaf_confusion_free(sheaf_confusion *t);
SHEAF_API const int32_t *sheaf_confusion_classes(const sheaf_confusion *t, int32_t *n);  /* label values of the rows */
SHEAF_API const int32_t *sheaf_confusion_clusters(const sheaf_confusion *t, int32_t *n); /* ... of the columns */
SHEAF_API int64_t sheaf_confusion_class_size(const sheaf_confusion *t, int32_t row);
SHEAF_API int64_t sheaf_confusion_cluster_size(const sheaf_confusion *t, int32_t column);
SHEAF_API int64_t sheaf_confusion_count(const sheaf_confusion *t, int32_t row, int32_t column);
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_confusion_scores(const sheaf_confusion *t, sheaf_scores *out);

/* ---- 8 topics ---------------------------------------------------------------------------------- */

typedef struct {
    int32_t term;   /* from sheaf_terms_size(t) on it is the phrase `term` - sheaf_terms_size(t) */
    float score;
    int64_t docs;   /* of the cluster that hold it */
    sheaf_str text; /* its commonest spelling, borrowed from the terms or phrases */
} sheaf_topic_term;

typedef struct {
    size_t size;
    int32_t n_terms;   /* a cluster; default 10 */
    int32_t n_docs;    /* typical and borderline ones, each; default 5 */
} sheaf_topic_opts;

SHEAF_API void sheaf_topic_opts_init(sheaf_topic_opts *o, size_t size);

/* What a reader needs of each cluster, 1..k; documents of cluster 0 are left out. The terms and the clustering must
   be of the same documents, and so must the phrases: terms of two words (NULL: none), of which one is told in the place
   of words that hardly occur outside of it. Terms come best first, names of hosts and files left out: score is
   the z-score of the term's log-odds inside against outside the cluster times the logarithm of its lift (0 where all
   documents are one cluster). Both must outlive the topics. */
typedef struct sheaf_topics sheaf_topics;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_topics_build(sheaf_ctx *ctx, sheaf_topics **out,
                                                         const sheaf_clustering *c, const sheaf_terms *t,
                                                         const sheaf_terms *phrases, const sheaf_topic_opts *o);
SHEAF_API void sheaf_topics_free(sheaf_topics *t);
SHEAF_API int32_t sheaf_topics_k(const sheaf_topics *t);
/* Up to 4 words or phrases "a, b, c, d" in their commonest spelling, without 's; "cluster 3" where no word serves. No
   two names are the same, and none has a word of another unless it would be empty. */
SHEAF_API const char *sheaf_topics_name(const sheaf_topics *t, int32_t cluster);
/* Share of the cluster's documents that hold something of its name; share of the documents in clusters that do so
   which is in this one. NaN where there is no document to judge by. */
SHEAF_API double sheaf_topics_coverage(const sheaf_topics *t, int32_t cluster);
SHEAF_API double sheaf_topics_exclusivity(const sheaf_topics *t, int32_t cluster);
/* Of the cluster's ten best words: normalised pointwise mutual information in whole documents, mean over the pairs,
   from -1 (never together) over 0 (as by chance) to 1 (only together), NaN of fewer than two; share that no other
   cluster has among its ten. */
SHEAF_API double sheaf_topics_coherence(const sheaf_topics *t, int32_t cluster);
SHEAF_API double sheaf_topics_distinctness(const sheaf_topics *t, int32_t cluster);
/* Mean over its documents of sheaf_terms_unknown; NaN where that tells of none. */
SHEAF_API double sheaf_topics_unknown(const sheaf_topics *t, int32_t cluster);
/* Different words among the ten best of all clusters, as a share. */
SHEAF_API double sheaf_topics_diversity(const sheaf_topics *t);
SHEAF_API const sheaf_topic_term *sheaf_topics_terms(const sheaf_topics *t, int32_t cluster, int32_t *n);
/* Documents of the best fit, best first; of the smallest margin, smallest first. */
SHEAF_API const int64_t *sheaf_topics_typical(const sheaf_topics *t, int32_t cluster, int32_t *n);
SHEAF_API const int64_t *sheaf_topics_borderline(const sheaf_topics *t, int32_t cluster, int32_t *n);
SHEAF_API double sheaf_topics_tightness(const sheaf_topics *t, int32_t cluster);  /* mean fit of its documents */
/* NaN and "" of no documents; "tight" from .65, "loose" below .50, else "mixed"; for distances, within .75 and beyond
   1.25 of their mean. */
SHEAF_API const char *sheaf_topics_tightness_word(const sheaf_topics *t, int32_t cluster);

/* Latent dimensions as topics: what lies farthest out on each, sign kept, by falling magnitude. */
typedef struct {
    int32_t term;
    float weight;    /* its entry in V */
} sheaf_dim_term;

typedef struct {
    int64_t doc;
    float loading;   /* its coordinate, U sigma */
} sheaf_dim_doc;

typedef struct sheaf_dims sheaf_dims;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_dims_build(sheaf_ctx *ctx, sheaf_dims **out, const sheaf_space *s,
                                                       int32_t n_terms, int32_t n_docs);
SHEAF_API void sheaf_dims_free(sheaf_dims *d);
SHEAF_API int32_t sheaf_dims_count(const sheaf_dims *d);
/* Dimensions count from 0. */
SHEAF_API const sheaf_dim_term *sheaf_dims_terms(const sheaf_dims *d, int32_t dim, int32_t *n);
SHEAF_API const sheaf_dim_doc *sheaf_dims_docs(const sheaf_dims *d, int32_t dim, int32_t *n);

/* ---- 9 fit: the whole main job ----------------------------------------------------------------- */

typedef enum { /* where to stop: what comes later stays NULL in the model */
    SHEAF_FIT_ALL = 0,
    SHEAF_FIT_TERMS,
    SHEAF_FIT_MATRIX, /* the only stage that keeps the matrix */
    SHEAF_FIT_SPACE
} sheaf_fit_stage;

/* Holds the other options by value: compile against the header of the library that you link. */
typedef struct {
    size_t size;
    sheaf_read_opts read;
    sheaf_text_opts text;
    sheaf_weight_opts weight;
    sheaf_space_opts space;
    sheaf_cluster_opts cluster;
    sheaf_refine_opts refine;
    sheaf_stability_opts stability;
    sheaf_topic_opts topic;
    bool phrases;             /* of two words, for refinement and names; default true */
    sheaf_fit_stage stage;    /* default SHEAF_FIT_ALL. Here read.keep_text is false and both seeds 1 by default */
    const char *wanted;       /* NULL, or an id that has to be there: else SHEAF_EINVAL before anything is fitted */
    const char *vectors;      /* NULL, or a .npy file (2-dimensional, float32 or float64, little-endian, in C order)
                                 whose rows are clustered, by sheaf_cluster_vectors, instead of the latent space, and
                                 not refined (a note says so). Row i is of the i-th document in the order of the inputs;
                                 those skipped and those beyond max_docs have rows too. Stage SHEAF_FIT_ALL; there is
                                 then no space. Rows of zeros: cluster 0 */
    const char *vector_ids;   /* NULL, or a file with the id of each row, one a line, instead of that order; rows of
                                 documents that there are not are left out */
    double min_fit;           /* documents whose fit, a cosine, is below go to cluster 0 in the end: sizes are without
                                 them, numbers and centres stay; see sheaf_clustering_reason. Default 0: off */
} sheaf_fit_opts;

SHEAF_API void sheaf_fit_opts_init(sheaf_fit_opts *o, size_t size);

typedef struct sheaf_model sheaf_model;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_model_fit(sheaf_ctx *ctx, sheaf_model **out, const char *const *inputs,
                                                      int64_t n_inputs, const sheaf_fit_opts *o);
SHEAF_API void sheaf_model_free(sheaf_model *m);
/* The parts, each borrowed; NULL where the stage was not reached. clustering and topics are also NULL for two or three
   documents, which are too few to cluster: then sheaf_model_pairs gives their similarities. */
SHEAF_API const sheaf_corpus *sheaf_model_corpus(const sheaf_model *m);
SHEAF_API const sheaf_terms *sheaf_model_terms(const sheaf_model *m);
SHEAF_API const sheaf_terms *sheaf_model_phrases(const sheaf_model *m); /* NULL where there are no clusters */
SHEAF_API const sheaf_space *sheaf_model_space(const sheaf_model *m);
SHEAF_API const sheaf_clustering *sheaf_model_clustering(const sheaf_model *m);
SHEAF_API const sheaf_topics *sheaf_model_topics(const sheaf_model *m);
/* How k was chosen; NULL: it was given, or chosen without the words. */
SHEAF_API const sheaf_k_choice *sheaf_model_k_choice(const sheaf_model *m);
SHEAF_API const sheaf_matrix *sheaf_model_matrix(const sheaf_model *m);
SHEAF_API sheaf_weight sheaf_model_weight(const sheaf_model *m);  /* the weighting that was used */

typedef struct {
    int64_t a, b;      /* documents, a < b */
    double similarity; /* cosine of their weighted rows, 0 .. 1 */
} sheaf_pair;

/* Most similar first; *n is 0 unless there are two or three documents and the stage is SHEAF_FIT_ALL. */
SHEAF_API const sheaf_pair *sheaf_model_pairs(const sheaf_model *m, int32_t *n);

/* A result held against true labels, joined by id. */
typedef struct sheaf_eval sheaf_eval;

typedef struct {
    const char *id;      /* NULL: "id", else the first column */
    const char *cluster; /* of the result; NULL: "cluster" */
    const char *label;   /* of gold (or of the result, without gold); NULL: "label", else gold's only other column */
    const char *result_name, *gold_name; /* for messages; NULL: "result", "gold" */
} sheaf_eval_fields;

typedef struct {
    int64_t scored, only_result, only_gold; /* documents; those without a label are not scored ... */
    int64_t unlabelled;                     /* ... but counted here */
} sheaf_eval_counts;

/* gold NULL: the labels stand in the result. fields NULL: all as guessed. Fails when a column is missing (lists those
   there are), when an id stands twice (names it), when no document can be scored. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_eval_tables(sheaf_ctx *ctx, sheaf_eval **out, const sheaf_table *result,
                                                        const sheaf_table *gold, const sheaf_eval_fields *fields);
SHEAF_API void sheaf_eval_free(sheaf_eval *e);
SHEAF_API sheaf_scores sheaf_eval_scores(const sheaf_eval *e);
SHEAF_API sheaf_eval_counts sheaf_eval_documents(const sheaf_eval *e);
/* i-th cell of the confusion table, most documents first; returns false past the end. */
SHEAF_API bool sheaf_eval_confusion(const sheaf_eval *e, int64_t i, sheaf_str *label, sheaf_str *cluster,
                                    int64_t *docs);

typedef struct {
    int64_t p, q; /* p / q; q <= 1,000,000 */
} sheaf_ratio;

/* Clusters of two runs over much the same documents: which of the new ones is which of the old. Two are matched only if
   they share at least min_share of the documents of each; of all ways to match one to one so, one that keeps the most
   documents together is taken, ties by the numbers. Only documents of both runs count, and cluster 0 is none. */
typedef struct sheaf_align sheaf_align;

typedef struct {
    size_t size;
    sheaf_ratio min_share;      /* 0 < p <= q <= 1,000,000; default 3/10 */
    const char *id;             /* columns of both tables. NULL: "id", else the first */
    const char *cluster;        /* NULL: "cluster" */
    const sheaf_table *old_names, *new_names; /* "cluster" and "name" of each run, as sheaf_write_clusters writes them;
                                                 NULL: column "cluster_name" of the run, if there is one */
    const char *old_name, *new_name; /* the tables', for messages; NULL: "old", "new" */
    int32_t highest;            /* given in earlier runs: no number up to it is given anew, nor any of the old run's;
                                   default 0 */
} sheaf_align_opts;

SHEAF_API void sheaf_align_opts_init(sheaf_align_opts *o, size_t size);

/* A cluster of the old run or one of the new that matches none. */
typedef struct {
    int32_t old_cluster, new_cluster;   /* 0: none */
    int32_t number;                     /* in the aligned result: the old one, or, of a cluster that is new, one above
                                           all that have been given; 0: it is gone */
    int64_t old_docs, new_docs;         /* in each run ... */
    int64_t old_common, new_common;     /* ... of which in both */
    int64_t shared;
    double jaccard;                     /* shared over all that are in either, of the documents in both runs */
    bool split, merged;                 /* it, or what it is a part of, was split or merged, see the counts */
} sheaf_align_row;

/* Where the documents of a cluster are in the other run: clusters that share at least min_share of the smaller. */
typedef struct {
    int32_t cluster;                    /* as that run numbers it */
    int64_t docs;
    double share;                       /* of those that are in both runs */
} sheaf_align_part;

typedef struct {
    int64_t both, only_old, only_new;   /* documents */
    int64_t kept_docs;                  /* in clusters that were matched with each other */
    int64_t old_unplaced, new_unplaced; /* in cluster 0 */
    int32_t kept, died, born;           /* clusters */
    int32_t split, merged;              /* old ones of which a tenth or more lies in other parts than the largest, new
                                           ones with a tenth or more from others than the largest */
    int32_t highest;                    /* number ever given, also in this result: for the options of the next */
} sheaf_align_counts;

/* a, b: clusters of n documents in the old and the new run; 0: in none, -1: the run does not have the document. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_align_labels(sheaf_ctx *ctx, sheaf_align **out, const int32_t *a,
                                                         const int32_t *b, int64_t n, const sheaf_align_opts *o);
/* Results of sheaf_write_documents, joined by id; a cluster of -1 or an empty one is 0. Numbers in columns "second" and
   "cluster_highest" of the old run count as given. Fails when a column is missing, an id stands twice, a cluster is no
   whole number from 0 on, or no document is in both. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_align_tables(sheaf_ctx *ctx, sheaf_align **out, const sheaf_table *old_run,
                                                         const sheaf_table *new_run, const sheaf_align_opts *o);
SHEAF_API void sheaf_align_free(sheaf_align *a);
/* Old clusters by number, then those that are new by number. */
SHEAF_API const sheaf_align_row *sheaf_align_rows(const sheaf_align *a, int64_t *n);
SHEAF_API sheaf_align_counts sheaf_align_quality(const sheaf_align *a);
/* Of a cluster of the old or of the new run, most documents first; *n is 0 for one that there is not. */
SHEAF_API const sheaf_align_part *sheaf_align_parts(const sheaf_align *a, bool of_new, int32_t cluster, int32_t *n);
SHEAF_API sheaf_str sheaf_align_name(const sheaf_align *a, bool of_new, int32_t cluster); /* empty: not known */
/* The number of a new cluster in the aligned result; 0: there is no such cluster. */
SHEAF_API int32_t sheaf_align_number(const sheaf_align *a, int32_t new_cluster);

/* ---- 10 near-duplicates ------------------------------------------------------------------------ */

/* The set of a document is that of its shingles: runs of `shingle` neighbouring words, folded but neither stemmed nor
   stopped, each counted once. A document of fewer words has one shingle of all of them; one without words has none and
   is like no other. Similarity is the exact Jaccard of two sets, compared as a fraction in integers: every pair at or
   above the threshold is found, and none below. */
typedef enum {
    SHEAF_SHINGLE_WORDS = 0,
    SHEAF_SHINGLE_CHARACTERS /* of the folded words, a space between them */
} sheaf_shingle_unit;
typedef enum { SHEAF_LINKAGE_STAR = 0, SHEAF_LINKAGE_CONNECTED } sheaf_linkage;
/* Which document of a group is kept; ties, and documents without the date or field, go by order of id. */
typedef enum {
    SHEAF_KEEP_FIRST = 0, /* by order of id */
    SHEAF_KEEP_LONGEST,   /* most words */
    SHEAF_KEEP_EARLIEST, SHEAF_KEEP_LATEST, /* by date */
    SHEAF_KEEP_CENTRAL,   /* most partners, where 1,000 count as no fewer than more: takes the time of finding pairs */
    SHEAF_KEEP_FIELD      /* least value of keep_field: decimal numbers exactly, however long, before others by bytes */
} sheaf_keep;

typedef struct {
    size_t size;
    sheaf_ratio threshold;      /* 0 < p <= q; default 4/5 */
    sheaf_ratio containment;    /* also pairs of which one has this share of its set in the other; p = 0: not */
    sheaf_shingle_unit unit;
    int32_t shingle;            /* 1..64; default 3 words */
    sheaf_ratio ignore_common;  /* shingles in more than this share of the documents count for nothing; default 1/1. A
                                   document of such ones alone is like those of the same words only */
    int64_t min_words;          /* shorter documents are compared with none; default 0 */
    double recall;              /* 1 (default): exact. Below: bands of hashes that find each pair at the threshold
                                   with at least this probability; a sample tells what was found */
    sheaf_linkage linkage;
    sheaf_keep keep;
    const char *keep_field;     /* a column of the corpus */
    double window;              /* seconds: only documents whose dates are at most so far apart; 0: all */
    const char *not_same_field; /* only documents that differ in this column, "label" or "title"; NULL: all */
    bool pairs;                 /* all pairs too: without them memory stays bounded by the documents; default false */
    uint64_t seed;              /* of recall; default 1 */
} sheaf_dups_opts;

SHEAF_API void sheaf_dups_opts_init(sheaf_dups_opts *o, size_t size);

/* Strongest first. */
typedef enum {
    SHEAF_DUP_IDENTICAL = 0, /* the same folded words in the same order */
    SHEAF_DUP_NEAR,          /* Jaccard at or above the threshold */
    SHEAF_DUP_CONTAINED,     /* below it, but of one document enough is in the other */
    SHEAF_DUP_LINKED         /* SHEAF_LINKAGE_CONNECTED: neither; other documents of the group connect the two */
} sheaf_dup_kind;

typedef struct {
    int64_t a, b;                    /* documents, a < b; with old documents b is one of those */
    int64_t shared, size_a, size_b;  /* shingles in both, and of each (without the common ones; 1 where all are) */
    int32_t group;                   /* of both, 0 where they are not in one */
    sheaf_dup_kind kind;
} sheaf_dup_pair;

typedef struct {
    int64_t kept;                    /* the document that every other one was held against */
    int64_t docs;                    /* with it */
    double lowest;                   /* similarity of any two; where more than 200 differ, of any with `kept` */
    sheaf_dup_kind kind;             /* the weakest of its members */
} sheaf_dup_group;

typedef struct { /* one a document; new documents first, then old ones */
    int32_t group;                   /* 1.. by falling size, ties by order of `kept`; 0: alone */
    bool dropped;
    int64_t partner;                 /* dropped: the kept document; kept: -1 */
    int64_t shared, size, partner_size;
    sheaf_dup_kind kind;             /* with the partner */
} sheaf_dup_doc;

typedef struct {
    int64_t docs, without_words;     /* all, old ones too; of which without a word */
    int64_t identical;               /* to an earlier one that stands for them */
    int64_t shingles, ignored;       /* of all sets; different ones left out as common */
    int64_t candidates, verified;    /* pairs looked at, pairs whose sets were compared */
    int64_t pairs;                   /* found; without `pairs` those that the groups needed */
    double recall, recall_low;       /* of a sample of pairs, and where it surely lies above (95 %); both 1 only where
                                        the search was exact, as it also is where that is expected to be faster */
    int64_t recall_sample;
} sheaf_dups_report;

/* Identical documents are one clique: each makes a pair with the first of them alone, and that one stands for all in
   the pairs with others. With a window or not_same_field only those of one date and one field are such a clique. Where
   they may not be pairs, as with old documents or not_same_field, each makes one with the first of every clique that it
   is a partner of: so every document that has a partner is named with one.
   Around a leader (SHEAF_LINKAGE_STAR): in the order of keeping, a document that has joined no group is kept, and those
   near to it that have joined none join it. With containment what was kept then joins the kept document of a larger
   set that holds most of it, if all that joined it are near to that one or contained in it. SHEAF_LINKAGE_CONNECTED:
   all that pairs connect, so what is dropped may be less like the kept one than the threshold says: such documents are
   `linked`. With old documents:
   a new one joins the old one it is most like, else the one that holds most of it.
   `c` and `w` are of the same documents, cut by the same analyzer as old ones. old_corpus and old_words (NULL: none):
   documents are held against those alone, and none of those is ever dropped. The result borrows all four. */
typedef struct sheaf_dups sheaf_dups;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_dups_find(sheaf_ctx *ctx, sheaf_dups **out, const sheaf_corpus *c,
                                                      const sheaf_words *w, const sheaf_corpus *old_corpus,
                                                      const sheaf_words *old_words, const sheaf_dups_opts *o);
SHEAF_API void sheaf_dups_free(sheaf_dups *d);
SHEAF_API const sheaf_dup_pair *sheaf_dups_pairs(const sheaf_dups *d, int64_t *n);   /* by a, b */
SHEAF_API const sheaf_dup_group *sheaf_dups_groups(const sheaf_dups *d, int64_t *n); /* group g is at g - 1 */
SHEAF_API const sheaf_dup_doc *sheaf_dups_docs(const sheaf_dups *d, int64_t *n);
SHEAF_API sheaf_dups_report sheaf_dups_quality(const sheaf_dups *d);
SHEAF_API bool sheaf_dups_is_old(const sheaf_dups *d, int64_t doc);
SHEAF_API sheaf_str sheaf_dups_id(const sheaf_dups *d, int64_t doc);

/* Passages: runs of words that stand in both of two documents. */
typedef struct {
    int64_t a, b;                    /* documents */
    int64_t word_a, word_b, words;   /* where the run begins, counted in words from 0, and its length */
    sheaf_span span_a, span_b;       /* the same in bytes of the texts; lengths 0 where no text was kept */
} sheaf_passage;

typedef struct sheaf_passages sheaf_passages;
/* What two documents share, for showing: the longest run, ties the earlier one in a, then in b; then the longest in
   what is left of both, and so on; none shorter than `least` words. By place in a. Documents are numbered as by
   sheaf_dups_find: those of old_corpus and old_words (NULL: none) behind the others. Corpora may be NULL: no bytes. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_passages_of_pair(sheaf_ctx *ctx, sheaf_passages **out,
                                                             const sheaf_corpus *c, const sheaf_words *w,
                                                             const sheaf_corpus *old_corpus,
                                                             const sheaf_words *old_words, int64_t a, int64_t b,
                                                             int64_t least);
/* Every run of at least `least` (2 or more) words that two documents share and that cannot be made longer, without
   missing one; with old documents, that a new and an old one share. Runs of `least` words that stand at more than
   `most` places, or at more than 3 of one document, are counted and lead to none (most 0: every run does). By a, b,
   place in a, place in b. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_passages_find(sheaf_ctx *ctx, sheaf_passages **out, const sheaf_corpus *c,
                                                          const sheaf_words *w, const sheaf_corpus *old_corpus,
                                                          const sheaf_words *old_words, int64_t least, int64_t most);
SHEAF_API void sheaf_passages_free(sheaf_passages *p);
SHEAF_API const sheaf_passage *sheaf_passages_list(const sheaf_passages *p, int64_t *n);
SHEAF_API int64_t sheaf_passages_left_out(const sheaf_passages *p); /* runs of `least` words */

/* Two documents word by word: what to delete from a and insert from b; no script has fewer words wherever 16,000 are
   enough, beyond that it may have more, and time stays bounded. */
typedef enum { SHEAF_DIFF_SAME = 0, SHEAF_DIFF_DELETED, SHEAF_DIFF_INSERTED } sheaf_diff_kind;
typedef struct {
    sheaf_diff_kind kind;
    int64_t word_a, word_b, words;   /* where it begins in both, and for how many words it goes on */
} sheaf_diff_run;
typedef struct sheaf_diff sheaf_diff;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_diff_docs(sheaf_ctx *ctx, sheaf_diff **out, const sheaf_words *w, int64_t a,
                                                      int64_t b);
SHEAF_API void sheaf_diff_free(sheaf_diff *d);
SHEAF_API const sheaf_diff_run *sheaf_diff_runs(const sheaf_diff *d, int64_t *n);
/* Whether that would find nothing to delete or insert: the words are the same but for case. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_same_words(sheaf_ctx *ctx, bool *same, const sheaf_words *w, int64_t a,
                                                       int64_t b);

/* ---- 11 similar documents ---------------------------------------------------------------------- */

typedef struct {
    int64_t doc;
    float score;
} sheaf_hit;

/* For each of m queries the n nearest of the rows of x (rows x d, ld; queries m x d, ldq) by dot product, score
   falling, ties by row; hits: m x n, filled up with doc -1 where there are fewer rows. exclude (NULL: none): a row for
   each query that is no answer. Never holds m x rows numbers. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_nearest_rows(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n, const float *x,
                                                         int64_t rows, int32_t d, int64_t ld, const float *queries,
                                                         int64_t m, int64_t ldq, const int64_t *exclude);
/* Each row's n nearest other rows: the n-nearest-neighbour graph. Computes each product once. hits: rows x n. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_nearest_graph(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n, const float *x,
                                                          int64_t rows, int32_t d, int64_t ld);
/* The same for rows of a sparse matrix (queries with the same columns; NULL: the graph of m itself, each row left out
   of its own answer). Only rows with a score above 0 are answers. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_nearest_sparse(sheaf_ctx *ctx, sheaf_hit *hits, int32_t n,
                                                           const sheaf_matrix *m, const sheaf_matrix *queries,
                                                           const int64_t *exclude);

/* Documents like a document or a text, or like each other, by the cosine of their weighted terms or of their latent
   vectors: the whole question answered, with the terms that carry each answer. */
typedef enum {
    SHEAF_SIMILAR_WORDS = 0, /* needs a model fitted to SHEAF_FIT_MATRIX */
    SHEAF_SIMILAR_LATENT     /* ... to SHEAF_FIT_SPACE; a text is folded in: its weights times V */
} sheaf_similar_space;

typedef struct {
    size_t size;
    sheaf_similar_space space;
    int32_t n;         /* nearest documents, at most all of them; default 10 */
    int32_t n_terms;   /* terms that are named of each; default 8 */
} sheaf_similar_opts;

SHEAF_API void sheaf_similar_opts_init(sheaf_similar_opts *o, size_t size);

typedef struct {
    int32_t term;
    float product; /* its part of the score. Words: the product of both weights, rows of length 1. Latent: half of what
                      it brings as a term of the question and half as one of the hit, that is its weight there times the
                      product of its row of V with the other's latent vector, for vectors of length 1; so terms of only
                      one of the two count as well. The parts of all terms add up to the score */
} sheaf_shared_term;

/* Score falling, ties by order of id; none at or below 0. The result borrows the model. */
typedef struct sheaf_similar sheaf_similar;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_similar_doc(sheaf_ctx *ctx, sheaf_similar **out, const sheaf_model *m,
                                                        int64_t doc, const sheaf_similar_opts *o);
/* `to`: the options that the model's terms were built with. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_similar_text(sheaf_ctx *ctx, sheaf_similar **out, const sheaf_model *m,
                                                         sheaf_str text, const sheaf_text_opts *to,
                                                         const sheaf_similar_opts *o);
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_similar_all(sheaf_ctx *ctx, sheaf_similar **out, const sheaf_model *m,
                                                        const sheaf_similar_opts *o);
SHEAF_API void sheaf_similar_free(sheaf_similar *s);
/* Of the query, or of a document if all were asked for; *n of them. */
SHEAF_API const sheaf_hit *sheaf_similar_hits(const sheaf_similar *s, int64_t doc, int32_t *n);
/* The terms that carry the i-th hit, parts above 0, largest first, ties by term; *n is 0 if all were asked for. */
SHEAF_API const sheaf_shared_term *sheaf_similar_shared(const sheaf_similar *s, int32_t i, int32_t *n);
/* The text's words; NULL if it was none. */
SHEAF_API const sheaf_query *sheaf_similar_query(const sheaf_similar *s);
/* The place of a document by its id, -1: there is none. Then *nearest (may be NULL) is the one with the most similar
   id, or -1 if none is near. */
SHEAF_API int64_t sheaf_corpus_find(const sheaf_corpus *c, sheaf_str id, int64_t *nearest);

/* ---- 12 bench: verify, then time --------------------------------------------------------------- */

/* Kernels alone and stages from bytes on disk, each verified first (a failure is SHEAF_EBUG and nothing is timed), then
   warmed up and timed at least 7 times, and held against limits of the machine that are measured in the same run. */
typedef struct sheaf_bench sheaf_bench;

typedef enum { SHEAF_BENCH_LIMIT = 0, SHEAF_BENCH_KERNEL, SHEAF_BENCH_STAGE } sheaf_bench_kind;

typedef struct {
    size_t size;
    const char *const *names; /* what to run, of sheaf_bench_name; NULL: everything */
    int32_t n_names;
    int32_t repeats;          /* default 7, which is also the least */
    bool quick;               /* small sizes: for looking whether it works, not for figures to quote */
    bool all_kernels;         /* every table of kernels that the processor runs, not only the one in use */
    const char *input;        /* documents for the stages, as sheaf_corpus_read takes them; NULL: made up from seed */
    int32_t dims, k;          /* of the stages; defaults 100 and 20 */
    uint64_t seed;            /* default 1 */
} sheaf_bench_opts;

SHEAF_API void sheaf_bench_opts_init(sheaf_bench_opts *o, size_t size);
SHEAF_API const char *sheaf_bench_name(int32_t i, const char **purpose); /* NULL past the last one */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_bench_run(sheaf_ctx *ctx, sheaf_bench **out, const sheaf_bench_opts *o);
/* What sheaf_write_bench has written as JSON. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_bench_read(sheaf_ctx *ctx, sheaf_bench **out, const char *path);
SHEAF_API void sheaf_bench_free(sheaf_bench *b);

/* Names, sizes, quality and verification are the same in every run and at any number of threads; the rest is
   measured. */
typedef struct {
    sheaf_bench_kind kind;
    const char *name, *kernels, *size;      /* "spmm", "avx512", "5.4M nonzeros x 16"; kernels "" where none */
    int32_t runs;
    double median, min, max, spread;        /* seconds; spread: distance of the quartiles over the median */
    double rate;                            /* from the median, of a limit from the fastest run */
    const char *unit;                       /* of the rate: "GFLOP/s" */
    double bytes, flops;                    /* streamed and computed by one execution ... */
    double lines_l1, lines_l2, lines_l3;    /* ... and lines of 64 bytes gathered, by where they lie */
    double lines_memory;
    double bound;                           /* seconds that the limits ask for; 0: none is known */
    const char *limit;                      /* the limit that binds: L1 L2 L3 memory gather flops file memchr; or "" */
    double share, of_sgemm;                 /* bound over median; flops over those of OpenBLAS */
    const char *quality;                    /* "residual", "inertia" ...; or "" */
    double value, allowed;                  /* the quality; what verification asked for, 0: nothing */
    bool verified;
} sheaf_bench_row;

SHEAF_API const sheaf_bench_row *sheaf_bench_rows(const sheaf_bench *b, int64_t *n);
/* Machine, build, BLAS, kernels and threads as "key: value" lines. */
SHEAF_API const char *sheaf_bench_machine(const sheaf_bench *b);

typedef enum { SHEAF_BENCH_SAME = 0, SHEAF_BENCH_FASTER, SHEAF_BENCH_SLOWER,
               SHEAF_BENCH_WORSE,           /* of worse quality than before, however fast */
               SHEAF_BENCH_UNMATCHED        /* the old run has nothing of this size and kernel */
} sheaf_bench_verdict;

typedef struct {
    const char *name, *kernels, *size, *quality;
    double old_seconds, new_seconds;        /* medians */
    double change, low, high;               /* new over old less 1, and the interval of 95 % of it */
    double old_value, new_value;            /* the quality */
    sheaf_bench_verdict verdict;
} sheaf_bench_change;

typedef struct {
    size_t size;
    double fail_above;                      /* a greater change is SLOWER if low > 0 too; default .1. FASTER alike */
    bool anyway;                            /* compare though machine, build, kernels or threads differ */
} sheaf_bench_compare_opts;

/* Kernels and stages of `b` held against those of an earlier run. Fails with SHEAF_EINVAL where the runs differ in
   machine, build, kernels or threads (says in what; with `anyway` a note), and where nothing can be compared. Notes
   tell of what only the old run has, and of qualities that are no longer the same. Borrows the texts of both. */
typedef struct sheaf_bench_comparison sheaf_bench_comparison;
SHEAF_API void sheaf_bench_compare_opts_init(sheaf_bench_compare_opts *o, size_t size);
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_bench_compare(sheaf_ctx *ctx, sheaf_bench_comparison **out,
                                                          const sheaf_bench *old, const sheaf_bench *b,
                                                          const sheaf_bench_compare_opts *o);
/* Before anything is measured: whether a run of `ctx` on this machine could be compared with `old`. Fails as
   sheaf_bench_compare would; never with `anyway`. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_bench_comparable(sheaf_ctx *ctx, const sheaf_bench *old,
                                                             const sheaf_bench_compare_opts *o);
SHEAF_API void sheaf_bench_comparison_free(sheaf_bench_comparison *c);
SHEAF_API const sheaf_bench_change *sheaf_bench_changes(const sheaf_bench_comparison *c, int64_t *n);

/* ---- 13 output --------------------------------------------------------------------------------- */

typedef enum {
    SHEAF_FORMAT_TABLE = 0, /* for people: aligned columns */
    SHEAF_FORMAT_TSV,       /* header; tab, newline, CR and backslash inside a field as \t \n \r \\ */
    SHEAF_FORMAT_CSV,       /* RFC 4180 */
    SHEAF_FORMAT_JSONL,     /* one object a row */
    SHEAF_FORMAT_JSON       /* one object with "schema" and "rows" */
} sheaf_format;

/* Takes n bytes; nonzero return: writing failed. */
typedef int (*sheaf_write_fn)(void *user, const void *bytes, size_t n);

/* A file that appears under its name only when complete. path "-": standard output. */
typedef struct sheaf_out sheaf_out;
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_out_open(sheaf_ctx *ctx, sheaf_out **out, const char *path);
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_out_callback(sheaf_ctx *ctx, sheaf_out **out, sheaf_write_fn fn,
                                                         void *user);
/* Flushes, checks, renames; frees `o` in every case. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_out_close(sheaf_out *o);
/* Leaves no trace of the unfinished file. NULL is fine. */
SHEAF_API void sheaf_out_discard(sheaf_out *o);

typedef struct {
    size_t size;
    sheaf_format format;        /* default SHEAF_FORMAT_TSV */
    bool header;                /* table, TSV, CSV: a line of names first; default true */
    int32_t width;              /* table: columns of the terminal; longer lines are cut. 0: no limit */
    bool color;                 /* table: escape codes; default false */
    int64_t max_rows;           /* 0: all */
    const char *const *columns; /* fields to write, in this order; NULL: all */
    int32_t n_columns;
    bool provenance;            /* JSON: how it was made; default true */
    const char *command, *date; /* of the provenance; NULL: left out */
    const int32_t *cuts;        /* documents: numbers of groups, see sheaf_clustering_cut; at most SHEAF_CUTS_MOST */
    int32_t n_cuts;
} sheaf_write_opts;
#define SHEAF_CUTS_MOST 16

SHEAF_API void sheaf_write_opts_init(sheaf_write_opts *o, size_t size);

/* Each writes one result to `o`, to be closed by the caller; opts NULL: defaults. Field names are stable; JSON begins
   {"schema":"sheaf.NAME/1". Reals have a fixed number of digits and a point in every locale. In the flat formats a
   list is joined by ", " (terms) or "; " (ids). Unknown names in opts->columns fail with a list of the known ones. */

/* cluster/1, a row a document in order of id: id cluster fit margin second unknown (as sheaf_terms_unknown), then
   label, title, date and the user's own columns where there are any. With min_fit of sheaf_fit_opts, or by name, reason
   behind unknown, as sheaf_clustering_reason has it; by name, cluster_name; for every K of opts->cuts, cluster_K: the
   group that the document is in when there are K, 0 if it is in none. An own column with a name of ours gets "input_"
   in front. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_documents(sheaf_out *o, const sheaf_model *m,
                                                            const sheaf_write_opts *opts);
/* clusters/1: cluster docs fit tightness stability coverage exclusivity coherence distinctness unknown name terms
   typical borderline; documents without a known word are the last row, cluster 0. In JSON terms are {term, score,
   docs}, typical and borderline {id, fit}, and diversity stands before the rows; so does, where the words chose k,
   k_choice: k runner_up least most rule. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_clusters(sheaf_out *o, const sheaf_model *m,
                                                           const sheaf_write_opts *opts);
/* tree/1, a row a step of sheaf_clustering_merges: step k left right loss docs left_names right_names. k: groups after
   it; docs: as in the clusters, without cluster 0. JSON tells before the rows by what they were joined_by, "words" or
   "centres". Names: those of the clusters in the two nodes, in JSON {name, cluster}. No rows where there is no tree. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_tree(sheaf_out *o, const sheaf_model *m,
                                                       const sheaf_write_opts *opts);
/* k/1, a row a k that was looked at: k evidence silhouette agreement what ("choice", "runner-up" or ""). No rows where
   the words did not choose k. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_k(sheaf_out *o, const sheaf_model *m, const sheaf_write_opts *opts);
/* similarity/1: similarity id other; for models with pairs. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_pairs(sheaf_out *o, const sheaf_model *m,
                                                        const sheaf_write_opts *opts);
/* topics/1, a row a dimension: topic sigma share terms documents; the n_terms and n_docs of largest absolute weight.
   share: sigma^2 over that of all dimensions kept. A loading is the document's entry of U sigma. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_latent_topics(sheaf_out *o, const sheaf_model *m, int32_t n_terms,
                                                                int32_t n_docs, const sheaf_write_opts *opts);
/* loadings/1, a row a document: id t1 t2 ... */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_loadings(sheaf_out *o, const sheaf_model *m,
                                                           const sheaf_write_opts *opts);
/* eval/1, one record: documents only_result only_gold unlabelled classes clusters ari ami nmi homogeneity completeness
   v purity. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_scores(sheaf_out *o, const sheaf_eval *e,
                                                         const sheaf_write_opts *opts);
/* confusion/1: label cluster docs of_label of_cluster; most documents first. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_confusion(sheaf_out *o, const sheaf_eval *e,
                                                            const sheaf_write_opts *opts);
/* align/1, a row a cluster: old new number what shared jaccard docs_old docs_new name_old name_new to from. what:
   kept, died or born, then ", split" and ", merged"; to and from: parts of the old cluster in the new run and of the
   new one in the old, in JSON {cluster, docs, share}. JSON has the counts before the rows. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_align(sheaf_out *o, const sheaf_align *a,
                                                        const sheaf_write_opts *opts);
/* The table of the new run with the numbers of the aligned result in the column of clusters, where it is one of
   sheaf_write_documents also in `second`, and in columns of groups ("cluster_5") that the old run has too, each aligned
   by itself; with "cluster_name" behind, or in its place, where names are known: that of the old run if it has one.
   Where the highest number ever given has no documents left, or if asked for, "cluster_highest" hands it on to
   sheaf_align_tables. All else stays; numbers in JSON as they were written, the cells of other columns as texts.
   new_run: as for sheaf_align_tables; ao: NULL or those. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_aligned(sheaf_out *o, const sheaf_align *a,
                                                          const sheaf_table *new_run, const sheaf_align_opts *ao,
                                                          const sheaf_write_opts *opts);
/* info/1, one record: what was read and what became of it. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_info(sheaf_out *o, const sheaf_model *m,
                                                       const sheaf_write_opts *opts);
/* skipped/1: place reason. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_skipped(sheaf_out *o, const sheaf_corpus *c,
                                                          const sheaf_write_opts *opts);
/* similar/1, a row a hit: rank score id terms, then title where there are any; JSON tells before the rows how many
   words the text has, how many are unknown and which. For results of sheaf_similar_all graph/1, a row a hit: id partner
   score rank; or edges/1, every pair of which one is among the nearest of the other, once: id partner score. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_similar(sheaf_out *o, const sheaf_similar *s, bool edges,
                                                          const sheaf_write_opts *opts);
/* One record from "key: value" lines, as sheaf_describe gives them. schema: "sheaf.NAME/1". */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_properties(sheaf_ctx *ctx, sheaf_out *o, const char *schema,
                                                             const char *lines, const sheaf_write_opts *opts);
/* bench/1, a row a limit, kernel or stage: the fields of sheaf_bench_row. The machine goes first in a table, is an
   object in JSON, and is repeated in the rows of the other formats. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_bench(sheaf_out *o, const sheaf_bench *b,
                                                        const sheaf_write_opts *opts);
/* bench-changes/1: the fields of sheaf_bench_change. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_bench_changes(sheaf_out *o, const sheaf_bench_comparison *c,
                                                                const sheaf_bench *b, const sheaf_write_opts *opts);
/* What sheaf_dups_find and sheaf_passages_find were called with. An old document whose id a new one has too is called
   old:ID in all that follows. */
typedef struct {
    size_t size;
    const sheaf_corpus *corpus, *old_corpus; /* old ones NULL where there were none */
    const sheaf_words *words, *old_words;
    int32_t run;       /* words count as shared in runs of so many; default 3 */
    int64_t passage;   /* JSON of pairs: shared passages of so many words, where texts were kept; default 8, 0: none */
    const sheaf_dups_opts *opts; /* JSON tells of them; NULL: it does not */
} sheaf_dups_source;
SHEAF_API void sheaf_dups_source_init(sheaf_dups_source *s, size_t size);

/* dup-groups/1: group docs lowest kind keep earliest example members; in TSV and CSV dup-members/1, a row a member:
   group id role kind jaccard partner docs lowest, and date where there are dates. role: kept or dropped. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_dup_groups(sheaf_out *o, const sheaf_dups *d,
                                                             const sheaf_dups_source *s,
                                                             const sheaf_write_opts *opts);
/* dup-pairs/1: id partner group kind jaccard id_in_partner partner_in_id shared_words longest_run role; for results
   with pairs. id_in_partner: share of id's shingles that partner has; shared_words: words of id in runs that partner
   has; role: of id; partner_role, in JSON or by name. In JSON also passages, with bytes in both texts. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_dup_pairs(sheaf_out *o, const sheaf_dups *d,
                                                            const sheaf_dups_source *s, const sheaf_write_opts *opts);
/* kept/1, the documents that stay: id, label, title, date, own columns, and, in JSON and CSV, text where it was kept.
   dropped/1: between id and those partner group kind jaccard id_in_partner partner_in_id; partner is kept. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_dup_documents(sheaf_out *o, const sheaf_dups *d,
                                                                const sheaf_dups_source *s, bool kept,
                                                                const sheaf_write_opts *opts);
/* flow/1: from to documents median_delay (seconds): of each group the earliest document is the source of the others;
   by the column `field`, "label" or "title". Most documents first. Documents without a date are left out. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_dup_flow(sheaf_out *o, const sheaf_dups *d,
                                                           const sheaf_dups_source *s, const char *field,
                                                           const sheaf_write_opts *opts);
/* passages/1: id partner words id_word partner_word id_start id_bytes partner_start partner_bytes text; bytes and text
   (of id) where texts were kept. JSON has left_out, as sheaf_passages_left_out. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_passages(sheaf_out *o, const sheaf_passages *p,
                                                           const sheaf_dups_source *s, const sheaf_write_opts *opts);

typedef struct {
    size_t size;
    bool passages;      /* what both share instead of what differs */
    bool side_by_side;  /* table: two columns within opts->width */
    int64_t least;      /* words of a passage; default 8 */
    int64_t context;    /* inline: words shown before and behind a change; default 20, 0: all */
} sheaf_diff_view;
SHEAF_API void sheaf_diff_view_init(sheaf_diff_view *v, size_t size);

/* Two documents of a corpus with its texts. Table: a line of figures, then the text with [-what is deleted-]{+what is
   inserted+}, or the passages. Other formats, diff/1: kind a_word a_words b_word b_words a_start a_bytes b_start
   b_bytes text, kind: same deleted inserted passage; JSON has the figures a_in_b b_in_a (shares of the words; null
   of none) and longest_run. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_diff(sheaf_out *o, const sheaf_corpus *c, const sheaf_words *w,
                                                       int64_t a, int64_t b, const sheaf_diff_view *v,
                                                       const sheaf_write_opts *opts);
/* Names of the rows (ids) or columns (terms) of the model's matrix, one a line, as TSV escapes them. */
SHEAF_API SHEAF_MUST_USE sheaf_status sheaf_write_names(sheaf_out *o, const sheaf_model *m, bool columns);

#ifdef __cplusplus
}
#endif
#endif
