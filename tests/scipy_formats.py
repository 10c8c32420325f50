"""scipy reads the matrices we write, and finds in them what we meant: scipy_formats.py SHEAF. Exit 77 without scipy."""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import scipy.io
    import scipy.sparse
except ImportError:
    print("no scipy here: skipped")
    sys.exit(77)

SEEDS = pathlib.Path(__file__).resolve().parent.parent / "seeds/articles"


def export(sheaf, folder, name, *flags):
    out = folder / name
    subprocess.run([sheaf, "export", SEEDS, "-q", "-o", out, *flags], check=True)
    return out


def svm(path, shape):
    rows, cols, values = [], [], []
    for i, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        for pair in line.split()[1:]:
            column, value = pair.split(":")
            rows.append(i)
            cols.append(int(column) - 1)
            values.append(float(value))
    return scipy.sparse.csr_matrix((numpy.array(values, "f4"), (rows, cols)), shape)


def main():
    sheaf = sys.argv[1]
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        npz = scipy.sparse.load_npz(export(sheaf, folder, "m.npz", "--weight", "tfidf"))
        mtx = scipy.io.mmread(str(export(sheaf, folder, "m.mtx", "--weight", "tfidf"))).tocsr().astype("f4")
        text = svm(export(sheaf, folder, "m.svm", "--weight", "tfidf"), npz.shape)
        counts = scipy.sparse.load_npz(export(sheaf, folder, "c.npz", "--what", "counts"))
        terms = (folder / "m.npz.cols.txt").read_text(encoding="utf-8").splitlines()
        ids = (folder / "m.npz.rows.txt").read_text(encoding="utf-8").splitlines()
    assert npz.shape == (len(ids), len(terms)) == (60, len(terms)), npz.shape
    assert npz.format == "csr" and npz.dtype == numpy.float32 and npz.has_sorted_indices
    assert (npz != mtx).nnz == 0 and (npz != text).nnz == 0
    assert sorted(ids) == sorted(p.name for p in SEEDS.glob("*.txt"))

    # The weights again from the counts, by scikit-learn's definition.
    df = (counts > 0).sum(axis=0)
    idf = numpy.log((1 + counts.shape[0]) / (1 + df)) + 1
    again = numpy.asarray(counts.todense(), dtype="f8") * numpy.asarray(idf)
    again /= numpy.linalg.norm(again, axis=1, keepdims=True)
    assert abs(again - npz.todense()).max() < 1e-6
    print(f"npz, mtx and svm of {npz.shape[0]} x {npz.shape[1]} read by scipy {scipy.__version__}")


main()
