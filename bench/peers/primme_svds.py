"""PRIMME's svds, with scipy's product or with sheaf's.

    primme_svds.py svd in=M.npz dims=100 tol=T block=B dtype=float32|float64 [products=PROGRAM]

PROGRAM is bench/products of a build of sheaf: it runs beside this process and shares memory with it. It computes in
float32. The peak of memory is then that of both processes, what they share counted in both.
"""
import os
import subprocess
import sys
import tempfile

import protocol
import numpy as np
import primme
import scipy.sparse.linalg


class Products(scipy.sparse.linalg.LinearOperator):
    """A matrix whose products another process computes."""

    def __init__(self, program, path, shape, columns):
        super().__init__(np.float32, shape)
        self.columns = columns
        with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as shared:
            self.process = subprocess.Popen([program, f"in={path}", f"shared={shared.name}", f"columns={columns}",
                                             f"threads={protocol.THREADS}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.answer()
            self.areas = np.memmap(shared.name, np.float32, "r+").reshape(2, -1)
        for side, rows in (("n", shape[1]), ("t", shape[0])):
            self.product(side, np.ones((rows, columns), np.float32))
        protocol.forget_peak(self.process.pid)

    def answer(self):
        if self.process.stdout.readline() != b"ok\n":
            raise RuntimeError(f"{self.process.args[0]} failed")

    def product(self, side, x):
        if x.shape[1] > self.columns:  # as at the end, when PRIMME multiplies all that it has found
            parts = range(0, x.shape[1], self.columns)
            return np.hstack([self.product(side, x[:, at:at + self.columns]).copy() for at in parts])
        rows, columns = self.shape[0 if side == "n" else 1], x.shape[1]
        self.areas[0, :x.size].reshape(x.shape)[:] = x
        self.process.stdin.write(f"{side} {columns}\n".encode())
        self.process.stdin.flush()
        self.answer()
        return self.areas[1, :rows * columns].reshape(rows, columns)

    def _matmat(self, x):
        return self.product("n", x)

    def _rmatmat(self, x):
        return self.product("t", x)

    def _matvec(self, x):
        return self.product("n", x.reshape(-1, 1))

    def _rmatvec(self, x):
        return self.product("t", x.reshape(-1, 1))


def svd():
    dtype = protocol.OPTIONS.get("dtype", "float32")
    x = protocol.matrix().astype(dtype)
    dims, tol, block = protocol.number("dims", 100), protocol.number("tol", 1e-5), protocol.number("block", 1)
    program, stats = protocol.OPTIONS.get("products"), {}
    if program and dtype != "float32":
        sys.exit("PRIMME: sheaf's products are float32 only")
    small, docs = x[:400], x.shape[0]
    whole = Products(program, protocol.OPTIONS["in"], x.shape, block) if program else x

    def call(a):
        u, s, vt, found = primme.svds(a, dims, tol=tol, maxBlockSize=block, return_stats=True)
        stats.update(found)
        return u, s, vt

    def tell(result):
        u, s, vt = result
        found = {"docs": docs, "dims": len(s), "products": int(stats.get("numMatvecs", 0))}
        if program:
            found["peak_mb"] = sum(protocol.status_mb("VmHWM", process) for process in ("self", whole.process.pid))
        protocol.save_svd(u, s, vt.T)
        return found
    return call, small, whole, tell


protocol.main("PRIMME", {"svd": svd}, ("primme", "scipy"))
