#!/usr/bin/env python3
"""Prints weights.h: a small table of counts and its weights.

TF-IDF and its sublinear form are made by scikit-learn's TfidfTransformer in double precision; log-entropy, BM25 and
the bipartite scaling, which scikit-learn does not have, are computed here from their definitions in sheaf.h. Needs scikit-learn.

    python3 make_weights.py > weights.h
"""
import numpy as np
import sklearn
from sklearn.feature_extraction.text import TfidfTransformer

COUNTS = np.array([
    [3, 0, 1, 0, 0, 7, 1, 0],
    [0, 1, 1, 0, 0, 0, 1, 2],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 0, 0, 1, 1],
    [0, 0, 5, 0, 300, 0, 1, 0],
    [2, 9, 0, 0, 1, 0, 1, 0],
    [0, 0, 0, 0, 0, 0, 1, 0],
])


def l2(x):
    norm = np.sqrt((x * x).sum(axis=1, keepdims=True))
    return np.divide(x, norm, out=np.zeros_like(x), where=norm > 0)


def tfidf(sublinear, norm):
    t = TfidfTransformer(norm=norm, sublinear_tf=sublinear)
    return t.fit_transform(COUNTS.astype(float)).toarray()


def logentropy():
    n = COUNTS.shape[0]
    p = COUNTS / COUNTS.sum(axis=0)
    plogp = np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0)
    return np.log2(1 + COUNTS) * (1 + plogp.sum(axis=0) / np.log(n))


def bm25(k1=1.2, b=.75):
    n = COUNTS.shape[0]
    df = (COUNTS > 0).sum(axis=0)
    length = COUNTS.sum(axis=1, keepdims=True)
    idf = np.log(1 + (n - df + .5) / (df + .5))
    return COUNTS * (k1 + 1) / (COUNTS + k1 * (1 - b + b * length / length.mean())) * idf


def bipartite():
    x = np.log2(1 + COUNTS)
    column = x.sum(axis=0)
    x = x / np.sqrt(column + column.mean())
    row = x.sum(axis=1, keepdims=True)
    return x / np.sqrt(row + 15 * row.mean())


def show(name, x, kind="double"):
    fmt = "{:d}" if kind != "double" else "{!r}"
    print(f"static const {kind} {name}[{x.shape[0]}][{x.shape[1]}] = {{")
    for row in x.tolist():
        print("    {" + ", ".join(fmt.format(v) for v in row) + "},")
    print("};")


print(f"/* Made by make_weights.py with scikit-learn {sklearn.__version__}. */")
show("reference_counts", COUNTS, "unsigned")
show("reference_tfidf", tfidf(False, None))
show("reference_tfidf_l2", tfidf(False, "l2"))
show("reference_sublinear", tfidf(True, None))
show("reference_sublinear_l2", tfidf(True, "l2"))
show("reference_logentropy", logentropy())
show("reference_logentropy_l2", l2(logentropy()))
show("reference_bm25", bm25())
show("reference_bm25_l2", l2(bm25()))
show("reference_bipartite", bipartite())
