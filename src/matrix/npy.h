/* Arrays in .npy (NumPy's format 1.0 to 3.0): their heads, also inside of .npz, and dense ones in files. */
#ifndef SHEAF_MATRIX_NPY_H
#define SHEAF_MATRIX_NPY_H

#include "sheaf/sheaf.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "arrays in files are little-endian and go to and from memory as they are"
#endif

/* The members of a scipy.sparse matrix, in the order in which scipy writes them. */
#define SHEAF_I_NPZ_INDICES "indices.npy"
#define SHEAF_I_NPZ_INDPTR "indptr.npy"
#define SHEAF_I_NPZ_FORMAT "format.npy"
#define SHEAF_I_NPZ_SHAPE "shape.npy"
#define SHEAF_I_NPZ_DATA "data.npy"

#define SHEAF_I_NPY_MAGIC "\x93NUMPY"
#define SHEAF_I_NPY_PREFIX 10 /* magic, version, length of the head in 16 bits */
#define SHEAF_I_NPY_LONGER 2  /* bytes that follow in later versions: the length has 32 bits */
#define SHEAF_I_NPY_MAX_HEAD 4096

typedef struct {
    char type;         /* i, u, f, S, U, b */
    bool big_endian;
    bool fortran;      /* columns one after the other */
    int32_t width;     /* bytes an element */
    int32_t dims;
    int64_t shape[2];  /* of further dimensions only the number is known */
} sheaf_i_npy_head;

/* The version of an array and the length of its head as the first 10 bytes tell it; 0: they do not begin an array. From
   version 2 on the next two bytes are the upper half of the length. */
int sheaf_i_npy_version(const uint8_t prefix[SHEAF_I_NPY_PREFIX], size_t *length);
/* The head's text, NUL-terminated. False: the type is none of the above, or there is no shape; h->type is then 0 or
   h->dims is -1. */
bool sheaf_i_npy_parse(sheaf_i_npy_head *h, const char *text);

/* Reads a matrix of float32 or float64, row-major, as floats; *x from sheaf_i_aligned. Fails on any other array, on a
   file that is larger or smaller than its head says, on NaN, infinity and what no float holds (names the row). */
sheaf_status sheaf_i_npy_read(sheaf_ctx *ctx, float **x, int64_t *rows, int32_t *cols, const char *path);

#endif
