/* Heads of .npy arrays (NumPy's format 1.0 to 3.0), as far as a sparse matrix in .npz has need of them. */
#ifndef SHEAF_MATRIX_NPY_H
#define SHEAF_MATRIX_NPY_H

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

#endif
