/* Rows kept a second time in bytes, by which k-means labels most of them without reading the floats. */
#ifndef SHEAF_CLUSTER_BYTES_H
#define SHEAF_CLUSTER_BYTES_H

#include "cluster/kmeans.h"

/* For a run whose centres are set. *out is NULL where it would not pay, or there is no memory for it. */
void sheaf_i_bytes_new(sheaf_i_bytes **out, const sheaf_i_kmeans *m);
void sheaf_i_bytes_free(sheaf_i_bytes *b);

/* Makes the bytes of rows lo .. hi - 1, once. */
void sheaf_i_bytes_fill(sheaf_i_bytes *b, const sheaf_i_points *p, int64_t lo, int64_t hi);
/* Takes over the centres: before each pass. */
sheaf_status sheaf_i_bytes_centres(sheaf_i_bytes *b, const sheaf_i_kmeans *m);
/* The nearest centres of rows lo .. hi - 1, at most SHEAF_I_BYTES_ROWS of them. */
#define SHEAF_I_BYTES_ROWS 480
void sheaf_i_bytes_assign(sheaf_i_bytes *b, const sheaf_i_kmeans *m, int64_t lo, int64_t hi, int32_t worker,
                          int32_t *label);

#endif
