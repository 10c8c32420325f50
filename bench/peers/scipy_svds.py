"""scipy.sparse.linalg.svds.

    scipy_svds.py svd in=M.npz dims=100 solver=arpack|propack|lobpcg tol=T dtype=float32|float64
"""
import protocol
import numpy as np
from scipy.sparse.linalg import svds


def svd():
    x = protocol.matrix().astype(protocol.OPTIONS.get("dtype", "float32"))
    dims, tol = protocol.number("dims", 100), protocol.number("tol", 0.0)

    def call(a):
        return svds(a, k=dims, tol=tol, solver=protocol.OPTIONS.get("solver", "arpack"), rng=np.random.default_rng(0))

    def tell(result):
        u, s, vt = result
        protocol.save_svd(u, s, vt.T)
        return {"docs": x.shape[0], "dims": len(s)}
    return call, x[:400], x, tell


protocol.main("scipy svds", {"svd": svd}, ("scipy",))
