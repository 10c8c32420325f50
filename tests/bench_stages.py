"""The program that runs single stages: its JSON, the arrays it writes, a given start, faults.

bench_stages.py GENERATE STAGES
"""
import array
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

failures = []


def check(what, good):
    print(("ok      " if good else "FAILED  ") + what, flush=True)
    if not good:
        failures.append(what)


def load(path):
    """Values and shape of a .npy."""
    data = path.read_bytes()
    head = data[10:10 + struct.unpack("<H", data[8:10])[0]].decode()
    kind = {"<f4": "f", "<f8": "d", "<i4": "i"}[re.search(r"'descr': '([^']*)'", head)[1]]
    shape = [int(n) for n in re.search(r"\(([^)]*)\)", head)[1].split(",") if n.strip()]
    values = array.array(kind, data[10 + len(head):])
    check(f"{path.name}: the header is a multiple of 64 bytes and tells the size",
          (10 + len(head)) % 64 == 0 and len(values) == shape[0] * (shape[1] if len(shape) > 1 else 1))
    return values, shape


def save(path, values, rows, cols):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {cols}), }}"
    head += " " * ((-len(head) - 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + array.array("f", values).tobytes())


def run(stages, task, **options):
    given = [f"{name.rstrip('_')}={value}" for name, value in options.items()]
    done = subprocess.run([stages, task, *given], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def vectorise(stages, corpus, folder):
    told = [run(stages, "vectorise", in_=corpus, threads=t, repeats=3, out=folder / f"v{t}") for t in (1, 2)]
    check("three runs were timed, memory was measured", len(told[0]["seconds"]) == 3 and min(told[0]["seconds"]) > 0
          and told[0]["peak_mb"] >= told[0]["loaded_mb"] > 0)
    terms, ids = ((folder / f"v1.{name}.txt").read_text(encoding="utf-8").splitlines() for name in ("terms", "ids"))
    texts = [json.loads(line)["text"] for line in corpus.read_text(encoding="utf-8").splitlines()]
    words = {w for text in texts for w in re.findall(r"\b\w\w+\b", text.lower())}
    check(f"{len(words)} terms, as the pattern of scikit-learn finds them, in lexical order", terms == sorted(words))
    check("a row a document", len(ids) == told[0]["docs"] == len(texts))
    check("the same matrix on one and two threads", (folder / "v1.npz").read_bytes() == (folder / "v2.npz").read_bytes())
    other = run(stages, "vectorise", in_=corpus, analyzer="unicode")
    check("the default analyser finds fewer terms", 0 < other["terms"] < len(words))


def svd(stages, corpus, folder):
    run(stages, "vectorise", in_=corpus, plain=0, out=folder / "m")
    told = run(stages, "svd", in_=folder / "m.npz", dims=20, tol=1e-4, threads=2, out=folder / "m")
    u, shape = load(folder / "m.u.npy")
    s, _ = load(folder / "m.s.npy")
    v, v_shape = load(folder / "m.v.npy")
    check("20 dimensions within the tolerance", told["dims"] == 20 == shape[1] == v_shape[1] and len(s) == 20
          and told["reported_residual"] <= 1e-4)
    norm = [sum(u[i * 20 + j] ** 2 for i in range(shape[0])) for j in (0, 19)]
    check("columns of U have length 1, sigma falls", all(abs(x - 1) < 1e-4 for x in norm) and list(s) == sorted(s)[::-1])
    check("V too", abs(sum(v[i * 20] ** 2 for i in range(v_shape[0])) - 1) < 1e-4)


def kmeans(stages, folder):
    points = [(x + dx, y + dy) for x, y in ((0, 1), (10, 1), (0, 11)) for dx in (0, .5, 1) for dy in (0, .5)]
    save(folder / "x.npy", [c for p in points for c in p], len(points), 2)
    save(folder / "c.npy", [0, 0, 1, 0, 0, 11], 3, 2)
    told = run(stages, "kmeans", in_=folder / "x.npy", k=3, start=folder / "c.npy", out=folder / "k")
    labels, _ = load(folder / "k.labels.npy")
    groups = [set(labels[i:i + 6]) for i in (0, 6, 12)]
    check("three clear groups from a given start", all(len(g) == 1 for g in groups) and len(set.union(*groups)) == 3)
    # Each group is a grid of 3 x 2 points, steps of .5: squares of 4 times .5 and of 6 times .25 about the mean.
    check(f"their inertia, {told['reported_inertia']}", abs(told["reported_inertia"] - 3 * (4 * .25 + 6 * .0625)) < 1e-5)
    once = run(stages, "kmeans", in_=folder / "x.npy", k=3, start=folder / "c.npy", iterations=1)
    check("one iteration when one is asked for", once["iterations"] == 1)
    seeded = [run(stages, "kmeans", in_=folder / "x.npy", k=3, seed=s)["reported_inertia"] for s in range(3)]
    check("and with its own seeding", min(seeded) <= told["reported_inertia"] + 1e-5)


def neighbours(stages, folder):
    points = [(1, 0), (4, 1), (2, 2), (0, 3), (1, 3)]
    save(folder / "n.npy", [c for p in points for c in p], len(points), 2)
    dots = [[a[0] * b[0] + a[1] * b[1] for b in points] for a in points]
    for queries, name in ((0, "graph"), (3, "queries")):
        told = run(stages, "neighbours", in_=folder / "n.npy", k=2, queries=queries, out=folder / "n")
        found, shape = load(folder / "n.neighbours.npy")
        scores, _ = load(folder / "n.scores.npy")
        m = queries or len(points)
        want = [sorted((j for j in range(len(points)) if queries or j != i), key=lambda j: (-dots[i][j], j))[:2]
                for i in range(m)]
        check(f"neighbours, {name}: two nearest, ties by row", shape == [m, 2] and told["queries"] == m
              and list(found) == [j for row in want for j in row]
              and list(scores) == [dots[i][j] for i, row in enumerate(want) for j in row])
    told = run(stages, "neighbours", in_=folder / "m.npz", k=3, threads=2, out=folder / "s")
    scores, shape = load(folder / "s.scores.npy")
    check("neighbours of a sparse matrix: cosines that fall", shape == [told["docs"], 3]
          and all(1.000001 >= scores[i] >= scores[i + 1] >= scores[i + 2] >= 0 for i in range(0, len(scores), 3)))


def faults(stages, folder):
    (folder / "bad.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff{")
    save(folder / "c4.npy", [0.0] * 8, 4, 2)
    for options in (("kmeans", f"in={folder}/bad.npy"), ("kmeans", f"in={folder}/none.npy"), ("svd", f"in={folder}/x.npy"),
                    ("kmeans", f"in={folder}/x.npy", "k=3", f"start={folder}/c4.npy"),
                    ("vectorise", f"in={folder}/none.jsonl")):
        done = subprocess.run([stages, *options], capture_output=True)
        check(f"{options[0]} {options[-1].rsplit('/', 1)[-1]}: an error, no JSON", done.returncode == 1 and not done.stdout)
    for options in ((), ("sing",), ("svd",), ("kmeans", "in=x", "colour=red"), ("svd", "in=x", "dims=0")):
        done = subprocess.run([stages, *options], capture_output=True)
        check(f"usage: {' '.join(options)}", done.returncode == 2 and done.stderr)


def main():
    generate, stages = sys.argv[1:]
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        corpus = folder / "c.jsonl"
        subprocess.run([generate, "docs=600", "words=40", "vocabulary=5000", f"out={corpus}"], check=True)
        vectorise(stages, corpus, folder)
        svd(stages, corpus, folder)
        kmeans(stages, folder)
        neighbours(stages, folder)
        faults(stages, folder)
    print(f"{len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
