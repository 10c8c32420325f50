#!/usr/bin/env python3
"""Prints matrices.h: one small sparse matrix as scipy saves it in several ways. Needs scipy.

    python3 make_matrices.py > matrices.h
"""
import io

import numpy as np
import scipy
import scipy.sparse as sp

DENSE = np.array([[0, 1.5, 0, -2.25], [0, 0, 0, 0], [3e-5, 0, 7, 0]])


def show(name, m, compressed):
    f = io.BytesIO()
    sp.save_npz(f, m, compressed=compressed)
    data = f.getvalue()
    print(f"static const unsigned char {name}[{len(data)}] = {{")
    for i in range(0, len(data), 24):
        print("    " + ", ".join(str(b) for b in data[i:i + 24]) + ",")
    print("};")


def wide(m):
    m.indices = m.indices.astype(np.int64)
    m.indptr = m.indptr.astype(np.int64)
    return m


print(f"/* Made by make_matrices.py with scipy {scipy.__version__}, NumPy {np.__version__}. */")
print("#define SCIPY_ROWS 3\n#define SCIPY_COLS 4")
print("static const float scipy_dense[3][4] = {")
for row in DENSE.astype(np.float32).tolist():
    print("    {" + ", ".join(f"{v!r}f" for v in row) + "},")
print("};")
show("scipy_csr", sp.csr_matrix(DENSE), True)
show("scipy_csr_float32_stored", sp.csr_matrix(DENSE.astype(np.float32)), False)
show("scipy_csr_wide", wide(sp.csr_matrix(DENSE)), True)
show("scipy_csc", sp.csc_matrix(DENSE), True)
show("scipy_coo", sp.coo_matrix(DENSE), True)
