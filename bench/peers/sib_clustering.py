"""sib-clustering: IBM's sequential information bottleneck on the counts of terms.

    sib_clustering.py counts in=C.jsonl out=PREFIX [terms=20000] [stop=english|none]
    sib_clustering.py cluster in=M.npz k=K seed=S out=PREFIX [prior=uniform|data] [log=exact|fast]

`counts` makes the matrix: CountVectorizer, the most frequent terms, without English stop words (stop=none and
terms=10000: as its first page shows it). It is read and the library warm before the clock of `cluster` starts.
`cluster` is SIB(k, random_state=S, n_jobs=T), all else as it comes: 10 starts, up to 15 passes each, the best is kept.
prior=uniform is its default, every document weighs the same; prior=data its `uniform_prior=False`, every word does.
log=fast is its `fast_log=True`, which rounds logarithms. PREFIX.labels.npy are its labels, PREFIX.partition.npy the
partition that it optimised, from which it infers the labels in a last pass: the better of the two counts.
"""
import protocol
import numpy as np
import scipy.sparse
from sib import SIB
from sklearn.feature_extraction.text import CountVectorizer


def counts():
    _, texts = protocol.texts()
    stop = protocol.OPTIONS.get("stop", "english")

    def call(documents):
        return CountVectorizer(max_features=protocol.number("terms", 20000),
                               stop_words=None if stop == "none" else stop).fit_transform(documents)

    def tell(x):
        scipy.sparse.save_npz(f"{protocol.OPTIONS['out']}.npz", x, compressed=False)
        return {"docs": x.shape[0], "terms": x.shape[1], "nonzeros": int(x.nnz)}
    return call, None, texts, tell


def cluster():
    # It asks for the attribute .A of sums, which only matrices of the old kind have.
    x = scipy.sparse.csr_matrix(protocol.matrix())
    k = protocol.number("k", 20)

    def call(data):
        return SIB(k, random_state=protocol.number("seed", 0), n_jobs=protocol.THREADS,
                   uniform_prior=protocol.OPTIONS.get("prior", "uniform") == "uniform",
                   fast_log=protocol.OPTIONS.get("log", "exact") == "fast").fit(data)

    def tell(model):
        protocol.save(labels=model.labels_.astype("int32"), partition=model.partition_.labels.astype("int32"))
        return {"docs": x.shape[0], "terms": x.shape[1], "iterations": int(model.n_iter_),
                "converged": bool(model.partition_.change_ratio <= model.tol), "reported": float(model.partition_.ity)}
    return call, x[:max(200, 2 * k)], x, tell


protocol.main("sib-clustering", {"counts": counts, "cluster": cluster}, ("sib-clustering", "scikit-learn", "scipy"))
