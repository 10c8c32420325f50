/* The matrix that the kernels of sparse times dense are measured on, and what a product with it does. */
#ifndef SHEAF_MEASURE_SPARSE_H
#define SHEAF_MEASURE_SPARSE_H

#include "matrix/csr.h"
#include "measure/measure.h"

sheaf_status sheaf_i_sparse_make(const sheaf_i_run *r, sheaf_matrix **out);
/* Adds a product with b columns, which reads each_nonzero bytes of the matrix a nonzero; columns: of all its
   nonzeros. */
sheaf_status sheaf_i_sparse_work(const sheaf_i_run *r, const sheaf_matrix *a, const int32_t *columns, int32_t b,
                                 double each_nonzero, sheaf_i_work *w);

#endif
