"""PRIMME's svds with scipy's product.

    primme_svds.py svd in=M.npz dims=100 tol=T block=B dtype=float32|float64
"""
import protocol
import primme


def svd():
    x = protocol.matrix().astype(protocol.OPTIONS.get("dtype", "float32"))
    dims, tol, block = protocol.number("dims", 100), protocol.number("tol", 1e-5), protocol.number("block", 1)
    stats = {}

    def call(a):
        u, s, vt, found = primme.svds(a, dims, tol=tol, maxBlockSize=block, return_stats=True)
        stats.update(found)
        return u, s, vt

    def tell(result):
        u, s, vt = result
        protocol.save_svd(u, s, vt.T)
        return {"docs": x.shape[0], "dims": len(s), "products": int(stats.get("numMatvecs", 0))}
    return call, x[:400], x, tell


protocol.main("PRIMME", {"svd": svd}, ("primme", "scipy"))
