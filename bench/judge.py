"""The quality of what was computed, by one code for sheaf and all others, in double precision."""
import numpy as np
import scipy.sparse

COLUMNS, ROWS = 20, 100_000   # at a time, to bound the memory


def lines(path):
    with open(path, encoding="utf-8") as f:
        return f.read().split("\n")


def same_matrix(ours, theirs):
    """Whether both found the same terms and the same entries in the same places, and the largest difference of a value.
    Rows are brought together by the documents' ids."""
    a, b = (scipy.sparse.load_npz(f"{prefix}.npz").tocsr() for prefix in (ours, theirs))
    ids, other = lines(f"{ours}.ids.txt"), lines(f"{theirs}.ids.txt")
    if lines(f"{ours}.terms.txt") != lines(f"{theirs}.terms.txt") or sorted(ids) != sorted(other):
        return {"equal": False, "difference": None}
    if ids != other:
        row = {name: i for i, name in enumerate(other[:-1])}
        b = b[[row[name] for name in ids[:-1]]]
    b.sort_indices()
    places = a.shape == b.shape and np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices)
    difference = float(np.abs(a.data - b.data).max()) if places and a.nnz else None
    # Both store float32, so two roundings of values up to 1.
    return {"equal": bool(places and difference is not None and difference <= 2.5e-7), "difference": difference}


def svd(matrix_path, prefix):
    """The largest ||A v - sigma u|| and ||A^T u - sigma v|| over sigma_1."""
    a = scipy.sparse.load_npz(matrix_path).tocsr().astype(np.float64)
    u, s, v = (np.load(f"{prefix}.{name}.npy", mmap_mode="r") for name in "usv")
    worst = [0.0, 0.0]
    for j in range(0, len(s), COLUMNS):
        cols = slice(j, j + COLUMNS)
        x, y, d = np.asarray(u[:, cols], float), np.asarray(v[:, cols], float), np.asarray(s[cols], float)
        for side, residual in enumerate((a @ y - x * d, a.T @ x - y * d)):
            worst[side] = max(worst[side], float(np.sqrt((residual ** 2).sum(axis=0)).max()))
    top = float(s[0])
    return {"residual": max(worst) / top, "residual_av": worst[0] / top, "residual_atu": worst[1] / top,
            "sigma_1": top, "sigma_last": float(s[-1]), "dims": len(s)}


def inertia(vectors_path, prefix):
    """Sum of squared distances to the mean of the own cluster, from the labels alone."""
    x = np.load(vectors_path, mmap_mode="r")
    groups, labels = np.unique(np.load(f"{prefix}.labels.npy"), return_inverse=True)
    sums, squares = np.zeros((len(groups), x.shape[1])), 0.0
    for i in range(0, len(x), ROWS):
        part, own = np.asarray(x[i:i + ROWS], float), labels[i:i + ROWS]
        picks = scipy.sparse.csr_matrix((np.ones(len(own)), (own, np.arange(len(own)))), (len(groups), len(own)))
        sums += picks @ part
        squares += float((part ** 2).sum())
    counts = np.bincount(labels)
    return {"inertia": squares - float(((sums ** 2).sum(axis=1) / counts).sum()), "clusters": len(groups)}


def neighbours(vectors_path, prefix, reference):
    """What was found held against another's neighbours. The scores of both are computed anew, in double, from the rows that
    they name; a place is right where the score is as high as the other's there, up to what float sums may differ: ties may
    go either way. Returns the share of right places, of equal rows, and the largest score missed."""
    x = np.load(vectors_path, mmap_mode="r")
    found, other = (np.load(f"{p}.neighbours.npy") for p in (prefix, reference))
    right = equal = total = 0
    missed = 0.0
    twice = int((np.diff(np.sort(found, axis=1), axis=1) == 0).any(axis=1).sum())
    for i in range(0, len(found), 10_000):
        rows = np.asarray(x[i:i + 10_000], float)[:len(found) - i]
        ours, theirs = (np.einsum("id,ikd->ik", rows, np.asarray(x, float)[f[i:i + 10_000]]) for f in (found, other))
        bound = 2 * x.shape[1] * 6e-8 * np.maximum(1, np.abs(theirs))
        right += int((ours >= theirs - bound).sum())
        equal += int((found[i:i + 10_000] == other[i:i + 10_000]).sum())
        total += ours.size
        missed = max(missed, float((theirs - ours).max()))
    return {"right": right / total, "same": equal / total, "missed": missed, "twice": twice}
