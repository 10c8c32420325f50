"""FAISS: Kmeans on all vectors (by default it takes a sample), then the labels of its centres; exact neighbours.

    faiss_cpu.py kmeans in=X.npy k=K iterations=N  start=C.npy or seed=S [super=1]
    faiss_cpu.py neighbours in=X.npy k=N [queries=M]   IndexFlatIP; the index is filled before the clock starts

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


def neighbours():
    """Of every row among all; the row itself is found too and taken out afterwards, not timed. queries=M: of the first M
    rows, with the row itself."""
    x, _ = protocol.vectors()
    queries, k = protocol.number("queries", 0), protocol.number("k", 10)
    faiss.omp_set_num_threads(protocol.THREADS)
    index = faiss.IndexFlatIP(x.shape[1])
    index.add(x)

    def call(rows):
        return index.search(rows, k if queries else k + 1)

    def tell(result):
        scores, found = result
        protocol.save_neighbours(found, scores, k, not queries)
        return {"docs": len(x), "dims": x.shape[1], "k": k, "queries": len(found)}
    return call, x[:1000], x[:queries] if queries else x, tell


protocol.main("FAISS", {"kmeans": kmeans, "neighbours": neighbours}, ("faiss-cpu",))
