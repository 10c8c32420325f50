"""scikit-learn-intelex (oneDAL): KMeans.

    scikit_learn_intelex.py kmeans in=X.npy k=K iterations=N tol=T  start=C.npy or seed=S
"""
import logging

import protocol
from sklearnex.cluster import KMeans

logging.getLogger("sklearnex").setLevel(logging.ERROR)


def kmeans():
    x, start = protocol.vectors()
    k = protocol.number("k", 20)
    model = KMeans(k, init="k-means++" if start is None else start, n_init=1, max_iter=protocol.number("iterations", 300),
                   tol=protocol.number("tol", 0.0), algorithm="lloyd", random_state=protocol.number("seed", 0), copy_x=False)

    def call(data):
        return model.fit(data).labels_

    def tell(labels):
        protocol.save(labels=labels)
        return {"iterations": int(model.n_iter_), "reported_inertia": float(model.inertia_)}
    return call, x[:max(k, 1000)].copy(), x, tell


protocol.main("scikit-learn-intelex", {"kmeans": kmeans}, ("scikit-learn-intelex", "scikit-learn"))
