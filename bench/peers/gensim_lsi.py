"""gensim's LsiModel, one pass with its defaults. It yields the side of the terms; that of the documents, A v / sigma, is
added without being timed.

    gensim_lsi.py svd in=M.npz dims=100
"""
import logging

import protocol
from gensim.matutils import Sparse2Corpus
from gensim.models import LsiModel

logging.disable(logging.WARNING)


def svd():
    x = protocol.matrix()
    dims = protocol.number("dims", 100)

    def call(a):
        return LsiModel(Sparse2Corpus(a, documents_columns=False), num_topics=dims, random_seed=1)

    def tell(model):
        v, s = model.projection.u[:, :dims], model.projection.s[:dims]
        if v.shape[0] < x.shape[1]:
            raise SystemExit("gensim: the last columns of the matrix are empty")
        protocol.save_svd((x @ v) / s, s, v)
        return {"docs": x.shape[0], "dims": len(s)}
    return call, x[:400], x, tell


protocol.main("gensim", {"svd": svd}, ("gensim", "scipy"))
