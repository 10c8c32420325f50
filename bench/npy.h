/* NumPy arrays in files (.npy 1.0, little-endian, row-major): what the programs here hand to Python and back. */
#ifndef NPY_H
#define NPY_H

#include <stdbool.h>
#include <stdint.h>

typedef enum { NPY_F32 = 0, NPY_F64, NPY_I32 } npy_type;

/* rows x cols, or rows when cols is 0. The path is PREFIX.NAME.npy. False: errno tells. */
bool npy_save(const char *prefix, const char *name, npy_type type, const void *data, int64_t rows, int64_t cols);
/* A matrix of float32, to be freed; NULL: cannot be read or is something else. */
float *npy_load(const char *path, int64_t *rows, int64_t *cols);

#endif
