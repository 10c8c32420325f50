"""PRIMME's svds, with scipy's product or with sheaf's.

    primme_svds.py svd in=M.npz dims=100 tol=T block=B dtype=float32|float64 [products=PROGRAM]

PROGRAM is bench/products of a build of sheaf: it runs beside this process and shares memory with it.
"""
import os
import subprocess
import tempfile

import protocol
import numpy as np
import primme
import scipy.sparse.linalg


class Products(scipy.sparse.linalg.LinearOperator):
    """A matrix whose products another process computes."""

    def __init__(self, program, path, shape, columns):
        super().__init__(np.float32, shape)
        with tempfile.NamedTemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as shared:
            self.process = subprocess.Popen([program, f"in={path}", f"shared={shared.name}", f"columns={columns}",
                                             f"threads={protocol.THREADS}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.answer()
            self.areas = np.memmap(shared.name, np.float32, "r+").reshape(2, -1)

    def answer(self):
        if self.process.stdout.readline() != b"ok\n":
            raise RuntimeError(f"{self.process.args[0]} failed")

    def product(self, side, x):
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
    x = protocol.matrix().astype(protocol.OPTIONS.get("dtype", "float32"))
    dims, tol, block = protocol.number("dims", 100), protocol.number("tol", 1e-5), protocol.number("block", 1)
    program, stats = protocol.OPTIONS.get("products"), {}
    whole = Products(program, protocol.OPTIONS["in"], x.shape, block) if program else x

    def call(a):
        u, s, vt, found = primme.svds(a, dims, tol=tol, maxBlockSize=block, return_stats=True)
        stats.update(found)
        return u, s, vt

    def tell(result):
        u, s, vt = result
        protocol.save_svd(u, s, vt.T)
        return {"docs": x.shape[0], "dims": len(s), "products": int(stats.get("numMatvecs", 0))}
    return call, x[:400], whole, tell


protocol.main("PRIMME", {"svd": svd}, ("primme", "scipy"))
