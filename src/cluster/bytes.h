/* Rows kept a second time in bytes, by which k-means labels most of them without reading the floats. */
#ifndef SHEAF_CLUSTER_BYTES_H
#define SHEAF_CLUSTER_BYTES_H

#include "cluster/kmeans.h"
#include "kernel/kernel.h"

/* For a run whose centres are set. *out is NULL where it would not pay, or there is no memory for it. coarse: the
   kernel, NULL where there is none. */
void sheaf_i_bytes_new(sheaf_i_bytes **out, const sheaf_i_kmeans *m, sheaf_i_coarse_fn *coarse);
void sheaf_i_bytes_free(sheaf_i_bytes *b);

/* Makes the bytes of rows lo .. hi - 1, once. */
void sheaf_i_bytes_fill(sheaf_i_bytes *b, const sheaf_i_points *p, int64_t lo, int64_t hi);
/* Takes over the centres: before each pass. */
sheaf_status sheaf_i_bytes_centres(sheaf_i_bytes *b, const sheaf_i_kmeans *m);
/* The nearest centres of rows lo .. hi - 1, at most SHEAF_I_BYTES_ROWS of them. */
#define SHEAF_I_BYTES_ROWS 480
void sheaf_i_bytes_assign(sheaf_i_bytes *b, const sheaf_i_kmeans *m, int64_t lo, int64_t hi, int32_t worker,
                          int32_t *label);
/* Whether the pass over all n rows since then was cheaper than one in float. */
bool sheaf_i_bytes_pay(const sheaf_i_bytes *b, int64_t n);

#endif
