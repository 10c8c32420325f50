"""gensim's LsiModel. It yields the side of the terms; that of the documents, A v / sigma, is added without being timed.

    gensim_lsi.py svd in=M.npz dims=100 [form=sparse|stream] [dtype=float32|float64]

The number of terms is given (id2word), so that no pass over the corpus in Python goes before. sparse: the whole matrix at
once, as a scipy CSC matrix of terms x documents; stream: documents one after the other, in chunks, as it is used most. On
20ng both take half the time that float64 with the terms found by a pass takes; sparse is a little faster, with half the
memory. gensim hands no seed to the sparse form: it draws from numpy's.
"""
import logging

import protocol
import numpy as np
from gensim.matutils import Sparse2Corpus
from gensim.models import LsiModel
from gensim.utils import FakeDict

logging.disable(logging.WARNING)


def svd():
    x = protocol.matrix()
    dims, dtype = protocol.number("dims", 100), np.dtype(protocol.OPTIONS.get("dtype", "float32"))
    sparse = protocol.OPTIONS.get("form", "sparse") == "sparse"

    def prepared(rows):
        return rows.T.tocsc().astype(dtype) if sparse else Sparse2Corpus(rows, documents_columns=False)

    def call(corpus):
        np.random.seed(1)
        model = LsiModel(id2word=FakeDict(x.shape[1]), num_topics=dims, dtype=dtype, random_seed=1)
        model.add_documents(corpus)
        return model

    def tell(model):
        v, s = model.projection.u[:, :dims].astype(float), model.projection.s[:dims].astype(float)
        protocol.save_svd((x @ v) / s, s, v)
        return {"docs": x.shape[0], "dims": len(s)}
    return call, prepared(x[:400]), prepared(x), tell


protocol.main("gensim", {"svd": svd}, ("gensim", "scipy"))
