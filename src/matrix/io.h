/* Matrices in files: what the formats share. Readers work on the whole file in memory (the fuzz targets start
   there); `name` is the file's name for messages. All of it is hostile. */
#ifndef SHEAF_MATRIX_IO_H
#define SHEAF_MATRIX_IO_H

#include "matrix/csr.h"

sheaf_status sheaf_i_npz_read(sheaf_ctx *ctx, sheaf_matrix **out, const char *name, const void *bytes, size_t n);
sheaf_status sheaf_i_mtx_read(sheaf_ctx *ctx, sheaf_matrix **out, const char *name, const void *bytes, size_t n);
/* *labels may be NULL; it gets one int32 a row, from sheaf_i_array. */
sheaf_status sheaf_i_svm_read(sheaf_ctx *ctx, sheaf_matrix **out, int32_t **labels, const char *name,
                              const void *bytes, size_t n);

sheaf_status sheaf_i_npz_write(sheaf_ctx *ctx, sheaf_out *o, const sheaf_matrix *m);
sheaf_status sheaf_i_mtx_write(sheaf_out *o, const sheaf_matrix *m);
sheaf_status sheaf_i_svm_write(sheaf_out *o, const sheaf_matrix *m, const int32_t *labels);

/* Refuses a shape that the entries do not warrant: a few bytes must not ask for gigabytes. */
sheaf_status sheaf_i_check_shape(sheaf_ctx *ctx, const char *name, int64_t rows, int64_t cols, int64_t entries);

/* Makes a matrix of entries that stand in the right rows: sorts rows that need it, adds up repeated columns, checks
   range and finiteness. */
sheaf_status sheaf_i_matrix_tidy(sheaf_ctx *ctx, sheaf_matrix *m, const sheaf_i_csr *part, const char *name);

#endif
