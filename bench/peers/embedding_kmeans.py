"""scikit-learn's k-means over given embeddings, the best of 10 starts.

    embedding_kmeans.py kmeans in=X.npy k=K seed=S out=PREFIX
"""
import protocol
from sklearn.cluster import KMeans


def kmeans():
    x, _ = protocol.vectors()
    k = protocol.number("k", 20)
    model = KMeans(k, n_init=10, random_state=protocol.number("seed", 0), copy_x=False)

    def tell(labels):
        protocol.save(labels=labels.astype("int32"))
        return {"iterations": int(model.n_iter_), "reported_inertia": float(model.inertia_)}
    return model.fit_predict, x[:max(k, 1000)].copy(), x, tell


protocol.main("MiniLM + k-means", {"kmeans": kmeans}, ("scikit-learn",))
