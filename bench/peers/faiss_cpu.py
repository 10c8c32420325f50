"""FAISS: Kmeans on all vectors (by default it takes a sample), then the labels of its centres.

    faiss_cpu.py kmeans in=X.npy k=K iterations=N  start=C.npy or seed=S [super=1]

It has no test of convergence by labels: for runs to convergence it is told how many iterations another one took.
seed: its k-means++. super: its SuperKMeans, which prunes by partial distances.
"""
import protocol
import faiss


def kmeans():
    x, start = protocol.vectors()
    k, iterations = protocol.number("k", 20), protocol.number("iterations", 20)
    extra = {"use_super_kmeans": True} if protocol.number("super", 0) else {}
    if start is None:
        extra["init_method"] = faiss.ClusteringInitMethod_KMEANS_PLUS_PLUS
    faiss.omp_set_num_threads(protocol.THREADS)

    def call(data):
        model = faiss.Kmeans(data.shape[1], k, niter=iterations, nredo=1, min_points_per_centroid=1,
                             max_points_per_centroid=len(data), seed=protocol.number("seed", 0) + 1, **extra)
        model.train(data, init_centroids=start)
        return model.assign(data)[1]

    def tell(labels):
        protocol.save(labels=labels.astype("int32"))
        return {"iterations": iterations}
    return call, x[:max(k, 1000)], x, tell


protocol.main("FAISS", {"kmeans": kmeans}, ("faiss-cpu",))
