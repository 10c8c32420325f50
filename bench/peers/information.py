"""What sequential information bottleneck maximises, of any labels: I(T;Y), in bits, in double.

    information.py in=M.npz LABELS.npy...

M holds the counts (or weights) of terms in documents, T is the cluster of a word's document and Y the word. Two priors
of the documents: `uniform`, each weighs the same (rows divided by their sums), `data`, each by its words.
Every label counts as a cluster, -1 too. Documents without a term have no weight. Of many labels a line each.
"""
import json
import sys

import numpy as np
import scipy.sparse


def entropy(p):
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def rows_of_one_weight(x):
    sums = np.asarray(x.sum(axis=1)).ravel()
    return scipy.sparse.diags(np.divide(1, sums, out=np.zeros_like(sums), where=sums > 0)) @ x


def shared(x, labels):
    """I(T;Y) = H(T) + H(Y) - H(T,Y) of x, summed over the documents of each cluster."""
    clusters, which = np.unique(labels, return_inverse=True)
    member = scipy.sparse.csr_matrix((np.ones(len(which)), (which, np.arange(len(which)))), (len(clusters), len(which)))
    sums = np.asarray((member @ x).todense(), float)
    joint = sums / sums.sum()
    return entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint.ravel())


def priors(x):
    """By the name of the prior, the matrix whose sum is spread over the documents by it."""
    x = scipy.sparse.csr_matrix(x).astype(float)
    return {"uniform": rows_of_one_weight(x), "data": x}


def objectives(weighed, labels):
    """weighed: of priors(). The information of T about Y under both priors."""
    return {name: shared(x, labels) for name, x in weighed.items()}


def main():
    given = dict(arg.split("=", 1) for arg in sys.argv[1:] if "=" in arg)
    weighed = priors(scipy.sparse.load_npz(given["in"]))
    for path in (arg for arg in sys.argv[1:] if "=" not in arg):
        print(json.dumps({"labels": path} | objectives(weighed, np.load(path))))


if __name__ == "__main__":
    main()
