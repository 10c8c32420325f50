"""sparsekmeans: exact k-means for sparse data, on the vectors as a CSR matrix. It is made for something else (sparse
rows of many columns) and stands here because its pruning is exact.

    sparsekmeans_elkan.py kmeans in=X.npy k=K algorithm=elkan|lloyd iterations=N tol=T  start=C.npy or seed=S
"""
import contextlib
import io

import protocol
import graphblas
import scipy.sparse
import sparsekmeans


def kmeans():
    x, start = protocol.vectors()
    k = protocol.number("k", 20)
    base = getattr(sparsekmeans, {"elkan": "ElkanKmeans", "lloyd": "LloydKmeans"}[protocol.OPTIONS.get("algorithm", "elkan")])

    class Started(base):
        def _initialize_centroids(self, data):
            if start is None:
                return super()._initialize_centroids(data)
            return graphblas.Matrix.from_dense(start.astype("float64"))

    def call(data):
        model = Started(n_clusters=k, n_threads=protocol.THREADS, max_iter=protocol.number("iterations", 300),
                        tol=protocol.number("tol", 0.0), random_state=protocol.number("seed", 0))
        with contextlib.redirect_stdout(io.StringIO()):
            return model.fit(data)

    def tell(labels):
        protocol.save(labels=labels.astype("int32"))
        return {}
    whole = scipy.sparse.csr_matrix(x, dtype="float64")
    return call, whole[:max(k, 1000)], whole, tell


protocol.main("sparsekmeans", {"kmeans": kmeans}, ("sparsekmeans", "python-graphblas"))
