"""scikit-learn: TfidfVectorizer, TruncatedSVD, KMeans, and the pipeline of the three that people run.

    scikit_learn.py vectorise in=C.jsonl            its defaults (float32); out: .npz, .terms.txt, .ids.txt
    scikit_learn.py svd in=M.npz dims=100           TruncatedSVD(n_iter=5), float32
    scikit_learn.py kmeans in=X.npy k=K algorithm=lloyd|elkan iterations=N tol=T  start=C.npy or seed=S
    scikit_learn.py neighbours in=X.npy k=N [queries=M]   NearestNeighbors(brute); of rows of length 1 by dot product
    scikit_learn.py main-job in=C.jsonl k=K seed=S labels=L.tsv dims=100 [char_bigrams=1]

`main-job` is timed from the JSONL file on disk to the labels, imports not counted; it writes id<TAB>cluster rows.
"""
import json
import time

import protocol
import numpy as np
import scipy.sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize


def vectorise():
    ids, texts = protocol.texts()

    def call(documents):
        v = TfidfVectorizer(dtype=np.float32)
        return v, v.fit_transform(documents)

    def tell(result):
        v, x = result
        if "out" in protocol.OPTIONS:
            prefix = protocol.OPTIONS["out"]
            scipy.sparse.save_npz(f"{prefix}.npz", x, compressed=False)
            for name, lines in (("terms", v.get_feature_names_out()), ("ids", ids)):
                with open(f"{prefix}.{name}.txt", "w", encoding="utf-8") as f:
                    f.writelines(f"{line}\n" for line in lines)
        size = sum(len(t.encode()) for t in texts)
        return {"docs": x.shape[0], "terms": x.shape[1], "nonzeros": int(x.nnz), "bytes": size}
    return call, texts[:50], texts, tell


def svd():
    x = protocol.matrix()
    solver = TruncatedSVD(protocol.number("dims", 100), n_iter=protocol.number("n_iter", 5),
                          random_state=protocol.number("seed", 0))

    def tell(scaled):
        s = solver.singular_values_
        protocol.save_svd(scaled / s, s, solver.components_.T)
        return {"docs": x.shape[0], "dims": len(s)}
    return solver.fit_transform, x[:400], x, tell


def kmeans():
    x, start = protocol.vectors()
    k = protocol.number("k", 20)
    model = KMeans(k, init="k-means++" if start is None else start, n_init=1, max_iter=protocol.number("iterations", 300),
                   tol=protocol.number("tol", 0.0), algorithm=protocol.OPTIONS.get("algorithm", "lloyd"),
                   random_state=protocol.number("seed", 0), copy_x=False)

    def tell(labels):
        protocol.save(labels=labels)
        return {"iterations": int(model.n_iter_), "reported_inertia": float(model.inertia_)}
    return model.fit_predict, x[:max(k, 1000)].copy(), x, tell


def neighbours():
    """Euclidean distance, which for rows of length 1 has the order of the dot product and is its fastest path; queries=M:
    of the first M rows among all, with the row itself."""
    x, _ = protocol.vectors()
    queries, k = protocol.number("queries", 0), protocol.number("k", 10)
    model = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x)

    def call(rows):
        return model.kneighbors(rows if queries or len(rows) < len(x) else None)

    def tell(result):
        distances, found = result
        protocol.save_neighbours(found, 1 - distances ** 2 / 2, k, False)
        return {"docs": len(x), "dims": x.shape[1], "k": k, "queries": len(found)}
    return call, x[:1000], x[:queries] if queries else x, tell


def main_job():
    k, seed, dims = (protocol.number(name, default) for name, default in (("k", 20), ("seed", 0), ("dims", 100)))
    extra = {"analyzer": "char", "ngram_range": (2, 2)} if "char_bigrams" in protocol.OPTIONS else {"stop_words": "english"}

    def call(path):
        start = time.perf_counter()
        ids, texts = [], []
        with open(path, encoding="utf-8") as f:
            for line in f:
                row = json.loads(line)
                ids.append(row["id"])
                texts.append(row["text"])
        read = time.perf_counter()
        x = TfidfVectorizer(min_df=2, max_df=0.5, sublinear_tf=True, dtype=np.float32, **extra).fit_transform(texts)
        vectorised = time.perf_counter()
        u = TruncatedSVD(dims, n_iter=5, random_state=seed).fit_transform(x)
        reduced = time.perf_counter()
        labels = KMeans(k, n_init=1, random_state=seed).fit_predict(normalize(u))
        return ids, labels, {"read": read - start, "vectorise": vectorised - read, "svd": reduced - vectorised,
                             "kmeans": time.perf_counter() - reduced, "docs": x.shape[0], "terms": x.shape[1],
                             "nonzeros": int(x.nnz)}

    def tell(result):
        ids, labels, fields = result
        with open(protocol.OPTIONS["labels"], "w", encoding="utf-8") as f:
            f.write("id\tcluster\n")
            f.writelines(f"{i}\t{label}\n" for i, label in zip(ids, labels))
        return fields
    return call, None, protocol.OPTIONS["in"], tell


protocol.main("scikit-learn", {"vectorise": vectorise, "svd": svd, "kmeans": kmeans, "neighbours": neighbours,
                              "main-job": main_job},
              ("scikit-learn", "scipy"))
