"""fastkmeanspp: k-means++ and Lloyd in SIMD; a number of iterations, no test of convergence. For runs to convergence its
seeding is followed by scikit-learn's Lloyd, the best that today's packages can be put together to.

    fastkmeanspp_lloyd.py kmeans in=X.npy k=K iterations=N  start=C.npy
    fastkmeanspp_lloyd.py kmeans in=X.npy k=K iterations=N tol=T seed=S
"""
import protocol
from fastkmeanspp import KMeans
from sklearn.cluster import KMeans as Lloyd


class Started(KMeans):
    start = None

    def _init_centroids(self, X):
        return self.start.copy()


def kmeans():
    x, start = protocol.vectors()
    k, iterations, seed = (protocol.number(*o) for o in (("k", 20), ("iterations", 300), ("seed", 0)))

    def call(data):
        if start is not None:
            model = Started(n_clusters=k, n_iter=iterations, n_jobs=protocol.THREADS)
            model.start = start
            return model.fit(data).labels_
        first = KMeans(n_clusters=k, n_jobs=protocol.THREADS, random_state=seed)._init_centroids(data)
        return Lloyd(k, init=first, n_init=1, max_iter=iterations, tol=protocol.number("tol", 0.0)).fit(data).labels_

    def tell(labels):
        protocol.save(labels=labels.astype("int32"))
        return {"iterations": iterations} if start is not None else {}
    return call, x[:max(k, 1000)].copy(), x, tell


protocol.main("fastkmeanspp", {"kmeans": kmeans}, ("fastkmeanspp", "scikit-learn"))
